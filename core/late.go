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
	unawaited := a.State == AttemptLatePaid || a.State == AttemptDuplicate
	return unawaited && (a.Reason == reasonHeld || a.Reason == reasonAccepted)
}

// releaseLate orders the refund of money that is held or was accepted.
func (c *Cashier) releaseLate(p *pen) error {
	a := keptLate(p.order)
	if a == nil {
		return &Error{Code: CodeNotRefundable, Message: "the payment holds no late money", PaymentID: p.order.Payment.ID}
	}
	if a.Reason == reasonAccepted {
		p.post(posting{from: LedgerSuspense, to: LedgerMerchant, amount: a.PaidFen}, a.Account)
	}
	a.Reason = ""
	p.touch(a)
	c.refundSuspense(p, a, pick(a.State == AttemptLatePaid, RefundLate, RefundDuplicate))
	return nil
}
