package alipaysim_test

import (
	"bytes"
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"sort"
	"strings"
	"sync"
	"testing"
	"time"

	alipaysim "github.com/paymux/paymux/adapters/alipay/sim"
)

const (
	testApp    = "2021000000000001"
	testSeller = "2088000000000001"
	testBuyer  = "2088000000000002"
)

// testKeys are the throw-away keys of testdata, as bare base64 DER.
type testKeys struct {
	AppPKCS1     string `json:"app_pkcs1"`
	AppPKCS8     string `json:"app_pkcs8"`
	AppPublic    string `json:"app_public"`
	AlipayPKCS1  string `json:"alipay_pkcs1"`
	AlipayPublic string `json:"alipay_public"`
}

func loadTestKeys(t *testing.T) testKeys {
	t.Helper()
	var keys testKeys
	readJSON(t, "testdata/test_keys.json", &keys)
	return keys
}

func readJSON(t *testing.T, path string, into any) {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	readText(t, string(raw), into)
}

func readText(t *testing.T, text string, into any) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), into); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
}

func testInstant() time.Time {
	return time.Date(2026, 11, 22, 20, 0, 0, 0, time.FixedZone("CST", 8*3600))
}

// rig is a simulator on a frozen clock, a merchant who listens, and a client.
type rig struct {
	t        *testing.T
	cfg      alipaysim.Config
	server   *alipaysim.Server
	http     *httptest.Server
	merchant *merchant
	signer   *rsa.PrivateKey
	alipay   *rsa.PublicKey
	edit     func(url.Values) // changes a signed request before it is sent
	nonce    int              // of the last v3 call
}

func newRig(t *testing.T, change ...func(*alipaysim.Config)) *rig {
	t.Helper()
	keys := loadTestKeys(t)
	r := &rig{t: t, merchant: newMerchant(t)}
	r.cfg = alipaysim.Config{
		Seed: 7, AlipayPrivateKeyPEM: keys.AlipayPKCS1,
		Apps: []alipaysim.App{{AppID: testApp, SellerID: testSeller, SellerName: "测试商家", PublicKey: keys.AppPublic,
			AESKey: testAESKey, GatewayURL: r.merchant.url + "/messages"}},
		Clock: alipaysim.FrozenClock(testInstant()),
	}
	for _, f := range change {
		f(&r.cfg)
	}
	r.signer = privateKey(t, keys.AppPKCS8)
	r.alipay = publicKey(t, keys.AlipayPublic)
	r.start()
	return r
}

func (r *rig) start() {
	r.t.Helper()
	server, err := alipaysim.New(r.cfg)
	if err != nil {
		r.t.Fatal(err)
	}
	r.server, r.http = server, httptest.NewServer(server.Handler())
	web := r.http
	r.t.Cleanup(func() {
		web.Close()
		if err := server.Close(); err != nil {
			r.t.Error(err)
		}
	})
}

// restart stops the simulator and starts another one on the same book.
func (r *rig) restart() {
	r.t.Helper()
	r.http.Close()
	if err := r.server.Close(); err != nil {
		r.t.Fatal(err)
	}
	r.cfg.Clock = alipaysim.FrozenClock(testInstant())
	r.start()
}

func privateKey(t *testing.T, text string) *rsa.PrivateKey {
	t.Helper()
	der, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	key, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		t.Fatal(err)
	}
	return key.(*rsa.PrivateKey)
}

func publicKey(t *testing.T, text string) *rsa.PublicKey {
	t.Helper()
	der, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	key, err := x509.ParsePKIXPublicKey(der)
	if err != nil {
		t.Fatal(err)
	}
	return key.(*rsa.PublicKey)
}

// web is the client of these tests.
func web() *http.Client { return &http.Client{Timeout: 30 * time.Second} }

// canonical is the test's own string to sign.
func canonical(values url.Values, without ...string) string {
	var pairs []string
	for name := range values {
		skip := values.Get(name) == ""
		for _, w := range without {
			skip = skip || name == w
		}
		if !skip {
			pairs = append(pairs, name+"="+values.Get(name))
		}
	}
	sort.Slice(pairs, func(i, j int) bool {
		a, _, _ := strings.Cut(pairs[i], "=")
		b, _, _ := strings.Cut(pairs[j], "=")
		return a < b
	})
	return strings.Join(pairs, "&")
}

