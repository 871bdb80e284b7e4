package core

import (
	"context"
	"slices"
	"time"
)

// Operations that an idempotency key may belong to.
const (
	opCheckout = "payment.create"
	opAttempt  = "attempt.create"
	opRefund   = "refund.create"
)

// Checkout creates a payment and makes it payable: SEED-1's "create order". The payment is committed before the gateway is called. The same key again
// gets the same answer; without a key merchant_order_no stands in, and the same request gets the payment as it is now (I09). If the first answer is not
// known, the gateway is asked before anything is sent again.
//
// Errors: CodeInvalid, CodeAmountMismatch, CodeReturnURL, CodeRefused (with every layer's refusal), CodeChannelMissing, CodeOrderExists,
// CodeIdempotencyMismatch, CodeInProgress, CodeChannelRefused or the class of the
// gateway's refusal, CodeMisconfigured, CodeChannelUnavailable, CodeContended, CodeUnavailable.
func (c *Cashier) Checkout(ctx context.Context, caller Caller, req CheckoutRequest) (Answered, error) {
	m, err := c.merchant(caller.MerchantID)
	if err != nil {
		return Answered{}, err
	}
	if err := req.checkShape(m); err != nil {
		return Answered{}, err
	}
	req.Payer = req.Payer.scoped()
	job := checkoutJob{cashier: c, caller: caller, req: req, prints: c.prints(caller.MerchantID, req)}
	job.plan, job.refused = c.planFor(m, req)
	c.pass(PointCheckoutBeforeInsert)
	stored, err := job.store(ctx)
	if err != nil {
		return Answered{}, err
	}
	c.pass(PointCheckoutAfterInsert)
	if stored.mine && job.plan.caps.Channel.Door() == DoorPage {
		return Answered{Body: stored.answer, Status: statusMade, ID: stored.paymentID}, nil
	}
	if stored.mine {
		return c.payAndAnswer(ctx, caller, stored.paymentID, stored.attemptID, stored.to)
	}
	return c.resume(ctx, caller, stored, req.again())
}

// checkoutJob is one create on its way into the store.
type checkoutJob struct {
	cashier *Cashier
	caller  Caller
	req     CheckoutRequest
	prints  []string // the fingerprint to keep, then those that older programs kept of the same request
	plan    plan
	refused error // what planFor said; it matters only when the order is new
}

// storedOrder is what the store holds for a request: our own new order, or an earlier one.
type storedOrder struct {
	mine      bool
	paymentID string
	attemptID string
	to        answerTo
	answer    []byte
}

// prints are the fingerprints of a request, the one to keep first. Absent and empty members are the same: that empty metadata were once told from none is
// remembered for the orders and keys of then.
func (c *Cashier) prints(merchantID string, req CheckoutRequest) []string {
	of := func(metadata map[string]string) string {
		parts := []any{
			req.MerchantOrderNo, req.Platform, req.AmountFen, req.Subject, req.Lines, c.payerMark(merchantID, req.Payer), req.Funding.Periods, req.Funding.FeeBearer,
			req.ExpiresInSeconds, req.ReturnURL, metadata,
		}
		if req.Payer.AppID != "" { // older programs knew none, and of what has none their fingerprint stays
			parts = append(parts, req.Payer.AppID)
		}
		return fingerprint(parts...)
	}
	if len(req.Metadata) > 0 {
		return []string{of(req.Metadata)}
	}
	return []string{of(nil), of(map[string]string{})}
}

// keys returns the names under which an earlier create of the same request is found; byKey is no key at all if none was sent.
func (j *checkoutJob) keys() (byKey, byOrder Key) {
	byOrder = Key{Kind: OrderByMerchantNo, Merchant: j.caller.MerchantID, Value: j.req.MerchantOrderNo}
	if j.req.IdempotencyKey != "" {
		byKey = Key{Kind: IdempotencyByKey, Merchant: j.caller.MerchantID, Scope: opCheckout, Value: j.req.IdempotencyKey}
	}
	return byKey, byOrder
}

