package core_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/paymux/paymux/core"
)

func (w *world) refund(id, key string, amount core.Fen) core.RefundView {
	w.t.Helper()
	a, err := w.Refund(context.Background(), shopCaller, core.RefundAsk{PaymentID: id, AmountFen: amount, IdempotencyKey: key})
	if err != nil {
		w.t.Fatal(err)
	}
	return refundView(w.t, a.Body)
}

func refundView(t testing.TB, body []byte) core.RefundView {
	t.Helper()
	var v core.RefundView
	if err := json.Unmarshal(body, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

func TestRefundPartThenAll(t *testing.T) {
	w := newWorld(t)
	v := w.paid("A1", 100)
	if r := w.refund(v.ID, "r1", 30); r.Status != core.RefundSucceeded || r.ActualFen != 30 {
		t.Fatalf("got %+v", r)
	}
	if got := w.payment(v.ID); got.Status != core.PaymentPartiallyRefunded || got.RefundableFen != 70 {
		t.Fatalf("got %+v", got)
	}
	w.refund(v.ID, "r2", 70)
	if got := w.payment(v.ID); got.Status != core.PaymentRefunded {
		t.Fatalf("got %+v", got)
	}
	if w.events(v.ID) != "payment.paid refund.succeeded refund.succeeded" || w.balance(core.LedgerGateway) != 0 || w.balance(core.LedgerTransit) != 0 {
		t.Fatal(w.events(v.ID))
	}
}

// A13, S11: refunds that cannot be.
func TestRefundRefuses(t *testing.T) {
	cases := map[string]struct {
		amount core.Fen
		code   core.Code
	}{
		"A13 zero": {0, core.CodeInvalid}, "A13 negative": {-1, core.CodeInvalid}, "A13 more than paid": {101, core.CodeRefundExceedsPaid},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			v := w.paid("A1", 100)
			_, err := w.Refund(context.Background(), shopCaller, core.RefundAsk{PaymentID: v.ID, AmountFen: c.amount, IdempotencyKey: "k"})
			wantCode(t, err, c.code)
		})
	}
	t.Run("A13 partials add up to one fen too much", func(t *testing.T) {
		w := newWorld(t)
		v := w.paid("A1", 100)
		w.refund(v.ID, "r1", 60)
		_, err := w.Refund(context.Background(), shopCaller, core.RefundAsk{PaymentID: v.ID, AmountFen: 41, IdempotencyKey: "k"})
		wantCode(t, err, core.CodeRefundExceedsPaid)
	})
	t.Run("S11 before it is paid", func(t *testing.T) {
		w := newWorld(t)
		v := w.create("A1", "alipay", 100)
		_, err := w.Refund(context.Background(), shopCaller, core.RefundAsk{PaymentID: v.ID, AmountFen: 1, IdempotencyKey: "k"})
		wantCode(t, err, core.CodeNotRefundable)
	})
	t.Run("W01 another merchant's", func(t *testing.T) {
		w := newWorld(t)
		v := w.paid("A1", 100)
		_, err := w.Refund(context.Background(), core.Caller{MerchantID: "m2"}, core.RefundAsk{PaymentID: v.ID, AmountFen: 1, IdempotencyKey: "k"})
		wantCode(t, err, core.CodeNotFound)
	})
}

// S10: 64 refunds at once, of which 10 fit. Exactly 10 win, and the bank never pays back more than
// it got.
func TestRefundS10SixtyFourAtOnce(t *testing.T) {
	w := newWorld(t)
	v := w.paid("A1", 100)
	var won atomic.Int64
	var wg sync.WaitGroup
	for i := range 64 {
		wg.Go(func() {
			_, err := w.Refund(context.Background(), shopCaller, core.RefundAsk{PaymentID: v.ID, AmountFen: 10, IdempotencyKey: fmt.Sprint("k", i)})
			if err == nil {
				won.Add(1)
			} else if core.CodeOf(err) != core.CodeRefundExceedsPaid {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if _, refunded := w.bank.moved(v.Attempts[0].OutTradeNo); won.Load() != 10 || refunded != 100 {
		t.Fatalf("%d won, %d fen went back", won.Load(), refunded)
	}
}

// P09, I12: a process stands still between its commit and its call. Another sends the refund and is
// refused for good, which gives the money free: the first may not send it any more.
func TestRefundP09StoodStill(t *testing.T) {
	for name, limit := range map[string]core.Fen{"asked for": 0, "approved": 10} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t).with(func(m *core.Merchant) { m.RefundApprovalOverFen = limit })
			v := w.paid("A1", 100)
			w.bank.plan("refund", "failed:seller_balance")
			w.Failpoints = pointFunc(func(p core.Point) {
				sent := w.payment(v.ID).Refunds[0].Status == core.RefundProcessing
				if p == core.PointRefundAfterReserve && sent {
					w.Failpoints = nil
					w.clock.Advance(time.Minute)
					w.sweep()
				}
			})
			r := w.refund(v.ID, "k", 30)
			if limit > 0 {
				r = must(w.Approve(context.Background(), bobCaller, r.ID))
			}
			_, moved := w.bank.moved(v.Attempts[0].OutTradeNo)
			if r.Status != core.RefundFailed || moved != 0 || w.payment(v.ID).RefundableFen != 100 {
				t.Errorf("%s, and %d fen went back", r.Status, moved)
			}
		})
	}
}

