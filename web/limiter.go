package web

import (
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// How many refused messages one address may send: a burst, then so many per second. Refused ones
// alone count, so a gateway that signs well is never slowed, and a bucket fills again by itself, so
// nobody is shut out for good (C37).
const (
	notifyRate  = 5
	notifyBurst = 50
	// openBurst is how often a page may be signed at once; after that once in openPauseSeconds.
	// Whoever has a link could else spend our processor.
	openBurst        = 10
	openPauseSeconds = 5
	// limiterSize is how many addresses are remembered at most, twice.
	limiterSize = 8192
)

// limiter counts failures by address. When its table is full the older half is forgotten, so its
// memory is bounded and forgetting is forgiving.
type limiter struct {
	perSecond rate.Limit
	burst     int

	mu         sync.Mutex
	young, old map[string]*rate.Limiter
}

func newLimiter(perSecond rate.Limit, burst int) *limiter {
	return &limiter{perSecond: perSecond, burst: burst, young: map[string]*rate.Limiter{}}
}

// allowed tells whether the address may try; it costs nothing.
func (l *limiter) allowed(ip string, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	b := l.find(network(ip))
	return b == nil || b.TokensAt(now) >= 1
}

// charge takes one from the address or page.
func (l *limiter) charge(ip string, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	key := network(ip)
	b := l.find(key)
	if b == nil {
		b = rate.NewLimiter(l.perSecond, l.burst)
	}
	if len(l.young) >= limiterSize {
		l.old, l.young = l.young, map[string]*rate.Limiter{}
	}
	l.young[key] = b
	b.AllowN(now, 1)
}

func (l *limiter) find(key string) *rate.Limiter {
	if b := l.young[key]; b != nil {
		return b
	}
	return l.old[key]
}

// network folds an IPv6 address to its /64, which is one customer.
func network(ip string) string {
	addr, err := netip.ParseAddr(ip)
	if err != nil {
		return ip
	}
	addr = addr.Unmap().WithZone("")
	if addr.Is4() {
		return addr.String()
	}
	prefix, err := addr.Prefix(64)
	if err != nil {
		return ip
	}
	return prefix.String()
}
