package web_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"

	"github.com/paymux/paymux/core"
	"github.com/paymux/paymux/web"
)

func loadSpec(t *testing.T) *openapi3.T {
	t.Helper()
	doc, err := openapi3.NewLoader().LoadFromFile("openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if err := doc.Validate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return doc
}

var parameter = regexp.MustCompile(`:([a-z]+)`)

// Routes and document name each other, both ways, with the same permission and the same rule for
// the Idempotency-Key.
func TestSpecAndRoutesAgree(t *testing.T) {
	doc := loadSpec(t)
	described, keyed := map[string]string{}, map[string]bool{}
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			permission, _ := op.Extensions["x-permission"].(string)
			described[method+" "+path] = permission
			header := op.Parameters.GetByInAndName("header", "Idempotency-Key")
			keyed[method+" "+path] = header != nil && header.Required
			if (permission == "none") != (op.Security != nil && len(*op.Security) == 0) {
				t.Errorf("%s %s: permission %s, security %v", method, path, permission, op.Security)
			}
		}
	}
	for _, r := range newWorld(t).server.Routes() {
		key := r.Method + " " + parameter.ReplaceAllString(r.Path, "{$1}")
		if described[key] != string(r.Permission) {
			t.Errorf("%s needs %q, the document says %q", key, r.Permission, described[key])
		}
		delete(described, key)
		if r.Method != http.MethodPost || r.Permission == web.PermNone {
			continue
		}
		w := newWorld(t)
		without := w.as("m_a/admin", r.Method, w.fill(r.Path, nothing()), bodyFor(r.Path), "Idempotency-Key", "")
		if refused := without.Code == http.StatusBadRequest && problem(t, without).Field == "Idempotency-Key"; refused != keyed[key] {
			t.Errorf("%s without an Idempotency-Key: %d, the document says required %t", key, without.Code, keyed[key])
		}
	}
	for key := range described {
		t.Errorf("%s is described but not served", key)
	}
}

// strict closes every object of the document, so that an answer with a member it does not describe
// fails.
func strict(doc *openapi3.T) {
	closed := false
	for _, ref := range doc.Components.Schemas {
		if ref.Value.Type.Includes("object") && len(ref.Value.Properties) > 0 {
			ref.Value.AdditionalProperties = openapi3.BoolSchema{Has: &closed}
		}
	}
}

type judge struct {
	t      *testing.T
	router routers.Router
	seen   map[string]bool
}

// check holds an answer against the document.
func (j *judge) check(method, path string, answer *httptest.ResponseRecorder) {
	j.t.Helper()
	r := httptest.NewRequest(method, path, nil)
	route, params, err := j.router.FindRoute(r)
	if err != nil {
		j.t.Fatalf("%s %s: %v", method, path, err)
	}
	j.seen[route.Method+" "+route.Path+" "+strconv.Itoa(answer.Code)] = true
	expected := answer.Code < 300 || answer.Code == http.StatusConflict || answer.Code == http.StatusUnprocessableEntity
	if strings.HasPrefix(path, "/v1/") && expected && route.Operation.Responses.Status(answer.Code) == nil {
		j.t.Errorf("%s %s: %d is part of the bargain, and not named", method, path, answer.Code)
	}
	options := &openapi3filter.Options{IncludeResponseStatus: true, MultiError: true, AuthenticationFunc: openapi3filter.NoopAuthenticationFunc}
	err = openapi3filter.ValidateResponse(j.t.Context(), &openapi3filter.ResponseValidationInput{
		RequestValidationInput: &openapi3filter.RequestValidationInput{Request: r, PathParams: params, Route: route, Options: options},
		Status:                 answer.Code, Header: answer.Header(), Body: readCloser(answer), Options: options,
	})
	if err != nil {
		j.t.Errorf("%s %s: %d %s\n%v", method, path, answer.Code, answer.Body, err)
	}
}

