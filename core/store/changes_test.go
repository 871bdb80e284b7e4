package store

import (
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"

	mysqldriver "github.com/go-sql-driver/mysql"

	"github.com/paymux/paymux/core"
	"github.com/paymux/paymux/core/storetest"
)

// S08: an update writes what may change and nothing else: a number, an amount or an expiry that was
// handed out stays, whatever a guard carries.
func TestUpdatesWriteWhatMayChange(t *testing.T) {
	for _, row := range []core.Row{&core.Payment{}, &core.Attempt{}, &core.Refund{}, &core.Idempotency{}, &core.Inbox{}, &core.Delivery{}} {
		name, rowOf, _ := rowOf(row)
		of := reflect.TypeOf(rowOf).Elem()
		var got []string
		for _, c := range tablesByName()[name].replaced {
			field := of.Field(c.field).Name
			if strings.HasPrefix(field, "Said") { // three columns of one field
				field = "Said"
			}
			if !slices.Contains(got, field) {
				got = append(got, field)
			}
		}
		want := storetest.Changeable(row)
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("%s: an update writes\n%v\nwhat may change is\n%v", name, got, want)
		}
	}
}

// D02, D03, D04, D11: what each error of MySQL and its kin means for a transaction, by its number.
func TestWhatErrorsMean(t *testing.T) {
	for meaning, numbers := range map[failure][]uint16{
		failureDuplicate: {1062, 1586}, failureConflict: {1213, 1020, 9007, 8002, 8022, 8028}, failureWait: {1205, 3572}, failureRefused: {3819, 4025, 1406, 1264, 1366},
		failureBroken: {1040, 1045, 1064, 1290, 1927, 2006, 2013},
	} {
		for _, number := range numbers {
			err := errors.Join(errors.New("around"), &mysqldriver.MySQLError{Number: number})
			if got := classify(err); got != meaning {
				t.Errorf("%d means %d, want %d", number, got, meaning)
			}
			if undone(err) != (meaning == failureConflict || meaning == failureWait) {
				t.Errorf("%d at a commit: undone %v", number, undone(err))
			}
		}
	}
	if classify(errors.New("invalid connection")) != failureBroken || undone(errors.New("invalid connection")) {
		t.Error("a lost connection means something else")
	}
}
