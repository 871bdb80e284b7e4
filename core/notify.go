package core

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"
)

// Receive takes one raw message of a gateway for the account that the path named, and returns the
// exact reply. It is one durable unit: inbox row, transition, ledger, outbox and audit; only then
// the gateway is told "success". What is not verified changes nothing (catalogue C).
//
// Errors: CodeNotConfigured for a gateway or account that is not here (F05). Every other trouble is
// in the reply: send it again.
func (c *Cashier) Receive(ctx context.Context, gateway GatewayID, accountID string, msg Message) (Reply, error) {
	account, ok := c.Merchants.AccountByID(accountID)
	g := c.gateway(gateway)
	if !ok || g == nil || account.Gateway != gateway {
		return Reply{}, Errorf(CodeNotConfigured, "no such gateway account")
	}
	receipt := g.Receive(ctx, account, msg)
	receipt.Refuse.Refused = true
	c.pass(PointNotifyAfterVerify)
	if !receipt.Verified {
		c.rejected(ctx, account, receipt.Code, receipt.Detail)
		receipt.Refuse.Reason = receipt.Code
		return receipt.Refuse, nil
	}
	for _, n := range receipt.Notices {
		accepted, err := c.take(ctx, account, n, receipt.KeyVersion, msg.Body)
		if err != nil {
			c.happened("notify.failed", string(CodeOf(err)))
			return receipt.Refuse, nil
		}
		if !accepted {
			return receipt.Refuse, nil
		}
	}
	c.pass(PointNotifyAfterCommit)
	return receipt.Accept, nil
}

func (c *Cashier) gateway(id GatewayID) Gateway {
	for _, g := range c.Gateways {
		if g.ID() == id {
			return g
		}
	}
	return nil
}

// rejected counts a message that is not what it claims to be, and leaves a trace of some in the
// audit log: anybody can send them, and as many as he likes. That the trace may be lost changes
// nothing.
func (c *Cashier) rejected(ctx context.Context, account Account, code Code, detail string) {
	c.happened("notify.rejected", string(code))
	if c.Forged != nil {
		traced, untraced := c.Forged.Sample(account.ID, code, c.at())
		if !traced {
			return
		}
		if untraced > 0 {
			detail = fmt.Sprintf("%s; %d more like it were only counted", detail, untraced)
		}
	}
	drawn := c.draw(Caller{MerchantID: account.MerchantID, Actor: ActorGateway})
	_, err := c.Store.Do(ctx, Unit{Decide: func(View) (Writes, error) {
		p := drawn.fresh(nil)
		p.audit("notify.rejected", account.ID, string(code)+": "+detail)
		return p.writes(), nil
	}})
	if err != nil {
		c.happened("notify.trace_lost", string(CodeOf(err)))
	}
}

// envelope is what the inbox seals: the raw body, and what was read from it when it was verified,
// so that a later key change cannot undo that.
type envelope struct {
	Body   []byte `json:"body"`
	Notice Notice `json:"notice"`
}

// take stores and applies one verified notice. accepted is false when the gateway shall send it
// again.
func (c *Cashier) take(ctx context.Context, account Account, n Notice, keyVersion string, body []byte) (accepted bool, err error) {
	byNo := Key{Kind: OrderByOutTradeNo, Value: n.Trade.OutTradeNo}
	byDigest := Key{Kind: InboxByDigest, Scope: account.ID, Value: digestOf(n, body)}
	sealed, err := c.Vault.Seal("inbox", render(envelope{Body: body, Notice: n}))
	if err != nil {
		return false, err
	}
	drawn := c.draw(Caller{MerchantID: account.MerchantID, Actor: ActorGateway})
	var verdictOf decidedNotice
	var turns []Turn
	tradeNoTaken := false
	decide := func(v View) (Writes, error) {
		turns = nil
		earlier, o := v.Inbox(byDigest), v.Order(byNo)
		if earlier != nil && earlier.State != InboxRejected {
			verdictOf = decidedNotice{state: earlier.State}
			return Writes{}, nil
		}
		p := drawn.fresh(o)
		box := &Inbox{
			ID: p.rowID(), Gateway: account.Gateway, Account: account.ID, Digest: byDigest.Value, Sealed: sealed, OutTradeNo: n.Trade.OutTradeNo,
			KeyVersion: keyVersion, ReceivedAt: p.now, DeleteAfter: p.now.Add(c.InboxKept),
		}
		if earlier != nil {
			box = earlier
		}
		if left := v.Archived(byNo); left != nil {
			verdictOf = c.archivedOrder(p, left, n, box)
		} else if tradeNoTaken && o != nil {
			verdictOf = c.parkNotice(p, attemptByNumber(o, n.Trade.OutTradeNo), "trade_no_taken")
		} else if verdictOf, err = c.judgeNotice(p, account, n, box); err != nil {
			return Writes{}, err
		}
		if earlier != nil && verdictOf.state == InboxRejected {
			return Writes{}, nil
		}
		turns = p.turns
		box.State, box.Code, box.NextAt = verdictOf.state, string(verdictOf.code), verdictOf.next
		if earlier != nil {
			p.guard(box)
		} else {
			p.insert(box)
		}
		return p.writes(), nil
	}
	// Of two identical messages the second may meet the first's unique key; on the next look it
	// finds the first's row.
	for range 3 {
		verdict, err := c.Store.Do(ctx, Unit{Keys: []Key{byNo, byDigest}, Decide: decide})
		if err != nil {
			return false, err
		}
		if verdict.Duplicate == "" {
			c.turned(turns...)
			c.happened("notify."+string(verdictOf.state), string(verdictOf.code))
			return verdictOf.state != InboxRejected, nil
		}
		tradeNoTaken = verdict.Duplicate == UniqueTradeNo
	}
	return false, Errorf(CodeContended, "the same message is being taken")
}

