package channeltest

import (
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/paymux/paymux/core"
)

// The sums that the suite moves, in fen.
const (
	orderFen  core.Fen = 8888
	partFen   core.Fen = 3000
	secondFen core.Fen = 1888
)

// Run holds the channel to everything core relies on. Subtests run one after another, because a
// fault spoils whichever call comes next.
func Run(t *testing.T, h Harness) {
	t.Helper()
	channels, err := core.NewChannels(h.Channel)
	if err != nil {
		t.Fatalf("core refuses the channel: %v", err)
	}
	caps, _ := channels.Get(h.Channel.ID())
	s := &suite{h: h, caps: caps}
	for _, c := range slices.Concat(s.ending(), []part{
		{"identity", s.identity},
		{"capabilities", s.capabilities},
		{"pay", s.pay},
		{"pay twice is one trade", s.payTwice},
		{"pay with the trade's number known", s.payKnown},
		{"what is signed needs no network", s.signedLocally},
		{"absent before it is opened", s.absent},
		{"query follows the trade", s.queryFollows},
		{"refund in part and in full", s.refundInParts},
		{"refund repeated", s.refundRepeated},
		{"refund too much", s.refundTooMuch},
		{"refund of what is unpaid", s.refundUnpaid},
		{"refund made outside", s.refundOutside},
		{"authorize", s.authorize},
		{"faults", s.faults},
		{"faults leave the truth", s.faultsLeaveTruth},
		{"cancelled context", s.cancelled},
		{"unknown account", s.unknownAccount},
		{"messages", s.messages},
		{"forged messages", s.forgedMessages},
		{"harmless messages", s.harmlessMessages},
		{"replies", s.replies},
		{"many at once", s.manyAtOnce},
	}) {
		t.Run(c.name, c.test)
	}
}

// part is one part of the suite.
type part struct {
	name string
	test func(*testing.T)
}

// ending is how unpaid trades end: by Closer, or by their time.
func (s *suite) ending() []part {
	if s.caps.Closer != nil {
		return []part{
			{"close decides", s.closeDecides}, {"close on paid fails", s.closeOnPaid}, {"close loses to a payment outside", s.closedOutside},
		}
	}
	return []part{
		{"open until its end", s.openUntilItsEnd}, {"the truth within the grace", s.truthWithinTheGrace}, {"over after its end", s.overAfterItsEnd},
	}
}

type suite struct {
	h    Harness
	caps core.Capabilities
	last atomic.Int64
}

// number draws a new number for the gateway, as core would: ASCII letters and digits, at most 32.
func (s *suite) number(prefix string) string {
	return fmt.Sprintf("%s%022d", prefix, s.last.Add(1))
}

// request is a new attempt over orderFen.
func (s *suite) request() core.PayRequest {
	no := s.number("CT")
	return core.PayRequest{
		TradeRef:  core.TradeRef{Account: s.h.Account, OutTradeNo: no},
		PaymentID: "pay_" + no,
		AmountFen: orderFen,
		Subject:   "两杯热茶 two cups of tea",
		Lines: []core.Line{
			{LineID: "1", GoodsID: "tea", Name: "热茶 tea", Category: "physical.food", Quantity: 2, PriceFen: 4000},
			{LineID: "2", GoodsID: "bag", Name: "纸袋 bag", Category: "physical", Quantity: 1, PriceFen: 888},
		},
		Payer:      s.h.Payer,
		ClientIP:   "203.0.113.7",
		TimeExpire: s.h.Now().Add(15 * time.Minute).Truncate(time.Second),
		SignedAt:   s.h.Now(),
		ReturnURL:  "https://pay.example/return/" + no,
		QuitURL:    "https://pay.example/h5/" + no,
	}
}

// ref names the attempt of a request, with what Pay or Query added.
func ref(r core.PayRequest, tradeNo string, state []byte) core.TradeRef {
	t := r.TradeRef
	t.TradeNo, t.ChannelState = tradeNo, state
	return t
}

// opened makes a trade that waits for its buyer.
func (s *suite) opened(t *testing.T) (core.PayRequest, core.TradeRef) {
	t.Helper()
	r := s.request()
	result := s.h.Channel.Pay(t.Context(), r)
	s.wantPayable(t, result)
	s.enter(t, result)
	return r, ref(r, result.TradeNo, result.ChannelState)
}

// paid makes a trade that is paid.
func (s *suite) paid(t *testing.T) (core.PayRequest, core.TradeRef) {
	t.Helper()
	r, trade := s.opened(t)
	s.must(t, s.h.Gateway.Settle(r.OutTradeNo))
	return r, trade
}

// signs tells whether Pay signs something by which the buyer makes the trade, instead of making it.
func (s *suite) signs() bool {
	return s.h.Channel.Door() == core.DoorPage || s.h.Account.PaysWithoutTrade
}

func (s *suite) enter(t *testing.T, result core.PayResult) {
	t.Helper()
	if err := s.h.Gateway.Enter(result.Action); err != nil {
		t.Fatalf("the buyer cannot enter what Pay handed out: %v", err)
	}
}

func (s *suite) must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// wantPayable checks what Pay owes when it worked.
func (s *suite) wantPayable(t *testing.T, result core.PayResult) {
	t.Helper()
	want := core.OutcomeSucceeded
	if s.signs() {
		want = core.OutcomePending
	}
	wantOutcome(t, "Pay", result.Answer, want)
	if result.Action.Empty() {
		t.Fatal("Pay worked but says not what the client does next")
	}
	if result.KeyVersion == "" {
		t.Error("Pay does not say which key version signed")
	}
}

func wantOutcome(t *testing.T, what string, answer core.Answer, want ...core.Outcome) {
	t.Helper()
	if !slices.Contains(want, answer.Outcome) {
		t.Fatalf("%s answered %s (code %q, detail %q, err %v), want %v", what, answer.Outcome, answer.Code, answer.Detail, answer.Err, want)
	}
}

// wantState queries and checks the whole description of the trade.
func (s *suite) wantState(t *testing.T, trade core.TradeRef, want core.TradeState) core.Trade {
	t.Helper()
	result := s.h.Channel.Query(t.Context(), trade)
	wantOutcome(t, "Query", result.Answer, core.OutcomeSucceeded)
	got := result.Trade
	if got.State != want {
		t.Fatalf("the trade is %s, want %s", got.State, want)
	}
	if got.OutTradeNo != trade.OutTradeNo || got.TotalFen != orderFen {
		t.Fatalf("Query described another trade: %+v", got)
	}
	if got.TradeNo == "" && (!s.h.Unnumbered || !got.PaidAt.IsZero()) {
		t.Fatalf("Query does not name the trade by the gateway's number: %+v", got)
	}
	if trade.TradeNo != "" && got.TradeNo != trade.TradeNo {
		t.Fatalf("the trade's number changed from %s to %s", trade.TradeNo, got.TradeNo)
	}
	if want == core.TradePaid && got.PaidAt.IsZero() {
		t.Error("a paid trade has no time of payment")
	}
	return got
}
