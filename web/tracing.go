package web

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

// traced makes a span of each request, named by the route's pattern as the log line is, and for the
// same reason. The span says what was asked for and how it ended; who asked stands in the log
// alone, beside the trace's number. Probes are left out: they would be most of what is seen.
func (s *Server) traced(next echo.HandlerFunc) echo.HandlerFunc {
	tracer := s.Tracing.Tracer("github.com/paymux/paymux/web")
	return func(c echo.Context) error {
		if slices.Contains([]string{"/healthz", "/readyz", "/metrics"}, c.Path()) {
			return next(c)
		}
		ctx, span := tracer.Start(callersTrace(c), knownMethod(c.Request().Method), trace.WithSpanKind(trace.SpanKindServer))
		defer func() {
			describe(span, c)
			span.End()
		}()
		c.SetRequest(c.Request().WithContext(ctx))
		return next(c)
	}
}

// callersTrace continues the trace that a caller of the API names in traceparent, and keeps it if
// the caller does. Gateways and buyers have no trace for us to be in. tracestate and baggage hold
// whatever somebody has written there, and go no further.
func callersTrace(c echo.Context) context.Context {
	ctx := c.Request().Context()
	if !strings.HasPrefix(c.Path(), "/v1/") {
		return ctx
	}
	ctx = propagation.TraceContext{}.Extract(ctx, propagation.HeaderCarrier(c.Request().Header))
	caller := trace.SpanContextFromContext(ctx).WithTraceState(trace.TraceState{})
	return trace.ContextWithRemoteSpanContext(ctx, caller)
}

// describe puts on a span what may be shown of a request: no path, query, header or body.
func describe(span trace.Span, c echo.Context) {
	if !span.IsRecording() {
		return
	}
	method, route, status := knownMethod(c.Request().Method), pattern(c), c.Response().Status
	span.SetName(method + " " + route)
	span.SetAttributes(
		attribute.String("http.request.method", method), attribute.String("http.route", route), attribute.Int("http.response.status_code", status),
	)
	if status >= http.StatusInternalServerError {
		span.SetStatus(codes.Error, "")
	}
}

// traceID is the number under which a request's trace is found, or "" where none is kept.
func traceID(ctx context.Context) string {
	if span := trace.SpanContextFromContext(ctx); span.IsSampled() {
		return span.TraceID().String()
	}
	return ""
}
