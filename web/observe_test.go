package web_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/paymux/paymux/core"
	"github.com/paymux/paymux/web"
)

// faulty fails or panics when a payment is looked at.
type faulty struct {
	web.Cashier
	fail func() error
}

func (f *faulty) Payment(context.Context, string, string) (core.PaymentView, error) {
	return core.PaymentView{}, f.fail()
}

func faultyWorld(t *testing.T, fail func() error) *world {
	return newWorld(t, func(o *web.Options) { o.Cashier = &faulty{o.Cashier, fail} })
}

// lines decodes the log: one JSON object a line, whatever was sent.
func (w *world) lines() []map[string]any {
	w.t.Helper()
	var all []map[string]any
	scanner := bufio.NewScanner(strings.NewReader(w.log.String()))
	scanner.Buffer(nil, 1<<20)
	for scanner.Scan() {
		line := map[string]any{}
		if err := json.Unmarshal(scanner.Bytes(), &line); err != nil {
			w.t.Fatalf("a log line is not JSON: %q", scanner.Text())
		}
		all = append(all, line)
	}
	return all
}

// W17, F10, H15: secrets, tokens, buyers and whatever callers write are planted everywhere a
// request has room, and none of it is in log or metrics.
func TestLogsHoldNoSecrets(t *testing.T) {
	w := newWorld(t)
	canary := "CANARY\r\n{\"level\":\"FAKE\"}\x1b[31m"
	p := w.create("m_a", "wechat", "o1")
	r := newRequest("POST", "/v1/payments/"+p.ID+"/refunds?sign=CANARY1", `{"amount_fen":1,"reason":"CANARY2"}`, "Idempotency-Key", "CANARY3",
		"User-Agent", canary, "Referer", canary, "X-Forwarded-For", canary, "X-Request-Id", canary, "Cookie", "CANARY4", "Authorization", "Bearer "+w.bearer["m_a/cashier"])
	r.Host = "CANARY5.example"
	w.send(r)
	w.ask("POST", "/notify/alipay/acc_m_a?CANARY=1", "buyer_id="+buyer+"&sign=CANARY6", "Content-Type", form)
	w.ask("POST", "/h5/"+tokenOf(p)+"/pay", "CANARY=7", "User-Agent", uaSafari)
	w.page("/return/"+tokenOf(p)+"?sign=CANARY8", canary)
	w.ask("GET", "/CANARY9/..;x", "")
	w.ask("CANARY", "/v1/payments", "")
	w.ask("POST", "/v1/login/alipay_mini", `{"auth_code":"CANARYA"}`, "Authorization", "Bearer pmx_CANARYB_CANARYC")
	signed := w.signed("GET", "/v1/channels", "", "CANARY-nonce-0123456789", nil)
	w.send(signed)
	metrics := w.ask("GET", "/metrics", "").Body.String()
	text := w.log.String()
	_, mac, _ := strings.Cut(signed.Header.Get("Authorization"), "sign=")
	for _, planted := range []string{"CANARY", "canary", buyer, tokenOf(p), w.bearer["m_a/cashier"], signSecret, mac, "\x1b", "FAKE"} {
		if strings.Contains(text, planted) {
			t.Errorf("the log holds %q", planted)
		}
		if strings.Contains(metrics, planted) {
			t.Errorf("the metrics hold %q", planted)
		}
	}
	lines := w.lines()
	if len(lines) != 10 {
		t.Errorf("%d lines for 10 requests", len(lines))
	}
	for _, line := range lines {
		for _, field := range []string{"time", "level", "msg", "request_id", "method", "route", "status", "duration_ms"} {
			if line[field] == nil {
				t.Errorf("a line lacks %s: %v", field, line)
			}
		}
	}
	if lines[1]["merchant"] != "m_a" || lines[1]["key"] != "m_a_cashier" || lines[1]["route"] != "/v1/payments/:id/refunds" {
		t.Errorf("%v", lines[1])
	}
	if !strings.Contains(metrics, `url="/v1/payments/:id/refunds"`) || !strings.Contains(metrics, `url="unmatched"`) || strings.Contains(metrics, `host="p`) {
		t.Errorf("labels:\n%s", metrics)
	}
}

func TestKeysDoNotPrintTheirSecrets(t *testing.T) {
	w := newWorld(t)
	k := w.keys["signed_m_a"]
	w.options.Logger.Info("x", "key", k)
	bytesOf := strings.Trim(fmt.Sprintf("%d", k.Secret[:8]), "[]")
	// as %#v writes bytes
	inHex := strings.Trim(strings.TrimPrefix(fmt.Sprintf("%#v", k.Secret[:8]), "[]byte"), "{}")
	for _, text := range []string{fmt.Sprint(k), fmt.Sprintf("%+v %#v %s", k, k, k), w.log.String()} {
		if strings.Contains(text, signSecret) || strings.Contains(text, bytesOf) || strings.Contains(text, inHex) {
			t.Errorf("%s", text)
		}
	}
}

