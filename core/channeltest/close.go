package channeltest

import (
	"testing"

	"github.com/paymux/paymux/core"
)

// closeDecides: once Close has succeeded the buyer cannot pay any more.
func (s *suite) closeDecides(t *testing.T) {
	r, trade := s.opened(t)
	wantOutcome(t, "Close", s.caps.Closer.Close(t.Context(), trade).Answer, core.OutcomeSucceeded)
	if err := s.h.Gateway.Settle(r.OutTradeNo); err == nil {
		t.Fatal("the buyer paid a closed trade")
	}
	s.wantState(t, trade, core.TradeClosed)
	// Whether closing twice is a success or a refusal is the gateway's affair; it is never unknown.
	wantOutcome(t, "a second Close", s.caps.Closer.Close(t.Context(), trade).Answer, core.OutcomeSucceeded, core.OutcomeFailed)
}

// closeOnPaid: the gateway refuses, and the query tells why (S01).
func (s *suite) closeOnPaid(t *testing.T) {
	_, trade := s.paid(t)
	wantOutcome(t, "Close", s.caps.Closer.Close(t.Context(), trade).Answer, core.OutcomeFailed)
	s.wantState(t, trade, core.TradePaid)
}

func (s *suite) closedOutside(t *testing.T) {
	r, trade := s.opened(t)
	s.must(t, s.h.Gateway.CloseOutside(r.OutTradeNo))
	s.wantState(t, trade, core.TradeClosed)
}
