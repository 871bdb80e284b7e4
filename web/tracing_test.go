package web_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"

	"github.com/paymux/paymux/core"
	"github.com/paymux/paymux/web"
)

// spans provides a tracer that keeps what it is told, and keeps every trace.
type spans struct {
	noop.TracerProvider

	kept []*keptSpan
}

func (s *spans) Tracer(string, ...trace.TracerOption) trace.Tracer { return spanMaker{book: s} }

type spanMaker struct {
	noop.Tracer

	book *spans
}

func (m spanMaker) Start(ctx context.Context, name string, options ...trace.SpanStartOption) (context.Context, trace.Span) {
	config := trace.NewSpanStartConfig(options...)
	parent := trace.SpanContextFromContext(ctx)
	number := byte(len(m.book.kept) + 1)
	own := trace.SpanContextConfig{TraceID: trace.TraceID{number}, SpanID: trace.SpanID{number}, TraceFlags: trace.FlagsSampled}
	if parent.IsValid() {
		own.TraceID = parent.TraceID()
	}
	span := &keptSpan{name: name, kind: config.SpanKind(), parent: parent, own: trace.NewSpanContext(own)}
	m.book.kept = append(m.book.kept, span)
	return trace.ContextWithSpan(ctx, span), span
}

type keptSpan struct {
	noop.Span

	name        string
	kind        trace.SpanKind
	parent, own trace.SpanContext
	told        []attribute.KeyValue
	status      codes.Code
	ended       bool
}

func (*keptSpan) IsRecording() bool                { return true }
func (s *keptSpan) SpanContext() trace.SpanContext { return s.own }
func (s *keptSpan) SetName(name string)            { s.name = name }
func (s *keptSpan) SetAttributes(attributes ...attribute.KeyValue) {
	s.told = append(s.told, attributes...)
}
func (s *keptSpan) SetStatus(code codes.Code, _ string) { s.status = code }
func (s *keptSpan) End(...trace.SpanEndOption)          { s.ended = true }

// lookedAt notes in which trace a use case runs, and then does what it is told.
type lookedAt struct {
	web.Cashier
	in   trace.SpanContext
	then func() error
}

func (l *lookedAt) Payment(ctx context.Context, _, _ string) (core.PaymentView, error) {
	l.in = trace.SpanContextFromContext(ctx)
	return core.PaymentView{}, l.then()
}

func tracedWorld(t *testing.T, kept *spans) *world {
	return newWorld(t, func(o *web.Options) { o.Tracing = kept })
}

const (
	callersTrace  = "0af7651916cd43dd8448eb211c80319c"
	callersSpan   = "b7ad6b7169203331"
	callersParent = "00-" + callersTrace + "-" + callersSpan + "-01"
)

// F10, W17: a span holds the route's pattern, the method and the status, and nothing that a caller
// or a buyer wrote.
func TestSpansHoldNoSecrets(t *testing.T) {
	kept := &spans{}
	w := tracedWorld(t, kept)
	p := w.create("m_a", "wechat", "CANARY0")
	w.ask("POST", "/v1/payments/"+p.ID+"/refunds?sign=CANARY1", `{"amount_fen":1,"reason":"CANARY2"}`, "Idempotency-Key", "CANARY3", "User-Agent", "CANARY",
		"X-Request-Id", "CANARY-request", "Authorization", "Bearer "+w.bearer["m_a/cashier"], "Traceparent", "00-CANARY-CANARY-01", "Tracestate", "a=CANARY", "Baggage", "a=CANARY")
	w.ask("POST", "/notify/alipay/acc_m_a?CANARY=1", "buyer_id="+buyer+"&sign=CANARY", "Content-Type", form)
	w.page("/h5/"+tokenOf(p), uaSafari)
	w.ask("GET", "/CANARY/..;x", "")
	w.ask("CANARY", "/v1/payments", "")
	w.ask("DELETE", "/v1/payments/CANARY", "")
	var names []string
	for _, span := range kept.kept {
		names = append(names, span.name)
		text := fmt.Sprint(span.name, span.told)
		for _, planted := range []string{"CANARY", buyer, tokenOf(p), p.ID, w.bearer["m_a/cashier"], "m_a", "?"} {
			if strings.Contains(text, planted) {
				t.Errorf("a span holds %q: %s", planted, text)
			}
		}
		if span.kind != trace.SpanKindServer || !span.ended || len(span.told) != 3 || span.parent.IsValid() {
			t.Errorf("%+v", span)
		}
	}
	want := "POST /v1/payments, POST /v1/payments/:id/refunds, POST /notify/:gateway/:account, GET /h5/:token, GET unmatched, other unmatched, DELETE unmatched"
	if got := strings.Join(names, ", "); got != want {
		t.Errorf("spans\n%s\nwant\n%s", got, want)
	}
}

