package command

import (
	"fmt"
	"net/http"
	"time"

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
	return alipay.NewTransport(alipay.TransportConfig{
		ClientCertificate: client.Reveal(), RootCAs: roots, Proxy: g.Proxy, MaxConnections: g.MaxConnections,
	})
}

// app parses an account's keys and makes the application that speaks for it.
func (g gatewayEnd) app(a config.Account, on foundation) (*alipay.App, error) {
	app := alipay.AppConfig{
		AppID: a.AppID, SellerID: a.SellerID, OpAppID: a.OpAppID, Gateway: g.URL, Environment: alipay.Environment(g.Environment),
		Protocol: alipay.Protocol(a.Protocol), SignType: a.SignType, EncryptContent: a.EncryptContent,
		DropEmptyInNotify: a.DropEmptyInNotify, DropCertSNInNotify: a.DropCertSNInNotify, TrustUnsignedV3Errors: a.TrustUnsignedV3Errors,
		Transport: g.transport, Timeout: time.Duration(a.TimeoutSeconds) * time.Second, Now: on.now,
		Nonce:          func() string { return letters(mustDraw(on.random, idBytes)) },
		CallsPerSecond: float64(a.CallsPerSecond), Burst: a.Burst,
		BreakAfter: uint32(a.BreakAfter), BreakFor: time.Duration(a.BreakSeconds) * time.Second,
		Guards: on.guards, Logger: on.logger, Observer: on.observer, Tracing: on.tracing,
	}
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
	return alipay.KeyConfig{
		Version: k.Version, Use: alipay.KeyUse(k.Use), NotAfter: k.NotAfter,
		PrivateKey: material.PrivateKey.Reveal(), AlipayPublicKey: material.AlipayPublicKey,
		AppCertificate: material.AppCert, AlipayCertificate: material.AlipayCert, RootCertificates: material.AlipayRootCert,
		AESKey: material.AESKey.Reveal(),
	}, nil
}
