package core

import (
	"context"
	"time"
)

// SettleRefund finds out what became of a refund: it asks first, and sends again, with the same
// number and amount, only what the gateway has not heard of (P09, G08). It may run any number of
// times.
//
// Errors: CodeNotFound, CodeNotConfigured, CodeContended, CodeUnavailable.
func (c *Cashier) SettleRefund(ctx context.Context, merchantID, refundID string) error {
	o, err := c.order(ctx, Key{Kind: OrderByRefund, Merchant: merchantID, Value: refundID})
	if err == nil {
		_, err = c.settleRefund(ctx, o, refundID, reply{})
	}
	return c.stuck(err, refundID, func() error { return c.putOffRefund(ctx, merchantID, refundID) })
}

// settleRefundFor is SettleRefund for somebody who has just seen the order and waits for an answer
// about it.
func (c *Cashier) settleRefundFor(ctx context.Context, o *Order, refundID string, to reply) (Answered, error) {
	given, err := c.settleRefund(ctx, o, refundID, to)
	return given, c.stuck(err, refundID, func() error { return c.putOffRefund(ctx, o.Payment.MerchantID, refundID) })
}

func (c *Cashier) settleRefund(ctx context.Context, o *Order, refundID string, to reply) (Answered, error) {
	r := o.Refund(refundID)
	if r.Status != RefundProcessing {
		return c.answerNow(ctx, o.Payment.key(), to)
	}
	if r.SentAt.IsZero() {
		return c.sendFirst(ctx, o, r, to)
	}
	heard, err := c.callRefund(ctx, o, r, Refunder.QueryRefund, PointSettleAfterAnswer, to)
	if err != nil || heard.outcome != OutcomeAbsent {
		return heard.given, err
	}
	return c.sendRefund(ctx, heard.order, refundID, to)
}

// sendFirst writes down that the refund is about to be sent, and sends it. Of two processes only
// one finds it unsent.
func (c *Cashier) sendFirst(ctx context.Context, o *Order, r *Refund, to reply) (Answered, error) {
	first := false
	o, err := c.change(ctx, system(), o.Payment.key(), func(p *pen) error {
		r := p.order.Refund(r.ID)
		first = r.SentAt.IsZero() && r.Status == RefundProcessing
		if first {
			r.SentAt, r.NextAt = p.now, p.now.Add(callLease)
			p.touchRefund(r)
			p.audit("refund.send", r.ID, "")
		}
		return nil
	})
	switch {
	case err != nil:
		return Answered{}, err
	case !first:
		return c.answerNow(ctx, o.Payment.key(), to)
	}
	c.pass(PointRefundAfterReserve)
	return c.sendRefund(ctx, o, r.ID, to)
}

// sendRefund hands a reserved refund to the gateway, writes what it answered, and answers who waits
// for that. A refund that waits for approval is not sent. Nor is one whose next look is due: this
// process stood still, and another may have sent it since, been refused, and given its money free.
func (c *Cashier) sendRefund(ctx context.Context, o *Order, refundID string, to reply) (Answered, error) {
	r := o.Refund(refundID)
	if r.Status != RefundProcessing || !c.at().Before(r.NextAt) {
		return c.answerNow(ctx, o.Payment.key(), to)
	}
	heard, err := c.callRefund(ctx, o, r, Refunder.Refund, PointRefundAfterAnswer, to)
	return heard.given, err
}

// heardRefund is what came of one call of the Refunder.
type heardRefund struct {
	outcome Outcome
	order   *Order   // as stored then
	given   Answered // the answer that was owed
}

// callRefund makes one call of the Refunder, Refund or QueryRefund, writes the answer, and tells
// what came of it.
func (c *Cashier) callRefund(ctx context.Context, o *Order, r *Refund, call func(Refunder, context.Context, RefundRequest) RefundResult, after Point, to reply) (heardRefund, error) {
	a := o.Attempt(r.AttemptID)
	caps, account, err := c.reach(a)
	if err != nil {
		return heardRefund{}, err
	}
	limited, cancel := context.WithTimeout(concerning(ctx, a, r.ID), callLease-5*time.Second)
	defer cancel()
	res := call(caps.Refunder, limited, refundRequest(a, account, r))
	c.pass(after)
	floor := o.refundsOf(a, RefundSucceeded)
	stored, given, err := c.conclude(ctx, system(), o.Payment.key(), to, func(p *pen) error {
		r := p.order.Refund(r.ID)
		if err := c.recordRefund(p, r, res); err != nil {
			return err
		}
		return c.hearRefund(p, r, res, floor)
	})
	return heardRefund{res.Outcome, stored, given}, err
}

