package web

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
)

// took lets a request of a key take a place that must be free.
func took(t *testing.T, s *shares, key string) *place {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	cancel() // so that it does not wait for long
	got, err := s.enter(ctx, key)
	if err != nil {
		t.Fatalf("%s has no place: %v", key, err)
	}
	return got
}

// counts compares what runs, waits and is at gateways.
func counts(t *testing.T, s *shares, running, waiting, away int) {
	t.Helper()
	r, w, _ := s.figures()
	if a := s.exchanging(); r != running || w != waiting || a != away {
		t.Errorf("%d run, %d wait and %d are at gateways, want %d, %d and %d", r, w, a, running, waiting, away)
	}
}

// W40: however a request ends, and wherever its calls of gateways are then, it holds nothing
// afterwards, and has given nothing back twice.
func TestW40_PlacesComeBackFromGateways(t *testing.T) {
	call := func(p *place) func() { return Exchanging(p.within(t.Context())) }
	for name, live := range map[string]func(*place){
		"no call":            func(*place) {},
		"one call":           func(p *place) { call(p)() },
		"two in turn":        func(p *place) { call(p)(); call(p)() },
		"two that overlap":   func(p *place) { first, second := call(p), call(p); first(); second() },
		"left within a call": func(p *place) { over := call(p); p.leave(); over() },
		"a call after all":   func(p *place) { p.leave(); call(p)() },
		"left twice":         func(p *place) { p.leave() },
		"a panic": func(p *place) {
			defer func() { _ = recover() }()
			defer call(p)()
			panic("in the transport")
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newShares(2, waitingPerKey, 8)
			beside := took(t, s, "b")
			p := took(t, s, "a")
			live(p)
			p.leave()
			counts(t, s, 1, 0, 0)
			beside.leave()
			if _, _, keys := s.figures(); keys != 0 {
				t.Errorf("%d keys are remembered", keys)
			}
		})
	}
	Exchanging(t.Context())() // a job's: nothing is held, and nothing is given back
}

// W40: one whose calls overlap has its place again only when the last of them is answered.
func TestW40_OverlappingCallsHoldNoPlace(t *testing.T) {
	s := newShares(1, waitingPerKey, 8)
	p := took(t, s, "a")
	p.give()
	p.give()
	p.resume()
	counts(t, s, 0, 0, 1)
	q := took(t, s, "b")
	p.resume() // goes on at once, beyond the places
	counts(t, s, 2, 0, 0)
	p.leave()
	q.leave()
	counts(t, s, 0, 0, 0)
}

// W40: while gateways hang, a key has no more there than it leaves to others, and each that comes
// after it finds half of the rest. What it sends beyond waits, in nobody's way, and is served in
// turn when an answer comes.
func TestW40_HangingGatewaysLeaveRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newShares(2, waitingPerKey, 16)
		at := map[string][]*place{}
		var mu sync.Mutex // an answer may let two of them go on
		come := func(key string, n int) {
			for range n {
				go func() {
					if p, err := s.enter(context.Background(), key); err == nil {
						mu.Lock()
						at[key] = append(at[key], p)
						mu.Unlock()
						p.give()
					}
				}()
				synctest.Wait()
			}
		}
		come("a", 20)
		counts(t, s, 0, 12, 8)
		come("b", 20)
		counts(t, s, 0, 12+16, 8+4)
		come("c", 20)
		counts(t, s, 0, 12+16+18, 8+4+2)
		for range 8 { // an answer for one makes room for another of them
			p := at["b"][0]
			at["b"] = at["b"][1:]
			p.resume()
			p.leave()
			synctest.Wait()
			if got := s.exchanging(); got < 14 {
				t.Fatalf("%d are at gateways while others wait", got)
			}
		}
		if len(at["a"]) > 9 {
			t.Errorf("%d of the key that has most, which leaves fewer than it has", len(at["a"]))
		}
		for running := true; running; {
			running = false
			for key, list := range at {
				at[key] = nil
				for _, p := range list {
					running = true
					p.resume()
					p.leave()
					synctest.Wait()
				}
			}
		}
		counts(t, s, 0, 0, 0)
	})
}

// pop takes a key's oldest; nil when it has none.
func pop(from map[string][]*place, key string) *place {
	if len(from[key]) == 0 {
		return nil
	}
	p := from[key][0]
	from[key] = from[key][1:]
	return p
}

// Whatever comes, goes, and is at gateways: nobody waits who could be given a free place, and what
// is counted is what is held.
func TestPlacesHoldForAnyOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const places, most = 3, 6
		s := newShares(places, waitingPerKey, most)
		running, away := map[string][]*place{}, map[string][]*place{}
		var mu sync.Mutex // a call's end may let two of them go on
		seed := uint32(7)
		draw := func(n uint32) uint32 { seed = seed*1664525 + 1013904223; return seed >> 16 % n }
		for range 1000 {
			key := string('a' + rune(draw(3)))
			switch draw(5) {
			case 0, 1:
				go func() {
					if p, err := s.enter(context.Background(), key); err == nil {
						mu.Lock()
						defer mu.Unlock()
						running[key] = append(running[key], p)
					}
				}()
			case 2:
				if p := pop(running, key); p != nil {
					p.give()
					away[key] = append(away[key], p)
				}
			case 3:
				if p := pop(away, key); p != nil {
					running[key] = append(running[key], p)
					p.resume()
				}
			case 4:
				if p := pop(running, key); p != nil {
					p.leave()
				}
			}
			synctest.Wait()
			held, out := 0, 0
			for _, key := range []string{"a", "b", "c"} {
				held, out = held+len(running[key]), out+len(away[key])
			}
			r, _, _ := s.figures()
			if r != held || s.exchanging() != out || out > most+places {
				t.Fatalf("%d run of %d held, %d are at gateways of %d", r, held, s.exchanging(), out)
			}
			for _, own := range s.keys {
				if own.waiters.Len() > 0 && r < places && own.away < most-out {
					t.Fatalf("%s waits while %d of %d run, with %d of %d at gateways", own.key, r, places, own.away, out)
				}
			}
		}
		for left := true; left; {
			left = false
			for _, key := range []string{"a", "b", "c"} {
				for _, from := range []map[string][]*place{running, away} {
					if p := pop(from, key); p != nil {
						p.leave()
						left = true
						synctest.Wait()
					}
				}
			}
		}
		counts(t, s, 0, 0, 0)
	})
}
