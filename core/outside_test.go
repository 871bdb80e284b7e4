package core_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/paymux/paymux/core"
)

// G14: a console refund comes while a refund of ours holds the money, waiting for its approval. The
// message has no number, only the sum: it is kept until the books have room for it, whatever
// becomes of ours.
func TestExternalRefundG14WaitsForRoom(t *testing.T) {
	bob := core.Caller{MerchantID: "m1", KeyID: "k2", Actor: "bob"}
	for name, judge := range map[string]func(*core.Cashier, string) (core.RefundView, error){
		"rejected": func(c *core.Cashier, id string) (core.RefundView, error) {
			return c.Reject(context.Background(), bob, id, "")
		},
		"approved": func(c *core.Cashier, id string) (core.RefundView, error) {
			return c.Approve(context.Background(), bob, id)
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t).with(func(m *core.Merchant) { m.RefundApprovalOverFen = 50 })
			v := w.paid("A1", 100)
			r := w.refund(v.ID, "r1", 80)
			w.console(v, "console1", 60)
			if got := w.notify("acc1", refundNotice(v, "", 60)); got != "success" || w.payment(v.ID).RefundedFen != 0 {
				t.Fatal(got, w.payment(v.ID).RefundedFen)
			}
			w.clock.Advance(time.Hour)
			must(judge(w.Cashier, r.ID))
			w.clock.Advance(time.Hour)
			w.sweep()
			if got := w.payment(v.ID); got.RefundedFen != 60 || got.RefundableFen != 40 {
				t.Fatalf("%d fen are refunded: %+v", got.RefundedFen, got.Refunds)
			}
			if got := w.inspect(); len(got) > 0 {
				t.Fatal(got)
			}
		})
	}
}

// G14: console refunds were found by their effect on the trade, without their numbers. Their own
// messages, when they come, are parts of what is booked; one that takes the trade beyond that is
// another refund, even of the same amount.
func TestExternalRefundG14FoundBeforeItsMessage(t *testing.T) {
	t.Run("two parts of one find", func(t *testing.T) {
		w := newWorld(t)
		v := w.create("A1", "alipay", 100)
		w.bank.settle(v.Attempts[0].OutTradeNo, 100)
		w.console(v, "console1", 40)
		w.console(v, "console2", 60)
		w.bank.trades[v.Attempts[0].OutTradeNo].state = core.TradeClosed
		w.clock.Advance(time.Minute)
		w.sweep()
		w.notify("acc1", refundNotice(v, "console1", 40))
		w.notify("acc1", refundNotice(v, "console2", 100))
		w.sweep()
		if got := w.payment(v.ID); got.Status != core.PaymentRefunded || len(got.Refunds) != 1 || len(w.watch.alerts) != 0 {
			t.Fatalf("%+v, alerts %v", got.Refunds, w.watch.alerts)
		}
	})
	t.Run("another of the same amount", func(t *testing.T) {
		w := newWorld(t)
		v := w.paid("A1", 100)
		w.console(v, "console1", 40)
		w.notify("acc1", refundNotice(v, "", 40))
		w.console(v, "console2", 40)
		w.notify("acc1", refundNotice(v, "console2", 80))
		w.notify("acc1", refundNotice(v, "console1", 40))
		w.sweep()
		if got := w.payment(v.ID); got.RefundedFen != 80 || len(w.inspect()) != 0 {
			t.Fatalf("%d fen are refunded: %+v", got.RefundedFen, got.Refunds)
		}
	})
}

// late is a payment whose money came after its close and was then sent back in the gateway's
// console; the shop has as many endpoints as it may.
func late(t *testing.T, policy core.LatePolicy) (*world, core.PaymentView) {
	w := newWorld(t).with(func(m *core.Merchant) {
		m.Late = policy
		for i := range core.MaxEndpoints {
			m.Endpoints = append(m.Endpoints, core.Endpoint{ID: fmt.Sprint("e", i), URL: "https://shop.example/hook"})
		}
	})
	v := w.create("A1", "alipay", 100)
	must(w.close(v.ID))
	w.bank.settle(v.Attempts[0].OutTradeNo, 100)
	w.console(v, "console1", 100)
	return w, v
}

// wantSentBack wants the late money to have gone back once, by the console's hand, with nothing
// left to do or to doubt.
func (w *world) wantSentBack(v core.PaymentView) {
	w.t.Helper()
	for range 3 {
		w.clock.Advance(time.Hour)
		w.sweep()
	}
	if got := w.inspect(); len(got) > 0 {
		w.t.Fatal(got)
	}
	got, succeeded := w.payment(v.ID), 0
	for _, r := range got.Refunds {
		if r.Status == core.RefundSucceeded && r.Origin == core.RefundLate && r.ID == got.LatePayment.RefundID {
			succeeded++
		}
	}
	if succeeded != 1 || got.Settling || w.balance(core.LedgerGateway) != 0 || w.balance(core.LedgerSuspense) != 0 || w.balance(core.LedgerMerchant) != 0 {
		w.t.Fatalf("%d refunds of late money succeeded: %+v", succeeded, got)
	}
	due, err := w.Store.Due(context.Background(), core.DueQuery{Kind: core.DueInbox, Until: w.clock.Now().Add(1000 * time.Hour), Limit: 10})
	if err != nil || len(due) != 0 {
		w.t.Fatalf("a message still waits: %v %v", due, err)
	}
}

