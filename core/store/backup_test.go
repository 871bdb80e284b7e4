package store

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/paymux/paymux/core"
)

// D16: a backup beside a writer is one moment of the database: what one unit wrote is there whole
// or not at all.
func TestBackupBesideAWriter(t *testing.T) {
	ctx, config := context.Background(), sqliteConfig(t)
	writer, reader := open(t, config), open(t, config)
	var written atomic.Int64
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for i := 0; ; i++ {
			id := fmt.Sprintf("pay_%05d", i)
			writeRows(t, writer, &core.Payment{ID: id, MerchantID: "m", MerchantOrderNo: id}, &core.Entry{ID: "e" + id, PaymentID: id}, &core.Entry{ID: "f" + id, PaymentID: id},
				audit("a"+id, start))
			written.Add(1)
			select {
			case <-stop:
				return
			default:
			}
		}
	}()
	for range 3 {
		file, before := filepath.Join(t.TempDir(), "copy.db"), written.Load()
		if _, err := writer.SealAudit(ctx, start.Add(time.Hour), time.Minute, 10); err != nil {
			t.Fatal(err)
		}
		made, err := reader.Backup(ctx, file)
		if err != nil || made.Orders < before || made.Entries != 2*made.Orders || made.Audit.Rows+made.Audit.Unsealed != made.Orders {
			t.Fatalf("after %d orders: %+v, %v", before, made, err)
		}
		again, err := InspectCopy(ctx, file)
		if err != nil || again.Orders != made.Orders || again.Audit.Head != made.Audit.Head || again.Bytes == 0 {
			t.Fatalf("%+v, %v; it was %+v", again, err, made)
		}
		left, err := filepath.Glob(filepath.Join(filepath.Dir(file), "*"))
		if err != nil || len(left) != 1 {
			t.Errorf("beside the backup lie %v, %v", left, err)
		}
	}
	close(stop)
	<-stopped
}

func TestBackupRefuses(t *testing.T) {
	ctx, s := context.Background(), open(t, sqliteConfig(t))
	writeRows(t, s, audit("a1", start), audit("a2", start))
	seal(t, s, start.Add(time.Hour), 10, 2)
	taken := filepath.Join(t.TempDir(), "taken")
	if err := os.WriteFile(taken, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{taken, filepath.Join(t.TempDir(), "no", "folder", "x.db"), t.TempDir()} {
		if _, err := s.Backup(ctx, name); core.CodeOf(err) != core.CodeInvalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := s.Backup(ctx, filepath.Join(t.TempDir(), "no", "x.db")); err == nil || !strings.Contains(err.Error(), "there is no folder") {
		t.Errorf("into a folder that is not there: %v", err)
	}
	if text, err := os.ReadFile(taken); err != nil || string(text) != "mine" {
		t.Fatalf("%q, %v", text, err)
	}
	if _, err := open(t, mysqlTestConfig(t)).Backup(ctx, filepath.Join(t.TempDir(), "x")); core.CodeOf(err) != core.CodeInvalid {
		t.Errorf("of MySQL: %v", err)
	}
	for statement, want := range map[string]string{
		"UPDATE audits SET actor = 'x' WHERE id = 'a1'":                           "audit chain",
		"INSERT INTO goose_db_version (version_id, is_applied) VALUES (99999, 1)": "later version",
	} {
		s := open(t, sqliteConfig(t))
		writeRows(t, s, audit("a1", start), audit("a2", start))
		seal(t, s, start.Add(time.Hour), 10, 2)
		execSQL(t, s, statement)
		file := filepath.Join(t.TempDir(), "copy.db")
		if _, err := s.Backup(ctx, file); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", statement, err)
		}
		if _, err := os.Stat(file); err == nil {
			t.Errorf("%s: a backup is there all the same", statement)
		}
	}
}

// A restored database is a database like any other, once: beside anything that looks like one of
// SQLite's files nothing is put down.
func TestRestore(t *testing.T) {
	ctx, s := context.Background(), open(t, sqliteConfig(t))
	writeRows(t, s, audit("a1", start))
	file := filepath.Join(t.TempDir(), "copy.db")
	if _, err := s.Backup(ctx, file); err != nil {
		t.Fatal(err)
	}
	for _, rest := range []string{"", "-wal", "-shm", "-journal"} {
		into := sqliteConfig(t)
		if err := os.WriteFile(into.DSN+rest, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Restore(ctx, file, into); core.CodeOf(err) != core.CodeInvalid {
			t.Errorf("beside %q: %v", rest, err)
		}
	}
	into := sqliteConfig(t)
	into.DSN = "file:" + into.DSN
	if _, err := Restore(ctx, file, into); err != nil {
		t.Fatal(err)
	}
	if r := verify(t, open(t, into)); r.Unsealed != 1 || !r.Newest.Equal(start) {
		t.Fatalf("%+v", r)
	}
	if info, err := os.Stat(strings.TrimPrefix(into.DSN, "file:")); err != nil || info.Mode().Perm() != 0o600 {
		t.Fatal(info, err)
	}
}

// D20: SQLite marks a file whose newest commits lie beside it; a copy of that alone is no backup,
// however sound it looks.
func TestRestoreOfAPlainCopy(t *testing.T) {
	ctx, config := context.Background(), sqliteConfig(t)
	s := open(t, config)
	writeRows(t, s, audit("a1", start))
	plain := filepath.Join(t.TempDir(), "copy.db")
	text, err := os.ReadFile(config.DSN)
	if err == nil {
		err = os.WriteFile(plain, text, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Restore(ctx, plain, sqliteConfig(t)); core.CodeOf(err) != core.CodeInvalid || !strings.Contains(err.Error(), "plain copy") {
		t.Fatal(err)
	}
}

// A backup of an earlier schema is restored, and brought up to date then.
func TestRestoreOfAnEarlierSchema(t *testing.T) {
	ctx, config := context.Background(), sqliteConfig(t)
	loadFixture(t, fixtures(t, DriverSQLite)[0], config)
	old, err := Open(ctx, config)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = old.Close() }()
	file := filepath.Join(t.TempDir(), "copy.db")
	made, err := old.Backup(ctx, file)
	if err != nil || made.Schema != 6 || made.Orders != 200 {
		t.Fatalf("%+v, %v", made, err)
	}
	into := sqliteConfig(t)
	if _, err := Restore(ctx, file, into); err != nil {
		t.Fatal(err)
	}
	s := open(t, into)
	if err := s.Ready(ctx); err != nil {
		t.Fatal(err)
	}
	fixtureBooks(t, s)
}
