package store

import (
	"context"
	"time"

	"gorm.io/gorm"

	"github.com/paymux/paymux/core"
)

// Node is a process that runs on this database.
type Node struct {
	ID            string
	Started, Seen time.Time
}

// Beat notes that a node lives. Two nodes without a shared queue are still correct, only less even:
// whoever lists them can warn.
func (s *Store) Beat(ctx context.Context, id string, started, now time.Time) error {
	if !isASCII(id) || len(id) > 64 {
		return core.Errorf(core.CodeInvalid, "a node's id has at most 64 ASCII characters")
	}
	db := s.write.WithContext(ctx)
	done := db.Exec("UPDATE nodes SET started = ?, seen = ? WHERE id = ?", millis(started), millis(now), id)
	if done.Error == nil && done.RowsAffected == 0 {
		done = db.Exec("INSERT INTO nodes (id, started, seen) VALUES (?, ?, ?)", id, millis(started), millis(now))
		if done.Error != nil && classify(done.Error) == failureDuplicate {
			// the same beat twice: MySQL counts a row that does not change as not updated
			return nil
		}
	}
	if done.Error != nil {
		return unavailable("the node cannot be noted", done.Error)
	}
	return nil
}

// Nodes lists the nodes that were seen since a time, by id.
func (s *Store) Nodes(ctx context.Context, since time.Time) ([]Node, error) {
	type row struct {
		ID            string
		Started, Seen int64
	}
	rows, err := find[row](ctx, s, func(db *gorm.DB) *gorm.DB {
		return db.Table("nodes").Where("seen >= ?", since.UnixMilli()).Order("id").Limit(1000)
	})
	if err != nil {
		return nil, err
	}
	return mapped(rows, func(r *row) (Node, error) {
		return Node{ID: r.ID, Started: moment(r.Started), Seen: moment(r.Seen)}, nil
	})
}
