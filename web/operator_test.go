package web_test

import (
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/paymux/paymux/core"
	"github.com/paymux/paymux/web"
)

// operated is a world with an operator, who has keys of both modes, on the admin listener.
func operated(t *testing.T, actor string) (*world, func(method, path, body string, headers ...string) *httptest.ResponseRecorder) {
	t.Helper()
	desk := keyring{}
	w := newWorld(t, func(o *web.Options) { o.Operators = desk })
	w.addBearer("desk", web.RoleOperator, &counter{n: 99})
	k := w.keys["desk_operator"]
	k.MerchantID, k.Actor = "", actor
	desk[k.ID] = k
	delete(w.keys, k.ID)
	return w, func(method, path, body string, headers ...string) *httptest.ResponseRecorder {
		headers = append([]string{"Authorization", "Bearer " + w.bearer["desk/operator"], "Idempotency-Key", "k"}, headers...)
		r := newRequest(method, path, body, headers...)
		if body != "" {
			r.Header.Set("Content-Type", "application/json")
		}
		answer := httptest.NewRecorder()
		w.server.AdminHandler().ServeHTTP(answer, r)
		return answer
	}
}

// W02: an operator has what is listed, on the admin listener, and nothing else anywhere; a
// merchant's key has nothing there.
func TestEveryRouteByAnOperator(t *testing.T) {
	w, ask := operated(t, "night shift")
	mine := w.server.OperatorRoutes()
	if len(mine) != 22 {
		t.Errorf("operators have %d lines, 22 are listed", len(mine))
	}
	for _, route := range w.server.Routes() {
		w, ask := operated(t, "night shift")
		all := w.objects()
		path := w.fill(route.Path, all)
		listed := slices.ContainsFunc(mine, func(r web.Route) bool { return r.Method == route.Method && r.Path == route.Path })
		if listed {
			path += "?merchant_id=m_a"
		}
		answer := ask(route.Method, path, bodyFor(route.Path))
		if strings.HasPrefix(route.Path, "/v1/") && listed != (answer.Code != 404 && answer.Code != 405) || answer.Code == 401 || answer.Code == 403 && listed || answer.Code >= 500 {
			t.Errorf("%s %s by an operator, listed %t: %d %s", route.Method, route.Path, listed, answer.Code, answer.Body)
		}
		if route.Permission == web.PermNone {
			continue
		}
		want(t, w.as("desk/operator", route.Method, path, bodyFor(route.Path)), 401, "unauthenticated")
		if listed {
			want(t, ask(route.Method, path, bodyFor(route.Path), "Authorization", "Bearer "+w.bearer["m_a/admin"]), 401, "unauthenticated")
			missing := ask(route.Method, w.fill(route.Path, nothing())+"?merchant_id=m_a", bodyFor(route.Path))
			if (strings.Contains(route.Path, ":id") || strings.Contains(route.Path, ":endpoint")) && missing.Code != 404 {
				t.Errorf("%s %s of nobody: %d %s", route.Method, route.Path, missing.Code, missing.Body)
			}
		}
	}
	_ = ask
	for _, p := range web.Permissions() {
		if web.RoleOperator.May(p) {
			t.Errorf("the role operator may %s with a merchant's key", p)
		}
	}
	for _, r := range web.Roles() {
		if r.May(web.PermOperate) {
			t.Errorf("%s may operate", r)
		}
	}
}

