package alipay

import (
	"crypto/rsa"
	"encoding/json"
	"testing"
	"time"
)

// publicCapture is real traffic that others have published with its key.
type publicCapture struct {
	PublicKey string `json:"public_key"`
	Fields    form   `json:"fields"`
	Method    string `json:"method"`
	Body      string `json:"body"`
}

// capturedApp verifies with the capture's key, for the capture's app.
func capturedApp(t *testing.T, name string) (*App, publicCapture) {
	t.Helper()
	all := map[string]publicCapture{}
	if err := json.Unmarshal([]byte(readFile(t, "testdata/public/captures.json")), &all); err != nil {
		t.Fatal(err)
	}
	capture := all[name]
	app := newTestApp(t, func(c *AppConfig) {
		c.Keys[0].AlipayPublicKey = capture.PublicKey
		if id := capture.Fields["app_id"]; id != "" {
			c.AppID = id
		}
		// Some of the apps are older than the shapes of ids that are checked.
		c.Gateway, c.Environment, c.SellerID = ProductionGateway, Production, ""
	})
	return app, capture
}

// A real payment notification of 2019: sign_type is not part of what is signed.
func TestPublicVectors_paymentNotification(t *testing.T) {
	app, capture := capturedApp(t, "notify_payment")
	n, err := receive(app, capture.Fields.encode())
	if err != nil {
		t.Fatal(err)
	}
	if total, err := n.TotalFen(); err != nil || total != 10 || n.OutTradeNo != "20190815155618536-564-57" ||
		!n.Time("gmt_payment").Equal(time.Date(2019, 8, 15, 7, 56, 24, 0, time.UTC)) {
		t.Fatalf("%+v, %v", n, err)
	}
	kept := string(appendCanonical(nil, capture.Fields.fields(), signRule{}))
	if verifies(mustPublic(t, capture.PublicKey), kept, capture.Fields["sign"]) {
		t.Fatal("it verifies with sign_type as well; the rule is not what we think")
	}
}

// A service-market message: here sign_type is signed.
func TestPublicVectors_serviceMarket(t *testing.T) {
	app, capture := capturedApp(t, "notify_service_market")
	if _, err := receive(app, capture.Fields.encode()); RefusalCode(err) != string(ErrSignatureMismatch) {
		t.Fatalf("the rule of payments accepted it: %v", err)
	}
	if _, err := app.verifyFields(capture.Fields.fields(), signRule{}); err != nil {
		t.Fatal(err)
	}
}

func mustPublic(t *testing.T, text string) *rsa.PublicKey {
	t.Helper()
	key, err := ParsePublicKey(text)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func TestPublicVectors_answers(t *testing.T) {
	for _, name := range []string{"answer_pay", "answer_upload"} {
		app, capture := capturedApp(t, name)
		cut, err := cutEnvelope(capture.Method, []byte(capture.Body))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := app.verifyNode(cut); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Serial numbers of real certificates, of production and of the sandbox.
func TestPublicVectors_serials(t *testing.T) {
	for name, want := range map[string]string{
		"app_2021001161683774.crt": "866efef280dec9137a87d047ac446315",
		"alipay_2020.crt":          "7513daaaa48aa3ba2e4018d84402479c",
		"sandbox_app_2023.crt":     "f5476a255774929671073404f7af2b90",
	} {
		if got, err := CertificateSerial(readFile(t, "testdata/public/"+name)); err != nil || got != want {
			t.Errorf("%s: %s, %v, want %s", name, got, err, want)
		}
	}
}
