package archive

import (
	"context"
	"fmt"
)

// Books is what a database says of its archives.
type Books interface {
	Archives(ctx context.Context) ([]Known, error)
	// Link is a link of the audit chain, and the archive that its rows have left for; nil for none.
	Link(ctx context.Context, seq int64) (seal *Seal, left string, err error)
	// ArchivedSums is what the entries that left for an archive come to, without a currency.
	ArchivedSums(ctx context.Context, id string) ([]Sum, error)
}

// Against holds a folder's archives against the database that they were taken from: each that it
// knows is there as it was, each piece of the audit chain ends in the link that the database keeps,
// and the sums that stand for the entries are the files'. It returns what is wrong.
//
// Errors: CodeUnavailable.
func (p *Proof) Against(ctx context.Context, books Books) (broken []string, err error) {
	known, err := books.Archives(ctx)
	if err != nil {
		return nil, err
	}
	here := map[string]*Archive{}
	for i := range p.Archives {
		here[p.Archives[i].Manifest.ID] = &p.Archives[i]
	}
	for _, k := range known {
		a := here[k.ID]
		if a == nil {
			broken = append(broken, "archive "+k.ID+", which the database knows, is not here, or does not hold")
			continue
		}
		if a.Print != k.Manifest {
			broken = append(broken, "archive "+k.ID+" is not the one that the database knows: its manifest was changed")
			continue
		}
		more, err := a.against(ctx, books, k)
		if err != nil {
			return broken, err
		}
		broken = append(broken, more...)
	}
	return broken, nil
}

// against holds one archive's chain and sums against the database.
func (a *Archive) against(ctx context.Context, books Books, k Known) (broken []string, err error) {
	if span := a.Manifest.Seals; span != nil {
		link, left, err := books.Link(ctx, span.Last)
		switch {
		case err != nil:
			return nil, err
		case link == nil || link.Hash != span.Head:
			broken = append(broken, fmt.Sprintf("archive %s ends in seal %d, and the database has another", k.ID, span.Last))
		case left == "" && !k.DoneAt.IsZero():
			broken = append(broken, fmt.Sprintf("the rows of seal %d should be in archive %s alone", span.Last, k.ID))
		}
	}
	if k.DoneAt.IsZero() || k.Gone != k.Orders {
		return broken, nil // some of its orders are in the books still
	}
	sums, err := books.ArchivedSums(ctx, k.ID)
	if err != nil {
		return broken, err
	}
	want := map[Sum][2]int64{}
	for _, s := range a.Manifest.Sums {
		at := Sum{MerchantID: s.MerchantID, Account: s.Account, Owner: s.Owner}
		want[at] = [2]int64{want[at][0] + s.AmountFen, want[at][1] + s.Entries}
	}
	for _, s := range sums {
		at := Sum{MerchantID: s.MerchantID, Account: s.Account, Owner: s.Owner}
		if want[at] != [2]int64{s.AmountFen, s.Entries} {
			broken = append(broken, fmt.Sprintf("archive %s: %s of %s has %d fen in the files and %d in the database", k.ID, s.Account, s.MerchantID, want[at][0], s.AmountFen))
		}
		delete(want, at)
	}
	for at, sum := range want {
		broken = append(broken, fmt.Sprintf("archive %s: %s of %s has %d fen in the files and none in the database", k.ID, at.Account, at.MerchantID, sum[0]))
	}
	return broken, nil
}
