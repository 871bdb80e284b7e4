package core_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/paymux/paymux/core"
)

func TestNotifyPays(t *testing.T) {
	w := newWorld(t)
	v := w.paid("A1", 8888)
	if v.PaidFen != 8888 || v.Attempts[0].State != core.AttemptPaid || w.events(v.ID) != "payment.paid" {
		t.Fatalf("got %+v, events %s", v, w.events(v.ID))
	}
	if w.balance(core.LedgerGateway) != 8888 || w.balance(core.LedgerMerchant) != -8888 {
		t.Fatal("ledger")
	}
}

// C11: the same notification 1,000 times in parallel: one transition, one ledger entry, one event,
// and every answer is success.
func TestNotifyC11ThousandIdentical(t *testing.T) {
	w := newWorld(t)
	v := w.create("A1", "alipay", 8888)
	n := paidNotice(v, 0)
	var wg sync.WaitGroup
	for range 1000 {
		wg.Go(func() {
			if got := w.notify("acc1", n); got != "success" {
				t.Errorf("answer %q", got)
			}
		})
	}
	wg.Wait()
	if w.events(v.ID) != "payment.paid" || w.balance(core.LedgerGateway) != 8888 {
		t.Fatalf("events %q, ledger %d", w.events(v.ID), w.balance(core.LedgerGateway))
	}
}

// What a verified or unverified message may and may not do.
func TestNotifyJudges(t *testing.T) {
	cases := map[string]struct {
		account string
		change  func(*core.Notice)
		reply   string
		alert   string
	}{
		"C05 another app":               {"acc1", func(n *core.Notice) { n.AppID = "2021000000000666" }, "fail", ""},
		"C06 another seller":            {"acc1", func(n *core.Notice) { n.SellerID = "2088000000000666" }, "success", "notify.wrong_seller"},
		"C07 C36 another account":       {"acc2", func(n *core.Notice) { n.AppID = "2021000000000002" }, "fail", ""},
		"C08 too little":                {"acc1", func(n *core.Notice) { n.Trade.TotalFen = 1 }, "success", "notify.amount_mismatch"},
		"C08 too much":                  {"acc1", func(n *core.Notice) { n.Trade.TotalFen = 10000 }, "success", "notify.amount_mismatch"},
		"C09 unknown number":            {"acc1", func(n *core.Notice) { n.Trade.OutTradeNo = "NOBODYS" }, "fail", ""},
		"waiting before anything":       {"acc1", func(n *core.Notice) { n.Kind = core.NoticeWaiting }, "success", ""},
		"C15 closed, the query decides": {"acc1", func(n *core.Notice) { n.Kind, n.Trade.State = core.NoticeClosed, core.TradeClosed }, "success", ""},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			v := w.create("A1", "alipay", 8888)
			n := paidNotice(v, 0)
			c.change(&n)
			if got := w.notify(c.account, n); got != c.reply {
				t.Fatalf("reply %q, want %q", got, c.reply)
			}
			if alerts := strings.Join(w.watch.alerts, " "); alerts != c.alert {
				t.Fatalf("alerts %q, want %q", alerts, c.alert)
			}
			if got := w.payment(v.ID); got.Status != core.PaymentPaying || got.PaidFen != 0 {
				t.Fatalf("state changed: %+v", got)
			}
		})
	}
	t.Run("a complaint about an order is kept and moves nothing", func(t *testing.T) {
		w := newWorld(t)
		v := w.create("A1", "alipay", 100)
		n := core.Notice{Kind: core.NoticeComplaint, ID: "c1", Trade: core.Trade{OutTradeNo: v.Attempts[0].OutTradeNo}}
		if got := w.notify("acc1", n); got != "success" || len(w.watch.alerts) != 0 || w.payment(v.ID).Status != core.PaymentPaying {
			t.Fatal(got, w.watch.alerts)
		}
	})
	t.Run("C01 C03 not verified", func(t *testing.T) {
		w := newWorld(t)
		r, err := w.Receive(context.Background(), "alipay", "acc1", core.Message{Body: []byte("forged")})
		if err != nil || string(r.Body) != "fail" || w.watch.counts["notify.rejected/signature_mismatch"] != 1 {
			t.Fatalf("%v %s", err, r.Body)
		}
	})
	t.Run("F05 unknown account", func(t *testing.T) {
		_, err := newWorld(t).Receive(context.Background(), "alipay", "nobody", core.Message{})
		wantCode(t, err, core.CodeNotConfigured)
	})
}