// refundRequest is what the gateway is asked, the same at every repeat.
func refundRequest(a *Attempt, account Account, r *Refund) RefundRequest {
	req := numbered(a, account, r.OutRequestNo)
	req.AmountFen, req.Reason, req.RefundState = r.AmountFen, r.Reason, r.ChannelState
	return req
}

// numbered names a refund of which only the number is known.
func numbered(a *Attempt, account Account, outRequestNo string) RefundRequest {
	return RefundRequest{
		TradeRef: tradeRef(a, account), TotalFen: a.AmountFen, PaidAt: a.GatewayPaid, OutRequestNo: outRequestNo,
	}
}

// recordRefund writes what Refund or QueryRefund answered. Only a verified, listed refusal fails a
// refund; refunds of money that we must not keep are never given up.
func (c *Cashier) recordRefund(p *pen, r *Refund, res RefundResult) error {
	if r.Status != RefundProcessing {
		return nil
	}
	p.touchRefund(r)
	r.heard(res.Answer)
	if res.KeyVersion != "" {
		r.KeyVersion = res.KeyVersion
	}
	if res.RefundState != nil {
		r.ChannelState = res.RefundState
	}
	if res.CumulativeFen > 0 {
		r.SumFen = res.CumulativeFen
	}
	lag := c.termsOf(p.order.Attempt(r.AttemptID)).RefundLag
	switch {
	case p.order.provenBySum(r, res):
		p.audit("refund.proven_by_sum", r.ID, itoa(int(r.SumFen)))
		return c.finishRefund(p, r, 0)
	case res.Outcome == OutcomeSucceeded:
		return c.finishRefund(p, r, res.ActualFen)
	case res.Outcome == OutcomeFailed && r.Counts():
		return c.failRefund(p, r, firstText(string(res.Code), "refused"))
	case res.Code == NothingLeft && p.now.Sub(p.order.overSince(r, p.now)) >= lag:
		// Nothing can have moved since the trade was first said to be over, and so long after that
		// the query, just now, has not found it: somebody else sent everything back.
		r.FailCode = string(NothingLeft)
		if r.Counts() {
			return c.failRefund(p, r, r.FailCode)
		}
	}
	r.Settling, r.Tries = true, r.Tries+1
	r.NextAt = p.now.Add(askAfter(r.Tries))
	if over := p.order.overSince(r, p.now).Add(lag); res.Code == NothingLeft && p.now.Before(over) && r.NextAt.After(over) {
		r.NextAt = over // by then its query knows it, or nothing of it was done
	}
	if res.RetryAfter > 0 {
		r.NextAt = p.now.Add(res.RetryAfter)
	}
	if res.Outcome == OutcomeFailed || r.FailCode != "" {
		c.alert(1, "refund.must_succeed", r.ID, "the gateway refuses to send back money that is not ours to keep: "+string(res.Code))
	} else if p.now.After(r.CreatedAt.Add(alarmAfter)) {
		c.alert(2, "refund.unsettled", r.ID, "the gateway gives no verifiable answer")
	}
	p.audit("refund.ask", r.ID, string(res.Outcome))
	return nil
}

// finishRefund books a refund that succeeded. actual is what the gateway says it sent back, 0 when
// it did not say.
func (c *Cashier) finishRefund(p *pen, r *Refund, actual Fen) error {
	if err := p.moveRefund(r, RefundSucceeded); err != nil {
		return err
	}
	if actual <= 0 || actual > r.AmountFen {
		actual = r.AmountFen
	}
	a := p.order.Attempt(r.AttemptID)
	owner := a.Account
	r.ActualFen, r.FailCode, r.Settling, r.NextAt, r.EndedAt = actual, "", false, noTime(), p.now
	p.post(posting{from: LedgerGateway, to: LedgerTransit, amount: actual, refundID: r.ID}, owner)
	p.post(posting{from: LedgerShortfall, to: LedgerTransit, amount: r.AmountFen - actual, refundID: r.ID}, owner)
	p.audit("refund.succeeded", r.ID, "")
	if r.Counts() {
		return c.countRefund(p, r)
	}
	a.Reason = "" // neither held nor accepted: it is gone
	p.touch(a)
	p.tell(pick(r.Origin == RefundLate, EventPaymentLateRefunded, EventPaymentDuplicateRefunded), r.ID, r.AttemptID)
	return nil
}

