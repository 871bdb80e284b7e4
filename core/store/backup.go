package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/glebarez/sqlite"
	"gorm.io/gorm"

	"github.com/paymux/paymux/core"
)

// Copy is what a backup of SQLite was found to hold.
type Copy struct {
	Schema  int64 // its newest migration
	Orders  int64
	Entries int64
	Audit   AuditReport
	Bytes   int64
}

// Backup writes a copy of an SQLite database into a new file of mode 0600, as one moment left it,
// beside whoever writes meanwhile. The file appears whole, on disk and verified, or not at all.
//
// Errors: CodeInvalid when the file exists or the engine is another; CodeInternal when the copy is
// not what it was made from.
func (s *Store) Backup(ctx context.Context, file string) (Copy, error) {
	if s.config.Driver != DriverSQLite {
		return Copy{}, core.Errorf(core.CodeInvalid, "a database server is backed up by its own tool, not by a copy of a file")
	}
	if err := absent(file); err != nil {
		return Copy{}, err
	}
	before, err := s.summary(ctx)
	if err != nil {
		return Copy{}, err
	}
	var heads []string
	if before.Audit.Head != "" {
		heads = append(heads, before.Audit.Head)
	}
	var made Copy
	err = appear(file, func(draft string) error {
		if _, err := s.pools[0].ExecContext(ctx, "VACUUM INTO ?", draft); err != nil {
			return unavailable("the copy cannot be written", err)
		}
		if made, err = InspectCopy(ctx, draft, heads...); err != nil {
			return err
		}
		after, err := s.summary(ctx)
		if err != nil {
			return err
		}
		low, high := min(before.Orders, after.Orders), max(before.Orders, after.Orders)
		if made.Schema != before.Schema || made.Orders < low || made.Orders > high {
			return core.Errorf(core.CodeInternal, "the copy has %d orders under schema %d; the database %d to %d under %d", made.Orders, made.Schema, low, high, before.Schema)
		}
		return nil
	})
	return made, err
}

// Restore puts a backup where the database of c belongs and is not yet; it never writes over
// anything. The backup is verified first.
//
// Errors: CodeInvalid when there is a database already, or the file is no backup that this program
// can use.
func Restore(ctx context.Context, file string, c Config) (Copy, error) {
	into, _, err := sqliteParts(c.DSN)
	if err != nil {
		return Copy{}, err
	}
	into = strings.TrimPrefix(into, "file:")
	for _, rest := range []string{"", "-wal", "-shm", "-journal"} {
		if err := absent(into + rest); err != nil {
			return Copy{}, err
		}
	}
	found, err := InspectCopy(ctx, file)
	if err != nil {
		return found, err
	}
	return found, appear(into, func(draft string) error { return copyFile(file, draft) })
}

// absent refuses a name that is taken.
func absent(name string) error {
	switch _, err := os.Lstat(name); {
	case err == nil:
		return core.Errorf(core.CodeInvalid, "%s exists, and nothing is ever written over: name another file, or move it away", name)
	case errors.Is(err, fs.ErrNotExist):
		return nil
	default:
		return core.Errorf(core.CodeInvalid, "%v", err)
	}
}

// appear lets a file of mode 0600 appear under its name once it is whole and on disk. The name is
// taken by an empty file just before, since a rename would write over what came meanwhile.
func appear(name string, write func(draft string) error) error {
	folder := filepath.Dir(name)
	draft, err := os.CreateTemp(folder, ".draft-*") // mode 0600
	if errors.Is(err, fs.ErrNotExist) {
		return core.Errorf(core.CodeInvalid, "there is no folder %s: make it, or name another", folder)
	}
	if err != nil {
		return core.Errorf(core.CodeInvalid, "%v", err)
	}
	defer func() { _ = os.Remove(draft.Name()) }()
	if err := errors.Join(draft.Close(), write(draft.Name())); err != nil {
		return err
	}
	if err := onDisk(draft.Name()); err != nil {
		return err
	}
	taken, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return errors.Join(absent(name), err)
	}
	if err := errors.Join(taken.Close(), os.Rename(draft.Name(), name), onDisk(folder)); err != nil {
		return unavailable("the file cannot be put in place", err)
	}
	return nil
}

// onDisk waits until a file, or a folder's list of names, would survive a power failure.
func onDisk(name string) error {
	f, err := os.Open(name)
	if err == nil {
		err = errors.Join(f.Sync(), f.Close())
	}
	if err != nil {
		return unavailable("the copy cannot be brought to disk", err)
	}
	return nil
}