// Real answers, good and bad, are what the document says, and hold no member that it does not name.
func TestAnswersFitTheSpec(t *testing.T) {
	doc := loadSpec(t)
	strict(doc)
	router, err := gorillamux.NewRouter(doc)
	if err != nil {
		t.Fatal(err)
	}
	registerTexts()
	j := &judge{t, router, map[string]bool{}}
	w := newWorld(t)
	do := func(who, method, path, body string, headers ...string) *httptest.ResponseRecorder {
		t.Helper()
		answer := w.as(who, method, path, body, headers...)
		j.check(method, path, answer)
		return answer
	}
	create := `{"merchant_order_no":"o1","platform":"wechat","metadata":{"table":"7"},"payer":{"open_id":"abc"},` + basket + `}`
	p := decode[core.PaymentView](t, do("m_a/cashier", "POST", "/v1/payments", create))
	do("m_a/cashier", "POST", "/v1/payments", `{"merchant_order_no":"o1"}`)
	do("m_a/viewer", "POST", "/v1/payments", create)
	next := decode[core.PaymentView](t, do("m_a/cashier", "POST", "/v1/payments/"+p.ID+"/attempts", `{"platform":"alipay","payer":{"user_id":"`+buyer+`"}}`))
	if len(next.Attempts) != 2 {
		t.Fatalf("attempts: %+v", next.Attempts)
	}
	do("m_a/cashier", "POST", "/v1/payments/"+p.ID+"/sync", "")
	w.pay(p)
	refused := decode[core.RefundView](t, do("m_a/cashier", "POST", "/v1/payments/"+p.ID+"/refunds", `{"amount_fen":1700}`))
	do("m_a/approver", "POST", "/v1/refunds/"+refused.ID+"/reject", `{"reason":"no"}`)
	refund := decode[core.RefundView](t, do("m_a/cashier", "POST", "/v1/payments/"+p.ID+"/refunds", `{"amount_fen":1600,"merchant_refund_no":"r1","reason":"broken"}`, "Idempotency-Key", "second"))
	do("m_a/cashier", "POST", "/v1/payments/"+p.ID+"/refunds", `{"amount_fen":400}`, "Idempotency-Key", "other")
	do("m_a/approver", "POST", "/v1/refunds/"+refund.ID+"/approve", "")
	do("m_a/approver", "POST", "/v1/refunds/"+refund.ID+"/reject", `{"reason":"no"}`)
	do("m_a/approver", "POST", "/v1/refunds/"+refund.ID+"/handled", `{"reason":"paid at the counter"}`)
	w.sendBack(refund.ID)
	do("m_a/approver", "POST", "/v1/refunds/"+refund.ID+"/handled", `{"reason":"paid at the counter"}`)
	late := decode[core.PaymentView](t, do("m_a/cashier", "POST", "/v1/payments", `{"merchant_order_no":"late","platform":"wechat",`+basket+`}`, "Idempotency-Key", "late"))
	do("m_a/cashier", "POST", "/v1/payments/"+late.ID+"/close", "")
	w.pay(late)
	do("m_a/approver", "POST", "/v1/payments/"+late.ID+"/accept-late", "")
	w.limit("m_a", 0)
	do("m_a/approver", "POST", "/v1/payments/"+late.ID+"/accept-late", "")
	do("m_a/approver", "POST", "/v1/payments/"+late.ID+"/accept-late", "", "Idempotency-Key", "other")
	do("m_a/cashier", "POST", "/v1/payments/"+late.ID+"/refund-late", "")
	do("m_a/cashier", "POST", "/v1/payments/"+late.ID+"/refund-late", "")
	do("m_a/cashier", "POST", "/v1/payments/"+late.ID+"/refund-late", "", "Idempotency-Key", "other")
	do("m_a/cashier", "POST", "/v1/payments/"+p.ID+"/refund-late", "", "Idempotency-Key", visible("k-m_a/cashier/v1/payments/"+late.ID+"/refund-late"))
	do("m_a/viewer", "GET", "/v1/refunds/"+refund.ID, "")
	do("m_a/approver", "GET", "/v1/refunds?limit=1", "")
	do("m_a/approver", "GET", "/v1/refunds?status=waiting", "")
	do("m_b/viewer", "GET", "/v1/refunds/"+refund.ID, "")
	do("m_a/viewer", "GET", "/v1/payments/"+p.ID, "")
	do("m_a/viewer", "GET", "/v1/payments?limit=1", "")
	do("m_a/viewer", "POST", "/v1/payments/search", `{"open_id":"abc","limit":1}`)
	do("m_a/viewer", "POST", "/v1/payments/search", `{"limit":101}`)
	do("m_a/viewer", "GET", "/v1/payments/"+p.ID+"/timeline", "")
	parked := w.park("m_a")
	do("m_a/viewer", "GET", "/v1/messages?limit=1", "")
	do("m_a/approver", "POST", "/v1/messages/"+w.parkFor("m_a", p.Attempts[0].OutTradeNo)+"/apply", "")
	do("m_a/approver", "POST", "/v1/messages/"+parked+"/dismiss", `{"reason":"seen to"}`)
	do("m_a/approver", "POST", "/v1/messages/"+parked+"/apply", "")
	do("m_a/viewer", "GET", "/v1/audit?limit=1", "")
	do("m_a/viewer", "GET", "/v1/events", "")
	sent := decode[struct{ Data []core.DeliveryView }](t, do("m_a/viewer", "GET", "/v1/deliveries?limit=1", "")).Data
	do("m_a/viewer", "GET", "/v1/deliveries?state=lost", "")
	do("m_a/cashier", "POST", "/v1/deliveries/"+sent[0].ID+"/replay", "")
	do("m_a/cashier", "POST", "/v1/events/"+sent[0].EventID+"/replay", `{"endpoint_id":"hook"}`)
	do("m_a/cashier", "POST", "/v1/events/"+sent[0].EventID+"/replay", `{"endpoint_id":"nowhere"}`)
	do("m_a/cashier", "POST", "/v1/webhooks/hook/replay", `{"from":"2026-11-22T00:00:00+08:00","to":"2026-11-29T00:00:00+08:00"}`)
	do("m_a/cashier", "POST", "/v1/webhooks/hook/replay", `{"from":"2026-11-22T00:00:00+08:00","to":"2026-11-29T00:00:00+08:00"}`)
	do("m_a/cashier", "POST", "/v1/webhooks/nowhere/replay", `{"from":"2026-11-22T00:00:00Z","to":"2026-11-29T00:00:00Z","state":"all"}`)
	do("m_a/cashier", "POST", "/v1/webhooks/hook/replay", `{"from":"yesterday","to":"today","state":"done"}`)
	do("m_a/viewer", "GET", "/v1/ledger/accounts", "")
	do("m_a/viewer", "GET", "/v1/platforms", "")
	do("m_a/viewer", "GET", "/v1/channels", "")
	do("m_a/viewer", "POST", "/v1/platforms/wechat/check", `{"goods":[{"id":"g","name":"points","category":"virtual","quantity":1,"price_fen":1}]}`)
	do("m_a/viewer", "POST", "/v1/platforms/douyin/check", `{"goods":[{"id":"g","name":"points","category":"virtual","quantity":1,"price_fen":1}]}`)
	do("m_a/cashier", "POST", "/v1/alipay/login", `{"auth_code":"good"}`)
	do("m_a/cashier", "POST", "/v1/login/alipay_mini", `{"auth_code":"good"}`)
	do("m_a/cashier", "POST", "/v1/login/alipay_mini", `{"auth_code":"bad"}`)
	do("m_a/cashier", "POST", "/v1/login/wechat_h5", `{"auth_code":"good"}`)
	do("m_a/cashier", "POST", "/v1/login/none", `{"auth_code":"good"}`)
	page := w.create("m_a", "wechat", "o2")
	do("m_a/cashier", "POST", "/v1/payments/"+page.ID+"/close", "")
	for _, path := range []string{"/h5/" + tokenOf(page), "/h5/" + tokenOf(page) + "/status", "/return/" + tokenOf(page), "/docs", "/openapi.yaml", "/healthz", "/readyz", "/metrics", "/static/pages.css", "/h5/none", "/h5/none/status"} {
		j.check("GET", path, w.ask("GET", path, ""))
	}
	j.check("POST", "/h5/"+tokenOf(page)+"/pay", w.ask("POST", "/h5/"+tokenOf(page)+"/pay", ""))
	j.check("POST", "/notify/alipay/acc_m_a", w.notify(next.Attempts[1]))
	j.check("POST", "/notify/alipay/acc_m_a/app", w.ask("POST", "/notify/alipay/acc_m_a/app", "sign=bad", "Content-Type", form))
	for _, r := range w.server.Routes() {
		key := r.Method + " " + parameter.ReplaceAllString(r.Path, "{$1}") + " 2"
		if !slices.ContainsFunc(sorted(j.seen), func(s string) bool { return strings.HasPrefix(s, key) }) {
			t.Errorf("no good answer of %sxx was held against the document", key)
		}
	}
}

