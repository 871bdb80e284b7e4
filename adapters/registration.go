package adapters

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"go.opentelemetry.io/otel/trace"

	"github.com/paymux/paymux/config"
	"github.com/paymux/paymux/core"
)

// Registration is one gateway as the program knows it. It is a constant: whatever changes is made
// by Open.
type Registration interface {
	// ID is the name by which settings and addresses refer to the gateway.
	ID() core.GatewayID
	// Dialect is what the gateway adds to the configuration. Its gateway is ID's.
	Dialect() config.Dialect
	// Origins are the hosts that the gateway's pages send a buyer's browser on to, beside the one
	// that its settings name.
	Origins(core.Environment) []string
	// Channels are the ways to take money at the gateway.
	Channels(Applications) []core.PaymentChannel
	// Receiver verifies what the gateway sends on its own accord.
	Receiver(Applications) core.Gateway
	// Pair tells where the halves of an application's key pair go, the private one being in a file.
	Pair(file string) Pair
	// Open makes what lasts as long as the program: limits and breakers that a reload leaves alone.
	Open(Ground) Opened
}

// Pair is how an application's pair of RSA keys is made for a gateway, and where its halves go.
type Pair struct {
	Bits int // of the key
	// Public says, for people, where the public key goes and what comes of it; the key, in base64
	// of its PKIX form, is printed under it.
	Public string
	// Settings are the lines of YAML that name the private key, as an item of an account's keys.
	Settings string
}

// Ground is what a gateway's applications are built on.
type Ground struct {
	Master *config.MasterKey
	// Transport is used instead of the gateway's own; nil for its own.
	Transport http.RoundTripper
	Now       func() time.Time
	// Waiting is called before each wait for a gateway, and what it returns after it. A wait for a
	// limit of our own is part of it. nil for none.
	Waiting func(context.Context) (over func())
	// Nonce draws a text that no request had before.
	Nonce   func() string
	Logger  *slog.Logger   // nil for none
	Observe func(Exchange) // called after each exchange; nil for none
	// Oddity is called for each field that decides nothing and could not be read; nil for none.
	Oddity  func(source, field string)
	Tracing trace.TracerProvider // nil for none
}

// Opened is a gateway on its ground.
type Opened interface {
	// Line opens our end of the line that a gateway's settings describe.
	Line(config.Gateway) (Line, error)
}

// Line makes applications, which share its connections.
type Line interface {
	// Application parses an account's keys. An error names no key's text.
	Application(config.Account) (Application, error)
	// Account completes what core knows of an account by what its settings at this gateway say. The
	// settings that all gateways share stand in it already.
	Account(config.Account, core.Account) core.Account
}

// Application speaks for one account. How, its gateway's channels alone know.
type Application interface {
	// Certificates are those in use, and how soon they end.
	Certificates(now time.Time) []Certificate
}

// Applications finds the application that speaks for an account. A reload swaps what it answers,
// all at once. It is safe for concurrent use.
type Applications func(account string) (Application, bool)
