package core

// externalRefund books what was refunded outside, in the gateway's own console (G14): the part of
// cumulative, what the trade has refunded in all, that none of our refunds explains. It is for
// trades of which nothing of ours that was sent is under way.
func (c *Cashier) externalRefund(p *pen, a *Attempt, cumulative Fen) (booked bool, err error) {
	extra := cumulative - p.order.refundsOf(a, RefundSucceeded)
	if extra <= 0 {
		return true, nil
	}
	return c.bookOutside(p, a, outsideRefund{amount: extra, actual: extra, cumulative: cumulative})
}

// outsideRefund is a refund that was made outside, as far as it is known.
type outsideRefund struct {
	number string // its out_request_no, "" when not told
	// what it was made for, and what went back: less when coupons were used (A14)
	amount, actual Fen
	// what the trade had refunded in all when that was told, 0 when it was not said
	cumulative Fen
}

// unnamed marks an external refund that was found by its effect on the trade, without its number.
const unnamed = "external, number not told"

// reason is what the books say of the refund.
func (made outsideRefund) reason() string { return pick(made.number == "", unnamed, "external") }

// codeOutside is the fail code of a refund of ours that can move nothing any more, because somebody
// sent the money back in the gateway's console.
const codeOutside = "refunded_outside"

// bookOutside books one refund that was made outside. booked is false when the books have no room
// for it: then a refund of ours that holds the money must end first, or a person must look.
func (c *Cashier) bookOutside(p *pen, a *Attempt, made outsideRefund) (booked bool, err error) {
	pay, gone := &p.order.Payment, p.order.refundsOf(a, RefundSucceeded)
	number := externalNumber(a, made)
	if p.order.knowsOutside(a, made, number) {
		return true, nil
	}
	if a.Unawaited() && made.amount == a.PaidFen && gone == 0 {
		return true, c.lateRefundedOutside(p, a, made, number)
	}
	if a.State != AttemptPaid || made.amount > a.PaidFen-gone {
		c.doubt(p, a, 2, doubtNoRoom, "the gateway refunded what our books have no room for")
		return false, nil
	}
	if made.amount > pay.Refundable() && made.number != "" {
		if err := c.endImpossible(p, a, a.PaidFen-gone-made.amount); err != nil {
			return false, err
		}
	}
	if made.amount > pay.Refundable() {
		return false, nil
	}
	r := p.addRefund(Refund{
		ID: "ref_" + lower(p.rowID()), PaymentID: pay.ID, AttemptID: a.ID, MerchantID: pay.MerchantID, Origin: RefundExternal,
		OutRequestNo: number, Reason: made.reason(), AmountFen: made.amount, ActualFen: made.actual, SumFen: made.cumulative,
		Status: RefundSucceeded, Asker: ActorGateway, CreatedAt: p.now, EndedAt: p.now,
	})
	pay.ReservedFen += made.amount
	p.post(posting{from: LedgerGateway, to: LedgerMerchant, amount: made.actual, refundID: r.ID}, a.Account)
	p.post(posting{from: LedgerShortfall, to: LedgerMerchant, amount: made.amount - made.actual, refundID: r.ID}, a.Account)
	p.audit("refund.external", r.ID, "")
	if a.Doubt == doubtNoRoom {
		c.trust(p, a)
	}
	return true, c.countRefund(p, r)
}

// endImpossible ends one refund of ours that is on its way and cannot have moved anything, nor ever
// will: of the trade only so much is left beside what is known to have gone back, and no gateway
// sends back more than it took (G29). Others that are as hopeless end at the message's next look.
func (c *Cashier) endImpossible(p *pen, a *Attempt, left Fen) error {
	for i := range p.order.Refunds {
		if r := &p.order.Refunds[i]; r.AttemptID == a.ID && r.Status == RefundProcessing && r.AmountFen > left {
			return c.failRefund(p, r, codeOutside)
		}
	}
	return nil
}

// knowsOutside tells whether the books hold the refund already: under its number, or as a part of
// what was found by its effect before its own message came. Such a find explained all that the
// trade had refunded until then, so a message that tells of a higher sum is about another refund
// (A16).
func (o *Order) knowsOutside(a *Attempt, made outsideRefund, number string) bool {
	found, all := Fen(0), false
	for _, r := range o.Refunds {
		if r.OutRequestNo == number {
			return true
		}
		explained := r.SumFen
		if explained == 0 { // found by an older version, which did not write down by which sum
			explained = o.refundsOf(a, RefundSucceeded)
		}
		if r.AttemptID == a.ID && r.Outside() && r.Reason == unnamed && made.cumulative <= explained {
			found, all = found+r.AmountFen, all || r.SumFen > 0
		}
	}
	// what such a find left out is noted still
	return made.number != "" && (all || made.amount <= found)
}

// externalNumber names an external refund in our books. Its own number is somebody else's text, and
// is unique within one trade only, so it is hashed together with the attempt. A refund without a
// number is named by its trade and the sum that showed it: whoever tells of that sum again tells of
// the same refund.
func externalNumber(a *Attempt, made outsideRefund) string {
	if made.number == "" {
		return "X" + fingerprint("sum", a.Gateway, firstText(a.TradeNo, a.OutTradeNo), made.cumulative)[:31]
	}
	return "X" + fingerprint(a.ID, made.number, 0)[:31]
}

// lateRefundedOutside books that somebody sent all of an attempt's unawaited money back in the
// gateway's own console (G14). A refund of ours that waits or is under way can move nothing any
// more then, for no gateway sends back more than it took.
func (c *Cashier) lateRefundedOutside(p *pen, a *Attempt, made outsideRefund, number string) error {
	for i := range p.order.Refunds {
		if r := &p.order.Refunds[i]; r.AttemptID == a.ID && (r.Status == RefundProcessing || r.Status == RefundPendingApproval) {
			if err := c.failRefund(p, r, codeOutside); err != nil {
				return err
			}
		}
	}
	r := c.refundSuspense(p, a, ActorGateway, RefundProcessing)
	r.OutRequestNo, r.Reason, r.SumFen = number, made.reason(), made.cumulative
	return c.finishRefund(p, r, made.actual)
}
