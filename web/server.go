package web

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/go-playground/validator/v10"
	"github.com/labstack/echo/v4"
	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/trace"

	"github.com/paymux/paymux/core"
)

// Options is what the server is made of. All fields without "may" in their comment are needed.
type Options struct {
	Cashier  Cashier
	Channels core.Channels
	Keys     Keys
	// Operators are the keys that the admin listener knows and the public one does not; may be nil:
	// then there are none.
	Operators Keys
	// Containers recognises the app that a page is shown in.
	Containers core.Containers
	Clock      core.Clock
	// Random feeds request ids and the nonces of content security policies: crypto/rand.Reader.
	Random io.Reader
	Logger *slog.Logger
	// Registry holds the metrics; the server adds its own and shows them all.
	Registry *prometheus.Registry
	// BaseURL is how buyers and gateways reach the server, without a trailing slash. Addresses are
	// never built from a Host header (F07).
	BaseURL string
	// TrustedProxies (CIDR) are believed when they name a client in X-Forwarded-For; may be empty:
	// then the peer is the client (W13).
	TrustedProxies []string
	// GatewayOrigins are origins beside the action's own that a hand-off form may lead to; may be
	// empty. Browsers hold redirects against form-action too, and a gateway may redirect to its
	// cashier's host: the server then names "https://*.gateway.example".
	GatewayOrigins []string
	// Ready tells whether the server can do its work; nil means always. What it says is logged,
	// never shown.
	Ready func(context.Context) error
	// Troubles tells what the gateway turns an account away for at present, the oldest first; may
	// be nil: then nothing is known.
	Troubles func(account string) []core.AccountTrouble
	// MetricsOnMain serves /metrics beside the API, for servers without an admin listener.
	MetricsOnMain bool
	// Mounts may add handlers of others, such as the demo shop, under prefixes of their own.
	Mounts []Mount
	// Limits bound what is held and done at once; the zero value is the defaults.
	Limits Limits
	// Tracing makes a span of each request, with what the request does at the gateway below it; may
	// be nil: then none is made.
	Tracing trace.TracerProvider
}

// Mount is a handler under a path prefix. It is public: whoever mounts it answers for what it
// shows.
type Mount struct {
	Prefix  string // begins with "/"; "/" takes what no route takes
	Handler http.Handler
}

// Server answers HTTP. Make one with New.
type Server struct {
	Options
	echo     *echo.Echo
	routes   []route
	kinds    map[core.Code]kind
	validate *validator.Validate
	pages    *pages
	files    staticFiles
	manual   reference
	speech   speech
	opens    *opens // signatures asked for
	often    *often // lines that are sampled
	nonces   nonceSource

	admission *admission
	forwarded *forwarded
	loads     *loads
}

// New builds a server; it fails on options that cannot work, and starts nothing.
func New(o Options) (*Server, error) {
	if o.Cashier == nil || o.Keys == nil || o.Containers == nil || o.Clock == nil || o.Random == nil || o.Logger == nil || o.Registry == nil {
		return nil, errors.New("web: Cashier, Keys, Containers, Clock, Random, Logger and Registry are needed")
	}
	base, err := url.Parse(o.BaseURL)
	if err != nil || base.Host == "" || base.Path != "" {
		return nil, fmt.Errorf("web: base address %q is not absolute, or has a path", o.BaseURL)
	}
	s := &Server{
		Options: o, echo: echo.New(), kinds: kinds(), validate: newValidator(), nonces: nonceSource{o.Random},
		opens: newOpens(), often: &often{kinds: map[string]*oftenCount{}}, files: loadStatic(), speech: newSpeech(), admission: newAdmission(o.Limits.filled()),
	}
	if s.pages, err = loadPages(s.files); err != nil {
		return nil, err
	}
	if s.manual, err = manual(); err != nil {
		return nil, err
	}
	for _, origin := range o.GatewayOrigins {
		if strings.ContainsAny(origin, " ;,'\"\t\r\n") || !strings.Contains(origin, "://") {
			return nil, fmt.Errorf("web: gateway origin %q is not an origin such as https://*.gateway.example", origin)
		}
	}
	if err := s.configureEcho(); err != nil {
		return nil, err
	}
	s.routes = s.table()
	s.mount()
	return s, nil
}

func (s *Server) configureEcho() error {
	s.echo.HideBanner, s.echo.HidePort = true, true
	s.echo.HTTPErrorHandler = s.fail
	var err error
	if s.forwarded, err = newForwarded(s.TrustedProxies); err != nil {
		return err
	}
	s.echo.IPExtractor = s.forwarded.client
	metrics, err := s.metrics()
	if err != nil {
		return fmt.Errorf("web: metrics: %w", err)
	}
	if err := s.registerLoads(); err != nil {
		return fmt.Errorf("web: metrics: %w", err)
	}
	s.echo.Use(metrics, s.identify)
	if s.Tracing != nil { // around observe, which answers failures and names the trace in the log
		s.echo.Use(s.traced)
	}
	s.echo.Use(s.observe, s.harden, s.reserve, s.refuseLoops)
	return nil
}

// mount puts the table, and then the handlers of others, into the router.
func (s *Server) mount() {
	for _, r := range s.routes {
		s.echo.Add(r.method, r.path, s.serve(r))
		if r.method == http.MethodGet { // net/http leaves the body out; monitors ask like this
			s.echo.Add(http.MethodHead, r.path, s.serve(r))
		}
	}
	for _, m := range s.Mounts {
		handler := echo.WrapHandler(m.Handler)
		prefix := strings.TrimSuffix(m.Prefix, "/")
		if prefix != "" {
			s.echo.Any(prefix, handler)
		}
		s.echo.Any(prefix+"/*", handler)
	}
}

// Handler returns the handler of the public listener.
func (s *Server) Handler() http.Handler { return s.echo }

// Limits of a listener. A fresh connection has headerTimeout to send its first byte and the whole
// head; one that has answered may stay longer, because what is idle gives way where it is in the
// way (Connections). Writing may take as long as the slowest use case: a gateway call with its
// inquiry.
const (
	headerTimeout = 5 * time.Second
	readTimeout   = 15 * time.Second
	useTimeout    = 30 * time.Second
	writeTimeout  = 45 * time.Second
	idleTimeout   = 75 * time.Second
	maxHeader     = 16 << 10
	maxBody       = 64 << 10
)

// HTTPServer returns a server with the limits that every listener of paymux has (W21). The caller
// listens, serves and shuts down.
func HTTPServer(addr string, handler http.Handler, logger *slog.Logger) *http.Server {
	return &http.Server{
		Addr: addr, Handler: handler, ReadHeaderTimeout: headerTimeout, ReadTimeout: readTimeout, WriteTimeout: writeTimeout,
		IdleTimeout: idleTimeout, MaxHeaderBytes: maxHeader, ErrorLog: slog.NewLogLogger(logger.Handler(), slog.LevelWarn),
	}
}
