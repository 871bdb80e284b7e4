package app

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/paymux/paymux/adapters"
	"github.com/paymux/paymux/config"
	"github.com/paymux/paymux/core"
)

// toll is a gateway of these tests, on its ground and at the end of its line.
type toll struct{ broken string }

func (g toll) Line(config.Gateway) (adapters.Line, error) { return g, nil }

func (g toll) Application(a config.Account) (adapters.Application, error) {
	if a.ID == g.broken {
		return nil, errors.New("a key does not parse")
	}
	return pass(a.ID), nil
}

func (toll) Account(_ config.Account, to core.Account) core.Account {
	to.AppID, to.GatewayName, to.Grace = "app of "+to.ID, core.Words{ZH: "过路", EN: "Toll"}, time.Hour
	return to
}

// pass is an application that knows its account.
type pass string

func (pass) Certificates(time.Time) []adapters.Certificate { return nil }

func tollConfig() *config.Config {
	c := &config.Config{Gateways: []config.Gateway{{ID: "toll"}}}
	for _, id := range []string{"a", "b"} {
		c.Merchants = append(c.Merchants, config.Merchant{
			ID: "m_" + id, Accounts: []config.Account{{ID: id, Gateway: "toll", Active: true, Channels: []string{"toll_" + id}}},
		})
	}
	return c
}

// However an account is found, by its merchant or by its id, it says what its gateway asks of
// orders and of time: without that, nothing waits where the gateway is slow.
func TestAccountsSayWhatTheirGatewayAsks(t *testing.T) {
	found, err := newTenants(tollConfig(), foundation{gateways: map[core.GatewayID]adapters.Opened{"toll": toll{}}})
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{"a", "b"} {
		ofMerchant, known := found.merchants["m_"+id].Account(id)
		if !known {
			t.Fatalf("merchant m_%s has lost its account", id)
		}
		for way, account := range map[string]core.Account{"by its merchant": ofMerchant, "by its id": found.accounts[id]} {
			if account.MerchantID != "m_"+id || account.AppID != "app of "+id || account.GatewayName.EN != "Toll" || account.Grace != time.Hour ||
				!account.Serves(core.ChannelID("toll_"+id)) {
				t.Errorf("%s, found %s: %+v", id, way, account)
			}
		}
		if found.apps[id] != pass(id) {
			t.Errorf("%s speaks by %v", id, found.apps[id])
		}
	}
}

// What cannot be made is refused whole, and the error says whose it is.
func TestTenantsAreMadeWholeOrNotAtAll(t *testing.T) {
	for says, on := range map[string]map[core.GatewayID]adapters.Opened{
		"merchant m_b, account b: a key does not parse":                                   {"toll": toll{broken: "b"}},
		`gateway toll: no adapter speaks to it; the known gateway is "bridge" or "ferry"`: {"ferry": toll{}, "bridge": toll{}},
	} {
		found, err := newTenants(tollConfig(), foundation{gateways: on})
		if found != nil || err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%v, %v; want %s", found, err, says)
		}
	}
}
