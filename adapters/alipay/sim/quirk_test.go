package alipaysim_test

import (
	"crypto/rand"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"golang.org/x/text/encoding/simplifiedchinese"

	alipaysim "github.com/paymux/paymux/adapters/alipay/sim"
)

// SDKs put public parameters into the address, into the form, or into both.
func TestParametersInTheAddressAndInTheForm(t *testing.T) {
	r := newRig(t)
	r.create("T1", "1.00")
	for name, c := range map[string]struct {
		address []string // these parameters go there
		both    []string // and these too, staying in the form
		other   string   // what follows in the address
		answer  string
	}{
		"all in the form":              {answer: "WAIT_BUYER_PAY"},
		"charset in both":              {both: []string{"charset"}, answer: "WAIT_BUYER_PAY"},
		"all but biz_content in both":  {both: []string{"app_id", "method", "charset", "sign", "sign_type", "timestamp", "version"}, answer: "WAIT_BUYER_PAY"},
		"public ones in the address":   {address: []string{"app_id", "method", "charset", "sign", "sign_type", "timestamp", "version"}, answer: "WAIT_BUYER_PAY"},
		"charset in both, differing":   {other: "charset=gbk", answer: "isv.invalid-parameter"},
		"the same name twice":          {other: "charset=utf-8&charset=utf-8", answer: "isv.invalid-parameter"},
		"another order in the address": {other: "biz_content=%7B%22out_trade_no%22%3A%22T2%22%7D", answer: "isv.invalid-parameter"},
	} {
		t.Run(name, func(t *testing.T) {
			form, query := r.params("alipay.trade.query", biz{"out_trade_no": "T1"}), url.Values{}
			for _, name := range append(c.address, c.both...) {
				query.Set(name, form.Get(name))
			}
			for _, name := range c.address {
				form.Del(name)
			}
			address := r.http.URL + "/gateway.do?" + strings.Trim(query.Encode()+"&"+c.other, "&")
			response, err := web().PostForm(address, form)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = response.Body.Close() }()
			body, err := io.ReadAll(response.Body)
			if err != nil || !strings.Contains(string(body), c.answer) {
				t.Fatalf("%s %v", body, err)
			}
		})
	}
}

func TestASubjectHasNoSlashEqualsOrAmpersand(t *testing.T) {
	r := newRig(t)
	ask := func(subject string) map[string]any {
		return r.call("alipay.trade.precreate", biz{"out_trade_no": "T", "total_amount": "1.00", "subject": subject})
	}
	for _, subject := range []string{"茶/器", "1+1=2", "a&b"} {
		want(t, ask(subject), "code", "40004", "sub_code", "ACQ.INVALID_PARAMETER")
	}
	r.sim("POST", "/sim/switches", biz{"any_subject": true})
	want(t, ask("茶/器 1+1=2 a&b"), "code", "10000")
}

func TestTheRootBundleHasBlankLines(t *testing.T) {
	authority, err := alipaysim.NewAuthority(rand.Reader, testInstant(), loadTestKeys(t).AlipayPKCS1)
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(authority.RootPEM, "-----END CERTIFICATE-----\n\n-----BEGIN"); n != 2 {
		t.Fatalf("%d blank lines between three certificates:\n%s", n, authority.RootPEM)
	}
	if sn, err := alipaysim.RootSN(authority.RootPEM); err != nil || sn == "" {
		t.Fatalf("%q %v", sn, err)
	}
}

