package store

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"testing"

	"github.com/paymux/paymux/core"
)

// crowd runs units so that they all wait while a first one runs, and therefore share what commits
// come after. It returns their outcomes.
func crowd(t *testing.T, s *Store, units []core.Unit) []outcome {
	t.Helper()
	inside, release := make(chan struct{}), make(chan struct{})
	w := s.writers[0]
	var wg sync.WaitGroup
	wg.Go(func() {
		_, _ = s.Do(context.Background(), core.Unit{Decide: func(core.View) (core.Writes, error) {
			close(inside)
			<-release
			return core.Writes{}, nil
		}})
	})
	<-inside
	outcomes := make([]outcome, len(units))
	for i, u := range units {
		wg.Go(func() { outcomes[i].verdict, outcomes[i].err = s.Do(context.Background(), u) })
		for queued := 0; queued <= i; runtime.Gosched() { // in order
			w.mu.Lock()
			queued = len(w.queue)
			w.mu.Unlock()
		}
	}
	close(release)
	wg.Wait()
	return outcomes
}

type outcome struct {
	verdict core.Verdict
	err     error
}

func single(c Config) Config {
	c.Writers = 1
	return c
}

func inserts(rows ...core.Row) core.Unit {
	return core.Unit{Decide: func(core.View) (core.Writes, error) { return core.Writes{Inserts: rows}, nil }}
}

func pay(id string) *core.Payment {
	return &core.Payment{ID: id, MerchantID: "m", MerchantOrderNo: "no-" + id, Version: 1, CreatedAt: start}
}

func key(id string) core.Key {
	return core.Key{Kind: core.OrderByPayment, Merchant: "m", Value: id}
}

// Units that wait share one commit, and a commit takes no more than maxJoined.
func TestJoinedUnitsShareACommit(t *testing.T) {
	for _, e := range engines() {
		t.Run(e.name, func(t *testing.T) {
			s := open(t, single(e.config(t)))
			var units []core.Unit
			for i := range maxJoined + 1 {
				units = append(units, inserts(pay(fmt.Sprint("p", i))))
			}
			before := s.writers[0].commits.Load()
			for i, o := range crowd(t, s, units) {
				if o.err != nil || o.verdict != (core.Verdict{Runs: 1}) {
					t.Fatalf("unit %d: %+v", i, o)
				}
			}
			// the first unit, then 256, then 1
			if n := s.writers[0].commits.Load() - before; n != 3 {
				t.Errorf("%d commits, want 3", n)
			}
		})
	}
}

// Two good units beside each kind of failing one give the same results joined and alone.
func TestJoinedBesideFailing(t *testing.T) {
	mine := errors.New("mine")
	kinds := map[string]func(i int) core.Unit{
		"duplicate": func(i int) core.Unit { return inserts(audit(fmt.Sprint("dup", i), start), pay("taken")) },
		"duplicate of another of the same commit": func(i int) core.Unit {
			p := pay(fmt.Sprint("same", i))
			p.MerchantOrderNo = "no-good" + fmt.Sprint(i)
			return inserts(p)
		},
		"stale guard": func(i int) core.Unit {
			g := pay("taken")
			g.Version = 77
			return core.Unit{Decide: func(core.View) (core.Writes, error) {
				return core.Writes{Guards: []core.Row{g}, Inserts: []core.Row{audit(fmt.Sprint("stale", i), start)}}, nil
			}}
		},
		"error": func(int) core.Unit {
			return core.Unit{Decide: func(core.View) (core.Writes, error) { return core.Writes{}, mine }}
		},
		"misfit": func(int) core.Unit { return inserts(&core.Payment{ID: "x", Currency: "far too long"}) },
		"read only": func(int) core.Unit {
			return core.Unit{Decide: func(core.View) (core.Writes, error) { return core.Writes{}, nil }}
		},
	}
	for _, e := range engines() {
		for name, failing := range kinds {
			t.Run(e.name+"/"+name, func(t *testing.T) {
				var results [2]string
				for i, alone := range []bool{false, true} {
					config := single(e.config(t))
					config.alone = alone
					s := open(t, config)
					writeRows(t, s, pay("taken"))
					first, second := pay(fmt.Sprint("good", i)), pay(fmt.Sprint("fine", i))
					first.MerchantOrderNo = "no-good" + fmt.Sprint(i)
					for _, o := range crowd(t, s, []core.Unit{inserts(first), failing(i), inserts(second)}) {
						results[i] += fmt.Sprintf("%s %v; ", o.verdict.Duplicate, core.CodeOf(o.err))
					}
					count := 0
					if err := s.EachOrder(context.Background(), func(core.Order, []core.Entry, []core.Event) error { count++; return nil }); err != nil {
						t.Fatal(err)
					}
					results[i] += fmt.Sprint(count, " orders")
				}
				if results[0] != results[1] {
					t.Errorf("joined %q, alone %q", results[0], results[1])
				}
			})
		}
	}
}

