package config

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"unicode/utf8"
)

// KeyMaterial is the text of one key version, as it stood in the files: PEM,
// bare base64 or certificates, unparsed.
type KeyMaterial struct {
	PrivateKey      Secret // empty in a verify_only version without one
	AESKey          Secret // empty without content encryption
	AlipayPublicKey string // empty in certificate mode
	AppCert         string // this and the next two are empty in public key mode
	AlipayCert      string
	AlipayRootCert  string
}

// Material reads the key's files and opens what is sealed.
func (k Key) Material(master *MasterKey) (KeyMaterial, error) {
	var m KeyMaterial
	var err error
	if m.PrivateKey, err = openSecret(master, PurposePrivateKey, k.PrivateKeySealed, k.PrivateKeyFile); err != nil {
		return KeyMaterial{}, fmt.Errorf("key %s: private key: %w", k.Version, err)
	}
	if m.AESKey, err = openSecret(master, "", "", k.AESKeyFile); err != nil {
		return KeyMaterial{}, fmt.Errorf("key %s: AES key: %w", k.Version, err)
	}
	for _, public := range []struct {
		name string
		text *string
	}{
		{k.AlipayPublicKeyFile, &m.AlipayPublicKey},
		{k.AppCertFile, &m.AppCert},
		{k.AlipayCertFile, &m.AlipayCert},
		{k.AlipayRootCertFile, &m.AlipayRootCert},
	} {
		if public.name == "" {
			continue
		}
		if *public.text, err = readPublic(public.name); err != nil {
			return KeyMaterial{}, fmt.Errorf("key %s: %w", k.Version, err)
		}
	}
	return m, nil
}

// TLS reads what connections to the gateway's host are made with: the client
// certificate with its key, and the roots. Both are empty unless configured.
func (g Gateway) TLS() (client Secret, roots string, err error) {
	if client, err = openSecret(nil, "", "", g.ClientCertFile); err != nil || g.RootCAFile == "" {
		return client, "", err
	}
	roots, err = readPublic(g.RootCAFile)
	return client, roots, err
}

// SigningSecret reads or opens the secret of a signed key, and refuses a weak
// one. A bearer key has none, and answers the empty secret: see BearerHash.
func (k APIKey) SigningSecret(master *MasterKey) (Secret, error) {
	s, err := openSecret(master, PurposeAPIKey, k.SecretSealed, k.SecretFile)
	if err == nil && k.Mode != Bearer {
		err = weigh(s.Reveal(), minSecretBytes)
	}
	if err != nil {
		return Secret{}, fmt.Errorf("API key %s: %w", k.ID, err)
	}
	return s, nil
}

// BearerHash returns the SHA-256 of a bearer key, and refuses one that everybody
// knows.
func (k APIKey) BearerHash() (hash [sha256.Size]byte, err error) {
	if err := weighHash(k.SecretHash); err != nil {
		return hash, fmt.Errorf("API key %s: %w", k.ID, err)
	}
	if _, err := hex.Decode(hash[:], []byte(k.SecretHash)); err != nil { // its form was validated
		return hash, fmt.Errorf("API key %s: secret_hash is not hex", k.ID)
	}
	return hash, nil
}

// Secret reads or opens the secret, which is never empty or weak without an error.
func (s WebhookSecret) Secret(master *MasterKey) (Secret, error) {
	secret, err := openSecret(master, PurposeWebhook, s.Sealed, s.File)
	if err == nil {
		err = weighWebhook(secret.Reveal())
	}
	if err != nil {
		return Secret{}, fmt.Errorf("webhook secret %s: %w", s.ID, err)
	}
	return secret, nil
}

// openSecret prefers the sealed text; with neither text nor file it answers
// the empty secret, which validation allows only where none is needed.
func openSecret(master *MasterKey, purpose, sealed, file string) (Secret, error) {
	if sealed != "" {
		plain, err := master.Open(purpose, sealed)
		if err != nil {
			return Secret{}, err
		}
		if strings.TrimSpace(string(plain)) == "" {
			return Secret{}, errEmptySealed
		}
		return NewSecret(trimText(string(plain))), nil
	}
	if file == "" {
		return Secret{}, nil
	}
	text, err := readPrivate(file)
	if err != nil {
		return Secret{}, err
	}
	return NewSecret(trimText(text)), nil
}

// trimText cuts the line end that an editor leaves. Bytes that are no text, such as a key in DER,
// may end in what looks like one, and stay whole.
func trimText(text string) string {
	if !utf8.ValidString(text) {
		return text
	}
	return strings.TrimSpace(text)
}
