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
