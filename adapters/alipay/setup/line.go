package alipaysetup

import (
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"go.opentelemetry.io/otel/trace"

	"github.com/paymux/paymux/adapters/alipay"
	"github.com/paymux/paymux/config"
)

// Gateway is the id of the gateway that this package's applications speak to.
const Gateway = "alipay"

// Ground is what applications are built on and what outlives them.
type Ground struct {
	Master *config.MasterKey
	// Transport is used instead of the gateways' own; nil for theirs.
	Transport http.RoundTripper
	Now       func() time.Time
	// Nonce draws a text that no request had before.
	Nonce    func() string
	Logger   *slog.Logger // nil for none
	Observer func(account string, x alipay.Exchange)
	Oddity   func(source, field string)
	// Guards are shared by all applications of one app id: a reload changes no limit that stays as it is.
	Guards  *alipay.Guards
	Tracing trace.TracerProvider // nil for none
}

// Line is our end of the line to one gateway: all its applications share the connections.
type Line struct {
	config.Gateway
	Transport http.RoundTripper
}

// Lines opens a line to each configured gateway, by id.
func Lines(c *config.Config, on Ground) (map[string]Line, error) {
	lines := map[string]Line{}
	for _, g := range c.Gateways {
		if g.ID != Gateway {
			return nil, fmt.Errorf("gateway %s: no adapter speaks to it; the known gateway is %q", g.ID, Gateway)
		}
		transport, err := transportOf(g, on)
		if err != nil {
			return nil, fmt.Errorf("gateway %s: %w", g.ID, err)
		}
		lines[g.ID] = Line{g, transport}
	}
	return lines, nil
}

func transportOf(g config.Gateway, on Ground) (http.RoundTripper, error) {
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
func (l Line) App(a config.Account, on Ground) (*alipay.App, error) {
	app := AppConfig(l.Gateway, a)
	app.Transport, app.Now, app.Nonce, app.Logger = l.Transport, on.Now, on.Nonce, on.Logger
	app.Guards, app.Tracing, app.Oddity = on.Guards, on.Tracing, on.Oddity
	if on.Observer != nil {
		app.Observer = func(x alipay.Exchange) { on.Observer(a.ID, x) }
	}
	for _, k := range a.Keys {
		key, err := Key(k, on.Master)
		if err != nil {
			return nil, err
		}
		app.Keys = append(app.Keys, key)
	}
	return alipay.NewApp(app)
}

// Key reads one key version's files.
func Key(k config.Key, master *config.MasterKey) (alipay.KeyConfig, error) {
	material, err := k.Material(master)
	if err != nil {
		return alipay.KeyConfig{}, err
	}
	return KeyConfig(k, material), nil
}
