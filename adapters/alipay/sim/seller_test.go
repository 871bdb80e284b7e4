package alipaysim_test

import (
	"maps"
	"testing"

	alipaysim "github.com/paymux/paymux/adapters/alipay/sim"
)

const otherSeller = "2088000000000009"

func TestAnOrderPaysTheSellerItNames(t *testing.T) {
	r := newRig(t, func(c *alipaysim.Config) { c.Apps[0].OtherSellers = []string{otherSeller} })
	order := func(number string, extra biz) map[string]any {
		content := biz{"out_trade_no": number, "total_amount": "1.00", "subject": "x", "product_code": "JSAPI_PAY",
			"op_app_id": testApp, "buyer_id": testBuyer}
		maps.Copy(content, extra)
		return r.call("alipay.trade.create", content, "notify_url", r.merchant.url)
	}
	want(t, order("T1", nil), "code", "10000")
	want(t, order("T2", biz{"seller_id": otherSeller}), "code", "10000")
	want(t, order("T3", biz{"seller_id": "2088000000000008"}), "sub_code", "ACQ.INVALID_RECEIVE_ACCOUNT")
	for number, payee := range map[string]string{"T1": testSeller, "T2": otherSeller} {
		r.sim("POST", "/sim/trades/"+number+"/pay", nil)
		r.flush()
		got := r.merchant.received()
		if len(got) != 1 || got[0].Get("seller_id") != payee {
			t.Fatalf("%s: %v", number, got)
		}
		want(t, r.call("alipay.trade.query", biz{"out_trade_no": number}), "trade_status", "TRADE_SUCCESS")
	}
	// One number is one order of the application, whoever is paid.
	want(t, order("T4", nil), "code", "10000")
	want(t, order("T4", biz{"seller_id": otherSeller}), "sub_code", "ACQ.CONTEXT_INCONSISTENT")
	want(t, order("T2", nil), "sub_code", "ACQ.TRADE_HAS_SUCCESS")
	want(t, r.call("alipay.trade.refund", biz{"out_trade_no": "T2", "refund_amount": "1.00"}), "fund_change", "Y")
}
