package storetest

import (
	"context"
	"errors"
	"reflect"
	"time"

	"github.com/paymux/paymux/core"
)

func commitCases() []namedCase {
	return []namedCase{
		{"commit/every field of every row comes back", roundTrip},
		{"commit/zero values come back", zeroValues},
		{"commit/a guard replaces every changeable field (D14)", replaceFields},
		{"commit/all or nothing", allOrNothing},
		{"commit/an error of Decide comes back as it is", decideError},
		{"commit/a panic of Decide reaches its caller alone (P17)", decidePanic},
		{"commit/nothing to write", nothingToWrite},
		{"commit/a request that has ended writes nothing (D18)", endedRequest},
		{"commit/a unit that guards money needs a witness (D01)", witnessNeeded},
		{"commit/what See returned is a copy", copies},
		{"commit/times to the millisecond in UTC (D10)", times},
		{"commit/money out of order is refused", moneyBelt},
	}
}

func roundTrip(w *world) {
	p, a, r := &core.Payment{}, &core.Attempt{}, &core.Refund{}
	ev, d, en := &core.Event{}, &core.Delivery{}, &core.Entry{}
	id, in, py := &core.Idempotency{}, &core.Inbox{}, &core.SealedPayer{}
	rows := []core.Row{p, a, r, ev, d, en, &core.Audit{}, id, in, py, &core.Nonce{}}
	for _, row := range rows {
		w.fill(row)
	}
	a.PaymentID, r.PaymentID = p.ID, p.ID
	w.insert(rows...)

	o := w.order(p.ID)
	w.equal(o.Payment, *p)
	w.equal(o.Attempts, []core.Attempt{*a})
	w.equal(o.Refunds, []core.Refund{*r})
	keys := []core.Key{
		{Kind: core.IdempotencyByKey, Merchant: id.MerchantID, Scope: id.Operation, Value: id.Key},
		{Kind: core.InboxByID, Value: in.ID}, {Kind: core.DeliveryByID, Value: d.ID},
	}
	v := w.see(keys...)
	w.equal(v.Idempotency(keys[0]), id)
	w.equal(v.Inbox(keys[1]), in)
	w.equal(v.Delivery(keys[2]), d)
	ctx := context.Background()
	gotEvent, err := w.store.Event(ctx, w.merchant, ev.ID)
	w.equal([]any{gotEvent, err}, []any{ev, error(nil)})
	gotPayer, err := w.store.Payer(ctx, py.ID)
	w.equal([]any{gotPayer, err}, []any{py, error(nil)})
	balances, err := w.store.Balances(ctx, w.merchant)
	w.equal([]any{balances, err}, []any{[]core.Balance{{Account: en.Account, Owner: en.Owner, Fen: en.AmountFen, Entries: 1}}, error(nil)})
}

func zeroValues(w *world) {
	p := &core.Payment{ID: w.id("pay_"), MerchantID: w.merchant, MerchantOrderNo: w.id("no")}
	a := &core.Attempt{ID: w.id("att"), PaymentID: p.ID, MerchantID: w.merchant, OutTradeNo: w.id("T")}
	r := &core.Refund{ID: w.id("ref_"), PaymentID: p.ID, MerchantID: w.merchant, OutRequestNo: w.id("R")}
	w.insert(p, a, r)
	o := w.order(p.ID)
	w.equal(o.Payment, *p)
	w.equal(o.Attempts, []core.Attempt{*a})
	w.equal(o.Refunds, []core.Refund{*r})
	// Empty and nil are one: JSON columns would otherwise tell them apart.
	p2 := w.payment()
	p2.Lines, p2.Metadata = []core.Line{}, map[string]string{}
	w.insert(p2)
	got := w.order(p2.ID).Payment
	if got.Lines != nil || got.Metadata != nil {
		w.Fatalf("empty lists came back as %#v, %#v", got.Lines, got.Metadata)
	}
}

func replaceFields(w *world) {
	p := w.payment()
	a, r, d, id, in := w.attempt(p), w.refund(p, 1), w.delivery(w.event(p, 1), "e"), w.idempotency(w.id("k")), w.message()
	stored := []core.Row{p, a, r, id, in, d}
	w.insert(stored...)
	var guards, want []core.Row
	for _, row := range stored {
		changed := clone(row)
		w.change(changed)
		guards = append(guards, changed)
		after := clone(changed)
		*versionOf(after)++
		want = append(want, after)
	}
	w.do(core.Unit{Decide: func(core.View) (core.Writes, error) {
		return core.Writes{Guards: guards, Inserts: []core.Row{w.audit("x")}}, nil
	}})
	keys := []core.Key{
		{Kind: core.IdempotencyByKey, Merchant: id.MerchantID, Scope: id.Operation, Value: id.Key},
		{Kind: core.InboxByID, Value: in.ID}, {Kind: core.DeliveryByID, Value: d.ID},
	}
	v, o := w.see(keys...), w.order(p.ID)
	got := []core.Row{&o.Payment, &o.Attempts[0], &o.Refunds[0], v.Idempotency(keys[0]), v.Inbox(keys[1]), v.Delivery(keys[2])}
	for i := range want {
		w.equal(got[i], want[i])
	}
	// And back to zero values: an UPDATE built from a struct would skip them.
	for i, row := range got {
		back := clone(stored[i])
		*versionOf(back) = *versionOf(row)
		guards[i] = back
	}
	w.do(core.Unit{Decide: func(core.View) (core.Writes, error) {
		return core.Writes{Guards: guards, Inserts: []core.Row{w.audit("y")}}, nil
	}})
	final := w.order(p.ID)
	p.Version += 2
	w.equal(final.Payment, *p)
}

