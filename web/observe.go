package web

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"runtime"
	"time"

	"github.com/labstack/echo-contrib/echoprometheus"
	"github.com/labstack/echo/v4"

	"github.com/paymux/paymux/core"
)

// Names under which a request carries what its log line says.
const (
	requestIDOfLog = "paymux.request_id"
	keyOfLog       = "paymux.key"
)

// nonceSource draws 128-bit texts.
type nonceSource struct{ random io.Reader }

func (n nonceSource) draw() (string, error) {
	raw := make([]byte, 16)
	if _, err := io.ReadFull(n.random, raw); err != nil {
		return "", fmt.Errorf("web: no randomness: %w", err)
	}
	return hex.EncodeToString(raw), nil
}

// identify gives the request an id: the caller's own if it is harmless in a log, else a drawn one.
func (s *Server) identify(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		id := c.Request().Header.Get(echo.HeaderXRequestID)
		if len(id) < 8 || len(id) > 64 || !isName(id) {
			var err error
			if id, err = s.nonces.draw(); err != nil {
				return err
			}
		}
		c.Set(requestIDOfLog, id)
		c.SetRequest(c.Request().WithContext(core.WithRequest(c.Request().Context(), id)))
		c.Response().Header().Set(echo.HeaderXRequestID, id)
		return next(c)
	}
}

func requestID(c echo.Context) string {
	id, _ := c.Get(requestIDOfLog).(string)
	return id
}

// observe answers errors, survives panics (P17) and writes one line per request; of those that
// anybody may send as often as he likes, one a minute (often). The line holds the route's pattern,
// never the path: paths carry tokens. It holds no header, query or body, and no address of buyers
// (W17, F10).
func (s *Server) observe(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		began := s.Clock.Now()
		if err := s.guarded(next, c); err != nil {
			s.fail(err, c)
		}
		level, since := s.volume(c)
		if !s.Logger.Enabled(c.Request().Context(), level) {
			return nil
		}
		attrs := []slog.Attr{
			slog.String("request_id", requestID(c)), slog.String("method", knownMethod(c.Request().Method)), slog.String("route", pattern(c)),
			slog.Int("status", c.Response().Status), slog.Int64("bytes", c.Response().Size), slog.Int64("duration_ms", s.Clock.Now().Sub(began).Milliseconds()),
		}
		if key, ok := c.Get(keyOfLog).(Key); ok {
			attrs = append(attrs, slog.String("merchant", key.MerchantID), slog.String("key", key.ID), slog.String("actor", key.Actor))
		}
		if id := traceID(c.Request().Context()); id != "" {
			attrs = append(attrs, slog.String("trace_id", id))
		}
		if since > 0 {
			attrs = append(attrs, slog.Int64("like_it_before", since))
		}
		s.Logger.LogAttrs(c.Request().Context(), level, "request", attrs...)
		return nil
	}
}

// guarded turns a panic into an error of this one request.
func (s *Server) guarded(next echo.HandlerFunc, c echo.Context) (err error) {
	defer func() {
		caught := recover()
		if caught == nil {
			return
		}
		if cause, ok := caught.(error); ok && errors.Is(cause, http.ErrAbortHandler) {
			panic(caught)
		}
		stack := make([]byte, 8<<10)
		err = panicError{caught, string(stack[:runtime.Stack(stack, false)])}
	}()
	return next(c)
}

// panicError keeps what a handler panicked with. Only runtime errors are printed: a value of
// somebody else's making may hold anything.
type panicError struct {
	value any
	stack string
}

func (p panicError) Error() string {
	var fault runtime.Error
	if err, ok := p.value.(error); ok && errors.As(err, &fault) {
		return "panic: " + fault.Error()
	}
	return fmt.Sprintf("panic with a %T", p.value)
}

func failureAttrs(c echo.Context, p Problem, err error) []slog.Attr {
	attrs := []slog.Attr{
		slog.String("request_id", requestID(c)), slog.String("route", pattern(c)), slog.String("code", string(p.Code)), slog.String("error", causes(err)),
	}
	if fault, ok := errors.AsType[panicError](err); ok {
		attrs = append(attrs, slog.String("stack", fault.stack))
	}
	return attrs
}

// causes prints an error with the cause that core.Error keeps for operators.
func causes(err error) string {
	var ours *core.Error
	if errors.As(err, &ours) && ours.Err != nil {
		return ours.Error() + ": " + ours.Err.Error()
	}
	return err.Error()
}

// lineLevel is how loud a request's line is. Probes and scrapes come every few seconds from each
// that watches, and a line each would bury the others; those that go wrong are told like any.
func lineLevel(c echo.Context) slog.Level {
	level := levelOf(c.Response().Status)
	switch c.Path() {
	case "/healthz", "/readyz", "/metrics":
		if level == slog.LevelInfo {
			return slog.LevelDebug
		}
	}
	return level
}

func levelOf(status int) slog.Level {
	switch {
	case status == http.StatusServiceUnavailable, status == http.StatusLoopDetected:
		// the second is anybody's to cause, by one header
		return slog.LevelWarn
	case status >= http.StatusInternalServerError:
		return slog.LevelError
	default:
		return slog.LevelInfo
	}
}

// unmatched stands for every route that there is none of.
const unmatched = "unmatched"

// pattern is the route as the table writes it, or one word for all that is not in it: a label must
// not grow with what strangers ask for.
func pattern(c echo.Context) string {
	if p := c.Path(); p != "" && c.Response().Status != http.StatusMethodNotAllowed {
		return p
	}
	return unmatched
}

func knownMethod(method string) string {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return method
	default:
		return "other"
	}
}

// metrics counts and times requests by route, method and status. The host label is emptied, which
// Prometheus treats as absent: callers choose it.
func (s *Server) metrics() (echo.MiddlewareFunc, error) {
	return echoprometheus.MiddlewareConfig{
		Namespace: "paymux", Subsystem: "http", Registerer: s.Registry, DoNotUseRequestPathFor404: true,
		LabelFuncs: map[string]echoprometheus.LabelValueFunc{
			"host":   func(echo.Context, error) string { return "" },
			"url":    func(c echo.Context, _ error) string { return pattern(c) },
			"method": func(c echo.Context, _ error) string { return knownMethod(c.Request().Method) },
		},
	}.ToMiddleware()
}

// readyTimeout bounds what a probe may cost.
const readyTimeout = 2 * time.Second

func (s *Server) healthz(c *call) error {
	return s.json(c, http.StatusOK, map[string]string{"status": "ok"})
}

func (s *Server) readyz(c *call) error {
	if s.Ready == nil {
		return s.json(c, http.StatusOK, map[string]string{"status": "ready"})
	}
	ctx, cancel := context.WithTimeout(c.ctx(), readyTimeout)
	defer cancel()
	if err := s.Ready(ctx); err != nil {
		s.Logger.WarnContext(ctx, "not ready", "error", err.Error())
		return s.json(c, http.StatusServiceUnavailable, map[string]string{"status": "not_ready"})
	}
	return s.json(c, http.StatusOK, map[string]string{"status": "ready"})
}
