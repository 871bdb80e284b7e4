package alipay

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

// readRows reads a bill and gives its rows by their order number and business.
func readRows(content string) (map[string]BillRow, error) {
	rows := map[string]BillRow{}
	_, err := ReadBill(strings.NewReader(content), func(row BillRow) error {
		rows[row.Get(ColumnOutTradeNo)+row.Get(ColumnBusiness)] = row
		return nil
	})
	return rows, err
}

// filled is a trade bill's row with texts in its text columns.
func filled(subject, buyer, coupon, remark string) string {
	return "2026112122001400000000000001\t,T1\t,交易," + subject + ",2026-11-21 10:00:00,2026-11-21 10:00:05,,,,," + buyer +
		",100.00,88.88,0.00,0.00,0.00,11.12,0.00," + coupon + ",0.00,0.00,,-0.53,0.00," + remark
}

// wantFilled checks the columns of filled that decide.
func wantFilled(t *testing.T, row BillRow) {
	t.Helper()
	for column, want := range map[string]string{
		ColumnTradeNo: "2026112122001400000000000001", ColumnFinished: "2026-11-21 10:00:05", ColumnOrderAmount: "100.00", ColumnReceipt: "88.88",
		"商家优惠（元）": "11.12", ColumnOutRequestNo: "", ColumnServiceFee: "-0.53", ColumnRoyalty: "0.00",
	} {
		if got := row.Get(column); got != want {
			t.Errorf("%s is %q, want %q", column, got, want)
		}
	}
}

// B16: a comma in whatever text, quoted or not, leaves the other columns where they are.
func TestB16_commasInAnyText(t *testing.T) {
	for name, c := range map[string]struct{ subject, buyer, coupon, remark string }{
		"subject":                 {subject: "奶茶,大杯"},
		"buyer":                   {buyer: "Foo Co., Ltd(abc***@example.com)"},
		"coupon":                  {coupon: "满100,减11.12"},
		"remark":                  {remark: "送到前台,谢谢"},
		"all of them":             {"奶茶,大杯", "Foo Co., Ltd", "满100,减11", "送到,前台,谢谢"},
		"amounts in the remark":   {remark: "12.80,12.80,0.00,0.00"},
		"amounts in the subject":  {subject: "12.80,12.80,0.00"},
		"a time in the subject":   {subject: "预约 2026-11-21 10:00:00,请准时"},
		"quoted":                  {subject: `"奶茶,大杯"`, remark: `"送到前台,谢谢"`},
		"quotes inside":           {subject: `12" 披萨,大`, coupon: `"满""100"",减11"`},
		"nothing between":         {subject: ",,,", remark: "a,,b"},
		"tabs":                    {subject: "\t奶茶\t,\t大杯\t", remark: "a\tb,c\t"},
		"empty cells at the end":  {remark: ",,,,"},
		"full width beside ASCII": {subject: "奶茶，大杯,少冰"},
	} {
		t.Run(name, func(t *testing.T) {
			rows, err := readRows(tradeBill(filled(c.subject, c.buyer, c.coupon, c.remark), backRow))
			if err != nil {
				t.Fatal(err)
			}
			row := rows["T1交易"]
			wantFilled(t, row)
			for column, text := range map[string]string{ColumnSubject: c.subject, "对方账户": c.buyer, "券名称": c.coupon, ColumnRemark: strings.TrimRight(c.remark, ",")} {
				if want := unquoted(text); row.Get(column) != want {
					t.Errorf("%s is %q, want %q", column, row.Get(column), want)
				}
			}
		})
	}
}

// B16: commas in a fund bill, whose expenses and incomes are empty in turn.
func TestB16_commasInFundBills(t *testing.T) {
	for _, c := range []struct{ subject, remark string }{{"奶茶,大杯", ""}, {"奶茶", "a,b,c"}, {"1.00,,2.00", "0.00,,"}} {
		content := strings.Replace(fundBill(), "T1\t,奶茶,", "T1\t,"+c.subject+",", 1)
		content = strings.Replace(content, "在线支付,", "在线支付,"+c.remark, 1)
		rows, err := readRows(content)
		if err != nil {
			t.Fatal(c, err)
		}
		row := rows["T1在线支付"]
		if row.Get(ColumnFundIncome) != "88.88" || row.Get(ColumnFundExpense) != "" || row.Get(ColumnFundBalance) != "188.88" || row.Get(ColumnSubject) != c.subject {
			t.Errorf("%+v read as %q", c, row.cells)
		}
	}
}

