package alipaysim_test

import (
	"io"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	alipaysim "github.com/paymux/paymux/adapters/alipay/sim"
)

// vectors were recorded from the official Node SDK.
type vectors struct {
	AESKey string            `json:"aes_key"`
	CertSN map[string]string `json:"cert_sn"`
	WapGet struct {
		URL string `json:"url"`
	} `json:"wap_get"`
	WapForm struct {
		HTML string `json:"html"`
	} `json:"wap_post_form"`
	OrderString struct {
		Text string `json:"order_string"`
	} `json:"app_order_string"`
	TradeQuery  vectorCall `json:"trade_query"`
	NotExist    vectorCall `json:"trade_query_not_exist"`
	Precreate   vectorCall `json:"precreate_escaped_slash"`
	OAuth       vectorCall `json:"oauth_token"`
	CertMode    vectorCall `json:"cert_mode_trade_query"`
	AESExec     vectorCall `json:"aes_exec"`
	V3Query     vectorCall `json:"v3_trade_query"`
	V3Cert      vectorCall `json:"v3_trade_query_cert_token"`
	V3Bill      vectorCall `json:"v3_bill_get"`
	V3Encrypted vectorCall `json:"v3_encrypted"`
}

type vectorCall struct {
	Request struct {
		HTTPMethod  string            `json:"http_method"`
		URL         string            `json:"url"`
		ContentType string            `json:"content_type"`
		Headers     map[string]string `json:"headers"`
		Body        string            `json:"body"`
	} `json:"request"`
}

func loadVectors(t *testing.T) vectors {
	t.Helper()
	var v vectors
	readJSON(t, "testdata/vectors.json", &v)
	return v
}

func testFile(t *testing.T, name string) string {
	t.Helper()
	raw, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

func certificateMode(t *testing.T) func(*alipaysim.Config) {
	return func(c *alipaysim.Config) {
		c.Apps[0].CertificatePEM = testFile(t, "appCertPublicKey.crt")
		c.Authority = &alipaysim.Authority{
			RootPEM: testFile(t, "alipayRootCert.crt"),
			Certificates: []alipaysim.AlipayCertificate{{
				PrivatePEM: c.AlipayPrivateKeyPEM, ChainPEM: testFile(t, "alipayCertPublicKey.crt")}},
		}
	}
}

// play sends a recorded request to the simulator.
func (r *rig) play(c vectorCall) (*http.Response, string) {
	r.t.Helper()
	method := c.Request.HTTPMethod
	request, err := http.NewRequest(method, r.http.URL+c.Request.URL, strings.NewReader(c.Request.Body))
	if err != nil {
		r.t.Fatal(err)
	}
	if c.Request.ContentType != "" {
		request.Header.Set("Content-Type", c.Request.ContentType)
	}
	for name, value := range c.Request.Headers {
		request.Header.Set(name, value)
	}
	response, err := web().Do(request)
	if err != nil {
		r.t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	return response, string(body)
}

func TestRecordedClassicRequestsVerify(t *testing.T) {
	v := loadVectors(t)
	r := newRig(t)
	cases := []struct {
		name   string
		call   vectorCall
		answer string
	}{
		{"query", v.TradeQuery, "ACQ.TRADE_NOT_EXIST"},
		{"query of nothing", v.NotExist, "ACQ.TRADE_NOT_EXIST"},
		{"precreate", v.Precreate, `"code":"10000"`},
		{"login", v.OAuth, "isv.code-invalid"},
		{"encrypted, of a method nobody knows", v.AESExec, `{"error_response":"`},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if _, body := r.play(c.call); !strings.Contains(body, c.answer) {
				t.Fatal(body)
			}
			altered := c.call
			altered.Request.URL = strings.Replace(altered.Request.URL, "version=1.0", "version=1.0&app_auth_token=x", 1)
			if c.call.Request.URL == v.AESExec.Request.URL {
				return // refused before the signature is looked at
			}
			if _, body := r.play(altered); !strings.Contains(body, "isv.invalid-signature") {
				t.Fatal("an added parameter was accepted: " + body)
			}
		})
	}
}

func TestRecordedCertificateModeRequestVerifies(t *testing.T) {
	v := loadVectors(t)
	r := newRig(t, certificateMode(t))
	_, body := r.play(v.CertMode)
	if !strings.Contains(body, "ACQ.TRADE_NOT_EXIST") || !strings.Contains(body, `},"alipay_cert_sn":"`+v.CertSN["alipay_cert_sn"]+`","sign":"`) {
		t.Fatal(body)
	}
	_, plain := r.play(v.TradeQuery)
	if !strings.Contains(plain, "isv.missing-app-cert-sn") {
		t.Fatal(plain)
	}
}

