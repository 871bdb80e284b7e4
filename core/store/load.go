package store

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"strings"

	"gorm.io/gorm"

	"github.com/paymux/paymux/core"
)

// loaded is what a set of keys found: each row once, however many keys name it.
type loaded struct {
	payments    map[core.Key]string // the payment that an order key leads to
	lines       map[core.Key]*line  // where a key leads to a payment that another session holds
	orders      map[string]*core.Order
	archived    map[string]*core.Archived // in place of orders that have left
	idempotency map[core.Key]*core.Idempotency
	inbox       map[core.Key]*core.Inbox
	deliveries  map[core.Key]*core.Delivery
}

// See loads what the keys name, in one consistent view.
func (s *Store) See(ctx context.Context, keys ...core.Key) (core.View, error) {
	var view core.View
	err := s.reading(ctx, func(db *gorm.DB) error {
		tx := db.Begin(&sql.TxOptions{ReadOnly: true})
		if tx.Error != nil {
			return tx.Error
		}
		defer tx.Rollback() // nothing was written
		rows, err := s.resolve(tx, keys)
		if err != nil {
			return err
		}
		if err = rows.loadOrders(tx, nil); err == nil {
			view = rows.view(keys)
		}
		return err
	})
	return view, err
}

// reading runs a read, and once more if its connection turns out to be dead.
func (s *Store) reading(ctx context.Context, read func(*gorm.DB) error) error {
	for try := 0; ; try++ {
		err := read(s.read.WithContext(ctx))
		switch {
		case err == nil:
			return nil
		case isOurs(err):
			return err
		case try == 2 || ctx.Err() != nil:
			return unavailable("the database does not answer", err)
		}
	}
}

// isOurs tells an error that was made here from one of an engine.
func isOurs(err error) bool {
	var ours *core.Error
	return errors.As(err, &ours)
}

// resolve reads all that keys name, by a few statements for all of them; of orders it finds the
// ids.
func (s *Store) resolve(tx *gorm.DB, keys []core.Key) (*loaded, error) {
	l := &loaded{
		payments: map[core.Key]string{}, lines: map[core.Key]*line{}, orders: map[string]*core.Order{},
		idempotency: map[core.Key]*core.Idempotency{}, inbox: map[core.Key]*core.Inbox{}, deliveries: map[core.Key]*core.Delivery{},
	}
	byKind := map[core.KeyKind][]core.Key{}
	for _, k := range keys {
		// An empty or non-ASCII value names nothing; asking for it would make MySQL convert whole
		// columns.
		if k.Value != "" && isASCII(k.Value) && isASCII(k.Merchant) && isASCII(k.Scope) {
			byKind[k.Kind] = append(byKind[k.Kind], k)
		}
	}
	for _, step := range []func(*gorm.DB, map[core.KeyKind][]core.Key) error{
		l.resolvePayments, l.resolveAttempts, l.resolveRefunds, l.loadIdempotency, l.loadInbox, l.loadDeliveries,
	} {
		if err := step(tx, byKind); err != nil {
			return nil, err
		}
	}
	return l, nil
}

// lineOf returns the line in which a unit with these keys must stand; nil when it names no order
// that is held.
func (l *loaded) lineOf(keys []core.Key) *line {
	for _, k := range keys {
		if line := l.lines[k]; line != nil {
			return line
		}
	}
	return nil
}

func (l *loaded) loadIdempotency(tx *gorm.DB, byKind map[core.KeyKind][]core.Key) error {
	keys := byKind[core.IdempotencyByKey]
	if len(keys) == 0 {
		return nil
	}
	var rows []idempotencyRow
	where, args := pairs("merchant_id", "request_key", keys, func(k core.Key) string { return k.Merchant })
	// Keys of all operations are read; they differ by operation next to never, and the exact one is
	// picked below.
	if err := tx.Where("operation IN ?", scopesOf(keys)).Where(where, args...).Find(&rows).Error; err != nil {
		return err
	}
	for i := range rows {
		r := &rows[i]
		l.idempotency[core.Key{Kind: core.IdempotencyByKey, Merchant: r.MerchantID, Scope: r.Operation, Value: r.RequestKey}] = r.idempotency()
	}
	return nil
}

