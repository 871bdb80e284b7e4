package gopay

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	gopay "github.com/go-pay/gopay/alipay"
	gopayv3 "github.com/go-pay/gopay/alipay/v3"

	"github.com/paymux/paymux/adapters/alipay"
	alipaysim "github.com/paymux/paymux/adapters/alipay/sim"
)

// The two applications of one merchant: by keys, and by certificates.
const (
	keyApp  = "2021000000000001"
	certApp = "2021000000000002"
	seller  = "2088000000000001"
	buyer   = "2088000000000002"

	notifyURL  = "http://merchant.invalid/notify"
	messageURL = "http://merchant.invalid/messages"
)

// party is one application as seen from both sides of a comparison.
type party struct {
	appID   string
	ours    *alipay.App
	oursV3  *alipay.App
	gopay   *gopay.Client
	gopayV3 *gopayv3.ClientV3
}

type keyFile struct {
	AppPKCS8     string `json:"app_pkcs8"`
	AppPublic    string `json:"app_public"`
	AlipayPKCS1  string `json:"alipay_pkcs1"`
	AlipayPublic string `json:"alipay_public"`
}

// bench is the simulator, our clients and gopay's.
type bench struct {
	keys        keyFile
	sim         *alipaysim.Server
	url         string
	certificate string
	authority   *alipaysim.Authority
	parties     map[string]party
	inbox       *inbox
	sent        *recorder
	nonce       atomic.Uint64
}

// inbox takes what the simulator sends to merchants.
type inbox struct {
	mu       sync.Mutex
	requests []notice
}

// notice is one delivery: its header and its body.
type notice struct{ contentType, body string }

// RoundTrip keeps the delivery and says success.
func (i *inbox) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	i.requests = append(i.requests, notice{r.Header.Get("Content-Type"), string(body)})
	return &http.Response{StatusCode: http.StatusOK, Request: r, Header: http.Header{}, Body: io.NopCloser(strings.NewReader("success"))}, nil
}

func (i *inbox) take() []notice {
	i.mu.Lock()
	defer i.mu.Unlock()
	taken := i.requests
	i.requests = nil
	return taken
}

// recorder leads every call to the simulator, whatever address it was made for,
// and keeps the latest as it was sent.
type recorder struct {
	to   string
	mu   sync.Mutex
	last *http.Request
	body string
}

func (r *recorder) RoundTrip(request *http.Request) (*http.Response, error) {
	var body []byte
	if request.Body != nil {
		var err error
		if body, err = io.ReadAll(request.Body); err != nil {
			return nil, err
		}
	}
	request = request.Clone(request.Context())
	request.URL.Scheme, request.URL.Host, request.Host = "http", r.to, r.to
	request.Body, request.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	r.mu.Lock()
	r.last, r.body = request, string(body)
	r.mu.Unlock()
	return http.DefaultTransport.RoundTrip(request)
}

// form is the latest classic call, address and body together.
func (r *recorder) form() (url.Values, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	values, err := url.ParseQuery(r.body)
	if err != nil {
		return nil, err
	}
	for name, list := range r.last.URL.Query() {
		values[name] = list
	}
	return values, nil
}