// A panic in one Decide reaches its caller alone; those who share the commit go on (P17).
func TestJoinedBesidePanic(t *testing.T) {
	s := open(t, sqliteConfig(t))
	boom := core.Unit{Decide: func(core.View) (core.Writes, error) { panic("boom") }}
	caught := make(chan any, 1)
	guarded := func() {
		defer func() { caught <- recover() }()
		_, _ = s.Do(context.Background(), boom)
	}
	var wg sync.WaitGroup
	inside, release := make(chan struct{}), make(chan struct{})
	wg.Add(3)
	go func() {
		defer wg.Done()
		_, _ = s.Do(context.Background(), core.Unit{Decide: func(core.View) (core.Writes, error) { close(inside); <-release; return core.Writes{}, nil }})
	}()
	<-inside
	go func() { defer wg.Done(); guarded() }()
	var err error
	go func() { defer wg.Done(); _, err = s.Do(context.Background(), inserts(pay("p"))) }()
	for queued := 0; queued < 2; runtime.Gosched() {
		s.writers[0].mu.Lock()
		queued = len(s.writers[0].queue)
		s.writers[0].mu.Unlock()
	}
	close(release)
	wg.Wait()
	if got := <-caught; got != "boom" || err != nil {
		t.Fatalf("caught %v; the other: %v", got, err)
	}
}

// Many writers of one order get through, each on the rows of the last: nobody starves and nobody
// counts as contended.
func TestJoinedOnOneRow(t *testing.T) {
	for _, e := range engines() {
		t.Run(e.name, func(t *testing.T) {
			s := open(t, single(e.config(t)))
			writeRows(t, s, pay("p"))
			var units []core.Unit
			for i := range 2 * core.MaxRuns {
				units = append(units, core.Unit{Keys: []core.Key{key("p")}, Decide: func(v core.View) (core.Writes, error) {
					o := v.Order(key("p"))
					o.Payment.Sequence++
					return core.Writes{Guards: []core.Row{&o.Payment}, Inserts: []core.Row{audit(fmt.Sprint("a", i), start)}}, nil
				}})
			}
			for i, o := range crowd(t, s, units) {
				if o.err != nil || o.verdict.Runs != 1 {
					t.Fatalf("unit %d: %+v", i, o)
				}
			}
			v, err := s.See(context.Background(), key("p"))
			if err != nil || v.Order(key("p")).Payment.Sequence != 2*core.MaxRuns {
				t.Fatalf("%+v, %v", v.Order(key("p")), err)
			}
		})
	}
}

// Units that share a row of any kind decide one after the other, each on what the last has written.
func TestJoinedOnEachKindOfRow(t *testing.T) {
	idem := core.Key{Kind: core.IdempotencyByKey, Merchant: "m", Scope: "o", Value: "k"}
	digest := core.Key{Kind: core.InboxByDigest, Scope: "a", Value: "d"}
	message, sent := core.Key{Kind: core.InboxByID, Value: "in"}, core.Key{Kind: core.DeliveryByID, Value: "dlv"}
	for name, c := range map[string]struct {
		key core.Key
		row core.Row
		add func(core.View) (core.Row, int)
	}{
		"idempotency": {idem, &core.Idempotency{ID: "i", MerchantID: "m", Operation: "o", Key: "k", Version: 1}, func(v core.View) (core.Row, int) {
			r := v.Idempotency(idem)
			r.Status++
			return r, r.Status
		}},
		"message": {message, &core.Inbox{ID: "in", Account: "a", Digest: "d", Version: 1}, func(v core.View) (core.Row, int) {
			r := v.Inbox(message)
			r.Tries++
			return r, r.Tries
		}},
		"message by digest": {digest, &core.Inbox{ID: "in", Account: "a", Digest: "d", Version: 1}, func(v core.View) (core.Row, int) {
			r := v.Inbox(digest)
			r.Tries++
			return r, r.Tries
		}},
		"delivery": {sent, &core.Delivery{ID: "dlv", EventID: "e", Version: 1}, func(v core.View) (core.Row, int) {
			r := v.Delivery(sent)
			r.Tries++
			return r, r.Tries
		}},
	} {
		for _, e := range engines() {
			t.Run(e.name+"/"+name, func(t *testing.T) {
				s := open(t, single(e.config(t)))
				writeRows(t, s, c.row)
				const n = 5
				var units []core.Unit
				last := make([]int, n)
				for i := range n {
					units = append(units, core.Unit{Keys: []core.Key{c.key}, Decide: func(v core.View) (core.Writes, error) {
						row, count := c.add(v)
						last[i] = count
						return core.Writes{Guards: []core.Row{row}, Inserts: []core.Row{audit(fmt.Sprint("a", i), start)}}, nil
					}})
				}
				for i, o := range crowd(t, s, units) {
					if o.err != nil || o.verdict.Runs != 1 || last[i] != i+1 {
						t.Errorf("unit %d: %+v, count %d", i, o, last[i])
					}
				}
			})
		}
	}
}

