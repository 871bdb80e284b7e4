package store

import (
	"context"
	"hash/maphash"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/paymux/paymux/core"
)

// maxJoined is how many units one commit takes at most.
const maxJoined = 256

// writer runs units one commit at a time. Whoever comes while nothing runs leads: a lone caller
// goes straight to the database, with nothing in between. Whoever comes while a commit is under way
// waits, and one of those who wait leads the next commit for all of them. So the slower the disk,
// the more units share its one flush, and there is no goroutine of its own to start or stop.
type writer struct {
	store *Store

	mu     sync.Mutex
	busy   bool
	closed bool
	queue  []*job

	commits, units atomic.Int64 // for tests and benchmarks: how many units shared how many commits
}

// writerOf spreads units over the writers; what shares its first key shares its writer, so that
// callers for one order meet in one queue.
func (s *Store) writerOf(u core.Unit) *writer {
	if len(s.writers) == 1 || len(u.Keys) == 0 {
		return s.writers[0]
	}
	return s.writers[maphash.String(s.seed, u.Keys[0].Value)%uint64(len(s.writers))]
}

// run returns when the job is settled, or must go aside. When ctx ends before, it returns false and
// the job is given up, unless it leads or something of it is at stake: then it is seen through.
func (w *writer) run(ctx context.Context, j *job) bool {
	w.mu.Lock()
	if w.closed {
		w.mu.Unlock()
		j.settle(unavailable("the store is closed", nil))
		return true
	}
	if w.busy {
		w.queue = append(w.queue, j)
		w.mu.Unlock()
		select {
		case <-j.wake:
		case <-ctx.Done():
			if w.leave(j) {
				return false
			}
			<-j.wake
		}
		if !j.lead {
			return true
		}
	} else {
		w.busy = true
		w.mu.Unlock()
	}
	w.leadFrom(j)
	return true
}

// leave gives a job up that waits in the queue, or in a commit that has not come to it yet; false
// when it must be seen through.
func (w *writer) leave(j *job) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if j.lead || !j.leave() {
		return false
	}
	w.queue = slices.DeleteFunc(w.queue, func(q *job) bool { return q == j })
	return true
}

// leadFrom runs one commit for j and those who wait, and hands the lead to the next.
func (w *writer) leadFrom(j *job) {
	w.mu.Lock()
	n := min(len(w.queue), maxJoined-1)
	if w.store.config.alone {
		n = 0
	}
	batch := append([]*job{j}, w.queue[:n]...)
	w.queue = append([]*job(nil), w.queue[n:]...)
	w.mu.Unlock()
	defer w.handOver(batch)
	w.commits.Add(1)
	w.units.Add(int64(len(batch)))
	w.store.together(batch)
}

// handOver wakes those who are settled, puts back those who must see this commit's rows first, and
// makes the next caller lead.
func (w *writer) handOver(batch []*job) {
	w.mu.Lock()
	defer w.mu.Unlock()
	var back []*job
	for i, q := range batch {
		switch {
		case q.settled && i > 0:
			close(q.wake)
		case q.line != nil && i > 0:
			close(q.wake) // its caller goes aside
		case q.line != nil || q.stake.Load() == stakeLeft:
		case !q.settled && i > 0:
			back = append(back, q)
		case !q.settled:
			// only a leader that never came back from Decide: a test that ended inside it
			q.settle(core.Errorf(core.CodeInternal, "Decide did not return"))
		}
	}
	w.queue = append(back, w.queue...)
	if len(w.queue) == 0 {
		w.busy = false
		return
	}
	next := w.queue[0]
	w.queue = w.queue[1:]
	next.lead = true
	close(next.wake)
}

// close refuses new units and waits for those that run.
func (w *writer) close() {
	last := &job{unit: core.Unit{Decide: func(core.View) (core.Writes, error) { return core.Writes{}, nil }}, wake: make(chan struct{})}
	w.mu.Lock()
	w.closed = true
	if !w.busy {
		w.mu.Unlock()
		return
	}
	w.queue = append(w.queue, last)
	w.mu.Unlock()
	<-last.wake
	if last.lead {
		w.leadFrom(last)
	}
}

// together settles the first job of a batch and as many of the others as it can; those left must
// see fresh rows.
func (s *Store) together(batch []*job) {
	if len(batch) == 1 {
		s.alone(batch[0])
		return
	}
	patience := s.patience()
	for {
		r := s.round(context.Background(), s.shared(), batch)
		switch r.end {
		case endSettled:
			return
		case endBroken, endUnknown:
			if patience(r) {
				continue
			}
			for _, j := range batch {
				if !j.settled && j.line == nil {
					s.despair(j, r)
				}
			}
			return
		case endWaited:
			// the others have waited long enough: who meets the held row now goes aside
			s.held.alarm(time.Now())
		}
		// one of them fails: the others must come out as if each had run alone
		for _, j := range r.tried {
			s.alone(j)
		}
		return

	}
}
