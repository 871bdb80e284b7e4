package alipaytrade

import (
	"errors"
	"net/http"
	"testing"
	"time"

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
		{opPay, alipay.MethodCreate, "20000", "isp.unknow-error", unknown, core.CodeUndecided},
		{opPay, alipay.MethodCreate, "40004", "ACQ.SYSTEM_ERROR", unknown, core.CodeUndecided},
		{opPay, alipay.MethodCreate, "40004", "ACQ.BRAND_NEW_CODE", unknown, core.CodeUndecided},
		{opPay, alipay.MethodCreate, "40004", "ACQ.ACCESS_FORBIDDEN", unsent, core.CodeMisconfigured},
		{opPay, alipay.MethodCreate, "40004", "ACQ.BUYER_SELLER_EQUAL", failed, core.CodePayerMismatch},
		{opPay, alipay.MethodCreate, "40004", "ACQ.TRADE_HAS_SUCCESS", unknown, core.CodeTradeState},
		{opPay, alipay.MethodCreate, "40004", "ACQ.TRADE_HAS_CLOSE", unknown, core.CodeNumberUsed},
		{opPay, alipay.MethodCreate, "40004", "ACQ.CONTEXT_INCONSISTENT", unknown, core.CodeNumberUsed},
		{opPay, alipay.MethodCreate, "40005", "isv.app-call-limited", unsent, core.CodeThrottled},
		{opPay, alipay.MethodCreate, "40006", "isv.insufficient-isv-permissions", unsent, core.CodeMisconfigured},
		{opPay, alipay.MethodCreate, "99999", "", unknown, core.CodeUndecided},
		{opQuery, alipay.MethodQuery, "40004", "ACQ.TRADE_NOT_EXIST", absent, core.CodeNotFound},
		{opQuery, alipay.MethodQuery, "40004", "ACQ.INVALID_PARAMETER", unknown, codeGatewayRefused},
		{opQuery, alipay.MethodQuery, "40002", "isv.invalid-signature", unsent, core.CodeMisconfigured},
		{opClose, alipay.MethodClose, "40004", "ACQ.TRADE_NOT_EXIST", absent, core.CodeNotFound},
		{opClose, alipay.MethodClose, "40004", "ACQ.REASON_TRADE_STATUS_INVALID", failed, core.CodeTradeState},
		{opClose, alipay.MethodClose, "40004", "ACQ.TRADE_STATUS_ERROR", failed, core.CodeTradeState},
		{opClose, alipay.MethodClose, "40004", "ACQ.REASON_ILLEGAL_STATUS", failed, core.CodeTradeState},
		// a refund's trace only in a refund
		{opClose, alipay.MethodClose, "40004", "ACQ.TRADE_HAS_CLOSE", failed, core.CodeNumberUsed},
		{opClose, alipay.MethodClose, "40004", "ACQ.TRADE_HAS_SUCCESS", failed, core.CodeTradeState},
		{opClose, alipay.MethodClose, "40004", "ACQ.SYSTEM_ERROR", unknown, core.CodeUndecided},
		{opRefund, alipay.MethodRefund, "40004", "ACQ.SELLER_BALANCE_NOT_ENOUGH", failed, core.CodeSellerBalance},
		{opRefund, alipay.MethodRefund, "40004", "ACQ.TRADE_HAS_FINISHED", failed, core.CodeTradeState},
		{opRefund, alipay.MethodRefund, "40004", "ACQ.REASON_TRADE_REFUND_FEE_ERR", failed, core.CodeTradeState},
		{opRefund, alipay.MethodRefund, "40004", "ACQ.TRADE_HAS_CLOSE", unknown, core.NothingLeft},
		{opRefund, alipay.MethodRefund, "40004", "ACQ.TRADE_STATUS_ERROR", unknown, core.NothingLeft},
		{opRefund, alipay.MethodRefund, "40004", "ACQ.REASON_TRADE_STATUS_INVALID", unknown, core.NothingLeft},
		{opRefund, alipay.MethodRefund, "40004", "ACQ.DISCORDANT_REPEAT_REQUEST", unknown, core.CodeNumberUsed},
		{opRefund, alipay.MethodRefund, "40004", "ACQ.SYSTEM_ERROR", unknown, core.CodeUndecided},
		{opRefund, alipay.MethodRefund, "40004", "ACQ.TRADE_NOT_EXIST", absent, core.CodeNotFound},
		{opRefundQuery, alipay.MethodRefundQuery, "40004", "ACQ.TRADE_NOT_EXIST", absent, core.CodeNotFound},
		{opRefundQuery, alipay.MethodRefundQuery, "40004", "TRADE_NOT_EXIST", absent, core.CodeNotFound},
		{opRefundQuery, alipay.MethodRefundQuery, "40004", "ACQ.INVALID_PARAMETER", unknown, codeGatewayRefused},
		{opLogin, alipay.MethodOAuthToken, "40002", "isv.code-invalid", failed, core.CodeBuyerAccount},
		{opLogin, alipay.MethodOAuthToken, "20000", "aop.unknow-error", unknown, core.CodeUndecided},
	}
	for _, c := range cases {
		result := verified(c.method, c.code, c.sub)
		got, pause := answer(c.op, result, "v7"), time.Duration(0)
		if result.Class == alipay.Throttled {
			pause = 5 * time.Second
		}
		if got.Outcome != c.want || got.Code != c.wantCodeName || got.KeyVersion != "v7" || got.RetryAfter != pause {
			t.Errorf("%s %s %s: %s %q, want %s %q", c.method, c.code, c.sub, got.Outcome, got.Code, c.want, c.wantCodeName)
		}
	}
}

// verified is what the wire says of a refusal that is signed, by another version of the keys than
// the one that signed the request.
func verified(method, code, sub string) alipay.Result {
	class, fault := alipay.Classify(method, code, sub)
	return alipay.Result{Class: class, Fault: fault, Code: code, SubCode: sub, HTTPStatus: http.StatusOK, KeyVersion: "v6"}
}

// An unsigned "too many requests" may come from anything on the way, so it does not prove that
// nothing was executed.
func TestUnsignedThrottleIsUnknown(t *testing.T) {
	got := answer(opRefund, alipay.Result{Class: alipay.Throttled, HTTPStatus: http.StatusTooManyRequests}, "v1")
	if got.Outcome != core.OutcomeUnknown || got.RetryAfter != 5*time.Second {
		t.Errorf("%s, again after %s", got.Outcome, got.RetryAfter)
	}
}

// A request that breaks a limit never goes out; one that could not be signed may go out once the
// key is mended.
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