// Both headers come, unless one is chosen; a fault puts any other in their place.
func TestTheContentTypeOfNotifications(t *testing.T) {
	const odd, plain = "application/x-www-form-urlencoded; text/html; charset=utf-8", "application/x-www-form-urlencoded; charset=utf-8"
	r := newRig(t)
	no := r.create("T1", "1.00", "notify_url", r.merchant.url)
	heard := func(n int) map[string]int {
		r.sim("POST", "/sim/trigger/trade_success", biz{"trade_no": no, "copies": n})
		r.flush()
		r.merchant.received()
		return r.merchant.headers("Content-Type")
	}
	r.sim("POST", "/sim/switches", biz{"notify_content_type": "mixed"})
	if got := heard(40); got[odd] < 20 || got[plain] < 3 || got[odd]+got[plain] != 40 {
		t.Fatal(got)
	}
	r.sim("POST", "/sim/switches", biz{"notify_content_type": "odd"})
	if got := heard(10); got[odd] != 10 {
		t.Fatal(got)
	}
	r.sim("POST", "/sim/switches", biz{"notify_content_type": "plain"})
	if got := heard(10); got[plain] != 10 {
		t.Fatal(got)
	}
	r.sim("POST", "/sim/faults", biz{"on": "notify", "effect": "alter", "header": biz{"Content-Type": ";;charset=utf-8;"}})
	r.sim("POST", "/sim/faults", biz{"on": "notify", "effect": "alter", "header": biz{"Content-Type": ""}})
	if got := heard(2); got[";;charset=utf-8;"] != 1 || got[""] != 1 {
		t.Fatal(got)
	}
	if status, _ := r.simStatus("POST", "/sim/switches", biz{"notify_content_type": "strange"}); status != http.StatusBadRequest {
		t.Fatal(status)
	}
}

// The signature covers the bytes as they are sent: GBK, although utf-8 was asked for.
func TestTextInGBKWhateverWasAsked(t *testing.T) {
	r := newRig(t)
	no := r.create("T1", "1.00")
	r.sim("POST", "/sim/faults", biz{"effect": "gbk", "sub_code": "ACQ.SELLER_BALANCE_NOT_ENOUGH", "method": "alipay.trade.close"})
	r.sim("POST", "/sim/faults", biz{"effect": "gbk", "method": "alipay.trade.query"})
	for method, wanted := range map[string]string{
		"alipay.trade.close": `"sub_code":"ACQ.SELLER_BALANCE_NOT_ENOUGH","sub_msg":"卖家余额不足"`,
		"alipay.trade.query": `"trade_no":"` + no + `"`,
	} {
		body := r.raw(r.params(method, biz{"out_trade_no": "T1"}))
		r.open(method, body)
		text, err := simplifiedchinese.GBK.NewDecoder().String(body)
		if err != nil || !strings.Contains(text, wanted) {
			t.Fatalf("%s %v", text, err)
		}
	}
	if trade := r.sim("GET", "/sim/trades/"+no, nil); trade["trade_status"] != "WAIT_BUYER_PAY" {
		t.Fatal("a refused close was executed", trade)
	}
}

func TestDecorationsOfOtherTypes(t *testing.T) {
	r := newRig(t)
	no := r.create("T1", "10.00", "notify_url", r.merchant.url)
	r.sim("POST", "/sim/faults", biz{"effect": "decorate", "times": -1})
	r.sim("POST", "/sim/faults", biz{"effect": "decorate", "on": "notify", "times": -1})
	r.sim("POST", "/sim/trades/"+no+"/pay", biz{})
	body := r.raw(r.params("alipay.trade.query", biz{"out_trade_no": "T1", "query_options": []string{"fund_bill_list"}}))
	for _, odd := range []string{`"amount":10,`, `"voucher_detail_list":""`, `"hb_fq_pay_info":{"user_install_num":3}`, `"store_name":"\ud83d"`} {
		if !strings.Contains(body, odd) {
			t.Errorf("no %s in %s", odd, body)
		}
	}
	want(t, r.open("alipay.trade.query", body), "trade_status", "TRADE_SUCCESS", "total_amount", "10.00")
	r.flush()
	got := r.merchant.received()
	if len(got) != 1 || !rsaVerify(r.alipay, canonical(got[0], "sign", "sign_type"), got[0].Get("sign")) {
		t.Fatal(got)
	}
	var bills []struct{ Amount json.Number }
	readText(t, got[0].Get("fund_bill_list"), &bills)
	if bills[0].Amount != "10" || got[0].Get("voucher_detail_list") != `""` || !strings.Contains(got[0].Get("hb_fq_pay_info"), `:3,`) {
		t.Fatal(got)
	}
}