// S09, G05, I11: a refund whose outcome is unknown keeps its money reserved, and is settled by
// inquiry with the same number.
func TestRefundS09UnknownKeepsItsMoney(t *testing.T) {
	for name, script := range map[string]string{"P10 done and lost": "+unknown", "P09 never arrived": "unknown", "G07 pending": "+pending"} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			v := w.paid("A1", 100)
			w.bank.plan("refund", script)
			ask := core.RefundAsk{PaymentID: v.ID, AmountFen: 80, IdempotencyKey: "k"}
			a, err := w.Refund(context.Background(), shopCaller, ask)
			if err != nil || !a.Settling {
				t.Fatalf("%v %+v", err, a)
			}
			if r := refundView(t, a.Body); r.Status != core.RefundProcessing || !r.Settling {
				t.Fatalf("unknown must be processing: %+v", r)
			}
			_, err = w.Refund(context.Background(), shopCaller, core.RefundAsk{PaymentID: v.ID, AmountFen: 21, IdempotencyKey: "k2"})
			wantCode(t, err, core.CodeRefundExceedsPaid)
			w.clock.Advance(time.Minute)
			w.sweep()
			if r := w.payment(v.ID).Refunds[0]; r.Status != core.RefundSucceeded {
				t.Fatalf("got %+v", r)
			}
			if _, refunded := w.bank.moved(v.Attempts[0].OutTradeNo); refunded != 80 {
				t.Fatalf("%d fen went back", refunded)
			}
			if w.events(v.ID) != "payment.paid refund.succeeded" || w.balance(core.LedgerTransit) != 0 {
				t.Fatal(w.events(v.ID))
			}
			final, err := w.Refund(context.Background(), shopCaller, ask)
			if err != nil || final.Settling || refundView(t, final.Body).Status != core.RefundSucceeded {
				t.Fatalf("%v %s", err, final.Body)
			}
			again, _ := w.Refund(context.Background(), shopCaller, ask)
			if !bytes.Equal(again.Body, final.Body) {
				t.Fatal("a repeat must get the same bytes")
			}
		})
	}
}

// G08, S19: for three days the gateway says nothing useful; the refund is never called failed, and
// the merchant is told once when it succeeds.
func TestRefundS19LateResult(t *testing.T) {
	w := newWorld(t)
	v := w.paid("A1", 100)
	w.bank.plan("refund", "+unknown")
	for range 9 {
		w.bank.plan("query_refund", "unknown")
	}
	if _, err := w.Refund(context.Background(), shopCaller, core.RefundAsk{PaymentID: v.ID, AmountFen: 100, IdempotencyKey: "k"}); err != nil {
		t.Fatal(err)
	}
	for range 20 {
		w.clock.Advance(6 * time.Hour)
		w.sweep()
	}
	if got := w.payment(v.ID); got.Status != core.PaymentRefunded || w.events(v.ID) != "payment.paid refund.succeeded" {
		t.Fatalf("%+v %s", got.Refunds, w.events(v.ID))
	}
	if !strings.Contains(strings.Join(w.watch.alerts, " "), "refund.unsettled") {
		t.Fatal("nobody was told that it took so long")
	}
}

// G15: the gateway refuses for good. The reservation is released, the merchant told, and a new
// number may try again.
func TestRefundG15Refused(t *testing.T) {
	w := newWorld(t)
	v := w.paid("A1", 100)
	w.bank.plan("refund", "failed")
	if r := w.refund(v.ID, "r1", 100); r.Status != core.RefundFailed || r.FailCode != "scripted" {
		t.Fatalf("got %+v", r)
	}
	if got := w.payment(v.ID); got.Status != core.PaymentPaid || got.RefundableFen != 100 {
		t.Fatalf("got %+v", got)
	}
	w.refund(v.ID, "r2", 100)
	if w.events(v.ID) != "payment.paid refund.failed refund.succeeded" || w.balance(core.LedgerTransit) != 0 {
		t.Fatal(w.events(v.ID))
	}
}

