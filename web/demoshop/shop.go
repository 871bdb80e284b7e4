package demoshop

import (
	"context"
	"embed"
	"errors"
	"io/fs"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/paymux/paymux/core"
)

// Options is what the shop is made of; every field is needed.
type Options struct {
	// Name of the shop, as the merchant is called.
	Name string
	// API is the API's own address, and also where buyers reach the shop, without a trailing slash.
	API string
	// Key is the API key of the shop.
	Key string
	// HTTP carries calls to the API.
	HTTP *http.Client
	Host Host
	// OrderNo returns a new order number of the shop's own.
	OrderNo func() string
	Now     func() time.Time
	Logger  *slog.Logger
}

// Host stands for the phone and the host app around the shop, and for the gateway's whims.
type Host interface {
	// AuthCode is my.getAuthCode: a code that names the buyer once.
	AuthCode(context.Context) (string, error)
	// CashierURL is my.tradePay: where the buyer pays the trade or the order string that the action
	// holds; afterwards the cashier leads back to the address.
	CashierURL(action core.Action, back string) string
	// ClockAhead is how far the gateway's clock is ahead of real time.
	ClockAhead() time.Duration
	// Faults lists the mishaps that can be ordered.
	Faults() []Fault
	// Provoke orders a mishap for the next time it can happen.
	Provoke(ctx context.Context, faultID string) error
}

// Fault is a mishap to try out.
type Fault struct{ ID, Name, English, Hint string }

// NoticeableLead is from when on a person is told that the gateway's clock is ahead.
const NoticeableLead = time.Minute

// Prefix is the path under which the shop is mounted.
const Prefix = "/shop"

//go:embed templates static
var files embed.FS

// Shop serves the demo shop's pages under Prefix.
type Shop struct {
	Options
	api    api
	pages  *pages
	static fs.FS
	mux    *http.ServeMux
}

// New makes a shop; it fails on templates that do not parse, and calls nobody.
func New(o Options) (*Shop, error) {
	if o.API == "" || o.Key == "" || o.HTTP == nil || o.Host == nil || o.OrderNo == nil || o.Now == nil || o.Logger == nil {
		return nil, errors.New("demoshop: every option is needed")
	}
	s := &Shop{Options: o, api: api{base: o.API, key: o.Key, http: o.HTTP}, mux: http.NewServeMux()}
	var err error
	if s.pages, err = loadPages(files); err != nil {
		return nil, err
	}
	if s.static, err = fs.Sub(files, "static"); err != nil {
		return nil, err
	}
	s.routes()
	return s, nil
}

func (s *Shop) routes() {
	static := http.StripPrefix(Prefix+"/static/", http.FileServerFS(s.static))
	// a file, never the folder: nothing is listed (W19)
	s.mux.Handle("GET "+Prefix+"/static/{file}", cached(static))
	s.mux.HandleFunc("GET "+Prefix, s.lobby)
	s.mux.HandleFunc("GET "+Prefix+"/{$}", s.lobby)
	s.mux.HandleFunc("GET "+Prefix+"/on/{platform}", s.storefront)
	s.mux.HandleFunc("POST "+Prefix+"/on/{platform}", s.buy)
	s.mux.HandleFunc("GET "+Prefix+"/orders/{id}", s.order)
	s.mux.HandleFunc("GET "+Prefix+"/orders/{id}/state", s.orderState)
	s.mux.HandleFunc("POST "+Prefix+"/orders/{id}/{act}", s.act)
	s.mux.HandleFunc("GET "+Prefix+"/in/{platform}/{token}", s.inApp)
	s.mux.HandleFunc("POST "+Prefix+"/faults/{id}", s.provoke)
	s.mux.HandleFunc(Prefix+"/", func(w http.ResponseWriter, _ *http.Request) { s.missing(w) })
}

// ServeHTTP implements http.Handler. Forms of other sites are refused: they would spend this shop's
// play money.
func (s *Shop) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	head := w.Header()
	head.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; "+
		"form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
	head.Set("X-Content-Type-Options", "nosniff")
	head.Set("Referrer-Policy", "no-referrer")
	head.Set("Cache-Control", "no-store")
	http.NewCrossOriginProtection().Handler(s.mux).ServeHTTP(w, r)
}

func cached(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "public, max-age=300")
		next.ServeHTTP(w, r)
	})
}

// Front answers "/" with the way to the shop, and any other path that nobody has with a problem
// document.
func Front() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/" && (r.Method == http.MethodGet || r.Method == http.MethodHead) {
			http.Redirect(w, r, Prefix+"/", http.StatusFound)
			return
		}
		w.Header().Set("Content-Type", "application/problem+json")
		w.WriteHeader(http.StatusNotFound)
		_, _ = strings.NewReader(`{"title":"There is nothing here","status":404,"code":"not_found"}`).WriteTo(w)
	})
}
