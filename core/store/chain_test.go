package store

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"gorm.io/gorm/schema"

	"github.com/paymux/paymux/core"
)

// W18: the chain vouches for every column of every audit row and for its own links, each for
// itself: whatever is changed, or moved from one column to the next, is found. first_id and last_id
// only say where to look.
func TestSealVouchesForEveryColumn(t *testing.T) {
	s := open(t, sqliteConfig(t))
	for i := range 3 {
		row := audit(fmt.Sprint("a", i), start)
		row.KeyID = "key"
		writeRows(t, s, row)
		seal(t, s, start.Add(time.Hour), 10, 1)
	}
	for _, of := range []struct {
		table, row string
		columns    []string
	}{
		{"audits", "id = 'a1'", columnsOf(auditRow{}, "seal")}, {"audit_seals", "seq = 2", columnsOf(sealRow{}, "first_id", "last_id")},
	} {
		for _, column := range of.columns {
			was := "(SELECT v FROM kept)"
			execSQL(t, s, "CREATE TABLE kept AS SELECT "+column+" AS v FROM "+of.table+" WHERE "+of.row)
			changed := column + " || 'x'"
			if strings.HasSuffix(column, "_at") || column == "seq" || column == "rows_sealed" {
				changed = column + " + 7"
			}
			execSQL(t, s, "UPDATE "+of.table+" SET "+column+" = "+changed+" WHERE "+of.row)
			if r := verify(t, s); len(r.Broken) == 0 {
				t.Errorf("%s.%s may be changed", of.table, column)
			}
			execSQL(t, s, "UPDATE "+of.table+" SET "+column+" = "+was+" WHERE "+column+" = (SELECT "+strings.Replace(changed, column, "v", 1)+" FROM kept)")
			execSQL(t, s, "DROP TABLE kept")
			if r := verify(t, s); len(r.Broken) > 0 {
				t.Fatalf("%s.%s: still broken: %q", of.table, column, r.Broken)
			}
		}
	}
	for _, moved := range []string{"SET action = action || object, object = ''", "SET actor = actor || key_id, key_id = ''", "SET seal = -1"} {
		execSQL(t, s, "CREATE TABLE kept AS SELECT * FROM audits WHERE id = 'a1'") //nolint:unqueryvet // the row whole, whatever columns it has
		execSQL(t, s, "UPDATE audits "+moved+" WHERE id = 'a1'")
		if r := verify(t, s); len(r.Broken) == 0 {
			t.Errorf("%s is not seen", moved)
		}
		if moved == "SET seal = -1" {
			if r := verify(t, s); !strings.Contains(strings.Join(r.Broken, " "), "name a seal that is missing") {
				t.Errorf("%q", r.Broken)
			}
		}
		execSQL(t, s, "DELETE FROM audits WHERE id = 'a1'")
		execSQL(t, s, "INSERT INTO audits SELECT * FROM kept") //nolint:unqueryvet // as above
		execSQL(t, s, "DROP TABLE kept")
	}
	if r := verify(t, s); len(r.Broken) > 0 {
		t.Fatalf("%q", r.Broken)
	}
}

// columnsOf lists a row's columns but some.
func columnsOf(row any, but ...string) []string {
	var names []string
	for field := range reflect.TypeOf(row).Fields() {
		name := schema.ParseTagSetting(field.Tag.Get("gorm"), ";")["COLUMN"]
		if !strings.Contains(" "+strings.Join(but, " ")+" ", " "+name+" ") {
			names = append(names, name)
		}
	}
	return names
}

// W18: what was made a moment ago is not sealed yet: a row of an older id may still be on its way
// to its commit. A seal says which rows it is about.
func TestSealWaitsForWhatIsOnItsWay(t *testing.T) {
	s := open(t, sqliteConfig(t))
	for i, age := range []time.Duration{time.Hour, time.Minute, time.Minute - time.Millisecond, 0} {
		writeRows(t, s, audit(fmt.Sprint("a", i), start.Add(-age)))
	}
	seal(t, s, start, 10, 2)
	var link sealRow
	if err := s.read.First(&link).Error; err != nil || link.FirstID != "a0" || link.LastID != "a1" || link.RowsSealed != 2 {
		t.Errorf("%+v, %v", link, err)
	}
}

// Reading never writes: the pool for reading refuses.
func TestReadersCannotWrite(t *testing.T) {
	s := open(t, sqliteConfig(t))
	if err := s.read.Exec("DELETE FROM payments").Error; err == nil {
		t.Error("a reader may write")
	}
}

// D10: no real time is stored as never, and never comes back as a time.
func TestTimesAreNeverTakenForNever(t *testing.T) {
	for _, at := range []time.Time{time.UnixMilli(0), time.UnixMilli(1), time.UnixMilli(-1), start} {
		if back := moment(millis(at)); back.IsZero() || back.Sub(at).Abs() > time.Millisecond || back.Location() != time.UTC {
			t.Errorf("%v came back as %v", at, back)
		}
	}
	if millis(time.Time{}) != 0 || !moment(0).IsZero() {
		t.Error("never is something")
	}
}

// D17: a text that holds NUL anywhere is refused.
func TestNULIsRefusedEverywhere(t *testing.T) {
	s := open(t, sqliteConfig(t))
	for _, text := range []string{"\x00", "\x00a", "a\x00", "a\x00b"} {
		row := audit("a", start)
		row.Detail = text
		_, err := s.Do(t.Context(), inserts(row))
		if core.CodeOf(err) != core.CodeInvalid {
			t.Errorf("%q: %v", text, err)
		}
	}
}
