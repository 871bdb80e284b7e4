package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"net/url"
	"strings"
	"time"

	mysqldriver "github.com/go-sql-driver/mysql"
	"gorm.io/driver/mysql"
	"gorm.io/gorm"

	"github.com/paymux/paymux/core"
)

// openMySQL opens a pool that writes at READ COMMITTED and a pool that reads at REPEATABLE READ, so
// that See is one consistent view.
func (s *Store) openMySQL(ctx context.Context) error {
	config, err := mysqlConfig(s.config)
	if err != nil {
		return err
	}
	galera := s.config.Topology == TopologyGalera
	for _, pool := range []struct {
		isolation string
		size      int
		brisk     bool
		db        **gorm.DB
	}{
		{"READ COMMITTED", s.config.Writers + 2, false, &s.write},
		{"REPEATABLE READ", s.config.MaxOpen, false, &s.read},
		{"READ COMMITTED", asides, false, &s.side},
		{"READ COMMITTED", s.config.Writers, true, &s.quick},
	} {
		inner, err := mysqldriver.NewConnector(config)
		if err != nil {
			return core.Errorf(core.CodeInvalid, "db.dsn: %v", err)
		}
		db := sql.OpenDB(s.config.wrap(session{Connector: inner, isolation: pool.isolation, galera: galera, brisk: pool.brisk && !s.config.nowait}))
		s.pools = append(s.pools, db)
		db.SetMaxOpenConns(pool.size)
		db.SetMaxIdleConns(pool.size)
		db.SetConnMaxLifetime(30 * time.Minute)
		if err := assertMySQL(ctx, db, s.config); err != nil {
			return err
		}
		*pool.db, err = gorm.Open(mysql.New(mysql.Config{Conn: db, SkipInitializeWithVersion: true}), gormConfig())
		if err != nil {
			return unavailable("the database cannot be opened", err)
		}
	}
	return s.learnBrisk(ctx)
}

// learnBrisk finds out how a session is told not to wait for locks: by a lock wait of 0 seconds
// (MariaDB), by NOWAIT in each statement that locks (MySQL 8, TiDB), or not at all.
func (s *Store) learnBrisk(ctx context.Context) error {
	var seconds int
	if err := s.quick.WithContext(ctx).Raw("SELECT @@innodb_lock_wait_timeout").Scan(&seconds).Error; err != nil {
		return unavailable("the database does not answer", err)
	}
	if seconds == 0 && !s.config.nowait {
		return nil
	}
	var none []int
	err := s.quick.WithContext(ctx).Raw("SELECT 1 FROM information_schema.schemata WHERE 1 = 0 FOR UPDATE NOWAIT").Scan(&none).Error
	const syntax = 1064
	if my, ok := errors.AsType[*mysqldriver.MySQLError](err); ok && my.Number == syntax {
		s.quick = nil
		return nil
	}
	s.clause = true
	return nil
}

// mysqlConfig reads the DSN and fixes what paymux depends on. A DSN that says otherwise is refused,
// so that nobody believes it counts.
func mysqlConfig(c Config) (*mysqldriver.Config, error) {
	config, err := mysqldriver.ParseDSN(c.DSN)
	if err != nil {
		return nil, core.Errorf(core.CodeInvalid, "db.dsn cannot be read: write it as user:password@tcp(host:3306)/database")
	}
	if config.DBName == "" {
		return nil, core.Errorf(core.CodeInvalid, "db.dsn names no database: write it as user:password@tcp(host:3306)/database")
	}
	for _, refused := range []struct {
		set           bool
		name, because string
	}{
		{config.ClientFoundRows, "clientFoundRows=true", "a guard must see how many rows it changed, not how many it matched"},
		{config.MultiStatements, "multiStatements=true", "one statement at a time is all that is ever sent"},
		{config.Loc != time.UTC, "loc=" + config.Loc.String(), "the session runs in UTC"},
		{otherParam(config, "time_zone", "'+00:00'"), "time_zone", "the session runs in UTC"},
		{otherCharset(c.DSN), "charset", "texts hold every character"},
		{config.AllowAllFiles, "allowAllFiles=true", "no file is ever loaded"},
	} {
		if refused.set {
			return nil, core.Errorf(core.CodeInvalid, "db.dsn sets %s; take it out: %s", refused.name, refused.because)
		}
	}
	// one round trip per statement, not three
	config.ParseTime, config.RejectReadOnly, config.InterpolateParams = true, true, true
	if err := config.Apply(mysqldriver.Charset("utf8mb4", "")); err != nil {
		return nil, core.Errorf(core.CodeInvalid, "db.dsn: %v", err)
	}
	if config.Params == nil {
		config.Params = map[string]string{}
	}
	config.Params["time_zone"] = "'+00:00'"
	// Who does not get a lock soon goes aside (D19); InnoDB's own 50 seconds would outlast every
	// caller, and hold up all who share the commit.
	config.Params["innodb_lock_wait_timeout"] = "1"
	config.Timeout, config.ReadTimeout, config.WriteTimeout = c.Timeout, c.Timeout, c.Timeout
	config.Logger = &mysqldriver.NopLogger{}
	return config, nil
}

// otherCharset looks into the DSN itself: the driver keeps a character set to itself once it has
// read it.
func otherCharset(dsn string) bool {
	_, query, _ := strings.Cut(dsn[strings.LastIndex(dsn, "/")+1:], "?")
	values, err := url.ParseQuery(query)
	return err == nil && values.Has("charset") && values.Get("charset") != "utf8mb4"
}

