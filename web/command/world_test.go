package command_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"database/sql"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/paymux/paymux/adapters/alipay"
	"github.com/paymux/paymux/config"
	"github.com/paymux/paymux/core"
	"github.com/paymux/paymux/web"
	"github.com/paymux/paymux/web/command"
)

// worldCase is one thing that Alipay was seen to send: what it looks like to the byte, and how it
// has to end. The values are made up; they are signed with the throw-away keys of
// adapters/alipay/testdata/vectors.
type worldCase struct {
	ID         string      `json:"id"`
	Kind       string      `json:"kind"`
	Call       string      `json:"call"`
	Pre        string      `json:"pre"`
	Charset    string      `json:"charset"`
	Status     int         `json:"status"`
	CertMode   bool        `json:"cert_mode"`
	Headers    [][2]string `json:"headers"`
	Body       string      `json:"body"`
	BodyBase64 []byte      `json:"body_base64"`
	Expect     worldEnd    `json:"expect"`
}

// worldEnd is how a case ends. Accept "either" leaves open whether it is believed; what else it
// says holds all the same.
type worldEnd struct {
	Accept     string   `json:"accept"`
	Conclusion string   `json:"conclusion"`
	TotalFen   core.Fen `json:"total_fen"`
	Refunded   core.Fen `json:"refunded_fen"`
	Code       string   `json:"code"`
	SubCode    string   `json:"sub_code"`
	Text       string   `json:"text"`
	Reply      string   `json:"reply"`
}

// What the cases speak of.
const (
	worldAppID   = "2021000000000001"
	worldSeller  = "2088000000000001"
	worldOrderNo = "T2026112710000000000001"
	worldTradeNo = "2026112722001400020500000001"
	worldRefund  = "R2026112710000000000001"
	worldTotal   = core.Fen(1280)
	vectorsDir   = "../../adapters/alipay/testdata/vectors/"
)

// worldNow is a little after the cases' own times.
func worldNow() time.Time { return time.Date(2026, 11, 27, 2, 0, 12, 0, time.UTC) }

func (c worldCase) body() []byte {
	if c.BodyBase64 != nil {
		return c.BodyBase64
	}
	return []byte(c.Body)
}

// worldCases are the cases of these kinds; there must be as many as we know of.
func worldCases(t *testing.T, want int, kinds ...string) []worldCase {
	t.Helper()
	var all, chosen []worldCase
	if err := json.Unmarshal(fileBytes(t, "testdata/world/cases.json"), &all); err != nil {
		t.Fatal(err)
	}
	for _, c := range all {
		for _, kind := range kinds {
			if c.Kind == kind {
				chosen = append(chosen, c)
			}
		}
	}
	if len(chosen) != want {
		t.Fatalf("%d cases of %v, want %d", len(chosen), kinds, want)
	}
	return chosen
}

func fileBytes(t *testing.T, name string) []byte {
	t.Helper()
	content, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// worldKeys are the key texts by name.
func worldKeys(t *testing.T) map[string]string {
	t.Helper()
	keys := map[string]string{}
	if err := json.Unmarshal(fileBytes(t, vectorsDir+"test_keys.json"), &keys); err != nil {
		t.Fatal(err)
	}
	return keys
}

// worldGateway answers what the server asks about the one trade, signed, as the current case has
// it.
type worldGateway struct {
	key *rsa.PrivateKey

	mu       sync.Mutex
	status   string // trade_status; empty: there is no such trade
	refunded core.Fen
	asked    []string // methods
}

func (g *worldGateway) set(status string, refunded core.Fen) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.status, g.refunded, g.asked = status, refunded, nil
}

func (g *worldGateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	g.mu.Lock()
	defer g.mu.Unlock()
	method := r.FormValue("method")
	g.asked = append(g.asked, method)
	node := `{"code":"40004","msg":"Business Failed","sub_code":"ACQ.TRADE_NOT_EXIST","sub_msg":"交易不存在"}`
	switch {
	case method == alipay.MethodQuery && g.status != "":
		paid := ""
		if g.status == "TRADE_SUCCESS" || g.refunded > 0 {
			paid = `,"send_pay_date":"2026-11-27 10:00:09"`
		}
		node = fmt.Sprintf(`{"code":"10000","msg":"Success","out_trade_no":%q,"trade_no":%q,"trade_status":%q,"total_amount":%q%s}`,
			worldOrderNo, worldTradeNo, g.status, alipay.FenToYuan(int64(worldTotal)), paid)
	case method == alipay.MethodRefundQuery && g.refunded > 0:
		node = fmt.Sprintf(`{"code":"10000","msg":"Success","out_trade_no":%q,"trade_no":%q,"out_request_no":%q,"refund_status":"REFUND_SUCCESS","refund_amount":%q,"total_amount":%q}`,
			worldOrderNo, worldTradeNo, worldRefund, alipay.FenToYuan(int64(g.refunded)), alipay.FenToYuan(int64(worldTotal)))
	}
	sum := sha256.Sum256([]byte(node))
	signature, err := rsa.SignPKCS1v15(nil, g.key, crypto.SHA256, sum[:])
	if err != nil {
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	_, _ = fmt.Fprintf(w, `{"%s_response":%s,"sign":%q}`, strings.ReplaceAll(method, ".", "_"), node, base64.StdEncoding.EncodeToString(signature))
}

// world is the real program between the cases' sender and that gateway, on SQLite.
type world struct {
	*site
	base    string
	gateway *worldGateway
	db      *sql.DB
	log     *log
}

// startWorld runs "paymux serve" with the cases' clock and one account, whose keys are texts or
// certificates.
func startWorld(t *testing.T, certMode bool) *world {
	t.Helper()
	keys := worldKeys(t)
	gatewayKey, err := alipay.ParsePrivateKey(keys["alipay_pkcs1"])
	if err != nil {
		t.Fatal(err)
	}
	w := &world{site: &site{t: t, dir: t.TempDir(), listen: freeAddress(t)}, gateway: &worldGateway{key: gatewayKey}, log: &log{}}
	w.base = "http://" + w.listen
	far := httptest.NewServer(w.gateway)
	t.Cleanup(far.Close)
	w.simURL = far.URL
	var hash string
	if w.key, hash, err = web.NewBearerKey("shop", rand.Reader); err != nil {
		t.Fatal(err)
	}
	if _, err := config.CreateMasterKey(w.path("master.key"), rand.Reader); err != nil {
		t.Fatal(err)
	}
	w.write("app.pem", keys["app_pkcs1"])
	w.write("gateway.pub", keys["alipay_public"])
	for _, name := range []string{"appCertPublicKey.crt", "alipayCertPublicKey.crt", "alipayRootCert.crt"} {
		w.write(name, string(fileBytes(t, vectorsDir+name)))
	}
	text := strings.NewReplacer(siteAppID, worldAppID, siteSellerID, worldSeller).Replace(w.config("sqlite", w.path("world.db"), hash, ""))
	if certMode {
		text = strings.Replace(text, "alipay_public_key_file: gateway.pub",
			"app_cert_file: appCertPublicKey.crt, alipay_cert_file: alipayCertPublicKey.crt, alipay_root_cert_file: alipayRootCert.crt", 1)
	}
	w.write("paymux.yaml", text)
	w.serve()
	if w.db, err = sql.Open("sqlite", w.path("world.db")+"?_pragma=busy_timeout(10000)"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.db.Close() })
	return w
}