// A caller that stops waiting leaves no trace, and the others go on (D18).
func TestLeaveTheQueue(t *testing.T) {
	s := open(t, sqliteConfig(t))
	ctx, cancel := context.WithCancel(context.Background())
	inside, release, left := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	done := make(chan error, 1)
	go func() {
		_, err := s.Do(context.Background(), core.Unit{Decide: func(core.View) (core.Writes, error) { close(inside); <-release; return core.Writes{}, nil }})
		done <- err
	}()
	<-inside
	go func() {
		_, err := s.Do(ctx, inserts(pay("p")))
		left <- err
	}()
	cancel()
	if err := <-left; core.CodeOf(err) != core.CodeUnavailable {
		t.Fatal(err)
	}
	close(release)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if v, err := s.See(context.Background(), key("p")); err != nil || v.Order(key("p")) != nil {
		t.Fatalf("a unit that was given up was written: %v", err)
	}
}

// Close lets those who wait finish and refuses whoever comes later.
func TestCloseDrains(t *testing.T) {
	config := sqliteConfig(t)
	s, err := Open(context.Background(), config)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Migrate(context.Background()); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	results := make([]error, 50)
	started := make(chan struct{}, len(results))
	for i := range results {
		wg.Go(func() {
			_, results[i] = s.Do(context.Background(), core.Unit{Decide: func(core.View) (core.Writes, error) {
				started <- struct{}{}
				return core.Writes{Inserts: []core.Row{pay(fmt.Sprint("p", i))}}, nil
			}})
		})
	}
	<-started
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	wg.Wait()
	if _, err := s.Do(context.Background(), inserts(pay("late"))); core.CodeOf(err) != core.CodeUnavailable {
		t.Fatalf("a closed store answered %v", err)
	}
	again := open(t, config)
	for i, err := range results {
		v, seeErr := again.See(context.Background(), key(fmt.Sprint("p", i)))
		if seeErr != nil {
			t.Fatal(seeErr)
		}
		if written := v.Order(key(fmt.Sprint("p", i))) != nil; written != (err == nil) {
			t.Errorf("unit %d: answered %v, written %v", i, err, written)
		}
	}
}

// Two processes on one SQLite file, and two on one MySQL, are as correct as one.
func TestTwoNodes(t *testing.T) {
	for _, e := range engines() {
		t.Run(e.name, func(t *testing.T) {
			config := e.config(t)
			nodes := []*Store{open(t, config), open(t, config)}
			p := pay("p")
			p.PaidFen = 1000
			writeRows(t, nodes[0], p)
			full := errors.New("nothing left")
			var wg sync.WaitGroup
			var mu sync.Mutex
			won := 0
			for i := range 32 {
				wg.Go(func() {
					_, err := nodes[i%2].Do(context.Background(), core.Unit{Keys: []core.Key{key("p")}, Decide: func(v core.View) (core.Writes, error) {
						o := v.Order(key("p"))
						if o.Payment.Refundable() < 100 {
							return core.Writes{}, full
						}
						o.Payment.ReservedFen += 100
						return core.Writes{Guards: []core.Row{&o.Payment}, Inserts: []core.Row{audit(fmt.Sprint("a", i), start)}}, nil
					}})
					if err != nil && err != full {
						t.Error(err)
					}
					if err == nil {
						mu.Lock()
						won++
						mu.Unlock()
					}
				})
			}
			wg.Wait()
			if v, err := nodes[1].See(context.Background(), key("p")); won != 10 || err != nil || v.Order(key("p")).Payment.ReservedFen != 1000 {
				t.Fatalf("%d won, %v", won, err)
			}
		})
	}
}
