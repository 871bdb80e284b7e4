package alipaysim_test

import (
	"maps"
	"testing"
	"time"
)

func TestUnpaidTradesExpire(t *testing.T) {
	cases := []struct {
		name    string
		fields  biz
		expires time.Duration
	}{
		{"default of a mini-program", biz{}, 3 * time.Hour},
		{"timeout in minutes", biz{"timeout_express": "7m"}, 7 * time.Minute},
		{"timeout in days", biz{"timeout_express": "2d"}, 48 * time.Hour},
		{"midnight", biz{"timeout_express": "1c"}, 4 * time.Hour},
		{"absolute", biz{"time_expire": "2026-11-22 20:01:30"}, 90 * time.Second},
		{"absolute wins", biz{"time_expire": "2026-11-22 20:01:30", "timeout_express": "7m"}, 90 * time.Second},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t)
			order := biz{"out_trade_no": "T1", "total_amount": "1.00", "subject": "x", "product_code": "JSAPI_PAY",
				"op_app_id": testApp, "buyer_id": testBuyer}
			maps.Copy(order, c.fields)
			want(t, r.call("alipay.trade.create", order), "code", "10000")
			r.advance(c.expires - time.Second)
			want(t, r.call("alipay.trade.query", biz{"out_trade_no": "T1"}), "trade_status", "WAIT_BUYER_PAY")
			r.advance(time.Second)
			want(t, r.call("alipay.trade.query", biz{"out_trade_no": "T1"}), "trade_status", "TRADE_CLOSED", "receipt_amount", "0.00")
		})
	}
}

func TestPhonesGetFiveMinutesFromEntering(t *testing.T) {
	r := newRig(t)
	address := r.wapURL(biz{"out_trade_no": "W1", "total_amount": "1.00", "subject": "x", "time_expire": "2026-11-22 20:03:00"})
	r.advance(2 * time.Minute)
	r.sim("POST", "/sim/pay", biz{"url": address, "action": "enter"})
	r.advance(5*time.Minute - time.Second)
	want(t, r.call("alipay.trade.query", biz{"out_trade_no": "W1"}), "trade_status", "WAIT_BUYER_PAY")
	r.advance(time.Second)
	want(t, r.call("alipay.trade.query", biz{"out_trade_no": "W1"}), "trade_status", "TRADE_CLOSED")
}

func TestAnExpiredAddressOpensNothing(t *testing.T) {
	r := newRig(t)
	address := r.wapURL(biz{"out_trade_no": "W1", "total_amount": "1.00", "subject": "x", "time_expire": "2026-11-22 20:03:00"})
	page, _ := browse(t, address)
	r.advance(3 * time.Minute)
	for _, url := range []string{address, page} {
		if status, answer := r.simStatus("POST", "/sim/pay", biz{"url": url}); status != 409 || answer["code"] != "ACQ.NOW_TIME_AFTER_EXPIRE_TIME_ERROR" {
			t.Fatalf("%d %v", status, answer)
		}
	}
	want(t, r.call("alipay.trade.query", biz{"out_trade_no": "W1"}), "sub_code", "ACQ.TRADE_NOT_EXIST")
}

// S01: money on its way beats expiry and close; it arrives after both.
func TestSlowPaymentBeatsExpiryAndClose(t *testing.T) {
	r := newRig(t)
	r.create("T1", "1.00", "notify_url", r.merchant.url)
	r.advance(3*time.Hour - 10*time.Second)
	r.sim("POST", "/sim/trades/T1/pay", biz{"slow_seconds": 30})
	r.advance(15 * time.Second)
	want(t, r.call("alipay.trade.query", biz{"out_trade_no": "T1"}), "trade_status", "WAIT_BUYER_PAY")
	want(t, r.call("alipay.trade.close", biz{"out_trade_no": "T1"}), "sub_code", "ACQ.REASON_TRADE_STATUS_INVALID")
	r.advance(15 * time.Second)
	want(t, r.call("alipay.trade.query", biz{"out_trade_no": "T1"}), "trade_status", "TRADE_SUCCESS")
	if got := r.merchant.received(); len(got) != 1 || got[0].Get("trade_status") != "TRADE_SUCCESS" {
		t.Fatalf("%v", got)
	}
}
