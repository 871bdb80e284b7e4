package command

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/paymux/paymux/adapters/alipay"
)

// captured is a message as it was recorded: the body alone, or the whole HTTP message.
type captured struct {
	body   string
	query  string      // behind "?" of a request
	header http.Header // empty when the body alone was given
	status int         // of an answer
}

// capture reads the capture that was given. A text that is no HTTP message is the body.
func (d *doctor) capture() captured {
	if d.notificationText != "" {
		c := readRequest(d.notificationText)
		if d.query != "" {
			c.query = strings.TrimPrefix(d.query, "?")
		}
		return c
	}
	return readResponse(d.respText)
}

func readRequest(text string) captured {
	request, err := http.ReadRequest(bufio.NewReader(strings.NewReader(text)))
	if err != nil {
		return captured{body: strings.TrimRight(text, "\r\n"), header: http.Header{}}
	}
	// Content-Length may be missing, or count line ends that an editor has changed: what stands behind the head is the body.
	return captured{body: behindHead(text), query: request.URL.RawQuery, header: request.Header}
}

func readResponse(text string) captured {
	// curl writes "HTTP/2 200", which is no version to Go.
	if rest, found := strings.CutPrefix(text, "HTTP/2 "); found {
		text = "HTTP/2.0 " + rest
	}
	response, err := http.ReadResponse(bufio.NewReader(strings.NewReader(text)), nil)
	if err != nil {
		return captured{body: strings.TrimRight(text, "\r\n"), header: http.Header{}, status: http.StatusOK}
	}
	_ = response.Body.Close()
	return captured{body: behindHead(text), header: response.Header, status: response.StatusCode}
}

// behindHead is what stands behind the first empty line, with the line ends it has: they may be signed.
func behindHead(text string) string {
	at, width := strings.Index(text, "\n\n"), len("\n\n")
	if crlf := strings.Index(text, "\r\n\r\n"); crlf >= 0 && (at < 0 || crlf < at) {
		at, width = crlf, len("\r\n\r\n")
	}
	if at < 0 {
		return ""
	}
	return strings.TrimRight(text[at+width:], "\r\n")
}

// field reads one field of a form, leniently: it serves to find the account.
func (c captured) field(name string) string {
	values, _ := url.ParseQuery(c.body) // what could be read is enough
	return values.Get(name)
}

const formMedia = "application/x-www-form-urlencoded"

// notificationOf holds a notification against an account. First the adapter judges it as the server would; only what it refuses is diagnosed.
func (d *doctor) notificationOf(p patient, app *alipay.App) {
	message := d.capture()
	d.clockOf(message)
	x := exchange{capture: alipay.Capture{Notification: message.body, Query: message.query}}
	version, err := judge(app, message)
	if err != nil {
		d.otherAccount(p, message.field("app_id"))
		x.result.Err = err
		d.diagnose(p, x)
		return
	}
	d.report.fine("通知验签通过，密钥 "+version, "the notification verifies with key "+version)
	if message.query != "" {
		d.report.find(finding{code: string(alipay.ErrQueryNotAllowed), proven: true, detail: "the address it came to has a query"})
	}
}

// clockOf holds an answer's Date header against the time it came by our clock.
func (d *doctor) clockOf(message captured) {
	date, err := http.ParseTime(message.header.Get("Date"))
	if err == nil && !d.receivedAt.IsZero() {
		d.skewOf(date.Sub(d.receivedAt))
	}
}

func (d *doctor) skewOf(skew time.Duration) {
	if gradeOfSkew(skew) > 0 {
		d.report.find(finding{code: alertClockSkew, proven: true, detail: fmt.Sprintf("the gateway's clock is %s ahead of ours", skew.Round(time.Second))})
		return
	}
	d.report.fine("时钟一致", "the clocks agree")
}

// judge verifies a notification exactly as the server does.
func judge(app *alipay.App, message captured) (keyVersion string, err error) {
	unverified, err := alipay.ParseNotification([]byte(message.body), formMedia)
	if err != nil {
		return "", err
	}
	if message.field("msg_method") != "" {
		verified, err := app.VerifyGatewayMessage(unverified)
		if err != nil {
			return "", err
		}
		return verified.KeyVersion, nil
	}
	verified, err := app.VerifyNotification(unverified)
	if err != nil {
		return "", err
	}
	return verified.KeyVersion, nil
}

// otherAccount names the account here that a stray message belongs to.
func (d *doctor) otherAccount(p patient, appID string) {
	if appID == p.account.AppID {
		return
	}
	for _, m := range d.config.Merchants {
		for _, a := range m.Accounts {
			if a.AppID == appID {
				url := accountOf(d.config, m, a).NotifyURL
				d.report.note("该应用在这里是账户 "+a.ID+"，通知地址 "+url, "that app is account "+a.ID+" here; its notifications go to "+url)
			}
		}
	}
}