func allOrNothing(w *world) {
	p := w.payment()
	w.insert(p)
	fresh := w.payment()
	taken := w.payment()
	taken.MerchantOrderNo = p.MerchantOrderNo
	v := w.do(core.Unit{Keys: []core.Key{w.paymentKey(p.ID)}, Decide: func(v core.View) (core.Writes, error) {
		o := v.Order(w.paymentKey(p.ID))
		o.Payment.Status = core.PaymentPaying
		return core.Writes{Guards: []core.Row{&o.Payment}, Inserts: []core.Row{w.audit(p.ID), fresh, taken}}, nil
	}})
	if v.Duplicate != core.UniqueMerchantOrder {
		w.Fatalf("duplicate %q", v.Duplicate)
	}
	w.absent(fresh.ID)
	w.absent(taken.ID)
	w.equal(w.order(p.ID).Payment, *p)
}

func decideError(w *world) {
	mine := errors.New("mine")
	p := w.payment()
	_, err := w.store.Do(context.Background(), core.Unit{Decide: func(core.View) (core.Writes, error) {
		return core.Writes{Inserts: []core.Row{p}}, mine
	}})
	if !errors.Is(err, mine) || core.CodeOf(err) != core.CodeInternal {
		w.Fatalf("got %v, want the very error of Decide", err)
	}
	w.absent(p.ID)
}

func decidePanic(w *world) {
	func() {
		defer func() {
			if r := recover(); r != "boom" {
				w.Fatalf("recovered %v", r)
			}
		}()
		_, _ = w.store.Do(context.Background(), core.Unit{Decide: func(core.View) (core.Writes, error) { panic("boom") }})
	}()
	p := w.payment()
	w.insert(p)
	w.order(p.ID)
}

func nothingToWrite(w *world) {
	ran := 0
	v := w.do(core.Unit{Decide: func(core.View) (core.Writes, error) { ran++; return core.Writes{}, nil }})
	w.equal([]any{v.Runs, v.Duplicate, ran}, []any{1, core.Unique(""), 1})
}

func endedRequest(w *world) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	p := w.payment()
	_, err := w.store.Do(ctx, inserting(p))
	w.code(err, core.CodeUnavailable)
	w.absent(p.ID)
	_, err = w.store.See(ctx, w.paymentKey(p.ID))
	w.code(err, core.CodeUnavailable)
}

func witnessNeeded(w *world) {
	p, in := w.payment(), w.message()
	a, r, id := w.attempt(p), w.refund(p, 1), w.idempotency(w.id("k"))
	ev := w.event(p, 1)
	d := w.delivery(ev, "e")
	w.insert(p, in, a, r, id, ev, d)
	for _, row := range []core.Row{a, r, id} {
		_, err := w.store.Do(context.Background(), core.Unit{Decide: func(core.View) (core.Writes, error) {
			return core.Writes{Guards: []core.Row{clone(row)}}, nil
		}})
		w.code(err, core.CodeInternal)
	}
	_, err := w.store.Do(context.Background(), core.Unit{Decide: func(core.View) (core.Writes, error) {
		return core.Writes{Guards: []core.Row{clone(p)}}, nil
	}})
	w.code(err, core.CodeInternal)
	w.equal(w.order(p.ID).Payment.Version, p.Version)
	// A message's job is safe to repeat, and so is a delivery's: they may be guarded alone.
	for _, row := range []core.Row{in, d} {
		w.do(core.Unit{Decide: func(core.View) (core.Writes, error) { return core.Writes{Guards: []core.Row{clone(row)}}, nil }})
	}
	_, err = w.store.Do(context.Background(), core.Unit{Decide: func(core.View) (core.Writes, error) {
		return core.Writes{Guards: []core.Row{w.audit("x")}, Inserts: []core.Row{w.audit("y")}}, nil
	}})
	w.code(err, core.CodeInternal)
}

