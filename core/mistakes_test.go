package core_test

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/paymux/paymux/core"
	"github.com/paymux/paymux/core/storetest"
)

// The tests of this file were written because a seeded bug (testdata/mutants) or a kill cycle got
// past all others.

// interrupted is a channel whose second Pay is preceded by something else.
type interrupted struct {
	channel
	calls  *int
	before func()
}

func (c interrupted) Pay(ctx context.Context, r core.PayRequest) core.PayResult {
	if *c.calls++; *c.calls == 2 {
		c.before()
	}
	return c.channel.Pay(ctx, r)
}

// I04, P03: the create's answer was lost, an inquiry has found the trade, and before what the buyer
// needs is fetched the same request comes again, or the process dies. An answer without an action
// would be kept for good, and nobody could ever pay the order.
func TestCreateAnswerIsFinalOnlyWithItsAction(t *testing.T) {
	for _, death := range []bool{false, true} {
		w := newWorld(t)
		repeat := func() core.Answered {
			a, err := w.Checkout(context.Background(), shopCaller, order("A1", "alipay", 100))
			if err != nil {
				t.Fatal(err)
			}
			if v := view(t, a.Body); !a.Settling && v.Action == nil {
				t.Fatalf("final, and nothing to pay with: %s", a.Body)
			}
			return a
		}
		channels, err := core.NewChannels(interrupted{channel{"alipay_mini", core.DoorNative, w.bank}, new(int), func() {
			if death {
				panic("killed")
			}
			repeat()
		}})
		if err != nil {
			t.Fatal(err)
		}
		w.Channels = channels
		w.bank.plan("pay", "+unknown")
		func() {
			defer func() { _ = recover() }()
			repeat()
			repeat()
		}()
		if a := repeat(); a.Settling {
			t.Fatalf("never final: %s", a.Body)
		}
	}
}

// C10, S13: whatever the answer to a create is, it changes nothing about an attempt that a faster
// notification has settled.
func TestCreateAnswerAfterPaid(t *testing.T) {
	for _, answer := range []string{"", "+unknown"} {
		t.Run("answer "+answer, func(t *testing.T) {
			w := newWorld(t)
			if answer != "" {
				w.bank.plan("pay", answer)
			}
			w.Failpoints = pointFunc(func(p core.Point) {
				if p == core.PointPayAfterAnswer {
					w.Failpoints = nil
					list, _ := w.Payments(context.Background(), core.PaymentQuery{MerchantID: "m1"})
					w.bank.settle(list[0].Attempts[0].OutTradeNo, 100)
					w.notify("acc1", paidNotice(list[0], 0))
				}
			})
			v := w.create("A1", "alipay", 100)
			if v.Status != core.PaymentPaid || v.Settling || v.Attempts[0].Settling || v.Action != nil {
				t.Fatalf("got %+v", v)
			}
			due, err := w.Store.Due(context.Background(), core.DueQuery{Kind: core.DueAttempt, Until: w.clock.Now().Add(24 * time.Hour), Limit: 9})
			if err != nil || len(due) != 0 {
				t.Fatalf("a paid attempt is looked at again: %v %+v", err, due)
			}
		})
	}
}

// C08: an inquiry that names another amount is believed no more than a message would be: nothing is
// paid, nobody is told, a person is alarmed.
func TestInquiryC08AnotherAmount(t *testing.T) {
	w := newWorld(t)
	v := w.create("A1", "alipay", 100)
	w.bank.settle(v.Attempts[0].OutTradeNo, 100)
	w.bank.trades[v.Attempts[0].OutTradeNo].total = 1
	w.clock.Advance(time.Minute)
	w.sweep()
	if got := w.payment(v.ID); got.Status != core.PaymentPaying || got.PaidFen != 0 || !got.Settling || w.events(v.ID) != "" {
		t.Fatalf("%+v, events %q", got, w.events(v.ID))
	}
	if len(w.watch.alerts) != 1 || w.watch.alerts[0] != "attempt.amount_mismatch" || w.balance(core.LedgerGateway) != 0 {
		t.Fatal(w.watch.alerts)
	}
}

// G14: a message that names no refund but the sum refunded so far: what our own refunds explain is
// not booked again.
func TestExternalRefundG14Cumulative(t *testing.T) {
	w := newWorld(t)
	v := w.paid("A1", 100)
	w.refund(v.ID, "r1", 30)
	w.console(v, "console1", 20)
	if got := w.notify("acc1", refundNotice(v, "", 50)); got != "success" {
		t.Fatal(got)
	}
	w.sweep()
	if got := w.payment(v.ID); got.RefundedFen != 50 || len(got.Refunds) != 2 || got.Refunds[1].AmountFen != 20 {
		t.Fatalf("got %+v", got.Refunds)
	}
}

