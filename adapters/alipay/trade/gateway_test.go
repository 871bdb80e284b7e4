package alipaytrade_test

import (
	"maps"
	"testing"
	"time"

	alipaytrade "github.com/paymux/paymux/adapters/alipay/trade"
	"github.com/paymux/paymux/adapters/alipay/trade/tradetest"
	"github.com/paymux/paymux/core"
)

// C13, C14, C15, C16, C17, C08, A06, A07, A08: what each combination of status and amounts means.
// Amounts are Alipay's yuan text.
func TestNoticeOfStatus(t *testing.T) {
	bench := tradetest.New(t, "alipay_mini")
	const paidAt = "2026-11-22 17:59:00"
	cases := []struct {
		name       string
		fields     map[string]string
		kind       core.NoticeKind
		state      core.TradeState
		total      core.Fen
		cumulative core.Fen
	}{
		{"payment", map[string]string{"trade_status": "TRADE_SUCCESS"}, core.NoticePayment, core.TradePaid, 8888, 0},
		{"payment with a refund_fee of nothing", map[string]string{"trade_status": "TRADE_SUCCESS", "refund_fee": "0.00"},
			core.NoticePayment, core.TradePaid, 8888, 0},
		{"partial refund", map[string]string{"trade_status": "TRADE_SUCCESS", "refund_fee": "30.00", "gmt_refund": "2026-11-22 18:00:00.123"},
			core.NoticeRefund, core.TradePaid, 8888, 3000},
		{"full refund", map[string]string{"trade_status": "TRADE_CLOSED", "refund_fee": "88.88", "gmt_refund": "2026-11-22 18:00:00.1"},
			core.NoticeRefund, core.TradeClosed, 8888, 8888},
		{"unpaid close", map[string]string{"trade_status": "TRADE_CLOSED", "gmt_close": "2026-11-22 18:00:00"},
			core.NoticeClosed, core.TradeClosed, 8888, 0},
		{"finished first", map[string]string{"trade_status": "TRADE_FINISHED"}, core.NoticePayment, core.TradeFinished, 8888, 0},
		{"finished after a refund", map[string]string{"trade_status": "TRADE_FINISHED", "refund_fee": "30.00"},
			core.NoticeRefund, core.TradeFinished, 8888, 3000},
		{"created", map[string]string{"trade_status": "WAIT_BUYER_PAY"}, core.NoticeWaiting, core.TradeWaiting, 8888, 0},
		{"a status nobody lists", map[string]string{"trade_status": "TRADE_PENDING"}, core.NoticeOther, "", 8888, 0},
		{"total without cents", map[string]string{"trade_status": "TRADE_SUCCESS", "total_amount": "88"}, core.NoticePayment, core.TradePaid, 0, 0},
		{"total with an exponent", map[string]string{"trade_status": "TRADE_SUCCESS", "total_amount": "1e2"}, core.NoticePayment, core.TradePaid, 0, 0},
		{"total with a blank", map[string]string{"trade_status": "TRADE_SUCCESS", "total_amount": " 88.88"}, core.NoticePayment, core.TradePaid, 0, 0},
		{"total of a billion digits", map[string]string{"trade_status": "TRADE_SUCCESS", "total_amount": "1E1000000000"},
			core.NoticePayment, core.TradePaid, 0, 0}, // A07
		{"total in full-width digits", map[string]string{"trade_status": "TRADE_SUCCESS", "total_amount": "８８.８８"},
			core.NoticePayment, core.TradePaid, 0, 0}, // A08
		{"refund that is no amount", map[string]string{"trade_status": "TRADE_SUCCESS", "refund_fee": "Inf"}, core.NoticePayment, core.TradePaid, 0, 0},
		{"agreement", map[string]string{"notify_type": "dut_user_sign"}, core.NoticeAgreement, "", 0, 0},
		{"agreement ends", map[string]string{"notify_type": "dut_user_unsign"}, core.NoticeAgreement, "", 0, 0},
		{"something new", map[string]string{"notify_type": "brand_new_sync"}, core.NoticeOther, "", 0, 0},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			fields := map[string]string{
				"out_trade_no": "CT1", "trade_no": "2026112222001", "total_amount": "88.88", "receipt_amount": "88.00",
				"gmt_payment": paidAt, "buyer_id": "2088000000000002",
			}
			maps.Copy(fields, c.fields)
			receipt := receive(t, bench, fields)
			if !receipt.Verified || len(receipt.Notices) != 1 {
				t.Fatalf("refused: %s %s", receipt.Code, receipt.Detail)
			}
			n := receipt.Notices[0]
			if n.Kind != c.kind || n.Trade.State != c.state || n.Trade.TotalFen != c.total || n.CumulativeFen != c.cumulative {
				t.Errorf("got %s %s total %d refunded %d", n.Kind, n.Trade.State, n.Trade.TotalFen, n.CumulativeFen)
			}
			if n.SellerID != tradetest.SellerID || n.AppID != tradetest.AppID || n.ID == "" {
				t.Errorf("whose notice: %+v", n)
			}
		})
	}
}

