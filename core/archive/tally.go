package archive

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
)

// orderLine is what is read of an order's line: what it comes to, not what it says.
type orderLine struct {
	Payments []struct {
		ID        string `json:"id"`
		Currency  string `json:"currency"`
		CreatedAt int64  `json:"created_at"`
	} `json:"payments"`
	Entries []struct {
		PostingID  string `json:"posting_id"`
		MerchantID string `json:"merchant_id"`
		Account    string `json:"account"`
		Owner      string `json:"owner"`
		AmountFen  int64  `json:"amount_fen"`
	} `json:"entries"`
	Attempts   []json.RawMessage `json:"attempts"`
	Refunds    []json.RawMessage `json:"refunds"`
	Events     []json.RawMessage `json:"events"`
	Deliveries []json.RawMessage `json:"deliveries"`
}

// rows is how many rows a line holds.
func (l *orderLine) rows() int {
	return len(l.Payments) + len(l.Entries) + len(l.Attempts) + len(l.Refunds) + len(l.Events) + len(l.Deliveries)
}

// readOrder reads a line, and refuses one that is no whole order.
func readOrder(text []byte) (l orderLine, err error) {
	if err := json.Unmarshal(text, &l); err != nil {
		return l, err
	}
	if len(l.Payments) != 1 || l.Payments[0].ID == "" {
		return l, fmt.Errorf("holds %d payments", len(l.Payments))
	}
	postings := map[string]int64{}
	for _, e := range l.Entries {
		postings[e.PostingID] += e.AmountFen
	}
	for id, sum := range postings {
		if sum != 0 {
			return l, fmt.Errorf("posting %s sums to %d fen", id, sum)
		}
	}
	return l, nil
}

// tally adds up lines: whoever writes an archive and whoever reads it back come to the same.
type tally struct {
	content Content
	sums    map[Sum]Sum // by all but the amounts
	seen    map[string]bool
}

func newTally() *tally {
	return &tally{content: Content{Rows: map[string]int64{}, Sums: []Sum{}}, sums: map[Sum]Sum{}, seen: map[string]bool{}}
}

// order adds an order's line.
func (t *tally) order(text []byte) error {
	l, err := readOrder(text)
	if err != nil {
		return err
	}
	p := l.Payments[0]
	if t.seen[p.ID] {
		return fmt.Errorf("payment %s is there twice", p.ID)
	}
	t.seen[p.ID] = true
	edge := &Edge{p.ID, p.CreatedAt}
	if t.content.First == nil {
		t.content.First = edge
	}
	t.content.Last = edge
	t.content.Orders++
	for table, n := range map[string]int{
		"payments": 1, "attempts": len(l.Attempts), "refunds": len(l.Refunds), "entries": len(l.Entries), "events": len(l.Events),
		"deliveries": len(l.Deliveries),
	} {
		t.content.Rows[table] += int64(n)
	}
	for _, e := range l.Entries {
		key := Sum{MerchantID: e.MerchantID, Currency: p.Currency, Account: e.Account, Owner: e.Owner}
		sum := t.sums[key]
		key.AmountFen, key.Entries = sum.AmountFen+e.AmountFen, sum.Entries+1
		t.sums[Sum{MerchantID: e.MerchantID, Currency: p.Currency, Account: e.Account, Owner: e.Owner}] = key
	}
	return nil
}

// seal adds a link of the audit chain, which must follow the one before it.
func (t *tally) seal(s SealedRows) error {
	seal, span := s.Seal, t.content.Seals
	switch {
	case seal.Rows != int64(len(s.Audits)):
		return fmt.Errorf("seal %d vouches for %d rows, %d are there", seal.Seq, seal.Rows, len(s.Audits))
	case seal.HashOf(s.Audits) != seal.Hash:
		return fmt.Errorf("seal %d does not match its rows", seal.Seq)
	case span == nil:
		t.content.Seals = &Span{First: seal.Seq, Last: seal.Seq, Rows: seal.Rows, PrevHash: seal.PrevHash, Head: seal.Hash}
	case seal.Seq != span.Last+1 || seal.PrevHash != span.Head:
		return fmt.Errorf("seal %d does not follow seal %d", seal.Seq, span.Last)
	default:
		span.Last, span.Rows, span.Head = seal.Seq, span.Rows+seal.Rows, seal.Hash
	}
	t.content.Rows["audits"] += seal.Rows
	return nil
}

// all is what the lines come to.
func (t *tally) all() Content {
	c := t.content
	for _, sum := range t.sums {
		c.Sums = append(c.Sums, sum)
	}
	slices.SortFunc(c.Sums, func(a, b Sum) int {
		return cmp.Or(cmp.Compare(a.MerchantID, b.MerchantID), cmp.Compare(a.Currency, b.Currency), cmp.Compare(a.Account, b.Account), cmp.Compare(a.Owner, b.Owner))
	})
	return c
}
