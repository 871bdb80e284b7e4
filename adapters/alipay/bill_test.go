package alipay

import (
	"archive/zip"
	"bytes"
	"errors"
	"maps"
	"strings"
	"testing"
	"time"

	"golang.org/x/text/encoding/simplifiedchinese"
)

const billColumns = "支付宝交易号,商户订单号,业务类型,商品名称,创建时间,完成时间,门店编号,门店名称,操作员,终端号,对方账户,订单金额（元）," +
	"商家实收（元）,支付宝红包（元）,集分宝（元）,支付宝优惠（元）,商家优惠（元）,券核销金额（元）,券名称,商家红包消费金额（元）,卡消费金额（元）," +
	"退款批次号/请求号,服务费（元）,分润（元）,备注"

// tradeBill is a business bill as published samples show it.
func tradeBill(rows ...string) string {
	lines := []string{
		"#支付宝业务明细查询", "#账号：[20880000000000010156]",
		"#起始日期：[2026年11月21日 00:00:00]   终止日期：[2026年11月22日 00:00:00]",
		"#-----------------------------------------业务明细列表----------------------------------------", billColumns,
	}
	lines = append(lines, rows...)
	lines = append(lines, "#-----------------------------------------业务明细列表结束------------------------------------",
		"#交易合计：1笔，商家实收共88.88元，商家优惠共0.00元", "#退款合计：1笔，商家实收退款共-30.00元，商家优惠退款共0.00元",
		"#导出时间：[2026年11月22日 05:46:49]", "")
	return strings.Join(lines, "\r\n")
}

const (
	paidRow = "2026112122001400000000000001\t,T1\t,交易,奶茶,2026-11-21 10:00:00,2026-11-21 10:00:05,,,,,abc***@example.com,88.88,88.88,0.00,0.00,0.00,0.00,0.00,,0.00,0.00,,-0.53,0.00,"
	backRow = "2026112122001400000000000001\t,T1\t,退款,奶茶,2026-11-21 10:00:00,2026-11-21 11:00:05,,,,,abc***@example.com,-30.00,-30.00,0.00,0.00,0.00,0.00,0.00,,0.00,0.00,R1\t,0.18,0.00,"
)

func zipped(t *testing.T, files map[string]string) []byte {
	t.Helper()
	var buffer bytes.Buffer
	writer := zip.NewWriter(&buffer)
	for name, content := range files {
		encodedName, err := simplifiedchinese.GBK.NewEncoder().String(name)
		if err != nil {
			t.Fatal(err)
		}
		encoded, err := simplifiedchinese.GB18030.NewEncoder().String(content)
		if err != nil {
			t.Fatal(err)
		}
		entry, err := writer.CreateHeader(&zip.FileHeader{Name: encodedName, NonUTF8: true, Method: zip.Deflate})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := entry.Write([]byte(encoded)); err != nil {
			t.Fatal(err)
		}
	}
	if err := writer.Close(); err != nil {
		t.Fatal(err)
	}
	return buffer.Bytes()
}