// B17: where a row's own cells leave several readings, the file's totals choose.
func TestB17_totalsChoose(t *testing.T) {
	// The buyer's name ends in an amount: it, or the next cell, may be what was ordered.
	row := strings.Replace(paidRow, "abc***@example.com,88.88,88.88,0.00", "abc,99.99,88.88,77.77,11.11", 1)
	content := func(received string) string {
		return strings.Replace(tradeBill(row, backRow), "商家实收共88.88元", "商家实收共"+received+"元", 1)
	}
	for received, want := range map[string][2]string{"88.88": {"99.99", "88.88"}, "77.77": {"88.88", "77.77"}} {
		rows, err := readRows(content(received))
		paid := rows["T1交易"]
		if err != nil || paid.Get(ColumnOrderAmount) != want[0] || paid.Get(ColumnReceipt) != want[1] {
			t.Errorf("%s: %q %q, %v", received, paid.Get(ColumnOrderAmount), paid.Get(ColumnReceipt), err)
		}
	}
	// No reading agrees with this total: the row is refused, by its number, and the other is read.
	rows, err := readRows(content("66.66"))
	refusedRows(t, err, ErrBillAmbiguous, 6)
	if back := rows["T1退款"]; len(rows) != 1 || back.Get(ColumnReceipt) != "-30.00" {
		t.Errorf("%v", rows)
	}
	// Without totals nothing chooses.
	untold := strings.Replace(content("88.88"), "#交易合计", "#", 1)
	_, err = readRows(strings.Replace(untold, "#退款合计", "#", 1))
	refusedRows(t, err, ErrBillAmbiguous, 6)
	// Two such rows under one total: the sum leaves both orders of the two readings.
	twice := strings.Replace(content("166.65"), "交易合计：1笔", "交易合计：2笔", 1)
	_, err = readRows(strings.Replace(twice, row, row+"\r\n"+strings.ReplaceAll(row, "T1", "T2"), 1))
	refusedRows(t, err, ErrBillAmbiguous, 6, 7)
}

func refusedRows(t *testing.T, err error, want Refusal, lines ...int) {
	t.Helper()
	wantRefusal(t, err, want)
	refused, ok := errors.AsType[*BillRowsError](err)
	if !ok || len(refused.Rows) != len(lines) {
		t.Fatalf("%v, want the lines %v", err, lines)
	}
	for i, row := range refused.Rows {
		if row.Line != lines[i] {
			t.Errorf("line %d, want %d", row.Line, lines[i])
		}
	}
}

// B17: a row that cannot be read is refused by its number; the day is not lost.
func TestB17_oneRowIsRefusedNotTheDay(t *testing.T) {
	for name, c := range map[string]struct {
		row  string
		want Refusal
	}{
		"short":             {"1,2,3", ErrBillUnreadable},
		"odd receipt":       {strings.Replace(paidRow, "88.88,88.88", "88.88,8.888", 1), ErrMalformedAmount},
		"odd time":          {strings.Replace(paidRow, "2026-11-21 10:00:05", "gestern", 1), ErrBillUnreadable},
		"a number with Han": {strings.Replace(paidRow, "T1", "单1", 1), ErrBillUnreadable},
		"comma and no sums": {strings.Replace(paidRow, "奶茶,2026-11-21 10:00:00", "奶,茶,gestern", 1), ErrBillUnreadable},
		"received too much": {strings.Replace(strings.Replace(paidRow, "奶茶", "奶,茶", 1), "88.88,88.88", "88.88,98.88", 1), ErrBillUnreadable},
		"unexplained":       {strings.Replace(strings.Replace(paidRow, "奶茶", "奶,茶", 1), "88.88,88.88", "88.88,78.88", 1), ErrBillUnreadable},
		"payment below 0":   {strings.Replace(strings.Replace(paidRow, "奶茶", "奶,茶", 1), "88.88,88.88", "-88.88,-88.88", 1), ErrBillUnreadable},
	} {
		t.Run(name, func(t *testing.T) {
			rows, err := readRows(tradeBill(c.row, backRow))
			refusedRows(t, err, c.want, 6)
			if _, ok := rows["T1退款"]; !ok || len(rows) != 1 {
				t.Errorf("%v", rows)
			}
		})
	}
	// More rows are missing than were refused: the file is not whole.
	_, err := readRows(strings.Replace(tradeBill("1,2,3", backRow), "交易合计：1笔", "交易合计：2笔", 1))
	wantRefusal(t, err, ErrBillIncomplete)
	_, err = readRows(strings.Replace(tradeBill("1,2,3", paidRow, backRow), "退款合计：1笔", "退款合计：0笔", 1))
	wantRefusal(t, err, ErrBillIncomplete)
	_, err = readRows(tradeBill(slices.Repeat([]string{"1,2,3"}, maxBillRefused+1)...))
	if _, rowwise := errors.AsType[*BillRowsError](err); rowwise || RefusalCode(err) != string(ErrBillUnreadable) {
		t.Error(err)
	}
}

