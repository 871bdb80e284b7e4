package alipay

import (
	"crypto/rsa"
	"crypto/x509/pkix"
	"encoding/json"
	"math/big"
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

// A service-market message, in the older format: here sign_type is signed.
func TestPublicVectors_serviceMarket(t *testing.T) {
	app, capture := capturedApp(t, "notify_service_market")
	if _, err := receive(app, capture.Fields.encode()); RefusalCode(err) != string(ErrSignatureMismatch) {
		t.Fatalf("the rule of payments accepted it: %v", err)
	}
	message, err := receiveMessage(app, capture.Fields.encode())
	if err != nil || message.Method != "servicemarket_order_notify" || message.Get("commodity_order_id") == "" || message.SentAt.IsZero() {
		t.Fatalf("%+v, %v", message, err)
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

// Serial numbers of real certificates, of production and of the sandbox; the
// intermediates behind the leaves included.
func TestPublicVectors_serials(t *testing.T) {
	for name, want := range map[string][]string{
		"app_2021001161683774.crt": {"866efef280dec9137a87d047ac446315"},
		"app_2021002177673029.crt": {"e1b085ae86cbbba54fe9dc6cdf82b65a"},
		"alipay_2020.crt":          {"7513daaaa48aa3ba2e4018d84402479c"},
		"alipay_2021.crt":          {"f4facbef87f2c92cf8ca72cdfcb25eb1", "d04725290cc29a7f216e0b31e5897f69"},
		"sandbox_app_2023.crt":     {"f5476a255774929671073404f7af2b90"},
		"sandbox_app_2025.crt":     {"9c51a0ddeb34866e5a331e613f57bf0f"},
		"sandbox_alipay_2023.crt":  {"b09baa7d1d5b198c713b230c5a6ec8e7", "191f9ccca4624632e4d66ce1417a00e0"},
		// SM2, RSA, EC, RSA with SHA-1: Go cannot parse the first.
		"alipayRootCert.crt": {
			"9e64d67d36446de33aae13a33a89e5a7", "687b59193f3f462dd5336e5abf83c5d8",
			"8af620707e5ddd8c7e76747e86a604dc", "02941eef3187dddf3d3b83462e1dfcf6",
		},
	} {
		bundle, err := parseBundle(readFile(t, "testdata/public/"+name))
		if err != nil || len(bundle) != len(want) {
			t.Fatalf("%s: %d certificates, %v", name, len(bundle), err)
		}
		for i, serial := range want {
			if bundle[i].serial != serial {
				t.Errorf("%s, certificate %d: %s, want %s", name, i, bundle[i].serial, serial)
			}
		}
	}
	const want = "687b59193f3f462dd5336e5abf83c5d8_02941eef3187dddf3d3b83462e1dfcf6"
	if got, err := RootSerial(readFile(t, "testdata/public/alipayRootCert.crt")); err != nil || got != want {
		t.Errorf("alipay_root_cert_sn %s, %v", got, err)
	}
}

// C29: the real chains lead to the real roots, each in its own environment
// only. The sandbox's intermediate lacks the mark of an authority, which
// production must not forgive.
func TestPublicVectors_chains(t *testing.T) {
	const production, sandbox = "alipayRootCert.crt", "sandbox_root.crt"
	for name, c := range map[string]struct {
		chain, roots string
		env          Environment
		year         int
		want         Refusal
	}{
		"production":                      {"alipay_2021.crt", production, Production, 2022, ""},
		"sandbox":                         {"sandbox_alipay_2023.crt", sandbox, Sandbox, 2024, ""},
		"sandbox chain in production":     {"sandbox_alipay_2023.crt", sandbox, Production, 2024, ErrCertificateUntrusted},
		"sandbox chain, production roots": {"sandbox_alipay_2023.crt", production, Sandbox, 2024, ErrCertificateUntrusted},
		"production chain, sandbox roots": {"alipay_2021.crt", sandbox, Sandbox, 2022, ErrCertificateUntrusted},
		"sandbox leaf alone":              {"alipay_2020.crt", sandbox, Sandbox, 2021, ErrCertificateUntrusted},
		"sandbox intermediate has ended":  {"sandbox_alipay_2023.crt", sandbox, Sandbox, 2025, ErrCertificateExpired},
		"an application's, production":    {"app_2021002177673029.crt", production, Production, 2022, ErrCertificateMismatch},
		"an application's, sandbox":       {"sandbox_app_2023.crt", sandbox, Sandbox, 2024, ErrCertificateMismatch},
	} {
		t.Run(name, func(t *testing.T) {
			chain, err := parseChain(readFile(t, "testdata/public/"+c.chain))
			if err != nil {
				t.Fatal(err)
			}
			roots, _, err := parseRoots(readFile(t, "testdata/public/"+c.roots))
			if err != nil {
				t.Fatal(err)
			}
			_, err = checkChain(chain, roots, c.env, time.Date(c.year, 1, 15, 0, 0, 0, 0, time.UTC))
			if RefusalCode(err) != string(c.want) {
				t.Fatalf("%v, want %q", err, c.want)
			}
		})
	}
}

// What no root has signed issues nothing, in the sandbox neither.
func TestPublicVectors_sandboxChainIsOneLink(t *testing.T) {
	roots, _, err := parseRoots(readFile(t, "testdata/public/sandbox_root.crt"))
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2024, 1, 15, 0, 0, 0, 0, time.UTC)
	merchant := newAuthority(t, pkix.Name{CommonName: "2088721003236442-2021000122672388"}, nil)
	forged := merchant.issueAt(t, now, big.NewInt(3), &testPrivate(t, "app_pkcs1").PublicKey, "Alipay")
	genuine, err := parseChain(readFile(t, "testdata/public/sandbox_alipay_2023.crt"))
	if err != nil {
		t.Fatal(err)
	}
	chain, err := parseChain(forged + pemText("CERTIFICATE", merchant.parsed.Raw))
	if err != nil {
		t.Fatal(err)
	}
	_, err = checkChain(append(chain, genuine[1:]...), roots, Sandbox, now)
	wantRefusal(t, err, ErrCertificateUntrusted)
}
