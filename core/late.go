package core

import (
	"context"
	"slices"
	"time"
)

// Why suspended money was not sent back at once, by the merchant's policy or because a person
// decided so. Until a refund has sent it back it also says whose the money is: held is nobody's,
// accepted is the merchant's. A refund that waits or is on its way leaves it as it is, so that a
// rejection does too.
const (
	reasonHeld     = "held"
	reasonAccepted = "accepted"
)

// RefundLate sends back all late and duplicate money of a payment that was held or accepted. It is
// a refund that a person asks for: above the merchant's limit it waits for another actor (W16).
//
// Errors: CodeNotFound, CodeNotRefundable (there is none), CodeTooMany, CodeIdempotencyMismatch,
// CodeContended, CodeUnavailable.
func (c *Cashier) RefundLate(ctx context.Context, caller Caller, ask LateAsk) (Answered, error) {
	return c.decideLate(ctx, caller, ask, opRefundLate, c.releaseLate)
}

// AcceptLate makes all late and duplicate money of a payment that is held the merchant's. The
// payment stays closed, or paid once, all the same, and RefundLate can still send the money back.
// What is more than the merchant's limit no single person may keep: nothing waits for a second one,
// because nothing is lost by leaving the money where it is.
//
// Errors: CodeNotFound, CodeWrongState (nothing is held), CodeOverLimit, CodeIdempotencyMismatch,
// CodeContended, CodeUnavailable.
func (c *Cashier) AcceptLate(ctx context.Context, caller Caller, ask LateAsk) (Answered, error) {
	return c.decideLate(ctx, caller, ask, opAcceptLate, c.acceptHeld)
}

// decideLate commits a person's decision in one unit with the key that it came under, and with the
// answer if nothing is left to be sent. The same key again decides nothing: neither about money
// that came since, nor about money whose refund was rejected meanwhile (I04).
func (c *Cashier) decideLate(ctx context.Context, caller Caller, ask LateAsk, op string, decide func(*pen, Merchant) error) (Answered, error) {
	m, err := c.merchant(caller.MerchantID)
	if err != nil {
		return Answered{}, err
	}
	got, err := c.once(ctx, asked{
		reply: reply{key: keyOf(caller, op, ask.IdempotencyKey), status: statusFound, show: func(o *Order, _ string, _ time.Time) (any, bool, error) {
			return ViewOf(o), op == opAcceptLate || !o.Payment.Settling, nil
		}}, drawn: c.drawFor(caller, MaxAttempts), order: Key{Kind: OrderByPayment, Merchant: caller.MerchantID, Value: ask.PaymentID},
		prints: []string{fingerprint(ask.PaymentID)}, busy: "another request decides about the same money",
	}, func(View) (string, error) { return "", nil }, func(p *pen) (string, error) {
		if p.order == nil {
			return "", Errorf(CodeNotFound, "no such payment")
		}
		return ask.PaymentID, decide(p, m)
	})
	switch {
	case err != nil:
		return Answered{}, err
	case got.answer != nil:
		return *got.answer, nil
	case got.order == nil:
		return Answered{}, Errorf(CodeNotFound, "no such payment")
	case op == opAcceptLate:
		return c.answerNow(ctx, got.order.Payment.key(), got.to)
	default:
		return c.sendLate(ctx, got.order, got.to)
	}
}

// sendLate sends what is on its way back, or asks what became of it. The answer is kept with the
// last outcome, once none is unknown.
func (c *Cashier) sendLate(ctx context.Context, o *Order, to reply) (Answered, error) {
	for _, r := range o.Refunds {
		if r.Status == RefundProcessing && !r.Counts() {
			if given, err := c.settleRefundFor(ctx, o, r.ID, to); err != nil || !given.Settling {
				return given, err
			}
		}
	}
	return c.answerNow(ctx, o.Payment.key(), to)
}

// releaseLate orders the refunds of all money that is held or was accepted: all of them wait for an
// approver, or none.
func (c *Cashier) releaseLate(p *pen, m Merchant) error {
	kept, sum := p.order.keptLate()
	pay := &p.order.Payment
	if len(kept) == 0 {
		return &Error{Code: CodeNotRefundable, Message: "the payment holds no late money", PaymentID: pay.ID}
	}
	// each attempt's has room beside the merchant's own; rejected ones use it up
	if len(p.order.Refunds)+len(kept) > MaxRefunds+MaxAttempts {
		return &Error{Code: CodeTooMany, Message: "too many refunds of the payment were rejected", PaymentID: pay.ID}
	}
	status := pick(m.needsTwo(p.order.askedBack()+sum), RefundPendingApproval, RefundProcessing)
	for _, a := range kept {
		c.refundSuspense(p, a, p.caller.Actor, status)
	}
	return nil
}

// acceptHeld makes all money that is held the merchant's. What was accepted before counts towards
// the limit, or two small sums would pass as one large one may not.
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

// keptLate lists the attempts whose late or duplicate money is held or was accepted and does not go
// back, with the sum of it.
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
