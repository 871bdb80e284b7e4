package core_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/paymux/paymux/core"
)

// Two trades whose console refunds carry the same number, as Alipay allows: both are booked, and
// odd numbers are too (G14).
func TestExternalRefundsMayShareANumber(t *testing.T) {
	for _, number := range []string{"1", "退款一", strings.Repeat("9", 64)} {
		w := newWorld(t)
		for _, no := range []string{"A1", "A2"} {
			v := w.paid(no, 100)
			w.console(v, number, 40)
			n := refundNotice(v, number, 40)
			n.ID = "r-" + no
			w.notify("acc1", n)
		}
		w.sweep()
		for _, v := range must(w.Payments(context.Background(), core.PaymentQuery{MerchantID: "m1"})) {
			if v.RefundedFen != 40 {
				t.Fatalf("number %q: %s has %d fen refunded", number, v.MerchantOrderNo, v.RefundedFen)
			}
		}
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// The gateway refused a refund for good and then says, signed, that it was paid: a person is told
// at once.
func TestRefundFailedButPaidIsParked(t *testing.T) {
	w := newWorld(t)
	v := w.paid("A1", 100)
	w.bank.plan("refund", "+failed")
	r := w.refund(v.ID, "r1", 30)
	if got := w.notify("acc1", refundNotice(v, r.OutRequestNo, 30)); got != "success" || fmt.Sprint(w.watch.alerts) != "[notify.failed_refund_paid]" {
		t.Fatal(got, w.watch.alerts)
	}
}

// A refund's message is proof of a payment, but no way around the confirmation of large amounts.
func TestRefundMessageWaitsForConfirmationToo(t *testing.T) {
	w := newWorld(t)
	v := w.create("A1", "alipay", 6_000_000)
	w.notify("acc1", refundNotice(v, "x", 1))
	w.sweepInbox()
	if got := w.payment(v.ID); got.Status != core.PaymentPaying || w.bank.count("query") == 0 {
		t.Fatalf("got %s after %d queries", got.Status, w.bank.count("query"))
	}
}

// S03: an unknown answer does not end the last look at a number that the gateway never knew.
func TestLastLookS03IsRepeatedUntilAnswered(t *testing.T) {
	w := newWorld(t)
	v := w.create("A1", "wechat", 100)
	w.open(v)
	w.clock.Advance(25 * time.Minute)
	w.sweep()
	if w.payment(v.ID).Status != core.PaymentClosed {
		t.Fatal(w.payment(v.ID).Status)
	}
	w.bank.settle(v.Attempts[0].OutTradeNo, 100)
	w.bank.plan("query", "unknown", "not_sent")
	for range 4 {
		w.clock.Advance(20 * time.Minute)
		w.sweep()
	}
	if got := w.payment(v.ID); got.LatePayment == nil || got.Refunds[0].Status != core.RefundSucceeded {
		t.Fatalf("got %+v", got)
	}
}

// One payment gathers a bounded number of refunds and attempts, because every event carries them
// all.
func TestPaymentGathersNoMoreThanItMay(t *testing.T) {
	w := newWorld(t)
	v := w.paid("A1", 1000)
	for i := range core.MaxRefunds {
		w.refund(v.ID, fmt.Sprint("r", i), 1)
	}
	_, err := w.Refund(context.Background(), shopCaller, core.RefundAsk{PaymentID: v.ID, AmountFen: 1, IdempotencyKey: "one more"})
	if e := wantCode(t, err, core.CodeTooMany); e.PaymentID != v.ID {
		t.Errorf("%+v", e)
	}
	open := w.create("A2", "wechat", 100)
	for i := range core.MaxAttempts {
		_, err = w.NextAttempt(context.Background(), shopCaller, core.AttemptRequest{PaymentID: open.ID, Platform: "wechat", IdempotencyKey: fmt.Sprint("a", i)})
	}
	if e := wantCode(t, err, core.CodeTooMany); e.PaymentID != open.ID {
		t.Errorf("%+v", e)
	}
}

// However many attempts of one payment hold late money, one call sends all of it back.
func TestRefundLateOfManyAttempts(t *testing.T) {
	ctx := context.Background()
	w := newWorld(t).with(func(m *core.Merchant) { m.Late = core.LateAccept })
	v := w.create("A1", "wechat", 100)
	for i := range 9 {
		must(w.NextAttempt(ctx, shopCaller, core.AttemptRequest{PaymentID: v.ID, Platform: "wechat", IdempotencyKey: fmt.Sprint("a", i)}))
	}
	must(w.close(v.ID))
	v = w.payment(v.ID)
	for i := range v.Attempts {
		w.bank.settle(v.Attempts[i].OutTradeNo, 100)
		w.notify("acc1", paidNotice(v, i))
	}
	if got := w.refundLate(v.ID, "all"); len(got.Refunds) != 10 || w.balance(core.LedgerGateway) != 0 || w.balance(core.LedgerMerchant) != 0 {
		t.Fatalf("%d refunds", len(got.Refunds))
	}
}

// What cannot be worked on is put off with growing pauses, and a person is told: it does not fill
// every sweep.
func TestStuckWorkIsPutOff(t *testing.T) {
	w := newWorld(t)
	v := w.create("A1", "alipay", 100)
	w.with(func(m *core.Merchant) { m.Accounts = nil })
	w.clock.Advance(time.Hour)
	tries := 0
	for range 60 {
		w.clock.Advance(time.Second)
		due, _ := w.Store.Due(context.Background(), core.DueQuery{Kind: core.DueAttempt, Until: w.clock.Now(), Limit: 10})
		for _, d := range due {
			tries++
			wantCode(t, w.SettleAttempt(context.Background(), d.ID), core.CodeNotConfigured)
		}
	}
	if tries == 0 || tries > 5 || len(w.watch.alerts) != tries {
		t.Fatalf("%d tries in a minute, alerts %v, payment %s", tries, w.watch.alerts, v.ID)
	}
}

// C19, G12: an inquiry names a trade_no that another order holds. Nothing is paid by it, a person
// is told, and it does not fill every sweep.
func TestInquiryTradeNoOfAnotherOrder(t *testing.T) {
	w := newWorld(t)
	paid, other := w.paid("A1", 100), w.create("A2", "wechat", 100)
	w.open(other)
	w.bank.settle(other.Attempts[0].OutTradeNo, 100)
	w.bank.trades[other.Attempts[0].OutTradeNo].tradeNo = paid.Attempts[0].TradeNo
	w.clock.Advance(time.Minute)
	due, err := w.Store.Due(context.Background(), core.DueQuery{Kind: core.DueAttempt, Until: w.clock.Now(), Limit: 10})
	if err != nil || len(due) != 1 {
		t.Fatal(due, err)
	}
	wantCode(t, w.SettleAttempt(context.Background(), due[0].ID), core.CodeWrongState)
	w.sweep()
	if w.payment(other.ID).PaidFen != 0 || fmt.Sprint(w.watch.alerts) != "[job.stuck]" {
		t.Fatal(w.payment(other.ID).PaidFen, w.watch.alerts)
	}
}

// I05: the same refund is asked for again while the first one's call is about to be made. It is
// told to wait: nobody inquires about what is not sent yet.
func TestRefundI05InProgress(t *testing.T) {
	w := newWorld(t)
	v := w.paid("A1", 100)
	ask := core.RefundAsk{PaymentID: v.ID, AmountFen: 10, IdempotencyKey: "k"}
	w.Failpoints = pointFunc(func(p core.Point) {
		if p == core.PointRefundAfterReserve {
			w.Failpoints = nil
			_, err := w.Refund(context.Background(), shopCaller, ask)
			if e := wantCode(t, err, core.CodeInProgress); e.RetryAfterSeconds < 1 || e.PaymentID != v.ID {
				t.Error("no Retry-After, or no payment")
			}
		}
	})
	must(w.Refund(context.Background(), shopCaller, ask))
	if w.Failpoints != nil || w.bank.count("query_refund") != 0 || w.bank.count("refund") != 1 {
		t.Fatalf("%d inquiries, %d refunds", w.bank.count("query_refund"), w.bank.count("refund"))
	}
}

// I01, I05: the same create comes again while the first one's call is about to be made. Under a key
// it is told to wait, without one it sees the payment that settles: nobody inquires, and nobody
// calls twice.
func TestCheckoutI05InProgress(t *testing.T) {
	w := newWorld(t)
	req := order("A1", "alipay", 100)
	req.IdempotencyKey = "k"
	w.Failpoints = pointFunc(func(p core.Point) {
		if p == core.PointCheckoutAfterInsert {
			w.Failpoints = nil
			_, err := w.Checkout(context.Background(), shopCaller, req)
			if e := wantCode(t, err, core.CodeInProgress); e.RetryAfterSeconds < 1 || e.PaymentID == "" {
				t.Errorf("%+v", e)
			}
			a, err := w.Checkout(context.Background(), shopCaller, order("A1", "alipay", 100))
			if err != nil || !a.Settling || view(t, a.Body).Action != nil {
				t.Errorf("without a key: %v %s", err, a.Body)
			}
		}
	})
	must(w.Checkout(context.Background(), shopCaller, req))
	if w.Failpoints != nil || w.bank.count("query") != 0 || w.bank.count("pay") != 1 {
		t.Fatalf("%d inquiries, %d calls", w.bank.count("query"), w.bank.count("pay"))
	}
}

// H11: an event is listed once all that is older must be there: a cursor that has passed it can
// miss none that was committed late.
func TestEventPageWaitsForStragglers(t *testing.T) {
	w := newWorld(t)
	w.EventSettle = 10 * time.Second
	v := w.paid("A1", 100)
	w.clock.Advance(5 * time.Second)
	w.refund(v.ID, "r1", 10)
	for _, want := range []string{"", "payment.paid", "payment.paid refund.succeeded"} {
		if got := w.events(v.ID); got != want {
			t.Fatalf("%s lists %q, want %q", w.clock.Now(), got, want)
		}
		w.clock.Advance(5 * time.Second)
	}
}

// I08: keys are remembered for as long as is configured, on every operation that takes one.
func TestKeysAreKeptI08(t *testing.T) {
	w := newWorld(t)
	v := w.paid("A1", 100)
	w.refund(v.ID, "k", 10)
	req := order("A2", "wechat", 100)
	req.IdempotencyKey = "k"
	other := must(w.Checkout(context.Background(), shopCaller, req))
	must(w.NextAttempt(context.Background(), shopCaller, core.AttemptRequest{PaymentID: other.ID, Platform: "douyin", IdempotencyKey: "k"}))
	rows := w.memory.All().Idempotency
	for _, row := range rows {
		if !row.DeleteAfter.Equal(w.clock.Now().Add(w.KeyKept)) {
			t.Errorf("%s is kept until %s", row.Operation, row.DeleteAfter)
		}
	}
	if len(rows) != 3 { // a create without a key keeps none
		t.Fatalf("%d keys", len(rows))
	}
}

// A refund found by its merchant_refund_no binds the new key to it: the key cannot mean another
// refund later.
func TestRefundFoundByNumberKeepsTheKey(t *testing.T) {
	w := newWorld(t)
	v := w.paid("A1", 100)
	ask := core.RefundAsk{PaymentID: v.ID, MerchantRefundNo: "R1", AmountFen: 10, IdempotencyKey: "k1"}
	for _, key := range []string{"k1", "k2"} {
		ask.IdempotencyKey = key
		if _, err := w.Refund(context.Background(), shopCaller, ask); err != nil {
			t.Fatal(err)
		}
	}
	ask.MerchantRefundNo = "R2"
	_, err := w.Refund(context.Background(), shopCaller, ask)
	wantCode(t, err, core.CodeIdempotencyMismatch)
	if w.payment(v.ID).RefundedFen != 10 {
		t.Fatal("refunded twice")
	}
}
