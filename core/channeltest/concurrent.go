package channeltest

import (
	"sync"
	"testing"

	"github.com/paymux/paymux/core"
)

// manyAtOnce: a channel is one value for all merchants; under the race detector this shows that it
// keeps nothing between calls. Repeats of one attempt at the same moment still make one trade, and
// of one refund one refund.
func (s *suite) manyAtOnce(t *testing.T) {
	const workers = 8
	shared := s.request()
	_, paid := s.paid(t)
	refund := s.refundOf(paid, partFen)
	ctx := t.Context()
	var group sync.WaitGroup
	for range workers {
		group.Go(func() {
			own := s.request()
			if result := s.h.Channel.Pay(ctx, own); result.Action.Empty() {
				t.Errorf("Pay beside others: %s %s", result.Outcome, result.Detail)
			}
			if result := s.h.Channel.Pay(ctx, shared); result.Action.Empty() {
				t.Errorf("the same Pay beside itself: %s %s", result.Outcome, result.Detail)
			}
			if got := s.h.Channel.Query(ctx, paid); got.Outcome != core.OutcomeSucceeded || got.Trade.State != core.TradePaid {
				t.Errorf("Query beside others: %s %s", got.Outcome, got.Detail)
			}
			if got := s.caps.Refunder.Refund(ctx, refund); got.Outcome == core.OutcomeFailed {
				t.Errorf("the same Refund beside itself: %s", got.Detail)
			}
		})
	}
	group.Wait()
	if n := s.h.Gateway.Trades(shared.OutTradeNo); n > 1 {
		t.Errorf("%d repeats of one attempt made %d trades", workers, n)
	}
	s.wantRefundKnown(t, refund)
	if got := core.Fen(s.h.Gateway.RefundedFen(paid.OutTradeNo)); got != partFen {
		t.Errorf("the gateway sent back %d fen, want %d once", got, partFen)
	}
}
