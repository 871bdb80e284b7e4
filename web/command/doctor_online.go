package command

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/paymux/paymux/adapters/alipay"
	"github.com/paymux/paymux/web/app"
)

// callOf makes the harmless call. OpenAPI v3 leaves its errors unsigned, and "does not exist" is
// one: there the classic gateway is asked first, which signs everything and has the same keys.
func (d *doctor) callOf(ctx context.Context, p patient) {
	if isV3(p) {
		classic, settings := p, *p.at()
		settings.Protocol, settings.TrustUnsignedV3Errors = string(alipay.ProtocolClassic), false
		classic.account.Settings = &settings
		d.callBy(ctx, classic)
	}
	d.callBy(ctx, p)
}

// callBy queries a trade that does not exist and explains what comes back. "Does not exist" is the
// answer of a line on which all is well: the gateway verified our signature, and we verified its.
func (d *doctor) callBy(ctx context.Context, p patient) {
	line := p.gateway
	tape := &recorder{next: line.Transport}
	line.Transport = tape
	ours, err := line.App(p.account, d.on)
	if err != nil {
		d.report.find(refused(err))
		return
	}
	// Not App.Query, which turns to the classic gateway by itself.
	absent := alipay.QueryRequest{OutTradeNo: "DOCTOR" + app.Letters(d.streams.Random)}
	result := ours.Do(ctx, alipay.Call{Method: alipay.MethodQuery, Biz: &absent}, nil)
	if result.HTTPStatus == 0 {
		d.report.find(noAnswer(p.gateway.URL, result.Err))
		return
	}
	if tape.dated {
		d.skewOf(result.Skew)
	}
	d.answered(p, exchange{alipay.Capture{Response: tape.body, Method: alipay.MethodQuery, Sent: tape.sent}, result, true, isV3(p)})
}

// says explains what an answer says, verified or not.
func (d *doctor) says(p patient, x exchange) {
	seen := finding{proven: x.verified(), detail: strings.TrimSpace(x.result.Code + " " + x.result.SubCode)}
	switch code := x.code(); {
	case x.absent() && !x.verified() && !x.live:
		d.report.note("应答称没有这笔交易，但没有签名，不作为凭据", "the answer says that there is no such trade, and carries no signature: it proves nothing")
		return
	case x.absent():
		d.report.fine("网关认可我们的签名，并答复没有这笔交易", "the gateway accepts our signature, and says that there is no such trade")
		return
	case x.result.Class == alipay.Done:
		d.report.fine("网关答复成功", "the gateway answers with a success")
		return
	case code == "invalid-signature":
		if x.unsignedV3() {
			seen.code = string(alipay.CauseRequestSignature)
			break
		}
		if x.verified() { // otherwise the diagnosis has spoken already
			d.diagnose(p, x)
		}
		return
	case known(code):
		seen.code = code
	case x.result.Code == "20000" || x.result.Class == alipay.Throttled:
		seen.code = "gateway_busy"
	case x.verified() && x.result.Err != nil:
		seen = refused(x.result.Err)
	case x.unsignedV3():
		seen.code = "gateway_refuses"
	case x.verified() && x.result.Code != "10000":
		seen.code, seen.detail = "gateway_refuses", seen.detail+" "+firstLine(x.result.SubMsg)
	default:
		return
	}
	d.report.find(seen)
}

// firstLine bounds a text of the gateway's for one line of the report.
func firstLine(text string) string {
	const most = 120
	line, _, _ := strings.Cut(text, "\n")
	if runes := []rune(line); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return line
}

// noAnswer says why nothing came back.
func noAnswer(gateway string, err error) finding {
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		err = wrapped.Err // the address stands in front already
	}
	f := finding{code: "no_answer", proven: true, detail: fmt.Sprintf("%s: %v", gateway, err)}
	_, certificate := errors.AsType[*tls.CertificateVerificationError](err)
	_, lookup := errors.AsType[*net.DNSError](err)
	switch {
	case certificate:
		f.code = "tls_refused"
	case lookup:
		f.code = "host_unknown"
	}
	return f
}

// recorder keeps what one exchange sent and got.
type recorder struct {
	next  http.RoundTripper
	sent  string // the string to sign of a classic request, as the gateway will see it
	body  string
	dated bool
	named string // the certificate that the answer says it is signed by
}

// RoundTrip implements http.RoundTripper.
func (r *recorder) RoundTrip(request *http.Request) (*http.Response, error) {
	if request.Body != nil {
		body, err := io.ReadAll(io.LimitReader(request.Body, maxCapture))
		_ = request.Body.Close()
		if err != nil {
			return nil, err
		}
		r.sent = signedText(request.URL.RawQuery, string(body))
		request = request.Clone(request.Context())
		request.Body = io.NopCloser(bytes.NewReader(body))
	}
	response, err := r.next.RoundTrip(request)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, maxCapture))
	_ = response.Body.Close()
	if err != nil {
		return nil, err
	}
	r.body, r.dated = string(body), response.Header.Get("Date") != ""
	if r.named = response.Header.Get("Alipay-Sn"); r.named == "" {
		var envelope struct {
			Serial string `json:"alipay_cert_sn"`
		}
		_ = json.Unmarshal(body, &envelope) // what is no JSON names none
		r.named = envelope.Serial
	}
	response.Body = io.NopCloser(bytes.NewReader(body))
	return response, nil
}

// signedText is what a classic request signs: its parameters but sign, without empty ones, in order
// of name.
func signedText(query, body string) string {
	var pairs []string
	for _, part := range []string{query, body} {
		values, _ := url.ParseQuery(part) // our own writing
		for name, value := range values {
			if name != "sign" && value[0] != "" {
				pairs = append(pairs, name+"="+value[0])
			}
		}
	}
	slices.Sort(pairs)
	return strings.Join(pairs, "&")
}
