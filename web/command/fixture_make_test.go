package command_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/paymux/paymux/config"
	"github.com/paymux/paymux/core"
	"github.com/paymux/paymux/core/store"
)

// TestFixtureDumps puts the rows that core's TestFixtureRows wrote into a database of each engine,
// through the store, and dumps it into core/store/testdata/fixtures, under the newest schema's
// number. It runs only for whoever makes a fixture, as core/store/testdata/fixtures/README.md says;
// a dump that is there is never made anew.
func TestFixtureDumps(t *testing.T) {
	rows := os.Getenv("PAYMUX_TEST_FIXTURE")
	if rows == "" {
		t.Skip("PAYMUX_TEST_FIXTURE names no file of rows")
	}
	key := fixtureKey(t)
	for driver, dump := range map[string]func(dsn string) *exec.Cmd{
		store.DriverSQLite: func(dsn string) *exec.Cmd { return exec.Command("sqlite3", dsn, ".dump") },
		store.DriverMySQL: func(dsn string) *exec.Cmd {
			return exec.Command("mariadb-dump", "--host=127.0.0.1", "--user=root", "--single-transaction", "--hex-blob", "--skip-comments",
				"--no-tablespaces", "--skip-add-locks", "--skip-disable-keys", "--default-character-set=utf8mb4", databaseOf(dsn))
		},
	} {
		dsn := filepath.Join(t.TempDir(), "fixture.db")
		if driver == store.DriverMySQL {
			dsn = mariaDB(t)
		}
		version := fillFixture(t, driver, dsn, rows, key)
		text, err := dump(dsn).Output()
		if err != nil {
			t.Fatal(err)
		}
		writeFixtureDump(t, fmt.Sprintf("%s%05d_%s.sql.gz", fixtureFolder, version, driver), text)
	}
}

func writeFixtureDump(t *testing.T, name string, text []byte) {
	t.Helper()
	file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		t.Fatal(err)
	}
	packed, err := gzip.NewWriterLevel(file, gzip.BestCompression)
	if err != nil {
		t.Fatal(err)
	}
	_, err = packed.Write(text)
	if err := errors.Join(err, packed.Close(), file.Close()); err != nil {
		t.Fatal(err)
	}
}

// fillFixture writes the rows, and what else a database holds that has run: seals of a part of the
// audit log, nonces, nodes, accounts, deliveries that ended. It returns the schema's number.
func fillFixture(t *testing.T, driver, dsn, rows string, key *config.MasterKey) int64 {
	t.Helper()
	ctx := context.Background()
	s, err := store.Open(ctx, store.Config{Driver: driver, DSN: dsn})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Migrate(ctx); err != nil {
		t.Fatal(err)
	}
	batch, accounts := []core.Row{}, map[string]core.Account{}
	flush := func() {
		v, err := s.Do(ctx, core.Unit{Decide: func(core.View) (core.Writes, error) { return core.Writes{Inserts: batch}, nil }})
		if err != nil || v.Duplicate != "" {
			t.Fatalf("%v, duplicate %q among %+v", err, v.Duplicate, batch)
		}
		batch = nil
	}
	n := 0
	for row := range fixtureRows(t, rows) {
		n++
		switch r := row.(type) {
		case *core.SealedPayer:
			r.Sealed = sealFixture(t, key, "payer", r.Sealed)
		case *core.Inbox:
			r.Sealed = sealFixture(t, key, "inbox", r.Sealed)
		case *core.Attempt:
			accounts[r.Account] = core.Account{
				ID: r.Account, MerchantID: r.MerchantID, Gateway: r.Gateway, Environment: core.Sandbox, AppID: "2021000000000001", SellerID: "2088000000000001",
			}
		case *core.Delivery:
			endFixtureDelivery(r, n)
		}
		if batch = append(batch, row); len(batch) == 100 {
			flush()
		}
	}
	at := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	for i := range 12 {
		batch = append(batch, &core.Nonce{KeyID: fmt.Sprint("key_", i%3), Nonce: fmt.Sprint("nonce-", i), DeleteAfter: at.Add(time.Duration(i) * time.Hour)})
	}
	flush()
	for _, a := range accounts {
		if disagree, err := s.PinAccounts(ctx, []core.Account{a}); err != nil || len(disagree) > 0 {
			t.Fatal(disagree, err)
		}
	}
	for sealed := 1; sealed > 0; {
		if sealed, err = s.SealAudit(ctx, at, time.Minute, 100); err != nil {
			t.Fatal(err)
		}
	}
	for _, node := range []string{"pay-1", "pay-2"} {
		if err := s.Beat(ctx, node, at, at.Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
	}
	version, err := schemaOf(driver, dsn)
	if err := errors.Join(err, s.Close()); err != nil {
		t.Fatal(err)
	}
	return version
}

// endFixtureDelivery is what the courier makes of most deliveries.
func endFixtureDelivery(d *core.Delivery, n int) {
	switch n % 5 {
	case 0, 1, 2:
		d.State, d.Tries, d.LastStatus, d.NextAt, d.EndedAt = core.DeliveryDone, 1, 200, time.Time{}, d.CreatedAt.Add(time.Second)
	case 3:
		d.State, d.Tries, d.LastStatus, d.LastError = core.DeliveryDead, 12, 503, "the endpoint answers 503"
		d.NextAt, d.EndedAt = time.Time{}, d.CreatedAt.Add(72*time.Hour)
	}
}

func sealFixture(t *testing.T, key *config.MasterKey, purpose string, plain []byte) []byte {
	t.Helper()
	sealed, err := key.Seal(purpose, plain)
	if err != nil {
		t.Fatal(err)
	}
	return []byte(sealed)
}

// fixtureRows yields the rows of a file.
func fixtureRows(t *testing.T, name string) func(func(core.Row) bool) {
	return func(yield func(core.Row) bool) {
		reader := bufio.NewReader(bytes.NewReader(fileBytes(t, name)))
		for {
			line, err := reader.ReadBytes('\n')
			if errors.Is(err, io.EOF) {
				return
			}
			var head struct {
				Type string
				Row  json.RawMessage
			}
			if err := json.Unmarshal(line, &head); err != nil {
				t.Fatal(err)
			}
			row := map[string]core.Row{
				"Payment": &core.Payment{}, "Attempt": &core.Attempt{}, "Refund": &core.Refund{}, "Audit": &core.Audit{}, "Entry": &core.Entry{},
				"Event": &core.Event{}, "Delivery": &core.Delivery{}, "Inbox": &core.Inbox{}, "Idempotency": &core.Idempotency{}, "SealedPayer": &core.SealedPayer{},
			}[head.Type]
			if err := json.Unmarshal(head.Row, row); err != nil || !yield(row) {
				t.Fatal(head.Type, err)
			}
		}
	}
}
