package alipay

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// Column names of the trade bill that reconciliation uses. Columns are found
// by name, never by position: their number and order have changed before.
const (
	ColumnTradeNo      = "支付宝交易号"
	ColumnOutTradeNo   = "商户订单号"
	ColumnBusiness     = "业务类型"
	ColumnSubject      = "商品名称"
	ColumnCreated      = "创建时间"
	ColumnFinished     = "完成时间"
	ColumnOrderAmount  = "订单金额（元）"
	ColumnReceipt      = "商家实收（元）"
	ColumnOutRequestNo = "退款批次号/请求号"
	ColumnServiceFee   = "服务费（元）"
	ColumnRoyalty      = "分润（元）"
	ColumnRemark       = "备注"

	ColumnFundSerial  = "账务流水号"
	ColumnFundTime    = "发生时间"
	ColumnFundIncome  = "收入金额（+元）"
	ColumnFundExpense = "支出金额（-元）"
	ColumnFundBalance = "账户余额（元）"
)

// Values of ColumnBusiness in the trade bill. Refund rows have negative amounts.
const (
	BusinessPayment = "交易"
	BusinessRefund  = "退款"
)

// BillInfo is what a file says about itself.
type BillInfo struct {
	Kind       BillKind
	Account    string // 账号, 20 digits: the PID and 0156
	From, To   time.Time
	ExportedAt time.Time
	Rows       int
	// Counts the file states at its end, -1 when it states none: payments and
	// refunds of a trade bill, expenses and incomes of a fund bill.
	Payments, Refunds, Expenses, Incomes int
}

// BillRow is one row; cells are trimmed of the tabs that guard long numbers.
type BillRow struct {
	Line    int // 1 is the first line of the file
	columns []string
	cells   []string
}

// Get returns the cell of a column, or "" when there is no such column.
func (r BillRow) Get(column string) string {
	if i := slices.Index(r.columns, column); i >= 0 {
		return r.cells[i]
	}
	return ""
}

// Has reports whether the file has the column.
func (r BillRow) Has(column string) bool { return slices.Contains(r.columns, column) }

// Fen reads an amount column in fen, sign kept; an empty cell is 0.
func (r BillRow) Fen(column string) (int64, error) {
	text := strings.TrimPrefix(r.Get(column), "+")
	if text == "" {
		return 0, nil
	}
	fen, err := parseYuan(text, 0, true)
	if err != nil {
		return 0, fmt.Errorf("line %d, column %s: %w", r.Line, column, err)
	}
	return fen, nil
}

// Time reads a time column; the zero time when it is empty or odd.
func (r BillRow) Time(column string) time.Time {
	parsed, err := ParseTime(r.Get(column))
	if err != nil {
		return time.Time{}
	}
	return parsed
}

// billReader is the state of one pass over a file.
type billReader struct {
	info    BillInfo
	columns []string
	ended   bool
	totals  billTotals
	line    int
}

// ReadBill reads one file in UTF-8. See BillFile.Rows for what it demands.
func ReadBill(content io.Reader, visit func(BillRow) error) (BillInfo, error) {
	r := &billReader{info: BillInfo{Kind: BillOther}, totals: newBillTotals()}
	scanner := bufio.NewScanner(content)
	scanner.Buffer(make([]byte, 0, 4096), maxBillLine)
	for scanner.Scan() {
		r.line++
		line := strings.TrimSuffix(strings.TrimPrefix(scanner.Text(), "\ufeff"), "\r")
		if err := r.take(line, visit); err != nil {
			return r.info, err
		}
	}
	r.info.Payments, r.info.Refunds = r.totals.statedCount(totalPayments), r.totals.statedCount(totalRefunds)
	r.info.Expenses, r.info.Incomes = r.totals.statedCount(totalExpenses), r.totals.statedCount(totalIncomes)
	if err := scanner.Err(); err != nil {
		return r.info, fmt.Errorf("%w: after line %d: %w", ErrBillUnreadable, r.line, err)
	}
	return r.info, r.finish()
}

