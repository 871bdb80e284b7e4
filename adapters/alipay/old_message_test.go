package alipay

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
)

// C42: what Alipay's older interfaces send is refused by what it is, not as a broken message of
// today.
func TestC42_oldMessages(t *testing.T) {
	app := newTestApp(t, nil)
	var logged bytes.Buffer
	timeless := func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey { // between ten and twenty o'clock its text holds T1
			return slog.Attr{}
		}
		return a
	}
	app.config.Logger = slog.New(slog.NewTextHandler(&logged, &slog.HandlerOptions{ReplaceAttr: timeless}))
	for name, c := range map[string]struct {
		body string
		want Refusal
	}{
		"direct payment, MD5": {"notify_type=trade_status_sync&out_trade_no=T1&total_fee=12.80&trade_status=TRADE_SUCCESS&seller_id=2088000000000001&sign_type=MD5&sign=761078e7758dbac83ed92df7d45c2166", ErrOldInterface},
		"direct payment, RSA": {"notify_type=trade_status_sync&out_trade_no=T1&total_fee=12.80&trade_status=TRADE_FINISHED&sign_type=RSA&sign=AAAA", ErrOldInterface},
		"mobile web, XML":     {"sec_id=MD5&v=1.0&notify_data=%3Cnotify%3E%3C%2Fnotify%3E&service=alipay.wap.trade.create.direct&sign=7cea896eb448e5887d0b60fa4762173b", ErrOldInterface},
		"mobile web, sealed":  {"sec_id=0001&v=1.0&notify_data=AAAA&service=alipay.wap.trade.create.direct&sign=AAAA", ErrOldInterface},
		"batch refund":        {"sign=7cea&result_details=2026%5E5.00%5ESUCCESS&sign_type=MD5&notify_type=batch_refund_notify&notify_id=1&batch_no=20261127001&success_num=2", ErrOldInterface},
		"batch transfer":      {"sign=7cea&sign_type=RSA&notify_type=batch_trans_notify&batch_no=1&success_details=1", ErrOldInterface},
		"risk push, MD5":      {"service=alipay.riskgo.risk.push&pid=2088000000000001&sign_type=MD5&sign=7cea", ErrOldInterface},
		"risk push, md5":      {"service=alipay.adatabus.risk.end.push&pid=2088000000000001&sign_type=md5&sign=7cea", ErrOldInterface},
		"gateway test":        {"service=alipay.service.check&charset=GBK&sign_type=RSA2&sign=AAAA&biz_content=%3CXML%3E%3CAppId%3E%3C%21%5BCDATA%5B1%5D%5D%3E%3C%2FAppId%3E%3C%2FXML%3E", ErrServiceCheck},
		"gateway test, app":   {"service=alipay.service.check&app_id=" + testAppID + "&sign_type=RSA&sign=AAAA", ErrServiceCheck},
		// The mirror: what is of today keeps its own reason.
		"MD5 with an app_id":      {paidForm().with("sign_type", "MD5").with("sign", "AAAA").encode(), ErrSignTypeMismatch},
		"total_fee beside app_id": {paidForm().with("total_fee", "1").signed(t, gatewayKey(t), notifyRule()).with("total_fee", "2").encode(), ErrSignatureMismatch},
		"no app_id":               {paidForm().without("app_id").with("sign", "AAAA").encode(), ErrFieldMissing},
		"no sign":                 {"service=alipay.service.check", ErrSignatureMissing},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := receive(app, c.body)
			wantRefusal(t, err, c.want)
			logged.Reset()
			app.NoteRefused(err)
			old := c.want == ErrOldInterface || c.want == ErrServiceCheck
			if text := logged.String(); !strings.Contains(text, "refusal="+string(c.want)) || strings.Contains(text, "detail=") != old ||
				strings.Contains(text, "2088") || strings.Contains(text, "T1") {
				t.Errorf("logged as %s", text)
			}
		})
	}
}
