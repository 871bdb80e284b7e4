package core

import (
	"errors"
	"fmt"
)

// Code is a stable, append-only name for a kind of failure. Programs act on codes; messages are for
// people and may change.
type Code string

// The codes. Refusals of the rulebook (goods_category_forbidden, licence_missing, …) are codes too:
// see rulebook.go.
const (
	CodeInvalid        Code = "invalid_request" // a field is missing or out of range
	CodeAmountMismatch Code = "amount_mismatch" // amount_fen is not the goods' total
	CodeNotFound       Code = "not_found"       // no such object, or another merchant's
	// CodeArchived: the object was final for long and has left the database.
	CodeArchived  Code = "archived"
	CodeForbidden Code = "forbidden" // the key's role does not permit this
	// CodeOrderExists: merchant_order_no was used for another order.
	CodeOrderExists         Code = "order_exists"
	CodeIdempotencyMismatch Code = "idempotency_mismatch" // the same key came with another body
	// CodeInProgress: the same request is being worked on now.
	CodeInProgress Code = "in_progress"
	// CodeAttemptInFlight: an older attempt can still be paid and could not be closed yet.
	CodeAttemptInFlight Code = "attempt_in_flight"
	// CodeAlreadyPaid: the payment is paid; it cannot be closed or attempted again.
	CodeAlreadyPaid   Code = "already_paid"
	CodePaymentClosed Code = "payment_closed" // the payment is closed
	// CodePaymentExpired: too little time is left before expires_at.
	CodePaymentExpired Code = "payment_expired"
	// CodeNotRefundable: the payment is not paid, or its refund window is over.
	CodeNotRefundable Code = "not_refundable"
	// CodeRefundExceedsPaid: more than paid minus what is refunded or on its way.
	CodeRefundExceedsPaid Code = "refund_exceeds_paid"
	CodeNotPending        Code = "not_pending_approval" // the refund waits for no approval
	CodeSameActor         Code = "same_actor"           // who asked may not approve
	// CodeOverLimit: one person may not decide about so much.
	CodeOverLimit Code = "over_approval_limit"
	// CodeChannelRefused: the gateway refused for good; nothing can be paid by this attempt.
	CodeChannelRefused     Code = "channel_refused"
	CodeChannelUnavailable Code = "channel_unavailable" // nothing was sent; try again later
	// CodeChannelMissing: the merchant has no active account for a channel that may serve this.
	CodeChannelMissing Code = "channel_missing"
	// CodeContended: too many writers at once; nothing was changed.
	CodeContended Code = "contended"
	// CodeUnavailable: the database does not answer; the result may be unknown.
	CodeUnavailable Code = "unavailable"
	// CodeReturnURL: return_url does not begin with a registered prefix.
	CodeReturnURL   Code = "return_url_unlisted"
	CodeLoginFailed Code = "login_failed" // the authorisation code was refused
	// CodeWrongState: the state table has no such transition.
	CodeWrongState Code = "wrong_state"
	CodeInternal   Code = "internal" // a fault of ours
	// CodeRefused: the rulebook said no; Refusals name every layer.
	CodeRefused       Code = "refused_by_rules"
	CodeReplayedNonce Code = "nonce_reused" // the signed request was seen before
	// CodeTooMany: the payment has as many refunds or attempts as one payment may have.
	CodeTooMany       Code = "too_many"
	CodePageBusy      Code = "too_many_page_opens"    // the page was opened too often
	CodeNotConfigured Code = "gateway_not_configured" // no such gateway or account here
)

// Error is the one error type that leaves core. Message is for the person who called; Err is for
// operators and never reaches a buyer.
type Error struct {
	Code    Code
	Message string
	// Said is Message in both languages, where words of it come from an adapter.
	Said Words
	// Field names the offending input field, if one is to blame ("goods[0].quantity").
	Field string
	// Mistakes are all that is wrong with a request, when that was looked for; Code, Field and
	// Message are the first's.
	Mistakes []Mistake
	// Refusals is set with CodeRefused: every layer that said no.
	Refusals []Refusal
	// RetryAfterSeconds tells when trying again makes sense; 0 means unknown.
	RetryAfterSeconds int
	// PaymentID names the payment concerned when the caller could not know it yet.
	PaymentID string
	// Gateway is what the gateway said when it refused, for the merchant's people: it reaches no
	// buyer and no log.
	Gateway GatewayWords
	// Buyer is what a shop may show to its buyer, set with the refusals of a gateway.
	Buyer Words
	Err   error
}

// Error returns code and message; the cause is reached by errors.Unwrap.
func (e *Error) Error() string {
	if e.Field != "" {
		return fmt.Sprintf("%s: %s (%s)", e.Code, e.Message, e.Field)
	}
	return fmt.Sprintf("%s: %s", e.Code, e.Message)
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Errorf makes an Error with a formatted message.
func Errorf(code Code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// invalid makes a CodeInvalid error that blames a field.
func invalid(field, format string, args ...any) *Error {
	return &Error{Code: CodeInvalid, Field: field, Message: fmt.Sprintf(format, args...)}
}

// CodeOf returns the code of err: CodeInternal for any error that is not ours, "" for nil.
func CodeOf(err error) Code {
	if err == nil {
		return ""
	}
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Code
	}
	return CodeInternal
}
