package store

import (
	"gorm.io/gorm"

	"github.com/paymux/paymux/core"
)

// archivedRow is what stays of an order that has left.
type archivedRow struct {
	ID              string `gorm:"column:id;size:64;primaryKey" store:"ascii"`
	MerchantID      string `gorm:"column:merchant_id;size:64" store:"ascii"`
	MerchantOrderNo string `gorm:"column:merchant_order_no;size:64" store:"ascii"`
	Archive         string `gorm:"column:archive;size:64" store:"ascii"`
	ArchivedAt      int64  `gorm:"column:archived_at"`
}

func (archivedRow) TableName() string { return "archived_orders" }

func (r *archivedRow) archived() *core.Archived {
	return &core.Archived{PaymentID: r.ID, MerchantID: r.MerchantID, MerchantOrderNo: r.MerchantOrderNo, Archive: r.Archive, At: moment(r.ArchivedAt)}
}

// archivedNumberRow leads from a number of an attempt or refund to what stays of its order.
type archivedNumberRow struct {
	Number    string `gorm:"column:number;size:64;primaryKey" store:"ascii"`
	Kind      string `gorm:"column:kind;size:32;primaryKey" store:"ascii"` // as core.Match has it
	PaymentID string `gorm:"column:payment_id;size:64;primaryKey" store:"ascii"`
}

func (archivedNumberRow) TableName() string { return "archived_numbers" }

// resolveArchived looks for keys that led nowhere among the numbers of orders that have left. It
// costs a statement only then.
func (l *loaded) resolveArchived(tx *gorm.DB, keys []core.Key) error {
	kinds := map[core.KeyKind]string{core.OrderByAttempt: "attempt_id", core.OrderByOutTradeNo: "out_trade_no", core.OrderByRefund: "refund_id"}
	var lost []core.Key
	for _, k := range keys {
		if l.payments[k] == "" {
			lost = append(lost, k)
		}
	}
	if len(lost) == 0 {
		return nil
	}
	var rows []archivedNumberRow
	if err := tx.Where("number IN ? AND kind = ?", valuesOf(lost), kinds[lost[0].Kind]).Find(&rows).Error; err != nil {
		return err
	}
	for _, k := range lost {
		for _, r := range rows {
			if r.Number == k.Value {
				l.payments[k] = r.PaymentID
			}
		}
	}
	return nil
}

// loadArchived reads what stays of those payments that are not there. A unit that found its order's
// id just before the order left finds it here: what it read first and what it locked then are two
// moments.
func (l *loaded) loadArchived(tx *gorm.DB, ids []string) error {
	var missing []string
	for _, id := range ids {
		if l.orders[id] == nil {
			missing = append(missing, id)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	var rows []archivedRow
	if err := tx.Where("id IN ?", missing).Find(&rows).Error; err != nil {
		return err
	}
	l.archived = make(map[string]*core.Archived, len(rows))
	for i := range rows {
		l.archived[rows[i].ID] = rows[i].archived()
	}
	return nil
}

// left returns what stays of the order that a key names: nothing of another tenant's.
func (l *loaded) left(k core.Key) *core.Archived {
	a := l.archived[l.payments[k]]
	if a == nil || k.Merchant != a.MerchantID && (k.Merchant != "" || namesTenant(k.Kind)) {
		return nil
	}
	return a
}
