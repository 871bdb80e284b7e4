package store

import (
	"context"

	"gorm.io/gorm"

	"github.com/paymux/paymux/core"
)

// FactIdentity names what tells this database from every other one: a random id, drawn by the first
// process that needs it. A copy of the database has it too.
const FactIdentity = "identity"

// The sizes of a fact, in ASCII characters.
const (
	maxFactName  = 64
	maxFactValue = 255
)

// Fact is what the database keeps under a name about the installation that it belongs to, "" for
// nothing.
//
// Errors: CodeUnavailable.
func (s *Store) Fact(ctx context.Context, name string) (string, error) {
	values, err := find[string](ctx, s, func(db *gorm.DB) *gorm.DB {
		return db.Table("installation").Select("value").Where("name = ?", name).Limit(1)
	})
	if err != nil || len(values) == 0 {
		return "", err
	}
	return values[0], nil
}

// SetFact keeps a value under a name that has none yet, and returns what is kept there now: of many
// processes that start at once, all go on with the first one's.
//
// Errors: CodeInvalid for an empty, too long or non-ASCII name or value, CodeUnavailable.
func (s *Store) SetFact(ctx context.Context, name, value string) (kept string, err error) {
	if err := checkFact(name, value); err != nil {
		return "", err
	}
	if kept, err := s.Fact(ctx, name); err != nil || kept != "" {
		return kept, err
	}
	err = s.write.WithContext(ctx).Exec("INSERT INTO installation (name, value) VALUES (?, ?)", name, value).Error
	switch {
	case err == nil:
		return value, nil
	case classify(err) == failureDuplicate: // another process was first
		return s.Fact(ctx, name)
	default:
		return "", unavailable("a fact of the installation cannot be kept", err)
	}
}

// ReplaceFact puts a value in another one's place, and does nothing if what is kept is not that
// other one any more.
//
// Errors: as of SetFact.
func (s *Store) ReplaceFact(ctx context.Context, name, from, to string) (replaced bool, err error) {
	if err := checkFact(name, to); err != nil {
		return false, err
	}
	if from == to { // MySQL would count a row that does not change as not updated
		kept, err := s.Fact(ctx, name)
		return kept == to, err
	}
	done := s.write.WithContext(ctx).Exec("UPDATE installation SET value = ? WHERE name = ? AND value = ?", to, name, from)
	if done.Error != nil {
		return false, unavailable("a fact of the installation cannot be kept", done.Error)
	}
	return done.RowsAffected == 1, nil
}

func checkFact(name, value string) error {
	if name == "" || len(name) > maxFactName || !isASCII(name) || value == "" || len(value) > maxFactValue || !isASCII(value) {
		return core.Errorf(core.CodeInvalid, "a fact has a name of 1 to %d and a value of 1 to %d ASCII characters", maxFactName, maxFactValue)
	}
	return nil
}
