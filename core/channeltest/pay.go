package channeltest

import (
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/paymux/paymux/core"
)

func (s *suite) identity(t *testing.T) {
	ch := s.h.Channel
	if ch.ID() == "" || ch.Gateway() == "" {
		t.Fatal("a channel needs an id and a gateway")
	}
	if door := ch.Door(); door != core.DoorNative && door != core.DoorPage {
		t.Errorf("door %q", door)
	}
	if ch.Gateway() != s.h.Receiver.ID() {
		t.Errorf("the channel talks to %s, its messages come from %s", ch.Gateway(), s.h.Receiver.ID())
	}
	if s.h.Account.Gateway != ch.Gateway() || !s.h.Account.Serves(ch.ID()) {
		t.Error("the harness's account does not serve the channel")
	}
}

func (s *suite) capabilities(t *testing.T) {
	got, want := s.caps.Names(), slices.Clone(s.h.Want)
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("the channel can %v, the harness says %v", got, want)
	}
	if s.caps.Instalments != nil {
		for _, periods := range s.caps.Instalments.Periods() {
			if periods < 2 {
				t.Errorf("%d instalments are none", periods)
			}
		}
	}
}

func (s *suite) pay(t *testing.T) {
	r := s.request()
	result := s.h.Channel.Pay(t.Context(), r)
	s.wantPayable(t, result)
	switch {
	case s.h.Channel.Door() == core.DoorPage:
		if result.Action.Type != core.ActionForm && result.Action.Type != core.ActionRedirect {
			t.Errorf("a page cannot do a %s", result.Action.Type)
		}
	case s.signs():
		if n := s.h.Gateway.Trades(r.OutTradeNo); n != 0 || result.TradeNo != "" {
			t.Errorf("a Pay that only signs made %d trades and named %q", n, result.TradeNo)
		}
	default:
		if result.TradeNo == "" && !s.h.Unnumbered || s.h.Gateway.Trades(r.OutTradeNo) != 1 {
			t.Errorf("a native Pay made %d trades and named %q", s.h.Gateway.Trades(r.OutTradeNo), result.TradeNo)
		}
	}
	s.enter(t, result)
	s.wantState(t, ref(r, result.TradeNo, result.ChannelState), core.TradeWaiting)
}

func (s *suite) payTwice(t *testing.T) {
	r := s.request()
	first := s.h.Channel.Pay(t.Context(), r)
	s.wantPayable(t, first)
	s.enter(t, first)
	second := s.h.Channel.Pay(t.Context(), r)
	s.wantPayable(t, second)
	if first.TradeNo != second.TradeNo || first.Action.Type != second.Action.Type || first.Action.TradeNo != second.Action.TradeNo {
		t.Errorf("repeated, Pay handed out %+v and then %+v", first.Action, second.Action)
	}
	s.enter(t, second)
	if n := s.h.Gateway.Trades(r.OutTradeNo); n != 1 {
		t.Errorf("repeated, Pay made %d trades", n)
	}
}

// payKnown: once the trade's number is known, a native Pay needs the gateway no more.
func (s *suite) payKnown(t *testing.T) {
	if s.h.Channel.Door() != core.DoorNative || s.h.Unnumbered {
		return
	}
	r := s.request()
	first := s.h.Channel.Pay(t.Context(), r)
	s.wantPayable(t, first)
	s.enter(t, first)
	r.TradeRef = ref(r, s.wantState(t, r.TradeRef, core.TradeWaiting).TradeNo, first.ChannelState)
	before := s.h.Gateway.Calls()
	second := s.h.Channel.Pay(t.Context(), r)
	wantOutcome(t, "Pay", second.Answer, core.OutcomeSucceeded)
	if s.h.Gateway.Calls() != before {
		t.Error("Pay asked the gateway for what was known")
	}
	if second.TradeNo != r.TradeNo || !s.signs() && (second.Action.Type != first.Action.Type || second.Action.TradeNo != first.Action.TradeNo) {
		t.Errorf("Pay handed out %+v and then %+v", first.Action, second.Action)
	}
	s.enter(t, second)
	if n := s.h.Gateway.Trades(r.OutTradeNo); n != 1 {
		t.Errorf("with its number known, Pay made %d trades", n)
	}
}

// signedLocally: a page is opened far more often than it is paid, and while anything is signed
// nobody waits for a gateway. The same request, whenever it is signed, gives the same bytes: one
// signature per attempt and key version.
func (s *suite) signedLocally(t *testing.T) {
	if !s.signs() {
		return
	}
	r, before := s.request(), s.h.Gateway.Calls()
	first := s.h.Channel.Pay(t.Context(), r)
	s.h.Gateway.Advance(90 * time.Second)
	second := s.h.Channel.Pay(t.Context(), r)
	s.wantPayable(t, first)
	if calls := s.h.Gateway.Calls() - before; calls != 0 {
		t.Errorf("Pay made %d calls", calls)
	}
	if s.h.Gateway.Trades(r.OutTradeNo) != 0 {
		t.Error("there is a trade that nobody opened")
	}
	if first.Action.URL != second.Action.URL || first.Action.Text != second.Action.Text || !maps.Equal(first.Action.Fields, second.Action.Fields) {
		t.Errorf("the same order is signed into other bytes:\n%+v\n%+v", first.Action, second.Action)
	}
}

func (s *suite) absent(t *testing.T) {
	r := s.request()
	if s.signs() {
		s.wantPayable(t, s.h.Channel.Pay(t.Context(), r))
	}
	wantOutcome(t, "Query", s.h.Channel.Query(t.Context(), r.TradeRef).Answer, core.OutcomeAbsent)
	if s.caps.Closer != nil {
		wantOutcome(t, "Close", s.caps.Closer.Close(t.Context(), r.TradeRef).Answer, core.OutcomeAbsent)
	}
}

func (s *suite) queryFollows(t *testing.T) {
	r, trade := s.opened(t)
	waiting := s.wantState(t, trade, core.TradeWaiting)
	if !waiting.PaidAt.IsZero() {
		t.Error("an unpaid trade has a time of payment")
	}
	s.must(t, s.h.Gateway.Settle(r.OutTradeNo))
	paid := s.wantState(t, trade, core.TradePaid)
	if paid.ReceiptFen < 0 || paid.ReceiptFen > orderFen {
		t.Errorf("the merchant receives %d of %d fen", paid.ReceiptFen, orderFen)
	}
	trade.TradeNo = "" // the number of ours is enough
	s.wantState(t, trade, core.TradePaid)
	s.must(t, s.h.Gateway.RefundOutside(r.OutTradeNo, s.number("RF"), int64(partFen)))
	s.wantState(t, trade, core.TradePaid)
	s.must(t, s.h.Gateway.RefundOutside(r.OutTradeNo, s.number("RF"), int64(orderFen-partFen)))
	s.wantState(t, trade, core.TradeClosed)
}
