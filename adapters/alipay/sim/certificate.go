package alipaysim

import (
	"crypto/md5" // #nosec G501 -- the protocol defines serial numbers by MD5
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"
)

// rawCertificate is as much of a certificate as serial numbers need. It is
// parsed by hand because Go refuses SM2 certificates, which every Alipay root
// bundle holds.
type rawCertificate struct {
	TBS struct {
		Version   int `asn1:"optional,explicit,default:0,tag:0"`
		Serial    *big.Int
		Algorithm pkix.AlgorithmIdentifier
		Issuer    asn1.RawValue
		Validity  asn1.RawValue
		Subject   asn1.RawValue
		PublicKey asn1.RawValue
		Rest      []asn1.RawValue `asn1:"optional,omitempty"`
	}
	Algorithm pkix.AlgorithmIdentifier
	Signature asn1.BitString
}

func parseRawCertificate(der []byte) (*rawCertificate, error) {
	var outer struct {
		TBS       asn1.RawValue
		Algorithm pkix.AlgorithmIdentifier
		Signature asn1.BitString
	}
	if _, err := asn1.Unmarshal(der, &outer); err != nil {
		return nil, fmt.Errorf("alipaysim: certificate: %w", err)
	}
	c := &rawCertificate{Algorithm: outer.Algorithm}
	rest := outer.TBS.Bytes
	var version asn1.RawValue
	after, err := asn1.Unmarshal(rest, &version)
	if err == nil && version.Class == asn1.ClassContextSpecific {
		rest = after
	}
	if rest, err = asn1.Unmarshal(rest, &c.TBS.Serial); err != nil {
		return nil, fmt.Errorf("alipaysim: certificate serial: %w", err)
	}
	if rest, err = asn1.Unmarshal(rest, &c.TBS.Algorithm); err != nil {
		return nil, fmt.Errorf("alipaysim: certificate algorithm: %w", err)
	}
	if _, err = asn1.Unmarshal(rest, &c.TBS.Issuer); err != nil {
		return nil, fmt.Errorf("alipaysim: certificate issuer: %w", err)
	}
	return c, nil
}

// serialNumber is what the protocol calls SN: MD5 over the issuer in RFC 2253
// form followed by the decimal serial, in 32 hexadecimal digits.
func (c *rawCertificate) serialNumber() (string, error) {
	issuer, err := rfc2253(c.TBS.Issuer.FullBytes)
	if err != nil {
		return "", err
	}
	sum := md5.Sum([]byte(issuer + c.TBS.Serial.String())) // #nosec G401 -- see the import
	return hex.EncodeToString(sum[:]), nil
}

// rfc2253 writes a distinguished name from its raw encoding: in reverse order.
func rfc2253(der []byte) (string, error) {
	var name pkix.RDNSequence
	if _, err := asn1.Unmarshal(der, &name); err != nil {
		return "", fmt.Errorf("alipaysim: distinguished name: %w", err)
	}
	parts := make([]string, 0, len(name))
	for _, set := range slices.Backward(name) {
		attributes := make([]string, 0, len(set))
		for _, a := range set {
			attributes = append(attributes, attributeName(a.Type)+"="+escapeDN(fmt.Sprint(a.Value)))
		}
		parts = append(parts, strings.Join(attributes, "+"))
	}
	return strings.Join(parts, ","), nil
}

func attributeName(oid asn1.ObjectIdentifier) string {
	names := map[string]string{"2.5.4.3": "CN", "2.5.4.6": "C", "2.5.4.7": "L", "2.5.4.8": "ST",
		"2.5.4.9": "STREET", "2.5.4.10": "O", "2.5.4.11": "OU",
		"0.9.2342.19200300.100.1.25": "DC", "0.9.2342.19200300.100.1.1": "UID"}
	if name, ok := names[oid.String()]; ok {
		return name
	}
	return oid.String()
}

func escapeDN(value string) string {
	var b strings.Builder
	for i, r := range value {
		if strings.ContainsRune(`,+"\<>;`, r) || (i == 0 && (r == '#' || r == ' ')) ||
			(i == len(value)-1 && r == ' ') {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}

// certificatesIn are the DER blocks of a PEM bundle, in order.
func certificatesIn(bundle string) [][]byte {
	var list [][]byte
	for rest := []byte(bundle); ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			return list
		}
		if block.Type == "CERTIFICATE" {
			list = append(list, block.Bytes)
		}
	}
}

// CertificateSN is the serial number of the first certificate of a PEM text.
func CertificateSN(text string) (string, error) {
	blocks := certificatesIn(text)
	if len(blocks) == 0 {
		return "", errors.New("alipaysim: no certificate")
	}
	c, err := parseRawCertificate(blocks[0])
	if err != nil {
		return "", err
	}
	return c.serialNumber()
}

// RootSN joins the serial numbers of a bundle's RSA-signed certificates with
// `_`, in file order. Others, SM2 and elliptic curves, do not count.
func RootSN(bundle string) (string, error) {
	var list []string
	for _, der := range certificatesIn(bundle) {
		c, err := parseRawCertificate(der)
		if err != nil {
			return "", err
		}
		if !strings.HasPrefix(c.Algorithm.Algorithm.String(), "1.2.840.113549.1.1.") {
			continue
		}
		sn, err := c.serialNumber()
		if err != nil {
			return "", err
		}
		list = append(list, sn)
	}
	if len(list) == 0 {
		return "", errors.New("alipaysim: no RSA root in the bundle")
	}
	return strings.Join(list, "_"), nil
}

// certificateKey is the RSA key of the first certificate of a PEM text.
func certificateKey(text string) (*rsa.PublicKey, error) {
	blocks := certificatesIn(text)
	if len(blocks) == 0 {
		return nil, errors.New("alipaysim: no certificate")
	}
	c, err := x509.ParseCertificate(blocks[0])
	if err != nil {
		return nil, fmt.Errorf("alipaysim: certificate: %w", err)
	}
	key, ok := c.PublicKey.(*rsa.PublicKey)
	if !ok {
		return nil, errors.New("alipaysim: certificate's key is not RSA")
	}
	return key, nil
}
