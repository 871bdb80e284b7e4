package jobs

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/paymux/paymux/core"
	"github.com/paymux/paymux/core/coretest"
)

func timed(id string, at time.Time) core.Due {
	return core.Due{Kind: core.DueAttempt, ID: id, At: at}
}

// P19: in a bubble time passes only when everybody waits, so that late is late and not slow: each
// hint is heard at its very time, in order, whatever the order in which they came.
func TestP19_timersAreHeardAtTheirTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q, start := NewTimers(coretest.Wall(0)), time.Now()
		var mu sync.Mutex
		var heard []string
		stop := q.Listen(4, func(due core.Due) {
			if late := time.Since(due.At); late != 0 {
				t.Errorf("%s heard %v after its time", due.ID, late)
			}
			mu.Lock()
			defer mu.Unlock()
			heard = append(heard, due.ID)
		})
		synctest.Wait() // all of them wait as if nothing were to come
		const n = 500
		order := rand.New(rand.NewPCG(1, 2)).Perm(n)
		for _, i := range order {
			if err := q.Publish(timed(fmt.Sprintf("%03d", i), start.Add(time.Duration(i+1)*time.Second))); err != nil {
				t.Fatal(err)
			}
		}
		<-time.After(Ahead)
		synctest.Wait()
		stop()
		if len(heard) != n || !slices.IsSorted(heard) {
			t.Fatalf("heard %d of %d, in order: %t", len(heard), n, slices.IsSorted(heard))
		}
	})
}

// diary notes when each hint was heard.
type diary struct {
	start time.Time
	mu    sync.Mutex
	at    map[string]time.Duration
}

func (d *diary) note(due core.Due) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.at[due.ID] = time.Since(d.start)
}

func (d *diary) String() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return fmt.Sprint(d.at)
}

// Whoever waits for a later hint, or for none, is woken by an earlier one.
func TestP19_timersThatComeLaterAreHeardFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q, start := NewTimers(coretest.Wall(0)), time.Now()
		heard := diary{start: start, at: map[string]time.Duration{}}
		stop := q.Listen(1, heard.note)
		for _, seconds := range []int{9, 5, 2} {
			synctest.Wait()
			_ = q.Publish(timed(fmt.Sprint(seconds), start.Add(time.Duration(seconds)*time.Second)))
		}
		<-time.After(time.Minute)
		synctest.Wait()
		stop()
		if got := heard.String(); got != "map[2:2s 5:5s 9:9s]" {
			t.Error(got)
		}
	})
}

// Many due at one moment are all heard then, by as many listeners as there are: whoever takes one
// wakes the next.
func TestP19_timersAtOneMoment(t *testing.T) {
	for name, wait := range map[string]time.Duration{"in a minute": time.Minute, "at once": 0} {
		t.Run(name, func(t *testing.T) { synctest.Test(t, func(t *testing.T) { atOneMoment(t, wait) }) })
	}
}

func atOneMoment(t *testing.T, wait time.Duration) {
	q, at := NewTimers(coretest.Wall(0)), time.Now().Add(wait)
	var mu sync.Mutex
	beside, most, heard := 0, 0, 0
	stop := q.Listen(3, func(core.Due) {
		mu.Lock()
		beside++
		most = max(most, beside)
		heard++
		mu.Unlock()
		<-time.After(time.Second)
		mu.Lock()
		beside--
		mu.Unlock()
	})
	synctest.Wait()
	for i := range 9 {
		_ = q.Publish(timed(fmt.Sprint(i), at))
	}
	<-time.After(wait + 4*time.Second)
	synctest.Wait()
	stop()
	if heard != 9 || most != 3 {
		t.Fatalf("%d heard, %d beside each other", heard, most)
	}
}

func TestP19_timersReplaceAndForget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q, start := NewTimers(coretest.Wall(0)), time.Now()
		heard := diary{start: start, at: map[string]time.Duration{}}
		stop := q.Listen(1, heard.note)
		for _, due := range []core.Due{
			timed("later", start.Add(time.Minute)), timed("later", start.Add(2*time.Minute)),
			timed("earlier", start.Add(3*time.Minute)), timed("earlier", start.Add(30*time.Second)),
			// the relay comes back to it
			timed("away", start.Add(time.Minute)), timed("away", start.Add(Ahead+time.Second)),
			timed("edge", start.Add(Ahead)), timed("beyond", start.Add(Ahead+1)), timed("past", start.Add(-time.Hour)),
			// another row of that id
			{Kind: core.DueRefund, ID: "later", At: start.Add(time.Minute)},
		} {
			if err := q.Publish(due); err != nil {
				t.Fatal(err)
			}
		}
		<-time.After(90 * time.Second)
		synctest.Wait()
		if got := heard.String(); got != "map[earlier:30s later:1m0s past:0s]" { // the refund's
			t.Error(got)
		}
		<-time.After(time.Hour)
		synctest.Wait()
		stop()
		if got := heard.String(); got != "map[earlier:30s edge:10m0s later:2m0s past:0s]" {
			t.Error(got)
		}
	})
}

// With no room the earliest stay: a late hint is turned away, an early one takes the place of the
// latest.
func TestP19_timersKeepTheEarliest(t *testing.T) {
	q, now := NewTimers(coretest.Wall(0)), time.Now()
	q.limit = 1000
	order := rand.New(rand.NewPCG(3, 4)).Perm(4 * q.limit)
	kept := map[int]bool{}
	for _, i := range order {
		err := q.Publish(timed(fmt.Sprint(i), now.Add(time.Duration(i)*time.Millisecond+time.Minute)))
		if err != nil && !errors.Is(err, ErrQueueBusy) {
			t.Fatal(err)
		}
		if i < q.limit && err != nil {
			t.Fatalf("%d was turned away", i)
		}
		kept[i] = err == nil
	}
	if q.Backlog() != q.limit {
		t.Fatalf("%d wait", q.Backlog())
	}
	for i := range q.limit {
		if q.known[hinted{core.DueAttempt, fmt.Sprint(i)}] == nil {
			t.Fatalf("%d was given up for a later one", i)
		}
	}
	if err := errors.Join(q.Close(), q.Publish(timed("after", now))); err != nil || q.Backlog() != 1 {
		t.Errorf("after closing: %v, %d wait", err, q.Backlog())
	}
}

// A clock that somebody sets ahead is noticed before the wait by the old one is over.
func TestP19_timersFollowTheClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ahead := coretest.NewClock(time.Now())
		q, start := NewTimers(ahead), time.Now()
		heard := make(chan time.Duration, 1)
		stop := q.Listen(1, func(core.Due) { heard <- time.Since(start) })
		_ = q.Publish(timed("a", start.Add(8*time.Minute)))
		<-time.After(time.Second)
		ahead.Advance(time.Hour)
		if waited := <-heard; waited > time.Second+maxDoze {
			t.Errorf("heard after %v", waited)
		}
		stop()
	})
}
