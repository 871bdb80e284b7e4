package storetest

import (
	"context"

	"github.com/paymux/paymux/core"
)

// paymentSearches looks for one payment among two like it, by all that it may be known by.
func paymentSearches(w *world) {
	p, a, r := w.known(w.merchant)
	w.known(w.merchant)
	other, b, s := w.known("other" + w.merchant)
	for _, q := range []core.PaymentQuery{
		{OutTradeNo: a.OutTradeNo}, {TradeNo: a.TradeNo}, {RefundNo: r.ID}, {RefundNo: r.OutRequestNo}, {RefundNo: r.MerchantRefundNo},
		{Buyers: []string{"nobody", a.Payer}}, {CreatedFrom: p.CreatedAt, CreatedTo: p.CreatedAt.Add(1_000_000)},
		{OutTradeNo: a.OutTradeNo, TradeNo: a.TradeNo, RefundNo: r.ID, Buyers: []string{a.Payer}, Status: p.Status, CreatedFrom: p.CreatedAt},
	} {
		w.equal(w.search(q), []string{p.ID})
	}
	for _, q := range []core.PaymentQuery{
		{OutTradeNo: b.OutTradeNo}, {TradeNo: b.TradeNo}, {RefundNo: s.ID}, {RefundNo: s.OutRequestNo}, {RefundNo: s.MerchantRefundNo}, {Buyers: []string{b.Payer}},
	} {
		w.equal(w.search(q), []string(nil)) // another merchant's
		q.All = true
		w.equal(w.search(q), []string{other.ID})
	}
	for _, q := range []core.PaymentQuery{
		{OutTradeNo: a.TradeNo}, {TradeNo: a.OutTradeNo}, {RefundNo: a.ID}, {OutTradeNo: a.OutTradeNo, TradeNo: b.TradeNo},
		{OutTradeNo: a.OutTradeNo, CreatedFrom: p.CreatedAt.Add(1_000_000)}, {OutTradeNo: a.OutTradeNo, CreatedTo: p.CreatedAt},
		{OutTradeNo: a.OutTradeNo, Status: core.PaymentPaid}, {OutTradeNo: a.OutTradeNo + "茶"}, {Buyers: []string{"茶"}},
	} {
		w.equal(w.search(q), []string(nil))
	}
	_, err := w.store.Payments(context.Background(), core.PaymentQuery{All: true, Buyers: make([]string, core.MaxBuyers+1)})
	w.equal(core.CodeOf(err), core.CodeInvalid)
}

// known inserts a payment of a merchant with all numbers that one can have.
func (w *world) known(merchant string) (*core.Payment, *core.Attempt, *core.Refund) {
	w.Helper()
	p := w.payment()
	p.MerchantID = merchant
	a, r := w.attempt(p), w.refund(p, 1)
	a.TradeNo, a.Payer, r.AttemptID, r.MerchantRefundNo = w.id("G"), w.id("buyer"), a.ID, w.id("M")
	w.insert(p, a, r)
	return p, a, r
}

func (w *world) search(q core.PaymentQuery) (ids []string) {
	w.Helper()
	q.MerchantID, q.Limit = w.merchant, 10
	page, err := w.store.Payments(context.Background(), q)
	if err != nil {
		w.Fatal(err)
	}
	for _, p := range page {
		ids = append(ids, p.ID)
	}
	return ids
}

// stories leads from each number of an order to all that was written about it, and to nothing of
// the order beside it.
func stories(w *world) {
	p, a, r := w.known(w.merchant)
	w.told(p, a)
	other, b, _ := w.known("other" + w.merchant)
	w.told(other, b)
	e, d, box := w.told(p, a)
	ctx := context.Background()
	for kind, number := range map[string]string{
		"payment_id": p.ID, "merchant_order_no": p.MerchantOrderNo, "attempt_id": a.ID, "out_trade_no": a.OutTradeNo, "trade_no": a.TradeNo, "refund_id": r.ID,
		"out_request_no": r.OutRequestNo, "merchant_refund_no": r.MerchantRefundNo, "event_id": e.ID, "delivery_id": d.ID, "message_id": box.ID,
	} {
		got, err := w.store.Locate(ctx, number)
		w.equal([]any{got, err}, []any{[]core.Match{{Kind: kind, PaymentID: p.ID, MerchantID: w.merchant}}, error(nil)})
	}
	for _, number := range []string{"", w.id("nobody"), "茶", a.Token} {
		got, err := w.store.Locate(ctx, number)
		w.equal([]any{got, err}, []any{[]core.Match(nil), error(nil)})
	}
	s, err := w.store.Story(ctx, p.ID)
	if err != nil || s == nil {
		w.Fatalf("%v, %v", s, err)
	}
	w.equal([]any{s.Order.Payment, s.Order.Attempts, s.Order.Refunds}, []any{*p, []core.Attempt{*a}, []core.Refund{*r}})
	w.equal([]int{len(s.Entries), len(s.Events), len(s.Deliveries), len(s.Inbox), len(s.Audits)}, []int{2, 2, 2, 2, 10})
	for _, id := range []string{s.Events[1].ID, s.Deliveries[1].ID, s.Inbox[1].ID} {
		w.equal([]bool{id == e.ID || id == d.ID || id == box.ID, s.Events[1].Body == nil, s.Inbox[1].Sealed == nil}, []bool{true, true, true})
	}
	s, err = w.store.Story(ctx, w.id("nobody"))
	w.equal([]any{s, err}, []any{(*core.Story)(nil), error(nil)})
}

