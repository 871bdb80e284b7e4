package core

import "time"

// misconfiguredPause is how long a caller should wait before it repeats what was turned away for a
// fault of ours: a person must mend it first.
const misconfiguredPause = time.Minute

// refusalOf turns an outcome that leaves nothing to pay into the error that the caller gets.
func (c *Cashier) refusalOf(o *Order, attemptID string, res PayResult) error {
	a := o.Attempt(attemptID)
	if a == nil || a.State == AttemptPaid {
		return nil
	}
	switch {
	case res.Misconfigured():
		return misconfigured(c.termsOf(a).GatewayName, o.Payment.ID, res.Answer)
	case res.Outcome == OutcomeFailed:
		return refused(c.termsOf(a).GatewayName, o.Payment.ID, res.Answer)
	case res.Outcome == OutcomeNotSent:
		return &Error{
			Code: CodeChannelUnavailable, Message: "the gateway cannot be reached; the same request may be sent again", PaymentID: o.Payment.ID,
			RetryAfterSeconds: 5, Err: res.Err,
		}
	default:
		return nil
	}
}

// turnedAway is the error for an order whose active attempt the gateway has turned away at every
// call for a fault of ours: nothing is unknown about it, and there is nothing to pay yet.
func (c *Cashier) turnedAway(o *Order) error {
	if a := o.Attempt(o.Payment.ActiveAttempt); a != nil && a.Unheard() {
		return misconfigured(c.termsOf(a).GatewayName, o.Payment.ID, Answer{Gateway: a.Said})
	}
	return nil
}

// hear keeps the class and the words of an answer. One that knows better clears them; one without
// any word of the gateway, such as a lost answer, leaves them as they are.
func hear(ans Answer, fault *Code, said *GatewayWords) {
	class, known := FaultOf(ans.Code)
	switch {
	case ans.Outcome == OutcomeSucceeded || ans.Outcome == OutcomePending || ans.Outcome == OutcomeAbsent:
		*fault, *said = "", GatewayWords{}
	case known || !ans.Gateway.Empty():
		*fault, *said = class.Code, ans.Gateway.Clean()
	}
}

// refused is the error of a final refusal: its code is the class that the channel gave it,
// CodeChannelRefused if it has none.
func refused(gateway Words, paymentID string, a Answer) *Error {
	e := &Error{
		Code: CodeChannelRefused, Message: "the gateway refused the payment: " + string(a.Code), PaymentID: paymentID, Gateway: a.Gateway.Clean(), Err: a.Err,
		Buyer: neutral(),
	}
	if f, ok := FaultOf(a.Code); ok {
		e.Code, e.Said, e.Buyer = f.Code, f.Mend.Naming(gateway), f.Buyer.Naming(gateway)
		e.Message = e.Said.EN
	}
	return e
}

// misconfigured is the error of what the gateway turned away for a fault of ours: the order is
// kept, and the same request is tried again.
func misconfigured(gateway Words, paymentID string, a Answer) *Error {
	e := refused(gateway, paymentID, Answer{Code: CodeMisconfigured, Gateway: a.Gateway, Err: a.Err})
	e.RetryAfterSeconds = int(misconfiguredPause.Seconds())
	return e
}
