package alipaysim

import (
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"net"
	"net/http"
	"strings"
)

// guard lets a control call pass that its own user makes. Pages of other sites
// are refused always: a browser would carry their posts to this machine. With a
// ControlKey every call shows it. Without one only loopback names are answered,
// so that a stranger's name that leads to this machine does not make a stranger's
// page one of ours.
func (s *Server) guard(r *http.Request) error {
	if s.crossOrigin.Check(r) != nil {
		return &controlError{http.StatusForbidden, "cross_site", "a page of another site sent this; the control API is not for those"}
	}
	switch key := s.cfg.ControlKey; {
	case key == "" && !IsLoopback(r.Host):
		return &controlError{http.StatusForbidden, "control_host",
			"without a control key only loopback names are answered, not " + r.Host + "; start the simulator with a control key"}
	case key != "" && !holds(r, key):
		return &controlError{http.StatusUnauthorized, "control_key",
			"the control API wants the key that was printed at start: Authorization: Bearer KEY, or as the password of HTTP Basic"}
	}
	return nil
}

// holds says whether a request shows the key. Digests are compared, so that the
// time taken tells nothing of the key, not even its length.
func holds(r *http.Request, key string) bool {
	shown, bearer := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !bearer {
		_, shown, _ = r.BasicAuth()
	}
	a, b := sha256.Sum256([]byte(shown)), sha256.Sum256([]byte(key))
	return subtle.ConstantTimeCompare(a[:], b[:]) == 1
}

// IsLoopback says whether a host, with or without a port, is this machine by a
// name that only this machine has.
func IsLoopback(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.ToLower(strings.Trim(host, "[]"))
	ip := net.ParseIP(host)
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || (ip != nil && ip.IsLoopback())
}

// minControlKey is how many characters make a key that is not guessed.
const minControlKey = 16

func checkControlKey(key string) error {
	if key != "" && len(key) < minControlKey {
		return errors.New("alipaysim: a control key has at least 16 characters")
	}
	if strings.ContainsFunc(key, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return errors.New("alipaysim: a control key is printable ASCII without blanks: it travels in a header")
	}
	return nil
}
