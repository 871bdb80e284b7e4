package alipaysim_test

import (
	"testing"
	"time"

	alipaysim "github.com/paymux/paymux/adapters/alipay/sim"
)

// The clock goes on where it was: what was advanced stays advanced, and real
// time that passed meanwhile has passed here too.
func TestTheClockGoesOnAfterARestart(t *testing.T) {
	base := testInstant()
	start := func(path string, scale int, at time.Time) (*rig, func(time.Duration) *alipaysim.Server) {
		clock := func() *alipaysim.Clock { return alipaysim.NewClock(func() time.Time { return base }, scale) }
		r := newRig(t, onDisk(path), func(c *alipaysim.Config) { c.Manual, c.Clock = true, clock().StartAt(at) })
		return r, func(down time.Duration) *alipaysim.Server {
			r.http.Close()
			if err := r.server.Close(); err != nil {
				t.Fatal(err)
			}
			base = base.Add(down)
			r.cfg.Clock = clock()
			r.start()
			return r.server
		}
	}
	for name, c := range map[string]struct {
		scale  int
		at     time.Time // where a new book begins
		resume time.Duration
	}{
		"as fast as real time":   {1, base, 26 * time.Hour},
		"begun in the past":      {1, base.AddDate(-1, 0, 0), 26 * time.Hour},
		"standing still":         {0, base, 25 * time.Hour},
		"sixty times as fast":    {60, base, 25 * time.Hour},
		"still, and in the past": {0, base.AddDate(-1, 0, 0), 25 * time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			base = testInstant()
			r, restart := start(t.TempDir()+"/book", c.scale, c.at)
			r.advance(25 * time.Hour) // nothing is due, nothing else is booked
			if got := restart(time.Hour).Clock().Now(); !got.Equal(c.at.Add(c.resume)) {
				t.Fatalf("%v, want %v", got, c.at.Add(c.resume))
			}
			if got := restart(0).Clock().Now(); !got.Equal(c.at.Add(c.resume)) {
				t.Fatalf("the second restart: %v", got)
			}
		})
	}
}
