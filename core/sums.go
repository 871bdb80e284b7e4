package core

import (
	"context"
	"slices"
	"time"
)

// A signed answer or message may say what its trade has refunded in all. What our refunds and those
// found outside do not explain of it was refunded outside, and the message about it was lost (G27).
// One answer alone books nothing: it is written down on the attempt (SumFen, ExcessFen, SumAt),
// every refund of ours that is on its way is asked for, and only a second answer, sumPatience
// later, makes it a refund. What the gateway says too little of, or more than the trade was worth,
// is a doubt for a person (G33).

// Doubts about a trade, for a person. Each is the end of an alert's name and one of the payment's
// reasons for attention.
const (
	// A refund was made outside that the books have no room for.
	doubtNoRoom = "external_unexplained"
	// More was refunded than the books explain, and a day later nobody has confirmed it.
	doubtAbove  = "sum_above_books"
	doubtBelow  = "sum_below_books"  // less was refunded than the books say
	doubtBeyond = "sum_beyond_total" // more was refunded than was paid
)

// hearSum holds what an answer says the trade has refunded in all, 0 for nothing said, against the
// books. floor is what the books had when the gateway was asked: an answer that is older than the
// newest refund tells less, and is not wrong (A17).
func (c *Cashier) hearSum(p *pen, a *Attempt, sum, floor Fen) error {
	books := p.order.refundsOf(a, RefundSucceeded)
	excess := sum - books
	switch {
	case sum <= 0 || a.PaidFen == 0:
		return nil
	case sum > a.PaidFen:
		c.doubt(p, a, 1, doubtBeyond, "the gateway says that more was refunded than was paid")
		return nil
	case sum < floor:
		c.doubt(p, a, 1, doubtBelow, "the gateway says that less was refunded than the books do")
		return nil
	case sum < a.SumFen: // older than what is written down
		return nil
	case excess <= 0:
		c.forgetSum(p, a)
		if excess == 0 && a.Doubt != "" {
			c.trust(p, a)
		}
		return nil
	case a.SumAt.IsZero():
		c.noteSum(p, a, sum, excess)
		return nil
	case p.order.underWay(a) || floor < books || p.now.Sub(a.SumAt) < sumPatience:
		// an answer that may be older than what the books have proves nothing
		return nil
	}
	// Refunds of ours may have joined the books in between, so the excesses are compared and not
	// the sums: what both answers left unexplained is proven.
	proven := min(excess, a.ExcessFen)
	if booked, err := c.externalRefund(p, a, books+proven); err != nil || !booked {
		return err
	}
	c.forgetSum(p, a)
	if excess > proven {
		c.noteSum(p, a, sum, excess-proven)
	}
	return nil
}

// hearNotice draws from a message about one refund what it says of the whole trade. Messages come
// late and in any order: only one that tells of a time after the newest refund in the books can
// tell too little.
func (c *Cashier) hearNotice(p *pen, a *Attempt, n Notice) error {
	floor := Fen(0)
	if !n.At.IsZero() && !slices.ContainsFunc(p.order.Refunds, func(r Refund) bool {
		return r.AttemptID == a.ID && r.Status == RefundSucceeded && !n.At.After(r.EndedAt.Add(c.Skew))
	}) {
		floor = p.order.refundsOf(a, RefundSucceeded)
	}
	return c.hearSum(p, a, n.CumulativeFen, floor)
}

// noteSum writes down a sum that the books do not explain, and has every refund of ours that is
// under way asked for.
func (c *Cashier) noteSum(p *pen, a *Attempt, sum, excess Fen) {
	a.SumFen, a.ExcessFen, a.SumAt, a.Tries, a.NextAt = sum, excess, p.now, 0, p.now.Add(sumPatience)
	p.touch(a)
	p.audit("attempt.sum_noted", a.ID, itoa(int(sum)))
	soon := p.now.Add(askAfter(0))
	for i := range p.order.Refunds {
		if r := &p.order.Refunds[i]; r.AttemptID == a.ID && r.underWay() && r.NextAt.After(soon) {
			r.NextAt = soon
			p.touchRefund(r)
		}
	}
}

