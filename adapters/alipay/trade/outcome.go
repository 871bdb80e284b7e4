package alipaytrade

import (
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/paymux/paymux/adapters/alipay"
	"github.com/paymux/paymux/core"
)

// codeGatewayRefused is a reason of this adapter, beside core's and the wire's own: the call was
// refused, which says nothing about the trade.
const codeGatewayRefused core.Code = "gateway_refused"

// retryThrottled is how long a throttled account waits at least; the gateway names no time of its
// own.
const retryThrottled = 5 * time.Second

// row says what one class of answers proves for each kind of call.
type row struct {
	class                                            alipay.Class
	pay, query, closing, refund, refundQuery, signOn core.Outcome
	code                                             core.Code
}

// operation names a column of the table.
type operation func(row) core.Outcome

func opPay(r row) core.Outcome         { return r.pay }
func opQuery(r row) core.Outcome       { return r.query }
func opClose(r row) core.Outcome       { return r.closing }
func opRefund(r row) core.Outcome      { return r.refund }
func opRefundQuery(r row) core.Outcome { return r.refundQuery }
func opLogin(r row) core.Outcome       { return r.signOn }

// outcomeTable is the one place where a class of Alipay's answers becomes an outcome of core's.
//
// Three rules made it. A refused inquiry proves nothing about what was inquired, so queries never
// fail. "Has succeeded", "has closed" and "differs from the first request" say that the number
// exists at the gateway, possibly by an earlier call of ours whose answer was lost, so they are
// unknown until a query tells. And a refused close sends core to the query whatever the reason. A
// fourth rule came of a rotated key: what was turned away for a fault of ours was not sent,
// whatever the call; it ends nothing.
func outcomeTable() []row {
	const (
		done    = core.OutcomeSucceeded
		failed  = core.OutcomeFailed
		pending = core.OutcomePending
		absent  = core.OutcomeAbsent
		unsent  = core.OutcomeNotSent
		unknown = core.OutcomeUnknown
	)
	return []row{
		// class, then: pay, query, close, refund, its query, login
		{alipay.Unknown, unknown, unknown, unknown, unknown, unknown, unknown, core.CodeUndecided},
		{alipay.Done, done, done, done, done, done, done, ""},
		{alipay.Pending, pending, unknown, pending, pending, absent, unknown, ""},
		{alipay.NotExist, unknown, absent, absent, absent, absent, failed, core.CodeNotFound},
		{alipay.DoneElsewhere, unknown, unknown, failed, unknown, unknown, failed, core.CodeTradeState},
		{alipay.NewNumber, unknown, unknown, failed, unknown, unknown, failed, core.CodeNumberUsed},
		{alipay.Throttled, unsent, unsent, unsent, unsent, unsent, unsent, core.CodeThrottled},
		{alipay.FinalUser, failed, unknown, failed, failed, unknown, failed, core.CodeChannelRefused},
		{alipay.FinalMerchant, failed, unknown, failed, failed, unknown, failed, core.CodeChannelRefused},
		{alipay.FinalRefund, unknown, unknown, failed, failed, unknown, failed, core.CodeChannelRefused},
		{alipay.Misconfigured, unsent, unsent, unsent, unsent, unsent, unsent, core.CodeMisconfigured},
		{alipay.NotSent, unsent, unsent, unsent, unsent, unsent, unsent, core.CodeChannelUnavailable},
		{alipay.Invalid, failed, unsent, unsent, failed, unsent, failed, core.CodeInvalid},
	}
}

// answer translates what one exchange proved. signedWith is the version of the key that signed the
// request.
func answer(op operation, result alipay.Result, signedWith string) core.Answer {
	found := outcomeTable()[0] // a class that the table does not have is unknown
	for _, r := range outcomeTable() {
		if r.class == result.Class {
			found = r
		}
	}
	a := core.Answer{
		Outcome: op(found), Code: found.code, Detail: detail(result), Err: result.Err, KeyVersion: signedWith, Gateway: said(result),
	}
	if a.Outcome == core.OutcomeFailed && result.Fault != "" && found.code == core.CodeChannelRefused {
		a.Code = core.Code(result.Fault)
	}
	if a.Outcome == core.OutcomeUnknown && result.Class.Final() {
		a.Code = codeGatewayRefused
	}
	if code := ownDoing(result); a.Outcome == core.OutcomeFailed && code != "" {
		a.Outcome, a.Code = core.OutcomeUnknown, code
	}
	switch result.Class {
	case alipay.Throttled:
		a.RetryAfter = retryThrottled
		if result.HTTPStatus == http.StatusTooManyRequests {
			// Not signed: whoever sent it, the call may have got through.
			a.Outcome = core.OutcomeUnknown
		}
	case alipay.Invalid:
		if _, limit := errors.AsType[*alipay.FieldError](result.Err); !limit {
			// Not the request but the signing failed: the same request may go out once that is
			// mended.
			a.Outcome, a.Code = core.OutcomeNotSent, core.CodeNotConfigured
		}
	case alipay.Unknown, alipay.NotSent:
		if code := alipay.RefusalCode(result.Err); code != "" {
			a.Code = core.Code(code)
		}
		// not signed: it proves nothing about the money, and names what to mend all the same
		if result.Fault == alipay.FaultOurs {
			a.Code = core.CodeMisconfigured
		}
	}
	return a
}

// ownDoing names refusals of a refund that are also the trace an earlier call of the same refund
// leaves behind: the trade is closed because all of it went back, which documents call by three
// names, or the number is taken. Final by the wire's table, they fail nothing here: the refund's
// query must speak. It returns "" for all others.
func ownDoing(result alipay.Result) core.Code {
	// a close that is too late, a create of a used number
	if result.Class == alipay.DoneElsewhere || result.Class == alipay.NewNumber {
		return ""
	}
	switch result.SubCode {
	case "ACQ.TRADE_HAS_CLOSE", "ACQ.TRADE_STATUS_ERROR", "ACQ.REASON_TRADE_STATUS_INVALID":
		return core.NothingLeft
	case "ACQ.DISCORDANT_REPEAT_REQUEST":
		return core.CodeNumberUsed
	default:
		return ""
	}
}

// said is the gateway's own words of a refusal, for the merchant's people. The text of a refused
// signature is left out: it echoes the request.
func said(r alipay.Result) core.GatewayWords {
	if r.Class == alipay.Done || r.Class == alipay.Pending || r.Class == alipay.NotExist {
		return core.GatewayWords{}
	}
	words := core.GatewayWords{Code: r.Code, SubCode: r.SubCode, Message: r.SubMsg}
	if strings.Contains(r.SubCode, "signature") || strings.Contains(r.SubMsg, "app_id=") {
		words.Message = ""
	}
	return words.Clean()
}

// detail names the gateway's codes for operators. The gateway's text is left out: it may hold what
// the request held.
func detail(r alipay.Result) string {
	parts := []string{r.Class.String()}
	for _, part := range []string{r.Code, r.SubCode} {
		if part != "" {
			parts = append(parts, part)
		}
	}
	if r.TraceID != "" {
		parts = append(parts, "trace "+r.TraceID)
	}
	return strings.Join(parts, " ")
}

// demote makes an answer unknown: it was verified, but lacks what would prove the success it
// claims.
func demote(a core.Answer, why string) core.Answer {
	a.Outcome, a.Code = core.OutcomeUnknown, core.Code(alipay.ErrUnknownTradeOutcome)
	a.Detail += ": " + why
	return a
}
