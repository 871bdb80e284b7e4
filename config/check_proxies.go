package config

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

// checkProxies refuses trusted proxies that are everybody, in one network or in many: a client
// would then say itself who it is.
func checkProxies(given []string, problems *Problems) {
	const mend = "name the proxies' own network"
	var v4, v6 []netip.Prefix
	for i, text := range given {
		p, err := netip.ParsePrefix(text)
		if err != nil { // reported by its shape
			continue
		}
		p = asIPv4(p)
		if p.Bits() == 0 {
			problems.add(fmt.Sprintf("server.trusted_proxies[%d]", i), "trusts everybody", mend)
			return
		}
		if p.Addr().Is4() {
			v4 = append(v4, p)
		} else {
			v6 = append(v6, p)
		}
	}
	// What no client on the Internet has for an address need not be named for the rest to be
	// everybody.
	for _, nobody := range []string{"0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16", "224.0.0.0/3"} {
		v4 = append(v4, netip.MustParsePrefix(nobody))
	}
	if covered(netip.MustParsePrefix("0.0.0.0/0"), v4) || covered(netip.MustParsePrefix("2000::/3"), v6) {
		problems.add("server.trusted_proxies", "add up to everybody", mend)
	}
}

// asIPv4 writes a network of addresses like ::ffff:10.0.0.0 as the IPv4 network that it is.
func asIPv4(p netip.Prefix) netip.Prefix {
	if p.Addr().Is4In6() && p.Bits() >= 96 {
		return netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-96).Masked()
	}
	return p.Masked()
}

// covered tells whether every address of the space is in one of the networks.
func covered(space netip.Prefix, by []netip.Prefix) bool {
	by = slices.DeleteFunc(slices.Clone(by), func(p netip.Prefix) bool { return !p.Overlaps(space) })
	if slices.ContainsFunc(by, func(p netip.Prefix) bool { return p.Bits() <= space.Bits() }) {
		return true
	}
	if len(by) == 0 || space.Bits() == space.Addr().BitLen() {
		return false
	}
	low := netip.PrefixFrom(space.Addr(), space.Bits()+1)
	return covered(low, by) && covered(netip.PrefixFrom(upperHalf(space), space.Bits()+1), by)
}

// upperHalf is the first address of a network's second half.
func upperHalf(p netip.Prefix) netip.Addr {
	raw := p.Addr().AsSlice()
	raw[p.Bits()/8] |= 0x80 >> (p.Bits() % 8)
	at, _ := netip.AddrFromSlice(raw) // as long as it was
	return at
}

// ProxyDoubt tells what is doubtful about a configuration that names no proxy although the world
// reaches it by https, which paymux does not speak: everybody then seems to be the proxy, and
// shares its limits. It is "" where there is no doubt.
func (c *Config) ProxyDoubt() string {
	if len(c.Server.TrustedProxies) > 0 || !strings.HasPrefix(c.Server.BaseURL, "https://") {
		return ""
	}
	return "server.base_url is https, so a proxy stands in front, but server.trusted_proxies names none: " +
		"all clients share the limits of one address, and none is told from another; name the proxy's network"
}