func copies(w *world) {
	p := w.payment()
	p.Metadata = map[string]string{"a": "1"}
	a := w.attempt(p)
	a.Token, a.ChannelState, a.Action.Fields, a.Funding.Forbid = w.id("tok"), []byte("state"), map[string]string{"a": "1"}, []core.Feature{"x"}
	in := w.message()
	ev := w.event(p, 1)
	w.insert(p, a, in, ev)
	spoil := func() {
		byToken, byID := core.Key{Kind: core.OrderByToken, Value: a.Token}, core.Key{Kind: core.InboxByID, Value: in.ID}
		v := w.see(byToken, byID)
		o, m := v.Order(byToken), v.Inbox(byID)
		o.Payment.Lines[0].Name, o.Payment.Metadata["a"], o.Payment.Status = "spoilt", "spoilt", "spoilt"
		o.Attempts[0].ChannelState[0], o.Attempts[0].Action.Fields["a"], o.Attempts[0].Funding.Forbid[0] = '!', "spoilt", "spoilt"
		m.Sealed[0] = 99
		e, err := w.store.Event(context.Background(), w.merchant, ev.ID)
		if err != nil {
			w.Fatal(err)
		}
		e.Body[0] = '!'
		// what was inserted was copied too
		p.Lines[0].Name, a.ChannelState[0], in.Sealed[0], ev.Body[0] = "later", '?', 77, '?'
	}
	want := clone(p).(*core.Payment)
	spoil()
	o := w.order(p.ID)
	w.equal(o.Payment, *want)
	w.equal(string(o.Attempts[0].ChannelState), "state")
	w.equal(o.Attempts[0].Action.Fields["a"], "1")
	w.equal(o.Attempts[0].Funding.Forbid[0], core.Feature("x"))
	e, err := w.store.Event(context.Background(), w.merchant, ev.ID)
	w.equal([]any{string(e.Body), err}, []any{`{"a":1}`, error(nil)})
}

func times(w *world) {
	shanghai := time.FixedZone("CST", 8*3600)
	p := w.payment()
	p.CreatedAt = time.Date(2026, 11, 21, 0, 0, 0, 123_999_999, shanghai)
	// before the epoch: odd, but not "never"
	p.PaidAt = time.Date(1969, 12, 31, 23, 59, 59, 0, time.UTC)
	w.insert(p)
	got := w.order(p.ID).Payment
	w.equal(got.CreatedAt, time.Date(2026, 11, 20, 16, 0, 0, 123_000_000, time.UTC))
	w.equal(got.PaidAt, p.PaidAt)
	w.equal(got.ClosedAt, time.Time{})
	// Each time of each row is cut alike, so that a row written with one is read back the same by
	// every store.
	q, a, r := &core.Payment{}, &core.Attempt{}, &core.Refund{}
	id, in, d := &core.Idempotency{}, &core.Inbox{}, &core.Delivery{}
	rows := []core.Row{q, a, r, id, in, d}
	for _, row := range rows {
		w.fill(row)
		for _, field := range reflect.ValueOf(row).Elem().Fields() {
			if moment, ok := reflect.TypeAssert[time.Time](field); ok {
				field.Set(reflect.ValueOf(moment.Add(999_999).In(shanghai)))
			}
		}
	}
	a.PaymentID, r.PaymentID = q.ID, q.ID
	w.insert(rows...)
	for _, row := range rows {
		for _, field := range reflect.ValueOf(row).Elem().Fields() {
			if moment, ok := reflect.TypeAssert[time.Time](field); ok {
				field.Set(reflect.ValueOf(moment.Truncate(time.Millisecond).UTC()))
			}
		}
	}
	o := w.order(q.ID)
	w.equal([]any{o.Payment, o.Attempts, o.Refunds}, []any{*q, []core.Attempt{*a}, []core.Refund{*r}})
	byKey := core.Key{Kind: core.IdempotencyByKey, Merchant: id.MerchantID, Scope: id.Operation, Value: id.Key}
	byID, sent := core.Key{Kind: core.InboxByID, Value: in.ID}, core.Key{Kind: core.DeliveryByID, Value: d.ID}
	v := w.see(byKey, byID, sent)
	w.equal([]any{v.Idempotency(byKey), v.Inbox(byID), v.Delivery(sent)}, []any{id, in, d})
}

func moneyBelt(w *world) {
	p := w.payment()
	w.insert(p)
	for _, c := range []struct{ paid, reserved, refunded core.Fen }{{100, 101, 0}, {100, 50, 51}, {100, 0, -1}, {0, 1, 0}} {
		_, err := w.store.Do(context.Background(), core.Unit{Decide: func(core.View) (core.Writes, error) {
			q := *p
			q.PaidFen, q.ReservedFen, q.RefundedFen = c.paid, c.reserved, c.refunded
			return core.Writes{Guards: []core.Row{&q}, Inserts: []core.Row{w.audit(p.ID)}}, nil
		}})
		w.code(err, core.CodeInternal)
	}
	w.equal(w.order(p.ID).Payment, *p)
}