// A caller of the API goes on with its own trace: the use case runs in it, and the log names it.
// Nobody else chooses the trace.
func TestTraceOfTheCallerGoesOn(t *testing.T) {
	kept := &spans{}
	look := &lookedAt{then: func() error { return nil }}
	w := newWorld(t, func(o *web.Options) { look.Cashier, o.Cashier, o.Tracing = o.Cashier, look, kept })
	w.as("m_a/viewer", "GET", "/v1/payments/pay_1", "", "Traceparent", callersParent, "Tracestate", "shop=2088000000000002")
	span := kept.kept[0]
	if span.parent.TraceID().String() != callersTrace || span.parent.SpanID().String() != callersSpan || !span.parent.IsRemote() || !span.parent.IsSampled() {
		t.Errorf("the parent is %+v", span.parent)
	}
	if span.parent.TraceState().Len() != 0 {
		t.Errorf("what the caller wrote goes on: %s", span.parent.TraceState())
	}
	if !look.in.Equal(span.own) {
		t.Errorf("the use case runs in %v, the request in %v", look.in, span.own)
	}
	if lines := w.lines(); lines[0]["trace_id"] != callersTrace {
		t.Errorf("log line %v", lines[0])
	}
	w.ask("GET", "/h5/token", "", "Traceparent", callersParent)
	w.ask("POST", "/notify/alipay/acc_m_a", "", "Content-Type", form, "Traceparent", callersParent)
	for _, span := range kept.kept[1:] {
		if span.parent.IsValid() {
			t.Errorf("%s: a stranger chose the trace %s", span.name, span.parent.TraceID())
		}
	}
}

// What failed on our side shows as a failure, even where the handler never came back. Probes are no
// spans.
func TestSpansTellOfFailures(t *testing.T) {
	var fail func() error
	kept := &spans{}
	w := newWorld(t, func(o *web.Options) {
		o.Tracing = kept
		o.Cashier = &lookedAt{Cashier: o.Cashier, then: func() error { return fail() }}
	})
	for i, c := range []struct {
		fail   func() error
		status codes.Code
	}{
		{func() error { return core.Errorf(core.CodeNotFound, "no such payment") }, codes.Unset},
		{func() error { return errors.New("dial tcp") }, codes.Error},
		{func() error { panic("at the disco") }, codes.Error},
		{func() error { panic(http.ErrAbortHandler) }, codes.Unset}, // no status was sent
	} {
		fail = c.fail
		func() {
			defer func() { _ = recover() }()
			w.as("m_a/viewer", "GET", "/v1/payments/pay_1", "")
		}()
		if span := kept.kept[i]; span.status != c.status || !span.ended || span.name != "GET /v1/payments/:id" {
			t.Errorf("%d: %+v", i, span)
		}
	}
	before := len(kept.kept)
	for _, path := range []string{"/healthz", "/readyz", "/metrics"} {
		w.ask("GET", path, "")
	}
	if len(kept.kept) != before {
		t.Errorf("a probe made a span: %+v", kept.kept[before:])
	}
}

// Without a tracer nothing is read from callers and nothing is said of traces.
func TestWithoutTracing(t *testing.T) {
	look := &lookedAt{then: func() error { return nil }}
	w := newWorld(t, func(o *web.Options) { look.Cashier, o.Cashier = o.Cashier, look })
	w.as("m_a/viewer", "GET", "/v1/payments/pay_1", "", "Traceparent", callersParent)
	if look.in.IsValid() || w.lines()[0]["trace_id"] != nil {
		t.Errorf("in %v, log line %v", look.in, w.lines()[0])
	}
}
