package alipaytrade_test

import (
	"log/slog"
	"maps"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/paymux/paymux/adapters/alipay"
	alipaytrade "github.com/paymux/paymux/adapters/alipay/trade"
	"github.com/paymux/paymux/adapters/alipay/trade/tradetest"
	"github.com/paymux/paymux/core"
)

// everyCall makes each call about a trade that exists, with values that differ.
func everyCall(t *testing.T, bench *tradetest.Bench) map[string]func() any {
	t.Helper()
	trades := alipaytrade.Trades{Apps: bench.Apps()}
	ref := core.TradeRef{Account: bench.Account, OutTradeNo: "CT1", TradeNo: "T1"}
	refund := core.RefundRequest{TradeRef: ref, OutRequestNo: "RF1", AmountFen: 3000, Reason: "不要了"}
	return map[string]func() any{
		"query":        func() any { return trades.Query(t.Context(), ref) },
		"close":        func() any { return trades.Close(t.Context(), ref) },
		"refund":       func() any { return trades.Refund(t.Context(), refund) },
		"refund query": func() any { return trades.QueryRefund(t.Context(), refund) },
		"login": func() any {
			return alipaytrade.Login{Apps: bench.Apps()}.Authorize(t.Context(), bench.Account, "code-1")
		},
	}
}

// Every call asks for what core handed over, and for nothing else: the whole request is compared,
// so that a field that only travels through is missed.
func TestEveryCallIsAskedWhole(t *testing.T) {
	bench := tradetest.New(t, "alipay_mini")
	calls := everyCall(t, bench)
	for name, want := range map[string]map[string]string{
		"query": {"method": "alipay.trade.query", "biz_content": `{"out_trade_no":"CT1","trade_no":"T1"}`},
		"close": {"method": "alipay.trade.close", "biz_content": `{"out_trade_no":"CT1","trade_no":"T1"}`},
		"refund": {"method": "alipay.trade.refund",
			"biz_content": `{"out_trade_no":"CT1","trade_no":"T1","out_request_no":"RF1","refund_amount":"30.00","refund_reason":"不要了"}`},
		"refund query": {"method": "alipay.trade.fastpay.refund.query",
			"biz_content": `{"out_trade_no":"CT1","trade_no":"T1","out_request_no":"RF1","query_options":["refund_detail_item_list"]}`},
		"login": {"method": "alipay.system.oauth.token", "grant_type": "authorization_code", "code": "code-1"},
	} {
		bench.Wire.Answer(`{"code":"40004","sub_code":"ACQ.INVALID_PARAMETER"}`)
		calls[name]()
		maps.Copy(want, map[string]string{"app_id": tradetest.AppID, "format": "JSON", "charset": "utf-8", "sign_type": "RSA2", "version": "1.0"})
		if got := bench.Wire.Asked(); !maps.Equal(got, want) {
			t.Errorf("%s: asked\n%v, want\n%v", name, got, want)
		}
	}
}

