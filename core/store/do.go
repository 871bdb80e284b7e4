package store

import (
	"context"
	"math/rand/v2"
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

	// witness is set while a commit of this unit has no answer: the row by which it would be
	// recognised.
	witness *write
}

func (j *job) settle(err error) {
	j.settled, j.err = true, err
}

// Do runs the unit as core.Store says.
func (s *Store) Do(ctx context.Context, u core.Unit) (core.Verdict, error) {
	if err := ctx.Err(); err != nil {
		return core.Verdict{}, unavailable("the request ended before the database was asked", err)
	}
	j := &job{unit: u, wake: make(chan struct{})}
	s.writerOf(u).run(ctx, j)
	if j.panicked != nil {
		panic(j.panicked)
	}
	return j.verdict, j.err
}

// alone runs a unit in transactions of its own until it is settled.
func (s *Store) alone(j *job) {
	patience := s.patience()
	for try := 0; !j.settled; try++ {
		if j.verdict.Runs >= core.MaxRuns || try >= 2*core.MaxRuns {
			j.settle(core.Errorf(core.CodeContended, "other writers were first %d times", try))
			return
		}
		r := s.round([]*job{j})
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
				return
			}
		}
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
