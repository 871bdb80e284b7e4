package core_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/paymux/paymux/core"
)

// TestLives lives through orders of every kind and holds all that came of them against the diaries
// that are kept.
func TestLives(t *testing.T) {
	for name, live := range map[string]func(*diary){
		"native": nativeLife, "page": pageLife, "moved": movedLife, "held": heldLife, "refused": refusedLife, "lost": lostLife,
		"refunds": refundsLife, "approval": approvalLife, "console": consoleLife, "sums": sumsLife, "messages": messagesLife, "waiting": waitingLife,
		"returned": returnedLife, "stuck": stuckLife, "mended": mendedLife, "small": smallLife,
	} {
		t.Run(name, func(t *testing.T) {
			d := newDiary(t)
			live(d)
			d.compare(t, name)
		})
	}
}

// did makes one step and notes what came of it.
func did[T any](d *diary, what string, do func(context.Context) (T, error)) T {
	d.step(what)
	v, err := do(core.WithRequest(context.Background(), "request of "+what))
	if err != nil {
		d.told(err)
	} else {
		d.told(v)
	}
	return v
}

// waits lets time pass, and does all that is due then.
func (d *diary) waits(pause time.Duration) {
	d.clock.Advance(pause)
	d.step("what is due")
	d.sweep()
	d.told()
}

// whole asks for everything that a create may ask for.
func whole(no string, platform core.PlatformID, key string) core.CheckoutRequest {
	r := full(platform)
	r.MerchantOrderNo, r.IdempotencyKey, r.ExpiresInSeconds, r.Metadata = no, key, 1200, map[string]string{"table": "7"}
	r.Client = core.Client{IP: "203.0.113.7", OS: "ios", UserAgent: "ua", DeviceID: "dev"}
	r.Lines[0].MerchantOrderNo = "B-" + no
	return r
}

// makes creates an order and returns it as it is.
func (d *diary) makes(what string, req core.CheckoutRequest) core.PaymentView {
	did(d, what, func(ctx context.Context) (core.Answered, error) { return d.Checkout(ctx, shopCaller, req) })
	for _, o := range d.memory.All().Orders {
		if o.Payment.MerchantOrderNo == req.MerchantOrderNo {
			return d.payment(o.Payment.ID)
		}
	}
	d.t.Fatal("no such order")
	return core.PaymentView{}
}

func (d *diary) repeats(what string, req core.CheckoutRequest) core.Answered {
	return did(d, what, func(ctx context.Context) (core.Answered, error) { return d.Checkout(ctx, shopCaller, req) })
}

// says is what the gateway tells of attempt i, with everything that a message may hold.
func (d *diary) says(v core.PaymentView, i int) core.Notice {
	n := paidNotice(v, i)
	n.Trade.ReceiptFen, n.Trade.PaidAt, n.At = v.AmountFen-5, d.clock.Now().Add(-3*time.Second), d.clock.Now().Add(-2*time.Second)
	if v.Attempts[i].Account == "acc3" {
		n.AppID, n.SellerID = "2021000000000003", "2088000000000003"
	}
	return n
}

// pays has attempt i paid and told.
func (d *diary) pays(what string, v core.PaymentView, i int) core.PaymentView {
	d.step(what)
	d.bank.settle(v.Attempts[i].OutTradeNo, v.AmountFen)
	d.message(v.Attempts[i].Account, d.says(v, i))
	return d.payment(v.ID)
}

func (d *diary) asksBack(what string, ask core.RefundAsk) core.Answered {
	return did(d, what, func(ctx context.Context) (core.Answered, error) { return d.Refund(ctx, shopCaller, ask) })
}

func (d *diary) movesOn(what string, req core.AttemptRequest) core.Answered {
	return did(d, what, func(ctx context.Context) (core.Answered, error) { return d.NextAttempt(ctx, shopCaller, req) })
}

func (d *diary) closes(what, id string) {
	did(d, what, func(ctx context.Context) (core.CloseOutcome, error) { return d.Close(ctx, shopCaller, id) })
}

