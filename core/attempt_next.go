package core

import (
	"context"
	"time"
)

// NextAttempt lets the buyer go on elsewhere: on another platform, or with another instalment plan.
// The older attempt is closed at the gateway first, so that at most one can be paid; while that
// cannot be had the answer is CodeAttemptInFlight (S05, S06).
//
// Errors: those of Checkout, and CodeNotFound, CodeAlreadyPaid, CodePaymentClosed,
// CodePaymentExpired, CodeAttemptInFlight.
func (c *Cashier) NextAttempt(ctx context.Context, caller Caller, req AttemptRequest) (Answered, error) {
	m, err := c.merchant(caller.MerchantID)
	if err != nil {
		return Answered{}, err
	}
	if err := req.checkShape(m); err != nil {
		return Answered{}, err
	}
	req.Payer = req.Payer.scoped()
	ask := asked{
		reply:  c.payable(keyOf(caller, opAttempt, req.IdempotencyKey)),
		order:  Key{Kind: OrderByPayment, Merchant: caller.MerchantID, Value: req.PaymentID},
		prints: []string{c.printOf(caller, req)}, busy: "the attempt is being started by another request",
	}
	v, err := c.Store.See(ctx, ask.order, ask.key)
	if err != nil {
		return Answered{}, err
	}
	o := v.Order(ask.order)
	if o == nil {
		return Answered{}, v.gone(ask.order, "no such payment")
	}
	row, err := ask.earlier(v)
	if err != nil {
		return Answered{}, err
	}
	if row != nil {
		return c.resume(ctx, caller, ask.repeated(row, o), req)
	}
	plan, err := c.planFor(m, req.onwards(o.Payment))
	if err != nil {
		return Answered{}, err
	}
	if err := c.supersede(ctx, caller, ask.order, o.Payment.ActiveAttempt, plan.account); err != nil {
		return Answered{}, err
	}
	ask.drawn = c.draw(caller) // at last: closing the older attempt took its time
	return c.startAttempt(ctx, ask, o, req, plan)
}

// printOf is the fingerprint of a request for another attempt.
func (c *Cashier) printOf(caller Caller, req AttemptRequest) string {
	parts := []any{req.PaymentID, req.Platform, c.payerMark(caller.MerchantID, req.Payer), req.Funding.Periods, req.Funding.FeeBearer}
	if req.Payer.AppID != "" {
		parts = append(parts, req.Payer.AppID)
	}
	return fingerprint(parts...)
}

// onwards is what a new attempt asks for, as a create would.
func (req AttemptRequest) onwards(p Payment) CheckoutRequest {
	return CheckoutRequest{
		Platform: req.Platform, Subject: p.Subject, Lines: p.Lines, Funding: req.Funding, Payer: req.Payer,
	}
}

// supersede ends the older attempt, the one that was active when the request came: at once if
// nothing was signed, else by closing it at the gateway. An attempt that another request has
// started since stays: that request may be this very one, sent twice, and its answer must not die
// under its buyer.
func (c *Cashier) supersede(ctx context.Context, caller Caller, byID Key, older string, next Account) error {
	var live string
	_, err := c.change(ctx, caller, byID, func(p *pen) error {
		live = ""
		if err := attemptable(p.order, next, p.now); err != nil {
			return err
		}
		a := p.order.Attempt(p.order.Payment.ActiveAttempt)
		switch {
		case a == nil:
			return nil
		case a.ID != older:
			return startedElsewhere(a.PaymentID)
		case a.State == AttemptReady:
			a.Superseded = true
			return c.endAttempt(p, a, "superseded")
		case !a.Superseded:
			a.Superseded, a.NextAt = true, p.now
			p.touch(a)
			p.audit("attempt.supersede", a.ID, "")
		}
		live = a.ID
		return nil
	})
	if err != nil || live == "" {
		return err
	}
	if err := c.SettleAttempt(ctx, live); err != nil {
		return err
	}
	o, err := c.order(ctx, byID)
	if err != nil {
		return err
	}
	if a := o.Attempt(live); a.Live() && o.Payment.PaidAttempt == "" {
		return c.stay(ctx, caller, byID, a)
	}
	return nil
}

