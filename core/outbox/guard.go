package outbox

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"syscall"
)

// ErrForbiddenAddress says that a host resolved to an address that webhooks may not reach.
var ErrForbiddenAddress = errors.New("the address is not public")

// Policy says where webhooks may go.
type Policy struct {
	// AllowPrivate opens the machine itself, private networks, plain http and any port: for the
	// sandbox and the demo, never for production. Link-local addresses, where clouds keep their
	// credentials, stay closed.
	AllowPrivate bool
	// OwnHosts are the names under which paymux itself is reached; webhooks to them would loop
	// (H13).
	OwnHosts []string
	// OwnPorts are the ports paymux listens on; on this machine's own addresses they stay closed
	// even with AllowPrivate.
	OwnPorts []uint16
}

// control is asked by the dialler about every address it is about to connect to, after the name was
// resolved: whatever the name was and whatever it resolves to the next time, what is checked is
// what is dialled (H01, H02).
func (p Policy) control(_ context.Context, network, address string, _ syscall.RawConn) error {
	if network != "tcp4" && network != "tcp6" {
		return fmt.Errorf("%w: %s", ErrForbiddenAddress, network)
	}
	at, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("%w: %s", ErrForbiddenAddress, address)
	}
	if !p.permits(at) {
		// without the address: what a name inside resolves to is nobody's business
		return ErrForbiddenAddress
	}
	return nil
}

// permits judges one resolved address.
func (p Policy) permits(at netip.AddrPort) bool {
	ip := at.Addr()
	if ip.Zone() != "" {
		return false
	}
	ip = ip.Unmap()
	if p.AllowPrivate && (ip.IsLoopback() || ip.IsPrivate()) {
		return !slices.Contains(p.OwnPorts, at.Port())
	}
	return p.port(at.Port()) && public(ip)
}

// port tells whether a port may be dialled: 443, or any in the sandbox.
func (p Policy) port(port uint16) bool { return p.AllowPrivate || port == 443 }

// public tells whether an address is one of the Internet at large: none of the special ranges of
// IANA's registries (RFC 6890 and its updates), none that embed or relay to another address, no
// multicast.
func public(ip netip.Addr) bool {
	for _, r := range special() {
		if r.Contains(ip) {
			return false
		}
	}
	return ip.Is4() || globalUnicast().Contains(ip)
}

// globalUnicast is all of IPv6 that is given out so far.
func globalUnicast() netip.Prefix { return netip.MustParsePrefix("2000::/3") }

// special lists the ranges within 0.0.0.0/0 and 2000::/3 that are not the Internet at large.
// Everything else of IPv6 (::, ::1, v4-mapped, 64:ff9b::, unique local, link-local, multicast) is
// outside 2000::/3 already.
func special() []netip.Prefix {
	return []netip.Prefix{
		netip.MustParsePrefix("0.0.0.0/8"),       // this network
		netip.MustParsePrefix("10.0.0.0/8"),      // private
		netip.MustParsePrefix("100.64.0.0/10"),   // carriers' NAT
		netip.MustParsePrefix("127.0.0.0/8"),     // loopback
		netip.MustParsePrefix("169.254.0.0/16"),  // link-local, cloud metadata
		netip.MustParsePrefix("172.16.0.0/12"),   // private
		netip.MustParsePrefix("192.0.0.0/24"),    // protocol assignments
		netip.MustParsePrefix("192.0.2.0/24"),    // documentation
		netip.MustParsePrefix("192.31.196.0/24"), // AS112
		netip.MustParsePrefix("192.52.193.0/24"), // AMT
		netip.MustParsePrefix("192.88.99.0/24"),  // 6to4 relays
		netip.MustParsePrefix("192.168.0.0/16"),  // private
		netip.MustParsePrefix("192.175.48.0/24"), // AS112
		netip.MustParsePrefix("198.18.0.0/15"),   // benchmarks
		netip.MustParsePrefix("198.51.100.0/24"), // documentation
		netip.MustParsePrefix("203.0.113.0/24"),  // documentation
		netip.MustParsePrefix("224.0.0.0/4"),     // multicast
		netip.MustParsePrefix("240.0.0.0/4"),     // reserved, broadcast
		// protocol assignments: Teredo, ORCHID, benchmarks
		netip.MustParsePrefix("2001::/23"),
		netip.MustParsePrefix("2001:db8::/32"), // documentation
		netip.MustParsePrefix("2002::/16"),     // 6to4, embeds any IPv4 address
		netip.MustParsePrefix("2620:4f:8000::/48"),
		netip.MustParsePrefix("3fff::/20"), // documentation
	}
}
