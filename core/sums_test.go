package core_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/paymux/paymux/core"
)

// minutes lets time pass in steps in which everything that is due is done.
func (w *world) minutes(n int) {
	w.t.Helper()
	for range 2 * n {
		w.clock.Advance(30 * time.Second)
		w.sweep()
	}
}

// wantBooks wants the refunds of a payment to be so many fen in so many rows, and every invariant
// to hold.
func (w *world) wantBooks(v core.PaymentView, refunded core.Fen, rows int) core.PaymentView {
	w.t.Helper()
	got := w.payment(v.ID)
	if got.RefundedFen != refunded || len(got.Refunds) != rows {
		w.t.Fatalf("%d fen are refunded in %d rows, want %d in %d: %+v", got.RefundedFen, len(got.Refunds), refunded, rows, got.Refunds)
	}
	if found := w.inspect(); len(found) > 0 {
		w.t.Fatal(found)
	}
	return got
}

// G27: a refund was made in the gateway's console and its message was lost. The next refund's
// answer tells the sum; nothing is booked by that answer alone, but by a second one, a minute
// later. Its own message, whenever it comes, is the same refund (A16), and one that comes first
// leaves nothing to find.
func TestSumG27FindsALostConsoleRefund(t *testing.T) {
	t.Run("its message never comes", func(t *testing.T) {
		w := newWorld(t)
		v := w.paid("A1", 1000)
		w.console(v, "console1", 300)
		w.refund(v.ID, "r1", 200)
		w.wantRefunded(v, 200)
		calls := w.bank.count("refund")
		w.clock.Advance(50 * time.Second)
		w.sweep()
		w.wantRefunded(v, 200)
		if w.bank.count("refund") != calls {
			t.Fatal("asked before its time")
		}
		w.minutes(2)
		got := w.wantBooks(v, 500, 2)
		if r := got.Refunds[1]; r.Origin != core.RefundExternal || r.AmountFen != 300 || len(w.watch.alerts) != 0 {
			t.Fatalf("%+v, alerts %v", r, w.watch.alerts)
		}
		calls = w.bank.count("refund")
		w.minutes(10)
		if w.wantBooks(v, 500, 2); w.bank.count("refund") != calls {
			t.Fatal("asked again of what is known")
		}
	})
	t.Run("A16 its message comes after it was found", func(t *testing.T) {
		w := newWorld(t)
		v := w.paid("A1", 1000)
		w.console(v, "console1", 300)
		w.refund(v.ID, "r1", 200)
		w.minutes(3)
		w.notify("acc1", refundNotice(v, "console1", 300))
		w.minutes(3)
		w.wantBooks(v, 500, 2)
		w.console(v, "console2", 300) // another one of the same amount is another one
		w.notify("acc1", refundNotice(v, "console2", 800))
		w.minutes(3)
		w.wantBooks(v, 800, 3)
	})
	t.Run("A16 its message comes first", func(t *testing.T) {
		w := newWorld(t)
		v := w.paid("A1", 1000)
		w.console(v, "console1", 300)
		w.notify("acc1", refundNotice(v, "console1", 300))
		w.sweep()
		w.refund(v.ID, "r1", 200)
		w.minutes(3)
		w.wantBooks(v, 500, 2)
	})
	t.Run("A16 its message comes between the two answers", func(t *testing.T) {
		w := newWorld(t)
		v := w.paid("A1", 1000)
		w.console(v, "console1", 300)
		w.refund(v.ID, "r1", 200)
		w.notify("acc1", refundNotice(v, "console1", 300))
		w.minutes(3)
		w.wantBooks(v, 500, 2)
	})
	t.Run("another refund of ours joins between the two answers", func(t *testing.T) {
		w := newWorld(t)
		v := w.paid("A1", 1000)
		w.console(v, "console1", 300)
		w.refund(v.ID, "r1", 200)
		w.refund(v.ID, "r2", 100)
		w.wantRefunded(v, 300) // a second answer, but at once
		w.minutes(3)
		w.notify("acc1", refundNotice(v, "console1", 300))
		w.minutes(3)
		w.wantBooks(v, 600, 3)
	})
	t.Run("two were lost", func(t *testing.T) {
		w := newWorld(t)
		v := w.paid("A1", 1000)
		w.console(v, "console1", 300)
		w.refund(v.ID, "r1", 200)
		w.console(v, "console2", 100)
		w.minutes(6)
		w.wantBooks(v, 600, 3)
	})
}

func (w *world) wantRefunded(v core.PaymentView, fen core.Fen) {
	w.t.Helper()
	if got := w.payment(v.ID); got.RefundedFen != fen {
		w.t.Fatalf("%d fen are refunded, want %d: %+v", got.RefundedFen, fen, got.Refunds)
	}
}

