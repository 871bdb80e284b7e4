package alipaymini_test

import (
	"testing"

	"github.com/paymux/paymux/adapters/alipay"
	alipaymini "github.com/paymux/paymux/adapters/alipay/mini"
	alipaysim "github.com/paymux/paymux/adapters/alipay/sim"
	"github.com/paymux/paymux/adapters/alipay/trade/tradetest"
	"github.com/paymux/paymux/core"
)

// What the gateway understood of an order is what core asked for.
func TestPayAsksForTheMeans(t *testing.T) {
	bench := tradetest.New(t, alipaymini.ID)
	channel := alipaymini.New(bench.Apps())
	forbid := []core.Feature{core.FeatureHuabei, core.FeatureHuabeiInstalments}
	cases := []struct {
		number                  string
		funding                 core.Funding
		num, percent            string
		enable, disable, expire string
	}{
		{number: "M1", funding: core.Funding{}},
		{number: "M2", funding: core.Funding{Forbid: forbid}, disable: "pcredit,pcreditpayInstallment"},
		{number: "M3", funding: core.Funding{Periods: 1, Forbid: forbid[1:]}, enable: "pcredit,coupon,voucher,promotion"},
		{number: "M4", funding: core.Funding{Periods: 6, FeeBearer: "seller"}, num: "6", percent: "100"},
		{number: "M5", funding: core.Funding{Periods: 3, FeeBearer: "buyer"}, num: "3", percent: "0"},
	}
	for _, c := range cases {
		request := bench.Request(c.number, "physical", c.funding)
		result := channel.Pay(t.Context(), request)
		if result.Outcome != core.OutcomeSucceeded {
			t.Fatalf("%s: %s %s", c.number, result.Outcome, result.Detail)
		}
		if result.Action.Type != alipaymini.ActionTradeNo || result.Action.TradeNo != result.TradeNo {
			t.Errorf("%s: action %+v of trade %s", c.number, result.Action, result.TradeNo)
		}
		order, _ := bench.Order(c.number)
		if order.HbFqNum != c.num || order.HbFqSeller != c.percent || order.EnableChannels != c.enable || order.DisableChannels != c.disable {
			t.Errorf("%s: the gateway understood %+v", c.number, order)
		}
		if order.ProductCode != "JSAPI_PAY" || order.NotifyURL != bench.Account.NotifyURL || order.TotalFen != 10_000 ||
			order.SellerID != tradetest.SellerID || order.Subject != request.Subject {
			t.Errorf("%s: the gateway understood %+v", c.number, order)
		}
		if order.TimeExpire != "2026-11-22 18:15:00" { // GMT+8, absolute
			t.Errorf("%s: expires %s", c.number, order.TimeExpire)
		}
	}
}

// An order that my.tradePay could not pay is refused before it is made.
func TestPayNeedsABuyer(t *testing.T) {
	bench := tradetest.New(t, alipaymini.ID)
	request := bench.Request("M9", "physical", core.Funding{})
	request.Payer = core.Payer{}
	result := alipaymini.New(bench.Apps()).Pay(t.Context(), request)
	if result.Outcome != core.OutcomeFailed || result.Code != core.CodeInvalid || bench.Calls() != 0 {
		t.Errorf("%s %q after %d calls", result.Outcome, result.Code, bench.Calls())
	}
}

// The number is taken: the trade may be paid, so nothing is failed before a query (C10, I05).
func TestPayOnAUsedNumber(t *testing.T) {
	bench := tradetest.New(t, alipaymini.ID)
	channel := alipaymini.New(bench.Apps())
	used := func(number string, then func(string) error) core.PayRequest {
		request := bench.Request(number, "physical", core.Funding{})
		if result := channel.Pay(t.Context(), request); result.Outcome != core.OutcomeSucceeded {
			t.Fatalf("%s %s", result.Outcome, result.Detail)
		}
		if err := then(number); err != nil {
			t.Fatal(err)
		}
		return request
	}
	changed := used("N3", func(string) error { return nil })
	changed.AmountFen, changed.Lines[0].PriceFen = 5_000, 5_000
	for name, request := range map[string]core.PayRequest{
		"paid":    used("N1", bench.Settle),
		"closed":  used("N2", bench.CloseOutside),
		"changed": changed,
	} {
		if result := channel.Pay(t.Context(), request); result.Outcome != core.OutcomeUnknown || !result.Action.Empty() {
			t.Errorf("%s: %s %s", name, result.Outcome, result.Detail)
		}
	}
}

// I18: an account whose app calls for a mini-program with another app_id names the buyer in the
// field of the app that their open_id belongs to, and asks nothing about an id of a third one.
func TestPayForAnotherMiniProgram(t *testing.T) {
	const mini = "9021000000000002"
	bench := tradetest.New(t, alipaymini.ID, func(c *alipaysim.Config) {
		other := c.Apps[0]
		other.AppID, other.OpenIDMode = mini, true
		c.Apps[0].OpenIDMode = true
		c.Apps[0].OpAppIDs = []string{mini}
		c.Apps = append(c.Apps, other)
	})
	variant := func(change func(*alipay.AppConfig)) *alipay.App {
		config := bench.Config
		change(&config)
		app, err := alipay.NewApp(config)
		if err != nil {
			t.Fatal(err)
		}
		return app
	}
	own, foreign := variant(func(c *alipay.AppConfig) { c.OpAppID = mini }), variant(func(c *alipay.AppConfig) { c.AppID = mini })
	login := func(app *alipay.App) string {
		code, err := bench.Sim.IssueAuthCode(app.ID(), "")
		if err != nil {
			t.Fatal(err)
		}
		token, result := app.OAuthToken(t.Context(), alipay.OAuthTokenRequest{Code: code})
		if token.OpenID == "" {
			t.Fatalf("%s: %+v", result.Class, token)
		}
		return token.OpenID
	}
	for number, c := range map[string]struct {
		payer   core.Payer
		outcome core.Outcome
		calls   int
	}{
		"O1": {core.Payer{OpenID: login(foreign)}, core.OutcomeSucceeded, 1},
		"O2": {core.Payer{OpenID: login(foreign), AppID: mini}, core.OutcomeSucceeded, 1},
		"O3": {core.Payer{OpenID: login(own), AppID: own.ID()}, core.OutcomeSucceeded, 1},
		"O4": {core.Payer{OpenID: login(own), AppID: mini}, core.OutcomeFailed, 1},
		"O5": {core.Payer{OpenID: login(foreign), AppID: own.ID()}, core.OutcomeFailed, 1},
		"O6": {core.Payer{OpenID: login(foreign), AppID: "9021000000000009"}, core.OutcomeFailed, 0},
		"O7": {core.Payer{UserID: alipaysim.DefaultBuyer().UserID, AppID: "9021000000000009"}, core.OutcomeSucceeded, 1},
	} {
		request, before := bench.Request(number, "physical", core.Funding{}), bench.Calls()
		request.Payer = c.payer
		paid := alipaymini.New(tradetest.One{Of: own}).Pay(t.Context(), request)
		if paid.Outcome != c.outcome || bench.Calls()-before != c.calls {
			t.Errorf("%s: %s %s after %d calls", number, paid.Outcome, paid.Detail, bench.Calls()-before)
		}
		if order, _ := bench.Order(number); c.outcome == core.OutcomeSucceeded && order.BuyerID != alipaysim.DefaultBuyer().UserID {
			t.Errorf("%s: the gateway understood %+v", number, order)
		}
	}
}
