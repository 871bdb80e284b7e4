package store

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/paymux/paymux/core"
)

// The schema and the row structs say the same, column by column, on both engines; on MySQL the
// sizes too.
func TestSchemaMatchesRows(t *testing.T) {
	lite, my := open(t, sqliteConfig(t)), open(t, mysqlTestConfig(t))
	tables := tablesByName()
	tables["audit_seals"], tables["key_revocations"], tables["configuration"] = describe(sealRow{}), describe(revocationRow{}), describe(configurationRow{})
	for name, table := range tables {
		var want, onLite []string
		for _, c := range table.columns {
			want = append(want, c.name)
		}
		slices.Sort(want)
		if err := lite.read.Raw("SELECT name FROM pragma_table_info(?) ORDER BY name", name).Scan(&onLite).Error; err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(onLite, want) {
			t.Errorf("sqlite %s: %v, rows have %v", name, onLite, want)
		}
		var onMy []struct {
			Name, Collation string
			Length          int64
		}
		err := my.read.Raw(`SELECT column_name AS name, COALESCE(collation_name, '') AS collation, COALESCE(character_maximum_length, 0) AS length
			FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = ?`, name).Scan(&onMy).Error
		if err != nil {
			t.Fatal(err)
		}
		if len(onMy) != len(want) {
			t.Errorf("mysql %s: %v, rows have %v", name, onMy, want)
			continue
		}
		for _, c := range onMy {
			at := slices.IndexFunc(table.columns, func(k column) bool { return k.name == c.Name })
			if at < 0 {
				t.Errorf("mysql %s has %s, the row has not", name, c.Name)
				continue
			}
			column := table.columns[at]
			if c.Length < int64(column.size) {
				t.Errorf("mysql %s.%s holds %d, the row %d", name, c.Name, c.Length, column.size)
			}
			if c.Collation != "" && !strings.HasSuffix(c.Collation, "_bin") { // I07
				t.Errorf("mysql %s.%s compares by %s", name, c.Name, c.Collation)
			}
			if column.text && c.Collation != "utf8mb4_bin" { // D17
				t.Errorf("mysql %s.%s is %s", name, c.Name, c.Collation)
			}
		}
	}
}

// Both engines have the same indexes, and the lists of payments and refunds one in their order
// each: no page costs a walk over all that a merchant has.
func TestIndexesMatch(t *testing.T) {
	lite, my := open(t, sqliteConfig(t)), open(t, mysqlTestConfig(t))
	var onLite, onMy []string
	err := lite.read.Raw(`SELECT m.name || CASE i."unique" WHEN 1 THEN ' unique ' ELSE ' ' END || (SELECT group_concat(name, ' ') FROM (SELECT name FROM pragma_index_info(i.name) ORDER BY seqno))
		FROM sqlite_master m, pragma_index_list(m.name) i WHERE m.type = 'table' AND m.name NOT LIKE 'goose%' AND i.origin <> 'pk'`).Scan(&onLite).Error
	if err != nil {
		t.Fatal(err)
	}
	err = my.read.Raw(`SELECT CONCAT(table_name, IF(non_unique, ' ', ' unique '), GROUP_CONCAT(column_name ORDER BY seq_in_index SEPARATOR ' ')) FROM information_schema.statistics
		WHERE table_schema = DATABASE() AND table_name NOT LIKE 'goose%' AND index_name <> 'PRIMARY' GROUP BY table_name, index_name, non_unique`).Scan(&onMy).Error
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(onLite)
	slices.Sort(onMy)
	if !slices.Equal(onLite, onMy) {
		t.Errorf("sqlite %q\nmysql  %q", onLite, onMy)
	}
	for _, list := range []string{"payments merchant_id created_at id", "refunds merchant_id created_at id", "refunds merchant_id status created_at id"} {
		if !slices.Contains(onLite, list) {
			t.Errorf("no index for %s", list)
		}
	}
}

