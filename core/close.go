package core

import (
	"context"
	"time"
)

// Close ends an unpaid payment. The gateway decides: any refusal leads to an inquiry, and a payment
// that turns out paid is booked as paid (S01, S07). What was never opened closes at once, because
// nothing was signed.
//
// Errors: CodeNotFound, CodeAlreadyPaid, CodeContended, CodeUnavailable. While the gateway has not
// decided, the outcome says so without an error.
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

// closes tells whether the attempt's channel can close a trade.
func (c *Cashier) closes(a *Attempt) bool {
	caps, ok := c.Channels.Get(a.Channel)
	return ok && caps.Closer != nil
}

// closeAtGateway asks the gateway to close an attempt and writes what it decided. The attempt's
// channel can close.
func (c *Cashier) closeAtGateway(ctx context.Context, a *Attempt) error {
	caps, account, err := c.reach(a)
	if err != nil {
		return err
	}
	c.pass(PointCloseBeforeGateway)
	asked := c.at()
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
			return c.recordInquiry(p, p.order.Attempt(a.ID), inquiry{TradeResult{Answer: res.Answer}, asked})
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

// afterRefusedClose writes the inquiry that followed a close without success. A trade that still
// waits is closed again later, with growing pauses.
func (c *Cashier) afterRefusedClose(p *pen, a *Attempt, trade inquiry) error {
	tries := a.Tries
	if err := c.recordInquiry(p, a, trade); err != nil {
		return err
	}
	if a.State == AttemptSent && trade.Outcome == OutcomeSucceeded {
		a.NextAt = p.now.Add(askAfter(tries))
	}
	return nil
}

// unwanted tells whether an attempt should be closed: somebody asked, a newer attempt waits,
// another one has paid, or it expired.
func (c *Cashier) unwanted(o *Order, a *Attempt, now time.Time) bool {
	return o.Payment.Status == PaymentClosing || o.Payment.Status == PaymentClosed || o.Payment.PaidAttempt != "" || a.Superseded ||
		!now.Before(a.TimeExpire)
}

// graceEnd is from when on a trade that is not paid can never be: it does not come into being any
// more, and one that the channel cannot close has ended by itself.
func (c *Cashier) graceEnd(a *Attempt) time.Time {
	return a.TimeExpire.Add(c.termsOf(a).Grace + c.Skew)
}

// outlasted tells whether what was asked then was asked after the attempt's last chance to be paid.
// An earlier answer, however late it is read, proves nothing about the time between.
func (c *Cashier) outlasted(a *Attempt, asked time.Time) bool { return !asked.Before(c.graceEnd(a)) }

// The reasons of attempts that ended by time, not by a word of the gateway: it did not know the
// trade, or the trade was unpaid and its channel cannot close. They are asked for once more (S03).
const (
	reasonAbsent = "absent"
	reasonOver   = "over"
)

// outlived tells whether the attempt ended by time alone.
func (a Attempt) outlived() bool {
	return a.State == AttemptClosed && (a.Reason == reasonAbsent || a.Reason == reasonOver)
}

// endOutlived ends an attempt whose time is over, and sets the last look at it.
func (c *Cashier) endOutlived(p *pen, a *Attempt, reason string) error {
	err := c.endAttempt(p, a, reason)
	a.NextAt = a.TimeExpire.Add(lateWatch)
	if !a.NextAt.After(p.now) { // a long grace, or a long silence
		a.NextAt = p.now.Add(lateWatch)
	}
	return err
}

// settleUnopened closes an attempt that was never opened, once it is unwanted: nothing was signed,
// so nothing can be paid.
func (c *Cashier) settleUnopened(ctx context.Context, key Key, attemptID string) error {
	_, err := c.change(ctx, system(), key, func(p *pen) error {
		a := p.order.Attempt(attemptID)
		if a.State != AttemptReady || !c.unwanted(p.order, a, p.now) {
			return nil
		}
		return c.endAttempt(p, a, "unopened")
	})
	return err
}

// settleEnded closes the payment of an ended attempt when its time is over, and stops looking at
// the attempt.
func (c *Cashier) settleEnded(p *pen, a *Attempt) error {
	if a.NextAt.IsZero() || p.now.Before(a.NextAt) || a.State != AttemptClosed {
		return nil
	}
	a.NextAt = noTime()
	p.touch(a)
	p.audit("attempt.watched", a.ID, a.Reason)
	return c.afterAttempt(p, a)
}

// whenAbsent is the next look at an attempt that the gateway does not know: polled while it may be
// paid, at the end of the grace when it is unwanted. What no call can close is polled until then,
// because a buyer may still pay it.
func (c *Cashier) whenAbsent(p *pen, a *Attempt) time.Time {
	switch unwanted := c.unwanted(p.order, a, p.now); {
	case unwanted && c.closes(a):
		return c.graceEnd(a)
	case unwanted:
		return c.byGraceEnd(a, p.now.Add(pollAfter(a.Tries)))
	}
	next := p.now.Add(pollAfter(a.Tries))
	if a.Settling {
		next = p.now.Add(askAfter(a.Tries))
	}
	if next.After(a.TimeExpire) {
		return a.TimeExpire
	}
	return next
}

// byGraceEnd is the next look, or the end of the grace if that comes first: from that look on
// unpaid means ended.
func (c *Cashier) byGraceEnd(a *Attempt, next time.Time) time.Time {
	if end := c.graceEnd(a); next.After(end) {
		return end
	}
	return next
}

// endAttempt writes that an attempt can never be paid, and what follows for its payment: closed if
// that was wanted or its time is over, else open for another attempt.
func (c *Cashier) endAttempt(p *pen, a *Attempt, reason string) error {
	if err := p.moveAttempt(a, AttemptClosed); err != nil {
		return err
	}
	a.Settling, a.NextAt, a.EndedAt, a.Reason = false, noTime(), p.now, reason
	pay := &p.order.Payment
	if pay.ActiveAttempt == a.ID {
		pay.ActiveAttempt = ""
	}
	p.audit("attempt.closed", a.ID, reason)
	return c.afterAttempt(p, a)
}

// afterAttempt closes a payment that has no live attempt left, if it is to be closed or has
// expired; otherwise it stays open, and the ended attempt is looked at again when the payment
// expires.
func (c *Cashier) afterAttempt(p *pen, ended *Attempt) error {
	pay := &p.order.Payment
	if pay.Status != PaymentCreated && pay.Status != PaymentPaying && pay.Status != PaymentClosing {
		return nil
	}
	for i := range p.order.Attempts {
		if p.order.Attempts[i].Live() {
			return nil
		}
	}
	if pay.Status != PaymentClosing && p.now.Before(pay.ExpiresAt) {
		ended.NextAt = pay.ExpiresAt
		p.touch(ended)
		return p.step(StepKeepOpen)
	}
	if err := p.step(StepClose); err != nil {
		return err
	}
	pay.ClosedAt, pay.CloseReason = p.now, firstText(pay.CloseReason, "expired")
	p.audit("payment.closed", pay.ID, pay.CloseReason)
	p.tell(EventPaymentClosed, "", ended.ID)
	p.turn(ended, TurnClosed, "")
	return nil
}