// While the gateway is silent, every call that waits for it answers 202 with the body that the
// document promises.
func TestUnknownAnswersFitTheSpec(t *testing.T) {
	doc := loadSpec(t)
	strict(doc)
	router, err := gorillamux.NewRouter(doc)
	if err != nil {
		t.Fatal(err)
	}
	j := &judge{t, router, map[string]bool{}}
	w := newWorld(t)
	paid, small, open := w.create("m_a", "alipay", "paid"), w.create("m_a", "alipay", "small"), w.create("m_a", "wechat", "open")
	w.pay(paid)
	w.pay(small)
	waiting := decode[core.RefundView](t, w.as("m_a/cashier", "POST", "/v1/payments/"+paid.ID+"/refunds", `{"amount_fen":1600}`, "Idempotency-Key", "large"))
	want(t, w.ask("POST", "/h5/"+tokenOf(open)+"/pay", "", "User-Agent", uaSafari), 200, "")
	late := w.create("m_a", "wechat", "late")
	want(t, w.as("m_a/cashier", "POST", "/v1/payments/"+late.ID+"/close", ""), 200, "")
	w.pay(late)
	other := w.create("m_a", "wechat", "other")
	w.limit("m_a", 0)
	w.silent.Store(true)
	for _, c := range [][3]string{
		{"m_a/cashier", "/v1/payments", `{"merchant_order_no":"new","platform":"alipay","payer":{"user_id":"` + buyer + `"},` + basket + `}`},
		{"m_a/cashier", "/v1/payments/" + other.ID + "/attempts", `{"platform":"alipay","payer":{"user_id":"` + buyer + `"}}`},
		{"m_a/cashier", "/v1/payments/" + small.ID + "/refunds", `{"amount_fen":1}`},
		{"m_a/approver", "/v1/refunds/" + waiting.ID + "/approve", ""},
		{"m_a/cashier", "/v1/payments/" + open.ID + "/close", ""},
		{"m_a/cashier", "/v1/payments/" + late.ID + "/refund-late", ""},
	} {
		answer := w.as(c[0], "POST", c[1], c[2])
		j.check("POST", c[1], answer)
		if answer.Code != http.StatusAccepted {
			t.Errorf("%s: %d %s", c[1], answer.Code, answer.Body)
		}
	}
}

