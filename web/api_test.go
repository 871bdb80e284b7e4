package web_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/paymux/paymux/core"
)

// The main road over HTTP: create, page, notification, refund, lists.
func TestPaymentsLife(t *testing.T) {
	w := newWorld(t)
	p := w.create("m_a", "wechat", "order-1")
	if p.Action == nil || p.Action.Type != core.ActionH5Page || !strings.HasPrefix(p.Action.URL, baseURL+"/h5/") {
		t.Fatalf("action %+v", p.Action)
	}
	if a := w.as("m_a/viewer", "GET", "/v1/payments/"+p.ID, ""); a.Code != 200 || decode[core.PaymentView](t, a).Status != core.PaymentCreated {
		t.Fatalf("%d %s", a.Code, a.Body)
	}
	want(t, w.ask("POST", "/h5/"+tokenOf(p)+"/pay", ""), 200, "")
	w.pay(p)
	paid := decode[core.PaymentView](t, w.as("m_a/viewer", "GET", "/v1/payments/"+p.ID, ""))
	if paid.Status != core.PaymentPaid || paid.PaidFen != 1999 {
		t.Fatalf("after the notification: %s %d", paid.Status, paid.PaidFen)
	}
	want(t, w.as("m_a/cashier", "POST", "/v1/payments/"+p.ID+"/close", ""), 409, core.CodeAlreadyPaid)
	answer := w.as("m_a/cashier", "POST", "/v1/payments/"+p.ID+"/refunds", `{"amount_fen":500,"reason":"broken"}`)
	want(t, answer, 201, "")
	refund := decode[core.RefundView](t, answer)
	if refund.Status != core.RefundSucceeded || answer.Header().Get("Location") != "/v1/refunds/"+refund.ID {
		t.Fatalf("%+v at %s", refund, answer.Header().Get("Location"))
	}
	again := w.as("m_a/cashier", "POST", "/v1/payments/"+p.ID+"/refunds", `{"amount_fen":500,"reason":"broken"}`)
	if again.Body.String() != answer.Body.String() || again.Header().Get("Idempotent-Replayed") != "true" || answer.Header().Get("Idempotent-Replayed") != "" {
		t.Fatalf("the repeat differs: %s / %s", answer.Body, again.Body)
	}
	events := w.as("m_a/viewer", "GET", "/v1/events", "")
	list := decode[struct{ Data []core.EventView }](t, events)
	if len(list.Data) != 2 || list.Data[0].Type != core.EventPaymentPaid || list.Data[1].Type != core.EventRefundSucceeded {
		t.Fatalf("events: %s", events.Body)
	}
	accounts := decode[struct {
		Data []struct {
			Account    string
			BalanceFen int64 `json:"balance_fen"`
			Meaning    string
		}
	}](t, w.as("m_a/viewer", "GET", "/v1/ledger/accounts", ""))
	if len(accounts.Data) != len(core.LedgerAccounts()) || accounts.Data[0].BalanceFen != 1499 || accounts.Data[0].Meaning == "" {
		t.Fatalf("ledger: %+v", accounts.Data)
	}
}

func TestCloseAnswersWhatTheGatewayDecided(t *testing.T) {
	w := newWorld(t)
	p := w.create("m_a", "wechat", "order-1") // never opened: closes at once
	answer := w.as("m_a/cashier", "POST", "/v1/payments/"+p.ID+"/close", "{}")
	want(t, answer, 200, "")
	if decode[core.PaymentView](t, answer).Status != core.PaymentClosed {
		t.Fatal(answer.Body)
	}
}

