package alipaysetup

import (
	"fmt"
	"net/http"

	"github.com/paymux/paymux/adapters"
	"github.com/paymux/paymux/adapters/alipay"
	alipaytrade "github.com/paymux/paymux/adapters/alipay/trade"
	"github.com/paymux/paymux/config"
	"github.com/paymux/paymux/core"
)

// Line is our end of the line to one gateway: all its applications share the connections.
type Line struct {
	config.Gateway
	Transport http.RoundTripper
	Guards    *alipay.Guards // shared by all applications of one app id; nil for one each
}

// Lines opens a line to each configured gateway that is Alipay, by id.
func Lines(c *config.Config, on adapters.Ground) (map[string]Line, error) {
	lines := map[string]Line{}
	for _, g := range c.Gateways {
		if core.GatewayID(g.ID) != alipaytrade.GatewayAlipay {
			continue // the commands that look at keys and messages know nothing of the others
		}
		transport, err := transportOf(g, on)
		if err != nil {
			return nil, fmt.Errorf("gateway %s: %w", g.ID, err)
		}
		lines[g.ID] = Line{Gateway: g, Transport: transport}
	}
	return lines, nil
}

func transportOf(g config.Gateway, on adapters.Ground) (http.RoundTripper, error) {
	if on.Transport != nil {
		return on.Transport, nil
	}
	client, roots, err := g.TLS()
	if err != nil {
		return nil, err
	}
	line := TransportConfig(g)
	line.ClientCertificate, line.RootCAs = client.Reveal(), roots
	return alipay.NewTransport(line)
}

// App parses an account's keys and makes the application that speaks for it.
func (l Line) App(a config.Account, on adapters.Ground) (*alipay.App, error) {
	app := AppConfig(l.Gateway, a)
	app.Transport, app.Now, app.Nonce, app.Logger = l.Transport, on.Now, on.Nonce, on.Logger
	app.Guards, app.Tracing, app.Oddity, app.Waiting = l.Guards, on.Tracing, on.Oddity, on.Waiting
	if on.Observe != nil {
		app.Observer = func(x alipay.Exchange) { on.Observe(exchangeOf(a.ID, x)) }
	}
	for _, k := range Settings(a).Keys {
		key, err := k.Read(on.Master)
		if err != nil {
			return nil, err
		}
		app.Keys = append(app.Keys, key)
	}
	return alipay.NewApp(app)
}

// Read reads the key version's files.
func (k Key) Read(master *config.MasterKey) (alipay.KeyConfig, error) {
	material, err := k.Material(master)
	if err != nil {
		return alipay.KeyConfig{}, err
	}
	return KeyConfig(k, material), nil
}
