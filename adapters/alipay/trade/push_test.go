package alipaytrade_test

import (
	"net/url"
	"testing"

	alipaytrade "github.com/paymux/paymux/adapters/alipay/trade"
	"github.com/paymux/paymux/adapters/alipay/trade/tradetest"
	"github.com/paymux/paymux/core"
)

func push(t *testing.T, bench *tradetest.Bench, body []byte, kind core.MessageKind) core.Receipt {
	t.Helper()
	return alipaytrade.Gateway{Apps: bench.Apps()}.Receive(t.Context(), bench.Account, core.Message{
		Method: "POST", Header: map[string][]string{"Content-Type": {"application/x-www-form-urlencoded; charset=utf-8"}}, Body: body, Kind: kind,
	})
}

// The application gateway's messages, signed with sign_type as Alipay signs them, and without as it
// is said to.
func TestApplicationGatewayMessages(t *testing.T) {
	bench := tradetest.New(t, "alipay_mini")
	for _, c := range []struct {
		method, content string
		kind            core.NoticeKind
		outTradeNo      string
		outRequestNo    string
	}{
		{"alipay.merchant.tradecomplain.changed", `{"complain_event_id":"E1"}`, core.NoticeComplaint, "", ""},
		{"alipay.security.risk.complaint.info.changed", `{}`, core.NoticeRisk, "", ""},
		{"alipay.trade.refund.depositback.completed", `{"trade_no":"T1","out_trade_no":"CT1","out_request_no":"RF1","dback_status":"S"}`,
			core.NoticeOther, "CT1", "RF1"},
		{"alipay.brand.new.thing", `{}`, core.NoticeOther, "", ""},
	} {
		fields := map[string]string{
			"app_id": tradetest.AppID, "charset": "utf-8", "version": "1.1", "sign_type": "RSA2", "notify_id": "N1", "msg_method": c.method,
			"msg_type": "sys", "utc_timestamp": "1795341600000", "biz_content": c.content,
		}
		for rule, without := range map[string][]string{"kept": {"sign"}, "dropped": {"sign", "sign_type"}} {
			body, err := bench.Sign(fields, without...)
			if err != nil {
				t.Fatal(err)
			}
			receipt := push(t, bench, body, core.MessageApp)
			if !receipt.Verified || len(receipt.Notices) != 1 || receipt.KeyVersion != "v1" {
				t.Errorf("%s, sign_type %s: %s %s", c.method, rule, receipt.Code, receipt.Detail)
				continue
			}
			n := receipt.Notices[0]
			if n.Kind != c.kind || n.ID != "N1" || n.AppID != tradetest.AppID || n.At.UnixMilli() != 1795341600000 ||
				n.Trade.OutTradeNo != c.outTradeNo || n.OutRequestNo != c.outRequestNo {
				t.Errorf("%s: %+v", c.method, n)
			}
			// The paths do not mix: such a message moves no money, wherever it is posted (C36).
			if receipt := push(t, bench, body, core.MessageTrade); receipt.Verified {
				t.Errorf("%s was taken for a payment notification", c.method)
			}
		}
	}
}

// The older format has no msg_method: notify_type says what it is, and the fields stand in the form
// itself.
func TestOlderMessagesOfTheApplicationGateway(t *testing.T) {
	bench := tradetest.New(t, "alipay_mini")
	for notifyType, want := range map[string]core.NoticeKind{
		"dut_user_sign": core.NoticeAgreement, "dut_user_unsign": core.NoticeAgreement, "servicemarket_order_notify": core.NoticeOther,
	} {
		body, err := bench.Sign(map[string]string{
			"app_id": tradetest.AppID, "auth_app_id": tradetest.AppID, "charset": "utf-8", "version": "1.0", "sign_type": "RSA2", "notify_id": "N2",
			"notify_type": notifyType, "notify_time": "2026-11-22 18:00:00", "agreement_no": "A1", "status": "NORMAL",
		}, "sign")
		if err != nil {
			t.Fatal(err)
		}
		receipt := push(t, bench, body, core.MessageApp)
		if !receipt.Verified || len(receipt.Notices) != 1 || receipt.Notices[0].Kind != want || receipt.Notices[0].ID != "N2" || receipt.Notices[0].At.IsZero() {
			t.Errorf("%s: %s %s %+v", notifyType, receipt.Code, receipt.Detail, receipt.Notices)
		}
	}
}

// A payment notification means nothing to the application gateway's path, whose rule keeps
// sign_type (C36).
func TestPaymentOnTheApplicationGatewaysPath(t *testing.T) {
	bench := tradetest.New(t, "alipay_mini")
	_, body, err := bench.Push(map[string]string{
		"trade_status": "TRADE_SUCCESS", "out_trade_no": "CT1", "trade_no": "T1", "total_amount": "88.88",
	})
	if err != nil {
		t.Fatal(err)
	}
	if receipt := push(t, bench, body, core.MessageApp); receipt.Verified || receipt.Code != "field_missing" {
		t.Errorf("verified %v, code %q", receipt.Verified, receipt.Code)
	}
}

// The older risk push names the seller and no app; it tells of several trades at once.
func TestRiskPush(t *testing.T) {
	bench := tradetest.New(t, "alipay_mini")
	fields := map[string]string{
		"service": "alipay.riskgo.risk.push", "charset": "utf-8", "sign_type": "RSA2", "pid": tradetest.SellerID,
		"tradeNos": "T1,T2", "risktype": "fraud", "risklevel": "high", "externalId": "X1",
	}
	body, err := bench.Sign(fields, "sign", "sign_type")
	if err != nil {
		t.Fatal(err)
	}
	receipt := push(t, bench, body, core.MessageApp)
	if !receipt.Verified || len(receipt.Notices) != 2 {
		t.Fatalf("%s %s: %v", receipt.Code, receipt.Detail, receipt.Notices)
	}
	for i, tradeNo := range []string{"T1", "T2"} {
		if n := receipt.Notices[i]; n.Kind != core.NoticeRisk || n.Trade.TradeNo != tradeNo || n.ID != "X1" || n.SellerID != tradetest.SellerID {
			t.Errorf("%+v", n)
		}
	}
	for name, spoil := range map[string]func(url.Values){
		"another seller": func(f url.Values) { f.Set("pid", "2088000000000009") },
		"another trade":  func(f url.Values) { f.Set("tradeNos", "T3") },
		"no signature":   func(f url.Values) { f.Del("sign") },
	} {
		form, err := url.ParseQuery(string(body))
		if err != nil {
			t.Fatal(err)
		}
		spoil(form)
		if receipt := push(t, bench, []byte(form.Encode()), core.MessageApp); receipt.Verified || receipt.Code == "" {
			t.Errorf("%s: believed, code %q", name, receipt.Code)
		}
	}
	if receipt := push(t, bench, body, core.MessageTrade); receipt.Verified {
		t.Error("a risk push was taken for a payment notification")
	}
}