// forgetSum ends the wait for a second answer: the books explain what was told.
func (c *Cashier) forgetSum(p *pen, a *Attempt) {
	if a.SumAt.IsZero() {
		return
	}
	a.SumFen, a.ExcessFen, a.SumAt, a.Tries, a.NextAt = 0, 0, noTime(), 0, noTime()
	p.touch(a)
	if a.Doubt == doubtAbove {
		c.trust(p, a)
	}
}

// doubt writes down, once, that a person must look at what a trade has refunded.
func (c *Cashier) doubt(p *pen, a *Attempt, level int, code, detail string) {
	if a.Doubt == code {
		return
	}
	a.Doubt = code
	p.touch(a)
	p.audit("attempt.doubt", a.ID, code)
	c.alert(level, "refund."+code, a.ID, detail)
}

// trust ends a doubt: the gateway and the books say the same.
func (c *Cashier) trust(p *pen, a *Attempt) {
	a.Doubt = ""
	p.touch(a)
	p.audit("attempt.doubt", a.ID, "over")
}

// underWay tells whether a refund of ours was sent and nobody knows what became of it.
func (r Refund) underWay() bool {
	return r.Status == RefundProcessing && !r.SentAt.IsZero() && r.FailCode == ""
}

// underWay tells whether any refund of the attempt is, except those named.
func (o *Order) underWay(a *Attempt, except ...string) bool {
	for _, r := range o.Refunds {
		if r.AttemptID == a.ID && r.underWay() && !slices.Contains(except, r.ID) {
			return true
		}
	}
	return false
}

// provenBySum tells whether a refund is done although its query, which was just answered without an
// error and without a word about it, does not say so: a signed sum, told about this refund, is what
// the books have and exactly this refund, and no other is under way that could explain it (G28).
func (o *Order) provenBySum(r *Refund, res RefundResult) bool {
	a := o.Attempt(r.AttemptID)
	return res.Outcome == OutcomeAbsent && res.Code == "" && r.SumFen > 0 && r.SumFen == o.refundsOf(a, RefundSucceeded)+r.AmountFen && !o.underWay(a, r.ID)
}

// hearRefund draws from the answer about one refund what it says of the whole trade. That nothing
// is left to send back is a sum, too.
func (c *Cashier) hearRefund(p *pen, r *Refund, res RefundResult, floor Fen) error {
	a, sum := p.order.Attempt(r.AttemptID), res.CumulativeFen
	if res.Outcome == OutcomeSucceeded {
		floor += r.AmountFen
	}
	if res.Code == NothingLeft && res.Outcome == OutcomeUnknown {
		// A finished trade is refused by the same codes: it is noted, and only the trade's own
		// query or a sum proves it.
		if excess := a.PaidFen - p.order.refundsOf(a, RefundSucceeded); excess > 0 && a.SumFen < a.PaidFen {
			c.noteSum(p, a, a.PaidFen, excess)
		}
		sum = 0
	}
	if err := c.hearSum(p, a, sum, floor); err != nil {
		return err
	}
	if !a.SumAt.IsZero() && !r.underWay() && a.NextAt.After(p.now) && p.now.Sub(a.SumAt) >= sumPatience {
		a.NextAt = p.now // it was what the sum waited for
		p.touch(a)
	}
	return nil
}

// askSum asks the gateway what a paid trade has refunded in all. The trade's own query tells only
// that all of it went back; of a part it tells nothing. So the newest refund that our books have as
// done is asked for, and, if the gateway says too that it is done with this amount, sent once more
// with the same number and amount: the Refunder promises that this is the same refund, which moves
// nothing, and its answer tells the sum.
func (c *Cashier) askSum(ctx context.Context, a *Attempt) error {
	key := Key{Kind: OrderByAttempt, Value: a.ID}
	o, err := c.order(ctx, key)
	if err != nil {
		return err
	}
	a = o.Attempt(a.ID)
	books, heard, over := o.refundsOf(a, RefundSucceeded), Fen(0), false
	if !o.underWay(a) {
		if heard, over, err = c.signedSum(ctx, o, a); err != nil {
			return err
		}
	}
	_, err = c.change(ctx, system(), key, func(p *pen) error { return c.recordSum(p, p.order.Attempt(a.ID), heard, books, over) })
	return err
}

