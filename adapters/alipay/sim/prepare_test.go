package alipaysim_test

import (
	"net/url"
	"strings"
	"testing"
)

// An order string opens as my.tradePay would open it, makes no trade by that, and leads back to the
// mini-program with what happened.
func TestOrderStringOpensWithAWayBack(t *testing.T) {
	r := newRig(t)
	text := r.params("alipay.trade.app.pay", biz{"out_trade_no": "O1", "total_amount": "3.00", "subject": "x", "time_expire": "2026-11-30 12:00:00"}).Encode()
	open := func(text string) (page, shown string) {
		return browse(t, r.http.URL+"/cashier/order?"+url.Values{"order_string": {text}, "back": {"https://shop.example/order?id=1"}}.Encode())
	}
	page, shown := open(text)
	if !strings.Contains(page, "/cashier/") || !strings.Contains(page, "back=") || !strings.Contains(shown, `id="pay"`) {
		t.Fatalf("leads to %s: %s", page, shown)
	}
	want(t, r.call("alipay.trade.query", biz{"out_trade_no": "O1"}), "sub_code", "ACQ.TRADE_NOT_EXIST")
	again, _ := open(text)
	if again != page {
		t.Errorf("opened again it leads to %s instead of %s", again, page)
	}
	if !strings.Contains(shown, `name="back" value="https://shop.example/order?id=1"`) {
		t.Errorf("leads back nowhere: %s", shown)
	}
	forged := strings.Replace(text, "3.00", "0.01", 1)
	agreement := r.params("alipay.user.agreement.page.sign", biz{"personal_product_code": "GENERAL_WITHHOLDING_P", "external_agreement_no": "E1",
		"access_params": biz{"channel": "ALIPAYAPP"}}).Encode()
	for _, other := range []string{"", "nothing", forged, agreement} {
		if page, shown := open(other); strings.Contains(shown, `id="pay"`) || !strings.Contains(page, "/cashier/order") {
			t.Errorf("%.60q leads to %s", other, page)
		}
	}
}