// G14, C11: the gateway tells of one console refund by two messages.
func TestExternalRefundG14ToldTwice(t *testing.T) {
	w := newWorld(t)
	v := w.paid("A1", 100)
	w.console(v, "console1", 40)
	for _, id := range []string{"first", "second"} {
		n := refundNotice(v, "console1", 40)
		n.ID = id
		if got := w.notify("acc1", n); got != "success" {
			t.Fatal(got)
		}
		w.sweep()
	}
	if got := w.payment(v.ID); got.RefundedFen != 40 || w.balance(core.LedgerGateway) != 60 {
		t.Fatalf("got %+v", got.Refunds)
	}
}

// I09: the order was made under a key; the same merchant_order_no without a key is the same request
// only if it says the same.
func TestCheckoutI09KeyFirstThenNone(t *testing.T) {
	w := newWorld(t)
	req := order("A1", "alipay", 100)
	req.IdempotencyKey = "k"
	first, err := w.Checkout(context.Background(), shopCaller, req)
	if err != nil {
		t.Fatal(err)
	}
	_, err = w.Checkout(context.Background(), shopCaller, order("A1", "alipay", 200))
	wantCode(t, err, core.CodeOrderExists)
	again, err := w.Checkout(context.Background(), shopCaller, order("A1", "alipay", 100))
	if err != nil || again.ID != first.ID {
		t.Fatalf("%v %s, want %s", err, again.ID, first.ID)
	}
}

// S05, S06: money comes for the first attempt while the second can be paid. The second is closed at
// the gateway at once, not at its next look.
func TestSecondAttemptClosesWhenFirstIsPaid(t *testing.T) {
	w := newWorld(t)
	v := w.create("A1", "wechat", 100)
	_, err := w.NextAttempt(context.Background(), shopCaller, core.AttemptRequest{
		PaymentID: v.ID, Platform: "alipay", Payer: core.Payer{UserID: "2088000000000002"}, IdempotencyKey: "k",
	})
	if err != nil {
		t.Fatal(err)
	}
	w.bank.settle(v.Attempts[0].OutTradeNo, 100)
	w.notify("acc1", paidNotice(v, 0))
	w.sweep()
	got := w.payment(v.ID)
	if got.Status != core.PaymentPaid || w.bank.trades[got.Attempts[1].OutTradeNo].state != core.TradeClosed {
		t.Fatalf("%s, the second attempt is %+v", got.Status, w.bank.trades[got.Attempts[1].OutTradeNo])
	}
}

// D08, C38: the commit of a message has no answer. The gateway is asked to send it again, and then
// it counts once.
func TestNotifyD08CommitWithoutAnswer(t *testing.T) {
	w := newWorld(t)
	v := w.create("A1", "alipay", 100)
	w.bank.settle(v.Attempts[0].OutTradeNo, 100)
	w.memory.Fail(storetest.FaultSilent)
	if got := w.notify("acc1", paidNotice(v, 0)); got != "fail" {
		t.Fatalf("answered %q for a message of which nobody knows whether it is stored", got)
	}
	if got := w.notify("acc1", paidNotice(v, 0)); got != "success" || w.events(v.ID) != "payment.paid" || w.balance(core.LedgerGateway) != 100 {
		t.Fatal(got, w.events(v.ID))
	}
}

// A page was opened, and an inquiry about it got lost. The next one says that nobody has entered
// the cashier: then nothing is unknown, and whoever opens the page again can pay.
func TestPageIsPayableAfterALostInquiry(t *testing.T) {
	w := newWorld(t)
	v := w.create("A1", "wechat", 100)
	w.open(v)
	w.bank.plan("query", "unknown")
	w.clock.Advance(20 * time.Second)
	w.sweep()
	if got := w.payment(v.ID); !got.Settling {
		t.Fatalf("a lost inquiry leaves the outcome unknown: %+v", got)
	}
	w.clock.Advance(20 * time.Second)
	w.sweep()
	if got := w.payment(v.ID); got.Settling {
		t.Fatalf("the gateway has answered: %+v", got)
	}
	w.open(v)
}

// busy is a channel whose gateway answers nothing but when to come again.
type busy struct{ channel }

var comeAgain = core.Answer{Outcome: core.OutcomeNotSent, Code: "rate_limited", RetryAfter: 7 * time.Minute}

func (busy) Query(context.Context, core.TradeRef) core.TradeResult {
	return core.TradeResult{Answer: comeAgain}
}
func (busy) QueryRefund(context.Context, core.RefundRequest) core.RefundResult {
	return core.RefundResult{Answer: comeAgain}
}

