package core

import (
	"context"
	"slices"
)

// Why suspended money was not sent back at once, by the merchant's policy or because a person decided so. Until a refund has sent it back it also says
// whose the money is: held is nobody's, accepted is the merchant's. A refund that waits or is on its way leaves it as it is, so that a rejection does too.
const (
	reasonHeld     = "held"
	reasonAccepted = "accepted"
)

const (
	opRefundLate = "late.refund"
	opAcceptLate = "late.accept"
)

// RefundLate sends back all late and duplicate money of a payment that was held or accepted. It is a refund that a person asks for: above the merchant's
// limit it waits for another actor (W16).
//
// Errors: CodeNotFound, CodeNotRefundable (there is none), CodeTooMany, CodeIdempotencyMismatch, CodeContended, CodeUnavailable.
func (c *Cashier) RefundLate(ctx context.Context, caller Caller, ask LateAsk) (Answered, error) {
	return c.decideLate(ctx, caller, ask, opRefundLate, c.releaseLate)
}

// AcceptLate makes all late and duplicate money of a payment that is held the merchant's. The payment stays closed, or paid once, all the same, and
// RefundLate can still send the money back. What is more than the merchant's limit no single person may keep: nothing waits for a second one, because
// nothing is lost by leaving the money where it is.
//
// Errors: CodeNotFound, CodeWrongState (nothing is held), CodeOverLimit, CodeIdempotencyMismatch, CodeContended, CodeUnavailable.
func (c *Cashier) AcceptLate(ctx context.Context, caller Caller, ask LateAsk) (Answered, error) {
	return c.decideLate(ctx, caller, ask, opAcceptLate, c.acceptHeld)
}

// decideLate commits a person's decision in one unit with the key that it came under. The same key again decides nothing: neither about money that came
// since, nor about money whose refund was rejected meanwhile (I04).
func (c *Cashier) decideLate(ctx context.Context, caller Caller, ask LateAsk, op string, decide func(*pen, Merchant) error) (Answered, error) {
	m, err := c.merchant(caller.MerchantID)
	if err != nil {
		return Answered{}, err
	}
	byID := Key{Kind: OrderByPayment, Merchant: caller.MerchantID, Value: ask.PaymentID}
	idem := Key{Kind: IdempotencyByKey, Merchant: caller.MerchantID, Scope: op, Value: ask.IdempotencyKey}
	mark, drawn := fingerprint(ask.PaymentID), c.drawFor(caller, MaxAttempts)
	for range 3 {
		verdict, err := c.Store.Do(ctx, Unit{Keys: []Key{byID, idem}, Decide: func(v View) (Writes, error) {
			o, earlier := v.Order(byID), v.Idempotency(idem)
			switch {
			case earlier != nil && earlier.Fingerprint != mark:
				return Writes{}, Errorf(CodeIdempotencyMismatch, "this key was used with another request")
			case earlier != nil:
				return Writes{}, nil
			case o == nil:
				return Writes{}, Errorf(CodeNotFound, "no such payment")
			}
			p := drawn.fresh(o)
			if err := decide(p, m); err != nil {
				return Writes{}, err
			}
			p.insert(c.newIdempotency(p, idem, mark, ask.PaymentID))
			return p.writes(), nil
		}})
		if err != nil {
			return Answered{}, err
		}
		if verdict.Duplicate == "" {
			return c.lateAnswer(ctx, byID, idem)
		}
	}
	return Answered{}, Errorf(CodeContended, "another request decides about the same money")
}