// A payment tells who paid, what arrives, and when, in UTC.
func TestNoticeOfPayment(t *testing.T) {
	bench := tradetest.New(t, "alipay_mini")
	receipt := receive(t, bench, map[string]string{
		"trade_status": "TRADE_SUCCESS", "out_trade_no": "CT1", "trade_no": "T1", "total_amount": "88.88", "receipt_amount": "88.00",
		"buyer_pay_amount": "80.00", "point_amount": "8.00", "gmt_payment": "2026-11-22 17:59:00", "buyer_open_id": "open-1", "seller_id": "2088000000000009",
	})
	n := receipt.Notices[0]
	want := time.Date(2026, 11, 22, 9, 59, 0, 0, time.UTC)
	if !n.Trade.PaidAt.Equal(want) || !n.At.Equal(want) || n.Trade.ReceiptFen != 8800 || n.Trade.Payer.OpenID != "open-1" {
		t.Errorf("got %+v", n)
	}
	// A12: what was to be paid is the total, coupons and points included
	if n.Trade.TotalFen != 8888 {
		t.Errorf("total %d", n.Trade.TotalFen)
	}
	// C06: the payee is passed on as it stands; core parks what is not its own
	if n.SellerID != "2088000000000009" {
		t.Errorf("seller %q", n.SellerID)
	}
	if receipt.KeyVersion != "v1" {
		t.Errorf("verified by %q", receipt.KeyVersion) // C30: which key, for audit
	}
}

// C04, C05, C07, C36: the algorithm, the app and the account are ours or nobody's.
func TestReceiveRefuses(t *testing.T) {
	bench := tradetest.New(t, "alipay_mini")
	good := map[string]string{"trade_status": "TRADE_SUCCESS", "out_trade_no": "CT1", "trade_no": "T1", "total_amount": "88.88"}
	with := func(name, value string) map[string]string {
		fields := map[string]string{name: value}
		for n, v := range good {
			if n != name {
				fields[n] = v
			}
		}
		return fields
	}
	for name, c := range map[string]struct {
		fields  map[string]string
		account func(*core.Account)
		code    core.Code
	}{
		"sign_type RSA":     {fields: with("sign_type", "RSA"), code: "sign_type_mismatch"},
		"sign_type rsa2":    {fields: with("sign_type", "rsa2"), code: "sign_type_mismatch"},
		"another app":       {fields: with("app_id", "9021000000000002"), code: "app_id_mismatch"},
		"no number":         {fields: with("out_trade_no", ""), code: "field_missing"},
		"unknown account":   {account: func(a *core.Account) { a.ID = "acc_other" }, code: alipaytrade.CodeAccountUnknown},
		"another gateway":   {account: func(a *core.Account) { a.Gateway = "unionpay" }, code: alipaytrade.CodeAccountUnknown},
		"account elsewhere": {account: func(a *core.Account) { a.AppID = "9021000000000002" }, code: alipaytrade.CodeAccountUnknown},
		"real money":        {account: func(a *core.Account) { a.Environment = core.Production }, code: alipaytrade.CodeAccountUnknown},
	} {
		t.Run(name, func(t *testing.T) {
			fields, account := c.fields, bench.Account
			if fields == nil {
				fields = good
			}
			if c.account != nil {
				c.account(&account)
			}
			contentType, body, err := bench.Push(fields)
			if err != nil {
				t.Fatal(err)
			}
			receipt := alipaytrade.Gateway{Apps: bench.Apps()}.Receive(t.Context(), account,
				core.Message{Method: "POST", Header: map[string][]string{"Content-Type": {contentType}}, Body: body, Kind: core.MessageTrade})
			if receipt.Verified || len(receipt.Notices) != 0 || receipt.Code != c.code {
				t.Errorf("code %q, notices %v, want %q", receipt.Code, receipt.Notices, c.code)
			}
			if string(receipt.Refuse.Body) != "fail" || receipt.Refuse.Status != 200 {
				t.Errorf("the refusal reads %d %q", receipt.Refuse.Status, receipt.Refuse.Body)
			}
		})
	}
}

func receive(t *testing.T, bench *tradetest.Bench, fields map[string]string) core.Receipt {
	t.Helper()
	contentType, body, err := bench.Push(fields)
	if err != nil {
		t.Fatal(err)
	}
	return alipaytrade.Gateway{Apps: bench.Apps()}.Receive(t.Context(), bench.Account,
		core.Message{Method: "POST", Header: map[string][]string{"Content-Type": {contentType}}, Body: body, Kind: core.MessageTrade})
}
