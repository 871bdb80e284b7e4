package web

import (
	"math"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Allowance is what a key, or a merchant with all its keys, may ask of the server. Zero means no
// limit of its own.
type Allowance struct {
	PerSecond  int // requests a second, on average
	Burst      int // requests at once; PerSecond where it is zero
	Concurrent int // requests under way, those that wait for a place included
}

// allowances holds keys and merchants to what they are allowed. What each has used outlives a
// reload of the configuration; a changed limit counts from its next request on.
type allowances struct {
	mu   sync.Mutex
	used map[string]*usage
}

type usage struct {
	allowed Allowance
	bucket  *rate.Limiter
	running int
}

func newAllowances() *allowances { return &allowances{used: map[string]*usage{}} }

// enter counts a request of the key, for itself and for its merchant: for both, or for none. leave
// is to be called once.
func (a *allowances) enter(key Key, now time.Time) (leave func(), err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	held := []*usage{a.of("key "+key.ID, key.Limits, now), a.of("merchant "+key.MerchantID, key.MerchantLimits, now)}
	for i, whose := range []string{"this key", "this merchant"} {
		if err := held[i].refusal(whose, now); err != nil {
			return nil, err
		}
	}
	for _, u := range held {
		u.running++
		if u.allowed.PerSecond > 0 {
			u.bucket.AllowN(now, 1)
		}
	}
	return func() {
		a.mu.Lock()
		defer a.mu.Unlock()
		for _, u := range held {
			u.running--
		}
	}, nil
}

// of finds what has been used under a name, and takes over a limit that was changed.
func (a *allowances) of(name string, allowed Allowance, now time.Time) *usage {
	u := a.used[name]
	if u == nil {
		u = &usage{}
		if allowed != (Allowance{}) { // without a limit there is nothing to remember
			a.used[name] = u
		}
	}
	if u.allowed == allowed {
		return u
	}
	burst := allowed.Burst
	if burst == 0 {
		burst = allowed.PerSecond
	}
	if u.allowed.PerSecond == 0 {
		u.bucket = rate.NewLimiter(rate.Limit(allowed.PerSecond), burst)
	}
	u.bucket.SetLimitAt(now, rate.Limit(allowed.PerSecond))
	u.bucket.SetBurstAt(now, burst)
	u.allowed = allowed
	return u
}

// refusal says why one request more is too many; nil where it is not.
func (u *usage) refusal(whose string, now time.Time) error {
	if u.allowed.Concurrent > 0 && u.running >= u.allowed.Concurrent {
		return tooMany("too many requests of "+whose+" are under way", 1)
	}
	if u.allowed.PerSecond == 0 {
		return nil
	}
	missing := 1 - u.bucket.TokensAt(now)
	if missing <= 0 {
		return nil
	}
	return tooMany(whose+" sends more requests a second than it may", int(math.Ceil(missing/float64(u.allowed.PerSecond))))
}
