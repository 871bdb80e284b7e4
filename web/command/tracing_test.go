package command_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	spanpb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	alipaysim "github.com/paymux/paymux/adapters/alipay/sim"
	"github.com/paymux/paymux/core"
)

// otlpCollector takes spans as an OpenTelemetry collector does and keeps them.
type otlpCollector struct {
	*httptest.Server
	mu     sync.Mutex
	bodies [][]byte
}

func newOTLPCollector(t *testing.T) *otlpCollector {
	c := &otlpCollector{}
	c.Server = httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil || r.Method != http.MethodPost || r.URL.Path != "/v1/traces" || r.Header.Get("Content-Type") != "application/x-protobuf" {
			t.Errorf("%s %s of type %q: %v", r.Method, r.URL, r.Header.Get("Content-Type"), err)
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		c.bodies = append(c.bodies, body)
	}))
	t.Cleanup(c.Close)
	return c
}

// tracingTo is the section that sends spans to an address.
func tracingTo(url string, percent int) string {
	return fmt.Sprintf("tracing: { otlp_endpoint: %q, sample_percent: %d }\n", url, percent)
}

// spans decodes what has come: each span, and its resource's attributes as text.
func (c *otlpCollector) spans(t *testing.T) (all []*spanpb.Span, resource string) {
	t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, body := range c.bodies {
		var data spanpb.TracesData
		if err := proto.Unmarshal(body, &data); err != nil {
			t.Fatal(err)
		}
		for _, r := range data.GetResourceSpans() {
			resource = r.GetResource().String()
			for _, s := range r.GetScopeSpans() {
				all = append(all, s.GetSpans()...)
			}
		}
	}
	return all, resource
}

// named finds the only span of a name.
func named(t *testing.T, all []*spanpb.Span, name string) *spanpb.Span {
	t.Helper()
	var found []*spanpb.Span
	for _, s := range all {
		if s.GetName() == name {
			found = append(found, s)
		}
	}
	if len(found) != 1 {
		t.Fatalf("%d spans are named %s among\n%v", len(found), name, all)
	}
	return found[0]
}

// askTraced calls the API within a trace of the caller's.
func (s *site) askTraced(traceparent, method, path, body string) (answer []byte) {
	s.t.Helper()
	request, err := http.NewRequestWithContext(s.t.Context(), method, "http://"+s.listen+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+s.key)
	request.Header.Set("Traceparent", traceparent)
	if body != "" {
		request.Header.Set("Content-Type", "application/json")
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	if answer, err = io.ReadAll(response.Body); err != nil || response.StatusCode >= 300 {
		s.t.Fatalf("%s %s: %s %s %v", method, path, response.Status, answer, err)
	}
	return answer
}

func teaFor(platform, orderNo string) string {
	return `{"merchant_order_no":"` + orderNo + `","platform":"` + platform + `","amount_fen":100,"subject":"oolong",` +
		`"payer":{"user_id":"2088000000000002"},"goods":[{"id":"tea","name":"oolong","category":"physical","quantity":1,"price_fen":100}]}`
}

const (
	shopsTrace = "0af7651916cd43dd8448eb211c80319c"
	shopsSpan  = "b7ad6b7169203331"
)

// A request, and what it asks of the gateway, are one trace, which is the caller's. The last spans
// of a process arrive. None of them holds anything of an order, a buyer or a key (F10).
func TestRequestsAndExchangesAreOneTrace(t *testing.T) {
	collector := newOTLPCollector(t)
	s := newSite(t, "sqlite", t.TempDir()+"/paymux.db", tracingTo(collector.URL, 100))
	server := s.start()
	var native, page core.PaymentView
	for view, answer := range map[*core.PaymentView][]byte{
		&native: s.askTraced("00-"+shopsTrace+"-"+shopsSpan+"-01", "POST", "/v1/payments", teaFor("alipay", "ORDER1")),
		// not kept by the caller
		&page: s.askTraced("00-"+strings.Repeat("a", 32)+"-"+shopsSpan+"-00", "POST", "/v1/payments", teaFor("wechat", "ORDER2")),
	} {
		if err := json.Unmarshal(answer, view); err != nil {
			t.Fatal(err)
		}
	}
	if response, err := http.Get(page.Action.URL + "?buyer=2088000000000002"); err != nil || response.Body.Close() != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("page: %v %v", response, err)
	}
	s.stopInPeace(server)

	all, resource := collector.spans(t)
	if len(all) != 3 {
		t.Errorf("%d spans: %v", len(all), all)
	}
	request, exchange := named(t, all, "POST /v1/payments"), named(t, all, "alipay.trade.create")
	if hex.EncodeToString(request.GetTraceId()) != shopsTrace || hex.EncodeToString(request.GetParentSpanId()) != shopsSpan {
		t.Errorf("the request is not in its caller's trace: %v", request)
	}
	if !bytes.Equal(exchange.GetTraceId(), request.GetTraceId()) || !bytes.Equal(exchange.GetParentSpanId(), request.GetSpanId()) {
		t.Errorf("the exchange is not the request's:\n%v\n%v", exchange, request)
	}
	if request.GetKind() != spanpb.Span_SPAN_KIND_SERVER || exchange.GetKind() != spanpb.Span_SPAN_KIND_CLIENT {
		t.Errorf("kinds %v and %v", request.GetKind(), exchange.GetKind())
	}
	if view := named(t, all, "GET /h5/:token"); len(view.GetParentSpanId()) != 0 {
		t.Errorf("a buyer's page is in somebody's trace: %v", view)
	}
	if !strings.Contains(resource, "service.name") || !strings.Contains(resource, `"paymux"`) || !strings.Contains(resource, "service.version") {
		t.Errorf("resource %s", resource)
	}
	if text := server.log.String(); !strings.Contains(text, `"trace_id":"`+shopsTrace+`"`) {
		t.Errorf("no log line names the trace:\n%s", text)
	}
	token := page.Action.URL[strings.LastIndexByte(page.Action.URL, '/')+1:]
	for _, body := range collector.bodies {
		for _, secret := range []string{"20880000", "oolong", "ORDER", "buyer", native.ID, page.ID, native.Action.TradeNo, token, s.key, "shop", "http:", "sign"} {
			if bytes.Contains(body, []byte(secret)) {
				t.Errorf("a span holds %q", secret)
			}
		}
	}
}