// told writes one row of each kind about an order: an event with its delivery, a message by its
// number alone, an entry, and an audit row of each object.
func (w *world) told(p *core.Payment, a *core.Attempt) (*core.Event, *core.Delivery, *core.Inbox) {
	w.Helper()
	e := w.event(p, w.drawn.Add(1))
	d := w.delivery(e, "hook")
	box := &core.Inbox{
		ID: w.id("box"), Gateway: "bank", Account: a.Account, Digest: w.id("digest"), Sealed: []byte("s"), State: core.InboxParked, OutTradeNo: a.OutTradeNo,
		PaymentID: p.ID, Version: 1, ReceivedAt: at(int(w.drawn.Add(1))),
	}
	rows := []core.Row{e, d, box, &core.Entry{ID: w.id("ent"), PostingID: "p", MerchantID: p.MerchantID, PaymentID: p.ID, Account: core.LedgerGateway, CreatedAt: at(0)}}
	for _, object := range []string{p.ID, a.ID, d.ID, box.ID, "of nobody"} {
		rows = append(rows, &core.Audit{ID: w.id("aud"), MerchantID: p.MerchantID, Actor: "店主", Action: "x.y", Object: object, CreatedAt: at(int(w.drawn.Add(1)))})
	}
	rows = append(rows, &core.Audit{ID: w.id("aud"), MerchantID: p.MerchantID, Actor: "店主", Action: "x.y", Object: p.ID, CreatedAt: at(int(w.drawn.Add(1)))})
	w.insert(rows...)
	return e, d, box
}

// keptPages lists messages of some accounts and audit rows of a merchant, page by page.
func keptPages(w *world) {
	var boxes, rows []string
	for i := range 7 {
		box, other := w.message(), w.message()
		box.State, other.State, other.Account = core.InboxParked, core.InboxParked, "other"+w.tag
		if i%3 == 2 {
			box.State = core.InboxDone
		} else {
			boxes = append([]string{box.ID}, boxes...)
		}
		row, foreign := w.audit(w.tag), w.audit(w.tag)
		foreign.MerchantID = "other" + w.merchant
		rows = append([]string{row.ID}, rows...)
		w.insert(box, other, row, foreign)
	}
	ctx := context.Background()
	var got []string
	for q := (core.MessageQuery{Accounts: []string{"acc" + w.tag, "none"}, State: core.InboxParked, Limit: 2}); ; q.BeforeID = got[len(got)-1] {
		page, err := w.store.Messages(ctx, q)
		w.equal(err, error(nil))
		if len(page) == 0 {
			break
		}
		for _, box := range page {
			w.equal(box.Sealed == nil, true)
			got = append(got, box.ID)
		}
	}
	w.equal(got, boxes)
	none, err := w.store.Messages(ctx, core.MessageQuery{State: core.InboxParked, Limit: 2})
	w.equal([]any{none, err}, []any{[]core.Inbox(nil), error(nil)})
	got = nil
	for q := (core.AuditQuery{MerchantID: w.merchant, Limit: 3}); ; q.BeforeID = got[len(got)-1] {
		page, err := w.store.Audits(ctx, q)
		w.equal(err, error(nil))
		if len(page) == 0 {
			break
		}
		for _, row := range page {
			got = append(got, row.ID)
		}
	}
	w.equal(got, rows)
	all, err := w.store.Audits(ctx, core.AuditQuery{All: true, Object: w.tag, Limit: 100})
	w.equal([]any{len(all), err}, []any{14, error(nil)})
}
