package alipay

import (
	"bytes"
	"fmt"
	"log/slog"
	"time"
)

// KeyUse says what a key version is for.
type KeyUse string

// A ring has one current version, which signs; every valid version verifies.
const (
	KeyCurrent    KeyUse = "current"
	KeyVerifyOnly KeyUse = "verify_only"
)

// KeyConfig is one version of an app's key material, as text. Either
// AlipayPublicKey (public key mode) or the three certificates (certificate
// mode) must be given. It prints and logs as its version only.
type KeyConfig struct {
	Version         string // recorded with whatever the key verified; must not be empty
	Use             KeyUse
	NotAfter        time.Time // a verify-only version is accepted until then; zero means no end
	PrivateKey      string    // of the application; may be empty when verify-only
	AlipayPublicKey string

	AppCertificate    string // appCertPublicKey_….crt
	AlipayCertificate string // alipayCertPublicKey_RSA2.crt
	RootCertificates  string // alipayRootCert.crt

	AESKey string // base64 of 16 bytes, for content encryption; empty when unused
}

// String names the version and hides the rest.
func (k KeyConfig) String() string { return "alipay key " + k.Version }

// GoString hides the key text from %#v too.
func (k KeyConfig) GoString() string { return k.String() }

// LogValue hides the key text from structured logs.
func (k KeyConfig) LogValue() slog.Value { return slog.StringValue(k.String()) }

// maxVerifyKeys bounds how many verifications one forged message may cost.
const maxVerifyKeys = 4

// keyring holds one signer and the verifiers of every version still accepted.
type keyring struct {
	signer       signer
	version      string // of the signer
	verifiers    []ringVerifier
	certificates []CertificateStatus
	app          *certificateIdentity // certificate mode only
	aes          *contentCipher       // of the current version, or nil
}

type ringVerifier struct {
	verifier
	version  string
	serial   string    // of Alipay's certificate; empty in public key mode
	notAfter time.Time // zero means no end
}

func newKeyring(config AppConfig) (*keyring, error) {
	keys := config.Keys
	if len(keys) > maxVerifyKeys {
		return nil, fmt.Errorf("alipay: %d key versions, at most %d are accepted at a time", len(keys), maxVerifyKeys)
	}
	ring := &keyring{}
	seen := map[string]bool{}
	for _, key := range keys {
		if key.Version == "" || seen[key.Version] {
			return nil, fmt.Errorf("alipay: key versions must be named and differ (%q)", key.Version)
		}
		seen[key.Version] = true
		if err := ring.add(key, config); err != nil {
			return nil, fmt.Errorf("alipay: key version %s: %w", key.Version, err)
		}
	}
	if ring.signer == nil {
		return nil, fmt.Errorf("%w: no key version is %q", ErrKeyEmpty, KeyCurrent)
	}
	return ring, nil
}

func (r *keyring) add(key KeyConfig, config AppConfig) error {
	if ended, is := endedCertificate(key, config.Now()); is {
		// the alarm goes on until somebody takes it out
		r.certificates = append(r.certificates, ended)
		return nil
	}
	material, err := loadMaterial(key, config)
	if err != nil {
		return err
	}
	r.certificates = append(r.certificates, material.certificates...)
	entry := ringVerifier{verifier: material.verifier, version: key.Version, serial: material.serial, notAfter: key.NotAfter}
	switch key.Use {
	case KeyVerifyOnly:
		r.verifiers = append(r.verifiers, entry)
	case KeyCurrent:
		if r.signer != nil {
			return fmt.Errorf("a second version is %q", KeyCurrent)
		}
		if material.signer == nil {
			return fmt.Errorf("%w: the current version needs the application's private key", ErrKeyEmpty)
		}
		r.signer, r.version, r.app, r.aes = material.signer, key.Version, material.app, material.aes
		// The current key verifies almost everything: try it first.
		r.verifiers = append([]ringVerifier{entry}, r.verifiers...)
	default:
		return fmt.Errorf("use %q is neither %q nor %q", key.Use, KeyCurrent, KeyVerifyOnly)
	}
	return nil
}

// verify tries the versions valid at that moment and returns the one that
// made the signature. A message that names a certificate serial is checked
// with that certificate alone.
func (r *keyring) verify(message []byte, signText, serial string, at time.Time) (string, error) {
	signature, err := decodeSignature(signText)
	if err != nil {
		return "", err
	}
	err = ErrSignatureMismatch
	if serial != "" {
		err = fmt.Errorf("%w: %.64q", ErrCertificateUnknown, serial)
	}
	for _, key := range r.verifiers {
		expired := !key.notAfter.IsZero() && !at.Before(key.notAfter)
		if expired || (serial != "" && key.serial != serial) {
			continue
		}
		if err = key.verify(message, signature); err == nil {
			return key.version, nil
		}
	}
	return "", err
}

// material is one key version, parsed.
type material struct {
	signer       signer
	verifier     verifier
	serial       string
	certificates []CertificateStatus
	app          *certificateIdentity
	aes          *contentCipher
}

func loadMaterial(key KeyConfig, config AppConfig) (material, error) {
	var m material
	var err error
	if key.AESKey != "" {
		if m.aes, err = newContentCipher(key.AESKey); err != nil {
			return m, err
		}
	}
	if config.SignType == SignTypeSM2 {
		return loadSM2(m, key, config.Now())
	}
	if key.AlipayCertificate != "" || key.AppCertificate != "" || key.RootCertificates != "" {
		return loadCertificates(m, key, config.Environment, config.Now())
	}
	return loadKeyPair(m, key)
}

func loadKeyPair(m material, key KeyConfig) (material, error) {
	public, err := ParsePublicKey(key.AlipayPublicKey)
	if err != nil {
		return m, fmt.Errorf("alipay public key: %w", err)
	}
	m.verifier = rsaVerifier{public}
	if key.PrivateKey == "" {
		return m, nil
	}
	private, err := ParsePrivateKey(key.PrivateKey)
	if err != nil {
		return m, fmt.Errorf("application private key: %w", err)
	}
	if bytes.Equal(private.N.Bytes(), public.N.Bytes()) {
		return m, fmt.Errorf("%w: the application's own public key stands where Alipay's belongs; "+
			"copy \"支付宝公钥\", not \"应用公钥\", from the console", ErrKeyIsOurOwn)
	}
	m.signer = rsaSigner{private}
	return m, nil
}
