package core_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/paymux/paymux/core"
)

// books is one order with all that the inspection is given about it.
type books struct {
	order   core.Order
	entries []core.Entry
	events  []core.Event
	truth   map[string]core.Truth
	now     time.Time
}

// soundBooks is a paid order with a refund that is done, one that came back, and one that is on its
// way; and, closed, one with late money that is held.
func soundBooks(t *testing.T) (paid, late books) {
	w := newWorld(t).with(func(m *core.Merchant) { m.Late = core.LateHold })
	v := w.paid("A1", 1000)
	r := w.refund(v.ID, "r1", 300)
	w.notify("acc1", returnedNotice(w.payment(v.ID), "back", r.OutRequestNo, 100))
	w.bank.plan("refund", "+unknown")
	w.refund(v.ID, "r2", 200)
	l := w.create("A2", "alipay", 500)
	must(w.close(l.ID))
	w.payLate(l, 0)
	var all []books
	_ = w.memory.EachOrder(context.Background(), func(o core.Order, entries []core.Entry, events []core.Event) error {
		no := o.Attempts[0].OutTradeNo
		refunds := map[string]core.Fen{}
		maps.Copy(refunds, w.bank.trades[no].refunds)
		truth := map[string]core.Truth{no: {CapturedFen: w.bank.trades[no].total, RefundedFen: w.bank.trades[no].refunded, Refunds: refunds}}
		all = append(all, books{o, entries, events, truth, w.clock.Now()})
		return nil
	})
	return all[0], all[1]
}

// inspected tells what is wrong with the books.
func (b books) inspected() (found []string) {
	i := core.Inspection{Now: b.now, Overdue: time.Minute, Book: func(no string) (core.Truth, bool) { t, ok := b.truth[no]; return t, ok }}
	i.Order(&b.order, b.entries, b.events)
	for _, breach := range i.Finish(false) {
		found = append(found, breach.Invariant+" "+breach.Detail)
	}
	if i.Orders != 1 {
		found = append(found, fmt.Sprint(i.Orders, " orders"))
	}
	return found
}

