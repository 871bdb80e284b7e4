package core_test

import (
	"context"
	"testing"

	"github.com/paymux/paymux/core"
)

const (
	ownApp   = "2021000000000001"
	miniApp  = "2021000000000003"
	otherApp = "2021000000000009"
)

// I18: which app an open_id belongs to is told at login, kept with the payer, and the same at every
// call; an app that the account does not pay for is refused by name before anything is stored.
func TestPayerKeepsItsApp(t *testing.T) {
	ctx := context.Background()
	for name, c := range map[string]struct {
		payer core.Payer
		sent  core.Payer
		field string
	}{
		"the account's app": {payer: core.Payer{OpenID: "o", AppID: ownApp}, sent: core.Payer{OpenID: "o", AppID: ownApp}},
		"its mini-program":  {payer: core.Payer{OpenID: "o", AppID: miniApp}, sent: core.Payer{OpenID: "o", AppID: miniApp}},
		"nobody said":       {payer: core.Payer{OpenID: "o"}, sent: core.Payer{OpenID: "o"}},
		"another app":       {payer: core.Payer{OpenID: "o", AppID: otherApp}, field: "payer.app_id"},
		"no number":         {payer: core.Payer{OpenID: "o", AppID: "mini"}, field: "payer.app_id"},
		"a user_id":         {payer: core.Payer{UserID: "2088000000000002", AppID: otherApp}, sent: core.Payer{UserID: "2088000000000002"}},
		"an app and nobody": {payer: core.Payer{AppID: ownApp}, field: "payer"},
	} {
		w := newWorld(t).with(func(m *core.Merchant) { m.Accounts[0].OpAppID = miniApp })
		w.bank.plan("pay", "unknown", "unknown")
		req := order("A1", "alipay", 100)
		req.Payer = c.payer
		_, err := w.Checkout(ctx, shopCaller, req)
		if c.field != "" {
			if e := wantCode(t, err, core.CodeInvalid); e.Field != c.field || len(w.memory.All().Orders) != 0 || len(w.bank.payAsks) != 0 {
				t.Errorf("%s: %v", name, e)
			}
			continue
		}
		must(0, err)
		must(w.Checkout(ctx, shopCaller, req)) // asks, and sends again
		if asks := w.bank.payAsks; len(asks) != 2 || asks[0].Payer != c.sent || asks[1].Payer != c.sent {
			t.Errorf("%s: the channel got %+v", name, asks)
		}
	}
}

// I18: a page and an order string name no buyer, so whose app an id belongs to does not matter
// there; another app makes another request.
func TestPayerOfPagesAndStrings(t *testing.T) {
	ctx := context.Background()
	for _, platform := range []core.PlatformID{"wechat", "alipay"} {
		w := newStringWorld(t)
		req := order("A1", platform, 100)
		req.Payer = core.Payer{OpenID: "o", AppID: otherApp}
		must(w.Checkout(ctx, shopCaller, req))
		req.Payer.AppID = miniApp
		_, err := w.Checkout(ctx, shopCaller, req)
		wantCode(t, err, core.CodeOrderExists)
	}
	w := newWorld(t)
	v := w.create("A1", "wechat", 100)
	_, err := w.NextAttempt(ctx, shopCaller, core.AttemptRequest{PaymentID: v.ID, Platform: "alipay", Payer: core.Payer{OpenID: "o", AppID: otherApp}, IdempotencyKey: "k"})
	if e := wantCode(t, err, core.CodeInvalid); e.Field != "payer.app_id" || w.payment(v.ID).Action == nil {
		t.Error("the older attempt was ended for nothing")
	}
}

// I18: a login says whose id it is; a user_id is everybody's.
func TestLoginNamesTheApp(t *testing.T) {
	for code, want := range map[string]core.Payer{"open": {OpenID: "open-1", AppID: ownApp}, "good": {UserID: "2088000000000002"}} {
		w := newWorld(t)
		if got, err := w.Login(context.Background(), shopCaller, core.LoginAsk{Channel: "alipay_mini", AuthCode: code}); err != nil || got != want {
			t.Errorf("%s: %+v %v", code, got, err)
		}
	}
}