// What a job asks of the gateway is below the job.
func TestJobsAreTraces(t *testing.T) {
	collector := newOTLPCollector(t)
	s := newSite(t, "sqlite", t.TempDir()+"/paymux.db", tracingTo(collector.URL, 100))
	if _, err := s.sim.AddFault(alipaysim.Fault{Method: "alipay.trade.create", Effect: "reset", When: "after"}); err != nil {
		t.Fatal(err)
	}
	server := s.start()
	var view core.PaymentView
	if status, answer, err := s.ask("POST", "/v1/payments", "", teaFor("alipay", "ORDER1")); err != nil || json.Unmarshal(answer, &view) != nil || !view.Settling {
		t.Fatalf("create: %d %s %v", status, answer, err)
	}
	until(t, "the job finds the trade", func() bool {
		_, answer, err := s.ask("GET", "/v1/payments/"+view.ID, "", "")
		return err == nil && json.Unmarshal(answer, &view) == nil && view.Action != nil
	})
	s.stopInPeace(server)
	all, _ := collector.spans(t)
	jobs := map[string]bool{}
	for _, span := range all {
		if span.GetName() == "job attempt" && len(span.GetParentSpanId()) == 0 {
			jobs[string(span.GetSpanId())] = true
		}
	}
	for _, span := range all {
		if strings.HasPrefix(span.GetName(), "alipay.") && jobs[string(span.GetParentSpanId())] {
			return
		}
	}
	t.Errorf("no exchange belongs to a job:\n%v", all)
}

// sample_percent thins out the traces that begin here. One that a caller keeps is kept.
func TestTracesAreSampled(t *testing.T) {
	collector := newOTLPCollector(t)
	s := newSite(t, "sqlite", t.TempDir()+"/paymux.db", tracingTo(collector.URL, 1))
	server := s.start()
	const asked = 200
	for range asked {
		if status, _, err := s.ask("GET", "/v1/channels", "", ""); err != nil || status != http.StatusOK {
			t.Fatal(status, err)
		}
	}
	s.askTraced("00-"+shopsTrace+"-"+shopsSpan+"-01", "GET", "/v1/platforms", "")
	s.stopInPeace(server)
	all, _ := collector.spans(t)
	named(t, all, "GET /v1/platforms")
	if len(all) > asked/2 {
		t.Errorf("1 percent of %d is %d", asked, len(all)-1)
	}
}

// A collector that does not take spans costs no payment and does not hold up the end (P16).
func TestCollectorMayBeAway(t *testing.T) {
	hung := make(chan struct{})
	for name, handler := range map[string]http.HandlerFunc{
		"gone":    nil,
		"refuses": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) },
		"moved": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
		},
		"hangs": func(http.ResponseWriter, *http.Request) { <-hung },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel() // each waits for its collector
			url := "http://" + freeAddress(t)
			if handler != nil {
				collector := httptest.NewServer(handler)
				t.Cleanup(collector.Close)
				url = collector.URL
			}
			if name == "hangs" {
				t.Cleanup(func() { close(hung) }) // only when all is over: the process ends without
			}
			s := newSite(t, "sqlite", t.TempDir()+"/paymux.db", tracingTo(url, 100))
			server := s.start()
			if status, answer, err := s.ask("POST", "/v1/payments", "", teaFor("alipay", "ORDER1")); err != nil || status != http.StatusCreated {
				t.Errorf("create: %d %s %v", status, answer, err)
			}
			s.stopInPeace(server)
			said := "the collector takes no spans"
			if name == "hangs" {
				said = "the last spans were not delivered"
			}
			if text := server.log.String(); strings.Count(text, said) != 1 || !strings.Contains(text, `"stopped"`) {
				t.Errorf("the log says\n%s", text)
			}
		})
	}
}
