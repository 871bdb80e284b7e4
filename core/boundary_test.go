package core_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/paymux/paymux/core"
)

// What decides at a boundary is tried on both sides of it.

// W16: what went back already, and what is on its way, count towards the limit; failed ones do not.
func TestApprovalLimitCountsTheSum(t *testing.T) {
	for _, row := range []struct {
		earlier []core.Fen
		fails   bool // the earlier ones are refused by the gateway
		now     core.Fen
		waits   bool
	}{
		{nil, false, 50, false},
		{nil, false, 51, true},
		{[]core.Fen{30}, false, 20, false},
		{[]core.Fen{30}, false, 21, true},
		{[]core.Fen{20, 20}, false, 10, false},
		{[]core.Fen{20, 20}, false, 11, true},
		{[]core.Fen{50}, false, 1, true},
		{[]core.Fen{50}, true, 50, false},
	} {
		t.Run(fmt.Sprint(row.earlier, row.fails, row.now), func(t *testing.T) {
			w := newWorld(t).with(func(m *core.Merchant) { m.RefundApprovalOverFen = 50 })
			v := w.paid("A1", 200)
			for i, amount := range row.earlier {
				if row.fails {
					w.bank.plan("refund", "failed")
				}
				w.refund(v.ID, fmt.Sprint("r", i), amount)
			}
			got := w.refund(v.ID, "last", row.now)
			if waits := got.Status == core.RefundPendingApproval; waits != row.waits {
				t.Errorf("waits: %v, %+v", waits, got)
			}
		})
	}
}

// S03: with less than a minute left nobody is led to pay: no page opens, no further attempt starts,
// and no repeat of a refused create makes one.
func TestNothingStartsInTheLastMinute(t *testing.T) {
	ctx := context.Background()
	next := func(w *world, v core.PaymentView) error {
		_, err := w.NextAttempt(ctx, shopCaller, core.AttemptRequest{
			PaymentID: v.ID, Platform: "alipay", Payer: core.Payer{UserID: "2088000000000002"}, IdempotencyKey: "k-next",
		})
		return err
	}
	for left, starts := range map[time.Duration]bool{61 * time.Second: true, 60 * time.Second: false, 59 * time.Second: false, 0: false, -time.Minute: false} {
		t.Run(left.String(), func(t *testing.T) {
			w := newWorld(t)
			v := w.create("A1", "wechat", 8800)
			w.clock.Advance(15*time.Minute - left)
			if err := next(w, v); starts != (err == nil) || !starts && core.CodeOf(err) != core.CodePaymentExpired {
				t.Errorf("a further attempt: %v", err)
			}

			w = newWorld(t)
			v = w.create("A1", "wechat", 8800)
			w.clock.Advance(15*time.Minute - left)
			action, page, err := w.Open(ctx, token(v))
			if err != nil || starts == action.Empty() || starts != (page.State == core.PagePayable) {
				t.Errorf("a page: %v %v %s", err, action, page.State)
			}

			w = newWorld(t)
			w.bank.plan("pay", "failed")
			if _, err := w.Checkout(ctx, shopCaller, order("A1", "alipay", 8800)); err == nil {
				t.Fatal("the gateway refused")
			}
			before := w.bank.count("pay")
			w.clock.Advance(15*time.Minute - left)
			// what it answers is another test's matter
			_, _ = w.Checkout(ctx, shopCaller, order("A1", "alipay", 8800))
			if sent := w.bank.count("pay") > before; sent != starts {
				t.Errorf("the create again: sent %v", sent)
			}
		})
	}
}

// C: a payment of exactly the limit needs no second proof, one fen more does.
func TestConfirmationBeginsAboveTheLimit(t *testing.T) {
	for over, amounts := range map[core.Fen]map[core.Fen]bool{
		5000: {4999: false, 5000: false, 5001: true},
		0:    {1: false, 10_000_000: false},
		-1:   {1: true, 5001: true},
	} {
		for amount, asks := range amounts {
			w := newWorld(t)
			w.ConfirmOver = over
			v := w.create("A1", "alipay", amount)
			w.bank.settle(v.Attempts[0].OutTradeNo, amount)
			if got := w.notify("acc1", paidNotice(v, 0)); got != "success" {
				t.Fatal(got)
			}
			if waits := w.payment(v.ID).Status != core.PaymentPaid; waits != asks {
				t.Errorf("above %d, %d fen: waits %v", over, amount, waits)
			}
		}
	}
}
