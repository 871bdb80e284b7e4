package core_test

import (
	"context"
	"testing"
	"time"

	"github.com/paymux/paymux/core"
)

// C30: a merchant moves to another app and payee. New payments go to the new account; the old one
// keeps being notified, queried and refunded until its own are done, and neither may speak for the
// other.
func TestAccountC30MovesToAnotherApp(t *testing.T) {
	ctx := context.Background()
	w := newWorld(t)
	before, paid := w.create("A1", "alipay", 100), w.paid("A2", 200)
	w.with(func(m *core.Merchant) {
		next := m.Accounts[0]
		next.ID, next.AppID, next.SellerID = "acc1b", "2021000000000009", "2088000000000077"
		m.Accounts = []core.Account{m.Accounts[0], next}
		m.Accounts[0].Active = false
	})
	after := w.create("A3", "alipay", 300)
	if after.Attempts[0].Account != "acc1b" || before.Attempts[0].Account != "acc1" {
		t.Fatalf("accounts %s and %s", before.Attempts[0].Account, after.Attempts[0].Account)
	}
	w.bank.settle(before.Attempts[0].OutTradeNo, 100)
	if got := w.notify("acc1", paidNotice(before, 0)); got != "success" || w.payment(before.ID).Status != core.PaymentPaid {
		t.Fatalf("the old account must still be heard: %s", got)
	}
	if r := w.refund(paid.ID, "r1", 200); r.Status != core.RefundSucceeded {
		t.Fatalf("the old account must still refund: %+v", r)
	}
	if got := w.notify("acc1", paidNotice(after, 0)); got != "fail" || w.payment(after.ID).PaidFen != 0 {
		t.Fatalf("the old account spoke for the new one's attempt: %s", got)
	}
	w.clock.Advance(time.Hour)
	w.sweep()
	if got := w.payment(after.ID).Status; got != core.PaymentClosed {
		t.Fatalf("status %s", got)
	}
	list, err := w.Balances(ctx, "m1")
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range list {
		if b.Owner == "acc1b" && b.Fen != 0 {
			t.Fatal("the new account has taken nothing")
		}
	}
}

// An account that configuration forgot while it still has unfinished attempts is named in the
// error, and nothing is lost: put back, it goes on.
func TestAccountForgottenIsNamed(t *testing.T) {
	w := newWorld(t)
	v := w.create("A1", "alipay", 100)
	kept := w.shop.Accounts
	w.with(func(m *core.Merchant) { m.Accounts = nil })
	wantCode(t, w.SettleAttempt(context.Background(), v.Attempts[0].ID), core.CodeNotConfigured)
	w.with(func(m *core.Merchant) { m.Accounts = kept })
	w.bank.settle(v.Attempts[0].OutTradeNo, 100)
	if err := w.SettleAttempt(context.Background(), v.Attempts[0].ID); err != nil || w.payment(v.ID).Status != core.PaymentPaid {
		t.Fatal(err)
	}
}
