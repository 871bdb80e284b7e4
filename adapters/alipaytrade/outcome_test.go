package alipaytrade

import (
	"errors"
	"net/http"
	"testing"

	"github.com/paymux/paymux/adapters/alipay"
	"github.com/paymux/paymux/core"
)

// Each class has one row, so that no answer falls through to a default by oversight.
func TestOutcomeTableIsComplete(t *testing.T) {
	seen := map[alipay.Class]bool{}
	for _, r := range outcomeTable() {
		if seen[r.class] {
			t.Errorf("two rows for %s", r.class)
		}
		seen[r.class] = true
		for name, op := range operations() {
			if op(r) == "" {
				t.Errorf("%s says nothing about %s", r.class, name)
			}
		}
	}
	for class := alipay.Unknown; class <= alipay.Invalid; class++ {
		if !seen[class] {
			t.Errorf("no row for %s", class)
		}
	}
	if outcomeTable()[0].class != alipay.Unknown {
		t.Error("the first row is what an unlisted class falls back to: it must be unknown")
	}
}

func operations() map[string]operation {
	return map[string]operation{
		"pay": opPay, "query": opQuery, "close": opClose, "refund": opRefund, "refund query": opRefundQuery, "login": opLogin,
	}
}

// A refused inquiry tells nothing about what was inquired.
func TestQueriesNeverFail(t *testing.T) {
	for _, r := range outcomeTable() {
		if r.query == core.OutcomeFailed || r.refundQuery == core.OutcomeFailed {
			t.Errorf("a query fails on %s", r.class)
		}
	}
}

// G05, G06, G07, G08, G11, G15, S11: the wire's codes as core understands them, written out.
func TestOutcomeOfCodes(t *testing.T) {
	const (
		ok      = core.OutcomeSucceeded
		failed  = core.OutcomeFailed
		absent  = core.OutcomeAbsent
		unsent  = core.OutcomeNotSent
		unknown = core.OutcomeUnknown
	)
	cases := []struct {
		op           operation
		method       string
		code, sub    string
		want         core.Outcome
		wantCodeName core.Code
	}{
		{opPay, alipay.MethodCreate, "10000", "", ok, ""},
		{opPay, alipay.MethodCreate, "20000", "isp.unknow-error", unknown, codeOutcomeUnknown},
		{opPay, alipay.MethodCreate, "40004", "ACQ.SYSTEM_ERROR", unknown, codeOutcomeUnknown},
		{opPay, alipay.MethodCreate, "40004", "ACQ.BRAND_NEW_CODE", unknown, codeOutcomeUnknown},
		{opPay, alipay.MethodCreate, "40004", "ACQ.ACCESS_FORBIDDEN", failed, core.CodeChannelRefused},
		{opPay, alipay.MethodCreate, "40004", "ACQ.BUYER_SELLER_EQUAL", failed, core.CodeChannelRefused},
		{opPay, alipay.MethodCreate, "40004", "ACQ.TRADE_HAS_SUCCESS", unknown, codeTradeState},
		{opPay, alipay.MethodCreate, "40004", "ACQ.TRADE_HAS_CLOSE", unknown, codeNumberUsed},
		{opPay, alipay.MethodCreate, "40004", "ACQ.CONTEXT_INCONSISTENT", unknown, codeNumberUsed},
		{opPay, alipay.MethodCreate, "40005", "isv.app-call-limited", unsent, codeThrottled},
		{opPay, alipay.MethodCreate, "40006", "isv.insufficient-isv-permissions", failed, core.CodeChannelRefused},
		{opPay, alipay.MethodCreate, "99999", "", unknown, codeOutcomeUnknown},
		{opQuery, alipay.MethodQuery, "40004", "ACQ.TRADE_NOT_EXIST", absent, core.CodeNotFound},
		{opQuery, alipay.MethodQuery, "40004", "ACQ.INVALID_PARAMETER", unknown, codeGatewayRefused},
		{opQuery, alipay.MethodQuery, "40002", "isv.invalid-signature", unknown, codeGatewayRefused},
		{opClose, alipay.MethodClose, "40004", "ACQ.TRADE_NOT_EXIST", absent, core.CodeNotFound},
		{opClose, alipay.MethodClose, "40004", "ACQ.REASON_TRADE_STATUS_INVALID", failed, codeTradeState},
		{opClose, alipay.MethodClose, "40004", "ACQ.TRADE_STATUS_ERROR", failed, codeTradeState},
		{opClose, alipay.MethodClose, "40004", "ACQ.REASON_ILLEGAL_STATUS", failed, codeTradeState},
		{opClose, alipay.MethodClose, "40004", "ACQ.SYSTEM_ERROR", unknown, codeOutcomeUnknown},
		{opRefund, alipay.MethodRefund, "40004", "ACQ.SELLER_BALANCE_NOT_ENOUGH", failed, core.CodeChannelRefused},
		{opRefund, alipay.MethodRefund, "40004", "ACQ.TRADE_HAS_FINISHED", failed, core.CodeChannelRefused},
		{opRefund, alipay.MethodRefund, "40004", "ACQ.REASON_TRADE_REFUND_FEE_ERR", failed, core.CodeChannelRefused},
		{opRefund, alipay.MethodRefund, "40004", "ACQ.TRADE_HAS_CLOSE", unknown, core.NothingLeft},
		{opRefund, alipay.MethodRefund, "40004", "ACQ.TRADE_STATUS_ERROR", unknown, core.NothingLeft},
		{opRefund, alipay.MethodRefund, "40004", "ACQ.REASON_TRADE_STATUS_INVALID", unknown, core.NothingLeft},
		{opRefund, alipay.MethodRefund, "40004", "ACQ.DISCORDANT_REPEAT_REQUEST", unknown, codeNumberUsed},
		{opRefund, alipay.MethodRefund, "40004", "ACQ.SYSTEM_ERROR", unknown, codeOutcomeUnknown},
		{opRefund, alipay.MethodRefund, "40004", "ACQ.TRADE_NOT_EXIST", absent, core.CodeNotFound},
		{opRefundQuery, alipay.MethodRefundQuery, "40004", "ACQ.TRADE_NOT_EXIST", absent, core.CodeNotFound},
		{opRefundQuery, alipay.MethodRefundQuery, "40004", "TRADE_NOT_EXIST", absent, core.CodeNotFound},
		{opRefundQuery, alipay.MethodRefundQuery, "40004", "ACQ.INVALID_PARAMETER", unknown, codeGatewayRefused},
		{opLogin, alipay.MethodOAuthToken, "40002", "isv.code-invalid", failed, core.CodeChannelRefused},
		{opLogin, alipay.MethodOAuthToken, "20000", "aop.unknow-error", unknown, codeOutcomeUnknown},
	}
	for _, c := range cases {
		result := alipay.Result{Class: alipay.Classify(c.method, c.code, c.sub), Code: c.code, SubCode: c.sub, HTTPStatus: http.StatusOK}
		got := answer(c.op, result, "v7")
		if got.Outcome != c.want || got.Code != c.wantCodeName || got.KeyVersion != "v7" {
			t.Errorf("%s %s %s: %s %q, want %s %q", c.method, c.code, c.sub, got.Outcome, got.Code, c.want, c.wantCodeName)
		}
	}
}