// Every answer is handed on whole: each field has a value of its own, and what is not named here
// must be empty.
func TestEveryAnswerIsReadWhole(t *testing.T) {
	bench := tradetest.New(t, "alipay_mini")
	calls := everyCall(t, bench)
	const head = `{"code":"10000","msg":"Success","out_trade_no":"CT1","trade_no":"T1",`
	const amounts = `"total_amount":"88.88","receipt_amount":"80.01","buyer_pay_amount":"70.02","point_amount":"1.03","invoice_amount":"60.04",`
	done := core.Answer{Outcome: core.OutcomeSucceeded, Detail: "done 10000", KeyVersion: "v1"}
	for name, c := range map[string]struct {
		node string
		want any
	}{
		"query": {head + amounts + `"trade_status":"TRADE_SUCCESS","send_pay_date":"2026-11-22 18:00:01","buyer_user_id":"2088000000000002","buyer_open_id":"o1"}`,
			core.TradeResult{Answer: done, Trade: core.Trade{
				OutTradeNo: "CT1", TradeNo: "T1", State: core.TradePaid, TotalFen: 8888, ReceiptFen: 8001,
				PaidAt: time.Date(2026, 11, 22, 10, 0, 1, 0, time.UTC), Payer: core.Payer{UserID: "2088000000000002", OpenID: "o1"},
			}}},
		"close": {strings.TrimSuffix(head, ",") + `}`, core.CloseResult{Answer: done, TradeNo: "T1"}},
		"refund": {head + `"fund_change":"Y","refund_fee":"50.05","send_back_fee":"28.06"}`,
			core.RefundResult{Answer: done, ActualFen: 2806, CumulativeFen: 5005}},
		"refund query": {head + `"out_request_no":"RF1","total_amount":"88.88","refund_amount":"30.00","refund_fee":"50.05","send_back_fee":"28.06",` +
			`"refund_status":"REFUND_SUCCESS"}`,
			core.RefundResult{Answer: done, AskedFen: 3000, ActualFen: 2806, CumulativeFen: 5005, TotalFen: 8888}},
		"login": {`{"user_id":"2088000000000002","open_id":"o1","access_token":"a1","expires_in":300,"refresh_token":"r1","re_expires_in":300}`,
			core.AuthorizeResult{Answer: done, Payer: core.Payer{UserID: "2088000000000002", OpenID: "o1"}}},
	} {
		bench.Wire.Answer(c.node)
		if got := calls[name](); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: got\n%+v, want\n%+v", name, got, c.want)
		}
	}
}

// A refusal is handed on whole too, for every call: codes and words for people, the key that signed
// the request, and the gateway's own trace.
func TestEveryRefusalIsReadWhole(t *testing.T) {
	bench := tradetest.New(t, "alipay_mini")
	words := core.GatewayWords{Code: "40004", SubCode: "ACQ.SELLER_NOT_EXIST", Message: "卖家不存在"}
	for name, call := range everyCall(t, bench) {
		bench.Wire.Answer(`{"code":"40004","msg":"Business Failed","sub_code":"ACQ.SELLER_NOT_EXIST","sub_msg":"卖家不存在"}`)
		want := core.Answer{Outcome: core.OutcomeFailed, Code: "seller_account", Detail: "final_merchant 40004 ACQ.SELLER_NOT_EXIST", KeyVersion: "v1", Gateway: words}
		switch name {
		case "query", "refund query":
			want.Outcome, want.Code = core.OutcomeUnknown, "gateway_refused"
		case "login":
			want.Code = core.CodeLoginFailed
		}
		if got := reflect.ValueOf(call()).FieldByName("Answer").Interface(); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got\n%+v, want\n%+v", name, got, want)
		}
	}
}

