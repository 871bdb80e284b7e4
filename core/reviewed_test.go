package core_test

import (
	"context"
	"testing"
	"time"

	"github.com/paymux/paymux/core"
)

// askBack asks for a refund under a number of its own.
func (w *world) askBack(v core.PaymentView, number string, amount core.Fen) {
	w.t.Helper()
	if _, err := w.Refund(context.Background(), shopCaller, core.RefundAsk{
		PaymentID: v.ID, MerchantRefundNo: number, AmountFen: amount, Reason: "尺码不合", IdempotencyKey: "k-" + number,
	}); err != nil {
		w.t.Fatal(err)
	}
}

// G27: a message that is older than the books is no second word about a sum: what it leaves out
// would be booked for less, and the console's own message booked again.
func TestSumG27AStaleMessageIsNoSecondAnswer(t *testing.T) {
	w := newWorld(t)
	v := w.paid("A1", 1000)
	w.console(v, "console1", 300)
	r1 := w.refund(v.ID, "r1", 200)
	told := w.clock.Now()
	w.clock.Advance(30 * time.Second)
	w.refund(v.ID, "r2", 100)
	w.clock.Advance(31 * time.Second)
	stale := refundNotice(v, r1.OutRequestNo, 500)
	stale.At = told
	w.notify("acc1", stale)
	w.minutes(5)
	w.notify("acc1", refundNotice(v, "console1", 300))
	w.minutes(5)
	w.wantBooks(v, 600, 3)
}

// G20, G29: whether a trade with nothing left was emptied by this refund is known minutes after
// that was first said, not minutes after a first call that never left the house.
func TestRefundG29DoneAfterTheMendIsNotFailed(t *testing.T) {
	w := newWorld(t)
	v := w.paid("A1", 1000)
	w.bank.plan("refund", turnedAway)
	w.askBack(v, "r1", 1000)
	w.clock.Advance(30 * time.Minute)
	w.bank.plan("refund", "+unknown")
	w.sweep()
	trade, number := w.bank.trades[v.Attempts[0].OutTradeNo], w.payment(v.ID).Refunds[0].OutRequestNo
	delete(trade.refunds, number) // its query lags, the trade is closed
	w.clock.Advance(2 * time.Second)
	w.askBack(v, "r1", 1000)
	trade.refunds[number] = 1000
	w.minutes(10)
	w.wantBooks(v, 1000, 1)
}

// G29: a finished trade is refused by the same codes as an empty one, and that books nothing.
func TestSumG29ARefusalByStateBooksNothing(t *testing.T) {
	w := newWorld(t)
	v := w.paid("A1", 1000)
	trade := w.bank.trades[v.Attempts[0].OutTradeNo]
	trade.state, trade.refunded, trade.says = core.TradeFinished, trade.total, -1
	w.askBack(v, "r1", 300)
	w.minutes(10)
	w.wantRefunded(v, 0)
}

// G20: a sync of an attempt that the gateway cannot know calls again instead of asking about it,
// and its close at expiry is not put off.
func TestSyncG20OfAnUnheardAttempt(t *testing.T) {
	w := newWorld(t)
	ctx := context.Background()
	for range 40 {
		w.bank.plan("pay", turnedAway)
		w.bank.plan("query", turnedAway)
	}
	if _, err := w.Checkout(ctx, shopCaller, order("A1", "alipay", 100)); err == nil {
		t.Fatal("the call was turned away")
	}
	id := must(w.Payments(ctx, core.PaymentQuery{MerchantID: "m1"}))[0].ID
	for range 12 {
		w.clock.Advance(time.Minute)
		_, _ = w.Sync(ctx, shopCaller, id) // what it answers is another test's matter
	}
	w.minutes(4)
	if got := w.payment(id); got.Status != core.PaymentClosed || w.bank.count("query") != 0 || w.bank.count("pay") < 2 {
		t.Errorf("%s, next look %s, %d queries, %d calls", got.Status, got.NextCheckAt, w.bank.count("query"), w.bank.count("pay"))
	}
}
