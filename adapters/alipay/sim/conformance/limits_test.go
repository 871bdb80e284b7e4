//go:build conformance

package conformance

import (
	"maps"
	"net/url"
	"strings"
	"testing"

	"github.com/paymux/paymux/adapters/alipay"
	alipaysim "github.com/paymux/paymux/adapters/alipay/sim"
)

// TestConformanceLimits pins down what the official SDK (4.14.0) cannot do or
// does differently. When one of these fails, the SDK has changed: the cases may
// ask more of it, and docs/simulator.md has a line too many.
func TestConformanceLimits(t *testing.T) {
	b := newBench(t, 1)
	limits := map[string]func(*testing.T, *bench){
		"cannot verify an encrypted answer":         encryptedAnswer,
		"cannot verify error_response":              signedErrorResponse,
		"form escapes quotes only":                  looseForm,
		"old notification check decodes twice":      decodesTwice,
		"signs empty parameters":                    signsEmpty,
		"takes a foreign sign_type for its own":     ignoresSignType,
		"does not follow a certificate rotation":    noRotation,
		"takes an unsigned v3 refusal at its word":  unsignedRefusal,
		"repeats a request when the line is cut":    repeatsRequests,
		"accepts a notification that could be two":  ambiguousForm,
		"checks the signature, not what it answers": answerOfAnother,
	}
	for name, check := range limits {
		t.Run(name, func(t *testing.T) {
			defer b.sim.ClearFaults()
			check(t, b)
		})
	}
}

func encryptedAnswer(t *testing.T, b *bench) {
	d := newDraw(1)
	o, _, err := b.created(d, "aes")
	if err != nil {
		t.Fatal(err)
	}
	p := params(fields{"out_trade_no": o.request.OutTradeNo})
	p["needEncrypt"] = true
	if _, err := b.judge.execRaw("aes", alipay.MethodQuery, p, true); err == nil {
		t.Fatal("it verified the answer")
	}
	if _, r := b.clients["aes"].Query(ctx(), alipay.QueryRequest{OutTradeNo: o.request.OutTradeNo}); r.Class != alipay.Done {
		t.Fatalf("our client: %v %v", r.Class, r.Err)
	}
}

func signedErrorResponse(t *testing.T, b *bench) {
	login := fields{"grant_type": "authorization_code", "code": "limit"}
	if answer, err := b.judge.execRaw("key", alipay.MethodOAuthToken, login, true); err == nil {
		t.Fatalf("it verified the refusal: %v", answer)
	}
	if _, r := b.clients["key"].OAuthToken(ctx(), alipay.OAuthTokenRequest{Code: "limit"}); r.SubCode != "isv.code-invalid" {
		t.Fatalf("our client: %+v", r)
	}
}

func looseForm(t *testing.T, b *bench) {
	biz := fields{"out_trade_no": "limit_form", "total_amount": "1.00", "subject": "a &copy; b"}
	page, err := b.judge.text("key", "page", fields{"method": alipay.MethodWapPay, "http": "POST", "params": params(biz)})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := submit(page); err == nil {
		t.Fatal("the form survived a browser")
	}
}

func decodesTwice(t *testing.T, b *bench) {
	form := genuineNotice(t, b, "100%")
	if !b.judge.genuine(form) {
		t.Fatal("the newer check refuses it too")
	}
	v := b.judge.ask("key", "notifyOld", fields{"fields": form})
	if v.Error == "" && v.Value == true {
		t.Fatal("the older check accepts a percent sign")
	}
}

func signsEmpty(t *testing.T, b *bench) {
	answer, err := b.judge.exec("key", alipay.MethodQuery, fields{"out_trade_no": "limit_empty"}, "authToken", "")
	if err != nil {
		t.Fatal(err)
	}
	if answer["sub_code"] != "isv.invalid-signature" {
		t.Fatalf("%v", answer)
	}
}

func ignoresSignType(t *testing.T, b *bench) {
	form := genuineNotice(t, b, "x")
	delete(form, "sign_type")
	if !b.judge.genuine(form) {
		t.Fatal("it demands sign_type")
	}
	if b.accepts("key", encode(form)) {
		t.Fatal("so does not our client")
	}
}