// C09: money for a number that we never made is asked to come again, and then parked for a person:
// never success within the grace.
func TestNotifyC09ParksAfterGrace(t *testing.T) {
	w := newWorld(t)
	n := core.Notice{Kind: core.NoticePayment, ID: "n1", AppID: "2021000000000001", Trade: core.Trade{OutTradeNo: "NOBODYS", TotalFen: 1}}
	for range 2 {
		if got := w.notify("acc1", n); got != "fail" {
			t.Fatalf("reply %q", got)
		}
		w.clock.Advance(4 * time.Minute)
	}
	w.clock.Advance(10 * time.Minute)
	if got := w.notify("acc1", n); got != "success" || len(w.watch.alerts) != 1 {
		t.Fatalf("reply %q, alerts %v", got, w.watch.alerts)
	}
}

// C10: the notification is faster than create's answer, which must not overwrite it.
func TestNotifyC10BeforeTheAnswer(t *testing.T) {
	w := newWorld(t)
	w.Failpoints = pointFunc(func(p core.Point) {
		if p != core.PointPayAfterAnswer {
			return
		}
		w.Failpoints = nil
		list, _ := w.Payments(context.Background(), core.PaymentQuery{MerchantID: "m1"})
		w.bank.settle(list[0].Attempts[0].OutTradeNo, 100)
		if got := w.notify("acc1", paidNotice(list[0], 0)); got != "success" {
			t.Errorf("reply %q", got)
		}
	})
	v := w.create("A1", "alipay", 100)
	if v.Status != core.PaymentPaid || w.events(v.ID) != "payment.paid" {
		t.Fatalf("got %+v", v)
	}
}

// C12, C13, C14, C16, C17, C18: what may come after.
func TestNotifyAfterPaid(t *testing.T) {
	t.Run("C12 replay after a year", func(t *testing.T) {
		w := newWorld(t)
		v := w.paid("A1", 100)
		w.clock.Advance(365 * 24 * time.Hour)
		if got := w.notify("acc1", paidNotice(v, 0)); got != "success" || w.events(v.ID) != "payment.paid" {
			t.Fatal(got)
		}
	})
	t.Run("C13 waiting after success", func(t *testing.T) {
		w := newWorld(t)
		v := w.paid("A1", 100)
		n := paidNotice(v, 0)
		n.ID, n.Kind, n.Trade.State = "n2", core.NoticeWaiting, core.TradeWaiting
		if got := w.notify("acc1", n); got != "success" || w.payment(v.ID).Status != core.PaymentPaid {
			t.Fatal(got)
		}
	})
	t.Run("C14 finished first", func(t *testing.T) {
		w := newWorld(t)
		v := w.create("A1", "alipay", 100)
		n := paidNotice(v, 0)
		n.Trade.State = core.TradeFinished
		w.notify("acc1", n)
		w.notify("acc1", paidNotice(v, 0))
		if w.events(v.ID) != "payment.paid" || w.payment(v.ID).PaidFen != 100 {
			t.Fatal(w.events(v.ID))
		}
	})
	t.Run("C16 closed after our full refund", func(t *testing.T) {
		w := newWorld(t)
		v := w.paid("A1", 100)
		w.refund(v.ID, "r1", 100)
		n := refundNotice(v, "", 100)
		n.Trade.State = core.TradeClosed
		if got := w.notify("acc1", n); got != "success" || w.events(v.ID) != "payment.paid refund.succeeded" {
			t.Fatal(got, w.events(v.ID))
		}
	})
	t.Run("C17 success with refund_fee is no second payment", func(t *testing.T) {
		w := newWorld(t)
		v := w.paid("A1", 100)
		r := w.refund(v.ID, "r1", 30)
		if got := w.notify("acc1", refundNotice(v, r.OutRequestNo, 30)); got != "success" || w.payment(v.ID).PaidFen != 100 {
			t.Fatal(got)
		}
		if w.events(v.ID) != "payment.paid refund.succeeded" {
			t.Fatal(w.events(v.ID))
		}
	})
	t.Run("C17 a refund's message proves the payment whose message was lost", func(t *testing.T) {
		w := newWorld(t)
		v := w.create("A1", "alipay", 100)
		w.bank.settle(v.Attempts[0].OutTradeNo, 100)
		w.console(v, "console1", 30)
		w.notify("acc1", refundNotice(v, "console1", 30))
		w.sweep()
		if got := w.payment(v.ID); got.Status != core.PaymentPartiallyRefunded || got.RefundedFen != 30 {
			t.Fatalf("got %+v", got)
		}
	})
	t.Run("C18 success after full refund", func(t *testing.T) {
		w := newWorld(t)
		v := w.paid("A1", 100)
		w.refund(v.ID, "r1", 100)
		n := paidNotice(v, 0)
		n.ID = "n2"
		if got := w.notify("acc1", n); got != "success" || w.payment(v.ID).Status != core.PaymentRefunded {
			t.Fatal(got)
		}
		if strings.Join(w.watch.alerts, " ") != "notify.paid_after_refund" || w.events(v.ID) != "payment.paid refund.succeeded" {
			t.Fatal(w.watch.alerts, w.events(v.ID))
		}
	})
	t.Run("C15 closed, which we hold for paid", func(t *testing.T) {
		w := newWorld(t)
		v := w.paid("A1", 100)
		w.refund(v.ID, "r1", 99)
		n := paidNotice(v, 0)
		n.ID, n.Kind, n.Trade.State = "n2", core.NoticeClosed, core.TradeClosed
		if got := w.notify("acc1", n); got != "success" || strings.Join(w.watch.alerts, " ") != "notify.closed_but_paid" {
			t.Fatal(got, w.watch.alerts)
		}
		w.refund(v.ID, "r2", 1)
		n.ID = "n3"
		if got := w.notify("acc1", n); got != "success" || len(w.watch.alerts) != 1 {
			t.Fatal(got, w.watch.alerts)
		}
	})
	t.Run("C19 another trade of the same number", func(t *testing.T) {
		w := newWorld(t)
		v := w.paid("A1", 100)
		n := paidNotice(v, 0)
		n.ID, n.Trade.TradeNo = "n2", "ANOTHER"
		if got := w.notify("acc1", n); got != "success" || strings.Join(w.watch.alerts, " ") != "notify.second_trade" {
			t.Fatal(got, w.watch.alerts)
		}
		if w.payment(v.ID).PaidFen != 100 || w.balance(core.LedgerGateway) != 100 {
			t.Fatal("the books changed")
		}
	})
}

