package store

import (
	"context"
	"embed"
	"io/fs"
	"time"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

// The schema, one directory per dialect, one DDL change per statement: engines differ in what they
// do together.
//
//go:embed migrations
var migrations embed.FS

// Migrate brings the schema to this version. Several nodes may try at once: one does it, the others
// wait (a table serves as lock: GET_LOCK holds on one node only). A migration that was killed half
// way is finished by the next, or refused with its name (P18).
func (s *Store) Migrate(ctx context.Context) error {
	p, err := s.provider()
	if err != nil {
		return err
	}
	if _, err := p.Up(ctx); err != nil {
		return unavailable("the schema cannot be brought up to date", err)
	}
	return nil
}

func (s *Store) provider() (*goose.Provider, error) {
	dialect := goose.DialectSQLite3
	options := []goose.ProviderOption{goose.WithDisableGlobalRegistry(true)}
	if s.config.Driver == DriverMySQL {
		locker, err := lock.NewMySQLTableLocker(lock.WithTableLockTimeout(500*time.Millisecond, 240))
		if err != nil {
			return nil, unavailable("the migration lock cannot be made", err)
		}
		dialect, options = goose.DialectMySQL, append(options, goose.WithLocker(locker))
	}
	files, err := s.files()
	if err != nil {
		return nil, err
	}
	p, err := goose.NewProvider(dialect, s.pools[0], files, options...)
	if err != nil {
		return nil, unavailable("the migrations cannot be read", err)
	}
	return p, nil
}

func (s *Store) files() (fs.FS, error) {
	files, err := fs.Sub(migrations, "migrations/"+s.config.Driver)
	if err != nil {
		return nil, unavailable("the migrations cannot be read", err)
	}
	return files, nil
}

// newestVersion is the version that this program's schema has.
func (s *Store) newestVersion() (int64, error) {
	files, err := s.files()
	if err != nil {
		return 0, err
	}
	names, err := fs.Glob(files, "*.sql")
	if err != nil {
		return 0, unavailable("the migrations cannot be read", err)
	}
	var newest int64
	for _, name := range names {
		version, err := goose.NumericComponent(name)
		if err != nil {
			return 0, unavailable("a migration has no number", err)
		}
		newest = max(newest, version)
	}
	return newest, nil
}
