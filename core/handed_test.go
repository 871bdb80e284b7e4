package core_test

import (
	"context"
	"reflect"
	"testing"
	"time"

	"github.com/paymux/paymux/core"
)

// What only travels through core is easily dropped on the way: these tests see what the channel is
// handed, field by field, and fail when a new field is not part of the comparison.

// last returns what a method was called with most recently.
func last[T any](t *testing.T, b *bank, method string) T {
	t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	list := b.handed[method]
	if len(list) == 0 {
		t.Fatalf("%s was not called", method)
	}
	return list[len(list)-1].(T)
}

// wantHanded compares, and wants no field of what is expected to be empty but those named: an empty
// one compares nothing.
func wantHanded(t *testing.T, got, want any, empty ...string) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("handed %+v\n  want %+v", got, want)
	}
	for _, name := range emptyFields(reflect.ValueOf(want), "") {
		found := false
		for i, known := range empty {
			if known == name {
				found, empty = true, append(empty[:i:i], empty[i+1:]...)
				break
			}
		}
		if !found {
			t.Errorf("%s is empty here, so that nothing is proven about it", name)
		}
	}
	if len(empty) > 0 {
		t.Errorf("not empty at all: %v", empty)
	}
}

func emptyFields(v reflect.Value, prefix string) []string {
	var names []string
	for field, value := range v.Fields() {
		name := prefix + field.Name
		_, isTime := reflect.TypeAssert[time.Time](value)
		switch {
		case value.Kind() == reflect.Struct && !isTime && field.Name != "Account":
			names = append(names, emptyFields(value, name+".")...)
		case value.IsZero():
			names = append(names, name)
		}
	}
	return names
}

// forbidding is a rulebook that forbids the cashier to offer something.
type forbidding struct{ rules }

func (r forbidding) Decide(a core.Ask) core.Decision {
	d := r.rules.Decide(a)
	d.Forbid = []core.Feature{core.FeatureHuabei}
	return d
}

// full asks for everything that a create may ask for.
func full(platform core.PlatformID) core.CheckoutRequest {
	r := order("A1", platform, 8800)
	r.Funding = core.Funding{Periods: 3, FeeBearer: "seller"}
	r.Client = core.Client{IP: "203.0.113.7"}
	r.ReturnURL = "https://shop.example/back"
	return r
}

func means(asked core.Funding) core.Funding {
	asked.Forbid = []core.Feature{core.FeatureHuabei}
	return asked
}

func (w *world) tradeRef(v core.PaymentView, attempt int) core.TradeRef {
	a := v.Attempts[attempt]
	return core.TradeRef{Account: w.shop.Accounts[0], OutTradeNo: a.OutTradeNo, TradeNo: a.TradeNo}
}

func TestNativePayIsHandedTheWholeOrder(t *testing.T) {
	w := newWorld(t)
	w.Rules = forbidding{}
	req := full("alipay")
	answered, err := w.Checkout(t.Context(), shopCaller, req)
	if err != nil {
		t.Fatal(err)
	}
	v := view(t, answered.Body)
	got := last[core.PayRequest](t, w.bank, "pay")
	ref := w.tradeRef(v, 0)
	ref.TradeNo = ""
	wantHanded(t, got, core.PayRequest{
		TradeRef: ref, PaymentID: v.ID, AmountFen: 8800, Subject: "一杯咖啡", Lines: v.Goods, Payer: req.Payer, Funding: means(req.Funding), ClientIP: "203.0.113.7",
		TimeExpire: w.clock.Now().Add(15 * time.Minute), SignedAt: w.clock.Now(),
	}, "TradeRef.TradeNo", "TradeRef.ChannelState", "Payer.OpenID", "Payer.AppID", "ReturnURL", "QuitURL")
}

func TestPageIsHandedTheWholeOrder(t *testing.T) {
	w := newWorld(t)
	w.Rules = forbidding{}
	req := full("wechat")
	answered, err := w.Checkout(t.Context(), shopCaller, req)
	if err != nil {
		t.Fatal(err)
	}
	v := view(t, answered.Body)
	w.clock.Advance(time.Minute)
	w.open(v)
	got := last[core.PayRequest](t, w.bank, "pay")
	token := v.Action.URL[len("https://pay.example/h5/"):]
	wantHanded(t, got, core.PayRequest{
		TradeRef: w.tradeRef(v, 0), PaymentID: v.ID, AmountFen: 8800, Subject: "一杯咖啡", Lines: v.Goods, Payer: req.Payer, Funding: means(req.Funding),
		ClientIP: "203.0.113.7", TimeExpire: w.clock.Now().Add(14 * time.Minute), SignedAt: w.clock.Now(),
		ReturnURL: "https://pay.example/return/" + token, QuitURL: v.Action.URL,
	}, "TradeRef.TradeNo", "TradeRef.ChannelState", "Payer.OpenID", "Payer.AppID")
}

