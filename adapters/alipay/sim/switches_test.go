package alipaysim_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	alipaysim "github.com/paymux/paymux/adapters/alipay/sim"
)

// Whoever has no Go reaches every reading of the protocol over HTTP, while the
// simulator runs.
func TestSwitchesChangeWhileRunning(t *testing.T) {
	r := newRig(t, func(c *alipaysim.Config) { c.Switches.PasswordAboveFen = 500 })
	got := r.sim("POST", "/sim/switches", map[string]any{"refund_window_seconds": -1, "waiting_message": "等待用户付款",
		"triggers": map[string]any{"alipay.trade.create": alipaysim.Triggers{}}})
	if got["password_above_fen"] != 500.0 || got["refund_window_seconds"] != -1.0 || got["cancel_window_seconds"] != 86400.0 {
		t.Fatalf("%v", got)
	}
	pay := biz{"out_trade_no": "B1", "total_amount": "6.00", "subject": "x", "scene": "bar_code",
		"auth_code": r.sim("POST", "/sim/barcode", nil)["auth_code"]}
	want(t, r.call("alipay.trade.pay", pay, "notify_url", r.merchant.url), "code", "10003", "msg", "等待用户付款")
	r.sim("POST", "/sim/trades/B1/pay", nil)
	r.create("T1", "1.00", "notify_url", r.merchant.url)
	r.sim("POST", "/sim/trades/T1/pay", nil)
	r.flush()
	// C14: a product without refunds is finished by the payment itself.
	if told := r.merchant.received(); len(told) != 1 || told[0].Get("trade_status") != "TRADE_FINISHED" || told[0].Get("gmt_payment") == "" {
		t.Fatalf("%v", told)
	}
	want(t, r.call("alipay.trade.refund", biz{"out_trade_no": "B1", "refund_amount": "6.00"}), "sub_code", "ACQ.TRADE_HAS_FINISHED")

	got = r.sim("DELETE", "/sim/switches", nil)
	if got["password_above_fen"] != 500.0 || got["refund_window_seconds"] != 365*86400.0 || got["waiting_message"] != "order success pay inprocess" {
		t.Fatalf("%v", got)
	}
	for _, wrong := range []map[string]any{{"no_such_switch": true}, {"v3_business_status": 200}, {"refund_window_seconds": -2}, {"share_cap_percent": 101}} {
		if status, answer := r.simStatus("POST", "/sim/switches", wrong); status != http.StatusBadRequest {
			t.Errorf("%v: %d %v", wrong, status, answer)
		}
	}
}

// The window of a payment is fixed when it is made, and a restart keeps it.
func TestTheRefundWindowIsThatOfThePayment(t *testing.T) {
	r := newRig(t, onDisk(t.TempDir()+"/book"), func(c *alipaysim.Config) { c.Manual = true })
	r.create("T1", "1.00")
	r.sim("POST", "/sim/trades/T1/pay", nil)
	r.restart()
	r.sim("POST", "/sim/switches", map[string]any{"refund_window_seconds": 60})
	r.create("T2", "1.00")
	r.sim("POST", "/sim/trades/T2/pay", nil)
	r.advance(2 * time.Minute)
	want(t, r.call("alipay.trade.query", biz{"out_trade_no": "T1"}), "trade_status", "TRADE_SUCCESS")
	want(t, r.call("alipay.trade.query", biz{"out_trade_no": "T2"}), "trade_status", "TRADE_FINISHED")
	r.advance(365 * 24 * time.Hour)
	want(t, r.call("alipay.trade.query", biz{"out_trade_no": "T1"}), "trade_status", "TRADE_FINISHED")
}

func TestReadingsOfCertificatesAndBills(t *testing.T) {
	r := newRig(t, certificateMode(t))
	sn := loadVectors(t).CertSN
	serials := []string{"app_cert_sn", sn["app_cert_sn"], "alipay_root_cert_sn", sn["alipay_root_cert_sn"]}
	r.sim("POST", "/sim/switches", map[string]any{"notify_cert_sn": true, "bill_quotes": true, "bill_fees_positive": true})
	r.raw(r.params("alipay.trade.create", biz{"out_trade_no": "T1", "total_amount": "100.00", "subject": `6" x, y`,
		"product_code": "JSAPI_PAY", "op_app_id": testApp, "buyer_id": testBuyer}, append(serials, "notify_url", r.merchant.url)...))
	r.sim("POST", "/sim/trades/T1/pay", nil)
	r.flush()
	told := r.merchant.received()
	if len(told) != 1 || told[0].Get("alipay_cert_sn") != sn["alipay_cert_sn"] ||
		!rsaVerify(r.alipay, canonical(told[0], "sign", "sign_type"), told[0].Get("sign")) {
		t.Fatalf("%v", told)
	}
	r.advance(48 * time.Hour)
	ask := r.params("alipay.data.dataservice.bill.downloadurl.query", biz{"bill_type": "trade", "bill_date": "2026-11-22"}, serials...)
	_, rest, _ := strings.Cut(r.raw(ask), `"bill_download_url":"`)
	address, _, _ := strings.Cut(rest, `"`)
	row := ""
	for name, text := range r.unzip(strings.ReplaceAll(address, `\/`, "/")) {
		if strings.HasSuffix(name, "业务明细.csv") {
			row = strings.Split(text, "\r\n")[5]
		}
	}
	if !strings.Contains(row, `,"6"" x, y`+"\t"+`",`) || !strings.Contains(row, ",0.60,0.00,") {
		t.Fatalf("%q", row)
	}
}
