package alipaysetup

import (
	"net/url"
	"strings"

	alipaytrade "github.com/paymux/paymux/adapters/alipay/trade"
	"github.com/paymux/paymux/config"
)

// The hosts of Alipay's gateway, by environment (Alipay's documentation, and
// seen on the wire).
const (
	productionHost = "openapi.alipay.com"
	sandboxHost    = "openapi-sandbox.dl.alipaydev.com"
	deadSandbox    = "openapi.alipaydev.com"
)

// Dialect is Alipay's part of the configuration. It implements [config.Dialect].
type Dialect struct{}

// Gateway is the id of the gateway, and the key of an account's section.
func (Dialect) Gateway() string { return string(alipaytrade.GatewayAlipay) }

// Channels are those that are wired.
func (Dialect) Channels() []string { return ChannelIDs() }

// Section is an account's section with its defaults.
func (Dialect) Section() config.Section { return settings() }

// CheckGateway keeps real money away from the sandbox and the reverse.
func (Dialect) CheckGateway(g config.Gateway, blame config.Blame) {
	switch host := hostOf(g); {
	case host == deadSandbox:
		blame("url", "is the old sandbox, which is gone", "use https://"+sandboxHost+"/gateway.do")
	case host == productionHost && g.Environment != config.Production:
		blame("url", "is the production gateway", "use the sandbox's, or set environment: production")
	case host == sandboxHost && g.Environment != config.Sandbox:
		blame("url", "is the sandbox gateway", "use the production one, or set environment: sandbox")
	}
}

func hostOf(g config.Gateway) string {
	u, err := url.Parse(g.URL)
	if err != nil { // reported with the gateway
		return ""
	}
	return strings.ToLower(u.Hostname())
}
