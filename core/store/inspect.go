package store

import (
	"context"
	"database/sql"

	"gorm.io/gorm"

	"github.com/paymux/paymux/core"
)

// ordersPerRead is how many orders EachOrder reads at a time.
const ordersPerRead = 200

// EachOrder visits every order, by payment id, with its ledger entries and its events, each by id.
// It stops at the first error and returns it. An order and what belongs to it are read in one
// consistent view, so invariants can be checked beside a running server. The in-memory store has
// the same method.
func (s *Store) EachOrder(ctx context.Context, visit func(core.Order, []core.Entry, []core.Event) error) error {
	after := ""
	for {
		page, err := s.inspect(ctx, after)
		if err != nil {
			return err
		}
		for _, p := range page {
			if err := visit(*p.order, p.entries, p.events); err != nil {
				return err
			}
			after = p.order.Payment.ID
		}
		if len(page) < ordersPerRead {
			return nil
		}
	}
}

// inspected is an order with its books.
type inspected struct {
	order   *core.Order
	entries []core.Entry
	events  []core.Event
}

// inspect reads the next orders after a payment id.
func (s *Store) inspect(ctx context.Context, after string) ([]inspected, error) {
	var page []inspected
	err := s.reading(ctx, func(db *gorm.DB) error {
		page = nil
		tx := db.Begin(&sql.TxOptions{ReadOnly: true})
		if tx.Error != nil {
			return tx.Error
		}
		defer tx.Rollback() // nothing was written
		var ids []string
		if err := tx.Table("payments").Where("id > ?", after).Order("id").Limit(ordersPerRead).Pluck("id", &ids).Error; err != nil || len(ids) == 0 {
			return err
		}
		l := &loaded{payments: map[core.Key]string{}, orders: map[string]*core.Order{}}
		for _, id := range ids {
			l.payments[core.Key{Value: id}] = id
		}
		if err := l.loadOrders(tx, nil); err != nil {
			return err
		}
		for _, id := range ids {
			page = append(page, inspected{order: l.orders[id]})
		}
		return loadBooks(tx, ids, page)
	})
	return page, err
}

// loadBooks adds entries and events to a page of orders.
func loadBooks(tx *gorm.DB, ids []string, page []inspected) error {
	at := make(map[string]int, len(ids))
	for i, id := range ids {
		at[id] = i
	}
	var entries []entryRow
	if err := tx.Where("payment_id IN ?", ids).Order("id").Find(&entries).Error; err != nil {
		return err
	}
	for i := range entries {
		p := &page[at[entries[i].PaymentID]]
		p.entries = append(p.entries, entries[i].entry())
	}
	var events []eventRow
	if err := tx.Where("payment_id IN ?", ids).Order("row_id").Find(&events).Error; err != nil {
		return err
	}
	for i := range events {
		p := &page[at[events[i].PaymentID]]
		p.events = append(p.events, *events[i].event())
	}
	return nil
}

// Parked lists the messages that contradict the books and wait for a person, oldest first, 1,000 at
// most. It reads the whole inbox: people ask for it, not requests.
func (s *Store) Parked(ctx context.Context) ([]core.Inbox, error) {
	rows, err := find[inboxRow](ctx, s, func(db *gorm.DB) *gorm.DB {
		return db.Where("state = ?", string(core.InboxParked)).Order("received_at, id").Limit(pageSize(1000))
	})
	if err != nil {
		return nil, err
	}
	return mapped(rows, func(r *inboxRow) (core.Inbox, error) { return *r.inbox(), nil })
}
