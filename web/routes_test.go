package web_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/paymux/paymux/core"
	"github.com/paymux/paymux/web"
)

// objects are ids of m_a, for every route with one in its path.
type objects struct{ payment, refund, event, delivery, message, endpoint string }

func nothing() objects {
	return objects{"pay_none", "ref_none", "evt_none", "del_none", "msg_none", "nowhere"}
}

func (w *world) objects() objects {
	p := w.create("m_a", "alipay", "the-order")
	w.pay(p)
	refund := decode[core.RefundView](w.t, w.as("m_a/admin", "POST", "/v1/payments/"+p.ID+"/refunds", `{"amount_fen":1999}`))
	sent := decode[struct{ Data []core.DeliveryView }](w.t, w.as("m_a/viewer", "GET", "/v1/deliveries", "")).Data
	return objects{p.ID, refund.ID, sent[0].EventID, sent[0].ID, w.park("m_a"), sent[0].EndpointID}
}

func (w *world) fill(path string, o objects) string {
	id := o.payment
	switch {
	case strings.HasPrefix(path, "/v1/refunds/"):
		id = o.refund
	case strings.HasPrefix(path, "/v1/events/"):
		id = o.event
	case strings.HasPrefix(path, "/v1/messages/"):
		id = o.message
	case strings.HasPrefix(path, "/v1/deliveries/"):
		id = o.delivery
	}
	return strings.NewReplacer(":id", id, ":platform", "wechat", ":channel", "alipay_mini", ":endpoint", o.endpoint).Replace(path)
}

// bodyFor is a body that the route accepts.
func bodyFor(path string) string {
	switch {
	case path == "/v1/payments":
		return `{"merchant_order_no":"new-order","platform":"wechat",` + basket + `}`
	case strings.HasSuffix(path, "/attempts"):
		return `{"platform":"wechat"}`
	case strings.HasSuffix(path, "/refunds"):
		return `{"amount_fen":1}`
	case strings.HasSuffix(path, "/reject"), strings.HasSuffix(path, "/dismiss"), strings.HasSuffix(path, "/handled"):
		return `{"reason":"no"}`
	case strings.HasSuffix(path, "/check"):
		return `{"goods":[{"id":"g","name":"mug","category":"physical","quantity":1,"price_fen":1}]}`
	case path == "/v1/webhooks/:endpoint/replay":
		return `{"from":"2026-11-01T00:00:00Z","to":"2026-11-30T00:00:00Z","state":"all"}`
	case path == "/v1/events/:id/replay":
		return `{"endpoint_id":"hook"}`
	case strings.HasSuffix(path, "/login"), strings.HasPrefix(path, "/v1/login/"):
		return `{"auth_code":"good"}`
	default:
		return ""
	}
}

// W02: every route declares a permission, and every role gets 403 exactly where it lacks that
// permission.
func TestEveryRouteByEveryRole(t *testing.T) {
	for _, route := range newWorld(t).server.Routes() {
		known := route.Permission == web.PermNone || slices.Contains(web.Permissions(), route.Permission)
		if !known {
			t.Errorf("%s %s declares no permission: %q", route.Method, route.Path, route.Permission)
		}
		if strings.HasPrefix(route.Path, "/v1/") == (route.Permission == web.PermNone) {
			t.Errorf("%s %s: permission %s", route.Method, route.Path, route.Permission)
		}
		if route.Permission == web.PermNone {
			continue
		}
		for _, role := range web.Roles() {
			w := newWorld(t)
			path := w.fill(route.Path, nothing())
			answer := w.as("m_a/"+string(role), route.Method, path, bodyFor(route.Path))
			if (answer.Code == 403) == role.May(route.Permission) || answer.Code >= 500 {
				t.Errorf("%s %s as %s: %d %s", route.Method, route.Path, role, answer.Code, answer.Body)
			}
		}
		w := newWorld(t)
		want(t, w.ask(route.Method, w.fill(route.Path, nothing()), bodyFor(route.Path), "Idempotency-Key", "k"), 401, "unauthenticated")
	}
	if web.Role("").May(web.PermRead) || web.Role("root").May(web.PermRead) || web.RoleViewer.May(web.PermRefund) || web.RoleCashier.May(web.PermApprove) {
		t.Error("a role may more than it should")
	}
}

