package config

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"unicode/utf8"
)

// TLS reads what connections to the gateway's host are made with: the client
// certificate with its key, and the roots. Both are empty unless configured.
func (g Gateway) TLS() (client Secret, roots string, err error) {
	if client, err = OpenSecret(nil, "", "", g.ClientCertFile); err != nil || g.RootCAFile == "" {
		return client, "", err
	}
	roots, err = ReadPublic(g.RootCAFile)
	return client, roots, err
}

// SigningSecret reads or opens the secret of a signed key, and refuses a weak
// one. A bearer key has none, and answers the empty secret: see BearerHash.
func (k APIKey) SigningSecret(master *MasterKey) (Secret, error) {
	s, err := OpenSecret(master, PurposeAPIKey, k.SecretSealed, k.SecretFile)
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
	secret, err := OpenSecret(master, PurposeWebhook, s.Sealed, s.File)
	if err == nil {
		err = weighWebhook(secret.Reveal())
	}
	if err != nil {
		return Secret{}, fmt.Errorf("webhook secret %s: %w", s.ID, err)
	}
	return secret, nil
}

// OpenSecret gives the text that stands sealed in the configuration, or in a
// file that only its owner may read. It prefers the sealed text; with neither
// text nor file it answers the empty secret, which validation allows only where
// none is needed.
func OpenSecret(master *MasterKey, purpose, sealed, file string) (Secret, error) {
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
