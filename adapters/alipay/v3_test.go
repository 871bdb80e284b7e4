package alipay

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// v3Gateway answers with headers and remembers the request.
type v3Gateway struct {
	status  int
	header  map[string]string
	body    string
	last    *http.Request
	content string
}

func (g *v3Gateway) RoundTrip(request *http.Request) (*http.Response, error) {
	content, err := io.ReadAll(request.Body)
	if err != nil {
		return nil, err
	}
	g.last, g.content = request, string(content)
	header := http.Header{}
	for name, value := range g.header {
		header.Set(name, value)
	}
	return &http.Response{StatusCode: g.status, Header: header, Body: io.NopCloser(strings.NewReader(g.body)), Request: request}, nil
}

func (g *v3Gateway) sign(tb testing.TB) *v3Gateway {
	tb.Helper()
	g.header = map[string]string{"Alipay-Timestamp": "1795000000000", "Alipay-Nonce": "n", "Alipay-Trace-Id": "t1"}
	g.header["Alipay-Signature"] = mustSign(tb, gatewayKey(tb), "1795000000000\nn\n"+g.body+"\n")
	return g
}

func v3App(tb testing.TB, gateway http.RoundTripper, change func(*AppConfig)) *App {
	tb.Helper()
	return newTestApp(tb, func(c *AppConfig) {
		c.Protocol, c.Transport = ProtocolV3, gateway
		if change != nil {
			change(c)
		}
	})
}

// The SDK's own v3 exchanges: same text to sign, same signature, same reading.
func TestVectors_v3(t *testing.T) {
	for _, name := range []string{"v3_trade_query", "v3_trade_query_cert_token", "v3_bill_get", "v3_encrypted"} {
		t.Run(name, func(t *testing.T) {
			var exchange goldenExchange
			golden(t, name, &exchange)
			pairs, sign, _ := strings.Cut(strings.TrimPrefix(exchange.Request.Headers["authorization"], v3Algorithm+" "), ",sign=")
			message := v3Message{method: exchange.Request.HTTPMethod, target: exchange.Request.URL, body: exchange.Request.Body}
			text := v3StringToSign(pairs, message, exchange.Request.Headers["alipay-app-auth-token"])
			if text != exchange.Request.StringToSign {
				t.Fatalf("string to sign\n%q, want\n%q", text, exchange.Request.StringToSign)
			}
			gateway := &v3Gateway{status: 200, header: exchange.Response.Headers, body: exchange.Response.Body}
			app := v3App(t, gateway, func(c *AppConfig) {
				if name == "v3_trade_query_cert_token" {
					c.Keys = []KeyConfig{certConfig(t)}
				}
				if name == "v3_encrypted" {
					c.Keys[0].AESKey, c.EncryptContent = vectorAESKey, true
				}
			})
			if got := mustSign(t, app.ring.signer, text); got != sign {
				t.Fatal("our signature differs from the SDK's")
			}
			call := Call{Method: MethodQuery, Biz: map[string]string{"out_trade_no": "T20261122000001"}, AppAuthToken: exchange.Request.Headers["alipay-app-auth-token"]}
			if name == "v3_bill_get" {
				call = Call{Method: MethodBillDownloadURL, Biz: &BillRequest{BillType: BillTrade, BillDate: "2026-11-21"}}
			}
			out := map[string]string{}
			result := app.Do(t.Context(), call, &out)
			wantClass(t, result, Done)
			var want map[string]string
			golden(t, name, &struct {
				Result *map[string]string `json:"sdk_result"`
			}{&want})
			for key, value := range want {
				if out[key] != value {
					t.Errorf("%s is %q, want %q", key, out[key], value)
				}
			}
			if gateway.last.Method != exchange.Request.HTTPMethod || gateway.content != exchange.Request.Body {
				t.Errorf("%s %s", gateway.last.Method, gateway.content)
			}
			assertV3Signed(t, gateway)
		})
	}
}

// assertV3Signed verifies what was sent with the application's public key.
func assertV3Signed(t *testing.T, g *v3Gateway) {
	t.Helper()
	pairs, sign, found := strings.Cut(strings.TrimPrefix(g.last.Header.Get("Authorization"), v3Algorithm+" "), ",sign=")
	if !found {
		t.Fatal("no signature")
	}
	message := v3Message{method: g.last.Method, target: g.last.URL.RequestURI(), body: g.content}
	text := v3StringToSign(pairs, message, g.last.Header.Get("Alipay-App-Auth-Token"))
	public := &testPrivate(t, "app_pkcs1").PublicKey
	if err := (rsaVerifier{public}).verify([]byte(text), decodeBase64(t, sign)); err != nil {
		t.Fatal(err)
	}
}

