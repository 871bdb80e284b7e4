package web_test

import (
	"strings"
	"testing"

	"github.com/paymux/paymux/core"
)

// everyPage renders each page in each state, in a browser and inside apps.
func everyPage(t *testing.T, gateway core.Words) string {
	t.Helper()
	w, pages := worldOfPages(t)
	pages.show.GatewayName = gateway
	var all strings.Builder
	late := []core.LateMoney{}
	for _, state := range []core.LateState{core.LateReturning, core.LateReturned, core.LateKept, core.LateUndecided} {
		late = append(late, core.LateMoney{AmountFen: 1999, State: state, SeenAt: "2026-11-22T20:05:09.000+08:00"})
	}
	for _, state := range []core.PageState{
		core.PagePayable, core.PageMoved, core.PagePaid, core.PageRefunded, core.PageClosed, core.PageExpired, core.PageChecking,
	} {
		for n := range len(late) + 1 {
			pages.show.State, pages.show.Late = state, late[:n]
			for _, path := range []string{"/h5/h5_x", "/return/h5_x"} {
				for _, reader := range []string{uaSafari, uaAlipay, uaWeChat, uaDouyin} {
					all.WriteString(w.page(path, reader).Body.String())
				}
			}
		}
	}
	pages.show.State, pages.show.Late = core.PagePayable, nil
	pages.action = core.Action{Type: core.ActionForm, URL: "https://gateway.example/door", Fields: map[string]string{"sign": "x"}}
	for _, reader := range []string{uaSafari, uaAlipay, uaWeChat, uaDouyin} {
		all.WriteString(w.ask("POST", "/h5/h5_x/pay", "", "User-Agent", reader).Body.String())
	}
	return all.String()
}

// Pages name the gateway of their attempt by its account's own name, and no other; without one they
// still say what to do.
func TestPagesNameTheirGateway(t *testing.T) {
	alipay := everyPage(t, core.Words{ZH: "支付宝", EN: "Alipay"})
	for _, said := range []string{
		"打开支付宝付款", "Pay with Alipay", "到账时间以支付宝为准", "正在打开支付宝", "Continue to Alipay", "内打不开支付宝", "cannot open Alipay: pay in your browser",
	} {
		if !strings.Contains(alipay, said) {
			t.Errorf("no page says %s", said)
		}
	}
	other := everyPage(t, core.Words{ZH: "别家支付", EN: "Otherpay"})
	if other != strings.NewReplacer("支付宝", "别家支付", "Alipay", "Otherpay").Replace(alipay) {
		t.Error("the pages of another gateway differ by more than its name")
	}
	none := everyPage(t, core.Words{})
	if none != strings.NewReplacer("支付宝", "支付平台", "Alipay", "the gateway").Replace(alipay) {
		t.Error("the pages of a gateway without a name do not speak of the gateway")
	}
}
