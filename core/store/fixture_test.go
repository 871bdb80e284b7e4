package store

import (
	"compress/gzip"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gorm.io/gorm"

	"github.com/paymux/paymux/core"
)

// fixtures lists the dumps of databases as earlier versions left them, of one engine.
func fixtures(t testing.TB, driver string) []string {
	t.Helper()
	names, err := filepath.Glob("testdata/fixtures/*_" + driver + ".sql.gz")
	if err != nil || len(names) == 0 {
		t.Fatalf("no fixtures of %s: %v", driver, err)
	}
	return names
}

// loadFixture puts a dump into the empty database of a configuration.
func loadFixture(t testing.TB, name string, c Config) {
	t.Helper()
	file, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	packed, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(packed)
	if err := errors.Join(err, file.Close()); err != nil {
		t.Fatal(err)
	}
	dsn := c.DSN
	if c.Driver == DriverMySQL {
		dsn += "?multiStatements=true"
	}
	db, err := sql.Open(c.Driver, dsn)
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	_, err = db.Exec(string(text))
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
}

// P18: what earlier versions left is brought to this version's schema, and nothing of it is lost or
// read as something else: books, messages, keys, buyers, audit chain.
func TestFixtures(t *testing.T) {
	for _, e := range engines() {
		for _, name := range fixtures(t, map[string]string{"sqlite": DriverSQLite, "mysql": DriverMySQL}[e.name]) {
			t.Run(filepath.Base(name), func(t *testing.T) {
				config := e.config(t)
				loadFixture(t, name, config)
				s := open(t, config)
				if err := s.Ready(context.Background()); err != nil {
					t.Fatal(err)
				}
				fixtureBooks(t, s)
				fixtureStates(t, s)
				fixtureRest(t, s)
			})
		}
	}
}

// fixtureBooks holds every order against the invariants.
func fixtureBooks(t *testing.T, s *Store) {
	t.Helper()
	books, entries, events := core.Inspection{}, 0, 0
	err := s.EachOrder(context.Background(), func(o core.Order, e []core.Entry, v []core.Event) error {
		books.Order(&o, e, v)
		entries, events = entries+len(e), events+len(v)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if breaches := books.Finish(false); books.Orders != 200 || entries == 0 || events == 0 || len(breaches) > 0 {
		t.Errorf("%d orders, %d entries, %d events: %v", books.Orders, entries, events, breaches)
	}
	r := verify(t, s)
	if len(r.Broken) > 0 || r.Rows == 0 || r.Unsealed == 0 || r.Seals < 2 {
		t.Errorf("the audit chain: %+v", r)
	}
}

// fixtureStates asks whether rows in every state came over.
func fixtureStates(t *testing.T, s *Store) {
	t.Helper()
	for _, kind := range []struct{ table, column, states string }{
		{"payments", "status", "created paying closing paid partially_refunded refunded closed"},
		{"payments", "attention", "late_held refund_returned sum_above_books sum_below_books sum_beyond_total"},
		{"attempts", "state", "ready sent paid closed late_paid duplicate"},
		{"attempts", "reason", "superseded unopened absent held accepted over refused:misconfigured refused:buyer_balance"},
		{"refunds", "status", "pending_approval processing succeeded failed"},
		{"refunds", "origin", "merchant external late duplicate"},
		{"inbox", "state", "waiting done parked rejected"},
		{"deliveries", "state", "pending done dead"},
		{"idempotency", "done", "0 1"},
	} {
		var have []string
		if err := s.read.Table(kind.table).Distinct(kind.column).Pluck(kind.column, &have).Error; err != nil {
			t.Fatal(err)
		}
		for want := range strings.FieldsSeq(kind.states) {
			found := false
			for _, state := range have {
				found = found || state == want
			}
			if !found {
				t.Errorf("%s.%s: none is %q among %q", kind.table, kind.column, want, have)
			}
		}
	}
}

// fixtureRest reads what belongs to no order, through the store's own reads.
func fixtureRest(t *testing.T, s *Store) {
	t.Helper()
	ctx := context.Background()
	parked, err := s.Parked(ctx)
	if err != nil || len(parked) == 0 || len(parked[0].Sealed) == 0 {
		t.Errorf("%d parked, %v", len(parked), err)
	}
	nodes, err := s.Nodes(ctx, time.Time{})
	if err != nil || len(nodes) != 2 {
		t.Errorf("nodes %v, %v", nodes, err)
	}
	for _, kind := range []core.DueKind{core.DueAttempt, core.DueRefund, core.DueInbox, core.DueDelivery} {
		due, err := s.Due(ctx, core.DueQuery{Kind: kind, Until: start.AddDate(1, 0, 0), Limit: 1000})
		if err != nil || len(due) == 0 {
			t.Errorf("%s: %d due, %v", kind, len(due), err)
		}
	}
	var payers []string
	if err := s.read.Table("payers").Pluck("id", &payers).Error; err != nil || len(payers) < 100 {
		t.Fatalf("%d payers, %v", len(payers), err)
	}
	if p, err := s.Payer(ctx, payers[0]); err != nil || p == nil || len(p.Sealed) == 0 || p.Pseudonym == "" {
		t.Errorf("payer %+v, %v", p, err)
	}
	keys, err := find[idempotencyRow](ctx, s, func(db *gorm.DB) *gorm.DB { return db.Where("done = ?", true).Limit(1) })
	if err != nil || len(keys) != 1 {
		t.Fatal(err)
	}
	key := core.Key{Kind: core.IdempotencyByKey, Merchant: keys[0].MerchantID, Scope: keys[0].Operation, Value: keys[0].RequestKey}
	if v, err := s.See(ctx, key); err != nil || v.Idempotency(key) == nil || !v.Idempotency(key).Done {
		t.Errorf("the answer under a key: %v", err)
	}
	disagree, err := s.PinAccounts(ctx, []core.Account{{
		ID: "acc1_01", MerchantID: "m1_01", Gateway: "alipay", Environment: core.Sandbox, AppID: "2021000000000001", SellerID: "2088000000000001",
	}, {ID: "acc1_03", MerchantID: "m1_03", Gateway: "alipay", Environment: core.Sandbox, AppID: "another"}})
	if err != nil || fmt.Sprint(disagree) != "[acc1_03]" {
		t.Errorf("accounts: %v, %v", disagree, err)
	}
	if n, err := s.Purge(ctx, start.AddDate(2, 0, 0), 1000); err != nil || n == 0 {
		t.Errorf("purged %d, %v", n, err)
	}
}
