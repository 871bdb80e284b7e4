package core

import "context"

// A refund that has succeeded at the gateway may still come back: the buyer's bank refuses it days
// later (G31). The refund stays succeeded, because the gateway's word stands and the merchant was
// told so; what came back is owed to the buyer until a person has seen to it, and the books say
// exactly that: it lies at the gateway again, and on an account of its own.

const (
	returnedUnknown Code = "returned_unknown_refund" // of a refund that the books do not have
	// Of a refund that failed, as the gateway said before.
	returnedMoved Code = "returned_failed_refund"
	// Of nothing, of more than was sent back, or another sum than before.
	returnedAmount Code = "returned_amount"
	// Of a refund that the gateway has not yet confirmed: it is asked for first.
	returnedUnderWay Code = "returned_under_way"
)

// judgeReturned holds such a message against the books. It comes by the application's own way,
// which several accounts of one application share; and it comes days after the order, so that a
// number that nobody knows is for a person at once.
func (c *Cashier) judgeReturned(p *pen, account Account, n Notice, box *Inbox) decidedNotice {
	if p.order == nil {
		p.audit("notify.parked", n.Trade.OutTradeNo, string(returnedUnknown))
		c.alert(1, "notify."+string(returnedUnknown), n.Trade.OutTradeNo, "the bank sent back a refund of an order that we never made")
		return decidedNotice{state: InboxParked, code: returnedUnknown}
	}
	a := attemptByNumber(p.order, n.Trade.OutTradeNo)
	box.PaymentID = p.order.Payment.ID
	owner, known := c.Merchants.AccountByID(a.Account)
	switch {
	case a.Gateway != account.Gateway || a.Account != account.ID && (!known || owner.MerchantID != account.MerchantID || owner.AppID != account.AppID):
		return c.refuseNotice(p, a, "wrong_account")
	case n.AppID != "" && n.AppID != account.AppID:
		return c.refuseNotice(p, a, "wrong_app")
	case n.SellerID != "" && account.SellerID != "" && a.Account == account.ID && n.SellerID != account.SellerID:
		return c.parkNotice(p, a, "wrong_seller")
	case n.Trade.TradeNo != "" && a.TradeNo != "" && n.Trade.TradeNo != a.TradeNo:
		return c.parkNotice(p, a, "second_trade")
	}
	return c.applyReturned(p, a, n)
}

// applyReturned reads a message that says that the buyer's bank sent a refund back. Told again, it
// changes nothing.
func (c *Cashier) applyReturned(p *pen, a *Attempt, n Notice) decidedNotice {
	var r *Refund
	external := externalNumber(a, outsideRefund{number: n.OutRequestNo})
	for i := range p.order.Refunds {
		one := &p.order.Refunds[i]
		if n.OutRequestNo != "" && one.AttemptID == a.ID && (one.OutRequestNo == n.OutRequestNo || one.OutRequestNo == external) {
			r = one
		}
	}
	switch {
	case r == nil && n.Trade.State != "":
		// a part of the trade's own message, which will tell of this refund first
		return decidedNotice{state: InboxWaiting, code: returnedUnderWay, next: p.now.Add(askAfter(1))}
	case r == nil:
		return c.parkNotice(p, a, returnedUnknown)
	case r.Status == RefundFailed:
		return c.parkNotice(p, a, returnedMoved)
	case r.Status != RefundSucceeded:
		if r.Status == RefundProcessing {
			r.NextAt = p.now
			p.touchRefund(r)
			p.audit("refund.noticed", r.ID, "")
		}
		return decidedNotice{state: InboxWaiting, code: returnedUnderWay, next: p.now.Add(askAfter(1))}
	case n.ReturnedFen <= 0 || n.ReturnedFen > r.ActualFen || r.ReturnedFen > 0 && r.ReturnedFen != n.ReturnedFen:
		return c.parkNotice(p, a, returnedAmount)
	case r.ReturnedFen == 0:
		c.bookReturned(p, a, r, n.ReturnedFen)
	}
	return decidedNotice{state: InboxDone}
}

// bookReturned books what the bank sent back, tells the merchant, and alarms.
func (c *Cashier) bookReturned(p *pen, a *Attempt, r *Refund, amount Fen) {
	r.ReturnedFen, r.ReturnedAt = amount, p.now
	p.touchRefund(r)
	p.post(posting{from: LedgerReturned, to: LedgerGateway, amount: amount, refundID: r.ID}, a.Account)
	p.audit("refund.returned", r.ID, itoa(int(amount)))
	p.tell(EventRefundReturned, r.ID, r.AttemptID)
	c.alert(1, "refund.returned", r.ID, "the buyer's bank sent a refund back: the buyer does not have the money")
}

// HandleReturned ends that a refund which came back waits for a person: the caller has seen to the
// buyer's money, and says how in 1 to 256 visible characters. It moves no money: what came back
// stays owed in the ledger, and a refund of its own needs two people as ever. Said again, by whom
// ever, it answers with how the refund stands and keeps the first.
//
// Errors: CodeInvalid, CodeNotFound, CodeWrongState (nothing of the refund came back),
// CodeContended, CodeUnavailable.
func (c *Cashier) HandleReturned(ctx context.Context, caller Caller, refundID, reason string) (RefundView, error) {
	if err := checkText("reason", reason, maxReasonSent); err != nil {
		return RefundView{}, err
	}
	key := Key{Kind: OrderByRefund, Merchant: caller.MerchantID, Value: refundID}
	o, err := c.change(ctx, caller, key, func(p *pen) error {
		r := p.order.Refund(refundID)
		switch {
		case r.ReturnedFen == 0:
			return Errorf(CodeWrongState, "nothing of the refund came back")
		case !r.HandledAt.IsZero():
			return nil
		}
		r.HandledAt, r.HandledBy, r.HandledWhy = p.now, caller.Actor, reasonSent(reason)
		p.touchRefund(r)
		p.audit("refund.handled", r.ID, r.HandledWhy)
		return nil
	})
	if err != nil {
		return RefundView{}, err
	}
	return RefundViewOf(o.Refund(refundID)), nil
}
