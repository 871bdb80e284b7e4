package jobs_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/paymux/paymux/core"
	"github.com/paymux/paymux/core/coretest"
	"github.com/paymux/paymux/core/jobs"
)

// rows is a Source over a sorted list; a row leaves it when its handler says so.
type rows struct {
	mu   sync.Mutex
	list []core.Due
	fail error
}

func (r *rows) Due(_ context.Context, q core.DueQuery) ([]core.Due, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.fail != nil {
		return nil, r.fail
	}
	var page []core.Due
	for _, d := range r.list {
		after := d.At.After(q.AfterAt) || d.At.Equal(q.AfterAt) && d.ID > q.AfterID
		if d.Kind == q.Kind && !d.At.After(q.Until) && after && len(page) < q.Limit {
			page = append(page, d)
		}
	}
	return page, nil
}

func at(second int) time.Time { return time.Unix(int64(second), 0).UTC() }

func attempts(n int) []core.Due {
	list := make([]core.Due, n)
	for i := range list {
		list[i] = core.Due{Kind: core.DueAttempt, ID: fmt.Sprintf("a%03d", i), At: at(i / 3)}
	}
	return list
}

func TestSweepHandsOutEveryDueRowOnce(t *testing.T) {
	source := &rows{list: append(attempts(95), core.Due{Kind: core.DueAttempt, ID: "later", At: at(1000)})}
	var mu sync.Mutex
	met := map[string]int{}
	s := &jobs.Sweeper{
		Source: source, Clock: coretest.NewClock(at(999)), Batch: 7, Workers: 4,
		Handlers: map[core.DueKind]jobs.Handler{core.DueAttempt: func(_ context.Context, d core.Due) error {
			mu.Lock()
			defer mu.Unlock()
			met[d.ID]++
			return errors.New("stays due") // and must not hide those behind it
		}},
	}
	if got := s.Sweep(context.Background(), context.Background()); got != 95 {
		t.Fatalf("handed out %d rows, want 95", got)
	}
	for id, times := range met {
		if times != 1 || id == "later" {
			t.Errorf("%s met %d times", id, times)
		}
	}
}

func TestSweepLeavesKindsWithoutHandler(t *testing.T) {
	source := &rows{list: []core.Due{{Kind: core.DueDelivery, ID: "d", At: at(0)}}}
	s := &jobs.Sweeper{Source: source, Clock: coretest.NewClock(at(9)), Batch: 1, Workers: 1}
	if got := s.Sweep(context.Background(), context.Background()); got != 0 {
		t.Fatalf("handed out %d rows, want 0", got)
	}
}

func TestFaultsOfOneRowStayThere(t *testing.T) { // P17
	source := &rows{list: attempts(3)}
	var mu sync.Mutex
	var faults []string
	s := &jobs.Sweeper{
		Source: source, Clock: coretest.NewClock(at(9)), Batch: 10, Workers: 2,
		Handlers: map[core.DueKind]jobs.Handler{core.DueAttempt: func(_ context.Context, d core.Due) error {
			if d.ID == "a001" {
				panic("broken row")
			}
			return nil
		}},
		Failed: func(d core.Due, err error) {
			mu.Lock()
			defer mu.Unlock()
			faults = append(faults, d.ID+": "+err.Error())
		},
	}
	if got := s.Sweep(context.Background(), context.Background()); got != 3 {
		t.Fatalf("handed out %d rows, want 3", got)
	}
	if len(faults) != 1 || faults[0] != "a001: panic: broken row" {
		t.Fatalf("faults %q", faults)
	}
}

func TestDatabaseDownIsReportedAndNotFatal(t *testing.T) {
	source := &rows{fail: errors.New("gone")}
	var told error
	s := &jobs.Sweeper{
		Source: source, Clock: coretest.NewClock(at(9)),
		Handlers: map[core.DueKind]jobs.Handler{core.DueRefund: func(context.Context, core.Due) error { return nil }},
		Failed:   func(_ core.Due, err error) { told = err },
	}
	if got := s.Sweep(context.Background(), context.Background()); got != 0 || told == nil {
		t.Fatalf("handed out %d, told %v", got, told)
	}
}

func TestRunSweepsAtEveryTickAndStops(*testing.T) {
	source := &rows{list: attempts(1)}
	met := make(chan string)
	s := &jobs.Sweeper{
		Source: source, Clock: coretest.NewClock(at(9)), Batch: 5, Workers: 1,
		Handlers: map[core.DueKind]jobs.Handler{core.DueAttempt: func(_ context.Context, d core.Due) error {
			met <- d.ID
			return nil
		}},
	}
	ctx, stop := context.WithCancel(context.Background())
	ticks, ended := make(chan time.Time), make(chan struct{})
	go func() {
		s.Run(ctx, context.Background(), ticks)
		close(ended)
	}()
	<-met // at once
	for range 3 {
		ticks <- at(0)
		<-met
	}
	stop()
	<-ended
}

func TestStopFinishesWhatIsInHand(t *testing.T) { // P16
	source := &rows{list: attempts(50)}
	ctx, stop := context.WithCancel(context.Background())
	finished := 0
	s := &jobs.Sweeper{
		Source: source, Clock: coretest.NewClock(at(99)), Batch: 5, Workers: 1,
		Handlers: map[core.DueKind]jobs.Handler{core.DueAttempt: func(work context.Context, _ core.Due) error {
			stop()
			if work.Err() == nil {
				finished++
			}
			return nil
		}},
	}
	s.Run(ctx, context.Background(), make(chan time.Time))
	if finished == 0 || finished == 50 {
		t.Fatalf("%d rows were worked on after the stop, want those in hand", finished)
	}
}

func TestChoresRunUntilNothingIsLeft(t *testing.T) {
	ctx, stop := context.WithCancel(context.Background())
	left, told := 3, ""
	chores := []jobs.Chore{
		{Name: "broken", Do: func(context.Context) (bool, error) { return true, errors.New("no") }},
		{Name: "purge", Do: func(context.Context) (bool, error) {
			if left--; left == 0 {
				stop()
			}
			return left > 0, nil
		}},
	}
	jobs.Housekeep(ctx, make(chan time.Time), chores, func(name string, err error) { told = name + ": " + err.Error() })
	if left != 0 || told != "broken: no" {
		t.Fatalf("left %d, told %q", left, told)
	}
}