// digestOf names a notice: the gateway's own id of it and all that was read from it, so that a
// message that contradicts us and a later one that is right never share a name (G32), whatever they
// differ in. Only the time is left out: where a message tells none of its own it is the time of
// sending, which differs between repeats. A notice without an id is named by its raw bytes.
func digestOf(n Notice, body []byte) string {
	if n.ID != "" {
		n.At = noTime()
		return fingerprint(string(render(n)))
	}
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:])
}

// decidedNotice is what becomes of a notice.
type decidedNotice struct {
	state InboxState
	code  Code
	next  time.Time
}

// judgeNotice holds a verified notice against our books and applies it, parks it, leaves it to a
// job, or refuses it.
func (c *Cashier) judgeNotice(p *pen, account Account, n Notice, box *Inbox) (decidedNotice, error) {
	if n.Kind == NoticeReturned {
		return c.judgeReturned(p, account, n, box), nil
	}
	// agreements, complaints, risk warnings: kept, and applied by those who know them
	if !n.Kind.movesTrade() {
		return decidedNotice{state: InboxDone, code: Code(n.Kind)}, nil
	}
	if p.order == nil {
		return c.unknownNumber(p, n, box), nil
	}
	a := attemptByNumber(p.order, n.Trade.OutTradeNo)
	box.PaymentID = p.order.Payment.ID
	switch {
	case a.Account != account.ID || a.Gateway != account.Gateway:
		// C07, C36: not the one who may speak about this attempt
		return c.refuseNotice(p, a, "wrong_account"), nil
	case n.AppID != "" && n.AppID != account.AppID: // C05
		return c.refuseNotice(p, a, "wrong_app"), nil
	case n.SellerID != "" && account.SellerID != "" && n.SellerID != account.SellerID: // C06
		return c.parkNotice(p, a, "wrong_seller"), nil
	case n.Trade.TotalFen != a.AmountFen: // C08
		return c.parkNotice(p, a, "amount_mismatch"), nil
	}
	return c.applyNotice(p, a, n)
}

// applyNotice applies a notice that is about the right attempt, app, seller and amount.
func (c *Cashier) applyNotice(p *pen, a *Attempt, n Notice) (decidedNotice, error) {
	done := decidedNotice{state: InboxDone}
	wait := decidedNotice{state: InboxWaiting, code: "wants_query", next: p.now}
	switch n.Kind {
	case NoticePayment:
		if c.wantsConfirmation(a) {
			return wait, nil
		}
		parked, err := c.bookPaid(p, a, n.Trade)
		if err == nil && parked != "" {
			return c.parkNotice(p, a, parked), nil
		}
		// C18: it may be old news, or money that came again
		if p.order.Payment.Status == PaymentRefunded {
			c.alert(2, "notify.paid_after_refund", a.ID, "the gateway says paid of a payment that was refunded in full")
		}
		return done, err
	case NoticeClosed: // not "failed": only an inquiry tells an unpaid close from a refund (C15)
		if a.State == AttemptSent {
			return wait, nil
		}
		// a close without a refund, of money that we say is there
		if a.PaidFen > p.order.refundsOf(a, RefundSucceeded, RefundProcessing) {
			return c.parkNotice(p, a, "closed_but_paid"), nil
		}
		return done, nil
	case NoticeRefund:
		return c.applyRefundNotice(p, a, n)
	default:
		return done, nil
	}
}

// wantsConfirmation tells whether money of this size counts only once a signed query has said so
// too.
func (c *Cashier) wantsConfirmation(a *Attempt) bool {
	return a.PaidFen == 0 && c.ConfirmOver != 0 && a.AmountFen > c.ConfirmOver
}

