package core

import (
	"context"
	"slices"
	"time"
)

// Checkout creates a payment and makes it payable: SEED-1's "create order". The payment is
// committed before the gateway is called. The same key again gets the same answer; without a key
// merchant_order_no stands in, and the same request gets the payment as it is now (I09). If the
// first answer is not known, the gateway is asked before anything is sent again.
//
// Errors: CodeInvalid, CodeAmountMismatch, CodeReturnURL, CodeRefused (with every layer's refusal),
// CodeChannelMissing, CodeOrderExists, CodeIdempotencyMismatch, CodeInProgress, CodeChannelRefused
// or the class of the gateway's refusal, CodeMisconfigured, CodeChannelUnavailable, CodeContended,
// CodeUnavailable.
func (c *Cashier) Checkout(ctx context.Context, caller Caller, req CheckoutRequest) (Answered, error) {
	m, err := c.merchant(caller.MerchantID)
	if err != nil {
		return Answered{}, err
	}
	if err := req.checkShape(m); err != nil {
		c.turnedDown(req.Platform, err)
		return Answered{}, err
	}
	req.Payer = req.Payer.scoped()
	job := checkoutJob{cashier: c, caller: caller, req: req, prints: c.prints(caller.MerchantID, req)}
	job.plan, job.refused = c.planFor(m, req)
	c.pass(PointCheckoutBeforeInsert)
	got, err := job.store(ctx)
	if err != nil {
		c.turnedDown(req.Platform, err)
		return Answered{}, err
	}
	c.pass(PointCheckoutAfterInsert)
	switch {
	case !got.mine:
		return c.resume(ctx, caller, got, req.again())
	case got.answer != nil: // a page's address needs no gateway
		return *got.answer, nil
	default:
		return c.payAndAnswer(ctx, caller, got.order, got.order.Attempts[0].ID, req.Payer, got.to)
	}
}

// checkoutJob is one create on its way into the store.
type checkoutJob struct {
	cashier *Cashier
	caller  Caller
	req     CheckoutRequest
	// the fingerprint to keep, then those that older programs kept of the same request
	prints  []string
	plan    plan
	refused error // what planFor said; it matters only when the order is new
}

// prints are the fingerprints of a request, the one to keep first. Absent and empty members are the
// same: that empty metadata were once told from none is remembered for the orders and keys of then.
func (c *Cashier) prints(merchantID string, req CheckoutRequest) []string {
	of := func(metadata map[string]string) string {
		parts := []any{
			req.MerchantOrderNo, req.Platform, req.AmountFen, req.Subject, req.Lines, c.payerMark(merchantID, req.Payer), req.Funding.Periods, req.Funding.FeeBearer,
			req.ExpiresInSeconds, req.ReturnURL, metadata,
		}
		// older programs knew none, and of what has none their fingerprint stays
		if req.Payer.AppID != "" {
			parts = append(parts, req.Payer.AppID)
		}
		return fingerprint(parts...)
	}
	if len(req.Metadata) > 0 {
		return []string{of(req.Metadata)}
	}
	return []string{of(nil), of(map[string]string{})}
}

// store commits the new order, or finds the one that the same request made before.
func (j *checkoutJob) store(ctx context.Context) (begun, error) {
	drawn := j.cashier.draw(j.caller)
	fresh, payer, err := j.newOrder(drawn.now)
	if err != nil {
		return begun{}, err
	}
	return j.cashier.once(ctx, asked{
		reply: j.cashier.payable(keyOf(j.caller, opCheckout, j.req.IdempotencyKey)), drawn: drawn, order: j.byOrder(), prints: j.prints,
		busy: "the order is being created by another request",
	}, j.earlier, func(p *pen) (string, error) {
		if j.refused != nil {
			return "", j.refused
		}
		p.order = fresh.Clone()
		j.write(p, payer)
		return p.order.Payment.ID, nil
	})
}

// byOrder is the name that stands in for the key.
func (j *checkoutJob) byOrder() Key {
	return Key{Kind: OrderByMerchantNo, Merchant: j.caller.MerchantID, Value: j.req.MerchantOrderNo}
}

// earlier finds what has the request's merchant_order_no: nothing, or the order that the same
// request made without a key.
func (j *checkoutJob) earlier(v View) (string, error) {
	o, left := v.Order(j.byOrder()), v.Archived(j.byOrder())
	switch {
	case left != nil:
		return "", &Error{
			Code: CodeOrderExists, Message: "merchant_order_no was used before, by a payment that has been archived", Field: "merchant_order_no", PaymentID: left.PaymentID,
		}
	case o == nil:
		return "", nil
	case j.req.IdempotencyKey != "":
		return "", &Error{Code: CodeOrderExists, Message: "merchant_order_no was used before", Field: "merchant_order_no", PaymentID: o.Payment.ID}
	case !slices.Contains(j.prints, o.Payment.Fingerprint):
		return "", &Error{Code: CodeOrderExists, Message: "merchant_order_no was used with another request", Field: "merchant_order_no", PaymentID: o.Payment.ID}
	default:
		return o.Payment.ID, nil
	}
}

// newOrder makes the new order and the sealed payer, with all ids drawn; nothing for a request that
// the rules refused.
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

// write puts the new order's rows on the pen.
func (j *checkoutJob) write(p *pen, payer *SealedPayer) {
	a := &p.order.Attempts[0]
	p.added = []string{p.order.Payment.ID, a.ID}
	p.audit("payment.create", p.order.Payment.ID, string(a.Channel))
	p.turn(a, TurnCreated, "")
	if payer != nil {
		p.insert(payer)
	}
}

// payerMark is a buyer's pseudonym with one merchant, "" for no buyer. Fingerprints take it too: a
// plain hash of a user_id could be guessed.
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

// newAttempt makes an attempt for a payment. A native attempt counts as sent from the start: its
// call follows the commit at once, and after a crash nobody knows whether it was made.
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
