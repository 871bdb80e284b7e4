//go:build conformance

package conformance

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/paymux/paymux/adapters/alipay"
	alipaysim "github.com/paymux/paymux/adapters/alipay/sim"
)

// The two applications of one merchant: by keys, and by certificates.
const (
	keyApp  = "2021000000000001"
	certApp = "2021000000000002"
	seller  = "2088000000000001"
	buyer   = "2088000000000002"
	aesKey  = "aYA0GP8JEW+D7/UFaskCWA=="

	notifyURL  = "http://merchant.invalid/notify"
	messageURL = "http://merchant.invalid/messages"
)

// modes are the ways a client may be configured; the SDK has an instance of each
// name, and so have we.
func modes() []string { return []string{"key", "cert", "aes"} }

type keyFile struct {
	AppPKCS1     string `json:"app_pkcs1"`
	AppPKCS8     string `json:"app_pkcs8"`
	AppPublic    string `json:"app_public"`
	AlipayPKCS1  string `json:"alipay_pkcs1"`
	AlipayPublic string `json:"alipay_public"`
}

// bench is the simulator, our clients, and the official SDK as judge.
type bench struct {
	sim     *alipaysim.Server
	url     string
	judge   *judge
	clients map[string]*alipay.App // by mode, and by "v3/"+mode
	inbox   *inbox
	nonce   atomic.Uint64
}

// inbox takes what the simulator sends to merchants.
type inbox struct {
	mu    sync.Mutex
	forms []delivery
}

// delivery is a body and the header it came with.
type delivery struct{ contentType, body string }

// RoundTrip keeps the form and says success.
func (i *inbox) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	i.forms = append(i.forms, delivery{r.Header.Get("Content-Type"), string(body)})
	return &http.Response{StatusCode: http.StatusOK, Request: r, Header: http.Header{}, Body: io.NopCloser(strings.NewReader("success"))}, nil
}

func (i *inbox) take() []delivery {
	i.mu.Lock()
	defer i.mu.Unlock()
	forms := i.forms
	i.forms = nil
	return forms
}

func newBench(t *testing.T, seed uint64) *bench {
	t.Helper()
	var keys keyFile
	if err := json.Unmarshal(testFile(t, "test_keys.json"), &keys); err != nil {
		t.Fatal(err)
	}
	b := &bench{inbox: &inbox{}, clients: map[string]*alipay.App{}}
	authority, err := alipaysim.NewAuthority(rand.Reader, time.Now(), keys.AlipayPKCS1)
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := authority.IssueApp(time.Now(), certApp, seller, keys.AppPublic)
	if err != nil {
		t.Fatal(err)
	}
	b.sim, err = alipaysim.New(alipaysim.Config{
		Seed: seed, AlipayPrivateKeyPEM: keys.AlipayPKCS1, Authority: authority, Manual: true,
		Clock:      alipaysim.NewClock(time.Now, 0),
		HTTPClient: &http.Client{Transport: b.inbox}, Switches: alipaysim.Switches{AnySubject: true},
		Apps: []alipaysim.App{
			{AppID: keyApp, SellerID: seller, PublicKey: keys.AppPublic, AESKey: aesKey, GatewayURL: messageURL, OpAppIDs: []string{certApp}},
			{AppID: certApp, SellerID: seller, CertificatePEM: certificate, GatewayURL: messageURL, OpAppIDs: []string{keyApp}},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(b.sim.Handler())
	b.url = server.URL
	t.Cleanup(func() {
		server.Close()
		if err := b.sim.Close(); err != nil {
			t.Error(err)
		}
	})
	b.openClients(t, keys, certificate, authority)
	b.judge = newJudge(t, b.sdkConfigs(keys, certificate, authority))
	return b
}

func testFile(t *testing.T, name string) []byte {
	t.Helper()
	raw, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func (b *bench) sdkConfigs(keys keyFile, certificate string, authority *alipaysim.Authority) map[string]fields {
	with := func(more fields) fields {
		config := fields{"appId": keyApp, "privateKey": keys.AppPKCS8, "keyType": "PKCS8",
			"gateway": b.url + "/gateway.do", "endpoint": b.url, "alipayPublicKey": keys.AlipayPublic}
		maps.Copy(config, more)
		return config
	}
	return map[string]fields{
		"key": with(nil),
		"aes": with(fields{"encryptKey": aesKey}),
		"cert": with(fields{"appId": certApp, "appCertContent": certificate,
			"alipayPublicCertContent": authority.Certificates[0].ChainPEM, "alipayRootCertContent": authority.RootPEM}),
	}
}

func (b *bench) openClients(t *testing.T, keys keyFile, certificate string, authority *alipaysim.Authority) {
	t.Helper()
	for _, mode := range modes() {
		for prefix, protocol := range map[string]alipay.Protocol{"": alipay.ProtocolClassic, "v3/": alipay.ProtocolV3} {
			config := alipay.AppConfig{
				AppID: keyApp, SellerID: seller, Gateway: b.url + "/gateway.do", Environment: alipay.Sandbox, Protocol: protocol,
				Keys: []alipay.KeyConfig{{Version: "1", Use: alipay.KeyCurrent, PrivateKey: keys.AppPKCS8, AlipayPublicKey: keys.AlipayPublic}},
				Now:  time.Now, BreakAfter: 1 << 30, TrustUnsignedV3Errors: true,
				Nonce: func() string { return fmt.Sprintf("%032x", uint64(time.Now().UnixNano())+b.nonce.Add(1)) },
			}
			switch mode {
			case "cert":
				config.AppID = certApp
				config.Keys[0].AlipayPublicKey = ""
				config.Keys[0].AppCertificate, config.Keys[0].RootCertificates = certificate, authority.RootPEM
				config.Keys[0].AlipayCertificate = authority.Certificates[0].ChainPEM
			case "aes":
				config.EncryptContent, config.Keys[0].AESKey = true, aesKey
			}
			app, err := alipay.NewApp(config)
			if err != nil {
				t.Fatal(err)
			}
			b.clients[prefix+mode] = app
		}
	}
}

// appID is the application a mode speaks for.
func appID(mode string) string {
	if strings.HasSuffix(mode, "cert") {
		return certApp
	}
	return keyApp
}

// control asks the simulator's control API.
func (b *bench) control(method, path string, body any) (fields, error) {
	text, err := json.Marshal(body)
	if err != nil {
		return nil, err
	}
	request, err := http.NewRequest(method, b.url+path, strings.NewReader(string(text)))
	if err != nil {
		return nil, err
	}
	client := &http.Client{Timeout: 20 * time.Second}
	response, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	var answer fields
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
		return nil, err
	}
	if response.StatusCode != http.StatusOK {
		return answer, fmt.Errorf("%s: %v", path, answer)
	}
	return answer, nil
}

// notices are the forms the merchant gets when everything due is delivered.
func (b *bench) notices() ([]map[string]string, []delivery, error) {
	if err := b.sim.Flush(); err != nil {
		return nil, nil, err
	}
	got := b.inbox.take()
	forms := make([]map[string]string, 0, len(got))
	for _, d := range got {
		values, err := url.ParseQuery(d.body)
		if err != nil {
			return nil, nil, err
		}
		form := map[string]string{}
		for name := range values {
			form[name] = values.Get(name)
		}
		forms = append(forms, form)
	}
	return forms, got, nil
}