func TestBill_trade(t *testing.T) {
	files, err := OpenBill(zipped(t, map[string]string{"20880000000000010156_20261121_业务明细.csv": tradeBill(paidRow, backRow)}))
	if err != nil || len(files) != 1 || files[0].Kind != BillTradeDetail || files[0].Name != "20880000000000010156_20261121_业务明细.csv" {
		t.Fatalf("%+v, %v", files, err)
	}
	var rows []BillRow
	info, err := files[0].Rows(func(row BillRow) error { rows = append(rows, row); return nil })
	if err != nil {
		t.Fatal(err)
	}
	if info.Kind != BillTradeDetail || info.Account != "20880000000000010156" || info.Rows != 2 || info.Payments != 1 || info.Refunds != 1 ||
		!info.From.Equal(time.Date(2026, 11, 20, 16, 0, 0, 0, time.UTC)) || !info.ExportedAt.Equal(time.Date(2026, 11, 21, 21, 46, 49, 0, time.UTC)) {
		t.Fatalf("%+v", info)
	}
	paid, back := rows[0], rows[1]
	if paid.Get(ColumnTradeNo) != "2026112122001400000000000001" || paid.Get(ColumnOutTradeNo) != "T1" || paid.Get(ColumnBusiness) != BusinessPayment ||
		back.Get(ColumnOutRequestNo) != "R1" || back.Get(ColumnBusiness) != BusinessRefund || back.Line != 7 {
		t.Fatalf("%+v", rows)
	}
	for column, want := range map[string]int64{ColumnOrderAmount: -3000, ColumnReceipt: -3000, ColumnServiceFee: 18, ColumnRemark: 0} {
		if got, err := back.Fen(column); err != nil || got != want {
			t.Errorf("%s is %d, %v, want %d", column, got, err, want)
		}
	}
	if _, err := paid.Fen(ColumnSubject); RefusalCode(err) != string(ErrMalformedAmount) || !paid.Has(ColumnRoyalty) || paid.Has("x") {
		t.Error(err)
	}
	if !paid.Time(ColumnFinished).Equal(time.Date(2026, 11, 21, 2, 0, 5, 0, time.UTC)) || !paid.Time(ColumnRemark).IsZero() {
		t.Error("times")
	}
}

