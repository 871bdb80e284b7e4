package alipaysetup

import (
	"fmt"

	"github.com/paymux/paymux/config"
)

// KeyMaterial is the text of one key version, as it stood in the files: PEM,
// bare base64 or certificates, unparsed.
type KeyMaterial struct {
	PrivateKey      config.Secret // empty in a verify_only version without one
	AESKey          config.Secret // empty without content encryption
	AlipayPublicKey string        // empty in certificate mode
	AppCert         string        // this and the next two are empty in public key mode
	AlipayCert      string
	AlipayRootCert  string
}

// Material reads the key's files and opens what is sealed.
func (k Key) Material(master *config.MasterKey) (KeyMaterial, error) {
	var m KeyMaterial
	var err error
	if m.PrivateKey, err = config.OpenSecret(master, config.PurposePrivateKey, k.PrivateKeySealed, k.PrivateKeyFile); err != nil {
		return KeyMaterial{}, fmt.Errorf("key %s: private key: %w", k.Version, err)
	}
	if m.AESKey, err = config.OpenSecret(master, "", "", k.AESKeyFile); err != nil {
		return KeyMaterial{}, fmt.Errorf("key %s: AES key: %w", k.Version, err)
	}
	for _, public := range []struct {
		name string
		text *string
	}{
		{k.AlipayPublicKeyFile, &m.AlipayPublicKey},
		{k.AppCertFile, &m.AppCert},
		{k.AlipayCertFile, &m.AlipayCert},
		{k.AlipayRootCertFile, &m.AlipayRootCert},
	} {
		if public.name == "" {
			continue
		}
		if *public.text, err = config.ReadPublic(public.name); err != nil {
			return KeyMaterial{}, fmt.Errorf("key %s: %w", k.Version, err)
		}
	}
	return m, nil
}

// Files visits every setting that names a file. It implements [config.Section].
func (a *Account) Files(visit config.VisitFile) {
	for i := range a.Keys {
		a.Keys[i].files(fmt.Sprintf("keys[%d].", i), visit)
	}
}

func (k *Key) files(at string, visit config.VisitFile) {
	visit(at+"private_key_file", &k.PrivateKeyFile, true)
	visit(at+"aes_key_file", &k.AESKeyFile, true)
	visit(at+"alipay_public_key_file", &k.AlipayPublicKeyFile, false)
	visit(at+"app_cert_file", &k.AppCertFile, false)
	visit(at+"alipay_cert_file", &k.AlipayCertFile, false)
	visit(at+"alipay_root_cert_file", &k.AlipayRootCertFile, false)
}

// Open reads every key once. It implements [config.Section].
func (a *Account) Open(master *config.MasterKey, fault func(setting string, err error)) {
	for i, k := range a.Keys {
		_, err := k.Material(master)
		fault(fmt.Sprintf("keys[%d]", i), err)
	}
}
