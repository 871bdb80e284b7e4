package alipaysim_test

import (
	"html"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"
)

func TestMiniProgramTradeFromLoginToFullRefund(t *testing.T) {
	r := newRig(t)
	code := r.sim("POST", "/sim/authcode", biz{"app_id": testApp})["auth_code"].(string)
	login := r.call("alipay.system.oauth.token", nil, "grant_type", "authorization_code", "code", code)
	want(t, login, "user_id", testBuyer, "code", "", "msg", "")
	again := r.raw(r.params("alipay.system.oauth.token", nil, "grant_type", "authorization_code", "code", code))
	want(t, r.openNode("error_response", again), "code", "40002", "sub_code", "isv.code-invalid")

	no := r.create("T1", "88.88", "notify_url", r.merchant.url+"/n?ch=alipay")
	if !regexp.MustCompile(`^2026112222001\d{15}$`).MatchString(no) {
		t.Fatalf("trade_no %s", no)
	}
	if same := r.create("T1", "88.88"); same != no {
		t.Fatalf("repeated create gave %s, then %s", no, same)
	}
	want(t, r.call("alipay.trade.query", biz{"out_trade_no": "T1"}), "trade_status", "WAIT_BUYER_PAY", "total_amount", "88.88")

	r.sim("POST", "/sim/trades/"+no+"/pay", biz{"channel": "balance"})
	r.flush()
	notices := r.merchant.received()
	if len(notices) != 1 {
		t.Fatalf("%d notifications", len(notices))
	}
	n := notices[0]
	if !rsaVerify(r.alipay, canonical(n, "sign", "sign_type"), n.Get("sign")) {
		t.Fatal("notification does not verify")
	}
	for name, value := range map[string]string{"trade_status": "TRADE_SUCCESS", "out_trade_no": "T1", "trade_no": no,
		"total_amount": "88.88", "seller_id": testSeller, "app_id": testApp, "buyer_id": testBuyer,
		"fund_bill_list": `[{"amount":"88.88","fundChannel":"ALIPAYACCOUNT"}]`} {
		if n.Get(name) != value {
			t.Errorf("%s = %q, want %q", name, n.Get(name), value)
		}
	}

	first := r.call("alipay.trade.refund", biz{"out_trade_no": "T1", "refund_amount": "8.88", "out_request_no": "R1"})
	want(t, first, "refund_fee", "8.88", "fund_change", "Y")
	repeated := r.call("alipay.trade.refund", biz{"out_trade_no": "T1", "refund_amount": "8.88", "out_request_no": "R1"})
	want(t, repeated, "refund_fee", "8.88", "fund_change", "N")
	other := r.call("alipay.trade.refund", biz{"out_trade_no": "T1", "refund_amount": "8.89", "out_request_no": "R1"})
	want(t, other, "sub_code", "ACQ.DISCORDANT_REPEAT_REQUEST")
	tooMuch := r.call("alipay.trade.refund", biz{"out_trade_no": "T1", "refund_amount": "80.01", "out_request_no": "R2"})
	want(t, tooMuch, "sub_code", "ACQ.REASON_TRADE_REFUND_FEE_ERR")
	want(t, r.call("alipay.trade.fastpay.refund.query", biz{"out_trade_no": "T1", "out_request_no": "R1"}),
		"refund_status", "REFUND_SUCCESS", "refund_amount", "8.88")
	want(t, r.call("alipay.trade.fastpay.refund.query", biz{"out_trade_no": "T1", "out_request_no": "R9"}),
		"code", "10000", "refund_status", "", "refund_amount", "")
	rest := r.call("alipay.trade.refund", biz{"out_trade_no": "T1", "refund_amount": "80.00", "out_request_no": "R2"})
	want(t, rest, "refund_fee", "88.88")
	want(t, r.call("alipay.trade.query", biz{"out_trade_no": "T1"}), "trade_status", "TRADE_CLOSED")

	r.flush()
	told := r.merchant.received()
	if len(told) != 2 || told[0].Get("trade_status") != "TRADE_SUCCESS" || told[1].Get("trade_status") != "TRADE_CLOSED" {
		t.Fatalf("refund notifications: %v", told)
	}
	if told[0].Get("refund_fee") != "8.88" || told[1].Get("refund_fee") != "88.88" || told[0].Get("out_biz_no") != "R1" {
		t.Fatalf("refund fields: %v", told)
	}
	totals := r.sim("GET", "/sim/book/totals", nil)
	if totals["captured_fen"] != 8888.0 || totals["net_fen"] != 0.0 {
		t.Fatalf("totals %v", totals)
	}
}

