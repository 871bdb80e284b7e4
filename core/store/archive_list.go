package store

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"gorm.io/gorm"

	"github.com/paymux/paymux/core"
	"github.com/paymux/paymux/core/archive"
)

// knownRow is an archive that was verified, and whose rows may be deleted.
type knownRow struct {
	ID        string `gorm:"column:id;size:64;primaryKey" store:"ascii"`
	Manifest  string `gorm:"column:manifest;size:64" store:"ascii"`
	Orders    int64  `gorm:"column:orders"`
	FirstSeal int64  `gorm:"column:first_seal"`
	LastSeal  int64  `gorm:"column:last_seal"`
	Gone      int64  `gorm:"column:gone"`
	CreatedAt int64  `gorm:"column:created_at;autoCreateTime:false"`
	DoneAt    int64  `gorm:"column:done_at"`
}

func (knownRow) TableName() string { return "archives" }

// Archives lists the archives that were made of this database, oldest first.
func (s *Store) Archives(ctx context.Context) ([]archive.Known, error) {
	rows, err := find[knownRow](ctx, s, func(db *gorm.DB) *gorm.DB { return db.Order("created_at, id") })
	if err != nil {
		return nil, err
	}
	return mapped(rows, func(r *knownRow) (archive.Known, error) {
		return archive.Known{
			ID: r.ID, Manifest: r.Manifest, Orders: r.Orders, FirstSeal: r.FirstSeal, LastSeal: r.LastSeal, Gone: r.Gone,
			CreatedAt: moment(r.CreatedAt), DoneAt: moment(r.DoneAt),
		}, nil
	})
}

// Enter makes an archive known; one that is known stays as it is.
func (s *Store) Enter(ctx context.Context, k archive.Known) error {
	err := s.write.WithContext(ctx).Create(&knownRow{
		ID: k.ID, Manifest: k.Manifest, Orders: k.Orders, FirstSeal: k.FirstSeal, LastSeal: k.LastSeal, CreatedAt: millis(k.CreatedAt),
	}).Error
	if err != nil && classify(err) != failureDuplicate {
		return unavailable("an archive cannot be made known", err)
	}
	return nil
}

// Finish says that an archive's rows are deleted, and counts the orders that are gone.
func (s *Store) Finish(ctx context.Context, id string, at time.Time) (gone int64, err error) {
	err = s.write.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		if err := tx.Table("archived_orders").Where("archive = ?", id).Count(&gone).Error; err != nil {
			return err
		}
		return tx.Exec("UPDATE archives SET gone = ?, done_at = ? WHERE id = ?", gone, millis(at), id).Error
	})
	if err != nil {
		return 0, unavailable("an archive cannot be finished", err)
	}
	return gone, nil
}

// Lease takes or prolongs a lease. It is kept as a fact: who has it, and until when.
func (s *Store) Lease(ctx context.Context, name, holder string, now, end time.Time) (bool, error) {
	mine := fmt.Sprintf("%d %s", end.UnixMilli(), holder)
	kept, err := s.SetFact(ctx, name, mine)
	if err != nil || kept == mine {
		return err == nil, err
	}
	until, has, _ := strings.Cut(kept, " ")
	ends, err := strconv.ParseInt(until, 10, 64)
	if err != nil {
		return false, core.Errorf(core.CodeInternal, "the lease %s cannot be read", name)
	}
	if has != holder && ends > now.UnixMilli() {
		return false, nil
	}
	return s.ReplaceFact(ctx, name, kept, mine)
}

// Link is a link of the audit chain, and the archive that its rows have left for; nil for none.
func (s *Store) Link(ctx context.Context, seq int64) (seal *archive.Seal, left string, err error) {
	rows, err := find[sealRow](ctx, s, func(db *gorm.DB) *gorm.DB { return db.Where("seq = ?", seq) })
	if err != nil || len(rows) == 0 {
		return nil, "", err
	}
	link := rows[0].seal()
	return &link, rows[0].Archive, nil
}

// ArchivedSums is what the entries that left for an archive come to, by merchant, account and
// owner.
func (s *Store) ArchivedSums(ctx context.Context, id string) ([]archive.Sum, error) {
	return find[archive.Sum](ctx, s, func(db *gorm.DB) *gorm.DB {
		return db.Table("archived_sums").Select("merchant_id, account, owner, amount_fen, entries").Where("archive = ?", id).Order("merchant_id, account, owner")
	})
}

// ArchivedOrders lists the payments that left for an archive.
func (s *Store) ArchivedOrders(ctx context.Context, id string) ([]string, error) {
	return find[string](ctx, s, func(db *gorm.DB) *gorm.DB {
		return db.Table("archived_orders").Select("id").Where("archive = ?", id).Order("id")
	})
}
