package demoshop_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/paymux/paymux/core"
	"github.com/paymux/paymux/web/demoshop"
)

// api is a stand-in for the merchant's API: it answers what a test tells it to and remembers what
// it was asked.
type api struct {
	answers map[string]string // by method and path: status and body
	asked   []string
	bodies  []string
	keys    []string
	agent   string
}

func (a *api) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	line := r.Method + " " + r.URL.Path
	a.asked, a.bodies = append(a.asked, line), append(a.bodies, string(body))
	a.keys, a.agent = append(a.keys, r.Header.Get("Idempotency-Key")), r.Header.Get("User-Agent")
	status, text := http.StatusNotFound, `{"code":"not_found","status":404}`
	if answer, ok := a.answers[line]; ok {
		_, _ = fmt.Sscanf(answer, "%d", &status)
		_, text, _ = strings.Cut(answer, " ")
	}
	if strings.HasPrefix(r.URL.Path, "/v1/") && r.Header.Get("Authorization") != "Bearer pmx_demo_key" {
		status = http.StatusUnauthorized
	}
	w.WriteHeader(status)
	_, _ = io.WriteString(w, text)
}

// host is a phone whose faults are none.
type host struct {
	provoked string
	ahead    time.Duration
}

func (h *host) ClockAhead() time.Duration { return h.ahead }

func (h *host) AuthCode(context.Context) (string, error) { return "code-1", nil }
func (h *host) CashierURL(action core.Action, back string) string {
	return "http://sim/cashier/" + action.TradeNo + action.Text + "?back=" + url.QueryEscape(back)
}

func (h *host) Faults() []demoshop.Fault {
	return []demoshop.Fault{{ID: "lose", Name: "弄丢", English: "Lose", Hint: "…"}}
}

func (h *host) Provoke(_ context.Context, id string) error {
	if id != "lose" {
		return errors.New("unknown")
	}
	h.provoked = id
	return nil
}

