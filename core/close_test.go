package core_test

import (
	"context"
	"testing"
	"time"

	"github.com/paymux/paymux/core"
)

func (w *world) close(id string) (core.CloseOutcome, error) {
	return w.Close(context.Background(), shopCaller, id)
}

func (w *world) open(v core.PaymentView) core.Action {
	w.t.Helper()
	a, page, err := w.Open(context.Background(), token(v))
	if err != nil {
		w.t.Fatal(err)
	}
	if a.Empty() {
		w.t.Fatalf("not payable: %+v", page)
	}
	return a
}

func token(v core.PaymentView) string { return v.Action.URL[len("https://pay.example/h5/"):] }

func TestCloseUnopenedAtOnce(t *testing.T) {
	w := newWorld(t)
	v := w.create("A1", "wechat", 100)
	got, err := w.close(v.ID)
	if err != nil || !got.Closed || w.bank.count("close") != 0 || w.events(v.ID) != "payment.closed" {
		t.Fatalf("%v %+v", err, got)
	}
}

func TestCloseNative(t *testing.T) {
	w := newWorld(t)
	v := w.create("A1", "alipay", 100)
	got, err := w.close(v.ID)
	if err != nil || !got.Closed || w.bank.trades[v.Attempts[0].OutTradeNo].state != core.TradeClosed {
		t.Fatalf("%v %+v", err, got)
	}
}

// S01, S07: the buyer pays while we close. The gateway refuses the close, the query says paid, and
// paid it is.
func TestCloseS01PaidMeanwhile(t *testing.T) {
	w := newWorld(t)
	v := w.create("A1", "alipay", 100)
	w.bank.settle(v.Attempts[0].OutTradeNo, 100)
	_, err := w.close(v.ID)
	wantCode(t, err, core.CodeAlreadyPaid)
	if w.payment(v.ID).Status != core.PaymentPaid || w.events(v.ID) != "payment.paid" {
		t.Fatal(w.payment(v.ID).Status)
	}
}

// P08: the close was done and its answer lost; the inquiry finds the trade closed.
func TestCloseUnknownAnswer(t *testing.T) {
	w := newWorld(t)
	v := w.create("A1", "alipay", 100)
	w.bank.plan("close", "+unknown")
	got, err := w.close(v.ID)
	if err != nil || !got.Closed {
		t.Fatalf("%v %+v", err, got)
	}
}

// The close fails and the trade still waits: the payment is closing, and a later try closes it.
func TestCloseRefusedThenLater(t *testing.T) {
	w := newWorld(t)
	v := w.create("A1", "alipay", 100)
	w.bank.plan("close", "failed")
	got, err := w.close(v.ID)
	if err != nil || got.Closed || got.Payment.Status != core.PaymentClosing {
		t.Fatalf("%v %+v", err, got)
	}
	w.clock.Advance(time.Minute)
	w.sweep()
	if w.payment(v.ID).Status != core.PaymentClosed {
		t.Fatal(w.payment(v.ID).Status)
	}
}

// S03, G09: the gateway does not know the trade. It is closed only when the signed page can no
// longer make it, and watched once more after that.
func TestCloseS03AbsentWaitsForGrace(t *testing.T) {
	w := newWorld(t)
	v := w.create("A1", "wechat", 100)
	w.open(v)
	got, err := w.close(v.ID)
	if err != nil || got.Closed {
		t.Fatalf("%v %+v", err, got)
	}
	// a quarter of an hour to pay, five minutes of grace, and half of the skew
	w.clock.Advance(20*time.Minute + 30*time.Second)
	w.sweep()
	if w.payment(v.ID).Status != core.PaymentClosing {
		t.Fatal("closed before the grace was over")
	}
	w.clock.Advance(time.Minute)
	w.sweep()
	if w.payment(v.ID).Status != core.PaymentClosed {
		t.Fatal(w.payment(v.ID).Status)
	}
	// what must not happen, happens: the watch finds it
	w.bank.settle(v.Attempts[0].OutTradeNo, 100)
	w.clock.Advance(30 * time.Minute)
	w.sweep()
	if got := w.payment(v.ID); got.Status != core.PaymentClosed || got.LatePayment == nil || got.Refunds[0].Status != core.RefundSucceeded {
		t.Fatalf("got %+v", got)
	}
}