func copyFile(from, to string) error {
	source, err := os.Open(from)
	if err != nil {
		return unavailable("the backup cannot be read", err)
	}
	defer func() { _ = source.Close() }()
	target, err := os.OpenFile(to, os.O_WRONLY, 0)
	if err != nil {
		return unavailable("the database file cannot be written", err)
	}
	_, err = io.Copy(target, source)
	if err = errors.Join(err, target.Close()); err != nil {
		return unavailable("the database file cannot be written", err)
	}
	return nil
}

// walMode is what the bytes 18 and 19 of an SQLite file are while its newest commits may be in a
// file beside it (https://www.sqlite.org/fileformat.html#file_format_version_numbers).
const walMode = 2

// wholeFile refuses what a plain copy of a database in use is: a file without its newest commits,
// which nothing in it would tell. Backup writes files that need no second one.
func wholeFile(file string) (size int64, err error) {
	f, err := os.Open(file)
	if err != nil {
		return 0, core.Errorf(core.CodeInvalid, "%v", err)
	}
	defer func() { _ = f.Close() }()
	head := make([]byte, 20)
	if _, err := io.ReadFull(f, head); err != nil || string(head[:16]) != "SQLite format 3\x00" {
		return 0, core.Errorf(core.CodeInvalid, "%s is no SQLite database", file)
	}
	if head[18] == walMode || head[19] == walMode {
		return 0, core.Errorf(core.CodeInvalid,
			"%s is a plain copy of a database that was in use: its newest commits were in %s-wal, and cannot be missed from the file alone; use what paymux backup wrote",
			file, filepath.Base(file))
	}
	info, err := f.Stat()
	if err != nil {
		return 0, unavailable("the backup cannot be read", err)
	}
	return info.Size(), nil
}

// InspectCopy verifies a backup of SQLite without changing a byte: that its pages are sound, that
// its schema is none that a later version made, and that its audit chain holds and knows the heads.
//
// Errors: CodeInvalid, with what is wrong.
func InspectCopy(ctx context.Context, file string, heads ...string) (Copy, error) {
	size, err := wholeFile(file)
	if err != nil {
		return Copy{}, err
	}
	full, err := filepath.Abs(file)
	if err != nil {
		return Copy{}, core.Errorf(core.CodeInvalid, "%v", err)
	}
	db := sql.OpenDB(sqliteConnector{dsn: (&url.URL{Scheme: "file", Path: full, RawQuery: "mode=ro&immutable=1"}).String()})
	defer func() { _ = db.Close() }()
	var sound string
	if err := db.QueryRowContext(ctx, "PRAGMA integrity_check(1)").Scan(&sound); err != nil || sound != "ok" {
		return Copy{}, core.Errorf(core.CodeInvalid, "%s is damaged: %s", file, strings.TrimSpace(fmt.Sprint(sound, " ", err)))
	}
	read, err := gorm.Open(&sqlite.Dialector{Conn: db}, gormConfig())
	if err != nil {
		return Copy{}, unavailable("the backup cannot be read", err)
	}
	copied := &Store{config: Config{Driver: DriverSQLite}, read: read, pools: []*sql.DB{db}}
	found, err := copied.summary(ctx, heads...)
	if err != nil {
		return found, core.Errorf(core.CodeInvalid, "%s is no database of paymux: %v", file, err)
	}
	found.Bytes = size
	newest, err := copied.newestVersion()
	switch {
	case err != nil:
		return found, err
	case found.Schema > newest:
		return found, core.Errorf(core.CodeInvalid, "%s has the schema %d of a later version of paymux; this one knows %d: use that version", file, found.Schema, newest)
	case len(found.Audit.Broken) > 0:
		return found, core.Errorf(core.CodeInvalid, "%s: the audit chain is broken: %s", file, found.Audit.Broken[0])
	}
	return found, nil
}

// summary counts what a database holds.
func (s *Store) summary(ctx context.Context, heads ...string) (Copy, error) {
	var c Copy
	db := s.read.WithContext(ctx)
	err := errors.Join(
		db.Raw("SELECT MAX(version_id) FROM goose_db_version WHERE is_applied").Scan(&c.Schema).Error,
		db.Table("payments").Count(&c.Orders).Error,
		db.Table("entries").Count(&c.Entries).Error,
	)
	if err != nil {
		return c, unavailable("the database cannot be read", err)
	}
	c.Audit, err = s.VerifyAudit(ctx, heads...)
	return c, err
}