func TestV3_request(t *testing.T) {
	gateway := (&v3Gateway{status: 200, body: `{"out_trade_no":"T1","trade_no":"2026"}`}).sign(t)
	app := v3App(t, gateway, nil)
	request := validCreate()
	request.NotifyURL = "https://pay.example.com/notify"
	response, result := app.Create(t.Context(), request)
	wantClass(t, result, Done)
	if response.TradeNo != "2026" || result.TraceID != "t1" || result.KeyVersion != "v1" {
		t.Fatalf("%+v %+v", response, result)
	}
	var body map[string]any
	if err := json.Unmarshal([]byte(gateway.content), &body); err != nil || body["notify_url"] != request.NotifyURL || body["total_amount"] != "88.88" {
		t.Fatalf("%s, %v", gateway.content, err)
	}
	if gateway.last.URL.Path != "/v3/alipay/trade/create" || !strings.Contains(gateway.last.Header.Get("Authorization"), "app_id="+testAppID+",nonce=n0,timestamp=") {
		t.Fatal(gateway.last.URL, gateway.last.Header)
	}
	assertV3Signed(t, gateway)
	// oauth.token has no business object: its parameters are the body.
	gateway = (&v3Gateway{status: 200, body: `{"access_token":"a","open_id":"o"}`}).sign(t)
	_, result = v3App(t, gateway, nil).OAuthToken(t.Context(), OAuthTokenRequest{Code: "c1"})
	wantClass(t, result, Done)
	if !strings.Contains(gateway.content, `"code":"c1"`) || !strings.Contains(gateway.content, `"grant_type":"authorization_code"`) {
		t.Fatal(gateway.content)
	}
	gateway = (&v3Gateway{status: 200, body: `{"complain_event_id":"a/b"}`}).sign(t)
	_, result = v3App(t, gateway, nil).ComplaintQuery(t.Context(), ComplaintQueryRequest{ComplainEventID: "a/b"})
	wantClass(t, result, Done)
	if gateway.last.URL.RequestURI() != "/v3/alipay/merchant/tradecomplain/a%2Fb" || gateway.last.Method != http.MethodGet || gateway.content != "" {
		t.Fatal(gateway.last.URL)
	}
	assertV3Signed(t, gateway)
}

func TestV3_answers(t *testing.T) {
	good := `{"out_trade_no":"T1","trade_no":"2026","trade_status":"TRADE_SUCCESS","total_amount":"88.88"}`
	for name, c := range map[string]struct {
		gateway *v3Gateway
		class   Class
	}{
		"success":                    {(&v3Gateway{status: 200, body: good}).sign(t), Done},
		"C31 unsigned":               {&v3Gateway{status: 200, body: good}, Unknown},
		"C31 changed":                {changedAfterSigning(t, good), Unknown},
		"C32 unsigned refusal":       {&v3Gateway{status: 400, body: `{"code":"ACQ.TRADE_NOT_EXIST","message":"x","links":[]}`}, Unknown},
		"signed refusal":             {(&v3Gateway{status: 400, body: `{"code":"ACQ.TRADE_NOT_EXIST","message":"交易不存在"}`}).sign(t), NotExist},
		"accepted":                   {(&v3Gateway{status: 202, body: good}).sign(t), Pending},
		"throttled":                  {&v3Gateway{status: 429}, Throttled},
		"throttled, signed":          {(&v3Gateway{status: 403, body: `{"code":"app-call-limited"}`}).sign(t), Throttled},
		"our signature":              {(&v3Gateway{status: 401, body: `{"code":"invalid-signature"}`}).sign(t), Misconfigured},
		"token":                      {(&v3Gateway{status: 401, body: `{"code":"invalid-auth-token"}`}).sign(t), Misconfigured},
		"missing":                    {(&v3Gateway{status: 400, body: `{"code":"missing-timestamp"}`}).sign(t), Misconfigured},
		"permissions":                {(&v3Gateway{status: 403, body: `{"code":"insufficient-isv-permissions"}`}).sign(t), Misconfigured},
		"unheard of":                 {(&v3Gateway{status: 400, body: `{"code":"never-heard-of"}`}).sign(t), Unknown},
		"G05 down":                   {(&v3Gateway{status: 500, body: `{"code":"unknow-error"}`}).sign(t), Unknown},
		"G04 HTML":                   {&v3Gateway{status: 502, body: "<html>"}, Unknown},
		"G04 signed, no code":        {(&v3Gateway{status: 404, body: `{}`}).sign(t), Unknown},
		"G04 signed, no JSON":        {(&v3Gateway{status: 200, body: `hello`}).sign(t), Unknown},
		"G12 another trade":          {(&v3Gateway{status: 200, body: strings.Replace(good, "T1", "T2", 1)}).sign(t), Unknown},
		"code in body is no verdict": {(&v3Gateway{status: 200, body: `{"code":"10000"}`}).sign(t), Unknown},
	} {
		t.Run(name, func(t *testing.T) {
			_, result := queryOne(v3App(t, c.gateway, nil))
			wantClass(t, result, c.class)
		})
	}
	// The gateway is seen to leave errors unsigned: believing them is a switch.
	gateway := &v3Gateway{status: 400, body: `{"code":"ACQ.TRADE_NOT_EXIST","message":"x"}`}
	trusting := func(c *AppConfig) { c.TrustUnsignedV3Errors = true }
	_, result := queryOne(v3App(t, gateway, trusting))
	wantClass(t, result, NotExist)
	_, result = queryOne(v3App(t, &v3Gateway{status: 200, body: good}, trusting))
	wantClass(t, result, Unknown)
	badlySigned := (&v3Gateway{status: 400, body: gateway.body}).sign(t)
	badlySigned.header["Alipay-Nonce"] = "other"
	_, result = queryOne(v3App(t, badlySigned, trusting))
	wantClass(t, result, Unknown)
	// Certificate mode wants to know which certificate.
	_, result = queryOne(v3App(t, (&v3Gateway{status: 200, body: good}).sign(t), func(c *AppConfig) { c.Keys = []KeyConfig{certConfig(t)} }))
	wantRefusal(t, result.Err, ErrCertificateUnknown)
}

