package core

import (
	"context"
	"time"
)

// RefundOrigin says whose idea a refund was.
type RefundOrigin string

// The origins. Only refunds of origin merchant and external count against Payment.ReservedFen: late
// and duplicate money never was the payment's.
const (
	RefundByMerchant RefundOrigin = "merchant"
	RefundLate       RefundOrigin = "late"      // money that came after the close
	RefundDuplicate  RefundOrigin = "duplicate" // money of a second attempt
	RefundExternal   RefundOrigin = "external"  // made in the gateway's own console (G14)
)

// Refund sends money of one attempt back. The amount is reserved before anything is sent, and
// released only when the gateway refuses for good.
type Refund struct {
	ID               string // outward, ref_…
	PaymentID        string
	AttemptID        string
	MerchantID       string
	MerchantRefundNo string // unique per merchant; "" for refunds that the merchant did not ask for
	// OutRequestNo: our number at the gateway; every retry repeats it with the same amount (I11)
	OutRequestNo string
	Origin       RefundOrigin
	AmountFen    Fen
	// ActualFen: what the gateway says it sent back; may be less when coupons were used (A14)
	ActualFen   Fen
	Reason      string // as the gateway gets it: made once, the same at every repeat
	ReasonGiven string // as the merchant gave it, "" if nobody did
	Fingerprint string

	Status   RefundStatus
	Settling bool
	// FailCode: our code, once failed; NothingLeft before, if the gateway has nothing left to send
	// back and knows nothing of this refund
	FailCode string
	Asker    string // actor who asked
	// Fault is the class of what the gateway refused last, "" for none; Said its words.
	Fault    Code
	Said     GatewayWords
	Approver string // actor who approved or rejected, when approval was needed

	ChannelState []byte
	KeyVersion   string
	SentAt       time.Time // first time it was handed to the gateway; zero before
	NextAt       time.Time
	Tries        int
	// SumFen: what the trade had refunded in all, as the gateway last said about this refund, or
	// when it was found by that sum; 0 for never
	SumFen  Fen
	Version int64

	// ReturnedFen: what the buyer's bank sent back of it, after it had succeeded at the gateway; 0
	// for nothing
	ReturnedFen Fen
	ReturnedAt  time.Time // when we heard of that; zero for never
	// HandledAt: when a person said that what came back was seen to; zero for not yet. HandledBy is
	// that person, HandledWhy what they wrote.
	HandledAt  time.Time
	HandledBy  string
	HandledWhy string

	CreatedAt time.Time
	EndedAt   time.Time
}

// Counts tells whether the refund is part of Payment.ReservedFen while it has not failed.
func (r Refund) Counts() bool { return r.Origin == RefundByMerchant || r.Origin == RefundExternal }

// heard keeps what the gateway said last, and whose matter that is.
func (r *Refund) heard(ans Answer) { hear(ans, &r.Fault, &r.Said) }

// Outside tells whether the refund was made in the gateway's own console.
func (r Refund) Outside() bool { return r.Asker == ActorGateway }

// Refund sends money of a paid payment back: reserve by one conditional update, send, settle or
// release. A refund whose outcome is unknown keeps its money reserved, so that no other refund can
// take it (S09, S10). Above the merchant's limit it waits for another actor's approval.
//
// Errors: CodeInvalid, CodeNotFound, CodeNotRefundable, CodeRefundExceedsPaid,
// CodeIdempotencyMismatch, CodeInProgress, CodeContended, CodeUnavailable. A refund that the
// gateway refuses is not an error: its status is failed.
func (c *Cashier) Refund(ctx context.Context, caller Caller, ask RefundAsk) (Answered, error) {
	m, err := c.merchant(caller.MerchantID)
	if err != nil {
		return Answered{}, err
	}
	if err := ask.checkShape(m); err != nil {
		return Answered{}, err
	}
	got, err := c.reserve(ctx, caller, m, ask)
	if err != nil {
		return Answered{}, err
	}
	if got.mine {
		c.pass(PointRefundAfterReserve)
	}
	switch {
	case got.answer != nil: // of a refund that waits for approval too
		return *got.answer, nil
	case got.mine:
		return c.sendRefund(ctx, got.order, got.to.object, got.to)
	default:
		return c.resumeRefund(ctx, got)
	}
}

func (ask RefundAsk) checkShape(Merchant) error {
	var wrong mistakes
	if ask.AmountFen < 1 || ask.AmountFen > MaxFen {
		wrong.note(invalid("amount_fen", "must be 1 fen at least"))
	}
	if ask.MerchantRefundNo != "" {
		wrong.note(checkNumber("merchant_refund_no", ask.MerchantRefundNo, 64))
	}
	return Mistaken(wrong)
}