func TestExpiryClosesAtTheGateway(t *testing.T) {
	w := newWorld(t)
	v := w.create("A1", "alipay", 100)
	w.clock.Advance(15*time.Minute + time.Second)
	w.sweep()
	if got := w.payment(v.ID); got.Status != core.PaymentClosed || got.CloseReason != "expired" || w.bank.count("close") == 0 {
		t.Fatalf("got %+v", got)
	}
}

// S02: money arrives after the close. The payment stays closed, the money is recorded and sent
// back, the merchant is told once.
func TestCloseS02LateMoney(t *testing.T) {
	for policy, want := range map[core.LatePolicy]struct {
		events   string
		suspense core.Fen
		bank     core.Fen
	}{
		core.LateRefund: {"payment.closed payment.late_refunded", 0, 100},
		core.LateHold:   {"payment.closed payment.late_held", -100, 0},
		core.LateAccept: {"payment.closed payment.late_accepted", 0, 0},
	} {
		t.Run(string(policy), func(t *testing.T) {
			w := newWorld(t).with(func(m *core.Merchant) { m.Late = policy })
			v := w.create("A1", "alipay", 100)
			if _, err := w.close(v.ID); err != nil {
				t.Fatal(err)
			}
			w.bank.settle(v.Attempts[0].OutTradeNo, 100)
			if got := w.notify("acc1", paidNotice(v, 0)); got != "success" {
				t.Fatal(got)
			}
			w.sweep()
			got := w.payment(v.ID)
			_, refunded := w.bank.moved(v.Attempts[0].OutTradeNo)
			if got.Status != core.PaymentClosed || got.LatePayment.AmountFen != 100 || w.events(v.ID) != want.events || refunded != want.bank {
				t.Fatalf("%+v events %s refunded %d", got, w.events(v.ID), refunded)
			}
			if w.balance(core.LedgerSuspense) != want.suspense || w.balance(core.LedgerTransit) != 0 {
				t.Fatal("ledger")
			}
			w.notify("acc1", paidNotice(v, 0))
			if w.events(v.ID) != want.events {
				t.Fatal("told twice")
			}
			w.releaseLate(v, policy)
		})
	}
}

// releaseLate sends back what a policy kept: the merchant may change its mind once, and only if
// money was kept.
func (w *world) releaseLate(v core.PaymentView, policy core.LatePolicy) {
	w.t.Helper()
	_, err := w.RefundLate(context.Background(), shopCaller, core.LateAsk{PaymentID: v.ID, IdempotencyKey: "release"})
	if policy == core.LateRefund {
		if core.CodeOf(err) != core.CodeNotRefundable {
			w.t.Fatal(err)
		}
		return
	}
	_, refunded := w.bank.moved(v.Attempts[0].OutTradeNo)
	if err != nil || refunded != 100 || w.balance(core.LedgerSuspense) != 0 || w.balance(core.LedgerMerchant) != 0 {
		w.t.Fatalf("%v, %d fen went back, suspense %d", err, refunded, w.balance(core.LedgerSuspense))
	}
	if breaches := w.inspect(); len(breaches) != 0 {
		w.t.Fatal(breaches)
	}
}

// Late money is sent back even when the gateway refuses at first: it is not ours to keep.
func TestCloseS02RefusedRefundIsRepeated(t *testing.T) {
	w := newWorld(t)
	v := w.create("A1", "alipay", 100)
	if _, err := w.close(v.ID); err != nil {
		t.Fatal(err)
	}
	w.bank.settle(v.Attempts[0].OutTradeNo, 100)
	w.bank.plan("refund", "failed", "failed")
	w.notify("acc1", paidNotice(v, 0))
	for range 10 {
		w.clock.Advance(time.Hour)
		w.sweep()
	}
	if w.events(v.ID) != "payment.closed payment.late_refunded" || len(w.watch.alerts) == 0 {
		t.Fatal(w.events(v.ID), w.watch.alerts)
	}
}

