package web

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"net/http"
	"strings"

	"github.com/paymux/paymux/core"
)

// authenticate finds the key that the request proves to hold. Whatever is wrong before the proof is
// right gets one and the same answer, after the same work, so that nobody learns which key ids
// exist (C34); what is wrong after it is named.
func (s *Server) authenticate(ctx context.Context, r *http.Request, body []byte) (Key, error) {
	headers := r.Header.Values("Authorization")
	if len(headers) != 1 {
		return Key{}, unauthenticated("one Authorization header is needed")
	}
	scheme, credentials, _ := strings.Cut(headers[0], " ")
	var key Key
	var err error
	switch {
	case strings.EqualFold(scheme, "Bearer"):
		key, err = s.byBearer(credentials)
	case strings.EqualFold(scheme, SignScheme):
		key, err = s.bySignature(ctx, r, credentials, body)
	default:
		return Key{}, unauthenticated("the Authorization scheme is not Bearer or " + SignScheme)
	}
	if err != nil {
		return Key{}, err
	}
	return key, nil
}

func (s *Server) byBearer(credentials string) (Key, error) {
	id, secret := splitBearer(strings.TrimSpace(credentials))
	key, found := s.Keys.Key(id)
	sum := sha256.Sum256([]byte(secret))
	same := subtle.ConstantTimeCompare(sum[:], key.SecretHash[:]) == 1
	if !found || !same || key.Mode != ModeBearer || len(secret) < bearerBytes {
		return Key{}, notProven()
	}
	return key, s.notExpired(key)
}

// bySignature checks the signature first, then the time, and spends the nonce last: only a request
// that proves its key may write anything (W05).
func (s *Server) bySignature(ctx context.Context, r *http.Request, credentials string, body []byte) (Key, error) {
	p, ok := parseProof(credentials)
	if !ok {
		return Key{}, unauthenticated("a signed request needs key, ts, nonce and sign, each once")
	}
	for _, name := range signedHeaders() {
		// which of them was signed, and which is read, must not be anybody's choice
		if len(r.Header.Values(name)) > 1 {
			return Key{}, unauthenticated("a signed request has each of " + strings.Join(signedHeaders(), ", ") + " at most once")
		}
	}
	key, found := s.Keys.Key(p.keyID)
	usable := found && key.Mode == ModeSigned && len(key.Secret) >= MinSecret
	secret := key.Secret
	if !usable {
		secret = make([]byte, sha256.Size)
	}
	proven := hmac.Equal(p.mac, macOf(secret, stringToSign(r, p.timestamp, p.nonce, body)))
	first := hmac.Equal(p.mac, macOf(secret, firstText(r, p.timestamp, p.nonce, body)))
	switch {
	case first && usable:
		// whoever holds the secret may be told; nothing is spent and nothing is done
		return Key{}, &core.Error{Code: codeSignatureVersion, Message: "the signature is of version 1, which does not cover Idempotency-Key and Content-Type; " +
			"begin the text with the line PMX2, and put the values of content-type and idempotency-key between nonce and body hash"}
	case !proven || !usable:
		return Key{}, notProven()
	}
	if err := s.notExpired(key); err != nil {
		return Key{}, err
	}
	if off := s.Clock.Now().Sub(p.at); off > SignWindow || off < -SignWindow {
		return Key{}, unauthenticated("ts is more than 300 seconds away from the server's clock")
	}
	// Until the window has passed for certain the nonce is remembered; afterwards the timestamp
	// refuses the repeat.
	if err := s.Cashier.SpendNonce(ctx, key.ID, p.nonce, p.at.Add(2*SignWindow)); err != nil {
		return Key{}, err
	}
	return key, nil
}

func (s *Server) notExpired(key Key) error {
	if !key.Expires.IsZero() && !s.Clock.Now().Before(key.Expires) {
		return unauthenticated("the key has expired")
	}
	return nil
}

func notProven() error {
	return unauthenticated("the key is unknown, or the request does not prove it")
}

func unauthenticated(detail string) error {
	return &core.Error{Code: codeUnauthenticated, Message: detail}
}
