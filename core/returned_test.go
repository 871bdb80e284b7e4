package core_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/paymux/paymux/core"
)

// returnedNotice is what the gateway says when the buyer's bank sent a refund back.
func returnedNotice(v core.PaymentView, id, outRequestNo string, amount core.Fen) core.Notice {
	return core.Notice{
		Kind: core.NoticeReturned, ID: id, AppID: "2021000000000001", OutRequestNo: outRequestNo, ReturnedFen: amount,
		Trade: core.Trade{OutTradeNo: v.Attempts[0].OutTradeNo, TradeNo: v.Attempts[0].TradeNo},
	}
}

// inboxState is what became of the newest message.
func (w *world) inboxState() string {
	rows := w.memory.All().Inbox
	last := slices.MaxFunc(rows, func(a, b core.Inbox) int { return a.ReceivedAt.Compare(b.ReceivedAt)*2 + pick(a.ID > b.ID, 1, -1) })
	return string(last.State) + " " + last.Code
}

// wantReturned wants that so much came back of the payment's refunds, with all that follows: the
// refund stays succeeded, the ledger owes it to the buyer, the merchant was told once, somebody was
// alarmed once, and it is on the person's list.
func (w *world) wantReturned(v core.PaymentView, fen core.Fen) {
	w.t.Helper()
	got, back, told := w.payment(v.ID), core.Fen(0), 0
	for _, r := range got.Refunds {
		back += r.ReturnedFen
		if r.ReturnedFen > 0 && (r.Status != core.RefundSucceeded || r.ReturnedAt == "") {
			w.t.Errorf("%+v", r)
		}
	}
	for _, e := range must(w.EventPage(context.Background(), core.EventQuery{MerchantID: "m1", PaymentID: v.ID})) {
		if e.Type == core.EventRefundReturned {
			told++
		}
	}
	alarms := 0
	for _, a := range w.watch.alerts {
		if a == "refund.returned" {
			alarms++
		}
	}
	want := pick(fen > 0, 1, 0)
	if back != fen || w.balance(core.LedgerReturned) != -fen || told != want || alarms != want || slices.Contains(got.Attention, "refund_returned") != (fen > 0) {
		w.t.Fatalf("%d fen came back, the ledger owes %d, told %d times, alarmed %d times, attention %v", back, w.balance(core.LedgerReturned), told, alarms, got.Attention)
	}
	if found := w.inspect(); len(found) > 0 {
		w.t.Fatal(found)
	}
}

// G31: the buyer's bank sent a refund back. Told again, under the same id or another, it is one; a
// part of it may come back alone.
func TestReturnedG31(t *testing.T) {
	for _, amount := range []core.Fen{60, 20} {
		t.Run(fmt.Sprint(amount), func(t *testing.T) {
			w := newWorld(t)
			v := w.paid("A1", 100)
			no := w.refund(v.ID, "r1", 60).OutRequestNo
			for _, id := range []string{"n1", "n1", "n2"} {
				if got := w.notify("acc1", returnedNotice(v, id, no, amount)); got != "success" {
					t.Fatal(got)
				}
				w.wantReturned(v, amount)
			}
			if got := w.payment(v.ID); got.RefundedFen != 60 || got.Status != core.PaymentPartiallyRefunded || w.balance(core.LedgerGateway) != 40+amount {
				t.Fatalf("%+v", got)
			}
			if got := must(w.Payments(context.Background(), core.PaymentQuery{MerchantID: "m1", Attention: true})); len(got) != 1 {
				t.Fatalf("%d payments are on the list", len(got))
			}
			w.refund(v.ID, "r2", 40) // nothing else is held up by it
			if got := w.payment(v.ID); got.Status != core.PaymentRefunded {
				t.Fatalf("%+v", got)
			}
		})
	}
	t.Run("one made in the console", func(t *testing.T) {
		w := newWorld(t)
		v := w.paid("A1", 100)
		w.console(v, "console1", 40)
		w.notify("acc1", refundNotice(v, "console1", 40))
		w.sweep()
		w.notify("acc1", returnedNotice(v, "n1", "console1", 40))
		w.wantReturned(v, 40)
	})
	t.Run("late money", func(t *testing.T) {
		w := newWorld(t)
		v := w.create("A1", "alipay", 100)
		must(w.close(v.ID))
		w.bank.settle(v.Attempts[0].OutTradeNo, 100)
		w.notify("acc1", paidNotice(v, 0))
		w.sweep()
		w.notify("acc1", returnedNotice(v, "n1", w.payment(v.ID).Refunds[0].OutRequestNo, 100))
		w.wantReturned(v, 100)
	})
	t.Run("before we know that the refund was done", func(t *testing.T) {
		w := newWorld(t)
		v := w.paid("A1", 100)
		w.bank.plan("refund", "+unknown")
		no := w.refund(v.ID, "r1", 60).OutRequestNo
		w.notify("acc1", returnedNotice(v, "n1", no, 60))
		w.minutes(2)
		w.wantReturned(v, 60)
	})
	t.Run("by another account of the same application", func(t *testing.T) {
		w := newWorld(t).with(func(m *core.Merchant) {
			second := m.Accounts[0]
			second.ID, second.SellerID = "acc1b", "2088000000000005"
			m.Accounts = append(m.Accounts, second)
		})
		v := w.paid("A1", 100)
		w.notify("acc1b", returnedNotice(v, "n1", w.refund(v.ID, "r1", 60).OutRequestNo, 60))
		w.wantReturned(v, 60)
	})
}

