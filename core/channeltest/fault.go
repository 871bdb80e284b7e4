package channeltest

import (
	"context"
	"testing"

	"github.com/paymux/paymux/core"
)

// operation is one call to the gateway that a fault can spoil.
type operation struct {
	name string
	// prepare makes what the call works on; the call that it returns is the one that is spoilt.
	prepare func(*testing.T) func(context.Context) core.Answer
}

func (s *suite) operations() []operation {
	ops := []operation{
		{"query", func(t *testing.T) func(context.Context) core.Answer {
			_, trade := s.paid(t)
			return func(ctx context.Context) core.Answer { return s.h.Channel.Query(ctx, trade).Answer }
		}},
		{"refund", func(t *testing.T) func(context.Context) core.Answer {
			_, trade := s.paid(t)
			r := s.refundOf(trade, partFen)
			return func(ctx context.Context) core.Answer { return s.caps.Refunder.Refund(ctx, r).Answer }
		}},
		{"refund query", func(t *testing.T) func(context.Context) core.Answer {
			_, trade := s.paid(t)
			r := s.refundOf(trade, partFen)
			s.wantRefunded(t, r, partFen)
			return func(ctx context.Context) core.Answer { return s.caps.Refunder.QueryRefund(ctx, r).Answer }
		}},
	}
	if s.caps.Closer != nil {
		ops = append(ops, operation{"close", func(t *testing.T) func(context.Context) core.Answer {
			_, trade := s.opened(t)
			return func(ctx context.Context) core.Answer { return s.caps.Closer.Close(ctx, trade).Answer }
		}})
	}
	if !s.signs() {
		ops = append(ops, operation{"pay", func(*testing.T) func(context.Context) core.Answer {
			r := s.request()
			return func(ctx context.Context) core.Answer { return s.h.Channel.Pay(ctx, r).Answer }
		}})
	}
	if s.caps.Authorizer != nil && s.h.LoginCode != nil {
		ops = append(ops, operation{"authorize", func(*testing.T) func(context.Context) core.Answer {
			code := s.h.LoginCode()
			return func(ctx context.Context) core.Answer {
				return s.caps.Authorizer.Authorize(ctx, s.h.Account, code).Answer
			}
		}})
	}
	return ops
}

// faults holds every operation against every fault: what cannot be verified proves neither success
// nor failure, and no call is sent twice (G17).
func (s *suite) faults(t *testing.T) {
	for _, op := range s.operations() {
		for _, fault := range faultTable() {
			if op.name == "authorize" && fault.name == FaultAnother {
				continue // its answer names no trade of ours: nothing to mix up
			}
			t.Run(op.name+"/"+fault.name, func(t *testing.T) {
				call := op.prepare(t)
				before := s.h.Gateway.Calls()
				s.must(t, s.h.Gateway.NextFault(fault.name))
				answer := call(t.Context())
				wantOutcome(t, op.name, answer, fault.allowed...)
				if answer.Code == "" {
					t.Error("the answer gives no reason")
				}
				if calls := s.h.Gateway.Calls() - before; calls != 1 {
					t.Errorf("one call was sent %d times", calls)
				}
			})
		}
	}
}

// faultsLeaveTruth: after an unknown outcome, inquiry and a repeat with the same numbers lead to
// what really happened, once.
func (s *suite) faultsLeaveTruth(t *testing.T) {
	for _, fault := range faultTable() {
		t.Run(fault.name, func(t *testing.T) {
			s.payThrough(t, fault)
			s.closeThrough(t, fault)
			s.refundThrough(t, fault)
		})
	}
}

func (s *suite) payThrough(t *testing.T, fault faultRow) {
	t.Helper()
	if s.signs() {
		return
	}
	r := s.request()
	s.must(t, s.h.Gateway.NextFault(fault.name))
	s.h.Channel.Pay(t.Context(), r)
	if fault.executed {
		s.wantState(t, r.TradeRef, core.TradeWaiting)
	} else {
		wantOutcome(t, "Query", s.h.Channel.Query(t.Context(), r.TradeRef).Answer, core.OutcomeAbsent)
	}
	s.wantPayable(t, s.h.Channel.Pay(t.Context(), r))
	if n := s.h.Gateway.Trades(r.OutTradeNo); n != 1 {
		t.Errorf("repeated, Pay made %d trades", n)
	}
}

func (s *suite) closeThrough(t *testing.T, fault faultRow) {
	t.Helper()
	if s.caps.Closer == nil {
		return
	}
	_, trade := s.opened(t)
	s.must(t, s.h.Gateway.NextFault(fault.name))
	s.caps.Closer.Close(t.Context(), trade)
	if fault.executed {
		s.wantState(t, trade, core.TradeClosed)
		return
	}
	s.wantState(t, trade, core.TradeWaiting)
	wantOutcome(t, "Close", s.caps.Closer.Close(t.Context(), trade).Answer, core.OutcomeSucceeded)
}

func (s *suite) refundThrough(t *testing.T, fault faultRow) {
	t.Helper()
	_, trade := s.paid(t)
	r := s.refundOf(trade, orderFen)
	s.must(t, s.h.Gateway.NextFault(fault.name))
	s.caps.Refunder.Refund(t.Context(), r)
	if fault.executed {
		s.wantRefundKnown(t, r)
	} else {
		wantOutcome(t, "QueryRefund", s.caps.Refunder.QueryRefund(t.Context(), r).Answer, core.OutcomeAbsent)
	}
	again := s.caps.Refunder.Refund(t.Context(), r)
	if again.Outcome == core.OutcomeFailed {
		t.Errorf("the repeat of a refund is reported failed: %s", again.Detail)
	}
	s.wantRefundKnown(t, r)
	if got := core.Fen(s.h.Gateway.RefundedFen(r.OutTradeNo)); got != orderFen {
		t.Errorf("the gateway sent back %d fen, want %d once", got, orderFen)
	}
}

// cancelled: a call that was given up proves nothing, or was provably never sent.
func (s *suite) cancelled(t *testing.T) {
	for _, op := range s.operations() {
		t.Run(op.name, func(t *testing.T) {
			call := op.prepare(t)
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			wantOutcome(t, op.name, call(ctx), core.OutcomeNotSent, core.OutcomeUnknown)
		})
	}
}

// unknownAccount: an account that is not wired is a fault of ours, and nothing is sent.
func (s *suite) unknownAccount(t *testing.T) {
	r := s.request()
	r.Account.ID = "nobody"
	before := s.h.Gateway.Calls()
	answers := map[string]core.Answer{
		"pay":          s.h.Channel.Pay(t.Context(), r).Answer,
		"query":        s.h.Channel.Query(t.Context(), r.TradeRef).Answer,
		"refund":       s.caps.Refunder.Refund(t.Context(), s.refundOf(r.TradeRef, partFen)).Answer,
		"refund query": s.caps.Refunder.QueryRefund(t.Context(), s.refundOf(r.TradeRef, partFen)).Answer,
	}
	if s.caps.Closer != nil {
		answers["close"] = s.caps.Closer.Close(t.Context(), r.TradeRef).Answer
	}
	for name, answer := range answers {
		wantOutcome(t, name, answer, core.OutcomeNotSent)
		if answer.Code != core.CodeNotConfigured {
			t.Errorf("%s: code %q", name, answer.Code)
		}
	}
	if s.h.Gateway.Calls() != before {
		t.Error("something was sent for an account that nobody knows")
	}
}
