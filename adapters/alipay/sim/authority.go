package alipaysim

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	_ "embed" // roots that Go cannot or need not use
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"time"
)

// The bundle that merchants get holds, like the real one, a root that Go's
// x509 package cannot parse (SM2) and one on an elliptic curve.
var (
	//go:embed certs/sm2root.crt
	sm2Root string
	//go:embed certs/ecroot.crt
	ecRoot string
)

// AlipayCertificate is a certificate the gateway signs with.
type AlipayCertificate struct {
	// PrivatePEM is its key, ChainPEM the certificate followed by the intermediate.
	PrivatePEM, ChainPEM string
}

// Authority is the certificate side of the simulated Alipay. It can be stored
// as JSON and given to the next start.
type Authority struct {
	// RootPEM is the bundle merchants install: alipayRootCert.crt. Like the real
	// one it has blank lines between certificates.
	RootPEM string
	// Certificates are the gateway's, in the order of rotation. The first is in
	// use at the start.
	Certificates []AlipayCertificate
	// IssuerPEM and IssuerKeyPEM issue application certificates; they may be
	// empty when every app brings its own.
	IssuerPEM, IssuerKeyPEM string
}

const (
	authorityLife = 20 * 365 * 24 * time.Hour
	leafLife      = 5 * 365 * 24 * time.Hour
)

// NewAuthority makes a root, an intermediate and two gateway certificates for
// the given key and a fresh one. random is crypto/rand.Reader outside tests.
func NewAuthority(random io.Reader, now time.Time, alipayPrivatePEM string) (*Authority, error) {
	maker := certificateMaker{random: random, now: now}
	root, rootKey := maker.issuer("Simulated Ant Financial Certification Authority R1", nil, nil)
	middle, middleKey := maker.issuer("Simulated Ant Financial Certification Authority Class 2 R1", root, rootKey)
	if maker.err != nil {
		return nil, maker.err
	}
	next, err := GenerateKeyPair(random)
	if err != nil {
		return nil, err
	}
	a := &Authority{
		RootPEM:   sm2Root + "\n" + certificatePEM(root.Raw) + "\n" + ecRoot,
		IssuerPEM: certificatePEM(middle.Raw),
	}
	der, err := x509.MarshalPKCS8PrivateKey(middleKey)
	if err != nil {
		return nil, err
	}
	a.IssuerKeyPEM = string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
	for _, private := range []string{alipayPrivatePEM, next.PrivatePEM} {
		key, err := parsePrivateKey(private)
		if err != nil {
			return nil, err
		}
		leaf := maker.leaf("支付宝(中国)网络技术有限公司-2088000000000000", &key.PublicKey, middle, middleKey)
		if maker.err != nil {
			return nil, maker.err
		}
		a.Certificates = append(a.Certificates, AlipayCertificate{
			PrivatePEM: private, ChainPEM: certificatePEM(leaf) + a.IssuerPEM})
	}
	return a, nil
}

// IssueApp makes an application certificate: CN is the PID, a dash and the app_id.
func (a *Authority) IssueApp(now time.Time, appID, sellerID, publicKey string) (string, error) {
	if a.IssuerPEM == "" || a.IssuerKeyPEM == "" {
		return "", errors.New("alipaysim: this authority cannot issue")
	}
	key, err := parsePublicKey(publicKey)
	if err != nil {
		return "", err
	}
	issuer, err := x509.ParseCertificate(certificatesIn(a.IssuerPEM)[0])
	if err != nil {
		return "", err
	}
	issuerKey, err := parsePrivateKey(a.IssuerKeyPEM)
	if err != nil {
		return "", err
	}
	maker := certificateMaker{random: rand.Reader, now: now}
	leaf := maker.leaf(sellerID+"-"+appID, key, issuer, issuerKey)
	return certificatePEM(leaf), maker.err
}

func certificatePEM(der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}

// certificateMaker makes certificates whose names are encoded C, O, OU, CN with
// no character that needs escaping, so that every SDK computes the same SN.
type certificateMaker struct {
	random io.Reader
	now    time.Time
	err    error
}

func simulatedName(cn string) pkix.Name {
	return pkix.Name{Country: []string{"CN"}, Organization: []string{"Simulated Ant Financial"},
		OrganizationalUnit: []string{"Certification Authority"}, CommonName: cn}
}

// serial depends on the key, so that equal inputs give equal serial numbers.
func serial(key *rsa.PublicKey, cn string) *big.Int {
	sum := sha256.Sum256(append(key.N.Bytes(), cn...))
	return new(big.Int).SetBytes(sum[:15])
}

func (m *certificateMaker) issuer(cn string, parent *x509.Certificate, parentKey *rsa.PrivateKey) (*x509.Certificate, *rsa.PrivateKey) {
	if m.err != nil {
		return nil, nil
	}
	var key *rsa.PrivateKey
	if key, m.err = rsa.GenerateKey(m.random, keyBits); m.err != nil {
		return nil, nil
	}
	template := &x509.Certificate{
		SerialNumber: serial(&key.PublicKey, cn), Subject: simulatedName(cn),
		NotBefore: m.now.Add(-time.Hour), NotAfter: m.now.Add(authorityLife),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
		SignatureAlgorithm: x509.SHA256WithRSA,
	}
	if parent == nil {
		parent, parentKey = template, key
	}
	der, err := x509.CreateCertificate(m.random, template, parent, &key.PublicKey, parentKey)
	if err != nil {
		m.err = fmt.Errorf("alipaysim: issue %s: %w", cn, err)
		return nil, nil
	}
	var made *x509.Certificate
	made, m.err = x509.ParseCertificate(der)
	return made, key
}

func (m *certificateMaker) leaf(cn string, key *rsa.PublicKey, issuer *x509.Certificate, issuerKey *rsa.PrivateKey) []byte {
	if m.err != nil {
		return nil
	}
	template := &x509.Certificate{
		SerialNumber: serial(key, cn),
		Subject: pkix.Name{Country: []string{"CN"}, Organization: []string{"Simulated company"},
			OrganizationalUnit: []string{"Alipay"}, CommonName: cn},
		NotBefore: m.now.Add(-time.Hour), NotAfter: m.now.Add(leafLife),
		KeyUsage: x509.KeyUsageDigitalSignature, SignatureAlgorithm: x509.SHA256WithRSA,
	}
	der, err := x509.CreateCertificate(m.random, template, issuer, key, issuerKey)
	if err != nil {
		m.err = fmt.Errorf("alipaysim: issue %s: %w", cn, err)
	}
	return der
}
