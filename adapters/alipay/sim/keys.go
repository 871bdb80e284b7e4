package alipaysim

import (
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"strings"
)

const keyBits = 2048

// KeyPair is an RSA key pair in the text forms that merchants exchange.
type KeyPair struct {
	// PrivatePEM is PKCS#8 in PEM armour.
	PrivatePEM string
	// PublicText is the SubjectPublicKeyInfo as one line of base64, the form
	// Alipay's console shows and takes.
	PublicText string
}

// GenerateKeyPair makes a 2048-bit pair. random is crypto/rand.Reader outside tests.
func GenerateKeyPair(random io.Reader) (KeyPair, error) {
	key, err := rsa.GenerateKey(random, keyBits)
	if err != nil {
		return KeyPair{}, fmt.Errorf("alipaysim: generate key: %w", err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return KeyPair{}, fmt.Errorf("alipaysim: encode key: %w", err)
	}
	public, err := publicText(&key.PublicKey)
	if err != nil {
		return KeyPair{}, err
	}
	armour := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
	return KeyPair{PrivatePEM: string(armour), PublicText: public}, nil
}

func publicText(key *rsa.PublicKey) (string, error) {
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		return "", fmt.Errorf("alipaysim: encode public key: %w", err)
	}
	return base64.StdEncoding.EncodeToString(der), nil
}

// keyDER strips whatever armour the text has: PEM, or base64 with or without line breaks.
func keyDER(text string) ([]byte, error) {
	text = strings.TrimSpace(text)
	if block, _ := pem.Decode([]byte(text)); block != nil {
		return block.Bytes, nil
	}
	bare := strings.Join(strings.Fields(text), "")
	der, err := base64.StdEncoding.DecodeString(bare)
	if err != nil {
		return nil, fmt.Errorf("alipaysim: neither PEM nor base64: %w", err)
	}
	return der, nil
}

func parsePrivateKey(text string) (*rsa.PrivateKey, error) {
	der, err := keyDER(text)
	if err != nil {
		return nil, err
	}
	if key, err := x509.ParsePKCS1PrivateKey(der); err == nil {
		return key, nil
	}
	parsed, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return nil, fmt.Errorf("alipaysim: private key is neither PKCS#1 nor PKCS#8: %w", err)
	}
	key, ok := parsed.(*rsa.PrivateKey)
	if !ok {
		return nil, errors.New("alipaysim: private key is not RSA")
	}
	return key, nil
}

func parsePublicKey(text string) (*rsa.PublicKey, error) {
	der, err := keyDER(text)
	if err != nil {
		return nil, err
	}
	if key, err := x509.ParsePKCS1PublicKey(der); err == nil {
		return key, nil
	}
	parsed, err := x509.ParsePKIXPublicKey(der)
	if err != nil {
		return nil, fmt.Errorf("alipaysim: public key: %w", err)
	}
	key, ok := parsed.(*rsa.PublicKey)
	if !ok {
		return nil, errors.New("alipaysim: public key is not RSA")
	}
	return key, nil
}
