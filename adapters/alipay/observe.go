package alipay

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"
)

// Exchange is what an observer learns of one call: enough for metrics per
// method and for a clock alarm, nothing about the buyer or the money.
type Exchange struct {
	AppID    string
	Method   string
	Class    Class
	Code     string
	SubCode  string
	Fault    Fault  // whose matter the codes say it is; "" for no refusal
	Verified bool   // a key of the gateway's has signed the answer
	Refusal  string // RefusalCode of the error, or ""
	Duration time.Duration
	Skew     time.Duration // gateway's Date minus our clock; alarm beyond a minute (G16)
}

func (a *App) observe(ctx context.Context, method string, started time.Time, result Result) {
	exchange := Exchange{
		AppID: a.config.AppID, Method: method, Class: result.Class, Code: result.Code, SubCode: result.SubCode,
		Fault: result.Fault, Verified: result.KeyVersion != "",
		Refusal: RefusalCode(result.Err), Duration: a.config.Now().Sub(started), Skew: result.Skew,
	}
	if a.config.Observer != nil {
		a.config.Observer(exchange)
	}
	a.noteOddities(method, result.Oddities)
	if a.config.Logger == nil {
		return
	}
	level := slog.LevelDebug
	switch class := result.Class; {
	case class == Unknown || class == NotSent || class == Misconfigured:
		level = slog.LevelWarn
	case class.Final() || class == Throttled: // what a refusal's sub_code was is told nowhere else
		level = slog.LevelInfo
	}
	// ctx tells handlers what the call is about. No biz_content, no signature, no sub_msg: the
	// gateway echoes requests in it.
	a.config.Logger.LogAttrs(ctx, level, "alipay exchange",
		slog.String("app_id", exchange.AppID), slog.String("method", method),
		slog.String("class", result.Class.String()), slog.String("code", result.Code),
		slog.String("sub_code", result.SubCode), slog.String("refusal", exchange.Refusal),
		slog.String("trace_id", result.TraceID), slog.Duration("duration", exchange.Duration))
}

// noteOddities counts and logs what could not be read and decided nothing, so
// that a change of the gateway's is seen. Names only, never values.
func (a *App) noteOddities(source string, names []string) {
	if len(names) == 0 {
		return
	}
	if a.config.Oddity != nil {
		for _, name := range names {
			a.config.Oddity(source, name)
		}
	}
	if a.config.Logger != nil {
		a.config.Logger.LogAttrs(context.Background(), slog.LevelInfo, "alipay fields not read",
			slog.String("app_id", a.config.AppID), slog.String("source", source), slog.Any("fields", names))
	}
}

// NoteRefused logs why a message that reached this app was not taken: its code,
// and for what older interfaces send, a sentence. Nothing of the message itself.
func (a *App) NoteRefused(err error) {
	if a.config.Logger == nil {
		return
	}
	attributes := []slog.Attr{slog.String("app_id", a.config.AppID), slog.String("refusal", RefusalCode(err))}
	if errors.Is(err, ErrOldInterface) || errors.Is(err, ErrServiceCheck) {
		attributes = append(attributes, slog.String("detail", err.Error()))
	}
	a.config.Logger.LogAttrs(context.Background(), slog.LevelInfo, "alipay message refused", attributes...)
}

// tracerOf names the spans' maker. The global provider is not asked: who traces
// is a part of the configuration like everything else.
func tracerOf(provider trace.TracerProvider) trace.Tracer {
	if provider == nil {
		return nil
	}
	return provider.Tracer("github.com/paymux/paymux/adapters/alipay")
}

// startSpan begins the span of one exchange, a child of the caller's if ctx has
// one. An App that does not trace spends nothing on it.
func (a *App) startSpan(ctx context.Context, method string) (context.Context, trace.Span) {
	if a.tracer == nil {
		return ctx, noop.Span{}
	}
	return a.tracer.Start(ctx, method, trace.WithSpanKind(trace.SpanKindClient)) //nolint:spancheck // the caller ends it
}

// describe puts on a span what may be shown of a result.
func describe(span trace.Span, appID string, result Result) {
	if !span.IsRecording() {
		return
	}
	span.SetAttributes(
		attribute.String("alipay.app_id", appID),
		attribute.String("alipay.class", result.Class.String()),
		attribute.String("alipay.code", result.Code),
		attribute.String("alipay.sub_code", result.SubCode),
		attribute.String("alipay.trace_id", result.TraceID))
	if result.Class == Unknown || result.Class == NotSent {
		span.SetStatus(codes.Error, RefusalCode(result.Err))
	}
}
