package jobs

import (
	"container/heap"
	"sync"
	"time"

	"github.com/paymux/paymux/core"
)

const (
	// maxTimers bounds what waits in memory, about 20 MB. Of more, the earliest are kept; the
	// sweeper serves the rest.
	maxTimers = 100_000
	// maxDoze is how long a wait goes without looking at the clock again, which somebody may set.
	maxDoze = 10 * time.Second
)

// Timers is a Queue inside the process: hints wait in memory for their time, and end with it.
// Nothing is written and no port is opened. Other processes do not hear of them.
type Timers struct {
	clock core.Clock
	limit int
	// news wakes one listener that waits; whoever leaves something due behind wakes the next.
	news chan struct{}

	mu       sync.Mutex
	known    map[hinted]*timer
	earliest timerHeap // on top the one to be heard next
	latest   timerHeap // on top the one to be given up first
}

// hinted is the row that a hint is about.
type hinted struct {
	kind core.DueKind
	id   string
}

// NewTimers makes a Queue whose hints are heard by a clock.
func NewTimers(clock core.Clock) *Timers {
	return &Timers{
		clock: clock, limit: maxTimers, news: make(chan struct{}, 1), known: map[hinted]*timer{},
		earliest: timerHeap{less: time.Time.Before}, latest: timerHeap{which: 1, less: time.Time.After},
	}
}

// Publish implements Queue. What lies further ahead than Ahead is forgotten, because the relay
// hints at it again. Where there is no room for a hint so late, it returns ErrQueueBusy.
func (t *Timers) Publish(due core.Due) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	row := hinted{due.Kind, due.ID}
	one, waits := t.known[row]
	switch {
	case due.At.After(t.clock.Now().Add(Ahead)):
		if waits { // at the time that it was moved from nothing is to be done
			t.drop(one)
		}
		return nil
	case waits:
		one.due = due
		heap.Fix(&t.earliest, one.places[t.earliest.which])
		heap.Fix(&t.latest, one.places[t.latest.which])
	default:
		if len(t.known) >= t.limit {
			last := t.latest.list[0]
			if !due.At.Before(last.due.At) {
				return ErrQueueBusy
			}
			t.drop(last)
		}
		one = &timer{due: due}
		t.known[row] = one
		heap.Push(&t.earliest, one)
		heap.Push(&t.latest, one)
	}
	if t.earliest.list[0] == one {
		t.wake()
	}
	return nil
}

func (t *Timers) drop(one *timer) {
	delete(t.known, hinted{one.due.Kind, one.due.ID})
	heap.Remove(&t.earliest, one.places[t.earliest.which])
	heap.Remove(&t.latest, one.places[t.latest.which])
}

func (t *Timers) wake() {
	select {
	case t.news <- struct{}{}:
	default:
	}
}

// take returns a hint whose time has come, or how long to wait for one.
func (t *Timers) take() (due core.Due, wait time.Duration, is bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.known) == 0 {
		return core.Due{}, maxDoze, false
	}
	now, next := t.clock.Now(), t.earliest.list[0]
	if next.due.At.After(now) {
		return core.Due{}, min(next.due.At.Sub(now), maxDoze), false
	}
	t.drop(next)
	if len(t.known) > 0 && !t.earliest.list[0].due.At.After(now) {
		t.wake()
	}
	return next.due, 0, true
}

// Listen implements Queue.
func (t *Timers) Listen(workers int, heed func(core.Due)) func() {
	over := make(chan struct{})
	var listeners sync.WaitGroup
	for range max(workers, 1) {
		listeners.Go(func() { t.listen(over, heed) })
	}
	return func() {
		close(over)
		listeners.Wait()
	}
}

func (t *Timers) listen(over <-chan struct{}, heed func(core.Due)) {
	for {
		select {
		case <-over:
			return
		default:
		}
		due, wait, is := t.take()
		if is {
			heed(due)
			continue
		}
		doze := time.NewTimer(wait)
		select {
		case <-over:
		case <-t.news:
		case <-doze.C:
		}
		doze.Stop()
	}
}

// Backlog is how many hints wait.
func (t *Timers) Backlog() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.known)
}

// Close implements Queue: what waits is forgotten.
func (t *Timers) Close() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	clear(t.known)
	t.earliest.list, t.latest.list = nil, nil
	return nil
}

// timer is one hint, and its places in the two heaps.
type timer struct {
	due    core.Due
	places [2]int
}

// timerHeap is ordered for container/heap, and keeps each timer's place in it up to date.
type timerHeap struct {
	list  []*timer
	which int // of a timer's places
	less  func(time.Time, time.Time) bool
}

func (h *timerHeap) Len() int           { return len(h.list) }
func (h *timerHeap) Less(i, j int) bool { return h.less(h.list[i].due.At, h.list[j].due.At) }

func (h *timerHeap) Swap(i, j int) {
	h.list[i], h.list[j] = h.list[j], h.list[i]
	h.list[i].places[h.which], h.list[j].places[h.which] = i, j
}

// Push implements heap.Interface.
func (h *timerHeap) Push(x any) {
	one, ok := x.(*timer)
	if !ok {
		return
	}
	one.places[h.which] = len(h.list)
	h.list = append(h.list, one)
}

// Pop implements heap.Interface.
func (h *timerHeap) Pop() any {
	last := h.list[len(h.list)-1]
	h.list[len(h.list)-1] = nil // of a heap that was large nothing is held on to
	h.list = h.list[:len(h.list)-1]
	return last
}
