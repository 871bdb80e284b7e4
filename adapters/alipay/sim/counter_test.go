package alipaysim_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	alipaysim "github.com/paymux/paymux/adapters/alipay/sim"
)

func (r *rig) barCode() string {
	return r.sim("POST", "/sim/barcode", nil)["auth_code"].(string)
}

func TestBarCodePaysAtOnceAndServesOnce(t *testing.T) {
	r := newRig(t)
	code := r.barCode()
	sale := biz{"out_trade_no": "B1", "total_amount": "8.00", "subject": "x", "scene": "bar_code", "auth_code": code}
	want(t, r.call("alipay.trade.pay", sale), "code", "10000", "receipt_amount", "8.00", "buyer_user_id", testBuyer)
	want(t, r.call("alipay.trade.pay", sale), "sub_code", "ACQ.TRADE_HAS_SUCCESS")
	sale["out_trade_no"] = "B2"
	want(t, r.call("alipay.trade.pay", sale), "sub_code", "ACQ.PAYMENT_AUTH_CODE_INVALID")
	want(t, r.call("alipay.trade.query", biz{"out_trade_no": "B2"}), "sub_code", "ACQ.TRADE_NOT_EXIST")
	sale["auth_code"] = "289999999999999999"
	want(t, r.call("alipay.trade.pay", sale), "sub_code", "ACQ.PAYMENT_AUTH_CODE_INVALID")
	stale := r.barCode()
	r.advance(3 * time.Minute)
	sale["auth_code"] = stale
	want(t, r.call("alipay.trade.pay", sale), "sub_code", "ACQ.PAYMENT_AUTH_CODE_INVALID")
}

func TestAboveTheLimitTheBuyerMustConfirm(t *testing.T) {
	r := newRig(t)
	sale := func(number string) biz {
		return biz{"out_trade_no": number, "total_amount": "1000.01", "subject": "x", "auth_code": r.barCode()}
	}
	first := sale("B1")
	want(t, r.call("alipay.trade.pay", first), "code", "10003")
	// the same again, because the answer was lost
	want(t, r.call("alipay.trade.pay", first), "code", "10003")
	first["out_trade_no"] = "B3"
	want(t, r.call("alipay.trade.pay", first), "sub_code", "ACQ.PAYMENT_AUTH_CODE_INVALID")
	want(t, r.call("alipay.trade.query", biz{"out_trade_no": "B1"}), "trade_status", "WAIT_BUYER_PAY")
	r.sim("POST", "/sim/trades/B1/pay", nil)
	want(t, r.call("alipay.trade.query", biz{"out_trade_no": "B1"}), "trade_status", "TRADE_SUCCESS")

	want(t, r.call("alipay.trade.pay", sale("B2")), "code", "10003")
	want(t, r.call("alipay.trade.cancel", biz{"out_trade_no": "B2"}), "code", "10000", "action", "close", "retry_flag", "N")
	want(t, r.call("alipay.trade.query", biz{"out_trade_no": "B2"}), "trade_status", "TRADE_CLOSED")
}

func TestCancelGivesBackWhatWasPaid(t *testing.T) {
	r := newRig(t)
	want(t, r.call("alipay.trade.cancel", biz{"out_trade_no": "NOPE"}), "code", "10000", "action", "")
	r.create("T1", "5.00", "notify_url", r.merchant.url)
	r.sim("POST", "/sim/trades/T1/pay", nil)
	want(t, r.call("alipay.trade.cancel", biz{"out_trade_no": "T1"}), "action", "refund")
	want(t, r.call("alipay.trade.cancel", biz{"out_trade_no": "T1"}), "action", "refund")
	want(t, r.call("alipay.trade.query", biz{"out_trade_no": "T1"}), "trade_status", "TRADE_CLOSED")
	if totals := r.server.Book().Totals(); totals.RefundedFen != 500 {
		t.Fatalf("%+v", totals)
	}
	r.create("T2", "5.00")
	r.sim("POST", "/sim/trades/T2/pay", nil)
	r.advance(25 * time.Hour)
	want(t, r.call("alipay.trade.cancel", biz{"out_trade_no": "T2"}), "sub_code", "ACQ.TRADE_CANCEL_TIME_OUT")
}

