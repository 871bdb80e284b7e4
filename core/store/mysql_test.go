package store

import (
	"context"
	"database/sql"
	"maps"
	"strings"
	"testing"

	mysqldriver "github.com/go-sql-driver/mysql"

	"github.com/paymux/paymux/core"
	"github.com/paymux/paymux/core/storetest"
)

// D05, D10: a DSN that contradicts what paymux depends on is refused by name.
func TestMySQLDSN(t *testing.T) {
	const base = "root@tcp(127.0.0.1:3306)/paymux"
	for dsn, want := range map[string]string{
		base + "?clientFoundRows=true":             "clientFoundRows",
		base + "?multiStatements=true":             "multiStatements",
		base + "?loc=Asia%2FShanghai":              "loc",
		base + "?time_zone=%27%2B08%3A00%27":       "time_zone",
		base + "?charset=gbk":                      "charset",
		base + "?allowAllFiles=true":               "allowAllFiles",
		"root@tcp(127.0.0.1:3306)/":                "names no database",
		"nonsense":                                 "cannot be read",
		base:                                       "",
		base + "?time_zone=%27%2B00%3A00%27":       "",
		base + "?charset=utf8mb4&parseTime=true":   "",
		base + "?tls=skip-verify&rejectReadOnly=0": "",
	} {
		c, err := Config{Driver: DriverMySQL, DSN: dsn}.withDefaults()
		if err != nil {
			t.Fatal(err)
		}
		got, err := mysqlConfig(c)
		if want != "" {
			if core.CodeOf(err) != core.CodeInvalid || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v, want a refusal of %s", dsn, err, want)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", dsn, err)
			continue
		}
		// D06
		if got.ClientFoundRows || got.MultiStatements || !got.ParseTime || !got.RejectReadOnly || got.Params["time_zone"] != "'+00:00'" || got.ReadTimeout == 0 {
			t.Errorf("%s: %+v", dsn, got)
		}
	}
}

// A password never leaves in an error.
func TestMySQLErrorsHideThePassword(t *testing.T) {
	for _, dsn := range []string{"root:hunter2@tcp(127.0.0.1:1)/paymux", "root:hunter2@/%zz", "root:hunter2@tcp(127.0.0.1:1)/x?loc=hunter"} {
		if _, err := Open(context.Background(), Config{Driver: DriverMySQL, DSN: dsn}); err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v", dsn, err)
		}
	}
}

// D05, D09, D10, D13: each setting is asserted, and the refusal names it. The server's answers are
// replaced, so that no shared server is changed.
func TestMySQLAssertions(t *testing.T) {
	good := map[string]string{
		"sql_mode": "STRICT_TRANS_TABLES,NO_ENGINE_SUBSTITUTION", "time_zone": "+00:00", "character_set_client": "utf8mb4",
		"character_set_connection": "utf8mb4", "autocommit": "ON", "read_only": "OFF", "innodb_flush_log_at_trx_commit": "1", "sync_binlog": "0",
		"log_bin": "OFF", "wsrep_on": "OFF",
	}
	for _, c := range []struct {
		set    map[string]string
		config Config
		want   string
	}{
		{nil, Config{}, ""},
		{map[string]string{"sql_mode": ""}, Config{}, "sql_mode"},
		{map[string]string{"sql_mode": "STRICT_ALL_TABLES"}, Config{}, ""},
		{map[string]string{"time_zone": "SYSTEM"}, Config{}, "time_zone"},
		{map[string]string{"character_set_client": "latin1"}, Config{}, "character_set_client"},
		{map[string]string{"autocommit": "OFF"}, Config{}, "autocommit"},
		{map[string]string{"read_only": "ON"}, Config{}, "read_only"}, // D07, I13: primary only
		{map[string]string{"innodb_flush_log_at_trx_commit": "2"}, Config{}, "innodb_flush_log_at_trx_commit"},
		{map[string]string{"innodb_flush_log_at_trx_commit": "2"}, Config{AcceptDataLoss: true}, ""},
		{map[string]string{"log_bin": "ON"}, Config{}, "sync_binlog"},
		{map[string]string{"log_bin": "ON", "sync_binlog": "1"}, Config{}, ""},
		{map[string]string{"log_bin": "ON"}, Config{AcceptDataLoss: true}, ""},
		{map[string]string{"wsrep_on": "ON"}, Config{}, "db.topology"},
		{map[string]string{"wsrep_on": "ON"}, Config{Topology: TopologyGalera}, ""},
		{nil, Config{Topology: TopologyGalera}, "db.topology"},
	} {
		have := maps.Clone(good)
		maps.Copy(have, c.set)
		err := assertSettings(have, c.config)
		if c.want == "" && err != nil || c.want != "" && (core.CodeOf(err) != core.CodeInvalid || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%v with %+v: %v, want %q", c.set, c.config, err, c.want)
		}
	}
}

