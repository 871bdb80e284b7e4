package core_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/paymux/paymux/core"
)

// newStringWorld is a world whose shop's native payments are order strings: nothing exists at the
// gateway until a buyer enters its cashier.
func newStringWorld(t *testing.T) *world {
	t.Helper()
	return newWorld(t).with(func(m *core.Merchant) { m.Accounts[0].PaysWithoutTrade, m.Accounts[0].NeedsPayer = true, false })
}

func (w *world) wantState(id string, status core.PaymentStatus, settling bool) core.PaymentView {
	w.t.Helper()
	v := w.payment(id)
	if v.Status != status || v.Settling != settling {
		w.t.Fatalf("%s, settling %v, want %s, %v", v.Status, v.Settling, status, settling)
	}
	return v
}

// A signed order is payable, not unknown, though the gateway has never heard of it; and paid once
// somebody has paid it.
func TestOrderStringIsPayableBeforeItExists(t *testing.T) {
	w := newStringWorld(t)
	v := w.create("A1", "alipay", 100)
	if v.Status != core.PaymentPaying || v.Settling || v.Action == nil || v.Action.Type != actionOrderString || v.Action.Text == "" {
		t.Fatalf("got %+v", v)
	}
	for range 5 { // asked for, and absent
		w.clock.Advance(time.Minute)
		w.sweep()
	}
	if got := w.wantState(v.ID, core.PaymentPaying, false); got.Action == nil || got.Action.Text != v.Action.Text ||
		w.bank.count("query") == 0 || len(w.bank.trades) != 0 {
		t.Fatalf("after %d queries %+v", w.bank.count("query"), got.Action)
	}
	w.bank.settle(v.Attempts[0].OutTradeNo, 100)
	w.clock.Advance(5 * time.Minute)
	w.sweep()
	got := w.wantState(v.ID, core.PaymentPaid, false)
	if got.Action != nil || got.Attempts[0].TradeNo == "" {
		t.Errorf("paid, and still to be paid: %+v", got)
	}
}

// I04, P02, P03: asked again, now or after the process died before the string was kept, the same
// text comes back, and nothing was made meanwhile.
func TestOrderStringIsTheSameForOneAttempt(t *testing.T) {
	calm := newStringWorld(t)
	text := calm.create("A1", "alipay", 100).Action.Text
	if again := calm.create("A1", "alipay", 100).Action.Text; again != text {
		t.Errorf("%q and then %q", text, again)
	}
	for _, p := range []core.Point{core.PointCheckoutAfterInsert, core.PointPayAfterAnswer} {
		t.Run(string(p), func(t *testing.T) {
			l := newLives(t, p, 1, true)
			l.survives(func() { l.create("A1", "alipay", 100) })
			if a := must(l.Checkout(context.Background(), shopCaller, order("A1", "alipay", 100))); !a.Settling || view(t, a.Body).Action != nil {
				t.Errorf("while nobody knows: %+v", a)
			}
			l.clock.Advance(time.Minute)
			queries := l.bank.count("query")
			v := l.create("A1", "alipay", 100)
			if v.Action == nil || v.Action.Text != text || v.Settling || len(v.Attempts) != 1 {
				t.Fatalf("got %+v, want %q", v.Action, text)
			}
			if l.bank.count("query") == queries || len(l.bank.trades) != 0 {
				t.Error("signed again without asking first")
			}
		})
	}
}

// S03: nobody has entered, so the gateway knows nothing and closes nothing; until time_expire and
// the grace are over somebody still may.
func TestOrderStringS03AbsentWaitsForGrace(t *testing.T) {
	for name, wait := range map[string]func(*world, core.PaymentView){
		"expiry": func(w *world, _ core.PaymentView) {
			w.clock.Advance(15 * time.Minute)
			w.sweep()
			w.clock.Advance(5 * time.Minute)
		},
		"the merchant's close": func(w *world, v core.PaymentView) {
			if c, err := w.close(v.ID); err != nil || c.Closed {
				w.t.Fatalf("%v %+v", err, c)
			}
			w.clock.Advance(20 * time.Minute)
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newStringWorld(t)
			v := w.create("A1", "alipay", 100)
			wait(w, v)
			w.sweep()
			if got := w.payment(v.ID); got.Status == core.PaymentClosed {
				t.Fatal("closed while the string could still be entered")
			}
			w.clock.Advance(2 * time.Minute)
			w.sweep()
			w.wantState(v.ID, core.PaymentClosed, false)
			if w.events(v.ID) != "payment.closed" {
				t.Error(w.events(v.ID))
			}
		})
	}
	t.Run("entered, and closed at the gateway", func(t *testing.T) {
		w := newStringWorld(t)
		v := w.create("A1", "alipay", 100)
		w.bank.create(v.Attempts[0].OutTradeNo, 100)
		if c, err := w.close(v.ID); err != nil || !c.Closed || w.bank.count("close") != 1 {
			t.Fatalf("%v %+v", err, c)
		}
	})
}

// S05: a string that was handed out cannot be called back before the gateway knows it: the buyer
// goes on with it.
func TestOrderStringS05NextAttempt(t *testing.T) {
	w := newStringWorld(t)
	v := w.create("A1", "alipay", 100)
	next := func(key string) error {
		_, err := w.NextAttempt(context.Background(), shopCaller, core.AttemptRequest{PaymentID: v.ID, Platform: "wechat", IdempotencyKey: key})
		return err
	}
	if e := wantCode(t, next("k1"), core.CodeAttemptInFlight); e.RetryAfterSeconds < 1 {
		t.Error("no Retry-After")
	}
	if got := w.wantState(v.ID, core.PaymentPaying, false); got.Action == nil || got.Action.Text != v.Action.Text {
		t.Errorf("what cannot be closed must stay payable: %+v", got.Action)
	}
	w.bank.create(v.Attempts[0].OutTradeNo, 100)
	if err := next("k2"); err != nil || w.bank.trades[v.Attempts[0].OutTradeNo].state != core.TradeClosed {
		t.Errorf("entered and left: %v", err)
	}
}

// Whoever holds the string may pay: no buyer need be named, as the first attempt's or the next
// one's. A trade that is made beforehand needs one.
func TestOrderStringNeedsNoPayer(t *testing.T) {
	w := newStringWorld(t)
	req := order("A1", "alipay", 100)
	req.Payer = core.Payer{}
	made, err := w.Checkout(context.Background(), shopCaller, req)
	if err != nil || view(t, made.Body).Action == nil {
		t.Fatalf("%v %s", err, made.Body)
	}
	v := w.create("A2", "wechat", 100)
	if _, err := w.NextAttempt(context.Background(), shopCaller, core.AttemptRequest{PaymentID: v.ID, Platform: "alipay", IdempotencyKey: "k"}); err != nil {
		t.Fatal(err)
	}
}

// W17: the string lets its holder pay, so it goes to whoever asked for it and not into events, nor
// into what is shown of an order that is over.
func TestOrderStringIsNotTold(t *testing.T) {
	w := newStringWorld(t)
	v := w.create("A1", "alipay", 100)
	w.bank.settle(v.Attempts[0].OutTradeNo, 100)
	if got := w.notify("acc1", paidNotice(v, 0)); got != "success" {
		t.Fatal(got)
	}
	list, err := w.EventPage(context.Background(), core.EventQuery{MerchantID: "m1", PaymentID: v.ID})
	if err != nil || len(list) != 1 {
		t.Fatalf("%v, %d events", err, len(list))
	}
	if strings.Contains(string(list[0].Body), v.Action.Text) || w.payment(v.ID).Action != nil {
		t.Errorf("told: %s", list[0].Body)
	}
}
