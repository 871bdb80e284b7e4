package web_test

import (
	"context"
	"encoding/json"
	"net/http/httptest"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/paymux/paymux/core"
	"github.com/paymux/paymux/web"
)

// overheard is the cashier, with two of its calls in the test's hand.
type overheard struct {
	*core.Cashier
	until  time.Time // what the last nonce was kept until
	spent  string    // whose it was, and what
	fails  *core.Error
	caller core.Caller
	asked  any
}

func (o *overheard) Checkout(ctx context.Context, caller core.Caller, r core.CheckoutRequest) (core.Answered, error) {
	o.caller, o.asked = caller, r
	return o.Cashier.Checkout(ctx, caller, r)
}

func (o *overheard) NextAttempt(ctx context.Context, caller core.Caller, r core.AttemptRequest) (core.Answered, error) {
	o.caller, o.asked = caller, r
	return o.Cashier.NextAttempt(ctx, caller, r)
}

func (o *overheard) Refund(ctx context.Context, caller core.Caller, r core.RefundAsk) (core.Answered, error) {
	o.caller, o.asked = caller, r
	return o.Cashier.Refund(ctx, caller, r)
}

func (o *overheard) SpendNonce(ctx context.Context, keyID, nonce string, until time.Time) error {
	o.until, o.spent = until, keyID+" "+nonce
	return o.Cashier.SpendNonce(ctx, keyID, nonce, until)
}

func (o *overheard) Payment(ctx context.Context, merchantID, id string) (core.PaymentView, error) {
	if o.fails != nil {
		return core.PaymentView{}, o.fails
	}
	return o.Cashier.Payment(ctx, merchantID, id)
}

func listen(t *testing.T) (*world, *overheard) {
	t.Helper()
	heard := &overheard{}
	w := newWorld(t, func(o *web.Options) {
		heard.Cashier = o.Cashier.(*core.Cashier)
		o.Cashier = heard
	})
	return w, heard
}

// Each member of a body reaches core, in its own field, and who asks with it.
func TestBodiesReachCoreWhole(t *testing.T) {
	w, heard := listen(t)
	want := func(name string, asked any, empty ...string) {
		t.Helper()
		if !reflect.DeepEqual(heard.asked, asked) {
			t.Errorf("%s: core was asked %+v\nwant %+v", name, heard.asked, asked)
		}
		if got := emptyFields(reflect.ValueOf(asked), ""); !slices.Equal(got, empty) {
			t.Errorf("%s: nothing is proven about %v", name, got)
		}
		if heard.caller != (core.Caller{MerchantID: "m_a", KeyID: "m_a_admin", Actor: heard.caller.Actor}) || heard.caller.Actor == "" {
			t.Errorf("%s: asked by %+v", name, heard.caller)
		}
	}
	client := core.Client{IP: "203.0.113.7", OS: "ios", UserAgent: "agent", DeviceID: "device"}
	const sentClient = `"client":{"ip":"203.0.113.7","os":"ios","user_agent":"agent","device_id":"device"}`
	w.as("m_a/admin", "POST", "/v1/payments", `{"merchant_order_no":"o1","platform":"wechat","amount_fen":3998,"subject":"beans",
		"goods":[{"id":"g1","line_id":"l1","merchant_order_no":"s1","name":"beans","category":"physical.food","quantity":2,"price_fen":1999}],
		"payer":{"user_id":"2088000000000002"},"instalments":{"kind":"huabei","periods":3,"fee_bearer":"seller"},`+sentClient+`,
		"expires_in_seconds":301,"return_url":"https://shop.example/done/1","metadata":{"a":"b"}}`, "Idempotency-Key", "key-1")
	want("create", core.CheckoutRequest{
		MerchantOrderNo: "o1", Platform: "wechat", AmountFen: 3998, Subject: "beans",
		Lines:   []core.Line{{GoodsID: "g1", LineID: "l1", MerchantOrderNo: "s1", Name: "beans", Category: "physical.food", Quantity: 2, PriceFen: 1999}},
		Payer:   core.Payer{UserID: "2088000000000002"},
		Funding: core.Funding{Periods: 3, FeeBearer: "seller"}, Client: client, ExpiresInSeconds: 301, ReturnURL: "https://shop.example/done/1",
		Metadata: map[string]string{"a": "b"}, IdempotencyKey: "key-1",
	}, "Payer.OpenID", "Payer.AppID", "Funding.Forbid")

	w.as("m_a/admin", "POST", "/v1/payments/pay_7/attempts", `{"platform":"alipay","payer":{"open_id":"open-3","app_id":"2021000000000007"},
		"instalments":{"kind":"huabei","periods":12,"fee_bearer":"buyer"},`+sentClient+`}`, "Idempotency-Key", "key-2")
	want("attempt", core.AttemptRequest{
		PaymentID: "pay_7", Platform: "alipay", Payer: core.Payer{OpenID: "open-3", AppID: "2021000000000007"}, Funding: core.Funding{Periods: 12, FeeBearer: "buyer"}, Client: client,
		IdempotencyKey: "key-2",
	}, "Payer.UserID", "Funding.Forbid")

	w.as("m_a/admin", "POST", "/v1/payments/pay_7/refunds", `{"amount_fen":12,"merchant_refund_no":"r1","reason":"late"}`, "Idempotency-Key", "key-3")
	want("refund", core.RefundAsk{PaymentID: "pay_7", AmountFen: 12, MerchantRefundNo: "r1", Reason: "late", IdempotencyKey: "key-3"})
}

