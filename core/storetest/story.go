package storetest

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/paymux/paymux/core"
)

// Locate tells what a number is.
func (m *Memory) Locate(_ context.Context, number string) ([]core.Match, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var all []core.Match
	if number == "" {
		return nil, nil
	}
	named := func(payment, merchant string, numbers ...string) {
		for i := 0; i < len(numbers); i += 2 {
			if numbers[i+1] == number {
				all = append(all, core.Match{Kind: numbers[i], PaymentID: payment, MerchantID: merchant})
			}
		}
	}
	for _, t := range tables() {
		for _, id := range slices.Sorted(maps.Keys(m.rows[t])) {
			switch r := m.rows[t][id].(type) {
			case *core.Payment:
				named(r.ID, r.MerchantID, "payment_id", r.ID, "merchant_order_no", r.MerchantOrderNo)
			case *core.Attempt:
				named(r.PaymentID, r.MerchantID, "attempt_id", r.ID, "out_trade_no", r.OutTradeNo, "trade_no", r.TradeNo)
			case *core.Refund:
				named(r.PaymentID, r.MerchantID, "refund_id", r.ID, "out_request_no", r.OutRequestNo, "merchant_refund_no", r.MerchantRefundNo)
			case *core.Event:
				named(r.PaymentID, r.MerchantID, "event_id", r.ID)
			case *core.Delivery:
				if e, ok := m.rows[events][r.EventID].(*core.Event); ok {
					named(e.PaymentID, e.MerchantID, "delivery_id", r.ID)
				}
			case *core.Inbox:
				if p, ok := m.rows[payments][r.PaymentID].(*core.Payment); ok {
					named(p.ID, p.MerchantID, "message_id", r.ID)
				}
			}
		}
	}
	all = append(all, m.locateArchived(number)...)
	slices.SortStableFunc(all, func(a, b core.Match) int { return strings.Compare(a.PaymentID, b.PaymentID) })
	return all, nil
}

// Story returns an order with all that was written about it, or nil.
func (m *Memory) Story(_ context.Context, paymentID string) (*core.Story, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	p, ok := m.rows[payments][paymentID].(*core.Payment)
	if !ok {
		return nil, nil
	}
	story := &core.Story{Order: *m.order(paymentID, core.Key{Kind: core.OrderByPayment, Merchant: p.MerchantID})}
	eventIDs := map[string]bool{}
	for _, e := range m.lists.events[p.MerchantID] {
		if e.PaymentID == paymentID {
			told := *clone(e).(*core.Event)
			told.Body, eventIDs[e.ID] = nil, true
			story.Events = append(story.Events, told)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(m.rows[entries])) {
		if e := m.rows[entries][id].(*core.Entry); e.PaymentID == paymentID {
			story.Entries = append(story.Entries, *e)
		}
	}
	for _, d := range m.lists.deliveries[p.MerchantID] {
		if eventIDs[d.EventID] {
			story.Deliveries = append(story.Deliveries, *d)
		}
	}
	objects, numbers := story.Objects()
	for _, id := range slices.Sorted(maps.Keys(m.rows[inbox])) {
		if box := m.rows[inbox][id].(*core.Inbox); box.PaymentID == paymentID || slices.Contains(numbers, box.OutTradeNo) {
			kept := *clone(box).(*core.Inbox)
			kept.Sealed = nil
			story.Inbox, objects = append(story.Inbox, kept), append(objects, id)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(m.rows[audits])) {
		if a := m.rows[audits][id].(*core.Audit); slices.Contains(objects, a.Object) {
			story.Audits = append(story.Audits, *a)
		}
	}
	return story, nil
}
