package command

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/paymux/paymux/adapters/alipay"
)

const probeTimeout = 10 * time.Second

// oddMedia is a Content-Type that Alipay is known to send with some notifications. What stands in
// front of the server must let it through.
const oddMedia = formMedia + "; text/html; charset=utf-8"

// probeOf knocks at the account's notification address the way the gateway would: one POST,
// redirects not followed, the certificate checked against the system's roots (F06). The message is
// unsigned, so a paymux that is there answers "fail". If that is well, it knocks once more under
// the odd Content-Type. What a probe from here cannot show is whether the gateway's network gets
// through.
func (d *doctor) probeOf(ctx context.Context, p patient) {
	transport, err := alipay.NewTransport(alipay.TransportConfig{})
	if err != nil {
		d.report.find(refused(err))
		return
	}
	defer transport.CloseIdleConnections()
	client := &http.Client{
		Transport: transport, Timeout: probeTimeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	plain, ok := d.knock(ctx, client, p, formMedia)
	if !ok {
		return
	}
	if !plain.isRefusal() {
		d.knocked(p, plain)
		return
	}
	odd, ok := d.knock(ctx, client, p, oddMedia)
	switch {
	case !ok:
	case odd.isRefusal() || odd.status == http.StatusTooManyRequests:
		d.report.fine("通知地址可达，未签名的消息被拒收", "the notification address is there, and refuses an unsigned message")
	case odd.status == http.StatusOK && odd.text == alipay.NotifySuccess:
		d.knocked(p, odd)
	default:
		d.report.find(finding{code: "notify_media", proven: true,
			detail: fmt.Sprintf("a plain form is taken, and with Content-Type %q it answers HTTP %d%s", oddMedia, odd.status, pageOf(odd.text))})
	}
}

// reaction is what an address answers to a knock.
type reaction struct {
	status int
	text   string
}

// isRefusal is what paymux answers to an unsigned message.
func (r reaction) isRefusal() bool {
	return r.status == http.StatusOK && r.text == alipay.NotifyFailure
}

func (d *doctor) knock(ctx context.Context, client *http.Client, p patient, media string) (reaction, bool) {
	body := "notify_type=paymux_doctor&app_id=" + p.at().AppID
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, p.notifyURL, strings.NewReader(body))
	if err != nil {
		d.report.find(finding{code: "notify_address", proven: true, detail: err.Error()})
		return reaction{}, false
	}
	request.Header.Set("Content-Type", media)
	response, err := client.Do(request)
	if err != nil {
		f := noAnswer(p.notifyURL, err)
		if f.code == "no_answer" {
			f.code = "notify_unreachable"
		}
		d.report.find(f)
		return reaction{}, false
	}
	defer func() { _ = response.Body.Close() }()
	text, _ := io.ReadAll(io.LimitReader(response.Body, 64)) // what could be read is enough
	return reaction{response.StatusCode, strings.TrimSpace(string(text))}, true
}

// knocked judges the answer to a probe that is no refusal.
func (d *doctor) knocked(p patient, r reaction) {
	seen := fmt.Sprintf("%s answers HTTP %d%s", p.notifyURL, r.status, pageOf(r.text))
	switch {
	case r.status == http.StatusTooManyRequests:
		d.report.note("通知地址限流，请稍后再试", "the notification address limits this host; try later")
	case r.status == http.StatusUnsupportedMediaType:
		d.report.find(finding{code: "notify_media", proven: true, detail: seen + " to a plain form"})
	case r.status == http.StatusOK && r.text == alipay.NotifySuccess:
		d.report.find(finding{code: "notify_gullible", proven: true, detail: seen + ` with "success"`})
	case r.status >= http.StatusMultipleChoices && r.status < http.StatusBadRequest:
		d.report.find(finding{code: "notify_redirect", proven: true, detail: seen})
	default:
		d.report.find(finding{code: "notify_elsewhere", proven: true, detail: seen})
	}
}
