package command

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/paymux/paymux/config"
	"github.com/paymux/paymux/core/store"
	"github.com/paymux/paymux/web/app"
)

// maxHolder bounds what is read of who holds a database.
const maxHolder = 256

// holdDatabase keeps a second server from an SQLite file until release is called or the process
// ends, however it ends. The lock is on a file beside the database, which stays: who deletes it
// while another waits for it would have two locks. Commands that only read do not ask for it. Other
// databases are shared, and need none.
func holdDatabase(db config.DB, who string, streams Streams) (release func() error, err error) {
	if db.Driver != store.DriverSQLite {
		return func() error { return nil }, nil
	}
	name := app.DatabaseFile(db)
	if real, err := filepath.EvalSymlinks(name); err == nil { // two names of one file have one lock
		name = real
	}
	file, err := os.OpenFile(name+".lock", os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("the database's lock: %w", err)
	}
	if err := lockFile(file); err != nil {
		holder, _ := io.ReadAll(io.LimitReader(file, maxHolder))
		return nil, errors.Join(fmt.Errorf("the SQLite database %s is in use by %s (%w): two servers on one file would disturb each other; stop that one, "+
			"or use MySQL for several. Where the file system has no locks, as some network shares, put it on a local disk",
			name, orUnknown(string(holder)), err), file.Close())
	}
	host, _ := os.Hostname()
	note := fmt.Sprintf("%s, process %d on %s, since %s\n", who, os.Getpid(), host, streams.Now().UTC().Format(time.RFC3339))
	if err := errors.Join(file.Truncate(0), writeAtStart(file, note)); err != nil {
		return nil, errors.Join(fmt.Errorf("the database's lock: %w", err), file.Close())
	}
	return file.Close, nil
}

func writeAtStart(file *os.File, text string) error {
	_, err := file.WriteAt([]byte(text), 0)
	return err
}

func orUnknown(holder string) string {
	if holder = strings.TrimSpace(holder); holder != "" {
		return holder
	}
	return "another process"
}
