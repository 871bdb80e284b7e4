package coretest

import (
	"sync"
	"time"

	"github.com/paymux/paymux/core"
)

// Clock moves only when told. Any number of goroutines may use it.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

var _ core.Clock = (*Clock)(nil)

// NewClock returns a clock that stands at a time.
func NewClock(now time.Time) *Clock { return &Clock{now: now} }

// Now implements core.Clock.
func (c *Clock) Now() time.Time { c.mu.Lock(); defer c.mu.Unlock(); return c.now }

// Advance moves the clock by d, which may be negative.
func (c *Clock) Advance(d time.Duration) { c.mu.Lock(); defer c.mu.Unlock(); c.now = c.now.Add(d) }

// Set moves the clock to a time.
func (c *Clock) Set(now time.Time) { c.mu.Lock(); defer c.mu.Unlock(); c.now = now }

// Wall is the real clock, or that of the synctest bubble which a test runs in, ahead by itself.
type Wall time.Duration

// Now implements core.Clock.
func (ahead Wall) Now() time.Time { return time.Now().Add(time.Duration(ahead)) }