func TestRefundIdempotency(t *testing.T) {
	w := newWorld(t)
	v := w.paid("A1", 100)
	ask := core.RefundAsk{PaymentID: v.ID, MerchantRefundNo: "R1", AmountFen: 10, IdempotencyKey: "k1"}
	first, err := w.Refund(context.Background(), shopCaller, ask)
	if err != nil {
		t.Fatal(err)
	}
	t.Run("I10 same merchant_refund_no, other amount", func(t *testing.T) {
		other := ask
		other.AmountFen, other.IdempotencyKey = 20, "k2"
		_, err := w.Refund(context.Background(), shopCaller, other)
		wantCode(t, err, core.CodeIdempotencyMismatch)
	})
	t.Run("I02 same key, other amount", func(t *testing.T) {
		other := ask
		other.AmountFen = 20
		_, err := w.Refund(context.Background(), shopCaller, other)
		wantCode(t, err, core.CodeIdempotencyMismatch)
	})
	t.Run("I12 another number fits what is left and no more", func(t *testing.T) {
		_, err := w.Refund(context.Background(), shopCaller, core.RefundAsk{PaymentID: v.ID, MerchantRefundNo: "R2", AmountFen: 91, IdempotencyKey: "k3"})
		wantCode(t, err, core.CodeRefundExceedsPaid)
	})
	t.Run("the same request has the same answer", func(t *testing.T) {
		again, err := w.Refund(context.Background(), shopCaller, ask)
		if err != nil || !again.Replayed || !bytes.Equal(again.Body, first.Body) {
			t.Fatalf("%v %+v", err, again)
		}
	})
}

// W16: above the limit a refund waits for another actor than the one who asked.
func TestRefundW16Approval(t *testing.T) {
	ctx := context.Background()
	bob := core.Caller{MerchantID: "m1", KeyID: "k2", Actor: "bob"}
	make := func(t *testing.T) (*world, core.PaymentView, core.RefundView) {
		w := newWorld(t).with(func(m *core.Merchant) { m.RefundApprovalOverFen = 50 })
		v := w.paid("A1", 100)
		r := w.refund(v.ID, "r1", 80)
		if r.Status != core.RefundPendingApproval || w.bank.count("refund") != 0 {
			t.Fatalf("got %+v", r)
		}
		return w, v, r
	}
	t.Run("the asker may not approve", func(t *testing.T) {
		w, _, r := make(t)
		_, err := w.Approve(ctx, shopCaller, r.ID)
		wantCode(t, err, core.CodeSameActor)
	})
	t.Run("another actor approves", func(t *testing.T) {
		w, v, r := make(t)
		got, err := w.Approve(ctx, bob, r.ID)
		if err != nil || got.Status != core.RefundSucceeded || got.Approver != "bob" {
			t.Fatalf("%v %+v", err, got)
		}
		// I04: the first answer was lost
		if again, err := w.Approve(ctx, bob, r.ID); err != nil || again != got {
			t.Fatalf("%v %+v", err, again)
		}
		_, err = w.Reject(ctx, bob, r.ID, "")
		wantCode(t, err, core.CodeNotPending)
		_, err = w.Approve(ctx, core.Caller{MerchantID: "m1", KeyID: "k3", Actor: "carol"}, r.ID)
		wantCode(t, err, core.CodeNotPending)
		if w.bank.count("refund") != 1 || w.payment(v.ID).RefundedFen != 80 {
			t.Fatal("not refunded")
		}
	})
	t.Run("another actor rejects", func(t *testing.T) {
		w, v, r := make(t)
		got, err := w.Reject(ctx, bob, r.ID, "不同意")
		if err != nil || got.Status != core.RefundFailed || w.payment(v.ID).RefundableFen != 100 {
			t.Fatalf("%v %+v", err, got)
		}
		if again, err := w.Reject(ctx, bob, r.ID, "不同意"); err != nil || again != got {
			t.Fatalf("%v %+v", err, again)
		}
		_, err = w.Approve(ctx, bob, r.ID)
		wantCode(t, err, core.CodeNotPending)
	})
	t.Run("below the limit it goes at once", func(t *testing.T) {
		w, _, _ := make(t)
		v := w.paid("A2", 100)
		if r := w.refund(v.ID, "r2", 50); r.Status != core.RefundSucceeded {
			t.Fatalf("got %+v", r)
		}
		if r := w.refund(v.ID, "r3", 1); r.Status != core.RefundPendingApproval {
			t.Fatalf("many small refunds slip past the limit: %+v", r)
		}
	})
}

