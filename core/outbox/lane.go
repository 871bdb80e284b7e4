package outbox

import (
	"slices"
	"time"

	"github.com/paymux/paymux/core"
)

const (
	// toRest is how many failures in a row, or different events refused alike in a row, make an
	// endpoint left alone.
	toRest = 5
	// firstRest is the pause before the first probe, longestRest the longest before any. An
	// endpoint that says how long it wants to be left alone is believed up to longestAsked.
	firstRest    = time.Second
	longestRest  = 30 * time.Second
	longestAsked = 10 * time.Minute
	// probed bounds among how many deliveries, the oldest ones, the probes take turns: one event
	// that no receiver can take must not keep a lane at rest.
	probed = 16
	// remembered bounds what a lane remembers of deliveries that failed.
	remembered = 1000
)

// lane is one endpoint's. Its fields are guarded by Lanes.mu.
type lane struct {
	of       *Lanes
	key      laneKey
	waiting  []waiting
	known    map[string]bool // waiting or under way
	more     bool            // the database may hold due ones that are not known
	fetching bool
	gone     string // the address that said 410, "" for none
	goneAt   time.Time

	// under way, most that may be, and answered since that changed
	busy, width, won int

	resting bool
	since   time.Time
	why     int // the status that all were refused with, 0 if it did not answer well
	probes  int // that failed
	probing bool
	probeAt time.Time
	last    time.Time // when it was asked last
	timer   *time.Timer
	next    string // what the next probe is, "" for the next in turn

	failures int       // of the endpoint, in a row
	refused  int       // the status of the refusals in a row
	refusals []string  // the events it met
	missed   []waiting // put off before the endpoint was found down
	wins     uint64
	// suspects failed when so many had been taken: one that fails again after others were taken
	// says nothing about its endpoint.
	suspects map[string]uint64
}

// doubtful tells whether a lane rests on few failures, so that a fresh delivery is worth a try.
func (l *lane) doubtful() bool { return l.resting && l.failures < toRest && l.why == 0 }

// fill sends as much as may be under way, and fetches when little waits.
func (l *lane) fill() {
	if l.of.closed {
		return
	}
	for !l.resting && l.busy < l.room() && len(l.waiting) > 0 {
		l.start(0, false)
	}
	if l.more && !l.fetching && len(l.waiting) < refill && l.key != (laneKey{}) {
		l.fetching = true
		l.of.running.Go(func() { l.of.fetch(l) })
	}
	if l.resting && !l.probing && l.timer == nil && len(l.waiting) > 0 {
		l.hurry()
	}
}

// room is how many may be under way: where the endpoint said that it is gone, one finds out whether
// it still is.
func (l *lane) room() int {
	if l.gone != "" {
		return 1
	}
	return l.width
}

// start sends the i-th that waits.
func (l *lane) start(i int, probe bool) {
	v := &visit{lane: l, what: l.waiting[i], probe: probe, began: l.of.courier.Clock.Now()}
	l.waiting = slices.Delete(l.waiting, i, i+1)
	l.busy++
	l.of.running.Go(func() { l.of.carry(v) })
}

// hurry sets the clock for the next probe, which may be now: a fresh one that is worth a try does
// not wait longer than firstRest after the last.
func (l *lane) hurry() {
	if l.probing || l.of.closed {
		return
	}
	at := l.probeAt
	if l.next != "" {
		at = l.last.Add(firstRest)
	}
	if l.timer != nil {
		l.timer.Stop()
	}
	l.timer = time.AfterFunc(max(at.Sub(l.of.courier.Clock.Now()), 0), l.probeNow)
}

// probeNow tries whether the endpoint is up again, with one delivery.
func (l *lane) probeNow() {
	l.of.mu.Lock()
	defer l.of.mu.Unlock()
	l.timer = nil
	if l.of.closed || !l.resting || l.probing || len(l.waiting) == 0 {
		return
	}
	i := slices.IndexFunc(l.waiting, func(w waiting) bool { return w.id == l.next })
	if i < 0 {
		i = l.probes % min(len(l.waiting), probed)
	}
	l.next, l.probing = "", true
	l.start(i, true)
}

// pause is how long the endpoint is left alone before the next probe.
func (l *lane) pause() time.Duration {
	if l.probes >= 5 {
		return longestRest
	}
	return min(firstRest<<l.probes, longestRest)
}

// rest leaves the endpoint alone until a probe is answered well.
func (l *lane) rest(why int, asked time.Duration) {
	l.resting, l.why, l.probes, l.since = true, why, 0, l.of.courier.Clock.Now()
	l.last, l.probeAt = l.since, l.since.Add(max(firstRest, min(asked, longestAsked)))
	l.told("open")
}

// wake ends a rest: the oldest goes first, one at a time to begin with.
func (l *lane) wake() {
	l.resting, l.width, l.won, l.next = false, 1, 0, ""
	if l.timer != nil {
		l.timer.Stop()
		l.timer = nil
	}
	for _, w := range l.missed {
		if !l.known[w.id] {
			l.queue(w)
		}
	}
	l.missed = nil
	l.told("closed")
}

func (l *lane) told(state string) {
	if l.of.courier.Watch != nil {
		l.of.courier.Watch.Happened("webhook.breaker", state)
	}
}

