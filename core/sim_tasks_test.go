package core_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"
)

// tasks runs many tasks one at a time, in an order drawn from a seed: each yields where the use
// cases meet the outside world, and only there. So a run repeats exactly, and a crash can be put
// between any two effects.
type tasks struct {
	rng     *rand.Rand
	now     time.Time
	ready   []*task
	asleep  []*task
	current *task
	steps   int
	// process counts crashes: a task of an older process dies when it is resumed.
	process int
	ended   bool
}

type task struct {
	name    string
	process int // 0: outside our process (buyers, the gateway); it survives a crash
	wake    time.Time
	resume  chan struct{}
	yielded chan bool // true: has ended
	over    bool
}

// crashed unwinds a task whose process was killed.
type crashed struct{}

func newTasks(seed uint64, start time.Time) *tasks {
	return &tasks{rng: rand.New(rand.NewPCG(seed, 0x9E3779B97F4A7C15)), now: start, process: 1}
}

// outside starts a task that no crash of ours ends; inside one that dies with our process.
func (s *tasks) outside(name string, run func()) *task { return s.spawn(name, 0, run) }
func (s *tasks) inside(name string, run func()) *task  { return s.spawn(name, s.process, run) }

func (s *tasks) spawn(name string, process int, run func()) *task {
	t := &task{name: name, process: process, resume: make(chan struct{}), yielded: make(chan bool)}
	go func() {
		<-t.resume
		defer func() {
			if r := recover(); r != nil {
				if _, killed := r.(crashed); !killed {
					panic(fmt.Sprintf("task %s: %v", t.name, r))
				}
			}
			t.yielded <- true
		}()
		s.live(t)
		run()
	}()
	s.ready = append(s.ready, t)
	return t
}

// live ends a task of a dead process.
func (s *tasks) live(t *task) {
	if s.ended || t.process != 0 && t.process != s.process {
		panic(crashed{})
	}
}

// yield lets another task run.
func (s *tasks) yield() {
	t := s.current
	if t == nil {
		return // set-up and checks run outside any task
	}
	t.yielded <- false
	<-t.resume
	s.live(t)
}

// sleep lets virtual time pass.
func (s *tasks) sleep(d time.Duration) {
	if s.current != nil {
		s.current.wake = s.now.Add(d)
		s.yield()
	}
}

// crash kills our process: every task of it dies where it stands.
func (s *tasks) crash() { s.process++ }

// end unwinds every task that is left, so that a world leaves nothing behind.
func (s *tasks) end() {
	s.ended = true
	for _, t := range append(s.ready, s.asleep...) {
		for over := false; !over; over = <-t.yielded {
			t.resume <- struct{}{}
		}
	}
}

// run runs until nothing is left but tasks that sleep beyond until.
func (s *tasks) run(until time.Time) {
	for {
		if len(s.ready) == 0 && !s.advance(until) {
			return
		}
		i := s.rng.IntN(len(s.ready))
		t := s.ready[i]
		s.ready = slices.Delete(s.ready, i, i+1)
		s.current, s.steps = t, s.steps+1
		t.resume <- struct{}{}
		ended := <-t.yielded
		s.current = nil
		switch {
		case ended:
			t.over = true
		case t.wake.After(s.now):
			s.asleep = append(s.asleep, t)
		default:
			s.ready = append(s.ready, t)
		}
	}
}

// advance moves the clock to the next sleeper and wakes all whose time has come.
func (s *tasks) advance(until time.Time) bool {
	next := until
	for _, t := range s.asleep {
		if t.wake.Before(next) {
			next = t.wake
		}
	}
	s.now = next
	s.asleep = slices.DeleteFunc(s.asleep, func(t *task) bool {
		if t.wake.After(s.now) {
			return false
		}
		s.ready = append(s.ready, t)
		return true
	})
	return len(s.ready) > 0
}

// chance is true once in n times.
func (s *tasks) chance(n int) bool { return s.rng.IntN(n) == 0 }

// upTo draws a time up to d.
func (s *tasks) upTo(d time.Duration) time.Duration { return time.Duration(s.rng.Int64N(int64(d) + 1)) }