func TestRecordedPagesOpenTheCashier(t *testing.T) {
	v := loadVectors(t)
	r := newRig(t, func(c *alipaysim.Config) { c.Switches.AnySubject = true })
	page, body := browse(t, strings.Replace(v.WapGet.URL, "https://GATEWAY", r.http.URL, 1))
	if !strings.Contains(page, "/cashier/") || !strings.Contains(body, "88.88") {
		t.Fatalf("%s %s", page, body)
	}
	action := regexp.MustCompile(`action="https://GATEWAY([^"]+)"`).FindStringSubmatch(v.WapForm.HTML)
	form := url.Values{}
	for _, m := range regexp.MustCompile(`name="(\w+)" value="([^"]*)"`).FindAllStringSubmatch(v.WapForm.HTML, -1) {
		form.Set(m[1], strings.ReplaceAll(m[2], "&quot;", `"`))
	}
	if shown := press(t, r.http.URL+action[1], form); !strings.Contains(shown, "88.88") {
		t.Fatal(shown)
	}
	paid := r.sim("POST", "/sim/pay", biz{"order_string": v.OrderString.Text})
	if paid["result_code"] != "9000" {
		t.Fatalf("%v", paid)
	}
}

func TestRecordedV3RequestsVerify(t *testing.T) {
	v := loadVectors(t)
	cases := []struct {
		name   string
		call   vectorCall
		change func(*alipaysim.Config)
		status int
		answer string
	}{
		{"query", v.V3Query, nil, 400, "ACQ.TRADE_NOT_EXIST"},
		{"certificates and token", v.V3Cert, certificateMode(t), 400, "ACQ.TRADE_NOT_EXIST"},
		{"GET", v.V3Bill, nil, 200, "EMPTY_DATA_WITH_BILL_FILE"},
		{"encrypted", v.V3Encrypted, nil, 400, "ACQ.TRADE_NOT_EXIST"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			stamp := regexp.MustCompile(`timestamp=(\d+)`).FindStringSubmatch(c.call.Request.Headers["authorization"])
			ms, err := strconv.ParseInt(stamp[1], 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			at := func(skew time.Duration) *rig {
				return newRig(t, func(cfg *alipaysim.Config) {
					if c.change != nil {
						c.change(cfg)
					}
					cfg.Clock = alipaysim.FrozenClock(time.UnixMilli(ms).Add(skew))
				})
			}
			r := at(9 * time.Minute)
			response, body := r.play(c.call)
			if response.StatusCode != c.status || !strings.Contains(body, c.answer) {
				t.Fatalf("%d %s", response.StatusCode, body)
			}
			if _, body := r.play(c.call); !strings.Contains(body, "invalid-nonce") {
				t.Fatal("a repeated nonce was accepted: " + body)
			}
			if _, body := at(11 * time.Minute).play(c.call); !strings.Contains(body, "invalid-timestamp") {
				t.Fatal("an old request was accepted: " + body)
			}
		})
	}
}

func TestV3AnswersAreSignedAndErrorsAreNot(t *testing.T) {
	v := loadVectors(t)
	stamp := regexp.MustCompile(`timestamp=(\d+)`).FindStringSubmatch(v.V3Bill.Request.Headers["authorization"])
	ms, err := strconv.ParseInt(stamp[1], 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	r := newRig(t, func(c *alipaysim.Config) { c.Clock = alipaysim.FrozenClock(time.UnixMilli(ms)) })
	response, body := r.play(v.V3Bill)
	h := response.Header
	text := h.Get("Alipay-Timestamp") + "\n" + h.Get("Alipay-Nonce") + "\n" + body + "\n"
	if !rsaVerify(r.alipay, text, h.Get("Alipay-Signature")) {
		t.Fatalf("unverifiable: %v %s", h, body)
	}
	response, body = r.play(v.V3Query)
	if response.Header.Get("Alipay-Signature") != "" || !strings.Contains(body, `"links":[{`) {
		t.Fatalf("%v %s", response.Header, body)
	}
	bare := v.V3Query
	bare.Request.Headers = map[string]string{"content-type": "application/json"}
	if response, body = r.play(bare); response.StatusCode != http.StatusBadRequest || !strings.Contains(body, "missing-timestamp") {
		t.Fatalf("%d %s", response.StatusCode, body)
	}
}

func TestSerialNumbersOfCertificates(t *testing.T) {
	v := loadVectors(t)
	for file, sn := range map[string]string{"appCertPublicKey.crt": "app_cert_sn", "alipayCertPublicKey.crt": "alipay_cert_sn"} {
		if got, err := alipaysim.CertificateSN(testFile(t, file)); err != nil || got != v.CertSN[sn] {
			t.Errorf("%s: %s %v, want %s", file, got, err, v.CertSN[sn])
		}
	}
	if got, err := alipaysim.RootSN(testFile(t, "alipayRootCert.crt")); err != nil || got != v.CertSN["alipay_root_cert_sn"] {
		t.Errorf("root: %s %v", got, err)
	}
}