// reserve stores the refund and takes its amount from what may still be refunded, or finds the
// refund that the same request made before.
func (c *Cashier) reserve(ctx context.Context, caller Caller, m Merchant, ask RefundAsk) (begun, error) {
	var byNo Key
	if ask.MerchantRefundNo != "" {
		byNo = Key{Kind: OrderByMerchantRefund, Merchant: caller.MerchantID, Value: ask.MerchantRefundNo}
	}
	mark := fingerprint(ask.PaymentID, ask.MerchantRefundNo, ask.AmountFen, ask.Reason)
	drawn, newID, requestNo := c.draw(caller), c.IDs.Public("ref"), c.IDs.TradeNo()
	return c.once(ctx, asked{
		reply: reply{key: keyOf(caller, opRefund, ask.IdempotencyKey), status: statusMade, show: showRefund}, drawn: drawn,
		order: Key{Kind: OrderByPayment, Merchant: caller.MerchantID, Value: ask.PaymentID}, other: byNo, prints: []string{mark},
		busy: "the refund is being made by another request",
	}, func(v View) (string, error) {
		return earlierRefund(v.Order(byNo), ask.MerchantRefundNo, mark)
	}, func(p *pen) (string, error) {
		if p.order == nil {
			return "", Errorf(CodeNotFound, "no such payment")
		}
		return newID, c.writeReservation(p, m, Refund{
			ID: newID, PaymentID: ask.PaymentID, AttemptID: p.order.Payment.PaidAttempt, MerchantID: caller.MerchantID, OutRequestNo: requestNo,
			MerchantRefundNo: ask.MerchantRefundNo, Origin: RefundByMerchant, AmountFen: ask.AmountFen, Reason: reasonSent(ask.Reason), ReasonGiven: reasonKept(ask.Reason),
			Fingerprint: mark, Asker: caller.Actor, CreatedAt: p.now, Version: 1,
		})
	})
}

// earlierRefund finds the refund that the same merchant_refund_no made before; another request
// under it is refused (I10).
func earlierRefund(byNo *Order, merchantRefundNo, mark string) (string, error) {
	if byNo == nil {
		return "", nil
	}
	for _, r := range byNo.Refunds {
		if r.MerchantRefundNo == merchantRefundNo && r.Fingerprint == mark {
			return r.ID, nil
		}
	}
	return "", Errorf(CodeIdempotencyMismatch, "merchant_refund_no was used with another request")
}

// MaxRefunds and MaxAttempts bound what one payment may gather: every event carries all of it.
const (
	MaxRefunds  = 100
	MaxAttempts = 20
)

// writeReservation is the reservation: the new refund, the payment's reserved sum, and the ledger,
// guarded by the payment's version.
func (c *Cashier) writeReservation(p *pen, m Merchant, r Refund) error {
	pay := &p.order.Payment
	if pay.PaidAttempt == "" {
		return &Error{Code: CodeNotRefundable, Message: "the payment is " + string(pay.Status) + ": nothing can be refunded", PaymentID: pay.ID}
	}
	if err := c.refundsOn(m, p.order.Attempt(pay.PaidAttempt).Platform); err != nil {
		return err
	}
	if r.AmountFen > pay.Refundable() {
		return &Error{
			Code: CodeRefundExceedsPaid, Field: "amount_fen", PaymentID: pay.ID,
			Message: "only " + itoa(int(pay.Refundable())) + " fen can still be refunded; refunds under way count",
		}
	}
	if len(p.order.Refunds) >= MaxRefunds {
		return &Error{Code: CodeTooMany, Message: "a payment may have " + itoa(MaxRefunds) + " refunds at most", PaymentID: pay.ID}
	}
	r.Status, r.Settling, r.SentAt, r.NextAt = RefundProcessing, true, p.now, p.now.Add(callLease)
	// What is on its way or gone counts, or ten small refunds would do what one large one may not.
	if m.needsTwo(p.order.askedBack() + r.AmountFen) {
		r.Status, r.Settling, r.SentAt, r.NextAt = RefundPendingApproval, false, noTime(), noTime()
	}
	pay.ReservedFen += r.AmountFen
	p.addRefund(r)
	p.post(posting{from: LedgerTransit, to: LedgerMerchant, amount: r.AmountFen, refundID: r.ID}, p.order.Attempt(r.AttemptID).Account)
	p.audit("refund.create", r.ID, string(r.Status))
	return nil
}

// refundsOn asks the rulebook whether the product team has switched refunds off for the platform.
func (c *Cashier) refundsOn(m Merchant, platform PlatformID) error {
	for _, f := range c.Rules.Offer(platform, c.holdings(m)).Features {
		if f.Name == string(FeatureRefund) && !f.On {
			return &Error{Code: CodeRefused, Message: "refunds are switched off for this platform", Refusals: f.Refusals}
		}
	}
	return nil
}

// showRefund shows a refund, for good once no inquiry can change it.
func showRefund(o *Order, refundID string, _ time.Time) (any, bool, error) {
	r := o.Refund(refundID)
	return RefundViewOf(r), r.Status != RefundProcessing, nil
}

// resumeRefund answers a request for a refund that was seen before: what is unknown is asked for.
func (c *Cashier) resumeRefund(ctx context.Context, got begun) (Answered, error) {
	if got.order == nil {
		return Answered{}, Errorf(CodeNotFound, "no such refund")
	}
	r := got.order.Refund(got.to.object)
	if r.Status == RefundProcessing && r.Tries == 0 && c.at().Before(r.NextAt) {
		return Answered{}, &Error{Code: CodeInProgress, Message: "the same refund is being worked on", PaymentID: r.PaymentID, RetryAfterSeconds: 1}
	}
	return c.settleRefundFor(ctx, got.order, r.ID, got.to)
}