func TestSecondPersonApproves(t *testing.T) {
	w := newWorld(t)
	p := w.create("m_a", "alipay", "order-1")
	w.pay(p)
	asked := w.as("m_a/admin", "POST", "/v1/payments/"+p.ID+"/refunds", `{"amount_fen":1999}`)
	refund := decode[core.RefundView](t, asked)
	if refund.Status != core.RefundPendingApproval {
		t.Fatalf("%d %s", asked.Code, asked.Body)
	}
	want(t, w.as("m_a/admin", "POST", "/v1/refunds/"+refund.ID+"/approve", ""), 403, core.CodeSameActor)
	want(t, w.as("m_a/cashier", "POST", "/v1/refunds/"+refund.ID+"/approve", ""), 403, core.CodeForbidden)
	approved := w.as("m_a/approver", "POST", "/v1/refunds/"+refund.ID+"/approve", "")
	if got := decode[core.RefundView](t, approved); got.Status != core.RefundSucceeded || got.Approver != "approver of m_a" {
		t.Fatalf("%d %s", approved.Code, approved.Body)
	}
	if again := w.as("m_a/approver", "POST", "/v1/refunds/"+refund.ID+"/approve", ""); again.Code != 200 || again.Body.String() != approved.Body.String() {
		t.Errorf("the repeat of an approval: %d %s", again.Code, again.Body)
	}
	want(t, w.as("m_a/approver", "POST", "/v1/refunds/"+refund.ID+"/reject", `{"reason":"too late"}`), 409, core.CodeNotPending)
}

func TestListsByCursor(t *testing.T) {
	w := newWorld(t)
	for _, no := range []string{"o1", "o2", "o3", "o4", "o5"} {
		w.create("m_a", "wechat", no)
		w.clock.Advance(1e6) // a millisecond: the order of the list is creation time, then id
	}
	w.create("m_b", "wechat", "foreign")
	var seen []string
	path := "/v1/payments?limit=2"
	for range 4 {
		page := decode[struct {
			Data       []core.PaymentView
			NextCursor *string `json:"next_cursor"`
		}](t, w.as("m_a/viewer", "GET", path, ""))
		for _, p := range page.Data {
			seen = append(seen, p.MerchantOrderNo)
		}
		if page.NextCursor == nil {
			break
		}
		path = "/v1/payments?limit=2&cursor=" + *page.NextCursor
	}
	if got := strings.Join(seen, " "); got != "o5 o4 o3 o2 o1" {
		t.Fatalf("pages hold %s", got)
	}
	one := decode[struct{ Data []core.PaymentView }](t, w.as("m_a/viewer", "GET", "/v1/payments?merchant_order_no=o3", ""))
	if len(one.Data) != 1 || one.Data[0].MerchantOrderNo != "o3" {
		t.Fatalf("%+v", one)
	}
}

// W10: what a list is filtered by comes from a closed set, and unknown, repeated or empty
// parameters are refused rather than overlooked: an order number that somebody forgot to fill in
// must not list every order.
func TestListParametersAreClosed(t *testing.T) {
	w := newWorld(t)
	for _, q := range []string{
		"sort=id;drop", "limit=0", "limit=101", "limit=1e1", "limit=-1", "limit=1&limit=2", "status=PAID", "cursor=xxx", "cursor=cHwxfGEn", "cursor=" + strings.Repeat("A", 300),
		"merchant_order_no=%27+or+1%3D1", "merchant_id=m_b", "%zz", "merchant_order_no=", "merchant_order_no", "status=", "cursor=", "limit=",
	} {
		want(t, w.as("m_a/viewer", "GET", "/v1/payments?"+q, ""), 400, core.CodeInvalid)
		want(t, w.as("m_a/viewer", "GET", "/v1/refunds?"+strings.Replace(q, "order", "refund", 1), ""), 400, core.CodeInvalid)
	}
	for _, q := range []string{"cursor=cHwxfGE", "payment_id=%2e%2e", "after=1", "payment_id="} {
		want(t, w.as("m_a/viewer", "GET", "/v1/events?"+q, ""), 400, core.CodeInvalid)
	}
	want(t, w.as("m_a/viewer", "GET", "/v1/deliveries?event_id=", ""), 400, core.CodeInvalid)
}

