package web

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// SignScheme begins the Authorization header of a signed request.
const SignScheme = "PMX-HMAC-SHA256"

// SignWindow is how far a signed request's timestamp may be from the server's clock, either way.
const SignWindow = 300 * time.Second

// stringToSign is what a signed request proves: method, path as sent, query pairs as sent and sorted bytewise, timestamp in Unix seconds, nonce, and
// the body's SHA-256 in lower-case hex, joined by line feeds.
func stringToSign(method, escapedPath, rawQuery, timestamp, nonce string, body []byte) string {
	pairs := strings.Split(rawQuery, "&")
	slices.Sort(pairs)
	sum := sha256.Sum256(body)
	return strings.Join([]string{
		method, escapedPath, strings.Join(pairs, "&"), timestamp, nonce, hex.EncodeToString(sum[:]),
	}, "\n")
}

func macOf(secret []byte, text string) []byte {
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(text))
	return mac.Sum(nil)
}

// Sign sets the Authorization header of a request for a key of mode signed. The body must be the bytes that will be sent; the nonce must be new: 16 to
// 64 letters, digits, "-" or "_".
func Sign(r *http.Request, body []byte, keyID string, secret []byte, now time.Time, nonce string) {
	timestamp := strconv.FormatInt(now.Unix(), 10)
	mac := macOf(secret, stringToSign(r.Method, r.URL.EscapedPath(), r.URL.RawQuery, timestamp, nonce, body))
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
