package store

import (
	"bytes"
	"context"
	"encoding/gob"
	"sync"
	"time"

	"github.com/paymux/paymux/core"
)

// stormBank is the smallest gateway that keeps its word: one book under one lock, whatever comes at
// once.
type stormBank struct {
	mu     sync.Mutex
	trades map[string]*stormTrade
	now    time.Time
	closes tally // calls of Close
}

// tally counts, and lets others wait for a count: offsets between racers are counted in what
// happens, because time would prove nothing.
type tally struct {
	mu   sync.Mutex
	n    int
	more chan struct{}
}

func (c *tally) add() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.n++
	if c.more != nil {
		close(c.more)
		c.more = nil
	}
}

func (c *tally) reach(n int) {
	for {
		c.mu.Lock()
		if c.n >= n {
			c.mu.Unlock()
			return
		}
		if c.more == nil {
			c.more = make(chan struct{})
		}
		more := c.more
		c.mu.Unlock()
		<-more
	}
}

type stormTrade struct {
	no       string
	total    core.Fen
	state    core.TradeState
	captured core.Fen
	refunds  map[string]core.Fen
	refunded core.Fen
}

func (b *stormBank) on(outTradeNo string, do func(*stormTrade)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	do(b.trades[outTradeNo])
}

// settle is the buyer's payment; the gateway takes no money for what is closed.
func (b *stormBank) settle(outTradeNo string) (paid bool) {
	b.on(outTradeNo, func(t *stormTrade) {
		if paid = t.state == core.TradeWaiting; paid {
			t.state, t.captured = core.TradePaid, t.total
		}
	})
	return paid
}

// truth is the book's word on one trade, for inspections.
func (b *stormBank) truth(outTradeNo string) (truth core.Truth, known bool) {
	b.on(outTradeNo, func(t *stormTrade) {
		if known = t != nil; known {
			truth = core.Truth{CapturedFen: t.captured, RefundedFen: t.refunded, Refunds: t.refunds}
		}
	})
	return truth, known
}

// stormChannel is the bank's native channel.
type stormChannel struct{ *stormBank }

func (stormChannel) ID() core.ChannelID      { return "alipay_mini" }
func (stormChannel) Gateway() core.GatewayID { return "alipay" }
func (stormChannel) Door() core.Door         { return core.DoorNative }

func answered(o core.Outcome) core.Answer { return core.Answer{Outcome: o} }

func (c stormChannel) Pay(_ context.Context, r core.PayRequest) core.PayResult {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.trades[r.OutTradeNo] == nil {
		c.trades[r.OutTradeNo] = &stormTrade{no: "T" + r.OutTradeNo, total: r.AmountFen, state: core.TradeWaiting, refunds: map[string]core.Fen{}}
	}
	no := c.trades[r.OutTradeNo].no
	return core.PayResult{Answer: answered(core.OutcomeSucceeded), TradeNo: no, Action: core.Action{Type: "trade_no", TradeNo: no}}
}

func (c stormChannel) Query(_ context.Context, r core.TradeRef) (res core.TradeResult) {
	c.on(r.OutTradeNo, func(t *stormTrade) {
		if t == nil {
			res.Outcome = core.OutcomeAbsent
			return
		}
		res = core.TradeResult{Answer: answered(core.OutcomeSucceeded), Trade: core.Trade{
			OutTradeNo: r.OutTradeNo, TradeNo: t.no, State: t.state, TotalFen: t.total,
		}}
		if t.captured > 0 {
			res.Trade.PaidAt = c.now
		}
	})
	return res
}

func (c stormChannel) Close(_ context.Context, r core.TradeRef) (res core.CloseResult) {
	c.closes.add()
	c.on(r.OutTradeNo, func(t *stormTrade) {
		switch {
		case t == nil:
			res.Outcome = core.OutcomeAbsent
		case t.state != core.TradeWaiting:
			res.Outcome = core.OutcomeFailed
		default:
			t.state, res.Outcome = core.TradeClosed, core.OutcomeSucceeded
		}
	})
	return res
}

// Refund pays out whatever the trade still holds: that no more is asked for than was paid is the
// cashier's business, so a second payout shows.
func (c stormChannel) Refund(_ context.Context, r core.RefundRequest) (res core.RefundResult) {
	c.on(r.OutTradeNo, func(t *stormTrade) {
		if _, done := t.refunds[r.OutRequestNo]; !done {
			t.refunds[r.OutRequestNo] = r.AmountFen
			t.refunded += r.AmountFen
		}
		res = core.RefundResult{Answer: answered(core.OutcomeSucceeded), ActualFen: r.AmountFen, CumulativeFen: t.refunded}
	})
	return res
}

func (c stormChannel) QueryRefund(_ context.Context, r core.RefundRequest) (res core.RefundResult) {
	c.on(r.OutTradeNo, func(t *stormTrade) {
		res.Outcome = core.OutcomeAbsent
		if sent := t.refunds[r.OutRequestNo]; sent > 0 {
			res = core.RefundResult{Answer: answered(core.OutcomeSucceeded), ActualFen: sent, CumulativeFen: t.refunded}
		}
	})
	return res
}

// stormMail reads notices in gob and believes them all.
type stormMail struct{}

func (stormMail) ID() core.GatewayID { return "alipay" }

func (stormMail) Receive(_ context.Context, _ core.Account, m core.Message) core.Receipt {
	r := core.Receipt{Accept: core.Reply{Status: 200, Body: []byte("success")}, Refuse: core.Reply{Status: 200, Body: []byte("fail")}}
	var n core.Notice
	if err := gob.NewDecoder(bytes.NewReader(m.Body)).Decode(&n); err == nil {
		r.Verified, r.Notices = true, []core.Notice{n}
	}
	return r
}

// stormRules allow everything.
type stormRules struct{}

func (stormRules) Decide(a core.Ask) core.Decision {
	return core.Decision{
		Allowed: true, Platform: a.Platform, Refusals: []core.Refusal{},
		Channels: map[core.PlatformID][]core.ChannelID{a.Platform: {"alipay_mini"}}[a.Platform],
	}
}
func (stormRules) Platforms() []core.PlatformID { return []core.PlatformID{"alipay"} }
func (stormRules) Offer(p core.PlatformID, _ core.Holdings) core.Offer {
	return core.Offer{Platform: p}
}

// stormShop is the only merchant.
type stormShop struct{ only core.Merchant }

func (s stormShop) Merchant(id string) (core.Merchant, bool)   { return s.only, id == s.only.ID }
func (s stormShop) AccountByID(id string) (core.Account, bool) { return s.only.Account(id) }

// stormVault seals nothing: what is sealed is no concern of these tests.
type stormVault struct{}

func (stormVault) Seal(_ string, plain []byte) ([]byte, error)  { return plain, nil }
func (stormVault) Open(_ string, sealed []byte) ([]byte, error) { return sealed, nil }
func (stormVault) Pseudonym(_, _ string) string                 { return "p" }
