package store

import (
	"database/sql/driver"
	"time"

	"github.com/paymux/paymux/core"
)

// The drivers.
const (
	DriverSQLite = "sqlite"
	DriverMySQL  = "mysql"
)

// TopologyGalera declares a Galera cluster, whose conflicts show at commit; anything else is a
// single primary.
const TopologyGalera = "galera"

// Config says which database to open.
type Config struct {
	// Driver is DriverSQLite or DriverMySQL; the latter serves every engine that speaks MySQL's
	// protocol.
	Driver string
	// DSN is a file name for SQLite, user:password@tcp(host:port)/database for MySQL. What paymux
	// depends on is set by itself: a DSN that says otherwise is refused.
	DSN string
	// Topology is TopologyGalera, or "single", or "".
	Topology string
	// AcceptDataLoss opens a database that may lose acknowledged commits when the power fails.
	AcceptDataLoss bool
	// MaxOpen bounds the connections that read; 0 means 16. Writing has connections of its own, so
	// that slow reads never starve it (D12).
	MaxOpen int
	// Writers is how many transactions MySQL is given at once, each joining the units that wait for
	// it; 0 means 2. SQLite has one writer.
	Writers int
	// Timeout bounds one answer of the database; 0 means 8 seconds. A unit gives up after twice as
	// long (D18).
	Timeout time.Duration
	// Waited hears of every time that a unit did not get rows because another session holds their
	// locks; Aside of how many more (1) or fewer (-1) units wait for such rows beside the writers.
	// Either may be nil.
	Waited func(LockWait)
	Aside  func(change int)

	nowait bool                                    // tests: ask by NOWAIT
	alone  bool                                    // tests: never join
	wrap   func(driver.Connector) driver.Connector // tests: break connections, count what passes
}

func (c Config) withDefaults() (Config, error) {
	if c.Driver != DriverSQLite && c.Driver != DriverMySQL {
		return c, core.Errorf(core.CodeInvalid, "db.driver is %q; it must be %s or %s", c.Driver, DriverSQLite, DriverMySQL)
	}
	if c.MaxOpen <= 0 {
		c.MaxOpen = 16
	}
	if c.Writers <= 0 {
		c.Writers = 2
	}
	if c.Driver == DriverSQLite {
		c.Writers = 1
	}
	if c.Timeout <= 0 {
		c.Timeout = 8 * time.Second
	}
	if c.wrap == nil {
		c.wrap = func(d driver.Connector) driver.Connector { return d }
	}
	return c, nil
}
