package channeltest

import (
	"testing"
	"time"

	"github.com/paymux/paymux/core"
)

// What a channel without Closer owes instead: the end that Pay fixed.

// pass moves the gateway's clock on to a moment.
func (s *suite) pass(to time.Time) {
	if wait := to.Sub(s.h.Now()); wait > 0 {
		s.h.Gateway.Advance(wait)
	}
}

// openUntilItsEnd: until its end a trade can be paid, nothing says it is closed, and what is paid
// is paid (S01).
func (s *suite) openUntilItsEnd(t *testing.T) {
	r, trade := s.opened(t)
	s.pass(r.TimeExpire.Add(-time.Second))
	s.wantState(t, trade, core.TradeWaiting)
	s.must(t, s.h.Gateway.Settle(r.OutTradeNo))
	s.wantState(t, trade, core.TradePaid)
}

// truthWithinTheGrace: between its end and the grace the gateway may take money or not. Queries say
// which, and none says closed of what can still be paid.
func (s *suite) truthWithinTheGrace(t *testing.T) {
	r, trade := s.opened(t)
	s.pass(r.TimeExpire.Add(s.h.Account.Grace - time.Second))
	before := s.h.Channel.Query(t.Context(), trade)
	if err := s.h.Gateway.Settle(r.OutTradeNo); err != nil {
		s.wantUnpaid(t, trade)
		return
	}
	s.wantState(t, trade, core.TradePaid)
	if before.Outcome == core.OutcomeSucceeded && before.Trade.State == core.TradeClosed {
		t.Error("what was said to be closed could be paid")
	}
}

// overAfterItsEnd: from its end and the grace on nobody can pay the trade, and a query says that
// nobody has (G35).
func (s *suite) overAfterItsEnd(t *testing.T) {
	r, trade := s.opened(t)
	s.pass(r.TimeExpire.Add(s.h.Account.Grace))
	if err := s.h.Gateway.Settle(r.OutTradeNo); err == nil {
		t.Fatal("the buyer paid after the end that Pay was to fix")
	}
	s.wantUnpaid(t, trade)
}

// wantUnpaid wants a query to say, verified, that the trade is not paid: it is unknown, it waits,
// or it is closed.
func (s *suite) wantUnpaid(t *testing.T, trade core.TradeRef) {
	t.Helper()
	result := s.h.Channel.Query(t.Context(), trade)
	wantOutcome(t, "Query", result.Answer, core.OutcomeSucceeded, core.OutcomeAbsent)
	got := result.Trade
	if result.Outcome == core.OutcomeSucceeded && (got.State != core.TradeWaiting && got.State != core.TradeClosed || !got.PaidAt.IsZero()) {
		t.Errorf("nobody paid, and the trade is %+v", got)
	}
}
