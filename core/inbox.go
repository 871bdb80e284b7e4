package core

import (
	"context"
	"encoding/json"
	"time"
)

// ApplyInbox applies a message that was stored without being applied: it asks the gateway what is
// true, and then lets the message have its say.
//
// Errors: CodeNotFound, CodeNotConfigured, CodeContended, CodeUnavailable.
func (c *Cashier) ApplyInbox(ctx context.Context, inboxID string) error {
	return c.stuck(c.applyInbox(ctx, inboxID), inboxID, func() error { return c.putOffInbox(ctx, inboxID) })
}

func (c *Cashier) applyInbox(ctx context.Context, inboxID string) error {
	byID := Key{Kind: InboxByID, Value: inboxID}
	v, err := c.Store.See(ctx, byID)
	if err != nil {
		return err
	}
	box := v.Inbox(byID)
	if box == nil || box.State != InboxWaiting {
		return nil
	}
	var env envelope
	plain, err := c.Vault.Open("inbox", box.Sealed)
	if err == nil {
		err = json.Unmarshal(plain, &env)
	}
	if err != nil {
		return &Error{Code: CodeInternal, Message: "an inbox row cannot be opened", Err: err}
	}
	byNo := Key{Kind: OrderByOutTradeNo, Value: box.OutTradeNo}
	o, err := c.order(ctx, byNo)
	if err != nil {
		return err
	}
	a := attemptByNumber(o, box.OutTradeNo)
	if a.State == AttemptSent || a.State == AttemptClosed {
		if err := c.inquire(ctx, a); err != nil {
			return err
		}
	}
	var outside RefundResult
	if Code(box.Code) == waitsForRefundQuery {
		if outside, err = c.queryOutside(ctx, a, env.Notice.OutRequestNo); err != nil {
			return err
		}
	}
	return c.finishInbox(ctx, byID, byNo, env.Notice, outside)
}

// queryOutside asks what a refund that is not ours has sent back.
func (c *Cashier) queryOutside(ctx context.Context, a *Attempt, outRequestNo string) (RefundResult, error) {
	caps, account, err := c.reach(a)
	if err != nil {
		return RefundResult{}, err
	}
	ctx, cancel := context.WithTimeout(concerning(ctx, a, ""), callLease-5*time.Second)
	defer cancel()
	res := caps.Refunder.QueryRefund(ctx, numbered(a, account, outRequestNo))
	c.pass(PointSettleAfterAnswer)
	return res, nil
}

// finishInbox marks a waiting message as done once the order's state agrees with it, or sets the
// next look.
func (c *Cashier) finishInbox(ctx context.Context, byID, byNo Key, n Notice, outside RefundResult) error {
	drawn := c.draw(system())
	var turns []Turn
	verdict, err := c.Store.Do(ctx, Unit{Keys: []Key{byID, byNo}, Decide: func(v View) (Writes, error) {
		turns = nil
		box, o := v.Inbox(byID), v.Order(byNo)
		if box == nil || o == nil || box.State != InboxWaiting {
			return Writes{}, nil
		}
		p := drawn.fresh(o)
		became, err := c.applyWaiting(p, attemptByNumber(o, box.OutTradeNo), box, n, outside)
		if err != nil {
			return Writes{}, err
		}
		box.State, box.Code, box.NextAt, box.Tries = became.state, string(became.code), became.next, box.Tries+1
		p.audit("inbox."+string(became.state), box.ID, string(became.code))
		p.guard(box)
		turns = p.turns
		return p.writes(), nil
	}})
	switch {
	case err != nil:
		return err
	case verdict.Duplicate != "":
		return Errorf(CodeWrongState, "the message would repeat a %s that another order holds", verdict.Duplicate)
	}
	c.turned(turns...)
	return nil
}

// patientTries is how often a waiting message is looked at before a person is told; it is looked at
// for ever all the same.
const patientTries = 6

// applyWaiting lets a message that waited have its say, now that the gateway has been asked.
func (c *Cashier) applyWaiting(p *pen, a *Attempt, box *Inbox, n Notice, outside RefundResult) (decidedNotice, error) {
	again := decidedNotice{state: InboxWaiting, code: Code(box.Code), next: p.now.Add(askAfter(box.Tries))}
	switch {
	case n.Kind == NoticeReturned:
		became := c.applyReturned(p, a, n)
		if became.state != InboxWaiting {
			return became, nil
		}
		// the trade's own message has told of no such refund
		if box.Tries > patientTries && n.Trade.State != "" {
			return c.parkNotice(p, a, returnedUnknown), nil
		}
	case n.Kind == NoticeRefund && Code(box.Code) == waitsForRefundQuery && outside.Outcome == OutcomeSucceeded && outside.ActualFen > 0:
		made := outsideRefund{n.OutRequestNo, max(outside.AskedFen, outside.ActualFen), outside.ActualFen, n.CumulativeFen}
		booked, err := c.bookOutside(p, a, made)
		if err != nil {
			return again, err
		}
		if booked {
			return decidedNotice{state: InboxDone}, c.hearNotice(p, a, n)
		}
	case n.Kind == NoticeRefund && Code(box.Code) != waitsForRefundQuery && !c.wantsConfirmation(a):
		became, err := c.applyRefundNotice(p, a, n)
		if became.state == InboxWaiting && became.code == Code(box.Code) {
			became.next = again.next
		}
		return became, err
	case n.Kind == NoticePayment && a.PaidFen > 0:
		// confirmed: what is left to see is whether it is the same trade (C19)
		return c.applyNotice(p, a, n)
	case n.Kind == NoticeClosed && !a.Live():
		return decidedNotice{state: InboxDone}, nil
	}
	if box.Tries > patientTries {
		c.alert(1, "notify.unconfirmed", a.ID, "the gateway does not confirm its own message")
	}
	return again, nil
}