// Rule 4 of the engines that scale out: nothing that some of them ignore or lack. Nothing is
// dropped or renamed while an older program may run (D15). Column names never come from outside
// (W10, D14).
func TestSchemaForbids(t *testing.T) {
	for _, engine := range []string{"mysql", "sqlite"} {
		files, err := filepath.Glob("migrations/" + engine + "/*.sql")
		if err != nil || len(files) == 0 {
			t.Fatal(files, err)
		}
		for _, f := range files {
			text, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			for _, word := range []string{"AUTO_INCREMENT", "AUTOINCREMENT", "FOREIGN KEY", "REFERENCES", "TRIGGER", "ENUM", "DATETIME", "TIMESTAMP", "FLOAT", "DOUBLE", "DECIMAL",
				"DROP ", "RENAME", "MODIFY "} {
				if strings.Contains(strings.ToUpper(string(text)), word) {
					t.Errorf("%s uses %s", f, word)
				}
			}
		}
	}
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil || strings.HasSuffix(f, "_test.go") || f == "doc.go" {
			continue
		}
		for _, word := range []string{"SKIP LOCKED", "SAVEPOINT", ".Save(", ".Updates(", ".AutoMigrate(", ".FirstOrCreate(", ".SavePoint("} {
			if strings.Contains(string(text), word) {
				t.Errorf("%s uses %s", f, word)
			}
		}
	}
}

// Every field of core's rows has its column: a new field cannot be forgotten silently.
func TestEveryFieldHasAColumn(t *testing.T) {
	for _, pair := range []struct{ core, row any }{
		{core.Payment{}, paymentRow{}}, {core.Attempt{}, attemptRow{}}, {core.Refund{}, refundRow{}}, {core.Idempotency{}, idempotencyRow{}},
		{core.Inbox{}, inboxRow{}}, {core.Delivery{}, deliveryRow{}}, {core.Entry{}, entryRow{}}, {core.SealedPayer{}, payerRow{}}, {core.Nonce{}, nonceRow{}},
	} {
		c, r := reflect.TypeOf(pair.core), reflect.TypeOf(pair.row)
		fields := c.NumField()
		if _, ok := c.FieldByName("Said"); ok { // a column for each of its fields
			fields += reflect.TypeFor[core.GatewayWords]().NumField() - 1
		}
		if fields != r.NumField() {
			t.Errorf("%s has %d fields, %s %d", c, fields, r, r.NumField())
		}
	}
}

// P18: migrating twice, and from many nodes at once, ends in one schema.
func TestMigrateTogether(t *testing.T) {
	for _, e := range engines() {
		t.Run(e.name, func(t *testing.T) {
			config := e.config(t)
			var wg sync.WaitGroup
			for range 3 {
				s, err := Open(context.Background(), config)
				if err != nil {
					t.Fatal(err)
				}
				if err := s.Ready(context.Background()); core.CodeOf(err) != core.CodeUnavailable || !strings.Contains(err.Error(), "run migrate") {
					t.Fatalf("an empty database is ready: %v", err)
				}
				wg.Go(func() {
					if e.name == "sqlite" { // one process at a time: the file has one owner
						return
					}
					if err := s.Migrate(context.Background()); err != nil {
						t.Error(err)
					}
				})
				t.Cleanup(func() { _ = s.Close() })
			}
			wg.Wait()
			s := open(t, config)
			if err := s.Migrate(context.Background()); err != nil {
				t.Fatal(err)
			}
			if err := s.Ready(context.Background()); err != nil {
				t.Fatal(err)
			}
			execSQL(t, s, "DELETE FROM goose_db_version WHERE version_id > 0")
			if err := s.Ready(context.Background()); core.CodeOf(err) != core.CodeUnavailable {
				t.Fatalf("an old schema is ready: %v", err)
			}
		})
	}
}

// P18, D15: a migration that was killed between two tables is finished by the next start; a schema
// that is newer than the program serves it too, because changes only ever add (expand first,
// contract a version later).
func TestMigrateHalfDone(t *testing.T) {
	for _, e := range engines() {
		t.Run(e.name, func(t *testing.T) {
			s := open(t, e.config(t))
			execSQL(t, s, "DELETE FROM goose_db_version WHERE version_id > 0")
			// the last ones that a killed run would not have made
			for _, table := range []string{"accounts", "installation", "nodes", "nonces", "payers"} {
				execSQL(t, s, "DROP TABLE "+table)
			}
			// which undoes a killed migration: the columns of those that are to run are not there
			if s.config.Driver == DriverSQLite {
				dropAddedColumns(t, s)
			}
			if err := s.Migrate(context.Background()); err != nil {
				t.Fatal(err)
			}
			if err := s.Ready(context.Background()); err != nil {
				t.Fatal(err)
			}
			writeRows(t, s, &core.Nonce{KeyID: "k", Nonce: "n"})
			execSQL(t, s, "UPDATE goose_db_version SET version_id = 99 WHERE version_id = 1")
			if err := s.Ready(context.Background()); err != nil {
				t.Fatalf("a newer schema is refused: %v", err)
			}
		})
	}
}

