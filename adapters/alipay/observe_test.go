package alipay

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"
)

// F10: what is logged about an exchange has neither content nor signature nor
// the gateway's echo of the request.
func TestF10_logsAreRedacted(t *testing.T) {
	var logged bytes.Buffer
	app, _ := answeringNode(t, MethodCreate, `{"code":"40004","sub_code":"ACQ.BUYER_NOT_EXIST","sub_msg":"网关生成的验签字符串为：app_id=1&amp;biz_content=secret","out_trade_no":"T1"}`)
	app.config.Logger = slog.New(slog.NewTextHandler(&logged, &slog.HandlerOptions{Level: slog.LevelDebug}))
	_, result := app.Create(t.Context(), validCreate())
	wantClass(t, result, FinalUser)
	text := logged.String()
	for _, secret := range []string{"o1", "奶茶", "biz_content", "验签", "sign="} {
		if strings.Contains(text, secret) {
			t.Errorf("%q is logged: %s", secret, text)
		}
	}
	for _, wanted := range []string{MethodCreate, "final_user", "ACQ.BUYER_NOT_EXIST", testAppID} {
		if !strings.Contains(text, wanted) {
			t.Errorf("%q is not logged: %s", wanted, text)
		}
	}
	if !strings.Contains(text, "level=INFO") {
		t.Errorf("a refusal's sub_code is not logged where servers log by default: %s", text)
	}
	logged.Reset()
	app, _ = answering(t, http.StatusBadGateway, "")
	app.config.Logger = slog.New(slog.NewTextHandler(&logged, nil))
	_, result = queryOne(app)
	wantClass(t, result, Unknown)
	if !strings.Contains(logged.String(), "level=WARN") || !strings.Contains(logged.String(), "unexpected_status") {
		t.Fatal(logged.String())
	}
}

// spans provides a tracer that keeps what it is told.
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
	span := &keptSpan{name: name, kind: config.SpanKind(), parent: trace.SpanContextFromContext(ctx)}
	m.book.kept = append(m.book.kept, span)
	return ctx, span
}

type keptSpan struct {
	noop.Span

	name   string
	kind   trace.SpanKind
	parent trace.SpanContext
	told   []attribute.KeyValue
	status codes.Code
	ended  bool
}

func (*keptSpan) IsRecording() bool { return true }
func (s *keptSpan) SetAttributes(attributes ...attribute.KeyValue) {
	s.told = append(s.told, attributes...)
}
func (s *keptSpan) SetStatus(code codes.Code, _ string) { s.status = code }
func (s *keptSpan) End(...trace.SpanEndOption)          { s.ended = true }

// Every exchange is one span, named after its method, that tells what it proved
// and nothing of the buyer (F10).
func TestSpans(t *testing.T) {
	kept := &spans{}
	traced := func(status int, body string) *App {
		gateway := &fakeGateway{answer: func(url.Values) (int, string) { return status, body }}
		return newTestApp(t, func(c *AppConfig) { c.Transport, c.Tracing = gateway, kept })
	}
	caller := trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{1}, SpanID: trace.SpanID{2}})
	ctx := trace.ContextWithSpanContext(t.Context(), caller)
	traced(http.StatusOK, signedAnswer(t, MethodCreate, `{"code":"10000","out_trade_no":"T1","trade_no":"2026"}`)).Create(ctx, validCreate())
	queryOne(traced(http.StatusBadGateway, ""))
	if len(kept.kept) != 2 {
		t.Fatalf("%d spans", len(kept.kept))
	}
	if !kept.kept[0].parent.Equal(caller) || kept.kept[1].parent.IsValid() {
		t.Errorf("parents %v and %v", kept.kept[0].parent, kept.kept[1].parent)
	}
	for i, want := range []struct {
		method, class string
		status        codes.Code
	}{{MethodCreate, "done", codes.Unset}, {MethodQuery, "unknown", codes.Error}} {
		span := kept.kept[i]
		if span.name != want.method || span.kind != trace.SpanKindClient || span.status != want.status || !span.ended {
			t.Errorf("%+v", span)
		}
		text := fmt.Sprint(span.told)
		if !strings.Contains(text, want.class) || !strings.Contains(text, testAppID) || strings.Contains(text, "o1") || strings.Contains(text, "奶茶") {
			t.Error(text)
		}
	}
}

// Whoever does not trace pays nothing for it, and no span of the caller's is ended or written on.
func TestWithoutTracingThereIsNoSpan(t *testing.T) {
	app := newTestApp(t, nil)
	mine := &keptSpan{name: "the caller's"}
	ctx := trace.ContextWithSpan(t.Context(), mine)
	result := Result{Class: Unknown, Err: ErrUnexpectedStatus}
	spent := testing.AllocsPerRun(100, func() {
		_, span := app.startSpan(ctx, MethodQuery)
		describe(span, testAppID, result)
		span.End()
	})
	if spent != 0 {
		t.Errorf("%v allocations for no span", spent)
	}
	if mine.ended || mine.told != nil || mine.status != codes.Unset {
		t.Errorf("the caller's span was touched: %+v", mine)
	}
}
