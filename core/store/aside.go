package store

import (
	"context"
	"errors"
	"time"

	"gorm.io/gorm"
)

// asides is how many units run beside the writers at once, each on a connection of its own.
const asides = 2

// lane is where a transaction runs, and how it meets rows that another session holds.
type lane struct {
	db *gorm.DB
	// brisk: it is told of a held row at once, if the engine can; else after a second.
	brisk bool
	// clause: locks are asked for by NOWAIT, because the session cannot be told to be brisk.
	clause bool
	// aside: it may wait for rows that are known to be held. Everywhere else a unit that names such
	// a row is left untried and sent here.
	aside bool
}

// shared is the lane of the writers. While rows are held they do not wait for locks: whoever meets
// one goes aside, and those who share the commit do not pay for it.
func (s *Store) shared() lane {
	if s.held.isTense(time.Now()) {
		return s.brisk()
	}
	return lane{db: s.write}
}

func (s *Store) brisk() lane {
	if s.quick == nil {
		return lane{db: s.write}
	}
	return lane{db: s.quick, brisk: true, clause: s.clause}
}

// note remembers what a unit alone did not get, and returns the line that it must stand in.
func (s *Store) note(l *line, r result) *line {
	l, tell := s.held.note(l, r.what.claims, time.Now())
	if s.config.Waited != nil {
		s.config.Waited(LockWait{Table: r.what.table, ID: r.what.id, Tell: tell})
	}
	return l
}

// briefly is how long a unit that comes again anyway waits for rows that another session holds.
const briefly = 1500 * time.Millisecond

type briefKey struct{}

// Brief marks the work of callers that come again by themselves, such as jobs: their units wait for
// rows that another session holds for 1.5 seconds at most, so that the rows of one order do not
// occupy all workers.
func Brief(ctx context.Context) context.Context { return context.WithValue(ctx, briefKey{}, true) }

// within bounds how long a unit may wait aside.
func (s *Store) within(ctx context.Context) (context.Context, context.CancelFunc) {
	if ctx.Value(briefKey{}) != nil {
		return context.WithTimeout(ctx, briefly)
	}
	if _, ok := ctx.Deadline(); ok {
		return ctx, func() {}
	}
	return context.WithTimeout(ctx, 2*s.config.Timeout)
}

// runAside runs a unit by itself until it is settled: again and again while another session holds
// its rows, as long as its caller waits. At most one unit of a line tries at a time, and at most
// two of all; each try takes a place anew, so that several lines take turns.
func (s *Store) runAside(ctx context.Context, j *job, l *line) {
	ctx, cancel := s.within(ctx)
	defer cancel()
	if s.config.Aside != nil {
		s.config.Aside(1)
		defer s.config.Aside(-1)
	}
	if !s.take(ctx, l.turn) {
		s.gaveUp(ctx, j)
		return
	}
	defer func() { <-l.turn }()
	patience := s.patience()
	for try := 0; !j.settled; {
		if !s.take(ctx, s.places) {
			s.gaveUp(ctx, j)
			return
		}
		r := s.bout(ctx, j)
		switch {
		case r.end == endWaited:
			s.note(l, r)
		case ctx.Err() != nil && (r.end == endBroken || r.end == endConflict):
			s.gaveUp(ctx, j)
			return
		default:
			s.follow(j, r, try, patience)
			try++
		}
	}
	s.held.free(l)
}

// bout is one try in a place of those that run aside.
func (s *Store) bout(ctx context.Context, j *job) result {
	defer func() { <-s.places }()
	return s.round(ctx, lane{db: s.side, aside: true}, []*job{j})
}

// take waits for room in places; false when the caller leaves first, or the store does.
func (s *Store) take(ctx context.Context, places chan struct{}) bool {
	if ctx.Err() != nil {
		return false
	}
	select {
	case places <- struct{}{}:
		return true
	case <-ctx.Done():
		return false
	case <-s.gone:
		return false
	}
}

// gaveUp settles a unit whose caller's time is over.
func (s *Store) gaveUp(ctx context.Context, j *job) {
	err := ctx.Err()
	if err == nil {
		err = errors.New("the store is closed")
	}
	if j.witness != nil {
		j.settle(unavailable("the database did not answer a commit; it may have been done", err))
		return
	}
	j.settle(unavailable("another session of the database holds this order's rows; nothing was written", err))
}