func TestQRCodeIsATradeOnlyOnceScanned(t *testing.T) {
	r := newRig(t)
	order := biz{"out_trade_no": "Q1", "total_amount": "3.00", "subject": "x"}
	qr := r.call("alipay.trade.precreate", order)["qr_code"].(string)
	want(t, r.call("alipay.trade.precreate", order), "qr_code", qr)
	want(t, r.call("alipay.trade.query", biz{"out_trade_no": "Q1"}), "sub_code", "ACQ.TRADE_NOT_EXIST")
	changed := biz{"out_trade_no": "Q1", "total_amount": "4.00", "subject": "x"}
	want(t, r.call("alipay.trade.precreate", changed), "sub_code", "ACQ.CONTEXT_INCONSISTENT")
	if page, shown := browse(t, r.http.URL+"/cashier/scan?code="+url.QueryEscape(qr)); !strings.Contains(page, "/cashier/") || !strings.Contains(shown, `id="pay"`) {
		t.Fatalf("scanning leads to %s: %s", page, shown)
	}
	if _, shown := browse(t, r.http.URL+"/cashier/scan?code=nothing"); !strings.Contains(gbkText(t, []byte(shown)), "ACQ.TRADE_NOT_EXIST") {
		t.Fatal(shown)
	}
	r.sim("POST", "/sim/pay", biz{"qr_code": qr, "action": "enter"})
	want(t, r.call("alipay.trade.query", biz{"out_trade_no": "Q1"}), "trade_status", "WAIT_BUYER_PAY")
	r.sim("POST", "/sim/pay", biz{"qr_code": qr})
	want(t, r.call("alipay.trade.query", biz{"out_trade_no": "Q1"}), "trade_status", "TRADE_SUCCESS")

	late := r.call("alipay.trade.precreate", biz{"out_trade_no": "Q2", "total_amount": "3.00", "subject": "x"})["qr_code"].(string)
	r.advance(121 * time.Minute)
	if status, answer := r.simStatus("POST", "/sim/pay", biz{"qr_code": late}); status != http.StatusConflict {
		t.Fatalf("a code two hours old: %d %v", status, answer)
	}
	renewed := r.call("alipay.trade.precreate", biz{"out_trade_no": "Q2", "total_amount": "3.00", "subject": "x"})["qr_code"]
	if r.sim("POST", "/sim/pay", biz{"qr_code": renewed}); renewed == late {
		t.Fatal("the code that has lapsed was given again")
	}
}

// Whoever tests without a browser can agree as well: by address, and by the
// signStr of my.paySignCenter, which is encoded twice.
func TestAgreementWithoutABrowser(t *testing.T) {
	r := newRig(t)
	form := func(number string) string {
		return r.params("alipay.user.agreement.page.sign", biz{"personal_product_code": "GENERAL_WITHHOLDING_P",
			"external_agreement_no": number, "access_params": biz{"channel": "ALIPAYAPP"}}, "notify_url", r.merchant.url).Encode()
	}
	if got := r.sim("POST", "/sim/pay", biz{"url": r.http.URL + "/gateway.do?" + form("E1"), "action": "cancel"}); got["result_code"] != "6001" {
		t.Fatalf("%v", got)
	}
	page, _ := browse(t, r.http.URL+"/gateway.do?"+form("E2"))
	for _, shown := range []biz{{"url": r.http.URL + "/gateway.do?" + form("E1")}, {"order_string": url.QueryEscape(form("E3"))}, {"url": page}} {
		got := r.sim("POST", "/sim/pay", shown)
		agreement, _ := got["agreement"].(map[string]any)
		if got["result_code"] != "7000" || agreement["agreement_no"] == "" {
			t.Fatalf("%v", got)
		}
		want(t, r.call("alipay.user.agreement.query", biz{"agreement_no": agreement["agreement_no"]}), "status", "NORMAL")
	}
	if r.flush(); len(r.merchant.received()) != 3 {
		t.Fatal("not every signature was told")
	}
}

