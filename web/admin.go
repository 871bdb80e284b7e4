package web

import (
	"net/http"
	"net/http/pprof"

	"github.com/labstack/echo/v4"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// AdminHandler returns the handler of the private listener: metrics, probes and profiles. Nothing
// of it is on the public one, unless MetricsOnMain says so for the metrics (W19).
func (s *Server) AdminHandler() http.Handler {
	e := echo.New()
	e.HideBanner, e.HidePort = true, true
	e.HTTPErrorHandler = s.fail
	e.Use(s.identify, s.observe)
	for _, r := range []route{
		{"GET", "/metrics", PermNone, keyUnused, bodyNone, s.showMetrics},
		{"GET", "/healthz", PermNone, keyUnused, bodyNone, s.healthz},
		{"GET", "/readyz", PermNone, keyUnused, bodyNone, s.readyz},
	} {
		e.Add(r.method, r.path, s.serve(r))
	}
	if s.Operators != nil {
		desk := *s
		desk.Keys = s.Operators
		for _, r := range desk.operatorTable() {
			e.Add(r.method, r.path, s.harden(desk.serve(r)))
		}
	}
	e.GET("/debug/pprof/profile", echo.WrapHandler(http.HandlerFunc(pprof.Profile)))
	e.GET("/debug/pprof/symbol", echo.WrapHandler(http.HandlerFunc(pprof.Symbol)))
	e.GET("/debug/pprof/trace", echo.WrapHandler(http.HandlerFunc(pprof.Trace)))
	e.GET("/debug/pprof/*", echo.WrapHandler(http.HandlerFunc(pprof.Index)))
	return e
}

func (s *Server) showMetrics(c *call) error {
	promhttp.HandlerFor(s.Registry, promhttp.HandlerOpts{DisableCompression: true}).ServeHTTP(c.Response(), c.Request())
	return nil
}