// dropAddedColumns takes back what migrations add to older tables.
func dropAddedColumns(t *testing.T, s *Store) {
	t.Helper()
	files, err := filepath.Glob("migrations/sqlite/*.sql")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		for _, index := range regexp.MustCompile(`CREATE INDEX IF NOT EXISTS (\w+)`).FindAllStringSubmatch(string(text), -1) {
			execSQL(t, s, "DROP INDEX IF EXISTS "+index[1]) // it may be over a column of any file
		}
	}
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		columns := regexp.MustCompile(`ALTER TABLE (\w+) ADD COLUMN (\w+)`).FindAllStringSubmatch(string(text), -1)
		for _, added := range columns {
			execSQL(t, s, "ALTER TABLE "+added[1]+" DROP COLUMN "+added[2])
		}
	}
}

// INV-M2 has a guard of its own in the schema, for hands that bypass the program.
func TestCheckConstraint(t *testing.T) {
	for _, e := range engines() {
		t.Run(e.name, func(t *testing.T) {
			s := open(t, e.config(t))
			writeRows(t, s, pay("p"))
			err := s.write.Exec("UPDATE payments SET reserved_fen = 1 WHERE id = 'p'").Error
			if err == nil || classify(err) != failureRefused {
				t.Fatalf("money out of order was stored: %v", err)
			}
			// S17: and the guard's own belt, where an engine parses CHECK and forgets it.
			execSQL(t, s, "UPDATE payments SET paid_fen = 100 WHERE id = 'p'")
			p := pay("p")
			p.PaidFen, p.ReservedFen = 200, 150
			_, err = s.Do(context.Background(), core.Unit{Decide: func(core.View) (core.Writes, error) {
				return core.Writes{Guards: []core.Row{p}, Inserts: []core.Row{audit("a", start)}}, nil
			}})
			if core.CodeOf(err) != core.CodeContended {
				t.Fatalf("more was reserved than the row says was paid: %v", err)
			}
		})
	}
}

func TestSQLiteDSN(t *testing.T) {
	dir := t.TempDir()
	for dsn, good := range map[string]bool{
		":memory:": false, "": false, "file::memory:?cache=shared": false, filepath.Join(dir, "a.db") + "?mode=memory": false,
		filepath.Join(dir, "b.db") + "?_pragma=synchronous(OFF)": false, filepath.Join(dir, "c.db") + "?_txlock=deferred": false,
		filepath.Join(dir, "g.db") + "?_time_format=sqlite": false, filepath.Join(dir, "h.db") + "?%zz": false,
		filepath.Join(dir, "d.db"): true, "file:" + filepath.Join(dir, "e.db"): true, filepath.Join(dir, "missing", "f.db"): false,
	} {
		s, err := Open(context.Background(), Config{Driver: DriverSQLite, DSN: dsn})
		if good != (err == nil) || err != nil && core.CodeOf(err) != core.CodeInvalid {
			t.Errorf("%q: %v", dsn, err)
		}
		if err == nil {
			_ = s.Close()
		}
	}
	if info, err := os.Stat(filepath.Join(dir, "d.db")); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("a new database file has mode %v, %v", info.Mode(), err)
	}
	if _, err := Open(context.Background(), Config{Driver: "postgres"}); core.CodeOf(err) != core.CodeInvalid {
		t.Errorf("postgres: %v", err)
	}
}

// What was answered is there after the process is gone: nothing is kept in memory only.
func TestReopen(t *testing.T) {
	for _, e := range engines() {
		t.Run(e.name, func(t *testing.T) {
			config := e.config(t)
			first := open(t, config)
			for i := range 20 {
				writeRows(t, first, pay(fmt.Sprint("p", i)))
			}
			// the first is still open: as after a crash, nobody said goodbye
			second := open(t, config)
			for i := range 20 {
				if v, err := second.See(context.Background(), key(fmt.Sprint("p", i))); err != nil || v.Order(key(fmt.Sprint("p", i))) == nil {
					t.Fatalf("p%d: %v", i, err)
				}
			}
		})
	}
}
