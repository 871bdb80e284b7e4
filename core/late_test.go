package core_test

import (
	"bytes"
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/paymux/paymux/core"
)

var bobCaller = core.Caller{MerchantID: "m1", KeyID: "k2", Actor: "bob"}

// refundLate and acceptLate are the two decisions that a person can make about late money.
func (w *world) refundLate(id, key string) core.PaymentView {
	w.t.Helper()
	return view(w.t, must(w.RefundLate(context.Background(), shopCaller, core.LateAsk{PaymentID: id, IdempotencyKey: key})).Body)
}

func (w *world) acceptLate(id, key string) core.PaymentView {
	w.t.Helper()
	return view(w.t, must(w.AcceptLate(context.Background(), bobCaller, core.LateAsk{PaymentID: id, IdempotencyKey: key})).Body)
}

// closedShop is a shop with a policy and a limit, and its closed payment with a number of attempts.
func closedShop(t *testing.T, policy core.LatePolicy, limit core.Fen, attempts int) (*world, core.PaymentView) {
	w := newWorld(t).with(func(m *core.Merchant) {
		m.Late, m.RefundApprovalOverFen = policy, limit
		for i := range core.MaxEndpoints {
			m.Endpoints = append(m.Endpoints, core.Endpoint{ID: fmt.Sprint("e", i), URL: "https://shop.example/hook"})
		}
	})
	v := w.create("A1", "wechat", 100)
	for i := range attempts - 1 {
		must(w.NextAttempt(context.Background(), shopCaller, core.AttemptRequest{PaymentID: v.ID, Platform: "wechat", IdempotencyKey: fmt.Sprint("a", i)}))
	}
	must(w.close(v.ID))
	return w, w.payment(v.ID)
}

// keeping is the same after every attempt was paid all the same.
func keeping(t *testing.T, policy core.LatePolicy, limit core.Fen, attempts int) (*world, core.PaymentView) {
	w, v := closedShop(t, policy, limit, attempts)
	for i := range v.Attempts {
		w.payLate(v, i)
	}
	return w, w.payment(v.ID)
}

// payLate pays an attempt and lets the gateway tell of it.
func (w *world) payLate(v core.PaymentView, i int) {
	w.bank.settle(v.Attempts[i].OutTradeNo, v.AmountFen)
	w.notify("acc1", paidNotice(v, i))
}

// wantLate holds where the late money is, by the ledger, the bank and what was told, and wants
// sound books.
func (w *world) wantLate(v core.PaymentView, suspense, merchant, transit, gone core.Fen, events string) {
	w.t.Helper()
	sum := core.Fen(0)
	for _, a := range v.Attempts {
		_, refunded := w.bank.moved(a.OutTradeNo)
		sum += refunded
	}
	got := fmt.Sprint(w.balance(core.LedgerSuspense), w.balance(core.LedgerMerchant), w.balance(core.LedgerTransit), sum)
	if want := fmt.Sprint(-suspense, -merchant, -transit, gone); got != want || w.events(v.ID) != events {
		w.t.Fatalf("suspense, merchant, transit, gone: %s, want %s; told: %s", got, want, w.events(v.ID))
	}
	if found := w.inspect(); len(found) > 0 {
		w.t.Fatal(found)
	}
}

// S02: held money is accepted by a person: it is the merchant's, the payment stays closed, and it
// can still be sent back.
func TestAcceptLateS02(t *testing.T) {
	w, v := keeping(t, core.LateHold, 0, 1)
	told := "payment.closed payment.late_held"
	w.wantLate(v, 100, 0, 0, 0, told)
	got := w.acceptLate(v.ID, "keep")
	told += " payment.late_accepted"
	if got.Status != core.PaymentClosed || got.PaidFen != 0 || got.Attempts[0].Reason != "accepted" || got.LatePayment.AmountFen != 100 {
		t.Fatalf("%+v", got)
	}
	w.wantLate(v, 0, 100, 0, 0, told)
	_, err := w.AcceptLate(context.Background(), bobCaller, core.LateAsk{PaymentID: v.ID, IdempotencyKey: "again"})
	wantCode(t, err, core.CodeWrongState)
	got = w.refundLate(v.ID, "back")
	if got.Attempts[0].Reason != "" || got.LatePayment.RefundID != got.Refunds[0].ID || got.Refunds[0].Asker != "alice" {
		t.Fatalf("%+v", got)
	}
	w.wantLate(v, 0, 0, 0, 100, told+" payment.late_refunded")
}