func (d *diary) looks(what, token string) {
	did(d, what, func(ctx context.Context) (core.Page, error) { return d.Page(ctx, token) })
}

func (d *diary) opens(what, token string) {
	did(d, what, func(ctx context.Context) ([]any, error) {
		action, page, err := d.Open(ctx, token)
		return []any{action, page}, err
	})
}

func nativeLife(d *diary) {
	req := whole("A1", "alipay", "key1")
	v := d.makes("the shop creates", req)
	d.repeats("the shop creates again under its key", req)
	d.waits(20 * time.Second)
	v = d.pays("the buyer pays", v, 0)
	d.repeats("the shop creates again, after it was paid", req)
	req.IdempotencyKey = ""
	d.repeats("and without its key", req)
	req.AmountFen, req.Lines[0].PriceFen = 8900, 8900
	d.repeats("and for another sum", req)
	req.IdempotencyKey = "key2"
	d.repeats("and under another key", req)
	d.step("the gateway tells it again, by another trade number")
	n := d.says(v, 0)
	n.ID, n.Trade.TradeNo = "again", "T-other"
	d.message("acc1", n)
	d.closes("the shop wants to close what is paid", v.ID)
	d.movesOn("and to pay it elsewhere", core.AttemptRequest{PaymentID: v.ID, Platform: "wechat", IdempotencyKey: "a1"})
	did(d, "sync", func(ctx context.Context) (core.PaymentView, error) { return d.Sync(ctx, shopCaller, v.ID) })
}

func pageLife(d *diary) {
	v := d.makes("the shop creates", whole("A1", "wechat", "key1"))
	page := token(v)
	d.looks("the buyer looks", page)
	d.opens("the buyer opens", page)
	d.opens("the buyer opens again", page)
	d.waits(20 * time.Second)
	d.bank.create(v.Attempts[0].OutTradeNo, v.AmountFen)
	d.waits(time.Minute)
	d.bank.plan("close", "unknown")
	d.closes("the shop closes, and the gateway does not answer", v.ID)
	d.looks("the buyer looks", page)
	d.waits(time.Minute)
	d.looks("the buyer looks", page)
	d.closes("the shop closes again", v.ID)
	d.pays("money comes all the same", d.payment(v.ID), 0)
	d.looks("the buyer looks", page)
	d.waits(time.Second)
	d.looks("the buyer looks", page)
	never := d.makes("an order that nobody opens", whole("A2", "wechat", ""))
	d.waits(20 * time.Minute)
	d.looks("too late", token(never))
	d.opens("and too late to open", token(never))
	closed := d.makes("an order that is closed at once", whole("A3", "wechat", ""))
	d.closes("the shop closes", closed.ID)
}

func movedLife(d *diary) {
	req := whole("A1", "wechat", "key1")
	v := d.makes("the shop creates", req)
	page := token(v)
	d.opens("the buyer opens", page)
	next := core.AttemptRequest{
		PaymentID: v.ID, Platform: "alipay", Payer: core.Payer{OpenID: "open-3", AppID: "2021000000000001"},
		Funding: core.Funding{Periods: 12, FeeBearer: "buyer"}, Client: core.Client{IP: "203.0.113.8"}, IdempotencyKey: "a1",
	}
	d.movesOn("the buyer cannot go on, and the gateway does not know the page", next)
	d.bank.create(v.Attempts[0].OutTradeNo, v.AmountFen)
	d.waits(15 * time.Second)
	d.movesOn("now it can be closed", next)
	d.movesOn("the same again", next)
	d.looks("the older page", page)
	v = d.payment(v.ID)
	d.pays("the newer is paid", v, 1)
	d.pays("and the older too", v, 0)
	d.waits(time.Second)
	d.looks("the older page", page)
	d.repeats("the create again", req)
	two := d.makes("another order", whole("A2", "wechat", ""))
	d.movesOn("moves on from an unopened page", core.AttemptRequest{PaymentID: two.ID, Platform: "wechat", IdempotencyKey: "a2"})
	d.movesOn("by a key that was used", core.AttemptRequest{PaymentID: two.ID, Platform: "alipay", IdempotencyKey: "a2"})
	d.pays("the first page's buyer has paid", d.payment(two.ID), 0)
	d.waits(time.Minute)
}

