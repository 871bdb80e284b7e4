package alipay

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"sync/atomic"
	"time"
)

// TransportConfig is what an operator may change about connections.
type TransportConfig struct {
	ClientCertificate string // PEM of certificate and key for mutual TLS; empty means none
	RootCAs           string // PEM bundle instead of the system's roots; empty means the system's
	Proxy             string // address of a proxy; empty means none, whatever the environment says
	MaxConnections    int    // per host; 0 means 64
}

// NewTransport makes the connection pool for one gateway. It verifies TLS
// always, takes no proxy from the environment, and asks for no compression, so
// that an answer's size is what arrives.
func NewTransport(config TransportConfig) (*http.Transport, error) {
	security := &tls.Config{MinVersion: tls.VersionTLS12}
	if config.ClientCertificate != "" {
		text, err := pemAnew(config.ClientCertificate, "client certificate")
		if err != nil {
			return nil, err
		}
		pair, err := tls.X509KeyPair(text, text)
		if err != nil {
			return nil, fmt.Errorf("%w: client certificate: %w", ErrConfig, err)
		}
		security.Certificates = []tls.Certificate{pair}
	}
	if config.RootCAs != "" {
		text, err := pemAnew(config.RootCAs, "root bundle")
		if err != nil {
			return nil, err
		}
		security.RootCAs = x509.NewCertPool()
		if !security.RootCAs.AppendCertsFromPEM(text) {
			return nil, fmt.Errorf("%w: no certificate in the root bundle", ErrConfig)
		}
	}
	connections := config.MaxConnections
	if connections == 0 {
		connections = 64
	}
	dialer := &net.Dialer{Timeout: 5 * time.Second, KeepAlive: 30 * time.Second}
	transport := &http.Transport{
		DialContext:            dialer.DialContext,
		TLSClientConfig:        security,
		TLSHandshakeTimeout:    5 * time.Second,
		MaxConnsPerHost:        connections,
		MaxIdleConnsPerHost:    connections,
		IdleConnTimeout:        60 * time.Second,
		MaxResponseHeaderBytes: 64 << 10,
		DisableCompression:     true,
		ForceAttemptHTTP2:      true,
	}
	if config.Proxy != "" {
		proxy, err := url.Parse(config.Proxy)
		if err != nil {
			return nil, fmt.Errorf("%w: proxy: %w", ErrConfig, err)
		}
		transport.Proxy = http.ProxyURL(proxy)
	}
	return transport, nil
}

// pemAnew writes pasted certificates and keys as the standard library wants them.
func pemAnew(text, what string) ([]byte, error) {
	values, err := paste{what, ErrConfig, ErrConfig, maxBundle}.unwrap(text)
	if err != nil {
		return nil, err
	}
	var out []byte
	for _, value := range values {
		label := "PRIVATE KEY"
		if kindOf(value.der) == derCertificate {
			label = "CERTIFICATE"
		}
		out = append(out, pem.EncodeToMemory(&pem.Block{Type: label, Bytes: value.der})...)
	}
	return out, nil
}

// reply is an HTTP answer, read whole within limits.
type reply struct {
	status int
	header http.Header
	body   []byte
	date   time.Time // zero when the answer had none
}

// send performs one HTTP exchange, never two: Go repeats a POST by itself only
// when not one byte of it was written. sent is false when it is certain that
// nothing reached the gateway.
func (a *App) send(ctx context.Context, request *http.Request) (r reply, sent bool, err error) {
	var asked, connected atomic.Bool
	trace := &httptrace.ClientTrace{
		GetConn: func(string) { asked.Store(true) },
		GotConn: func(httptrace.GotConnInfo) { connected.Store(true) },
	}
	response, err := a.http.Do(request.WithContext(httptrace.WithClientTrace(ctx, trace)))
	if err != nil {
		// Certain only if the pool was asked for a connection and gave none, or
		// if the error itself is one of connecting.
		neverConnected := !connected.Load() && (asked.Load() || isConnectError(err))
		return reply{}, !neverConnected, withoutURL(err)
	}
	defer func() { _ = response.Body.Close() }()
	r = reply{status: response.StatusCode, header: response.Header}
	if date, err := http.ParseTime(response.Header.Get("Date")); err == nil {
		r.date = date
	}
	r.body, err = io.ReadAll(io.LimitReader(response.Body, maxResponse+1))
	if err == nil && len(r.body) > maxResponse {
		err = fmt.Errorf("%w: over %d bytes", ErrBodyTooLarge, maxResponse)
	}
	return r, true, err
}

func isConnectError(err error) bool {
	if operation, ok := errors.AsType[*net.OpError](err); ok && operation.Op == "dial" {
		return true
	}
	_, lookup := errors.AsType[*net.DNSError](err)
	_, certificate := errors.AsType[*tls.CertificateVerificationError](err)
	return lookup || certificate
}

// withoutURL drops the request's address from an error: it holds the signature
// and may hold the buyer's numbers.
func withoutURL(err error) error {
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		return wrapped.Err
	}
	return err
}
