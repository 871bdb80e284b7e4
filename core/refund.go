package core

import (
	"context"
	"time"
)

// Refund sends money of a paid payment back: reserve by one conditional update, send, settle or release. A refund whose outcome is unknown keeps its
// money reserved, so that no other refund can take it (S09, S10). Above the merchant's limit it waits for another actor's approval.
//
// Errors: CodeInvalid, CodeNotFound, CodeNotRefundable, CodeRefundExceedsPaid, CodeIdempotencyMismatch, CodeInProgress, CodeContended,
// CodeUnavailable. A refund that the gateway refuses is not an error: its status is failed.
func (c *Cashier) Refund(ctx context.Context, caller Caller, ask RefundAsk) (Answered, error) {
	m, err := c.merchant(caller.MerchantID)
	if err != nil {
		return Answered{}, err
	}
	if err := ask.checkShape(m); err != nil {
		return Answered{}, err
	}
	refundID, mine, err := c.reserve(ctx, caller, m, ask)
	if err != nil {
		return Answered{}, err
	}
	idem := Key{Kind: IdempotencyByKey, Merchant: caller.MerchantID, Scope: opRefund, Value: ask.IdempotencyKey}
	if mine {
		c.pass(PointRefundAfterReserve)
		if err := c.sendRefund(ctx, caller.MerchantID, refundID); err != nil {
			return Answered{}, err
		}
	}
	return c.refundAnswer(ctx, caller, refundID, idem, mine)
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

// reserve stores the refund and takes its amount from what may still be refunded, or finds the refund that the same request made before.
func (c *Cashier) reserve(ctx context.Context, caller Caller, m Merchant, ask RefundAsk) (refundID string, mine bool, err error) {
	byID := Key{Kind: OrderByPayment, Merchant: caller.MerchantID, Value: ask.PaymentID}
	byNo := Key{Kind: OrderByMerchantRefund, Merchant: caller.MerchantID, Value: ask.MerchantRefundNo}
	idem := Key{Kind: IdempotencyByKey, Merchant: caller.MerchantID, Scope: opRefund, Value: ask.IdempotencyKey}
	keys := []Key{byID, idem}
	if ask.MerchantRefundNo != "" {
		keys = append(keys, byNo)
	}
	mark := fingerprint(ask.PaymentID, ask.MerchantRefundNo, ask.AmountFen, ask.Reason)
	drawn, newID, requestNo := c.draw(caller), c.IDs.Public("ref"), c.IDs.TradeNo()
	for range 3 {
		verdict, err := c.Store.Do(ctx, Unit{Keys: keys, Decide: func(v View) (Writes, error) {
			refundID, mine = "", false
			earlier, err := earlierRefund(v.Idempotency(idem), v.Order(byNo), ask, mark)
			if err != nil {
				return Writes{}, err
			}
			if earlier != "" {
				refundID = earlier
				return c.rememberKey(drawn, v.Idempotency(idem), idem, mark, earlier), nil
			}
			o := v.Order(byID)
			if o == nil {
				return Writes{}, Errorf(CodeNotFound, "no such payment")
			}
			p := drawn.fresh(o)
			r := Refund{
				ID: newID, PaymentID: o.Payment.ID, AttemptID: o.Payment.PaidAttempt, MerchantID: caller.MerchantID, OutRequestNo: requestNo,
				MerchantRefundNo: ask.MerchantRefundNo, Origin: RefundByMerchant, AmountFen: ask.AmountFen, Reason: reasonSent(ask.Reason), ReasonGiven: reasonKept(ask.Reason),
				Fingerprint: mark, Asker: caller.Actor, CreatedAt: p.now, Version: 1,
			}
			if err := c.writeReservation(p, m, r); err != nil {
				return Writes{}, err
			}
			p.insert(c.newIdempotency(p, idem, mark, newID))
			refundID, mine = newID, true
			return p.writes(), nil
		}})
		if err != nil || verdict.Duplicate == "" {
			return refundID, mine, err
		}
	}
	return "", false, Errorf(CodeContended, "the refund is being made by another request")
}

// rememberKey keeps a new key that found its refund by merchant_refund_no, so that the key cannot mean another request later.
func (c *Cashier) rememberKey(drawn *pen, known *Idempotency, key Key, mark, refundID string) Writes {
	if known != nil {
		return Writes{}
	}
	p := drawn.fresh(nil)
	row := c.newIdempotency(p, key, mark, refundID)
	row.Status = statusFound // whoever comes under this key made nothing
	p.insert(row)
	return p.writes()
}

// earlierRefund finds the refund that the same key or the same merchant_refund_no made before; another request under either is refused (I02, I10).
func earlierRefund(idem *Idempotency, byNo *Order, ask RefundAsk, mark string) (string, error) {
	if idem != nil {
		if idem.Fingerprint != mark {
			return "", Errorf(CodeIdempotencyMismatch, "this key was used with another request")
		}
		return idem.ObjectID, nil
	}
	if byNo == nil || ask.MerchantRefundNo == "" {
		return "", nil
	}
	for _, r := range byNo.Refunds {
		if r.MerchantRefundNo == ask.MerchantRefundNo && r.Fingerprint == mark {
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

// writeReservation is the reservation: the new refund, the payment's reserved sum, and the ledger, guarded by the payment's version.
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

// refundAnswer renders a refund for the caller and stores the answer once it cannot change by an inquiry.
func (c *Cashier) refundAnswer(ctx context.Context, caller Caller, refundID string, idem Key, mine bool) (Answered, error) {
	byRefund := Key{Kind: OrderByRefund, Merchant: caller.MerchantID, Value: refundID}
	v, err := c.Store.See(ctx, byRefund, idem)
	if err != nil {
		return Answered{}, err
	}
	o, row := v.Order(byRefund), v.Idempotency(idem)
	if o == nil {
		return Answered{}, Errorf(CodeNotFound, "no such refund")
	}
	if row != nil && row.Done {
		return row.replay(refundID, o.Refund(refundID).Version), nil
	}
	r, status := o.Refund(refundID), statusMade
	if row != nil && row.Status != 0 {
		status = row.Status
	}
	if !mine && r.Status == RefundProcessing {
		if r.Tries == 0 && c.at().Before(r.NextAt) {
			return Answered{}, &Error{Code: CodeInProgress, Message: "the same refund is being worked on", PaymentID: r.PaymentID, RetryAfterSeconds: 1}
		}
		if err := c.SettleRefund(ctx, caller.MerchantID, refundID); err != nil {
			return Answered{}, err
		}
		if o, err = c.order(ctx, byRefund); err != nil {
			return Answered{}, err
		}
		r = o.Refund(refundID)
	}
	made := Answered{Body: render(RefundViewOf(r)), Status: status, ID: refundID}
	if r.Status == RefundProcessing {
		made.Settling = true
		return made, nil
	}
	return c.storeAnswer(ctx, c.draw(system()), idem, made, r.Version)
}

// sendRefund hands a reserved refund to the gateway and writes what it answered. A refund that waits for approval is not sent.
func (c *Cashier) sendRefund(ctx context.Context, merchantID, refundID string) error {
	o, err := c.order(ctx, Key{Kind: OrderByRefund, Merchant: merchantID, Value: refundID})
	if err != nil {
		return err
	}
	r := o.Refund(refundID)
	if r.Status != RefundProcessing {
		return nil
	}
	_, err = c.callRefund(ctx, o, r, Refunder.Refund, PointRefundAfterAnswer)
	return err
}

// callRefund makes one call of the Refunder, Refund or QueryRefund, writes the answer, and tells its outcome.
func (c *Cashier) callRefund(ctx context.Context, o *Order, r *Refund, call func(Refunder, context.Context, RefundRequest) RefundResult, after Point) (Outcome, error) {
	a := o.Attempt(r.AttemptID)
	caps, account, err := c.reach(a)
	if err != nil {
		return "", err
	}
	limited, cancel := context.WithTimeout(concerning(ctx, a, r.ID), callLease-5*time.Second)
	defer cancel()
	res := call(caps.Refunder, limited, refundRequest(a, account, r))
	c.pass(after)
	floor := o.refundsOf(a, RefundSucceeded)
	_, err = c.change(ctx, system(), Key{Kind: OrderByRefund, Merchant: r.MerchantID, Value: r.ID}, func(p *pen) error {
		r := p.order.Refund(r.ID)
		if err := c.recordRefund(p, r, res); err != nil {
			return err
		}
		return c.hearRefund(p, r, res, floor)
	})
	return res.Outcome, err
}

// refundRequest is what the gateway is asked, the same at every repeat.
func refundRequest(a *Attempt, account Account, r *Refund) RefundRequest {
	return RefundRequest{
		TradeRef: tradeRef(a, account), OutRequestNo: r.OutRequestNo, AmountFen: r.AmountFen, Reason: r.Reason, RefundState: r.ChannelState,
	}
}
