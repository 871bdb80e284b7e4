package storetest

import (
	"context"
	"sort"

	"github.com/paymux/paymux/core"
)

// See loads what the keys name.
func (m *Memory) See(ctx context.Context, keys ...core.Key) (core.View, error) {
	if err := ctx.Err(); err != nil {
		return core.View{}, unavailable("the request ended before the store was asked", err)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.load(keys), nil
}

// load fills a view. The rows in it are copies, so whoever keeps them harms nobody.
func (m *Memory) load(keys []core.Key) core.View {
	v := core.NewView()
	for _, k := range keys {
		switch k.Kind {
		case core.IdempotencyByKey:
			if r := m.byUnique(idempotency, uniqueKey{core.UniqueIdempotency, k.Merchant, k.Scope, k.Value}); r != nil {
				v.SetIdempotency(k, clone(r).(*core.Idempotency))
			}
		case core.InboxByDigest:
			if r := m.byUnique(inbox, uniqueKey{core.UniqueInboxDigest, k.Scope, k.Value, ""}); r != nil {
				v.SetInbox(k, clone(r).(*core.Inbox))
			}
		case core.InboxByID:
			if r := m.rows[inbox][k.Value]; r != nil {
				v.SetInbox(k, clone(r).(*core.Inbox))
			}
		case core.DeliveryByID:
			if r, ok := m.rows[deliveries][k.Value].(*core.Delivery); ok && (k.Merchant == "" || k.Merchant == r.MerchantID) {
				v.SetDelivery(k, clone(r).(*core.Delivery))
			}
		default:
			if o := m.order(m.paymentOf(k), k); o != nil {
				v.SetOrder(k, o)
			} else if a := m.left(k); a != nil {
				v.SetArchived(k, a)
			}
		}
	}
	return v
}

func (m *Memory) byUnique(t table, k uniqueKey) core.Row {
	id, ok := m.unique[k]
	if !ok {
		return nil
	}
	return m.rows[t][id]
}

// paymentOf resolves an order key to a payment id, "" for nothing.
func (m *Memory) paymentOf(k core.Key) string {
	var row core.Row
	switch k.Kind {
	case core.OrderByPayment:
		return k.Value
	case core.OrderByMerchantNo:
		return m.unique[uniqueKey{core.UniqueMerchantOrder, k.Merchant, k.Value, ""}]
	case core.OrderByAttempt:
		row = m.rows[attempts][k.Value]
	case core.OrderByOutTradeNo:
		row = m.byUnique(attempts, uniqueKey{core.UniqueOutTradeNo, "", k.Value, ""})
	case core.OrderByToken:
		row = m.byUnique(attempts, uniqueKey{core.UniqueToken, "", k.Value, ""})
	case core.OrderByRefund:
		row = m.rows[refunds][k.Value]
	case core.OrderByMerchantRefund:
		row = m.byUnique(refunds, uniqueKey{core.UniqueMerchantRefund, k.Merchant, k.Value, ""})
	}
	switch r := row.(type) {
	case *core.Attempt:
		return r.PaymentID
	case *core.Refund:
		return r.PaymentID
	default:
		return ""
	}
}

// order assembles an order, or nil when there is none or it is another tenant's (W01).
func (m *Memory) order(paymentID string, k core.Key) *core.Order {
	p, ok := m.rows[payments][paymentID].(*core.Payment)
	if !ok || tenantKind(k.Kind) && k.Merchant != p.MerchantID || k.Merchant != "" && k.Merchant != p.MerchantID {
		return nil
	}
	o := &core.Order{Payment: *clone(p).(*core.Payment)}
	for _, id := range m.lists.attemptsOf[paymentID] {
		o.Attempts = append(o.Attempts, *clone(m.rows[attempts][id]).(*core.Attempt))
	}
	for _, id := range m.lists.refundsOf[paymentID] {
		o.Refunds = append(o.Refunds, *clone(m.rows[refunds][id]).(*core.Refund))
	}
	sort.SliceStable(o.Attempts, func(i, j int) bool {
		a, b := o.Attempts[i], o.Attempts[j]
		return a.CreatedAt.Before(b.CreatedAt) || a.CreatedAt.Equal(b.CreatedAt) && a.ID < b.ID
	})
	sort.SliceStable(o.Refunds, func(i, j int) bool {
		a, b := o.Refunds[i], o.Refunds[j]
		return a.CreatedAt.Before(b.CreatedAt) || a.CreatedAt.Equal(b.CreatedAt) && a.ID < b.ID
	})
	return o
}

// tenantKind tells whether keys of the kind name their merchant always.
func tenantKind(k core.KeyKind) bool {
	switch k {
	case core.OrderByPayment, core.OrderByMerchantNo, core.OrderByRefund, core.OrderByMerchantRefund:
		return true
	default:
		return false
	}
}
