package core_test

import (
	"context"
	"fmt"
	"time"

	"github.com/paymux/paymux/core"
)

func messagesLife(d *diary) {
	v := d.makes("the shop creates", whole("A1", "alipay", ""))
	say := func(what, account string, change func(*core.Notice)) {
		d.step(what)
		n := d.says(v, 0)
		n.ID = what
		change(&n)
		d.message(account, n)
	}
	d.step("a message that is not signed")
	d.raw("acc1", []byte("forged"))
	say("of another account", "acc3", func(n *core.Notice) { n.AppID = "" })
	say("of another app", "acc1", func(n *core.Notice) { n.AppID = "2021000000000003" })
	say("for another payee", "acc1", func(n *core.Notice) { n.SellerID = "2088000000000003" })
	say("of another sum", "acc1", func(n *core.Notice) { n.Trade.TotalFen = 1 })
	say("of a number that nobody knows", "acc1", func(n *core.Notice) { n.Trade.OutTradeNo = "nobodys" })
	d.clock.Advance(11 * time.Minute)
	say("of a number that nobody knows", "acc1", func(n *core.Notice) { n.Trade.OutTradeNo = "nobodys" })
	say("that a buyer complains", "acc1", func(n *core.Notice) { n.Kind = core.NoticeComplaint })
	say("that it waits", "acc1", func(n *core.Notice) { n.Kind = core.NoticeWaiting })
	other := d.pays("another order is paid", d.makes("another order", whole("A2", "alipay", "")), 0)
	say("under a trade number that another order has", "acc1", func(n *core.Notice) { n.Trade.TradeNo = other.Attempts[0].TradeNo })
	say("that it is paid", "acc1", func(n *core.Notice) { d.bank.settle(n.Trade.OutTradeNo, 8800) })
	say("that it is paid", "acc1", func(*core.Notice) {})
	say("that it is closed", "acc1", func(n *core.Notice) { n.Kind, n.Trade.State = core.NoticeClosed, core.TradeClosed })
	d.bank.plan("refund", "+failed:risk_refused")
	r := d.asksBack("a refund is refused", core.RefundAsk{PaymentID: v.ID, AmountFen: 40, IdempotencyKey: "r1"})
	say("that it was made all the same", "acc1", func(n *core.Notice) {
		n.Kind, n.OutRequestNo, n.CumulativeFen = core.NoticeRefund, d.payment(v.ID).Refunds[0].OutRequestNo, 40
	})
	did(d, "the refund", func(ctx context.Context) (core.RefundView, error) { return d.RefundView(ctx, "m1", r.ID) })
	_, err := d.Receive(context.Background(), "alipay", "acc9", core.Message{})
	d.told(err)
	_, err = d.Receive(context.Background(), "elsewhere", "acc1", core.Message{})
	d.told(err)
}

func waitingLife(d *diary) {
	large := whole("A1", "alipay", "")
	large.AmountFen, large.Lines[0].PriceFen = 6_000_000, 6_000_000
	v := d.makes("a large order", large)
	d.step("a message says that it is paid")
	d.message("acc1", d.says(v, 0))
	d.waits(time.Second)
	d.waits(10 * time.Minute)
	d.step("a message says that it was refunded")
	n := d.says(v, 0)
	n.Kind, n.ID, n.OutRequestNo, n.CumulativeFen = core.NoticeRefund, "refunded", "C1", 700
	d.message("acc1", n)
	d.bank.settle(v.Attempts[0].OutTradeNo, 6_000_000)
	d.console(v, "C1", 700)
	d.waits(10 * time.Minute)
	d.waits(10 * time.Minute)
	d.step("a message says that a refund was made of which its query knows nothing")
	n.ID, n.OutRequestNo, n.CumulativeFen = "unheard of", "C9", 0
	d.message("acc1", n)
	for range 8 {
		d.waits(2 * time.Hour)
	}
	closing := d.makes("another order", whole("A2", "alipay", ""))
	d.step("a message says that it is closed")
	n = d.says(closing, 0)
	n.Kind, n.Trade.State = core.NoticeClosed, core.TradeClosed
	d.message("acc1", n)
	d.waits(time.Second)
	d.bank.trades[closing.Attempts[0].OutTradeNo].state = core.TradeClosed
	d.waits(10 * time.Minute)
	d.waits(20 * time.Minute)
	v = d.pays("paid", d.makes("a third order", whole("A3", "alipay", "")), 0)
	d.bank.plan("refund", "+unknown")
	d.asksBack("a refund under way", core.RefundAsk{PaymentID: v.ID, AmountFen: 100, IdempotencyKey: "r1"})
	d.step("a message tells of a sum, without a number")
	n = d.says(v, 0)
	n.Kind, n.ID, n.CumulativeFen = core.NoticeRefund, "unnamed", 150
	d.message("acc1", n)
	d.step("and one of our refund")
	n.ID, n.OutRequestNo = "named", d.payment(v.ID).Refunds[0].OutRequestNo
	d.message("acc1", n)
	d.waits(time.Second)
	d.waits(2 * time.Minute)
	d.waits(2 * time.Minute)
}

