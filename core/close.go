package core

import (
	"context"
	"time"
)

// Close ends an unpaid payment. The gateway decides: any refusal leads to an inquiry, and a payment that turns out paid is booked as paid (S01, S07).
// What was never opened closes at once, because nothing was signed.
//
// Errors: CodeNotFound, CodeAlreadyPaid, CodeContended, CodeUnavailable. While the gateway has not decided, the outcome says so without an error.
func (c *Cashier) Close(ctx context.Context, caller Caller, paymentID string) (CloseOutcome, error) {
	byID := Key{Kind: OrderByPayment, Merchant: caller.MerchantID, Value: paymentID}
	o, err := c.change(ctx, caller, byID, func(p *pen) error { return c.askClose(p) })
	if err != nil {
		return CloseOutcome{}, err
	}
	for _, a := range o.Attempts {
		if a.Live() {
			if err := c.SettleAttempt(ctx, a.ID); err != nil && CodeOf(err) != CodeNotConfigured {
				return CloseOutcome{}, err
			}
		}
	}
	if o, err = c.order(ctx, byID); err != nil {
		return CloseOutcome{}, err
	}
	switch o.Payment.Status {
	case PaymentClosed:
		return CloseOutcome{Payment: ViewOf(o), Closed: true}, nil
	case PaymentClosing:
		return CloseOutcome{Payment: ViewOf(o)}, nil
	default:
		return CloseOutcome{}, alreadyPaid(o)
	}
}

func alreadyPaid(o *Order) error {
	return &Error{Code: CodeAlreadyPaid, Message: "the payment is paid; refund it instead", PaymentID: o.Payment.ID}
}

// askClose marks the payment as to be closed and ends what was never opened.
func (c *Cashier) askClose(p *pen) error {
	pay := &p.order.Payment
	switch pay.Status {
	case PaymentClosed, PaymentClosing:
		return nil
	case PaymentCreated, PaymentPaying:
	default:
		return alreadyPaid(p.order)
	}
	if err := p.step(StepAskClose); err != nil {
		return err
	}
	pay.CloseReason = "merchant"
	p.audit("payment.close", pay.ID, "")
	var last *Attempt
	for i := range p.order.Attempts {
		a := &p.order.Attempts[i]
		last = a
		switch a.State {
		case AttemptReady:
			if err := c.endAttempt(p, a, "unopened"); err != nil {
				return err
			}
		case AttemptSent:
			a.NextAt = p.now
			p.touch(a)
		}
	}
	if pay.Status == PaymentClosing && last != nil {
		return c.afterAttempt(p, last)
	}
	return nil
}

// closeAtGateway asks the gateway to close an attempt and writes what it decided.
func (c *Cashier) closeAtGateway(ctx context.Context, a *Attempt) error {
	caps, account, err := c.reach(a)
	if err != nil {
		return err
	}
	c.pass(PointCloseBeforeGateway)
	call, cancel := context.WithTimeout(concerning(ctx, a, ""), callLease-5*time.Second)
	defer cancel()
	res := caps.Closer.Close(call, tradeRef(a, account))
	c.pass(PointCloseAfterGateway)
	key := Key{Kind: OrderByAttempt, Value: a.ID}
	switch res.Outcome {
	case OutcomeSucceeded:
		_, err := c.change(ctx, system(), key, func(p *pen) error {
			if a := p.order.Attempt(a.ID); a.State == AttemptSent {
				return c.endAttempt(p, a, "closed")
			}
			return nil
		})
		return err
	case OutcomeAbsent:
		_, err := c.change(ctx, system(), key, func(p *pen) error {
			return c.recordTrade(p, p.order.Attempt(a.ID), TradeResult{Answer: res.Answer})
		})
		return err
	default: // refused or unknown: only an inquiry tells
		trade, err := c.query(ctx, a)
		if err != nil {
			return err
		}
		_, err = c.change(ctx, system(), key, func(p *pen) error { return c.afterRefusedClose(p, p.order.Attempt(a.ID), trade) })
		return err
	}
}

// afterRefusedClose writes the inquiry that followed a close without success. A trade that still waits is closed again later, with growing pauses.
func (c *Cashier) afterRefusedClose(p *pen, a *Attempt, trade TradeResult) error {
	tries := a.Tries
	if err := c.recordTrade(p, a, trade); err != nil {
		return err
	}
	if a.State == AttemptSent && trade.Outcome == OutcomeSucceeded {
		a.NextAt = p.now.Add(askAfter(tries))
	}
	return nil
}
