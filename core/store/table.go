package store

import (
	"database/sql"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"gorm.io/gorm/schema"

	"github.com/paymux/paymux/core"
)

// column is one column as its struct tags describe it.
type column struct {
	field   int // index in the row struct
	name    string
	size    int
	ascii   bool
	text    bool
	changes bool
}

// table is what INSERT and UPDATE are built from: an explicit list of columns, so that a zero value
// is written like any other (D14).
type table struct {
	name     string
	columns  []column
	insert   string   // up to and with VALUES
	update   string   // one guard, "" for tables that are only inserted
	replaced []column // what update sets, in order
	// Many guards as one statement, for MySQL, where each statement is a round trip: manyHead, one
	// manyRow per guard with UNION ALL between, manyTail.
	manyHead, manyRow, manyTail string
}

// tablesByName describes every table that units write.
func tablesByName() map[string]*table {
	all := map[string]*table{}
	for _, row := range []schema.Tabler{
		paymentRow{}, attemptRow{}, refundRow{}, idempotencyRow{}, inboxRow{}, deliveryRow{}, eventRow{}, entryRow{}, auditRow{}, payerRow{}, nonceRow{},
	} {
		all[row.TableName()] = describe(row)
	}
	return all
}

func describe(row schema.Tabler) *table {
	t := &table{name: row.TableName()}
	rt := reflect.TypeOf(row)
	names := make([]string, 0, rt.NumField())
	for i := range rt.NumField() {
		c := columnOf(i, rt.Field(i))
		t.columns = append(t.columns, c)
		names = append(names, c.name)
		if c.changes {
			t.replaced = append(t.replaced, c)
		}
	}
	t.insert = "INSERT INTO " + t.name + " (" + strings.Join(names, ", ") + ") VALUES "
	if len(t.replaced) > 0 {
		sets := make([]string, 0, len(t.replaced))
		for _, c := range t.replaced {
			sets = append(sets, c.name+" = ?")
		}
		t.update = "UPDATE " + t.name + " SET " + strings.Join(sets, ", ") + ", version = version + 1 WHERE id = ? AND version = ?"
		t.describeMany()
	}
	if t.name == "payments" {
		// The second line of defence: whatever core believes, money is never reserved beyond what
		// the row says was paid.
		t.update += " AND (paid_fen = 0 OR ? <= paid_fen)"
		t.manyTail += " WHERE t.paid_fen = 0 OR g.reserved_fen <= t.paid_fen"
	}
	return t
}

// describeMany joins the stored rows to a list of what they shall become. The list's ids are given
// the column's own collation: otherwise MySQL converts every stored id to compare it, and reads the
// whole table.
func (t *table) describeMany() {
	t.manyHead = "UPDATE " + t.name + " t JOIN ("
	t.manyRow = "SELECT CONVERT(? USING ascii) COLLATE ascii_bin AS id, ? AS version"
	t.manyTail = ") g ON t.id = g.id AND t.version = g.version SET t.version = t.version + 1"
	for _, c := range t.replaced {
		t.manyRow += ", ? AS " + c.name
		t.manyTail += ", t." + c.name + " = g." + c.name
	}
}

func columnOf(i int, f reflect.StructField) column {
	settings := schema.ParseTagSetting(f.Tag.Get("gorm"), ";")
	kinds := strings.Split(f.Tag.Get("store"), ",")
	size, err := strconv.Atoi(settings["SIZE"])
	if err != nil {
		size = 0 // a number: no limit of its own
	}
	return column{
		field: i, name: settings["COLUMN"], size: size,
		ascii: slices.Contains(kinds, "ascii"), text: slices.Contains(kinds, "text"), changes: slices.Contains(kinds, "changes"),
	}
}

// values returns a row's values in the order of columns.
func values(row any, columns []column, into []any) []any {
	v := reflect.ValueOf(row).Elem()
	for _, c := range columns {
		into = append(into, v.Field(c.field).Interface())
	}
	return into
}

// fit refuses a row that the table could not hold as it is; engines would cut, convert or fail half
// way (D09, D17).
func (t *table) fit(row any) error {
	v := reflect.ValueOf(row).Elem()
	for _, c := range t.columns {
		if c.size == 0 {
			continue
		}
		if problem := c.problem(v.Field(c.field).Interface()); problem != "" {
			return &core.Error{Code: core.CodeInvalid, Field: t.name + "." + c.name, Message: problem}
		}
	}
	p, ok := row.(*paymentRow)
	if ok && (p.RefundedFen < 0 || p.RefundedFen > p.ReservedFen || p.ReservedFen > p.PaidFen) {
		return core.Errorf(core.CodeInternal, "payment %s breaks 0 <= refunded (%d) <= reserved (%d) <= paid (%d)",
			p.ID, p.RefundedFen, p.ReservedFen, p.PaidFen)
	}
	return nil
}

// problem says why the column cannot hold the value, or "".
func (c column) problem(value any) string {
	var s string
	switch v := value.(type) {
	case []byte:
		if len(v) > c.size {
			return "must have at most " + strconv.Itoa(c.size) + " bytes"
		}
		return ""
	case string:
		s = v
	case sql.NullString:
		s = v.String
	default:
		return ""
	}
	if !c.ascii && !c.text { // JSON
		if len(s) > c.size {
			return "must have at most " + strconv.Itoa(c.size) + " bytes"
		}
		return ""
	}
	if len(s) > c.size && (c.ascii || utf8.RuneCountInString(s) > c.size) {
		return "must have at most " + strconv.Itoa(c.size) + " characters"
	}
	if strings.IndexByte(s, 0) >= 0 || c.ascii && !isASCII(s) {
		return "holds a character that cannot be stored"
	}
	if !utf8.ValidString(s) {
		return "must be valid UTF-8"
	}
	return ""
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
