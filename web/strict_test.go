package web_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/paymux/paymux/core"
)

func newRequest(method, path, body string, headers ...string) *http.Request {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	return r
}

// A04, A05, W03, W04: each body differs from a good one in a single way, and is refused with the
// field's name before any use case runs.
func TestStrictJSON(t *testing.T) {
	const good = `{"merchant_order_no":"o1","platform":"wechat",` + basket + `}`
	amount := func(text string) string { return strings.Replace(good, `"amount_fen":1999`, `"amount_fen":`+text, 1) }
	line := func(old, new string) string { return strings.Replace(good, old, new, 1) }
	with := func(member string) string {
		return strings.Replace(good, `{"merchant_order_no"`, `{`+member+`,"merchant_order_no"`, 1)
	}
	for _, c := range []struct{ name, body, field string }{
		{"exponent", amount("1e2"), "amount_fen"},
		{"fraction", amount("100.0"), "amount_fen"},
		{"string", amount(`"1999"`), "amount_fen"},
		{"null", amount("null"), "amount_fen"},
		{"true", amount("true"), "amount_fen"},
		{"zero", amount("0"), "amount_fen"},
		{"negative", amount("-1999"), "amount_fen"},
		{"minus zero", amount("-0"), "amount_fen"},
		{"too large", amount("10000000001"), "amount_fen"},
		{"beyond int64", amount("9223372036854775808"), "amount_fen"},
		{"leading zero", amount("01999"), ""},
		{"hexadecimal", amount("0x7cf"), ""},
		{"list", amount("[1999]"), "amount_fen"},
		{"missing", strings.Replace(good, `"amount_fen":1999,`, "", 1), "amount_fen"},
		{"case variant alone", strings.Replace(good, `"amount_fen"`, `"AMOUNT_FEN"`, 1), "AMOUNT_FEN"},
		{"case variant beside", with(`"Amount_Fen":1`), "Amount_Fen"},
		{"twice", with(`"amount_fen":1`), "amount_fen"},
		{"twice, escaped", with(`"amount\u005ffen":1`), "amount_fen"},
		{"twice in a line", line(`"quantity":1`, `"quantity":1,"quantity":2`), "goods[0].quantity"},
		{"unknown", with(`"status":"paid"`), "status"},
		{"another merchant", with(`"merchant_id":"m_b"`), "merchant_id"},
		{"an id", with(`"id":"pay_1"`), "id"},
		{"paid amount", with(`"paid_fen":1`), "paid_fen"},
		{"unknown in a line", line(`"quantity":1`, `"quantity":1,"discount":1`), "goods[0].discount"},
		{"null line", line(`[{`, `[null,{`), "goods[0]"},
		{"null option", with(`"return_url":null`), "return_url"},
		{"null object", with(`"instalments":null`), "instalments"},
		{"price missing", line(`,"price_fen":1999}`, `}`), "goods[0].price_fen"},
		{"quantity as fraction", line(`"quantity":1`, `"quantity":1.5`), "goods[0].quantity"},
		{"no goods", strings.Replace(good, good[strings.Index(good, `"goods":[`)+9:len(good)-2], "", 1), "goods"},
		{"goods as object", line(`"goods":[`, `"goods":{"a":[`) + "}", "goods"},
		{"expiry zero", with(`"expires_in_seconds":0`), "expires_in_seconds"},
		{"expiry small", with(`"expires_in_seconds":299`), "expires_in_seconds"},
		{"expiry large", with(`"expires_in_seconds":86401`), "expires_in_seconds"},
		{"both payers", with(`"payer":{"user_id":"` + buyer + `","open_id":"x"}`), "payer.user_id"},
		{"kind", with(`"instalments":{"kind":"loan","periods":3}`), "instalments.kind"},
		{"periods missing", with(`"instalments":{"kind":"huabei"}`), "instalments.periods"},
		{"ip", with(`"client":{"ip":"1.2.3.4, 5.6.7.8"}`), "client.ip"},
		{"number in metadata", with(`"metadata":{"a":1}`), "metadata.a"},
		{"subject too long", strings.Replace(good, "coffee beans", strings.Repeat("长", 257), 1), "subject"},
		{"bad UTF-8", strings.Replace(good, "coffee", "caf\xe9", 1), "subject"},
		{"trailing data", good + `{}`, ""},
		{"trailing comma", strings.Replace(good, `"quantity":1,`, `"quantity":1,,`, 1), "goods[0]"},
		{"byte order mark", "\ufeff" + good, ""},
		{"empty", ` `, ""},
		{"a list", `[` + good + `]`, ""},
		{"a string", `"x"`, ""},
		{"a comment", "/* */" + good, ""},
		{"truncated", good[:len(good)-1], ""},
		{"too deep", with(`"metadata":` + strings.Repeat(`{"a":`, 20) + `"x"` + strings.Repeat("}", 20)), ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			answer := w.as("m_a/cashier", "POST", "/v1/payments", c.body)
			want(t, answer, 400, core.CodeInvalid)
			if p := problem(t, answer); c.field != "" && p.Field != c.field || p.Detail == "" {
				t.Errorf("field %q, want %q: %s", p.Field, c.field, p.Detail)
			}
			if list := decode[struct{ Data []core.PaymentView }](t, w.as("m_a/viewer", "GET", "/v1/payments", "")); len(list.Data) != 0 {
				t.Error("a payment was stored")
			}
		})
	}
	w := newWorld(t)
	want(t, w.as("m_a/cashier", "POST", "/v1/payments", good), 201, "")
}