func (r *billReader) take(line string, visit func(BillRow) error) error {
	switch {
	case strings.HasPrefix(line, "#"):
		r.comment(strings.TrimPrefix(line, "#"))
		return nil
	case strings.TrimSpace(line) == "":
		return nil
	case r.columns == nil:
		r.columns = splitCells(line)
		for i, name := range r.columns {
			// Some files write the unit in ASCII parentheses.
			r.columns[i] = strings.NewReplacer("(", "（", ")", "）").Replace(name)
		}
		return nil
	case r.ended:
		return fmt.Errorf("%w: line %d: a row after the end of the list", ErrBillUnreadable, r.line)
	}
	cells, err := r.fit(line)
	if err != nil {
		return err
	}
	row := BillRow{Line: r.line, columns: r.columns, cells: cells}
	r.info.Rows++
	if err := r.totals.add(r.info.Kind, row); err != nil {
		return err
	}
	return visit(row)
}

// fit assigns cells to columns. A subject with commas is not reliably quoted:
// surplus cells belong to it, and the columns after it are counted from the end.
func (r *billReader) fit(line string) ([]string, error) {
	cells := splitCells(line)
	surplus := len(cells) - len(r.columns)
	if surplus == 0 {
		return cells, nil
	}
	subject := slices.Index(r.columns, ColumnSubject)
	if surplus < 0 || subject < 0 {
		return nil, fmt.Errorf("%w: line %d has %d cells for %d columns", ErrBillUnreadable, r.line, len(cells), len(r.columns))
	}
	joined := strings.Trim(strings.Join(cells[subject:subject+surplus+1], ","), `"`)
	return slices.Concat(cells[:subject], []string{joined}, cells[subject+surplus+1:]), nil
}

func splitCells(line string) []string {
	cells := strings.Split(line, ",")
	for i, cell := range cells {
		cells[i] = strings.TrimSpace(cell)
	}
	return cells
}

func (r *billReader) comment(text string) {
	switch {
	case r.line == 1:
		r.info.Kind = billKindOfTitle(text)
	case strings.HasPrefix(text, "账号："):
		r.info.Account = bracketed(text, "账号：")
	case strings.HasPrefix(text, "起始日期："):
		r.info.From, r.info.To = chineseTime(bracketed(text, "起始日期：")), chineseTime(bracketed(text, "终止日期："))
	case strings.HasPrefix(text, "导出时间："):
		r.info.ExportedAt = chineseTime(bracketed(text, "导出时间："))
	case strings.HasPrefix(text, "-") && strings.Contains(text, "结束"):
		r.ended = true
	default:
		for _, label := range [...]string{totalPayments, totalRefunds, totalExpenses, totalIncomes} {
			if strings.HasPrefix(text, label+"：") {
				r.totals.state(label, text)
			}
		}
	}
}

func billKindOfTitle(title string) BillKind {
	switch {
	case strings.Contains(title, "业务明细"):
		return BillTradeDetail
	case strings.Contains(title, "业务汇总"):
		return BillTradeSummary
	case strings.Contains(title, "账务明细"):
		return BillFundDetail
	case strings.Contains(title, "账务汇总"):
		return BillFundSummary
	}
	return BillOther
}

// bracketed returns x of "label[x]".
func bracketed(text, label string) string {
	_, rest, _ := strings.Cut(text, label)
	rest, found := strings.CutPrefix(strings.TrimSpace(rest), "[")
	value, _, closed := strings.Cut(rest, "]")
	if !found || !closed {
		return ""
	}
	return value
}

// chineseTime reads "2026年11月21日 00:00:00" as China time.
func chineseTime(text string) time.Time {
	parsed, err := ParseTime(strings.NewReplacer("年", "-", "月", "-", "日", "").Replace(text))
	if err != nil {
		return time.Time{}
	}
	return parsed
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
	if !detail {
		return nil
	}
	return r.totals.compare(r.info.Kind)
}
