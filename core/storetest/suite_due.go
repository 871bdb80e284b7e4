package storetest

import (
	"context"
	"strings"
	"time"

	"github.com/paymux/paymux/core"
)

func dueCases() []namedCase {
	return []namedCase{
		{"due/every kind, at its time and not before", everyDue},
		{"due/pages by time and id, stable while rows change (S15, S16)", duePages},
		{"due/what is settled is due no more", dueNoMore},
		{"due/what waits with one class of refusal, by itself (G20)", dueByFault},
	}
}

func compareText(a, b string) int { return strings.Compare(a, b) }

// due collects the due rows of this test's world, page by page.
func (w *world) due(kind core.DueKind, from, until time.Time, limit int, between func([]core.Due)) []core.Due {
	w.Helper()
	var mine []core.Due
	q := core.DueQuery{Kind: kind, Until: until, AfterAt: from, Limit: limit}
	for {
		page, err := w.store.Due(context.Background(), q)
		if err != nil {
			w.Fatal(err)
		}
		if len(page) == 0 {
			return mine
		}
		for _, d := range page {
			if strings.Contains(d.ID, w.tag) {
				mine = append(mine, d)
			}
		}
		if between != nil {
			between(page)
		}
		q.AfterAt, q.AfterID = page[len(page)-1].At, page[len(page)-1].ID
	}
}

// epoch is a time of this test's own, so that rows of other tests in the same store stay out of its
// pages.
func (w *world) epoch() time.Time {
	var n int64
	for _, c := range w.tag {
		n = (n*31 + int64(c)) % 1_000_000
	}
	return time.Date(2031, 1, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(n) * time.Hour / 8)
}

func everyDue(w *world) {
	base := w.epoch()
	p := w.payment()
	a, r, in := w.attempt(p), w.refund(p, 1), w.message()
	sent := w.event(p, 1)
	d := w.delivery(sent, "endpoint")
	a.NextAt, r.NextAt, in.NextAt, d.NextAt = base, base, base, base
	w.insert(p, a, r, in, sent, d)
	for _, c := range []core.Due{
		{Kind: core.DueAttempt, ID: a.ID, MerchantID: w.merchant, Scope: p.ID, At: base},
		{Kind: core.DueRefund, ID: r.ID, MerchantID: w.merchant, Scope: p.ID, At: base},
		{Kind: core.DueInbox, ID: in.ID, At: base},
		{Kind: core.DueDelivery, ID: d.ID, MerchantID: w.merchant, Scope: "endpoint", At: base},
	} {
		w.equal(w.due(c.Kind, base.Add(-time.Millisecond), base.Add(-time.Millisecond), 100, nil), []core.Due(nil))
		w.equal(w.due(c.Kind, base.Add(-time.Millisecond), base, 100, nil), []core.Due{c})
		w.equal(w.due(c.Kind, base.Add(-time.Millisecond), base.Add(999*time.Microsecond), 100, nil), []core.Due{c})
	}
}

func duePages(w *world) {
	base := w.epoch()
	p := w.payment()
	w.insert(p)
	var want []string
	for i := range 12 {
		a := w.attempt(p)
		a.NextAt = base.Add(time.Duration(i/4) * time.Second)
		w.insert(a)
		want = append(want, a.ID)
	}
	var got []string
	for _, d := range w.due(core.DueAttempt, base.Add(-time.Millisecond), base.Add(time.Minute), 5, func(page []core.Due) {
		for _, d := range page { // what was handed out is settled while the sweep goes on
			w.settle(d)
		}
	}) {
		got = append(got, d.ID)
	}
	w.equal(got, want)
}

// settle makes an attempt due no more.
func (w *world) settle(d core.Due) {
	w.Helper()
	k := core.Key{Kind: core.OrderByAttempt, Value: d.ID}
	witness := w.audit(d.ID)
	w.do(core.Unit{Keys: []core.Key{k}, Decide: func(v core.View) (core.Writes, error) {
		o := v.Order(k)
		a := o.Attempt(d.ID)
		a.NextAt = time.Time{}
		return core.Writes{Guards: []core.Row{&o.Payment, a}, Inserts: []core.Row{witness}}, nil
	}})
}

// dueByFault finds what waits for one thing to be mended among what waits for anything.
func dueByFault(w *world) {
	base := w.epoch()
	p := w.payment()
	stuck, other, r, fine := w.attempt(p), w.attempt(p), w.refund(p, 1), w.refund(p, 1)
	stuck.NextAt, other.NextAt, r.NextAt, fine.NextAt = base, base, base, base
	stuck.Fault, other.Fault, r.Fault = core.CodeMisconfigured, core.CodeThrottled, core.CodeMisconfigured
	w.insert(p, stuck, other, r, fine)
	for kind, id := range map[core.DueKind]string{core.DueAttempt: stuck.ID, core.DueRefund: r.ID} {
		page, err := w.store.Due(context.Background(), core.DueQuery{
			Kind: kind, Until: base, AfterAt: base.Add(-time.Millisecond), Fault: core.CodeMisconfigured, Limit: 100,
		})
		if err != nil {
			w.Fatal(err)
		}
		var mine []string
		for _, d := range page {
			if strings.Contains(d.ID, w.tag) {
				mine = append(mine, d.ID+" "+string(d.Fault))
			}
		}
		w.equal(mine, []string{id + " " + string(core.CodeMisconfigured)})
	}
}

func dueNoMore(w *world) {
	base := w.epoch()
	p := w.payment()
	a := w.attempt(p)
	a.NextAt = base
	w.insert(p, a)
	w.settle(core.Due{ID: a.ID})
	w.equal(w.due(core.DueAttempt, base.Add(-time.Millisecond), base.Add(time.Second), 100, nil), []core.Due(nil))
}
