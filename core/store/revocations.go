package store

import (
	"context"
	"time"

	"gorm.io/gorm"

	"github.com/paymux/paymux/core"
)

// Revocation is an API key that answers no more, for good: no file revives it.
type Revocation struct {
	KeyID  string
	Actor  string // who took it back
	Reason string
	At     time.Time
}

type revocationRow struct {
	KeyID     string `gorm:"column:key_id;size:64;primaryKey" store:"ascii"`
	Actor     string `gorm:"column:actor;size:128" store:"text"`
	Reason    string `gorm:"column:reason;size:1024" store:"text"`
	RevokedAt int64  `gorm:"column:revoked_at;autoCreateTime:false"`
}

func (revocationRow) TableName() string { return "key_revocations" }

// RevokeKey takes a key back and writes the audit row of the given id in the same commit. It
// answers false, and writes nothing, when the key was revoked before: the first reason stays.
func (s *Store) RevokeKey(ctx context.Context, r Revocation, auditID string) (first bool, err error) {
	row := revocationRow{KeyID: r.KeyID, Actor: r.Actor, Reason: r.Reason, RevokedAt: millis(r.At)}
	audit := auditRowOf(&core.Audit{
		ID: auditID, Actor: r.Actor, KeyID: r.KeyID, Action: "key.revoke", Object: r.KeyID, Detail: r.Reason, CreatedAt: r.At,
	})
	if err := describe(row).fit(&row); err != nil {
		return false, err
	}
	if err := s.tables["audits"].fit(audit); err != nil {
		return false, err
	}
	err = s.write.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		if err := tx.Create(&row).Error; err != nil {
			return err
		}
		return tx.Create(audit).Error
	})
	switch {
	case err == nil:
		return true, nil
	case classify(err) == failureDuplicate:
		return false, nil
	default:
		return false, unavailable("the key cannot be revoked", err)
	}
}

// revocationsAtOnce bounds one read; all of them are read.
const revocationsAtOnce = 1000

// Revocations lists all revoked keys, by id.
func (s *Store) Revocations(ctx context.Context) ([]Revocation, error) {
	var all []Revocation
	for last := ""; ; {
		rows, err := find[revocationRow](ctx, s, func(db *gorm.DB) *gorm.DB {
			return db.Where("key_id > ?", last).Order("key_id").Limit(revocationsAtOnce)
		})
		if err != nil {
			return nil, err
		}
		for _, r := range rows {
			all = append(all, Revocation{KeyID: r.KeyID, Actor: r.Actor, Reason: r.Reason, At: moment(r.RevokedAt)})
		}
		if len(rows) < revocationsAtOnce {
			return all, nil
		}
		last = rows[len(rows)-1].KeyID
	}
}