// serve runs the program in this process until the test is over.
func (w *world) serve() {
	w.t.Helper()
	ctx, cancel := context.WithCancel(w.t.Context())
	reader, writer := io.Pipe()
	began := time.Now()
	out := streams(io.Discard, writer)
	out.Now = func() time.Time { return worldNow().Add(time.Since(began)) }
	ended := make(chan int, 1)
	go func() {
		code := command.Run(ctx, []string{"serve", "--migrate", "--config", w.path("paymux.yaml")}, out)
		_ = writer.Close()
		ended <- code
	}()
	lines, ready := bufio.NewScanner(io.TeeReader(reader, w.log)), false
	for !ready && lines.Scan() {
		ready = bytes.Contains(lines.Bytes(), []byte(`"msg":"ready"`))
	}
	if !ready {
		w.t.Fatalf("serve did not become ready: %d\n%s", <-ended, w.log)
	}
	go func() { _, _ = io.Copy(w.log, reader) }()
	w.t.Cleanup(func() { cancel(); <-ended })
}

// order empties the books and makes the one order that the cases speak of, waiting for its buyer.
func (w *world) order() core.PaymentView {
	w.t.Helper()
	for _, table := range []string{"payments", "attempts", "refunds", "inbox", "idempotency", "events", "deliveries", "entries"} {
		w.exec("DELETE FROM " + table)
	}
	w.gateway.set("", 0)
	status, answer, err := w.ask("POST", "/v1/payments", "", `{"merchant_order_no":"W-1","platform":"wechat","amount_fen":1280,"subject":"测试商品",
		"goods":[{"id":"g","name":"测试商品","category":"physical","quantity":1,"price_fen":1280}]}`)
	if err != nil || status != http.StatusCreated {
		w.t.Fatalf("%d %s, %v", status, answer, err)
	}
	var made core.PaymentView
	if err := json.Unmarshal(answer, &made); err != nil || made.Action == nil {
		w.t.Fatalf("%s, %v", answer, err)
	}
	w.exec("UPDATE attempts SET out_trade_no = ?", worldOrderNo)
	// The buyer opens the page that leads to Alipay: from then on the trade may exist.
	response, err := http.Post(made.Action.URL+"/pay", "application/x-www-form-urlencoded", nil)
	if err != nil {
		w.t.Fatal(err)
	}
	_ = response.Body.Close()
	if response.StatusCode >= 400 {
		w.t.Fatalf("the page is not opened: %d", response.StatusCode)
	}
	return made
}

func (w *world) exec(statement string, args ...any) {
	w.t.Helper()
	if _, err := w.db.ExecContext(w.t.Context(), statement, args...); err != nil {
		w.t.Fatalf("%s: %v", statement, err)
	}
}

// see reads the order, or asks the gateway about it first.
func (w *world) see(method, path string) core.PaymentView {
	w.t.Helper()
	status, answer, err := w.ask(method, path, "", "")
	var view core.PaymentView
	if err != nil || status >= 300 || json.Unmarshal(answer, &view) != nil {
		w.t.Fatalf("%s %s: %d %s, %v", method, path, status, answer, err)
	}
	return view
}

// inbox is what became of the only message that was stored, as "state code"; empty if none was.
func (w *world) inbox() string {
	w.t.Helper()
	var state, code string
	err := w.db.QueryRowContext(w.t.Context(), "SELECT state, code FROM inbox ORDER BY received_at DESC, id DESC LIMIT 1").Scan(&state, &code)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		w.t.Fatal(err)
	}
	return strings.TrimSpace(state + " " + code)
}

// deliver sends a case as Alipay did, header for header, and returns what it is answered.
func (w *world) deliver(c worldCase, path string) (status int, reply string) {
	w.t.Helper()
	request, err := http.NewRequestWithContext(w.t.Context(), http.MethodPost, w.base+path, bytes.NewReader(c.body()))
	if err != nil {
		w.t.Fatal(err)
	}
	for _, h := range c.Headers {
		request.Header[h[0]] = append(request.Header[h[0]], h[1])
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		w.t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	return response.StatusCode, string(answer)
}