func (l *loaded) loadInbox(tx *gorm.DB, byKind map[core.KeyKind][]core.Key) error {
	var rows []inboxRow
	if keys := byKind[core.InboxByID]; len(keys) > 0 {
		if err := tx.Where("id IN ?", valuesOf(keys)).Find(&rows).Error; err != nil {
			return err
		}
		for i := range rows {
			l.inbox[core.Key{Kind: core.InboxByID, Value: rows[i].ID}] = rows[i].inbox()
		}
	}
	keys := byKind[core.InboxByDigest]
	if len(keys) == 0 {
		return nil
	}
	rows = nil
	where, args := pairs("account", "digest", keys, func(k core.Key) string { return k.Scope })
	err := tx.Where(where, args...).Find(&rows).Error
	for i := range rows {
		l.inbox[core.Key{Kind: core.InboxByDigest, Scope: rows[i].Account, Value: rows[i].Digest}] = rows[i].inbox()
	}
	return err
}

func (l *loaded) loadDeliveries(tx *gorm.DB, byKind map[core.KeyKind][]core.Key) error {
	keys := byKind[core.DeliveryByID]
	if len(keys) == 0 {
		return nil
	}
	var rows []deliveryRow
	if err := tx.Where("id IN ?", valuesOf(keys)).Find(&rows).Error; err != nil {
		return err
	}
	found := make(map[string]*deliveryRow, len(rows))
	for i := range rows {
		found[rows[i].ID] = &rows[i]
	}
	for _, k := range keys {
		if r := found[k.Value]; r != nil && (k.Merchant == "" || k.Merchant == r.MerchantID) {
			l.deliveries[k] = r.delivery()
		}
	}
	return nil
}

// view fills a view with what some of the keys found.
func (l *loaded) view(keys []core.Key) core.View {
	v := core.NewView()
	for _, k := range keys {
		if o := l.order(k); o != nil {
			v.SetOrder(k, o)
		} else if a := l.left(k); a != nil {
			v.SetArchived(k, a)
		}
		if r := l.idempotency[k]; r != nil {
			v.SetIdempotency(k, r)
		}
		if r := l.inbox[k]; r != nil {
			v.SetInbox(k, r)
		}
		if r := l.deliveries[k]; r != nil {
			v.SetDelivery(k, r)
		}
	}
	return v
}

// touch tells whether any row that the keys found is among those that an earlier unit of the same
// commit claims.
func (l *loaded) touch(keys []core.Key, taken map[string]bool) bool {
	if len(taken) == 0 {
		return false
	}
	for _, k := range keys {
		var row core.Row
		if o := l.order(k); o != nil {
			row = &o.Payment
		} else if r := l.idempotency[k]; r != nil {
			row = r
		} else if r := l.inbox[k]; r != nil {
			row = r
		} else if r := l.deliveries[k]; r != nil {
			row = r
		}
		if row != nil && taken[claims(row)[0]] {
			return true
		}
	}
	return false
}

// pairs makes a condition for keys that are unique within a scope: one range of the index per
// scope. A list of row values would do the same in fewer words, but MariaDB answers it by a full
// scan.
func pairs(scope, column string, keys []core.Key, scopeOf func(core.Key) string) (string, []any) {
	byScope := map[string][]string{}
	var order []string
	for _, k := range keys {
		if byScope[scopeOf(k)] == nil {
			order = append(order, scopeOf(k))
		}
		byScope[scopeOf(k)] = append(byScope[scopeOf(k)], k.Value)
	}
	conditions := make([]string, 0, len(order))
	args := make([]any, 0, 2*len(order))
	for _, name := range order {
		conditions = append(conditions, "("+scope+" = ? AND "+column+" IN ?)")
		args = append(args, name, byScope[name])
	}
	return strings.Join(conditions, " OR "), args
}

func valuesOf(keys []core.Key) []string {
	all := make([]string, 0, len(keys))
	for _, k := range keys {
		all = append(all, k.Value)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func scopesOf(keys []core.Key) []string {
	all := make([]string, 0, 2)
	for _, k := range keys {
		if !slices.Contains(all, k.Scope) {
			all = append(all, k.Scope)
		}
	}
	return all
}
