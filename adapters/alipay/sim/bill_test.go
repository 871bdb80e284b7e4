package alipaysim_test

import (
	"archive/zip"
	"bytes"
	"io"
	"strings"
	"testing"
	"time"
)

// download asks for a bill, fetches it at once and gives its files by name.
func (r *rig) download(kind, date string) map[string]string {
	r.t.Helper()
	got := r.call("alipay.data.dataservice.bill.downloadurl.query", biz{"bill_type": kind, "bill_date": date})
	want(r.t, got, "code", "10000")
	return r.unzip(got["bill_download_url"].(string))
}

// unzip fetches a bill and gives its files by name.
func (r *rig) unzip(address string) map[string]string {
	r.t.Helper()
	response, err := web().Get(address)
	if err != nil {
		r.t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	raw, err := io.ReadAll(response.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	archive, err := zip.NewReader(bytes.NewReader(raw), int64(len(raw)))
	if err != nil {
		r.t.Fatal(err)
	}
	files := map[string]string{}
	for _, f := range archive.File {
		if !f.NonUTF8 {
			r.t.Fatalf("%q carries the UTF-8 flag", f.Name)
		}
		reader, err := f.Open()
		if err != nil {
			r.t.Fatal(err)
		}
		text, err := io.ReadAll(reader)
		if err != nil {
			r.t.Fatal(err)
		}
		files[gbkText(r.t, []byte(f.Name))] = gbkText(r.t, text)
	}
	return files
}

func TestTradeBill(t *testing.T) {
	r := newRig(t)
	r.create("T1", "100.00")
	r.sim("POST", "/sim/trades/T1/pay", biz{"coupon": true, "points": true})
	r.call("alipay.trade.refund", biz{"out_trade_no": "T1", "refund_amount": "30.00", "out_request_no": "R1"})
	r.create("T2", "1.00")

	ask := func(date string) map[string]any {
		return r.call("alipay.data.dataservice.bill.downloadurl.query", biz{"bill_type": "trade", "bill_date": date})
	}
	want(t, ask("2026-11-22"), "sub_code", "INVAILID_ARGUMENTS")
	want(t, ask("yesterday"), "sub_code", "INVAILID_ARGUMENTS")
	r.advance(12 * time.Hour) // 08:00 of the next day
	want(t, ask("2026-11-22"), "sub_code", "BILL_NOT_EXIST")
	r.advance(2 * time.Hour)
	want(t, ask("2026-11-21"), "bill_file_code", "EMPTY_DATA_WITH_BILL_FILE")

	files := r.download("trade", "2026-11-22")
	detail := files[testSeller+"0156_20261122_业务明细.csv"]
	lines := strings.Split(detail, "\r\n")
	if len(files) != 2 || lines[0] != "#支付宝业务明细查询" || lines[1] != "#账号：["+testSeller+"0156]" {
		t.Fatalf("%v", files)
	}
	if lines[2] != "#起始日期：[2026年11月22日 00:00:00]   终止日期：[2026年11月23日 00:00:00]" {
		t.Fatal(lines[2])
	}
	if n := len(strings.Split(lines[4], ",")); n != 25 {
		t.Fatalf("%d columns", n)
	}
	paid, refunded := strings.Split(lines[5], ","), strings.Split(lines[6], ",")
	for i, cell := range map[int]string{1: "T1\t", 2: "交易", 11: "100.00", 12: "100.00", 13: "2.00", 14: "1.00", 22: "-0.60"} {
		if paid[i] != cell {
			t.Errorf("payment column %d: %q, want %q", i, paid[i], cell)
		}
	}
	for i, cell := range map[int]string{0: paid[0], 2: "退款", 11: "-30.00", 12: "-30.00", 21: "R1\t"} {
		if refunded[i] != cell {
			t.Errorf("refund column %d: %q, want %q", i, refunded[i], cell)
		}
	}
	if !strings.Contains(detail, "#交易合计：1笔，商家实收共100.00元") || !strings.Contains(detail, "#退款合计：1笔，商家实收退款共-30.00元") {
		t.Fatal(detail)
	}
	fund := r.download("signcustomer", "2026-11-22")[testSeller+"0156_20261122_账务明细.csv"]
	if !strings.Contains(fund, "#支出合计：2笔，共-30.60元") || !strings.Contains(fund, "#收入合计：1笔，共100.00元") || !strings.Contains(fund, ",69.40,") {
		t.Fatal(fund)
	}
}

func TestBillAddressLivesThirtySeconds(t *testing.T) {
	r := newRig(t)
	r.advance(24 * time.Hour)
	got := r.call("alipay.data.dataservice.bill.downloadurl.query", biz{"bill_type": "trade", "bill_date": "2026-11-22"})
	r.advance(31 * time.Second)
	_, body := browse(t, got["bill_download_url"].(string))
	if !strings.Contains(gbkText(t, []byte(body)), "下载链接已失效") {
		t.Fatal(body)
	}
}

// The account's bill holds every movement, shares included, and goes on from
// the balance of the day before.
func TestTheAccountBillGoesOn(t *testing.T) {
	const receiver = "2088000000000077"
	r := newRig(t)
	no := r.create("T1", "100.00")
	r.sim("POST", "/sim/trades/T1/pay", nil)
	r.call("alipay.trade.royalty.relation.bind", biz{"out_request_no": "B1", "receiver_list": []biz{{"type": "userId", "account": receiver}}})
	want(t, r.call("alipay.trade.order.settle", biz{"out_request_no": "S1", "trade_no": no,
		"royalty_parameters": []biz{{"trans_in": receiver, "amount": "20.00"}}}), "code", "10000")
	r.advance(24 * time.Hour)
	want(t, r.call("alipay.trade.refund", biz{"out_trade_no": "T1", "refund_amount": "9.40", "out_request_no": "R1"}), "code", "10000")
	r.advance(24 * time.Hour)
	first := r.download("signcustomer", "2026-11-22")[testSeller+"0156_20261122_账务明细.csv"]
	if !strings.Contains(first, ",,-20.00,79.40,支付宝,交易分账\t,S1\t") {
		t.Fatal(first)
	}
	second := r.download("signcustomer", "2026-11-23")[testSeller+"0156_20261123_账务明细.csv"]
	if !strings.Contains(second, ",,-9.40,70.00,支付宝,交易退款\t,R1\t") {
		t.Fatal(second)
	}
	if trades := r.download("trade", "2026-11-22")[testSeller+"0156_20261122_业务明细.csv"]; strings.Contains(trades, "S1") {
		t.Fatal(trades)
	}
}
