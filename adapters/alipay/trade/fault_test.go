package alipaytrade

import (
	"testing"

	"github.com/paymux/paymux/adapters/alipay"
	"github.com/paymux/paymux/core"
)

// G19: the wire's faults and core's classes have the same names, so that none is lost on the way.
func TestG19_faultsAreCoresClasses(t *testing.T) {
	for _, fault := range alipay.Faults() {
		if _, ok := core.FaultOf(core.Code(fault)); !ok && fault != alipay.FaultNotFound {
			t.Errorf("core has no class %s", fault)
		}
	}
	if core.Code(alipay.FaultNotFound) != core.CodeNotFound {
		t.Error("not found has two names")
	}
}

// G20: a refusal for a fault of ours fails nothing, whatever the call. Signed it was not sent;
// unsigned it proves nothing, and says what to mend all the same.
func TestG20_ourFaultFailsNoCall(t *testing.T) {
	subs := []struct{ code, sub string }{
		{"40002", "isv.invalid-signature"}, {"40002", "isv.app-cert-expired"}, {"40002", "isv.invalid-app-id"}, {"40001", "isv.missing-signature"},
		{"40003", "isv.decryption-error-unknown"}, {"40006", "isv.insufficient-isv-permissions"}, {"20001", "aop.invalid-app-auth-token"},
		{"40004", "ACQ.ACCESS_FORBIDDEN"}, {"40004", "ACQ.PARTNER_ERROR"},
	}
	for name, op := range operations() {
		for _, c := range subs {
			signed := answer(op, verified(alipay.MethodRefund, c.code, c.sub), "v7")
			if signed.Outcome != core.OutcomeNotSent || !signed.Misconfigured() {
				t.Errorf("%s, %s signed: %s %s", name, c.sub, signed.Outcome, signed.Code)
			}
			bare := verified(alipay.MethodRefund, c.code, c.sub)
			bare.Class, bare.Err, bare.KeyVersion = alipay.Unknown, alipay.ErrSignatureMissing, ""
			unsigned := answer(op, bare, "v7")
			if unsigned.Outcome != core.OutcomeUnknown || unsigned.Code != core.CodeMisconfigured || unsigned.Misconfigured() {
				t.Errorf("%s, %s unsigned: %s %s", name, c.sub, unsigned.Outcome, unsigned.Code)
			}
		}
	}
}

// G21: a refusal keeps the gateway's words for the merchant's people, without what the text of a
// bad signature echoes of the request, and cleaned.
func TestG21_gatewayWordsAreKept(t *testing.T) {
	refused := verified(alipay.MethodCreate, "40004", "ACQ.BUYER_BALANCE_NOT_ENOUGH")
	refused.SubMsg = "余额\u2028不足\r\n" + string(make([]byte, 3))
	got := answer(opPay, refused, "v7").Gateway
	if got.Code != "40004" || got.SubCode != "ACQ.BUYER_BALANCE_NOT_ENOUGH" || got.Message != "余额 不足" {
		t.Errorf("%+v", got)
	}
	echo := verified(alipay.MethodCreate, "40002", "isv.invalid-signature")
	echo.SubMsg = "验签出错，网关生成的验签字符串为：app_id=1&buyer_id=2088"
	if got := answer(opPay, echo, "v7").Gateway; got.SubCode != "isv.invalid-signature" || got.Message != "" {
		t.Errorf("the request is echoed: %+v", got)
	}
	if got := answer(opPay, verified(alipay.MethodCreate, "10000", ""), "v7").Gateway; !got.Empty() {
		t.Errorf("a success has words of refusal: %+v", got)
	}
	odd := verified(alipay.MethodCreate, "40006", "<script>")
	if got := answer(opPay, odd, "v7").Gateway; got.SubCode != "" || got.Code != "40006" {
		t.Errorf("an odd code is kept: %+v", got)
	}
}
