package alipaysim_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	alipaysim "github.com/paymux/paymux/adapters/alipay/sim"
)

func TestNotificationScheduleAndStrictSuccess(t *testing.T) {
	answers := []struct {
		name, text string
		code       int
	}{
		{"fail", "fail", 200}, {"spaces", "success ", 200}, {"line break", "success\n", 200}, {"quoted", `"success"`, 200},
		{"upper case", "SUCCESS", 200}, {"html", "<p>success</p>", 200}, {"created", "success", 201},
		{"server error", "success", 500}, {"redirect", "success", 302}, {"nothing", "", 200},
	}
	for _, a := range answers {
		t.Run(a.name, func(t *testing.T) {
			r := newRig(t)
			r.merchant.answer(a.code, a.text)
			no := r.create("T1", "1.00", "notify_url", r.merchant.url)
			r.sim("POST", "/sim/trades/"+no+"/pay", nil)
			r.flush()
			waits := []time.Duration{4 * time.Minute, 10 * time.Minute, 10 * time.Minute, time.Hour, 2 * time.Hour, 6 * time.Hour, 15 * time.Hour}
			got := r.merchant.received()
			if len(got) != 1 {
				t.Fatalf("%d first tries", len(got))
			}
			for i, wait := range waits {
				r.advance(wait - time.Second)
				if early := r.merchant.received(); len(early) != 0 {
					t.Fatalf("try %d came early", i+2)
				}
				r.advance(time.Second)
				next := r.merchant.received()
				if len(next) != 1 {
					t.Fatalf("%d messages at try %d", len(next), i+2)
				}
				got = append(got, next...)
			}
			r.advance(48 * time.Hour)
			if more := r.merchant.received(); len(more) != 0 {
				t.Fatal("a ninth try")
			}
			for _, n := range got[1:] {
				if n.Get("notify_id") != got[0].Get("notify_id") || n.Get("notify_time") == got[0].Get("notify_time") {
					t.Fatal("tries must share notify_id and differ in notify_time")
				}
				if !rsaVerify(r.alipay, canonical(n, "sign", "sign_type"), n.Get("sign")) {
					t.Fatal("a repetition does not verify")
				}
			}
		})
	}
}

func (r *rig) advance(d time.Duration) {
	r.t.Helper()
	if err := r.server.Advance(d); err != nil {
		r.t.Fatal(err)
	}
}

func TestSuccessEndsTheSchedule(t *testing.T) {
	r := newRig(t)
	r.merchant.answer(http.StatusOK, "fail")
	no := r.create("T1", "1.00", "notify_url", r.merchant.url)
	r.sim("POST", "/sim/trades/"+no+"/pay", nil)
	r.flush()
	r.merchant.answer(http.StatusOK, "success")
	r.advance(30 * time.Hour)
	if got := r.merchant.received(); len(got) != 2 {
		t.Fatalf("%d messages", len(got))
	}
	list := r.sim("GET", "/sim/notifications?trade_no="+no, nil)["notifications"].([]any)
	if n := list[0].(map[string]any); n["done"] != "acked" || n["tries"] != 2.0 {
		t.Fatalf("%v", n)
	}
}

func TestTriggerMatrix(t *testing.T) {
	cases := []struct {
		name     string
		triggers alipaysim.Triggers
		wanted   string
	}{
		{"everything", alipaysim.Triggers{Success: true, Refund: true, ClosedUnpaid: true, Finished: true},
			"TRADE_CLOSED TRADE_SUCCESS TRADE_SUCCESS TRADE_FINISHED"},
		{"money only", alipaysim.Triggers{Success: true, Refund: true}, "TRADE_SUCCESS TRADE_SUCCESS"},
		{"success only", alipaysim.Triggers{Success: true}, "TRADE_SUCCESS"},
		{"nothing", alipaysim.Triggers{}, ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t, func(cfg *alipaysim.Config) {
				cfg.Triggers = map[string]alipaysim.Triggers{"alipay.trade.create": c.triggers}
				cfg.Manual = true // one after the other: the order is compared
			})
			r.create("U1", "1.00", "notify_url", r.merchant.url)
			r.call("alipay.trade.close", biz{"out_trade_no": "U1"})
			no := r.create("P1", "1.00", "notify_url", r.merchant.url)
			r.sim("POST", "/sim/trades/"+no+"/pay", nil)
			r.flush()
			r.call("alipay.trade.refund", biz{"out_trade_no": "P1", "refund_amount": "0.40", "out_request_no": "R1"})
			r.flush()
			r.advance(366 * 24 * time.Hour)
			var statuses []string
			for _, n := range r.merchant.received() {
				statuses = append(statuses, n.Get("trade_status"))
				if closed := n.Get("trade_status") == "TRADE_CLOSED"; closed && (n.Get("gmt_close") == "" || n.Get("refund_fee") != "" || n.Get("gmt_payment") != "") {
					t.Fatalf("unpaid close: %v", n)
				}
			}
			if got := strings.Join(statuses, " "); got != c.wanted {
				t.Fatalf("got %q, want %q", got, c.wanted)
			}
			want(t, r.call("alipay.trade.query", biz{"out_trade_no": "P1"}), "trade_status", "TRADE_FINISHED")
			want(t, r.call("alipay.trade.refund", biz{"out_trade_no": "P1", "refund_amount": "0.40", "out_request_no": "R2"}),
				"sub_code", "ACQ.TRADE_HAS_FINISHED")
		})
	}
}