// G31: what cannot be booked is kept for a person, and alarmed; what is not for us is refused. None
// of it touches the books.
func TestReturnedG31ForAPerson(t *testing.T) {
	for name, c := range map[string]struct {
		spoil   func(*core.Notice)
		account string
		want    string
	}{
		"an unknown refund":     {func(n *core.Notice) { n.OutRequestNo = "R9" }, "acc1", "parked returned_unknown_refund"},
		"no refund's number":    {func(n *core.Notice) { n.OutRequestNo = "" }, "acc1", "parked returned_unknown_refund"},
		"an unknown order":      {func(n *core.Notice) { n.Trade.OutTradeNo = "9" }, "acc1", "parked returned_unknown_refund"},
		"more than was sent":    {func(n *core.Notice) { n.ReturnedFen = 61 }, "acc1", "parked returned_amount"},
		"no amount":             {func(n *core.Notice) { n.ReturnedFen = 0 }, "acc1", "parked returned_amount"},
		"another trade":         {func(n *core.Notice) { n.Trade.TradeNo = "T9" }, "acc1", "parked second_trade"},
		"another merchant's":    {func(n *core.Notice) { n.AppID = "2021000000000002" }, "acc2", "rejected wrong_account"},
		"another application's": {func(n *core.Notice) { n.AppID = "2021000000000009" }, "acc1", "rejected wrong_app"},
		"it arrived":            {func(n *core.Notice) { n.Kind = core.NoticeOther }, "acc1", "done other"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			v := w.paid("A1", 100)
			n := returnedNotice(v, "n1", w.refund(v.ID, "r1", 60).OutRequestNo, 60)
			c.spoil(&n)
			w.clock.Advance(time.Second)
			w.notify(c.account, n)
			if got := w.inboxState(); got != c.want {
				t.Fatalf("the message is %s, want %s", got, c.want)
			}
			if parked := c.want[:6] == "parked"; parked != (len(w.watch.alerts) == 1) {
				t.Fatalf("alerts %v", w.watch.alerts)
			}
			w.minutes(1)
			w.wantReturned(v, 0)
		})
	}
	t.Run("another sum than before", func(t *testing.T) {
		w := newWorld(t)
		v := w.paid("A1", 100)
		no := w.refund(v.ID, "r1", 60).OutRequestNo
		w.notify("acc1", returnedNotice(v, "n1", no, 20))
		w.clock.Advance(time.Second)
		w.notify("acc1", returnedNotice(v, "n2", no, 40))
		if got := w.inboxState(); got != "parked returned_amount" {
			t.Fatal(got)
		}
		w.wantReturned(v, 20)
	})
	t.Run("a refund that failed", func(t *testing.T) {
		w := newWorld(t)
		v := w.paid("A1", 100)
		w.bank.plan("refund", "failed")
		no := w.refund(v.ID, "r1", 60).OutRequestNo
		w.clock.Advance(time.Second)
		w.notify("acc1", returnedNotice(v, "n1", no, 60))
		if got := w.inboxState(); got != "parked returned_failed_refund" {
			t.Fatal(got)
		}
		w.wantReturned(v, 0)
	})
}

// G31: a person says how the buyer got what came back. That ends the attention, keeps who, when and
// why, and moves no money; the ledger owes it as before. Said again, it stays the first's; nobody
// can say it of what never came back, nor of another merchant's.
func TestReturnedG31Handled(t *testing.T) {
	w := newWorld(t)
	ctx, night, day := context.Background(), core.Caller{MerchantID: "m1", Actor: "night shift"}, core.Caller{MerchantID: "m1", Actor: "day shift"}
	v := w.paid("A1", 100)
	first, second := w.refund(v.ID, "r1", 60), w.refund(v.ID, "r2", 40)
	handle := func(caller core.Caller, id, reason string, want core.Code) core.RefundView {
		t.Helper()
		got, err := w.HandleReturned(ctx, caller, id, reason)
		if core.CodeOf(err) != want {
			t.Fatalf("%v, want %q", err, want)
		}
		return got
	}
	handle(night, first.ID, "paid at the counter", core.CodeWrongState)
	w.notify("acc1", returnedNotice(v, "n1", first.OutRequestNo, 60))
	w.notify("acc1", returnedNotice(v, "n2", second.OutRequestNo, 40))
	handle(night, first.ID, " \u200b", core.CodeInvalid)
	handle(core.Caller{MerchantID: "m2", Actor: "x"}, first.ID, "paid", core.CodeNotFound)
	entries, at := len(w.memory.All().Entries), core.Stamp(w.clock.Now())
	handle(night, first.ID, "paid at the counter", "")
	w.clock.Advance(time.Hour)
	got := handle(day, first.ID, "by transfer", "")
	if got.HandledBy != "night shift" || got.HandledWhy != "paid at the counter" || got.HandledAt != at || got.ReturnedFen != 60 {
		t.Errorf("%+v", got)
	}
	if w.balance(core.LedgerReturned) != -100 || len(w.memory.All().Entries) != entries {
		t.Error("money moved")
	}
	if w.payment(v.ID).Attention == nil {
		t.Error("the second refund waits for nobody")
	}
	handle(day, second.ID, "by transfer", "")
	w.notify("acc1", returnedNotice(v, "n3", second.OutRequestNo, 40)) // told once more
	if a := w.payment(v.ID).Attention; a != nil {
		t.Errorf("the payment waits for a person: %v", a)
	}
	noted := 0
	for _, row := range w.memory.All().Audits {
		if row.Action == "refund.handled" {
			noted++
		}
	}
	if found := w.inspect(); noted != 2 || len(found) > 0 {
		t.Errorf("noted %d times, %v", noted, found)
	}
}
