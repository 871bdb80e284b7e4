package store

import (
	"database/sql/driver"
	"errors"
	"io"
	"net"
	"slices"
	"strings"

	mysqldriver "github.com/go-sql-driver/mysql"
)

// Ailment is why a database takes nothing, as far as a person must know to mend it.
type Ailment string

// The ailments that there are.
const (
	DiskFull Ailment = "disk_full"
	ReadOnly Ailment = "read_only"
	Away     Ailment = "away" // it cannot be reached, or ends every session
)

// Ailments lists them.
func Ailments() []Ailment { return []Ailment{DiskFull, ReadOnly, Away} }

// AilmentOf tells what an error of the store says of the database itself; "" for what concerns one
// unit alone, such as a row that somebody holds, or a caller who left.
func AilmentOf(err error) Ailment {
	if my, ok := errors.AsType[*mysqldriver.MySQLError](err); ok {
		// https://mariadb.com/docs/server/reference/error-codes/mariadb-error-code-reference
		switch {
		case my.Number == 1021 || my.Number == 1114 || my.Number == 1030 && strings.Contains(my.Message, "error 28 "):
			return DiskFull
		case my.Number == 1290 || my.Number == 1836 || my.Number == 1792:
			return ReadOnly
		case slices.Contains([]uint16{1040, 1053, 1927}, my.Number): // full of sessions, or ending
			return Away
		}
		return ""
	}
	var lite interface{ Code() int }
	if errors.As(err, &lite) {
		// https://www.sqlite.org/rescode.html
		const readOnly, ioError, full, cannotOpen = 8, 10, 13, 14
		switch lite.Code() & 0xff {
		case full:
			return DiskFull
		case readOnly:
			return ReadOnly
		case ioError, cannotOpen:
			return Away
		}
		return ""
	}
	for _, lost := range []error{driver.ErrBadConn, mysqldriver.ErrInvalidConn, io.ErrUnexpectedEOF, io.EOF} {
		if errors.Is(err, lost) {
			return Away
		}
	}
	if _, ok := errors.AsType[*net.OpError](err); ok {
		return Away
	}
	return ""
}
