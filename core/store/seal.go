package store

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"

	"gorm.io/gorm"

	"github.com/paymux/paymux/core"
	"github.com/paymux/paymux/core/archive"
)

// sealRow is one link of the audit chain: it vouches for the rows that carry its number, and for
// the link before it. Rows are sealed by number and not by a range of ids, because ids are made
// before the commit: a late commit may bring an id that is older than the last sealed one (W18).
type sealRow struct {
	Seq        int64  `gorm:"column:seq;primaryKey"`
	FirstID    string `gorm:"column:first_id"`
	LastID     string `gorm:"column:last_id"`
	RowsSealed int64  `gorm:"column:rows_sealed"`
	PrevHash   string `gorm:"column:prev_hash"`
	Hash       string `gorm:"column:hash"`
	CreatedAt  int64  `gorm:"column:created_at;autoCreateTime:false"`
	// Archive is where its rows are, "" while they are here. It is no part of the hash: the link
	// is the same wherever its rows are, and goes on holding the chain together.
	Archive string `gorm:"column:archive;size:64" store:"ascii"`
}

func (sealRow) TableName() string { return "audit_seals" }

// SealAudit chains up to limit unsealed audit rows that were made at least settle before now, in
// order of their ids, under one new seal. It returns how many it sealed; 0 when there is nothing to
// seal or another node was first. It may run on every node at once (S15).
func (s *Store) SealAudit(ctx context.Context, now time.Time, settle time.Duration, limit int) (int, error) {
	sealed := 0
	err := s.write.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		sealed = 0
		var last []sealRow
		if err := tx.Order("seq DESC").Limit(1).Find(&last).Error; err != nil {
			return err
		}
		next := sealRow{Seq: 1, CreatedAt: millis(now)}
		if len(last) > 0 {
			next.Seq, next.PrevHash = last[0].Seq+1, last[0].Hash
		}
		var rows []auditRow
		err := tx.Where("seal = 0 AND created_at <= ?", now.Add(-settle).UnixMilli()).Order("id").Limit(pageSize(limit)).Find(&rows).Error
		if err != nil || len(rows) == 0 {
			return err
		}
		ids := make([]string, 0, len(rows))
		for _, r := range rows {
			ids = append(ids, r.ID)
		}
		next.FirstID, next.LastID, next.RowsSealed = ids[0], ids[len(ids)-1], int64(len(ids))
		next.Hash = next.hashOf(rows)
		err = tx.Exec("INSERT INTO audit_seals (seq, first_id, last_id, rows_sealed, prev_hash, hash, created_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
			next.Seq, next.FirstID, next.LastID, next.RowsSealed, next.PrevHash, next.Hash, next.CreatedAt).Error
		if err != nil {
			return err
		}
		marked := tx.Exec("UPDATE audits SET seal = ? WHERE seal = 0 AND id IN ?", next.Seq, ids)
		if marked.Error == nil && marked.RowsAffected != next.RowsSealed {
			return core.Errorf(core.CodeContended, "another node seals the same audit rows")
		}
		sealed = len(ids)
		return marked.Error
	})
	switch {
	case err == nil:
		return sealed, nil
	case core.CodeOf(err) == core.CodeContended, classify(err) == failureDuplicate, undone(err):
		return 0, nil // the other one seals them, or the next run does
	default:
		return 0, unavailable("the audit log cannot be sealed", err)
	}
}

// hashOf is the hash that the seal must have over its rows.
func (s *sealRow) hashOf(rows []auditRow) string { return s.seal().HashOf(auditLines(rows)) }

func (s *sealRow) seal() archive.Seal {
	return archive.Seal{
		Seq: s.Seq, FirstID: s.FirstID, LastID: s.LastID, Rows: s.RowsSealed, PrevHash: s.PrevHash, Hash: s.Hash, CreatedAt: s.CreatedAt,
	}
}

func auditLines(rows []auditRow) []archive.AuditLine {
	lines := make([]archive.AuditLine, 0, len(rows))
	for _, r := range rows {
		lines = append(lines, archive.AuditLine{
			ID: r.ID, MerchantID: r.MerchantID, Actor: r.Actor, KeyID: r.KeyID, Action: r.Action, Object: r.Object, Detail: r.Detail, CreatedAt: r.CreatedAt,
		})
	}
	return lines
}

// AuditReport is what VerifyAudit found.
type AuditReport struct {
	Seals int64
	Rows  int64 // under seals, and here
	// Archived is how many rows under the oldest seals have left for archives, and LastArchived the
	// last of those seals; 0 for none.
	Archived, LastArchived int64
	// Head is the last seal's hash. Kept elsewhere and asked for again, it proves that nothing was
	// taken off the end, and that the log was not rewritten as a whole: whoever can write to the
	// database can compute hashes too.
	Head string
	// Unsealed is how many rows no seal vouches for yet, and Oldest when the oldest of them was
	// made.
	Unsealed int64
	Oldest   time.Time
	// Newest is when the newest row was made: how far back a database that was restored, or copied
	// without its newest commits, lies.
	Newest time.Time
	// Broken says what contradicts the chain, at most 100 lines; empty when the chain holds.
	Broken []string

	heads []string // not met yet
}

