package core_test

import (
	"fmt"
	"os"
	"sort"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// ordersPerWorld is how many orders live in one simulated world; worlds are small, so that a
// failing one can be read.
const ordersPerWorld = 25

// TestSimulation runs the real use cases as tasks on a virtual clock, one at a time in seeded
// order, on the in-memory store, between a gateway whose messages and answers get lost, repeated,
// reordered, delayed and forged, with guards that miss, commits without an answer, and a process
// that is killed at any failpoint. After each world every invariant must hold to the fen.
//
// SIM_ORDERS sets how many orders are simulated, SIM_SEED the first world's seed: `make sim
// ORDERS=1000000 SEED=7`. A failure names the seed of its world; SIM_ORDERS=25 with that seed
// replays it.
func TestSimulation(t *testing.T) {
	orders, seed := envInt(t, "SIM_ORDERS", 2000), uint64(envInt(t, "SIM_SEED", 1))
	worlds := (orders + ordersPerWorld - 1) / ordersPerWorld
	total := map[string]int{}
	var mu sync.Mutex
	next := make(chan uint64)
	var workers sync.WaitGroup
	for range 2 {
		workers.Go(func() {
			for n := range next {
				tally := simulate(t, n)
				mu.Lock()
				for k, v := range tally {
					total[k] += v
				}
				mu.Unlock()
			}
		})
	}
	for i := range worlds {
		if t.Failed() {
			break
		}
		next <- seed + uint64(i)
	}
	close(next)
	workers.Wait()
	t.Logf("seeds %d to %d: %s", seed, seed+uint64(worlds)-1, tallyLine(total))
	for _, what := range []string{"orders", "crashes", "store faults", "network faults", "messages lost", "messages forged", "never notified", "order strings", "late payments", "late money sent back in the console", "console refunds", "console refunds never told",
		"late money released", "late money accepted", "refunds approved", "refunds rejected", "duplicate payments", "refunds", "turned away", "turned away unsigned", "never heard of", "ended without a close"} {
		if orders >= 2000 && total[what] == 0 {
			t.Errorf("the simulation never met %s: it proves nothing about them", what)
		}
	}
}

func envInt(t *testing.T, name string, otherwise int) int {
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		t.Fatalf("%s must be a positive number, not %q", name, text)
	}
	return n
}

func tallyLine(total map[string]int) string {
	names := make([]string, 0, len(total))
	for name := range total {
		names = append(names, name)
	}
	sort.Strings(names)
	parts := make([]string, len(names))
	for i, name := range names {
		parts[i] = fmt.Sprintf("%d %s", total[name], name)
	}
	return strings.Join(parts, ", ")
}

// simulate runs one world to its end and checks it.
func simulate(t *testing.T, seed uint64) map[string]int {
	s := newSimWorld(t, seed)
	start := s.now
	for n := range ordersPerWorld {
		s.customer(n)
	}
	s.rotation()
	s.janitor(start.Add(20 * 24 * time.Hour))
	s.run(start.Add(2 * time.Hour))
	s.faults = false
	s.run(start.Add(20 * 24 * time.Hour))
	s.clock.Set(s.now)
	s.tasks.end()
	breaches := s.inspect()
	for i, b := range breaches {
		if i < 5 {
			t.Errorf("seed %d: %s", seed, b)
		}
	}
	for _, o := range s.memory.All().Orders {
		s.inspectFaults(&o)
		for _, a := range o.Attempts {
			s.tally[map[string]string{"late_paid": "late payments", "duplicate": "duplicate payments", "paid": "payments"}[string(a.State)]]++
			if a.Reason == "over" {
				s.tally["ended without a close"]++
			}
		}
		s.tally["refunds"] += len(o.Refunds)
		if o.Payment.Settling || !o.Payment.Terminal() && o.Payment.PaidAttempt == "" {
			t.Errorf("seed %d: %s is still %s, settling %v", seed, o.Payment.ID, o.Payment.Status, o.Payment.Settling)
		}
	}
	delete(s.tally, "")
	return s.tally
}
