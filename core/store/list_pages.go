package store

import (
	"context"
	"time"

	"gorm.io/gorm"

	"github.com/paymux/paymux/core"
)

// Pages of payments and refunds name the index that they walk along. Left to itself an engine may
// take the index of the order instead, hoping to meet a page's rows soon: where these are few it
// then reads all that a merchant ever had.

// along names an index that a query of the table must use.
func (s *Store) along(table, index string) string {
	if s.config.Driver == DriverSQLite {
		return table + " INDEXED BY " + index
	}
	return table + " FORCE INDEX (" + index + ")"
}

// paymentIndex is the index for a query without a number.
func paymentIndex(q core.PaymentQuery) string {
	switch {
	case q.All && q.Attention:
		return "payments_all_attention"
	case q.All && q.Status != "":
		return "payments_all_status"
	case q.All:
		return "payments_all"
	case q.Attention:
		return "payments_attention"
	case q.Status != "":
		return "payments_status"
	}
	return "payments_newest"
}

// Payments lists payments, newest first.
func (s *Store) Payments(ctx context.Context, q core.PaymentQuery) ([]core.Payment, error) {
	if !askable(string(q.Status), q.BeforeID, q.MerchantOrderNo, q.OutTradeNo, q.TradeNo, q.RefundNo) || !askable(q.Buyers...) {
		return nil, nil
	}
	if len(q.Buyers) > core.MaxBuyers {
		return nil, core.Errorf(core.CodeInvalid, "a query names %d buyers at most", core.MaxBuyers)
	}
	ids, named, err := s.named(ctx, q)
	if err != nil || named && len(ids) == 0 {
		return nil, err
	}
	rows, err := find[paymentRow](ctx, s, func(db *gorm.DB) *gorm.DB {
		switch {
		case named:
			db = db.Where("payments.id IN ?", ids)
		case q.MerchantOrderNo != "": // found by its own key
		case len(q.Buyers) > 0:
			db = s.ofBuyers(db, q.Buyers)
		default:
			db = db.Table(s.along("payments", paymentIndex(q)))
		}
		return newest(filtered(db, q), q.BeforeCreated, q.BeforeID, q.Limit)
	})
	if err != nil {
		return nil, err
	}
	return mapped(rows, func(r *paymentRow) (core.Payment, error) { return r.payment() })
}

// ofBuyers begins with what the buyers began, however much else there is.
func (s *Store) ofBuyers(db *gorm.DB, buyers []string) *gorm.DB {
	then := "STRAIGHT_JOIN"
	if s.config.Driver == DriverSQLite {
		then = "CROSS JOIN"
	}
	began := db.Session(&gorm.Session{NewDB: true}).Table("attempts").Select("DISTINCT payment_id").Where("payer IN ?", buyers)
	return db.Table("(?) began "+then+" payments ON payments.id = began.payment_id", began).Select("payments.*")
}

// filtered adds what a query asks for beside the number that it was found by.
func filtered(db *gorm.DB, q core.PaymentQuery) *gorm.DB {
	if !q.All {
		db = db.Where("merchant_id = ?", q.MerchantID)
	}
	if q.MerchantOrderNo != "" {
		db = db.Where("merchant_order_no = ?", q.MerchantOrderNo)
	}
	if q.Status != "" {
		db = db.Where("status = ?", string(q.Status))
	}
	if q.Attention {
		db = db.Where("attention > ''")
	}
	if !q.CreatedFrom.IsZero() {
		db = db.Where("created_at >= ?", q.CreatedFrom.UnixMilli())
	}
	if !q.CreatedTo.IsZero() {
		db = db.Where("created_at < ?", q.CreatedTo.UnixMilli())
	}
	return db
}

// named resolves numbers of attempts and refunds to the payments that all of them name; named says
// that there was one. A number names a few: a refund's is unique to its merchant, a trade's to its
// gateway.
func (s *Store) named(ctx context.Context, q core.PaymentQuery) (ids []string, named bool, err error) {
	for _, by := range []struct {
		table, value string
		columns      []string
	}{
		{"attempts", q.OutTradeNo, []string{"out_trade_no"}}, {"attempts", q.TradeNo, []string{"trade_no"}},
		{"refunds", q.RefundNo, []string{"id", "out_request_no", "merchant_refund_no"}},
	} {
		if by.value == "" {
			continue
		}
		found := map[string]bool{}
		for _, column := range by.columns {
			rows, err := find[struct{ PaymentID string }](ctx, s, func(db *gorm.DB) *gorm.DB {
				db = db.Table(by.table).Select("payment_id").Where(column+" = ?", by.value)
				if !q.All {
					db = db.Where("merchant_id = ?", q.MerchantID)
				}
				return db.Limit(pageSize(0))
			})
			if err != nil {
				return nil, true, err
			}
			for _, r := range rows {
				found[r.PaymentID] = true
			}
		}
		ids = narrowed(ids, found, named)
		named = true
	}
	return ids, named, nil
}

// narrowed is what both name, or what the first of them names.
func narrowed(ids []string, found map[string]bool, before bool) []string {
	var both []string
	if before {
		for _, id := range ids {
			if found[id] {
				both = append(both, id)
			}
		}
		return both
	}
	for id := range found {
		both = append(both, id)
	}
	return both
}

// Refunds lists refunds, newest first.
func (s *Store) Refunds(ctx context.Context, q core.RefundQuery) ([]core.Refund, error) {
	if !askable(string(q.Status), q.BeforeID, q.MerchantRefundNo) {
		return nil, nil
	}
	index := "refunds_newest"
	switch {
	case q.All && q.Status != "":
		index = "refunds_all_status"
	case q.All:
		index = "refunds_all"
	case q.Status != "":
		index = "refunds_newest_of"
	}
	rows, err := find[refundRow](ctx, s, func(db *gorm.DB) *gorm.DB {
		if q.MerchantRefundNo != "" {
			db = db.Where("merchant_refund_no = ?", q.MerchantRefundNo)
		} else {
			db = db.Table(s.along("refunds", index))
		}
		if !q.All {
			db = db.Where("merchant_id = ?", q.MerchantID)
		}
		if q.Status != "" {
			db = db.Where("status = ?", string(q.Status))
		}
		return newest(db, q.BeforeCreated, q.BeforeID, q.Limit)
	})
	if err != nil {
		return nil, err
	}
	return mapped(rows, func(r *refundRow) (core.Refund, error) { return r.refund(), nil })
}

// newest asks for the page of rows older than (created, id), newest first; a zero time asks for the
// first page.
func newest(db *gorm.DB, created time.Time, id string, limit int) *gorm.DB {
	if !created.IsZero() {
		at := millis(created)
		db = db.Where("created_at <= ? AND (created_at < ? OR id < ?)", at, at, id)
	}
	return db.Order("created_at DESC, id DESC").Limit(pageSize(limit))
}
