package storetest

import (
	"context"
	"errors"
	"sync"

	"github.com/paymux/paymux/core"
)

func crowdCases() []namedCase {
	return []namedCase{
		{"crowd/64 refunds at once never reserve more than was paid (S10)", reserveRace},
		{"crowd/64 identical creates make one order (I01)", sameCreate},
		{"crowd/1000 identical messages are applied once (C11)", sameMessage},
		{"crowd/good units beside failing ones come out as if alone", mixedCrowd},
		{"crowd/every writer sees the rows of the last (S04)", counters},
	}
}

// together runs f n times at once.
func together(n int, f func(i int)) {
	var wg sync.WaitGroup
	start := make(chan struct{})
	for i := range n {
		wg.Go(func() {
			<-start
			f(i)
		})
	}
	close(start)
	wg.Wait()
}

func reserveRace(w *world) {
	p := w.payment()
	p.Status, p.PaidFen = core.PaymentPaid, 1000
	w.insert(p)
	k := w.paymentKey(p.ID)
	refused := errors.New("nothing left")
	results := make([]error, 64)
	together(64, func(i int) {
		r, witness := w.refund(p, 100), w.audit(p.ID)
		_, results[i] = w.store.Do(context.Background(), core.Unit{Keys: []core.Key{k}, Decide: func(v core.View) (core.Writes, error) {
			o := v.Order(k)
			if o.Payment.Refundable() < r.AmountFen {
				return core.Writes{}, refused
			}
			o.Payment.ReservedFen += r.AmountFen
			return core.Writes{Guards: []core.Row{&o.Payment}, Inserts: []core.Row{witness, r}}, nil
		}})
	})
	won := 0
	for _, err := range results {
		if err == nil {
			won++
		} else if !errors.Is(err, refused) {
			w.Fatalf("unexpected error %v", err)
		}
	}
	o := w.order(p.ID)
	var sum core.Fen
	for _, r := range o.Refunds {
		sum += r.AmountFen
	}
	w.equal([]any{won, len(o.Refunds), sum, o.Payment.ReservedFen, o.Payment.Version}, []any{10, 10, core.Fen(1000), core.Fen(1000), p.Version + 10})
}

func sameCreate(w *world) {
	no, key := w.id("no"), w.id("k")
	k := core.Key{Kind: core.IdempotencyByKey, Merchant: w.merchant, Scope: "payment.create", Value: key}
	winners := make([]string, 64)
	together(64, func(i int) {
		p, id := w.payment(), w.idempotency(key)
		p.MerchantOrderNo, id.ObjectID = no, p.ID
		for { // as a use case does: a duplicate means that somebody was first, so look again
			found := ""
			v, err := w.store.Do(context.Background(), core.Unit{Keys: []core.Key{k}, Decide: func(v core.View) (core.Writes, error) {
				if row := v.Idempotency(k); row != nil {
					found = row.ObjectID
					return core.Writes{}, nil
				}
				found = ""
				return core.Writes{Inserts: []core.Row{id, p}}, nil
			}})
			if err != nil {
				w.Errorf("create: %v", err)
				return
			}
			if v.Duplicate != "" {
				continue
			}
			if winners[i] = found; found == "" {
				winners[i] = p.ID
			}
			return
		}
	})
	for _, id := range winners {
		w.equal(id, winners[0])
	}
	page, err := w.store.Payments(context.Background(), core.PaymentQuery{MerchantID: w.merchant, Limit: 10})
	w.equal([]any{len(page), err}, []any{1, error(nil)})
}

