package alipaysim_test

import (
	"compress/gzip"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	alipaysim "github.com/paymux/paymux/adapters/alipay/sim"
)

// plainClient keeps compressed answers as they are and gives up quickly.
func plainClient() *http.Client {
	return &http.Client{Transport: &http.Transport{DisableCompression: true, DisableKeepAlives: true}}
}

// attempt makes one create and gives what the client sees.
func (r *rig) attempt(outTradeNo string) (status int, body string, err error) {
	form := r.params("alipay.trade.create", biz{"out_trade_no": outTradeNo, "total_amount": "1.00", "subject": "测试",
		"product_code": "JSAPI_PAY", "op_app_id": testApp, "buyer_id": testBuyer})
	response, err := plainClient().PostForm(r.http.URL+"/gateway.do", form)
	if err != nil {
		return 0, "", err
	}
	defer func() { _ = response.Body.Close() }()
	var reader io.Reader = response.Body
	if response.Header.Get("Content-Encoding") == "gzip" {
		if reader, err = gzip.NewReader(response.Body); err != nil {
			return 0, "", err
		}
	}
	raw, err := io.ReadAll(reader)
	return response.StatusCode, string(raw), err
}

func TestGatewayFaults(t *testing.T) {
	const node = "alipay_trade_create_response"
	trusted := func(r *rig, body string) bool {
		i := strings.Index(body, `,"sign":"`)
		if !strings.HasPrefix(body, `{"`+node+`":`) || i < 0 {
			return false
		}
		return rsaVerify(r.alipay, body[len(node)+4:i], strings.TrimSuffix(body[i+len(`,"sign":"`):], `"}`))
	}
	cases := []struct {
		name     string
		fault    alipaysim.Fault
		executed bool
		check    func(r *rig, status int, body string, err error) bool
	}{
		{"code", alipaysim.Fault{Effect: "code", Code: "40004", SubCode: "ACQ.BUYER_BALANCE_NOT_ENOUGH"}, false,
			func(r *rig, _ int, body string, _ error) bool {
				return trusted(r, body) && strings.Contains(body, `"sub_code":"ACQ.BUYER_BALANCE_NOT_ENOUGH"`)
			}},
		{"unavailable", alipaysim.Fault{Effect: "unavailable"}, false,
			func(r *rig, _ int, body string, _ error) bool {
				return trusted(r, body) && strings.Contains(body, `"20000"`)
			}},
		{"unavailable after executing", alipaysim.Fault{Effect: "unavailable", When: "after"}, true,
			func(r *rig, _ int, body string, _ error) bool {
				return trusted(r, body) && strings.Contains(body, `"20000"`)
			}},
		{"system error after executing", alipaysim.Fault{Effect: "system_error", When: "after"}, true,
			func(_ *rig, _ int, body string, _ error) bool { return strings.Contains(body, "ACQ.SYSTEM_ERROR") }},
		{"limited", alipaysim.Fault{Effect: "limited"}, false,
			func(_ *rig, _ int, body string, _ error) bool { return strings.Contains(body, `"40005"`) }},
		{"reset", alipaysim.Fault{Effect: "reset"}, false,
			func(_ *rig, _ int, _ string, err error) bool { return err != nil }},
		{"reset after executing", alipaysim.Fault{Effect: "reset", When: "after"}, true,
			func(_ *rig, _ int, _ string, err error) bool { return err != nil }},
		{"hang", alipaysim.Fault{Effect: "hang", DelayMS: 1}, true,
			func(_ *rig, _ int, _ string, err error) bool { return err != nil }},
		{"delay", alipaysim.Fault{Effect: "delay", DelayMS: 1}, true,
			func(r *rig, _ int, body string, err error) bool { return err == nil && trusted(r, body) }},
		{"drip", alipaysim.Fault{Effect: "drip", DelayMS: 0}, true,
			func(r *rig, _ int, body string, err error) bool { return err == nil && trusted(r, body) }},
		{"truncate", alipaysim.Fault{Effect: "truncate"}, true,
			func(_ *rig, _ int, body string, err error) bool {
				return err != nil && strings.HasPrefix(body, `{"`+node)
			}},
		{"proxy page", alipaysim.Fault{Effect: "html_502"}, false,
			func(_ *rig, status int, body string, _ error) bool {
				return status == 502 && strings.Contains(body, "<html>")
			}},
		{"empty", alipaysim.Fault{Effect: "empty"}, false,
			func(_ *rig, status int, body string, err error) bool {
				return err == nil && status == 200 && body == ""
			}},
		{"huge", alipaysim.Fault{Effect: "huge", Bytes: 3 << 20}, true,
			func(_ *rig, _ int, body string, _ error) bool { return len(body) > 3<<20 }},
		{"gzip bomb", alipaysim.Fault{Effect: "gzip_bomb", Bytes: 3 << 20}, true,
			func(_ *rig, _ int, body string, _ error) bool { return len(body) >= 3<<20 }},
		{"unsigned", alipaysim.Fault{Effect: "unsigned"}, true,
			func(_ *rig, _ int, body string, _ error) bool {
				return strings.Contains(body, `"code":"10000"`) && !strings.Contains(body, `"sign"`)
			}},
		{"wrong key", alipaysim.Fault{Effect: "wrong_key"}, true,
			func(r *rig, _ int, body string, _ error) bool {
				return strings.Contains(body, `"code":"10000"`) && !trusted(r, body)
			}},
		{"tamper", alipaysim.Fault{Effect: "tamper"}, true,
			func(r *rig, _ int, body string, _ error) bool {
				return strings.Contains(body, `"code":"10000"`) && !trusted(r, body)
			}},
		{"foreign node", alipaysim.Fault{Effect: "foreign_node"}, true,
			func(_ *rig, _ int, body string, _ error) bool {
				return strings.HasPrefix(body, `{"alipay_trade_page_refund_response"`)
			}},
		{"two signs", alipaysim.Fault{Effect: "two_signs"}, true,
			func(_ *rig, _ int, body string, _ error) bool { return strings.Count(body, `"sign":"`) == 2 }},
		{"answer of another call", alipaysim.Fault{Effect: "swap"}, true,
			func(r *rig, _ int, body string, _ error) bool {
				return trusted(r, body) && strings.Contains(body, `"out_trade_no":"T0"`)
			}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t)
			r.create("T0", "1.00")
			c.fault.Method, c.fault.OutTradeNo = "alipay.trade.create", "T1"
			r.sim("POST", "/sim/faults", c.fault)
			status, body, err := r.attempt("T1")
			if !c.check(r, status, body, err) {
				t.Fatalf("%d %v %.500s", status, err, body)
			}
			sub := "ACQ.TRADE_NOT_EXIST"
			if c.executed {
				sub = ""
			}
			want(t, r.call("alipay.trade.query", biz{"out_trade_no": "T1"}), "sub_code", sub)
			r.create("T1", "1.00") // the fault was for one call only
		})
	}
}

