package store

import (
	"context"

	"gorm.io/gorm"

	"github.com/paymux/paymux/core"
)

// resealedAtOnce is how many rows one commit of Reseal changes.
const resealedAtOnce = 200

// sealedTables are where texts stand that are sealed under the master key, by the purpose that
// core.Vault sealed them for.
func sealedTables() map[string]string { return map[string]string{"payers": "payer", "inbox": "inbox"} }

// Reseal shows every sealed text of the database to change, in batches of one commit each, and
// stores what change makes of it; nil leaves a text as it is. It may be stopped at any time and
// begun again. No server may run meanwhile.
func (s *Store) Reseal(ctx context.Context, change func(purpose string, sealed []byte) ([]byte, error)) error {
	for table, purpose := range sealedTables() {
		for last := ""; ; {
			rows, err := s.sealedAfter(ctx, table, last, resealedAtOnce)
			if err != nil {
				return err
			}
			if err := s.resealSome(ctx, table, rows, func(sealed []byte) ([]byte, error) { return change(purpose, sealed) }); err != nil {
				return err
			}
			if len(rows) < resealedAtOnce {
				break
			}
			last = rows[len(rows)-1].ID
		}
	}
	return nil
}

type sealedText struct {
	ID     string
	Sealed []byte
}

func (s *Store) sealedAfter(ctx context.Context, table, last string, limit int) ([]sealedText, error) {
	return find[sealedText](ctx, s, func(db *gorm.DB) *gorm.DB {
		return db.Table(table).Select("id, sealed").Where("id > ?", last).Order("id").Limit(limit)
	})
}

func (s *Store) resealSome(ctx context.Context, table string, rows []sealedText, change func([]byte) ([]byte, error)) error {
	next := map[string][]byte{}
	for _, r := range rows {
		sealed, err := change(r.Sealed)
		if err != nil {
			return err
		}
		if sealed != nil {
			next[r.ID] = sealed
		}
	}
	if len(next) == 0 {
		return nil
	}
	err := s.write.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		for _, r := range rows {
			sealed, changes := next[r.ID]
			if !changes {
				continue
			}
			done := tx.Exec("UPDATE "+table+" SET sealed = ? WHERE id = ? AND sealed = ?", sealed, r.ID, r.Sealed)
			if done.Error != nil {
				return done.Error
			}
			if done.RowsAffected != 1 {
				return core.Errorf(core.CodeContended, "%s %s changed meanwhile: stop every server", table, r.ID)
			}
		}
		return nil
	})
	switch {
	case err == nil, core.CodeOf(err) == core.CodeContended:
		return err
	default:
		return unavailable("sealed texts cannot be replaced", err)
	}
}

// AnySealed returns one sealed text of the database with its purpose, or nil where there is none.
func (s *Store) AnySealed(ctx context.Context) (purpose string, sealed []byte, err error) {
	for table, purpose := range sealedTables() {
		rows, err := s.sealedAfter(ctx, table, "", 1)
		if err != nil || len(rows) > 0 {
			if err != nil {
				return "", nil, err
			}
			return purpose, rows[0].Sealed, nil
		}
	}
	return "", nil, nil
}
