package alipay

import (
	"fmt"
	"strconv"
	"strings"
)

// Labels of the totals that a file states at its end.
const (
	totalPayments = "交易合计"
	totalRefunds  = "退款合计"
	totalExpenses = "支出合计"
	totalIncomes  = "收入合计"
)

func totalLabels() []string {
	return []string{totalPayments, totalRefunds, totalExpenses, totalIncomes}
}

// billTotal is how many rows of one kind there are, and what they come to.
type billTotal struct {
	count    int
	fen      int64
	hasCount bool
	hasFen   bool
}

// billTotals holds what a file states against what its rows are, by label.
type billTotals struct{ stated, read map[string]billTotal }

func newBillTotals() billTotals {
	return billTotals{stated: map[string]billTotal{}, read: map[string]billTotal{}}
}

// add counts a row of a detail file. An amount that cannot be read is refused,
// since no total could tell that it is wrong.
func (t billTotals) add(kind BillKind, row BillRow) error {
	switch kind {
	case BillTradeDetail:
		switch row.Get(ColumnBusiness) {
		case BusinessPayment:
			return t.count(totalPayments, row, ColumnReceipt)
		case BusinessRefund:
			return t.count(totalRefunds, row, ColumnReceipt)
		}
	case BillFundDetail:
		if _, err := row.Fen(ColumnFundIncome); err != nil {
			return err // before anything is counted
		}
		if err := t.count(totalExpenses, row, ColumnFundExpense); err != nil {
			return err
		}
		return t.count(totalIncomes, row, ColumnFundIncome)
	}
	return nil
}

func (t billTotals) count(label string, row BillRow, column string) error {
	fen, err := row.Fen(column)
	if err != nil {
		return err
	}
	total := t.read[label]
	total.count++
	total.fen += fen
	t.read[label] = total
	return nil
}

// state reads "交易合计：6笔，商家实收共0.06元，…" and "支出合计：1笔，共0.53元":
// a label, how many, and the first sum.
func (t billTotals) state(label, text string) {
	_, rest, _ := strings.Cut(text, "：")
	number, rest, _ := strings.Cut(rest, "笔")
	var total billTotal
	count, err := strconv.Atoi(number)
	total.count, total.hasCount = count, err == nil
	_, rest, _ = strings.Cut(rest, "共")
	sum, _, _ := strings.Cut(rest, "元")
	total.fen, err = parseYuan(sum, 0, true)
	total.hasFen = err == nil
	t.stated[label] = total
}

// statedCount is -1 when the file states none.
func (t billTotals) statedCount(label string) int {
	if total := t.stated[label]; total.hasCount {
		return total.count
	}
	return -1
}

// compare refuses a file whose totals are not those of its rows (B02). Fund
// bills are compared by sum alone: every row has both columns, one of them
// empty, and whether an expense is written with its sign differs.
func (t billTotals) compare(kind BillKind) error {
	for label, stated := range t.stated {
		read := t.read[label]
		if kind == BillTradeDetail && stated.hasCount && stated.count != read.count {
			return fmt.Errorf("%w: %d rows of %s, the file states %d", ErrBillIncomplete, read.count, label, stated.count)
		}
		if !stated.hasCount && !stated.hasFen {
			return fmt.Errorf("%w: the total of %s cannot be read", ErrBillIncomplete, label)
		}
		sameSum := stated.fen == read.fen || (kind == BillFundDetail && stated.fen == -read.fen)
		if stated.hasFen && !sameSum {
			return fmt.Errorf("%w: the rows of %s come to %s yuan, the file states %s",
				ErrBillIncomplete, label, FenToYuan(read.fen), FenToYuan(stated.fen))
		}
	}
	return nil
}

// short refuses a trade bill that has fewer rows than it states even with the
// refused ones, or more than it states without them.
func (t billTotals) short(refused int) error {
	missing := 0
	for _, label := range [...]string{totalPayments, totalRefunds} {
		stated, read := t.stated[label], t.read[label]
		if stated.hasCount && read.count > stated.count {
			return fmt.Errorf("%w: %d rows of %s, the file states %d", ErrBillIncomplete, read.count, label, stated.count)
		}
		if stated.hasCount {
			missing += stated.count - read.count
		}
	}
	if missing > refused {
		return fmt.Errorf("%w: %d rows are missing and %d cannot be read", ErrBillIncomplete, missing, refused)
	}
	return nil
}