// responseOf holds an answer against an account, by letting the adapter receive it again.
func (d *doctor) responseOf(ctx context.Context, p patient) {
	message := d.capture()
	d.clockOf(message)
	x := exchange{v3: isV3(p), capture: alipay.Capture{Response: message.body, Method: d.method, Sent: strings.TrimSpace(d.sentText)}}
	again := p.gateway
	again.transport = playback(message)
	player, err := again.app(p.account, d.on)
	if err != nil {
		d.report.find(refused(err))
		return
	}
	x.result = player.Do(ctx, alipay.Call{Method: d.method, Biz: map[string]string{}}, nil)
	d.answered(p, x)
}

// playback is a network that always gives the captured answer.
type playback captured

// RoundTrip implements http.RoundTripper.
func (p playback) RoundTrip(request *http.Request) (*http.Response, error) {
	header := p.header.Clone()
	header.Del("Date") // the answer is old: its clock is judged by --received alone
	return &http.Response{
		StatusCode: p.status, Header: header, Body: io.NopCloser(bytes.NewReader([]byte(p.body))), Request: request, ProtoMajor: 1, ProtoMinor: 1,
	}, nil
}

// exchange is a message and what the adapter made of it.
type exchange struct {
	capture alipay.Capture
	result  alipay.Result
	live    bool // it came over TLS just now, so that whoever answered is the gateway
	v3      bool
}

func isV3(p patient) bool { return p.account.Protocol == string(alipay.ProtocolV3) }

// code is the gateway's own word for a refusal, without its family.
func (x exchange) code() string { return strings.TrimPrefix(x.result.SubCode, "isv.") }

// unsignedV3 is an error of OpenAPI v3 as that sends them: without a signature, and by TLS alone the gateway's.
func (x exchange) unsignedV3() bool {
	return x.live && x.v3 && x.result.SubCode != "" && errors.Is(x.result.Err, alipay.ErrSignatureMissing)
}

// verified tells whether the message is proven to be the gateway's.
func (x exchange) verified() bool { return x.result.KeyVersion != "" }

// answered explains one exchange: whether the answer is the gateway's, and what it says.
func (d *doctor) answered(p patient, x exchange) {
	switch {
	case x.verified():
		d.report.fine("应答验签通过，密钥 "+x.result.KeyVersion, "the answer verifies with key "+x.result.KeyVersion)
	case x.result.Err == nil || x.result.Class == alipay.Throttled:
	case known(x.code()) && errors.Is(x.result.Err, alipay.ErrSignatureMissing): // the gateway cannot sign for an app that it does not know
	case x.unsignedV3():
		d.report.note("v3 的错误应答不带签名，不作为凭据；查询会改问经典网关（trust_unsigned_v3_errors）",
			"v3 leaves its errors unsigned; they prove nothing, and queries turn to the classic gateway (trust_unsigned_v3_errors)")
	case x.v3:
		d.report.find(refused(x.result.Err))
	case x.result.HTTPStatus != http.StatusOK:
		d.report.find(finding{code: string(alipay.ErrUnexpectedStatus), proven: true, detail: fmt.Sprintf("HTTP %d", x.result.HTTPStatus)})
	default:
		d.diagnose(p, x)
	}
	d.says(p, x)
}

// diagnose tries every key version on a message that the adapter refused.
func (d *doctor) diagnose(p patient, x exchange) {
	var best []alipay.Finding
	for i, key := range p.keys {
		findings := alipay.Diagnose(x.capture, d.material(p, key))
		if i == 0 || proves(findings) {
			best = findings
		}
		if proves(findings) {
			break
		}
	}
	for _, f := range best {
		switch {
		case f.Cause == alipay.CauseNone && x.result.Err != nil:
			d.report.find(despite(x.result.Err))
		case f.Cause == alipay.CauseNone:
		case f.Cause == alipay.CauseUnknown && x.live && errors.Is(x.result.Err, alipay.ErrSignatureMismatch):
			d.report.find(finding{code: "alipay_key_differs", detail: "the answer came from the gateway's own host, and no configured key verifies it"})
		default:
			d.report.find(of(f))
		}
	}
}

// proves tells whether a key version explains the capture.
func proves(findings []alipay.Finding) bool {
	for _, f := range findings {
		if f.Proven {
			return true
		}
	}
	return false
}

// despite is a message that has a good signature and is refused all the same: by a switch, by its key's end, or by its form.
func despite(refusal error) finding {
	f := refused(refusal)
	if f.code == string(alipay.ErrSignatureMismatch) {
		f.code = "notify_switch"
		f.detail = "the signature is good under the standard rule, which this account's drop_… switches or a key's not_after change"
	}
	return f
}
