package app

import (
	"log/slog"
	"sync"
	"time"

	"github.com/paymux/paymux/core"
)

const (
	// tracedEvery is how often at most a rejected message of one account and reason leaves a row.
	tracedEvery = 10 * time.Minute
	// maxForged bounds the pairs of account and reason that are remembered; of others nothing is
	// written.
	maxForged = 10_000
)

// forged implements core.Sampler: the first message of its kind is written at once, those that
// follow are counted, and the first of the next interval says how many there were.
type forged struct {
	logger *slog.Logger

	mu    sync.Mutex
	kinds map[forgedKind]*forgedCount
}

type forgedKind struct {
	account string
	reason  core.Code
}

type forgedCount struct {
	traced   time.Time // when a row was written last
	untraced int64     // since then
	told     int64     // of these, how many the log knows
}

// Sample implements core.Sampler.
func (f *forged) Sample(account string, reason core.Code, now time.Time) (traced bool, untraced int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	kind := forgedKind{account, reason}
	count := f.kinds[kind]
	switch {
	case count == nil && len(f.kinds) >= maxForged:
		return false, 0
	case count == nil:
		if f.kinds == nil {
			f.kinds = map[forgedKind]*forgedCount{}
		}
		f.kinds[kind] = &forgedCount{traced: now}
		return true, 0
	case now.Sub(count.traced) < tracedEvery:
		count.untraced++
		return false, 0
	}
	untraced = count.untraced
	*count = forgedCount{traced: now}
	return true, untraced
}

// tell logs what was counted only, one line for each account and reason, and forgets what has been
// quiet. It is called by a chore.
func (f *forged) tell(now time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for kind, count := range f.kinds {
		if fresh := count.untraced - count.told; fresh > 0 {
			f.logger.Warn("messages were rejected and only counted", "account", kind.account, "reason", kind.reason, "count", fresh)
			count.told = count.untraced
		} else if now.Sub(count.traced) >= tracedEvery && count.untraced == 0 {
			delete(f.kinds, kind)
		}
	}
}