// G27: what a refund of ours that is under way may explain is asked for first, and never booked as
// somebody else's.
func TestSumG27AsksOursFirst(t *testing.T) {
	w := newWorld(t)
	v := w.paid("A1", 1000)
	w.bank.plan("refund", "+unknown")
	w.bank.plan("query_refund", "unknown", "unknown")
	w.refund(v.ID, "r1", 300)
	w.refund(v.ID, "r2", 200) // its answer tells 500
	w.minutes(4)
	if got := w.wantBooks(v, 500, 2); got.Settling || len(w.watch.alerts) != 0 {
		t.Fatalf("%+v, alerts %v", got, w.watch.alerts)
	}
}

// G27: the second answer must not move money: a refund is repeated only when the gateway has just
// said that it is done, with the same amount.
func TestSumG27NeverMovesMoney(t *testing.T) {
	w := newWorld(t)
	v := w.paid("A1", 1000)
	w.console(v, "console1", 300)
	w.refund(v.ID, "r1", 200)
	trade := w.bank.trades[v.Attempts[0].OutTradeNo]
	own := w.payment(v.ID).Refunds[0].OutRequestNo
	delete(trade.refunds, own) // the gateway has forgotten it: a repeat would be a second refund
	w.minutes(30)
	if trade.refunded != 500 || w.bank.count("refund") != 1 {
		t.Fatalf("%d fen went back by %d calls", trade.refunded, w.bank.count("refund"))
	}
	trade.refunds[own] = 100 // or knows it with another amount
	w.minutes(30)
	if trade.refunded != 500 || w.bank.count("refund") != 1 {
		t.Fatalf("%d fen went back by %d calls", trade.refunded, w.bank.count("refund"))
	}
	for _, pause := range []time.Duration{2 * time.Hour, 24 * time.Hour} {
		w.clock.Advance(pause)
		w.sweep()
	}
	if got := w.payment(v.ID); !slices.Equal(got.Attention, []string{"sum_above_books"}) || !slices.Contains(w.watch.alerts, "refund.sum_unconfirmed") {
		t.Fatalf("attention %v, alerts %v", got.Attention, w.watch.alerts)
	}
}

// G28: the gateway took the refund without an error and moved nothing by that call, and its query
// says nothing of it. A sum that it signed about this refund is exactly what the books have and
// this refund: it is done. Any other sum, and one that another refund under way may explain, proves
// nothing.
func TestSumG28ABlankQueryWithTheExactSum(t *testing.T) {
	for name, c := range map[string]struct {
		sum, other core.Fen
		message    bool
		want       core.RefundStatus
	}{
		"exact, by the answer":   {sum: 300, want: core.RefundSucceeded},
		"exact, by a message":    {sum: 300, message: true, want: core.RefundSucceeded},
		"less":                   {sum: 200, want: core.RefundProcessing},
		"more":                   {sum: 400, want: core.RefundProcessing},
		"another under way, too": {sum: 300, other: 200, want: core.RefundProcessing},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			v := w.paid("A1", 1000)
			w.refund(v.ID, "r0", 100)
			if c.other > 0 {
				w.bank.plan("refund", "unknown")
				w.refund(v.ID, "other", c.other)
			}
			sum := pick(c.message, 0, c.sum)
			w.bank.blank(v, sum, 12)
			r := w.refund(v.ID, "r1", 200)
			if c.message {
				w.notify("acc1", refundNotice(v, r.OutRequestNo, c.sum))
			}
			w.clock.Advance(10 * time.Second)
			must(0, w.SettleRefund(context.Background(), "m1", r.ID))
			if got := must(w.RefundView(context.Background(), "m1", r.ID)); got.Status != c.want {
				t.Fatalf("%+v", got)
			}
		})
	}
	t.Run("nothing is ever said", func(t *testing.T) {
		w := newWorld(t)
		v := w.paid("A1", 1000)
		w.bank.blank(v, 0, 1000)
		w.refund(v.ID, "r1", 200)
		w.minutes(59)
		if len(w.watch.alerts) != 0 {
			t.Fatalf("alarmed within the hour: %v", w.watch.alerts)
		}
		w.clock.Advance(2 * time.Hour)
		w.sweep()
		if got := w.payment(v.ID); !slices.Contains(w.watch.alerts, "refund.unsettled") || len(got.Attention) != 0 {
			t.Fatalf("alerts %v, attention %v", w.watch.alerts, got.Attention)
		}
		w.clock.Advance(24 * time.Hour)
		w.sweep()
		if got := w.payment(v.ID); !slices.Equal(got.Attention, []string{"refund_unsettled"}) || got.Refunds[0].Status != core.RefundProcessing {
			t.Fatalf("%+v", got)
		}
	})
}

