package web

import (
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// How often a page may be signed. Whoever has a link could else spend our processor; and it must
// not be theirs to spend the buyer's own tries.
const (
	// openBurst is how often one client may open a page at once; after that once in
	// openPauseSeconds.
	openBurst        = 10
	openPauseSeconds = 5
	// calmBurst bounds all clients of a page that have fewer than openCalm of their own openings
	// behind them, or waited since: so many at once, then calmPerSecond.
	openCalm      = 5
	calmBurst     = 1000
	calmPerSecond = 10
	// eagerBurst bounds all others of the page, apart from those: who comes anew, or now and then,
	// does not wait for the ones that come again and again.
	eagerBurst     = 60
	eagerPerSecond = 1
)

// opens decides who may open a page: a bound for each client, and two for all clients of the page.
type opens struct {
	mu                    sync.Mutex
	byClient, calm, eager *limiter
}

func newOpens() *opens {
	return &opens{
		byClient: newLimiter(rate.Limit(1.0/openPauseSeconds), openBurst), calm: newLimiter(calmPerSecond, calmBurst),
		eager: newLimiter(eagerPerSecond, eagerBurst),
	}
}

// allow counts an opening of the page by the client, where it may be.
func (o *opens) allow(page, client string, now time.Time) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	own, all := page+" "+client, o.calm
	left := o.byClient.left(own, now)
	if left <= openBurst-openCalm {
		all = o.eager
	}
	if left < 1 || !all.allowed(page, now) {
		return false
	}
	o.byClient.charge(own, now)
	all.charge(page, now)
	return true
}
