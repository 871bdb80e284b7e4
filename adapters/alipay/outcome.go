package alipay

import "time"

// Class says what a caller may conclude from one exchange with the gateway.
// The zero value is Unknown, so that a forgotten assignment can never look
// like success or like failure.
type Class uint8

// The classes. Final ones settle the matter; all others do not.
const (
	// Unknown proves nothing: the gateway may or may not have acted. Inquire,
	// then repeat with the same numbers. It never becomes failed by waiting.
	Unknown Class = iota
	// Done: verified, and the operation's effect is a fact.
	Done
	// Pending: verified, accepted, not decided yet. Inquire.
	Pending
	// NotExist: verified, the gateway knows no such trade. For page payments
	// this is normal until the buyer enters the cashier.
	NotExist
	// DoneElsewhere: the trade has moved on without this call. Query where to.
	DoneElsewhere
	// NewNumber: this out_trade_no can never be used for this payment again.
	NewNumber
	// Throttled: wait, then repeat with the same numbers. It is no verdict.
	Throttled
	// FinalUser: refused for a reason the buyer can see and mend.
	FinalUser
	// FinalMerchant: refused for a reason in configuration, contract or request.
	FinalMerchant
	// FinalRefund: the refund was refused and will be again.
	FinalRefund
	// Misconfigured: refused for our own signature, key, application, permission,
	// contract or encryption. Nothing was executed, and the same request may
	// pass once that is mended: it ends nothing.
	Misconfigured
	// NotSent: no byte of the request reached the gateway. Safe to repeat.
	NotSent
	// Invalid: refused here, against a documented limit; nothing was sent.
	Invalid
)

// String gives the class a stable name for logs and metrics.
func (c Class) String() string {
	switch c {
	case Done:
		return "done"
	case Pending:
		return "pending"
	case NotExist:
		return "not_exist"
	case DoneElsewhere:
		return "done_elsewhere"
	case NewNumber:
		return "new_number"
	case Throttled:
		return "throttled"
	case FinalUser:
		return "final_user"
	case FinalMerchant:
		return "final_merchant"
	case FinalRefund:
		return "final_refund"
	case Misconfigured:
		return "misconfigured"
	case NotSent:
		return "not_sent"
	case Invalid:
		return "invalid"
	}
	return "unknown"
}

// Final reports whether the operation is refused for good.
func (c Class) Final() bool {
	return c == FinalUser || c == FinalMerchant || c == FinalRefund || c == Invalid
}

// Result is what one exchange proved. Code, SubCode and SubMsg are for
// operators: no decision hangs on SubMsg, whose text carries a changing link.
type Result struct {
	Class      Class
	Fault      Fault  // whose matter the codes say it is; proven only if KeyVersion is set
	Code       string // gateway code such as "10000"
	SubCode    string // business code such as "ACQ.TRADE_NOT_EXIST"
	SubMsg     string
	Err        error         // why the class is Unknown, NotSent or Invalid; nil otherwise
	KeyVersion string        // the key version that verified the answer; empty if none did
	TraceID    string        // the gateway's own id of the exchange, for its support desk
	HTTPStatus int           // 0 when there was no answer
	Skew       time.Duration // the gateway's Date header minus our clock; 0 when unknown
	// Oddities: fields that decide nothing and could not be read, by name: never a reason to lose
	// the answer
	Oddities []string
}

// unknown demotes a result: what was read stays visible to operators.
func (r Result) unknown(err error) Result {
	r.Class, r.Err = Unknown, err
	return r
}

func notSent(err error) Result { return Result{Class: NotSent, Err: err} }

func invalid(err error) Result { return Result{Class: Invalid, Err: err} }