func heldLife(d *diary) {
	d.with(func(m *core.Merchant) { m.Late, m.RefundApprovalOverFen = core.LateHold, 9000 })
	v := d.makes("the shop creates", whole("A1", "wechat", ""))
	page := token(v)
	d.movesOn("and once more", core.AttemptRequest{PaymentID: v.ID, Platform: "wechat", IdempotencyKey: "a1"})
	d.closes("and closes", v.ID)
	v = d.payment(v.ID)
	d.pays("the older is paid", v, 0)
	d.pays("the newer is paid", v, 1)
	d.looks("the buyer looks", page)
	ask := core.LateAsk{PaymentID: v.ID, IdempotencyKey: "l1"}
	did(d, "one person may not keep so much", func(ctx context.Context) (core.Answered, error) { return d.AcceptLate(ctx, bobCaller, ask) })
	late := did(d, "but ask for it to go back", func(ctx context.Context) (core.Answered, error) { return d.RefundLate(ctx, bobCaller, ask) })
	did(d, "again", func(ctx context.Context) (core.Answered, error) { return d.RefundLate(ctx, bobCaller, ask) })
	refunds := view(d.t, late.Body).Refunds
	did(d, "one is rejected", func(ctx context.Context) (core.RefundView, error) {
		return d.Reject(ctx, shopCaller, refunds[0].ID, "不是 \u2028 我们的")
	})
	did(d, "one is approved", func(ctx context.Context) (core.RefundView, error) { return d.Approve(ctx, shopCaller, refunds[1].ID) })
	d.with(func(m *core.Merchant) { m.RefundApprovalOverFen = 0 })
	ask.IdempotencyKey = "l2"
	did(d, "what is left is kept", func(ctx context.Context) (core.Answered, error) { return d.AcceptLate(ctx, bobCaller, ask) })
	did(d, "there is nothing left to keep", func(ctx context.Context) (core.Answered, error) {
		return d.AcceptLate(ctx, bobCaller, core.LateAsk{PaymentID: v.ID, IdempotencyKey: "l3"})
	})
	d.looks("the buyer looks", page)
	ask.IdempotencyKey = "l4"
	d.bank.plan("refund", "failed:seller_balance", "wait")
	did(d, "and goes back after all", func(ctx context.Context) (core.Answered, error) { return d.RefundLate(ctx, bobCaller, ask) })
	d.waits(time.Minute)
	d.waits(10 * time.Minute)
	did(d, "there is nothing left to send back", func(ctx context.Context) (core.Answered, error) {
		return d.RefundLate(ctx, bobCaller, core.LateAsk{PaymentID: v.ID, IdempotencyKey: "l5"})
	})
	d.with(func(m *core.Merchant) { m.Late = core.LateAccept })
	two := d.makes("an order whose late money is kept", whole("A2", "wechat", ""))
	d.movesOn("twice", core.AttemptRequest{PaymentID: two.ID, Platform: "wechat", IdempotencyKey: "a2"})
	two = d.payment(two.ID)
	d.pays("the older is paid", two, 0)
	d.pays("the newer is paid too", two, 1)
	three := d.makes("another one", whole("A3", "wechat", ""))
	d.closes("closed", three.ID)
	d.pays("and paid", d.payment(three.ID), 0)
	d.with(func(m *core.Merchant) { m.Late = core.LateHold })
	four := d.makes("one whose second payment is held", whole("A4", "wechat", ""))
	d.movesOn("twice", core.AttemptRequest{PaymentID: four.ID, Platform: "wechat", IdempotencyKey: "a4"})
	four = d.payment(four.ID)
	d.pays("the older is paid", four, 0)
	d.pays("the newer is paid too", four, 1)
}

