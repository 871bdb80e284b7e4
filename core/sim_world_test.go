package core_test

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/paymux/paymux/core"
	"github.com/paymux/paymux/core/storetest"
)

// simWorld is the real cashier on the in-memory store, between a gateway that loses answers and
// messages and a process that is killed now and then.
type simWorld struct {
	*tasks
	*world
	faults bool // off in the end, so that everything can settle
	tally  map[string]int
	// wrongKey is how the gateway answers every call at present, because our key is wrong; "" while
	// it is right.
	wrongKey string
	finals   map[string]string // the final answer to each key
	// unclosing says that the gateway closes nothing: its trades end by their time.
	unclosing bool
}

func (s *simWorld) count(what string) { s.tally[what]++ }

// answered holds every final answer to a key against the first: they are the same bytes (INV-I1).
func (s *simWorld) answered(key string, a core.Answered) {
	if a.Settling {
		return
	}
	if was, known := s.finals[key]; known && was != string(a.Body) {
		s.t.Errorf("key %q was answered %s\nand then %s", key, was, a.Body)
	}
	s.finals[key] = string(a.Body)
}

// simClock shows the scheduler's time.
type simClock struct{ *tasks }

func (c simClock) Now() time.Time { return c.now }

// simStore yields around every use of the store and lets commits suffer every fault.
type simStore struct {
	*storetest.Memory
	sim *simWorld
}

func (s simStore) Do(ctx context.Context, u core.Unit) (core.Verdict, error) {
	s.sim.yield()
	if s.sim.faults && s.sim.chance(20) {
		faults := []storetest.Fault{storetest.FaultMiss, storetest.FaultBefore, storetest.FaultLost, storetest.FaultAfter, storetest.FaultSilent}
		s.Fail(faults[s.sim.rng.IntN(len(faults))])
		s.sim.count("store faults")
	}
	v, err := s.Memory.Do(ctx, u)
	s.sim.yield()
	return v, err
}

func (s simStore) See(ctx context.Context, keys ...core.Key) (core.View, error) {
	s.sim.yield()
	return s.Memory.See(ctx, keys...)
}

// simChannel puts a bad network in front of the bank: requests and answers get lost, and answers
// come late.
type simChannel struct {
	channel
	sim *simWorld
}

// network decides what happens to one call: nothing is sent, the request is lost, or the answer is.
func (c simChannel) network() (arrives bool, answer core.Outcome) {
	s := c.sim
	s.yield()
	if !s.faults || !s.chance(6) {
		return true, ""
	}
	s.count("network faults")
	switch s.rng.IntN(4) {
	case 0:
		return false, core.OutcomeNotSent
	case 1:
		return false, core.OutcomeUnknown
	default:
		return true, core.OutcomeUnknown
	}
}

// answered lets time pass before an answer is seen, during which anything may happen.
func (c simChannel) answered() {
	if c.sim.faults && c.sim.chance(4) {
		c.sim.sleep(c.sim.upTo(15 * time.Second))
	}
	c.sim.yield()
}

func (c simChannel) Pay(ctx context.Context, r core.PayRequest) core.PayResult {
	if c.door == core.DoorPage || r.Account.PaysWithoutTrade || r.TradeNo != "" {
		return c.channel.Pay(ctx, r)
	}
	if answer, turned := c.turnedAway(); turned {
		c.answered()
		return core.PayResult{Answer: answer}
	}
	arrives, lost := c.network()
	res := core.PayResult{}
	if arrives {
		res = c.channel.Pay(ctx, r)
	}
	c.answered()
	if lost != "" {
		return core.PayResult{Answer: core.Answer{Outcome: lost}}
	}
	return res
}

func (c simChannel) Query(ctx context.Context, r core.TradeRef) core.TradeResult {
	if answer, turned := c.turnedAway(); turned {
		c.answered()
		return core.TradeResult{Answer: answer}
	}
	_, lost := c.network()
	res := c.channel.Query(ctx, r)
	c.answered() // what was true when asked may not be true when heard
	if lost != "" {
		return core.TradeResult{Answer: core.Answer{Outcome: lost}}
	}
	return res
}

func (c simChannel) Close(ctx context.Context, r core.TradeRef) core.CloseResult {
	if answer, turned := c.turnedAway(); turned {
		c.answered()
		return core.CloseResult{Answer: answer}
	}
	arrives, lost := c.network()
	res := core.CloseResult{}
	if arrives {
		res = c.channel.Close(ctx, r)
	}
	c.answered()
	if lost != "" {
		return core.CloseResult{Answer: core.Answer{Outcome: lost}}
	}
	return res
}

func (c simChannel) Refund(ctx context.Context, r core.RefundRequest) core.RefundResult {
	if answer, turned := c.turnedAway(); turned {
		c.answered()
		return core.RefundResult{Answer: answer}
	}
	arrives, lost := c.network()
	res := core.RefundResult{}
	if arrives {
		before := c.refundedOf(r.OutTradeNo)
		res = c.channel.Refund(ctx, r)
		if after := c.refundedOf(r.OutTradeNo); after != before {
			c.sim.announceRefund(r.OutTradeNo, r.OutRequestNo, after)
		}
	}
	c.answered()
	switch {
	case lost != "":
		return core.RefundResult{Answer: core.Answer{Outcome: lost}}
	case c.sim.faults && res.Outcome == core.OutcomeSucceeded && c.sim.chance(10):
		// fund_change=N (G07)
		return core.RefundResult{Answer: core.Answer{Outcome: core.OutcomePending}}
	default:
		return res
	}
}