// C11, C12: a gateway repeats a notice by its id with another send time. It is kept once; what says
// something else under that id is kept beside it.
func TestNotifyC11RepeatsAreKeptOnce(t *testing.T) {
	w := newWorld(t)
	v := w.create("A1", "alipay", 100)
	n := paidNotice(v, 0)
	for i := range 3 {
		n.At = w.clock.Now().Add(time.Duration(i) * time.Hour)
		w.notify("acc1", n)
	}
	n.Trade.State = core.TradeFinished
	w.notify("acc1", n)
	if box := w.memory.All().Inbox; len(box) != 2 || w.events(v.ID) != "payment.paid" {
		t.Fatalf("%d messages are kept, told %s", len(box), w.events(v.ID))
	}
}

// A12: coupons and points pay a part, so that the merchant receives less than the total. The total
// decides what is paid; the receipt is kept beside it.
func TestNotifyA12ReceiptIsLess(t *testing.T) {
	w := newWorld(t)
	v := w.create("A1", "alipay", 100)
	n := paidNotice(v, 0)
	n.Trade.ReceiptFen = 90
	if got := w.notify("acc1", n); got != "success" || w.payment(v.ID).PaidFen != 100 || w.balance(core.LedgerGateway) != 100 {
		t.Fatal(got, w.payment(v.ID).PaidFen)
	}
	if a := w.memory.All().Orders[0].Attempts[0]; a.ReceiptFen != 90 {
		t.Fatalf("the receipt is %d fen", a.ReceiptFen)
	}
}

// C19: two trades under one number, of an amount that waits for its query. The query speaks for one
// of them; the other's message is parked all the same.
func TestNotifyC19WhileWaiting(t *testing.T) {
	w := newWorld(t)
	v := w.create("A1", "alipay", 6_000_000)
	n := paidNotice(v, 0)
	w.notify("acc1", n)
	n.ID, n.Trade.TradeNo = "n2", "ANOTHER"
	w.notify("acc1", n)
	w.bank.settle(v.Attempts[0].OutTradeNo, 6_000_000)
	w.sweep()
	if w.payment(v.ID).Status != core.PaymentPaid || strings.Join(w.watch.alerts, " ") != "notify.second_trade" {
		t.Fatal(w.payment(v.ID).Status, w.watch.alerts)
	}
}