// G14, S02: late money that a person sent back in the gateway's console is booked so under every
// policy, however the gateway tells of it. A refund of ours that was on its way can never succeed
// any more, and ends.
func TestLateMoneyRefundedOutside(t *testing.T) {
	for _, policy := range []core.LatePolicy{core.LateRefund, core.LateHold, core.LateAccept} {
		for _, number := range []string{"console1", ""} {
			t.Run(fmt.Sprintf("%s, number %q", policy, number), func(t *testing.T) {
				w, v := late(t, policy)
				w.notify("acc1", paidNotice(v, 0))
				w.notify("acc1", refundNotice(v, number, 100))
				w.wantSentBack(v)
			})
		}
		t.Run(string(policy)+", told by its refund alone", func(t *testing.T) {
			w, v := late(t, policy)
			w.notify("acc1", refundNotice(v, "", 100))
			w.wantSentBack(v)
		})
	}
	for _, number := range []string{"console1", ""} {
		t.Run(fmt.Sprintf("ours was sent and refused, number %q", number), func(t *testing.T) {
			w, v := late(t, core.LateRefund)
			w.notify("acc1", paidNotice(v, 0))
			w.sweep()
			if number == "" { // it cannot be told from ours yet: it waits
				w.notify("acc1", refundNotice(v, number, 100))
			}
			w.clock.Advance(11 * time.Minute)
			w.sweep()
			if number != "" {
				w.notify("acc1", refundNotice(v, number, 100))
			}
			if !slices.Contains(w.watch.alerts, "refund.must_succeed") {
				t.Fatal(w.watch.alerts)
			}
			w.wantSentBack(v)
		})
	}
	t.Run("found by the last look", func(t *testing.T) {
		w := newWorld(t)
		v := w.create("A1", "wechat", 100)
		w.open(v)
		w.clock.Advance(25 * time.Minute)
		w.sweep()
		w.bank.settle(v.Attempts[0].OutTradeNo, 100)
		w.console(v, "console1", 100)
		w.bank.trades[v.Attempts[0].OutTradeNo].state = core.TradeClosed
		w.wantSentBack(v)
	})
	t.Run("a part is for a person", func(t *testing.T) {
		w := newWorld(t).with(func(m *core.Merchant) { m.Late = core.LateHold })
		v := w.create("A1", "alipay", 100)
		must(w.close(v.ID))
		w.bank.settle(v.Attempts[0].OutTradeNo, 100)
		w.notify("acc1", paidNotice(v, 0))
		w.console(v, "console1", 40)
		w.notify("acc1", refundNotice(v, "console1", 40))
		w.sweep()
		if fmt.Sprint(w.watch.alerts) != "[refund.external_unexplained]" || w.balance(core.LedgerSuspense) != -100 {
			t.Fatal(w.watch.alerts)
		}
	})
}

// G29, G14, S09: somebody sends everything back in the console while the shop asks for a part. Ours
// ends within minutes, the other is booked, and nobody is alarmed, whether the gateway tells of it
// or not. That it has nothing left may be the trace of our own lost call only as long as its query
// may be behind.
func TestRefundG29AfterTheConsoleTookAll(t *testing.T) {
	for _, told := range []bool{true, false} {
		for _, part := range []core.Fen{40, 100} {
			t.Run(fmt.Sprintf("of 100 fen %d are asked for, told %v", part, told), func(t *testing.T) {
				w := newWorld(t)
				v := w.paid("A1", 100)
				w.console(v, "console1", 100)
				w.bank.trades[v.Attempts[0].OutTradeNo].state = core.TradeClosed
				r := w.refund(v.ID, "r1", part)
				if r.Status != core.RefundProcessing || !r.Settling {
					t.Fatalf("%+v", r)
				}
				w.clock.Advance(time.Minute)
				w.sweep()
				if got := w.payment(v.ID); got.Refunds[0].Status != core.RefundProcessing || got.RefundableFen != 100-part {
					t.Fatalf("given up while the query may be behind: %+v", got)
				}
				if told {
					w.notify("acc1", refundNotice(v, "console1", 100))
					w.sweep()
				}
				for range 8 {
					w.clock.Advance(30 * time.Second)
					w.sweep()
				}
				got := w.payment(v.ID)
				want := pick(told, "refunded_outside", "trade_over")
				if got.Refunds[0].Status != core.RefundFailed || got.Refunds[0].FailCode != want || got.Status != core.PaymentRefunded || got.RefundedFen != 100 {
					t.Fatalf("%+v", got)
				}
				if len(got.Refunds) != 2 || len(w.watch.alerts) > 1 || len(got.Attention) != 0 {
					t.Fatalf("%d refunds, alerts %v, attention %v", len(got.Refunds), w.watch.alerts, got.Attention)
				}
				if got := w.inspect(); len(got) > 0 {
					t.Fatal(got)
				}
			})
		}
	}
}

// G14, A14: of a console refund less went back than it was made for, because coupons had paid a
// part. What may still be refunded follows what was asked.
func TestExternalRefundWithCoupons(t *testing.T) {
	w := newWorld(t)
	v := w.paid("A1", 100)
	w.console(v, "console1", 40)
	w.bank.trades[v.Attempts[0].OutTradeNo].coupon = 10
	w.notify("acc1", refundNotice(v, "console1", 40))
	w.clock.Advance(time.Minute)
	w.sweep()
	got := w.payment(v.ID)
	if got.RefundableFen != 60 || got.RefundedFen != 40 || len(got.Refunds) != 1 || got.Refunds[0].AmountFen != 40 || got.Refunds[0].ActualFen != 30 {
		t.Fatalf("%+v", got)
	}
	if gateway, short := w.balance(core.LedgerGateway), w.balance(core.LedgerShortfall); gateway != 70 || short != -10 {
		t.Fatalf("%d fen at the gateway, %d not sent back", gateway, short)
	}
	w.bank.trades[v.Attempts[0].OutTradeNo].refunded = 30 // the gateway's book counts cash
	if got := w.inspect(); len(got) > 0 {
		t.Fatal(got)
	}
}