// signedSum asks the gateway for what an attempt's trade has refunded in all, 0 if nothing signed
// says it; over tells that the trade is closed, which for a paid one means that all of it went
// back.
func (c *Cashier) signedSum(ctx context.Context, o *Order, a *Attempt) (heard Fen, over bool, err error) {
	trade, err := c.query(ctx, a)
	if err != nil {
		return 0, false, err
	}
	if trade.Outcome != OutcomeSucceeded || trade.Trade.TotalFen != a.AmountFen || trade.Trade.TradeNo != "" && trade.Trade.TradeNo != a.TradeNo {
		return 0, false, nil
	}
	if trade.Trade.State == TradeClosed {
		return a.PaidFen, true, nil
	}
	heard, err = c.repeatDone(ctx, o, a)
	return heard, false, err
}

// repeatDone repeats the newest refund of ours that is done, and returns the sum that comes with
// the answer, 0 for none. It does so only when the gateway itself has just said that the refund is
// done, with the same amount: an answer that this very call moved money contradicts it, and is told
// at once.
func (c *Cashier) repeatDone(ctx context.Context, o *Order, a *Attempt) (Fen, error) {
	var done *Refund
	for i := range o.Refunds {
		if r := &o.Refunds[i]; r.AttemptID == a.ID && r.Status == RefundSucceeded && !r.Outside() {
			done = r
		}
	}
	if done == nil {
		return 0, nil
	}
	caps, account, err := c.reach(a)
	if err != nil {
		return 0, err
	}
	limited, cancel := context.WithTimeout(concerning(ctx, a, done.ID), callLease-5*time.Second)
	defer cancel()
	request := refundRequest(a, account, done)
	known := caps.Refunder.QueryRefund(limited, request)
	if known.CumulativeFen > 0 || known.Outcome != OutcomeSucceeded || known.AskedFen != done.AmountFen {
		return known.CumulativeFen, nil
	}
	again := caps.Refunder.Refund(limited, request)
	c.pass(PointRefundAfterAnswer)
	if again.Outcome == OutcomeSucceeded {
		c.alert(1, "refund.repeat_moved_money", done.ID, "the gateway says that a repeat of a refund that was done has moved money")
	}
	return again.CumulativeFen, nil
}

// recordSum writes what askSum found. over says that the trade is closed after it was paid, which
// only a refund of all of it does: that is final, and needs no second answer.
func (c *Cashier) recordSum(p *pen, a *Attempt, heard, floor Fen, over bool) error {
	if over && !p.order.underWay(a) {
		if _, err := c.externalRefund(p, a, heard); err != nil {
			return err
		}
	}
	if err := c.hearSum(p, a, heard, floor); err != nil {
		return err
	}
	if a.SumAt.IsZero() || a.NextAt.After(p.now) {
		return nil
	}
	a.Tries++
	a.NextAt = p.now.Add(askAfter(a.Tries))
	p.touch(a)
	p.audit("attempt.sum_asked", a.ID, itoa(int(heard)))
	switch waited := p.now.Sub(a.SumAt); {
	case waited >= personAfter:
		c.doubt(p, a, 2, doubtAbove, "the gateway refunded more than the books explain, and does not say so twice")
	case waited >= alarmAfter:
		c.alert(2, "refund.sum_unconfirmed", a.ID, "the gateway refunded more than the books explain, and has said so once only")
	}
	return nil
}

// overSince is when the refund's trade was first said to have nothing left, now if that is news.
func (o *Order) overSince(r *Refund, now time.Time) time.Time {
	if a := o.Attempt(r.AttemptID); !a.SumAt.IsZero() && a.SumFen == a.PaidFen {
		return a.SumAt
	}
	return now
}