// Every notice is handed on whole, and its time is that of what it tells: a refund's message
// carries the payment's time as well.
func TestEveryNoticeIsReadWhole(t *testing.T) {
	bench := tradetest.New(t, "alipay_mini")
	at := func(second int) time.Time { return time.Date(2026, 11, 22, 10, 0, second, 0, time.UTC) }
	base := map[string]string{
		"out_trade_no": "CT1", "trade_no": "T1", "total_amount": "88.88", "receipt_amount": "80.01", "buyer_pay_amount": "70.02", "invoice_amount": "60.04",
		"buyer_id": "2088000000000002", "buyer_open_id": "o1", "gmt_create": "2026-11-22 18:00:01", "gmt_payment": "2026-11-22 18:00:02",
		"notify_time": "2026-11-22 18:00:09",
	}
	trade := core.Trade{
		OutTradeNo: "CT1", TradeNo: "T1", State: core.TradePaid, TotalFen: 8888, ReceiptFen: 8001, PaidAt: at(2),
		Payer: core.Payer{UserID: "2088000000000002", OpenID: "o1"},
	}
	closed := trade
	closed.State = core.TradeClosed
	for name, c := range map[string]struct {
		fields map[string]string
		want   core.Notice
	}{
		"payment": {map[string]string{"trade_status": "TRADE_SUCCESS"}, core.Notice{Kind: core.NoticePayment, At: at(2), Trade: trade}},
		"refund": {map[string]string{"trade_status": "TRADE_SUCCESS", "refund_fee": "30.07", "out_biz_no": "RF1", "gmt_refund": "2026-11-22 18:00:03"},
			core.Notice{Kind: core.NoticeRefund, At: at(3), Trade: trade, OutRequestNo: "RF1", CumulativeFen: 3007}},
		"refund, then closed": {map[string]string{
			"trade_status": "TRADE_CLOSED", "refund_fee": "88.88", "out_biz_no": "RF2", "gmt_refund": "2026-11-22 18:00:03", "gmt_close": "2026-11-22 18:00:04",
		}, core.Notice{Kind: core.NoticeRefund, At: at(3), Trade: closed, OutRequestNo: "RF2", CumulativeFen: 8888}},
		"closed": {map[string]string{"trade_status": "TRADE_CLOSED", "gmt_close": "2026-11-22 18:00:04"},
			core.Notice{Kind: core.NoticeClosed, At: at(4), Trade: closed}},
		"agreement": {map[string]string{"notify_type": "dut_user_sign"}, core.Notice{Kind: core.NoticeAgreement, At: at(2)}},
		// What only a trade's message tells, another one's does not, whatever its fields are
		// called.
		"agreement, with a trade's fields": {map[string]string{"notify_type": "dut_user_sign", "dback_status": "F", "dback_amount": "5.00"},
			core.Notice{Kind: core.NoticeAgreement, At: at(2)}},
	} {
		fields := maps.Clone(base)
		maps.Copy(fields, c.fields)
		receipt := receive(t, bench, fields)
		if len(receipt.Notices) != 1 || receipt.Notices[0].ID == "" {
			t.Errorf("%s: %s %+v", name, receipt.Code, receipt.Notices)
			continue
		}
		c.want.ID, c.want.AppID, c.want.SellerID = receipt.Notices[0].ID, tradetest.AppID, tradetest.SellerID
		if got := receipt.Notices[0]; !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: got\n%+v, want\n%+v", name, got, c.want)
		}
	}
}

// noted keeps what is logged.
type noted struct{ strings.Builder }

// C22, C26: what is no delivery is refused before its signature is looked at, and the account's log
// says why a message was not taken.
func TestReceiveHandsOnTheDelivery(t *testing.T) {
	bench := tradetest.New(t, "alipay_mini")
	var log noted
	config := bench.Config
	config.Logger = slog.New(slog.NewTextHandler(&log, nil))
	app, err := alipay.NewApp(config)
	if err != nil {
		t.Fatal(err)
	}
	_, body, err := bench.Push(map[string]string{"trade_status": "TRADE_SUCCESS", "out_trade_no": "CT1", "trade_no": "T1", "total_amount": "88.88"})
	if err != nil {
		t.Fatal(err)
	}
	gateway := alipaytrade.Gateway{Apps: tradetest.One{Of: app}}
	for name, c := range map[string]struct {
		message core.Message
		code    core.Code
	}{
		"GET":              {core.Message{Method: "GET", Body: body}, "method_not_allowed"},
		"query":            {core.Message{Method: "POST", RawQuery: "a=1", Body: body}, "query_not_allowed"},
		"query, app":       {core.Message{Method: "POST", RawQuery: "a=1", Body: body, Kind: core.MessageApp}, "query_not_allowed"},
		"another's method": {core.Message{Method: "PUT", Body: body, Kind: core.MessageApp}, "method_not_allowed"},
	} {
		if receipt := gateway.Receive(t.Context(), bench.Account, c.message); receipt.Verified || receipt.Code != c.code {
			t.Errorf("%s: verified %v, code %q, want %q", name, receipt.Verified, receipt.Code, c.code)
		}
	}
	forged := []byte(strings.Replace(string(body), "88.88", "88.89", 1))
	if receipt := gateway.Receive(t.Context(), bench.Account, core.Message{Method: "POST", Body: forged, Kind: core.MessageTrade}); receipt.Verified {
		t.Error("a forged message was believed")
	}
	if text := log.String(); !strings.Contains(text, "refusal=signature_mismatch") || !strings.Contains(text, "app_id="+tradetest.AppID) {
		t.Errorf("the log does not say what was refused: %s", text)
	}
}