func returnedLife(d *diary) {
	v := d.pays("paid", d.makes("the shop creates", whole("A1", "alipay", "")), 0)
	d.bank.trades[v.Attempts[0].OutTradeNo].coupon = 9
	d.bank.plan("refund", "unknown", "+unknown", "failed:seller_balance")
	d.asksBack("a refund under way", core.RefundAsk{PaymentID: v.ID, AmountFen: 300, IdempotencyKey: "r1"})
	number := d.payment(v.ID).Refunds[0].OutRequestNo
	say := func(what, account string, amount core.Fen, change func(*core.Notice)) {
		d.step(what)
		n := returnedNotice(v, what, number, amount)
		change(&n)
		d.message(account, n)
	}
	as := func(*core.Notice) {}
	say("the bank sends it back before it is known", "acc1", 291, as)
	d.waits(time.Second)
	d.waits(2 * time.Minute)
	d.waits(2 * time.Minute)
	say("told again", "acc1", 291, as)
	say("for another sum", "acc1", 290, as)
	say("by another account", "acc3", 291, as)
	say("by another app", "acc1", 291, func(n *core.Notice) { n.AppID = "2021000000000003" })
	say("for another payee", "acc1", 291, func(n *core.Notice) { n.SellerID = "2088000000000003" })
	say("of another trade", "acc1", 291, func(n *core.Notice) { n.Trade.TradeNo = "T-other" })
	say("of an order that nobody knows", "acc1", 291, func(n *core.Notice) { n.Trade.OutTradeNo = "nobodys" })
	say("of a refund that nobody knows", "acc1", 291, func(n *core.Notice) { n.OutRequestNo = "nobodys" })
	say("as a part of the trade's message", "acc1", 291, func(n *core.Notice) { n.OutRequestNo, n.Trade.State = "nobodys", core.TradePaid })
	d.asksBack("a refund is refused", core.RefundAsk{PaymentID: v.ID, AmountFen: 30, IdempotencyKey: "r2"})
	number = d.payment(v.ID).Refunds[1].OutRequestNo
	say("of a refund that failed", "acc1", 30, as)
	d.console(v, "C1", 50)
	d.step("a refund in the console")
	n := d.says(v, 0)
	n.Kind, n.ID, n.OutRequestNo, n.CumulativeFen = core.NoticeRefund, "C1", "C1", 350
	d.message("acc1", n)
	d.waits(time.Second)
	number = "C1"
	say("of a refund that was made in the console", "acc1", 41, as)
	say("more than was sent", "acc1", 42, as)
}