// Every clause of every invariant can fail by itself: one lie in sound books is named, by its
// invariant and by what it is about.
func TestVerifyClauseByClause(t *testing.T) {
	paid, late := soundBooks(t)
	if found := append(paid.inspected(), late.inspected()...); len(found) > 0 {
		t.Fatalf("sound books: %v", found)
	}
	pay := func(b *books) *core.Payment { return &b.order.Payment }
	attempt := func(b *books) *core.Attempt { return &b.order.Attempts[0] }
	refund := func(b *books, i int) *core.Refund { return &b.order.Refunds[i] }
	for _, lie := range []struct {
		late bool
		want string
		tell func(*books)
	}{
		{false, "INV-M2 paid 1000, reserved 500, refunded -1", func(b *books) { pay(b).RefundedFen = -1 }},
		{false, "INV-M2 paid 1000, reserved 500, refunded 501", func(b *books) { pay(b).RefundedFen = 501 }},
		{false, "INV-M2 paid 1000, reserved 1001", func(b *books) { pay(b).ReservedFen = 1001 }},
		{false, "INV-M2 paid 999, reserved 500, refunded 300 of 1000", func(b *books) { pay(b).PaidFen = 999 }},
		{false, "INV-M2 the refunds add up to 500 reserved and 300 refunded, the payment says 499", func(b *books) { pay(b).ReservedFen = 499 }},
		{false, "INV-M2 the refunds add up to 500 reserved and 300 refunded, the payment says 500 and 299", func(b *books) { pay(b).RefundedFen = 299 }},
		{false, "INV-M2 of refund", func(b *books) { refund(b, 0).ReturnedFen = -1 }},
		{false, "INV-M2 of refund", func(b *books) { refund(b, 0).ReturnedFen = 301 }},
		{false, "INV-M2 of refund", func(b *books) { refund(b, 1).ActualFen, refund(b, 1).ReturnedFen = 9, 9 }},
		{false, "INV-S4 attempt", func(b *books) { pay(b).PaidAttempt = "other" }},
		{false, "INV-S1 status partially_refunded with 0 paid", func(b *books) { attempt(b).State = core.AttemptClosed }},
		{false, "INV-S1 status partially_refunded with 2 paid", func(b *books) { b.order.Attempts = append(b.order.Attempts, b.order.Attempts[0]) }},
		{false, "INV-S1 status partially_refunded with 1 paid attempts and 0 fen", func(b *books) { pay(b).PaidFen = 0 }},
		{false, "INV-S1 status paid, but 300 of 1000", func(b *books) { pay(b).Status = core.PaymentPaid }},
		{false, "INV-S1 status refunded, but 300 of 1000", func(b *books) { pay(b).Status = core.PaymentRefunded }},
		{false, "INV-M5 late attempts hold 0", func(b *books) { pay(b).LateFen = 5 }},
		{false, "INV-S4 shares its trade_no", func(b *books) {
			b.order.Attempts = append(b.order.Attempts, core.Attempt{ID: "x", Gateway: "alipay", TradeNo: b.order.Attempts[0].TradeNo, State: core.AttemptClosed})
		}},
		{false, "INV-S4 shares its out_request_no", func(b *books) { refund(b, 1).OutRequestNo = refund(b, 0).OutRequestNo }},
		{false, "INV-M3 posting", func(b *books) { b.entries[0].AmountFen++ }},
		{false, "INV-M1 the ledger's gateway", func(b *books) { attempt(b).PaidFen = 999 }},
		{false, "INV-M3 the ledger's refund_returned", func(b *books) { refund(b, 0).ReturnedFen = 99 }},
		{false, "INV-M3 the ledger's refund_difference", func(b *books) { refund(b, 0).ActualFen = 299 }},
		{false, "INV-M3 the ledger's refund_in_transit", func(b *books) { refund(b, 1).AmountFen = 201 }},
		{false, "INV-E1 event 2 of 3", func(b *books) { b.events = slices.Delete(b.events, 1, 2) }},
		{false, "INV-E1 4 events", func(b *books) { b.events = append(b.events, b.events[0]) }},
		{false, "INV-E1 event 4 of 4", func(b *books) { pay(b).Sequence++ }},
		{false, "INV-E2 1 × refund.returned, want 0", func(b *books) { refund(b, 0).ReturnedFen = 0 }},
		{false, "INV-E3 the newest event tells partially_refunded, 1000", func(b *books) { pay(b).PaidFen, pay(b).AmountFen = 1001, 1001 }},
		{false, "INV-E3 the newest event tells partially_refunded, 1000", func(b *books) { pay(b).RefundedFen = 301 }},
		{false, "INV-E3 the newest event tells partially_refunded", func(b *books) { pay(b).Status = core.PaymentClosing }},
		{false, "INV-L1 attempt", func(b *books) { attempt(b).NextAt = b.now.Add(-61 * time.Second) }},
		{false, "INV-L1 attempt", func(b *books) { attempt(b).State, attempt(b).NextAt = core.AttemptReady, time.Time{} }},
		{false, "INV-L1 refund", func(b *books) { refund(b, 1).NextAt = time.Time{} }},
		{false, "INV-L1 refund", func(b *books) { refund(b, 1).NextAt = b.now.Add(-61 * time.Second) }},
		{false, "INV-S2 attempt", func(b *books) { b.gateway(func(t *core.Truth) { t.CapturedFen = 1001 }) }},
		{false, "INV-S2 attempt", func(b *books) {
			attempt(b).Settling = true
			b.gateway(func(t *core.Truth) { t.CapturedFen = 999 })
		}},
		{false, "INV-S5 refund", func(b *books) { b.gateway(func(t *core.Truth) { t.Refunds[refund(b, 0).OutRequestNo] = 299 }) }},
		{false, "INV-S5 refund", func(b *books) { b.gateway(func(t *core.Truth) { delete(t.Refunds, refund(b, 0).OutRequestNo) }) }},
		{false, "INV-S5 refund", func(b *books) {
			refund(b, 1).Status = core.RefundFailed
			b.gateway(func(t *core.Truth) { t.Refunds[refund(b, 1).OutRequestNo] = 1 })
		}},
		{false, "INV-M1 attempt", func(b *books) { b.gateway(func(t *core.Truth) { t.RefundedFen = 299 }) }},
		{false, "INV-M1 attempt", func(b *books) {
			refund(b, 1).Status = core.RefundFailed
			b.gateway(func(t *core.Truth) { t.RefundedFen = 301 })
		}},
		{true, "INV-S1 closed, but attempt", func(b *books) {
			b.order.Attempts = append(b.order.Attempts, core.Attempt{ID: "x", State: core.AttemptReady, NextAt: b.now})
		}},
		{true, "INV-M5 attempt", func(b *books) { attempt(b).Reason = "" }},
		{true, "INV-M5 refund x of 499 fen for 500", func(b *books) {
			b.order.Refunds = []core.Refund{{ID: "x", AttemptID: attempt(b).ID, Origin: core.RefundLate, AmountFen: 499, Status: core.RefundProcessing, NextAt: b.now}}
		}},
		{true, "is sent back 2 times", func(b *books) {
			one := core.Refund{ID: "x", AttemptID: attempt(b).ID, Origin: core.RefundLate, AmountFen: 500, Status: core.RefundProcessing, NextAt: b.now}
			b.order.Refunds = []core.Refund{one, one}
		}},
		{true, "is sent back 0 times", func(b *books) {
			attempt(b).Reason = ""
			b.order.Refunds = []core.Refund{{ID: "x", AttemptID: "another", Origin: core.RefundLate, AmountFen: 500, Status: core.RefundSucceeded}}
		}},
		{true, "INV-E2 0 × payment.late_accepted, want 1", func(b *books) { attempt(b).Reason = "accepted" }},
	} {
		b := pick(lie.late, late, paid)
		b.order = *b.order.Clone()
		b.entries, b.events = slices.Clone(b.entries), slices.Clone(b.events)
		b.truth = map[string]core.Truth{}
		for no, truth := range pick(lie.late, late, paid).truth {
			refunds := map[string]core.Fen{}
			maps.Copy(refunds, truth.Refunds)
			b.truth[no] = core.Truth{CapturedFen: truth.CapturedFen, RefundedFen: truth.RefundedFen, Refunds: refunds}
		}
		lie.tell(&b)
		if found := b.inspected(); !slices.ContainsFunc(found, func(one string) bool { return strings.Contains(one, lie.want) }) {
			t.Errorf("%s: found only %v", lie.want, found)
		}
	}
}

