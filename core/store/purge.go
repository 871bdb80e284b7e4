package store

import (
	"context"
	"time"

	"gorm.io/gorm"

	"github.com/paymux/paymux/core"
)

// forgotten is after how long a node that was not seen is dropped from the list.
const forgotten = 24 * time.Hour

// Purge deletes what has reached its end: at most limit rows each of sealed payers, messages,
// idempotency answers and nonces, and nodes that are gone. It returns how many rows it deleted.
// Messages that still wait to be applied stay, however old. It may run on every node at once.
func (s *Store) Purge(ctx context.Context, now time.Time, limit int) (int, error) {
	end, gone := now.UnixMilli(), 0
	for _, table := range []struct{ name, but string }{
		{"payers", ""}, {"inbox", " AND state <> '" + string(core.InboxWaiting) + "'"}, {"idempotency", ""},
	} {
		where := "delete_after <> 0 AND delete_after <= ?" + table.but
		var ids []string
		// Ids first, then rows by id: a DELETE that searches locks what it passes.
		err := s.read.WithContext(ctx).Table(table.name).Where(where, end).Order("delete_after").Limit(pageSize(limit)).Pluck("id", &ids).Error
		if err != nil {
			return gone, unavailable("old rows cannot be listed", err)
		}
		n, err := s.delete(ctx, table.name, ids, "id IN ? AND "+where, end)
		gone += n
		if err != nil {
			return gone, err
		}
	}
	n, err := s.purgeNonces(ctx, end, limit)
	gone += n
	if err != nil {
		return gone, err
	}
	err = s.write.WithContext(ctx).Exec("DELETE FROM nodes WHERE seen < ?", now.Add(-forgotten).UnixMilli()).Error
	if err != nil {
		return gone, unavailable("old rows cannot be deleted", err)
	}
	return gone, nil
}

func (s *Store) delete(ctx context.Context, table string, ids []string, where string, end int64) (int, error) {
	if len(ids) == 0 {
		return 0, nil
	}
	done := s.write.WithContext(ctx).Exec("DELETE FROM "+table+" WHERE "+where, ids, end)
	return purged(done)
}

// purged says how many rows were deleted: none while somebody holds one of them, until which they
// may stay (D19).
func purged(done *gorm.DB) (int, error) {
	if done.Error != nil && classify(done.Error) != failureWait {
		return 0, unavailable("old rows cannot be deleted", done.Error)
	}
	return int(done.RowsAffected), nil
}

// purgeNonces deletes nonces that no request can repeat any more.
func (s *Store) purgeNonces(ctx context.Context, end int64, limit int) (int, error) {
	rows, err := find[nonceRow](ctx, s, func(db *gorm.DB) *gorm.DB {
		return db.Where("delete_after <> 0 AND delete_after <= ?", end).Order("delete_after").Limit(pageSize(limit))
	})
	if err != nil || len(rows) == 0 {
		return 0, err
	}
	keys := make([]core.Key, 0, len(rows))
	for _, r := range rows {
		keys = append(keys, core.Key{Scope: r.KeyID, Value: r.Nonce})
	}
	where, args := pairs("key_id", "nonce", keys, func(k core.Key) string { return k.Scope })
	done := s.write.WithContext(ctx).Exec("DELETE FROM nonces WHERE ("+where+") AND delete_after <= ?", append(args, end)...)
	return purged(done)
}