// VerifyAudit recomputes the chain from the rows. heads are what earlier reports called the head:
// each must still be a link of the chain. It reports contradictions; it fails only when the
// database does not answer.
func (s *Store) VerifyAudit(ctx context.Context, heads ...string) (AuditReport, error) {
	var report AuditReport
	err := s.reading(ctx, func(db *gorm.DB) error {
		report = AuditReport{heads: heads}
		tx := db.Begin(&sql.TxOptions{ReadOnly: true})
		if tx.Error != nil {
			return tx.Error
		}
		defer tx.Rollback() // nothing was written
		return report.verify(tx)
	})
	return report, err
}

func (a *AuditReport) verify(tx *gorm.DB) error {
	for {
		var seals []sealRow
		if err := tx.Where("seq > ?", a.Seals).Order("seq").Limit(100).Find(&seals).Error; err != nil {
			return err
		}
		if len(seals) == 0 {
			return a.verifyTail(tx)
		}
		for i := range seals {
			if err := a.verifySeal(tx, &seals[i]); err != nil {
				return err
			}
		}
	}
}

func (a *AuditReport) verifySeal(tx *gorm.DB, seal *sealRow) error {
	var rows []auditRow
	if err := tx.Where("seal = ?", seal.Seq).Order("id").Limit(pageSize(1000) + 1).Find(&rows).Error; err != nil {
		return err
	}
	if seal.Seq != a.Seals+1 {
		a.broken("seals %d to %d are missing", a.Seals+1, seal.Seq-1)
	}
	if seal.PrevHash != a.Head {
		a.broken("seal %d does not follow the seal before it", seal.Seq)
	}
	switch {
	case seal.Archive != "":
		a.verifyLeft(seal, len(rows))
	case int64(len(rows)) != seal.RowsSealed:
		a.broken("seal %d vouches for %d rows, %d are there", seal.Seq, seal.RowsSealed, len(rows))
	}
	if seal.Archive == "" && seal.hashOf(rows) != seal.Hash {
		a.broken("seal %d (%s to %s) does not match its rows", seal.Seq, seal.FirstID, seal.LastID)
	}
	for i := range rows {
		a.meet(rows[i].CreatedAt)
	}
	a.Seals, a.Head, a.Rows = seal.Seq, seal.Hash, a.Rows+int64(len(rows))
	a.heads = slices.DeleteFunc(slices.Clone(a.heads), func(head string) bool { return head == seal.Hash })
	return nil
}

// verifyLeft looks at a seal whose rows are in an archive, which alone can prove them. Only the
// oldest may be, so that no row disappears from between others.
func (a *AuditReport) verifyLeft(seal *sealRow, here int) {
	if here > 0 {
		a.broken("the rows of seal %d are in archive %s, and %d are here", seal.Seq, seal.Archive, here)
	}
	if a.LastArchived != a.Seals {
		a.broken("seal %d is in archive %s, and seal %d before it is in none", seal.Seq, seal.Archive, a.Seals)
	}
	a.LastArchived, a.Archived = seal.Seq, a.Archived+seal.RowsSealed
}

// verifyTail looks at what comes after the last seal.
func (a *AuditReport) verifyTail(tx *gorm.DB) error {
	var beyond int64
	if err := tx.Table("audits").Where("seal > ? OR seal < 0", a.Seals).Count(&beyond).Error; err != nil {
		return err
	}
	if beyond > 0 {
		a.broken("%d rows name a seal that is missing", beyond)
	}
	for _, head := range a.heads {
		a.broken("no seal has the head %s any more: the log was cut or rewritten", head)
	}
	// A start's own row says nothing about how old the database is: a restored one has it too.
	var tail struct{ Unsealed, Oldest, Newest int64 }
	err := tx.Table("audits").Select("COUNT(*) AS unsealed, COALESCE(MIN(created_at), 0) AS oldest, COALESCE(MAX(CASE WHEN action = ? THEN 0 ELSE created_at END), 0) AS newest",
		AuditOfStart).Where("seal = 0").Scan(&tail).Error
	a.Unsealed, a.Oldest = tail.Unsealed, moment(tail.Oldest)
	a.meet(tail.Newest)
	return err
}

// meet notes when a row was made.
func (a *AuditReport) meet(created int64) {
	if at := moment(created); at.After(a.Newest) {
		a.Newest = at
	}
}

func (a *AuditReport) broken(format string, args ...any) {
	if len(a.Broken) < 100 {
		a.Broken = append(a.Broken, fmt.Sprintf(format, args...))
	}
}