// countRefund adds a succeeded refund to its payment and tells the merchant.
func (c *Cashier) countRefund(p *pen, r *Refund) error {
	pay := &p.order.Payment
	pay.RefundedFen += r.AmountFen
	p.tell(EventRefundSucceeded, r.ID, r.AttemptID)
	return p.step(pick(pay.RefundedFen == pay.PaidFen, StepRefundAll, StepRefundPart))
}

// failRefund books a refund that the gateway refused for good, that nobody approved, or that
// somebody else made, and gives its money free.
func (c *Cashier) failRefund(p *pen, r *Refund, code string) error {
	if err := p.moveRefund(r, RefundFailed); err != nil {
		return err
	}
	r.FailCode, r.Settling, r.NextAt, r.EndedAt = code, false, noTime(), p.now
	if r.Counts() {
		p.order.Payment.ReservedFen -= r.AmountFen
	}
	p.order.Payment.LateRefundID = p.order.lateRefund()
	p.post(posting{from: p.order.ownerOf(r), to: LedgerTransit, amount: r.AmountFen, refundID: r.ID}, p.order.Attempt(r.AttemptID).Account)
	p.audit("refund.failed", r.ID, code)
	p.tell(EventRefundFailed, r.ID, r.AttemptID)
	return nil
}

// Approve lets a waiting refund be sent. Who asked may not approve (W16).
//
// Errors: CodeNotFound, CodeNotPending, CodeSameActor, CodeContended, CodeUnavailable.
func (c *Cashier) Approve(ctx context.Context, caller Caller, refundID string) (RefundView, error) {
	return c.judge(ctx, caller, refundID, true, func(p *pen, r *Refund) error {
		if err := p.moveRefund(r, RefundProcessing); err != nil {
			return err
		}
		r.Approver, r.Settling, r.NextAt = caller.Actor, true, p.now
		p.audit("refund.approve", r.ID, "")
		return nil
	})
}

// Reject ends a waiting refund; its money is free again. Errors as for Approve.
func (c *Cashier) Reject(ctx context.Context, caller Caller, refundID, reason string) (RefundView, error) {
	return c.judge(ctx, caller, refundID, false, func(p *pen, r *Refund) error {
		r.Approver = caller.Actor
		p.audit("refund.reject", r.ID, reasonSent(reason))
		return c.failRefund(p, r, codeRejected)
	})
}

// codeRejected is a refund's fail code when a person refused it.
const codeRejected = "rejected"

// judge applies an approver's decision to a refund that waits for one. The same decision by the
// same actor again is a repeat whose answer was lost (I04).
func (c *Cashier) judge(ctx context.Context, caller Caller, refundID string, approve bool, decide func(*pen, *Refund) error) (RefundView, error) {
	key := Key{Kind: OrderByRefund, Merchant: caller.MerchantID, Value: refundID}
	_, err := c.change(ctx, caller, key, func(p *pen) error {
		r := p.order.Refund(refundID)
		switch {
		case r.Status == RefundPendingApproval:
		case samePerson(r.Approver, caller.Actor) && approve != (r.FailCode == codeRejected):
			return nil
		default:
			return Errorf(CodeNotPending, "the refund is %s", r.Status)
		}
		if samePerson(r.Asker, caller.Actor) {
			return Errorf(CodeSameActor, "who asked for a refund may not decide on it")
		}
		return decide(p, r)
	})
	if err != nil {
		return RefundView{}, err
	}
	if err := c.SettleRefund(ctx, caller.MerchantID, refundID); err != nil {
		return RefundView{}, err
	}
	return c.RefundView(ctx, caller.MerchantID, refundID)
}
