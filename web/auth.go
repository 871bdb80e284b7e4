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

// claim is what a request says of its key before its body was read.
type claim struct {
	proof *proof // of a signed request, which is proven with the body; nil where key is proven
	key   Key
}

// claimed judges what can be judged of a request without its body: the form of what it claims, its
// time, and the whole proof of a bearer key. Whose key a signed request claims is judged by named.
func (s *Server) claimed(r *http.Request) (claim, error) {
	headers := r.Header.Values("Authorization")
	if len(headers) != 1 {
		return claim{}, unauthenticated("one Authorization header is needed")
	}
	scheme, credentials, _ := strings.Cut(headers[0], " ")
	switch {
	case strings.EqualFold(scheme, "Bearer"):
		key, err := s.byBearer(credentials)
		return claim{key: key}, err
	case strings.EqualFold(scheme, SignScheme):
		p, err := s.signedClaim(r, credentials)
		return claim{proof: p}, err
	default:
		return claim{}, unauthenticated("the Authorization scheme is not Bearer or " + SignScheme)
	}
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

// signedClaim reads the signature's parts and judges the time, by what anybody can know.
func (s *Server) signedClaim(r *http.Request, credentials string) (*proof, error) {
	p, ok := parseProof(credentials)
	if !ok {
		return nil, unauthenticated("a signed request needs key, ts, nonce and sign, each once")
	}
	for _, name := range signedHeaders() {
		// which of them was signed, and which is read, must not be anybody's choice
		if len(r.Header.Values(name)) > 1 {
			return nil, unauthenticated("a signed request has each of " + strings.Join(signedHeaders(), ", ") + " at most once")
		}
	}
	if off := s.Clock.Now().Sub(p.at); off > SignWindow || off < -SignWindow {
		return nil, unauthenticated("ts is more than 300 seconds away from the server's clock")
	}
	return &p, nil
}

// named judges the key that a signed request only claims, so that no body is read for one that
// cannot be good: it must be there, sign, and have a role that may use the route. Whoever sends
// heads alone can tell by it which ids are in use and what for: an id is a name and no secret. More
// is not told: an unknown id, one that is revoked or has ended, and a wrong signature have one
// answer (C34). Without a body there is nothing to spare, and the proof itself is judged.
func (s *Server) named(r *http.Request, p *proof, needs Permission) error {
	if r.ContentLength == 0 {
		return nil
	}
	key, found := s.Keys.Key(p.keyID)
	switch {
	case !signs(key, found) || s.notExpired(key) != nil:
		return notProven()
	case !key.Role.May(needs):
		return core.Errorf(core.CodeForbidden, "the key that is named lacks the permission %s", needs)
	}
	return nil
}

// signs tells whether a key can prove anything by signing: it is of that mode, and its secret is
// none that can be guessed.
func signs(key Key, found bool) bool {
	return found && key.Mode == ModeSigned && len(key.Secret) >= MinSecret
}

// bySignature finds the key that a signed request proves to hold. Whatever is wrong before the
// proof is right gets one and the same answer, after the same work (C34); what is wrong after it is
// named. The key is looked up anew: while the body came it may have been revoked. The nonce is
// spent by whoever is about to do what is asked: only a request that proves its key may write
// anything (W05).
func (s *Server) bySignature(r *http.Request, p *proof, body []byte) (Key, error) {
	key, found := s.Keys.Key(p.keyID)
	usable := signs(key, found)
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
	return key, s.notExpired(key)
}

// spend makes a signed request good for this once.
func (s *Server) spend(ctx context.Context, key Key, p *proof) error {
	// Until the window has passed for certain the nonce is remembered; afterwards the timestamp
	// refuses the repeat.
	return s.Cashier.SpendNonce(ctx, key.ID, p.nonce, p.at.Add(2*SignWindow))
}

func (s *Server) notExpired(key Key) error {
	if !key.Expires.IsZero() && !s.Clock.Now().Before(key.Expires) {
		return unauthenticated("the key has expired")
	}
	return nil
}

func notProven() error {
	return unauthenticated("the key is unknown or has ended, or the request does not prove it")
}

func unauthenticated(detail string) error {
	return &core.Error{Code: codeUnauthenticated, Message: detail}
}