func stuckLife(d *diary) {
	open := d.makes("an order that waits", whole("A1", "alipay", ""))
	v := d.pays("paid", d.makes("another", whole("A2", "alipay", "")), 0)
	d.bank.plan("refund", "unknown")
	d.asksBack("with a refund", core.RefundAsk{PaymentID: v.ID, AmountFen: 30, IdempotencyKey: "r1"})
	r := d.payment(v.ID).Refunds[0]
	d.step("a message that waits")
	n := d.says(v, 0)
	n.Kind, n.ID, n.OutRequestNo, n.CumulativeFen = core.NoticeRefund, "C1", "C1", 350
	d.message("acc1", n)
	box := d.memory.All().Inbox[1].ID
	d.with(func(m *core.Merchant) { m.Accounts = nil })
	for i := range 3 {
		d.clock.Advance(time.Hour)
		did(d, fmt.Sprint("jobs without an account ", i), func(ctx context.Context) ([]any, error) {
			return []any{d.SettleAttempt(ctx, open.Attempts[0].ID), d.SettleRefund(ctx, "m1", r.ID), d.ApplyInbox(ctx, box)}, nil
		})
		did(d, "again at once", func(ctx context.Context) ([]any, error) {
			return []any{d.SettleAttempt(ctx, open.Attempts[0].ID), d.SettleRefund(ctx, "m1", r.ID)}, nil
		})
	}
	d.closes("the shop closes what cannot be asked for", open.ID)
	d.clock.Advance(time.Hour)
	did(d, "a message that cannot be opened", func(ctx context.Context) ([]any, error) {
		d.Vault = shut{}
		return []any{d.ApplyInbox(ctx, box)}, nil
	})
}

// shut is a vault that opens nothing.
type shut struct{ vault }

func (shut) Open(string, []byte) ([]byte, error) { return nil, fmt.Errorf("the key is gone") }

func mendedLife(d *diary) {
	d.bank.plan("pay", turnedAway)
	d.makes("turned away", whole("A1", "alipay", ""))
	v := d.pays("paid", d.makes("another", whole("A2", "alipay", "")), 0)
	d.bank.plan("refund", turnedAway)
	d.asksBack("and its refund", core.RefundAsk{PaymentID: v.ID, AmountFen: 30, IdempotencyKey: "r1"})
	for _, account := range []string{"acc3", "acc1", "acc1"} {
		did(d, "the account "+account+" is mended", func(ctx context.Context) (string, error) {
			return "woken", d.Mended(ctx, func(id string) bool { return id == account })
		})
	}
	d.waits(time.Second)
}

// smallLife is about what belongs to no order.
func smallLife(d *diary) {
	v := d.pays("paid", d.makes("an order", whole("A1", "alipay", "")), 0)
	delivery := d.deliveries(core.DeliveryQuery{})[0]
	d.end(delivery.ID, core.DeliveryDead)
	did(d, "a delivery again", func(ctx context.Context) (core.DeliveryView, error) { return d.Replay(ctx, shopCaller, delivery.ID) })
	did(d, "an event to who did not want it", func(ctx context.Context) (core.DeliveryView, error) {
		return d.ReplayEvent(ctx, shopCaller, delivery.EventID, "refunds")
	})
	did(d, "and again", func(ctx context.Context) (core.DeliveryView, error) {
		return d.ReplayEvent(ctx, shopCaller, delivery.EventID, "refunds")
	})
	d.with(func(m *core.Merchant) { m.Accounts[0].OpAppID = "2021000000000077" })
	d.bank.plan("login", "", "", "", turnedAwayUnsigned, "unknown")
	for _, code := range []string{"good", "open", "spent", "ours", "lost"} {
		did(d, "login "+code, func(ctx context.Context) (core.Payer, error) {
			return d.Login(ctx, shopCaller, core.LoginAsk{Channel: "alipay_mini", AuthCode: code})
		})
	}
	did(d, "login by an account that cannot", func(ctx context.Context) (core.Payer, error) {
		return d.Login(ctx, shopCaller, core.LoginAsk{Channel: "alipay_mini", AccountID: "acc3", AuthCode: "good"})
	})
	for range 2 {
		did(d, "a nonce", func(ctx context.Context) (string, error) {
			return "spent", d.SpendNonce(ctx, "k1", "n1", d.clock.Now().Add(time.Minute))
		})
	}
	did(d, "balances", func(ctx context.Context) ([]core.Balance, error) { return d.Balances(ctx, "m1") })
	did(d, "offers", func(context.Context) ([]core.Offer, error) { return d.Offers("m1") })
	did(d, "nobody's payment", func(ctx context.Context) (core.PaymentView, error) { return d.Payment(ctx, "m2", v.ID) })
}
