package web

import (
	"crypto/sha256"
	"encoding/base32"
	"encoding/hex"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"time"
)

// KeyMode says how requests prove that they hold a key.
type KeyMode string

// The modes.
const (
	ModeBearer KeyMode = "bearer" // the key is sent: for demonstrations and tests
	ModeSigned KeyMode = "signed" // each request is signed, the secret never travels
)

// Key is an API key as configuration describes it.
type Key struct {
	ID         string // unique over all merchants
	MerchantID string
	Actor      string // who uses it; approvals need another actor than the one who asked
	Role       Role
	Mode       KeyMode
	SecretHash [sha256.Size]byte // mode bearer: SHA-256 of the text after the last "_" of the key
	Secret     []byte            // mode signed: the HMAC secret, opened; at least MinSecret bytes
	Expires    time.Time         // zero for never
	// Limits are the key's own, MerchantLimits those that it shares with the merchant's other keys.
	Limits, MerchantLimits Allowance
}

// Keys finds API keys. Wiring fills it from configuration; a reload swaps what it answers.
type Keys interface {
	Key(id string) (Key, bool)
}

// MinSecret is the fewest bytes of a signing secret: an empty or short one is treated as no key
// (F04). Configuration refuses more than short ones.
const MinSecret = 32

// String returns the id: a key must not show its secret in any print.
func (k Key) String() string { return "key " + k.ID }

// GoString returns the id too.
func (k Key) GoString() string { return k.String() }

// LogValue returns the id too.
func (k Key) LogValue() slog.Value { return slog.StringValue(k.ID) }

const (
	bearerPrefix = "pmx_"
	bearerBytes  = 32 // 256 random bits: no guess, so a plain hash is enough
)

func secretText() *base32.Encoding {
	return base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)
}

// NewBearerKey draws a key of mode bearer for the id: the key to hand out once, and the hash (hex)
// to keep in configuration.
func NewBearerKey(id string, random io.Reader) (key, secretHash string, err error) {
	raw := make([]byte, bearerBytes)
	if _, err := io.ReadFull(random, raw); err != nil {
		return "", "", fmt.Errorf("web: no randomness for a key: %w", err)
	}
	secret := secretText().EncodeToString(raw)
	sum := sha256.Sum256([]byte(secret))
	return bearerPrefix + id + "_" + secret, hex.EncodeToString(sum[:]), nil
}

// splitBearer takes a bearer key apart; ids may hold "_", secrets do not.
func splitBearer(key string) (id, secret string) {
	rest, ok := strings.CutPrefix(key, bearerPrefix)
	cut := strings.LastIndexByte(rest, '_')
	if !ok || cut < 0 {
		return "", ""
	}
	return rest[:cut], rest[cut+1:]
}
