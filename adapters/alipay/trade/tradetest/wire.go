package tradetest

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"syscall"

	"github.com/paymux/paymux/adapters/alipay"
	"github.com/paymux/paymux/core/channeltest"
)

// Wire carries requests to the gateway and spoils the next one when told to.
type Wire struct {
	inner   http.RoundTripper
	gateway *rsa.PrivateKey // what the gateway signs with

	mu    sync.Mutex
	fault string
	node  string // what to answer instead of asking, once
	calls int
	asked url.Values // the last request, whole
}

func newWire(inner http.RoundTripper, gatewayKey string) (*Wire, error) {
	key, err := alipay.ParsePrivateKey(gatewayKey)
	return &Wire{inner: inner, gateway: key}, err
}

// next arms a fault for the next request.
func (w *Wire) next(fault string) error {
	if !slices.Contains(channeltest.Faults(), fault) {
		return fmt.Errorf("no fault is called %q", fault)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.fault = fault
	return nil
}

// Answer makes the gateway's answer to the next request the node, a JSON object, validly signed;
// nothing is executed.
func (w *Wire) Answer(node string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.node = node
}

// Calls counts the requests so far.
func (w *Wire) Calls() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.calls
}

// Asked returns the parameters of the last request, all of them but what no two requests share: the
// signature and the time.
func (w *Wire) Asked() map[string]string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return Said(w.asked)
}

// Said is what a signed form or order string asks for, as Asked gives it.
func Said(parameters url.Values) map[string]string {
	said := map[string]string{}
	for name, values := range parameters {
		if name != "sign" && name != "timestamp" {
			said[name] = strings.Join(values, " and ")
		}
	}
	return said
}

// note keeps what a request asks for, and leaves the request as it was.
func (w *Wire) note(request *http.Request) error {
	asked := request.URL.Query()
	if request.Body != nil {
		body, err := io.ReadAll(request.Body)
		if err != nil {
			return err
		}
		_ = request.Body.Close()
		request.Body = io.NopCloser(bytes.NewReader(body))
		form, err := url.ParseQuery(string(body))
		if err != nil {
			return err
		}
		for name, values := range form {
			asked[name] = append(asked[name], values...)
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.asked = asked
	return nil
}

func (w *Wire) take() (fault, node string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	fault, node = w.fault, w.node
	w.fault, w.node = "", ""
	w.calls++
	return fault, node
}

// RoundTrip performs one exchange, or what the armed fault makes of it.
func (w *Wire) RoundTrip(request *http.Request) (*http.Response, error) {
	fault, node := w.take()
	if err := w.note(request); err != nil {
		return nil, err
	}
	if node != "" {
		return w.instead(request, node, true)
	}
	switch fault {
	case "":
		return w.inner.RoundTrip(request)
	case channeltest.FaultRefused:
		return nil, unsent(request, &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED})
	case channeltest.FaultUntrusted:
		return nil, unsent(request, &tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{}})
	case channeltest.FaultUnavailable:
		return w.instead(request, refusal("20000", "isp.unknow-error"), true)
	case channeltest.FaultUnlisted:
		return w.instead(request, refusal("40004", "ACQ.NEVER_HEARD_OF"), true)
	case channeltest.FaultDenied:
		return w.instead(request, refusal("40004", "ACQ.INVALID_PARAMETER"), false)
	case channeltest.FaultThrottled:
		return w.instead(request, refusal("40005", "isv.app-call-limited"), true)
	}
	response, err := w.inner.RoundTrip(request)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(response.Body)
	_ = response.Body.Close()
	if err != nil {
		return nil, err
	}
	return w.spoil(fault, response, body)
}

// unsent ends a request of which no byte has left.
func unsent(request *http.Request, err error) error {
	if request.Body != nil {
		_ = request.Body.Close()
	}
	return err
}

func refusal(code, subCode string) string {
	return `{"code":"` + code + `","msg":"fault","sub_code":"` + subCode + `","sub_msg":"made up"}`
}

// instead answers without asking the gateway.
func (w *Wire) instead(request *http.Request, node string, signed bool) (*http.Response, error) {
	if request.Body != nil {
		_ = request.Body.Close()
	}
	name := strings.ReplaceAll(request.URL.Query().Get("method"), ".", "_") + "_response"
	body := `{"` + name + `":` + node + `}`
	if signed {
		sign, err := w.sign(node)
		if err != nil {
			return nil, err
		}
		body = `{"` + name + `":` + node + `,"sign":"` + sign + `"}`
	}
	return &http.Response{
		StatusCode: http.StatusOK, Header: http.Header{}, Request: request, Body: io.NopCloser(strings.NewReader(body)),
	}, nil
}

// spoil makes of a true answer what the fault wants to be heard.
func (w *Wire) spoil(fault string, response *http.Response, body []byte) (*http.Response, error) {
	head, node, err := cut(body)
	if err != nil {
		return nil, err
	}
	response.ContentLength = -1
	switch fault {
	case channeltest.FaultLost:
		return nil, io.ErrUnexpectedEOF
	case channeltest.FaultTruncated:
		body = body[:len(body)/2]
	case channeltest.FaultHTML:
		response.StatusCode, body = http.StatusBadGateway, []byte("<html><h1>502 Bad Gateway</h1></html>")
	case channeltest.FaultEmpty:
		body = nil
	case channeltest.FaultHuge:
		body = append(body, bytes.Repeat([]byte(" "), 2<<20)...)
	case channeltest.FaultUnsigned:
		body = []byte(head + node + "}")
	case channeltest.FaultTampered:
		// one byte more, and still the same JSON to whoever does not verify
		changed := strings.Replace(node, "{", "{ ", 1)
		body = bytes.Replace(body, []byte(node), []byte(changed), 1)
	case channeltest.FaultAnother:
		other := anotherNumber(node)
		sign, err := w.sign(other)
		if err != nil {
			return nil, err
		}
		body = []byte(head + other + `,"sign":"` + sign + `"}`)
	default:
		return nil, fmt.Errorf("the wire knows no fault %q", fault)
	}
	response.Body = io.NopCloser(bytes.NewReader(body))
	return response, nil
}

// cut splits an answer before and after the signed node.
func cut(body []byte) (head, node string, err error) {
	text := string(body)
	start, end := strings.Index(text, `":{`), strings.LastIndex(text, `,"sign":"`)
	if start < 0 || end < start {
		return "", "", fmt.Errorf("the gateway answered what is no envelope: %.80q", text)
	}
	return text[:start+2], text[start+2 : end], nil
}

// anotherNumber makes a node speak of the neighbour's trade.
func anotherNumber(node string) string {
	const name = `"out_trade_no":"`
	at := strings.Index(node, name)
	if at < 0 {
		return node
	}
	at += len(name)
	return node[:at] + "X" + node[at+1:]
}

func (w *Wire) sign(text string) (string, error) { return sign(w.gateway, text) }

func sign(key *rsa.PrivateKey, text string) (string, error) {
	digest := sha256.Sum256([]byte(text))
	signature, err := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, digest[:])
	return base64.StdEncoding.EncodeToString(signature), err
}
