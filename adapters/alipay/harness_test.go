package alipay

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"
)

const (
	testAppID    = "2021000000000001"
	testSellerID = "2088000000000001"
)

// testNow lies inside the validity of the test certificates.
func testNow() time.Time { return time.Date(2026, 11, 22, 20, 22, 31, 0, time.UTC) }

// testKeys are the throw-away keys of testdata/vectors, as bare base64.
func testKeys(tb testing.TB) map[string]string {
	tb.Helper()
	keys := map[string]string{}
	if err := json.Unmarshal([]byte(readFile(tb, "testdata/vectors/test_keys.json")), &keys); err != nil {
		tb.Fatal(err)
	}
	return keys
}

func readFile(tb testing.TB, name string) string {
	tb.Helper()
	content, err := os.ReadFile(name)
	if err != nil {
		tb.Fatal(err)
	}
	return string(content)
}

// keyConfig is public key mode, version "v1", current.
func keyConfig(tb testing.TB) KeyConfig {
	tb.Helper()
	keys := testKeys(tb)
	return KeyConfig{Version: "v1", Use: KeyCurrent, PrivateKey: keys["app_pkcs1"], AlipayPublicKey: keys["alipay_public"]}
}

func testConfig(tb testing.TB) AppConfig {
	tb.Helper()
	return AppConfig{
		AppID: testAppID, SellerID: testSellerID, Gateway: "http://127.0.0.1:1/gateway.do", Environment: Sandbox,
		Keys: []KeyConfig{keyConfig(tb)}, Now: testNow, Nonce: func() string { return "n0" },
		Transport: refuseAll{},
	}
}

func newTestApp(tb testing.TB, change func(*AppConfig)) *App {
	tb.Helper()
	config := testConfig(tb)
	if change != nil {
		change(&config)
	}
	app, err := NewApp(config)
	if err != nil {
		tb.Fatal(err)
	}
	return app
}

// refuseAll is the network of tests that must not use one.
type refuseAll struct{}

func (refuseAll) RoundTrip(*http.Request) (*http.Response, error) {
	panic("this test must not send anything")
}

// gatewayKey signs as Alipay does in these tests.
func gatewayKey(tb testing.TB) signer {
	tb.Helper()
	key, err := ParsePrivateKey(testKeys(tb)["alipay_pkcs1"])
	if err != nil {
		tb.Fatal(err)
	}
	return rsaSigner{key}
}

func mustSign(tb testing.TB, s signer, message string) string {
	tb.Helper()
	text, err := signText(s, []byte(message))
	if err != nil {
		tb.Fatal(err)
	}
	return text
}

// signedAnswer is an envelope as the gateway writes it.
func signedAnswer(tb testing.TB, method, node string) string {
	tb.Helper()
	return `{"` + strings.ReplaceAll(method, ".", "_") + `_response":` + node + `,"sign":"` + mustSign(tb, gatewayKey(tb), node) + `"}`
}

// fakeGateway answers from a function and counts what reached it.
type fakeGateway struct {
	answer func(form url.Values) (status int, body string)
	header http.Header
	calls  int
	last   *http.Request
	form   url.Values
}

func (g *fakeGateway) RoundTrip(request *http.Request) (*http.Response, error) {
	g.calls++
	g.last = request
	body, err := io.ReadAll(request.Body)
	if err != nil {
		return nil, err
	}
	g.form, err = url.ParseQuery(string(body))
	if err != nil {
		return nil, err
	}
	maps.Copy(g.form, request.URL.Query())
	status, text := g.answer(g.form)
	header := g.header
	if header == nil {
		header = http.Header{}
	}
	return &http.Response{StatusCode: status, Header: header, Body: io.NopCloser(strings.NewReader(text)), Request: request}, nil
}

