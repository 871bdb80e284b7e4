package alipay

import (
	"bytes"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"strings"
)

// Why a key text was refused. The wrapping error says which mistake it is and
// how to mend it, and never contains the text.
const (
	ErrKeyEmpty          Refusal = "key_empty"
	ErrKeyUnreadable     Refusal = "key_unreadable"
	ErrKeyIsPublic       Refusal = "key_is_public"
	ErrKeyIsPrivate      Refusal = "key_is_private"
	ErrKeyIsCertificate  Refusal = "key_is_certificate"
	ErrKeyEncrypted      Refusal = "key_encrypted"
	ErrKeyWrongAlgorithm Refusal = "key_wrong_algorithm"
	ErrKeyTooWeak        Refusal = "key_too_weak"
	ErrKeyIsOurOwn       Refusal = "key_is_our_own"
)

const (
	minKeyBits  = 2048 // RSA2 needs at least this
	maxKeyBits  = 8192 // beyond this a verification costs more than any sender should make us pay
	minExponent = 65537
	maxKeyText  = 64 << 10
)

// ParsePrivateKey reads the application's private key in every form people
// paste it: PEM or bare base64, on one line or many, PKCS#1 or PKCS#8, raw DER,
// with a byte order mark, quotes or literal "\n". The key is checked and
// precomputed here, once.
func ParsePrivateKey(text string) (*rsa.PrivateKey, error) {
	der, err := keyDER(text, "private key")
	if err != nil {
		return nil, err
	}
	key, err := privateFromDER(der)
	if err != nil {
		return nil, err
	}
	if err := checkStrength(&key.PublicKey); err != nil {
		return nil, err
	}
	if err := key.Validate(); err != nil {
		return nil, fmt.Errorf("%w: the private key's numbers do not belong together", ErrKeyUnreadable)
	}
	key.Precompute()
	return key, nil
}

// ParsePublicKey reads Alipay's public key (X.509 SubjectPublicKeyInfo, or
// PKCS#1) in the same forms as ParsePrivateKey.
func ParsePublicKey(text string) (*rsa.PublicKey, error) {
	der, err := keyDER(text, "public key")
	if err != nil {
		return nil, err
	}
	key, err := publicFromDER(der)
	if err != nil {
		return nil, err
	}
	return key, checkStrength(key)
}

func privateFromDER(der []byte) (*rsa.PrivateKey, error) {
	if key, err := x509.ParsePKCS1PrivateKey(der); err == nil {
		return key, nil
	}
	if key, err := x509.ParsePKCS8PrivateKey(der); err == nil {
		if rsaKey, ok := key.(*rsa.PrivateKey); ok {
			return rsaKey, nil
		}
		return nil, fmt.Errorf("%w: the private key is %T; RSA2 needs RSA", ErrKeyWrongAlgorithm, key)
	}
	if _, err := x509.ParseECPrivateKey(der); err == nil {
		return nil, fmt.Errorf("%w: the private key is an EC key; RSA2 needs RSA", ErrKeyWrongAlgorithm)
	}
	if isPublicDER(der) {
		return nil, fmt.Errorf("%w: a public key stands where the application's private key belongs", ErrKeyIsPublic)
	}
	if _, err := x509.ParseCertificate(der); err == nil {
		return nil, fmt.Errorf("%w: a certificate stands where the application's private key belongs", ErrKeyIsCertificate)
	}
	return nil, fmt.Errorf("%w: neither PKCS#1 nor PKCS#8; was a part lost in copying?", ErrKeyUnreadable)
}

func publicFromDER(der []byte) (*rsa.PublicKey, error) {
	if key, err := x509.ParsePKIXPublicKey(der); err == nil {
		if rsaKey, ok := key.(*rsa.PublicKey); ok {
			return rsaKey, nil
		}
		return nil, fmt.Errorf("%w: the public key is %T; RSA2 needs RSA", ErrKeyWrongAlgorithm, key)
	}
	if key, err := x509.ParsePKCS1PublicKey(der); err == nil {
		return key, nil
	}
	if _, err := x509.ParseCertificate(der); err == nil {
		return nil, fmt.Errorf("%w: a certificate stands where Alipay's public key belongs; use certificate mode for it", ErrKeyIsCertificate)
	}
	if isPrivateDER(der) {
		return nil, fmt.Errorf("%w: a private key stands where Alipay's public key belongs; take it out of this file and replace it", ErrKeyIsPrivate)
	}
	return nil, fmt.Errorf("%w: no X.509 public key; was a part lost in copying?", ErrKeyUnreadable)
}

