package storetest

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"sort"
	"time"

	"github.com/paymux/paymux/core"
	"github.com/paymux/paymux/core/archive"
)

// archived is what Memory keeps of orders that have left.
type archived struct {
	orders  map[string]*core.Archived   // by payment
	numbers map[string][]archivedNumber // by number
}

type archivedNumber struct{ kind, paymentID string }

// Records reads orders that were created until a moment, oldest first.
func (m *Memory) Records(_ context.Context, until time.Time, after archive.Cursor, limit int) ([]archive.Record, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var all []*core.Payment
	for _, of := range m.lists.payments {
		all = append(all, of...)
	}
	sort.Slice(all, func(i, j int) bool { return comparePayments(all[i], all[j]) < 0 })
	var page []archive.Record
	for _, p := range all {
		if len(page) == max(limit, 1) {
			break
		}
		if !p.CreatedAt.After(until) && compareTimes(p.CreatedAt, after.At, p.ID, after.ID) > 0 {
			page = append(page, m.record(p.ID))
		}
	}
	return page, nil
}

// record is a whole order.
func (m *Memory) record(paymentID string) archive.Record {
	r := archive.Record{Order: *m.order(paymentID, core.Key{})}
	for _, id := range slices.Sorted(maps.Keys(m.rows[entries])) {
		if e := m.rows[entries][id].(*core.Entry); e.PaymentID == paymentID {
			r.Entries = append(r.Entries, *e)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(m.rows[events])) {
		if e := m.rows[events][id].(*core.Event); e.PaymentID == paymentID {
			r.Events = append(r.Events, *clone(e).(*core.Event))
		}
	}
	for _, id := range slices.Sorted(maps.Keys(m.rows[deliveries])) {
		d := m.rows[deliveries][id].(*core.Delivery)
		if e, ok := m.rows[events][d.EventID].(*core.Event); ok && e.PaymentID == paymentID {
			r.Deliveries = append(r.Deliveries, *d)
		}
	}
	for _, row := range m.rows[inbox] {
		box := row.(*core.Inbox)
		about := slices.ContainsFunc(r.Order.Attempts, func(a core.Attempt) bool { return a.OutTradeNo == box.OutTradeNo })
		if about || box.PaymentID == paymentID {
			r.Messages++
		}
	}
	r.Rows = 1 + len(r.Order.Attempts) + len(r.Order.Refunds) + len(r.Entries) + len(r.Events) + len(r.Deliveries)
	kept := r
	kept.Messages = 0
	text, err := json.Marshal(kept)
	if err != nil { // rows of core: nothing that JSON cannot say
		panic(err)
	}
	r.Text = text
	return r
}

// Leave deletes orders that are as they were written.
func (m *Memory) Leave(_ context.Context, b archive.Batch) (gone []string, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, o := range b.Orders {
		if m.rows[payments][o.PaymentID] != nil {
			if r := m.record(o.PaymentID); r.Messages == 0 && archive.Print(r.Text) == o.Print {
				m.leave(b, &r)
			}
		}
		if a := m.archived.orders[o.PaymentID]; a != nil && a.Archive == b.Archive {
			gone = append(gone, o.PaymentID)
		}
	}
	slices.Sort(gone)
	return gone, nil
}

func (m *Memory) leave(b archive.Batch, r *archive.Record) {
	p := r.Order.Payment
	add := func(kind, number string) {
		if number != "" {
			m.archived.numbers[number] = append(m.archived.numbers[number], archivedNumber{kind, p.ID})
		}
	}
	at := b.At
	cut(&at)
	m.archived.orders[p.ID] = &core.Archived{PaymentID: p.ID, MerchantID: p.MerchantID, MerchantOrderNo: p.MerchantOrderNo, Archive: b.Archive, At: at}
	for i := range r.Order.Attempts {
		a := &r.Order.Attempts[i]
		add("attempt_id", a.ID)
		add("out_trade_no", a.OutTradeNo)
		add("trade_no", a.TradeNo)
		m.drop(a)
	}
	for i := range r.Order.Refunds {
		f := &r.Order.Refunds[i]
		add("refund_id", f.ID)
		add("out_request_no", f.OutRequestNo)
		add("merchant_refund_no", f.MerchantRefundNo)
		m.drop(f)
	}
	for i := range r.Entries {
		m.drop(&r.Entries[i])
	}
	for i := range r.Events {
		m.drop(&r.Events[i])
	}
	for i := range r.Deliveries {
		m.drop(&r.Deliveries[i])
	}
	m.drop(&p)
}

// drop deletes a row and takes it off the lists; sums stay what they are.
func (m *Memory) drop(row core.Row) {
	for _, k := range uniqueKeys(row) {
		delete(m.unique, k)
	}
	delete(m.rows[tableOf(row)], row.RowID())
	switch r := row.(type) {
	case *core.Payment:
		m.lists.payments[r.MerchantID] = displace(m.lists.payments[r.MerchantID], r, comparePayments)
	case *core.Attempt:
		delete(m.lists.attemptsOf, r.PaymentID)
		m.lists.mark(core.Due{Kind: core.DueAttempt, ID: r.ID})
	case *core.Refund:
		delete(m.lists.refundsOf, r.PaymentID)
		m.lists.mark(core.Due{Kind: core.DueRefund, ID: r.ID})
		m.lists.refunds[r.MerchantID] = displace(m.lists.refunds[r.MerchantID], r, compareRefunds)
	case *core.Event:
		m.lists.events[r.MerchantID] = displace(m.lists.events[r.MerchantID], r, compareEvents)
	case *core.Delivery:
		m.lists.deliveries[r.MerchantID] = displace(m.lists.deliveries[r.MerchantID], r, compareDeliveries)
		m.lists.mark(core.Due{Kind: core.DueDelivery, ID: r.ID})
	}
}

func displace[T any](rows []T, row T, compare func(a, b T) int) []T {
	if i, found := slices.BinarySearchFunc(rows, row, compare); found {
		return slices.Delete(rows, i, i+1)
	}
	return rows
}

// left is what stays of the order that a key names, nil for nothing or another tenant's.
func (m *Memory) left(k core.Key) *core.Archived {
	of := ""
	switch kind := map[core.KeyKind]string{core.OrderByAttempt: "attempt_id", core.OrderByOutTradeNo: "out_trade_no", core.OrderByRefund: "refund_id"}[k.Kind]; {
	case k.Kind == core.OrderByPayment:
		of = k.Value
	case k.Kind == core.OrderByMerchantNo:
		for _, a := range m.archived.orders {
			if a.MerchantID == k.Merchant && a.MerchantOrderNo == k.Value {
				of = a.PaymentID
			}
		}
	case kind != "":
		for _, n := range m.archived.numbers[k.Value] {
			if n.kind == kind {
				of = n.paymentID
			}
		}
	}
	a := m.archived.orders[of]
	if a == nil || tenantKind(k.Kind) && k.Merchant != a.MerchantID || k.Merchant != "" && k.Merchant != a.MerchantID {
		return nil
	}
	return a
}

// locateArchived tells what a number was.
func (m *Memory) locateArchived(number string) (all []core.Match) {
	name := func(kind string, a *core.Archived) {
		all = append(all, core.Match{Kind: kind, PaymentID: a.PaymentID, MerchantID: a.MerchantID, Archive: a.Archive})
	}
	for _, id := range slices.Sorted(maps.Keys(m.archived.orders)) {
		switch a := m.archived.orders[id]; number {
		case a.PaymentID:
			name("payment_id", a)
		case a.MerchantOrderNo:
			name("merchant_order_no", a)
		}
	}
	for _, n := range m.archived.numbers[number] {
		name(n.kind, m.archived.orders[n.paymentID])
	}
	return all
}
