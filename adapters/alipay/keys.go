package alipay

import (
	"crypto/rsa"
	"crypto/x509"
	"errors"
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
	ErrPlusLost          Refusal = "pasted_plus_lost" // of a key or a certificate
)

const (
	minKeyBits  = 2048 // RSA2 needs at least this
	maxKeyBits  = 8192 // beyond this a verification costs more than any sender should make us pay
	minExponent = 65537
	maxKeyText  = 64 << 10
)

// ParsePrivateKey reads the application's private key in every form people
// paste it: PEM or bare base64, on one line or many, PKCS#1 or PKCS#8 under any
// label, raw DER, and with what programs add to a text (pasted.go). The key is
// checked and precomputed here, once.
func ParsePrivateKey(text string) (*rsa.PrivateKey, error) {
	key, err := readKey(text, "private key", privateFromDER, func(a, b *rsa.PrivateKey) bool { return a.Equal(b) })
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
	key, err := readKey(text, "public key", publicFromDER, func(a, b *rsa.PublicKey) bool { return a.Equal(b) })
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
	return nil, misplaced(kindOf(der), "the application's private key")
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
	return nil, misplaced(kindOf(der), "Alipay's public key")
}

// misplaced names what stands where a key belongs.
func misplaced(kind derKind, belongs string) error {
	switch kind {
	case derPublic:
		return fmt.Errorf("%w: %s stands where %s belongs", ErrKeyIsPublic, kind, belongs)
	case derPrivate:
		return fmt.Errorf("%w: %s stands where %s belongs; take it out of this file and replace it", ErrKeyIsPrivate, kind, belongs)
	case derCertificate:
		return fmt.Errorf("%w: %s stands where %s belongs; certificates have settings of their own", ErrKeyIsCertificate, kind, belongs)
	case derSealed:
		return fmt.Errorf("%w: %s stands where %s belongs; store it without", ErrKeyEncrypted, kind, belongs)
	case derUnknown:
		return fmt.Errorf("%w: where %s belongs stands DER that is no key of a known form; was a character changed in copying?", ErrKeyUnreadable, belongs)
	}
	return fmt.Errorf("%w: %s stands where %s belongs", ErrKeyUnreadable, kind, belongs)
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

// keyPaste is the text of a key, as refusals name it.
func keyPaste(what string) paste { return paste{what, ErrKeyEmpty, ErrKeyUnreadable, maxKeyText} }

// keyDER finds the first value of a text that should hold one key.
func keyDER(text, what string) ([]byte, error) {
	values, err := keyPaste(what).unwrap(text)
	if err != nil {
		return nil, err
	}
	if values[0].sealed {
		return nil, protected(what)
	}
	return values[0].der, nil
}

func protected(what string) error {
	return fmt.Errorf("%w: the %s is protected by a password; store it without", ErrKeyEncrypted, what)
}

// readKey finds the key in a text. What is of another kind may stand beside it, such as the
// certificate of a bundle, but no private key beside a public one. Two different keys are two
// readings, and refused.
func readKey[K any](text, what string, read func([]byte) (K, error), same func(a, b K) bool) (K, error) {
	var found K
	values, err := keyPaste(what).unwrap(text)
	if err != nil {
		return found, err
	}
	keys := 0
	var refusal error
	for _, value := range values {
		var key K
		err := protected(what)
		if !value.sealed {
			key, err = read(value.der)
		}
		switch {
		case errors.Is(err, ErrKeyIsPrivate):
			return found, err
		case err != nil && (refusal == nil || !strings.Contains(value.label, "PARAMETERS")):
			refusal = err
		case err != nil:
		case keys == 0:
			found, keys = key, 1
		case !same(found, key):
			return found, fmt.Errorf("%w: two different %ss stand in one text; leave the one that counts", ErrKeyUnreadable, what)
		}
	}
	if keys == 0 {
		return found, refusal
	}
	return found, nil
}