// twoGateways answers by v3 and by the classic protocol.
type twoGateways struct {
	v3      v3Gateway
	classic fakeGateway
}

func (g *twoGateways) RoundTrip(request *http.Request) (*http.Response, error) {
	if strings.HasPrefix(request.URL.Path, "/v3/") {
		return g.v3.RoundTrip(request)
	}
	return g.classic.RoundTrip(request)
}

// C32, S03: v3 leaves "does not exist" unsigned. Queries get it signed from the
// classic gateway, so that an order nobody paid can be closed; nothing else
// that was refused is sent twice.
func TestV3_unsignedRefusalIsAskedAgain(t *testing.T) {
	signed := func(method string) func(url.Values) (int, string) {
		return func(form url.Values) (int, string) {
			if form.Get("method") != method {
				t.Errorf("asked for %s", form.Get("method"))
			}
			return http.StatusOK, signedAnswer(t, method, `{"code":"40004","msg":"Business Failed","sub_code":"ACQ.TRADE_NOT_EXIST"}`)
		}
	}
	gateway := &twoGateways{v3: v3Gateway{status: 400, body: `{"code":"ACQ.TRADE_NOT_EXIST","message":"x"}`}}
	app := v3App(t, gateway, nil)
	gateway.classic.answer = signed(MethodQuery)
	_, result := queryOne(app)
	wantClass(t, result, NotExist)
	gateway.classic.answer = signed(MethodRefundQuery)
	_, result = app.RefundQuery(t.Context(), RefundQueryRequest{OutTradeNo: "T1", OutRequestNo: "R1"})
	wantClass(t, result, NotExist)
	asked := gateway.classic.calls
	_, result = app.Close(t.Context(), CloseRequest{OutTradeNo: "T1"})
	wantClass(t, result, Unknown)
	_, result = app.Refund(t.Context(), RefundRequest{OutTradeNo: "T1", OutRequestNo: "R1", RefundAmount: 1})
	wantClass(t, result, Unknown)
	if asked != 2 || gateway.classic.calls != asked {
		t.Fatalf("the classic gateway was asked %d times, then %d", asked, gateway.classic.calls)
	}
	// It may be silent: then the first answer stands, and proves nothing.
	gateway.classic.answer = func(url.Values) (int, string) { return http.StatusBadGateway, "" }
	_, result = queryOne(app)
	wantClass(t, result, Unknown)
	wantRefusal(t, result.Err, ErrSignatureMissing)
}

func changedAfterSigning(t *testing.T, body string) *v3Gateway {
	t.Helper()
	gateway := (&v3Gateway{status: 200, body: body}).sign(t)
	gateway.body = strings.Replace(body, "88.88", "88.89", 1)
	return gateway
}
