package alipaysim_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	alipaysim "github.com/paymux/paymux/adapters/alipay/sim"
)

// v3 makes a signed OpenAPI v3 call and gives the answer with its body. A broken answer is an
// error.
func (r *rig) v3(method, path, body string) (*http.Response, string, error) {
	r.t.Helper()
	r.nonce++
	auth := fmt.Sprintf("app_id=%s,nonce=n%d,timestamp=%d", testApp, r.nonce, testInstant().UnixMilli())
	sign := rsaSign(r.t, r.signer, auth+"\n"+method+"\n"+path+"\n"+body+"\n")
	request, err := http.NewRequest(method, r.http.URL+path, strings.NewReader(body))
	if err != nil {
		r.t.Fatal(err)
	}
	request.Header.Set("Authorization", "ALIPAY-SHA256withRSA "+auth+",sign="+sign)
	request.Header.Set("Content-Type", "application/json")
	response, err := plainClient().Do(request)
	if err != nil {
		return nil, "", err
	}
	defer func() { _ = response.Body.Close() }()
	raw, err := io.ReadAll(response.Body)
	return response, string(raw), err
}

// verifiesV3 says whether an answer is the gateway's.
func (r *rig) verifiesV3(response *http.Response, body string) bool {
	h := response.Header
	return rsaVerify(r.alipay, h.Get("Alipay-Timestamp")+"\n"+h.Get("Alipay-Nonce")+"\n"+body+"\n", h.Get("Alipay-Signature"))
}

func TestTheStatusOfAV3Refusal(t *testing.T) {
	r := newRig(t)
	r.sim("POST", "/sim/switches", map[string]any{"v3_business_status": 409})
	response, body, err := r.v3("POST", "/v3/alipay/trade/query", `{"out_trade_no":"nobody"}`)
	if err != nil || response.StatusCode != http.StatusConflict {
		t.Fatalf("%v %v %s", err, response, body)
	}
}

// What spoils an answer at the classic door spoils it at this one.
func TestV3Faults(t *testing.T) {
	const path, ask = "/v3/alipay/trade/query", `{"out_trade_no":"T1"}`
	type seen struct {
		response *http.Response
		body     string
		err      error
	}
	cases := []struct {
		name  string
		fault alipaysim.Fault
		check func(r *rig, s seen) bool
	}{
		{"unavailable", alipaysim.Fault{Effect: "unavailable"}, func(_ *rig, s seen) bool { return s.response.StatusCode == http.StatusInternalServerError }},
		{"limited", alipaysim.Fault{Effect: "limited"}, func(_ *rig, s seen) bool { return s.response.StatusCode == http.StatusTooManyRequests }},
		{"reset", alipaysim.Fault{Effect: "reset"}, func(_ *rig, s seen) bool { return s.err != nil }},
		{"proxy page", alipaysim.Fault{Effect: "html_502"}, func(_ *rig, s seen) bool { return s.response.StatusCode == http.StatusBadGateway }},
		{"empty", alipaysim.Fault{Effect: "empty"}, func(_ *rig, s seen) bool { return s.err == nil && s.body == "" }},
		{"delay", alipaysim.Fault{Effect: "delay", DelayMS: 1}, func(r *rig, s seen) bool { return r.verifiesV3(s.response, s.body) }},
		{"drip", alipaysim.Fault{Effect: "drip"}, func(r *rig, s seen) bool { return r.verifiesV3(s.response, s.body) }},
		{"truncate", alipaysim.Fault{Effect: "truncate", Bytes: 7}, func(_ *rig, s seen) bool { return s.err != nil && len(s.body) == 7 }},
		{"huge", alipaysim.Fault{Effect: "huge", Bytes: 2 << 20}, func(_ *rig, s seen) bool { return len(s.body) > 2<<20 }},
		{"gzip bomb", alipaysim.Fault{Effect: "gzip_bomb", Bytes: 2 << 20}, func(_ *rig, s seen) bool {
			return s.response.Header.Get("Content-Encoding") == "gzip"
		}},
		{"unsigned", alipaysim.Fault{Effect: "unsigned"}, func(_ *rig, s seen) bool { return s.response.Header.Get("Alipay-Signature") == "" }},
		{"wrong key", alipaysim.Fault{Effect: "wrong_key"}, func(r *rig, s seen) bool { return !r.verifiesV3(s.response, s.body) }},
		{"tamper", alipaysim.Fault{Effect: "tamper"}, func(r *rig, s seen) bool { return !r.verifiesV3(s.response, s.body) }},
		{"two signs", alipaysim.Fault{Effect: "two_signs"}, func(_ *rig, s seen) bool { return len(s.response.Header["Alipay-Signature"]) == 2 }},
		{"answer of another call", alipaysim.Fault{Effect: "swap"}, func(r *rig, s seen) bool {
			return r.verifiesV3(s.response, s.body) && strings.Contains(s.body, `"out_trade_no":"T0"`)
		}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t)
			r.create("T0", "1.00")
			r.create("T1", "1.00")
			if _, _, err := r.v3("POST", path, `{"out_trade_no":"T0"}`); err != nil {
				t.Fatal(err)
			}
			r.sim("POST", "/sim/faults", c.fault)
			response, body, err := r.v3("POST", path, ask)
			if !c.check(r, seen{response, body, err}) {
				t.Fatalf("%v %v %.300s", err, response, body)
			}
			if response, body, err := r.v3("POST", path, ask); err != nil || !r.verifiesV3(response, body) || !strings.Contains(body, `"T1"`) {
				t.Fatalf("the call after it: %v %s", err, body)
			}
		})
	}
}
