package config

import (
	"net/netip"
	"strings"
	"testing"
)

// W44: a space is covered by networks exactly if each of its addresses is in one: tried on all
// addresses of small spaces, for networks that overlap, repeat and leave gaps.
func TestW44_Covered(t *testing.T) {
	space := netip.MustParsePrefix("10.0.0.0/28")
	for _, text := range []string{
		"", "10.0.0.0/28", "10.0.0.0/8", "10.0.0.0/29", "10.0.0.0/29 10.0.0.8/29", "10.0.0.0/29 10.0.0.8/30 10.0.0.12/31 10.0.0.14/32",
		"10.0.0.0/29 10.0.0.8/30 10.0.0.12/31 10.0.0.14/32 10.0.0.15/32", "10.0.0.8/29 10.0.0.8/29", "11.0.0.0/8 10.0.1.0/24",
		"10.0.0.0/30 10.0.0.0/29 10.0.0.4/30 10.0.0.8/29",
	} {
		var by []netip.Prefix
		for part := range strings.FieldsSeq(text) {
			by = append(by, netip.MustParsePrefix(part))
		}
		want := true
		for at := space.Addr(); space.Contains(at); at = at.Next() {
			in := false
			for _, p := range by {
				in = in || p.Contains(at)
			}
			want = want && in
		}
		if got := covered(space, by); got != want {
			t.Errorf("%q covers %s: %v", text, space, got)
		}
	}
}

// Whoever is reached by https without speaking it has a proxy, which ought to be named.
func TestProxyDoubt(t *testing.T) {
	for _, c := range []struct {
		base    string
		proxies []string
		doubt   bool
	}{
		{"https://pay.shop.example", nil, true}, {"https://pay.shop.example", []string{"10.0.0.0/8"}, false}, {"http://127.0.0.1:8080", nil, false},
	} {
		got := (&Config{Server: Server{BaseURL: c.base, TrustedProxies: c.proxies}}).ProxyDoubt()
		if (got != "") != c.doubt {
			t.Errorf("%s behind %v: %q", c.base, c.proxies, got)
		}
	}
}