// W19, F10: what went wrong inside is in the log under the request's id, and nowhere in the answer.
func TestUnknownErrorsStayInside(t *testing.T) {
	for _, fail := range []error{
		errors.New("dial tcp 10.0.0.1:3306: password secret"),
		&core.Error{Code: core.CodeInternal, Message: "row 7 of attempts", Err: errors.New("secret")},
		&core.Error{Code: "made_up", Message: "row 7", Field: "secret"},
	} {
		w := faultyWorld(t, func() error { return fail })
		answer := w.as("m_a/viewer", "GET", "/v1/payments/pay_1", "", "X-Request-Id", "request-0123456789")
		want(t, answer, 500, core.CodeInternal)
		if body := answer.Body.String(); strings.Contains(body, "secret") || strings.Contains(body, "row 7") {
			t.Error(body)
		}
		lines := w.lines()
		if lines[0]["request_id"] != "request-0123456789" || lines[0]["level"] != "ERROR" || !strings.Contains(fmt.Sprint(lines[0]["error"]), fail.Error()) {
			t.Errorf("%v", lines[0])
		}
		if answer.Header().Get("X-Request-Id") != "request-0123456789" {
			t.Errorf("%v", answer.Header())
		}
	}
}

// P17: a panic fails one request; the server, and the log's secrecy, live on.
func TestPanicFailsOneRequest(t *testing.T) {
	var nothing map[string]int
	for name, fail := range map[string]func() error{
		"runtime": func() error { nothing["x"] = 1; return nil },
		"value":   func() error { panic("CANARY") },
		"error":   func() error { panic(errors.New("CANARY")) },
	} {
		w := faultyWorld(t, fail)
		want(t, w.as("m_a/viewer", "GET", "/v1/payments/pay_1", ""), 500, core.CodeInternal)
		want(t, w.as("m_a/viewer", "GET", "/v1/channels", ""), 200, "")
		if text := w.log.String(); strings.Contains(text, "CANARY") || !strings.Contains(text, "panic") || !strings.Contains(text, "stack") {
			t.Errorf("%s: %s", name, text)
		}
	}
}

func TestRetryAfter(t *testing.T) {
	for code, seconds := range map[core.Code]string{core.CodeInProgress: "7", core.CodeUnavailable: "7", core.CodeContended: "7"} {
		w := faultyWorld(t, func() error { return &core.Error{Code: code, Message: "wait", RetryAfterSeconds: 7} })
		answer := w.as("m_a/viewer", "GET", "/v1/payments/pay_1", "")
		if p := problem(t, answer); answer.Header().Get("Retry-After") != seconds || p.RetryAfterSeconds != 7 {
			t.Errorf("%s: %v", code, answer.Header())
		}
	}
	for code, seconds := range map[core.Code]string{
		core.CodeUnavailable: "1", core.CodeInProgress: "1", core.CodePageBusy: "1", core.CodeMisconfigured: "1", core.CodeAttemptInFlight: "", core.CodeNotFound: "",
		core.CodeInternal: "", core.CodeAlreadyPaid: "",
	} {
		w := faultyWorld(t, func() error { return core.Errorf(code, "gone") })
		if got := w.as("m_a/viewer", "GET", "/v1/payments/pay_1", "").Header().Get("Retry-After"); got != seconds {
			t.Errorf("%s without a wish: Retry-After %q", code, got)
		}
	}
}

func TestRequestIDs(t *testing.T) {
	w := newWorld(t)
	for sent, kept := range map[string]bool{
		"abcdef0123456789": true, "A-b_c.9xxxxx": false, "short": false, strings.Repeat("x", 65): false, "with space 123": false, "": false, "中文中文": false,
	} {
		got := w.ask("GET", "/healthz", "", "X-Request-Id", sent).Header().Get("X-Request-Id")
		if (got == sent) != kept || got == "" {
			t.Errorf("sent %q, got %q", sent, got)
		}
	}
}

func TestProbes(t *testing.T) {
	var broken error
	w := newWorld(t, func(o *web.Options) { o.Ready = func(context.Context) error { return broken } })
	for _, path := range []string{"/healthz", "/readyz"} {
		want(t, w.ask("GET", path, ""), 200, "")
	}
	broken = errors.New("database secret.internal is down")
	answer := w.ask("GET", "/readyz", "")
	if answer.Code != 503 || strings.TrimSpace(answer.Body.String()) != `{"status":"not_ready"}` {
		t.Errorf("%d %s", answer.Code, answer.Body)
	}
	want(t, w.ask("GET", "/healthz", ""), 200, "")
	if !strings.Contains(w.log.String(), "secret.internal") {
		t.Error("the reason is not logged")
	}
}

