package storetest

import (
	"context"

	"github.com/paymux/paymux/core"
)

func keyCases() []namedCase {
	return []namedCase{
		{"keys/every kind finds", everyKind},
		{"keys/another tenant's key finds nothing (W01)", tenants},
		{"keys/nothing is found under nothing", emptyKeys},
		{"keys/one view, many keys", manyKeys},
		{"keys/attempts and refunds oldest first", oldestFirst},
		{"keys/single reads", singleReads},
		{"keys/a repeat reads both ways at every step (I14, I15)", repeats},
	}
}

func everyKind(w *world) {
	p := w.payment()
	a, r, id, in := w.attempt(p), w.refund(p, 1), w.idempotency("k"), w.message()
	a.Token = w.id("tok")
	ev := w.event(p, 1)
	d := w.delivery(ev, "e")
	w.insert(p, a, r, id, in, ev, d)
	for _, k := range []core.Key{
		{Kind: core.OrderByPayment, Merchant: w.merchant, Value: p.ID}, {Kind: core.OrderByMerchantNo, Merchant: w.merchant, Value: p.MerchantOrderNo},
		{Kind: core.OrderByAttempt, Value: a.ID}, {Kind: core.OrderByOutTradeNo, Value: a.OutTradeNo}, {Kind: core.OrderByToken, Value: a.Token},
		{Kind: core.OrderByRefund, Merchant: w.merchant, Value: r.ID},
		{Kind: core.OrderByMerchantRefund, Merchant: w.merchant, Value: r.MerchantRefundNo},
	} {
		o := w.see(k).Order(k)
		if o == nil {
			w.Errorf("%s found nothing", k.Kind)
			continue
		}
		w.equal(*o, core.Order{Payment: *p, Attempts: []core.Attempt{*a}, Refunds: []core.Refund{*r}})
	}
	k := core.Key{Kind: core.InboxByDigest, Scope: in.Account, Value: in.Digest}
	w.equal(w.see(k).Inbox(k), in)
	// Decide sees what See sees.
	byToken := core.Key{Kind: core.OrderByToken, Value: a.Token}
	var seen *core.Inbox
	var order *core.Order
	w.do(core.Unit{Keys: []core.Key{k, byToken}, Decide: func(v core.View) (core.Writes, error) {
		seen, order = v.Inbox(k), v.Order(byToken)
		return core.Writes{}, nil
	}})
	w.equal(seen, in)
	w.equal(order.Payment, *p)
}

// repeats is what the repeat of a create reads: its key's answer stays as it was kept, with the
// version that it shows; its number finds the order as it is.
func repeats(w *world) {
	p, kept := w.payment(), w.idempotency(w.id("k"))
	kept.ObjectID, kept.Done, kept.Status, kept.Answer, kept.AnswerOf = p.ID, true, 201, []byte(`{"a":1}`), p.Version
	w.insert(p, kept)
	byKey := core.Key{Kind: core.IdempotencyByKey, Merchant: w.merchant, Scope: kept.Operation, Value: kept.Key}
	byNo := core.Key{Kind: core.OrderByMerchantNo, Merchant: w.merchant, Value: p.MerchantOrderNo}
	for step := range 3 {
		v := w.see(byKey, core.Key{}, byNo) // no key at all finds nothing, and spoils nothing
		w.equal([]any{v.Idempotency(byKey), v.Idempotency(core.Key{}) == nil, v.Order(core.Key{}) == nil}, []any{kept, true, true})
		o := v.Order(byNo)
		w.equal([]any{o.Payment.Version, o.Payment.Sequence}, []any{kept.AnswerOf + int64(step), int64(step)})
		w.do(core.Unit{Keys: []core.Key{byNo, {}}, Decide: func(v core.View) (core.Writes, error) {
			o := v.Order(byNo)
			o.Payment.Sequence++
			return core.Writes{Guards: []core.Row{&o.Payment}, Inserts: []core.Row{w.audit("x")}}, nil
		}})
	}
}

func tenants(w *world) {
	p := w.payment()
	a, r, id := w.attempt(p), w.refund(p, 1), w.idempotency("k")
	a.Token = w.id("tok")
	ev := w.event(p, 1)
	d := w.delivery(ev, "e")
	w.insert(p, a, r, id, ev, d)
	for _, other := range []string{w.merchant + "x", ""} {
		for _, k := range []core.Key{
			{Kind: core.OrderByPayment, Merchant: other, Value: p.ID}, {Kind: core.OrderByMerchantNo, Merchant: other, Value: p.MerchantOrderNo},
			{Kind: core.OrderByRefund, Merchant: other, Value: r.ID}, {Kind: core.OrderByMerchantRefund, Merchant: other, Value: r.MerchantRefundNo},
			{Kind: core.IdempotencyByKey, Merchant: other, Scope: id.Operation, Value: id.Key},
		} {
			if v := w.see(k); v.Order(k) != nil || v.Idempotency(k) != nil {
				w.Errorf("merchant %q reads another's %s", other, k.Kind)
			}
		}
	}
	w.jobsKeys(a, d)
	other := w.merchant + "x"
	ctx := context.Background()
	if e, err := w.store.Event(ctx, other, ev.ID); e != nil || err != nil {
		w.Errorf("another's event: %v, %v", e, err)
	}
	if e, err := w.store.Event(ctx, "", ev.ID); e == nil || err != nil {
		w.Errorf("jobs find any event: %v, %v", e, err)
	}
	list, err := w.store.Payments(ctx, core.PaymentQuery{MerchantID: other, Limit: 10})
	w.equal([]any{len(list), err}, []any{0, error(nil)})
	refs, err := w.store.Refunds(ctx, core.RefundQuery{MerchantID: other, MerchantRefundNo: r.MerchantRefundNo, Limit: 10})
	w.equal([]any{len(refs), err}, []any{0, error(nil)})
	refs, err = w.store.Refunds(ctx, core.RefundQuery{MerchantID: other, Limit: 10})
	w.equal([]any{len(refs), err}, []any{0, error(nil)})
	evs, err := w.store.Events(ctx, core.EventQuery{MerchantID: other, PaymentID: p.ID, Limit: 10})
	w.equal([]any{len(evs), err}, []any{0, error(nil)})
	dels, err := w.store.Deliveries(ctx, core.DeliveryQuery{MerchantID: other, EventID: ev.ID, Limit: 10})
	w.equal([]any{len(dels), err}, []any{0, error(nil)})
	sums, err := w.store.Balances(ctx, other)
	w.equal([]any{len(sums), err}, []any{0, error(nil)})
}

