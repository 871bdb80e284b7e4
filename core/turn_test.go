package core_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/paymux/paymux/core"
)

// Each step of a payment is counted once, when it is committed, whoever repeats what: by requests,
// by messages and by inquiries alike.
func TestTurnsAreCountedOnce(t *testing.T) {
	ctx := context.Background()
	for _, c := range []struct {
		name string
		do   func(*world)
		want []string
	}{
		{"paid by a message that comes twice", func(w *world) {
			v := w.create("A1", "wechat", 100)
			w.create("A1", "wechat", 100) // the same request
			w.bank.settle(v.Attempts[0].OutTradeNo, 100)
			w.notify("acc1", paidNotice(v, 0))
			w.notify("acc1", paidNotice(v, 0))
		}, []string{"wechat wechat_h5 created ", "wechat wechat_h5 paid "}},
		{"closed, then paid", func(w *world) {
			v := w.create("A1", "wechat", 100)
			must(w.close(v.ID))
			must(w.close(v.ID))
			w.payLate(v, 0)
		}, []string{"wechat wechat_h5 created ", "wechat wechat_h5 closed ", "wechat wechat_h5 late "}},
		{"found paid when it was to be closed", func(w *world) {
			v := w.create("A1", "alipay", 100)
			w.bank.settle(v.Attempts[0].OutTradeNo, 100)
			_, _ = w.close(v.ID)
		}, []string{"alipay alipay_mini created ", "alipay alipay_mini paid "}},
		{"refused by the gateway", func(w *world) {
			w.bank.plan("pay", "failed:"+string(core.CodeBuyerBalance), "failed:of_its_own")
			for _, no := range []string{"A1", "A2"} {
				_, err := w.Checkout(ctx, shopCaller, order(no, "alipay", 100))
				if err == nil {
					w.t.Error("not refused")
				}
			}
		}, []string{
			"alipay alipay_mini created ", "alipay alipay_mini refused buyer_balance", "alipay alipay_mini created ", "alipay alipay_mini refused channel_refused",
		}},
		{"turned away again and again", func(w *world) {
			w.bank.plan("pay", turnedAway, turnedAway)
			for range 2 {
				_, err := w.Checkout(ctx, shopCaller, order("A1", "alipay", 100))
				if core.CodeOf(err) != core.CodeMisconfigured {
					w.t.Errorf("%v", err)
				}
			}
		}, []string{"alipay alipay_mini created ", "alipay alipay_mini refused misconfigured"}},
		{"no order made", func(w *world) {
			w.create("A1", "wechat", 100)
			for _, r := range []core.CheckoutRequest{order("A1", "wechat", 101), order("A2", "wechat", -1), order("A3", "made_up", 100)} {
				if _, err := w.Checkout(ctx, shopCaller, r); err == nil {
					w.t.Error("not refused")
				}
			}
		}, []string{"wechat wechat_h5 created ", "wechat  refused order_exists", "wechat  refused invalid_request", "  refused channel_missing"}},
	} {
		w := newWorld(t)
		var got []string
		w.Turned = func(turn core.Turn) {
			got = append(got, fmt.Sprint(turn.Platform, " ", turn.Channel, " ", turn.Outcome, " ", turn.Class))
		}
		c.do(w)
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

// What is not committed is not counted: the store fails, or the message meets another's commit.
func TestTurnsOfWhatIsNotCommitted(t *testing.T) {
	w := newWorld(t)
	w.Turned = func(turn core.Turn) {
		if turn.Outcome != core.TurnRefused || turn.Class != core.CodeUnavailable {
			t.Errorf("counted %+v", turn)
		}
	}
	w.Store = noStore{w.Store}
	if _, err := w.Checkout(context.Background(), shopCaller, order("A1", "wechat", 100)); core.CodeOf(err) != core.CodeUnavailable {
		t.Errorf("created: %v", err)
	}
}

// noStore decides, and commits nothing.
type noStore struct{ core.Store }

func (s noStore) Do(_ context.Context, u core.Unit) (core.Verdict, error) {
	if _, err := u.Decide(core.NewView()); err != nil {
		return core.Verdict{}, err
	}
	return core.Verdict{}, core.Errorf(core.CodeUnavailable, "the database is away")
}
