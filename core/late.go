package core

import "context"

// Why suspended money was not sent back at once: the merchant's policy, kept on its attempt until a person decides otherwise.
const (
	reasonHeld     = "held"
	reasonAccepted = "accepted"
)

// RefundLate sends back the late and duplicate money of a payment that the merchant's policy held or accepted, and returns the payment.
//
// Errors: CodeNotFound, CodeNotRefundable (there is none), CodeContended, CodeUnavailable. While the gateway has not answered, the payment is settling.
func (c *Cashier) RefundLate(ctx context.Context, caller Caller, paymentID string) (PaymentView, error) {
	key := Key{Kind: OrderByPayment, Merchant: caller.MerchantID, Value: paymentID}
	o, err := c.change(ctx, caller, key, c.releaseLate)
	for err == nil && keptLate(o) != nil { // one in each unit: the ids of a unit are bounded
		o, err = c.change(ctx, caller, key, c.releaseLate)
	}
	if err != nil {
		return PaymentView{}, err
	}
	for _, r := range o.Refunds {
		if r.Status == RefundProcessing && !r.Counts() {
			if err := c.SettleRefund(ctx, caller.MerchantID, r.ID); err != nil {
				return PaymentView{}, err
			}
		}
	}
	return c.Payment(ctx, caller.MerchantID, paymentID)
}

// keptLate returns the first attempt whose late or duplicate money is held or was accepted, or nil.
func keptLate(o *Order) *Attempt {
	for i := range o.Attempts {
		if o.Attempts[i].keptLate() {
			return &o.Attempts[i]
		}
	}
	return nil
}

func (a *Attempt) keptLate() bool {
	return a.Unawaited() && (a.Reason == reasonHeld || a.Reason == reasonAccepted)
}

// releaseLate orders the refund of money that is held or was accepted.
func (c *Cashier) releaseLate(p *pen) error {
	a := keptLate(p.order)
	if a == nil {
		return &Error{Code: CodeNotRefundable, Message: "the payment holds no late money", PaymentID: p.order.Payment.ID}
	}
	c.unkeep(p, a)
	c.refundSuspense(p, a, a.lateOrigin())
	return nil
}

// unkeep puts money that was held or accepted back into suspense, on its way to the buyer.
func (c *Cashier) unkeep(p *pen, a *Attempt) {
	if a.Reason == reasonAccepted {
		p.post(posting{from: LedgerSuspense, to: LedgerMerchant, amount: a.PaidFen}, a.Account)
	}
	a.Reason = ""
	p.touch(a)
}

// lateOrigin is the origin of a refund that sends the attempt's unawaited money back.
func (a *Attempt) lateOrigin() RefundOrigin {
	return pick(a.State == AttemptLatePaid, RefundLate, RefundDuplicate)
}

// lateRefundedOutside books that somebody sent all of an attempt's unawaited money back in the gateway's own console (G14). A refund of ours that is
// under way can move nothing any more then, for no gateway sends back more than it took.
func (c *Cashier) lateRefundedOutside(p *pen, a *Attempt, number, reason string, actual Fen) error {
	if a.keptLate() {
		c.unkeep(p, a)
	}
	for i := range p.order.Refunds {
		if r := &p.order.Refunds[i]; r.AttemptID == a.ID && r.Status == RefundProcessing {
			if err := c.failRefund(p, r, "refunded_outside"); err != nil {
				return err
			}
		}
	}
	r := c.refundSuspense(p, a, a.lateOrigin())
	r.OutRequestNo, r.Reason, r.Asker = number, reason, ActorGateway
	return c.finishRefund(p, r, actual)
}