func TestAgreementFromSignatureToEnd(t *testing.T) {
	r := newRig(t)
	ask := biz{"personal_product_code": "GENERAL_WITHHOLDING_P", "sign_scene": "INDUSTRY|CARRENTAL",
		"external_agreement_no": "EXT1", "access_params": biz{"channel": "ALIPAYAPP"}}
	address := r.http.URL + "/gateway.do?" + r.params("alipay.user.agreement.page.sign", ask, "notify_url", r.merchant.url).Encode()
	page, shown := browse(t, address)
	if !strings.Contains(page, "/cashier/agreement/") || !strings.Contains(shown, "免密支付") {
		t.Fatalf("%s %s", page, shown)
	}
	key := biz{"alipay_user_id": testBuyer, "personal_product_code": "GENERAL_WITHHOLDING_P", "external_agreement_no": "EXT1"}
	want(t, r.call("alipay.user.agreement.query", key), "sub_code", "USER_AGREEMENT_NOT_EXIST")
	if done := press(t, page, url.Values{"action": {"sign"}}); !strings.Contains(done, `data-outcome="paid"`) {
		t.Fatal(done)
	}
	r.flush()
	told := r.merchant.received()
	if len(told) != 1 || told[0].Get("notify_type") != "dut_user_sign" || told[0].Get("status") != "NORMAL" {
		t.Fatalf("%v", told)
	}
	got := r.call("alipay.user.agreement.query", key)
	want(t, got, "status", "NORMAL", "external_agreement_no", "EXT1")
	number := got["agreement_no"].(string)
	sale := biz{"out_trade_no": "A1", "total_amount": "2000.00", "subject": "x", "product_code": "GENERAL_WITHHOLDING",
		"agreement_params": biz{"agreement_no": number}}
	want(t, r.call("alipay.trade.pay", sale), "code", "10000", "buyer_user_id", testBuyer)

	want(t, r.call("alipay.user.agreement.unsign", biz{"agreement_no": number}), "code", "10000")
	r.flush()
	if told := r.merchant.received(); len(told) != 1 || told[0].Get("status") != "UNSIGN" {
		t.Fatalf("%v", told)
	}
	sale["out_trade_no"] = "A2"
	want(t, r.call("alipay.trade.pay", sale), "sub_code", "ACQ.AGREEMENT_STATUS_NOT_NORMAL")
	want(t, r.call("alipay.user.agreement.query", biz{"agreement_no": number}), "sub_code", "AGREEMENT_HAS_UNSIGNED")
}

func TestProfitSharing(t *testing.T) {
	const receiver = "2088000000000077"
	r := newRig(t)
	no := r.create("T1", "10.00")
	share := biz{"out_request_no": "S1", "trade_no": no, "royalty_parameters": []biz{
		{"trans_in": receiver, "trans_in_type": "userId", "amount": "1.00"}, {"trans_in": receiver, "trans_in_type": "userId", "amount_percentage": 20}}}
	want(t, r.call("alipay.trade.order.settle", share), "sub_code", "ACQ.TRADE_STATUS_ERROR")
	r.sim("POST", "/sim/trades/T1/pay", nil)
	want(t, r.call("alipay.trade.order.settle", share), "sub_code", "ACQ.ROYALTY_RECEIVER_INVALID")
	bind := biz{"out_request_no": "B1", "receiver_list": []biz{{"type": "userId", "account": receiver}}}
	want(t, r.call("alipay.trade.royalty.relation.bind", bind), "result_code", "SUCCESS")
	first := r.call("alipay.trade.order.settle", share)
	want(t, first, "code", "10000")
	want(t, r.call("alipay.trade.order.settle", share), "settle_no", first["settle_no"].(string))
	share["out_request_no"] = "S2"
	want(t, r.call("alipay.trade.order.settle", share), "sub_code", "ACQ.ALLOC_AMOUNT_VALIDATE_ERROR")
	got := r.call("alipay.trade.order.settle.query", biz{"settle_no": first["settle_no"]})
	details := got["royalty_detail_list"].([]any)
	if len(details) != 2 || details[1].(map[string]any)["amount"] != "2.00" {
		t.Fatalf("%v", details)
	}
	want(t, r.call("alipay.trade.order.settle.query", biz{"trade_no": no, "out_request_no": "S1"}), "out_request_no", "S1")
	want(t, r.call("alipay.trade.royalty.relation.unbind", bind), "result_code", "SUCCESS")
	if totals := r.server.Book().Totals(); totals.SettledFen != 300 {
		t.Fatalf("%+v", totals)
	}
}

func TestOpenIDModeNeverShowsUserIDs(t *testing.T) {
	r := newRig(t, func(c *alipaysim.Config) { c.Apps[0].OpenIDMode = true })
	code := r.sim("POST", "/sim/authcode", nil)["auth_code"].(string)
	login := r.call("alipay.system.oauth.token", nil, "grant_type", "authorization_code", "code", code)
	want(t, login, "user_id", "")
	openID := login["open_id"].(string)
	order := biz{"out_trade_no": "T1", "total_amount": "1.00", "subject": "x", "product_code": "JSAPI_PAY",
		"op_app_id": testApp, "buyer_open_id": openID}
	want(t, r.call("alipay.trade.create", order, "notify_url", r.merchant.url), "code", "10000")
	r.sim("POST", "/sim/trades/T1/pay", nil)
	r.flush()
	want(t, r.call("alipay.trade.query", biz{"out_trade_no": "T1"}), "buyer_open_id", openID, "buyer_user_id", "")
	if n := r.merchant.received()[0]; n.Get("buyer_open_id") != openID || n.Has("buyer_id") {
		t.Fatalf("%v", n)
	}
	order["out_trade_no"], order["buyer_open_id"] = "T2", "somebody"
	want(t, r.call("alipay.trade.create", order), "sub_code", "ACQ.BUYER_NOT_EXIST")
}
