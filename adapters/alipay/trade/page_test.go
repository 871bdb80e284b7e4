package alipaytrade_test

import (
	"errors"
	"maps"
	"net/url"
	"testing"
	"time"

	"github.com/paymux/paymux/adapters/alipay"
	alipaytrade "github.com/paymux/paymux/adapters/alipay/trade"
	"github.com/paymux/paymux/adapters/alipay/trade/tradetest"
	"github.com/paymux/paymux/core"
)

// A signed page asks for what core handed over, and for nothing else: the whole of it is compared,
// by each of the buyer's means. Its timestamp is the first one, so that a page that is opened again
// has the same bytes.
func TestAPageIsAskedWhole(t *testing.T) {
	bench := tradetest.New(t, "wechat_h5")
	trades := alipaytrade.Trades{Apps: bench.Apps()}
	const head = `{"out_trade_no":"P1","total_amount":"100.00","subject":"一百元的东西","product_code":"QUICK_WAP_WAY","quit_url":"https://pay.example/h5/P1",` +
		`"time_expire":"2026-11-22 18:15:00","goods_type":"1","goods_detail":[{"goods_id":"g1","goods_name":"东西","quantity":1,"price":"100.00"}],` +
		`"seller_id":"2088000000000001",`
	const tail = `"business_params":"{\"mc_create_trade_ip\":\"203.0.113.7\"}"}`
	forbid := []core.Feature{core.FeatureHuabei, core.FeatureHuabeiInstalments}
	for means, c := range map[string]struct {
		funding core.Funding
		biz     string
	}{
		"any":         {core.Funding{}, ""},
		"no Huabei":   {core.Funding{Forbid: forbid}, `"disable_pay_channels":"pcredit,pcreditpayInstallment",`},
		"one sum":     {core.Funding{Periods: 1, Forbid: forbid[1:]}, `"disable_pay_channels":"pcreditpayInstallment","specified_channel":"pcredit",`},
		"instalments": {core.Funding{Periods: 6, FeeBearer: "seller"}, `"extend_params":{"hb_fq_num":"6","hb_fq_seller_percent":"100"},`},
	} {
		request := bench.Request("P1", "physical", c.funding)
		request.SignedAt = time.Date(2026, 11, 22, 9, 58, 7, 0, time.UTC)
		result := trades.SignPage(request, alipay.GoodsPhysical)
		if result.Outcome != core.OutcomePending || result.KeyVersion != "v1" || result.Action.Type != core.ActionForm || bench.Calls() != 0 {
			t.Fatalf("%s: %+v after %d calls", means, result, bench.Calls())
		}
		address, err := url.Parse(result.Action.URL)
		if err != nil {
			t.Fatal(err)
		}
		asked := address.Query()
		for name, value := range result.Action.Fields {
			asked.Add(name, value)
		}
		want := map[string]string{
			"method": "alipay.trade.wap.pay", "app_id": tradetest.AppID, "format": "JSON", "charset": "utf-8", "sign_type": "RSA2", "version": "1.0",
			"notify_url": bench.Account.NotifyURL, "return_url": "https://pay.example/return/P1", "biz_content": head + c.biz + tail,
		}
		if got := tradetest.Said(asked); !maps.Equal(got, want) {
			t.Errorf("%s: asked\n%v, want\n%v", means, got, want)
		}
		if got := asked.Get("timestamp"); got != "2026-11-22 17:58:07" {
			t.Errorf("%s: signed at %s", means, got)
		}
	}
}

// What was refused here ends the attempt if it is the request's own doing, and is repeated if it is
// ours.
func TestRefusedHere(t *testing.T) {
	bench := tradetest.New(t, "wechat_h5")
	for name, c := range map[string]struct {
		err     error
		outcome core.Outcome
		code    core.Code
	}{
		"a limit":       {&alipay.FieldError{Field: "subject", Rule: "…"}, core.OutcomeFailed, core.CodeInvalid},
		"core's own":    {core.Errorf(core.CodeGoodsCategoryForbidden, "…"), core.OutcomeFailed, core.CodeGoodsCategoryForbidden},
		"anything else": {errors.New("no entropy"), core.OutcomeNotSent, core.CodeNotConfigured},
	} {
		got := alipaytrade.Refused(c.err, bench.App)
		if got.Outcome != c.outcome || got.Code != c.code || got.Detail != c.err.Error() || !errors.Is(got.Err, c.err) || got.KeyVersion != "v1" {
			t.Errorf("%s: %+v", name, got)
		}
	}
}
