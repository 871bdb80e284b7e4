package tinygate

import (
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// The headers that each request, answer and message carries.
const (
	headerMerchant  = "Tiny-Merchant"
	headerKey       = "Tiny-Key"
	headerTime      = "Tiny-Time" // seconds since 1970
	headerSignature = "Tiny-Signature"
)

// freshness is how far a header's time may be from the reader's clock.
const freshness = 300 * time.Second

// MaxBody bounds what either side reads.
const MaxBody = 64 << 10

// signedText is what a signature is over. Target is the path of a request, "" of an answer and a
// message.
func signedText(merchant, target, at string, body []byte) []byte {
	return []byte(strings.Join([]string{merchant, target, at, string(body)}, "\n"))
}

// signer signs for one merchant with one key.
type signer struct {
	merchant, keyID string
	key             ed25519.PrivateKey
}

func (s signer) header(target string, at time.Time, body []byte) http.Header {
	seconds := strconv.FormatInt(at.Unix(), 10)
	signature := ed25519.Sign(s.key, signedText(s.merchant, target, seconds, body))
	h := http.Header{"Content-Type": {"application/json"}}
	h.Set(headerMerchant, s.merchant)
	h.Set(headerKey, s.keyID)
	h.Set(headerTime, seconds)
	h.Set(headerSignature, base64.StdEncoding.EncodeToString(signature))
	return h
}

// reader verifies what one merchant's other side has signed.
type reader struct {
	merchant, keyID string
	key             ed25519.PublicKey
	now             func() time.Time
}

// The reasons to refuse, by which receipts and answers name them.
var (
	errUnsigned = errors.New("signature_missing")
	errTwice    = errors.New("header_twice")
	errMerchant = errors.New("wrong_merchant")
	errKey      = errors.New("key_unknown")
	errStale    = errors.New("too_old")
	errMismatch = errors.New("signature_mismatch")
	errTooLarge = errors.New("too_large")
)

// verify checks what costs nothing first, and the signature last.
func (r reader) verify(h http.Header, target string, body []byte) error {
	for _, name := range []string{headerMerchant, headerKey, headerTime, headerSignature} {
		if len(h[name]) == 0 || h.Get(name) == "" {
			return errUnsigned
		}
		if len(h[name]) > 1 {
			return errTwice
		}
	}
	if len(body) > MaxBody {
		return errTooLarge
	}
	if h.Get(headerMerchant) != r.merchant {
		return errMerchant
	}
	if h.Get(headerKey) != r.keyID {
		return errKey
	}
	seconds, err := strconv.ParseInt(h.Get(headerTime), 10, 64)
	if err != nil || r.now().Sub(time.Unix(seconds, 0)).Abs() > freshness {
		return errStale
	}
	signature, err := base64.StdEncoding.Strict().DecodeString(h.Get(headerSignature))
	text := signedText(h.Get(headerMerchant), target, h.Get(headerTime), body)
	if err != nil || !ed25519.Verify(r.key, text, signature) {
		return errMismatch
	}
	return nil
}
