package config

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
)

// What a secret must have, so that nobody finds it by trying: a mac made with it
// is in every request, and whoever sees one can try as fast as machines go.
const (
	minSecretBytes   = 32
	minSecretVariety = 16
)

// WeakSecret is a secret that others can find. The error says why, and never
// repeats the text.
type WeakSecret struct{ Why string }

// Error says why the secret is weak, and how to draw a strong one.
func (w *WeakSecret) Error() string { return "the secret " + w.Why }

// Mend says what to do about it.
func (*WeakSecret) Mend() string {
	return "draw a new one by paymux keys api or paymux keys webhook, and give it to whoever uses the old one"
}

// weigh answers a [WeakSecret] for a text that is no secret: fewer than least
// bytes, fewer than 16 different ones, or printed where everybody reads.
// What is written in hex has 16 digits at most, and a random text of them often
// lacks one; there the bytes that the digits stand for are counted.
func weigh(secret string, least int) error {
	raw, err := hex.DecodeString(secret)
	inHex := err == nil && len(raw) >= least
	switch {
	case slices.Contains(printedSecrets(), secret):
		return &WeakSecret{"is printed in paymux's documents, so everybody knows it"}
	case len(secret) < least:
		return &WeakSecret{fmt.Sprintf("has %d bytes, fewer than %d", len(secret), least)}
	case variety([]byte(secret)) < minSecretVariety && (!inHex || variety(raw) < minSecretVariety):
		return &WeakSecret{fmt.Sprintf("has %d different bytes, fewer than %d", variety([]byte(secret)), minSecretVariety)}
	}
	return nil
}

// weighWebhook weighs a webhook secret by the bytes that its base64 stands for.
// Their least number is the Standard Webhooks specification's, and checked where
// the secret is parsed, with its form.
func weighWebhook(secret string) error {
	raw, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
	switch {
	case slices.Contains(printedSecrets(), secret) || slices.Contains(printedSecrets(), string(raw)):
		return &WeakSecret{"is printed in paymux's documents, so everybody knows it"}
	case err == nil && variety(raw) < minSecretVariety:
		return &WeakSecret{fmt.Sprintf("has %d different bytes, fewer than %d", variety(raw), minSecretVariety)}
	}
	return nil
}

// weighHash refuses the hash of a bearer key that is printed, and a printed
// hash. How strong another key is, its hash does not tell.
func weighHash(hash string) error {
	hash = strings.ToLower(hash)
	for _, secret := range append(printedSecrets(), "") {
		if sum := sha256.Sum256([]byte(secret)); hash == hex.EncodeToString(sum[:]) || hash == secret {
			return &WeakSecret{"is printed in paymux's documents, so everybody knows it"}
		}
	}
	return nil
}

func variety(text []byte) int {
	seen := map[byte]bool{}
	for _, b := range text {
		seen[b] = true
	}
	return len(seen)
}

// printedSecrets are the secrets, and hashes of bearer keys, that stand in the
// documents and examples. A test collects them there, so none can be forgotten.
func printedSecrets() []string {
	return []string{
		"a signing secret of enough bytes",
		"b1946ac92492d2347c6235b4d2611184a3dd9f2b6c0e57f8135d79bb0a4e6cf2",
		"6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b",
	}
}