// The document's examples and limits are those of the server: what the document's own example asks
// for is accepted.
func TestSpecExampleWorks(t *testing.T) {
	doc := loadSpec(t)
	example, _ := doc.Components.Schemas["CreatePayment"].Value.Example.(map[string]any)
	if example == nil {
		t.Fatal("no example")
	}
	w := newWorld(t)
	want(t, w.as("m_a/cashier", "POST", "/v1/payments", quoteAny(t, example)), 201, "")
}

// Every event that core can send is documented, and no other.
func TestSpecNamesEveryEvent(t *testing.T) {
	doc := loadSpec(t)
	hooks := doc.Webhooks
	var named []string
	for _, v := range doc.Components.Schemas["Event"].Value.Properties["type"].Value.Enum {
		named = append(named, v.(string))
	}
	if len(hooks) != len(core.EventTypes()) || len(named) != len(core.EventTypes()) {
		t.Errorf("%d webhooks, %d in the enumeration, %d in core", len(hooks), len(named), len(core.EventTypes()))
	}
	for _, e := range core.EventTypes() {
		if hooks[string(e)] == nil || !slices.Contains(named, string(e)) {
			t.Errorf("%s is not documented", e)
		}
	}
}

// Every code of core has a status and a title of its own: a new one without falls to 500.
func TestEveryCodeHasAStatus(t *testing.T) {
	reference := newWorld(t).ask("GET", "/docs", "").Body.String()
	files, err := filepath.Glob("../core/*.go")
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	look := func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || len(spec.Values) != 1 || !strings.HasPrefix(spec.Names[0].Name, "Code") {
			return true
		}
		lit, ok := spec.Values[0].(*ast.BasicLit)
		if !ok {
			return true
		}
		code, _ := strconv.Unquote(lit.Value)
		found++
		if !strings.Contains(reference, `<tr id="`+code+`">`) {
			t.Errorf("%s has no status", code)
		}
		return true
	}
	for _, name := range files {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, look)
	}
	if found < 30 {
		t.Errorf("only %d codes were found", found)
	}
}

