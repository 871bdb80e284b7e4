package core_test

import (
	"context"
	"testing"
	"time"

	"github.com/paymux/paymux/core"
)

// What a channel without Closer owes and gets: nothing is closed at its gateway, a query after the
// attempt's end, the account's grace and the skew tells that it is over.

// unclosing is a channel that cannot close.
type unclosing struct {
	core.PaymentChannel
	core.Refunder
}

// withoutClose leaves no channel of the world able to close.
func (w *world) withoutClose() *world {
	w.t.Helper()
	var list []core.PaymentChannel
	for _, c := range w.Channels.List() {
		list = append(list, unclosing{c.Channel, c.Refunder})
	}
	channels, err := core.NewChannels(list...)
	if err != nil {
		w.t.Fatal(err)
	}
	w.Channels = channels
	return w
}

// graceEnd is a quarter of an hour to pay, five minutes of grace, and the skew.
const graceEnd = 21 * time.Minute

// at moves the clock to so long after the attempt was made, and does what is due.
func (w *world) at(since time.Duration) core.PaymentView {
	w.t.Helper()
	first := w.attempt(0)
	w.clock.Advance(first.TimeExpire.Add(since - 15*time.Minute).Sub(w.clock.Now()))
	w.sweep()
	return w.payment(first.PaymentID)
}

// doors are the ways in which an attempt becomes payable: a native trade, a page whose buyer has
// entered, and one whose buyer has not yet.
func doors() map[string]func(*world) core.PaymentView {
	return map[string]func(*world) core.PaymentView{
		"native": func(w *world) core.PaymentView { return w.create("A1", "alipay", 100) },
		"entered": func(w *world) core.PaymentView {
			v := w.create("A1", "wechat", 100)
			w.open(v)
			w.bank.create(v.Attempts[0].OutTradeNo, 100)
			return v
		},
		"opened": func(w *world) core.PaymentView {
			v := w.create("A1", "wechat", 100)
			w.open(v)
			return v
		},
	}
}

// G35, S03: expiry closes nothing at such a gateway and waits for its end; nothing has to be
// notified for that.
func TestUnclosableExpiry(t *testing.T) {
	for name, make := range doors() {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t).withoutClose()
			v := make(w)
			w.at(15 * time.Minute)
			asked := w.bank.count("query")
			if got := w.at(graceEnd - time.Second); got.Status != core.PaymentPaying {
				t.Fatalf("before its end: %s", got.Status)
			}
			if looks := w.bank.count("query") - asked; looks < 1 {
				t.Error("a buyer may still pay, and nobody asks")
			}
			if next := w.attempt(0).NextAt; next != w.attempt(0).TimeExpire.Add(6*time.Minute) {
				t.Errorf("the next look is at %s", next)
			}
			reason := map[bool]string{true: "absent", false: "over"}[name == "opened"]
			got := w.at(graceEnd)
			if got.Status != core.PaymentClosed || got.CloseReason != "expired" || w.attempt(0).Reason != reason {
				t.Fatalf("after its end: %s, %s, the attempt %s", got.Status, got.CloseReason, w.attempt(0).Reason)
			}
			if w.bank.count("close") != 0 || w.events(v.ID) != "payment.closed" {
				t.Errorf("%d closes, told %s", w.bank.count("close"), w.events(v.ID))
			}
			asked = w.bank.count("query")
			w.at(24 * time.Hour)
			if looks := w.bank.count("query") - asked; looks != 1 {
				t.Errorf("looked at %d times after it was closed, want once", looks)
			}
		})
	}
}

// G35: a merchant's close is an answer of closing until then, however often it is asked for.
func TestUnclosableCloseByTheMerchant(t *testing.T) {
	for name, make := range doors() {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t).withoutClose()
			v := make(w)
			for range 3 {
				if got := must(w.close(v.ID)); got.Closed || got.Payment.Status != core.PaymentClosing {
					t.Fatalf("%+v", got)
				}
				w.clock.Advance(time.Minute)
				w.sweep()
			}
			if got := w.at(graceEnd - time.Second); got.Status != core.PaymentClosing || w.events(v.ID) != "" {
				t.Fatalf("%s, told %s", got.Status, w.events(v.ID))
			}
			if got := w.at(graceEnd); got.Status != core.PaymentClosed || got.CloseReason != "merchant" || w.events(v.ID) != "payment.closed" {
				t.Fatalf("%s, %s, told %s", got.Status, got.CloseReason, w.events(v.ID))
			}
			if w.bank.count("close") != 0 {
				t.Error("something was closed")
			}
		})
	}
	w := newWorld(t).withoutClose()
	if got := must(w.close(w.create("A1", "wechat", 100).ID)); !got.Closed {
		t.Errorf("a page that nobody opened is %s", got.Payment.Status)
	}
}

// G35, S05: the next attempt waits for the older one's end, which stays payable.
func TestUnclosableStaysTheOneToPay(t *testing.T) {
	for name, make := range doors() {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t).withoutClose()
			v := make(w)
			_, err := w.NextAttempt(context.Background(), shopCaller, core.AttemptRequest{PaymentID: v.ID, Platform: "douyin", IdempotencyKey: "k"})
			if e := wantCode(t, err, core.CodeAttemptInFlight); e.RetryAfterSeconds != int(graceEnd.Seconds()) {
				t.Errorf("come again in %d seconds", e.RetryAfterSeconds)
			}
			if a := w.attempt(0); len(w.payment(v.ID).Attempts) != 1 || a.Superseded || a.State != core.AttemptSent || a.Action.Empty() && a.Token == "" {
				t.Fatalf("%+v", a)
			}
			w.bank.settle(v.Attempts[0].OutTradeNo, 100)
			if got := w.at(10 * time.Minute); got.Status != core.PaymentPaid || w.bank.count("close") != 0 {
				t.Errorf("paid all the same, it is %s", got.Status)
			}
		})
	}
}

