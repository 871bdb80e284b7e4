package store

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"net"
	"testing"

	mysqldriver "github.com/go-sql-driver/mysql"
)

type liteError int

func (e liteError) Error() string { return fmt.Sprint("SQLite ", int(e)) }
func (e liteError) Code() int     { return int(e) }

// D08: what an error says of the database itself, however it is wrapped; what concerns one unit
// says nothing.
func TestAilmentOf(t *testing.T) {
	my := func(number uint16, message string) error {
		return &mysqldriver.MySQLError{Number: number, Message: message}
	}
	for _, c := range []struct {
		err  error
		want Ailment
	}{
		{liteError(13), DiskFull}, {liteError(8 | 4<<8), ReadOnly}, {liteError(10 | 3<<8), Away}, {liteError(14), Away},
		{liteError(5), ""}, {liteError(2067), ""},
		{my(1021, ""), DiskFull}, {my(1114, ""), DiskFull}, {my(1030, `Got error 28 "No space left on device" from storage engine`), DiskFull}, {my(1030, `Got error 128 "Out of memory in engine"`), ""},
		{my(1290, ""), ReadOnly}, {my(1053, ""), Away}, {my(1205, ""), ""}, {my(1062, ""), ""},
		{driver.ErrBadConn, Away}, {mysqldriver.ErrInvalidConn, Away}, {&net.OpError{Op: "dial", Err: errors.New("refused")}, Away},
		{context.Canceled, ""}, {context.DeadlineExceeded, ""}, {nil, ""},
	} {
		err := c.err
		if err != nil {
			err = unavailable("nothing was written", err)
		}
		if got := AilmentOf(err); got != c.want {
			t.Errorf("%v: %q, want %q", c.err, got, c.want)
		}
	}
}
