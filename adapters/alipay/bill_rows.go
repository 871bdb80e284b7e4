package alipay

import (
	"fmt"
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
	columns []billColumn
	cells   []string
}

// Get returns the cell of a column, or "" when there is no such column. The
// unit in a column's name need not be written as the file writes it.
func (r BillRow) Get(column string) string { return cellOf(r.columns, r.cells, column) }

// Has reports whether the file has the column.
func (r BillRow) Has(column string) bool { return columnIndex(r.columns, column) >= 0 }

func columnIndex(columns []billColumn, name string) int {
	plain := plainName(name)
	return slices.IndexFunc(columns, func(c billColumn) bool { return c.name == plain })
}

func cellOf(columns []billColumn, cells []string, name string) string {
	if i := columnIndex(columns, name); i >= 0 {
		return cells[i]
	}
	return ""
}

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