func TestRefusalsOfAMiniProgramTrade(t *testing.T) {
	base := func() biz {
		return biz{"out_trade_no": "T1", "total_amount": "1.00", "subject": "x", "product_code": "JSAPI_PAY",
			"op_app_id": testApp, "buyer_id": testBuyer}
	}
	cases := []struct {
		name, field string
		value       any
		sub         string
	}{
		{"amount zero", "total_amount", "0.00", "ACQ.INVALID_PARAMETER"},
		{"three decimals", "total_amount", "0.001", "ACQ.INVALID_PARAMETER"},
		{"exponent", "total_amount", "1e2", "ACQ.INVALID_PARAMETER"},
		{"above the limit", "total_amount", "100000000.01", "ACQ.INVALID_PARAMETER"},
		{"no subject", "subject", "", "ACQ.INVALID_PARAMETER"},
		{"foreign seller", "seller_id", "2088999999999999", "ACQ.INVALID_RECEIVE_ACCOUNT"},
		{"foreign mini-program", "op_app_id", "2021999999999999", "ACQ.UNBOUND_APPLICATION"},
		{"no mini-program", "op_app_id", "", "ACQ.INVALID_PARAMETER"},
		{"no buyer", "buyer_id", "", "ACQ.INVALID_PARAMETER"},
		{"unknown buyer", "buyer_id", "2088999999999999", "ACQ.BUYER_NOT_EXIST"},
		{"expired", "time_expire", "2026-11-22 19:59:59", "ACQ.NOW_TIME_AFTER_EXPIRE_TIME_ERROR"},
		{"malformed expiry", "time_expire", "soon", "ACQ.INVALID_PARAMETER"},
		{"too long timeout", "timeout_express", "16d", "ACQ.INVALID_PARAMETER"},
		{"two instalments", "extend_params", biz{"hb_fq_num": "2"}, "ACQ.INVALID_PARAMETER"},
		{"half a fee", "extend_params", biz{"hb_fq_num": "3", "hb_fq_seller_percent": "50"}, "ACQ.INVALID_PARAMETER"},
		{"number too long", "out_trade_no", strings.Repeat("a", 65), "ACQ.INVALID_PARAMETER"},
	}
	r := newRig(t)
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			content := base()
			content[c.field] = c.value
			want(t, r.call("alipay.trade.create", content), "code", "40004", "sub_code", c.sub)
		})
	}
	if n := r.server.Book().Len(); n != 0 {
		t.Fatalf("refusals booked %d entries", n)
	}
}

func TestNumbersThatAreTaken(t *testing.T) {
	r := newRig(t)
	no := r.create("T1", "1.00")
	changed := biz{"out_trade_no": "T1", "total_amount": "2.00", "subject": "测试", "product_code": "JSAPI_PAY",
		"op_app_id": testApp, "buyer_id": testBuyer}
	want(t, r.call("alipay.trade.create", changed), "sub_code", "ACQ.CONTEXT_INCONSISTENT")
	r.sim("POST", "/sim/trades/"+no+"/pay", nil)
	want(t, r.call("alipay.trade.create", changed), "sub_code", "ACQ.TRADE_HAS_SUCCESS")
	want(t, r.call("alipay.trade.close", biz{"out_trade_no": "T1"}), "sub_code", "ACQ.REASON_TRADE_STATUS_INVALID")

	r.create("T2", "1.00")
	want(t, r.call("alipay.trade.refund", biz{"out_trade_no": "T2", "refund_amount": "1.00"}), "sub_code", "ACQ.TRADE_STATUS_ERROR")
	want(t, r.call("alipay.trade.close", biz{"out_trade_no": "T2"}), "code", "10000", "out_trade_no", "T2")
	want(t, r.call("alipay.trade.close", biz{"out_trade_no": "T2"}), "code", "10000")
	changed["out_trade_no"] = "T2"
	want(t, r.call("alipay.trade.create", changed), "sub_code", "ACQ.TRADE_HAS_CLOSE")
	if status, answer := r.simStatus("POST", "/sim/trades/T2/pay", nil); status != http.StatusConflict || answer["code"] != "ACQ.TRADE_HAS_CLOSE" {
		t.Fatalf("paying a closed trade: %d %v", status, answer)
	}
	missing := r.call("alipay.trade.query", biz{"out_trade_no": "NOPE"})
	want(t, missing, "sub_code", "ACQ.TRADE_NOT_EXIST", "buyer_pay_amount", "0.00", "out_trade_no", "NOPE")
}

