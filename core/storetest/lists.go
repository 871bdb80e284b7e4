package storetest

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/paymux/paymux/core"
)

// lists are what Memory keeps beside the rows, so that a page does not cost a walk over everything.
type lists struct {
	attemptsOf, refundsOf map[string][]string
	payments              map[string][]*core.Payment // by merchant, oldest first
	refunds               map[string][]*core.Refund  // by merchant, oldest first
	events                map[string][]*core.Event   // by merchant, by row
	deliveries            map[string][]*core.Delivery
	due                   map[core.DueKind]map[string]core.Due
	balances              map[string]map[balanceKey]core.Balance
}

type balanceKey struct {
	account core.LedgerAccount
	owner   string
}

func newLists() lists {
	l := lists{
		attemptsOf: map[string][]string{}, refundsOf: map[string][]string{}, payments: map[string][]*core.Payment{},
		refunds: map[string][]*core.Refund{}, events: map[string][]*core.Event{}, deliveries: map[string][]*core.Delivery{},
		due: map[core.DueKind]map[string]core.Due{}, balances: map[string]map[balanceKey]core.Balance{},
	}
	for _, k := range []core.DueKind{core.DueAttempt, core.DueRefund, core.DueInbox, core.DueDelivery} {
		l.due[k] = map[string]core.Due{}
	}
	return l
}

// put notes that row is stored now, in place of old.
func (l *lists) put(old, row core.Row) {
	switch r := row.(type) {
	case *core.Payment:
		l.payments[r.MerchantID] = place(l.payments[r.MerchantID], r, old != nil, comparePayments)
	case *core.Attempt:
		if old == nil {
			l.attemptsOf[r.PaymentID] = append(l.attemptsOf[r.PaymentID], r.ID)
		}
		l.mark(core.Due{Kind: core.DueAttempt, ID: r.ID, MerchantID: r.MerchantID, Scope: r.PaymentID, At: r.NextAt, Fault: r.Fault})
	case *core.Refund:
		if old == nil {
			l.refundsOf[r.PaymentID] = append(l.refundsOf[r.PaymentID], r.ID)
		}
		l.refunds[r.MerchantID] = place(l.refunds[r.MerchantID], r, old != nil, compareRefunds)
		l.mark(core.Due{Kind: core.DueRefund, ID: r.ID, MerchantID: r.MerchantID, Scope: r.PaymentID, At: r.NextAt, Fault: r.Fault})
	case *core.Inbox:
		l.mark(core.Due{Kind: core.DueInbox, ID: r.ID, At: r.NextAt})
	case *core.Event:
		l.events[r.MerchantID] = place(l.events[r.MerchantID], r, false, compareEvents)
	case *core.Delivery:
		l.deliveries[r.MerchantID] = place(l.deliveries[r.MerchantID], r, old != nil, compareDeliveries)
		l.mark(core.Due{
			Kind: core.DueDelivery, ID: r.ID, MerchantID: r.MerchantID, Scope: r.EndpointID, At: r.NextAt, Asked: !r.EndedAt.IsZero(),
		})
	case *core.Entry:
		l.book(r)
	}
}

func (l *lists) mark(d core.Due) {
	if d.At.IsZero() {
		delete(l.due[d.Kind], d.ID)
		return
	}
	l.due[d.Kind][d.ID] = d
}

func (l *lists) book(e *core.Entry) {
	of := l.balances[e.MerchantID]
	if of == nil {
		of = map[balanceKey]core.Balance{}
		l.balances[e.MerchantID] = of
	}
	b := of[balanceKey{e.Account, e.Owner}]
	of[balanceKey{e.Account, e.Owner}] = core.Balance{Account: e.Account, Owner: e.Owner, Fen: b.Fen + e.AmountFen, Entries: b.Entries + 1}
}

// place puts row where compare wants it, in place of the row it replaces.
func place[T any](rows []T, row T, replace bool, compare func(a, b T) int) []T {
	i, found := slices.BinarySearchFunc(rows, row, compare)
	if replace && found {
		rows[i] = row
		return rows
	}
	return slices.Insert(rows, i, row)
}

func comparePayments(a, b *core.Payment) int {
	return compareTimes(a.CreatedAt, b.CreatedAt, a.ID, b.ID)
}

func compareRefunds(a, b *core.Refund) int {
	return compareTimes(a.CreatedAt, b.CreatedAt, a.ID, b.ID)
}

func compareDue(a, b core.Due) int { return compareTimes(a.At, b.At, a.ID, b.ID) }

// compareTimes orders by time, and rows of one time by id.
func compareTimes(a, b time.Time, aID, bID string) int {
	if c := a.Compare(b); c != 0 {
		return c
	}
	return strings.Compare(aID, bID)
}

func compareEvents(a, b *core.Event) int        { return strings.Compare(a.Row, b.Row) }
func compareDeliveries(a, b *core.Delivery) int { return strings.Compare(a.ID, b.ID) }