func refusedLife(d *diary) {
	d.bank.plan("pay", "failed:buyer_balance")
	req := whole("A1", "alipay", "key1")
	v := d.makes("the gateway refuses", req)
	d.bank.plan("pay", "failed:nobody_knows")
	d.repeats("the next attempt is refused for a reason without a class", req)
	d.repeats("and the next one is not", req)
	d.pays("paid", d.payment(v.ID), 2)
	d.bank.plan("pay", turnedAway)
	req = whole("A2", "alipay", "key2")
	two := d.makes("turned away for a fault of ours", req)
	d.repeats("again", req)
	d.waits(time.Minute)
	d.pays("paid", d.payment(two.ID), 0)
	d.bank.plan("pay", "not_sent")
	three := d.makes("the gateway cannot be reached", whole("A3", "alipay", "key3"))
	d.waits(time.Minute)
	d.closes("closed", three.ID)
	for range 30 {
		d.bank.plan("pay", turnedAway)
	}
	d.makes("turned away until it expires", whole("A4", "alipay", "key4"))
	d.waits(5 * time.Minute)
	d.waits(20 * time.Minute)
	poor := whole("A5", "douyin", "key5")
	d.with(func(m *core.Merchant) { m.Accounts[0].Channels = []core.ChannelID{"douyin_h5"} })
	d.repeats("no account serves the platform", poor)
	poor.Platform, poor.Lines[0].Category = "douyin", "virtual"
	d.repeats("the rules refuse", poor)
	poor.Platform, poor.ReturnURL, poor.Subject, poor.Payer = "wechat", "https://evil.example/", "", core.Payer{UserID: "1"}
	d.repeats("and all that is wrong is told", poor)
}

func lostLife(d *diary) {
	d.bank.plan("pay", "unknown")
	req := whole("A1", "alipay", "key1")
	v := d.makes("the answer is lost", req)
	d.bank.plan("query", "wait", "unknown")
	d.waits(10 * time.Second)
	d.waits(8 * time.Minute)
	d.repeats("the shop asks again", req)
	d.pays("paid", d.payment(v.ID), 0)
	two := d.makes("a page", whole("A2", "wechat", ""))
	d.opens("opened", token(two))
	for range 40 {
		d.bank.plan("query", "unknown")
	}
	d.waits(20 * time.Second)
	d.looks("the buyer looks", token(two))
	d.waits(25 * time.Minute)
	d.waits(2 * time.Hour)
	d.bank.script["query"] = nil
	d.waits(24 * time.Hour)
	three := d.makes("a page that the gateway never knows", whole("A3", "wechat", ""))
	d.opens("opened", token(three))
	d.closes("the shop closes", three.ID)
	d.waits(26 * time.Minute)
	d.bank.settle(three.Attempts[0].OutTradeNo, three.AmountFen)
	d.waits(31 * time.Minute)
	d.waits(time.Second)
	four := d.makes("one that is paid without a message, and for another sum", whole("A4", "alipay", ""))
	d.bank.settle(four.Attempts[0].OutTradeNo, four.AmountFen)
	d.bank.trades[four.Attempts[0].OutTradeNo].total = 1
	d.waits(time.Minute)
	d.bank.trades[four.Attempts[0].OutTradeNo].total = four.AmountFen
	d.waits(25 * time.Hour)
}