// W19: with an admin listener the public one has no metrics, and profiles are on the admin one
// only.
func TestAdminListenerIsSeparate(t *testing.T) {
	w := newWorld(t, func(o *web.Options) { o.MetricsOnMain = false })
	admin := func(path string) *httptest.ResponseRecorder {
		answer := httptest.NewRecorder()
		w.server.AdminHandler().ServeHTTP(answer, httptest.NewRequest(http.MethodGet, path, nil))
		return answer
	}
	for _, path := range []string{"/metrics", "/debug/pprof/"} {
		want(t, w.ask("GET", path, ""), 404, core.CodeNotFound)
		if answer := admin(path); answer.Code != 200 {
			t.Errorf("%s on the admin listener: %d", path, answer.Code)
		}
	}
	for _, path := range []string{"/healthz", "/readyz"} {
		if answer := admin(path); answer.Code != 200 {
			t.Errorf("%s on the admin listener: %d", path, answer.Code)
		}
	}
	if answer := admin("/v1/payments"); answer.Code != 404 {
		t.Errorf("the API on the admin listener: %d", answer.Code)
	}
	w.log.Reset()
	if admin("/metrics"); strings.Count(w.log.String(), `"route":"/metrics"`) != 1 {
		t.Errorf("the admin listener's log: %s", w.log)
	}
}

// Mounted handlers get what no route takes, and may set a policy of their own.
func TestMounts(t *testing.T) {
	shop := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", "default-src 'self'")
		_, _ = w.Write([]byte("shop " + r.URL.Path))
	})
	w := newWorld(t, func(o *web.Options) {
		o.Mounts = []web.Mount{{Prefix: "/shop", Handler: shop}, {Prefix: "/", Handler: shop}}
	})
	for path, text := range map[string]string{"/shop": "shop /shop", "/shop/a/b": "shop /shop/a/b", "/": "shop /", "/else": "shop /else"} {
		answer := w.ask("GET", path, "")
		if answer.Body.String() != text || answer.Header().Get("Content-Security-Policy") != "default-src 'self'" || answer.Header().Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: %s %v", path, answer.Body, answer.Header())
		}
	}
	want(t, w.ask("GET", "/v1/channels", ""), 401, "unauthenticated")
}

// W21: slow and greedy clients meet limits.
func TestListenerLimits(t *testing.T) {
	w := newWorld(t)
	s := web.HTTPServer("127.0.0.1:0", w.server.Handler(), w.options.Logger)
	if s.ReadHeaderTimeout <= 0 || s.ReadTimeout <= 0 || s.WriteTimeout <= 0 || s.IdleTimeout <= 0 || s.MaxHeaderBytes <= 0 || s.MaxHeaderBytes > 64<<10 {
		t.Errorf("%+v", s)
	}
	if s.WriteTimeout <= s.ReadTimeout {
		t.Error("a use case has less time than its request's body")
	}
}

func TestOptionsMustWork(t *testing.T) {
	good := newWorld(t).options
	good.Registry = prometheus.NewRegistry()
	if _, err := web.New(good); err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func(*web.Options){
		"cashier":  func(o *web.Options) { o.Cashier = nil },
		"keys":     func(o *web.Options) { o.Keys = nil },
		"clock":    func(o *web.Options) { o.Clock = nil },
		"random":   func(o *web.Options) { o.Random = nil },
		"logger":   func(o *web.Options) { o.Logger = nil },
		"registry": func(o *web.Options) { o.Registry = nil },
		"relative": func(o *web.Options) { o.BaseURL = "/pay" },
		"slash":    func(o *web.Options) { o.BaseURL = "https://pay.example/" },
		"path":     func(o *web.Options) { o.BaseURL = "https://shop.example/pay" },
	} {
		o := good
		o.Registry = prometheus.NewRegistry() // one that is in use would refuse them all
		spoil(&o)
		if _, err := web.New(o); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

// Probes and scrapes come every few seconds: those that go well leave no line at info, those that
// do not, and all other requests, do.
func TestProbesLeaveNoLine(t *testing.T) {
	ill := false
	w := newWorld(t, func(o *web.Options) {
		o.Ready = func(context.Context) error {
			if ill {
				return errors.New("the database is away")
			}
			return nil
		}
	})
	for _, path := range []string{"/healthz", "/readyz", "/metrics"} {
		want(t, w.ask("GET", path, ""), 200, "")
	}
	for _, line := range w.lines() {
		if line["msg"] == "request" && line["level"] != "DEBUG" {
			t.Errorf("a probe leaves %v", line)
		}
	}
	before := len(w.lines())
	ill = true
	want(t, w.ask("GET", "/readyz", ""), 503, "")
	want(t, w.ask("GET", "/healthz/x", ""), 404, "not_found")
	levels := map[any]any{}
	for _, line := range w.lines()[before:] {
		if line["msg"] == "request" {
			levels[line["route"]] = line["level"]
		}
	}
	if levels["/readyz"] != "WARN" || levels["unmatched"] != "INFO" {
		t.Errorf("levels %v", levels)
	}
}
