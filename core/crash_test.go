package core_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/paymux/paymux/core"
)

// lives is a day in a shop as the outside world drives it: whoever gets no answer because our
// process died asks again, as a client and a gateway do.
type lives struct {
	*world
	kill   core.Point
	nth    int // the process dies when it passes kill for the nth time; 0: never
	passed int
	died   bool
	refund []byte // the answer to the refund
}

// killed unwinds a use case whose process was killed.
type killed struct{}

func newLives(t *testing.T, kill core.Point, nth int, orderStrings bool) *lives {
	l := &lives{world: newWorld(t), kill: kill, nth: nth}
	l.with(func(m *core.Merchant) {
		m.Accounts[0].PaysWithoutTrade, m.Accounts[0].NeedsPayer = orderStrings, !orderStrings
	})
	l.Failpoints = pointFunc(func(p core.Point) {
		if p != kill {
			return
		}
		if l.passed++; l.passed == nth {
			panic(killed{})
		}
	})
	return l
}

// step runs one request from outside. Should the process die under it, what must be true at that
// moment is checked, time passes, and it is sent again.
func (l *lives) step(request func()) {
	if l.survives(request) {
		return
	}
	l.died = true
	if now := l.world.inspectBooks(); len(now) > 0 {
		l.t.Fatalf("killed at %s, the books say %v", l.kill, now)
	}
	l.clock.Advance(30 * time.Second)
	if !l.survives(request) {
		l.t.Fatalf("killed twice at pass %d", l.nth)
	}
}

func (l *lives) survives(request func()) (alive bool) {
	defer func() {
		if r := recover(); r != nil {
			if _, ok := r.(killed); !ok {
				panic(r)
			}
		}
	}()
	request()
	return true
}

