package store

import (
	"context"
	"time"

	"gorm.io/gorm"

	"github.com/paymux/paymux/core"
)

// Configuration is what the database keeps of the configuration that was taken last: enough to tell
// what the next one changes, and no value of any setting.
type Configuration struct {
	Name    string // of the imprint
	Imprint string // a line for each setting, as config.Watcher.Imprint writes them
	At      time.Time
}

// AuditOfStart is the action of the audit row that a start writes about its configuration.
const AuditOfStart = "config.start"

// takenNow is the id of the only row.
const takenNow = "now"

type configurationRow struct {
	ID      string `gorm:"column:id;size:16;primaryKey" store:"ascii"`
	Name    string `gorm:"column:name;size:64" store:"ascii"`
	Imprint string `gorm:"column:imprint;size:1048576" store:"text"`
	TakenAt int64  `gorm:"column:taken_at;autoCreateTime:false"`
}

func (configurationRow) TableName() string { return "configuration" }

// Configuration is the one that was taken last, by any process; zero for none yet.
//
// Errors: CodeUnavailable.
func (s *Store) Configuration(ctx context.Context) (Configuration, error) {
	rows, err := find[configurationRow](ctx, s, func(db *gorm.DB) *gorm.DB { return db.Where("id = ?", takenNow).Limit(1) })
	if err != nil || len(rows) == 0 {
		return Configuration{}, err
	}
	return Configuration{Name: rows[0].Name, Imprint: rows[0].Imprint, At: moment(rows[0].TakenAt)}, nil
}

// TakeConfiguration puts a configuration in the place of the one that has the name was, "" for
// none, and writes the audit row, if there is one, in the same commit. It answers false, and writes
// nothing, when another process was first.
//
// Errors: CodeInvalid for an imprint of more than a MiB, CodeUnavailable.
func (s *Store) TakeConfiguration(ctx context.Context, was string, c Configuration, audit *core.Audit) (taken bool, err error) {
	row := configurationRow{ID: takenNow, Name: c.Name, Imprint: c.Imprint, TakenAt: millis(c.At)}
	if err := describe(row).fit(&row); err != nil {
		return false, err
	}
	var note *auditRow
	if audit != nil {
		note = auditRowOf(audit)
		if err := s.tables["audits"].fit(note); err != nil {
			return false, err
		}
	}
	err = s.write.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		if was == "" {
			if err := tx.Create(&row).Error; err != nil {
				return err
			}
			taken = true
		} else {
			done := tx.Exec("UPDATE configuration SET name = ?, imprint = ?, taken_at = ? WHERE id = ? AND name = ?", row.Name, row.Imprint, row.TakenAt, takenNow, was)
			if done.Error != nil {
				return done.Error
			}
			taken = done.RowsAffected == 1
		}
		if !taken || note == nil {
			return nil
		}
		return tx.Create(note).Error
	})
	switch {
	case err == nil:
		return taken, nil
	case classify(err) == failureDuplicate && was == "":
		return false, nil
	default:
		return false, unavailable("the configuration cannot be noted", err)
	}
}
