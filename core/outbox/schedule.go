package outbox

import "time"

// Schedule lists the pauses before the tries of a delivery: the first entry before the first try,
// which core makes due at once and which is 0 therefore. After the last try a delivery is a dead
// letter.
type Schedule []time.Duration

// DefaultSchedule is twelve tries over 75 hours: longer than a weekend, so that whoever finds the
// fault on Monday still gets everything.
func DefaultSchedule() Schedule {
	const h = time.Hour
	return Schedule{
		0, 5 * time.Second, 5 * time.Minute, 30 * time.Minute, 2 * h, 5 * h, 10 * h, 10 * h, 12 * h, 12 * h, 12 * h,
		11*h + 24*time.Minute + 55*time.Second,
	}
}

// after is the pause after tries tries, spread by a tenth to both sides so that a merchant who
// comes back is not met by everything at once; false when the tries are used up. random draws from
// [0, n).
func (s Schedule) after(tries int, random func(n int64) int64) (time.Duration, bool) {
	if tries >= len(s) {
		return 0, false
	}
	pause := s[tries]
	spread := pause / 10
	return pause - spread + draw(random, 2*spread), true
}

// whole is how long a delivery is tried for.
func (s Schedule) whole() time.Duration {
	var all time.Duration
	for _, pause := range s {
		all += pause
	}
	return all
}

// draw returns a random duration of 0 to most.
func draw(random func(n int64) int64, most time.Duration) time.Duration {
	if most <= 0 {
		return 0
	}
	return time.Duration(random(int64(most) + 1))
}
