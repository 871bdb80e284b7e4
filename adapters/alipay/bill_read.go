package alipay

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"strings"
)

const (
	maxBillRefused   = 1000 // rows; a file with more is refused as a whole
	maxBillContinued = 8    // lines that one row may be broken into
)

// BillRowError is a row that was refused.
type BillRowError struct {
	Line int // where it begins; 1 is the first line of the file
	Err  error
}

// BillRowsError is the error of a file that is whole but for these rows, in
// order of line. The other rows were visited and can be used; these are for a
// person to look at, and the file's totals could not be held against its rows.
type BillRowsError struct{ Rows []BillRowError }

// Error names the first row and how many there are. No cell is repeated.
func (e *BillRowsError) Error() string {
	return fmt.Sprintf("%d rows were refused, the first at line %d: %v", len(e.Rows), e.Rows[0].Line, e.Rows[0].Err)
}

// Unwrap gives why the first row was refused.
func (e *BillRowsError) Unwrap() error { return e.Rows[0].Err }

// billReader is the state of one pass over a file.
type billReader struct {
	info    BillInfo
	columns []billColumn
	titled  bool
	ended   bool
	totals  billTotals
	lines   billLines
	open    []openRow
	refused []BillRowError
	visit   func(BillRow) error
}

// ReadBill reads one file in UTF-8. See BillFile.Rows for what it demands.
func ReadBill(content io.Reader, visit func(BillRow) error) (BillInfo, error) {
	scanner := bufio.NewScanner(content)
	scanner.Buffer(make([]byte, 0, 4096), maxBillLine)
	r := &billReader{info: BillInfo{Kind: BillOther}, totals: newBillTotals(), lines: billLines{scanner: scanner}, visit: visit}
	for {
		line, more := r.lines.next()
		if !more {
			break
		}
		if err := r.take(line); err != nil {
			return r.info, err
		}
	}
	r.info.Payments, r.info.Refunds = r.totals.statedCount(totalPayments), r.totals.statedCount(totalRefunds)
	r.info.Expenses, r.info.Incomes = r.totals.statedCount(totalExpenses), r.totals.statedCount(totalIncomes)
	if err := scanner.Err(); err != nil {
		return r.info, fmt.Errorf("%w: after line %d: %w", ErrBillUnreadable, r.lines.read, err)
	}
	return r.info, r.finish()
}

func (r *billReader) take(line billLine) error {
	switch comment, isComment := strings.CutPrefix(line.text, "#"); {
	case isComment:
		r.comment(comment)
		return nil
	case strings.Trim(line.text, ", \t") == "":
		return nil
	case r.columns == nil:
		return r.header(line.text)
	case r.ended:
		return fmt.Errorf("%w: line %d: a row after the end of the list", ErrBillUnreadable, line.number)
	}
	return r.row(line)
}

func (r *billReader) header(line string) error {
	r.columns = billHeader(line)
	if len(r.columns) > maxBillColumns {
		return fmt.Errorf("%w: %d columns", ErrBillUnreadable, len(r.columns))
	}
	for _, name := range r.info.Kind.required() {
		switch columns := slices.DeleteFunc(slices.Clone(r.columns), func(c billColumn) bool { return c.name != plainName(name) }); len(columns) {
		case 0:
			return fmt.Errorf("%w: the file has no column %s", ErrBillUnreadable, name)
		case 1:
		default:
			return fmt.Errorf("%w: the column %s stands twice", ErrBillUnreadable, name)
		}
	}
	return nil
}

// row reads the row that begins with this line, which a line break inside a text may have broken.
func (r *billReader) row(line billLine) error {
	readings := r.readings(line.text)
	if len(readings) == 0 || readings[0].opens {
		if longer := r.continued(line.text); longer != nil {
			readings = longer
		}
	}
	switch n := len(readings); {
	case n == 0:
		return r.refuse(line.number, r.misfit(line.text))
	case n == 1:
		return r.accept(BillRow{Line: line.number, columns: r.columns, cells: readings[0].cells})
	case n > maxBillReadings || len(r.open) == maxBillOpen:
		return r.refuse(line.number, fmt.Errorf("%w: too many readings", ErrBillAmbiguous))
	}
	r.open = append(r.open, openRow{line.number, readings})
	return nil
}

// misfit says why a row has no reading.
func (r *billReader) misfit(text string) error {
	cells := strings.Split(text, ",")
	if len(cells) != len(r.columns) {
		return fmt.Errorf("%w: %d cells fit no way into %d columns", ErrBillUnreadable, len(cells), len(r.columns))
	}
	for i, c := range r.columns {
		if c.fits(r.info.Kind, unquoted(cells[i]), false) {
			continue
		}
		if c.kind == cellAmount {
			return fmt.Errorf("%w: column %s", ErrMalformedAmount, c.name)
		}
		return fmt.Errorf("%w: column %s", ErrBillUnreadable, c.name)
	}
	return fmt.Errorf("%w: the row's amounts do not agree", ErrBillUnreadable)
}

// continued adds the next lines for as long as they begin no row of their own.
func (r *billReader) continued(text string) []billReading {
	for k := range maxBillContinued {
		next, more := r.lines.peek(k)
		if !more || isNote(next) || r.begins(next) || len(text)+len(next) > maxBillLine {
			return nil
		}
		text += "\n" + next
		if found := r.readings(text); len(found) > 0 && !found[0].opens {
			r.lines.drop(k + 1)
			return found
		}
	}
	return nil
}

// begins reports whether a line has what stands before a row's first text. Such
// a line is never the end of another row: two rows would become one.
func (r *billReader) begins(line string) bool {
	cells := strings.Split(line, ",")
	for i, c := range r.columns {
		if i >= len(cells) {
			return false
		}
		if c.kind == cellText {
			return true
		}
		cell := unquoted(cells[i])
		if !c.fits(r.info.Kind, cell, true) || (i == 0 && cell == "") {
			return false
		}
	}
	return true
}

func (r *billReader) accept(row BillRow) error {
	if err := r.totals.add(r.info.Kind, row); err != nil {
		return r.refuse(row.Line, err)
	}
	r.info.Rows++
	return r.visit(row)
}

func (r *billReader) refuse(line int, err error) error {
	if len(r.refused) == maxBillRefused {
		return fmt.Errorf("%w: over %d rows cannot be read, the last at line %d: %w", ErrBillUnreadable, maxBillRefused, line, err)
	}
	r.refused = append(r.refused, BillRowError{line, err})
	return nil
}

// finish holds the file against what it states about itself.
func (r *billReader) finish() error {
	detail := r.info.Kind == BillTradeDetail || r.info.Kind == BillFundDetail
	switch {
	case r.info.Kind == BillOther && r.columns == nil:
		return fmt.Errorf("%w: neither title nor columns", ErrBillUnreadable)
	case detail && r.columns == nil:
		return fmt.Errorf("%w: no columns", ErrBillIncomplete)
	case detail && !r.ended:
		return fmt.Errorf("%w: the end of the list is missing", ErrBillIncomplete)
	}
	if err := r.settleOpen(); err != nil {
		return err
	}
	if len(r.refused) > 0 {
		slices.SortFunc(r.refused, func(a, b BillRowError) int { return a.Line - b.Line })
		if err := r.totals.short(len(r.refused)); err != nil && detail {
			return err
		}
		return &BillRowsError{Rows: r.refused}
	}
	if !detail {
		return nil
	}
	return r.totals.compare(r.info.Kind)
}
