package command

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/paymux/paymux/adapters/alipay"
	alipaysetup "github.com/paymux/paymux/adapters/alipay/setup"
	"github.com/paymux/paymux/web/app"
)

// captured is a message as it was recorded: the body alone, or the whole HTTP message.
type captured struct {
	body   string
	path   string      // of a request; empty when the body alone was given
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
	// Content-Length may be missing, or count line ends that an editor has changed: what stands
	// behind the head is the body.
	return captured{body: behindHead(text), path: request.URL.Path, query: request.URL.RawQuery, header: request.Header}
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

// behindHead is what stands behind the first empty line, with the line ends it has: they may be
// signed.
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

// field reads one field, leniently: it serves to find the account and the kind.
func (c captured) field(name string) string { return alipay.CapturedField(c.body, name) }

const formMedia = "application/x-www-form-urlencoded"

// notificationOf holds a notification against an account. First the adapter judges it as the server
// would; only what it refuses is diagnosed.
func (d *doctor) notificationOf(p patient, app *alipay.App) {
	message := d.capture()
	d.clockOf(message)
	x := exchange{capture: alipay.Capture{Notification: message.body, Query: message.query}}
	d.headersOf(message)
	d.addressed(p, message)
	version, err := judge(app, message)
	if err != nil {
		d.otherAccount(p, message.field("app_id"))
		x.result.Err = err
		// no key of ours speaks for these
		if code := alipay.RefusalCode(err); code == "old_interface" || code == "service_check" {
			d.report.find(refused(err))
			return
		}
		d.diagnose(p, x)
		return
	}
	d.report.fine("通知验签通过，密钥 "+version, "the notification verifies with key "+version)
	if message.query != "" {
		d.report.find(finding{code: string(alipay.ErrQueryNotAllowed), proven: true, detail: "the address it came to has a query"})
	}
}

// headersOf says that a Content-Type decides nothing, however odd, and names an encoding under
// which nothing could be read.
func (d *doctor) headersOf(message captured) {
	kinds := message.header.Values("Content-Type")
	if len(kinds) > 1 || len(kinds) == 1 && kinds[0] != formMedia {
		d.report.note("Content-Type 与常见的不同，但不影响：报文只凭签名判断", "an unusual Content-Type, which does no harm: the signature alone decides")
	}
	if coding := message.header.Get("Content-Encoding"); coding != "" && coding != "identity" {
		d.report.find(finding{code: "content_encoding", proven: true, detail: fmt.Sprintf("Content-Encoding is %.32q", coding)})
	}
}

// addressed tells of a message that came to the other one of an account's two addresses. The kind
// is the sender's word, and enough for that.
func (d *doctor) addressed(p patient, message captured) {
	if message.path == "" {
		return
	}
	toApp := strings.HasSuffix(strings.TrimRight(message.path, "/"), "/app")
	switch kind := message.field("notify_type"); {
	case toApp && kind == "trade_status_sync":
		d.report.find(finding{code: "payment_at_app_address", proven: true, detail: fmt.Sprintf("a payment's notification came to %.128q; the account's is %s", message.path, p.notifyURL)})
	case !toApp && message.field("msg_method") != "":
		d.report.find(finding{code: "message_at_payment_address", proven: true,
			detail: fmt.Sprintf("a message of the application gateway came to %.128q; those go to %s/app", message.path, p.notifyURL)})
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
	if skew.Abs() > app.MaxSkew {
		d.report.find(finding{code: app.AlertClockSkew, proven: true, detail: fmt.Sprintf("the gateway's clock is %s ahead of ours", skew.Round(time.Second))})
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
	if appID == p.at().AppID {
		return
	}
	for _, m := range d.config.Merchants {
		for _, a := range m.Accounts {
			if alipaysetup.Settings(a).AppID == appID {
				url := app.NotifyURL(d.config, a)
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
	again.Transport = playback(message)
	player, err := again.App(p.account, d.on)
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
