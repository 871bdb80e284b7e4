package web_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/paymux/paymux/core"
)

// wrong lists what an answer blames, as field:code.
func wrong(t *testing.T, w *world, path, body string, headers ...string) (list []string, status int) {
	t.Helper()
	answer := w.as("m_a/admin", "POST", path, body, headers...)
	p := problem(t, answer)
	for _, e := range p.Errors {
		list = append(list, e.Field+":"+string(e.Code))
		if e.Message == "" {
			t.Errorf("%s: nothing is said", e.Field)
		}
	}
	if len(p.Errors) == 0 || p.Errors[0].Field != p.Field || p.Errors[0].Code != p.Code || p.Errors[0].Message != p.Detail {
		t.Errorf("the first is not at the top: %+v", p)
	}
	return list, answer.Code
}

// W31: all mistakes of a request come at once, by field, whoever finds them: the reader of JSON,
// the request's own bounds, and core's view of its values.
func TestAllMistakesAtOnce(t *testing.T) {
	w := newWorld(t)
	p := w.create("m_a", "wechat", "o1")
	invalid := func(fields ...string) (list []string) {
		for _, f := range fields {
			list = append(list, f+":invalid_request")
		}
		return list
	}
	for _, c := range []struct {
		name, path, body string
		headers          []string
		status           int
		want             []string
	}{
		{"create", "/v1/payments", `{"merchant_order_no":"o 2","status":"paid","platform":"wechat","platform":"alipay","amount_fen":"1999","subject":"a/b","return_url":"https://evil.example/",
			"payer":{"user_id":"1"},"client":{"ip":"x"},"instalments":null,"metadata":{"a":1,"b c":"x"},"expires_in_seconds":1.5,
			"goods":[{"id":"g","name":"n","category":"food","quantity":0,"price_fen":1},null,{"id":"g","label":"n","category":"physical","quantity":1}]}`, []string{"Idempotency-Key", "a b"}, 400,
			append(invalid("Idempotency-Key", "status", "platform", "amount_fen", "instalments", "metadata.a", "expires_in_seconds", "goods[1]", "goods[2].label", "goods[0].quantity",
				"goods[2].name", "goods[2].price_fen", "client.ip", "merchant_order_no", "subject", "metadata", "goods[0].category", "payer.user_id"), "return_url:return_url_unlisted")},
		{"what is well-formed and not accepted alone is no 400", "/v1/payments", `{"merchant_order_no":"o2","platform":"wechat","amount_fen":5,"subject":"s","return_url":"https://evil.example/",
			"goods":[{"id":"g","name":"n","category":"physical","quantity":1,"price_fen":1}]}`, nil, 422, []string{"amount_fen:amount_mismatch", "return_url:return_url_unlisted"}},
		{"nothing is said of the sum while its parts are wrong", "/v1/payments", `{"merchant_order_no":"o2","platform":"wechat","amount_fen":5,"subject":"s",
			"goods":[{"id":"g","name":"n","category":"physical","quantity":1,"price_fen":"1"}]}`, nil, 400, invalid("goods[0].price_fen")},
		{"attempt", "/v1/payments/" + p.ID + "/attempts", `{"plattform":"alipay","payer":{"user_id":"2088","open_id":"ö"},"client":{"os":7}}`, []string{"Idempotency-Key", ""}, 400,
			invalid("Idempotency-Key", "plattform", "client.os", "platform", "payer.user_id", "payer.open_id")},
		{"refund", "/v1/payments/" + p.ID + "/refunds", `{"amount_fen":0,"merchant_refund_no":"r 1","reason":["x"]}`, nil, 400, invalid("reason", "amount_fen", "merchant_refund_no")},
		{"reject", "/v1/refunds/ref_1/reject", `{"why":"x","reason":null}`, []string{"Idempotency-Key", ""}, 400, invalid("Idempotency-Key", "why", "reason")},
		{"login", "/v1/login/alipay_mini", `{"auth_code":"a b","account":"` + strings.Repeat("x", 41) + `"}`, nil, 400, invalid("account", "auth_code")},
		{"check", "/v1/platforms/wechat/check", `{"goods":[{"id":"g","name":"n","category":"x","quantity":-1,"price_fen":1},{"id":"","name":"n","category":"physical","quantity":1,"price_fen":1}],
			"instalments":{"kind":"loan","periods":99}}`, nil, 400, invalid("goods[0].quantity", "goods[1].id", "instalments.kind", "instalments.periods", "goods[0].category")},
		{"entries of a map, whoever finds them", "/v1/payments", `{"merchant_order_no":"o2","platform":"wechat","amount_fen":1,"subject":"s","metadata":{"a":1,"b":"` + strings.Repeat("x", 513) + `"},
			"goods":[{"id":"g","name":"n","category":"physical","quantity":1,"price_fen":1}]}`, nil, 400, invalid("metadata.a", "metadata.b")},
		{"what is not JSON is all that is known of it", "/v1/payments", `{"amount_fen":"x",`, []string{"Idempotency-Key", "a b"}, 400, invalid("Idempotency-Key", "")},
	} {
		if got, status := wrong(t, w, c.path, c.body, c.headers...); status != c.status || fmt.Sprint(got) != fmt.Sprint(c.want) {
			t.Errorf("%s: %d\n got %s\nwant %s", c.name, status, got, c.want)
		}
	}
	list := decode[struct{ Data []core.PaymentView }](t, w.as("m_a/viewer", "GET", "/v1/payments", ""))
	if len(list.Data) != 1 {
		t.Errorf("%d payments", len(list.Data))
	}
}

