package storetest

import (
	"context"
	"reflect"

	"github.com/paymux/paymux/core"
)

func guardCases() []namedCase {
	return []namedCase{
		{"guard/a hit bumps the version by one (D05)", versionBump},
		{"guard/a stale version never hits (S13)", staleGuard},
		{"guard/a row that is not there never hits", missingGuard},
		{"guard/one miss among hits writes nothing", oneMiss},
		{"guard/the same row twice never hits", sameRowTwice},
		{"guard/an unchanged row still counts as a hit (D05)", unchangedRow},
	}
}

// change gives every changeable field of a row another value.
func (w *world) change(row core.Row) {
	v := reflect.ValueOf(row).Elem()
	for _, f := range changeable(tableOf(row)) {
		w.fillValue(v.FieldByName(f))
	}
	if p, ok := row.(*core.Payment); ok {
		p.RefundedFen, p.ReservedFen, p.PaidFen = 1, 2, 3
	}
}

func versionBump(w *world) {
	p := w.payment()
	p.Version = 41
	w.insert(p)
	for range 3 {
		w.touch(p.ID)
	}
	w.equal(w.order(p.ID).Payment.Version, int64(44))
}

// touch guards a payment as read and changes its sequence.
func (w *world) touch(paymentID string) {
	w.Helper()
	k, witness := w.paymentKey(paymentID), w.audit(paymentID)
	w.do(core.Unit{Keys: []core.Key{k}, Decide: func(v core.View) (core.Writes, error) {
		o := v.Order(k)
		o.Payment.Sequence++
		return core.Writes{Guards: []core.Row{&o.Payment}, Inserts: []core.Row{witness}}, nil
	}})
}

// contended wants the unit to run MaxRuns times and to fail with CodeContended.
func (w *world) contended(u core.Unit) {
	w.Helper()
	ran := 0
	decide := u.Decide
	u.Decide = func(v core.View) (core.Writes, error) { ran++; return decide(v) }
	_, err := w.store.Do(context.Background(), u)
	w.code(err, core.CodeContended)
	if ran != core.MaxRuns {
		w.Fatalf("Decide ran %d times, want %d", ran, core.MaxRuns)
	}
}

func staleGuard(w *world) {
	p := w.payment()
	w.insert(p)
	w.touch(p.ID)
	fresh := w.payment()
	w.contended(core.Unit{Decide: func(core.View) (core.Writes, error) {
		// as first read
		return core.Writes{Guards: []core.Row{clone(p)}, Inserts: []core.Row{fresh}}, nil
	}})
	w.absent(fresh.ID)
	w.equal(w.order(p.ID).Payment.Sequence, int64(1))
}

func missingGuard(w *world) {
	fresh := w.payment()
	w.contended(core.Unit{Decide: func(core.View) (core.Writes, error) {
		return core.Writes{Guards: []core.Row{w.payment()}, Inserts: []core.Row{fresh}}, nil
	}})
	w.absent(fresh.ID)
}

func oneMiss(w *world) {
	p, q := w.payment(), w.payment()
	w.insert(p, q)
	stale := clone(q).(*core.Payment)
	stale.Version = 7
	fresh := w.payment()
	w.contended(core.Unit{Decide: func(core.View) (core.Writes, error) {
		good := clone(p).(*core.Payment)
		good.Sequence = 9
		return core.Writes{Guards: []core.Row{good, stale}, Inserts: []core.Row{fresh}}, nil
	}})
	w.absent(fresh.ID)
	w.equal(w.order(p.ID).Payment, *p)
}

func sameRowTwice(w *world) {
	p := w.payment()
	w.insert(p)
	fresh := w.payment()
	w.contended(core.Unit{Decide: func(core.View) (core.Writes, error) {
		return core.Writes{Guards: []core.Row{clone(p), clone(p)}, Inserts: []core.Row{fresh}}, nil
	}})
	w.absent(fresh.ID)
	w.equal(w.order(p.ID).Payment, *p)
}

func unchangedRow(w *world) {
	p := w.payment()
	w.insert(p)
	w.do(core.Unit{Decide: func(core.View) (core.Writes, error) {
		return core.Writes{Guards: []core.Row{clone(p)}, Inserts: []core.Row{w.audit(p.ID)}}, nil
	}})
	w.equal(w.order(p.ID).Payment.Version, p.Version+1)
}
