package command

import (
	"fmt"
	"log/slog"
	"net/http"

	"github.com/paymux/paymux/adapters/alipay"
	"github.com/paymux/paymux/config"
)

// gatewayAlipay is the one gateway that has an adapter so far.
const gatewayAlipay = "alipay"

// gatewayEnd is our end of the line to one gateway: all apps of the gateway share its connections.
type gatewayEnd struct {
	config.Gateway
	transport http.RoundTripper
}

func newGateways(c *config.Config, on foundation) (map[string]gatewayEnd, error) {
	ends := map[string]gatewayEnd{}
	for _, g := range c.Gateways {
		if g.ID != gatewayAlipay {
			return nil, fmt.Errorf("gateway %s: no adapter speaks to it; the known gateway is %q", g.ID, gatewayAlipay)
		}
		transport, err := transportOf(g, on)
		if err != nil {
			return nil, fmt.Errorf("gateway %s: %w", g.ID, err)
		}
		ends[g.ID] = gatewayEnd{g, transport}
	}
	return ends, nil
}

func transportOf(g config.Gateway, on foundation) (http.RoundTripper, error) {
	if on.transport != nil {
		return on.transport, nil
	}
	client, roots, err := g.TLS()
	if err != nil {
		return nil, err
	}
	line := transportConfig(g)
	line.ClientCertificate, line.RootCAs = client.Reveal(), roots
	return alipay.NewTransport(line)
}

// app parses an account's keys and makes the application that speaks for it.
func (g gatewayEnd) app(a config.Account, on foundation) (*alipay.App, error) {
	app := appConfig(g.Gateway, a)
	app.Transport, app.Now, app.Guards, app.Tracing = g.transport, on.now, on.guards, on.tracing
	if on.logger != nil {
		app.Logger = slog.New(concerned{on.logger.Handler()})
	}
	if on.observer != nil {
		app.Observer = func(x alipay.Exchange) { on.observer(a.ID, x) }
	}
	app.Oddity = on.oddity
	app.Nonce = func() string { return letters(mustDraw(on.random, idBytes)) }
	for _, k := range a.Keys {
		key, err := alipayKey(k, on.master)
		if err != nil {
			return nil, err
		}
		app.Keys = append(app.Keys, key)
	}
	return alipay.NewApp(app)
}

// alipayKey reads one key version's files.
func alipayKey(k config.Key, master *config.MasterKey) (alipay.KeyConfig, error) {
	material, err := k.Material(master)
	if err != nil {
		return alipay.KeyConfig{}, err
	}
	return keyConfig(k, material), nil
}