// G11: when the gateway says when to come again, an attempt and a refund are asked for then and not
// before.
func TestInquiryG11ComesWhenToldTo(t *testing.T) {
	w := newWorld(t)
	v := w.paid("A1", 100)
	w.bank.plan("refund", "+unknown")
	w.refund(v.ID, "r1", 10)
	w.create("A2", "alipay", 100)
	w.Channels = must(core.NewChannels(busy{channel{"alipay_mini", core.DoorNative, w.bank}}))
	w.clock.Advance(time.Minute)
	w.sweep()
	for _, kind := range []core.DueKind{core.DueAttempt, core.DueRefund} {
		due := must(w.Store.Due(context.Background(), core.DueQuery{Kind: kind, Until: w.clock.Now().Add(24 * time.Hour), Limit: 9}))
		if len(due) != 1 || !due[0].At.Equal(w.clock.Now().Add(comeAgain.RetryAfter)) {
			t.Errorf("%s: %+v", kind, due)
		}
	}
}

// S15: two processes find the same refund of late money unsent. One of them sends it; the other
// leaves it alone.
func TestRefundS15SentByOne(t *testing.T) {
	w := newWorld(t)
	v := w.create("A1", "alipay", 100)
	must(w.close(v.ID))
	w.bank.settle(v.Attempts[0].OutTradeNo, 100)
	w.notify("acc1", paidNotice(v, 0))
	id := w.payment(v.ID).LatePayment.RefundID
	settle := func() {
		if err := w.SettleRefund(context.Background(), "m1", id); err != nil {
			t.Error(err)
		}
	}
	w.Store = &racing{w.Store, func() {
		w.bank.plan("refund", "unknown")
		settle()
	}}
	settle()
	if w.bank.count("refund") != 1 {
		t.Fatalf("sent %d times", w.bank.count("refund"))
	}
	w.clock.Advance(time.Minute)
	w.sweep()
	if w.payment(v.ID).Refunds[0].Status != core.RefundSucceeded {
		t.Fatal("never sent back")
	}
}

// B15, P-5: an attempt about which the gateway says nothing is asked for again and again, and from
// an hour after its last look on a person is told each time; not before, when nobody could know
// more.
func TestAttemptB15UnsettledAlarms(t *testing.T) {
	w := newWorld(t)
	w.bank.plan("pay", "+unknown")
	for range 60 {
		w.bank.plan("query", "unknown")
	}
	must(w.Checkout(context.Background(), shopCaller, order("A1", "alipay", 100)))
	asked := 0
	for passed := time.Duration(0); passed < 48*time.Hour; passed += 20 * time.Minute {
		w.clock.Advance(20 * time.Minute)
		w.sweep()
		if len(w.watch.alerts) == 0 {
			asked = w.bank.count("query")
		}
		if passed < 100*time.Minute && len(w.watch.alerts) > 0 {
			t.Fatalf("alarmed after %s already", passed)
		}
	}
	later := w.bank.count("query") - asked
	if later == 0 || len(w.watch.alerts) != later || w.watch.alerts[0] != "attempt.unsettled" {
		t.Fatalf("%d inquiries without an answer since the first alarm, alerts %v", later, w.watch.alerts)
	}
}

// C19: a message names a trade_no that another order holds. It is kept for a person, pays nothing,
// and need not come again.
func TestNotifyC19TradeNoOfAnotherOrder(t *testing.T) {
	w := newWorld(t)
	paid, other := w.paid("A1", 100), w.create("A2", "wechat", 100)
	w.open(other)
	n := paidNotice(other, 0)
	n.Trade.TradeNo = paid.Attempts[0].TradeNo
	for range 2 {
		if got := w.notify("acc1", n); got != "success" || w.payment(other.ID).PaidFen != 0 {
			t.Fatal(got, w.payment(other.ID).PaidFen)
		}
	}
	if len(w.watch.alerts) == 0 || w.watch.alerts[0] != "notify.trade_no_taken" || w.balance(core.LedgerGateway) != 100 {
		t.Fatal(w.watch.alerts)
	}
}

// elsewhere is a second gateway, which would believe the same messages.
type elsewhere struct{ mail }

func (elsewhere) ID() core.GatewayID { return "elsewhere" }

// C36, F05: an account is heard by its own gateway only.
func TestNotifyC36AccountOfAnotherGateway(t *testing.T) {
	w := newWorld(t)
	w.Gateways = append(w.Gateways, elsewhere{})
	v := w.create("A1", "alipay", 100)
	body := must(json.Marshal(paidNotice(v, 0)))
	_, err := w.Receive(context.Background(), "elsewhere", "acc1", core.Message{Method: "POST", Body: body})
	wantCode(t, err, core.CodeNotConfigured)
	if w.payment(v.ID).PaidFen != 0 {
		t.Fatal("paid by a stranger's word")
	}
}