// A refusal carries the first layer's answer at the top and every layer below it; check says the
// same as create and stores nothing.
func TestRefusalNamesEveryLayer(t *testing.T) {
	w := newWorld(t)
	goods := `"amount_fen":100,"goods":[{"id":"v","name":"points","category":"virtual","quantity":1,"price_fen":100}]`
	created := w.as("m_a/cashier", "POST", "/v1/payments", `{"merchant_order_no":"o1","platform":"douyin","subject":"points",`+goods+`}`)
	checked := w.as("m_a/viewer", "POST", "/v1/platforms/douyin/check", `{`+goods+`}`)
	for _, answer := range []*httptest.ResponseRecorder{created, checked} {
		p := problem(t, answer)
		if p.Status != 422 || p.Code != "goods_category_forbidden" || p.Layer != "platform" || p.Rule == "" || p.Remedy == "" || len(p.Refusals) != 2 {
			t.Fatalf("%s", answer.Body)
		}
	}
	want(t, w.as("m_a/viewer", "POST", "/v1/platforms/douyin/check", `{"goods":[{"id":"v","name":"mug","category":"physical","quantity":1,"price_fen":100}]}`), 200, "")
	want(t, w.as("m_a/viewer", "POST", "/v1/platforms/qq/check", `{"goods":[{"id":"v","name":"mug","category":"physical","quantity":1,"price_fen":100}]}`), 422, core.CodeUnknownPlatform)
	if list := decode[struct{ Data []core.PaymentView }](t, w.as("m_a/viewer", "GET", "/v1/payments", "")); len(list.Data) != 0 {
		t.Fatalf("something was stored: %+v", list)
	}
}

