package outbox

import (
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/http"
	"time"
)

// Limits of one try (H05).
const (
	tryTimeout     = 10 * time.Second
	maxAnswer      = 4 << 10
	maxHeader      = 16 << 10
	idleTimeout    = 30 * time.Second
	idleEndpoints  = 256
	maxConnections = 16 // to one host
)

// ClientOption changes what tests and closed networks need different.
type ClientOption func(*net.Dialer, *tls.Config)

// WithResolver asks another resolver than the system's.
func WithResolver(r *net.Resolver) ClientOption {
	return func(d *net.Dialer, _ *tls.Config) { d.Resolver = r }
}

// WithRoots trusts these certificate authorities instead of the system's.
func WithRoots(roots *x509.CertPool) ClientOption {
	return func(_ *net.Dialer, t *tls.Config) { t.RootCAs = roots }
}

// NewClient returns the one HTTP client that webhooks are sent with. It dials only what the policy
// permits, follows no redirect (H03), obeys no proxy variable, asks for no compression, keeps no
// cookie, and ends every try after ten seconds.
func NewClient(p Policy, options ...ClientOption) *http.Client {
	dialer := &net.Dialer{Timeout: tryTimeout / 2, KeepAlive: -1, ControlContext: p.control}
	secure := &tls.Config{MinVersion: tls.VersionTLS12}
	for _, o := range options {
		o(dialer, secure)
	}
	return &http.Client{
		Timeout:       tryTimeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			Proxy: nil, DialContext: dialer.DialContext, TLSClientConfig: secure, TLSHandshakeTimeout: tryTimeout / 2,
			DisableCompression: true, MaxResponseHeaderBytes: maxHeader, MaxConnsPerHost: maxConnections, MaxIdleConns: idleEndpoints,
			MaxIdleConnsPerHost: 2, IdleConnTimeout: idleTimeout, ForceAttemptHTTP2: true,
		},
	}
}