// B17: the work that a row may cost is bounded, whatever its cells.
func TestB17_manyReadings(t *testing.T) {
	for name, texts := range map[string][2]string{
		"amounts everywhere": {strings.Repeat("1.00,", maxBillSurplus-3) + "x", ""},
		"nothing everywhere": {strings.Repeat(",", maxBillSurplus/2), strings.Repeat(",", maxBillSurplus/4) + "x"},
		"times everywhere":   {strings.Repeat("2026-11-21 10:00:00,", 60) + "x", strings.Repeat("1.00,", 60) + "x"},
		"too many cells":     {strings.Repeat("x,", maxBillSurplus+1), ""},
	} {
		rows, err := readRows(tradeBill(filled(texts[0], "x", "", texts[1]), backRow))
		if row, read := rows["T1交易"]; read {
			wantFilled(t, row)
		} else {
			refusedRows(t, err, Refusal(RefusalCode(err)), 6)
		}
		if name == "too many cells" && err == nil {
			t.Error("a row of any length was read")
		}
	}
	ambiguous := strings.Replace(paidRow, "abc***@example.com,88.88,88.88,0.00", "abc,99.99,88.88,77.77,11.11", 1)
	rows := slices.Repeat([]string{ambiguous}, maxBillOpen+3)
	_, err := readRows(strings.Replace(tradeBill(append(rows, backRow)...), "交易合计：1笔", fmt.Sprintf("交易合计：%d笔", len(rows)), 1))
	wantRefusal(t, err, ErrBillAmbiguous)
}

// B18: a line break inside a text breaks neither the row nor the one after it.
func TestB18_lineBreaksInTexts(t *testing.T) {
	for name, c := range map[string]struct{ subject, coupon, remark string }{
		"quoted subject":           {subject: "\"奶茶\n大杯\""},
		"bare subject":             {subject: "奶茶\n大杯"},
		"with a comma":             {subject: "\"奶茶,\n大杯\"", coupon: "满,减"},
		"several":                  {subject: "a\n\nb\nc"},
		"a hash after it":          {subject: "a\n#1 号"},
		"quoted remark":            {remark: "\"前台\n谢谢\""},
		"quoted coupon":            {coupon: "\"满\n减\"", remark: "\"a\nb\nc\""},
		"inch at the remark's end": {remark: `12"`},
		"inch at its beginning":    {remark: `"12`},
	} {
		for _, end := range []string{"\n", "\r\n"} {
			content := tradeBill(filled(c.subject, "", c.coupon, c.remark), backRow)
			rows, err := readRows(strings.ReplaceAll(content, "\r\n", end))
			if err != nil || len(rows) != 2 {
				t.Errorf("%s: %d rows, %v", name, len(rows), err)
				continue
			}
			row := rows["T1交易"]
			wantFilled(t, row)
			for column, want := range map[string]string{ColumnSubject: c.subject, "券名称": c.coupon, ColumnRemark: c.remark} {
				if want = unquoted(want); row.Get(column) != want {
					t.Errorf("%s: %s is %q, want %q", name, column, row.Get(column), want)
				}
			}
		}
	}
	// A row that lost its end never takes the money of the next one.
	cut, _, _ := strings.Cut(filled("奶茶", "", "", ""), ",2026-11-21")
	broken := strings.Replace(strings.Replace(paidRow, "T1", "T2", 1), "奶茶", "奶\n茶", 1)
	rows, err := readRows(tradeBill(cut, broken))
	refusedRows(t, err, ErrBillUnreadable, 6)
	if paid := rows["T2交易"]; len(rows) != 1 || paid.Get(ColumnReceipt) != "88.88" {
		t.Errorf("%v", rows)
	}
}