func newShop(t *testing.T, a *api) (*demoshop.Shop, *host) {
	t.Helper()
	server := httptest.NewServer(a)
	t.Cleanup(server.Close)
	h := &host{}
	shop, err := demoshop.New(demoshop.Options{
		Name: "茶与日常", API: server.URL, Key: "pmx_demo_key", HTTP: server.Client(), Host: h, Now: time.Now,
		OrderNo: demoshop.OrderNumbers(func(n int) []byte { return make([]byte, n) }), Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	return shop, h
}

func visit(shop http.Handler, method, path, form string, head ...string) *httptest.ResponseRecorder {
	request := httptest.NewRequestWithContext(context.Background(), method, path, strings.NewReader(form))
	if form != "" {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for i := 0; i+1 < len(head); i += 2 {
		request.Header.Set(head[i], head[i+1])
	}
	answer := httptest.NewRecorder()
	shop.ServeHTTP(answer, request)
	return answer
}

const paid = `{"id":"pay_a","status":"paid","platform":"alipay","subject":"<script>alert(1)</script>","amount_fen":12800,"paid_fen":12800,
	"refundable_fen":12800,"attempts":[],"refunds":[],"created_at":"2026-11-01T10:00:00.000+08:00"}`

func TestPages(t *testing.T) {
	for _, c := range []struct {
		name, method, path, form string
		status                   int
		want, not                string
	}{
		{"lobby", "GET", "/shop/", "", 200, "还没有订单", ""},
		{"storefront", "GET", "/shop/on/douyin", "", 200, "视频会员", ""},
		{"unknown platform", "GET", "/shop/on/nokia", "", 404, "没有这个页面", ""},
		{"order escapes what a merchant wrote (W08)", "GET", "/shop/orders/pay_a", "", 200, "&lt;script&gt;", "<script>alert"},
		{"foreign id", "GET", "/shop/orders/..%2Fpayments", "", 404, "", ""},
		{"no such order", "GET", "/shop/orders/pay_b", "", 404, "没有这个页面", ""},
		{"refusal names its layer", "POST", "/shop/on/wechat", "good=tea&periods=3", 422, "instalments_not_supported", ""},
		{"goods nobody sells", "POST", "/shop/on/wechat", "good=gold", 404, "", ""},
		{"API refuses", "POST", "/shop/on/douyin", "good=tea", 404, "", ""},
		{"act without a key", "POST", "/shop/orders/pay_a/refund", "", 404, "", ""},
		{"unknown act", "POST", "/shop/orders/pay_a/steal", "key=k", 404, "", ""},
		{"refund", "POST", "/shop/orders/pay_a/refund", "key=k1&amount_fen=6400", 303, "", ""},
		{"refund of an order offers half", "GET", "/shop/orders/pay_a", "", 200, `name="amount_fen" value="6400"`, ""},
		{"refund of nothing", "POST", "/shop/orders/pay_c/refund", "key=k1", 404, "", ""},
		{"unknown fault", "POST", "/shop/faults/fire", "key=k1", 404, "", ""},
		{"fault", "POST", "/shop/faults/lose", "key=k1", 303, "", ""},
		{"style", "GET", "/shop/static/shop.css", "", 200, ".phone", ""},
		{"folder of styles (W19)", "GET", "/shop/static/", "", 404, "没有这个页面", "shop.css</a>"},
		{"nowhere", "GET", "/shop/orders", "", 404, "没有这个页面", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := &api{answers: map[string]string{
				"GET /v1/payments":                `200 {"data":[],"next_cursor":null}`,
				"GET /v1/payments/pay_a":          "200 " + paid,
				"POST /v1/payments/pay_a/refunds": `201 {}`,
				"POST /v1/payments": `422 {"status":422,"title":"no","code":"instalments_not_supported","refusals":[{"layer":"platform",` +
					`"code":"instalments_not_supported","rule":"r","message":"不支持","remedy":"不用"}]}`,
			}}
			if c.name == "API refuses" {
				a.answers = nil
			}
			shop, _ := newShop(t, a)
			got := visit(shop, c.method, c.path, c.form)
			body := got.Body.String()
			if got.Code != c.status || !strings.Contains(body, c.want) || c.not != "" && strings.Contains(body, c.not) {
				t.Errorf("%d, want %d with %q and without %q:\n%.2000s", got.Code, c.status, c.want, c.not, body)
			}
			if csp := got.Header().Get("Content-Security-Policy"); strings.Contains(csp, "unsafe") || !strings.Contains(csp, "default-src 'none'") {
				t.Errorf("policy %q", csp)
			}
		})
	}
}

// A form on another site must not spend this shop's money.
func TestFormsOfOtherSitesAreRefused(t *testing.T) {
	a := &api{answers: map[string]string{"GET /v1/payments/pay_a": "200 " + paid}}
	shop, _ := newShop(t, a)
	got := visit(shop, "POST", "/shop/orders/pay_a/refund", "key=k", "Sec-Fetch-Site", "cross-site", "Origin", "https://evil.example")
	if got.Code != http.StatusForbidden || len(a.asked) != 0 {
		t.Errorf("%d, and the API was asked %v", got.Code, a.asked)
	}
}

// The same button pressed twice is the same request: key and amount are the form's, whatever was
// refunded in between.
func TestRefundCarriesTheFormsKeyAndAmount(t *testing.T) {
	a := &api{answers: map[string]string{"POST /v1/payments/pay_a/refunds": "201 {}"}}
	shop, _ := newShop(t, a)
	for _, left := range []string{"12800", "6400"} {
		a.answers["GET /v1/payments/pay_a"] = "200 " + strings.Replace(paid, `"refundable_fen":12800`, `"refundable_fen":`+left, 1)
		visit(shop, "POST", "/shop/orders/pay_a/refund", "key=once&amount_fen=6400")
	}
	if len(a.bodies) != 2 || a.keys[0] != "once" || a.keys[1] != "once" || a.bodies[0] != a.bodies[1] || !strings.Contains(a.bodies[0], `"amount_fen":6400`) {
		t.Errorf("keys %q, bodies %q", a.keys, a.bodies)
	}
}

// What is being asked for is not called payable, and every state has its English.
func TestAttemptsAreNamed(t *testing.T) {
	attempt := `"attempts":[{"id":"a","platform":"alipay","state":"sent","settling":`
	for settling, words := range map[string]string{"true": "核实中 <small>being asked for", "false": "可付款 <small>payable"} {
		a := &api{answers: map[string]string{"GET /v1/payments/pay_a": "200 " + strings.Replace(paid, `"attempts":[`, attempt+settling+"}", 1)}}
		shop, _ := newShop(t, a)
		if body := visit(shop, "GET", "/shop/orders/pay_a", "").Body.String(); !strings.Contains(body, words) {
			t.Errorf("settling %s: no %q", settling, words)
		}
	}
}

// The hand-off page is fetched as the host app's browser would, and passed on with its own policy.
func TestInAppPageIsFetchedAsTheHostApp(t *testing.T) {
	a := &api{answers: map[string]string{"GET /h5/h5_tok": "200 <p>guide</p>"}}
	shop, _ := newShop(t, a)
	got := visit(shop, "GET", "/shop/in/wechat/h5_tok", "")
	if got.Code != http.StatusOK || !strings.Contains(got.Body.String(), "guide") || !strings.Contains(a.agent, "MicroMessenger") {
		t.Errorf("%d %q as %q", got.Code, got.Body, a.agent)
	}
	if got := visit(shop, "GET", "/shop/in/alipay/h5_tok", ""); got.Code != http.StatusNotFound {
		t.Errorf("a native door has no page: %d", got.Code)
	}
}

func TestFrontLeadsToTheShop(t *testing.T) {
	if got := visit(demoshop.Front(), "GET", "/", ""); got.Code != http.StatusFound || got.Header().Get("Location") != "/shop/" {
		t.Errorf("%d to %q", got.Code, got.Header().Get("Location"))
	}
	if got := visit(demoshop.Front(), "GET", "/v1/nothing", ""); got.Code != http.StatusNotFound || !strings.Contains(got.Body.String(), "not_found") {
		t.Errorf("%d %s", got.Code, got.Body)
	}
}