func (c simChannel) refundedOf(no string) core.Fen { _, refunded := c.moved(no); return refunded }

func (c simChannel) QueryRefund(ctx context.Context, r core.RefundRequest) core.RefundResult {
	if answer, turned := c.turnedAway(); turned {
		c.answered()
		return core.RefundResult{Answer: answer}
	}
	_, lost := c.network()
	res := c.channel.QueryRefund(ctx, r)
	c.answered()
	if lost != "" {
		return core.RefundResult{Answer: core.Answer{Outcome: lost}}
	}
	return res
}

// newSimWorld wires a cashier whose every meeting with the outside world yields to the scheduler.
func newSimWorld(t testing.TB, seed uint64) *simWorld {
	s := &simWorld{tasks: newTasks(seed, time.Date(2026, 11, 22, 4, 0, 0, 0, time.UTC)), world: newWorld(t), faults: true, tally: map[string]int{}, finals: map[string]string{}}
	s.bank.now = func() time.Time { return s.tasks.now }
	s.unclosing = seed%5 > 2
	var list []core.PaymentChannel
	for _, caps := range s.Channels.List() {
		var one core.PaymentChannel = simChannel{caps.Channel.(channel), s}
		if s.unclosing {
			one = unclosing{one, one.(core.Refunder)}
		}
		list = append(list, one)
	}
	channels, err := core.NewChannels(list...)
	if err != nil {
		t.Fatal(err)
	}
	s.Cashier.Channels, s.Cashier.Clock, s.Cashier.Store = channels, simClock{s.tasks}, simStore{s.memory, s}
	s.Cashier.ConfirmOver = 9000
	s.with(func(m *core.Merchant) {
		m.Late = []core.LatePolicy{core.LateRefund, core.LateHold, core.LateAccept}[seed%3]
		m.Accounts[0].PaysWithoutTrade, m.Accounts[0].NeedsPayer = seed%2 == 0, seed%2 != 0
		m.RefundApprovalOverFen = []core.Fen{0, 6000}[seed/6%2]
	})
	s.Failpoints = pointFunc(func(core.Point) {
		s.yield()
		if s.current != nil && s.current.process != 0 && s.faults && s.chance(150) {
			s.count("crashes")
			s.crash()
			s.live(s.current)
		}
	})
	return s
}

// announce lets the gateway tell a notice the way it does: again and again until the answer is
// success, out of order, sometimes twice at once. The first tries may get lost; a notice that is
// never sent at all is drawn by the caller.
func (s *simWorld) announce(n core.Notice) {
	body, _ := json.Marshal(n)
	waits := []time.Duration{0, 4 * time.Minute, 10 * time.Minute, 10 * time.Minute, time.Hour, 2 * time.Hour, 6 * time.Hour, 15 * time.Hour}
	s.outside("notify", func() {
		for i, wait := range waits {
			s.sleep(wait + s.upTo(3*time.Second))
			if i+1 < len(waits) && s.faults && s.chance(3) {
				s.count("messages lost")
				continue
			}
			if s.faults && s.chance(10) {
				s.tampered(n)
			}
			if s.deliver(body) == "success" && (!s.faults || !s.chance(5)) {
				return
			}
		}
	})
}

// call runs one piece of work in our process and waits for it; false means that the process died
// under it and nobody knows what was done.
func (s *simWorld) call(name string, work func()) bool {
	survived := false
	t := s.inside(name, func() {
		work()
		survived = true
	})
	for !t.over {
		s.sleep(20 * time.Millisecond)
	}
	return survived
}

// deliver hands a message to our process and returns its answer; a process that dies gives none.
func (s *simWorld) deliver(body []byte) (answer string) {
	s.call("receive", func() {
		r, err := s.Receive(context.Background(), "alipay", "acc1", core.Message{Method: "POST", Body: body})
		if err == nil {
			answer = string(r.Body)
		}
	})
	return answer
}

// tampered sends what a stranger would: a message that no key has signed, and a signed one of
// somebody else's app or amount. None may count.
func (s *simWorld) tampered(n core.Notice) {
	s.count("messages forged")
	switch s.rng.IntN(3) {
	case 0:
		s.deliver([]byte("forged"))
	case 1:
		n.ID, n.AppID = "forged", "2021000000000666"
		body, _ := json.Marshal(n)
		s.deliver(body)
	default:
		n.ID, n.Trade.TotalFen = "forged2", n.Trade.TotalFen+1
		body, _ := json.Marshal(n)
		s.deliver(body)
	}
}

// announceRefund tells what the gateway tells when money of a trade goes back.
func (s *simWorld) announceRefund(outTradeNo, outRequestNo string, cumulative core.Fen) {
	if s.chance(2) { // by default most products send none
		return
	}
	s.bank.mu.Lock()
	t := s.bank.trades[outTradeNo]
	s.bank.mu.Unlock()
	state := core.TradePaid
	if cumulative == t.total {
		state = core.TradeClosed
	}
	s.announce(core.Notice{
		Kind: core.NoticeRefund, ID: "r" + outRequestNo, AppID: "2021000000000001", SellerID: "2088000000000001", OutRequestNo: outRequestNo,
		CumulativeFen: cumulative, Trade: core.Trade{OutTradeNo: outTradeNo, TradeNo: t.tradeNo, State: state, TotalFen: t.total, PaidAt: t.paidAt},
	})
}
