// Package jobs does by itself what nobody asks for: it settles unknown outcomes, closes what has
// expired, applies messages that had to wait, and runs the chores that keep the database small and
// its audit log sealed.
//
// A sweep finds what is due; a [Queue] of hints makes it punctual: [Timers] inside the process, a
// shared [JetStream], or [NoQueue].
//
// It knows when work is due and how much of it may run at once. It does not know what the work is:
// that is a [Handler], and wiring hands over the cashier's use cases. The database is the truth;
// whatever a sweep misses, the next one meets again.
package jobs
