package command_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/paymux/paymux/adapters/alipay"
	"github.com/paymux/paymux/core"
)

// C52: whatever shape Alipay gives an answer, our client concludes what it proves, and no more.
func TestC52_worldAnswers(t *testing.T) {
	for _, c := range worldCases(t, 28, "response", "oauth") {
		t.Run(c.ID, func(t *testing.T) {
			amount, text, result := worldCall(t, worldApp(t, c.CertMode, replaying(t, c.Status, c.Headers, c.body())), c.Call)
			got := conclusionOf(c.Call, amount, result)
			if got != c.Expect.Conclusion {
				t.Fatalf("concludes %s, want %s: class %s, code %s %s, %v", got, c.Expect.Conclusion, result.Class, result.Code, result.SubCode, result.Err)
			}
			if c.Expect.TotalFen != 0 && amount != c.Expect.TotalFen {
				t.Errorf("%d fen, want %d", amount, c.Expect.TotalFen)
			}
			if c.Expect.Text != "" && text != c.Expect.Text {
				t.Errorf("%q, want %q", text, c.Expect.Text)
			}
			if (c.Expect.Code != "" && result.Code != c.Expect.Code) || (c.Expect.SubCode != "" && result.SubCode != c.Expect.SubCode) {
				t.Errorf("code %s %s, want %s %s", result.Code, result.SubCode, c.Expect.Code, c.Expect.SubCode)
			}
			if believed := result.KeyVersion != ""; (c.Expect.Accept == "accept" && !believed) || (c.Expect.Accept == "refuse" && believed) {
				t.Errorf("verified %v, want %s", believed, c.Expect.Accept)
			}
		})
	}
}

// replaying is the address of a gateway that answers everything with this.
func replaying(t *testing.T, status int, headers [][2]string, body []byte) string {
	t.Helper()
	gateway := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		for _, h := range headers {
			w.Header()[h[0]] = append(w.Header()[h[0]], h[1])
		}
		w.WriteHeader(status)
		_, _ = w.Write(body)
	}))
	t.Cleanup(gateway.Close)
	return gateway.URL
}

// worldApp is our client of the cases' application.
func worldApp(t *testing.T, certMode bool, gateway string) *alipay.App {
	t.Helper()
	keys := worldKeys(t)
	key := alipay.KeyConfig{Version: "v1", Use: alipay.KeyCurrent, PrivateKey: keys["app_pkcs1"], AlipayPublicKey: keys["alipay_public"]}
	if certMode {
		key.AlipayPublicKey = ""
		key.AppCertificate = string(fileBytes(t, vectorsDir+"appCertPublicKey.crt"))
		key.AlipayCertificate = string(fileBytes(t, vectorsDir+"alipayCertPublicKey.crt"))
		key.RootCertificates = string(fileBytes(t, vectorsDir+"alipayRootCert.crt"))
	}
	app, err := alipay.NewApp(worldAppConfig(gateway, key))
	if err != nil {
		t.Fatal(err)
	}
	return app
}

func worldAppConfig(gateway string, key alipay.KeyConfig) alipay.AppConfig {
	return alipay.AppConfig{
		AppID: worldAppID, SellerID: worldSeller, Gateway: gateway + "/gateway.do", Environment: alipay.Sandbox, Now: worldNow, Keys: []alipay.KeyConfig{key},
	}
}

// worldCall makes the call that the case answers, and gives the amount and the text that its answer
// is about.
func worldCall(t *testing.T, app *alipay.App, call string) (core.Fen, string, alipay.Result) {
	t.Helper()
	ctx := context.Background()
	switch call {
	case "query":
		response, result := app.Query(ctx, alipay.QueryRequest{OutTradeNo: worldOrderNo})
		return core.Fen(response.TotalAmount), string(response.TradeStatus), result
	case "refund":
		response, result := app.Refund(ctx, alipay.RefundRequest{OutTradeNo: worldOrderNo, OutRequestNo: worldRefund, RefundAmount: 500})
		return core.Fen(response.RefundFee), "", result
	case "refund_query":
		response, result := app.RefundQuery(ctx, alipay.RefundQueryRequest{OutTradeNo: worldOrderNo, OutRequestNo: worldRefund})
		return core.Fen(response.RefundAmount), "", result
	case "create":
		response, result := app.Create(ctx, alipay.CreateRequest{OutTradeNo: worldOrderNo, TotalAmount: 1280, Subject: "测试商品", BuyerID: "2088000000000002"})
		return 0, response.TradeNo, result
	case "precreate":
		response, result := app.Precreate(ctx, alipay.PrecreateRequest{OutTradeNo: worldOrderNo, TotalAmount: 1280, Subject: "测试商品"})
		return 0, response.QRCode, result
	case "oauth":
		response, result := app.OAuthToken(ctx, alipay.OAuthTokenRequest{Code: "c"})
		return 0, strings.TrimSpace(response.UserID + " " + response.OpenID), result
	}
	t.Fatalf("nobody makes the call %q", call)
	return 0, "", alipay.Result{}
}

// conclusionOf puts a result into the cases' words. Ours, a buyer's and the merchant's refusals are
// all "refused": the codes say whose it is.
func conclusionOf(call string, amount core.Fen, result alipay.Result) string {
	switch {
	case result.Class == alipay.Done:
		return "success"
	case result.Class == alipay.NotExist:
		return "absent"
	case result.Class == alipay.Pending && call == "refund_query" && amount == 0:
		return "not_refunded_yet"
	case result.Class == alipay.Pending && call == "refund":
		return "no_change"
	case result.Class.Final(), result.Class == alipay.Misconfigured:
		return "refused"
	case call == "oauth" && result.SubCode != "": // a login is asked for again whoever refused it
		return "refused"
	}
	return "unknown"
}
