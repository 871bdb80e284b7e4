package alipaysim_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"golang.org/x/text/encoding/simplifiedchinese"

	alipaysim "github.com/paymux/paymux/adapters/alipay/sim"
)

func gbkText(t *testing.T, raw []byte) string {
	t.Helper()
	text, err := simplifiedchinese.GB18030.NewDecoder().Bytes(raw)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestEnvelopeChecksInOrder(t *testing.T) {
	set := func(name, value string) func(url.Values) { return func(v url.Values) { v.Set(name, value) } }
	drop := func(name string) func(url.Values) { return func(v url.Values) { v.Del(name) } }
	cases := []struct {
		name   string
		edit   func(url.Values)
		code   string
		sub    string
		signed bool
	}{
		{"no app", drop("app_id"), "40001", "isv.missing-app-id", false},
		{"unknown app before a bad signature", set("app_id", "2021999999999999"), "40002", "isv.invalid-app-id", false},
		{"no method", drop("method"), "40001", "isv.missing-method", true},
		{"unknown method", set("method", "alipay.trade.nothing"), "40002", "isv.invalid-method", true},
		{"no version", drop("version"), "40001", "isv.missing-version", true},
		{"format", set("format", "xml"), "40002", "isv.invalid-format", true},
		{"no timestamp", drop("timestamp"), "40001", "isv.missing-timestamp", true},
		{"no signature type", drop("sign_type"), "40001", "isv.missing-signature-type", true},
		{"RSA", set("sign_type", "RSA"), "40002", "isv.invalid-signature-type", true},
		{"no signature", drop("sign"), "40001", "isv.missing-signature", true},
		{"charset", set("charset", "latin1"), "40002", "isv.invalid-charset", true},
		{"altered", set("timestamp", "2026-11-22 20:00:01"), "40002", "isv.invalid-signature", true},
		{"repeated", func(v url.Values) { v.Add("version", "1.0") }, "40002", "isv.invalid-parameter", true},
		{"signature with line break", func(v url.Values) { v.Set("sign", v.Get("sign")+"\n") }, "40002", "isv.invalid-signature", true},
	}
	r := newRig(t)
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			r.edit = c.edit
			body := r.raw(r.params("alipay.trade.query", biz{"out_trade_no": "1"}))
			if !strings.Contains(body, `"code":"`+c.code+`"`) || !strings.Contains(body, `"sub_code":"`+c.sub+`"`) {
				t.Fatal(body)
			}
			if got := strings.Contains(body, `"sign":"`); got != c.signed {
				t.Fatalf("signed: %v in %s", got, body)
			}
		})
	}
}

func TestInvalidSignatureEchoesTheStringToSign(t *testing.T) {
	r := newRig(t)
	r.edit = func(v url.Values) { v.Set("biz_content", `{"out_trade_no":"<1>&2"}`) }
	got := r.call("alipay.trade.query", biz{"out_trade_no": "1"})
	want(t, got, "sub_code", "isv.invalid-signature")
	if text := got["sub_msg"].(string); !strings.Contains(text, "app_id="+testApp+"&amp;biz_content={&quot;out_trade_no&quot;:&quot;&lt;1&gt;&amp;2&quot;}&amp;charset=utf-8") {
		t.Fatal(text)
	}
}

func TestGBKRequestsGetGBKAnswers(t *testing.T) {
	r := newRig(t)
	v := url.Values{"app_id": {testApp}, "method": {"alipay.trade.create"}, "charset": {"GBK"}, "version": {"1.0"},
		"sign_type": {"RSA2"}, "timestamp": {"2026-11-22 20:00:00"}, "notify_url": {r.merchant.url}}
	content, err := simplifiedchinese.GB18030.NewEncoder().String(
		`{"out_trade_no":"G1","total_amount":"1.00","subject":"中文商品","product_code":"JSAPI_PAY","op_app_id":"` + testApp + `","buyer_id":"` + testBuyer + `"}`)
	if err != nil {
		t.Fatal(err)
	}
	v.Set("biz_content", content)
	v.Set("sign", rsaSign(t, r.signer, canonical(v, "sign")))
	want(t, r.open("alipay.trade.create", r.raw(v)), "code", "10000")
	r.sim("POST", "/sim/trades/G1/pay", nil)
	r.flush()
	notices := r.merchant.received()
	if len(notices) != 1 || !rsaVerify(r.alipay, canonical(notices[0], "sign", "sign_type"), notices[0].Get("sign")) {
		t.Fatalf("GBK notification: %v", notices)
	}
	if got := gbkText(t, []byte(notices[0].Get("subject"))); got != "中文商品" {
		t.Fatal(got)
	}
	if body := r.raw(r.reencode("alipay.trade.query", `{"out_trade_no":"没有"}`)); !strings.Contains(gbkText(t, []byte(body)), "交易不存在") {
		t.Fatal(body)
	}
}