// A subject's commas are not reliably quoted: the columns around it stay right.
func TestBill_commasInSubject(t *testing.T) {
	for subject, want := range map[string]string{
		"奶茶,大杯,少冰": "奶茶,大杯,少冰", `"奶茶,大杯"`: "奶茶,大杯", "奶茶": "奶茶",
	} {
		_, err := ReadBill(strings.NewReader(tradeBill(strings.Replace(paidRow, "奶茶", subject, 1), backRow)), func(row BillRow) error {
			if row.Get(ColumnBusiness) == BusinessPayment && (row.Get(ColumnSubject) != want || row.Get(ColumnServiceFee) != "-0.53" || row.Get(ColumnOutTradeNo) != "T1") {
				t.Errorf("%q read as %+v", subject, row)
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	}
}

func fundBill() string {
	return strings.Join([]string{
		"#支付宝账务明细查询", "#账号：[20880000000000010156]", "#---账务明细列表---",
		"账务流水号,业务流水号,商户订单号,商品名称,发生时间,对方账号,收入金额(+元),支出金额(-元),账户余额(元),交易渠道,业务类型,备注",
		"1\t,2026\t,T1\t,奶茶,2026-11-21 10:00:05,x,88.88,,188.88,支付宝,在线支付,",
		"2\t,2026\t,T1\t,奶茶,2026-11-21 10:00:05,x,,-0.53,188.35,支付宝,收费,", "#---账务明细列表结束---",
		"#支出合计：1笔，共0.53元", "#收入合计：1笔，共88.88元", "#导出时间：[2026年11月22日 05:46:49]",
	}, "\n")
}

func TestBill_fund(t *testing.T) {
	seen := map[string]int64{}
	info, err := ReadBill(strings.NewReader("\ufeff"+fundBill()), func(row BillRow) error {
		for _, column := range []string{ColumnFundIncome, ColumnFundBalance, ColumnFundExpense} {
			fen, err := row.Fen(column)
			if err != nil {
				t.Error(err)
			}
			seen[row.Get(ColumnFundSerial)+column] = fen
		}
		if row.Time(ColumnFundTime).IsZero() {
			t.Errorf("%+v", row)
		}
		return nil
	})
	if err != nil || info.Kind != BillFundDetail || info.Incomes != 1 || info.Expenses != 1 {
		t.Fatalf("%+v, %v", info, err)
	}
	want := map[string]int64{
		"1" + ColumnFundIncome: 8888, "1" + ColumnFundExpense: 0, "1" + ColumnFundBalance: 18888,
		"2" + ColumnFundIncome: 0, "2" + ColumnFundExpense: -53, "2" + ColumnFundBalance: 18835,
	}
	if !maps.Equal(seen, want) {
		t.Errorf("%v", seen)
	}
}

// A bill that is not whole is never taken for a quiet day.
func TestBill_refuses(t *testing.T) {
	whole := tradeBill(paidRow, backRow)
	for name, c := range map[string]struct {
		content string
		want    Refusal
	}{
		"cut in the rows":  {before(whole, "退款,"), ErrBillIncomplete},
		"cut after a row":  {before(whole, "#-----------------------------------------业务明细列表结束"), ErrBillIncomplete},
		"a row is missing": {tradeBill(paidRow), ErrBillIncomplete},
		"a row too many":   {tradeBill(paidRow, paidRow, backRow), ErrBillIncomplete},
		"B02 another sum":  {strings.Replace(whole, "商家实收共88.88元", "商家实收共88.87元", 1), ErrBillIncomplete},
		"B02 refunds' sum": {strings.Replace(whole, "商家实收退款共-30.00元", "商家实收退款共-30.01元", 1), ErrBillIncomplete},
		"B02 a row's sum":  {strings.Replace(whole, "abc***@example.com,88.88,88.88", "abc***@example.com,88.88,8.88", 1), ErrBillIncomplete},
		"no amount":        {strings.Replace(whole, "abc***@example.com,88.88,88.88", "abc***@example.com,88.88,8.888", 1), ErrMalformedAmount},
		"B02 fund expense": {strings.Replace(fundBill(), "支出合计：1笔，共0.53元", "支出合计：1笔，共0.52元", 1), ErrBillIncomplete},
		"B02 fund income":  {strings.Replace(fundBill(), "88.88,,188.88", "88.87,,188.88", 1), ErrBillIncomplete},
		"short row":        {tradeBill(paidRow, "1,2,3"), ErrBillUnreadable},
		"row after end":    {whole + "\r\n" + paidRow, ErrBillUnreadable},
		"title alone":      {"#支付宝业务明细查询", ErrBillIncomplete},
		"empty":            {"", ErrBillUnreadable},
		"endless line":     {strings.Repeat("x", maxBillLine+1), ErrBillUnreadable},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := ReadBill(strings.NewReader(c.content), func(BillRow) error { return nil })
			wantRefusal(t, err, c.want)
		})
	}
	stop := errors.New("stop")
	if _, err := ReadBill(strings.NewReader(whole), func(BillRow) error { return stop }); !errors.Is(err, stop) {
		t.Error("the visitor's error is lost")
	}
	_, err := OpenBill([]byte("no zip"))
	wantRefusal(t, err, ErrBillUnreadable)
	many := map[string]string{}
	for i := range maxBillFiles + 1 {
		many[strings.Repeat("a", i+1)] = ""
	}
	_, err = OpenBill(zipped(t, many))
	wantRefusal(t, err, ErrBillTooLarge)
}

func before(text, mark string) string {
	head, _, _ := strings.Cut(text, mark)
	return head
}

func TestBill_kinds(t *testing.T) {
	files, err := OpenBill(zipped(t, map[string]string{
		"a_业务明细(汇总).csv": "#支付宝业务汇总查询\n门店编号,交易订单总笔数\n合计,1\n", "a_账务明细.csv": "", "a_账务明细(汇总).csv": "", "readme.txt": "",
	}))
	if err != nil {
		t.Fatal(err)
	}
	seen := map[BillKind]bool{}
	for _, f := range files {
		seen[f.Kind] = true
		if f.Kind == BillTradeSummary {
			info, err := f.Rows(func(BillRow) error { return nil })
			if err != nil || info.Kind != BillTradeSummary || info.Rows != 1 {
				t.Errorf("%+v, %v", info, err)
			}
		}
	}
	if len(seen) != 4 || !seen[BillOther] || !seen[BillFundDetail] || !seen[BillFundSummary] {
		t.Errorf("%v", seen)
	}
}

// A ZIP bomb stops at the cap.
func TestBill_bomb(t *testing.T) {
	reader := &cappedReader{reader: endless{}, left: 100_000}
	_, err := ReadBill(reader, func(BillRow) error { return nil })
	if err == nil || reader.left >= 0 {
		t.Fatalf("%d left, %v", reader.left, err)
	}
}

type endless struct{}

func (endless) Read(buffer []byte) (int, error) {
	for i := range buffer {
		buffer[i] = '\n'
	}
	return len(buffer), nil
}