// W11: return_url must begin with a registered prefix, whatever tricks it is written with.
func TestReturnURL(t *testing.T) {
	w := newWorld(t)
	for _, u := range []string{
		"https://evil.example/", "//shop.example/done/", `https:\\shop.example\done\`, "https://shop.example@evil.example/done/", "javascript:alert(1)",
		"https://shop.example.evil.example/done/", "https://shop.example/donee", "http://shop.example/done/1", "https://shop.example/done/\\u0000",
	} {
		body := `{"merchant_order_no":"o1","platform":"wechat","return_url":` + quote(u) + `,` + basket + `}`
		want(t, w.as("m_a/cashier", "POST", "/v1/payments", body), 422, core.CodeReturnURL)
	}
}

func quote(s string) string { b, _ := json.Marshal(s); return string(b) }

// I07 and I09: the key is 1 to 255 visible ASCII characters, compared byte by byte; optional on
// create, required on what else changes something.
func TestIdempotencyKey(t *testing.T) {
	w := newWorld(t)
	p := w.create("m_a", "alipay", "order-1")
	w.pay(p)
	path, body := "/v1/payments/"+p.ID+"/refunds", `{"amount_fen":1}`
	for name, key := range map[string]string{
		"trailing space": "a ", "inner space": "a b", "256": strings.Repeat("k", 256), "unicode": "键", "control": "a\x01", "delete": "a\x7f",
	} {
		r := newRequest("POST", path, body, "Authorization", "Bearer "+w.bearer["m_a/cashier"])
		r.Header["Idempotency-Key"] = []string{key}
		answer := w.send(r)
		if answer.Code != 400 || problem(t, answer).Field != "Idempotency-Key" {
			t.Errorf("%s: %d %s", name, answer.Code, answer.Body)
		}
	}
	two := newRequest("POST", path, body, "Authorization", "Bearer "+w.bearer["m_a/cashier"])
	two.Header["Idempotency-Key"] = []string{"a", "a"}
	want(t, w.send(two), 400, core.CodeInvalid)
	want(t, w.as("m_a/cashier", "POST", path, body, "Idempotency-Key", strings.Repeat("k", 255)), 201, "")
	upper := decode[core.RefundView](t, w.as("m_a/cashier", "POST", path, body, "Idempotency-Key", "A"))
	lower := decode[core.RefundView](t, w.as("m_a/cashier", "POST", path, body, "Idempotency-Key", "a"))
	if upper.ID == lower.ID {
		t.Error("A and a are one key")
	}
	for _, path := range []string{
		"/v1/payments/" + p.ID + "/refunds", "/v1/payments/" + p.ID + "/attempts", "/v1/refunds/" + upper.ID + "/approve",
		"/v1/refunds/" + upper.ID + "/reject", "/v1/payments/" + p.ID + "/refund-late",
		"/v1/payments/" + p.ID + "/accept-late",
	} {
		answer := w.as("m_a/admin", "POST", path, "{}", "Idempotency-Key", "", "Content-Type", "application/json")
		if answer.Code != http.StatusBadRequest || problem(t, answer).Field != "Idempotency-Key" {
			t.Errorf("%s without a key: %d %s", path, answer.Code, answer.Body)
		}
	}
}

// The same create again finds its payment by the order number alone; another body under it is
// refused (I02, I09).
func TestCreateIsIdempotentByOrderNumber(t *testing.T) {
	w := newWorld(t)
	body := `{"merchant_order_no":"o1","platform":"wechat",` + basket + `}`
	first := w.as("m_a/cashier", "POST", "/v1/payments", body, "Idempotency-Key", "")
	again := w.as("m_a/cashier", "POST", "/v1/payments", body, "Idempotency-Key", "")
	if first.Code != 201 || again.Code != 200 || first.Body.String() != again.Body.String() || again.Header().Get("Idempotent-Replayed") != "" {
		t.Fatalf("%d %s\n%d %s", first.Code, first.Body, again.Code, again.Body)
	}
	other := strings.Replace(body, "coffee beans", "tea", 1)
	want(t, w.as("m_a/cashier", "POST", "/v1/payments", other, "Idempotency-Key", ""), 409, core.CodeOrderExists)
}

// Whatever made an object or repeats its making says where the object stands.
func TestLocation(t *testing.T) {
	w := newWorld(t)
	p := w.create("m_a", "wechat", "o1")
	create := `{"merchant_order_no":"o1","platform":"wechat","payer":{"user_id":"` + buyer + `"},"return_url":"https://shop.example/done/1",` + basket + `}`
	attempts := "/v1/payments/" + p.ID + "/attempts"
	for _, c := range []struct {
		path, body, key string
		status          int
	}{
		{"/v1/payments", create, "", 200}, {attempts, `{"platform":"douyin"}`, "page", 201}, {attempts, `{"platform":"douyin"}`, "page", 201},
		{attempts, `{"platform":"alipay","payer":{"user_id":"` + buyer + `"}}`, "native", 201},
	} {
		answer := w.as("m_a/cashier", "POST", c.path, c.body, "Idempotency-Key", c.key)
		want(t, answer, c.status, "")
		if got := answer.Header().Get("Location"); got != "/v1/payments/"+p.ID {
			t.Errorf("%s %s: %q", c.path, c.body, got)
		}
	}
}

func TestLogin(t *testing.T) {
	w := newWorld(t)
	for _, path := range []string{"/v1/login/alipay_mini", "/v1/alipay/login"} {
		answer := w.as("m_a/cashier", "POST", path, `{"auth_code":"good"}`)
		if answer.Code != 200 || strings.TrimSpace(answer.Body.String()) != `{"user_id":"`+buyer+`"}` {
			t.Fatalf("%s: %d %s", path, answer.Code, answer.Body)
		}
		want(t, w.as("m_a/cashier", "POST", path, `{"auth_code":"bad"}`), 422, core.CodeLoginFailed)
		want(t, w.as("m_a/cashier", "POST", path, `{"auth_code":"good","account":"acc_m_b"}`), 422, core.CodeChannelMissing)
	}
	for channel, code := range map[string]core.Code{"none": core.CodeNotFound, "no.name": core.CodeNotFound, "wechat_h5": core.CodeChannelMissing} {
		status := map[core.Code]int{core.CodeNotFound: 404, core.CodeChannelMissing: 422}[code]
		want(t, w.as("m_a/cashier", "POST", "/v1/login/"+channel, `{"auth_code":"good"}`), status, code)
	}
}
