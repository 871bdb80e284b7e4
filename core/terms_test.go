package core_test

import (
	"context"
	"testing"
	"time"

	"github.com/paymux/paymux/core"
)

// second gives the shop another account, which takes the pages of wechat under its own terms.
func second(w *world, terms core.Account) *world {
	return w.with(func(m *core.Merchant) {
		first := m.Accounts[0]
		first.Channels = []core.ChannelID{"alipay_mini", "douyin_h5"}
		terms.ID, terms.MerchantID, terms.Gateway = "acc3", first.MerchantID, first.Gateway
		terms.AppID, terms.SellerID, terms.Active = first.AppID, first.SellerID, true
		terms.Channels = []core.ChannelID{"wechat_h5"}
		m.Accounts = []core.Account{first, terms}
	})
}

// A buyer's id is what one of the merchant's accounts takes, and then what the serving one takes.
func TestPayerIsHeldAgainstTheAccountThatServes(t *testing.T) {
	letters := core.Shape{
		Prefix: "o", Says: core.Words{ZH: "须以 o 开头", EN: "must begin with o"},
	}
	w := second(newWorld(t), core.Account{UserID: letters})
	asked := order("A1", "wechat", 100)
	asked.Payer.UserID = "oxyz"
	must(w.Checkout(t.Context(), shopCaller, asked))
	asked.MerchantOrderNo, asked.Platform = "A2", "alipay"
	_, err := w.Checkout(t.Context(), shopCaller, asked)
	wrong := core.MistakesOf(err)
	if len(wrong) != 1 || wrong[0].Field != "payer.user_id" || wrong[0].Said != userIDs().Says || wrong[0].Message != userIDs().Says.EN {
		t.Errorf("an id that another account takes: %+v", wrong)
	}
	asked.Payer.UserID = "X"
	if wrong := core.MistakesOf(w.Mistakes("m1", &asked)); len(wrong) != 1 || wrong[0].Said != userIDs().Says {
		t.Errorf("an id that no account takes: %+v", wrong)
	}
	w.with(func(m *core.Merchant) { m.Accounts[0].Active = false })
	if wrong := core.MistakesOf(w.Mistakes("m1", &asked)); len(wrong) != 1 || wrong[0].Said != letters.Says {
		t.Errorf("an account that takes nothing new has a say: %+v", wrong)
	}
}

// So it is with the title, also when the buyer goes on at an account with other terms.
func TestSubjectIsHeldAgainstTheAccountThatServes(t *testing.T) {
	w := second(newWorld(t), core.Account{})
	asked := order("A1", "wechat", 100)
	asked.Subject = "1/2 杯"
	v := view(t, must(w.Checkout(t.Context(), shopCaller, asked)).Body)
	_, err := w.NextAttempt(t.Context(), shopCaller, core.AttemptRequest{
		PaymentID: v.ID, Platform: "alipay", Payer: asked.Payer, IdempotencyKey: "k",
	})
	if wrong := core.MistakesOf(err); len(wrong) != 1 || wrong[0].Field != "subject" || wrong[0].Code != core.CodeInvalid {
		t.Errorf("a title that the next account does not take: %+v", wrong)
	}
	if got := w.payment(v.ID); got.Status != core.PaymentCreated || len(got.Attempts) != 1 {
		t.Errorf("the refused attempt left %+v", got)
	}
}

// The times are the account's: when a page opens last, and when what nobody knows has ended.
func TestTimesAreTheAccounts(t *testing.T) {
	w := second(newWorld(t), core.Account{LeastTime: 4 * time.Minute, Grace: time.Hour})
	v := w.create("A1", "wechat", 100)
	w.open(v)
	end := w.attempt(0).TimeExpire
	w.clock.Set(end.Add(-4 * time.Minute).Add(-time.Second))
	if page := must(w.Page(t.Context(), token(v))); page.State != core.PagePayable {
		t.Errorf("a second before the last opening: %s", page.State)
	}
	w.clock.Advance(time.Second)
	if page := must(w.Page(t.Context(), token(v))); page.State != core.PageExpired {
		t.Errorf("at the last opening: %s", page.State)
	}
	w.clock.Set(end.Add(time.Hour))
	must(0, w.SettleAttempt(t.Context(), v.Attempts[0].ID))
	if a := w.attempt(0); a.State != core.AttemptSent || a.NextAt != end.Add(time.Hour+w.Skew) {
		t.Errorf("within grace and skew: %s, next look %s", a.State, a.NextAt)
	}
	w.clock.Advance(w.Skew)
	must(0, w.SettleAttempt(t.Context(), v.Attempts[0].ID))
	if a := w.attempt(0); a.State != core.AttemptClosed {
		t.Errorf("after grace and skew: %s", a.State)
	}
}

// forgetful loses the account's configuration while the gateway is asked.
type forgetful struct {
	channel
	forget func()
}

func (f forgetful) Close(ctx context.Context, r core.TradeRef) core.CloseResult {
	defer f.forget()
	return f.channel.Close(ctx, r)
}

// An account that a reload takes away while its gateway is asked ends nothing: its times are not
// known any more.
func TestNothingEndsByTheTimesOfAnAccountThatIsGone(t *testing.T) {
	w := newWorld(t)
	v := w.create("A1", "wechat", 100)
	w.open(v)
	w.Channels = must(core.NewChannels(forgetful{channel{"wechat_h5", core.DoorPage, w.bank}, func() {
		w.with(func(m *core.Merchant) { m.Accounts = nil })
	}}))
	w.clock.Set(w.attempt(0).TimeExpire.Add(time.Hour))
	must(0, w.SettleAttempt(t.Context(), v.Attempts[0].ID))
	if a := w.attempt(0); a.State != core.AttemptSent {
		t.Errorf("the attempt is %s", a.State)
	}
}
