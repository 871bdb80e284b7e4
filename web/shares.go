package web

import (
	linked "container/list"
	"context"
	"sync"

	"github.com/paymux/paymux/core"
)

// waitingPerKey is how many requests of one key may wait for a place. Whoever sends more is told to
// come again: a longer queue would only make its last one wait until its client has gone.
const waitingPerKey = 64

// shares hands out a bounded number of running places so that nobody's requests stand in the way of
// another's. While others wait a key has at most half of the places; alone it may have all. Keys
// that wait take turns, whatever number of requests each has waiting.
//
// Nobody who runs is stopped: a key that has all places gives them up one by one as its requests
// end, and each goes to another key until half of them have.
//
// A request that waits for a gateway has no place meanwhile (place). How many do is bounded too: a
// key at which as many wait as there could be more of gets no place until one of them is answered.
// So however many gateways hang, whoever comes next finds half of what the others have left.
type shares struct {
	places  int
	waiting int // by key, at most
	most    int // that wait for gateways, beside those that had a place when it was reached

	mu      sync.Mutex
	running int
	queued  int
	away    int               // that wait for gateways
	keys    map[string]*share // that run or wait
	turns   *linked.List      // of *share: keys that wait, whose turn is next in front
}

// share is one key's.
type share struct {
	key     string
	running int
	away    int
	waiters *linked.List // of *waiter, oldest first
	turn    *linked.Element
}

// waiter is one request that waits; its channel is closed when it has a place.
type waiter struct{ placed chan struct{} }

func newShares(places, waiting, away int) *shares {
	return &shares{places: places, waiting: waiting, most: away, keys: map[string]*share{}, turns: linked.New()}
}

// enter waits for a place, which is to be left in the end. It fails at once where too many requests
// of the key wait, and when ctx ends first: then nothing is held.
func (s *shares) enter(ctx context.Context, key string) (*place, error) {
	s.mu.Lock()
	own := s.keys[key]
	if own == nil {
		own = &share{key: key, waiters: linked.New()}
		s.keys[key] = own
	}
	if s.running < s.places && s.open(own) { // then nobody waits whom it could be given
		s.take(own)
		s.mu.Unlock()
		return &place{in: s, of: own}, nil
	}
	if own.waiters.Len() >= s.waiting {
		s.mu.Unlock()
		return nil, tooManyWait()
	}
	w := &waiter{placed: make(chan struct{})}
	at := own.waiters.PushBack(w)
	s.queued++
	if own.turn == nil {
		own.turn = s.turns.PushBack(own)
	}
	s.mu.Unlock()
	select {
	case <-w.placed:
		return &place{in: s, of: own}, nil
	case <-ctx.Done():
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	select {
	case <-w.placed: // both happened: the place goes on to the next
		s.release(own)
	default:
		s.forget(own, at)
	}
	return nil, tooMany("no place became free in time", 1)
}

// full tells whether one request more of the key would be refused now.
func (s *shares) full(key string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	own := s.keys[key]
	return own != nil && own.waiters.Len() >= s.waiting
}

// half is the most places of one key while another waits. Two keys at it have all places, so that
// none stays empty while anybody waits.
func (s *shares) half() int { return (s.places + 1) / 2 }

// open tells whether a request more of the key might wait for a gateway.
func (s *shares) open(own *share) bool { return own.away < s.most-s.away }

func (s *shares) take(own *share) {
	own.running++
	s.running++
}

func (s *shares) release(own *share) {
	own.running--
	s.running--
	s.drop(own)
	s.hand()
}

// hand gives free places to those that wait.
func (s *shares) hand() {
	for s.running < s.places {
		own := s.next()
		if own == nil {
			return
		}
		front := own.waiters.Front()
		w, _ := front.Value.(*waiter)
		s.take(own)
		s.turns.MoveToBack(own.turn)
		s.forget(own, front)
		close(w.placed)
	}
}

// next is the key whose turn it is: the first that has less than half, or one that waits alone. Who
// may have no place for what it has at gateways stands in nobody's way.
func (s *shares) next() *share {
	var alone *share
	waiting := 0
	for e := s.turns.Front(); e != nil; e = e.Next() {
		own, _ := e.Value.(*share)
		if !s.open(own) {
			continue
		}
		if own.running < s.half() {
			return own
		}
		alone = own
		waiting++
	}
	if waiting == 1 {
		return alone
	}
	return nil
}

// forget takes a waiter out of its key's queue.
func (s *shares) forget(own *share, at *linked.Element) {
	own.waiters.Remove(at)
	s.queued--
	if own.waiters.Len() == 0 {
		s.turns.Remove(own.turn)
		own.turn = nil
	}
	s.drop(own)
}

// drop forgets a key that neither runs nor waits, so that what is remembered is bounded.
func (s *shares) drop(own *share) {
	if own.running == 0 && own.away == 0 && own.waiters.Len() == 0 {
		delete(s.keys, own.key)
	}
}

// exchanging is how many requests wait for a gateway.
func (s *shares) exchanging() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.away
}

// figures are how many requests run and wait, and of how many keys.
func (s *shares) figures() (running, waiting, keys int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.running, s.queued, len(s.keys)
}

func tooManyWait() error { return tooMany("too many requests of this key wait already", 1) }

// tooMany refuses a request that others' requests leave no room for.
func tooMany(message string, retrySeconds int) error {
	return &core.Error{Code: codeTooManyRequests, Message: message, RetryAfterSeconds: retrySeconds}
}
