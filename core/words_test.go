package core_test

import (
	"context"
	"strings"
	"testing"

	"github.com/paymux/paymux/core"
)

// A place is filled by the gateway's name, or by the words that stand in it.
func TestWordsNameAGateway(t *testing.T) {
	form := core.Words{ZH: "{网关}不收，{网关}", EN: "{The gateway} takes no more, {the gateway}"}
	for name, want := range map[core.Words]core.Words{
		{ZH: "银行", EN: "Bank"}: {ZH: "银行不收，银行", EN: "Bank takes no more, Bank"},
		{}:                     {ZH: "网关不收，网关", EN: "The gateway takes no more, the gateway"},
	} {
		if got := form.Naming(name); got != want {
			t.Errorf("%+v", got)
		}
	}
	plain := core.Words{ZH: "没有", EN: "none"}
	if got := plain.Naming(core.Words{ZH: "银行", EN: "Bank"}); got != plain {
		t.Errorf("%+v", got)
	}
}

// Classes of refusals have whole places, in both languages alike.
func TestSentencesOfRefusalsHaveWholePlaces(t *testing.T) {
	for _, f := range core.Faults() {
		for _, w := range []core.Words{f.Mend, f.Buyer} {
			filled := w.Naming(core.Words{})
			if strings.ContainsAny(filled.ZH+filled.EN, "{}") || strings.Contains(w.ZH, "{") != strings.Contains(w.EN, "{") {
				t.Errorf("%s: %+v", f.Code, w)
			}
		}
	}
}

// What a caller, a buyer and a page are told names the gateway of the account.
func TestRefusalsNameTheirGateway(t *testing.T) {
	w := newWorld(t)
	w.bank.plan("pay", "failed:risk_refused")
	_, err := w.Checkout(context.Background(), shopCaller, order("A1", "alipay", 100))
	e := wantCode(t, err, core.CodeRiskRefused)
	if !strings.HasPrefix(e.Message, "the bank's risk control") || e.Said.EN != e.Message || !strings.HasPrefix(e.Said.ZH, "银行的风控") {
		t.Errorf("the caller is told %q, %+v", e.Message, e.Said)
	}
	if !strings.Contains(e.Buyer.ZH, "，银行没有通过") || !strings.Contains(e.Buyer.EN, ", the bank did not") {
		t.Errorf("the buyer is told %+v", e.Buyer)
	}
	v := w.create("A2", "wechat", 100)
	token := v.Action.URL[strings.LastIndex(v.Action.URL, "/")+1:]
	if page, err := w.Page(t.Context(), token); err != nil || page.GatewayName.EN != "the bank" {
		t.Errorf("%+v %v", page, err)
	}
}