// lateAnswer answers with the payment, and keeps the answer once no refund that was sent is unknown.
func (c *Cashier) lateAnswer(ctx context.Context, byID, idem Key) (Answered, error) {
	v, err := c.Store.See(ctx, byID, idem)
	if err != nil {
		return Answered{}, err
	}
	o, row := v.Order(byID), v.Idempotency(idem)
	if o == nil {
		return Answered{}, Errorf(CodeNotFound, "no such payment")
	}
	if row != nil && row.Done {
		return row.replay(byID.Value, o.Payment.Version), nil
	}
	if idem.Scope == opRefundLate {
		if o, err = c.sendLate(ctx, byID, o); err != nil {
			return Answered{}, err
		}
		if o.Payment.Settling {
			return Answered{Body: render(ViewOf(o)), Settling: true, ID: byID.Value}, nil
		}
	}
	made := Answered{Body: render(ViewOf(o)), Status: statusFound, ID: byID.Value}
	return c.storeAnswer(ctx, c.draw(system()), idem, made, o.Payment.Version)
}

// sendLate sends what is on its way back, or asks what became of it.
func (c *Cashier) sendLate(ctx context.Context, byID Key, o *Order) (*Order, error) {
	for _, r := range o.Refunds {
		if r.Status == RefundProcessing && !r.Counts() {
			if err := c.SettleRefund(ctx, byID.Merchant, r.ID); err != nil {
				return nil, err
			}
		}
	}
	return c.order(ctx, byID)
}

// releaseLate orders the refunds of all money that is held or was accepted: all of them wait for an approver, or none.
func (c *Cashier) releaseLate(p *pen, m Merchant) error {
	kept, sum := p.order.keptLate()
	pay := &p.order.Payment
	if len(kept) == 0 {
		return &Error{Code: CodeNotRefundable, Message: "the payment holds no late money", PaymentID: pay.ID}
	}
	if len(p.order.Refunds)+len(kept) > MaxRefunds+MaxAttempts { // each attempt's has room beside the merchant's own; rejected ones use it up
		return &Error{Code: CodeTooMany, Message: "too many refunds of the payment were rejected", PaymentID: pay.ID}
	}
	status := pick(m.needsTwo(p.order.askedBack()+sum), RefundPendingApproval, RefundProcessing)
	for _, a := range kept {
		c.refundSuspense(p, a, p.caller.Actor, status)
	}
	return nil
}

// acceptHeld makes all money that is held the merchant's. What was accepted before counts towards the limit, or two small sums would pass as one large
// one may not.
func (c *Cashier) acceptHeld(p *pen, m Merchant) error {
	kept, sum := p.order.keptLate()
	kept = slices.DeleteFunc(kept, func(a *Attempt) bool { return a.Reason != reasonHeld })
	pay := &p.order.Payment
	if len(kept) == 0 {
		return &Error{Code: CodeWrongState, Message: "no late money of the payment is held", PaymentID: pay.ID}
	}
	if m.needsTwo(sum) {
		return &Error{Code: CodeOverLimit, Message: "so much may not be kept by one person's decision", PaymentID: pay.ID}
	}
	for _, a := range kept {
		c.acceptSuspense(p, a)
		p.audit("attempt.accept", a.ID, "")
	}
	return nil
}

// keptLate lists the attempts whose late or duplicate money is held or was accepted and does not go back, with the sum of it.
func (o *Order) keptLate() (kept []*Attempt, sum Fen) {
	for i := range o.Attempts {
		a := &o.Attempts[i]
		if a.Unawaited() && a.Reason != "" && o.refundsOf(a, RefundPendingApproval, RefundProcessing, RefundSucceeded) == 0 {
			kept, sum = append(kept, a), sum+a.PaidFen
		}
	}
	return kept, sum
}

// lateOwner is the account that the attempt's unawaited money lies in when no refund has it.
func (a *Attempt) lateOwner() LedgerAccount {
	return pick(a.Reason == reasonAccepted, LedgerMerchant, LedgerSuspense)
}

// lateOrigin is the origin of a refund that sends the attempt's unawaited money back.
func (a *Attempt) lateOrigin() RefundOrigin {
	return pick(a.State == AttemptLatePaid, RefundLate, RefundDuplicate)
}

// lateRefund is the newest refund of money that came after the close, "" if none sends it back.
func (o *Order) lateRefund() string {
	for _, r := range slices.Backward(o.Refunds) {
		if r.Origin == RefundLate && r.Status != RefundFailed {
			return r.ID
		}
	}
	return ""
}
