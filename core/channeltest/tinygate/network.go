package tinygate

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"syscall"

	"github.com/paymux/paymux/core/channeltest"
)

// Calls counts the requests so far.
func (g *Gate) Calls() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.calls
}

// NextFault spoils the next request.
func (g *Gate) NextFault(fault string) error {
	if !slices.Contains(channeltest.Faults(), fault) {
		return fmt.Errorf("no fault is called %q", fault)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.fault = fault
	return nil
}

// RoundTrip is the network to the gateway, and what the fault makes of it.
func (g *Gate) RoundTrip(request *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(request.Body)
	if err != nil {
		return nil, err
	}
	_ = request.Body.Close()
	g.mu.Lock()
	defer g.mu.Unlock()
	fault := g.fault
	g.fault = ""
	g.calls++
	var asked back
	_ = json.Unmarshal(body, &asked) // whoever asks for nothing is answered about nothing
	switch fault {
	case channeltest.FaultRefused:
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
	case channeltest.FaultUntrusted:
		return nil, &tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{}}
	case channeltest.FaultUnavailable:
		return g.answer(said{Code: "BUSY", OutTradeNo: asked.OutTradeNo}), nil
	case channeltest.FaultUnlisted:
		return g.answer(said{Code: "NEVER_HEARD_OF", OutTradeNo: asked.OutTradeNo}), nil
	case channeltest.FaultThrottled:
		return g.answer(said{Code: "TOO_MANY", OutTradeNo: asked.OutTradeNo}), nil
	case channeltest.FaultDenied:
		denied := g.answer(said{Code: "NOT_PAID", OutTradeNo: asked.OutTradeNo})
		denied.Header = http.Header{}
		return denied, nil
	}
	return g.spoil(fault, g.serve(request, body))
}

// answer signs what the gateway says.
func (g *Gate) answer(s said) *http.Response {
	body := render(s)
	return respond(http.StatusOK, g.signer().header("", g.now, body), body)
}

func respond(status int, header http.Header, body []byte) *http.Response {
	return &http.Response{StatusCode: status, Header: header, Body: io.NopCloser(bytes.NewReader(body))}
}

// spoil makes of a true answer what the fault wants to be heard.
func (g *Gate) spoil(fault string, s said) (*http.Response, error) {
	whole := g.answer(s)
	body, _ := io.ReadAll(whole.Body) // of memory: it cannot fail
	switch fault {
	case "":
		return g.answer(s), nil
	case channeltest.FaultLost:
		return nil, io.ErrUnexpectedEOF
	case channeltest.FaultTruncated:
		return respond(http.StatusOK, whole.Header, body[:len(body)/2]), nil
	case channeltest.FaultHTML:
		return respond(http.StatusBadGateway, http.Header{"Content-Type": {"text/html"}}, []byte("<h1>502 Bad Gateway</h1>")), nil
	case channeltest.FaultEmpty:
		return respond(http.StatusOK, http.Header{}, nil), nil
	case channeltest.FaultHuge:
		return respond(http.StatusOK, whole.Header, append(body, bytes.Repeat([]byte(" "), MaxBody)...)), nil
	case channeltest.FaultUnsigned:
		whole.Header.Del(headerSignature)
		return respond(http.StatusOK, whole.Header, body), nil
	case channeltest.FaultTampered:
		return respond(http.StatusOK, whole.Header, append(body, ' ')), nil
	case channeltest.FaultAnother:
		s.OutTradeNo += "X"
		return g.answer(s), nil
	default:
		return nil, fmt.Errorf("the network knows no fault %q", fault)
	}
}
