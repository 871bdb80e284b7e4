package alipaysetup

import (
	"time"

	"github.com/paymux/paymux/adapters"
	"github.com/paymux/paymux/adapters/alipay"
	"github.com/paymux/paymux/adapters/alipay/douyinh5"
	alipaymini "github.com/paymux/paymux/adapters/alipay/mini"
	alipaytrade "github.com/paymux/paymux/adapters/alipay/trade"
	"github.com/paymux/paymux/adapters/alipay/wechath5"
	"github.com/paymux/paymux/config"
	"github.com/paymux/paymux/core"
)

// channels is the one list of the ways to take money at Alipay.
func channels(apps alipaytrade.Apps) []core.PaymentChannel {
	return []core.PaymentChannel{alipaymini.New(apps), wechath5.New(apps), douyinh5.New(apps)}
}

// ChannelIDs names the channels.
func ChannelIDs() []string {
	var ids []string
	for _, c := range channels(nil) {
		ids = append(ids, string(c.ID()))
	}
	return ids
}

// Registration registers Alipay. It implements [adapters.Registration].
type Registration struct{}

// ID names the gateway.
func (Registration) ID() core.GatewayID { return alipaytrade.GatewayAlipay }

// Dialect is Alipay's part of the configuration.
func (Registration) Dialect() config.Dialect { return Dialect{} }

// Origins are Alipay's own: its pages lead through several hosts.
func (Registration) Origins(e core.Environment) []string {
	if e == core.Production {
		return []string{"https://*.alipay.com"}
	}
	return []string{"https://*.alipaydev.com", "https://*.alipay.com"}
}

// Channels are the ways to take money at Alipay.
func (Registration) Channels(all adapters.Applications) []core.PaymentChannel {
	return channels(lookup(all))
}

// Receiver verifies what Alipay sends.
func (Registration) Receiver(all adapters.Applications) core.Gateway {
	return alipaytrade.Gateway{Apps: lookup(all)}
}

// Open makes the limits and breakers of all applications.
func (Registration) Open(on adapters.Ground) adapters.Opened {
	return opened{on, &alipay.Guards{}}
}

// opened is Alipay on its ground.
type opened struct {
	on     adapters.Ground
	guards *alipay.Guards
}

func (o opened) Line(g config.Gateway) (adapters.Line, error) {
	transport, err := transportOf(g, o.on)
	if err != nil {
		return nil, err
	}
	return openLine{Line{Gateway: g, Transport: transport, Guards: o.guards}, o.on}, nil
}

// openLine is a line with what its applications are built on.
type openLine struct {
	line Line
	on   adapters.Ground
}

func (l openLine) Application(a config.Account) (adapters.Application, error) {
	app, err := l.line.App(a, l.on)
	if err != nil {
		return nil, err
	}
	return application{app}, nil
}

// Account says what Alipay's settings mean to core.
func (openLine) Account(a config.Account, to core.Account) core.Account { return AccountOf(a, to) }

// AccountOf completes what core knows of an account.
func AccountOf(a config.Account, to core.Account) core.Account {
	at := Settings(a)
	to.AppID, to.OpAppID, to.SellerID = at.AppID, at.OpAppID, at.SellerID
	to.PaysWithoutTrade = at.MiniPay == OrderString
	return alipaytrade.Describe(to)
}

// application is an app as the program holds it.
type application struct{ *alipay.App }

func (a application) Certificates(now time.Time) []adapters.Certificate {
	var list []adapters.Certificate
	for _, c := range a.App.Certificates() {
		list = append(list, adapters.Certificate{
			Kind: c.Kind, KeyVersion: c.Version, Serial: c.Serial, NotAfter: c.NotAfter, DueWithin: c.DueWithin(now),
		})
	}
	return list
}

// lookup finds Alipay's own among the applications of all gateways.
type lookup adapters.Applications

// App implements [alipaytrade.Apps].
func (find lookup) App(account string) (*alipay.App, bool) {
	found, _ := find(account)
	ours, ok := found.(application)
	return ours.App, ok
}
