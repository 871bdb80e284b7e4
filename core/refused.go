package core

import "time"

// misconfiguredPause is how long a caller should wait before it repeats what was turned away for a fault of ours: a person must mend it first.
const misconfiguredPause = time.Minute

// refusalOf turns an outcome that leaves nothing to pay into the error that the caller gets.
func refusalOf(o *Order, attemptID string, res PayResult) error {
	a := o.Attempt(attemptID)
	if a == nil || a.State == AttemptPaid {
		return nil
	}
	switch {
	case res.Misconfigured():
		return misconfigured(o.Payment.ID, res.Answer)
	case res.Outcome == OutcomeFailed:
		return refused(o.Payment.ID, res.Answer)
	case res.Outcome == OutcomeNotSent:
		return &Error{
			Code: CodeChannelUnavailable, Message: "the gateway cannot be reached; the same request may be sent again", PaymentID: o.Payment.ID,
			RetryAfterSeconds: 5, Err: res.Err,
		}
	default:
		return nil
	}
}

// refused is the error of a final refusal: its code is the class that the channel gave it, CodeChannelRefused if it has none.
func refused(paymentID string, a Answer) *Error {
	e := &Error{
		Code: CodeChannelRefused, Message: "the gateway refused the payment: " + string(a.Code), PaymentID: paymentID, Gateway: a.Gateway, Err: a.Err,
		Buyer: neutral(),
	}
	if f, ok := FaultOf(a.Code); ok {
		e.Code, e.Message, e.Buyer = f.Code, f.Mend.EN, f.Buyer
	}
	return e
}

// misconfigured is the error of what the gateway turned away for a fault of ours: the order is kept, and the same request is tried again.
func misconfigured(paymentID string, a Answer) *Error {
	e := refused(paymentID, Answer{Code: CodeMisconfigured, Gateway: a.Gateway, Err: a.Err})
	e.RetryAfterSeconds = int(misconfiguredPause.Seconds())
	return e
}
