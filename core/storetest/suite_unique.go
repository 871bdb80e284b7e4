package storetest

import "github.com/paymux/paymux/core"

func uniqueCases() []namedCase {
	return []namedCase{
		{"unique/every key is told by name (D11)", everyUnique},
		{"unique/the first violating insert is named", firstViolation},
		{"unique/two rows of one unit", withinUnit},
		{"unique/merchants do not meet (I03)", merchantsApart},
		{"unique/empty values are not keys", emptyValues},
		{"unique/a guard may violate too (C19)", guardViolates},
		{"unique/bytes are compared, not letters (I07)", bytesCompared},
	}
}

func everyUnique(w *world) {
	p := w.payment()
	a, r, id, in := w.attempt(p), w.refund(p, 1), w.idempotency("k"), w.message()
	a.Token, a.TradeNo = w.id("tok"), w.id("2026")
	ev := w.event(p, 1)
	d := w.delivery(ev, "e")
	nonce := &core.Nonce{KeyID: "key" + w.tag, Nonce: "n", DeleteAfter: at(1)}
	audit := w.audit(p.ID)
	entry := &core.Entry{ID: w.id("ent"), PostingID: "p", MerchantID: w.merchant, Account: core.LedgerGateway, AmountFen: 1, CreatedAt: at(0)}
	payer := &core.SealedPayer{ID: w.id("pyr"), MerchantID: w.merchant, Sealed: []byte{1}, CreatedAt: at(0)}
	w.insert(p, a, r, id, in, ev, d, nonce, audit, entry, payer)

	p2, a2, a3, a4, r2, r3 := w.payment(), w.attempt(p), w.attempt(p), w.attempt(p), w.refund(p, 1), w.refund(p, 1)
	p2.MerchantOrderNo, a2.OutTradeNo, a3.Token, a4.TradeNo = p.MerchantOrderNo, a.OutTradeNo, a.Token, a.TradeNo
	r2.MerchantRefundNo, r3.OutRequestNo = r.MerchantRefundNo, r.OutRequestNo
	in2, d2, ev2 := w.message(), w.delivery(ev, "e"), w.event(p, 2)
	in2.Digest, ev2.Row = in.Digest, ev.Row
	samePayment, sameEvent := w.payment(), w.event(p, 3)
	samePayment.ID, sameEvent.ID = p.ID, ev.ID
	for _, c := range []struct {
		want core.Unique
		row  core.Row
	}{
		{core.UniqueMerchantOrder, p2}, {core.UniqueOutTradeNo, a2}, {core.UniqueToken, a3}, {core.UniqueTradeNo, a4},
		{core.UniqueMerchantRefund, r2}, {core.UniqueOutRequestNo, r3}, {core.UniqueIdempotency, w.idempotency("k")},
		{core.UniqueInboxDigest, in2}, {core.UniqueDelivery, d2},
		{core.UniqueNonce, &core.Nonce{KeyID: nonce.KeyID, Nonce: "n", DeleteAfter: at(9)}},
		{core.UniqueID, samePayment}, {core.UniqueID, sameEvent}, {core.UniqueID, ev2}, {core.UniqueID, clone(audit)},
		{core.UniqueID, clone(entry)}, {core.UniqueID, clone(payer)},
	} {
		bystander := w.payment()
		v := w.do(inserting(bystander, c.row))
		if v.Duplicate != c.want {
			w.Errorf("%T: duplicate %q, want %q", c.row, v.Duplicate, c.want)
		}
		w.absent(bystander.ID)
	}
}

func firstViolation(w *world) {
	p, id := w.payment(), w.idempotency("k")
	w.insert(p, id)
	again := w.payment()
	again.MerchantOrderNo = p.MerchantOrderNo
	if v := w.do(inserting(w.audit("x"), w.idempotency("k"), again)); v.Duplicate != core.UniqueIdempotency {
		w.Errorf("duplicate %q", v.Duplicate)
	}
	if v := w.do(inserting(w.audit("x"), again, w.idempotency("k"))); v.Duplicate != core.UniqueMerchantOrder {
		w.Errorf("duplicate %q", v.Duplicate)
	}
}