func isPublicDER(der []byte) bool {
	_, pkix := x509.ParsePKIXPublicKey(der)
	_, pkcs1 := x509.ParsePKCS1PublicKey(der)
	return pkix == nil || pkcs1 == nil
}

func isPrivateDER(der []byte) bool {
	_, pkcs1 := x509.ParsePKCS1PrivateKey(der)
	_, pkcs8 := x509.ParsePKCS8PrivateKey(der)
	return pkcs1 == nil || pkcs8 == nil
}

func checkStrength(key *rsa.PublicKey) error {
	switch bits := key.N.BitLen(); {
	case bits < minKeyBits:
		return fmt.Errorf("%w: RSA of %d bits; RSA2 needs at least %d", ErrKeyTooWeak, bits, minKeyBits)
	case bits > maxKeyBits:
		return fmt.Errorf("%w: RSA of %d bits is more than the %d this client accepts", ErrKeyWrongAlgorithm, bits, maxKeyBits)
	case key.E < minExponent || key.E%2 == 0:
		return fmt.Errorf("%w: public exponent %d; at least %d is needed", ErrKeyTooWeak, key.E, minExponent)
	}
	return nil
}

// keyDER strips whatever a console, an editor or an environment variable put
// around the key and returns its DER bytes.
func keyDER(text, what string) ([]byte, error) {
	if len(text) > maxKeyText {
		return nil, fmt.Errorf("%w: %s text is longer than %d bytes", ErrKeyUnreadable, what, maxKeyText)
	}
	if isDER(text) {
		return []byte(text), nil
	}
	text = strings.TrimPrefix(text, "\ufeff")
	if strings.HasPrefix(text, "\xff\xfe") || strings.HasPrefix(text, "\xfe\xff") {
		return nil, fmt.Errorf("%w: the %s file is UTF-16; save it as plain text (UTF-8)", ErrKeyUnreadable, what)
	}
	text = strings.NewReplacer(`\r`, "", `\n`, "\n").Replace(text)
	text = strings.Trim(text, " \t\r\n\"'`“”‘’")
	if text == "" {
		return nil, fmt.Errorf("%w: no %s is configured", ErrKeyEmpty, what)
	}
	label := "-----BEGIN "
	if begin := strings.Index(text, label); begin >= 0 {
		return pemBody(text[begin+len(label):], what)
	}
	der, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(text), ""))
	if err != nil {
		return nil, fmt.Errorf("%w: the %s is neither PEM nor base64", ErrKeyUnreadable, what)
	}
	return der, nil
}

// isDER tells raw DER from text: a key's outer SEQUENCE has a two-byte length,
// so its second byte (0x82) is no text.
func isDER(text string) bool { return len(text) > 4 && text[0] == 0x30 && text[1] == 0x82 }

// pemBody reads what follows "-----BEGIN ". It goes through the standard PEM
// decoder after the armour is laid out anew, since armour pasted on one line
// is the commonest of all key mistakes.
func pemBody(rest, what string) ([]byte, error) {
	label, rest, found := strings.Cut(rest, "-----")
	body, _, closed := strings.Cut(rest, "-----END")
	if !found || !closed {
		return nil, fmt.Errorf("%w: the PEM armour of the %s is incomplete", ErrKeyUnreadable, what)
	}
	if strings.Contains(label, "ENCRYPTED") || strings.Contains(body, "ENCRYPTED") {
		return nil, fmt.Errorf("%w: the %s is protected by a password; store it without", ErrKeyEncrypted, what)
	}
	var armour bytes.Buffer
	fmt.Fprintf(&armour, "-----BEGIN %s-----\n", label)
	armour.WriteString(strings.Join(strings.Fields(body), "\n"))
	fmt.Fprintf(&armour, "\n-----END %s-----\n", label)
	block, _ := pem.Decode(armour.Bytes())
	if block == nil {
		return nil, fmt.Errorf("%w: what stands inside the PEM armour of the %s is not base64", ErrKeyUnreadable, what)
	}
	return block.Bytes, nil
}
