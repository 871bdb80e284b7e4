package channeltest

import (
	"testing"

	"github.com/paymux/paymux/core"
)

func (s *suite) refundOf(trade core.TradeRef, fen core.Fen) core.RefundRequest {
	return core.RefundRequest{
		TradeRef: trade, TotalFen: orderFen, OutRequestNo: s.number("RF"), AmountFen: fen, Reason: "买家退货 returned",
	}
}

// wantRefunded settles a refund the way core does: send, and unless that settled it, ask.
func (s *suite) wantRefunded(t *testing.T, r core.RefundRequest, cumulative core.Fen) {
	t.Helper()
	sent := s.caps.Refunder.Refund(t.Context(), r)
	wantOutcome(t, "Refund", sent.Answer, core.OutcomeSucceeded, core.OutcomePending)
	if sent.Outcome == core.OutcomeSucceeded && sent.CumulativeFen != 0 && sent.CumulativeFen != cumulative {
		t.Errorf("the trade has refunded %d fen in all, want %d", sent.CumulativeFen, cumulative)
	}
	s.wantRefundKnown(t, r)
	if got := core.Fen(s.h.Gateway.RefundedFen(r.OutTradeNo)); got != cumulative {
		t.Fatalf("the gateway sent back %d fen, want %d", got, cumulative)
	}
}

func (s *suite) wantRefundKnown(t *testing.T, r core.RefundRequest) {
	t.Helper()
	asked := s.caps.Refunder.QueryRefund(t.Context(), r)
	wantOutcome(t, "QueryRefund", asked.Answer, core.OutcomeSucceeded)
	if asked.ActualFen != 0 && asked.ActualFen != r.AmountFen {
		t.Errorf("the refund sent back %d fen, want %d", asked.ActualFen, r.AmountFen)
	}
	if asked.TotalFen != 0 && asked.TotalFen != orderFen {
		t.Errorf("the refund speaks of a trade of %d fen, want %d", asked.TotalFen, orderFen)
	}
}

func (s *suite) refundInParts(t *testing.T) {
	_, trade := s.paid(t)
	s.wantRefunded(t, s.refundOf(trade, partFen), partFen)
	s.wantState(t, trade, core.TradePaid)
	s.wantRefunded(t, s.refundOf(trade, secondFen), partFen+secondFen)
	s.wantRefunded(t, s.refundOf(trade, orderFen-partFen-secondFen), orderFen)
	s.wantState(t, trade, core.TradeClosed)
}

// refundRepeated: one number is one refund, however often it is sent (I11); "nothing moved in this
// call" is not success by itself (G07).
func (s *suite) refundRepeated(t *testing.T) {
	for name, fen := range map[string]core.Fen{"part": partFen, "all": orderFen} {
		t.Run(name, func(t *testing.T) {
			_, trade := s.paid(t)
			r := s.refundOf(trade, fen)
			s.wantRefunded(t, r, fen)
			for range 3 {
				again := s.caps.Refunder.Refund(t.Context(), r)
				if again.Outcome == core.OutcomeFailed {
					t.Fatalf("a refund that was made is reported failed: %s", again.Detail)
				}
				s.wantRefundKnown(t, r)
			}
			if got := core.Fen(s.h.Gateway.RefundedFen(r.OutTradeNo)); got != fen {
				t.Errorf("the gateway sent back %d fen, want %d once", got, fen)
			}
		})
	}
}

func (s *suite) refundTooMuch(t *testing.T) {
	_, trade := s.paid(t)
	s.wantRefunded(t, s.refundOf(trade, partFen), partFen)
	r := s.refundOf(trade, orderFen-partFen+1)
	wantOutcome(t, "Refund", s.caps.Refunder.Refund(t.Context(), r).Answer, core.OutcomeFailed)
	if got := core.Fen(s.h.Gateway.RefundedFen(r.OutTradeNo)); got != partFen {
		t.Errorf("the gateway sent back %d fen, want %d", got, partFen)
	}
	wantOutcome(t, "QueryRefund", s.caps.Refunder.QueryRefund(t.Context(), r).Answer, core.OutcomeAbsent)
}

func (s *suite) refundUnpaid(t *testing.T) {
	_, trade := s.opened(t)
	r := s.refundOf(trade, partFen)
	// A gateway may call the state of a trade that has nothing left by the same name; then its
	// query must tell the two apart.
	if refused := s.caps.Refunder.Refund(t.Context(), r).Answer; refused.Code != core.NothingLeft {
		wantOutcome(t, "Refund", refused, core.OutcomeFailed)
	} else {
		wantOutcome(t, "Refund", refused, core.OutcomeUnknown)
	}
	wantOutcome(t, "QueryRefund", s.caps.Refunder.QueryRefund(t.Context(), r).Answer, core.OutcomeAbsent)
	s.wantState(t, trade, core.TradeWaiting)
}

// refundOutside: what the gateway's console sent back shows up in what remains (G14).
func (s *suite) refundOutside(t *testing.T) {
	r, trade := s.paid(t)
	s.must(t, s.h.Gateway.RefundOutside(r.OutTradeNo, s.number("EX"), int64(partFen)))
	s.wantRefunded(t, s.refundOf(trade, secondFen), partFen+secondFen)
	// A refund that was never asked for is absent, not failed (G08).
	never := s.refundOf(trade, secondFen)
	wantOutcome(t, "QueryRefund", s.caps.Refunder.QueryRefund(t.Context(), never).Answer, core.OutcomeAbsent)
}

func (s *suite) authorize(t *testing.T) {
	if s.caps.Authorizer == nil {
		return
	}
	if s.h.LoginCode == nil {
		t.Fatal("the channel can authorize; the harness has no login codes")
	}
	code := s.h.LoginCode()
	got := s.caps.Authorizer.Authorize(t.Context(), s.h.Account, code)
	wantOutcome(t, "Authorize", got.Answer, core.OutcomeSucceeded)
	if got.Payer != s.h.Payer {
		t.Errorf("the code names %+v, want %+v", got.Payer, s.h.Payer)
	}
	for name, bad := range map[string]string{"used": code, "made up": "0123456789abcdef0123456789abcdef", "empty": ""} {
		refused := s.caps.Authorizer.Authorize(t.Context(), s.h.Account, bad)
		wantOutcome(t, name, refused.Answer, core.OutcomeFailed)
		if refused.Code != core.CodeLoginFailed || !refused.Payer.Empty() {
			t.Errorf("%s: code %q, payer %+v", name, refused.Code, refused.Payer)
		}
	}
}