// W31, W21: a body that is nothing but mistakes is answered with a bounded list.
func TestMistakesAreBounded(t *testing.T) {
	w := newWorld(t)
	var b strings.Builder
	for i := range 2000 {
		fmt.Fprintf(&b, `"x%d":1,`, i)
	}
	if got, status := wrong(t, w, "/v1/payments", "{"+b.String()+`"y":1}`); status != 400 || len(got) != 50 {
		t.Errorf("%d with %d mistakes", status, len(got))
	}
}

// W31: a list's query is told all that is wrong with it at once: what cannot be a parameter of it,
// by name, and then what its values are not.
func TestAllMistakesOfAQueryAtOnce(t *testing.T) {
	w := newWorld(t)
	long := strings.Repeat("x", 65)
	for _, c := range []struct{ path, want string }{
		{"/v1/payments?zebra=1&status=lost&limit=0&attention=yes&merchant_order_no=a%20b&cursor=x&apple=2", "apple zebra merchant_order_no status attention limit cursor"},
		{"/v1/payments?trade_no=a%20b&out_trade_no=ö&refund_no=,&buyer_pseudonym=" + long + "&created_from=today&created_to=2026-11-20", "out_trade_no trade_no refund_no buyer_pseudonym created_from created_to"},
		{"/v1/payments?created_from=2026-11-20T16:30:00%2B08:00&created_to=2026-11-20T08:30:00Z", "created_to"},
		{"/v1/payments?created_from=1999-01-01T00:00:00Z&created_to=", "created_to created_from"},
		{"/v1/payments?limit=101&limit=5&status=&cursor=&merchant_order_no=" + long, "status limit cursor merchant_order_no"},
		{"/v1/payments?Status=paid&limit=+5&attention=True", "Status attention limit"},
		{"/v1/payments?limit=%zz&status=lost", "query status"},
		{"/v1/refunds?merchant_refund_no=ö&status=paid&limit=1e2&cursor=&merchant_order_no=o", "cursor merchant_order_no merchant_refund_no status limit"},
		{"/v1/events?payment_id=pay/1&limit=-1&cursor=cHx4&status=x", "status payment_id limit cursor"},
		{"/v1/deliveries?state=gone&event_id=%00&limit=&cursor=ZXww&x=", "limit x state event_id cursor"},
	} {
		p := problem(t, w.as("m_a/admin", "GET", c.path, ""))
		var fields []string
		for _, e := range p.Errors {
			fields = append(fields, e.Field)
			if e.Code != core.CodeInvalid || e.Message == "" {
				t.Errorf("%s: %+v", c.path, e)
			}
		}
		if got := strings.Join(fields, " "); got != c.want || p.Status != 400 || p.Field != fields[0] || p.Detail != p.Errors[0].Message {
			t.Errorf("%s: %d %q\n got %s\nwant %s", c.path, p.Status, p.Field, got, c.want)
		}
	}
}