// gateway changes what the gateway's book says of the first attempt.
func (b *books) gateway(change func(*core.Truth)) {
	no := b.order.Attempts[0].OutTradeNo
	truth := b.truth[no]
	change(&truth)
	b.truth[no] = truth
}

// Two gateways may call two trades by one number; a refund's message is not looked for in the book
// of an order that was refunded in the console.
func TestVerifyLetsSoundBooksPass(t *testing.T) {
	paid, _ := soundBooks(t)
	other := core.Attempt{ID: "x", Gateway: "elsewhere", TradeNo: paid.order.Attempts[0].TradeNo, State: core.AttemptClosed}
	paid.order.Attempts = append(paid.order.Attempts, other)
	if found := paid.inspected(); len(found) > 0 {
		t.Error(found)
	}
	many := core.Inspection{}
	for range core.MaxBreaches + 5 {
		many.Order(&core.Order{Payment: core.Payment{Status: core.PaymentPaid}}, nil, nil)
	}
	if n := len(many.Finish(true)); n != core.MaxBreaches {
		t.Errorf("%d breaches are kept", n)
	}
}

// INV-M4: what a bank sent back lies at the gateway again, in the ledger as in the gateway's book.
func TestVerifyCountsWhatCameBack(t *testing.T) {
	paid, _ := soundBooks(t)
	delete(paid.truth[paid.order.Attempts[0].OutTradeNo].Refunds, paid.order.Refunds[1].OutRequestNo)
	paid.gateway(func(t *core.Truth) { t.RefundedFen = 300 })
	i := core.Inspection{Book: func(no string) (core.Truth, bool) { t, ok := paid.truth[no]; return t, ok }}
	i.Order(&paid.order, paid.entries, paid.events)
	if found := i.Finish(true); len(found) > 0 {
		t.Error(found)
	}
}