func refundsLife(d *diary) {
	v := d.makes("the shop creates", whole("A1", "alipay", ""))
	early := core.RefundAsk{PaymentID: v.ID, AmountFen: 100, IdempotencyKey: "r0"}
	d.asksBack("nothing is paid yet", early)
	v = d.pays("paid", v, 0)
	d.bank.trades[v.Attempts[0].OutTradeNo].coupon = 7
	ask := core.RefundAsk{PaymentID: v.ID, MerchantRefundNo: "R1", AmountFen: 300, Reason: "尺码\u2028不合", IdempotencyKey: "r1"}
	d.asksBack("a refund", ask)
	d.asksBack("again", ask)
	ask.IdempotencyKey = "r1b"
	d.asksBack("again under another key", ask)
	d.asksBack("and once more", ask)
	ask.AmountFen = 301
	d.asksBack("for another sum", ask)
	ask.MerchantRefundNo, ask.IdempotencyKey, ask.AmountFen = "R2", "r2", 200
	d.bank.plan("refund", "unknown", "+unknown")
	d.asksBack("the answer is lost", ask)
	d.waits(10 * time.Second)
	d.bank.plan("query_refund", "unknown", "wait")
	d.waits(time.Minute)
	d.waits(2 * time.Minute)
	d.waits(10 * time.Minute)
	d.bank.plan("refund", turnedAwayUnsigned)
	d.asksBack("turned away, without a proof", core.RefundAsk{PaymentID: v.ID, AmountFen: 10, IdempotencyKey: "r3"})
	for range 12 {
		d.bank.plan("query_refund", "unknown")
	}
	d.waits(90 * time.Minute)
	d.waits(25 * time.Hour)
	d.bank.script["query_refund"] = nil
	d.waits(25 * time.Hour)
	d.bank.plan("refund", "failed:seller_balance")
	d.asksBack("refused", core.RefundAsk{PaymentID: v.ID, AmountFen: 20, Reason: "r", IdempotencyKey: "r4"})
	d.asksBack("too much", core.RefundAsk{PaymentID: v.ID, AmountFen: 9000, IdempotencyKey: "r5"})
	d.asksBack("all the rest", core.RefundAsk{PaymentID: v.ID, AmountFen: v.AmountFen - 510, IdempotencyKey: "r6"})
	d.asksBack("nothing is left", core.RefundAsk{PaymentID: v.ID, AmountFen: 1, IdempotencyKey: "r7"})
	d.step("the gateway says paid once more")
	n := d.says(v, 0)
	n.ID = "later"
	d.message("acc1", n)
	d.with(func(m *core.Merchant) {
		m.Holdings.Switches = []core.FeatureSwitch{{Platform: "alipay", Feature: core.FeatureRefund}}
	})
	d.asksBack("switched off", core.RefundAsk{PaymentID: v.ID, AmountFen: 1, IdempotencyKey: "r8"})
}

func approvalLife(d *diary) {
	d.with(func(m *core.Merchant) { m.RefundApprovalOverFen = 1000 })
	v := d.pays("paid", d.makes("the shop creates", whole("A1", "alipay", "")), 0)
	judge := func(what string, who core.Caller, id string, do func(context.Context, core.Caller, string) (core.RefundView, error)) {
		did(d, what, func(ctx context.Context) (core.RefundView, error) { return do(ctx, who, id) })
	}
	reject := func(ctx context.Context, who core.Caller, id string) (core.RefundView, error) {
		return d.Reject(ctx, who, id, "\u200b不退")
	}
	d.asksBack("a small one", core.RefundAsk{PaymentID: v.ID, AmountFen: 900, IdempotencyKey: "r1"})
	one := d.asksBack("one more is too much", core.RefundAsk{PaymentID: v.ID, AmountFen: 101, IdempotencyKey: "r2"})
	judge("who asked may not", shopCaller, one.ID, d.Approve)
	judge("another may", bobCaller, one.ID, d.Approve)
	judge("again", bobCaller, one.ID, d.Approve)
	judge("too late to reject", bobCaller, one.ID, reject)
	two := d.asksBack("another", core.RefundAsk{PaymentID: v.ID, AmountFen: 500, IdempotencyKey: "r3"})
	judge("rejected", bobCaller, two.ID, reject)
	judge("again", bobCaller, two.ID, reject)
	judge("too late to approve", bobCaller, two.ID, d.Approve)
}