// G33: what is below our books, or beyond the total, is for a person: one alarm, and the payment's
// own list. The mirror case, an answer that is older than the newest refund, or a message of
// before, is no contradiction (A17).
func TestSumG33ForAPerson(t *testing.T) {
	for name, c := range map[string]struct {
		hear func(*world, core.PaymentView)
		want string
	}{
		"an answer below":    {func(w *world, v core.PaymentView) { w.bank.tell(v, 250); w.refund(v.ID, "r2", 100) }, "sum_below_books"},
		"an answer beyond":   {func(w *world, v core.PaymentView) { w.bank.tell(v, 1001); w.refund(v.ID, "r2", 100) }, "sum_beyond_total"},
		"an answer, exact":   {func(w *world, v core.PaymentView) { w.bank.tell(v, 400); w.refund(v.ID, "r2", 100) }, ""},
		"a message beyond":   {func(w *world, v core.PaymentView) { w.notify("acc1", refundNotice(v, "console1", 1001)) }, "sum_beyond_total"},
		"a message below":    {func(w *world, v core.PaymentView) { w.ownNotice(v, 200, time.Hour) }, "sum_below_books"},
		"a message, exact":   {func(w *world, v core.PaymentView) { w.ownNotice(v, 300, time.Hour) }, ""},
		"A17 an old message": {func(w *world, v core.PaymentView) { w.ownNotice(v, 200, -time.Second) }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			v := w.paid("A1", 1000)
			w.refund(v.ID, "r1", 300)
			c.hear(w, v)
			w.clock.Advance(time.Minute)
			w.sweep()
			got, wantAlerts := w.payment(v.ID), []string(nil)
			if c.want != "" {
				wantAlerts = []string{"refund." + c.want}
			}
			if fmt.Sprint(got.Attention) != fmt.Sprint(pick(c.want == "", nil, []string{c.want})) || !slices.Equal(w.watch.alerts, wantAlerts) {
				t.Fatalf("attention %v, alerts %v", got.Attention, w.watch.alerts)
			}
			listed := must(w.Payments(context.Background(), core.PaymentQuery{MerchantID: "m1", Attention: true}))
			if len(listed) != len(wantAlerts) {
				t.Fatalf("%d payments on the list", len(listed))
			}
			w.bank.heal(v)
			must(w.Sync(context.Background(), shopCaller, v.ID))
			if got := w.payment(v.ID); len(got.Attention) != 0 {
				t.Fatalf("the gateway agrees, and still: %v", got.Attention)
			}
		})
	}
}

// ownNotice delivers a message about our own newest refund, which tells of a sum at a time after
// now.
func (w *world) ownNotice(v core.PaymentView, sum core.Fen, after time.Duration) {
	w.t.Helper()
	refunds := w.payment(v.ID).Refunds
	n := refundNotice(v, refunds[len(refunds)-1].OutRequestNo, sum)
	n.At = w.clock.Now().Add(after)
	if got := w.notify("acc1", n); got != "success" {
		w.t.Fatal(got)
	}
}

// G34: sync asks about a paid order, too: of all of it its trade tells at once, of a part the
// repeat of a refund that is done, and a second answer. The mirror case: with nothing refunded
// outside, nothing is booked, and without a done refund nothing is sent.
func TestSyncG34FindsConsoleRefunds(t *testing.T) {
	sync := func(w *world, v core.PaymentView) { must(w.Sync(context.Background(), shopCaller, v.ID)) }
	t.Run("all of it", func(t *testing.T) {
		w := newWorld(t)
		v := w.paid("A1", 1000)
		w.console(v, "console1", 1000)
		w.bank.trades[v.Attempts[0].OutTradeNo].state = core.TradeClosed
		sync(w, v)
		if got := w.wantBooks(v, 1000, 1); got.Status != core.PaymentRefunded || w.bank.count("refund") != 0 {
			t.Fatalf("%+v", got)
		}
		sync(w, v)
		w.notify("acc1", refundNotice(v, "console1", 1000))
		w.minutes(3)
		w.wantBooks(v, 1000, 1)
	})
	t.Run("a part", func(t *testing.T) {
		w := newWorld(t)
		v := w.paid("A1", 1000)
		w.refund(v.ID, "r1", 200)
		w.console(v, "console1", 300)
		sync(w, v)
		w.wantRefunded(v, 200)
		w.minutes(2)
		w.wantBooks(v, 500, 2)
	})
	t.Run("nothing", func(t *testing.T) {
		w := newWorld(t)
		v := w.paid("A1", 1000)
		sync(w, v)
		w.minutes(2)
		if w.wantBooks(v, 0, 0); w.bank.count("refund") != 0 || len(w.watch.alerts) != 0 {
			t.Fatalf("%d refunds were sent, alerts %v", w.bank.count("refund"), w.watch.alerts)
		}
	})
}

// blank makes the bank answer refunds as if they moved nothing, with this sum, 0 for none, and so
// many queries of refunds without a word about them.
func (b *bank) blank(v core.PaymentView, sum core.Fen, queries int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	t := b.trades[v.Attempts[0].OutTradeNo]
	t.says, t.hidden = pick(sum == 0, -1, sum), queries
}

// tell makes the bank say this sum.
func (b *bank) tell(v core.PaymentView, sum core.Fen) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.trades[v.Attempts[0].OutTradeNo].says = sum
}

// heal lets the bank tell the truth again.
func (b *bank) heal(v core.PaymentView) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.trades[v.Attempts[0].OutTradeNo].says = 0
}
