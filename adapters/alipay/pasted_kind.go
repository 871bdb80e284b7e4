package alipay

import (
	"bytes"
	"crypto/x509"
	"encoding/asn1"
)

// derKind is what a DER value is, in words that a refusal can use.
type derKind string

// What people paste.
const (
	derUnknown     derKind = ""
	derPrivate     derKind = "a private key"
	derSealed      derKind = "a private key with a password"
	derPublic      derKind = "a public key"
	derCertificate derKind = "a certificate"
	derRequest     derKind = "a certificate request (.csr)"
	derPKCS7       derKind = "a PKCS#7 bundle (.p7b)"
	derPKCS12      derKind = "a PKCS#12 file (.pfx, .p12)"
)

// kindOf tells by the bytes, never by the armour's label: labels are wrong too often.
func kindOf(der []byte) derKind {
	var certificate rawCertificate
	if _, err := asn1.Unmarshal(der, &certificate); err == nil {
		return derCertificate
	}
	if isPrivateDER(der) {
		return derPrivate
	}
	if isPublicDER(der) {
		return derPublic
	}
	if _, err := x509.ParseCertificateRequest(der); err == nil {
		return derRequest
	}
	// The rest is told by the object identifiers that each begins with.
	head := der[:min(len(der), 64)]
	for _, mark := range [...]struct {
		oid  asn1.ObjectIdentifier
		kind derKind
	}{
		{asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 2}, derPKCS7},
		{asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 1}, derPKCS12},
		{asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 5, 13}, derSealed},
		{asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 12, 1}, derSealed},
	} {
		if encoded, err := asn1.Marshal(mark.oid); err == nil && bytes.Contains(head, encoded[2:]) {
			return mark.kind
		}
	}
	return derUnknown
}
