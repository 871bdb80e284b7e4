package web

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/textproto"
	"slices"
	"strconv"
	"strings"
	"time"
)

// SignScheme begins the Authorization header of a signed request.
const SignScheme = "PMX-HMAC-SHA256"

// SignWindow is how far a signed request's timestamp may be from the server's clock, either way.
const SignWindow = 300 * time.Second

// signVersion is the first line of what is signed. It keeps a signature of one version from being
// one of another: no method is spelt like it.
const signVersion = "PMX2"

// signedHeaders are the headers that a signature speaks of, in the order of its lines: what they
// say decides how the body is read, and whether a request is a repeat. Any other header decides
// nothing about money.
func signedHeaders() []string { return []string{"Content-Type", "Idempotency-Key"} }

// stringToSign is what a signed request proves: the version, method, path as sent, query pairs as
// sent and sorted bytewise, timestamp in Unix seconds, nonce, the values of the signed headers, and
// the body's SHA-256 in lower-case hex, joined by line feeds. No part can hold a line feed, so the
// text is cut in one way only.
//
// A header that is absent and one that is empty read alike. That lets nobody change what a request
// does: an empty Idempotency-Key is refused wherever the header means anything, and an empty
// Content-Type wherever there is a body to be read.
func stringToSign(r *http.Request, timestamp, nonce string, body []byte) string {
	lines := []string{signVersion, r.Method, r.URL.EscapedPath(), sortedQuery(r), timestamp, nonce}
	for _, name := range signedHeaders() {
		// white space around a value is not sent as a part of it
		lines = append(lines, textproto.TrimString(r.Header.Get(name)))
	}
	return strings.Join(append(lines, bodyHash(body)), "\n")
}

// firstText is what version 1 signed. It is known only so that its users are told what to change:
// the Idempotency-Key is not in it, so whoever can alter a header on the way makes two refunds of
// one.
func firstText(r *http.Request, timestamp, nonce string, body []byte) string {
	return strings.Join([]string{r.Method, r.URL.EscapedPath(), sortedQuery(r), timestamp, nonce, bodyHash(body)}, "\n")
}

func sortedQuery(r *http.Request) string {
	pairs := strings.Split(r.URL.RawQuery, "&")
	slices.Sort(pairs)
	return strings.Join(pairs, "&")
}

func bodyHash(body []byte) string {
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:])
}

func macOf(secret []byte, text string) []byte {
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(text))
	return mac.Sum(nil)
}

// Sign sets the Authorization header of a request for a key of mode signed. The body must be the
// bytes that will be sent, and Content-Type and Idempotency-Key must be set before; the nonce must
// be new: 16 to 64 letters, digits, "-" or "_".
func Sign(r *http.Request, body []byte, keyID string, secret []byte, now time.Time, nonce string) {
	timestamp := strconv.FormatInt(now.Unix(), 10)
	mac := macOf(secret, stringToSign(r, timestamp, nonce, body))
	r.Header.Set("Authorization", fmt.Sprintf("%s key=%s,ts=%s,nonce=%s,sign=%s", SignScheme, keyID, timestamp, nonce, hex.EncodeToString(mac)))
}

// proof is a parsed signed header.
type proof struct {
	keyID, timestamp, nonce string
	at                      time.Time
	mac                     []byte
}

// parseProof takes exactly the four fields, each once, in any order.
func parseProof(text string) (proof, bool) {
	fields := map[string]string{}
	for part := range strings.SplitSeq(text, ",") {
		name, value, ok := strings.Cut(strings.TrimSpace(part), "=")
		if _, twice := fields[name]; !ok || twice {
			return proof{}, false
		}
		fields[name] = value
	}
	p := proof{keyID: fields["key"], timestamp: fields["ts"], nonce: fields["nonce"]}
	seconds, err := strconv.ParseUint(p.timestamp, 10, 40)
	mac, macErr := hex.DecodeString(fields["sign"])
	// A timestamp has one spelling: "+5" and "05" would be other strings of the same second.
	if len(fields) != 4 || err != nil || strconv.FormatUint(seconds, 10) != p.timestamp || macErr != nil || len(mac) != sha256.Size || !isNonce(p.nonce) {
		return proof{}, false
	}
	p.at, p.mac = time.Unix(int64(seconds), 0), mac
	return p, true
}

func isNonce(s string) bool {
	return len(s) >= 16 && len(s) <= 64 && isName(s)
}

// isName accepts ASCII letters, digits, "-" and "_": what our ids, tokens and nonces are made of.
func isName(s string) bool {
	for i := range len(s) {
		c := s[i]
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
		if !letter && (c < '0' || c > '9') && c != '-' && c != '_' {
			return false
		}
	}
	return s != ""
}
