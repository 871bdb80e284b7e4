package storetest

import (
	"context"
	"slices"
	"strings"

	"github.com/paymux/paymux/core"
)

// EachOrder visits every order, by payment id, with its ledger entries and its events, each by id.
// It stops at the first error and returns it. The SQL store has the same method: invariants are
// checked through it.
func (m *Memory) EachOrder(ctx context.Context, visit func(core.Order, []core.Entry, []core.Event) error) error {
	all := m.All()
	entriesOf, eventsOf := map[string][]core.Entry{}, map[string][]core.Event{}
	for _, e := range all.Entries {
		entriesOf[e.PaymentID] = append(entriesOf[e.PaymentID], e)
	}
	for _, e := range all.Events {
		eventsOf[e.PaymentID] = append(eventsOf[e.PaymentID], e)
	}
	for _, o := range all.Orders {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := visit(o, entriesOf[o.Payment.ID], eventsOf[o.Payment.ID]); err != nil {
			return err
		}
	}
	return nil
}

// Contents is everything a Memory holds, as copies, each kind by id and events by row.
type Contents struct {
	Orders      []core.Order
	Events      []core.Event
	Entries     []core.Entry
	Audits      []core.Audit
	Inbox       []core.Inbox
	Deliveries  []core.Delivery
	Idempotency []core.Idempotency
	Payers      []core.SealedPayer
}

// All returns everything, for checks of invariants after a simulation.
func (m *Memory) All() Contents {
	m.mu.Lock()
	defer m.mu.Unlock()
	c := Contents{
		Entries: rowsOf[core.Entry](m, entries), Audits: rowsOf[core.Audit](m, audits), Inbox: rowsOf[core.Inbox](m, inbox),
		Deliveries: rowsOf[core.Delivery](m, deliveries), Idempotency: rowsOf[core.Idempotency](m, idempotency),
		Payers: rowsOf[core.SealedPayer](m, payers), Events: rowsOf[core.Event](m, events),
	}
	slices.SortFunc(c.Events, func(a, b core.Event) int { return strings.Compare(a.Row, b.Row) })
	for _, id := range m.ids(payments) {
		c.Orders = append(c.Orders, *m.order(id, core.Key{}))
	}
	return c
}

// ids returns the row ids of a table in order: maps are never walked in their own order.
func (m *Memory) ids(t table) []string {
	ids := make([]string, 0, len(m.rows[t]))
	for id := range m.rows[t] {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}

func rowsOf[T any, P interface {
	*T
	core.Row
}](m *Memory, t table) []T {
	var all []T
	for _, id := range m.ids(t) {
		all = append(all, *clone(m.rows[t][id]).(P))
	}
	return all
}
