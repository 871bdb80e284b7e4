package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"strings"
	"sync"

	"github.com/paymux/paymux/core"
	"github.com/paymux/paymux/core/storetest"
)

// faultyStore is a store whose connections break on demand.
type faultyStore struct {
	*Store
	faults *faults
}

// Fail makes the next commit suffer the fault.
func (s faultyStore) Fail(f storetest.Fault) bool {
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	s.faults.next = f
	return true
}

// faults breaks what passes through the driver, where a network would.
type faults struct {
	mu   sync.Mutex
	next storetest.Fault
	dead int // how many further transactions cannot be begun
}

var errGone = errors.New("the server has gone away")

// take consumes the armed fault if it is one of these.
func (f *faults) take(these ...storetest.Fault) storetest.Fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, t := range these {
		if f.next == t {
			f.next = storetest.FaultNone
			if t == storetest.FaultSilent {
				f.dead = 2
			}
			return t
		}
	}
	return storetest.FaultNone
}

func (f *faults) wrap(c driver.Connector) driver.Connector { return faultConnector{c, f} }

type faultConnector struct {
	driver.Connector
	faults *faults
}

func (c faultConnector) Connect(ctx context.Context) (driver.Conn, error) {
	inner, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return &faultConn{Conn: inner, faults: c.faults}, nil
}

type faultConn struct {
	driver.Conn
	faults *faults
	broken bool
}

func (c *faultConn) BeginTx(ctx context.Context, o driver.TxOptions) (driver.Tx, error) {
	c.faults.mu.Lock()
	dead := c.faults.dead > 0
	if dead {
		c.faults.dead--
	}
	c.faults.mu.Unlock()
	if dead {
		return nil, errGone
	}
	tx, err := c.Conn.(driver.ConnBeginTx).BeginTx(ctx, o)
	if err != nil {
		return nil, err
	}
	return faultTx{tx, c}, nil
}

func (c *faultConn) ExecContext(ctx context.Context, q string, args []driver.NamedValue) (driver.Result, error) {
	if strings.HasPrefix(q, "UPDATE") && strings.Contains(q, "version + 1") && c.faults.take(storetest.FaultMiss) != storetest.FaultNone {
		return driver.RowsAffected(0), nil
	}
	if strings.HasPrefix(q, "INSERT") && c.faults.take(storetest.FaultBefore) != storetest.FaultNone {
		c.broken = true
		return nil, errGone
	}
	return c.Conn.(driver.ExecerContext).ExecContext(ctx, q, args)
}

func (c *faultConn) QueryContext(ctx context.Context, q string, args []driver.NamedValue) (driver.Rows, error) {
	return c.Conn.(driver.QueryerContext).QueryContext(ctx, q, args)
}

func (c *faultConn) IsValid() bool {
	v, ok := c.Conn.(driver.Validator)
	return !c.broken && (!ok || v.IsValid())
}

func (c *faultConn) CheckNamedValue(v *driver.NamedValue) error {
	if checker, ok := c.Conn.(driver.NamedValueChecker); ok {
		return checker.CheckNamedValue(v)
	}
	return driver.ErrSkip
}

type faultTx struct {
	driver.Tx
	conn *faultConn
}

func (t faultTx) Commit() error {
	fault := t.conn.faults.take(storetest.FaultLost, storetest.FaultAfter, storetest.FaultSilent)
	switch fault {
	case storetest.FaultNone:
		return t.Tx.Commit()
	case storetest.FaultLost:
		t.conn.broken = true
		return errors.Join(errGone, t.Tx.Rollback())
	default:
		t.conn.broken = true
		return errors.Join(errGone, t.Tx.Commit())
	}
}

// Hold has a session of its own lock rows and insert others, as a person at the database would.
func (s faultyStore) Hold(stored, fresh []core.Row) (release func(), doesNotApply string) {
	if s.config.Driver == DriverSQLite {
		return nil, "SQLite has one writer for the whole file, and no lock of a row"
	}
	db, err := sql.Open("mysql", s.config.DSN)
	if err != nil {
		panic(err)
	}
	tx, err := db.Begin()
	if err != nil {
		panic(err)
	}
	for _, r := range stored {
		table, _, _ := rowOf(r)
		var id string
		if err := tx.QueryRow("SELECT id FROM "+table+" WHERE id = ? FOR UPDATE", r.RowID()).Scan(&id); err != nil {
			panic(err)
		}
	}
	for _, r := range fresh {
		table, row, _ := rowOf(r)
		t := s.tables[table]
		if _, err := tx.Exec(t.insert+"(?"+strings.Repeat(", ?", len(t.columns)-1)+")", values(row, t.columns, nil)...); err != nil {
			panic(err)
		}
	}
	return func() {
		if err := errors.Join(tx.Rollback(), db.Close()); err != nil {
			panic(err)
		}
	}, ""
}
