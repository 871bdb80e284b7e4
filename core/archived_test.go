package core_test

import (
	"strings"
	"testing"

	"github.com/paymux/paymux/core"
	"github.com/paymux/paymux/core/archive"
)

// archived makes a paid payment with a refund and lets it leave.
func (w *world) archived(no string) core.PaymentView {
	w.t.Helper()
	ctx := w.t.Context()
	v := w.create(no, "alipay", 100)
	w.bank.settle(v.Attempts[0].OutTradeNo, 100)
	if _, err := w.Sync(ctx, shopCaller, v.ID); err != nil { // by inquiry: no message is kept
		w.t.Fatal(err)
	}
	w.refund(v.ID, "r"+no, 30)
	v = w.payment(v.ID)
	var leaving []archive.Leaving
	records, err := w.memory.Records(ctx, w.clock.Now(), archive.Cursor{}, 10)
	for _, r := range records {
		leaving = append(leaving, archive.Leaving{PaymentID: r.Order.Payment.ID, Print: archive.Print(r.Text)})
	}
	if gone, lost := w.memory.Leave(ctx, archive.Batch{Archive: "arc", At: w.clock.Now(), Orders: leaving}); err != nil || lost != nil || len(gone) == 0 || v.PaidFen != 100 {
		w.t.Fatal(gone, err, lost)
	}
	return v
}

// I09: who asks for an order that was archived is told so, nothing of it can be done again, and
// its number is nobody else's.
func TestArchivedIsAnswered(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	v := w.archived("A1")
	before := w.balance(core.LedgerGateway)
	for name, ask := range map[string]func() error{
		"read":   func() error { _, err := w.Payment(ctx, "m1", v.ID); return err },
		"refund": func() error { _, err := w.RefundView(ctx, "m1", v.Refunds[0].ID); return err },
		"story":  func() error { _, err := w.Timeline(ctx, "m1", v.ID); return err },
		"sync":   func() error { _, err := w.Sync(ctx, shopCaller, v.ID); return err },
		"close":  func() error { _, err := w.close(v.ID); return err },
		"attempt": func() error {
			_, err := w.NextAttempt(ctx, shopCaller, core.AttemptRequest{PaymentID: v.ID, Platform: "alipay"})
			return err
		},
		"refund again": func() error {
			_, err := w.Refund(ctx, shopCaller, core.RefundAsk{PaymentID: v.ID, AmountFen: 1, IdempotencyKey: "k", MerchantRefundNo: "m2"})
			return err
		},
		"accept late": func() error {
			_, err := w.AcceptLate(ctx, shopCaller, core.LateAsk{PaymentID: v.ID, IdempotencyKey: "k"})
			return err
		},
	} {
		if err := ask(); core.CodeOf(err) != core.CodeArchived || !strings.Contains(err.Error(), "archive arc") || err.(*core.Error).PaymentID != v.ID {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := w.Payment(ctx, "another", v.ID); core.CodeOf(err) != core.CodeNotFound { // W01
		t.Error(err)
	}
	for _, key := range []string{"", "new"} {
		again := order("A1", "alipay", 100)
		again.IdempotencyKey = key
		_, err := w.Checkout(ctx, shopCaller, again)
		if core.CodeOf(err) != core.CodeOrderExists || err.(*core.Error).PaymentID != v.ID {
			t.Errorf("an archived order's number makes another order: %v", err)
		}
	}
	if all := w.memory.All(); len(all.Orders) != 0 || w.balance(core.LedgerGateway) != before {
		t.Error(len(all.Orders), w.balance(core.LedgerGateway))
	}
	found, err := core.Find(ctx, w.memory, v.Attempts[0].OutTradeNo)
	if err != nil || len(found) != 1 || found[0].Archive != "arc" || found[0].Payment.ID != v.ID || found[0].MerchantID != "m1" {
		t.Errorf("%+v, %v", found, err)
	}
}

// C56: a message about an archived order's money is accepted and told of; what the gateway says of
// it without money is accepted in silence. Neither is taken for an unknown number.
func TestArchivedHearsMessages(t *testing.T) {
	w := newWorld(t)
	v := w.archived("A1")
	w.watch.alerts = nil
	n := paidNotice(v, 0)
	if got := w.notify("acc1", n); got != "success" || strings.Join(w.watch.alerts, " ") != "notify.archived" {
		t.Fatal(got, w.watch.alerts)
	}
	n.ID, n.Kind, n.Trade.State = "n2", core.NoticeClosed, core.TradeClosed
	if got := w.notify("acc1", n); got != "success" || len(w.watch.alerts) != 1 {
		t.Fatal(got, w.watch.alerts)
	}
	for _, box := range w.memory.All().Inbox {
		if box.State != core.InboxDone || box.Code != string(core.CodeArchived) || box.PaymentID != v.ID || box.DeleteAfter.IsZero() {
			t.Errorf("%+v", box)
		}
	}
	if len(w.memory.All().Inbox) != 2 || w.balance(core.LedgerGateway) != 70 {
		t.Error("messages or books", w.balance(core.LedgerGateway))
	}
}
