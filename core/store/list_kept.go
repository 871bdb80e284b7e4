package store

import (
	"context"

	"gorm.io/gorm"

	"github.com/paymux/paymux/core"
)

// Messages lists gateways' messages without their bodies, newest first.
func (s *Store) Messages(ctx context.Context, q core.MessageQuery) ([]core.Inbox, error) {
	if !askable(string(q.State), q.BeforeID) || !askable(q.Accounts...) || !q.All && len(q.Accounts) == 0 {
		return nil, nil
	}
	rows, err := find[inboxRow](ctx, s, func(db *gorm.DB) *gorm.DB {
		if q.All {
			db = db.Table(s.along("inbox", "inbox_state"))
		} else {
			db = db.Table(s.along("inbox", "inbox_account")).Where("account IN ?", q.Accounts)
		}
		db = db.Omit("sealed").Where("state = ?", string(q.State))
		if q.BeforeID != "" {
			db = db.Where("id < ?", q.BeforeID)
		}
		return db.Order("id DESC").Limit(pageSize(q.Limit))
	})
	if err != nil {
		return nil, err
	}
	return mapped(rows, func(r *inboxRow) (core.Inbox, error) { return *r.inbox(), nil })
}

// Audits lists audit rows, newest first.
func (s *Store) Audits(ctx context.Context, q core.AuditQuery) ([]core.Audit, error) {
	if !askable(q.Object, q.BeforeID) {
		return nil, nil
	}
	rows, err := find[auditRow](ctx, s, func(db *gorm.DB) *gorm.DB {
		switch {
		case q.Object != "":
			db = db.Table(s.along("audits", "audits_of")).Where("object = ?", q.Object)
		case !q.All:
			db = db.Table(s.along("audits", "audits_merchant"))
		}
		if !q.All {
			db = db.Where("merchant_id = ?", q.MerchantID)
		}
		if q.BeforeID != "" {
			db = db.Where("id < ?", q.BeforeID)
		}
		return db.Order("id DESC").Limit(pageSize(q.Limit))
	})
	if err != nil {
		return nil, err
	}
	return mapped(rows, func(r *auditRow) (core.Audit, error) { return r.audit(), nil })
}