// S05, C19: the buyer goes on in the Alipay mini-program; the page's attempt is closed first, or
// the answer is attempt_in_flight.
func TestNextAttemptS05(t *testing.T) {
	next := func(w *world, id, key string) (core.Answered, error) {
		return w.NextAttempt(context.Background(), shopCaller, core.AttemptRequest{
			PaymentID: id, Platform: "alipay", Payer: core.Payer{UserID: "2088000000000002"}, IdempotencyKey: key,
		})
	}
	t.Run("never opened", func(t *testing.T) {
		w := newWorld(t)
		v := w.create("A1", "wechat", 100)
		a, err := next(w, v.ID, "k")
		if err != nil {
			t.Fatal(err)
		}
		got := view(t, a.Body)
		if len(got.Attempts) != 2 || got.Attempts[0].State != core.AttemptClosed || got.Action.Type != actionTradeNo || got.Platform != "alipay" {
			t.Fatalf("got %+v", got)
		}
		again, err := next(w, v.ID, "k")
		if err != nil || !again.Replayed || string(again.Body) != string(a.Body) {
			t.Fatalf("%v %s", err, again.Body)
		}
	})
	t.Run("trade exists: closed at the gateway first", func(t *testing.T) {
		w := newWorld(t)
		v := w.create("A1", "wechat", 100)
		w.open(v)
		w.bank.mu.Lock()
		w.bank.create(v.Attempts[0].OutTradeNo, 100)
		w.bank.mu.Unlock()
		if _, err := next(w, v.ID, "k"); err != nil {
			t.Fatal(err)
		}
		if w.bank.trades[v.Attempts[0].OutTradeNo].state != core.TradeClosed {
			t.Fatal("the old attempt can still be paid")
		}
	})
	t.Run("opened but not entered: in flight", func(t *testing.T) {
		w := newWorld(t)
		v := w.create("A1", "wechat", 100)
		w.open(v)
		_, err := next(w, v.ID, "k")
		if e := wantCode(t, err, core.CodeAttemptInFlight); e.RetryAfterSeconds < 1 {
			t.Fatal("no Retry-After")
		}
		if p, err := w.Page(context.Background(), token(v)); err != nil || p.State != core.PagePayable {
			t.Fatalf("what cannot be closed must stay payable: %v %+v", err, p)
		}
	})
	t.Run("already paid", func(t *testing.T) {
		w := newWorld(t)
		v := w.create("A1", "wechat", 100)
		w.open(v)
		w.bank.settle(v.Attempts[0].OutTradeNo, 100)
		_, err := next(w, v.ID, "k")
		if code := core.CodeOf(err); code != core.CodeAlreadyPaid {
			t.Fatal(err)
		}
	})
	t.Run("C19 both are paid: the second is sent back", func(t *testing.T) {
		w := newWorld(t)
		v := w.create("A1", "wechat", 100)
		if _, err := next(w, v.ID, "k"); err != nil {
			t.Fatal(err)
		}
		v = w.payment(v.ID)
		for i := range v.Attempts {
			w.bank.settle(v.Attempts[i].OutTradeNo, 100)
			w.notify("acc1", paidNotice(v, i))
		}
		w.sweep()
		got := w.payment(v.ID)
		if got.Status != core.PaymentPaid || got.PaidFen != 100 || w.events(v.ID) != "payment.paid payment.duplicate_refunded" {
			t.Fatalf("%+v %s", got, w.events(v.ID))
		}
		if w.balance(core.LedgerGateway) != 100 || w.balance(core.LedgerSuspense) != 0 {
			t.Fatal("ledger")
		}
	})
}

// Whoever reads that a payment is closed reads why: by the merchant's wish, also when the gateway's
// answer came after its expiry, or by its expiry.
func TestCloseTellsWhy(t *testing.T) {
	for _, platform := range []core.PlatformID{"alipay", "wechat"} {
		w := newWorld(t)
		asked, left := w.create("A1", platform, 100), w.create("A2", platform, 100)
		w.bank.plan("close", "unknown", "unknown", "unknown")
		must(w.close(asked.ID))
		for range 3 {
			w.clock.Advance(time.Hour)
			w.sweep()
		}
		if w.payment(asked.ID).CloseReason != "merchant" || w.payment(left.ID).CloseReason != "expired" {
			t.Errorf("%s: %q and %q", platform, w.payment(asked.ID).CloseReason, w.payment(left.ID).CloseReason)
		}
	}
}