func otherParam(config *mysqldriver.Config, name, want string) bool {
	have, ok := config.Params[name]
	return ok && have != want
}

// session sets on each new connection what a DSN cannot say alike on every engine.
type session struct {
	driver.Connector
	isolation string
	galera    bool
	brisk     bool
}

// Connect opens a connection and prepares its session.
func (s session) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := s.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	statements := []string{"SET SESSION TRANSACTION ISOLATION LEVEL " + s.isolation}
	if s.galera {
		// reads see every commit that was answered on any node
		statements = append(statements, "SET SESSION wsrep_sync_wait = 1")
	}
	exec, ok := conn.(driver.ExecerContext)
	if !ok {
		return nil, errors.Join(driver.ErrBadConn, conn.Close())
	}
	for _, statement := range statements {
		if _, err := exec.ExecContext(ctx, statement, nil); err != nil {
			return nil, errors.Join(err, conn.Close())
		}
	}
	if s.brisk {
		_, err := exec.ExecContext(ctx, "SET SESSION innodb_lock_wait_timeout = 0", nil)
		if _, refused := errors.AsType[*mysqldriver.MySQLError](err); err != nil && !refused {
			return nil, errors.Join(err, conn.Close())
		}
	}
	return conn, nil
}

// assertMySQL refuses a server or session that would cut values, shift times or lose commits (D05,
// D09, D10, D13). Each refusal names the setting and the remedy.
func assertMySQL(ctx context.Context, db *sql.DB, c Config) error {
	have, err := variables(ctx, db)
	if my, ok := errors.AsType[*mysqldriver.MySQLError](err); ok {
		switch my.Number { // waiting mends none of these
		case 1049:
			return &core.Error{Code: core.CodeInvalid, Message: "db.dsn: the server has no such database: create it, with CHARACTER SET utf8mb4", Err: err}
		case 1044, 1045, 1698:
			return &core.Error{Code: core.CodeInvalid, Message: "db.dsn: the server does not let this user in: check name, password, and rights on the database", Err: err}
		}
	}
	if err != nil {
		return unavailable("the database does not answer", err)
	}
	return assertSettings(have, c)
}

// assertSettings judges what a session has. A setting that an engine lacks is not held against it.
func assertSettings(have map[string]string, c Config) error {
	if !strings.Contains(have["sql_mode"], "STRICT_TRANS_TABLES") && !strings.Contains(have["sql_mode"], "STRICT_ALL_TABLES") {
		return setting("sql_mode", have["sql_mode"], "STRICT_TRANS_TABLES in it", "values would be cut silently: SET GLOBAL sql_mode = CONCAT(@@sql_mode, ',STRICT_TRANS_TABLES')")
	}
	binlog := have["log_bin"] == "ON"
	for _, a := range []struct {
		when               bool
		name, want, remedy string
	}{
		{true, "time_zone", "+00:00", "the session's zone is set by paymux: let no init_connect or proxy change it"},
		{true, "character_set_client", "utf8mb4", "the session's character set is set by paymux: let no init_connect or proxy change it"},
		{true, "character_set_connection", "utf8mb4", "the session's character set is set by paymux: let no init_connect or proxy change it"},
		{true, "autocommit", "ON", "SET GLOBAL autocommit = ON"},
		{true, "read_only", "OFF", "this is a replica, and money paths read the primary only: name the primary in db.dsn"},
		{!c.AcceptDataLoss, "innodb_flush_log_at_trx_commit", "1", "answered payments could be lost: SET GLOBAL innodb_flush_log_at_trx_commit = 1, or set db.accept_data_loss"},
		{!c.AcceptDataLoss && binlog, "sync_binlog", "1", "answered payments could be lost: SET GLOBAL sync_binlog = 1, or set db.accept_data_loss"},
	} {
		if value, ok := have[a.name]; a.when && ok && value != a.want {
			return setting(a.name, value, a.want, a.remedy)
		}
	}
	return assertTopology(have, c)
}

// assertTopology lets Galera in only where its conflicts at commit are expected.
func assertTopology(have map[string]string, c Config) error {
	galera := have["wsrep_on"] == "ON"
	if galera && c.Topology != TopologyGalera {
		return setting("wsrep_on", "ON", "a declaration", "this is a Galera cluster: set db.topology to galera")
	}
	if !galera && c.Topology == TopologyGalera {
		return setting("wsrep_on", orNone(have["wsrep_on"]), "ON", "this is no Galera cluster: set db.topology to single")
	}
	return nil
}

func setting(name, have, want, remedy string) error {
	return core.Errorf(core.CodeInvalid, "the database has %s = %s, but paymux needs %s: %s", name, orNone(have), want, remedy)
}

func orNone(s string) string {
	if s == "" {
		return "(empty)"
	}
	return s
}

// variables reads the session's settings; engines that lack one leave it out.
func variables(ctx context.Context, db *sql.DB) (map[string]string, error) {
	rows, err := db.QueryContext(ctx, `SHOW VARIABLES WHERE Variable_name IN ('sql_mode', 'time_zone', 'character_set_client', 'character_set_connection',
		'autocommit', 'read_only', 'innodb_flush_log_at_trx_commit', 'sync_binlog', 'log_bin', 'wsrep_on')`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	have := map[string]string{}
	for rows.Next() {
		var name, value string
		if err := rows.Scan(&name, &value); err != nil {
			return nil, err
		}
		have[name] = value
	}
	return have, rows.Err()
}