func noRotation(t *testing.T, b *bench) {
	fresh := newBench(t, 2)
	if err := fresh.sim.RotateCertificate(); err != nil {
		t.Fatal(err)
	}
	if _, err := fresh.judge.exec("cert", alipay.MethodQuery, fields{"out_trade_no": "limit_cert"}); err == nil {
		t.Fatal("it found the new certificate")
	}
	_, v := fresh.judge.v3("cert", "POST", "/v3/alipay/trade/precreate", fields{"body": fields{"out_trade_no": "limit_cert", "total_amount": "1.00", "subject": "x"}})
	if v.Code != "response-alipay-sn-verify-error" {
		t.Fatalf("%+v", v)
	}
	_ = b
}

func unsignedRefusal(t *testing.T, b *bench) {
	_, v := b.judge.v3("key", "POST", "/v3/alipay/trade/query", fields{"body": fields{"out_trade_no": "limit_v3"}})
	if v.Code != "ACQ.TRADE_NOT_EXIST" {
		t.Fatalf("%+v", v)
	}
}

func repeatsRequests(t *testing.T, b *bench) {
	d := newDraw(2)
	o, _, err := b.created(d, "key")
	if err != nil {
		t.Fatal(err)
	}
	fault, err := b.sim.AddFault(alipaysim.Fault{Effect: "truncate", Method: alipay.MethodQuery, OutTradeNo: o.request.OutTradeNo, Times: 1})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.judge.exec("key", alipay.MethodQuery, fields{"out_trade_no": o.request.OutTradeNo}); err != nil {
		t.Fatalf("it gave up after one answer cut short by %s: %v", fault.ID, err)
	}
}

func ambiguousForm(t *testing.T, b *bench) {
	form := genuineNotice(t, b, "x&subjecu=1")
	if !b.judge.genuine(form) {
		t.Fatal("it refuses the form as sent")
	}
	split := maps.Clone(form)
	split["subject"], split["subjecu"] = "x", "1"
	if !b.judge.genuine(split) {
		t.Fatal("it refuses the form cut in two")
	}
	// Our client refuses the one that holds an ampersand: its own orders cannot,
	// so nobody has such a notification to cut in two.
	if b.accepts("key", encode(form)) {
		t.Fatal("our client accepts it too")
	}
}

func answerOfAnother(t *testing.T, b *bench) {
	d := newDraw(3)
	first, _, err := b.created(d, "key")
	if err != nil {
		t.Fatal(err)
	}
	second, _, err := b.created(d, "key")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.judge.exec("key", alipay.MethodQuery, fields{"out_trade_no": first.request.OutTradeNo}); err != nil {
		t.Fatal(err)
	}
	if _, err := b.sim.AddFault(alipaysim.Fault{Effect: "swap", Times: -1}); err != nil {
		t.Fatal(err)
	}
	theirs, err := b.judge.exec("key", alipay.MethodQuery, fields{"out_trade_no": second.request.OutTradeNo})
	if err != nil || theirs["out_trade_no"] != first.request.OutTradeNo {
		t.Fatalf("%v %v", theirs, err)
	}
	if _, r := b.clients["key"].Query(ctx(), alipay.QueryRequest{OutTradeNo: second.request.OutTradeNo}); r.Class != alipay.Unknown {
		t.Fatalf("our client takes it: %v", r.Class)
	}
}

// genuineNotice is a notification about a paid trade with the given subject.
func genuineNotice(t *testing.T, b *bench, subject string) map[string]string {
	t.Helper()
	number := "limit_" + strings.Map(func(r rune) rune {
		if r >= '0' && r <= 'z' && r != '=' {
			return r
		}
		return '_'
	}, t.Name())
	if len(number) > 60 {
		number = number[len(number)-60:]
	}
	biz := fields{"out_trade_no": strings.ReplaceAll(number, "/", "_"), "total_amount": "1.00", "subject": subject,
		"product_code": "JSAPI_PAY", "op_app_id": keyApp, "buyer_id": buyer}
	answer, err := b.judge.exec("key", alipay.MethodCreate, biz, "notify_url", notifyURL)
	if err != nil || answer["code"] != "10000" {
		t.Fatalf("%v %v", answer, err)
	}
	if _, _, err := b.notices(); err != nil {
		t.Fatal(err)
	}
	if _, err := b.control("POST", "/sim/trades/"+text(answer["trade_no"])+"/pay", nil); err != nil {
		t.Fatal(err)
	}
	forms, _, err := b.notices()
	if err != nil || len(forms) != 1 {
		t.Fatalf("%d notifications, %v", len(forms), err)
	}
	return forms[0]
}

func encode(form map[string]string) string {
	values := url.Values{}
	for name, value := range form {
		values.Set(name, value)
	}
	return values.Encode()
}