// jobsKeys proves the keys that need no tenant: with one they find its own rows and no other's, and
// without one any.
func (w *world) jobsKeys(a *core.Attempt, d *core.Delivery) {
	for merchant, found := range map[string]bool{w.merchant: true, "": true, w.merchant + "x": false} {
		for _, k := range []core.Key{
			{Kind: core.OrderByAttempt, Merchant: merchant, Value: a.ID}, {Kind: core.OrderByOutTradeNo, Merchant: merchant, Value: a.OutTradeNo},
			{Kind: core.OrderByToken, Merchant: merchant, Value: a.Token}, {Kind: core.DeliveryByID, Merchant: merchant, Value: d.ID},
		} {
			if v := w.see(k); (v.Order(k) != nil || v.Delivery(k) != nil) != found {
				w.Errorf("merchant %q finds %s: %v", merchant, k.Kind, !found)
			}
		}
	}
}

func emptyKeys(w *world) {
	p := w.payment()
	r := w.refund(p, 1)
	r.MerchantRefundNo = ""
	w.insert(p, w.attempt(p), r) // no token, no refund number
	for _, kind := range []core.KeyKind{
		core.OrderByPayment, core.OrderByMerchantNo, core.OrderByAttempt, core.OrderByOutTradeNo, core.OrderByToken, core.OrderByRefund,
		core.OrderByMerchantRefund, core.IdempotencyByKey, core.InboxByID, core.InboxByDigest, core.DeliveryByID, "no.such.kind",
	} {
		for _, value := range []string{"", "no-such-" + w.tag, "鍵"} {
			k := core.Key{Kind: kind, Merchant: w.merchant, Value: value}
			if v := w.see(k); v.Order(k) != nil || v.Idempotency(k) != nil || v.Inbox(k) != nil || v.Delivery(k) != nil {
				w.Errorf("%s %q found something", kind, value)
			}
		}
	}
}

func manyKeys(w *world) {
	var keys []core.Key
	want := map[core.Key]string{}
	for range 5 {
		p := w.payment()
		a := w.attempt(p)
		w.insert(p, a)
		for _, k := range []core.Key{w.paymentKey(p.ID), {Kind: core.OrderByOutTradeNo, Value: a.OutTradeNo}} {
			keys = append(keys, k)
			want[k] = p.ID
		}
	}
	// Keys of one text in two operations, and messages of one digest at two accounts, are others'.
	for i := range 2 {
		r, in := w.idempotency("same"), w.message()
		r.Operation, in.Account, in.Digest = w.id("op"), w.id("acc"), "digest"+w.tag
		w.insert(r, in)
		byKey := core.Key{Kind: core.IdempotencyByKey, Merchant: w.merchant, Scope: r.Operation, Value: r.Key}
		byDigest := core.Key{Kind: core.InboxByDigest, Scope: in.Account, Value: in.Digest}
		keys = append(keys, byKey, byDigest)
		defer func() {
			if v := w.see(keys...); v.Idempotency(byKey) == nil || v.Idempotency(byKey).ID != r.ID || v.Inbox(byDigest) == nil || v.Inbox(byDigest).ID != in.ID {
				w.Errorf("%d: %+v, %+v", i, v.Idempotency(byKey), v.Inbox(byDigest))
			}
		}()
	}
	v := w.see(keys...)
	for k, id := range want {
		if o := v.Order(k); o == nil || o.Payment.ID != id {
			w.Errorf("%v found %v", k, o)
		}
	}
}

func oldestFirst(w *world) {
	p := w.payment()
	w.insert(p)
	var attempts, refunds []string
	for i := range 5 {
		a, r := w.attempt(p), w.refund(p, 1)
		// Ids that do not sort by age: outward ids are random.
		a.ID, r.ID = string(rune('z'-i))+a.ID, string(rune('z'-i))+r.ID
		a.CreatedAt, r.CreatedAt = at(i), at(i)
		attempts, refunds = append(attempts, a.ID), append(refunds, r.ID)
		w.insert(r, a)
	}
	o := w.order(p.ID)
	for i := range attempts {
		w.equal(o.Attempts[i].ID, attempts[i])
		w.equal(o.Refunds[i].ID, refunds[i])
	}
}

func singleReads(w *world) {
	ctx := context.Background()
	for _, id := range []string{"", "no-such-" + w.tag} {
		e, err := w.store.Event(ctx, w.merchant, id)
		w.equal([]any{e, err}, []any{(*core.Event)(nil), error(nil)})
		p, err := w.store.Payer(ctx, id)
		w.equal([]any{p, err}, []any{(*core.SealedPayer)(nil), error(nil)})
	}
}