// A further attempt is asked for with means of its own: not the first one's.
func TestFurtherAttemptIsHandedItsOwnMeans(t *testing.T) {
	w := newWorld(t)
	w.Rules = forbidding{}
	req := full("wechat")
	answered, err := w.Checkout(t.Context(), shopCaller, req)
	if err != nil {
		t.Fatal(err)
	}
	next := core.AttemptRequest{
		PaymentID: view(t, answered.Body).ID, Platform: "alipay", Payer: core.Payer{OpenID: "open-3", AppID: "2021000000000001"},
		Funding: core.Funding{Periods: 12, FeeBearer: "buyer"}, Client: core.Client{IP: "203.0.113.8"}, IdempotencyKey: "k-2",
	}
	w.clock.Advance(time.Minute)
	if answered, err = w.NextAttempt(t.Context(), shopCaller, next); err != nil {
		t.Fatal(err)
	}
	v := view(t, answered.Body)
	got := last[core.PayRequest](t, w.bank, "pay")
	ref := w.tradeRef(v, 1)
	ref.TradeNo = ""
	wantHanded(t, got, core.PayRequest{
		TradeRef: ref, PaymentID: v.ID, AmountFen: 8800, Subject: "一杯咖啡", Lines: v.Goods, Payer: next.Payer, Funding: means(next.Funding), ClientIP: "203.0.113.8",
		TimeExpire: w.clock.Now().Add(14 * time.Minute), SignedAt: w.clock.Now(),
	}, "TradeRef.TradeNo", "TradeRef.ChannelState", "Payer.UserID", "ReturnURL", "QuitURL")
}

// G36: the refund, its query, the inquiry and the close name the trade alike: by both numbers, at
// the account that the attempt pinned.
func TestLaterCallsAreHandedTheTrade(t *testing.T) {
	w := newWorld(t)
	v := w.create("A1", "alipay", 8800)
	w.bank.settle(v.Attempts[0].OutTradeNo, 8800)
	paid := paidNotice(v, 0)
	paid.Trade.PaidAt = w.clock.Now().Add(-time.Second)
	w.notify("acc1", paid)
	w.bank.plan("refund", "+unknown")
	ask := core.RefundAsk{PaymentID: v.ID, AmountFen: 300, Reason: "尺码不合", MerchantRefundNo: "R1", IdempotencyKey: "k"}
	answered, err := w.Refund(t.Context(), shopCaller, ask)
	if err != nil {
		t.Fatal(err)
	}
	w.clock.Advance(time.Hour)
	w.sweep()
	refund := w.payment(v.ID).Refunds[0]
	if refund.ID != answered.ID || refund.Status != core.RefundSucceeded {
		t.Fatalf("%+v", refund)
	}
	want := core.RefundRequest{
		TradeRef: w.tradeRef(w.payment(v.ID), 0), TotalFen: 8800, PaidAt: paid.Trade.PaidAt,
		OutRequestNo: refund.OutRequestNo, AmountFen: 300, Reason: "尺码不合",
	}
	for _, method := range []string{"refund", "query_refund"} {
		wantHanded(t, last[core.RefundRequest](t, w.bank, method), want, "TradeRef.ChannelState", "RefundState")
	}
	// A refund made outside is asked about with what the trade was, too.
	w.notify("acc1", refundNotice(v, "console1", 400))
	w.sweep()
	want.OutRequestNo, want.AmountFen, want.Reason = "console1", 0, ""
	wantHanded(t, last[core.RefundRequest](t, w.bank, "query_refund"), want, "TradeRef.ChannelState", "RefundState", "AmountFen", "Reason")

	unpaid := w.create("A2", "alipay", 5000)
	if _, err := w.Close(context.Background(), shopCaller, unpaid.ID); err != nil {
		t.Fatal(err)
	}
	ref := w.tradeRef(w.payment(unpaid.ID), 0)
	wantHanded(t, last[core.TradeRef](t, w.bank, "close"), ref, "ChannelState")

	asked := w.create("A3", "alipay", 5000)
	if err := w.SettleAttempt(t.Context(), asked.Attempts[0].ID); err != nil {
		t.Fatal(err)
	}
	wantHanded(t, last[core.TradeRef](t, w.bank, "query"), w.tradeRef(w.payment(asked.ID), 0), "ChannelState")
}