func sameMessage(w *world) {
	p := w.payment()
	a := w.attempt(p)
	w.insert(p, a)
	digest := w.id("digest")
	byNo := core.Key{Kind: core.OrderByOutTradeNo, Value: a.OutTradeNo}
	byDigest := core.Key{Kind: core.InboxByDigest, Scope: a.Account, Value: digest}
	together(1000, func(int) {
		in, ev := w.message(), w.event(p, 1)
		in.Account, in.Digest = a.Account, digest
		leg := &core.Entry{ID: w.id("ent"), MerchantID: w.merchant, PaymentID: p.ID, Account: core.LedgerGateway, AmountFen: p.AmountFen, CreatedAt: at(0)}
		_, err := w.store.Do(context.Background(), core.Unit{Keys: []core.Key{byNo, byDigest}, Decide: func(v core.View) (core.Writes, error) {
			o := v.Order(byNo)
			if v.Inbox(byDigest) != nil || o.Payment.Status == core.PaymentPaid {
				return core.Writes{}, nil
			}
			o.Payment.Status, o.Payment.PaidFen = core.PaymentPaid, p.AmountFen
			o.Attempts[0].State = core.AttemptPaid
			return core.Writes{Guards: []core.Row{&o.Payment, &o.Attempts[0]}, Inserts: []core.Row{in, ev, leg}}, nil
		}})
		if err != nil {
			w.Errorf("notify: %v", err)
		}
	})
	evs, err := w.store.Events(context.Background(), core.EventQuery{MerchantID: w.merchant, Limit: 10})
	w.equal([]any{len(evs), err}, []any{1, error(nil)})
	sums, err := w.store.Balances(context.Background(), w.merchant)
	w.equal([]any{sums, err}, []any{[]core.Balance{{Account: core.LedgerGateway, Fen: p.AmountFen, Entries: 1}}, error(nil)})
	w.equal(w.order(p.ID).Payment.Version, p.Version+1)
}

// mixedCrowd runs good units beside ones that fail in every way, many times over, and wants each to
// come out as it would alone.
func mixedCrowd(w *world) {
	taken, stale := w.payment(), w.payment()
	w.insert(taken, stale)
	mine := errors.New("mine")
	for range 8 {
		good := make([]*core.Payment, 0, 16)
		for range 16 {
			good = append(good, w.payment())
		}
		lost := make([]*core.Payment, 4)
		for i := range lost {
			lost[i] = w.payment()
		}
		together(len(good)+len(lost), func(i int) {
			if i >= len(lost) {
				if v, err := w.store.Do(context.Background(), inserting(good[i-len(lost)], w.audit("good"))); err != nil || v.Duplicate != "" {
					w.Errorf("a good unit: %v, %v", v, err)
				}
				return
			}
			w.failing(i, lost[i], taken, stale, mine)
		})
		for _, p := range good {
			w.equal(w.order(p.ID).Payment, *p)
		}
		for _, p := range lost {
			w.absent(p.ID)
		}
	}
	w.equal(w.order(stale.ID).Payment, *stale)
}

// failing runs the i-th kind of failing unit, which would insert p.
func (w *world) failing(i int, p, taken, stale *core.Payment, mine error) {
	ctx := context.Background()
	switch i {
	case 0: // a unique key
		q := w.payment()
		q.MerchantOrderNo = taken.MerchantOrderNo
		if v, err := w.store.Do(ctx, inserting(p, q)); err != nil || v.Duplicate != core.UniqueMerchantOrder {
			w.Errorf("a duplicate: %v, %v", v, err)
		}
	case 1: // a guard that never hits
		g := clone(stale).(*core.Payment)
		g.Version += 9
		_, err := w.store.Do(ctx, core.Unit{Decide: func(core.View) (core.Writes, error) {
			return core.Writes{Guards: []core.Row{g}, Inserts: []core.Row{p}}, nil
		}})
		if core.CodeOf(err) != core.CodeContended {
			w.Errorf("a stale guard: %v", err)
		}
	case 2: // an error of its own
		_, err := w.store.Do(ctx, core.Unit{Decide: func(core.View) (core.Writes, error) { return core.Writes{Inserts: []core.Row{p}}, mine }})
		if !errors.Is(err, mine) {
			w.Errorf("an error of Decide: %v", err)
		}
	default: // a row that does not fit
		q := w.payment()
		q.Currency = "too long for a currency"
		_, err := w.store.Do(ctx, inserting(p, q))
		if core.CodeOf(err) != core.CodeInvalid {
			w.Errorf("a row that does not fit: %v", err)
		}
	}
}

func counters(w *world) {
	ps := []*core.Payment{w.payment(), w.payment(), w.payment()}
	for _, p := range ps {
		w.insert(p)
	}
	together(48, func(i int) {
		for range 4 {
			w.touch(ps[i%len(ps)].ID)
		}
	})
	for _, p := range ps {
		o := w.order(p.ID)
		w.equal([]any{o.Payment.Sequence, o.Payment.Version}, []any{int64(64), p.Version + 64})
	}
}
