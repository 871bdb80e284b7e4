package archive

import (
	"context"
	"fmt"
	"maps"
	"slices"
)

// Books is what a database says of its archives.
type Books interface {
	Archives(ctx context.Context) ([]Known, error)
	// Link is a link of the audit chain, and the archive that its rows have left for; nil for none.
	Link(ctx context.Context, seq int64) (seal *Seal, left string, err error)
	// ArchivedSums is what the entries that left for an archive come to, without a currency.
	ArchivedSums(ctx context.Context, id string) ([]Sum, error)
	// ArchivedOrders lists the payments that left for an archive.
	ArchivedOrders(ctx context.Context, id string) ([]string, error)
}

// Against holds a folder's archives against the database that they were taken from: each that it
// knows is there as it was and holds every order that left for it, each piece of the audit chain
// ends in the link that the database keeps, no other rows of the chain are gone, and the sums that
// stand for the entries are the files'. It returns what is wrong.
//
// Errors: CodeUnavailable.
func (p *Proof) Against(ctx context.Context, books Books) (broken []string, err error) {
	known, err := books.Archives(ctx)
	if err != nil {
		return nil, err
	}
	last, here := int64(0), map[string]*Archive{}
	for i := range p.Archives {
		here[p.Archives[i].Manifest.ID] = &p.Archives[i]
	}
	for _, k := range known {
		last = max(last, k.LastSeal)
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
	if _, left, err := books.Link(ctx, last+1); err != nil {
		return broken, err
	} else if left != "" {
		broken = append(broken, fmt.Sprintf("the rows of seal %d are gone, and no archive that the database knows holds them", last+1))
	}
	return broken, nil
}

// holds says which orders that left for the archive are not in its files.
func (a *Archive) holds(ctx context.Context, books Books) (broken []string, err error) {
	ids, err := books.ArchivedOrders(ctx, a.Manifest.ID)
	if err != nil {
		return nil, err
	}
	left := map[string]bool{}
	for _, id := range ids {
		left[id] = true
	}
	err = a.lines(OrdersFile, func(text []byte) error {
		l, err := readOrder(text)
		if err == nil {
			delete(left, l.Payments[0].ID)
		}
		return err
	})
	for _, id := range slices.Sorted(maps.Keys(left)) {
		broken = append(broken, fmt.Sprintf("payment %s left for archive %s, which does not hold it", id, a.Manifest.ID))
	}
	return broken, err
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
	lost, err := a.holds(ctx, books)
	if broken = append(broken, lost...); err != nil {
		return broken, err
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
