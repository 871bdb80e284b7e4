package alipay

import "errors"

// Refusal is a reason with a stable code why a message, a key or a value was
// not accepted. Codes are part of the API: they appear in audit rows and metrics.
// Compare with errors.Is; the wrapping error says more for people.
type Refusal string

// Error returns the stable code.
func (r Refusal) Error() string { return string(r) }

// Why a message was refused.
const (
	ErrSignatureMissing Refusal = "signature_missing" // no sign, or an empty one
	// ErrSignatureMalformed: not strict base64, or not of the key's length.
	ErrSignatureMalformed Refusal = "signature_malformed"
	ErrSignatureMismatch  Refusal = "signature_mismatch" // no valid key of the app made it
	// ErrSignTypeMismatch: not the algorithm of our configuration.
	ErrSignTypeMismatch   Refusal = "sign_type_mismatch"
	ErrCertificateUnknown Refusal = "certificate_unknown" // names a certificate we do not hold
	// ErrAppMismatch: speaks for another app than the one addressed.
	ErrAppMismatch    Refusal = "app_id_mismatch"
	ErrDuplicateField Refusal = "duplicate_field" // one name twice
	ErrMalformedForm  Refusal = "malformed_form"  // not a form as the gateway writes it
	// ErrAmbiguousForm: two forms would have this signed text.
	ErrAmbiguousForm Refusal = "ambiguous_form"
	// ErrMalformedAmount: not an amount as the gateway writes it.
	ErrMalformedAmount Refusal = "malformed_amount"
	// ErrFieldMissing: a field every such message has is absent.
	ErrFieldMissing Refusal = "field_missing"
	// ErrOldInterface: a message of Alipay's interfaces before the open platform: no app_id, MD5 or
	// XML.
	ErrOldInterface Refusal = "old_interface"
	// ErrServiceCheck: the old gateway test alipay.service.check.
	ErrServiceCheck     Refusal = "service_check"
	ErrBodyTooLarge     Refusal = "body_too_large"     // over the limit
	ErrMethodNotAllowed Refusal = "method_not_allowed" // not a POST
	// ErrQueryNotAllowed: parameters in the query of a notification.
	ErrQueryNotAllowed   Refusal = "query_not_allowed"
	ErrMalformedResponse Refusal = "malformed_response" // not the envelope the gateway writes
	ErrAmbiguousResponse Refusal = "ambiguous_response" // more than one reading is possible
	ErrAnswerMismatch    Refusal = "answer_mismatch"    // answers another request
	ErrUnexpectedStatus  Refusal = "unexpected_status"  // HTTP status other than 200
	ErrRateLimited       Refusal = "rate_limited"       // our own limiter; nothing was sent
	ErrBreakerOpen       Refusal = "breaker_open"       // our own breaker; nothing was sent
	// ErrDecryptionFailed: AES content that our key does not open.
	ErrDecryptionFailed Refusal = "decryption_failed"
	// ErrCodeUndecided: verified, but the code is unlisted or says "unknown".
	ErrCodeUndecided Refusal = "code_undecided"
	// ErrUnknownTradeOutcome: a success without the fields that would prove it.
	ErrUnknownTradeOutcome Refusal = "unknown_trade_outcome"
)

// RefusalCode returns the stable code in err, or "" when it carries none.
func RefusalCode(err error) string {
	refusal, _ := errors.AsType[Refusal](err)
	return string(refusal)
}
