package app

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/paymux/paymux/adapters"
	"github.com/paymux/paymux/config"
	"github.com/paymux/paymux/core"
	"github.com/paymux/paymux/core/outbox"
	"github.com/paymux/paymux/web"
)

// tenants is everything that a reload may change: who may call, what each merchant holds, and whom
// the money goes to. It is immutable; a reload makes a new one, whole or not at all (F13).
type tenants struct {
	merchants map[string]core.Merchant
	accounts  map[string]core.Account
	apps      map[string]adapters.Application // by account id
	keys      map[string]web.Key              // by key id
	operators map[string]web.Key              // by key id; the admin listener's
	secrets   map[endpointKey][][]byte
}

// foundation is what tenants are built on and what outlives them.
type foundation struct {
	master   *config.MasterKey
	gateways map[core.GatewayID]adapters.Opened
	webhooks outbox.Policy
}

// lines opens a line to each configured gateway, by id.
func (on foundation) lines(c *config.Config) (map[string]adapters.Line, error) {
	lines := map[string]adapters.Line{}
	for _, g := range c.Gateways {
		gateway, known := on.gateways[core.GatewayID(g.ID)]
		if !known {
			return nil, fmt.Errorf("gateway %s: no adapter speaks to it; the known gateway is %s", g.ID, on.known())
		}
		line, err := gateway.Line(g)
		if err != nil {
			return nil, fmt.Errorf("gateway %s: %w", g.ID, err)
		}
		lines[g.ID] = line
	}
	return lines, nil
}

// known names the gateways that there are.
func (on foundation) known() string {
	var names []string
	for _, id := range slices.Sorted(maps.Keys(on.gateways)) {
		names = append(names, strconv.Quote(string(id)))
	}
	return strings.Join(names, " or ")
}

// newTenants parses every key of the configuration once. An error names the merchant and account
// and never holds key text.
func newTenants(c *config.Config, on foundation) (*tenants, error) {
	t := &tenants{
		merchants: map[string]core.Merchant{}, accounts: map[string]core.Account{},
		apps: map[string]adapters.Application{}, keys: map[string]web.Key{}, operators: map[string]web.Key{},
		secrets: map[endpointKey][][]byte{},
	}
	lines, err := on.lines(c)
	if err != nil {
		return nil, err
	}
	for _, m := range c.Merchants {
		merchant := merchantOf(c, m)
		for _, a := range m.Accounts {
			app, err := lines[a.Gateway].Application(a)
			if err != nil {
				return nil, fmt.Errorf("merchant %s, account %s: %w", m.ID, a.ID, err)
			}
			account := lines[a.Gateway].Account(a, accountOf(c, m, a))
			merchant.Accounts = append(merchant.Accounts, account)
			t.accounts[a.ID], t.apps[a.ID] = account, app
		}
		merchant.Holdings.Channels = channelsOf(merchant.Accounts)
		t.merchants[m.ID] = merchant
		for _, k := range m.APIKeys {
			key, err := apiKeyOf(m, k, on.master)
			if err != nil {
				return nil, errorOf(m, err)
			}
			t.keys[k.ID] = key
		}
		for _, w := range m.Webhooks {
			secrets, err := webhookSecrets(w, on.webhooks, on.master)
			if err != nil {
				return nil, errorOf(m, err)
			}
			t.secrets[endpointKey{m.ID, w.ID}] = secrets
		}
	}
	for _, o := range c.Operators {
		key, err := operatorKeyOf(o, on.master)
		if err != nil {
			return nil, err
		}
		t.operators[o.ID] = key
	}
	return t, nil
}

func merchantOf(c *config.Config, m config.Merchant) core.Merchant {
	merchant := core.Merchant{
		ID: m.ID, Name: m.Name, Environment: core.Environment(c.Server.Environment),
		Late: core.LatePolicy(m.LatePayment), MaxPaymentFen: core.Fen(m.MaxPaymentFen),
		RefundApprovalOverFen: core.Fen(m.RefundApprovalOverFen), ReturnURLs: m.ReturnURLs,
		Holdings: core.Holdings{Licences: m.Licences, Permissions: m.Permissions},
	}
	for _, f := range m.Features {
		merchant.Holdings.Switches = append(merchant.Holdings.Switches, core.FeatureSwitch{
			Platform: core.PlatformID(f.Platform), Feature: core.Feature(f.Feature), Enabled: f.Enabled,
		})
	}
	for _, o := range m.Overrides {
		if !o.Allow { // it states that the rule stays closed, which is what happens without it
			continue
		}
		merchant.Holdings.Overrides = append(merchant.Holdings.Overrides, core.Override{
			Platform: core.PlatformID(o.Platform), Rule: o.Rule, Reason: o.Reason, By: o.By,
		})
	}
	for _, w := range m.Webhooks {
		endpoint := core.Endpoint{ID: w.ID, URL: w.URL}
		for _, event := range w.Events {
			endpoint.Events = append(endpoint.Events, core.EventType(event))
		}
		merchant.Endpoints = append(merchant.Endpoints, endpoint)
	}
	return merchant
}

// accountOf is what core knows of an account whatever its gateway is; the gateway's line completes
// it.
func accountOf(c *config.Config, m config.Merchant, a config.Account) core.Account {
	account := core.Account{
		ID: a.ID, MerchantID: m.ID, Gateway: core.GatewayID(a.Gateway), Environment: core.Environment(a.Environment),
		Active: a.Active, NotifyURL: NotifyURL(c, a),
	}
	for _, ch := range a.Channels {
		account.Channels = append(account.Channels, core.ChannelID(ch))
	}
	return account
}

// NotifyURL is where an account's gateway is told to send its notifications.
func NotifyURL(c *config.Config, a config.Account) string {
	return c.Server.BaseURL + "/notify/" + a.Gateway + "/" + a.ID
}

// channelsOf lists the channels that active accounts serve, each once.
func channelsOf(accounts []core.Account) []core.ChannelID {
	var list []core.ChannelID
	seen := map[core.ChannelID]bool{}
	for _, a := range accounts {
		for _, ch := range a.Channels {
			if a.Active && !seen[ch] {
				seen[ch] = true
				list = append(list, ch)
			}
		}
	}
	return list
}

// live answers from the newest tenants. It implements core.Directory and the web server's lookup of
// API keys, and its method App is the channels' lookup of applications.
type live struct {
	now     atomic.Pointer[tenants]
	revoked revocations
}

// Merchant implements core.Directory.
func (l *live) Merchant(id string) (core.Merchant, bool) {
	m, ok := l.now.Load().merchants[id]
	return m, ok
}

// AccountByID implements core.Directory.
func (l *live) AccountByID(id string) (core.Account, bool) {
	a, ok := l.now.Load().accounts[id]
	return a, ok
}

// App finds the application that speaks for an account.
func (l *live) App(accountID string) (adapters.Application, bool) {
	a, ok := l.now.Load().apps[accountID]
	return a, ok
}
