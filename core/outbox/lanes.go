package outbox

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/paymux/paymux/core"
)

const (
	// atFirst is how many tries a fresh lane has under way, atMost how many any lane has, and
	// atOnceInAll how many all lanes of one process have.
	atFirst     = 4
	atMost      = 16
	atOnceInAll = 256
	// backlog bounds the deliveries of one endpoint that are held in memory; the others stay due in
	// the database, and the lane fetches them when few are left.
	backlog = 1000
	refill  = backlog / 4
	// passedOver bounds how many endpoints one sweep leaves out.
	passedOver = 100
)

// Lanes gives every endpoint a lane of its own: a few tries at once, a bounded backlog, oldest
// first, and a rest while the endpoint is down. A merchant who answers slowly or not at all fills
// only its own lane; whoever hands over a delivery never waits (H08).
type Lanes struct {
	courier *Courier
	failed  func(deliveryID string, err error)
	work    func(v *visit) error
	cut     context.CancelFunc
	due     func(core.DueQuery) ([]core.Due, error) // until the lanes are cut off
	slots   chan struct{}

	mu      sync.Mutex
	closed  bool
	lanes   map[laneKey]*lane
	running sync.WaitGroup
}

type laneKey struct{ merchant, endpoint string }

// NewLanes makes lanes on a courier. failed is told of deliveries that could not be worked on; it
// may be nil and must be safe for concurrent use.
func NewLanes(courier *Courier, failed func(deliveryID string, err error)) *Lanes {
	ctx, cut := context.WithCancel(context.Background())
	l := &Lanes{courier: courier, failed: failed, cut: cut, slots: make(chan struct{}, atOnceInAll), lanes: map[laneKey]*lane{}}
	l.due = func(q core.DueQuery) ([]core.Due, error) { return courier.Store.Due(ctx, q) }
	l.work = func(v *visit) error {
		work, done := context.WithTimeout(ctx, lease)
		defer done()
		return courier.try(work, v.what.id, v.what.recalled, v)
	}
	return l
}

// Hand puts a due delivery into its endpoint's lane and returns at once, without asking the
// database. One that is there already is left alone; one that does not fit stays due, and the lane
// fetches it when it has room.
func (l *Lanes) Hand(_ context.Context, due core.Due) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return nil
	}
	lane := l.lane(l.key(due))
	// While older ones wait in the database nobody overtakes them, but for what a person asked for
	// and what may tell that the endpoint is well after all.
	first := due.Asked || lane.doubtful()
	switch {
	case lane.known[due.ID]:
	case len(lane.waiting) >= backlog, lane.more && !first:
		lane.more = true
	default:
		lane.queue(waiting{id: due.ID, at: due.At})
		if lane.resting && first {
			lane.next = due.ID
			lane.hurry()
		}
	}
	lane.fill()
	return nil
}

// Full lists the endpoints whose lanes take nothing more at present, because they rest or are full:
// a sweep need not list what is due to them, which would stand before everybody else's. The lanes
// fetch it themselves.
func (l *Lanes) Full() []core.Scope {
	l.mu.Lock()
	defer l.mu.Unlock()
	var full []core.Scope
	for key, lane := range l.lanes {
		if key != (laneKey{}) && len(full) < passedOver && (lane.resting || len(lane.waiting) >= refill) {
			lane.more = true
			lane.fill()
			full = append(full, core.Scope{MerchantID: key.merchant, Scope: key.endpoint})
		}
	}
	return full
}

// Resting tells since when a lane is at rest, for each that is.
func (l *Lanes) Resting() map[core.Scope]time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	rest := map[core.Scope]time.Time{}
	for key, lane := range l.lanes {
		if lane.resting {
			rest[core.Scope{MerchantID: key.merchant, Scope: key.endpoint}] = lane.since
		}
	}
	return rest
}

// key names a delivery's lane. What is not configured shares one: hints come from outside, and must
// not make lanes.
func (l *Lanes) key(due core.Due) laneKey {
	if m, ok := l.courier.Endpoints.Merchant(due.MerchantID); ok {
		if _, ok := m.Endpoint(due.Scope); ok {
			return laneKey{due.MerchantID, due.Scope}
		}
	}
	return laneKey{}
}

// lane returns an endpoint's lane. There are as many as endpoints were ever configured while the
// process runs.
func (l *Lanes) lane(key laneKey) *lane {
	if known := l.lanes[key]; known != nil {
		return known
	}
	fresh := &lane{of: l, key: key, known: map[string]bool{}, width: atFirst, suspects: map[string]uint64{}}
	l.lanes[key] = fresh
	return fresh
}

// carry makes one try. Lanes.mu is not held.
func (l *Lanes) carry(v *visit) {
	l.slots <- struct{}{}
	err := l.guarded(v)
	<-l.slots
	l.mu.Lock()
	v.lane.done(v)
	l.mu.Unlock()
	if err != nil && l.failed != nil {
		l.failed(v.what.id, err)
	}
}

// guarded keeps a fault in one delivery from ending the others' (P17).
func (l *Lanes) guarded(v *visit) (err error) {
	defer func() {
		if fault := recover(); fault != nil {
			err = fmt.Errorf("panic: %v", fault)
		}
	}()
	return l.work(v)
}

// fetch fills a lane from the database, oldest first. Lanes.mu is not held.
func (l *Lanes) fetch(lane *lane) {
	page, err := l.due(core.DueQuery{
		Kind: core.DueDelivery, Until: l.courier.at(), Only: core.Scope{MerchantID: lane.key.merchant, Scope: lane.key.endpoint}, Limit: backlog,
	})
	l.mu.Lock()
	defer l.mu.Unlock()
	lane.fetching = false
	if err != nil || l.closed { // the next sweep or the next try looks again
		return
	}
	lane.more = len(page) == backlog
	for _, due := range page {
		if !lane.known[due.ID] && len(lane.waiting) < backlog {
			lane.queue(waiting{id: due.ID, at: due.At})
		}
	}
	lane.fill()
}

// Close takes nothing more, forgets what waits, and waits for the tries under way; when ctx ends it
// cuts them off. What did not finish comes due again.
func (l *Lanes) Close(ctx context.Context) {
	l.mu.Lock()
	l.closed = true
	for lane := range maps.Values(l.lanes) {
		lane.waiting = nil
		if lane.timer != nil {
			lane.timer.Stop()
		}
	}
	l.mu.Unlock()
	stop := context.AfterFunc(ctx, l.cut)
	l.running.Wait()
	stop()
	l.cut()
}

// waiting is a delivery that waits in a lane.
type waiting struct {
	id string
	at time.Time // when it was due first: its place in the lane
	// recalled is the time that a failed try put it off to, zero if none did: it goes before that,
	// if that is still what is stored.
	recalled time.Time
}

func (w waiting) before(other waiting) int {
	if c := w.at.Compare(other.at); c != 0 {
		return c
	}
	if w.id < other.id {
		return -1
	}
	return 1
}

// queue puts a delivery into its place, the oldest first.
func (l *lane) queue(w waiting) {
	l.known[w.id] = true
	i, _ := slices.BinarySearchFunc(l.waiting, w, waiting.before)
	l.waiting = slices.Insert(l.waiting, i, w)
}
