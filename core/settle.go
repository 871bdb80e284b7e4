package core

import (
	"context"
	"time"
)

// SettleAttempt looks at one attempt and does what its state asks for: inquire, close at the
// gateway, close what can never be paid. Jobs call it for whatever is due, and the API for sync and
// close; it may run any number of times, in several processes at once.
//
// Errors: CodeNotFound, CodeNotConfigured (channel or account is gone), CodeContended,
// CodeUnavailable. An unknown answer is not an error: it is written down and asked for again.
func (c *Cashier) SettleAttempt(ctx context.Context, attemptID string) error {
	return c.stuck(c.settleAttempt(ctx, attemptID), attemptID, func() error { return c.putOffAttempt(ctx, attemptID) })
}

func (c *Cashier) settleAttempt(ctx context.Context, attemptID string) error {
	key := Key{Kind: OrderByAttempt, Value: attemptID}
	o, err := c.order(ctx, key)
	if err != nil {
		return err
	}
	a := o.Attempt(attemptID)
	if !a.SumAt.IsZero() {
		return c.askSum(ctx, a)
	}
	if a.State == AttemptReady {
		return c.settleUnopened(ctx, key, attemptID)
	}
	if a.State == AttemptClosed && !a.outlived() {
		_, err := c.change(ctx, system(), key, func(p *pen) error { return c.settleEnded(p, p.order.Attempt(attemptID)) })
		return err
	}
	if a.State != AttemptSent && a.State != AttemptClosed {
		return nil
	}
	if a.Unheard() {
		return c.settleUnheard(ctx, o, a)
	}
	// A closing of something that is known to wait goes straight to the gateway; anything unsettled
	// is asked for first.
	if a.State == AttemptSent && !a.Settling && c.unwanted(o, a, c.at()) && c.closes(a) {
		return c.closeAtGateway(ctx, a)
	}
	return c.inquire(ctx, a)
}

// settleUnheard calls again for an attempt of which every call was turned away for a fault of ours,
// or ends it once it is unwanted: there is nothing that the gateway could be asked about.
func (c *Cashier) settleUnheard(ctx context.Context, o *Order, a *Attempt) error {
	if !c.unwanted(o, a, c.at()) {
		return c.payAgain(ctx, a)
	}
	_, err := c.change(ctx, system(), Key{Kind: OrderByAttempt, Value: a.ID}, func(p *pen) error {
		a := p.order.Attempt(a.ID)
		if !a.Unheard() || !c.unwanted(p.order, a, p.now) {
			return nil
		}
		return c.endAttempt(p, a, "refused:"+string(CodeMisconfigured))
	})
	return err
}

// inquire asks the gateway and writes what it says; if the trade waits but is unwanted, it goes on
// to close it, and if the gateway does not know a native attempt whose call got lost, it makes the
// call again with the same number.
func (c *Cashier) inquire(ctx context.Context, a *Attempt) error {
	res, err := c.query(ctx, a)
	if err != nil {
		return err
	}
	o, err := c.change(ctx, system(), Key{Kind: OrderByAttempt, Value: a.ID}, func(p *pen) error {
		return c.recordInquiry(p, p.order.Attempt(a.ID), res)
	})
	if err != nil {
		return err
	}
	a = o.Attempt(a.ID)
	waits := res.Outcome == OutcomeSucceeded && res.Trade.State == TradeWaiting
	switch {
	case a.State != AttemptSent || a.Settling && res.Outcome != OutcomeAbsent && !waits:
		return nil
	case c.unwanted(o, a, c.at()):
		if res.Outcome == OutcomeAbsent || !c.closes(a) {
			// Only time can end what the gateway does not know, or cannot close: recordInquiry has
			// seen to it.
			return nil
		}
		return c.closeAtGateway(ctx, a)
	case a.Action.Empty():
		return c.payAgain(ctx, a)
	default:
		return nil
	}
}

// inquiry is an answer about a trade, and when it was asked for: what was true then need not be
// when it is read.
type inquiry struct {
	TradeResult
	asked time.Time
}

// query asks the gateway what became of an attempt.
func (c *Cashier) query(ctx context.Context, a *Attempt) (inquiry, error) {
	caps, account, err := c.reach(a)
	if err != nil {
		return inquiry{}, err
	}
	asked := c.at()
	ctx, cancel := context.WithTimeout(concerning(ctx, a, ""), callLease-5*time.Second)
	defer cancel()
	res := caps.Channel.Query(ctx, tradeRef(a, account))
	c.pass(PointSettleAfterAnswer)
	return inquiry{res, asked}, nil
}

