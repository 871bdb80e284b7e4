package alipaytrade_test

import (
	"testing"
	"time"

	alipaytrade "github.com/paymux/paymux/adapters/alipay/trade"
	"github.com/paymux/paymux/adapters/alipay/trade/tradetest"
	"github.com/paymux/paymux/core"
)

// What a signed answer to a query proves, field by field.
func TestQueryReadsTheAnswer(t *testing.T) {
	bench := tradetest.New(t, "alipay_mini")
	trades := alipaytrade.Trades{Apps: bench.Apps()}
	const head = `{"code":"10000","msg":"Success","out_trade_no":"CT1","trade_no":"T1","total_amount":"88.88",`
	cases := []struct {
		name, node string
		outcome    core.Outcome
		want       core.Trade
	}{
		{"paid with coupons", // A12
			head + `"trade_status":"TRADE_SUCCESS","receipt_amount":"80.00","buyer_pay_amount":"70.00","send_pay_date":"2026-11-22 18:00:01","buyer_user_id":"2088"}`,
			core.OutcomeSucceeded, core.Trade{OutTradeNo: "CT1", TradeNo: "T1", State: core.TradePaid, TotalFen: 8888, ReceiptFen: 8000,
				PaidAt: time.Date(2026, 11, 22, 10, 0, 1, 0, time.UTC), Payer: core.Payer{UserID: "2088"}}},
		{"finished", head + `"trade_status":"TRADE_FINISHED","buyer_open_id":"o1"}`, core.OutcomeSucceeded,
			core.Trade{OutTradeNo: "CT1", TradeNo: "T1", State: core.TradeFinished, TotalFen: 8888, Payer: core.Payer{OpenID: "o1"}}},
		{"a state nobody lists", head + `"trade_status":"TRADE_PENDING"}`, core.OutcomeUnknown, core.Trade{}},
		{"no state", head + `"buyer_open_id":"o1"}`, core.OutcomeUnknown, core.Trade{}},
		// G12
		{"another trade", `{"code":"10000","out_trade_no":"CT2","trade_no":"T2","total_amount":"88.88","trade_status":"TRADE_SUCCESS"}`,
			core.OutcomeUnknown, core.Trade{}},
		{"no amount", `{"code":"10000","out_trade_no":"CT1","trade_no":"T1","trade_status":"TRADE_SUCCESS"}`, core.OutcomeUnknown, core.Trade{}},
		// A06
		{"no money", `{"code":"10000","out_trade_no":"CT1","trade_no":"T1","total_amount":"NaN","trade_status":"TRADE_SUCCESS"}`,
			core.OutcomeUnknown, core.Trade{}},
	}
	for _, c := range cases {
		bench.Wire.Answer(c.node)
		got := trades.Query(t.Context(), core.TradeRef{Account: bench.Account, OutTradeNo: "CT1"})
		if got.Outcome != c.outcome || got.Trade != c.want {
			t.Errorf("%s: %s %s %+v", c.name, got.Outcome, got.Detail, got.Trade)
		}
	}
}

// What a refund sent back and what the trade has refunded in all are two amounts (A14), and only a
// finished refund has either (G07, G08).
func TestRefundReadsTheAnswer(t *testing.T) {
	bench := tradetest.New(t, "alipay_mini")
	trades := alipaytrade.Trades{Apps: bench.Apps()}
	request := core.RefundRequest{TradeRef: core.TradeRef{Account: bench.Account, OutTradeNo: "CT1"}, OutRequestNo: "RF1", AmountFen: 3000}
	const sent = `{"code":"10000","msg":"Success","out_trade_no":"CT1","trade_no":"T1",`
	const asked = sent + `"out_request_no":"RF1","total_amount":"88.88",`
	cases := []struct {
		name, node         string
		outcome            core.Outcome
		actual, cumulative core.Fen
	}{
		{"moved", sent + `"fund_change":"Y","refund_fee":"50.00"}`, core.OutcomeSucceeded, 0, 5000},
		{"moved, less", sent + `"fund_change":"Y","refund_fee":"50.00","send_back_fee":"28.00"}`, core.OutcomeSucceeded, 2800, 5000},
		{"not in this call", sent + `"fund_change":"N","refund_fee":"50.00"}`, core.OutcomePending, 0, 5000},
		{"not said", sent + `"refund_fee":"50.00"}`, core.OutcomePending, 0, 5000},
	}
	for _, c := range cases {
		bench.Wire.Answer(c.node)
		got := trades.Refund(t.Context(), request)
		if got.Outcome != c.outcome || got.ActualFen != c.actual || got.CumulativeFen != c.cumulative || got.TotalFen != 0 {
			t.Errorf("refund, %s: %s %s %+v", c.name, got.Outcome, got.Detail, got)
		}
	}
	queries := []struct {
		name, node    string
		outcome       core.Outcome
		actual, total core.Fen
		asked         core.Fen
	}{
		{"done", asked + `"refund_amount":"30.00","refund_status":"REFUND_SUCCESS"}`, core.OutcomeSucceeded, 3000, 8888, 3000},
		{"done, with coupons", asked + `"refund_amount":"30.00","send_back_fee":"28.00","refund_status":"REFUND_SUCCESS"}`, core.OutcomeSucceeded, 2800, 8888, 3000},
		// What the answer says of the amount is not what was asked for: core compares them.
		{"done, of another amount", asked + `"refund_amount":"25.00","refund_status":"REFUND_SUCCESS"}`, core.OutcomeSucceeded, 2500, 8888, 2500},
		{"done, nothing sent back", asked + `"refund_amount":"30.00","send_back_fee":"0.00","refund_status":"REFUND_SUCCESS"}`, core.OutcomeSucceeded, 3000, 8888, 3000},
		{"an amount and no state", asked + `"refund_amount":"30.00"}`, core.OutcomeAbsent, 0, 0, 0},
		{"a state and no amount", asked + `"refund_status":"REFUND_PROCESSING"}`, core.OutcomePending, 0, 0, 0},
		{"unheard of", `{"code":"10000","msg":"Success"}`, core.OutcomeAbsent, 0, 0, 0},
		{"under way", asked + `"refund_amount":"30.00","refund_status":"REFUND_PROCESSING"}`, core.OutcomePending, 0, 0, 0},
		// G12
		{"done, but another", sent + `"out_request_no":"RF2","refund_amount":"30.00","refund_status":"REFUND_SUCCESS"}`, core.OutcomeUnknown, 0, 0, 0},
		{"done, but of nothing", asked + `"refund_status":"REFUND_SUCCESS"}`, core.OutcomeUnknown, 0, 0, 0},
	}
	for _, c := range queries {
		bench.Wire.Answer(c.node)
		got := trades.QueryRefund(t.Context(), request)
		if got.Outcome != c.outcome || got.AskedFen != c.asked || got.ActualFen != c.actual || got.TotalFen != c.total || got.CumulativeFen != 0 {
			t.Errorf("refund query, %s: %s %s %+v", c.name, got.Outcome, got.Detail, got)
		}
	}
}