func withinUnit(w *world) {
	p, q := w.payment(), w.payment()
	q.MerchantOrderNo = p.MerchantOrderNo
	if v := w.do(inserting(p, q)); v.Duplicate != core.UniqueMerchantOrder {
		w.Errorf("duplicate %q", v.Duplicate)
	}
	w.absent(p.ID)
}

func merchantsApart(w *world) {
	p, r, id := w.payment(), w.refund(w.payment(), 1), w.idempotency("k")
	w.insert(p, r, id)
	p2, r2, id2 := w.payment(), w.refund(w.payment(), 1), w.idempotency("k")
	p2.MerchantOrderNo, r2.MerchantRefundNo = p.MerchantOrderNo, r.MerchantRefundNo
	p2.MerchantID, r2.MerchantID, id2.MerchantID = w.merchant+"x", w.merchant+"x", w.merchant+"x"
	other := w.idempotency("k")
	other.Operation = "refund.create"
	in := w.message()
	in2 := w.message()
	in2.Digest, in2.Account = in.Digest, in.Account+"x"
	w.insert(p2, r2, id2, other, in, in2)
}

func emptyValues(w *world) {
	p := w.payment()
	r, r2 := w.refund(p, 1), w.refund(p, 1)
	r.MerchantRefundNo, r2.MerchantRefundNo = "", ""
	w.insert(p, w.attempt(p), w.attempt(p), r, r2) // no token, no trade_no, no merchant_refund_no
	a, b := w.attempt(p), w.attempt(p)
	a.TradeNo, b.TradeNo, b.Gateway = w.id("2026"), "", "other"
	b.TradeNo = a.TradeNo
	w.insert(a, b)
}

func guardViolates(w *world) {
	p := w.payment()
	a, b := w.attempt(p), w.attempt(p)
	a.TradeNo = w.id("2026")
	w.insert(p, a, b)
	v := w.do(core.Unit{Keys: []core.Key{w.paymentKey(p.ID)}, Decide: func(v core.View) (core.Writes, error) {
		o := v.Order(w.paymentKey(p.ID))
		second := o.Attempt(b.ID)
		second.TradeNo = a.TradeNo
		return core.Writes{Guards: []core.Row{&o.Payment, second}, Inserts: []core.Row{w.audit(p.ID)}}, nil
	}})
	if v.Duplicate != core.UniqueTradeNo {
		w.Fatalf("duplicate %q", v.Duplicate)
	}
	w.equal(w.order(p.ID).Payment.Version, p.Version)
}

func bytesCompared(w *world) {
	keys := []string{"A", "a", "a ", " a", "A ", "a\t"}
	for _, key := range keys {
		row := w.idempotency(key)
		row.ObjectID = "object of " + key
		w.insert(row)
	}
	for _, key := range keys {
		k := core.Key{Kind: core.IdempotencyByKey, Merchant: w.merchant, Scope: "payment.create", Value: key}
		if got := w.see(k).Idempotency(k); got == nil || got.Key != key || got.ObjectID != "object of "+key {
			w.Errorf("key %q found %+v", key, got)
		}
	}
	p := w.payment()
	p.MerchantOrderNo = "Order-" + w.tag
	q := w.payment()
	q.MerchantOrderNo = "order-" + w.tag
	w.insert(p, q)
	for value, want := range map[string]string{p.MerchantOrderNo: p.ID, q.MerchantOrderNo: q.ID, "ORDER-" + w.tag: "", q.MerchantOrderNo + " ": ""} {
		k := core.Key{Kind: core.OrderByMerchantNo, Merchant: w.merchant, Value: value}
		got := ""
		if o := w.see(k).Order(k); o != nil {
			got = o.Payment.ID
		}
		w.equal(got, want)
	}
	for _, id := range []string{p.ID + " ", "P" + p.ID[1:]} {
		w.absent(id)
	}
}