// store commits the new order, or finds the one that the same request made before.
func (j *checkoutJob) store(ctx context.Context) (storedOrder, error) {
	byKey, byOrder := j.keys()
	drawn := j.cashier.draw(j.caller)
	fresh, payer, err := j.newOrder(drawn.now)
	if err != nil {
		return storedOrder{}, err
	}
	// Two creates of one order may both see nothing; the loser's insert meets a unique key, and on the second look it finds the winner's order.
	for range 3 {
		var found storedOrder
		verdict, err := j.cashier.Store.Do(ctx, Unit{Keys: []Key{byKey, byOrder}, Decide: func(v View) (Writes, error) {
			earlier, err := j.earlier(v.Idempotency(byKey), v.Order(byOrder))
			if err != nil || earlier.paymentID != "" {
				found = earlier
				found.to = answerTo{byKey, pick(byKey == (Key{}), statusFound, statusMade)}
				return Writes{}, err
			}
			if j.refused != nil {
				return Writes{}, j.refused
			}
			p := drawn.fresh(fresh.Clone())
			answer := j.write(p, byKey, payer)
			found = storedOrder{mine: true, paymentID: fresh.Payment.ID, attemptID: fresh.Attempts[0].ID, to: answerTo{byKey, statusMade}, answer: answer}
			return p.writes(), nil
		}})
		if err != nil {
			return storedOrder{}, err
		}
		if verdict.Duplicate == "" {
			return found, nil
		}
	}
	return storedOrder{}, Errorf(CodeContended, "the order is being created by another request")
}

// earlier tells what the store already holds for the request: nothing, the same request's order, or another request's.
func (j *checkoutJob) earlier(idem *Idempotency, o *Order) (storedOrder, error) {
	switch {
	case idem != nil && !slices.Contains(j.prints, idem.Fingerprint):
		return storedOrder{}, Errorf(CodeIdempotencyMismatch, "this key was used with another request")
	case idem != nil:
		return storedOrder{paymentID: idem.ObjectID}, nil
	case o == nil:
		return storedOrder{}, nil
	case j.req.IdempotencyKey != "":
		return storedOrder{}, &Error{Code: CodeOrderExists, Message: "merchant_order_no was used before", Field: "merchant_order_no", PaymentID: o.Payment.ID}
	case !slices.Contains(j.prints, o.Payment.Fingerprint):
		return storedOrder{}, &Error{Code: CodeOrderExists, Message: "merchant_order_no was used with another request", Field: "merchant_order_no", PaymentID: o.Payment.ID}
	default:
		return storedOrder{paymentID: o.Payment.ID}, nil
	}
}

// newOrder makes the new order and the sealed payer, with all ids drawn; nothing for a request that the rules refused.
func (j *checkoutJob) newOrder(now time.Time) (*Order, *SealedPayer, error) {
	c, req := j.cashier, j.req
	if j.refused != nil {
		return nil, nil, nil //nolint:nilerr // the refusal matters only if the order is new: store returns it then
	}
	expires := expiry(now, req.ExpiresInSeconds)
	payer, err := c.sealPayer(j.caller.MerchantID, req.Payer, now, expires)
	if err != nil {
		return nil, nil, err
	}
	o := &Order{Payment: Payment{
		ID: c.IDs.Public("pay"), MerchantID: j.caller.MerchantID, MerchantOrderNo: req.MerchantOrderNo, Environment: j.plan.merchant.Environment,
		Platform: req.Platform, AmountFen: req.AmountFen, Currency: Currency, Subject: clean(req.Subject), Lines: cleanLines(req.Lines), Metadata: req.Metadata,
		ReturnURL: req.ReturnURL, Fingerprint: j.prints[0], Status: PaymentCreated, Version: 1, CreatedAt: now, ExpiresAt: expires,
	}}
	o.Attempts = []Attempt{c.newAttempt(o.Payment, j.plan, req.Platform, payer, req.Client, now)}
	o.Payment.ActiveAttempt = o.Attempts[0].ID
	return o, payer, nil
}

