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

// probeOf knocks at the account's notification address the way the gateway would: one POST, redirects not followed, the certificate checked against
// the system's roots (F06). The message is unsigned, so a paymux that is there answers "fail". What a probe from here cannot show is whether the
// gateway's network gets through.
func (d *doctor) probeOf(ctx context.Context, p patient) {
	body := "notify_type=paymux_doctor&app_id=" + p.account.AppID
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, p.notifyURL, strings.NewReader(body))
	if err != nil {
		d.report.find(finding{code: "notify_address", proven: true, detail: err.Error()})
		return
	}
	request.Header.Set("Content-Type", formMedia)
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
	response, err := client.Do(request)
	if err != nil {
		f := noAnswer(p.notifyURL, err)
		if f.code == "no_answer" {
			f.code = "notify_unreachable"
		}
		d.report.find(f)
		return
	}
	defer func() { _ = response.Body.Close() }()
	text, _ := io.ReadAll(io.LimitReader(response.Body, 64)) // what could be read is enough
	d.knocked(p, response.StatusCode, strings.TrimSpace(string(text)))
}

// knocked judges the answer to a probe.
func (d *doctor) knocked(p patient, status int, text string) {
	seen := fmt.Sprintf("%s answers HTTP %d", p.notifyURL, status)
	switch {
	case status == http.StatusOK && text == alipay.NotifyFailure:
		d.report.fine("通知地址可达，未签名的消息被拒收", "the notification address is there, and refuses an unsigned message")
	case status == http.StatusTooManyRequests:
		d.report.note("通知地址限流，请稍后再试", "the notification address limits this host; try later")
	case status == http.StatusOK && text == alipay.NotifySuccess:
		d.report.find(finding{code: "notify_gullible", proven: true, detail: seen + ` with "success"`})
	case status >= http.StatusMultipleChoices && status < http.StatusBadRequest:
		d.report.find(finding{code: "notify_redirect", proven: true, detail: seen})
	default:
		d.report.find(finding{code: "notify_elsewhere", proven: true, detail: seen})
	}
}