// payAgain repeats a native attempt's call when it is known what the gateway knows: with the
// trade's number, or to make the trade at last. The call is counted before it is made; one that
// nobody wants any more is not.
func (c *Cashier) payAgain(ctx context.Context, a *Attempt) error {
	wanted := false
	o, err := c.change(ctx, system(), Key{Kind: OrderByAttempt, Value: a.ID}, func(p *pen) error {
		a := p.order.Attempt(a.ID)
		if wanted = a.State == AttemptSent && a.Action.Empty() && !c.unwanted(p.order, a, p.now); wanted {
			a.Calls++
			p.touch(a)
			p.audit("attempt.call", a.ID, "")
		}
		return nil
	})
	if err != nil || !wanted {
		return err
	}
	a = o.Attempt(a.ID)
	res, err := c.pay(ctx, o, a)
	if err != nil {
		return err
	}
	_, err = c.change(ctx, system(), Key{Kind: OrderByAttempt, Value: a.ID}, func(p *pen) error {
		return c.recordPay(p, p.order.Attempt(a.ID), res)
	})
	return err
}

// recordInquiry writes what an inquiry said.
func (c *Cashier) recordInquiry(p *pen, a *Attempt, res inquiry) error {
	if a.State != AttemptSent && a.State != AttemptClosed {
		return nil
	}
	if a.State == AttemptSent {
		a.heard(res.Answer)
	}
	if res.Outcome == OutcomeSucceeded {
		return c.applyTrade(p, a, res.Trade, res.asked)
	}
	// the last look at an attempt that the gateway never knew
	if a.State == AttemptClosed && res.Outcome == OutcomeAbsent {
		return c.settleEnded(p, a)
	}
	if res.Outcome == OutcomeAbsent && c.outlasted(a, res.asked) {
		return c.endOutlived(p, a, reasonAbsent)
	}
	p.touch(a)
	a.Tries++
	if res.Outcome == OutcomeAbsent {
		// A verified answer: nothing is unknown any more about a page or an order string that
		// nobody has entered. Of a native attempt that has no action yet the call itself still is.
		a.Settling = a.Settling && a.Action.Empty()
		a.NextAt = c.whenAbsent(p, a)
		p.audit("attempt.absent", a.ID, "")
		return nil
	}
	a.Settling, a.NextAt = a.Live(), p.now.Add(askAfter(a.Tries))
	if res.RetryAfter > 0 {
		a.NextAt = p.now.Add(res.RetryAfter)
	}
	if a.State == AttemptSent && !c.closes(a) && p.now.Before(c.graceEnd(a)) {
		a.NextAt = c.byGraceEnd(a, a.NextAt)
	}
	if p.now.After(c.graceEnd(a).Add(lateWatch + alarmAfter)) {
		c.alert(2, "attempt.unsettled", a.ID, "the gateway gives no verifiable answer")
	}
	p.audit("attempt.ask", a.ID, string(res.Outcome))
	return nil
}

// applyTrade writes a verified description of the trade, as it was when it was asked for.
func (c *Cashier) applyTrade(p *pen, a *Attempt, t Trade, asked time.Time) error {
	switch t.State {
	case TradePaid, TradeFinished:
		return c.bookOrPark(p, a, t)
	case TradeClosed:
		// closed after payment means refunded in full outside (G14): book the payment, then let the
		// refund be found
		if !t.PaidAt.IsZero() {
			if err := c.bookOrPark(p, a, t); err != nil {
				return err
			}
			_, err := c.externalRefund(p, a, t.TotalFen)
			return err
		}
		if a.State == AttemptClosed {
			return c.settleEnded(p, a)
		}
		return c.endAttempt(p, a, "closed")
	default:
		if a.State == AttemptClosed {
			return c.settleEnded(p, a)
		}
		if !c.closes(a) && c.outlasted(a, asked) {
			a.TradeNo = firstText(a.TradeNo, t.TradeNo)
			return c.endOutlived(p, a, reasonOver)
		}
		p.touch(a)
		// What the buyer's client needs is settled only when we have it: until payAgain has asked
		// for it, no answer is final.
		a.TradeNo, a.Settling = firstText(a.TradeNo, t.TradeNo), a.Action.Empty()
		a.Tries++
		a.NextAt = c.nextLook(p, a)
		p.audit("attempt.waiting", a.ID, "")
		if s := p.order.Payment.Status; s == PaymentCreated || s == PaymentPaying {
			return p.step(StepSend)
		}
		return nil
	}
}

// bookOrPark books a payment that an inquiry found; money that contradicts the books is left alone,
// alarmed, and looked at again in a day.
func (c *Cashier) bookOrPark(p *pen, a *Attempt, t Trade) error {
	parked, err := c.bookPaid(p, a, t)
	if err != nil || parked == "" {
		return err
	}
	p.touch(a)
	a.Settling, a.NextAt = true, p.now.Add(24*time.Hour)
	c.alert(1, "attempt."+string(parked), a.ID, "money at the gateway contradicts the books")
	p.audit("attempt.parked", a.ID, string(parked))
	return nil
}

// alert tells the watcher that a person should look.
func (c *Cashier) alert(level int, what, object, detail string) {
	if c.Watch != nil {
		c.Watch.Alert(level, what, object, detail)
	}
}

// happened counts something for metrics.
func (c *Cashier) happened(what, label string) {
	if c.Watch != nil {
		c.Watch.Happened(what, label)
	}
}
