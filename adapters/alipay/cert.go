package alipay

import (
	"bytes"
	"crypto/md5" //nolint:gosec // the protocol names certificates by MD5; nothing is protected by it
	"crypto/rsa"
	"crypto/x509"
	"encoding/asn1"
	"encoding/hex"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"time"
)

// Why certificates were refused.
const (
	ErrCertificateUnreadable Refusal = "certificate_unreadable"
	ErrCertificateExpired    Refusal = "certificate_expired" // or not valid yet
	ErrCertificateUntrusted  Refusal = "certificate_untrusted"
	// ErrCertificateMismatch: in the wrong place, or not the private key's.
	ErrCertificateMismatch Refusal = "certificate_mismatch"
	// ErrCertificateIsKey: a key or a request for a certificate.
	ErrCertificateIsKey Refusal = "certificate_is_key"
)

// maxBundle bounds a file of certificates; real ones hold at most four.
const (
	maxBundle       = 256 << 10
	maxCertificates = 16
)

// CertificateStatus is what an operator must know of a loaded certificate in time.
type CertificateStatus struct {
	Kind     string // "application" or "alipay"
	Version  string // key version it belongs to
	Serial   string // SN as the protocol computes it
	NotAfter time.Time
}

// DueWithin returns the smallest of the days 30, 7 and 1 within which the
// certificate ends, or 0 when it is good for longer. Expired counts as 1.
func (s CertificateStatus) DueWithin(now time.Time) int {
	for _, days := range [...]int{1, 7, 30} {
		if !now.AddDate(0, 0, days).Before(s.NotAfter) {
			return days
		}
	}
	return 0
}

// Certificates lists the certificates in use, for expiry alarms.
func (a *App) Certificates() []CertificateStatus { return a.ring.certificates }

// certificateIdentity is what a request says about its certificates.
type certificateIdentity struct {
	serial     string // app_cert_sn
	rootSerial string // alipay_root_cert_sn
	appID      string // from the subject "CN=<PID>-<app_id>", "" when written otherwise
	roots      *x509.CertPool
}

func loadCertificates(m material, key KeyConfig, env Environment, now time.Time) (material, error) {
	roots, rootSerial, err := parseRoots(key.RootCertificates)
	if err != nil {
		return m, fmt.Errorf("root certificates: %w", err)
	}
	chain, err := parseChain(key.AlipayCertificate)
	if err != nil {
		return m, fmt.Errorf("alipay certificate: %w", err)
	}
	public, err := checkChain(chain, roots, env, now)
	if err != nil {
		return m, fmt.Errorf("alipay certificate: %w", err)
	}
	m.verifier, m.serial = rsaVerifier{public}, chain[0].serial
	m.certificates = append(m.certificates, CertificateStatus{"alipay", key.Version, m.serial, chain[0].parsed.NotAfter})
	if key.AppCertificate == "" && key.Use == KeyVerifyOnly {
		return m, nil
	}
	own, err := parseChain(key.AppCertificate)
	if err != nil {
		return m, fmt.Errorf("application certificate: %w", err)
	}
	if err := checkValidity(own[0].parsed, now); err != nil {
		return m, fmt.Errorf("application certificate: %w", err)
	}
	m.certificates = append(m.certificates, CertificateStatus{"application", key.Version, own[0].serial, own[0].parsed.NotAfter})
	m.app = &certificateIdentity{serial: own[0].serial, rootSerial: rootSerial, appID: subjectAppID(own[0].parsed), roots: roots}
	if key.PrivateKey == "" {
		return m, nil
	}
	private, err := ParsePrivateKey(key.PrivateKey)
	if err != nil {
		return m, fmt.Errorf("application private key: %w", err)
	}
	certified, ok := own[0].parsed.PublicKey.(*rsa.PublicKey)
	if !ok || !certified.Equal(&private.PublicKey) {
		return m, fmt.Errorf("%w: the application certificate was issued for another private key", ErrCertificateMismatch)
	}
	m.signer = rsaSigner{private}
	return m, nil
}

// endedCertificate reports a certificate of Alipay's that only verified, and has
// ended. It verifies nothing any more (C29), and it must not keep the program
// from starting: the versions after it have taken over long ago.
func endedCertificate(key KeyConfig, now time.Time) (CertificateStatus, bool) {
	if key.Use != KeyVerifyOnly || key.AlipayCertificate == "" {
		return CertificateStatus{}, false
	}
	chain, err := parseChain(key.AlipayCertificate)
	if err != nil || !now.After(chain[0].parsed.NotAfter) {
		return CertificateStatus{}, false
	}
	return CertificateStatus{"alipay", key.Version, chain[0].serial, chain[0].parsed.NotAfter}, true
}

// subjectAppID reads the app_id off "CN=<PID>-<app_id>".
func subjectAppID(certificate *x509.Certificate) string {
	_, appID, _ := strings.Cut(certificate.Subject.CommonName, "-")
	return appID
}

// namedCertificate is a certificate with its protocol serial. parsed is nil
// for one that this language cannot read, such as an SM2 root.
type namedCertificate struct {
	serial    string
	der       []byte
	algorithm asn1.ObjectIdentifier // of the issuer's signature
	parsed    *x509.Certificate
	opaque    error // why parsed is nil
}