// reencode makes a GBK request.
func (r *rig) reencode(method, content string) url.Values {
	r.t.Helper()
	encoded, err := simplifiedchinese.GB18030.NewEncoder().String(content)
	if err != nil {
		r.t.Fatal(err)
	}
	v := url.Values{"app_id": {testApp}, "method": {method}, "charset": {"GBK"}, "version": {"1.0"},
		"sign_type": {"RSA2"}, "timestamp": {"2026-11-22 20:00:00"}, "biz_content": {encoded}}
	v.Set("sign", rsaSign(r.t, r.signer, canonical(v, "sign")))
	return v
}

func TestEmptyValuesMayBeSignedOnlyBehindASwitch(t *testing.T) {
	for _, accepted := range []bool{false, true} {
		r := newRig(t, func(c *alipaysim.Config) { c.Switches.SignedEmptyValues = accepted })
		v := r.params("alipay.trade.query", biz{"out_trade_no": "1"})
		v.Del("sign")
		text := canonical(v) // notify_url= goes between method and sign_type
		text = strings.Replace(text, "&sign_type=", "&notify_url=&sign_type=", 1)
		v.Set("notify_url", "")
		v.Set("sign", rsaSign(t, r.signer, text))
		sub := map[bool]string{false: "isv.invalid-signature", true: "ACQ.TRADE_NOT_EXIST"}[accepted]
		want(t, r.open("alipay.trade.query", r.raw(v)), "sub_code", sub)
	}
}

func TestSlashIsEscapedAndSignedAsSent(t *testing.T) {
	r := newRig(t)
	body := r.raw(r.params("alipay.trade.precreate", biz{"out_trade_no": "P1", "total_amount": "1.00", "subject": "x"}))
	if !strings.Contains(body, `"qr_code":"https:\/\/qr.alipay.com\/bax`) {
		t.Fatal(body)
	}
	r.open("alipay.trade.precreate", body)
}

func TestContentTypeOfAnswers(t *testing.T) {
	r := newRig(t)
	response, err := web().PostForm(r.http.URL+"/gateway.do", r.params("alipay.trade.query", biz{"out_trade_no": "1"}))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK || response.Header.Get("Content-Type") != "text/html;charset=utf-8" ||
		len(response.Header.Get("Trace_id")) != 32 {
		t.Fatalf("%d %v", response.StatusCode, response.Header)
	}
}

// The two other ways of gateways with a slash: bare and signed so, and escaped over a signature of
// the bare one.
func TestSlashVariants(t *testing.T) {
	r := newRig(t)
	variants := []struct {
		effect, sent string
		signed       func(string) string
	}{
		{"bare_slash", "https://qr", func(content string) string { return content }},
		{"slash_signed", `https:\/\/qr`, func(content string) string { return strings.ReplaceAll(content, `\/`, "/") }},
	}
	for _, v := range variants {
		r.sim("POST", "/sim/faults", biz{"effect": v.effect})
		body := r.raw(r.params("alipay.trade.precreate", biz{"out_trade_no": v.effect, "total_amount": "1.00", "subject": "x"}))
		content, sign, ok := strings.Cut(strings.TrimPrefix(body, `{"alipay_trade_precreate_response":`), `,"sign":"`)
		if !ok || !strings.Contains(content, v.sent) || !rsaVerify(r.alipay, v.signed(content), strings.TrimSuffix(sign, `"}`)) {
			t.Errorf("%s: %s", v.effect, body)
		}
	}
}
