package store

import (
	"context"
	"database/sql"
	"errors"
	"hash/maphash"

	"gorm.io/gorm"
	"gorm.io/gorm/logger"

	"github.com/paymux/paymux/core"
)

// Store is a core.Store on a SQL database.
type Store struct {
	config Config
	write  *gorm.DB
	read   *gorm.DB
	quick  *gorm.DB // its sessions do not wait for locks; nil where the engine cannot do so
	side   *gorm.DB // for units that run aside
	pools  []*sql.DB
	tables map[string]*table
	// locks says that rows are worth locking before they are decided on: where writers meet, the
	// later one then waits instead of deciding in vain.
	locks   bool
	clause  bool // NOWAIT is how quick does not wait
	writers []*writer
	seed    maphash.Seed
	held    held
	places  chan struct{} // of those that run aside
	gone    chan struct{} // closed when the store is
}

var _ core.Store = (*Store)(nil)

// Open connects, and asserts that the database can be trusted with money. The schema may still be
// missing: see Migrate and Ready. It fails with CodeInvalid when a setting must be mended, and with
// CodeUnavailable when the database does not answer.
func Open(ctx context.Context, c Config) (*Store, error) {
	c, err := c.withDefaults()
	if err != nil {
		return nil, err
	}
	s := &Store{config: c, tables: tablesByName(), locks: c.Driver == DriverMySQL, seed: maphash.MakeSeed()}
	s.held.lines, s.places, s.gone = map[string]*line{}, make(chan struct{}, asides), make(chan struct{})
	for range c.Writers {
		s.writers = append(s.writers, &writer{store: s})
	}
	if c.Driver == DriverSQLite {
		err = s.openSQLite(ctx)
	} else {
		err = s.openMySQL(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// Close ends all connections. Units that run are finished first.
func (s *Store) Close() error {
	for _, w := range s.writers {
		w.close()
	}
	select {
	case <-s.gone:
	default:
		close(s.gone)
		for range asides {
			s.places <- struct{}{} // whoever runs aside has come back
		}
	}
	var all error
	for _, p := range s.pools {
		all = errors.Join(all, p.Close())
	}
	return all
}

// gormConfig is how GORM is used. TranslateError stays off: it would swallow the name of the
// violated key, which is what callers act on (D11).
func gormConfig() *gorm.Config {
	return &gorm.Config{SkipDefaultTransaction: true, Logger: logger.Discard, DisableAutomaticPing: true}
}

// Ready tells whether the database answers and has this version's schema.
func (s *Store) Ready(ctx context.Context) error {
	want, err := s.newestVersion()
	if err != nil {
		return err
	}
	for _, p := range s.pools[:2] { // the others belong to units that wait for locks
		if err := p.PingContext(ctx); err != nil {
			return unavailable("the database does not answer", err)
		}
	}
	var have sql.NullInt64
	err = s.read.WithContext(ctx).Raw("SELECT MAX(version_id) FROM goose_db_version WHERE is_applied").Scan(&have).Error
	if err != nil {
		return unavailable("the database has no schema of paymux yet: run migrate", err)
	}
	if have.Int64 < want {
		return core.Errorf(core.CodeUnavailable, "the database's schema has version %d, this program needs %d: run migrate", have.Int64, want)
	}
	return nil
}

func unavailable(message string, err error) error {
	return &core.Error{Code: core.CodeUnavailable, Message: message, Err: err}
}