// parseBundle reads every certificate of a text in the order of the text.
func parseBundle(text string) ([]namedCertificate, error) {
	values, err := paste{"certificate", ErrCertificateUnreadable, ErrCertificateUnreadable, maxBundle}.unwrap(text)
	if err != nil {
		return nil, err
	}
	if len(values) > maxCertificates {
		return nil, fmt.Errorf("%w: more than %d certificates", ErrCertificateUnreadable, maxCertificates)
	}
	bundle := make([]namedCertificate, 0, len(values))
	for _, value := range values {
		kind := derSealed
		if !value.sealed {
			kind = kindOf(value.der)
		}
		if kind != derCertificate {
			return nil, noCertificate(kind)
		}
		named, err := nameCertificate(value.der)
		if err != nil {
			return nil, err
		}
		bundle = append(bundle, named)
	}
	return bundle, nil
}

// noCertificate names what stands where a certificate belongs.
func noCertificate(kind derKind) error {
	switch kind {
	case derPrivate, derSealed, derPublic:
		return fmt.Errorf("%w: %s stands where a certificate belongs", ErrCertificateIsKey, kind)
	case derRequest:
		return fmt.Errorf("%w: %s stands where a certificate belongs; download the certificate that the console made of it", ErrCertificateIsKey, kind)
	case derUnknown:
		return fmt.Errorf("%w: DER that is no certificate; was a character changed in copying?", ErrCertificateUnreadable)
	}
	return fmt.Errorf("%w: %s stands where a certificate belongs; take the .crt files of the console", ErrCertificateUnreadable, kind)
}

// parseChain reads a certificate that is not a root's, with those that lead to it: the leaf first,
// wherever it stands in the text. What is not for RSA is left out, unless nothing else is there.
func parseChain(text string) ([]namedCertificate, error) {
	bundle, err := parseBundle(text)
	if err != nil {
		return nil, err
	}
	var chain []namedCertificate
	for _, c := range bundle {
		twice := slices.ContainsFunc(chain, func(other namedCertificate) bool { return bytes.Equal(other.der, c.der) })
		if c.parsed != nil && !twice {
			chain = append(chain, c)
		}
	}
	if len(chain) == 0 {
		if bundle[0].isSM2() {
			return nil, fmt.Errorf("%w: the certificate is one for SM2; RSA2 needs the one named RSA2", ErrKeyWrongAlgorithm)
		}
		return nil, fmt.Errorf("%w: %w", ErrCertificateUnreadable, bundle[0].opaque)
	}
	leaves := slices.DeleteFunc(slices.Clone(chain), func(c namedCertificate) bool { return c.parsed.IsCA || c.issuesOneOf(chain) })
	switch len(leaves) {
	case 0:
		return nil, fmt.Errorf("%w: the file holds certificates of authorities alone", ErrCertificateMismatch)
	case 1:
		rest := slices.DeleteFunc(chain, func(c namedCertificate) bool { return c.serial == leaves[0].serial })
		return append(leaves, rest...), nil
	}
	return nil, fmt.Errorf("%w: the file holds %d certificates of which none has issued another; leave the one that counts, with those that lead to it",
		ErrCertificateUnreadable, len(leaves))
}

// issuesOneOf tells whether another certificate of the chain names this one as its issuer.
func (c namedCertificate) issuesOneOf(chain []namedCertificate) bool {
	return slices.ContainsFunc(chain, func(other namedCertificate) bool {
		return other.serial != c.serial && bytes.Equal(other.parsed.RawIssuer, c.parsed.RawSubject)
	})
}

// isSM2 tells by the issuer's signature, 1.2.156.10197.1.*.
func (c namedCertificate) isSM2() bool {
	family := asn1.ObjectIdentifier{1, 2, 156, 10197, 1}
	return len(c.algorithm) > len(family) && c.algorithm[:len(family)].Equal(family)
}

// parseRoots reads the root bundle and computes alipay_root_cert_sn: the
// serials of the RSA roots in file order, joined by "_". Roots that cannot be
// parsed do not stop it; whether one counts is decided by its raw OID.
func parseRoots(text string) (*x509.CertPool, string, error) {
	bundle, err := parseBundle(text)
	if err != nil {
		return nil, "", err
	}
	pool := x509.NewCertPool()
	var serials []string
	if !slices.ContainsFunc(bundle, namedCertificate.isRoot) {
		return nil, "", fmt.Errorf("%w: none of the certificates is a root; take alipayRootCert.crt", ErrCertificateMismatch)
	}
	for _, c := range bundle {
		if c.parsed != nil {
			pool.AddCert(c.parsed)
		}
		if isRSASignature(c.algorithm) {
			serials = append(serials, c.serial)
		}
	}
	if len(serials) == 0 {
		return nil, "", fmt.Errorf("%w: no RSA root in the bundle", ErrCertificateUnreadable)
	}
	return pool, strings.Join(serials, "_"), nil
}

