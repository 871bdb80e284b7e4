package config

import "fmt"

// appUse is one account's claim on an app of a gateway.
type appUse struct {
	account  string // its path
	section  string // the path of its settings at the gateway
	merchant string
	who      Identity
	shared   bool
}

func (r *registry) checkAccounts(at string, m *Merchant) {
	serving := map[string]string{}
	for i := range m.Accounts {
		a := &m.Accounts[i]
		path := fmt.Sprintf("%s.accounts[%d]", at, i)
		section := path + "." + a.Gateway
		r.once(r.accounts, a.ID, path+".id", "account")
		a.Settings.Check(*a, r.gatewayOf(path, a), r.problems.under(section))
		who := a.Settings.Identity()
		app := a.Gateway + " " + who.App
		r.apps[app] = append(r.apps[app], appUse{path, section, m.ID, who, a.AllowSharedApp})
		for _, channel := range a.Channels {
			if !a.Active {
				continue
			}
			if other, taken := serving[channel]; taken {
				r.problems.add(path+".channels", "serves "+channel+", as active account "+other+" does",
					"one active account per channel takes the new orders; set active: false on the old one")
			}
			serving[channel] = a.ID
		}
	}
}

// gatewayOf is the account's gateway, if there is one of the account's own environment.
func (r *registry) gatewayOf(at string, a *Account) Gateway {
	g, known := r.gateways[a.Gateway]
	if !known {
		r.problems.add(at+".gateway", "is not the id of a gateway", "add it to gateways")
		return Gateway{}
	}
	if a.Environment != g.Environment {
		r.problems.add(at+".environment", "differs from its gateway's", "real and play money never share an account")
		return Gateway{}
	}
	return g
}

// checkSharedApps: two merchants behind one app are allowed only where both
// say so, since a notification of that app then names its merchant by the
// account in its path alone.
func (r *registry) checkSharedApps() {
	for _, uses := range r.apps {
		for i, b := range uses {
			for _, a := range uses[:i] {
				setting := b.section + "." + b.who.AppSetting
				switch {
				case a.merchant == b.merchant && a.who.Payee == b.who.Payee:
					r.problems.add(setting, "and "+b.who.PayeeSetting+" are those of "+a.account, "one account per app and payee; rotate keys inside it")
				case a.merchant != b.merchant && (!a.shared || !b.shared):
					r.problems.add(setting, "is the app of merchant "+a.merchant+" too", "if that is meant, set allow_shared_app: true on both accounts")
				}
			}
		}
	}
}