// write puts the new order's rows on the pen and returns the answer if it is final already: a page's address needs no gateway.
func (j *checkoutJob) write(p *pen, byKey Key, payer *SealedPayer) []byte {
	a := &p.order.Attempts[0]
	p.added = []string{p.order.Payment.ID, a.ID}
	p.order.Payment.Settling = a.Settling
	var answer []byte
	if a.State == AttemptReady {
		answer = j.cashier.answer(p.order)
	}
	p.audit("payment.create", p.order.Payment.ID, string(a.Channel))
	if byKey != (Key{}) {
		idem := j.cashier.newIdempotency(p, byKey, j.prints[0], p.order.Payment.ID)
		if answer != nil {
			idem.Done, idem.Status, idem.Answer, idem.AnswerOf = true, statusMade, answer, p.order.Payment.Version
		}
		p.insert(idem)
	}
	if payer != nil {
		p.insert(payer)
	}
	return answer
}

// newIdempotency makes the row that will keep the answer to a key.
func (c *Cashier) newIdempotency(p *pen, k Key, mark, object string) *Idempotency {
	return &Idempotency{
		ID: p.rowID(), MerchantID: k.Merchant, Operation: k.Scope, Key: k.Value, Fingerprint: mark, ObjectID: object, CreatedAt: p.now,
		DeleteAfter: p.now.Add(c.KeyKept),
	}
}

// payerMark is a buyer's pseudonym with one merchant, "" for no buyer. Fingerprints take it too: a plain hash of a user_id could be guessed.
func (c *Cashier) payerMark(merchantID string, payer Payer) string {
	if payer.Empty() {
		return ""
	}
	return c.Vault.Pseudonym("payer", merchantID+"\x00"+payer.UserID+"\x00"+payer.OpenID)
}

// sealPayer seals the buyer's identity into a row of its own; nil for no payer.
func (c *Cashier) sealPayer(merchantID string, payer Payer, now, expires time.Time) (*SealedPayer, error) {
	if payer.Empty() {
		return nil, nil
	}
	sealed, err := c.Vault.Seal("payer", render(payer))
	if err != nil {
		return nil, &Error{Code: CodeInternal, Message: "the payer could not be sealed", Err: err}
	}
	return &SealedPayer{
		ID: c.IDs.Row(), MerchantID: merchantID, Pseudonym: c.payerMark(merchantID, payer),
		Sealed: sealed, CreatedAt: now, DeleteAfter: expires.Add(payerKept),
	}, nil
}

// newAttempt makes an attempt for a payment. A native attempt counts as sent from the start: its call follows the commit at once, and after a crash
// nobody knows whether it was made.
func (c *Cashier) newAttempt(p Payment, plan plan, platform PlatformID, payer *SealedPayer, client Client, now time.Time) Attempt {
	ch := plan.caps.Channel
	a := Attempt{
		ID: c.IDs.Row(), PaymentID: p.ID, MerchantID: p.MerchantID, OutTradeNo: c.IDs.TradeNo(), Platform: platform, Channel: ch.ID(),
		Gateway: ch.Gateway(), Account: plan.account.ID, AmountFen: p.AmountFen, Funding: plan.funding, ClientIP: client.IP, TimeExpire: p.ExpiresAt,
		CreatedAt: now,
	}
	if payer != nil {
		a.PayerRef, a.Payer = payer.ID, payer.Pseudonym
	}
	if ch.Door() == DoorPage {
		a.State, a.Token, a.NextAt = AttemptReady, c.IDs.Public("h5"), a.TimeExpire
		a.Action = Action{Type: ActionH5Page, URL: c.BaseURL + "/h5/" + a.Token}
		return a
	}
	a.State, a.Settling, a.NextAt, a.Calls = AttemptSent, true, now.Add(callLease), 1
	return a
}