// A number that was sent as zero is not said to be missing alone: whoever reads that would look for
// a fault in the spelling.
func TestZeroIsNotOnlyMissing(t *testing.T) {
	w := newWorld(t)
	body := strings.Replace(`{"merchant_order_no":"o1","platform":"wechat",`+basket+`}`, `"quantity":1`, `"quantity":0`, 1)
	if p := problem(t, w.as("m_a/cashier", "POST", "/v1/payments", body)); p.Field != "goods[0].quantity" || p.Detail != "缺失或为零" {
		t.Errorf("%s %s", p.Field, p.Detail)
	}
}

// W03: the path alone names the object; a body or query that names another changes nothing.
func TestIDsOnlyFromThePath(t *testing.T) {
	w := newWorld(t)
	mine, other := w.create("m_a", "alipay", "o1"), w.create("m_a", "alipay", "o2")
	w.pay(mine)
	w.pay(other)
	path := "/v1/payments/" + mine.ID + "/refunds"
	want(t, w.as("m_a/cashier", "POST", path, `{"id":"`+other.ID+`","amount_fen":1}`), 400, core.CodeInvalid)
	want(t, w.as("m_a/cashier", "POST", path, `{"payment_id":"`+other.ID+`","amount_fen":1}`), 400, core.CodeInvalid)
	refund := decode[core.RefundView](t, w.as("m_a/cashier", "POST", path+"?id="+other.ID, `{"amount_fen":1}`))
	if refund.PaymentID != mine.ID {
		t.Fatalf("refunded %s", refund.PaymentID)
	}
	for _, id := range []string{"%2e%2e", "pay_1%00", "..%2f..", "pay'1", strings.Repeat("p", 65), "支付"} {
		answer := w.as("m_a/viewer", "GET", "/v1/payments/"+id, "")
		want(t, answer, 404, core.CodeNotFound)
	}
}

// W21: bodies end at 64 KiB, whether they say how long they are or not.
func TestBodyLimit(t *testing.T) {
	w := newWorld(t)
	huge := `{"merchant_order_no":"` + strings.Repeat("x", 64<<10) + `"}`
	want(t, w.as("m_a/cashier", "POST", "/v1/payments", huge), 413, "payload_too_large")
	for spare, status := range map[int]int{0: 400, 1: 413} { // to the byte
		body := `{"merchant_order_no":"` + strings.Repeat("x", 64<<10-len(`{"merchant_order_no":""}`)+spare) + `"}`
		if got := w.as("m_a/cashier", "POST", "/v1/payments", body).Code; got != status {
			t.Errorf("%d bytes: %d", len(body), got)
		}
	}
	chunked := newRequest("POST", "/v1/payments", huge, "Authorization", "Bearer "+w.bearer["m_a/cashier"])
	chunked.ContentLength = -1
	want(t, w.send(chunked), 413, "payload_too_large")
	want(t, w.ask("POST", "/notify/alipay/acc_m_a", "a="+strings.Repeat("x", 64<<10), "Content-Type", "application/x-www-form-urlencoded"), 413, "payload_too_large")
	deep := `{"metadata":` + strings.Repeat(`[`, 30000) + strings.Repeat(`]`, 30000) + `}`
	want(t, w.as("m_a/cashier", "POST", "/v1/payments", deep), 400, core.CodeInvalid)
}

func TestContentTypes(t *testing.T) {
	w := newWorld(t)
	body := `{"merchant_order_no":"o1","platform":"wechat",` + basket + `}`
	for _, contentType := range []string{"", "text/json", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/json, text/plain", "application/xml"} {
		want(t, w.as("m_a/cashier", "POST", "/v1/payments", body, "Content-Type", contentType), 415, "unsupported_media_type")
	}
	want(t, w.as("m_a/cashier", "POST", "/v1/payments", body, "Content-Encoding", "gzip"), 415, "unsupported_media_type")
	want(t, w.as("m_a/cashier", "POST", "/v1/payments", body, "Content-Type", "application/json; charset=utf-8"), 201, "")
	for _, path := range []string{"/v1/payments", "/v1/payments/pay_1/attempts", "/v1/payments/pay_1/refunds", "/v1/refunds/ref_1/reject", "/v1/login/alipay_mini", "/v1/alipay/login"} {
		refused := w.as("m_a/admin", "POST", path, "") // nothing is there to have a type
		want(t, refused, 400, core.CodeInvalid)
		if !strings.Contains(refused.Body.String(), "需要 JSON 请求体") {
			t.Errorf("%s: %s", path, refused.Body)
		}
	}
	p := w.create("m_a", "wechat", "o2")
	want(t, w.as("m_a/cashier", "POST", "/v1/payments/"+p.ID+"/close", `{"force":true}`), 400, core.CodeInvalid)
	want(t, w.as("m_a/cashier", "POST", "/v1/payments/"+p.ID+"/close", `{}`, "Content-Type", "text/plain"), 415, "unsupported_media_type")
	for _, taken := range []string{`[]`, `null`, `""`, ` `, `{ }`} {
		want(t, w.as("m_a/cashier", "POST", "/v1/payments/"+p.ID+"/close", taken), 400, core.CodeInvalid)
	}
	twice := newRequest("POST", "/v1/payments", body, "Authorization", "Bearer "+w.bearer["m_a/cashier"])
	twice.Header["Content-Type"] = []string{"application/json", "application/json"}
	want(t, w.send(twice), 415, "unsupported_media_type")
	want(t, w.as("m_a/cashier", "POST", "/v1/payments/"+p.ID+"/refunds", `{"amount_fen":10000000001}`), 400, core.CodeInvalid)
}