// racing is a store in which something happens right after a use case has looked.
type racing struct {
	core.Store
	happens func()
}

func (r *racing) See(ctx context.Context, keys ...core.Key) (core.View, error) {
	v, err := r.Store.See(ctx, keys...)
	if happens := r.happens; happens != nil {
		r.happens = nil
		happens()
	}
	return v, err
}

// I01, S05: the same request for another attempt comes twice at once. The slower one must not take
// the faster one's attempt for the older and end it: the answer that was given stays payable, and
// is what a repeat gets.
func TestNextAttemptI01SentTwice(t *testing.T) {
	for _, platform := range []core.PlatformID{"alipay", "douyin"} {
		w := newWorld(t)
		v := w.create("A1", "wechat", 100)
		req := core.AttemptRequest{PaymentID: v.ID, Platform: platform, Payer: core.Payer{UserID: "2088000000000002"}, IdempotencyKey: "k"}
		var first core.Answered
		w.Store = &racing{w.Store, func() { first = must(w.NextAttempt(context.Background(), shopCaller, req)) }}
		_, err := w.NextAttempt(context.Background(), shopCaller, req)
		if e := wantCode(t, err, core.CodeAttemptInFlight); e.RetryAfterSeconds != 1 {
			t.Fatal(e)
		}
		if got := w.payment(v.ID); got.Action == nil || len(got.Attempts) != 2 {
			t.Fatalf("%s: nothing is left to pay: %+v", platform, got.Attempts)
		}
		again := must(w.NextAttempt(context.Background(), shopCaller, req))
		if string(again.Body) != string(first.Body) {
			t.Fatalf("%s\n%s", again.Body, first.Body)
		}
	}
}

// Opening signs after the mark; opening again signs the same bytes; a page close to its end, moved,
// or paid signs nothing.
func TestOpen(t *testing.T) {
	w := newWorld(t)
	v := w.create("A1", "wechat", 100)
	first := w.open(v)
	w.clock.Advance(5 * time.Minute)
	second := w.open(v)
	if first.Fields["t"] != second.Fields["t"] || first.Fields["out_trade_no"] != second.Fields["out_trade_no"] || first.Fields["x"] != second.Fields["x"] {
		t.Fatalf("%v %v", first, second)
	}
	if got := w.payment(v.ID); got.Status != core.PaymentPaying || got.Attempts[0].OpenedAt == "" {
		t.Fatalf("got %+v", got)
	}
	w.clock.Advance(9*time.Minute + 30*time.Second)
	if a, page, err := w.Open(context.Background(), token(v)); err != nil || !a.Empty() || page.State != core.PageExpired {
		t.Fatalf("%v %v %+v", err, a, page)
	}
}

// S18: a page only reads.
func TestPageS18OnlyReads(t *testing.T) {
	w := newWorld(t)
	v := w.create("A1", "wechat", 100)
	before := w.payment(v.ID)
	for range 3 {
		if p, err := w.Page(context.Background(), token(v)); err != nil || p.State != core.PagePayable || p.MerchantName != "阿明的店" {
			t.Fatalf("%v %+v", err, p)
		}
	}
	if after := w.payment(v.ID); after.Attempts[0].State != before.Attempts[0].State {
		t.Fatal("reading changed the attempt")
	}
	_, err := w.Page(context.Background(), "nonsense")
	wantCode(t, err, core.CodeNotFound)
}

// A buyer who comes back to the page sees what became of the money.
func TestPageAfterRefunds(t *testing.T) {
	w := newWorld(t)
	v := w.create("A1", "wechat", 100)
	w.open(v)
	w.bank.settle(v.Attempts[0].OutTradeNo, 100)
	w.notify("acc1", paidNotice(v, 0))
	for _, c := range []struct {
		refund core.Fen
		want   core.PageState
	}{{40, core.PagePaid}, {60, core.PageRefunded}} {
		w.refund(v.ID, string(c.want), c.refund)
		if p, err := w.Page(context.Background(), token(v)); err != nil || p.State != c.want {
			t.Fatalf("%v %+v", err, p)
		}
	}
}