// W01: what waits for approval is found among the merchant's own refunds, newest first; once
// decided, it waits no longer.
func TestRefundsAreListed(t *testing.T) {
	ctx := context.Background()
	w := newWorld(t).with(func(m *core.Merchant) { m.RefundApprovalOverFen = 50 })
	ids := func(q core.RefundQuery) string {
		t.Helper()
		list, err := w.Refunds(ctx, q)
		if err != nil {
			t.Fatal(err)
		}
		var found []string
		for _, r := range list {
			found = append(found, r.ID)
		}
		return strings.Join(found, " ")
	}
	first := w.refund(w.paid("A1", 100).ID, "r1", 80)
	w.clock.Advance(time.Second)
	small := w.refund(w.paid("A2", 100).ID, "r2", 10)
	w.clock.Advance(time.Second)
	second := w.refund(w.paid("A3", 100).ID, "r3", 80)
	waiting := core.RefundQuery{MerchantID: "m1", Status: core.RefundPendingApproval}
	if got := ids(core.RefundQuery{MerchantID: "m1"}); got != second.ID+" "+small.ID+" "+first.ID {
		t.Errorf("all: %s", got)
	}
	if got := ids(waiting); got != second.ID+" "+first.ID {
		t.Errorf("waiting: %s", got)
	}
	if got := ids(core.RefundQuery{MerchantID: "m1", Limit: 1}); got != second.ID {
		t.Errorf("one: %s", got)
	}
	if got := ids(core.RefundQuery{MerchantID: "m2"}); got != "" {
		t.Errorf("of another merchant: %s", got)
	}
	must(w.Approve(ctx, core.Caller{MerchantID: "m1", KeyID: "k2", Actor: "bob"}, second.ID))
	if got := ids(waiting); got != first.ID {
		t.Errorf("after the approval: %s", got)
	}
	list := must(w.Refunds(ctx, core.RefundQuery{MerchantID: "m1", Status: core.RefundSucceeded, Limit: 1}))
	if one := must(w.RefundView(ctx, "m1", second.ID)); len(list) != 1 || list[0] != one {
		t.Errorf("the list shows %+v, the refund is %+v", list, one)
	}
}

// A14: the gateway sent back less than asked, because coupons had paid a part.
func TestRefundA14Shortfall(t *testing.T) {
	w := newWorld(t)
	v := w.paid("A1", 100)
	no := v.Attempts[0].OutTradeNo
	w.bank.plan("refund", "+unknown")
	if _, err := w.Refund(context.Background(), shopCaller, core.RefundAsk{PaymentID: v.ID, AmountFen: 50, IdempotencyKey: "k"}); err != nil {
		t.Fatal(err)
	}
	w.bank.mu.Lock()
	for k := range w.bank.trades[no].refunds {
		w.bank.trades[no].refunds[k] = 45
	}
	w.bank.mu.Unlock()
	w.clock.Advance(time.Minute)
	w.sweep()
	if r := w.payment(v.ID).Refunds[0]; r.ActualFen != 45 || r.AmountFen != 50 || w.balance(core.LedgerShortfall) != -5 || w.balance(core.LedgerTransit) != 0 {
		t.Fatalf("%+v, shortfall %d", r, w.balance(core.LedgerShortfall))
	}
}

// A product team has switched refunds off for the platform: the answer names the layer, and nothing
// is reserved.
func TestRefundSwitchedOff(t *testing.T) {
	w := newWorld(t)
	v := w.paid("A1", 100)
	w.with(func(m *core.Merchant) {
		m.Holdings.Switches = []core.FeatureSwitch{{Platform: "alipay", Feature: core.FeatureRefund, Enabled: false}}
	})
	_, err := w.Refund(context.Background(), shopCaller, core.RefundAsk{PaymentID: v.ID, AmountFen: 1, IdempotencyKey: "k"})
	if e := wantCode(t, err, core.CodeRefused); e.Refusals[0].Code != core.CodeFeatureOff || w.payment(v.ID).RefundableFen != 100 {
		t.Fatalf("%+v", e)
	}
}
