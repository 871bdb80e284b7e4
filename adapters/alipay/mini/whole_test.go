package alipaymini_test

import (
	"maps"
	"net/url"
	"testing"
	"time"

	alipaymini "github.com/paymux/paymux/adapters/alipay/mini"
	"github.com/paymux/paymux/adapters/alipay/trade/tradetest"
	"github.com/paymux/paymux/core"
)

// way is one way in which a buyer may pay, with what both requests say of it, and what trade.create
// and an order string say each.
type way struct {
	funding              core.Funding
	both, create, string string
}

func ways() map[string]way {
	const none = `,"disable_pay_channels":"pcredit,pcreditpayInstallment"`
	const list = `,"enable_pay_channels":"pcredit,coupon,voucher,promotion"`
	forbid := []core.Feature{core.FeatureHuabei, core.FeatureHuabeiInstalments}
	return map[string]way{
		"any":                        {},
		"no Huabei":                  {core.Funding{Forbid: forbid}, "", none, none},
		"one sum, nothing forbidden": {core.Funding{Periods: 1}, "", list, `,"specified_channel":"pcredit"`},
		"one sum": {core.Funding{Periods: 1, Forbid: forbid[1:]}, "", list,
			`,"disable_pay_channels":"pcreditpayInstallment","specified_channel":"pcredit"`},
		"instalments": {core.Funding{Periods: 6, FeeBearer: "seller"}, `,"extend_params":{"hb_fq_num":"6","hb_fq_seller_percent":"100"}`, "", ""},
	}
}

const (
	wholeHead  = `{"out_trade_no":"W1","total_amount":"100.00","subject":"一百元的东西",`
	wholeGoods = `"goods_detail":[{"goods_id":"g1","goods_name":"东西","quantity":1,"price":"100.00"}]`
)

// trade.create asks for what core handed over, and for nothing else: the whole request is compared,
// by each of the buyer's means.
func TestCreateIsAskedWhole(t *testing.T) {
	bench := tradetest.New(t, alipaymini.ID)
	for name, c := range ways() {
		bench.Wire.Answer(`{"code":"10000","msg":"Success","out_trade_no":"W1","trade_no":"T1"}`)
		request := bench.Request("W1", "physical", c.funding)
		request.SignedAt = time.Date(2026, 11, 22, 9, 58, 7, 0, time.UTC)
		request.Payer.OpenID = "o1" // who has both ids is named by one
		result := alipaymini.New(bench.Apps()).Pay(t.Context(), request)
		if want := (core.Action{Type: alipaymini.ActionTradeNo, TradeNo: "T1"}); result.Outcome != core.OutcomeSucceeded || result.TradeNo != "T1" ||
			result.Action.Type != want.Type || result.Action.TradeNo != want.TradeNo || result.KeyVersion != "v1" {
			t.Errorf("%s: %+v", name, result)
		}
		want := map[string]string{
			"method": "alipay.trade.create", "app_id": tradetest.AppID, "format": "JSON", "charset": "utf-8", "sign_type": "RSA2", "version": "1.0",
			"notify_url": bench.Account.NotifyURL,
			"biz_content": wholeHead + `"product_code":"JSAPI_PAY","op_app_id":"` + tradetest.AppID + `","buyer_id":"` + request.Payer.UserID +
				`","seller_id":"2088000000000001","time_expire":"2026-11-22 18:15:00",` + wholeGoods + c.both +
				`,"business_params":{"mc_create_trade_ip":"203.0.113.7"}` + c.create + `}`,
		}
		if got := bench.Wire.Asked(); !maps.Equal(got, want) {
			t.Errorf("%s: asked\n%v, want\n%v", name, got, want)
		}
	}
}

// An order string asks for the same, less what it must not hold of the buyer. Its timestamp is the
// first one.
func TestOrderStringIsAskedWhole(t *testing.T) {
	bench, request := stringBench(t)
	for name, c := range ways() {
		r := request("W1", "physical", c.funding)
		r.SignedAt = time.Date(2026, 11, 22, 9, 58, 7, 0, time.UTC)
		result := alipaymini.New(bench.Apps()).Pay(t.Context(), r)
		asked, err := url.ParseQuery(result.Action.Text)
		if err != nil || result.Outcome != core.OutcomePending || result.KeyVersion != "v1" {
			t.Fatalf("%s: %v %+v", name, err, result)
		}
		want := map[string]string{
			"method": "alipay.trade.app.pay", "app_id": tradetest.AppID, "format": "JSON", "charset": "utf-8", "sign_type": "RSA2", "version": "1.0",
			"notify_url": bench.Account.NotifyURL,
			"biz_content": wholeHead + `"product_code":"QUICK_MSECURITY_PAY","time_expire":"2026-11-22 18:15:00","goods_type":"1",` + wholeGoods +
				`,"seller_id":"2088000000000001"` + c.both + c.string + `}`,
		}
		if got := tradetest.Said(asked); !maps.Equal(got, want) {
			t.Errorf("%s: asked\n%v, want\n%v", name, got, want)
		}
		if got := asked.Get("timestamp"); got != "2026-11-22 17:58:07" {
			t.Errorf("%s: signed at %s", name, got)
		}
	}
}