// A session that a stranger's init_connect or proxy spoilt is noticed on the real server too.
func TestMySQLAssertionsLive(t *testing.T) {
	config := mysqlTestConfig(t)
	open(t, config) // a stock server passes
	parsed, err := mysqldriver.ParseDSN(config.DSN)
	if err != nil {
		t.Fatal(err)
	}
	parsed.Params = map[string]string{"sql_mode": "''"}
	_, err = Open(context.Background(), Config{Driver: DriverMySQL, DSN: parsed.FormatDSN()})
	if core.CodeOf(err) != core.CodeInvalid || !strings.Contains(err.Error(), "sql_mode") {
		t.Fatalf("a lax session was accepted: %v", err)
	}
}

// What only a person can mend is said as such, and says what to do.
func TestMySQLNotLetIn(t *testing.T) {
	for _, c := range []struct {
		change func(*mysqldriver.Config)
		want   string
	}{
		{func(d *mysqldriver.Config) { d.DBName = "paymux_no_such_database" }, "create it"},
		{func(d *mysqldriver.Config) { d.User, d.Passwd = "paymux_no_such_user", "wrong" }, "does not let this user in"},
	} {
		config := mysqlTestConfig(t)
		parsed, err := mysqldriver.ParseDSN(config.DSN)
		if err != nil {
			t.Fatal(err)
		}
		c.change(parsed)
		_, err = Open(context.Background(), Config{Driver: DriverMySQL, DSN: parsed.FormatDSN()})
		if core.CodeOf(err) != core.CodeInvalid || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v, want %q", err, c.want)
		}
	}
}

// The pools' sessions are what the code depends on.
func TestMySQLSessions(t *testing.T) {
	s := open(t, mysqlTestConfig(t))
	for i, want := range []string{"READ-COMMITTED", "REPEATABLE-READ"} {
		var name, isolation, zone string
		// the name depends on the server
		row := s.pools[i].QueryRow("SHOW VARIABLES WHERE Variable_name IN ('tx_isolation', 'transaction_isolation')")
		if err := row.Scan(&name, &isolation); err != nil {
			t.Fatal(err)
		}
		if err := s.pools[i].QueryRow("SELECT @@time_zone").Scan(&zone); err != nil {
			t.Fatal(err)
		}
		if isolation != want || zone != "+00:00" {
			t.Errorf("pool %d: %s, %s", i, isolation, zone)
		}
	}
}

// D04: the suite passes with innodb_snapshot_isolation as well, the default from MariaDB 11.6 on.
func TestSuiteSnapshotIsolation(t *testing.T) {
	t.Parallel()
	config := mysqlTestConfig(t)
	parsed, err := mysqldriver.ParseDSN(config.DSN)
	if err != nil {
		t.Fatal(err)
	}
	parsed.Params = map[string]string{"innodb_snapshot_isolation": "1"}
	config.DSN = parsed.FormatDSN()
	db, err := sql.Open("mysql", config.DSN)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.Ping(); err != nil {
		if strings.Contains(err.Error(), "1193") {
			t.Skip("this server has no innodb_snapshot_isolation")
		}
		t.Fatal(err)
	}
	faults := &faults{}
	config.wrap = faults.wrap
	s := faultyStore{open(t, config), faults}
	storetest.Run(t, func(*testing.T) core.Store { return s })
	storetest.RunHeld(t, another(config))
}

