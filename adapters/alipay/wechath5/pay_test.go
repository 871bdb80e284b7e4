package wechath5_test

import (
	"strings"
	"testing"
	"time"

	"github.com/paymux/paymux/adapters/alipay/trade/tradetest"
	"github.com/paymux/paymux/adapters/alipay/wechath5"
	"github.com/paymux/paymux/core"
)

// What the gateway understood of a signed page is what core asked for, for every kind of goods.
func TestPayAsksForTheMeans(t *testing.T) {
	bench := tradetest.New(t, wechath5.ID)
	channel := wechath5.New(bench.Apps())
	forbid := []core.Feature{core.FeatureHuabei, core.FeatureHuabeiInstalments}
	cases := []struct {
		number, category              string
		funding                       core.Funding
		goodsType, specified, disable string
		periods, percent              string
	}{
		{number: "W1", category: "physical", goodsType: "1"},
		{number: "W2", category: "virtual.game", funding: core.Funding{Forbid: forbid}, goodsType: "0", disable: "pcredit,pcreditpayInstallment"},
		{number: "W3", category: "service"},
		{number: "W4", category: "physical", funding: core.Funding{Periods: 1, Forbid: forbid[1:]},
			goodsType: "1", specified: "pcredit", disable: "pcreditpayInstallment"},
		{number: "W5", category: "physical", funding: core.Funding{Periods: 3, FeeBearer: "buyer"}, goodsType: "1", periods: "3", percent: "0"},
		{number: "W6", category: "physical", funding: core.Funding{Periods: 12, FeeBearer: "seller"}, goodsType: "1", periods: "12", percent: "100"},
	}
	for _, c := range cases {
		request := bench.Request(c.number, c.category, c.funding)
		result := channel.Pay(t.Context(), request)
		if result.Outcome != core.OutcomePending || result.Action.Type != core.ActionForm {
			t.Fatalf("%s: %s %q %s", c.number, result.Outcome, result.Action.Type, result.Detail)
		}
		if err := bench.Enter(result.Action); err != nil {
			t.Fatalf("%s: %v", c.number, err)
		}
		order, _ := bench.Order(c.number)
		if order.GoodsType != c.goodsType || order.SpecifiedChan != c.specified || order.DisableChannels != c.disable || order.HbFqNum != c.periods ||
			order.HbFqSeller != c.percent {
			t.Errorf("%s: the gateway understood %+v", c.number, order)
		}
		if order.ProductCode != "QUICK_WAP_WAY" || order.NotifyURL != bench.Account.NotifyURL || order.TotalFen != 10_000 ||
			order.SellerID != tradetest.SellerID || order.Subject != request.Subject || order.ReturnURL != request.ReturnURL || order.QuitURL != request.QuitURL {
			t.Errorf("%s: the gateway understood %+v", c.number, order)
		}
		if order.TimeExpire != "2026-11-22 18:15:00" { // S03: GMT+8, absolute, in every link
			t.Errorf("%s: expires %s", c.number, order.TimeExpire)
		}
		if !strings.Contains(result.Action.Fields["biz_content"], `\"mc_create_trade_ip\":\"203.0.113.7\"`) {
			t.Errorf("%s: the buyer's address is missing: %s", c.number, result.Action.Fields["biz_content"])
		}
	}
}

// C21: text that could be split into fields again is never signed.
func TestPayRefusesTextThatSplits(t *testing.T) {
	bench := tradetest.New(t, wechath5.ID)
	channel := wechath5.New(bench.Apps())
	for _, subject := range []string{"tea&total_amount=0.01", "a=b", "", "line\nbreak", strings.Repeat("长", 257)} {
		request := bench.Request("W9", "physical", core.Funding{})
		request.Subject = subject
		if result := channel.Pay(t.Context(), request); result.Outcome != core.OutcomeFailed || !result.Action.Empty() {
			t.Errorf("%q was signed: %s", subject, result.Outcome)
		}
	}
}

// S03: without an end a link would stay payable for 15 days.
func TestPayRefusesALinkWithoutAnEnd(t *testing.T) {
	bench := tradetest.New(t, wechath5.ID)
	request := bench.Request("WX10", "physical", core.Funding{})
	request.TimeExpire = time.Time{}
	if result := wechath5.New(bench.Apps()).Pay(t.Context(), request); result.Outcome != core.OutcomeFailed || !result.Action.Empty() {
		t.Errorf("an endless link was signed: %s", result.Outcome)
	}
}
