package core

import (
	"context"
	"time"
)

// again turns a repeated create into the request for another attempt, should the first one have
// been refused.
func (req CheckoutRequest) again() AttemptRequest {
	return AttemptRequest{Platform: req.Platform, Payer: req.Payer, Funding: req.Funding, Client: req.Client}
}

// resume answers a request that was seen before. A stored answer is repeated byte for byte; an
// unknown outcome is asked for; an attempt that the gateway refused is followed by a new one with a
// new number (S06). While a call is under way elsewhere, a key's request is CodeInProgress (I01,
// I05), and one without a key is shown the payment as it is.
func (c *Cashier) resume(ctx context.Context, caller Caller, got begun, next AttemptRequest) (Answered, error) {
	o, now := got.order, c.at()
	if o == nil {
		return Answered{}, Errorf(CodeNotFound, "no such payment")
	}
	if got.answer != nil {
		return *got.answer, nil
	}
	a := o.Attempt(o.Payment.ActiveAttempt)
	switch {
	case a == nil && o.Payment.Status == PaymentCreated && now.Before(o.Payment.ExpiresAt.Add(-c.termsOf(&o.Attempts[len(o.Attempts)-1]).LeastTime)):
		return c.tryAgain(ctx, caller, o, next, got.to)
	case a != nil && a.Settling && a.Tries == 0 && now.Before(a.NextAt):
		if got.to.keyed() {
			return Answered{}, &Error{Code: CodeInProgress, Message: "the same request is being worked on", PaymentID: o.Payment.ID, RetryAfterSeconds: 1}
		}
	case a != nil && a.Settling:
		if err := c.SettleAttempt(ctx, a.ID); err != nil {
			return Answered{}, err
		}
	}
	return c.answerNow(ctx, o.Payment.key(), got.to)
}

// tryAgain makes a new attempt for a payment whose last one was refused.
func (c *Cashier) tryAgain(ctx context.Context, caller Caller, o *Order, next AttemptRequest, to reply) (Answered, error) {
	m, err := c.merchant(caller.MerchantID)
	if err != nil {
		return Answered{}, err
	}
	plan, err := c.planFor(m, next.onwards(o.Payment))
	if err != nil {
		return Answered{}, err
	}
	id, write, err := c.further(o, next, plan)
	if err != nil {
		return Answered{}, err
	}
	o, given, err := c.conclude(ctx, caller, o.Payment.key(), to, write)
	if err != nil || plan.caps.Channel.Door() == DoorPage {
		return given, err
	}
	return c.payAndAnswer(ctx, caller, o, id, next.Payer, to)
}

// payable is the reply to whoever asked for something to pay.
func (c *Cashier) payable(key Key) reply {
	return reply{key: key, status: statusMade, show: func(o *Order, _ string, now time.Time) (any, bool, error) {
		if err := c.turnedAway(o); err != nil {
			return nil, false, err
		}
		a := o.Attempt(o.Payment.ActiveAttempt)
		return c.offered(o, now), a == nil || !a.Settling, nil
	}}
}

// offered renders an order for who asked for something to pay, with the rulebook's warnings.
func (c *Cashier) offered(o *Order, now time.Time) PaymentView {
	view := c.viewNow(o, now)
	if m, ok := c.Merchants.Merchant(o.Payment.MerchantID); ok {
		if a := o.Attempt(o.Payment.ActiveAttempt); a != nil {
			view.Warnings = c.decide(m, a.Platform, o.Payment.Lines, a.Funding).Warnings
		}
	}
	return view
}

// viewNow renders an order at a moment: what the client does next is shown only while that leads to
// paying it.
func (c *Cashier) viewNow(o *Order, now time.Time) PaymentView {
	view := ViewOf(o)
	if a := o.Attempt(o.Payment.ActiveAttempt); a == nil || !c.canBePaid(o, a, now) {
		view.Action = nil
	}
	return view
}

// canBePaid tells whether a live attempt can still be paid by its action: nobody has paid or asked
// for the end, and its time is not over.
func (c *Cashier) canBePaid(o *Order, a *Attempt, now time.Time) bool {
	last := a.TimeExpire
	if a.Token != "" {
		last = last.Add(-c.termsOf(a).LeastTime) // when its page stops opening
	}
	wanted := o.Payment.Status == PaymentCreated || o.Payment.Status == PaymentPaying
	return wanted && a.Live() && !a.Superseded && now.Before(last)
}