func rsaSign(t *testing.T, key *rsa.PrivateKey, text string) string {
	t.Helper()
	sum := sha256.Sum256([]byte(text))
	signature, err := rsa.SignPKCS1v15(nil, key, crypto.SHA256, sum[:])
	if err != nil {
		t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(signature)
}

func rsaVerify(key *rsa.PublicKey, text, sign string) bool {
	signature, err := base64.StdEncoding.DecodeString(sign)
	sum := sha256.Sum256([]byte(text))
	return err == nil && rsa.VerifyPKCS1v15(key, crypto.SHA256, sum[:], signature) == nil
}

// params makes a signed request for the test app.
func (r *rig) params(method string, biz any, extra ...string) url.Values {
	r.t.Helper()
	v := url.Values{"app_id": {testApp}, "method": {method}, "charset": {"utf-8"}, "version": {"1.0"},
		"sign_type": {"RSA2"}, "timestamp": {"2026-11-22 20:00:00"}}
	if biz != nil {
		text, err := json.Marshal(biz)
		if err != nil {
			r.t.Fatal(err)
		}
		v.Set("biz_content", string(text))
	}
	for i := 0; i+1 < len(extra); i += 2 {
		v.Set(extra[i], extra[i+1])
	}
	v.Set("sign", rsaSign(r.t, r.signer, canonical(v, "sign")))
	if r.edit != nil {
		r.edit(v)
	}
	return v
}

type biz map[string]any

// raw posts a form and gives the whole answer.
func (r *rig) raw(form url.Values) string {
	r.t.Helper()
	response, err := web().PostForm(r.http.URL+"/gateway.do", form)
	if err != nil {
		r.t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	return string(body)
}

// call makes a request, checks the answer's signature and gives its node.
func (r *rig) call(method string, content any, extra ...string) map[string]any {
	r.t.Helper()
	body := r.raw(r.params(method, content, extra...))
	return r.open(method, body)
}

func (r *rig) open(method, body string) map[string]any {
	r.t.Helper()
	return r.openNode(strings.ReplaceAll(method, ".", "_")+"_response", body)
}

func (r *rig) openNode(node, body string) map[string]any {
	r.t.Helper()
	var envelope map[string]json.RawMessage
	if err := json.Unmarshal([]byte(body), &envelope); err != nil {
		r.t.Fatalf("%v in %s", err, body)
	}
	content := string(envelope[node])
	if !strings.HasPrefix(body, `{"`+node+`":`+content) {
		r.t.Fatalf("no %s first in %s", node, body)
	}
	var sign string
	_ = json.Unmarshal(envelope["sign"], &sign)
	if !rsaVerify(r.alipay, content, sign) {
		r.t.Fatalf("bad signature on %s", body)
	}
	var fields map[string]any
	if err := json.Unmarshal([]byte(content), &fields); err != nil {
		r.t.Fatal(err)
	}
	return fields
}

// want compares some fields of an answer.
func want(t *testing.T, got map[string]any, pairs ...string) {
	t.Helper()
	for i := 0; i+1 < len(pairs); i += 2 {
		text, _ := got[pairs[i]].(string)
		if text != pairs[i+1] {
			t.Fatalf("%s = %q, want %q in %v", pairs[i], text, pairs[i+1], got)
		}
	}
}

// sim calls the control API.
func (r *rig) sim(method, path string, body any) map[string]any {
	r.t.Helper()
	status, answer := r.simStatus(method, path, body)
	if status != http.StatusOK {
		r.t.Fatalf("%s %s: %d %v", method, path, status, answer)
	}
	return answer
}

func (r *rig) simStatus(method, path string, body any) (int, map[string]any) {
	r.t.Helper()
	var in bytes.Buffer
	if body != nil {
		if err := json.NewEncoder(&in).Encode(body); err != nil {
			r.t.Fatal(err)
		}
	}
	request, err := http.NewRequest(method, r.http.URL+path, &in)
	if err != nil {
		r.t.Fatal(err)
	}
	response, err := web().Do(request)
	if err != nil {
		r.t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	var answer map[string]any
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
		r.t.Fatal(err)
	}
	return response.StatusCode, answer
}

// create opens a mini-program trade and gives its trade_no.
func (r *rig) create(outTradeNo, amount string, extra ...string) string {
	r.t.Helper()
	got := r.call("alipay.trade.create", biz{"out_trade_no": outTradeNo, "total_amount": amount, "subject": "测试",
		"product_code": "JSAPI_PAY", "op_app_id": testApp, "buyer_id": testBuyer}, extra...)
	want(r.t, got, "code", "10000")
	return got["trade_no"].(string)
}

// flush lets everything that is due happen.
func (r *rig) flush() {
	r.t.Helper()
	if err := r.server.Flush(); err != nil {
		r.t.Fatal(err)
	}
}

// merchant receives notifications and answers as told.
type merchant struct {
	url  string
	mu   sync.Mutex
	got  []url.Values
	head []http.Header
	say  string
	code int
}

// formOf reads a notification by its body alone: net/http refuses the odd Content-Type that most of
// them carry.
func formOf(r *http.Request) (url.Values, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	return url.ParseQuery(string(body))
}

func newMerchant(t *testing.T) *merchant {
	t.Helper()
	m := &merchant{say: "success", code: http.StatusOK}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		form, err := formOf(r)
		if err != nil || r.Method != http.MethodPost {
			t.Errorf("merchant got %s %v", r.Method, err)
		}
		m.mu.Lock()
		m.got, m.head = append(m.got, form), append(m.head, r.Header)
		say, code := m.say, m.code
		m.mu.Unlock()
		w.WriteHeader(code)
		_, _ = io.WriteString(w, say)
	}))
	t.Cleanup(server.Close)
	m.url = server.URL
	return m
}

func (m *merchant) answer(code int, text string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.code, m.say = code, text
}

// headers counts the values of a header since the last time.
func (m *merchant) headers(name string) map[string]int {
	m.mu.Lock()
	defer m.mu.Unlock()
	counts := map[string]int{}
	for _, h := range m.head {
		counts[h.Get(name)]++
	}
	m.head = nil
	return counts
}

// received takes what has come so far.
func (m *merchant) received() []url.Values {
	m.mu.Lock()
	defer m.mu.Unlock()
	got := m.got
	m.got = nil
	return got
}
