package config

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

// The purposes of sealed texts in the file. A text sealed for one purpose does
// not open for another.
const (
	PurposeAPIKey     = "api_key"
	PurposePrivateKey = "private_key"
	PurposeWebhook    = "webhook_secret"
)

const (
	masterKeyBytes   = 32
	fingerprintBytes = 16
	sealedPrefix     = "v1." // names the scheme, so that a later one can live beside it
	maxSealed        = 1 << 20
)

// ErrSealed means that a sealed text does not open: another master key,
// another purpose, or an altered text.
var ErrSealed = errors.New("config: sealed text does not open under this master key and purpose")

// MasterKey seals what must be stored and read again, and makes pseudonyms of
// what must be stored and not read. It is safe for concurrent use.
type MasterKey struct {
	aead        cipher.AEAD
	pseudonym   []byte
	fingerprint string
	random      io.Reader
}

// CreateMasterKey writes 32 bytes of random, in base64, to a new file of mode
// 0600 and returns the key. It refuses to replace a file: whatever was sealed
// under the old key would be lost.
func CreateMasterKey(path string, random io.Reader) (*MasterKey, error) {
	raw := make([]byte, masterKeyBytes)
	if _, err := io.ReadFull(random, raw); err != nil {
		return nil, fmt.Errorf("config: draw master key: %w", err)
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, fmt.Errorf("config: create master key: %w", err)
	}
	_, err = io.WriteString(f, base64.StdEncoding.EncodeToString(raw)+"\n")
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return nil, fmt.Errorf("config: write master key: %w", err)
	}
	return newMasterKey(raw, random)
}

// OpenMasterKey reads the key that CreateMasterKey wrote. It refuses a file
// that others may read, one that does not hold 32 bytes, and one that was not
// drawn. random is where nonces are drawn from (crypto/rand.Reader outside
// tests).
func OpenMasterKey(path string, random io.Reader) (*MasterKey, error) {
	text, err := readPrivate(path)
	if err != nil {
		return nil, err
	}
	raw, err := base64.StdEncoding.Strict().DecodeString(strings.TrimSpace(text))
	if err != nil || len(raw) != masterKeyBytes {
		return nil, fmt.Errorf("config: %s must hold %d bytes in base64", path, masterKeyBytes)
	}
	if n := variety(raw); n < minSecretVariety {
		return nil, fmt.Errorf("config: %s holds %d different bytes, fewer than %d: paymux keys master draws a key", path, n, minSecretVariety)
	}
	return newMasterKey(raw, random)
}

func newMasterKey(raw []byte, random io.Reader) (*MasterKey, error) {
	sealing, err := hkdf.Key(sha256.New, raw, nil, "paymux seal v1", masterKeyBytes)
	if err != nil {
		return nil, fmt.Errorf("config: derive sealing key: %w", err)
	}
	naming, err := hkdf.Key(sha256.New, raw, nil, "paymux pseudonym v1", masterKeyBytes)
	if err != nil {
		return nil, fmt.Errorf("config: derive pseudonym key: %w", err)
	}
	mark, err := hkdf.Key(sha256.New, raw, nil, "paymux fingerprint v1", fingerprintBytes)
	if err != nil {
		return nil, fmt.Errorf("config: derive fingerprint: %w", err)
	}
	block, err := aes.NewCipher(sealing)
	if err != nil {
		return nil, fmt.Errorf("config: sealing cipher: %w", err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return nil, fmt.Errorf("config: sealing mode: %w", err)
	}
	return &MasterKey{aead: aead, pseudonym: naming, fingerprint: hex.EncodeToString(mark), random: random}, nil
}

// Seal encrypts plain with AES-256-GCM under a fresh nonce; purpose is
// authenticated with it and must be given again to Open. The result is ASCII.
func (k *MasterKey) Seal(purpose string, plain []byte) (string, error) {
	nonce := make([]byte, k.aead.NonceSize())
	if _, err := io.ReadFull(k.random, nonce); err != nil {
		return "", fmt.Errorf("config: draw nonce: %w", err)
	}
	box := k.aead.Seal(nonce, nonce, plain, []byte(purpose))
	return sealedPrefix + base64.RawURLEncoding.EncodeToString(box), nil
}

// Open decrypts what Seal made for the same purpose, or answers [ErrSealed].
func (k *MasterKey) Open(purpose, sealed string) ([]byte, error) {
	text, known := strings.CutPrefix(strings.TrimSpace(sealed), sealedPrefix)
	if !known || len(text) > maxSealed {
		return nil, ErrSealed
	}
	box, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || len(box) < k.aead.NonceSize() {
		return nil, ErrSealed
	}
	nonce, body := box[:k.aead.NonceSize()], box[k.aead.NonceSize():]
	plain, err := k.aead.Open(nil, nonce, body, []byte(purpose))
	if err != nil {
		return nil, ErrSealed
	}
	return plain, nil
}

// Pseudonym is a stable name for text that does not give text away: HMAC-SHA256
// under the master key, 52 characters of lower-case base32. The same text has
// another name for another purpose.
func (k *MasterKey) Pseudonym(purpose, text string) string {
	mac := hmac.New(sha256.New, k.pseudonym)
	// The length keeps ("ab","c") and ("a","bc") apart.
	var length [8]byte
	binary.BigEndian.PutUint64(length[:], uint64(len(purpose)))
	mac.Write(length[:])
	mac.Write([]byte(purpose))
	mac.Write([]byte(text))
	return strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(mac.Sum(nil)))
}
