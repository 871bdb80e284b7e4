package outbox

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/sony/gobreaker/v2"

	"github.com/paymux/paymux/core"
)

const (
	// failuresToRest is how many failures in a row make an endpoint left alone.
	failuresToRest = 5
	// restFor is how long it is left alone before one try probes it; what was due meanwhile is put
	// off by as much and up to restSpread more.
	restFor    = time.Minute
	restSpread = 4 * time.Minute
	// atOnce bounds the tries to one endpoint, and atOnceInAll those to all, that are under way in
	// one process.
	atOnce      = 4
	atOnceInAll = 256
	// backlog bounds the deliveries of one endpoint that are held in memory; the others stay due in
	// the database and are met again.
	backlog = 1000
)

// Lanes gives every endpoint a lane of its own: a few tries at once, a short backlog, and a
// breaker. A merchant who answers slowly or not at all fills only its own lane; whoever hands over
// a delivery never waits (H08).
type Lanes struct {
	courier *Courier
	failed  func(deliveryID string, err error)
	work    func(lane *lane, deliveryID string) error
	cut     context.CancelFunc
	slots   chan struct{}

	mu      sync.Mutex
	closed  bool
	lanes   map[laneKey]*lane
	running sync.WaitGroup
}

type laneKey struct{ merchant, endpoint string }

// lane is one endpoint's. Its fields but the breaker are guarded by Lanes.mu.
type lane struct {
	of      *Lanes
	breaker *gobreaker.TwoStepCircuitBreaker[struct{}]
	waiting []string
	known   map[string]bool // waiting or under way
	busy    int
	gone    string // the address that said 410, "" for none
}

// NewLanes makes lanes on a courier. failed is told of deliveries that could not be worked on; it
// may be nil and must be safe for concurrent use.
func NewLanes(courier *Courier, failed func(deliveryID string, err error)) *Lanes {
	ctx, cut := context.WithCancel(context.Background())
	l := &Lanes{courier: courier, failed: failed, cut: cut, slots: make(chan struct{}, atOnceInAll), lanes: map[laneKey]*lane{}}
	l.work = func(lane *lane, id string) error {
		work, done := context.WithTimeout(ctx, lease)
		defer done()
		return courier.try(work, id, lane)
	}
	return l
}

// Hand puts a due delivery into its endpoint's lane and returns at once. One that is there already
// is left alone; one that does not fit is put off in the database, so that it does not stand before
// everybody else's in the next sweep.
func (l *Lanes) Hand(ctx context.Context, due core.Due) error {
	if l.take(due) {
		return nil
	}
	_, err := l.courier.claim(ctx, due.ID, restFor)
	return err
}

// take tells whether the delivery is in good hands.
func (l *Lanes) take(due core.Due) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	lane := l.lane(l.key(due))
	if l.closed || lane.known[due.ID] {
		return true
	}
	if len(lane.waiting) >= backlog {
		return false
	}
	lane.known[due.ID] = true
	lane.waiting = append(lane.waiting, due.ID)
	if lane.busy < atOnce {
		lane.busy++
		l.running.Go(func() { l.drain(lane) })
	}
	return true
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
	fresh := &lane{of: l, known: map[string]bool{}, breaker: gobreaker.NewTwoStepCircuitBreaker[struct{}](gobreaker.Settings{
		Name: key.merchant + "/" + key.endpoint, MaxRequests: 1, Timeout: restFor,
		ReadyToTrip: func(c gobreaker.Counts) bool { return c.ConsecutiveFailures >= failuresToRest },
		// A try that was cut off says nothing about the endpoint.
		IsExcluded:    func(err error) bool { return err != nil && !errors.Is(err, errUnwell) },
		OnStateChange: l.told,
	})}
	l.lanes[key] = fresh
	return fresh
}

// told reports that an endpoint is left alone, or well again.
func (l *Lanes) told(_ string, _, to gobreaker.State) {
	if l.courier.Watch != nil {
		l.courier.Watch.Happened("webhook.breaker", to.String())
	}
}

// drain works on a lane until nothing waits in it.
func (l *Lanes) drain(lane *lane) {
	for {
		id, ok := l.next(lane)
		if !ok {
			return
		}
		l.slots <- struct{}{}
		err := l.guarded(lane, id)
		<-l.slots
		l.mu.Lock()
		delete(lane.known, id)
		l.mu.Unlock()
		if err != nil && l.failed != nil {
			l.failed(id, err)
		}
	}
}

func (l *Lanes) next(lane *lane) (string, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(lane.waiting) == 0 {
		lane.busy--
		return "", false
	}
	id := lane.waiting[0]
	lane.waiting = lane.waiting[1:]
	return id, true
}

// guarded keeps a fault in one delivery from ending the others' (P17).
func (l *Lanes) guarded(lane *lane, id string) (err error) {
	defer func() {
		if fault := recover(); fault != nil {
			err = fmt.Errorf("panic: %v", fault)
		}
	}()
	return l.work(lane, id)
}

// Close takes nothing more, forgets what waits, and waits for the tries under way; when ctx ends it
// cuts them off. What did not finish comes due again.
func (l *Lanes) Close(ctx context.Context) {
	l.mu.Lock()
	l.closed = true
	for _, lane := range l.lanes {
		lane.waiting = nil
	}
	l.mu.Unlock()
	stop := context.AfterFunc(ctx, l.cut)
	l.running.Wait()
	stop()
	l.cut()
}

// errUnwell tells the breaker of a failure.
var errUnwell = errors.New("outbox: the endpoint is unwell")

// enter implements gate. A delivery that has ended before was asked for by a person: it goes to the
// endpoint whatever we think of it.
func (l *lane) enter(d *core.Delivery, to core.Endpoint) (func(answer, error), error) {
	asked := !d.EndedAt.IsZero()
	if l.isGone(to.URL) && !asked {
		return nil, errGone
	}
	report, err := l.breaker.Allow()
	switch {
	case err == nil:
	case asked:
		report = func(error) {}
	default:
		return nil, errResting
	}
	return func(got answer, err error) {
		if err == nil && got.unwell {
			err = errUnwell
		}
		report(err)
		if l.setGone(to.URL, got) {
			l.of.courier.alert(2, "webhook.endpoint_disabled", l.breaker.Name(), "it answered 410 and gets nothing until its address changes or a replay is taken")
		}
	}, nil
}

func (l *lane) isGone(url string) bool {
	l.of.mu.Lock()
	defer l.of.mu.Unlock()
	return l.gone == url
}

// setGone learns from an answer, and tells whether it is news that the endpoint is gone.
func (l *lane) setGone(url string, got answer) bool {
	l.of.mu.Lock()
	defer l.of.mu.Unlock()
	if got.taken() {
		l.gone = ""
	}
	if !got.gone() || l.gone == url {
		return false
	}
	l.gone = url
	return true
}