// wapURL is the address a merchant would put into a page.
func (r *rig) wapURL(content biz, extra ...string) string {
	return r.http.URL + "/gateway.do?" + r.params("alipay.trade.wap.pay", content, extra...).Encode()
}

func browse(t *testing.T, address string) (string, string) {
	t.Helper()
	response, err := web().Get(address)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.Request.URL.String(), string(body)
}

func press(t *testing.T, page string, form url.Values) string {
	t.Helper()
	response, err := web().PostForm(page, form)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

func TestPhonePageIsATradeOnlyOnceTheBuyerConfirms(t *testing.T) {
	r := newRig(t)
	order := biz{"out_trade_no": "W1", "total_amount": "12.00", "subject": "手机 <b>", "product_code": "QUICK_WAP_WAY",
		"quit_url": "https://shop.example.com/quit", "time_expire": "2026-11-22 20:15:00"}
	address := r.wapURL(order, "return_url", "https://shop.example.com/return?o=1", "notify_url", r.merchant.url)
	page, shown := browse(t, address)
	if !strings.Contains(shown, "12.00") || !strings.Contains(shown, "手机 &lt;b&gt;") || !strings.Contains(page, "/cashier/") {
		t.Fatalf("%s: %s", page, shown)
	}
	want(t, r.call("alipay.trade.query", biz{"out_trade_no": "W1"}), "sub_code", "ACQ.TRADE_NOT_EXIST")
	want(t, r.call("alipay.trade.close", biz{"out_trade_no": "W1"}), "sub_code", "ACQ.TRADE_NOT_EXIST")
	cancelled := press(t, page, url.Values{"action": {"cancel"}})
	if !strings.Contains(cancelled, `data-outcome="cancelled"`) || !strings.Contains(cancelled, "https://shop.example.com/quit") {
		t.Fatal(cancelled)
	}
	want(t, r.call("alipay.trade.query", biz{"out_trade_no": "W1"}), "sub_code", "ACQ.TRADE_NOT_EXIST")
	failed := press(t, page, url.Values{"action": {"fail"}})
	if !strings.Contains(failed, `data-outcome="failed"`) {
		t.Fatal(failed)
	}
	want(t, r.call("alipay.trade.query", biz{"out_trade_no": "W1"}), "trade_status", "WAIT_BUYER_PAY")

	done := press(t, page, url.Values{"action": {"pay"}, "channel": {"pcreditpayInstallment"}, "hb_fq_num": {"6"},
		"coupon": {"1"}, "points": {"1"}})
	if !strings.Contains(done, `data-outcome="paid"`) {
		t.Fatal(done)
	}
	got := r.call("alipay.trade.query", biz{"out_trade_no": "W1", "query_options": []string{"fund_bill_list"}})
	want(t, got, "trade_status", "TRADE_SUCCESS", "point_amount", "1.00", "buyer_pay_amount", "10.00")
	if bills := got["fund_bill_list"].([]any); len(bills) != 3 || bills[0].(map[string]any)["amount"] != "9.00" {
		t.Fatalf("funds %v", bills)
	}
	match := regexp.MustCompile(`id="return" href="([^"]+)"`).FindStringSubmatch(done)
	if match == nil {
		t.Fatal("no way back: " + done)
	}
	back, err := url.Parse(html.UnescapeString(match[1]))
	if err != nil {
		t.Fatal(err)
	}
	q := back.Query()
	if q.Get("o") != "1" || q.Get("trade_status") != "" || q.Get("total_amount") != "12.00" {
		t.Fatalf("return parameters %v", q)
	}
	sign := q.Get("sign")
	q.Del("o") // the merchant's own parameter is not part of the signature
	if !rsaVerify(r.alipay, canonical(q, "sign", "sign_type"), sign) {
		t.Fatal("return parameters do not verify")
	}
	if !strings.Contains(done, `http-equiv="refresh"`) || strings.Contains(done, "ZgotmplZ") {
		t.Fatal("the page does not lead on: " + done)
	}
}

func TestPageErrorsAreGBKPages(t *testing.T) {
	r := newRig(t)
	r.edit = func(v url.Values) { v.Set("biz_content", v.Get("biz_content")+" ") }
	response, err := web().Get(r.wapURL(biz{"out_trade_no": "W1", "total_amount": "12.00", "subject": "x"}))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	if response.StatusCode != http.StatusOK || response.Header.Get("Content-Type") != "text/html;charset=GBK" {
		t.Fatalf("%d %v", response.StatusCode, response.Header)
	}
	if text := gbkText(t, body); !strings.Contains(text, "错误代码 invalid-signature") {
		t.Fatal(text)
	}
}

// Two pages of one number with different amounts: the first one entered is the order, and the other
// never pays it.
func TestAPageOfAnotherAmountPaysNothing(t *testing.T) {
	r := newRig(t)
	open := func(amount string) string {
		form := r.params("alipay.trade.wap.pay", biz{"out_trade_no": "W1", "total_amount": amount, "subject": "x"})
		page, _ := browse(t, r.http.URL+"/gateway.do?"+form.Encode())
		return page
	}
	cheap, dear := open("1.00"), open("2.00")
	r.sim("POST", "/sim/pay", biz{"url": cheap, "action": "enter"})
	if _, body := browse(t, dear); !strings.Contains(body, "ACQ.CONTEXT_INCONSISTENT") || strings.Contains(body, `id="pay"`) {
		t.Fatal(body)
	}
	for _, action := range []string{"pay", "enter"} {
		if status, answer := r.simStatus("POST", "/sim/pay", biz{"url": dear, "action": action}); status != 409 || answer["code"] != "ACQ.CONTEXT_INCONSISTENT" {
			t.Fatalf("%s: %d %v", action, status, answer)
		}
	}
	if shown := press(t, dear, url.Values{"action": {"pay"}}); !strings.Contains(shown, "ACQ.CONTEXT_INCONSISTENT") {
		t.Fatal(shown)
	}
	r.sim("POST", "/sim/pay", biz{"url": cheap})
	want(t, r.call("alipay.trade.query", biz{"out_trade_no": "W1"}), "trade_status", "TRADE_SUCCESS", "total_amount", "1.00")
}

// What a person meets at the cashier who does not pay at once: a way on, always.
func TestTheCashierLeavesNobodyStranded(t *testing.T) {
	r := newRig(t)
	form := r.params("alipay.trade.wap.pay", biz{"out_trade_no": "W1", "total_amount": "8.00", "subject": "x",
		"quit_url": "https://shop.example.com/quit"}, "return_url", "https://shop.example.com/back")
	page, _ := browse(t, r.http.URL+"/gateway.do?"+form.Encode())
	again := `id="again" href="` + strings.TrimPrefix(page, r.http.URL) + `"`
	if shown := press(t, page, url.Values{"action": {"cancel"}}); !strings.Contains(shown, again) {
		t.Fatalf("after cancel: %s", shown)
	}
	want(t, r.call("alipay.trade.query", biz{"out_trade_no": "W1"}), "sub_code", "ACQ.TRADE_NOT_EXIST")
	if shown := press(t, page, url.Values{"action": {"pay"}, "password": {"123456"}}); !strings.Contains(shown, again) || !strings.Contains(shown, "支付密码不正确") {
		t.Fatalf("after a wrong password: %s", shown)
	}
	want(t, r.call("alipay.trade.query", biz{"out_trade_no": "W1"}), "trade_status", "WAIT_BUYER_PAY")
	if shown := press(t, page, url.Values{"action": {"fail"}}); !strings.Contains(shown, again) {
		t.Fatalf("after a failed try: %s", shown)
	}
	press(t, page, url.Values{"action": {"slow"}, "password": {"111111"}, "coupon": {"1"}})
	if _, shown := browse(t, page); !strings.Contains(shown, again) || !strings.Contains(shown, `content="3;url=/cashier/`) {
		t.Fatalf("while the money is on its way: %s", shown)
	}
	r.advance(time.Minute)
	if _, shown := browse(t, page); !strings.Contains(shown, `data-outcome="paid"`) || strings.Contains(shown, `id="again"`) || !strings.Contains(shown, "¥6.00") {
		t.Fatalf("when it has come: %s", shown)
	} else if !strings.Contains(shown, `href="https://shop.example.com/back?`) || strings.Contains(shown, "http-equiv") {
		t.Fatalf("no way back, or one that is taken by itself: %s", shown)
	}
	if shown := press(t, page, url.Values{"action": {"pay"}}); !strings.Contains(shown, `data-outcome="paid"`) {
		t.Fatalf("pressed twice: %s", shown)
	}
	want(t, r.call("alipay.trade.refund", biz{"out_trade_no": "W1", "refund_amount": "8.00"}), "code", "10000")
	if _, shown := browse(t, page); !strings.Contains(shown, "Refunded") || !strings.Contains(shown, `href="https://shop.example.com/quit"`) {
		t.Fatalf("when it has gone back: %s", shown)
	}
}