// An operator sees all merchants, or the one that is named, and each look is written down, with who
// and at what, and without the buyer.
func TestOperatorSeesAllAndIsNoted(t *testing.T) {
	w, ask := operated(t, "night shift")
	a, b := w.create("m_a", "wechat", "o1"), w.create("m_b", "wechat", "o2")
	type page struct{ Data []core.PaymentView }
	for path, ids := range map[string][]string{
		"/v1/payments": {b.ID, a.ID}, "/v1/payments?merchant_id=m_a": {a.ID}, "/v1/payments?merchant_id=nobody": nil, "/v1/payments?merchant_order_no=o2": {b.ID},
	} {
		var got []string
		for _, p := range decode[page](t, ask("GET", path, "")).Data {
			got = append(got, p.ID)
			if p.MerchantID == "" && !strings.Contains(path, "merchant_id") {
				t.Errorf("%s: whose is %s?", path, p.ID)
			}
		}
		slices.Sort(got)
		slices.Sort(ids)
		if !slices.Equal(got, ids) {
			t.Errorf("%s: %v, want %v", path, got, ids)
		}
	}
	ask("GET", "/v1/payments/"+a.ID, "")
	ask("GET", "/v1/payments/nobody", "")
	ask("GET", "/v1/payments?buyer_pseudonym=abcdef", "")
	for _, mistake := range []string{"user_id=" + buyer + "&state=x", buyer + "=1"} {
		want(t, ask("GET", "/v1/payments?"+mistake, ""), 400, core.CodeInvalid)
	}
	want(t, ask("POST", "/v1/payments/search", `{"user_id":"`+buyer+`"}`), 400, core.CodeInvalid)
	if found := decode[page](t, ask("POST", "/v1/payments/search?merchant_id=m_b", `{"user_id":"`+buyer+`"}`)).Data; len(found) != 1 || found[0].ID != b.ID {
		t.Errorf("a buyer of m_b: %+v", found)
	}
	want(t, ask("GET", "/v1/payments?merchant_id=m_a&merchant_id=m_b", ""), 400, core.CodeInvalid)
	var notes []string
	for _, row := range w.audits() {
		if row.Action == "operator.call" {
			notes = append(notes, row.Actor+"|"+row.MerchantID+"|"+row.Object+"|"+row.Detail)
		}
		if strings.Contains(row.Object+row.Detail, buyer) || strings.Contains(row.Detail, "abcdef") {
			t.Errorf("a buyer stands in %+v", row)
		}
	}
	for _, note := range []string{
		"night shift|m_a|" + a.ID + "|GET /v1/payments/:id", "night shift||nobody|GET /v1/payments/:id", "night shift|||GET /v1/payments merchant_order_no=o2",
		"night shift|m_b||POST /v1/payments/search", "night shift|||GET /v1/payments buyer_pseudonym=…", "night shift|||GET /v1/payments state=x&…=…", "night shift|||GET /v1/payments …=…",
	} {
		if !slices.Contains(notes, note) {
			t.Errorf("no note %q in %q", note, notes)
		}
	}
}

// W16: an operator decides on what another has asked for, and not on what the same person asked for
// with a merchant's key.
func TestOperatorIsNotBothPeople(t *testing.T) {
	for actor, code := range map[string]core.Code{"night shift": "", "cashier of m_a": core.CodeSameActor, "CASHIER of m_a": core.CodeSameActor} {
		w, ask := operated(t, actor)
		p := w.create("m_a", "wechat", "o1")
		w.pay(p)
		refund := decode[core.RefundView](t, w.as("m_a/cashier", "POST", "/v1/payments/"+p.ID+"/refunds", `{"amount_fen":1600}`))
		answer := ask("POST", "/v1/refunds/"+refund.ID+"/approve", "")
		if code == "" {
			want(t, answer, 200, "")
			if done := decode[core.RefundView](t, answer); done.Approver != actor || done.Asker != "cashier of m_a" {
				t.Errorf("%+v", done)
			}
			continue
		}
		want(t, answer, 403, code)
	}
}

// An operator reads what all merchants were told, whose each is before the bytes that were sent, in
// the order of time and from any moment; the look is written down.
func TestOperatorReadsEvents(t *testing.T) {
	w, ask := operated(t, "night shift")
	var sent []string
	for i, merchant := range []string{"m_a", "m_b", "m_a"} {
		p := w.create(merchant, "alipay", "o"+strconv.Itoa(i))
		w.pay(p)
		w.clock.Advance(time.Minute)
		sent = append(sent, merchant+" "+p.ID)
	}
	from := url.QueryEscape(core.Stamp(w.clock.Now().Add(-2 * time.Minute)))
	type page struct {
		Data []struct {
			core.EventView
			MerchantID string `json:"merchant_id"`
		}
		Next *string `json:"next_cursor"`
	}
	for path, wanted := range map[string][]string{
		"/v1/events?limit=2": sent, "/v1/events?limit=1&created_from=" + from: sent[1:], "/v1/events?merchant_id=m_a&limit=1&created_from=" + from: {" " + sent[2][4:]},
		"/v1/events?merchant_id=m_b": {" " + sent[1][4:]}, "/v1/events?created_to=" + from: sent[:1],
	} {
		var got []string
		for next := ""; ; {
			answer := ask("GET", path+next, "")
			read := decode[page](t, answer)
			for _, e := range read.Data {
				got = append(got, e.MerchantID+" "+e.Payment.ID)
			}
			if read.Next == nil {
				break
			}
			next = "&cursor=" + *read.Next
		}
		if !slices.Equal(got, wanted) {
			t.Errorf("%s: %q, want %q", path, got, wanted)
		}
	}
	if !slices.ContainsFunc(w.audits(), func(a core.Audit) bool {
		return a.Action == "operator.call" && a.Actor == "night shift" && a.Detail == "GET /v1/events limit=2"
	}) {
		t.Error("nobody knows that an operator looked")
	}
	want(t, ask("GET", "/v1/events?created_to="+from+"&created_from="+from, ""), 400, core.CodeInvalid)
}
