package alipaysim_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
)

// v3 makes a signed OpenAPI v3 call and gives the answer with its body. A broken answer is an error.
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
	response, err := web().Do(request)
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
