package outbox

import (
	"errors"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/idna"
)

// maxURL bounds an endpoint's address in bytes.
const maxURL = 2048

// ParseEndpoint reads an endpoint's address and refuses one that could mislead or loop: anything
// but https on port 443 (H04), user info, a fragment, a trailing dot, control characters and line
// breaks (H12), and our own hosts (H13). Names beyond ASCII come back as punycode, which is what
// people should be shown. With AllowPrivate, http and any port will do. What the host resolves to
// is judged when it is dialled, at every try.
func ParseEndpoint(text string, p Policy) (*url.URL, error) {
	if len(text) > maxURL || !utf8.ValidString(text) || strings.ContainsAny(text, "\\ \t\r\n\x00") {
		return nil, errors.New("the address is too long, not UTF-8, or holds a space, a backslash or a control character")
	}
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Opaque != "" || u.Host == "":
		return nil, errors.New("the address cannot be read")
	case u.Scheme != "https" && (!p.AllowPrivate || u.Scheme != "http"):
		return nil, errors.New("the address is not https")
	case u.User != nil:
		return nil, errors.New("the address holds a user name")
	case u.Fragment != "" || strings.Contains(text, "#"):
		return nil, errors.New("the address holds a fragment")
	}
	host, err := hostName(u.Hostname())
	if err != nil {
		return nil, err
	}
	if slices.ContainsFunc(p.OwnHosts, func(own string) bool { return strings.EqualFold(own, host) }) {
		return nil, errors.New("the address is our own")
	}
	port, err := portOf(u)
	if err != nil || !p.port(port) {
		return nil, errors.New("the address names a port other than 443")
	}
	u.Host = host
	if strings.Contains(host, ":") {
		u.Host = "[" + host + "]"
	}
	if u.Scheme == "http" && port != 80 || u.Scheme == "https" && port != 443 {
		u.Host += ":" + strconv.Itoa(int(port))
	}
	return u, nil
}

// hostName returns an address as it is and a name in lower-case ASCII.
func hostName(host string) (string, error) {
	if ip, err := netip.ParseAddr(host); err == nil && ip.Zone() == "" {
		return ip.String(), nil
	}
	name, err := idna.Lookup.ToASCII(host)
	again, againErr := idna.Lookup.ToASCII(name) // what is shown must be what is dialled
	if err != nil || againErr != nil || again != name || name == "" || strings.HasSuffix(name, ".") {
		return "", errors.New("the address has no proper host name")
	}
	return strings.ToLower(name), nil
}

func portOf(u *url.URL) (uint16, error) {
	if text := u.Port(); text != "" {
		port, err := strconv.ParseUint(text, 10, 16)
		return uint16(port), err
	}
	if u.Scheme == "http" {
		return 80, nil
	}
	return 443, nil
}
