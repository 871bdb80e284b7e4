package store

import (
	"slices"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/paymux/paymux/core"
)

func (l *loaded) resolvePayments(tx *gorm.DB, byKind map[core.KeyKind][]core.Key) error {
	for _, k := range byKind[core.OrderByPayment] {
		l.payments[k] = k.Value
	}
	keys := byKind[core.OrderByMerchantNo]
	if len(keys) == 0 {
		return nil
	}
	var rows []struct{ ID, MerchantID, MerchantOrderNo string }
	where, args := pairs("merchant_id", "merchant_order_no", keys, func(k core.Key) string { return k.Merchant })
	// An archived order's number is nobody else's: asked by the same statement, since a new order's
	// number is looked for in vain.
	const from = "SELECT id, merchant_id, merchant_order_no FROM "
	query := from + "payments WHERE " + where + " UNION ALL " + from + "archived_orders WHERE " + where
	if err := tx.Raw(query, append(slices.Clone(args), args...)...).Scan(&rows).Error; err != nil {
		return err
	}
	for _, r := range rows {
		l.payments[core.Key{Kind: core.OrderByMerchantNo, Merchant: r.MerchantID, Value: r.MerchantOrderNo}] = r.ID
	}
	return nil
}

func (l *loaded) resolveAttempts(tx *gorm.DB, byKind map[core.KeyKind][]core.Key) error {
	for _, by := range []struct {
		kind   core.KeyKind
		column string
	}{{core.OrderByAttempt, "id"}, {core.OrderByOutTradeNo, "out_trade_no"}, {core.OrderByToken, "token"}} {
		keys := byKind[by.kind]
		if len(keys) == 0 {
			continue
		}
		var rows []struct{ Value, PaymentID string }
		err := tx.Table("attempts").Select(by.column+" AS value, payment_id").Where(by.column+" IN ?", valuesOf(keys)).Find(&rows).Error
		if err != nil {
			return err
		}
		found := make(map[string]string, len(rows))
		for _, r := range rows {
			found[r.Value] = r.PaymentID
		}
		for _, k := range keys {
			l.payments[k] = found[k.Value]
		}
		if by.kind != core.OrderByToken {
			if err := l.resolveArchived(tx, keys); err != nil {
				return err
			}
		}
	}
	return nil
}

func (l *loaded) resolveRefunds(tx *gorm.DB, byKind map[core.KeyKind][]core.Key) error {
	var rows []struct{ ID, PaymentID, MerchantID, MerchantRefundNo string }
	if keys := byKind[core.OrderByRefund]; len(keys) > 0 {
		if err := tx.Table("refunds").Select("id, payment_id, merchant_id").Where("id IN ?", valuesOf(keys)).Find(&rows).Error; err != nil {
			return err
		}
		for _, r := range rows {
			l.payments[core.Key{Kind: core.OrderByRefund, Merchant: r.MerchantID, Value: r.ID}] = r.PaymentID
		}
		if err := l.resolveArchived(tx, keys); err != nil {
			return err
		}
	}
	keys := byKind[core.OrderByMerchantRefund]
	if len(keys) == 0 {
		return nil
	}
	rows = nil
	where, args := pairs("merchant_id", "merchant_refund_no", keys, func(k core.Key) string { return k.Merchant })
	err := tx.Table("refunds").Select("payment_id, merchant_id, merchant_refund_no").Where(where, args...).Find(&rows).Error
	for _, r := range rows {
		l.payments[core.Key{Kind: core.OrderByMerchantRefund, Merchant: r.MerchantID, Value: r.MerchantRefundNo}] = r.PaymentID
	}
	return err
}

// locking says how a lane asks for the locks of payments; nil where rows are not locked.
func (s *Store) locking(l lane) *clause.Locking {
	if !s.locks {
		return nil
	}
	lock := &clause.Locking{Strength: clause.LockingStrengthUpdate}
	if l.clause {
		lock.Options = clause.LockingOptionsNoWait
	}
	return lock
}

// loadOrders reads the payments that keys lead to, with their attempts and refunds. Locking takes
// the payments' row locks in order of their ids, so that what is read after them stays true until
// the commit.
func (l *loaded) loadOrders(tx *gorm.DB, lock *clause.Locking) error {
	var ids []string
	for _, id := range l.payments {
		if id != "" {
			ids = append(ids, id)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	slices.Sort(ids)
	ids = slices.Compact(ids)
	var payments []paymentRow
	query := tx.Where("id IN ?", ids).Order("id")
	if lock != nil {
		query = query.Clauses(*lock)
	}
	if err := query.Find(&payments).Error; err != nil {
		return err
	}
	for i := range payments {
		p, err := payments[i].payment()
		if err != nil {
			return err
		}
		l.orders[p.ID] = &core.Order{Payment: p}
	}
	if err := l.loadArchived(tx, ids); err != nil || len(payments) == 0 {
		return err
	}
	return l.loadParts(tx, ids)
}

// loadParts reads the attempts and refunds of orders, oldest first.
func (l *loaded) loadParts(tx *gorm.DB, ids []string) error {
	var attempts []attemptRow
	if err := tx.Where("payment_id IN ?", ids).Order("payment_id, created_at, id").Find(&attempts).Error; err != nil {
		return err
	}
	for i := range attempts {
		a, err := attempts[i].attempt()
		if err != nil {
			return err
		}
		if o := l.orders[a.PaymentID]; o != nil {
			o.Attempts = append(o.Attempts, a)
		}
	}
	var refunds []refundRow
	if err := tx.Where("payment_id IN ?", ids).Order("payment_id, created_at, id").Find(&refunds).Error; err != nil {
		return err
	}
	for i := range refunds {
		if o := l.orders[refunds[i].PaymentID]; o != nil {
			o.Refunds = append(o.Refunds, refunds[i].refund())
		}
	}
	return nil
}

// order returns what an order key found: nothing for another tenant's (W01), nothing for a value
// that differs in any byte.
func (l *loaded) order(k core.Key) *core.Order {
	o := l.orders[l.payments[k]]
	if o == nil || k.Merchant != o.Payment.MerchantID && (k.Merchant != "" || namesTenant(k.Kind)) {
		return nil
	}
	return o
}

// namesTenant tells whether keys of the kind always name their merchant.
func namesTenant(kind core.KeyKind) bool {
	switch kind {
	case core.OrderByAttempt, core.OrderByOutTradeNo, core.OrderByToken:
		return false
	default:
		return true
	}
}
