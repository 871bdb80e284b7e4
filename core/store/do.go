package store

import (
	"context"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"github.com/paymux/paymux/core"
)

// job is one unit on its way through the store.
type job struct {
	unit core.Unit
	wake chan struct{} // closed when the unit is settled, or when its caller must lead
	lead bool          // the caller woke up to lead

	settled  bool
	verdict  core.Verdict
	err      error
	panicked any // what Decide panicked with: it is thrown again in the caller

	// line is set when the unit names rows that another session holds: those it must stand in.
	line *line

	stake atomic.Int32 // one of those below

	// witness is set while a commit of this unit has no answer: the row by which it would be
	// recognised.
	witness *write
}

// Whether a job's caller may leave: not while its Decide may run, which may write to the caller's
// variables, nor when a commit of it is under way or has no answer.
const (
	stakeNone int32 = iota
	stakeHeld
	stakeLeft // its caller has left
)

// start says that the job's Decide may run from now on; false when its caller has left.
func (j *job) start() bool {
	return j.stake.CompareAndSwap(stakeNone, stakeHeld) || j.stake.Load() == stakeHeld
}

// rest says that nothing of the job is under way, unless a commit of it has no answer.
func (j *job) rest() {
	if !j.settled && j.witness == nil {
		j.stake.CompareAndSwap(stakeHeld, stakeNone)
	}
}

// leave says that the caller leaves; false when it must stay.
func (j *job) leave() bool { return j.stake.CompareAndSwap(stakeNone, stakeLeft) }

func (j *job) settle(err error) {
	j.settled, j.err = true, err
}

// Do runs the unit as core.Store says.
func (s *Store) Do(ctx context.Context, u core.Unit) (core.Verdict, error) {
	if err := ctx.Err(); err != nil {
		return core.Verdict{}, unavailable("the request ended before the database was asked", err)
	}
	j := &job{unit: u, wake: make(chan struct{}), line: s.held.of(claimsOf(u.Keys), time.Now())}
	if j.line == nil && !s.writerOf(u).run(ctx, j) {
		return core.Verdict{}, unavailable("the request ended while it waited for the database; nothing was written", ctx.Err())
	}
	if j.line != nil && !j.settled {
		s.runAside(ctx, j, j.line)
	}
	if j.panicked != nil {
		panic(j.panicked)
	}
	return j.verdict, j.err
}

// brisks is how often a writer whose session does not wait for locks asks for one: what holds it
// may be another commit on its way.
const brisks = 3

// alone runs a unit in transactions of its own until it is settled, or must go aside.
func (s *Store) alone(j *job) {
	patience, waits := s.patience(), 0
	for try := 0; !j.settled && j.line == nil; try++ {
		l := s.shared()
		r := s.round(context.Background(), l, []*job{j})
		if r.end != endWaited {
			s.follow(j, r, try, patience)
			continue
		}
		if waits++; l.brisk && !l.clause && waits < brisks {
			pause(2*time.Millisecond, waits)
			continue
		}
		j.line = s.note(nil, r)
	}
}

// follow does what a round's end asks for.
func (s *Store) follow(j *job, r result, try int, patience func(result) bool) {
	switch r.end {
	case endMissed:
		pause(0, try) // locks and the next read tell more than waiting does
	case endConflict:
		pause(time.Millisecond, try)
	case endDuplicate:
		s.duplicate(j, r.unique)
	case endRefused:
		j.settle(&core.Error{Code: core.CodeInternal, Message: "the database refuses a row", Err: r.err})
	case endBroken, endUnknown:
		if !patience(r) {
			s.despair(j, r)
		}
	}
	if !j.settled && (j.verdict.Runs >= core.MaxRuns || try+1 >= 2*core.MaxRuns) {
		j.settle(core.Errorf(core.CodeContended, "other writers were first %d times", try+1))
	}
}

// duplicate settles a unit whose insert met a taken key. If an earlier commit of the unit has no
// answer, the key may be its own.
func (s *Store) duplicate(j *job, unique core.Unique) {
	if j.witness != nil {
		found, err := s.seen(s.write, j.witness)
		if err != nil {
			j.settle(unavailable("a commit was not answered and cannot be looked up", err))
			return
		}
		if found {
			j.settle(nil)
			return
		}
	}
	j.verdict.Duplicate = unique
	j.settle(nil)
}

// despair settles a unit that the database gave no answer for.
func (s *Store) despair(j *job, r result) {
	if r.end == endUnknown || j.witness != nil {
		j.settle(unavailable("the database did not answer a commit; it may have been done", r.err))
		return
	}
	j.settle(unavailable("the database does not answer; nothing was written", r.err))
}

// patience returns a function that says whether to try once more after trouble with the connection:
// three times at most, and not beyond twice the time-out, so that callers get an answer while they
// still wait (D18).
func (s *Store) patience() func(result) bool {
	start, tries := time.Now(), 0
	return func(result) bool {
		tries++
		if tries >= 3 || time.Since(start) > 2*s.config.Timeout {
			return false
		}
		pause(20*time.Millisecond, tries)
		return true
	}
}

// pause waits a moment, longer after each try and never the same for two writers.
func pause(base time.Duration, try int) {
	if base == 0 {
		return
	}
	<-time.After(base + time.Duration(rand.Int64N(int64(base)*int64(min(try+1, 16))))) //nolint:gosec // G404: jitter is no secret
}
