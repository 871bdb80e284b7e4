package alipaymini_test

import (
	"strconv"
	"testing"

	"github.com/paymux/paymux/adapters/alipay"
	alipaymini "github.com/paymux/paymux/adapters/alipay/mini"
	"github.com/paymux/paymux/adapters/alipay/trade/tradetest"
	"github.com/paymux/paymux/core"
)

// A trade's life is the same by OpenAPI v3. That leaves refusals unsigned, and yet "does not exist"
// is proven: the classic gateway is asked (S03, C32).
func TestLifeOnV3(t *testing.T) {
	bench := tradetest.New(t, alipaymini.ID)
	config, nonces := bench.Config, 0
	config.Protocol = alipay.ProtocolV3
	config.Nonce = func() string { nonces++; return "n" + strconv.Itoa(nonces) }
	app, err := alipay.NewApp(config)
	if err != nil {
		t.Fatal(err)
	}
	channel := alipaymini.New(tradetest.One{Of: app})
	request := bench.Request("V1", "physical", core.Funding{})
	absent := channel.Query(t.Context(), request.TradeRef)
	if absent.Outcome != core.OutcomeAbsent {
		t.Errorf("before it is made: %s %s", absent.Outcome, absent.Detail)
	}
	paid := channel.Pay(t.Context(), request)
	if paid.Outcome != core.OutcomeSucceeded || paid.TradeNo == "" {
		t.Fatalf("%s %s", paid.Outcome, paid.Detail)
	}
	want := func(state core.TradeState) {
		t.Helper()
		if got := channel.Query(t.Context(), request.TradeRef); got.Outcome != core.OutcomeSucceeded || got.Trade.State != state {
			t.Errorf("%s %s: %+v, want %s", got.Outcome, got.Detail, got.Trade, state)
		}
	}
	want(core.TradeWaiting)
	if err := bench.Settle("V1"); err != nil {
		t.Fatal(err)
	}
	want(core.TradePaid)
	// Refused and unsigned: nothing is concluded but by the query.
	if closed := channel.Close(t.Context(), request.TradeRef); closed.Outcome != core.OutcomeUnknown {
		t.Errorf("closing what is paid: %s %s", closed.Outcome, closed.Detail)
	}
	refund := core.RefundRequest{TradeRef: request.TradeRef, OutRequestNo: "RV1", AmountFen: 3_000}
	if asked := channel.QueryRefund(t.Context(), refund); asked.Outcome != core.OutcomeAbsent {
		t.Errorf("a refund nobody made: %s %s", asked.Outcome, asked.Detail)
	}
	if done := channel.Refund(t.Context(), refund); done.Outcome != core.OutcomeSucceeded || done.CumulativeFen != 3_000 {
		t.Errorf("%s %s %+v", done.Outcome, done.Detail, done)
	}
	if asked := channel.QueryRefund(t.Context(), refund); asked.Outcome != core.OutcomeSucceeded || asked.ActualFen != 3_000 {
		t.Errorf("%s %s %+v", asked.Outcome, asked.Detail, asked)
	}
}
