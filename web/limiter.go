package web

import (
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// limiterSize is how many names a limiter remembers at most, twice.
const limiterSize = 8192

// limiter counts what is done under a name. When its table is full the older half is forgotten, so
// its memory is bounded and forgetting is forgiving.
type limiter struct {
	perSecond rate.Limit
	burst     int

	mu         sync.Mutex
	young, old map[string]*rate.Limiter
}

func newLimiter(perSecond rate.Limit, burst int) *limiter {
	return &limiter{perSecond: perSecond, burst: burst, young: map[string]*rate.Limiter{}}
}

// allowed tells whether once more is permitted; it costs nothing.
func (l *limiter) allowed(name string, now time.Time) bool { return l.left(name, now) >= 1 }

// left is how often the name may do it at once.
func (l *limiter) left(name string, now time.Time) float64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	if b := l.find(name); b != nil {
		return b.TokensAt(now)
	}
	return float64(l.burst)
}

// charge takes one from the name.
func (l *limiter) charge(name string, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	b := l.find(name)
	if b == nil {
		b = rate.NewLimiter(l.perSecond, l.burst)
	}
	if len(l.young) >= limiterSize {
		l.old, l.young = l.young, map[string]*rate.Limiter{}
	}
	l.young[name] = b
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
