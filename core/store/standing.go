package store

import (
	"context"
	"database/sql"
	"time"

	"gorm.io/gorm"

	"github.com/paymux/paymux/core"
)

// Standing is how a database stands: what is due, and what waits for people.
type Standing struct {
	Schema, Program int64 // versions of the schema: the database's, and this program's
	Backlog         []DueRows
	// OldestOpen is when the oldest attempt began that a job still looks after; zero for none.
	OldestOpen time.Time
	People     People
}

// DueRows is what of one kind is due.
type DueRows struct {
	Kind   core.DueKind
	Rows   int64
	Oldest time.Time // since when the oldest is due; zero for none
}

// People is what waits for a person.
type People struct {
	Attention, Parked, Dead, Approvals int64
}

// Standing counts along indexes, so it costs as much as there is to count.
func (s *Store) Standing(ctx context.Context, now time.Time) (Standing, error) {
	var standing Standing
	var err error
	if standing.Program, err = s.newestVersion(); err != nil {
		return standing, err
	}
	err = s.reading(ctx, func(db *gorm.DB) error {
		var version sql.NullInt64
		if err := db.Raw("SELECT MAX(version_id) FROM goose_db_version WHERE is_applied").Scan(&version).Error; err != nil {
			return err
		}
		standing.Schema, standing.Backlog = version.Int64, nil
		for _, kind := range []struct {
			kind  core.DueKind
			table string
		}{{core.DueAttempt, "attempts"}, {core.DueRefund, "refunds"}, {core.DueInbox, "inbox"}, {core.DueDelivery, "deliveries"}} {
			var due struct{ Held, Oldest int64 }
			query := "SELECT COUNT(*) AS held, COALESCE(MIN(next_at), 0) AS oldest FROM " + s.along(kind.table, kind.table+"_due") + " WHERE next_at > 0 AND next_at <= ?"
			if err := db.Raw(query, now.UnixMilli()).Scan(&due).Error; err != nil {
				return err
			}
			standing.Backlog = append(standing.Backlog, DueRows{Kind: kind.kind, Rows: due.Held, Oldest: moment(due.Oldest)})
		}
		var open int64
		if err := db.Raw("SELECT COALESCE(MIN(created_at), 0) FROM " + s.along("attempts", "attempts_due") + " WHERE next_at > 0").Scan(&open).Error; err != nil {
			return err
		}
		standing.OldestOpen = moment(open)
		for query, into := range map[string]*int64{
			"SELECT COUNT(*) FROM " + s.along("payments", "payments_all_attention") + " WHERE attention > ''":         &standing.People.Attention,
			"SELECT COUNT(*) FROM " + s.along("inbox", "inbox_state") + " WHERE state = 'parked'":                     &standing.People.Parked,
			"SELECT COUNT(*) FROM " + s.along("deliveries", "deliveries_all_state") + " WHERE state = 'dead'":         &standing.People.Dead,
			"SELECT COUNT(*) FROM " + s.along("refunds", "refunds_all_status") + " WHERE status = 'pending_approval'": &standing.People.Approvals,
		} {
			if err := db.Raw(query).Scan(into).Error; err != nil {
				return err
			}
		}
		return nil
	})
	return standing, err
}