// The document and the merchants' guide name every code under its status, and no other.
func TestEveryCodeIsDocumented(t *testing.T) {
	// "status code", of lines that begin with a status and name codes in backticks
	codes := func(text string) []string {
		var found []string
		for _, line := range regexp.MustCompile(`(?m)^(?:- |\| )(\d{3}(?:, \d{3})*)(?: \|)?((?:[ ,\n]*`+"`[a-z_]+`"+`)+)`).FindAllStringSubmatch(text, -1) {
			statuses, named := strings.Split(line[1], ", "), regexp.MustCompile("`([a-z_]+)`").FindAllStringSubmatch(line[2], -1)
			for i, code := range named {
				found = append(found, statuses[min(i, len(statuses)-1)]+" "+code[1])
			}
		}
		slices.Sort(found)
		return found
	}
	var served []string
	page := newWorld(t).ask("GET", "/docs", "").Body.String()
	for _, row := range regexp.MustCompile(`<tr id="([a-z_]+)">.*?<td>(\d+)</td>`).FindAllStringSubmatch(page, -1) {
		served = append(served, row[2]+" "+row[1])
	}
	slices.Sort(served)
	guide, err := os.ReadFile("../docs/merchants.md")
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"openapi.yaml": loadSpec(t).Components.Schemas["Problem"].Value.Properties["code"].Value.Description, "merchants.md": string(guide),
	} {
		if named := codes(text); !slices.Equal(named, served) {
			t.Errorf("%s names\n%q\nthe server has\n%q", name, named, served)
		}
	}
}

// The reference page needs nothing from anybody else, and shows every operation.
func TestReferencePage(t *testing.T) {
	answer := newWorld(t).ask("GET", "/docs", "")
	body := answer.Body.String()
	for _, op := range []string{"createPayment", "createRefund", "listEvents", "receiveTrade", "schema-Problem", "payment.late_refunded"} {
		if !strings.Contains(body, op) {
			t.Errorf("lacks %s", op)
		}
	}
	if strings.Contains(body, "<script") || regexp.MustCompile(`(src|href)="(https?:)?//`).MatchString(body) {
		t.Error("loads something from elsewhere")
	}
	if raw := strings.Count(body, "`"); raw > 0 {
		t.Errorf("%d backticks of Markdown are shown as they are", raw)
	}
	ids := map[string]bool{}
	for _, id := range regexp.MustCompile(` id="([^"]+)"`).FindAllStringSubmatch(body, -1) {
		if ids[id[1]] {
			t.Errorf("two anchors are named %s", id[1])
		}
		ids[id[1]] = true
	}
	anchors := regexp.MustCompile(` href="#([^"]+)"`).FindAllStringSubmatch(body, -1)
	for _, anchor := range anchors {
		if !ids[anchor[1]] {
			t.Errorf("#%s leads nowhere", anchor[1])
		}
	}
	if len(anchors) < 50 {
		t.Errorf("%d anchors", len(anchors))
	}
	text, err := os.ReadFile("openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	served := newWorld(t).ask("GET", "/openapi.yaml", "")
	if served.Body.String() != string(text) || served.Code != http.StatusOK {
		t.Error("the document served is not the file")
	}
}
