package alipaysetup

import (
	"fmt"
	"slices"
	"strings"

	alipaymini "github.com/paymux/paymux/adapters/alipay/mini"
	"github.com/paymux/paymux/config"
)

// Identity says whom the account speaks for. It implements [config.Section].
func (a *Account) Identity() config.Identity {
	return config.Identity{App: a.AppID, Payee: a.SellerID, AppSetting: "app_id", PayeeSetting: "seller_id"}
}

// Check holds the settings against each other. It implements [config.Section].
func (a *Account) Check(account config.Account, g config.Gateway, blame config.Blame) {
	a.checkWorld(g, blame)
	a.checkKeys(blame)
	a.checkWire(account.Channels, blame)
}

// checkWorld keeps sandbox apps off real money and the reverse. App numbers: the
// sandbox gives out 9021…, formerly 2021000…; production 2021….
func (a *Account) checkWorld(g config.Gateway, blame config.Blame) {
	sandboxApp := strings.HasPrefix(a.AppID, "9021") || strings.HasPrefix(a.AppID, "2021000")
	switch {
	case g.Environment == config.Production && sandboxApp:
		blame("app_id", "is a sandbox app", "use the app of the production console")
	case hostOf(g) == sandboxHost && strings.HasPrefix(a.AppID, "2021") && !sandboxApp:
		blame("app_id", "is a production app", "use the app of the sandbox console")
	}
}

func (a *Account) checkKeys(blame config.Blame) {
	current := 0
	versions := map[string]bool{}
	for i := range a.Keys {
		k := &a.Keys[i]
		path := fmt.Sprintf("keys[%d]", i)
		if versions[k.Version] {
			blame(path+".version", "is taken by another key of this account", "choose another name")
		}
		versions[k.Version] = true
		if k.Use == Current {
			current++
			blame.ExactlyOne(path, "private_key_sealed", k.PrivateKeySealed, "private_key_file", k.PrivateKeyFile)
			if !k.NotAfter.IsZero() { // from then on no answer to what it signs would verify
				blame(path+".not_after", "ends the key that signs", "set it on the old version, where a verify_only key ends")
			}
		} else if k.PrivateKeySealed != "" && k.PrivateKeyFile != "" {
			blame(path, "has two private keys", "keep one, or none: it only verifies")
		}
		k.checkVerifier(path, blame)
	}
	if current != 1 {
		blame("keys", "needs exactly one current key", "mark the others verify_only")
	}
}

// checkVerifier: a key verifies by Alipay's public key or by certificates,
// never by both, because then nobody could say which one was believed.
func (k *Key) checkVerifier(path string, blame config.Blame) {
	certs := 0
	for _, name := range []string{k.AppCertFile, k.AlipayCertFile, k.AlipayRootCertFile} {
		if name != "" {
			certs++
		}
	}
	switch {
	case k.AlipayPublicKeyFile == "" && certs == 0:
		blame(path, "cannot verify anything", "set alipay_public_key_file, or the three certificate files")
	case k.AlipayPublicKeyFile != "" && certs > 0:
		blame(path, "has a public key and certificates", "the app's console uses one of the two modes: keep that one")
	case certs > 0 && k.Use == VerifyOnly && (k.AlipayCertFile == "" || k.AlipayRootCertFile == ""):
		blame(path, "lacks a certificate", "to verify takes alipay_cert_file and alipay_root_cert_file")
	case certs > 0 && certs < 3 && k.Use != VerifyOnly:
		blame(path, "lacks a certificate", "certificate mode needs app_cert_file, alipay_cert_file and alipay_root_cert_file")
	}
	if k.AlipayPublicKeyFile != "" && k.AlipayPublicKeyFile == k.PrivateKeyFile {
		blame(path+".alipay_public_key_file", "is the private key's file", "download Alipay's public key from the app's console")
	}
}

// checkWire holds the ways an account speaks against each other and against its keys.
func (a *Account) checkWire(channels []string, blame config.Blame) {
	if a.Protocol == "v3" && a.SignType == "SM2" {
		blame("sign_type", "is SM2, which OpenAPI v3 does not take", "use protocol: classic, or sign_type: RSA2")
	}
	if a.TrustUnsignedV3Errors && a.Protocol != "v3" {
		blame("trust_unsigned_v3_errors", "does not serve the classic protocol", "take it out")
	}
	if a.MiniPay == OrderString && !slices.Contains(channels, string(alipaymini.ID)) {
		blame("mini_pay", "serves alipay_mini only, which is not among the channels", "take it out, or add the channel")
	}
	if a.Burst > 0 && a.CallsPerSecond == 0 {
		blame("burst", "limits nothing without calls_per_second", "set both, or neither")
	}
	certificates := false
	for i := range a.Keys {
		k := &a.Keys[i]
		certificates = certificates || k.AlipayCertFile != ""
		if a.EncryptContent && k.Use == Current && k.AESKeyFile == "" {
			blame("encrypt_content", "has no AES key to encrypt with", "set aes_key_file in the current key")
		}
	}
	if a.DropCertSNInNotify && !certificates {
		blame("drop_cert_sn_in_notify", "belongs to certificate mode", "take it out")
	}
}
