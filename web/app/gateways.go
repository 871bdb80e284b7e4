package app

import (
	"github.com/paymux/paymux/adapters"
	alipaysetup "github.com/paymux/paymux/adapters/alipay/setup"
	"github.com/paymux/paymux/config"
	"github.com/paymux/paymux/core"
)

// Gateways lists those that this program speaks to. Nothing else here knows one by name.
func Gateways() []adapters.Registration {
	return []adapters.Registration{alipaysetup.Registration{}}
}

// Dialects are what the gateways add to the configuration.
func Dialects() []config.Dialect {
	var all []config.Dialect
	for _, g := range Gateways() {
		all = append(all, g.Dialect())
	}
	return all
}

// openGateways puts every gateway on its ground, by id.
func openGateways(on adapters.Ground) map[core.GatewayID]adapters.Opened {
	opened := map[core.GatewayID]adapters.Opened{}
	for _, g := range Gateways() {
		opened[g.ID()] = g.Open(on)
	}
	return opened
}

// channelsOver lists the channels of all gateways.
func channelsOver(apps adapters.Applications) []core.PaymentChannel {
	var all []core.PaymentChannel
	for _, g := range Gateways() {
		all = append(all, g.Channels(apps)...)
	}
	return all
}

// receiversOver lists what verifies the messages of each gateway.
func receiversOver(apps adapters.Applications) []core.Gateway {
	var all []core.Gateway
	for _, g := range Gateways() {
		all = append(all, g.Receiver(apps))
	}
	return all
}

// gatewayOrigins are the hosts beside the gateways' own that their pages send a buyer's browser on
// to.
func gatewayOrigins(e core.Environment) []string {
	var all []string
	for _, g := range Gateways() {
		all = append(all, g.Origins(e)...)
	}
	return all
}