func emptyFields(v reflect.Value, prefix string) []string {
	var names []string
	for field, value := range v.Fields() {
		switch {
		case value.Kind() == reflect.Struct:
			names = append(names, emptyFields(value, prefix+field.Name+".")...)
		case value.IsZero():
			names = append(names, prefix+field.Name)
		}
	}
	return names
}

// W05: a nonce is remembered for as long as its request can be repeated, also that of a request
// which was stamped ahead of the server's clock.
func TestNonceOutlivesEveryRepeat(t *testing.T) {
	for _, off := range []time.Duration{-web.SignWindow, 0, web.SignWindow} {
		w, heard := listen(t)
		stamped := w.clock.Now().Add(off)
		request := newRequest("GET", "/v1/payments?limit=1", "")
		request.Header.Del("Content-Type")
		web.Sign(request, nil, "signed_m_a", []byte(signSecret), stamped, freshNonce)
		want(t, w.send(request), 200, "")
		if heard.spent != "signed_m_a "+freshNonce {
			t.Errorf("spent %s", heard.spent)
		}
		if lastTaken := stamped.Add(web.SignWindow); !heard.until.After(lastTaken) {
			t.Errorf("stamped %v: forgotten at %v, taken until %v", off, heard.until, lastTaken)
		}
	}
}

// Everything that core says about a failure is in the document, but the cause.
func TestProblemSaysAllThatCoreSays(t *testing.T) {
	w, heard := listen(t)
	heard.fails = &core.Error{
		Code: core.CodeAttemptInFlight, Message: "pay the older one", Field: "platform", RetryAfterSeconds: 77, PaymentID: "pay_7",
		Err: context.DeadlineExceeded,
	}
	answer := w.as("m_a/admin", "GET", "/v1/payments/pay_7", "")
	var problem map[string]any
	if err := json.Unmarshal(answer.Body.Bytes(), &problem); err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string]any{
		"code": "attempt_in_flight", "detail": "pay the older one", "field": "platform", "retry_after_seconds": float64(77), "payment_id": "pay_7",
		"status": float64(409), "type": baseURL + "/docs#attempt_in_flight",
	} {
		if problem[name] != value {
			t.Errorf("%s: %v, not %v", name, problem[name], value)
		}
	}
	if answer.Header().Get("Retry-After") != "77" || problem["request_id"] == "" || problem["title"] == "" {
		t.Errorf("%v %v", answer.Header(), problem)
	}

	heard.fails = &core.Error{
		Code: core.CodeBuyerBalance, Message: "m", Gateway: core.GatewayWords{Code: "40004", SubCode: "ACQ.X", Message: "余额不足"},
		Buyer: core.Words{ZH: "请换一种付款方式", EN: "Please pay otherwise"},
	}
	for language, said := range map[string]string{"": "请换一种付款方式", "en": "Please pay otherwise"} {
		got := decode[struct {
			Gateway      map[string]string
			BuyerMessage string `json:"buyer_message"`
		}](t, w.as("m_a/admin", "GET", "/v1/payments/pay_7", "", "Accept-Language", language))
		if got.BuyerMessage != said || got.Gateway["code"] != "40004" || got.Gateway["sub_code"] != "ACQ.X" || got.Gateway["message"] != "余额不足" {
			t.Errorf("%q: %+v", language, got)
		}
	}

	heard.fails = &core.Error{Code: core.CodeRefused, PaymentID: "pay_7", Refusals: []core.Refusal{
		{Layer: core.LayerLicence, Code: core.CodeLicenceMissing, Rule: "r1", Message: core.Words{ZH: "m", EN: "m"}, Remedy: core.Words{ZH: "do it", EN: "do it"}, Source: "s", Date: "2026-01-02", Certainty: "c"},
		{Layer: core.LayerFeature, Code: core.CodeFeatureOff, Rule: "r2"},
	}}
	answer = w.as("m_a/admin", "GET", "/v1/payments/pay_7", "")
	wantRefusals(t, answer)
}

func wantRefusals(t *testing.T, answer *httptest.ResponseRecorder) {
	t.Helper()
	var problem struct {
		Code, Layer, Rule, Remedy, Detail string
		PaymentID                         string `json:"payment_id"`
		Refusals                          []map[string]string
	}
	if err := json.Unmarshal(answer.Body.Bytes(), &problem); err != nil {
		t.Fatal(err)
	}
	if problem.Code != "licence_missing" || problem.Layer != "licence" || problem.Rule != "r1" || problem.Remedy != "do it" || problem.Detail != "m" ||
		problem.PaymentID != "pay_7" || len(problem.Refusals) != 2 {
		t.Fatalf("%+v", problem)
	}
	for name, value := range map[string]string{
		"layer": "licence", "code": "licence_missing", "rule": "r1", "message": "m", "remedy": "do it", "source": "s", "date": "2026-01-02", "certainty": "c",
	} {
		if problem.Refusals[0][name] != value {
			t.Errorf("%s: %q", name, problem.Refusals[0][name])
		}
	}
}
