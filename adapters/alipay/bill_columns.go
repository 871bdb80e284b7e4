package alipay

import (
	"slices"
	"strings"
)

// cellKind is what the cells of a column are like. It is told by the column's
// name, since no file says it and the columns have been renamed before.
type cellKind int

const (
	// One of the gateway's own words, or unknown to us: never with a comma.
	cellWord cellKind = iota
	// Written by merchants and buyers: anything, commas and line breaks too.
	cellText
	cellAmount // yuan
	cellCount
	cellTime
	cellNumber // of an order, a trade, a refund
)

// billColumn is a column of a file's header.
type billColumn struct {
	name   string // without its unit, as plainName gives it
	kind   cellKind
	known  bool // the kind is told by the name
	decide bool // reconciliation acts on it
	blank  bool // an empty cell is as the gateway writes it
	rank   int  // of neighbouring text columns, the highest takes the commas
}

// deciding are the columns that reconciliation acts on.
func deciding() []string {
	return []string{
		ColumnTradeNo, ColumnOutTradeNo, ColumnBusiness, ColumnCreated, ColumnFinished, ColumnOrderAmount, ColumnReceipt,
		ColumnOutRequestNo, ColumnServiceFee, ColumnRoyalty, ColumnFundSerial, ColumnFundTime, ColumnFundIncome, ColumnFundExpense, ColumnFundBalance,
	}
}

// required are the columns without which a detail file says nothing.
func (k BillKind) required() []string {
	switch k {
	case BillTradeDetail:
		return []string{ColumnTradeNo, ColumnOutTradeNo, ColumnBusiness, ColumnOrderAmount, ColumnReceipt}
	case BillFundDetail:
		return []string{ColumnFundIncome, ColumnFundExpense}
	default:
		return nil
	}
}

// plainName is a column's name without blanks and without the unit, which some
// files leave out or write in ASCII parentheses. No other unit than yuan is taken off.
func plainName(name string) string {
	name = strings.NewReplacer("(", "（", ")", "）", "＋", "+", "－", "-", "\u00a0", "", " ", "").Replace(name)
	for _, unit := range [...]string{"（元）", "（+元）", "（-元）"} {
		name = strings.TrimSuffix(name, unit)
	}
	return name
}

func newBillColumn(name string) billColumn {
	c := billColumn{name: plainName(name), known: true}
	switch {
	case c.name != strings.TrimSpace(name) && strings.Contains(name, "元"):
		c.kind = cellAmount
	case endsIn(c.name, "金额", "实收", "优惠", "红包", "集分宝", "抵扣", "服务费", "手续费", "分润", "余额", "净额"):
		c.kind = cellAmount
	case endsIn(c.name, "笔数"):
		c.kind = cellCount
	case endsIn(c.name, "时间"):
		c.kind = cellTime
	case endsIn(c.name, "交易号", "订单号", "流水号", "请求号", "批次号"):
		c.kind = cellNumber
	case endsIn(c.name, "类型", "渠道", "来源"):
		c.kind = cellWord
	default:
		c.rank = 1 + slices.IndexFunc([]string{"编号", "终端号", "操作员", "门店名称", "账户", "账号", "说明", "描述", "标题", "名称", "备注"},
			func(ending string) bool { return strings.HasSuffix(c.name, ending) })
		c.kind, c.known = cellText, c.rank > 0
		if !c.known {
			c.kind = cellWord
		}
	}
	c.decide = slices.ContainsFunc(deciding(), func(name string) bool { return plainName(name) == c.name })
	c.blank = endsIn(c.name, "收入金额", "支出金额") || (c.kind == cellNumber && !c.decide) || c.name == plainName(ColumnOutRequestNo)
	return c
}

func endsIn(text string, endings ...string) bool {
	return slices.ContainsFunc(endings, func(ending string) bool { return strings.HasSuffix(text, ending) })
}

// billHeader reads the line of column names.
func billHeader(line string) []billColumn {
	var columns []billColumn
	for name := range strings.SplitSeq(strings.TrimRight(line, ", \t\""), ",") {
		columns = append(columns, newBillColumn(strings.Trim(name, " \t\"")))
	}
	return columns
}

// fits reports whether a cell is as the gateway writes cells of this column.
// What is not strict asks it of deciding columns alone, and takes what can be read.
func (c billColumn) fits(kind BillKind, cell string, strict bool) bool {
	switch {
	case c.kind == cellText:
		return true
	case strings.ContainsAny(cell, "\r\n"):
		return false
	case !strict && !c.decide:
		return true
	case cell == "":
		return c.blank || !strict || !c.known
	}
	switch c.kind {
	case cellAmount:
		_, err := parseYuan(strings.TrimPrefix(cell, "+"), 0, true)
		decimals := len(cell) - strings.IndexByte(cell, '.') - 1
		return err == nil && (!strict || decimals == maxDecimals)
	case cellCount:
		return strings.Trim(cell, "0123456789") == ""
	case cellTime:
		_, err := ParseTime(cell)
		return err == nil || (!strict && strings.Trim(cell, "0123456789-/:. T年月日") == "")
	case cellNumber:
		return !strings.ContainsFunc(cell, func(r rune) bool { return r <= ' ' || r > '~' || (strict && r == '.') })
	default:
		business := c.decide && kind == BillTradeDetail
		return !business || cell == BusinessPayment || cell == BusinessRefund || (!strict && !strings.ContainsAny(cell, "0123456789"))
	}
}
