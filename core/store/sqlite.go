package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"net/url"
	"os"
	"strings"
	"time"

	gosqlite "github.com/glebarez/go-sqlite"
	"github.com/glebarez/sqlite"
	"gorm.io/gorm"

	"github.com/paymux/paymux/core"
)

// openSQLite opens one connection that writes and a pool that reads. SQLite has one writer at a
// time whatever one does; with one connection nobody ever waits in SQLite's busy loop, and the
// joiner makes the most of it.
func (s *Store) openSQLite(ctx context.Context) error {
	path, query, err := sqliteParts(s.config.DSN)
	if err != nil {
		return err
	}
	if err := ownFile(path); err != nil {
		return core.Errorf(core.CodeInvalid, "db.dsn: %v", err)
	}
	write := sql.OpenDB(s.config.wrap(sqliteConnector{dsn: path + "?" + query + "&_txlock=immediate"}))
	read := sql.OpenDB(s.config.wrap(sqliteConnector{dsn: path + "?" + query + "&_pragma=query_only(1)"}))
	s.pools = []*sql.DB{write, read}
	write.SetMaxOpenConns(1)
	read.SetMaxOpenConns(s.config.MaxOpen)
	read.SetMaxIdleConns(s.config.MaxOpen)
	read.SetConnMaxIdleTime(5 * time.Minute)
	if err := assertSQLite(ctx, write); err != nil {
		return err
	}
	if s.write, err = gorm.Open(&sqlite.Dialector{Conn: write}, gormConfig()); err != nil {
		return unavailable("the database file cannot be opened", err)
	}
	if s.read, err = gorm.Open(&sqlite.Dialector{Conn: read}, gormConfig()); err != nil {
		return unavailable("the database file cannot be opened", err)
	}
	return nil
}

// sqliteParts splits a DSN into file and query, and adds what paymux depends on: WAL so that
// readers never wait for the writer, and synchronous FULL because WAL with NORMAL may lose the last
// commits when the power fails (https://www.sqlite.org/pragma.html#pragma_synchronous).
func sqliteParts(dsn string) (path, query string, err error) {
	path, query, _ = strings.Cut(dsn, "?")
	values, err := url.ParseQuery(query)
	if err != nil {
		return "", "", core.Errorf(core.CodeInvalid, "db.dsn: the part after ? cannot be read: %v", err)
	}
	name := strings.TrimPrefix(path, "file:")
	if name == "" || strings.Contains(dsn, ":memory:") || values.Get("mode") == "memory" {
		return "", "", core.Errorf(core.CodeInvalid, "db.dsn names no file: orders must outlive the process")
	}
	for key := range values {
		if key == "_pragma" || key == "_txlock" || key == "_time_format" {
			return "", "", core.Errorf(core.CodeInvalid, "db.dsn sets %s; take it out: paymux sets the pragmas it depends on", key)
		}
	}
	values["_pragma"] = []string{"busy_timeout(5000)", "journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(1)"}
	return path, values.Encode(), nil
}

// ownFile creates a missing database file readable by its owner alone.
func ownFile(path string) error {
	f, err := os.OpenFile(strings.TrimPrefix(path, "file:"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	return f.Close()
}

// assertSQLite reads back what the pragmas did: on some file systems WAL is silently not to be had.
func assertSQLite(ctx context.Context, db *sql.DB) error {
	for _, want := range []struct{ pragma, value, remedy string }{
		{"journal_mode", "wal", "put the file on a local file system"},
		{"synchronous", "2", "use the SQLite that paymux was built with"},
	} {
		var have string
		if err := db.QueryRowContext(ctx, "PRAGMA "+want.pragma).Scan(&have); err != nil {
			return unavailable("the database file cannot be opened", err)
		}
		if have != want.value {
			return core.Errorf(core.CodeInvalid, "SQLite has %s = %s, but paymux needs %s: %s", want.pragma, have, want.value, want.remedy)
		}
	}
	return nil
}

// sqliteConnector makes connections without the global registry's name in between.
type sqliteConnector struct{ dsn string }

// Connect opens a connection.
func (c sqliteConnector) Connect(context.Context) (driver.Conn, error) { return c.Driver().Open(c.dsn) }

// Driver returns SQLite's driver.
func (c sqliteConnector) Driver() driver.Driver { return &gosqlite.Driver{} }