// D02, D03, D04: conflicts are run again, from their reads; a lock that is held too long ends in an
// answer, with everything rolled back.
func TestMySQLLockWait(t *testing.T) {
	s := open(t, mysqlTestConfig(t))
	writeRows(t, s, pay("p"))
	blocker := s.write.Begin()
	if err := blocker.Exec("SELECT id FROM payments WHERE id = 'p' FOR UPDATE").Error; err != nil {
		t.Fatal(err)
	}
	released := make(chan struct{})
	ran := 0
	bump := core.Unit{Keys: []core.Key{key("p")}, Decide: func(v core.View) (core.Writes, error) {
		ran++
		o := v.Order(key("p"))
		o.Payment.Sequence++
		return core.Writes{Guards: []core.Row{&o.Payment}, Inserts: []core.Row{audit("a", start)}}, nil
	}}
	// The blocker lets go after the server has refused the lock once: the faults' driver would not
	// see that, the server's counter does.
	go func() {
		defer close(released)
		for waits := 0; waits == 0; {
			var name string
			if err := s.pools[1].QueryRow("SHOW STATUS LIKE 'Innodb_row_lock_current_waits'").Scan(&name, &waits); err != nil {
				t.Error(err)
				break
			}
		}
		if err := blocker.Rollback().Error; err != nil {
			t.Error(err)
		}
	}()
	v, err := s.Do(context.Background(), bump)
	<-released
	if err != nil || v.Duplicate != "" || ran != 1 {
		t.Fatalf("%+v, %v, Decide ran %d times", v, err, ran)
	}
	for number, want := range map[uint16]failure{
		1213: failureConflict, 1205: failureWait, 3572: failureWait, 1020: failureConflict, 9007: failureConflict, 8002: failureConflict, 8022: failureConflict,
		8028: failureConflict, 1062: failureDuplicate, 1406: failureRefused, 4025: failureRefused, 1114: failureBroken, 1053: failureBroken,
	} {
		if got := classify(&mysqldriver.MySQLError{Number: number}); got != want {
			t.Errorf("error %d is %v, want %v", number, got, want)
		}
	}
}

// D11: the violated key is read from the message of either server.
func TestUniqueOf(t *testing.T) {
	for message, want := range map[string]core.Unique{
		"Duplicate entry 'm-no' for key 'merchant_order_no'":                     core.UniqueMerchantOrder,
		"Duplicate entry 'm-no' for key 'payments.merchant_order_no'":            core.UniqueMerchantOrder,
		"Duplicate entry 'it's for key 'token'' for key 'attempts.out_trade_no'": core.UniqueOutTradeNo,
		"Duplicate entry 'x' for key 'PRIMARY'":                                  core.UniqueID,
		"Duplicate entry 'x' for key 'events.row_id'":                            core.UniqueID,
		"Duplicate entry 'm-payment.create-k' for key 'idempotency.idempotency'": core.UniqueIdempotency,
		"Duplicate entry 'alipay-2026' for key 'trade_no'":                       core.UniqueTradeNo,
		"Duplicate entry '...' for key 'inbox.inbox_digest'":                     core.UniqueInboxDigest,
		"Duplicate entry 'evt_1-endpoint' for key 'delivery'":                    core.UniqueDelivery,
	} {
		if got := uniqueOf("payments", &mysqldriver.MySQLError{Number: 1062, Message: message}); got != want {
			t.Errorf("%s: %q, want %q", message, got, want)
		}
	}
	if got := uniqueOf("nonces", &mysqldriver.MySQLError{Number: 1062, Message: "Duplicate entry 'k-n' for key 'PRIMARY'"}); got != core.UniqueNonce {
		t.Errorf("nonces: %q", got)
	}
}
