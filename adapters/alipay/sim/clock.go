package alipaysim

import (
	"sync"
	"time"
)

// Clock is simulated time: it runs scale times as fast as its base and can be
// moved forward at will. With scale 0 it stands still between moves.
type Clock struct {
	mu       sync.Mutex
	base     func() time.Time
	scale    int64
	realMark time.Time
	simMark  time.Time
	moved    []chan<- struct{}
}

// NewClock starts at base's present. scale is simulated seconds per real second.
func NewClock(base func() time.Time, scale int) *Clock {
	now := base()
	return &Clock{base: base, scale: int64(scale), realMark: now, simMark: now}
}

// FrozenClock stands at the given instant until it is advanced.
func FrozenClock(at time.Time) *Clock {
	return NewClock(func() time.Time { return at }, 0)
}

// StartAt puts the clock at any instant. It is for a clock that nobody uses yet.
func (c *Clock) StartAt(t time.Time) *Clock {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.realMark, c.simMark = c.base(), t
	return c
}

// Now is the simulated instant in China time, which is the zone of the protocol.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now()
}

func (c *Clock) now() time.Time {
	elapsed := c.base().Sub(c.realMark)
	return c.simMark.Add(elapsed * time.Duration(c.scale)).In(chinaTime())
}

// Advance moves the clock forward and wakes those who wait on it. Servers run
// what has become due in the background; Server.Advance does so before it returns.
func (c *Clock) Advance(d time.Duration) {
	if d <= 0 {
		return
	}
	c.mu.Lock()
	c.simMark = c.simMark.Add(d)
	moved := c.moved
	c.mu.Unlock()
	for _, wake := range moved {
		select {
		case wake <- struct{}{}:
		default:
		}
	}
}

// moveTo puts the clock at t unless it is already later. Nobody is woken.
func (c *Clock) moveTo(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if gap := t.Sub(c.now()); gap > 0 {
		c.simMark = c.simMark.Add(gap)
	}
}

// reading is what the clock shows, and the real time with it if the two run
// equally fast: then one is known from the other over a restart.
func (c *Clock) reading() (shown, actual int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.scale == 1 {
		actual = c.base().UnixMilli()
	}
	return c.now().UnixMilli(), actual
}

// resume puts a clock on where a reading leaves it, but not before the last
// thing that happened: as far from real time as it was then, or, where the two
// did not run equally fast, at the same instant.
func (c *Clock) resume(shown, actual, last int64) {
	if _, present := c.reading(); actual != 0 && present > actual {
		shown += present - actual
	}
	c.StartAt(time.UnixMilli(max(shown, last)))
}

// races says whether time passes here that no reading tells.
func (c *Clock) races() bool { return c.scale > 1 }

// Ahead is how far the simulated time is before real time.
func (c *Clock) Ahead() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now().Sub(c.base())
}

// tell registers a channel that gets a token whenever the clock is advanced.
func (c *Clock) tell(wake chan<- struct{}) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.moved = append(c.moved, wake)
}

// untell undoes tell.
func (c *Clock) untell(wake chan<- struct{}) {
	c.mu.Lock()
	defer c.mu.Unlock()
	kept := make([]chan<- struct{}, 0, len(c.moved))
	for _, w := range c.moved {
		if w != wake {
			kept = append(kept, w)
		}
	}
	c.moved = kept
}

// realWait converts a simulated span to the real time it takes; false means it
// never passes by itself.
func (c *Clock) realWait(d time.Duration) (time.Duration, bool) {
	if c.scale <= 0 {
		return 0, false
	}
	return d/time.Duration(c.scale) + time.Millisecond, true
}

// chinaTime is GMT+8 without daylight saving: the zone of every time in the protocol.
func chinaTime() *time.Location { return time.FixedZone("CST", 8*60*60) }

const stampLayout = "2006-01-02 15:04:05"

// stamp writes an instant (epoch milliseconds) the way the protocol does; zero is empty.
func stamp(ms int64) string {
	if ms == 0 {
		return ""
	}
	return time.UnixMilli(ms).In(chinaTime()).Format(stampLayout)
}

// stampMillis is stamp with milliseconds, as gmt_refund has them.
func stampMillis(ms int64) string {
	if ms == 0 {
		return ""
	}
	return time.UnixMilli(ms).In(chinaTime()).Format(stampLayout + ".000")
}
