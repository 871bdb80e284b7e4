package web

import (
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strings"

	"github.com/labstack/echo/v4"
)

// forwarded finds out whose a request is that came through trusted proxies (W13).
type forwarded struct {
	proxies []*net.IPNet
	extract echo.IPExtractor
}

// newForwarded believes the proxies of some networks (CIDR), and nobody when there are none: not
// this machine, nor its neighbours, because they are near.
func newForwarded(networks []string) (*forwarded, error) {
	f := &forwarded{extract: echo.ExtractIPDirect()}
	if len(networks) == 0 {
		return f, nil
	}
	trust := []echo.TrustOption{echo.TrustLoopback(false), echo.TrustLinkLocal(false), echo.TrustPrivateNet(false)}
	for _, cidr := range networks {
		_, network, err := net.ParseCIDR(cidr)
		if err != nil {
			return nil, fmt.Errorf("web: trusted proxy %q is not a network: %w", cidr, err)
		}
		f.proxies = append(f.proxies, network)
		trust = append(trust, echo.TrustIPRange(network))
	}
	f.extract = echo.ExtractIPFromXFFHeader(trust...)
	return f, nil
}

// client is the address of whoever asks: the last one that a trusted proxy names, or the proxy
// itself where it names none. Some proxies write the client's port behind its address.
func (f *forwarded) client(r *http.Request) string {
	named := r.Header.Values(echo.HeaderXForwardedFor)
	if len(f.proxies) == 0 || !strings.Contains(strings.Join(named, ","), ":") {
		return f.extract(r)
	}
	hops := strings.Split(strings.Join(named, ","), ",")
	for i, hop := range hops {
		if at, err := netip.ParseAddrPort(strings.TrimSpace(hop)); err == nil {
			hops[i] = at.Addr().String()
		}
	}
	return f.extract(&http.Request{RemoteAddr: r.RemoteAddr, Header: http.Header{echo.HeaderXForwardedFor: {strings.Join(hops, ",")}}})
}

// unnamed tells whether a request is a trusted proxy's own as far as one can see: then it may be
// anybody's, and what it does is to be counted against nobody.
func (f *forwarded) unnamed(r *http.Request, client string) bool {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	ip := net.ParseIP(host)
	if err != nil || ip == nil || !ip.Equal(net.ParseIP(client)) {
		return false
	}
	for _, network := range f.proxies {
		if network.Contains(ip) {
			return true
		}
	}
	return false
}
