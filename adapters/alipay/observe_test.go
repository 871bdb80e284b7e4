package alipay

import (
	"bytes"
	"log/slog"
	"net/http"
	"strings"
	"testing"
)

// F10: what is logged about an exchange has neither content nor signature nor
// the gateway's echo of the request.
func TestF10_logsAreRedacted(t *testing.T) {
	var logged bytes.Buffer
	app, _ := answeringNode(t, MethodCreate, `{"code":"40004","sub_code":"ACQ.BUYER_NOT_EXIST","sub_msg":"网关生成的验签字符串为：app_id=1&amp;biz_content=secret","out_trade_no":"T1"}`)
	app.config.Logger = slog.New(slog.NewTextHandler(&logged, &slog.HandlerOptions{Level: slog.LevelDebug}))
	_, result := app.Create(t.Context(), validCreate())
	wantClass(t, result, FinalUser)
	text := logged.String()
	for _, secret := range []string{"o1", "奶茶", "biz_content", "验签", "sign="} {
		if strings.Contains(text, secret) {
			t.Errorf("%q is logged: %s", secret, text)
		}
	}
	for _, wanted := range []string{MethodCreate, "final_user", "ACQ.BUYER_NOT_EXIST", testAppID} {
		if !strings.Contains(text, wanted) {
			t.Errorf("%q is not logged: %s", wanted, text)
		}
	}
	logged.Reset()
	app, _ = answering(t, http.StatusBadGateway, "")
	app.config.Logger = slog.New(slog.NewTextHandler(&logged, nil))
	_, result = queryOne(app)
	wantClass(t, result, Unknown)
	if !strings.Contains(logged.String(), "level=WARN") || !strings.Contains(logged.String(), "unexpected_status") {
		t.Fatal(logged.String())
	}
}