func consoleLife(d *diary) {
	d.with(func(m *core.Merchant) { m.RefundApprovalOverFen = 8000 })
	v := d.pays("paid", d.makes("the shop creates", whole("A1", "alipay", "")), 0)
	told := func(what, number string, amount, sum core.Fen) {
		d.step(what)
		n := d.says(v, 0)
		n.Kind, n.ID, n.OutRequestNo, n.CumulativeFen = core.NoticeRefund, fmt.Sprint(what, number), number, sum
		if amount > 0 {
			d.console(v, number, amount)
		}
		d.message("acc1", n)
	}
	told("a refund in the console", "C1", 500, 500)
	d.waits(time.Second)
	told("told again", "C1", 0, 500)
	d.waits(time.Second)
	d.bank.trades[v.Attempts[0].OutTradeNo].coupon = 3
	told("with a coupon", "C2", 100, 600)
	d.waits(time.Second)
	d.bank.trades[v.Attempts[0].OutTradeNo].coupon = 0
	told("one without a number", "", 0, 650)
	told("that number", "C3", 50, 650)
	d.waits(time.Second)
	d.asksBack("ours waits for approval", core.RefundAsk{PaymentID: v.ID, AmountFen: 8150, IdempotencyKey: "r1"})
	told("what has no room", "C4", 1000, 1650)
	d.waits(time.Second)
	told("more than was paid", "", 0, 9999)
	d.with(func(m *core.Merchant) { m.Late = core.LateHold })
	late := d.makes("an order that is closed", whole("A2", "alipay", ""))
	d.closes("the shop closes", late.ID)
	v = d.pays("and paid", d.payment(late.ID), 0)
	told("sent back in the console", "C5", 8800, 8800)
	d.waits(time.Second)
	d.waits(time.Minute)
	gone := d.makes("one that was paid and refunded before we heard", whole("A3", "alipay", ""))
	d.bank.settle(gone.Attempts[0].OutTradeNo, 8800)
	d.console(gone, "C6", 8800)
	d.bank.trades[gone.Attempts[0].OutTradeNo].state = core.TradeClosed
	d.waits(time.Minute)
}

func sumsLife(d *diary) {
	v := d.pays("paid", d.makes("the shop creates", whole("A1", "alipay", "")), 0)
	d.console(v, "C1", 400)
	d.asksBack("the answer tells of more", core.RefundAsk{PaymentID: v.ID, AmountFen: 100, IdempotencyKey: "r1"})
	d.waits(30 * time.Second)
	d.waits(time.Minute)
	d.bank.plan("refund", "+unknown")
	d.asksBack("one under way", core.RefundAsk{PaymentID: v.ID, AmountFen: 200, IdempotencyKey: "r2"})
	d.waits(time.Second)
	d.bank.blank(v, 700, 3)
	d.waits(time.Minute)
	d.waits(10 * time.Minute)
	d.bank.tell(v, 300)
	d.asksBack("the answer tells of less", core.RefundAsk{PaymentID: v.ID, AmountFen: 50, IdempotencyKey: "r3"})
	d.bank.tell(v, 99999)
	d.asksBack("and of more than was paid", core.RefundAsk{PaymentID: v.ID, AmountFen: 60, IdempotencyKey: "r4"})
	d.bank.tell(v, 0)
	d.asksBack("and of what is", core.RefundAsk{PaymentID: v.ID, AmountFen: 70, IdempotencyKey: "r5"})
	d.bank.tell(v, 990)
	d.asksBack("of more, once", core.RefundAsk{PaymentID: v.ID, AmountFen: 80, IdempotencyKey: "r6"})
	for range 20 {
		d.bank.plan("query", "unknown")
	}
	d.waits(time.Minute)
	d.waits(time.Hour)
	d.waits(24 * time.Hour)
	d.bank.tell(v, 0)
	d.bank.script["query"] = nil
	d.waits(24 * time.Hour)
	v = d.pays("paid", d.makes("another order", whole("A2", "alipay", "")), 0)
	d.console(v, "C2", 8800)
	d.bank.trades[v.Attempts[0].OutTradeNo].state = core.TradeClosed
	d.asksBack("nothing is left", core.RefundAsk{PaymentID: v.ID, AmountFen: 100, IdempotencyKey: "r7"})
	d.waits(time.Minute)
	d.waits(4 * time.Minute)
}