func newBench(t *testing.T, seed uint64) *bench {
	t.Helper()
	b := &bench{inbox: &inbox{}, parties: map[string]party{}}
	raw, err := os.ReadFile("../testdata/test_keys.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(raw, &b.keys); err != nil {
		t.Fatal(err)
	}
	if b.authority, err = alipaysim.NewAuthority(rand.Reader, time.Now(), b.keys.AlipayPKCS1); err != nil {
		t.Fatal(err)
	}
	if b.certificate, err = b.authority.IssueApp(time.Now(), certApp, seller, b.keys.AppPublic); err != nil {
		t.Fatal(err)
	}
	b.sim, err = alipaysim.New(alipaysim.Config{
		Seed: seed, AlipayPrivateKeyPEM: b.keys.AlipayPKCS1, Authority: b.authority, Manual: true,
		Clock: alipaysim.NewClock(time.Now, 0), HTTPClient: &http.Client{Transport: b.inbox},
		Apps: []alipaysim.App{
			{AppID: keyApp, SellerID: seller, PublicKey: b.keys.AppPublic, GatewayURL: messageURL, OpAppIDs: []string{certApp}},
			{AppID: certApp, SellerID: seller, CertificatePEM: b.certificate, GatewayURL: messageURL, OpAppIDs: []string{keyApp}},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(b.sim.Handler())
	b.url, b.sent = server.URL, &recorder{to: strings.TrimPrefix(server.URL, "http://")}
	t.Cleanup(func() {
		server.Close()
		if err := b.sim.Close(); err != nil {
			t.Error(err)
		}
	})
	for name, appID := range map[string]string{"key": keyApp, "cert": certApp} {
		b.parties[name] = b.open(t, appID)
	}
	return b
}

// open makes the four clients of an application.
func (b *bench) open(t *testing.T, appID string) party {
	t.Helper()
	p := party{appID: appID, ours: b.ours(t, appID, alipay.ProtocolClassic), oursV3: b.ours(t, appID, alipay.ProtocolV3)}
	var err error
	if p.gopay, err = gopay.NewClient(appID, b.keys.AppPKCS8, true); err != nil {
		t.Fatal(err)
	}
	if p.gopayV3, err = gopayv3.NewClientV3(appID, b.keys.AppPKCS8, true); err != nil {
		t.Fatal(err)
	}
	p.gopay.SetLocation("Asia/Shanghai").SetNotifyUrl(notifyURL)
	p.gopay.GetHttpClient().SetTransport(b.sent)
	p.gopayV3.SetProxyHost(b.url)
	app, root, gateway := []byte(b.certificate), []byte(b.authority.RootPEM), []byte(b.authority.Certificates[0].ChainPEM)
	p.gopay.AutoVerifySign(gateway)
	if err := p.gopayV3.SetCert(app, root, gateway); err != nil {
		t.Fatal(err)
	}
	// the certificate holds the same key, by which v3 is verified in key mode too
	if appID != certApp {
		p.gopayV3.AppCertSN = ""
		return p
	}
	if err := p.gopay.SetCertSnByContent(app, root, gateway); err != nil {
		t.Fatal(err)
	}
	return p
}

func (b *bench) ours(t *testing.T, appID string, protocol alipay.Protocol) *alipay.App {
	t.Helper()
	config := alipay.AppConfig{
		AppID: appID, SellerID: seller, Gateway: b.url + "/gateway.do", Environment: alipay.Sandbox, Protocol: protocol,
		Keys:      []alipay.KeyConfig{{Version: "1", Use: alipay.KeyCurrent, PrivateKey: b.keys.AppPKCS8, AlipayPublicKey: b.keys.AlipayPublic}},
		Transport: b.sent, Now: time.Now, BreakAfter: 1 << 30, TrustUnsignedV3Errors: true,
		Nonce: func() string { return fmt.Sprintf("%032x", uint64(time.Now().UnixNano())+b.nonce.Add(1)) },
	}
	if appID == certApp {
		k := &config.Keys[0]
		k.AlipayPublicKey, k.AppCertificate, k.RootCertificates = "", b.certificate, b.authority.RootPEM
		k.AlipayCertificate = b.authority.Certificates[0].ChainPEM
	}
	app, err := alipay.NewApp(config)
	if err != nil {
		t.Fatal(err)
	}
	return app
}

// control asks the simulator's control API.
func (b *bench) control(path string, body any) (map[string]any, error) {
	text, err := json.Marshal(body)
	if err != nil {
		return nil, err
	}
	request, err := http.NewRequestWithContext(context.Background(), http.MethodPost, b.url+path, bytes.NewReader(text))
	if err != nil {
		return nil, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer func() { _ = response.Body.Close() }()
	var answer map[string]any
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
		return nil, err
	}
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s: %v", path, answer)
	}
	return answer, nil
}

// notices are what the merchant gets when everything due is delivered.
func (b *bench) notices() ([]notice, error) {
	if err := b.sim.Flush(); err != nil {
		return nil, err
	}
	return b.inbox.take(), nil
}
