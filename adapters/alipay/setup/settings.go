package alipaysetup

import (
	"time"

	"github.com/paymux/paymux/adapters/alipay"
	"github.com/paymux/paymux/config"
)

// Each function here turns settings into what the wire takes, and does nothing else, so that a test
// can change one setting at a time and see where it arrives.

// AppConfig is an account's application at its gateway, without its keys.
func AppConfig(g config.Gateway, account config.Account) alipay.AppConfig {
	a := Settings(account)
	return alipay.AppConfig{
		AppID: a.AppID, SellerID: a.SellerID, OpAppID: a.OpAppID, Gateway: g.URL, Environment: alipay.Environment(g.Environment),
		Protocol: alipay.Protocol(a.Protocol), SignType: a.SignType, EncryptContent: a.EncryptContent,
		DropEmptyInNotify: a.DropEmptyInNotify, DropCertSNInNotify: a.DropCertSNInNotify, TrustUnsignedV3Errors: a.TrustUnsignedV3Errors,
		Timeout: time.Duration(a.TimeoutSeconds) * time.Second, CallsPerSecond: float64(a.CallsPerSecond), Burst: a.Burst,
		BreakAfter: uint32(a.BreakAfter), BreakFor: time.Duration(a.BreakSeconds) * time.Second,
	}
}

// KeyConfig is one key version, whose files have been read.
func KeyConfig(k Key, m KeyMaterial) alipay.KeyConfig {
	return alipay.KeyConfig{
		Version: k.Version, Use: alipay.KeyUse(k.Use), NotAfter: k.NotAfter,
		PrivateKey: m.PrivateKey.Reveal(), AlipayPublicKey: m.AlipayPublicKey,
		AppCertificate: m.AppCert, AlipayCertificate: m.AlipayCert, RootCertificates: m.AlipayRootCert,
		AESKey: m.AESKey.Reveal(),
	}
}

// TransportConfig is how the connections to a gateway are made, without its certificates.
func TransportConfig(g config.Gateway) alipay.TransportConfig {
	return alipay.TransportConfig{Proxy: g.Proxy, MaxConnections: g.MaxConnections}
}