// An unsigned "too many requests" may come from anything on the way, so it does not prove that nothing was executed.
func TestUnsignedThrottleIsUnknown(t *testing.T) {
	got := answer(opRefund, alipay.Result{Class: alipay.Throttled, HTTPStatus: http.StatusTooManyRequests}, "v1")
	if got.Outcome != core.OutcomeUnknown || got.RetryAfter <= 0 {
		t.Errorf("%s, again after %s", got.Outcome, got.RetryAfter)
	}
}

// A request that breaks a limit never goes out; one that could not be signed may go out once the key is mended.
func TestInvalidRequests(t *testing.T) {
	limit := answer(opRefund, alipay.Result{Class: alipay.Invalid, Err: &alipay.FieldError{Field: "refund_amount", Rule: "…"}}, "v1")
	if limit.Outcome != core.OutcomeFailed || limit.Code != core.CodeInvalid {
		t.Errorf("a broken limit is %s %q", limit.Outcome, limit.Code)
	}
	signing := answer(opRefund, alipay.Result{Class: alipay.Invalid, Err: errors.New("no entropy")}, "v1")
	if signing.Outcome != core.OutcomeNotSent || signing.Code != core.CodeNotConfigured {
		t.Errorf("a signature that failed is %s %q", signing.Outcome, signing.Code)
	}
}

// The gateway's text may echo the request: operators get its codes only.
func TestDetailHoldsNoGatewayText(t *testing.T) {
	got := answer(opPay, alipay.Result{
		Class: alipay.FinalMerchant, Code: "40002", SubCode: "isv.invalid-signature", SubMsg: "app_id=1&buyer_id=2088", TraceID: "tr1",
	}, "v1")
	if got.Detail != "final_merchant 40002 isv.invalid-signature trace tr1" {
		t.Errorf("detail %q", got.Detail)
	}
}