// isRoot tells of a certificate that names itself as its issuer.
func (c namedCertificate) isRoot() bool {
	return c.parsed == nil || bytes.Equal(c.parsed.RawIssuer, c.parsed.RawSubject)
}

// checkChain accepts Alipay's certificate only if it leads to a trusted root
// and is valid now (C29), and returns its key.
func checkChain(chain []namedCertificate, roots *x509.CertPool, env Environment, now time.Time) (*rsa.PublicKey, error) {
	leaf := chain[0].parsed
	if err := checkValidity(leaf, now); err != nil {
		return nil, err
	}
	if isApplicationCertificate(leaf) {
		// Every merchant holds the key of one, and it leads to the same root.
		return nil, fmt.Errorf("%w: an application's certificate stands where Alipay's belongs", ErrCertificateMismatch)
	}
	intermediates := x509.NewCertPool()
	for _, c := range chain[1:] {
		intermediates.AddCert(c.parsed)
	}
	options := x509.VerifyOptions{
		Roots: roots, Intermediates: intermediates, CurrentTime: now,
		KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny},
	}
	_, err := leaf.Verify(options)
	if err != nil && (env != Sandbox || !issuedBySandbox(chain, options)) {
		hint := ""
		if len(chain) == 1 {
			hint = " (the file holds the leaf alone; download it again with its intermediate)"
		}
		return nil, fmt.Errorf("%w: %w%s", ErrCertificateUntrusted, err, hint)
	}
	key, ok := leaf.PublicKey.(*rsa.PublicKey)
	if !ok {
		return nil, fmt.Errorf("%w: the certificate's key is %T", ErrKeyWrongAlgorithm, leaf.PublicKey)
	}
	return key, checkStrength(key)
}

// issuedBySandbox reports whether the leaf was made by an intermediate that a
// root has made. The sandbox's intermediate is not marked as an authority, so
// the usual check refuses it, and rightly so in production: there the mark is
// what keeps a merchant's own certificate from issuing others. Here the root's
// signature on the issuer does.
func issuedBySandbox(chain []namedCertificate, options x509.VerifyOptions) bool {
	leaf := chain[0].parsed
	for _, c := range chain[1:] {
		made := bytes.Equal(leaf.RawIssuer, c.parsed.RawSubject) &&
			c.parsed.CheckSignature(leaf.SignatureAlgorithm, leaf.RawTBSCertificate, leaf.Signature) == nil
		if !made {
			continue
		}
		options.Intermediates = nil
		_, err := c.parsed.Verify(options)
		return err == nil
	}
	return false
}

// isApplicationCertificate tells by the subject, which begins with the
// merchant's PID; Alipay's own begins with the company's name.
func isApplicationCertificate(certificate *x509.Certificate) bool {
	pid, _, _ := strings.Cut(certificate.Subject.CommonName, "-")
	return isPID(pid)
}

func checkValidity(certificate *x509.Certificate, now time.Time) error {
	if now.Before(certificate.NotBefore) || now.After(certificate.NotAfter) {
		return fmt.Errorf("%w: valid from %s to %s", ErrCertificateExpired,
			certificate.NotBefore.UTC().Format(time.DateOnly), certificate.NotAfter.UTC().Format(time.DateOnly))
	}
	return nil
}

// rawCertificate is as much of X.509 as the serial needs. It reads certificates
// whose key algorithm this language does not know.
type rawCertificate struct {
	TBS struct {
		Version   int `asn1:"optional,explicit,default:0,tag:0"`
		Serial    *big.Int
		Algorithm struct {
			OID        asn1.ObjectIdentifier
			Parameters asn1.RawValue `asn1:"optional"`
		}
		Issuer asn1.RawValue
	}
}

func nameCertificate(der []byte) (namedCertificate, error) {
	var raw rawCertificate
	if _, err := asn1.Unmarshal(der, &raw); err != nil {
		return namedCertificate{}, fmt.Errorf("%w: %w", ErrCertificateUnreadable, err)
	}
	issuer, err := distinguishedName(raw.TBS.Issuer.FullBytes)
	if err != nil {
		return namedCertificate{}, err
	}
	sum := md5.Sum([]byte(issuer + raw.TBS.Serial.String())) //nolint:gosec // see the import
	named := namedCertificate{serial: hex.EncodeToString(sum[:]), der: der, algorithm: raw.TBS.Algorithm.OID}
	named.parsed, named.opaque = x509.ParseCertificate(der)
	return named, nil
}

// isRSASignature matches 1.2.840.113549.1.1.*: any RSA, SHA-1 included.
func isRSASignature(oid asn1.ObjectIdentifier) bool {
	family := asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1}
	return len(oid) > len(family) && oid[:len(family)].Equal(family)
}

// CertificateSerial computes the SN of the first certificate of a PEM file:
// lower-case hex of MD5 over the issuer's RFC 2253 name and the decimal serial.
func CertificateSerial(text string) (string, error) {
	bundle, err := parseBundle(text)
	if err != nil {
		return "", err
	}
	return bundle[0].serial, nil
}

// RootSerial computes alipay_root_cert_sn of a root bundle.
func RootSerial(text string) (string, error) {
	_, serial, err := parseRoots(text)
	return serial, err
}
