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
	ErrSignatureMissing    Refusal = "signature_missing"     // no sign, or an empty one
	ErrSignatureMalformed  Refusal = "signature_malformed"   // not strict base64, or not of the key's length
	ErrSignatureMismatch   Refusal = "signature_mismatch"    // no valid key of the app made it
	ErrSignTypeMismatch    Refusal = "sign_type_mismatch"    // not the algorithm of our configuration
	ErrCertificateUnknown  Refusal = "certificate_unknown"   // names a certificate we do not hold
	ErrAppMismatch         Refusal = "app_id_mismatch"       // speaks for another app than the one addressed
	ErrDuplicateField      Refusal = "duplicate_field"       // one name twice
	ErrMalformedForm       Refusal = "malformed_form"        // not a form as the gateway writes it
	ErrAmbiguousForm       Refusal = "ambiguous_form"        // two forms would have this signed text
	ErrMalformedAmount     Refusal = "malformed_amount"      // not an amount as the gateway writes it
	ErrFieldMissing        Refusal = "field_missing"         // a field every such message has is absent
	ErrOldInterface        Refusal = "old_interface"         // a message of Alipay's interfaces before the open platform: no app_id, MD5 or XML
	ErrServiceCheck        Refusal = "service_check"         // the old gateway test alipay.service.check
	ErrBodyTooLarge        Refusal = "body_too_large"        // over the limit
	ErrMethodNotAllowed    Refusal = "method_not_allowed"    // not a POST
	ErrQueryNotAllowed     Refusal = "query_not_allowed"     // parameters in the query of a notification
	ErrMalformedResponse   Refusal = "malformed_response"    // not the envelope the gateway writes
	ErrAmbiguousResponse   Refusal = "ambiguous_response"    // more than one reading is possible
	ErrAnswerMismatch      Refusal = "answer_mismatch"       // answers another request
	ErrUnexpectedStatus    Refusal = "unexpected_status"     // HTTP status other than 200
	ErrRateLimited         Refusal = "rate_limited"          // our own limiter; nothing was sent
	ErrBreakerOpen         Refusal = "breaker_open"          // our own breaker; nothing was sent
	ErrDecryptionFailed    Refusal = "decryption_failed"     // AES content that our key does not open
	ErrCodeUndecided       Refusal = "code_undecided"        // verified, but the code is unlisted or says "unknown"
	ErrUnknownTradeOutcome Refusal = "unknown_trade_outcome" // a success without the fields that would prove it
)

// RefusalCode returns the stable code in err, or "" when it carries none.
func RefusalCode(err error) string {
	refusal, _ := errors.AsType[Refusal](err)
	return string(refusal)
}