// C19: a second attempt's money is held and accepted likewise. What was paid first is not touched
// by it.
func TestAcceptLateOfADuplicateC19(t *testing.T) {
	w := newWorld(t).with(func(m *core.Merchant) { m.Late = core.LateHold })
	v := w.create("A1", "wechat", 100)
	must(w.NextAttempt(context.Background(), shopCaller, core.AttemptRequest{PaymentID: v.ID, Platform: "wechat", IdempotencyKey: "next"}))
	v = w.payment(v.ID)
	w.payLate(v, 1)
	w.payLate(v, 0)
	if got := w.acceptLate(v.ID, "keep"); got.Status != core.PaymentPaid || got.PaidFen != 100 || got.RefundableFen != 100 {
		t.Fatalf("%+v", got)
	}
	w.wantLate(v, 0, 200, 0, 0, "payment.paid payment.duplicate_held payment.duplicate_accepted")
}

// However many attempts hold money, it is all accepted in one commit, with an event for each, to as
// many endpoints as there may be.
func TestAcceptLateOfManyAttempts(t *testing.T) {
	w, v := keeping(t, core.LateHold, 0, core.MaxAttempts)
	w.acceptLate(v.ID, "keep")
	if got := w.balance(core.LedgerMerchant); got != -100*core.MaxAttempts || len(w.inspect()) > 0 {
		t.Fatalf("%d fen, %v", got, w.inspect())
	}
}

// W16: what people send back of late money waits above the limit like any refund. Another actor
// lets it go, or not: then it is what it was before.
func TestRefundLateW16(t *testing.T) {
	ctx := context.Background()
	for policy, told := range map[core.LatePolicy]string{
		core.LateHold: "payment.closed payment.late_held", core.LateAccept: "payment.closed payment.late_accepted",
	} {
		held, accepted := core.Fen(100), core.Fen(0)
		if policy == core.LateAccept {
			held, accepted = 0, 100
		}
		waiting := func(t *testing.T) (*world, core.PaymentView, core.RefundView) {
			w, v := keeping(t, policy, 99, 1)
			got := w.refundLate(v.ID, "back")
			if r := got.Refunds[0]; r.Status != core.RefundPendingApproval || r.Origin != core.RefundLate || got.Settling || w.bank.count("refund") != 0 {
				t.Fatalf("%+v", got)
			}
			w.sweep()
			w.wantLate(v, 0, 0, 100, 0, told)
			return w, v, got.Refunds[0]
		}
		t.Run(string(policy)+", approved", func(t *testing.T) {
			w, v, r := waiting(t)
			_, err := w.Approve(ctx, shopCaller, r.ID)
			wantCode(t, err, core.CodeSameActor)
			// the gateway may refuse: it is still not ours to keep
			w.bank.plan("refund", "failed", "unknown")
			if got := must(w.Approve(ctx, bobCaller, r.ID)); got.Status != core.RefundProcessing || got.Approver != "bob" {
				t.Fatalf("%+v", got)
			}
			for range 3 {
				w.clock.Advance(time.Hour)
				w.sweep()
			}
			w.wantLate(v, 0, 0, 0, 100, told+" payment.late_refunded")
		})
		t.Run(string(policy)+", rejected", func(t *testing.T) {
			w, v, r := waiting(t)
			must(w.Reject(ctx, bobCaller, r.ID, "keep it"))
			told := told + " refund.failed"
			w.wantLate(v, held, accepted, 0, 0, told)
			if got := w.payment(v.ID); got.Attempts[0].Reason == "" || got.LatePayment.RefundID != "" {
				t.Fatalf("%+v", got)
			}
			next := w.refundLate(v.ID, "once more").Refunds[1]
			must(w.Approve(ctx, bobCaller, next.ID))
			w.wantLate(v, 0, 0, 0, 100, told+" payment.late_refunded")
		})
		t.Run(string(policy)+", sent back in the console meanwhile", func(t *testing.T) {
			w, v, r := waiting(t)
			w.console(v, "console1", 100)
			w.notify("acc1", refundNotice(v, "console1", 100))
			w.sweep()
			w.wantLate(v, 0, 0, 0, 100, told+" refund.failed payment.late_refunded")
			if got := must(w.RefundView(ctx, "m1", r.ID)); got.FailCode != "refunded_outside" {
				t.Fatalf("%+v", got)
			}
		})
	}
	t.Run("small sums of one payment", func(t *testing.T) {
		w, v := keeping(t, core.LateHold, 150, 2)
		// together they are above it, so none goes
		for _, r := range w.refundLate(v.ID, "back").Refunds {
			if r.Status != core.RefundPendingApproval {
				t.Fatalf("%+v", r)
			}
		}
	})
	t.Run("by policy nobody is asked", func(t *testing.T) {
		w, v := keeping(t, core.LateRefund, 1, 2)
		w.sweep()
		w.wantLate(v, 0, 0, 0, 200, "payment.closed payment.late_refunded payment.late_refunded")
	})
}