// applyRefundNotice reads a message that says money of the trade went back. It is not a second
// payment (C17), but it is proof of the first, should that message have been lost.
func (c *Cashier) applyRefundNotice(p *pen, a *Attempt, n Notice) (decidedNotice, error) {
	if n.CumulativeFen > a.AmountFen {
		c.doubt(p, a, 1, doubtBeyond, "a verified message says that more was refunded than was paid")
		p.audit("notify.parked", a.ID, doubtBeyond)
		return decidedNotice{state: InboxParked, code: doubtBeyond}, nil
	}
	if c.wantsConfirmation(a) {
		return decidedNotice{state: InboxWaiting, code: "wants_query", next: p.now}, nil
	}
	if a.PaidFen == 0 {
		parked, err := c.bookPaid(p, a, n.Trade)
		if err != nil {
			return decidedNotice{}, err
		}
		if parked != "" {
			return c.parkNotice(p, a, parked), nil
		}
	}
	if n.OutRequestNo == "" {
		return c.unnamedRefund(p, a, n)
	}
	for i := range p.order.Refunds {
		r := &p.order.Refunds[i]
		if r.OutRequestNo != n.OutRequestNo {
			continue
		}
		// the gateway took back its final word: only a person can say what the merchant is owed
		if r.Status == RefundFailed {
			return c.parkNotice(p, a, "failed_refund_paid"), nil
		}
		if r.Status == RefundProcessing { // ours: its inquiry comes now
			r.NextAt, r.SumFen = p.now, n.CumulativeFen
			p.touchRefund(r)
			p.audit("refund.noticed", r.ID, "")
		}
		return decidedNotice{state: InboxDone}, c.hearNotice(p, a, n)
	}
	return decidedNotice{state: InboxWaiting, code: waitsForRefundQuery, next: p.now}, nil
}

// waitsForRefundQuery marks a message about a refund that is not ours: only a query by its number
// tells how much it sent back.
const waitsForRefundQuery Code = "external_refund"

// unnamedRefund reads a refund message without a number: what the trade has refunded in all, less
// what ours explain, was refunded outside. While a refund of ours that was sent is under way that
// cannot be told apart, and what the books have no room for yet waits: a reservation may come free.
func (c *Cashier) unnamedRefund(p *pen, a *Attempt, n Notice) (decidedNotice, error) {
	wait := decidedNotice{state: InboxWaiting, code: "refund_under_way", next: p.now.Add(askAfter(1))}
	if p.order.underWay(a) {
		return wait, nil
	}
	if booked, err := c.externalRefund(p, a, n.CumulativeFen); !booked || err != nil {
		return wait, err
	}
	return decidedNotice{state: InboxDone}, nil
}

// unknownNumber answers "send it again" for a while, because the order may not be committed yet,
// and then parks (C09).
func (c *Cashier) unknownNumber(p *pen, n Notice, box *Inbox) decidedNotice {
	if p.now.Sub(box.ReceivedAt) < c.UnknownGrace {
		return decidedNotice{state: InboxRejected, code: "unknown_out_trade_no"}
	}
	p.audit("notify.parked", n.Trade.OutTradeNo, "unknown_out_trade_no")
	c.alert(1, "notify.unknown_out_trade_no", n.Trade.OutTradeNo, "verified money for a number that we never made")
	return decidedNotice{state: InboxParked, code: "unknown_out_trade_no"}
}

// archivedOrder takes a message about an order that has left for an archive. It is too late to book
// anything, and the number is known: so the gateway is told that it was heard, and a person is told
// where the order is.
func (c *Cashier) archivedOrder(p *pen, left *Archived, n Notice, box *Inbox) decidedNotice {
	box.PaymentID = left.PaymentID
	if n.Kind == NoticePayment || n.Kind == NoticeRefund || n.Kind == NoticeReturned {
		p.audit("notify.archived", left.PaymentID, string(n.Kind)+" of "+n.Trade.OutTradeNo+", which is in archive "+left.Archive)
		c.alert(2, "notify.archived", left.PaymentID, "a verified message about an order that was archived: compare it with archive "+left.Archive)
	}
	return decidedNotice{state: InboxDone, code: CodeArchived}
}

// refuseNotice leaves an event in the audit log; nothing else changes.
func (c *Cashier) refuseNotice(p *pen, a *Attempt, code Code) decidedNotice {
	p.audit("notify.rejected", a.ID, string(code))
	return decidedNotice{state: InboxRejected, code: code}
}

// parkNotice keeps a verified message that contradicts our books for a person. More tries of the
// gateway would not help, so it is accepted.
func (c *Cashier) parkNotice(p *pen, a *Attempt, code Code) decidedNotice {
	p.audit("notify.parked", a.ID, string(code))
	c.alert(1, "notify."+string(code), a.ID, "a verified message contradicts our books")
	return decidedNotice{state: InboxParked, code: code}
}

func attemptByNumber(o *Order, outTradeNo string) *Attempt {
	for i := range o.Attempts {
		if o.Attempts[i].OutTradeNo == outTradeNo {
			return &o.Attempts[i]
		}
	}
	return nil
}