// heard learns from an answer, and tells whether it is the event's own matter: whether the event is
// tried again by its schedule.
func (l *lane) heard(v *visit, got answer) (own bool) {
	switch {
	case got.taken():
		l.wins++
		delete(l.suspects, v.what.id)
		l.well()
		l.refused, l.refusals, l.missed = 0, nil, nil
		return true
	case got.gone(), got.status == 0 && !got.unwell: // an address that is not dialled
		return true
	}
	if l.resting {
		return l.heardAtRest(v, got)
	}
	before, known := l.suspects[v.what.id]
	if known && l.wins > before {
		l.answered(got)
		return true
	}
	if len(l.suspects) >= remembered {
		clear(l.suspects)
	}
	l.suspects[v.what.id] = l.wins
	if got.unwell {
		l.failures++
		l.refused, l.refusals = 0, nil
		alone := l.busy == 1 && len(l.waiting) == 0 && !l.more
		if got.asks() {
			l.failures = toRest // whatever comes now waits too
		}
		if l.failures >= toRest || alone {
			l.rest(0, got.retryAfter)
		}
		return !l.resting
	}
	l.answered(got)
	if l.refused != got.status {
		l.refused, l.refusals = got.status, nil
	}
	if !slices.Contains(l.refusals, v.what.id) {
		l.refusals = append(l.refusals, v.what.id)
	}
	if len(l.refusals) >= toRest {
		l.rest(got.status, 0)
	}
	return !l.resting
}

// heardAtRest judges a probe, and what was still under way: anything but more of the same says that
// the endpoint is up.
func (l *lane) heardAtRest(v *visit, got answer) (own bool) {
	if same := got.unwell || l.why != 0 && got.status == l.why; !same {
		l.well()
		return true
	}
	if got.unwell {
		l.failures++
	}
	if v.probe {
		l.probes++
		pause := l.pause()
		pause -= draw(l.of.courier.Random, pause/10)
		now := l.of.courier.Clock.Now()
		l.last = now
		l.probeAt = now.Add(max(pause-now.Sub(v.began), firstRest, min(got.retryAfter, longestAsked)))
	}
	return false
}

// answered counts an answer of an endpoint that is up.
func (l *lane) answered(got answer) {
	if got.unwell {
		return
	}
	l.failures = 0
	if l.won++; l.won >= l.width {
		l.width, l.won = min(2*l.width, atMost), 0
	}
}

// well notes that the endpoint is up: a rest ends, and a round of answers doubles what may be under
// way.
func (l *lane) well() {
	if l.resting {
		l.failures, l.refused, l.refusals = 0, 0, nil
		l.wake()
		return
	}
	l.answered(answer{})
}

// done ends a visit.
func (l *lane) done(v *visit) {
	l.busy--
	delete(l.known, v.what.id)
	if v.back && !l.of.closed {
		l.queue(waiting{id: v.what.id, at: v.what.at})
	}
	if v.probe {
		l.probing = false
		if l.resting && !v.heard { // nothing was learnt: the next in turn says more
			l.probes++
			l.last = l.of.courier.Clock.Now()
			l.probeAt = l.last.Add(firstRest)
		}
	}
	l.fill()
}

// visit is one try of a delivery, and the gate that it goes through.
type visit struct {
	lane  *lane
	what  waiting
	probe bool
	began time.Time
	heard bool
	back  bool // it stays due and waits again
}

// enter implements gate. A delivery that has ended before was asked for by a person: it goes to the
// endpoint whatever we think of it, unless the endpoint has said that it is gone since: of a replay
// of thousands one finds that out.
func (v *visit) enter(d *core.Delivery, to core.Endpoint) (func(answer, error) bool, error) {
	l := v.lane
	l.of.mu.Lock()
	defer l.of.mu.Unlock()
	asked, gone := !d.EndedAt.IsZero(), l.gone != "" && l.gone == to.URL
	switch {
	case gone && (!asked || !v.what.at.After(l.goneAt)):
		return nil, errGone
	case asked:
	case l.resting && !v.probe:
		v.back = true
		return nil, errResting
	}
	return func(got answer, err error) bool { return v.leave(to, got, err) }, nil
}

func (v *visit) leave(to core.Endpoint, got answer, err error) (own bool) {
	l := v.lane
	l.of.mu.Lock()
	defer l.of.mu.Unlock()
	if err != nil { // a try that was cut off says nothing about the endpoint
		return true
	}
	v.heard = true
	if own = l.heard(v, got); !own {
		v.back = true
	}
	switch fresh := l.gone != to.URL; {
	case got.gone():
		l.gone, l.goneAt = to.URL, l.of.courier.Clock.Now()
		if !fresh {
			break
		}
		l.of.courier.alert(2, "webhook.endpoint_disabled", l.key.merchant+"/"+l.key.endpoint,
			"it answered 410 and gets nothing until its address changes or a replay is taken")
	case got.taken(), fresh: // or the address is another one
		l.gone = ""
	}
	return own
}

// putOff implements gate: should the endpoint turn out to be down, it was not the event's fault.
func (v *visit) putOff(next time.Time) {
	l := v.lane
	l.of.mu.Lock()
	defer l.of.mu.Unlock()
	if before, known := l.suspects[v.what.id]; known && before == l.wins && len(l.missed) < remembered {
		l.missed = append(l.missed, waiting{id: v.what.id, at: v.what.at, recalled: next})
	}
}