// W01: with another merchant's key every object is as if it were not there, and every list is
// without it.
func TestEveryRouteByAnotherTenant(t *testing.T) {
	for _, route := range newWorld(t).server.Routes() {
		if route.Permission == web.PermNone {
			continue
		}
		w := newWorld(t)
		all := w.objects()
		path := w.fill(route.Path, all)
		foreign := w.as("m_b/admin", route.Method, path, bodyFor(route.Path))
		if strings.Contains(route.Path, ":id") {
			want(t, foreign, 404, core.CodeNotFound)
			missing := w.as("m_b/admin", route.Method, w.fill(route.Path, nothing()), bodyFor(route.Path))
			if strip(t, missing) != strip(t, foreign) {
				t.Errorf("%s %s: another's %s, nobody's %s", route.Method, route.Path, foreign.Body, missing.Body)
			}
		}
		for _, secret := range []string{all.payment, all.refund, all.delivery, all.message, "the-order", "acc_m_a"} {
			if strings.Contains(foreign.Body.String(), secret) {
				t.Errorf("%s %s shows %s: %s", route.Method, route.Path, secret, foreign.Body)
			}
		}
		own := w.as("m_a/admin", route.Method, path, bodyFor(route.Path))
		if own.Code == 404 || own.Code == 401 {
			t.Errorf("%s %s as its owner: %d %s", route.Method, route.Path, own.Code, own.Body)
		}
	}
	w := newWorld(t)
	w.objects()
	for _, path := range []string{"/v1/payments?merchant_order_no=the-order", "/v1/payments", "/v1/refunds", "/v1/events", "/v1/deliveries", "/v1/messages"} {
		if list := decode[struct{ Data []any }](t, w.as("m_b/admin", "GET", path, "")); len(list.Data) != 0 {
			t.Errorf("%s shows %v", path, list.Data)
		}
	}
	// The same order number is free for every merchant.
	w.create("m_b", "wechat", "the-order")
}

// strip removes what differs in every answer.
func strip(t *testing.T, answer interface{ Result() *http.Response }) string {
	t.Helper()
	res := answer.Result()
	defer func() { _ = res.Body.Close() }()
	buffer := make([]byte, 4096)
	n, _ := res.Body.Read(buffer)
	kept, _, _ := strings.Cut(string(buffer[:n]), `"request_id"`)
	return kept
}

// What is not in the table is a problem document. Nothing redirects (W13: a path that looks like
// another host is not followed), nothing is listed (W19), and no path leads out of the static files
// (W14).
func TestUnknownPathsAndMethods(t *testing.T) {
	w := newWorld(t)
	for _, path := range []string{"/nope", "/v1", "/v1/payments/", "//evil.example/%2f..", "/%5cevil.example", "/static/", "/static/..%2fserver.go", "/static/pages.css/", "/h5/", "/debug/pprof/", "/.git/config"} {
		answer := w.ask("GET", path, "")
		if answer.Code != 404 || answer.Header().Get("Location") != "" {
			t.Errorf("%s: %d %v", path, answer.Code, answer.Header())
		}
	}
	for _, c := range [][2]string{{"DELETE", "/v1/payments"}, {"PUT", "/v1/payments/pay_1"}, {"TRACE", "/v1/payments"}, {"CONNECT", "/v1/payments"}, {"POST", "/healthz"}, {"GET", "/h5/x/pay"}, {"PATCH", "/notify/alipay/acc_m_a"}} {
		answer := w.ask(c[0], c[1], "")
		if answer.Code != 405 || answer.Header().Get("Allow") == "" {
			t.Errorf("%s %s: %d %v", c[0], c[1], answer.Code, answer.Header())
		}
	}
}

// Where GET is answered, HEAD is too (RFC 9110, 9.1), with the same status and the same demand for
// a key: monitors and "curl -I" ask like this.
func TestHeadIsAnsweredLikeGet(t *testing.T) {
	for _, route := range newWorld(t).server.Routes() {
		if route.Method != http.MethodGet {
			continue
		}
		w := newWorld(t)
		path := w.fill(route.Path, nothing())
		get, head := w.ask("GET", path, ""), w.ask("HEAD", path, "")
		if head.Code != get.Code || head.Header().Get("Content-Type") != get.Header().Get("Content-Type") {
			t.Errorf("HEAD %s: %d %s, GET: %d %s", path, head.Code, head.Header().Get("Content-Type"), get.Code, get.Header().Get("Content-Type"))
		}
	}
}

// F07: addresses come from configuration, whatever Host or X-Forwarded-Host a request names.
func TestAddressesIgnoreTheHostHeader(t *testing.T) {
	w := newWorld(t)
	r := newRequest("POST", "/v1/payments", `{"merchant_order_no":"o1","platform":"wechat",`+basket+`}`, "Authorization", "Bearer "+w.bearer["m_a/cashier"],
		"X-Forwarded-Host", "evil.example", "Forwarded", "host=evil.example", "X-Forwarded-Proto", "http")
	r.Host = "evil.example"
	answer := w.send(r)
	p := decode[core.PaymentView](t, answer)
	page := newRequest("GET", "/h5/"+tokenOf(p), "", "User-Agent", uaWeChat, "X-Forwarded-Host", "evil.example")
	page.Host = "evil.example"
	for _, text := range []string{answer.Body.String(), answer.Header().Get("Location"), w.send(page).Body.String()} {
		if strings.Contains(text, "evil.example") {
			t.Error(text)
		}
	}
	if !strings.HasPrefix(p.Action.URL, baseURL+"/h5/") {
		t.Error(p.Action.URL)
	}
}
