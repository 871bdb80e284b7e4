package web

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"

	"github.com/paymux/paymux/core"
)

// queue runs requests through shares and notes in which order they were served.
type queue struct {
	t      *testing.T
	shares *shares
	served []string
	leave  map[string][]func()
}

func newQueue(t *testing.T, places int) *queue {
	return &queue{t: t, shares: newShares(places, waitingPerKey, 1000), leave: map[string][]func(){}}
}

// come lets n requests of a key come, and returns when each runs or waits.
func (q *queue) come(key string, n int) {
	for range n {
		go func() {
			got, err := q.shares.enter(context.Background(), key)
			if err != nil {
				q.served = append(q.served, key+" refused")
				return
			}
			q.served = append(q.served, key)
			q.leave[key] = append(q.leave[key], got.leave)
		}()
		synctest.Wait()
	}
}

// end ends n requests of a key, each giving its place to the next.
func (q *queue) end(key string, n int) {
	q.t.Helper()
	for range n {
		if len(q.leave[key]) == 0 {
			q.t.Fatalf("no request of %s runs", key)
		}
		leave := q.leave[key][0]
		q.leave[key] = q.leave[key][1:]
		leave()
		synctest.Wait()
	}
}

// drain ends all that run, until none waits.
func (q *queue) drain() {
	for running := 1; running > 0; running, _, _ = q.shares.figures() {
		for key := range q.leave {
			q.end(key, len(q.leave[key]))
		}
	}
}

// want compares what was served since the last time.
func (q *queue) want(served ...string) {
	q.t.Helper()
	if !slices.Equal(q.served, served) {
		q.t.Errorf("served %v, want %v", q.served, served)
	}
	q.served = nil
}

func many(key string, n int) []string { return slices.Repeat([]string{key}, n) }

// W40: alone a key may have every place; from the moment that another waits, no place goes to it
// until it has less than half.
func TestW40_GreedyKeyGivesWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newQueue(t, 4)
		q.come("greedy", 10)
		q.want(many("greedy", 4)...)
		q.come("other", 3)
		q.want()
		q.end("greedy", 2)
		q.want("other", "other")
		q.end("other", 1) // the greedy key has half, and the other key waits
		q.want("other")
		q.end("greedy", 1)
		q.want("greedy")
		q.end("other", 2)
		q.want("greedy", "greedy") // nobody else waits
		if running, waiting, keys := q.shares.figures(); running != 4 || waiting != 3 || keys != 1 {
			t.Errorf("%d run and %d wait, of %d keys", running, waiting, keys)
		}
		q.end("greedy", 7)
		if running, waiting, keys := q.shares.figures(); running+waiting+keys != 0 {
			t.Errorf("at the end %d run and %d wait, of %d keys", running, waiting, keys)
		}
	})
}

// W40: keys that wait take turns, however many requests each has waiting, and those of one key are
// served in the order in which they came.
func TestW40_KeysTakeTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newQueue(t, 2)
		q.come("x", 2)
		q.come("a", 3)
		q.come("b", 1)
		q.come("c", 2)
		q.want("x", "x")
		q.end("x", 2)
		q.want("a", "b")
		q.end("b", 1) // a has half of the places: it is c's turn
		q.want("c")
		q.end("a", 1)
		q.want("a")
		q.end("c", 1)
		q.want("c")
		q.drain()
		q.want("a")
		q = newQueue(t, 6)
		q.come("x", 6)
		for _, key := range []string{"a", "b", "c"} {
			q.come(key, 3)
		}
		q.want(many("x", 6)...)
		q.end("x", 6)
		q.want("a", "b", "c", "a", "b", "c")
		q.drain()
	})
}

// W40: 64 of a key wait; the next is refused at once with the time to wait, and costs the others
// nothing.
func TestW40_WaitingIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newQueue(t, 2)
		q.come("greedy", 2+waitingPerKey)
		q.want("greedy", "greedy")
		_, err := q.shares.enter(t.Context(), "greedy")
		if core.CodeOf(err) != codeTooManyRequests || err.(*core.Error).RetryAfterSeconds != 1 {
			t.Errorf("one more is answered %v", err)
		}
		q.come("other", 1)
		q.want()
		q.end("greedy", 1)
		q.want("other")
		q.drain()
	})
}

// W40: who goes away leaves its place in the queue, and holds nothing, even where a place was
// handed to it in that moment.
func TestW40_WhoGoesAwayHoldsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newQueue(t, 2)
		q.come("a", 2)
		gone := make(chan error)
		ctx, cancel := context.WithCancel(t.Context())
		go func() { _, err := q.shares.enter(ctx, "b"); gone <- err }()
		synctest.Wait()
		q.come("c", 1)
		cancel()
		if err := <-gone; err == nil {
			t.Error("a place for who is gone")
		}
		q.want("a", "a")
		q.end("a", 1)
		q.want("c")
		q.end("a", 1)
		q.end("c", 1)
		if running, waiting, keys := q.shares.figures(); running+waiting+keys != 0 {
			t.Errorf("%d run and %d wait, of %d keys", running, waiting, keys)
		}
	})
}

// W40: a request that goes away in the very moment in which it is handed a place gives it back; or
// it did not notice, and has it.
func TestW40_PlacesOfThoseThatHaveGoneAreNotLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newQueue(t, 1)
		for range 64 { // which of the two is noticed is for the scheduler to choose
			q.come("a", 1)
			ctx, cancel := context.WithCancel(t.Context())
			go func() {
				if got, err := q.shares.enter(ctx, "b"); err == nil {
					got.leave()
				}
			}()
			synctest.Wait()
			q.leave["a"][0]()
			q.leave["a"] = nil
			cancel()
			synctest.Wait()
			if running, waiting, keys := q.shares.figures(); running+waiting+keys != 0 {
				t.Fatalf("%d run and %d wait, of %d keys", running, waiting, keys)
			}
		}
	})
}

// Whatever comes and goes, no place stays empty while anybody waits, none is given twice, and
// nobody who waits sees another key beyond half take one.
func TestSharesHoldForAnyOrder(t *testing.T) {
	for places := 1; places <= 5; places++ {
		t.Run(fmt.Sprint(places), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				q := newQueue(t, places)
				seed := uint32(places)
				for range 400 {
					seed = seed*1664525 + 1013904223
					key := string('a' + rune(seed>>16%3))
					if seed>>24%2 == 0 {
						q.come(key, 1)
					} else if len(q.leave[key]) > 0 {
						q.end(key, 1)
					}
					held := 0
					for _, l := range q.leave {
						held += len(l)
					}
					running, waiting, _ := q.shares.figures()
					if running != held || running > places || waiting > 0 && running < places {
						t.Fatalf("%d of %d places are taken, by %d requests, while %d wait", running, places, held, waiting)
					}
				}
				q.drain()
			})
		})
	}
}