func TestFaultsCountSkipAndShare(t *testing.T) {
	r := newRig(t)
	r.sim("POST", "/sim/faults", alipaysim.Fault{Effect: "unavailable", Method: "alipay.trade.query", Skip: 1, Times: 2})
	r.create("T1", "1.00")
	var codes []string
	for range 5 {
		codes = append(codes, r.call("alipay.trade.query", biz{"out_trade_no": "T1"})["code"].(string))
	}
	if got := strings.Join(codes, " "); got != "10000 20000 20000 10000 10000" {
		t.Fatal(got)
	}
	r.sim("DELETE", "/sim/faults", nil)
	r.sim("POST", "/sim/faults", alipaysim.Fault{Effect: "limited", Method: "alipay.trade.query", Times: -1, Percent: 30})
	hit := 0
	for range 200 {
		if r.call("alipay.trade.query", biz{"out_trade_no": "T1"})["code"] == "40005" {
			hit++
		}
	}
	if hit < 30 || hit > 90 {
		t.Fatalf("30 percent hit %d of 200", hit)
	}
	if status, answer := r.simStatus("POST", "/sim/faults", alipaysim.Fault{Effect: "explode"}); status != http.StatusBadRequest {
		t.Fatalf("%d %v", status, answer)
	}
}

func TestPendingRefundMovesLater(t *testing.T) {
	r := newRig(t)
	r.create("T1", "1.00")
	r.sim("POST", "/sim/trades/T1/pay", nil)
	r.sim("POST", "/sim/faults", alipaysim.Fault{Effect: "refund_pending", Method: "alipay.trade.refund", DelaySeconds: 60})
	refund := biz{"out_trade_no": "T1", "refund_amount": "0.60", "out_request_no": "R1"}
	want(t, r.call("alipay.trade.refund", refund), "fund_change", "N", "refund_fee", "0.00")
	ask := biz{"out_trade_no": "T1", "out_request_no": "R1"}
	want(t, r.call("alipay.trade.fastpay.refund.query", ask), "refund_status", "")
	want(t, r.call("alipay.trade.refund", biz{"out_trade_no": "T1", "refund_amount": "0.41", "out_request_no": "R2"}),
		"sub_code", "ACQ.REASON_TRADE_REFUND_FEE_ERR")
	r.advance(time.Minute)
	want(t, r.call("alipay.trade.fastpay.refund.query", ask), "refund_status", "REFUND_SUCCESS", "refund_amount", "0.60")
	want(t, r.call("alipay.trade.refund", refund), "fund_change", "N", "refund_fee", "0.60")
}

func TestTheJournalCountsWhatWasSent(t *testing.T) {
	r := newRig(t)
	r.create("T1", "1.00")
	r.call("alipay.trade.query", biz{"out_trade_no": "NOPE"})
	calls := r.sim("GET", "/sim/calls", nil)["calls"].([]any)
	if len(calls) != 2 || calls[1].(map[string]any)["sub_code"] != "ACQ.TRADE_NOT_EXIST" {
		t.Fatalf("%v", calls)
	}
}

// A script that would never end, or whose delay would overflow into the past, is refused.
func TestFaultsAreBounded(t *testing.T) {
	r := newRig(t)
	r.create("T1", "1.00", "notify_url", r.merchant.url)
	for path, bodies := range map[string][]biz{
		"/sim/faults": {{"on": "notify", "effect": "repeat", "copies": 10_001}, {"effect": "huge", "bytes": 1 << 40}, {"effect": "delay", "delay_ms": -1},
			{"effect": "refund_pending", "delay_seconds": 1 << 40}, {"effect": "reset", "percent": 101}, {"effect": "reset", "skip": -1}},
		"/sim/trigger/notify": {{"trade_no": "T1", "copies": 10_001}, {"trade_no": "T1", "after_seconds": 1 << 40}, {"trade_no": "T1", "after_seconds": -1}},
		"/sim/trades/T1/pay":  {{"slow_seconds": 1 << 40}},
	} {
		for _, body := range bodies {
			if status, answer := r.simStatus("POST", path, body); status != http.StatusBadRequest && status != http.StatusConflict {
				t.Errorf("%s %v: %d %v", path, body, status, answer)
			}
		}
	}
}
