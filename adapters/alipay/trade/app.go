package alipaytrade

import (
	"github.com/paymux/paymux/adapters/alipay"
	"github.com/paymux/paymux/core"
)

// GatewayAlipay is the id of the gateway that all Alipay channels talk to.
const GatewayAlipay core.GatewayID = "alipay"

// Apps finds the application that signs and verifies for an account. Wiring fills it; a change of
// keys swaps what it answers. It must be safe for concurrent use.
type Apps interface {
	App(accountID string) (*alipay.App, bool)
}

// Trades is what every Alipay channel can do with a trade that exists. Channels embed it and add
// how the trade is opened.
type Trades struct {
	Apps Apps
}

// Gateway names whom the channel talks to.
func (Trades) Gateway() core.GatewayID { return GatewayAlipay }

// Find returns the account's application, or an Answer that says why nothing can be sent.
func (t Trades) Find(account core.Account) (*alipay.App, core.Answer, bool) {
	return find(t.Apps, account)
}

func find(apps Apps, account core.Account) (*alipay.App, core.Answer, bool) {
	app, ok := appOf(apps, account)
	if !ok {
		return nil, core.Answer{Outcome: core.OutcomeNotSent, Code: core.CodeNotConfigured, Detail: "no application for account " + account.ID}, false
	}
	return app, core.Answer{}, true
}

// appOf finds the application of an account. One that is wired to another app_id or environment
// than the account pins is none: it would speak for somebody else.
func appOf(apps Apps, account core.Account) (*alipay.App, bool) {
	if account.Gateway != GatewayAlipay || apps == nil {
		return nil, false
	}
	app, ok := apps.App(account.ID)
	if !ok || app == nil || app.ID() != account.AppID || string(app.Environment()) != string(account.Environment) {
		return nil, false
	}
	return app, true
}
