package alipaymini_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/paymux/paymux/adapters/alipay"
	alipaymini "github.com/paymux/paymux/adapters/alipay/mini"
	"github.com/paymux/paymux/adapters/alipay/trade/tradetest"
	"github.com/paymux/paymux/core"
)

// stringBench is a bench whose account pays by order strings, with a request that names no buyer.
func stringBench(t *testing.T) (*tradetest.Bench, func(number, category string, funding core.Funding) core.PayRequest) {
	bench := tradetest.New(t, alipaymini.ID)
	bench.Account.PaysWithoutTrade = true
	return bench, func(number, category string, funding core.Funding) core.PayRequest {
		r := bench.Request(number, category, funding)
		r.Payer, r.SignedAt = core.Payer{}, bench.Sim.Clock().Now()
		return r
	}
}

// What the gateway understood of an order string is what core asked for, for every kind of goods
// and means.
func TestOrderStringAsksForTheMeans(t *testing.T) {
	bench, request := stringBench(t)
	channel := alipaymini.New(bench.Apps())
	forbid := []core.Feature{core.FeatureHuabei, core.FeatureHuabeiInstalments}
	cases := []struct {
		number, category                            string
		funding                                     core.Funding
		goodsType, num, percent, specified, disable string
	}{
		{number: "S1", category: "physical", goodsType: "1"},
		{number: "S2", category: "virtual.game", funding: core.Funding{Forbid: forbid}, goodsType: "0", disable: "pcredit,pcreditpayInstallment"},
		{number: "S3", category: "service", funding: core.Funding{Periods: 1, Forbid: forbid[1:]}, specified: "pcredit", disable: "pcreditpayInstallment"},
		{number: "S4", category: "physical", funding: core.Funding{Periods: 6, FeeBearer: "seller"}, goodsType: "1", num: "6", percent: "100"},
	}
	for _, c := range cases {
		result := channel.Pay(t.Context(), request(c.number, c.category, c.funding))
		if result.Outcome != core.OutcomePending || result.Action.Type != alipaymini.ActionOrderString || bench.Calls() != 0 {
			t.Fatalf("%s: %s %q %s after %d calls", c.number, result.Outcome, result.Action.Type, result.Detail, bench.Calls())
		}
		if err := bench.Enter(result.Action); err != nil {
			t.Fatalf("%s: %v", c.number, err)
		}
		order, _ := bench.Order(c.number)
		if order.GoodsType != c.goodsType || order.HbFqNum != c.num || order.HbFqSeller != c.percent || order.SpecifiedChan != c.specified ||
			order.DisableChannels != c.disable {
			t.Errorf("%s: the gateway understood %+v", c.number, order)
		}
		if order.ProductCode != "QUICK_MSECURITY_PAY" || order.NotifyURL != bench.Account.NotifyURL || order.TotalFen != 10_000 ||
			order.SellerID != tradetest.SellerID {
			t.Errorf("%s: the gateway understood %+v", c.number, order)
		}
		// S03: GMT+8, absolute, in every order string
		if order.TimeExpire != "2026-11-22 18:15:00" {
			t.Errorf("%s: expires %s", c.number, order.TimeExpire)
		}
	}
}

// W17: the text is shown to whoever may read the payment; it holds nothing of the buyer, be he
// named or not.
func TestOrderStringHoldsNothingOfTheBuyer(t *testing.T) {
	bench, request := stringBench(t)
	r := request("S5", "physical", core.Funding{})
	r.Payer = core.Payer{UserID: "2088000000000002"}
	text, err := url.QueryUnescape(alipaymini.New(bench.Apps()).Pay(t.Context(), r).Action.Text)
	if err != nil || text == "" || strings.Contains(text, r.Payer.UserID) || strings.Contains(text, r.ClientIP) {
		t.Errorf("%v: %s", err, text)
	}
}

// C21, S03: what could be cut into other fields, or never ends, is not signed; nor are virtual
// goods with Huabei.
func TestOrderStringRefuses(t *testing.T) {
	bench, request := stringBench(t)
	splits, endless := request("S6", "physical", core.Funding{}), request("S7", "physical", core.Funding{})
	splits.Subject, endless.TimeExpire = "tea&total_amount=0.01", time.Time{}
	for name, r := range map[string]core.PayRequest{
		"text that splits": splits, "no end": endless, "virtual by Huabei": request("S8", "virtual", core.Funding{Periods: 3}),
	} {
		result := alipaymini.New(bench.Apps()).Pay(t.Context(), r)
		if result.Outcome != core.OutcomeFailed || result.Code != core.CodeInvalid || !result.Action.Empty() {
			t.Errorf("%s was signed: %s %s", name, result.Outcome, result.Code)
		}
	}
}

// A02: the largest basket that the API takes still gives a text that the store keeps, encrypted or
// not; the description of the goods stays out of it.
func TestOrderStringOfALargeBasket(t *testing.T) {
	bench, request := stringBench(t)
	r := request("S9", "physical", core.Funding{})
	r.Lines = nil
	for i := range core.MaxLines {
		r.Lines = append(r.Lines, core.Line{
			LineID: fmt.Sprint(i), GoodsID: fmt.Sprint("g", i), Name: strings.Repeat("茶", 140), Category: "physical", Quantity: 1, PriceFen: 10_000,
		})
	}
	config := bench.Config
	config.EncryptContent, config.Keys[0].AESKey = true, "MDEyMzQ1Njc4OWFiY2RlZg=="
	encrypted, err := alipay.NewApp(config)
	if err != nil {
		t.Fatal(err)
	}
	for name, channel := range map[string]alipaymini.Channel{"plain": alipaymini.New(bench.Apps()), "encrypted": alipaymini.New(tradetest.One{Of: encrypted})} {
		result := channel.Pay(t.Context(), r)
		if result.Outcome != core.OutcomePending || len(result.Action.Text) > 4096 {
			t.Errorf("%s: %s %s, %d bytes", name, result.Outcome, result.Detail, len(result.Action.Text))
		}
	}
}

// An account that changed over to order strings still answers with the trade that it made before:
// two ways to pay one order must not contend.
func TestOrderStringForATradeThatExists(t *testing.T) {
	bench, request := stringBench(t)
	channel := alipaymini.New(bench.Apps())
	before := bench.Request("S10", "physical", core.Funding{})
	before.Account.PaysWithoutTrade = false
	made := channel.Pay(t.Context(), before)
	after := request("S10", "physical", core.Funding{})
	after.TradeNo = made.TradeNo
	if again := channel.Pay(t.Context(), after); again.Outcome != core.OutcomeSucceeded || again.Action.TradeNo != made.TradeNo || made.TradeNo == "" {
		t.Errorf("%s: %+v after %+v", again.Outcome, again.Action, made.Action)
	}
}
