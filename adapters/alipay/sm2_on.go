//go:build sm2

package alipay

import (
	"crypto/ecdsa"
	"crypto/rand"
	"fmt"
	"strings"
	"time"

	"github.com/emmansun/gmsm/sm2"
	"github.com/emmansun/gmsm/smx509"
)

type sm2Signer struct{ key *sm2.PrivateKey }

// sign draws a fresh nonce: unlike RSA2, two SM2 signatures of one text differ.
func (s sm2Signer) sign(message []byte) ([]byte, error) {
	return s.key.SignWithSM2(rand.Reader, nil, message)
}

type sm2Verifier struct{ key *ecdsa.PublicKey }

func (v sm2Verifier) verify(message, signature []byte) error {
	if !sm2.VerifyASN1WithSM2(v.key, nil, message, signature) {
		return ErrSignatureMismatch
	}
	return nil
}

// loadSM2 reads one key version for sign_type SM2, in either mode.
func loadSM2(m material, key KeyConfig, now time.Time) (material, error) {
	var err error
	if key.PrivateKey != "" {
		if m.signer, err = parseSM2Private(key.PrivateKey); err != nil {
			return m, fmt.Errorf("application private key: %w", err)
		}
	}
	if key.AlipayCertificate == "" {
		m.verifier, err = parseSM2Public(key.AlipayPublicKey)
		return m, err
	}
	return loadSM2Certificates(m, key, now)
}

func parseSM2Private(text string) (signer, error) {
	der, err := keyDER(text, "private key")
	if err != nil {
		return nil, err
	}
	if key, err := smx509.ParseSM2PrivateKey(der); err == nil {
		return sm2Signer{key}, nil
	}
	parsed, err := smx509.ParsePKCS8PrivateKey(der)
	if key, ok := parsed.(*sm2.PrivateKey); err == nil && ok {
		return sm2Signer{key}, nil
	}
	return nil, fmt.Errorf("%w: no SM2 private key", ErrKeyWrongAlgorithm)
}

func parseSM2Public(text string) (verifier, error) {
	der, err := keyDER(text, "public key")
	if err != nil {
		return nil, err
	}
	parsed, err := smx509.ParsePKIXPublicKey(der)
	if key, ok := parsed.(*ecdsa.PublicKey); err == nil && ok && key.Curve == sm2.P256() {
		return sm2Verifier{key}, nil
	}
	return nil, fmt.Errorf("%w: no SM2 public key", ErrKeyWrongAlgorithm)
}

// sm2OID begins the signature algorithms of SM2 with SM3.
const sm2OID = "1.2.156.10197.1.501"

func loadSM2Certificates(m material, key KeyConfig, now time.Time) (material, error) {
	bundle, err := parseBundle(key.RootCertificates)
	if err != nil {
		return m, fmt.Errorf("root certificates: %w", err)
	}
	roots := smx509.NewCertPool()
	var rootSerials []string
	for _, c := range bundle {
		if root, err := smx509.ParseCertificate(c.der); err == nil {
			roots.AddCert(root)
		}
		if strings.HasPrefix(c.algorithm.String(), sm2OID) {
			rootSerials = append(rootSerials, c.serial)
		}
	}
	alipay, serial, err := parseSM2Chain(key.AlipayCertificate, roots, now)
	if err != nil {
		return m, fmt.Errorf("alipay certificate: %w", err)
	}
	m.verifier, m.serial = sm2Verifier{alipay.PublicKey.(*ecdsa.PublicKey)}, serial
	m.certificates = append(m.certificates, CertificateStatus{"alipay", key.Version, serial, alipay.NotAfter})
	if key.AppCertificate == "" && key.Use == KeyVerifyOnly {
		return m, nil
	}
	own, err := parseBundle(key.AppCertificate)
	if err != nil {
		return m, fmt.Errorf("application certificate: %w", err)
	}
	parsed, err := smx509.ParseCertificate(own[0].der)
	if err != nil {
		return m, fmt.Errorf("application certificate: %w: %w", ErrCertificateUnreadable, err)
	}
	if err := checkValidity(parsed.ToX509(), now); err != nil {
		return m, fmt.Errorf("application certificate: %w", err)
	}
	m.certificates = append(m.certificates, CertificateStatus{"application", key.Version, own[0].serial, parsed.NotAfter})
	m.app = &certificateIdentity{serial: own[0].serial, rootSerial: strings.Join(rootSerials, "_"), appID: subjectAppID(parsed.ToX509())}
	return m, nil
}

func parseSM2Chain(text string, roots *smx509.CertPool, now time.Time) (*smx509.Certificate, string, error) {
	bundle, err := parseBundle(text)
	if err != nil {
		return nil, "", err
	}
	intermediates := smx509.NewCertPool()
	var leaf *smx509.Certificate
	for i, c := range bundle {
		parsed, err := smx509.ParseCertificate(c.der)
		if err != nil {
			return nil, "", fmt.Errorf("%w: %w", ErrCertificateUnreadable, err)
		}
		if i == 0 {
			leaf = parsed
		} else {
			intermediates.AddCert(parsed)
		}
	}
	if err := checkValidity(leaf.ToX509(), now); err != nil {
		return nil, "", err
	}
	if isApplicationCertificate(leaf.ToX509()) {
		return nil, "", fmt.Errorf("%w: an application's certificate stands where Alipay's belongs", ErrCertificateMismatch)
	}
	options := smx509.VerifyOptions{Roots: roots, Intermediates: intermediates, CurrentTime: now, KeyUsages: []smx509.ExtKeyUsage{smx509.ExtKeyUsageAny}}
	if _, err := leaf.Verify(options); err != nil {
		return nil, "", fmt.Errorf("%w: %w", ErrCertificateUntrusted, err)
	}
	if key, ok := leaf.PublicKey.(*ecdsa.PublicKey); !ok || key.Curve != sm2.P256() {
		return nil, "", fmt.Errorf("%w: the certificate's key is not SM2", ErrKeyWrongAlgorithm)
	}
	return leaf, bundle[0].serial, nil
}
