package alipay

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// goldenExchange is one exchange that the official Node SDK performed.
type goldenExchange struct {
	Request struct {
		HTTPMethod   string            `json:"http_method"`
		URL          string            `json:"url"`
		Body         string            `json:"body"`
		StringToSign string            `json:"string_to_sign"`
		Sign         string            `json:"sign"`
		Headers      map[string]string `json:"headers"`
	} `json:"request"`
	Response struct {
		Body    string            `json:"body"`
		Headers map[string]string `json:"headers"`
	} `json:"response"`
	SignedContent string `json:"response_signed_content"`
}

func golden(tb testing.TB, name string, target any) {
	tb.Helper()
	all := map[string]json.RawMessage{}
	if err := json.Unmarshal([]byte(readFile(tb, "testdata/vectors/vectors.json")), &all); err != nil {
		tb.Fatal(err)
	}
	if err := json.Unmarshal(all[name], target); err != nil {
		tb.Fatalf("%s: %v", name, err)
	}
}

func goldenFields(t *testing.T, texts ...string) []field {
	t.Helper()
	var fields []field
	for _, text := range texts {
		parsed, err := parseForm(text)
		if err != nil {
			t.Fatal(err)
		}
		fields = append(fields, parsed...)
	}
	sortFields(fields)
	return fields
}

// assertCanonical holds our string to sign and our signature against the SDK's.
func assertCanonical(t *testing.T, app *App, fields []field, want, sign string) {
	t.Helper()
	message := appendCanonical(nil, fields, requestRule())
	if string(message) != want {
		t.Fatalf("string to sign\n%s, want\n%s", message, want)
	}
	if got := mustSign(t, app.ring.signer, want); got != sign {
		t.Fatal("our signature differs from the SDK's")
	}
}

// Requests the SDK sent: same text to sign, same signature; and its reading of
// the answer is ours.
func TestVectors_classicExchanges(t *testing.T) {
	for name, method := range map[string]string{
		"trade_query": MethodQuery, "precreate_escaped_slash": MethodPrecreate, "trade_query_not_exist": MethodQuery,
		"oauth_token": MethodOAuthToken, "cert_mode_trade_query": MethodQuery,
		"aes_exec": "alipay.open.auth.app.aes.set", "aes_exec_validate": "alipay.open.auth.app.aes.set",
	} {
		t.Run(name, func(t *testing.T) {
			var exchange goldenExchange
			golden(t, name, &exchange)
			app := newTestApp(t, nil)
			_, query, _ := strings.Cut(exchange.Request.URL, "?")
			fields := goldenFields(t, query, exchange.Request.Body)
			assertCanonical(t, app, fields, exchange.Request.StringToSign, exchange.Request.Sign)
			cut, err := cutEnvelope(method, []byte(exchange.Response.Body))
			if err != nil {
				t.Fatal(err)
			}
			if exchange.SignedContent != "" && string(cut.node) != exchange.SignedContent {
				t.Fatalf("signed content\n%s, want\n%s", cut.node, exchange.SignedContent)
			}
			if version, err := app.verifyNode(cut); err != nil || version != "v1" {
				t.Fatal(err)
			}
		})
	}
}

// The page and app vectors: the SDK's text to sign comes out of its own address.
func TestVectors_pages(t *testing.T) {
	app := newTestApp(t, nil)
	var get struct {
		URL          string `json:"url"`
		StringToSign string `json:"string_to_sign"`
		Sign         string `json:"sign"`
	}
	golden(t, "wap_get", &get)
	_, query, _ := strings.Cut(get.URL, "?")
	assertCanonical(t, app, goldenFields(t, query), get.StringToSign, get.Sign)

	var order struct {
		OrderString  string `json:"order_string"`
		StringToSign string `json:"string_to_sign"`
		Sign         string `json:"sign"`
	}
	golden(t, "app_order_string", &order)
	assertCanonical(t, app, goldenFields(t, order.OrderString), order.StringToSign, order.Sign)

	var post struct {
		HTML string `json:"html"`
	}
	golden(t, "wap_post_form", &post)
	action := between(t, post.HTML, `action="`, `"`)
	_, query, _ = strings.Cut(action, "?")
	biz := strings.ReplaceAll(between(t, post.HTML, `name="biz_content" value="`, `" />`), "&quot;", `"`)
	fields := append(goldenFields(t, query), field{"biz_content", biz}, field{"alipay_sdk", "alipay-sdk-nodejs-4.0.0"})
	sortFields(fields)
	sign, _ := find(fields, "sign")
	assertCanonical(t, app, fields, get.StringToSign, sign)
}

func between(t *testing.T, text, start, end string) string {
	t.Helper()
	_, text, found := strings.Cut(text, start)
	text, _, ended := strings.Cut(text, end)
	if !found || !ended {
		t.Fatalf("no %q", start)
	}
	return text
}

// Notifications that the SDK, smartwalle and gopay accept.
func TestVectors_notifications(t *testing.T) {
	app := newTestApp(t, nil)
	for _, name := range []string{"notify_paid", "notify_partial_refund", "notify_full_refund"} {
		t.Run(name, func(t *testing.T) {
			var vector struct {
				FormBody     string `json:"form_body"`
				StringToSign string `json:"string_to_sign"`
			}
			golden(t, name, &vector)
			fields := goldenFields(t, vector.FormBody)
			if got := string(appendCanonical(nil, fields, notifyRule())); got != vector.StringToSign {
				t.Fatalf("string to sign\n%s, want\n%s", got, vector.StringToSign)
			}
			n, err := receive(app, vector.FormBody)
			if err != nil {
				t.Fatal(err)
			}
			total, err := n.TotalFen()
			refund, refundErr := n.RefundFen()
			if err != nil || refundErr != nil || total != 8888 || (refund > 0) != (name != "notify_paid") {
				t.Fatalf("total %d, refund %d", total, refund)
			}
		})
	}
	var back struct {
		Query string `json:"query"`
	}
	golden(t, "wap_return", &back)
	got, err := app.VerifyReturn(back.Query)
	if err != nil || got.OutTradeNo != "T20261122000001" {
		t.Fatalf("%+v, %v", got, err)
	}
}

// The typed calls read the SDK's answers through the whole client.
func TestVectors_throughTheClient(t *testing.T) {
	answer := func(name string) *App {
		var exchange goldenExchange
		golden(t, name, &exchange)
		gateway := &fakeGateway{answer: func(url.Values) (int, string) { return http.StatusOK, exchange.Response.Body }}
		return newTestApp(t, func(c *AppConfig) { c.Transport = gateway })
	}
	query, result := answer("trade_query").Query(t.Context(), QueryRequest{OutTradeNo: "T20261122000001"})
	wantClass(t, result, Done)
	if query.TradeStatus != WaitBuyerPay || query.BuyerOpenID != "0123456789abcdef" || query.TotalAmount != 8888 {
		t.Fatalf("%+v", query)
	}
	_, result = answer("trade_query_not_exist").Query(t.Context(), QueryRequest{OutTradeNo: "NOPE"})
	wantClass(t, result, NotExist)
	token, result := answer("oauth_token").OAuthToken(t.Context(), OAuthTokenRequest{Code: "4b203fe6c11548bcabd8da5bb087a83b"})
	wantClass(t, result, Done)
	if token.OpenID != "0123456789abcdef" || token.ExpiresIn != 1296000 {
		t.Fatalf("%+v", token)
	}
}
