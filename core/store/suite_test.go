package store

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"

	mysqldriver "github.com/go-sql-driver/mysql"

	"github.com/paymux/paymux/core"
	"github.com/paymux/paymux/core/storetest"
)

// engine is a database that tests run on.
type engine struct {
	name   string
	config func(t testing.TB) Config
}

func engines() []engine {
	return []engine{{"sqlite", sqliteConfig}, {"mysql", mysqlTestConfig}}
}

func sqliteConfig(t testing.TB) Config {
	return Config{Driver: DriverSQLite, DSN: filepath.Join(t.TempDir(), "paymux.db")}
}

// mysqlTestConfig makes a database of this test's own and drops it at the end. A machine without
// MySQL must say so: PAYMUX_TEST_SKIP=mysql.
func mysqlTestConfig(t testing.TB) Config {
	t.Helper()
	if strings.Contains(os.Getenv("PAYMUX_TEST_SKIP"), "mysql") {
		t.Skip("PAYMUX_TEST_SKIP names mysql")
	}
	dsn := os.Getenv("PAYMUX_TEST_MYSQL_DSN")
	if dsn == "" {
		dsn = "root@tcp(127.0.0.1:3306)/"
	}
	config, err := mysqldriver.ParseDSN(dsn)
	if err != nil {
		t.Fatal(err)
	}
	var b [6]byte
	if _, err := rand.Read(b[:]); err != nil {
		t.Fatal(err)
	}
	config.DBName = ""
	admin, err := sql.Open("mysql", config.FormatDSN())
	if err != nil {
		t.Fatal(err)
	}
	name := "paymux_test_" + hex.EncodeToString(b[:])
	if _, err := admin.Exec("CREATE DATABASE " + name); err != nil {
		t.Fatalf("a MySQL or MariaDB server is needed (PAYMUX_TEST_MYSQL_DSN), or PAYMUX_TEST_SKIP=mysql: %v", err)
	}
	t.Cleanup(func() {
		if _, err := admin.Exec("DROP DATABASE " + name); err != nil {
			t.Error(err)
		}
		if err := admin.Close(); err != nil {
			t.Error(err)
		}
	})
	config.DBName = name
	return Config{Driver: DriverMySQL, DSN: config.FormatDSN()}
}

// open opens a migrated store that is closed when the test ends.
func open(t testing.TB, c Config) *Store {
	t.Helper()
	s, err := Open(context.Background(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := s.Migrate(context.Background()); err != nil {
		t.Fatal(err)
	}
	return s
}

// The suite's cases carry these catalogue rows: C11 D01 D02 D05 D09 D10 D11 D14 D17 D18 D19 I01 I03
// I07 P17 S04 S10 S13 S15 S16 W01 W10.
//
// The suite passes with units joined and with each alone, on every engine: joining changes nothing
// but the speed.
func TestSuite(t *testing.T) {
	t.Parallel() // most of it is waiting for locks
	for _, e := range engines() {
		for name, alone := range map[string]bool{"joined": false, "alone": true} {
			t.Run(e.name+"/"+name, func(t *testing.T) {
				config := e.config(t)
				faults := &faults{}
				config.alone, config.wrap = alone, faults.wrap
				s := faultyStore{open(t, config), faults}
				storetest.Run(t, func(*testing.T) core.Store { return s })
				if !alone { // a unit that is never joined keeps no other waiting
					storetest.RunHeld(t, another(config))
				}
			})
		}
	}
}

// another opens one more store of a database that is migrated already, for each who asks.
func another(c Config) func(*testing.T) core.Store {
	return func(t *testing.T) core.Store {
		s, err := Open(context.Background(), c)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
		return faultyStore{s, &faults{}}
	}
}

// D19: rows that another session holds keep strangers nowhere, whichever way a session is told not
// to wait for locks: MariaDB's is in TestSuite, NOWAIT is MySQL's and TiDB's.
func TestHeldRowsByNowait(t *testing.T) {
	t.Parallel()
	config := mysqlTestConfig(t)
	config.nowait = true
	if s := open(t, config); !s.clause {
		t.Fatal("the server does not know NOWAIT")
	}
	storetest.RunHeld(t, another(config))
}