// B19: what a column is called, which there are and how the file is encoded may change; what is
// missing is named.
func TestB19_headersAndEncodings(t *testing.T) {
	whole := tradeBill(paidRow, backRow)
	for name, content := range map[string]string{
		"units in ASCII":      strings.NewReplacer("（元）", "(元)").Replace(whole),
		"no units":            strings.ReplaceAll(whole, "（元）,", ","),
		"renamed":             strings.Replace(strings.Replace(whole, "集分宝（元）", "集分宝抵扣（元）", 1), "支付宝优惠（元）", "支付宝优惠", 1),
		"quoted names":        strings.Replace(whole, billColumns, `"`+strings.ReplaceAll(billColumns, ",", `","`)+`"`, 1),
		"commas after all":    strings.ReplaceAll(whole, "\r\n", ",,,\r\n"),
		"no last text":        strings.Replace(strings.Replace(whole, "-0.53,0.00,", "-0.53,0.00", 1), "奶茶", "奶,茶", 1),
		"quoted cells":        strings.Replace(whole, paidRow, `"`+strings.ReplaceAll(paidRow, ",", `","`)+`"`, 1),
		"LF among CRLF":       strings.Replace(whole, "\r\n2026", "\n2026", 1),
		"a mark at its start": "\ufeff" + whole,
		"a column more":       strings.NewReplacer(",备注", ",备注,新列", "-0.53,0.00,", "-0.53,0.00,,x", "0.18,0.00,", "0.18,0.00,,").Replace(whole),
	} {
		rows, err := readRows(content)
		paid := rows["T1交易"]
		if fee, _ := paid.Fen(ColumnServiceFee); err != nil || len(rows) != 2 || paid.Get(ColumnReceipt) != "88.88" || fee != -53 {
			t.Errorf("%s: %d rows, fee %d, %v", name, len(rows), fee, err)
		}
	}
	for name, content := range map[string]string{
		"no receipt":    strings.Replace(whole, "商家实收（元）", "别的", 1),
		"two receipts":  strings.Replace(whole, "支付宝红包（元）", "商家实收", 1),
		"fen, not yuan": strings.Replace(whole, "商家实收（元）", "商家实收（分）", 1),
		"no header":     strings.Replace(whole, billColumns+"\r\n", "", 1),
		"many columns":  strings.Replace(whole, billColumns, billColumns+strings.Repeat(",x", maxBillColumns), 1),
	} {
		if _, err := readRows(content); RefusalCode(err) != string(ErrBillUnreadable) {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, err := readRows(strings.Replace(whole, "交易合计：1笔，商家实收共88.88元", "交易合计：若干", 1))
	wantRefusal(t, err, ErrBillIncomplete)
}

// B19: a file in UTF-8 is read as that, with and without the mark; all others as GB18030.
func TestB19_filesInUTF8(t *testing.T) {
	for _, mark := range []string{"", "\ufeff"} {
		want, err := readRows(tradeBill(paidRow, backRow))
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]BillRow{}
		files, err := OpenBill(zippedAs(t, "a_业务明细.csv", mark+tradeBill(paidRow, backRow)))
		if err != nil || files[0].Kind != BillTradeDetail {
			t.Fatal(files, err)
		}
		if _, err := files[0].Rows(func(row BillRow) error { got[row.Get(ColumnOutTradeNo)+row.Get(ColumnBusiness)] = row; return nil }); err != nil {
			t.Fatal(err)
		}
		if !maps.EqualFunc(got, want, func(a, b BillRow) bool { return slices.Equal(a.cells, b.cells) }) {
			t.Errorf("%q: %v", mark, got)
		}
	}
}

// B20: what is no whole archive is refused, and an archive without a file is no quiet day.
func TestB20_noArchive(t *testing.T) {
	whole := zipped(t, map[string]string{"a_业务明细.csv": tradeBill(paidRow, backRow)})
	for name, content := range map[string][]byte{
		"nothing": {}, "half": whole[:len(whole)/2], "XML": []byte(`<?xml version="1.0"?><error>expired</error>`), "the CSV itself": []byte(tradeBill(paidRow, backRow)),
		"HTML": []byte("<html>"), "empty": zipped(t, nil), "a folder": zippedAs(t, "a/", ""),
	} {
		if _, err := OpenBill(content); RefusalCode(err) != string(ErrBillUnreadable) {
			t.Errorf("%s: %v", name, err)
		}
	}
	// A byte of the packed rows that changed under way.
	whole[len(whole)/2] ^= 0x10
	files, err := OpenBill(whole)
	if err == nil {
		_, err = files[0].Rows(func(BillRow) error { return nil })
	}
	if err == nil {
		t.Error("a damaged archive was read")
	}
}

// zippedAs is an archive of one file, name and content in UTF-8.
func zippedAs(t *testing.T, name, content string) []byte {
	t.Helper()
	var buffer bytes.Buffer
	writer := zip.NewWriter(&buffer)
	entry, err := writer.Create(name)
	if err == nil {
		_, err = entry.Write([]byte(content))
	}
	if err = errors.Join(err, writer.Close()); err != nil {
		t.Fatal(err)
	}
	return buffer.Bytes()
}
