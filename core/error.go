package core

import (
	"errors"
	"fmt"
)

// Code is a stable, append-only name for a kind of failure. Programs act on codes; messages are for people and may change.
type Code string

// The codes. Refusals of the rulebook (goods_category_forbidden, licence_missing, …) are codes too: see rulebook.go.
const (
	CodeInvalid             Code = "invalid_request"        // a field is missing or out of range
	CodeAmountMismatch      Code = "amount_mismatch"        // amount_fen is not the goods' total
	CodeNotFound            Code = "not_found"              // no such object, or another merchant's
	CodeForbidden           Code = "forbidden"              // the key's role does not permit this
	CodeOrderExists         Code = "order_exists"           // merchant_order_no was used for another order
	CodeIdempotencyMismatch Code = "idempotency_mismatch"   // the same key came with another body
	CodeInProgress          Code = "in_progress"            // the same request is being worked on now
	CodeAttemptInFlight     Code = "attempt_in_flight"      // an older attempt can still be paid and could not be closed yet
	CodeAlreadyPaid         Code = "already_paid"           // the payment is paid; it cannot be closed or attempted again
	CodePaymentClosed       Code = "payment_closed"         // the payment is closed
	CodePaymentExpired      Code = "payment_expired"        // too little time is left before expires_at
	CodeNotRefundable       Code = "not_refundable"         // the payment is not paid, or its refund window is over
	CodeRefundExceedsPaid   Code = "refund_exceeds_paid"    // more than paid minus what is refunded or on its way
	CodeNotPending          Code = "not_pending_approval"   // the refund waits for no approval
	CodeSameActor           Code = "same_actor"             // who asked may not approve
	CodeOverLimit           Code = "over_approval_limit"    // one person may not decide about so much
	CodeChannelRefused      Code = "channel_refused"        // the gateway refused for good; nothing can be paid by this attempt
	CodeChannelUnavailable  Code = "channel_unavailable"    // nothing was sent; try again later
	CodeChannelMissing      Code = "channel_missing"        // the merchant has no active account for a channel that may serve this
	CodeContended           Code = "contended"              // too many writers at once; nothing was changed
	CodeUnavailable         Code = "unavailable"            // the database does not answer; the result may be unknown
	CodeReturnURL           Code = "return_url_unlisted"    // return_url does not begin with a registered prefix
	CodeLoginFailed         Code = "login_failed"           // the authorisation code was refused
	CodeWrongState          Code = "wrong_state"            // the state table has no such transition
	CodeInternal            Code = "internal"               // a fault of ours
	CodeRefused             Code = "refused_by_rules"       // the rulebook said no; Refusals name every layer
	CodeReplayedNonce       Code = "nonce_reused"           // the signed request was seen before
	CodeTooMany             Code = "too_many"               // the payment has as many refunds or attempts as one payment may have
	CodePageBusy            Code = "too_many_page_opens"    // the page was opened too often
	CodeNotConfigured       Code = "gateway_not_configured" // no such gateway or account here
)

// Error is the one error type that leaves core. Message is for the person who called; Err is for operators and never reaches a buyer.
type Error struct {
	Code    Code
	Message string
	// Said is Message in both languages, where words of it come from an adapter.
	Said Words
	// Field names the offending input field, if one is to blame ("goods[0].quantity").
	Field string
	// Mistakes are all that is wrong with a request, when that was looked for; Code, Field and Message are the first's.
	Mistakes []Mistake
	// Refusals is set with CodeRefused: every layer that said no.
	Refusals []Refusal
	// RetryAfterSeconds tells when trying again makes sense; 0 means unknown.
	RetryAfterSeconds int
	// PaymentID names the payment concerned when the caller could not know it yet.
	PaymentID string
	// Gateway is what the gateway said when it refused, for the merchant's people: it reaches no buyer and no log.
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