// W16: what is above the limit nobody keeps alone, in one piece or in several; it stays held.
func TestAcceptLateW16(t *testing.T) {
	ctx := context.Background()
	w, v := keeping(t, core.LateHold, 99, 1)
	_, err := w.AcceptLate(ctx, bobCaller, core.LateAsk{PaymentID: v.ID, IdempotencyKey: "keep"})
	wantCode(t, err, core.CodeOverLimit)
	w.wantLate(v, 100, 0, 0, 0, "payment.closed payment.late_held")
	w.with(func(m *core.Merchant) { m.RefundApprovalOverFen = 100 })
	w.acceptLate(v.ID, "keep") // a refusal has not spent the key
	w, v = closedShop(t, core.LateHold, 150, 2)
	w.payLate(v, 0)
	w.acceptLate(v.ID, "keep")
	w.payLate(v, 1)
	_, err = w.AcceptLate(ctx, bobCaller, core.LateAsk{PaymentID: v.ID, IdempotencyKey: "keep more"})
	wantCode(t, err, core.CodeOverLimit)
}

// I04: the answer was lost, and the same key comes again. It gets the first answer, and decides
// nothing about what has happened since.
func TestLateDecisionsAreRepeatableI04(t *testing.T) {
	ctx := context.Background()
	for name, decide := range map[string]func(*world, core.Caller, core.LateAsk) (core.Answered, error){
		"refund": func(w *world, by core.Caller, ask core.LateAsk) (core.Answered, error) {
			return w.RefundLate(ctx, by, ask)
		},
		"accept": func(w *world, by core.Caller, ask core.LateAsk) (core.Answered, error) {
			return w.AcceptLate(ctx, by, ask)
		},
	} {
		t.Run(name, func(t *testing.T) {
			w, v := keeping(t, core.LateHold, 0, 1)
			ask := core.LateAsk{PaymentID: v.ID, IdempotencyKey: "once"}
			first := must(decide(w, shopCaller, ask))
			events := w.events(v.ID)
			again := must(decide(w, shopCaller, ask))
			if first.Settling || first.Replayed || !again.Replayed || !bytes.Equal(first.Body, again.Body) || w.events(v.ID) != events {
				t.Fatalf("%+v\n%+v", first, again)
			}
			_, err := decide(w, shopCaller, core.LateAsk{PaymentID: w.paid("A2", 100).ID, IdempotencyKey: "once"})
			wantCode(t, err, core.CodeIdempotencyMismatch)
		})
	}
	t.Run("without an answer of the gateway", func(t *testing.T) {
		w, v := keeping(t, core.LateHold, 0, 1)
		ask := core.LateAsk{PaymentID: v.ID, IdempotencyKey: "once"}
		w.bank.plan("refund", "+unknown")
		if first := must(w.RefundLate(ctx, shopCaller, ask)); !first.Settling {
			t.Fatalf("%+v", first)
		}
		again := must(w.RefundLate(ctx, shopCaller, ask))
		if again.Settling || again.Replayed || w.bank.count("refund") != 1 || len(view(t, again.Body).Refunds) != 1 {
			t.Fatalf("%+v", again)
		}
	})
	t.Run("killed after the commit", func(t *testing.T) {
		w, v := keeping(t, core.LateHold, 0, 1)
		w.Failpoints = pointFunc(func(core.Point) { panic(killed{}) })
		func() {
			defer func() { _ = recover() }()
			w.refundLate(v.ID, "once")
		}()
		w.Failpoints = nil
		w.clock.Advance(time.Minute)
		if got := w.refundLate(v.ID, "once"); len(got.Refunds) != 1 || got.Refunds[0].Status != core.RefundSucceeded {
			t.Fatalf("%+v", got)
		}
	})
	t.Run("rejected meanwhile", func(t *testing.T) {
		w, v := keeping(t, core.LateHold, 99, 1)
		first := w.refundLate(v.ID, "once")
		must(w.Reject(ctx, bobCaller, first.Refunds[0].ID, "no"))
		w.refundLate(v.ID, "once")
		w.wantLate(v, 100, 0, 0, 0, "payment.closed payment.late_held refund.failed")
	})
	t.Run("more money came since", func(t *testing.T) {
		w, v := closedShop(t, core.LateHold, 0, 2)
		w.payLate(v, 0)
		w.acceptLate(v.ID, "once")
		w.payLate(v, 1)
		w.acceptLate(v.ID, "once")
		w.wantLate(v, 100, 100, 0, 0, "payment.closed payment.late_held payment.late_accepted payment.late_held")
	})
}

// A payment gathers a bounded number of rejected refunds, too.
func TestRefundLateIsBounded(t *testing.T) {
	ctx := context.Background()
	w, v := keeping(t, core.LateHold, 1, 1)
	for i := range core.MaxRefunds + core.MaxAttempts {
		got := w.refundLate(v.ID, fmt.Sprint("back", i))
		must(w.Reject(ctx, bobCaller, got.Refunds[i].ID, ""))
	}
	_, err := w.RefundLate(ctx, shopCaller, core.LateAsk{PaymentID: v.ID, IdempotencyKey: "one more"})
	wantCode(t, err, core.CodeTooMany)
}
