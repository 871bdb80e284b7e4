package config

import (
	"net/netip"
	"net/url"
	"strings"
)

// parseAddress reads an absolute http(s) address and says what is wrong with
// one that could mislead: user info, a query, a fragment, a backslash.
func parseAddress(text string) (u *url.URL, what string) {
	if strings.ContainsAny(text, "\\ \t\r\n") {
		return nil, "holds a space or a backslash"
	}
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http"):
		return nil, "is not an https address"
	case u.User != nil:
		return nil, "holds a user name"
	case u.RawQuery != "" || u.ForceQuery:
		return nil, "holds a query"
	case u.Fragment != "" || strings.Contains(text, "#"):
		return nil, "holds a fragment"
	}
	return u, ""
}

// checkPublic demands https and a host that the world can reach. In the
// sandbox the machine itself will do, over http too.
func checkPublic(path, text, environment string, problems *Problems) *url.URL {
	u, what := parseAddress(text)
	if what != "" {
		problems.add(path, what, "write it as https://pay.example.com")
		return nil
	}
	if environment == Sandbox && isLoopback(u.Hostname()) {
		return u
	}
	if u.Scheme != "https" {
		problems.add(path, "is not https", "gateways and browsers refuse plain http; only http://127.0.0.1 in the sandbox is allowed")
	}
	if !isPublic(u.Hostname()) {
		problems.add(path, "has a host that the outside cannot reach", "use the public name of the server")
	}
	return u
}

func isLoopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback()
}

// isPublic judges a host by its text alone: private and special addresses and
// names that resolve only inside a network are not public. What a name
// resolves to is checked where it is dialled.
func isPublic(host string) bool {
	if ip, err := netip.ParseAddr(host); err == nil {
		ip = ip.Unmap()
		return ip.IsGlobalUnicast() && !ip.IsPrivate() && !carrierNAT().Contains(ip) && ip.Zone() == ""
	}
	host = strings.ToLower(host)
	if !strings.Contains(host, ".") || strings.HasSuffix(host, ".") {
		return false
	}
	for _, inside := range []string{".local", ".localhost", ".internal", ".lan", ".intranet", ".home.arpa", ".localdomain"} {
		if strings.HasSuffix(host, inside) {
			return false
		}
	}
	// 127.1, 0x7f.1 and the like are addresses to some resolvers: a public name's last label has a
	// letter first.
	last := host[strings.LastIndex(host, ".")+1:]
	return last != "" && (last[0] < '0' || last[0] > '9')
}

// carrierNAT is the shared address space of RFC 6598.
func carrierNAT() netip.Prefix { return netip.MustParsePrefix("100.64.0.0/10") }
