package core_test

import (
	"context"
	"reflect"
	"strings"
	"testing"

	"github.com/paymux/paymux/core"
)

// amounts remembers what the gateway was asked to take.
type amounts struct {
	channel
	asked *[]core.Fen
}

func (a amounts) Pay(ctx context.Context, r core.PayRequest) core.PayResult {
	*a.asked = append(*a.asked, r.AmountFen)
	return a.channel.Pay(ctx, r)
}

// A10: the amount is the order's. No later request has one to differ by, and at every attempt the
// gateway is asked for the same.
func TestAmountA10IsTheOrders(t *testing.T) {
	for _, request := range []any{core.AttemptRequest{}, core.Client{}, core.Payer{}, core.Funding{}} {
		for _, f := range reflect.VisibleFields(reflect.TypeOf(request)) {
			if f.Type == reflect.TypeFor[core.Fen]() || strings.Contains(f.Name, "Amount") {
				t.Errorf("%T has an amount of its own: %s", request, f.Name)
			}
		}
	}
	w, asked := newWorld(t), []core.Fen{}
	var list []core.PaymentChannel
	for _, caps := range w.Channels.List() {
		list = append(list, amounts{caps.Channel.(channel), &asked})
	}
	var err error
	if w.Channels, err = core.NewChannels(list...); err != nil {
		t.Fatal(err)
	}
	v := w.create("A1", "wechat", 12345)
	w.open(v)
	w.open(v)
	w.bank.create(v.Attempts[0].OutTradeNo, 12345)
	_, err = w.NextAttempt(context.Background(), shopCaller, core.AttemptRequest{
		PaymentID: v.ID, Platform: "alipay", Payer: core.Payer{UserID: "2088000000000002"}, IdempotencyKey: "k",
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(asked) != 3 || asked[0] != 12345 || asked[1] != 12345 || asked[2] != 12345 {
		t.Fatalf("the gateway was asked for %v", asked)
	}
}

// A11: there is one currency, and nothing that a caller or a gateway says can name another, at
// create or at refund.
func TestAmountA11OneCurrency(t *testing.T) {
	for _, request := range []any{core.CheckoutRequest{}, core.AttemptRequest{}, core.RefundAsk{}, core.Line{}, core.PayRequest{}, core.RefundRequest{}, core.Notice{}} {
		for _, f := range reflect.VisibleFields(reflect.TypeOf(request)) {
			if strings.Contains(f.Name, "Currency") {
				t.Errorf("%T names a currency: %s", request, f.Name)
			}
		}
	}
	w := newWorld(t)
	v := w.paid("A1", 100)
	w.refund(v.ID, "r1", 40)
	if got := w.payment(v.ID); got.Currency != "CNY" || got.RefundedFen != 40 {
		t.Fatalf("got %+v", got)
	}
}

// A request is the caller's: what core adds to it, such as the lines' ids, is not seen there, so
// that one value may be sent by many at once.
func TestCheckoutLeavesTheRequestAlone(t *testing.T) {
	w, req := newWorld(t), order("A1", "alipay", 100)
	before := append([]core.Line(nil), req.Lines...)
	if _, err := w.Checkout(context.Background(), shopCaller, req); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(req.Lines, before) {
		t.Fatalf("%+v became %+v", before, req.Lines)
	}
}