func refundNotice(v core.PaymentView, outRequestNo string, cumulative core.Fen) core.Notice {
	n := paidNotice(v, 0)
	n.ID, n.Kind, n.OutRequestNo, n.CumulativeFen = "r-"+outRequestNo, core.NoticeRefund, outRequestNo, cumulative
	return n
}

// console makes a refund in the gateway's own console.
func (w *world) console(v core.PaymentView, number string, amount core.Fen) {
	w.bank.mu.Lock()
	defer w.bank.mu.Unlock()
	t := w.bank.trades[v.Attempts[0].OutTradeNo]
	t.refunds[number] = amount
	t.refunded += amount
}

// G14: a refund made in the gateway's console is found by its message; the books and the ledger
// follow.
func TestNotifyG14ExternalRefund(t *testing.T) {
	w := newWorld(t)
	v := w.paid("A1", 100)
	w.console(v, "console1", 40)
	if got := w.notify("acc1", refundNotice(v, "console1", 40)); got != "success" {
		t.Fatal(got)
	}
	w.sweep()
	got := w.payment(v.ID)
	if got.Status != core.PaymentPartiallyRefunded || got.Refunds[0].Origin != core.RefundExternal || got.RefundableFen != 60 {
		t.Fatalf("got %+v", got)
	}
	if w.balance(core.LedgerGateway) != 60 || w.balance(core.LedgerTransit) != 0 {
		t.Fatal("ledger")
	}
	w.notify("acc1", refundNotice(v, "console1", 40))
	if w.payment(v.ID).RefundedFen != 40 {
		t.Fatal("counted twice")
	}
}

// Above the limit a notification waits for a signed query: forged or real, it is the query that
// books.
func TestNotifyConfirmsLargeAmounts(t *testing.T) {
	w := newWorld(t)
	v := w.create("A1", "alipay", 6_000_000)
	if got := w.notify("acc1", paidNotice(v, 0)); got != "success" || w.payment(v.ID).Status != core.PaymentPaying {
		t.Fatal(got)
	}
	w.clock.Advance(time.Second)
	w.sweepInbox()
	if w.payment(v.ID).Status != core.PaymentPaying {
		t.Fatal("the bank does not know of it, so it must not be paid")
	}
	w.bank.settle(v.Attempts[0].OutTradeNo, 6_000_000)
	w.clock.Advance(time.Hour)
	w.sweep()
	if w.payment(v.ID).Status != core.PaymentPaid || w.events(v.ID) != "payment.paid" {
		t.Fatal(w.payment(v.ID).Status)
	}
}

// A negative limit makes every notification wait for the query, however small.
func TestNotifyConfirmsEverything(t *testing.T) {
	w := newWorld(t)
	w.ConfirmOver = -1
	v := w.create("A1", "alipay", 1)
	if got := w.notify("acc1", paidNotice(v, 0)); got != "success" || w.payment(v.ID).Status != core.PaymentPaying {
		t.Fatal(got, w.payment(v.ID).Status)
	}
}

func (w *world) sweepInbox() {
	w.t.Helper()
	due, _ := w.Store.Due(context.Background(), core.DueQuery{Kind: core.DueInbox, Until: w.clock.Now(), Limit: 10})
	for _, d := range due {
		if err := w.ApplyInbox(context.Background(), d.ID); err != nil {
			w.t.Fatal(err)
		}
	}
}

// C15: the message says closed; the query says that it is paid.
func TestNotifyC15ClosedButPaid(t *testing.T) {
	w := newWorld(t)
	v := w.create("A1", "alipay", 100)
	w.bank.settle(v.Attempts[0].OutTradeNo, 100)
	n := paidNotice(v, 0)
	n.Kind, n.Trade.State = core.NoticeClosed, core.TradeClosed
	w.notify("acc1", n)
	w.sweep()
	if w.payment(v.ID).Status != core.PaymentPaid {
		t.Fatal(w.payment(v.ID).Status)
	}
}

// G18: every notification is lost; the janitor's inquiry books the payment.
func TestNotifyG18NeverComes(t *testing.T) {
	w := newWorld(t)
	v := w.create("A1", "alipay", 100)
	w.bank.settle(v.Attempts[0].OutTradeNo, 100)
	w.clock.Advance(30 * time.Second)
	w.sweep()
	if w.payment(v.ID).Status != core.PaymentPaid {
		t.Fatal(w.payment(v.ID).Status)
	}
}
