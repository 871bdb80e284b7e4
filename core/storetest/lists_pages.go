package storetest

import (
	"context"
	"slices"

	"github.com/paymux/paymux/core"
)

// Payments lists payments, newest first.
func (m *Memory) Payments(_ context.Context, q core.PaymentQuery) ([]core.Payment, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(q.Buyers) > core.MaxBuyers {
		return nil, core.Errorf(core.CodeInvalid, "a query names %d buyers at most", core.MaxBuyers)
	}
	var page []core.Payment
	all := ofMerchants(m.lists.payments, q.MerchantID, q.All, comparePayments)
	for i := len(all) - 1; i >= 0 && len(page) < pageSize(q.Limit); i-- {
		if m.asked(q, all[i]) {
			page = append(page, *clone(all[i]).(*core.Payment))
		}
	}
	return page, nil
}

// asked tells whether a query asks for the payment.
func (m *Memory) asked(q core.PaymentQuery, p *core.Payment) bool {
	before := &core.Payment{CreatedAt: q.BeforeCreated, ID: q.BeforeID}
	if !q.BeforeCreated.IsZero() && comparePayments(p, before) >= 0 || q.Status != "" && p.Status != q.Status ||
		q.MerchantOrderNo != "" && p.MerchantOrderNo != q.MerchantOrderNo || q.Attention && p.Attention == "" ||
		!q.CreatedFrom.IsZero() && p.CreatedAt.Before(q.CreatedFrom) || !q.CreatedTo.IsZero() && !p.CreatedAt.Before(q.CreatedTo) {
		return false
	}
	ofAttempt := func(want bool, is func(*core.Attempt) bool) bool {
		return !want || slices.ContainsFunc(m.lists.attemptsOf[p.ID], func(id string) bool { return is(m.rows[attempts][id].(*core.Attempt)) })
	}
	return ofAttempt(q.OutTradeNo != "", func(a *core.Attempt) bool { return a.OutTradeNo == q.OutTradeNo }) &&
		ofAttempt(q.TradeNo != "", func(a *core.Attempt) bool { return a.TradeNo == q.TradeNo }) &&
		ofAttempt(len(q.Buyers) > 0, func(a *core.Attempt) bool { return slices.Contains(q.Buyers, a.Payer) }) &&
		(q.RefundNo == "" || slices.ContainsFunc(m.lists.refundsOf[p.ID], func(id string) bool {
			r := m.rows[refunds][id].(*core.Refund)
			return slices.Contains([]string{r.ID, r.OutRequestNo, r.MerchantRefundNo}, q.RefundNo)
		}))
}

// Refunds lists refunds, newest first.
func (m *Memory) Refunds(_ context.Context, q core.RefundQuery) ([]core.Refund, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var page []core.Refund
	before := &core.Refund{CreatedAt: q.BeforeCreated, ID: q.BeforeID}
	all := ofMerchants(m.lists.refunds, q.MerchantID, q.All, compareRefunds)
	for i := len(all) - 1; i >= 0 && len(page) < pageSize(q.Limit); i-- {
		r := all[i]
		if !q.BeforeCreated.IsZero() && compareRefunds(r, before) >= 0 || q.Status != "" && r.Status != q.Status ||
			q.MerchantRefundNo != "" && r.MerchantRefundNo != q.MerchantRefundNo {
			continue
		}
		page = append(page, *clone(r).(*core.Refund))
	}
	return page, nil
}

// ofMerchants is a merchant's list, or that of all of them, in their order.
func ofMerchants[T any](lists map[string][]T, merchant string, all bool, compare func(a, b T) int) []T {
	if !all {
		return lists[merchant]
	}
	var joined []T
	for _, list := range lists {
		joined = append(joined, list...)
	}
	slices.SortFunc(joined, compare)
	return joined
}
