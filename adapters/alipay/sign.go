package alipay

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strings"
)

// SignTypeRSA2 is SHA256withRSA (RSASSA-PKCS1-v1_5), the only algorithm the
// classic gateway still recommends. The older "RSA" (SHA-1) is not offered.
const SignTypeRSA2 = "RSA2"

// SignTypeSM2 is SM2 with SM3, in programs built with the tag sm2.
const SignTypeSM2 = "SM2"

// signer makes raw signatures with the application's private key.
type signer interface {
	sign(message []byte) ([]byte, error)
}

// verifier checks raw signatures with one of Alipay's public keys.
type verifier interface {
	verify(message, signature []byte) error
}

type rsaSigner struct{ key *rsa.PrivateKey }

func (s rsaSigner) sign(message []byte) ([]byte, error) {
	digest := sha256.Sum256(message)
	// PKCS#1 v1.5 signatures are deterministic; the random source is unused.
	return rsa.SignPKCS1v15(nil, s.key, crypto.SHA256, digest[:])
}

type rsaVerifier struct{ key *rsa.PublicKey }

func (v rsaVerifier) verify(message, signature []byte) error {
	if len(signature) != v.key.Size() {
		return fmt.Errorf("%w: %d bytes, the key makes %d", ErrSignatureMalformed, len(signature), v.key.Size())
	}
	digest := sha256.Sum256(message)
	if rsa.VerifyPKCS1v15(v.key, crypto.SHA256, digest[:], signature) != nil {
		return ErrSignatureMismatch
	}
	return nil
}

// signText signs and encodes as the wire wants it: standard base64 on one line.
func signText(s signer, message []byte) (string, error) {
	signature, err := s.sign(message)
	if err != nil {
		return "", err
	}
	return base64.StdEncoding.EncodeToString(signature), nil
}

// maxSignature is the base64 length of the largest accepted key's signature.
const maxSignature = (maxKeyBits/8 + 2) / 3 * 4

// decodeSignature reads strict base64: no line breaks, which Go's decoder
// would skip, and no stray bits in the last character.
func decodeSignature(text string) ([]byte, error) {
	switch {
	case text == "" || text == "null":
		return nil, ErrSignatureMissing
	case len(text) > maxSignature:
		return nil, fmt.Errorf("%w: %d characters", ErrSignatureMalformed, len(text))
	case strings.ContainsAny(text, "\r\n"):
		return nil, fmt.Errorf("%w: line breaks inside", ErrSignatureMalformed)
	}
	signature, err := base64.StdEncoding.Strict().DecodeString(text)
	if err != nil {
		return nil, fmt.Errorf("%w: not strict base64", ErrSignatureMalformed)
	}
	return signature, nil
}
