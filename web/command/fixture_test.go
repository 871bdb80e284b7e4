package command_test

import (
	"compress/gzip"
	"crypto/rand"
	"database/sql"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/paymux/paymux/config"
	"github.com/paymux/paymux/core/store"
)

// fixtureFolder holds dumps of databases as earlier versions left them.
const fixtureFolder = "../../core/store/testdata/fixtures/"

// fixtureKey is the master key under which the fixtures' secrets are sealed.
func fixtureKey(t *testing.T) *config.MasterKey {
	t.Helper()
	name := filepath.Join(t.TempDir(), "master.key")
	if err := os.WriteFile(name, fileBytes(t, fixtureFolder+"master.key"), 0o600); err != nil {
		t.Fatal(err)
	}
	key, err := config.OpenMasterKey(name, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// loadFixture puts a dump into an empty database.
func loadFixture(t *testing.T, name, dsn string) {
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
	driver := "sqlite"
	if strings.Contains(name, "mysql") {
		driver, dsn = "mysql", dsn+"?multiStatements=true"
	}
	db, err := sql.Open(driver, dsn)
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	_, err = db.Exec(string(text))
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
}

// databaseOf is the name of the database in a DSN of MySQL.
func databaseOf(dsn string) string {
	name, _, _ := strings.Cut(dsn[strings.LastIndex(dsn, "/")+1:], "?")
	return name
}

// schemaOf is the newest migration that a database has.
func schemaOf(driver, dsn string) (version int64, err error) {
	db, err := sql.Open(map[string]string{store.DriverSQLite: "sqlite", store.DriverMySQL: "mysql"}[driver], dsn)
	if err != nil {
		return 0, err
	}
	err = db.QueryRow("SELECT MAX(version_id) FROM goose_db_version WHERE is_applied").Scan(&version)
	return version, errors.Join(err, db.Close())
}

// P18: "paymux migrate" takes over what earlier versions left, "paymux verify" finds it sound, and
// every secret in it opens under the master key that it was sealed with, and under no other.
func TestFixturesAreTakenOver(t *testing.T) {
	names, err := filepath.Glob(fixtureFolder + "*.sql.gz")
	if err != nil || len(names) < 2 {
		t.Fatal(names, err)
	}
	for _, name := range names {
		t.Run(filepath.Base(name), func(t *testing.T) {
			driver, dsn := store.DriverSQLite, filepath.Join(t.TempDir(), "paymux.db")
			if strings.Contains(name, store.DriverMySQL) {
				driver, dsn = store.DriverMySQL, mariaDB(t)
			}
			loadFixture(t, name, dsn)
			s := newSite(t, driver, dsn, "")
			if code, out, errs := run(t, nil, "migrate", "--config", s.path("paymux.yaml")); code != 0 {
				t.Fatalf("migrate: exit %d\n%s%s", code, out, errs)
			}
			code, report := verify(t, "--config", s.path("paymux.yaml"))
			if code != 0 || report.Orders != 200 || report.Audit.Rows == 0 || report.Audit.Unsealed == 0 || len(report.Parked) == 0 {
				t.Fatalf("exit %d, %+v", code, report)
			}
			secretsOpen(t, driver, dsn, fixtureKey(t))
		})
	}
}

// secretsOpen opens everything sealed that a database holds.
func secretsOpen(t *testing.T, driver, dsn string, key *config.MasterKey) {
	t.Helper()
	other, err := config.CreateMasterKey(filepath.Join(t.TempDir(), "other.key"), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open(map[string]string{store.DriverSQLite: "sqlite", store.DriverMySQL: "mysql"}[driver], dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	for table, purpose := range map[string]string{"payers": "payer", "inbox": "inbox"} {
		sealed := sealedIn(t, db, table)
		if len(sealed) == 0 {
			t.Fatalf("%s holds nothing sealed", table)
		}
		for _, text := range sealed {
			plain, err := key.Open(purpose, text)
			if err != nil || len(plain) == 0 || plain[0] != '{' {
				t.Fatalf("%s: %q, %v", table, plain, err)
			}
			if _, err := other.Open(purpose, text); !errors.Is(err, config.ErrSealed) {
				t.Fatalf("%s opens under any key: %v", table, err)
			}
		}
	}
}

// sealedIn lists the sealed texts of a table.
func sealedIn(t *testing.T, db *sql.DB, table string) (all []string) {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), "SELECT sealed FROM "+table)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var sealed []byte
		if err := rows.Scan(&sealed); err != nil {
			t.Fatal(err)
		}
		all = append(all, string(sealed))
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}

// openSQLite opens a database file for a test's own hands.
func openSQLite(t *testing.T, file string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", file)
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	return db
}