// stay gives the buyer the older attempt back: it could not be closed, so it is still the one to
// pay, and the caller is told when it ends by itself.
func (c *Cashier) stay(ctx context.Context, caller Caller, byID Key, a *Attempt) error {
	_, err := c.change(ctx, caller, byID, func(p *pen) error {
		a := p.order.Attempt(a.ID)
		if a.State != AttemptSent || !a.Superseded {
			return nil
		}
		a.Superseded = false
		if !a.Settling {
			a.NextAt = c.nextLook(p, a)
		}
		p.touch(a)
		p.audit("attempt.stay", a.ID, "")
		return nil
	})
	if err != nil {
		return err
	}
	return &Error{
		Code: CodeAttemptInFlight, Message: "the older attempt can still be paid and could not be closed; pay it, or come again when it has ended",
		PaymentID: a.PaymentID, RetryAfterSeconds: max(1, int(c.graceEnd(a).Sub(c.at()).Seconds())),
	}
}

func startedElsewhere(paymentID string) error {
	return &Error{Code: CodeAttemptInFlight, Message: "another request has started an attempt", PaymentID: paymentID, RetryAfterSeconds: 1}
}

// attemptable tells whether the payment may be attempted again by an account, and if not, why.
func attemptable(o *Order, by Account, now time.Time) error {
	switch o.Payment.Status {
	case PaymentCreated, PaymentPaying:
	case PaymentClosing, PaymentClosed:
		return &Error{Code: CodePaymentClosed, Message: "the payment is closed", PaymentID: o.Payment.ID}
	default:
		return &Error{Code: CodeAlreadyPaid, Message: "the payment is paid", PaymentID: o.Payment.ID}
	}
	if len(o.Attempts) >= MaxAttempts {
		return &Error{Code: CodeTooMany, Message: "a payment may have " + itoa(MaxAttempts) + " attempts at most", PaymentID: o.Payment.ID}
	}
	if !now.Before(o.Payment.ExpiresAt.Add(-by.LeastTime)) {
		return &Error{Code: CodePaymentExpired, Message: "too little time is left to pay", PaymentID: o.Payment.ID}
	}
	return nil
}

// startAttempt stores a new attempt under the request's key and, for a native channel, pays it.
func (c *Cashier) startAttempt(ctx context.Context, ask asked, o *Order, req AttemptRequest, plan plan) (Answered, error) {
	id, write, err := c.further(o, req, plan)
	if err != nil {
		return Answered{}, err
	}
	got, err := c.once(ctx, ask, func(View) (string, error) { return "", nil }, func(p *pen) (string, error) {
		if p.order == nil {
			return "", Errorf(CodeNotFound, "no such payment")
		}
		return req.PaymentID, write(p)
	})
	switch {
	case err != nil:
		return Answered{}, err
	case !got.mine:
		return c.resume(ctx, ask.drawn.caller, got, req)
	case got.answer != nil:
		return *got.answer, nil
	default:
		return c.payAndAnswer(ctx, ask.drawn.caller, got.order, id, req.Payer, got.to)
	}
}

// further makes the next attempt of a payment, and what a unit does to store it as the active one.
func (c *Cashier) further(o *Order, req AttemptRequest, plan plan) (id string, write func(*pen) error, err error) {
	now := c.at()
	payer, err := c.sealPayer(o.Payment.MerchantID, req.Payer, now, o.Payment.ExpiresAt)
	if err != nil {
		return "", nil, err
	}
	made := c.newAttempt(o.Payment, plan, req.Platform, payer, req.Client, now)
	return made.ID, func(p *pen) error {
		if err := attemptable(p.order, plan.account, p.now); err != nil {
			return err
		}
		if p.order.Payment.ActiveAttempt != "" {
			return startedElsewhere(p.order.Payment.ID)
		}
		a := p.addAttempt(made.clone())
		p.order.Payment.ActiveAttempt, p.order.Payment.Platform = a.ID, a.Platform
		p.audit("attempt.create", a.ID, string(a.Channel))
		if payer != nil {
			p.insert(payer)
		}
		return nil
	}, nil
}
