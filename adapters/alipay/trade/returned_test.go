package alipaytrade_test

import (
	"maps"
	"testing"

	alipaytrade "github.com/paymux/paymux/adapters/alipay/trade"
	"github.com/paymux/paymux/adapters/alipay/trade/tradetest"
	"github.com/paymux/paymux/core"
)

// G31: a refund that the bank did not take comes back; one that arrived changes nothing. What
// cannot be read names no order, and so ends with a person.
func TestDepositBackG31(t *testing.T) {
	bench := tradetest.New(t, "alipay_mini")
	const head = `{"trade_no":"T1","out_trade_no":"CT1","out_request_no":"RF1",`
	for name, c := range map[string]struct {
		content string
		kind    core.NoticeKind
		fen     core.Fen
		order   string
	}{
		"arrived":           {head + `"dback_status":"S","dback_amount":"5.00","bank_ack_time":"2026-11-22 18:00:00"}`, core.NoticeOther, 0, "CT1"},
		"under way":         {head + `"dback_status":"P","dback_amount":"5.00"}`, core.NoticeOther, 0, "CT1"},
		"came back":         {head + `"dback_status":"F","dback_amount":"5.00","bank_ack_time":"2026-11-22 18:00:00"}`, core.NoticeReturned, 500, "CT1"},
		"came back, no sum": {head + `"dback_status":"F"}`, core.NoticeReturned, 0, "CT1"},
		"an odd time":       {head + `"dback_status":"F","dback_amount":"5.00","bank_ack_time":"yesterday"}`, core.NoticeReturned, 500, "CT1"},
		"unreadable":        {`{"dback_status":`, core.NoticeReturned, 0, ""},
	} {
		t.Run(name, func(t *testing.T) {
			body, err := bench.Sign(map[string]string{
				"app_id": tradetest.AppID, "charset": "utf-8", "version": "1.1", "sign_type": "RSA2", "notify_id": "N1", "msg_type": "sys",
				"msg_method": "alipay.trade.refund.depositback.completed", "utc_timestamp": "1795341600000", "biz_content": c.content,
			}, "sign")
			if err != nil {
				t.Fatal(err)
			}
			receipt := push(t, bench, body, core.MessageApp)
			if !receipt.Verified || len(receipt.Notices) != 1 {
				t.Fatalf("%s %s", receipt.Code, receipt.Detail)
			}
			n := receipt.Notices[0]
			if n.Kind != c.kind || n.ReturnedFen != c.fen || n.Trade.OutTradeNo != c.order || (c.order != "" && n.OutRequestNo != "RF1") {
				t.Errorf("%+v", n)
			}
		})
	}
}

// G31: some products tell of it in the trade's own message. It says two things then: what was
// refunded, and what came back. The mirror case says one.
func TestDepositBackG31InATradesMessage(t *testing.T) {
	bench := tradetest.New(t, "alipay_mini")
	for status, kinds := range map[string][]core.NoticeKind{
		"F": {core.NoticeRefund, core.NoticeReturned}, "S": {core.NoticeRefund}, "P": {core.NoticeRefund}, "": {core.NoticeRefund},
	} {
		fields := map[string]string{
			"out_trade_no": "CT1", "trade_no": "2026112222001", "total_amount": "88.88", "trade_status": "TRADE_SUCCESS", "refund_fee": "30.00",
			"gmt_refund": "2026-11-22 18:00:00.123", "out_biz_no": "RF1",
		}
		if status != "" {
			maps.Copy(fields, map[string]string{"dback_status": status, "dback_amount": "30.00", "bank_ack_time": "2026-11-22 18:00:00"})
		}
		receipt := receive(t, bench, fields)
		if !receipt.Verified || len(receipt.Notices) != len(kinds) {
			t.Fatalf("dback_status %q: %s, %d notices", status, receipt.Code, len(receipt.Notices))
		}
		for i, n := range receipt.Notices {
			if n.Kind != kinds[i] || n.OutRequestNo != "RF1" || n.CumulativeFen != 3000 || (n.Kind == core.NoticeReturned) != (n.ReturnedFen == 3000) {
				t.Errorf("dback_status %q: %+v", status, n)
			}
		}
	}
}

// G28: a refund's query may carry the trade's sum, with a word about the refund or without.
func TestRefundQueryG28CarriesTheSum(t *testing.T) {
	bench := tradetest.New(t, "alipay_mini")
	trades := alipaytrade.Trades{Apps: bench.Apps()}
	request := core.RefundRequest{TradeRef: core.TradeRef{Account: bench.Account, OutTradeNo: "CT1"}, OutRequestNo: "RF1", AmountFen: 3000}
	for node, want := range map[string]core.RefundResult{
		`{"code":"10000","msg":"Success","refund_fee":"50.00"}`: {Answer: core.Answer{Outcome: core.OutcomeAbsent}, CumulativeFen: 5000},
		`{"code":"10000","msg":"Success"}`:                      {Answer: core.Answer{Outcome: core.OutcomeAbsent}},
		`{"code":"10000","msg":"Success","out_trade_no":"CT1","trade_no":"T1","out_request_no":"RF1","refund_amount":"30.00","refund_status":"REFUND_SUCCESS","refund_fee":"50.00"}`: {
			Answer: core.Answer{Outcome: core.OutcomeSucceeded}, CumulativeFen: 5000},
		`{"code":"40004","msg":"Business Failed","sub_code":"ACQ.SYSTEM_ERROR","refund_fee":"50.00"}`: {Answer: core.Answer{Outcome: core.OutcomeUnknown}},
	} {
		bench.Wire.Answer(node)
		if got := trades.QueryRefund(t.Context(), request); got.Outcome != want.Outcome || got.CumulativeFen != want.CumulativeFen {
			t.Errorf("%s: %s, %d fen in all", node, got.Outcome, got.CumulativeFen)
		}
	}
}
