package storetest

import (
	"context"

	"github.com/paymux/paymux/core"
)

func faultCases() []namedCase {
	return []namedCase{
		{"fault/a guard that misses once runs Decide again (D02)", faultMiss},
		{"fault/a connection that breaks before the commit", faultBefore},
		{"fault/a commit that is lost runs again (D01)", faultLost},
		{"fault/a commit that is done but not answered is done (D01)", faultAfter},
		{"fault/a commit that nobody can tell about is unavailable (D01)", faultSilent},
		{"fault/an insert without guards, done but not answered (D01)", faultAfterInsert},
		{"fault/a nonce, done but not answered, is spent once (D01, W05)", faultAfterNonce},
		{"fault/a guard alone, not answered, is unavailable (D01)", faultAfterGuard},
	}
}

// faulty arms the store with a fault, or ends the test for stores that cannot have it.
func (w *world) faulty(f Fault) bool {
	w.Helper()
	s, ok := w.store.(Faulty)
	if !ok || !s.Fail(f) {
		w.Logf("this store cannot be made to fail so; its own tests must")
		return false
	}
	return true
}

// pay marks the payment paid and counts in the body of its event how often Decide ran.
func (w *world) pay(p *core.Payment) (core.Verdict, int, error) {
	k, ev, ran := w.paymentKey(p.ID), w.event(p, 1), 0
	v, err := w.store.Do(context.Background(), core.Unit{Keys: []core.Key{k}, Decide: func(v core.View) (core.Writes, error) {
		ran++
		o := v.Order(k)
		if o.Payment.Status == core.PaymentPaid {
			return core.Writes{}, core.Errorf(core.CodeAlreadyPaid, "already paid")
		}
		o.Payment.Status, o.Payment.PaidFen = core.PaymentPaid, p.AmountFen
		return core.Writes{Guards: []core.Row{&o.Payment}, Inserts: []core.Row{ev}}, nil
	}})
	return v, ran, err
}

// paidOnce wants the payment paid by one commit with one event.
func (w *world) paidOnce(p *core.Payment) {
	w.Helper()
	o := w.order(p.ID)
	evs, err := w.store.Events(context.Background(), core.EventQuery{MerchantID: w.merchant, PaymentID: p.ID, Limit: 10})
	w.equal([]any{o.Payment.Status, o.Payment.Version, len(evs), err}, []any{core.PaymentPaid, p.Version + 1, 1, error(nil)})
}

func faultMiss(w *world) {
	p := w.payment()
	w.insert(p)
	if !w.faulty(FaultMiss) {
		return
	}
	v, ran, err := w.pay(p)
	w.equal([]any{err, v.Duplicate, v.Runs, ran}, []any{error(nil), core.Unique(""), 2, 2})
	w.paidOnce(p)
}

func faultBefore(w *world) {
	p := w.payment()
	w.insert(p)
	if !w.faulty(FaultBefore) {
		return
	}
	if _, _, err := w.pay(p); err == nil {
		w.paidOnce(p) // tried again
		return
	} else if core.CodeOf(err) != core.CodeUnavailable {
		w.Fatal(err)
	}
	w.equal(w.order(p.ID).Payment, *p)
}

func faultLost(w *world) {
	p := w.payment()
	w.insert(p)
	if !w.faulty(FaultLost) {
		return
	}
	v, ran, err := w.pay(p)
	w.equal([]any{err, v.Duplicate, v.Runs, ran}, []any{error(nil), core.Unique(""), 2, 2})
	w.paidOnce(p)
}

func faultAfter(w *world) {
	p := w.payment()
	w.insert(p)
	if !w.faulty(FaultAfter) {
		return
	}
	v, ran, err := w.pay(p)
	w.equal([]any{err, v.Duplicate, ran}, []any{error(nil), core.Unique(""), 1})
	w.paidOnce(p)
}

func faultSilent(w *world) {
	p := w.payment()
	w.insert(p)
	if !w.faulty(FaultSilent) {
		return
	}
	_, _, err := w.pay(p)
	w.code(err, core.CodeUnavailable)
	w.paidOnce(p)
}

func faultAfterInsert(w *world) {
	if !w.faulty(FaultAfter) {
		return
	}
	p := w.payment()
	v := w.do(inserting(p, w.attempt(p)))
	w.equal(v.Duplicate, core.Unique(""))
	w.equal(w.order(p.ID).Payment, *p)
}

// faultAfterNonce is the row that has no id of its own: it is recognised by its key and its text.
func faultAfterNonce(w *world) {
	if !w.faulty(FaultAfter) {
		return
	}
	n := &core.Nonce{KeyID: w.id("key"), Nonce: "nonce", DeleteAfter: at(0)}
	w.equal(w.do(inserting(n)).Duplicate, core.Unique(""))
	w.equal(w.do(inserting(n)).Duplicate, core.UniqueNonce)
}

// faultAfterGuard has nothing by which its commit could be recognised: it is said to be unknown,
// and not done twice.
func faultAfterGuard(w *world) {
	in := w.message()
	w.insert(in)
	k := core.Key{Kind: core.InboxByID, Value: in.ID}
	if !w.faulty(FaultAfter) {
		return
	}
	_, err := w.store.Do(context.Background(), core.Unit{Keys: []core.Key{k}, Decide: func(v core.View) (core.Writes, error) {
		m := v.Inbox(k)
		m.Tries++
		return core.Writes{Guards: []core.Row{m}}, nil
	}})
	w.code(err, core.CodeUnavailable)
	w.equal(w.see(k).Inbox(k).Tries, in.Tries+1)
}
