package config

import (
	"fmt"
	"slices"
	"strings"
)

// appUse is one account's claim on an app of a gateway.
type appUse struct {
	path     string
	merchant string
	seller   string
	shared   bool
}

func (r *registry) checkAccounts(at string, m *Merchant) {
	serving := map[string]string{}
	for i := range m.Accounts {
		a := &m.Accounts[i]
		path := fmt.Sprintf("%s.accounts[%d]", at, i)
		r.once(r.accounts, a.ID, path+".id", "account")
		r.checkAccountGateway(path, a)
		r.checkKeys(path, a)
		r.checkWire(path, a)
		app := a.Gateway + " " + a.AppID
		r.apps[app] = append(r.apps[app], appUse{path, m.ID, a.SellerID, a.AllowSharedApp})
		for _, channel := range a.Channels {
			if !a.Active {
				continue
			}
			if other, taken := serving[channel]; taken {
				r.problems.add(path+".channels", "serves "+channel+", as active account "+other+" does",
					"one active account per channel takes the new orders; set active: false on the old one")
			}
			serving[channel] = a.ID
		}
	}
}

// checkAccountGateway keeps sandbox apps off real money and the reverse. App
// numbers: the sandbox gives out 9021…, formerly 2021000…; production 2021….
func (r *registry) checkAccountGateway(at string, a *Account) {
	g, known := r.gateways[a.Gateway]
	if !known {
		r.problems.add(at+".gateway", "is not the id of a gateway", "add it to gateways")
		return
	}
	if a.Environment != g.Environment {
		r.problems.add(at+".environment", "differs from its gateway's", "real and play money never share an account")
		return
	}
	sandboxApp := strings.HasPrefix(a.AppID, "9021") || strings.HasPrefix(a.AppID, "2021000")
	u, what := parseAddress(g.URL)
	switch {
	case what != "": // reported with the gateway
	case g.Environment == Production && sandboxApp:
		r.problems.add(at+".app_id", "is a sandbox app", "use the app of the production console")
	case u.Hostname() == alipaySandboxHost && strings.HasPrefix(a.AppID, "2021") && !sandboxApp:
		r.problems.add(at+".app_id", "is a production app", "use the app of the sandbox console")
	}
}

func (r *registry) checkKeys(at string, a *Account) {
	current := 0
	versions := map[string]bool{}
	for i := range a.Keys {
		k := &a.Keys[i]
		path := fmt.Sprintf("%s.keys[%d]", at, i)
		r.once(versions, k.Version, path+".version", "key of this account")
		if k.Use == Current {
			current++
			r.exactlyOne(path, "private_key_sealed", k.PrivateKeySealed, "private_key_file", k.PrivateKeyFile)
			if !k.NotAfter.IsZero() { // from then on no answer to what it signs would verify
				r.problems.add(path+".not_after", "ends the key that signs", "set it on the old version, where a verify_only key ends")
			}
		} else if k.PrivateKeySealed != "" && k.PrivateKeyFile != "" {
			r.problems.add(path, "has two private keys", "keep one, or none: it only verifies")
		}
		r.checkVerifier(path, k)
	}
	if current != 1 {
		r.problems.add(at+".keys", "needs exactly one current key", "mark the others verify_only")
	}
}

// checkWire holds the ways an account speaks against each other and against its keys.
func (r *registry) checkWire(at string, a *Account) {
	if a.Protocol == "v3" && a.SignType == "SM2" {
		r.problems.add(at+".sign_type", "is SM2, which OpenAPI v3 does not take", "use protocol: classic, or sign_type: RSA2")
	}
	if a.TrustUnsignedV3Errors && a.Protocol != "v3" {
		r.problems.add(at+".trust_unsigned_v3_errors", "does not serve the classic protocol", "take it out")
	}
	if a.MiniPay == OrderString && !slices.Contains(a.Channels, "alipay_mini") {
		r.problems.add(at+".mini_pay", "serves alipay_mini only, which is not among the channels", "take it out, or add the channel")
	}
	if a.Burst > 0 && a.CallsPerSecond == 0 {
		r.problems.add(at+".burst", "limits nothing without calls_per_second", "set both, or neither")
	}
	certificates := false
	for i := range a.Keys {
		k := &a.Keys[i]
		certificates = certificates || k.AlipayCertFile != ""
		if a.EncryptContent && k.Use == Current && k.AESKeyFile == "" {
			r.problems.add(at+".encrypt_content", "has no AES key to encrypt with", "set aes_key_file in the current key")
		}
	}
	if a.DropCertSNInNotify && !certificates {
		r.problems.add(at+".drop_cert_sn_in_notify", "belongs to certificate mode", "take it out")
	}
}

// checkVerifier: a key verifies by Alipay's public key or by certificates,
// never by both, because then nobody could say which one was believed.
func (r *registry) checkVerifier(path string, k *Key) {
	certs := 0
	for _, name := range []string{k.AppCertFile, k.AlipayCertFile, k.AlipayRootCertFile} {
		if name != "" {
			certs++
		}
	}
	switch {
	case k.AlipayPublicKeyFile == "" && certs == 0:
		r.problems.add(path, "cannot verify anything", "set alipay_public_key_file, or the three certificate files")
	case k.AlipayPublicKeyFile != "" && certs > 0:
		r.problems.add(path, "has a public key and certificates", "the app's console uses one of the two modes: keep that one")
	case certs > 0 && k.Use == VerifyOnly && (k.AlipayCertFile == "" || k.AlipayRootCertFile == ""):
		r.problems.add(path, "lacks a certificate", "to verify takes alipay_cert_file and alipay_root_cert_file")
	case certs > 0 && certs < 3 && k.Use != VerifyOnly:
		r.problems.add(path, "lacks a certificate", "certificate mode needs app_cert_file, alipay_cert_file and alipay_root_cert_file")
	}
	if k.AlipayPublicKeyFile != "" && k.AlipayPublicKeyFile == k.PrivateKeyFile {
		r.problems.add(path+".alipay_public_key_file", "is the private key's file", "download Alipay's public key from the app's console")
	}
}

// checkSharedApps: two merchants behind one app are allowed only where both
// say so, since a notification of that app then names its merchant by the
// account in its path alone.
func (r *registry) checkSharedApps() {
	for _, uses := range r.apps {
		for i, b := range uses {
			for _, a := range uses[:i] {
				switch {
				case a.merchant == b.merchant && a.seller == b.seller:
					r.problems.add(b.path+".app_id", "and seller_id are those of "+a.path, "one account per app and payee; rotate keys inside it")
				case a.merchant != b.merchant && (!a.shared || !b.shared):
					r.problems.add(b.path+".app_id", "is the app of merchant "+a.merchant+" too", "if that is meant, set allow_shared_app: true on both accounts")
				}
			}
		}
	}
}
