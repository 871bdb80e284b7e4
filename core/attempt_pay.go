package core

import (
	"context"
	"encoding/json"
	"time"
)

// payAndAnswer calls the channel for a native attempt that was just committed, records the outcome,
// and answers the request that it was made for. The payer is the one that was sealed with it.
func (c *Cashier) payAndAnswer(ctx context.Context, caller Caller, o *Order, attemptID string, payer Payer, to reply) (Answered, error) {
	a := o.Attempt(attemptID)
	// This process may have stood still since the commit: nothing is sent for what has expired.
	if !c.at().Before(a.TimeExpire) {
		return Answered{}, &Error{Code: CodePaymentExpired, Message: "the payment has expired", PaymentID: o.Payment.ID}
	}
	res, err := c.payFor(ctx, o, a, payer)
	if err != nil {
		return Answered{}, err
	}
	c.pass(PointPayAfterAnswer)
	show := to.show
	to.show = func(o *Order, object string, now time.Time) (any, bool, error) {
		if err := c.refusalOf(o, attemptID, res); err != nil {
			return nil, false, err
		}
		return show(o, object, now)
	}
	_, given, err := c.conclude(ctx, caller, o.Payment.key(), to, func(p *pen) error {
		return c.recordPay(p, p.order.Attempt(attemptID), res)
	})
	return given, err
}

// pay calls the channel for an attempt of earlier. The result's outcome says what is known; an
// error means that nothing was called.
func (c *Cashier) pay(ctx context.Context, o *Order, a *Attempt) (PayResult, error) {
	payer, err := c.payerOf(ctx, a)
	if err != nil {
		return PayResult{}, err
	}
	return c.payFor(ctx, o, a, payer)
}

// payFor is pay for whoever has the payer at hand.
func (c *Cashier) payFor(ctx context.Context, o *Order, a *Attempt, payer Payer) (PayResult, error) {
	caps, account, err := c.reach(a)
	if err != nil {
		return PayResult{}, err
	}
	ctx, cancel := context.WithTimeout(concerning(ctx, a, ""), callLease-5*time.Second)
	defer cancel()
	return caps.Channel.Pay(ctx, c.payRequest(o, a, account, payer)), nil
}

// payRequest is the same at every call for one attempt.
func (c *Cashier) payRequest(o *Order, a *Attempt, account Account, payer Payer) PayRequest {
	req := PayRequest{
		TradeRef:  tradeRef(a, account),
		PaymentID: o.Payment.ID, AmountFen: a.AmountFen, Subject: o.Payment.Subject, Lines: o.Payment.Lines, Funding: a.Funding,
		Payer: payer, ClientIP: a.ClientIP, TimeExpire: a.TimeExpire, SignedAt: a.CreatedAt,
	}
	if a.Token != "" {
		req.ReturnURL, req.QuitURL = c.BaseURL+"/return/"+a.Token, c.BaseURL+"/h5/"+a.Token
		req.SignedAt = a.OpenedAt
	}
	return req
}

// payerOf opens the sealed payer of an attempt.
func (c *Cashier) payerOf(ctx context.Context, a *Attempt) (payer Payer, err error) {
	if a.PayerRef == "" {
		return Payer{}, nil
	}
	sealed, err := c.Store.Payer(ctx, a.PayerRef)
	if err != nil {
		return Payer{}, err
	}
	if sealed == nil {
		return Payer{}, Errorf(CodeInternal, "the payer of attempt %s is gone", a.ID)
	}
	plain, err := c.Vault.Open("payer", sealed.Sealed)
	if err == nil {
		err = json.Unmarshal(plain, &payer)
	}
	if err != nil {
		return Payer{}, &Error{Code: CodeInternal, Message: "the payer cannot be opened", Err: err}
	}
	return payer, nil
}

// reach finds the channel and the account that an attempt pinned.
func (c *Cashier) reach(a *Attempt) (Capabilities, Account, error) {
	caps, ok := c.Channels.Get(a.Channel)
	if !ok {
		return Capabilities{}, Account{}, Errorf(CodeNotConfigured, "channel %s is not wired", a.Channel)
	}
	account, ok := c.Merchants.AccountByID(a.Account)
	if !ok {
		return Capabilities{}, Account{}, Errorf(CodeNotConfigured, "account %s is not configured any more; put it back until its orders are done", a.Account)
	}
	return caps, account, nil
}

func tradeRef(a *Attempt, account Account) TradeRef {
	return TradeRef{Account: account, OutTradeNo: a.OutTradeNo, TradeNo: a.TradeNo, ChannelState: a.ChannelState}
}

// recordPay writes what Pay answered. A notification may have been faster: what it wrote is never
// overwritten (C10, S13).
func (c *Cashier) recordPay(p *pen, a *Attempt, res PayResult) error {
	if a.State != AttemptSent {
		return nil
	}
	p.touch(a)
	a.heard(res.Answer)
	if res.Misconfigured() {
		if a.TurnedAway++; a.TurnedAway == 1 { // it is tried again for as long as it may take
			p.turn(a, TurnRefused, CodeMisconfigured)
		}
	}
	if res.KeyVersion != "" {
		a.KeyVersion = res.KeyVersion
	}
	if res.ChannelState != nil {
		a.ChannelState = res.ChannelState
	}
	switch res.Outcome {
	case OutcomeSucceeded, OutcomePending:
		a.TradeNo, a.Action, a.Settling, a.Tries = firstText(a.TradeNo, res.TradeNo), res.Action, false, 0
		a.NextAt = c.nextLook(p, a)
		p.audit("attempt.send", a.ID, string(res.Outcome))
		if s := p.order.Payment.Status; s == PaymentCreated || s == PaymentPaying {
			return p.step(StepSend)
		}
		return nil
	case OutcomeFailed:
		p.turn(a, TurnRefused, classOf(res.Code))
		return c.endAttempt(p, a, "refused:"+string(res.Code))
	default:
		a.Settling, a.Tries = true, a.Tries+1
		a.NextAt = p.now.Add(askAfter(a.Tries - 1))
		if a.Unheard() && a.NextAt.After(a.TimeExpire) {
			a.NextAt = a.TimeExpire
		}
		p.audit("attempt.unknown", a.ID, string(res.Outcome))
		return nil
	}
}

// nextLook is when a payable attempt is looked at again: soon, with growing pauses, at its expiry
// at the latest. One that is to be closed is at once, or, if its channel cannot close, goes on
// being asked for until its time is over.
func (c *Cashier) nextLook(p *pen, a *Attempt) time.Time {
	next := p.now.Add(pollAfter(a.Tries))
	switch unwanted := c.unwanted(p.order, a, p.now); {
	case unwanted && c.closes(a):
		return p.now
	case unwanted:
		return c.byGraceEnd(a, next)
	}
	if next.After(a.TimeExpire) {
		return a.TimeExpire
	}
	return next
}

func firstText(a, b string) string {
	if a != "" {
		return a
	}
	return b
}
