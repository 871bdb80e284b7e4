package core_test

import (
	"context"
	"fmt"
	"time"

	"github.com/paymux/paymux/core"
)

// consoleLate sends all of an attempt's late money back without us, if nobody has (G14).
func (s *simWorld) consoleLate(v core.PaymentView, i int) {
	a := v.Attempts[i]
	s.bank.mu.Lock()
	t := s.bank.trades[a.OutTradeNo]
	ok := t.refunded == 0
	if ok {
		t.refunded, t.refunds["console"+a.ID], t.state = t.total, t.total, core.TradeClosed
	}
	s.bank.mu.Unlock()
	if !ok {
		return
	}
	s.count("late money sent back in the console")
	n := paidNotice(v, i)
	n.Kind, n.ID, n.OutRequestNo, n.CumulativeFen, n.Trade.State = core.NoticeRefund, "c"+a.ID, "console"+a.ID, t.total, core.TradeClosed
	s.announce(n)
}

// consoleRefund sends a part back without us (G14). The gateway tells of it, and what it takes
// cannot be refunded again.
func (s *simWorld) consoleRefund(v core.PaymentView) {
	for _, a := range v.Attempts {
		if a.State != core.AttemptPaid {
			continue
		}
		s.bank.mu.Lock()
		t := s.bank.trades[a.OutTradeNo]
		part := (t.total - t.refunded) / 3
		ok := part > 0 && t.state == core.TradePaid
		if ok {
			t.refunded += part
			t.refunds["console"+a.ID] = part
		}
		cumulative := t.refunded
		s.bank.mu.Unlock()
		if ok && s.chance(3) { // no message at all: only a sum can show it (G27)
			s.count("console refunds never told")
			s.outside("suspicion", func() { s.findConsole(v.ID, a.OutTradeNo) })
		} else if ok {
			s.count("console refunds")
			n := paidNotice(v, 0)
			n.Kind, n.ID, n.OutRequestNo, n.CumulativeFen = core.NoticeRefund, "c"+a.ID, "console"+a.ID, cumulative
			n.Trade = core.Trade{OutTradeNo: a.OutTradeNo, TradeNo: t.tradeNo, State: core.TradePaid, TotalFen: t.total, PaidAt: t.paidAt}
			s.announce(n)
		}
	}
}

// findConsole is what a shop does that misses money: it asks, and the gateway tells of a part only
// with the answer to a refund, so it refunds a fen more.
func (s *simWorld) findConsole(id, outTradeNo string) {
	for i := range 30 {
		s.sleep(time.Hour + s.upTo(time.Hour))
		s.call("sync", func() {
			_, err := s.Sync(context.Background(), shopCaller, id)
			s.mayFail(err)
		})
		s.sleep(5 * time.Minute)
		v := s.look(id)
		if _, refunded := s.bank.moved(outTradeNo); refunded == v.RefundedFen {
			return
		}
		for _, r := range v.Refunds {
			if r.Status == core.RefundPendingApproval {
				s.judgeIt(r.ID, true)
			}
		}
		s.refundUntilAnswered(core.RefundAsk{PaymentID: id, AmountFen: 1, IdempotencyKey: fmt.Sprint("suspicion", i, id)})
	}
}