// pageSize bounds a page: 100 rows when the caller names none, 1,000 at most.
func pageSize(limit int) int {
	if limit <= 0 {
		return 100
	}
	return min(limit, 1000)
}

// Payer returns a sealed payer, or nil.
func (m *Memory) Payer(_ context.Context, id string) (*core.SealedPayer, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if r := m.rows[payers][id]; r != nil {
		return clone(r).(*core.SealedPayer), nil
	}
	return nil, nil
}

// Events lists events, oldest first.
func (m *Memory) Events(_ context.Context, q core.EventQuery) ([]core.Event, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	all := m.lists.events[q.MerchantID]
	if q.All {
		all = slices.Concat(slices.Collect(maps.Values(m.lists.events))...)
	}
	if q.ByTime() {
		all = slices.SortedFunc(slices.Values(all), func(a, b *core.Event) int { return compareTimes(a.CreatedAt, b.CreatedAt, a.Row, b.Row) })
	}
	var page []core.Event
	for _, e := range all {
		if len(page) == pageSize(q.Limit) {
			break
		}
		if asked(q, e) {
			page = append(page, *clone(e).(*core.Event))
		}
	}
	return page, nil
}

// asked tells whether a query is about an event, and its keyset lies before it.
func asked(q core.EventQuery, e *core.Event) bool {
	after := e.Row > q.AfterRow
	if q.ByTime() && q.AfterRow != "" {
		after = compareTimes(e.CreatedAt, q.AfterCreated, e.Row, q.AfterRow) > 0
	}
	return after && (q.PaymentID == "" || e.PaymentID == q.PaymentID) && !e.CreatedAt.Before(q.CreatedFrom) &&
		(q.CreatedTo.IsZero() || e.CreatedAt.Before(q.CreatedTo))
}

// Event returns one event, or nil.
func (m *Memory) Event(_ context.Context, merchantID, id string) (*core.Event, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	e, ok := m.rows[events][id].(*core.Event)
	if !ok || merchantID != "" && merchantID != e.MerchantID {
		return nil, nil
	}
	return clone(e).(*core.Event), nil
}

// Deliveries lists a merchant's deliveries, newest first.
func (m *Memory) Deliveries(_ context.Context, q core.DeliveryQuery) ([]core.Delivery, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var page []core.Delivery
	all := ofMerchants(m.lists.deliveries, q.MerchantID, q.All, compareDeliveries)
	for i := len(all) - 1; i >= 0 && len(page) < pageSize(q.Limit); i-- {
		d := all[i]
		if q.BeforeID != "" && d.ID >= q.BeforeID || q.State != "" && d.State != q.State || q.EventID != "" && d.EventID != q.EventID {
			continue
		}
		page = append(page, *d)
	}
	return page, nil
}

// Ended lists an endpoint's deliveries of one state and a time, oldest first.
func (m *Memory) Ended(_ context.Context, q core.EndedQuery) ([]core.Delivery, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var page []core.Delivery
	for _, d := range ofMerchants(m.lists.deliveries, q.MerchantID, false, compareDeliveries) {
		if d.EndpointID == q.EndpointID && d.State == q.State && !d.CreatedAt.Before(q.From) && d.CreatedAt.Before(q.To) &&
			(d.CreatedAt.After(q.From) || d.ID > q.AfterID) {
			page = append(page, *d)
		}
	}
	slices.SortStableFunc(page, func(a, b core.Delivery) int { return compareTimes(a.CreatedAt, b.CreatedAt, a.ID, b.ID) })
	return page[:min(len(page), pageSize(q.Limit))], nil
}

// Balances sums a merchant's ledger, ordered by account and owner.
func (m *Memory) Balances(_ context.Context, merchantID string) ([]core.Balance, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var all []core.Balance
	for _, b := range m.lists.balances[merchantID] {
		all = append(all, b)
	}
	slices.SortFunc(all, func(a, b core.Balance) int {
		if c := strings.Compare(string(a.Account), string(b.Account)); c != 0 {
			return c
		}
		return strings.Compare(a.Owner, b.Owner)
	})
	return all, nil
}

// Due lists what is due, earliest first.
func (m *Memory) Due(_ context.Context, q core.DueQuery) ([]core.Due, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	until, after := q.Until.UnixMilli(), core.Due{At: time.UnixMilli(q.AfterAt.UnixMilli()).UTC(), ID: q.AfterID}
	var all []core.Due
	for _, d := range m.lists.due[q.Kind] {
		if d.At.UnixMilli() <= until && (q.Fault == "" || q.Fault == d.Fault) && inScope(q, core.Scope{MerchantID: d.MerchantID, Scope: d.Scope}) && (q.AfterAt.IsZero() || compareDue(d, after) > 0) {
			all = append(all, d)
		}
	}
	slices.SortFunc(all, compareDue)
	return all[:min(len(all), pageSize(q.Limit))], nil
}

func inScope(q core.DueQuery, s core.Scope) bool {
	return (q.Only == core.Scope{} || q.Only == s) && !slices.Contains(q.Except, s)
}
