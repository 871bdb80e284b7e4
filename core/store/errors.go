package store

import (
	"errors"
	"slices"
	"strings"

	mysqldriver "github.com/go-sql-driver/mysql"

	"github.com/paymux/paymux/core"
)

// failure says what an engine's error means for a transaction.
type failure int

const (
	failureBroken failure = iota // the connection or the server is in trouble
	// Another transaction was first: run the whole again, from its reads (D02, D03, D04).
	failureConflict
	failureWait      // another session holds a row's lock, and does not let go soon (D03, D19)
	failureDuplicate // a unique key is taken (D11)
	failureRefused   // the engine refuses the rows: a fault of ours
)

// classify sorts an error that a statement met before the commit.
func classify(err error) failure {
	if my, ok := errors.AsType[*mysqldriver.MySQLError](err); ok {
		switch {
		case my.Number == 1062 || my.Number == 1586:
			return failureDuplicate
		case my.Number == 1205 || my.Number == 3572: // the lock wait's end, and NOWAIT's answer
			return failureWait
		case isConflict(my.Number):
			return failureConflict
		case my.Number == 3819 || my.Number == 4025 || my.Number == 1406 || my.Number == 1264 || my.Number == 1366:
			// CHECK, too long, out of range, no such character
			return failureRefused
		}
		return failureBroken
	}
	var lite interface{ Code() int }
	if errors.As(err, &lite) {
		// https://www.sqlite.org/rescode.html
		const busy, locked, constraint, primaryKey, uniqueKey = 5, 6, 19, 1555, 2067
		switch code := lite.Code(); {
		case code&0xff == busy || code&0xff == locked:
			return failureConflict
		case code == primaryKey || code == uniqueKey:
			return failureDuplicate
		case code&0xff == constraint:
			return failureRefused
		}
	}
	return failureBroken
}

// isConflict lists what is cured by running the transaction again: deadlock 1213 (on Galera at
// commit), record changed 1020, TiDB's write conflicts 9007 and 8002, its commit retries 8022, and
// a schema that changed meanwhile 8028.
func isConflict(number uint16) bool {
	return slices.Contains([]uint16{1213, 1020, 9007, 8002, 8022, 8028}, number)
}

// undone tells whether an error of COMMIT itself proves that nothing was committed. Every other
// error leaves the outcome unknown (D01).
func undone(err error) bool {
	f := classify(err)
	return f == failureConflict || f == failureWait
}

// uniqueOf names the key of a table that an error says is taken. MySQL's keys are named as
// core.Unique names them; SQLite tells columns, of which the last one says enough.
func uniqueOf(table string, err error) core.Unique {
	if my, ok := errors.AsType[*mysqldriver.MySQLError](err); ok {
		// "Duplicate entry '…' for key 'name'": the entry may hold anything, so the name is read
		// from the end. MySQL 8 puts the table before it.
		name := strings.TrimSuffix(my.Message, "'")
		name = name[strings.LastIndexAny(name, "'.")+1:]
		switch {
		case name == "PRIMARY" && table == "nonces":
			return core.UniqueNonce
		case name == "PRIMARY" || name == "row_id":
			return core.UniqueID
		}
		return core.Unique(name)
	}
	const lead = "UNIQUE constraint failed: "
	columns := err.Error()[strings.LastIndex(err.Error(), lead)+len(lead):]
	columns, _, _ = strings.Cut(columns, " (")
	switch last := columns[strings.LastIndex(columns, ".")+1:]; last {
	case "id", "row_id":
		return core.UniqueID
	case "request_key":
		return core.UniqueIdempotency
	case "digest":
		return core.UniqueInboxDigest
	case "endpoint_id":
		return core.UniqueDelivery
	default:
		return core.Unique(last)
	}
}
