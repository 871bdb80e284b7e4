package core

import (
	"context"
	"time"
)

// Page tells what the hand-off page of an attempt shows. It only reads (S18).
//
// Errors: CodeNotFound, CodeUnavailable.
func (c *Cashier) Page(ctx context.Context, token string) (Page, error) {
	o, err := c.order(ctx, Key{Kind: OrderByToken, Value: token})
	if err != nil {
		return Page{}, err
	}
	return c.pageOf(o, token, c.at()), nil
}

// pageOf renders an order for a buyer who holds the token of one of its attempts.
func (c *Cashier) pageOf(o *Order, token string, now time.Time) Page {
	page := Page{
		Token: token, Subject: clean(o.Payment.Subject), AmountFen: o.Payment.AmountFen, ReturnURL: o.Payment.ReturnURL,
		ExpiresAt: Stamp(o.Payment.ExpiresAt),
	}
	if m, ok := c.Merchants.Merchant(o.Payment.MerchantID); ok {
		page.MerchantName = clean(m.Name)
	}
	page.Late = o.lateMoney()
	page.SecondsLeft = max(0, int64(o.Payment.ExpiresAt.Sub(now).Seconds()))
	a := attemptByToken(o, token)
	page.Platform, page.GatewayName = a.Platform, c.termsOf(a).GatewayName
	switch {
	case o.Payment.PaidAttempt != "":
		page.State = pick(o.Payment.Status == PaymentRefunded, PageRefunded, PagePaid)
	case o.Payment.Status == PaymentClosed:
		page.State = pick(o.Payment.CloseReason == "expired", PageExpired, PageClosed)
	case o.Payment.Status == PaymentClosing || a.Live() && a.Settling:
		page.State = PageChecking
	case a.Superseded || !a.Live() || o.Payment.ActiveAttempt != a.ID:
		page.State = PageMoved
	case !now.Before(a.TimeExpire.Add(-c.termsOf(a).LeastTime)):
		page.State = PageExpired
	default:
		page.State = PagePayable
	}
	return page
}

// lateMoney tells the buyer of all money of the order that nobody waited for.
func (o *Order) lateMoney() (all []LateMoney) {
	for i := range o.Attempts {
		a := &o.Attempts[i]
		if !a.Unawaited() {
			continue
		}
		m := LateMoney{
			AmountFen: a.PaidFen, Duplicate: a.State == AttemptDuplicate, SeenAt: Stamp(a.EndedAt), State: pick(a.Reason == reasonAccepted, LateKept, LateUndecided),
		}
		for _, r := range o.Refunds { // at most one of them has not failed
			switch {
			case r.AttemptID != a.ID || r.Counts():
			case r.Status == RefundProcessing:
				m.State = LateReturning
			case r.Status == RefundSucceeded:
				m.State, m.EndedAt = LateReturned, Stamp(r.EndedAt)
			case r.Status == RefundPendingApproval:
				m.State = LateUndecided
			}
		}
		all = append(all, m)
	}
	return all
}

func attemptByToken(o *Order, token string) *Attempt {
	for i := range o.Attempts {
		if o.Attempts[i].Token == token {
			return &o.Attempts[i]
		}
	}
	return nil
}

// Open signs the attempt of a hand-off page that a buyer opened in a browser of their own. That it
// was opened is committed before anything is signed; opening again signs the same number, amount,
// expiry and timestamp. With a page that is not payable the action is empty and the page says why.
//
// Errors: CodeNotFound, CodeNotConfigured, CodeChannelRefused, CodeChannelUnavailable,
// CodeContended, CodeUnavailable.
func (c *Cashier) Open(ctx context.Context, token string) (Action, Page, error) {
	key := Key{Kind: OrderByToken, Value: token}
	var page Page
	o, err := c.change(ctx, Caller{Actor: ActorBuyer}, key, func(p *pen) error {
		page = c.pageOf(p.order, token, p.now)
		a := attemptByToken(p.order, token)
		if page.State != PagePayable || a.State != AttemptReady {
			return nil
		}
		if err := p.moveAttempt(a, AttemptSent); err != nil {
			return err
		}
		a.OpenedAt, a.NextAt = p.now, p.now.Add(pollAfter(0))
		p.audit("attempt.open", a.ID, "")
		return p.step(StepSend)
	})
	if err != nil || page.State != PagePayable {
		return Action{}, page, err
	}
	c.pass(PointOpenAfterMark)
	a := attemptByToken(o, token)
	res, err := c.pay(ctx, o, a)
	if err != nil {
		return Action{}, page, err
	}
	if res.Outcome != OutcomePending && res.Outcome != OutcomeSucceeded {
		return Action{}, page, c.refusalOf(o, a.ID, pickSigned(res))
	}
	return res.Action, page, nil
}

// pickSigned makes any failure to sign a refusal or an unavailability: a page channel makes no
// call, so nothing about it can be unknown.
func pickSigned(res PayResult) PayResult {
	if res.Outcome != OutcomeFailed {
		res.Outcome = OutcomeNotSent
	}
	return res
}
