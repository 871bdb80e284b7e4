package alipay

import (
	"fmt"
	"slices"
	"strings"
)

// Bounds of the work that one row may cost.
const (
	maxBillColumns  = 128
	maxBillSurplus  = 256  // cells more than columns
	maxBillLeaves   = 4096 // assignments looked at
	maxBillReadings = 16   // kept of a row for the file's totals to choose from
)

// A comma in a text is not reliably quoted, so a row may have more cells than
// the file has columns, and only the columns that people write text into can
// have swallowed them. A reading assigns every cell to a column; it stands when
// each number, amount and time is one, and when the row's own amounts agree.
type billReading struct {
	cells []string
	cuts  bool // a quoted stretch is cut in two
	opens bool // the last text begins with a quote that nothing ends
}

// readings are all that stand and differ in a column that is not text. A row
// that fits as it is has one; what is not as the gateway writes it is tried
// more liberally once nothing fits strictly; a text at the end may be missing.
func (r *billReader) readings(line string) []billReading {
	cells := strings.Split(line, ",")
	for len(cells) > len(r.columns) && strings.TrimSpace(cells[len(cells)-1]) == "" {
		cells = cells[:len(cells)-1] // commas that a spreadsheet left
	}
	for _, strict := range [...]bool{true, false} {
		for pad := 0; pad == 0 || r.textAtEnd(pad); pad++ {
			padded := slices.Concat(cells, make([]string, pad))
			surplus := len(padded) - len(r.columns)
			if surplus < 0 || surplus > maxBillSurplus {
				continue
			}
			f := &rowFit{kind: r.info.Kind, columns: r.columns, cells: padded, surplus: surplus, strict: strict, asIs: surplus == 0 && pad == 0}
			if found := f.all(); len(found) > 0 {
				return found
			}
		}
	}
	return nil
}

// textAtEnd reports whether the last n columns hold text.
func (r *billReader) textAtEnd(n int) bool {
	return n <= len(r.columns) && r.columns[len(r.columns)-n].kind == cellText
}

// rowFit looks for the readings of one row.
type rowFit struct {
	kind    BillKind
	columns []billColumn
	cells   []string
	surplus int
	strict  bool
	asIs    bool // as many cells as columns: nothing is fitted, so that no relation is asked for

	takes  []bool // by column: it may take surplus cells
	dead   []bool // by column and surplus taken before it: nothing stands from there
	chosen []string
	odd    []bool // by column: its text has an odd number of quotes
	leaves int
	found  []billReading
	seen   map[string]bool
}

func (f *rowFit) all() []billReading {
	f.takes = f.takers()
	f.dead = make([]bool, len(f.columns)*(f.surplus+1))
	f.chosen, f.odd, f.seen = make([]string, len(f.columns)), make([]bool, len(f.columns)), map[string]bool{}
	f.assign(0, 0)
	if f.leaves > maxBillLeaves {
		return make([]billReading, maxBillReadings+1) // too many to tell apart
	}
	if whole := slices.DeleteFunc(slices.Clone(f.found), func(b billReading) bool { return b.cuts }); len(whole) > 0 {
		return whole
	}
	return f.found
}

// takers names of each run of text columns the one that takes its surplus:
// where inside a run a comma belongs cannot be told and decides nothing.
func (f *rowFit) takers() []bool {
	takes, best := make([]bool, len(f.columns)), -1
	for i, c := range f.columns {
		switch text := c.kind == cellText || (!f.strict && !c.known); {
		case !text:
			best = -1
		case best < 0 || c.rank > f.columns[best].rank:
			if best >= 0 {
				takes[best] = false
			}
			best, takes[i] = i, true
		}
	}
	return takes
}

// assign gives cells to column i and those after it, when taken surplus cells
// are gone already. It reports whether anything stood.
func (f *rowFit) assign(i, taken int) bool {
	if i == len(f.columns) {
		if taken == f.surplus {
			f.keep()
		}
		// it stands as far as the cells go, whether or not the amounts agree
		return taken == f.surplus
	}
	if f.leaves > maxBillLeaves || f.dead[i*(f.surplus+1)+taken] {
		return false
	}
	most := taken
	if f.takes[i] {
		most = f.surplus
	}
	stands := false
	for after := taken; after <= most; after++ {
		text := strings.Join(f.cells[i+taken:i+after+1], ",")
		f.chosen[i], f.odd[i] = unquoted(text), strings.Count(text, `"`)%2 == 1
		if f.columns[i].fits(f.kind, f.chosen[i], f.strict) {
			stands = f.assign(i+1, after) || stands
		}
	}
	f.dead[i*(f.surplus+1)+taken] = !stands
	return stands
}

// keep notes a whole assignment, unless it differs from a noted one in texts alone.
func (f *rowFit) keep() {
	f.leaves++
	if !f.asIs && !f.amountsAgree() {
		return
	}
	var key strings.Builder
	for i, c := range f.columns {
		if !f.takes[i] && c.kind != cellText {
			fmt.Fprintf(&key, "%s\x00", f.chosen[i])
		}
	}
	if !f.seen[key.String()] {
		f.seen[key.String()] = true
		last := len(f.chosen) - 1
		opens := f.odd[last] && strings.HasPrefix(f.chosen[last], `"`)
		f.found = append(f.found, billReading{slices.Clone(f.chosen), slices.Contains(f.odd, true), opens})
	}
}

// unquoted is a cell without the tabs that guard long numbers, and without its
// quotes if it was quoted as CSV has it.
func unquoted(text string) string {
	text = strings.TrimSpace(text)
	inner, opened := strings.CutPrefix(text, `"`)
	inner, closed := strings.CutSuffix(inner, `"`)
	if opened && closed && !strings.Contains(strings.ReplaceAll(inner, `""`, ""), `"`) {
		return strings.TrimSpace(strings.ReplaceAll(inner, `""`, `"`))
	}
	return text
}

// amountsAgree reports whether the row's own amounts do: what the merchant
// received is what was ordered less some of the discounts, a payment is not
// negative and a refund not positive, and money of the account came in or went out.
func (f *rowFit) amountsAgree() bool {
	switch f.kind {
	case BillTradeDetail:
		order, receipt, business := f.fen(ColumnOrderAmount), f.fen(ColumnReceipt), f.cell(ColumnBusiness)
		if (business == BusinessPayment && min(order, receipt) < 0) || (business == BusinessRefund && max(order, receipt) > 0) {
			return false
		}
		sums, left := []int64{0}, magnitude(order)-magnitude(receipt)
		for i, c := range f.columns {
			if c.kind != cellAmount {
				continue
			}
			fen, err := parseYuan(f.chosen[i], 0, true)
			if err == nil && magnitude(fen) > magnitude(order) {
				return false
			}
			if err != nil || c.decide || fen == 0 {
				continue
			}
			for _, sum := range sums {
				sums = append(sums, sum+magnitude(fen))
			}
		}
		return slices.Contains(sums, left)
	case BillFundDetail:
		income, expense := f.fen(ColumnFundIncome), f.fen(ColumnFundExpense)
		return income >= 0 && (income == 0) != (expense == 0)
	default:
		return true
	}
}

func magnitude(fen int64) int64 { return max(fen, -fen) }

func (f *rowFit) cell(column string) string { return cellOf(f.columns, f.chosen, column) }

func (f *rowFit) fen(column string) int64 {
	fen, err := parseYuan(strings.TrimPrefix(f.cell(column), "+"), 0, true)
	if err != nil {
		return 0
	}
	return fen
}