func TestNotifyFaults(t *testing.T) {
	verifies := func(r *rig, n url.Values) bool {
		return rsaVerify(r.alipay, canonical(n, "sign", "sign_type"), n.Get("sign"))
	}
	cases := []struct {
		name  string
		fault alipaysim.Fault
		check func(r *rig, got []url.Values) bool
	}{
		{"lose", alipaysim.Fault{Effect: "lose"}, func(_ *rig, got []url.Values) bool { return len(got) == 0 }},
		{"repeat", alipaysim.Fault{Effect: "repeat", Copies: 5}, func(_ *rig, got []url.Values) bool { return len(got) == 5 }},
		{"tamper", alipaysim.Fault{Effect: "tamper"}, func(r *rig, got []url.Values) bool { return !verifies(r, got[0]) }},
		{"wrong key", alipaysim.Fault{Effect: "wrong_key"}, func(r *rig, got []url.Values) bool { return !verifies(r, got[0]) }},
		{"wrong amount", alipaysim.Fault{Effect: "wrong_amount"}, func(r *rig, got []url.Values) bool {
			return verifies(r, got[0]) && got[0].Get("total_amount") == "1.01"
		}},
		{"wrong seller", alipaysim.Fault{Effect: "wrong_seller"}, func(r *rig, got []url.Values) bool {
			return verifies(r, got[0]) && got[0].Get("seller_id") != testSeller
		}},
		{"wrong app", alipaysim.Fault{Effect: "wrong_app"}, func(r *rig, got []url.Values) bool {
			return verifies(r, got[0]) && got[0].Get("app_id") != testApp
		}},
		{"unknown order", alipaysim.Fault{Effect: "unknown_order"}, func(r *rig, got []url.Values) bool {
			return verifies(r, got[0]) && got[0].Get("out_trade_no") != "T1"
		}},
		{"fields before signing", alipaysim.Fault{Effect: "alter", Set: map[string]string{"new_field": "1"}, Drop: []string{"subject"}},
			func(r *rig, got []url.Values) bool {
				return verifies(r, got[0]) && got[0].Get("new_field") == "1" && got[0].Get("subject") == ""
			}},
		{"fields after signing", alipaysim.Fault{Effect: "alter", SetAfterSigning: map[string]string{"new_field": "1"}},
			func(r *rig, got []url.Values) bool { return !verifies(r, got[0]) }},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t)
			c.fault.On, c.fault.OutTradeNo = "notify", "T1"
			if _, err := r.server.AddFault(c.fault); err != nil {
				t.Fatal(err)
			}
			r.create("T1", "1.00", "notify_url", r.merchant.url)
			r.sim("POST", "/sim/trades/T1/pay", nil)
			r.flush()
			if got := r.merchant.received(); !c.check(r, got) {
				t.Fatalf("%v", got)
			}
		})
	}
}

func TestReorderLetsTheNextNotificationOvertake(t *testing.T) {
	r := newRig(t)
	if _, err := r.server.AddFault(alipaysim.Fault{On: "notify", Effect: "reorder", DelaySeconds: 120, Event: "TRADE_SUCCESS"}); err != nil {
		t.Fatal(err)
	}
	r.create("T1", "1.00", "notify_url", r.merchant.url)
	r.sim("POST", "/sim/trades/T1/pay", nil)
	r.flush()
	r.call("alipay.trade.refund", biz{"out_trade_no": "T1", "refund_amount": "1.00"})
	r.flush()
	r.advance(3 * time.Minute)
	got := r.merchant.received()
	if len(got) != 2 || got[0].Get("trade_status") != "TRADE_CLOSED" || got[1].Get("trade_status") != "TRADE_SUCCESS" {
		t.Fatalf("%v", got)
	}
}

func TestClaimedStatesAndCopies(t *testing.T) {
	r := newRig(t)
	r.create("T1", "1.00", "notify_url", r.merchant.url)
	r.sim("POST", "/sim/trigger/trade_success", biz{"trade_no": "T1", "copies": 3, "fields": map[string]string{"total_amount": "9.99"}})
	r.flush()
	got := r.merchant.received()
	if len(got) != 3 || got[0].Get("trade_status") != "TRADE_SUCCESS" || got[0].Get("total_amount") != "9.99" ||
		got[0].Get("notify_id") == got[1].Get("notify_id") {
		t.Fatalf("%v", got)
	}
	want(t, r.call("alipay.trade.query", biz{"out_trade_no": "T1"}), "trade_status", "WAIT_BUYER_PAY")
}

func TestApplicationGatewayMessagesKeepSignType(t *testing.T) {
	for _, dropped := range []bool{false, true} {
		r := newRig(t, func(c *alipaysim.Config) { c.Switches.MessagesDropSignType = dropped })
		r.create("T1", "1.00")
		r.sim("POST", "/sim/trades/T1/pay", nil)
		opened := r.sim("POST", "/sim/trigger/complaint", biz{"trade_no": "T1", "reason": "没有收到货"})
		r.flush()
		got := r.merchant.received()
		if len(got) != 1 || got[0].Get("msg_method") != "alipay.merchant.tradecomplain.changed" {
			t.Fatalf("%v", got)
		}
		without := []string{"sign"}
		if dropped {
			without = append(without, "sign_type")
		}
		if !rsaVerify(r.alipay, canonical(got[0], without...), got[0].Get("sign")) {
			t.Fatalf("dropped %v: %v", dropped, got[0])
		}
		id := opened["complain_event_id"].(string)
		want(t, r.call("alipay.merchant.tradecomplain.query", biz{"complain_event_id": id}),
			"status", "MERCHANT_PROCESSING", "merchant_order_no", "T1", "trade_amount", "1.00")
		want(t, r.call("alipay.merchant.tradecomplain.feedback.submit",
			biz{"complain_event_id": id, "feedback_code": "02", "feedback_content": "已退款"}), "code", "10000")
		want(t, r.call("alipay.merchant.tradecomplain.query", biz{"complain_event_id": id}), "status", "MERCHANT_FEEDBACKED")
	}
}