// G35, S01: what is paid until the end is paid, whoever wanted it closed.
func TestUnclosablePaidInsideTheGrace(t *testing.T) {
	for name, close := range map[string]bool{"expired": false, "closed by the merchant": true} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t).withoutClose()
			v := w.create("A1", "alipay", 100)
			if close {
				must(w.close(v.ID))
			}
			w.at(19 * time.Minute)
			w.bank.settle(v.Attempts[0].OutTradeNo, 100)
			if got := w.at(graceEnd); got.Status != core.PaymentPaid || got.LatePayment != nil || w.events(v.ID) != "payment.paid" {
				t.Errorf("%s, told %s", got.Status, w.events(v.ID))
			}
		})
	}
}

// G35, S02: money that comes after the end is late money, by a message or by the last look.
func TestUnclosablePaidAfterItsEnd(t *testing.T) {
	for name, told := range map[string]bool{"told": true, "found": false} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t).withoutClose()
			v := w.create("A1", "alipay", 100)
			w.at(graceEnd)
			w.bank.settle(v.Attempts[0].OutTradeNo, 100)
			if told {
				w.notify("acc1", paidNotice(v, 0))
			}
			got := w.at(time.Hour)
			if got.Status != core.PaymentClosed || got.LatePayment == nil || w.events(v.ID) != "payment.closed payment.late_refunded" {
				t.Fatalf("%s, told %s", got.Status, w.events(v.ID))
			}
			if _, refunded := w.bank.moved(v.Attempts[0].OutTradeNo); refunded != 100 {
				t.Errorf("%d fen went back", refunded)
			}
		})
	}
}

// G35, G03: no silence, and no answer that was asked for before the end, ends anything.
func TestUnclosableUnknownNeverEnds(t *testing.T) {
	w := newWorld(t).withoutClose()
	v := w.create("A1", "alipay", 100)
	w.at(15 * time.Minute)
	for range 12 {
		w.bank.plan("query", "unknown")
	}
	for range 6 {
		w.clock.Advance(2 * time.Hour)
		w.sweep()
		if got := w.payment(v.ID); got.Status != core.PaymentPaying || !got.Settling {
			t.Fatalf("%s, settling %v", got.Status, got.Settling)
		}
	}
	w.bank.settle(v.Attempts[0].OutTradeNo, 100)
	w.bank.script["query"] = nil
	w.clock.Advance(24 * time.Hour)
	w.sweep()
	if got := w.payment(v.ID); got.Status != core.PaymentPaid {
		t.Errorf("the truth comes and it is %s", got.Status)
	}

	w = newWorld(t).withoutClose()
	v = w.create("A1", "alipay", 100)
	w.at(graceEnd - 5*time.Second)
	once := true
	w.Failpoints = pointFunc(func(p core.Point) {
		if p == core.PointSettleAfterAnswer && once {
			once = false
			w.clock.Advance(10 * time.Second)
		}
	})
	must(0, w.SettleAttempt(t.Context(), v.Attempts[0].ID))
	if got := w.payment(v.ID); got.Status != core.PaymentPaying {
		t.Errorf("an answer of before the end, read after it, leaves %s", got.Status)
	}
	w.sweep()
	if got := w.payment(v.ID); got.Status != core.PaymentClosed {
		t.Errorf("asked again after the end: %s", got.Status)
	}
}

// A trade that its gateway has closed by itself is over at once. One whose making got lost, too,
// ends at its end and not before; the last look comes after the end, however long the grace is.
func TestUnclosableOtherEnds(t *testing.T) {
	w := newWorld(t).withoutClose()
	v := w.create("A1", "alipay", 100)
	w.bank.trades[v.Attempts[0].OutTradeNo].state = core.TradeClosed
	if got := must(w.close(v.ID)); !got.Closed {
		t.Errorf("closed by its gateway: %s", got.Payment.Status)
	}

	w = newWorld(t).withoutClose().with(func(m *core.Merchant) { m.Accounts[0].Grace = 2 * time.Hour })
	w.bank.plan("pay", "unknown")
	v = w.create("A1", "alipay", 100)
	delete(w.bank.trades, v.Attempts[0].OutTradeNo)
	must(w.close(v.ID))
	if got := w.at(2*time.Hour + 15*time.Minute); got.Status != core.PaymentClosing {
		t.Errorf("within its grace: %s", got.Status)
	}
	got := w.at(2*time.Hour + 16*time.Minute)
	if next := w.attempt(0).NextAt; got.Status != core.PaymentClosed || next.Sub(w.clock.Now()) != 30*time.Minute {
		t.Errorf("after its grace: %s, looked at again at %s", got.Status, next)
	}
}

// The same story with Closer is another: closed at the gateway as soon as it is unwanted.
func TestClosableIsClosedAtOnce(t *testing.T) {
	for name, make := range doors() {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			v := make(w)
			want := map[bool]core.PaymentStatus{true: core.PaymentPaying, false: core.PaymentClosed}[name == "opened"]
			if got := w.at(15 * time.Minute); got.Status != want || w.bank.count("close") == 0 {
				t.Errorf("%s after %d closes", got.Status, w.bank.count("close"))
			}
			if got := w.at(graceEnd); got.Status != core.PaymentClosed || w.events(v.ID) != "payment.closed" {
				t.Errorf("%s, told %s", got.Status, w.events(v.ID))
			}
		})
	}
}