// answering makes an app whose gateway gives one fixed body.
func answering(tb testing.TB, status int, body string) (*App, *fakeGateway) {
	tb.Helper()
	gateway := &fakeGateway{answer: func(url.Values) (int, string) { return status, body }}
	return newTestApp(tb, func(c *AppConfig) { c.Transport = gateway }), gateway
}

// answeringNode makes an app whose gateway signs one fixed node.
func answeringNode(tb testing.TB, method, node string) (*App, *fakeGateway) {
	tb.Helper()
	return answering(tb, http.StatusOK, signedAnswer(tb, method, node))
}

// form is a notification being built; sign replaces or adds its signature.
type form map[string]string

func (f form) clone() form {
	return maps.Clone(f)
}

func (f form) with(name, value string) form {
	copied := f.clone()
	copied[name] = value
	return copied
}

func (f form) without(name string) form {
	copied := f.clone()
	delete(copied, name)
	return copied
}

func (f form) fields() []field {
	fields := make([]field, 0, len(f))
	for name, value := range f {
		fields = append(fields, field{name, value})
	}
	sortFields(fields)
	return fields
}

func (f form) signed(tb testing.TB, s signer, rule signRule) form {
	tb.Helper()
	return f.with("sign", mustSign(tb, s, string(appendCanonical(nil, f.fields(), rule))))
}

func (f form) encode() string {
	values := url.Values{}
	for name, value := range f {
		values.Set(name, value)
	}
	return values.Encode()
}

const formType = "application/x-www-form-urlencoded; charset=utf-8"

func notifyRule() signRule { return signRule{dropSignType: true} }

// paidForm is a payment notification without its signature.
func paidForm() form {
	return form{
		"app_id": testAppID, "auth_app_id": testAppID, "charset": "utf-8", "version": "1.0", "sign_type": "RSA2",
		"notify_id": "2026112200222200005000000000000001", "notify_type": "trade_status_sync",
		"notify_time": "2026-11-22 20:00:06", "trade_no": "2026112222001400000000000001",
		"out_trade_no": "T20261122000001", "seller_id": testSellerID, "buyer_open_id": "0123456789abcdef",
		"trade_status": "TRADE_SUCCESS", "total_amount": "88.88", "receipt_amount": "88.88", "subject": "测试 100%",
		"gmt_payment": "2026-11-22 20:00:05", "fund_bill_list": `[{"amount":"88.88","fundChannel":"ALIPAYACCOUNT"}]`,
	}
}

func receive(app *App, body string) (*Notification, error) {
	unverified, err := ParseNotification([]byte(body), formType)
	if err != nil {
		return nil, err
	}
	return app.VerifyNotification(unverified)
}

func wantClass(tb testing.TB, result Result, class Class) {
	tb.Helper()
	if result.Class != class {
		tb.Fatalf("class %s, want %s (code %s %s, err %v)", result.Class, class, result.Code, result.SubCode, result.Err)
	}
}

func wantRefusal(tb testing.TB, err error, refusal Refusal) {
	tb.Helper()
	if RefusalCode(err) != string(refusal) {
		tb.Fatalf("error %v, want code %s", err, refusal)
	}
}

func wantField(tb testing.TB, result Result, name string) {
	tb.Helper()
	wantClass(tb, result, Invalid)
	broken, ok := result.Err.(*FieldError)
	if !ok || broken.Field != name {
		tb.Fatalf("error %v, want one that names %s", result.Err, name)
	}
}

func queryOne(app *App) (QueryResponse, Result) {
	return app.Query(context.Background(), QueryRequest{OutTradeNo: "T1"})
}

const paidNode = `{"code":"10000","msg":"Success","out_trade_no":"T1","trade_no":"2026112222001400000000000001",` +
	`"trade_status":"TRADE_SUCCESS","total_amount":"88.88","send_pay_date":"2026-11-22 20:00:05"}`

func decodeBase64(tb testing.TB, text string) []byte {
	tb.Helper()
	decoded, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		tb.Fatal(err)
	}
	return decoded
}