// inspectBooks checks the invariants without asking whether a job is late.
func (w *world) inspectBooks() []core.Breach {
	i := core.Inspection{Book: w.bank.truth}
	err := w.memory.EachOrder(context.Background(), func(o core.Order, entries []core.Entry, events []core.Event) error {
		i.Order(&o, entries, events)
		return nil
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return i.Finish(false)
}

// live runs the whole day: an order that is paid and partly refunded, one that is closed, and one
// on a page whose large payment waits for a query.
func (l *lives) live() {
	ctx := context.Background()
	find := func(no string) core.PaymentView {
		list, err := l.Payments(ctx, core.PaymentQuery{MerchantID: "m1", MerchantOrderNo: no})
		if err != nil || len(list) != 1 {
			l.t.Fatalf("%s: %d orders, %v", no, len(list), err)
		}
		return list[0]
	}
	for _, o := range []core.CheckoutRequest{order("A1", "alipay", 100), order("A2", "alipay", 100), order("A3", "wechat", 6_000_000)} {
		l.step(func() {
			if _, err := l.Checkout(ctx, shopCaller, o); err != nil {
				l.t.Fatalf("create %s: %v", o.MerchantOrderNo, err)
			}
		})
	}
	paid, page := find("A1"), find("A3")
	l.bank.settle(paid.Attempts[0].OutTradeNo, 100)
	l.step(func() { l.told(paid) })
	l.step(func() {
		a, err := l.Refund(ctx, shopCaller, core.RefundAsk{PaymentID: paid.ID, AmountFen: 30, IdempotencyKey: "r1"})
		if err != nil {
			l.t.Fatalf("refund: %v", err)
		}
		l.refund = a.Body
	})
	l.step(func() {
		if _, err := l.close(find("A2").ID); err != nil {
			l.t.Fatalf("close: %v", err)
		}
	})
	l.step(func() { l.open(page) })
	l.bank.settle(page.Attempts[0].OutTradeNo, 6_000_000)
	l.step(func() { l.told(page) })
	for range 3 {
		l.step(l.sweep)
		l.clock.Advance(time.Hour)
	}
	l.step(l.sweep)
}

func (l *lives) told(v core.PaymentView) {
	if got := l.notify("acc1", paidNotice(v, 0)); got != "success" {
		l.t.Fatalf("a true message was answered %q", got)
	}
}

// check wants the day to have ended as if nothing had happened.
func (l *lives) check() {
	list, err := l.Payments(context.Background(), core.PaymentQuery{MerchantID: "m1"})
	if err != nil || len(list) != 3 {
		l.t.Fatalf("%d orders, %v", len(list), err)
	}
	want := map[string]struct {
		status         core.PaymentStatus
		events         string
		paid, refunded core.Fen
	}{
		"A1": {core.PaymentPartiallyRefunded, "payment.paid refund.succeeded", 100, 30},
		"A2": {core.PaymentClosed, "payment.closed", 0, 0},
		"A3": {core.PaymentPaid, "payment.paid", 6_000_000, 0},
	}
	for _, v := range list {
		w := want[v.MerchantOrderNo]
		if paid, refunded := l.bank.moved(v.Attempts[0].OutTradeNo); paid != w.paid || refunded != w.refunded || len(v.Attempts) != 1 {
			l.t.Errorf("%s: the gateway took %d and sent back %d fen; %d attempts", v.MerchantOrderNo, paid, refunded, len(v.Attempts))
		}
		if got := l.events(v.ID); v.Status != w.status || got != w.events || v.Settling {
			l.t.Errorf("%s is %s after %q, want %s after %q", v.MerchantOrderNo, v.Status, got, w.status, w.events)
		}
	}
	if breaches := l.inspect(); len(breaches) > 0 {
		l.t.Error(breaches)
	}
	if r := refundView(l.t, l.refund); r.AmountFen != 30 || r.Status == core.RefundFailed {
		l.t.Errorf("the refund was answered %+v", r)
	}
}

// The process is killed at each point, at each of its passes, once: after a restart the books are
// those of a day without a crash.
func TestCrashAtEveryPoint(t *testing.T) {
	rows := map[core.Point]string{
		core.PointCheckoutBeforeInsert: "P01 create, before the insert",
		core.PointCheckoutAfterInsert:  "P02 create, inserted but not sent",
		core.PointPayAfterAnswer:       "P03 P04 create, sent but not written",
		core.PointOpenAfterMark:        "page, marked but not signed",
		core.PointNotifyAfterVerify:    "P05 notify, verified but not stored",
		core.PointNotifyAfterCommit:    "P06 P07 notify, stored but not answered",
		core.PointCloseBeforeGateway:   "P08 close, not sent",
		core.PointCloseAfterGateway:    "P08 close, sent but not written",
		core.PointRefundAfterReserve:   "P09 refund, reserved but not sent",
		core.PointRefundAfterAnswer:    "P10 P11 refund, sent but not written",
		core.PointSettleAfterAnswer:    "inquiry, answered but not written",
	}
	for _, p := range core.Points() {
		row, ours := rows[p]
		if !ours {
			continue // the webhooks' points are passed by those who deliver
		}
		t.Run(row, func(t *testing.T) { dieAtEveryPass(t, p, false) })
		t.Run(row+", by order strings", func(t *testing.T) { dieAtEveryPass(t, p, true) })
	}
}

func dieAtEveryPass(t *testing.T, p core.Point, orderStrings bool) {
	calm := newLives(t, p, 0, orderStrings)
	calm.live()
	calm.check()
	if calm.passed == 0 {
		t.Fatalf("a day never passes %s", p)
	}
	for nth := 1; nth <= calm.passed; nth++ {
		t.Run(fmt.Sprint("pass ", nth), func(t *testing.T) {
			l := newLives(t, p, nth, orderStrings)
			l.live()
			if !l.died {
				t.Fatalf("was not killed at pass %d of %s", nth, p)
			}
			l.check()
		})
	}
}

// What is true at the moment of the crash, before anybody asks again.
func TestCrashLeavesBehind(t *testing.T) {
	ctx := context.Background()
	t.Run("P01 nothing", func(t *testing.T) {
		l := newLives(t, core.PointCheckoutBeforeInsert, 1, false)
		l.survives(func() { _, _ = l.Checkout(ctx, shopCaller, order("A1", "alipay", 100)) })
		if all := l.memory.All(); len(all.Orders)+len(all.Idempotency)+len(all.Payers) != 0 || len(l.bank.trades) != 0 {
			t.Fatalf("%+v", all)
		}
	})
	for name, c := range map[string]struct {
		kill   core.Point
		amount core.Fen
		inbox  int
		status core.PaymentStatus
	}{
		"P05 nothing of the message":     {core.PointNotifyAfterVerify, 100, 0, core.PaymentPaying},
		"P06 the message, to be applied": {core.PointNotifyAfterCommit, 6_000_000, 1, core.PaymentPaying},
		"P07 the payment":                {core.PointNotifyAfterCommit, 100, 1, core.PaymentPaid},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLives(t, c.kill, 1, false)
			v := l.create("A1", "alipay", c.amount)
			l.bank.settle(v.Attempts[0].OutTradeNo, c.amount)
			if l.survives(func() { l.told(v) }) {
				t.Fatal("was not killed")
			}
			if got := l.payment(v.ID).Status; got != c.status || len(l.memory.All().Inbox) != c.inbox {
				t.Fatalf("%s, %d messages kept", got, len(l.memory.All().Inbox))
			}
		})
	}
	t.Run("P11 the reservation", func(t *testing.T) {
		l := newLives(t, core.PointRefundAfterAnswer, 1, false)
		v := l.paid("A1", 100)
		l.survives(func() { l.world.refund(v.ID, "r1", 30) })
		got := l.payment(v.ID)
		if _, refunded := l.bank.moved(v.Attempts[0].OutTradeNo); refunded != 30 || got.RefundableFen != 70 || got.Refunds[0].Status != core.RefundProcessing {
			t.Fatalf("%d fen went back, %+v", refunded, got)
		}
	})
}
