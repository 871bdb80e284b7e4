package core

import "time"

// Our own timing, in one place. What a gateway's habits force on it says the account: Grace,
// LeastTime and RefundLag.
const (
	// callLease is how long a call to the gateway may be under way before another process may take
	// it for dead.
	callLease = 20 * time.Second
	// lateWatch is how long after expiry a closed attempt is asked for once more (S03).
	lateWatch = 30 * time.Minute
	// alarmAfter is how long after its grace an unsettled attempt or refund alarms a person, again
	// at every inquiry (B15).
	alarmAfter = time.Hour
	// sumPatience is how long after a trade's refunded sum was first told a second answer must tell
	// it again before the books follow.
	sumPatience = time.Minute
	// personAfter is how long what nobody can tell waits before it is put on a person's list.
	personAfter = 24 * time.Hour
	// payerKept is how long a buyer's identity outlives its payment's expiry.
	payerKept = 30 * 24 * time.Hour
)

// askAfter is the growing pause between inquiries about something unknown. It never ends: unknown
// is not given up.
func askAfter(tries int) time.Duration {
	steps := []time.Duration{
		5 * time.Second, 10 * time.Second, 30 * time.Second, time.Minute, 2 * time.Minute, 5 * time.Minute, 15 * time.Minute, time.Hour,
		6 * time.Hour, 24 * time.Hour,
	}
	return steps[min(max(tries, 0), len(steps)-1)]
}

// pollAfter is the pause between looks at an attempt that can be paid, in case the gateway's
// notification never comes (G18).
func pollAfter(tries int) time.Duration {
	steps := []time.Duration{15 * time.Second, 30 * time.Second, time.Minute, 2 * time.Minute, 5 * time.Minute}
	return steps[min(max(tries, 0), len(steps)-1)]
}

// noTime is the zero time: nothing is due.
func noTime() time.Time { return time.Time{} }
