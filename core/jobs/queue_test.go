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
	"github.com/paymux/paymux/core/storetest"
)

// patience ends a test that waits for something that never happens. Nothing is ever concluded from
// how long something took.
const patience = 60 * time.Second

// slate is a Queue that remembers what was published; fail makes it refuse.
type slate struct {
	jobs.NoQueue
	mu    sync.Mutex
	hints []core.Due
	fail  error
}

func (s *slate) Publish(due core.Due) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fail != nil {
		return s.fail
	}
	s.hints = append(s.hints, due)
	return nil
}

func (s *slate) take() []core.Due {
	s.mu.Lock()
	defer s.mu.Unlock()
	taken := s.hints
	s.hints = nil
	return taken
}

func TestNoQueueIsSilent(t *testing.T) {
	var q jobs.Queue = jobs.NoQueue{}
	stop := q.Listen(3, func(core.Due) { t.Error("heard something") })
	if err := errors.Join(q.Publish(core.Due{Kind: core.DueAttempt, ID: "a"}), q.Close()); err != nil {
		t.Fatal(err)
	}
	stop()
}

func TestRelayHintsAtWhatComesDueSoonOnce(t *testing.T) {
	soon := core.Due{Kind: core.DueDelivery, ID: "soon", MerchantID: "m", Scope: "e", At: at(1600)}
	source := &rows{list: append(attempts(95), soon, core.Due{Kind: core.DueDelivery, ID: "later", At: at(1601)})}
	queue := &slate{}
	r := &jobs.Relay{Source: source, Queue: queue, Clock: coretest.NewClock(at(1000)), Batch: 7}
	ctx := context.Background()
	if got := r.Round(ctx); got != 96 {
		t.Fatalf("%d hints, want 96", got)
	}
	if hints := queue.take(); hints[0] != soon {
		t.Fatalf("first hint %+v, want the delivery whole", hints[0])
	}
	if got := r.Round(ctx); got != 0 {
		t.Fatalf("%d hints again", got)
	}
	source.list[94].At = at(1050) // its time has moved
	if got := r.Round(ctx); got != 1 {
		t.Fatalf("%d hints for a row that moved", got)
	}
}

func TestRelayTriesAgainWhatTheQueueRefused(t *testing.T) {
	queue := &slate{fail: jobs.ErrQueueBusy}
	var told []error
	r := &jobs.Relay{
		Source: &rows{list: attempts(5)}, Queue: queue, Clock: coretest.NewClock(at(1000)), Batch: 2, Failed: func(err error) { told = append(told, err) },
	}
	ctx := context.Background()
	if got := r.Round(ctx); got != 0 || len(told) != 1 {
		t.Fatalf("%d hints, told %v", got, told)
	}
	queue.fail = nil
	if got := r.Round(ctx); got != 5 {
		t.Fatalf("%d hints, want all 5", got)
	}
	r.Source = &rows{fail: errors.New("gone")}
	if got := r.Round(ctx); got != 0 || len(told) != 2 {
		t.Fatalf("%d hints, told %v", got, told)
	}
}

func TestRelayRunsUntilItIsStopped(t *testing.T) {
	ctx, stop := context.WithCancel(context.Background())
	queue := &slate{}
	r := &jobs.Relay{Source: &rows{list: attempts(3)}, Queue: queue, Clock: coretest.NewClock(at(9)), Batch: 9}
	ticks, ended := make(chan time.Time), make(chan struct{})
	go func() {
		r.Run(ctx, ticks)
		close(ended)
	}()
	ticks <- at(9) // taken after the first round
	stop()
	<-ended
	if n := len(queue.take()); n != 3 {
		t.Fatalf("%d hints", n)
	}
}

func TestHeedIsASweepOfOneRowWhoseTimeHasCome(t *testing.T) {
	met := []string{}
	var told error
	s := &jobs.Sweeper{
		Clock: coretest.NewClock(at(100)), Failed: func(_ core.Due, err error) { told = err },
		Handlers: map[core.DueKind]jobs.Handler{core.DueAttempt: func(_ context.Context, d core.Due) error {
			met = append(met, d.ID)
			panic("broken row") // P17
		}},
	}
	ctx := context.Background()
	s.Heed(ctx, core.Due{Kind: core.DueAttempt, ID: "now", At: at(100)})
	// trap 1: the row's own time counts
	s.Heed(ctx, core.Due{Kind: core.DueAttempt, ID: "early", At: at(101)})
	s.Heed(ctx, core.Due{Kind: core.DueRefund, ID: "nobody's", At: at(1)})
	if fmt.Sprint(met) != "[now]" || told == nil {
		t.Fatalf("met %v, told %v", met, told)
	}
}

func TestAnnouncerHintsAtWhatWasCommitted(t *testing.T) {
	queue, now := &slate{}, at(1000)
	memory := storetest.NewMemory()
	store := jobs.Announcer{Store: memory, Queue: queue, Clock: coretest.NewClock(now)}
	delivery := func(id string, next time.Time) *core.Delivery {
		return &core.Delivery{ID: id, EventID: "e" + id, MerchantID: "m", EndpointID: "p", State: core.DeliveryPending, NextAt: next, CreatedAt: now}
	}
	do := func(w core.Writes) (core.Verdict, error) {
		return store.Do(context.Background(), core.Unit{Decide: func(core.View) (core.Writes, error) { return w, nil }})
	}
	w := core.Writes{Inserts: []core.Row{
		delivery("1", now), delivery("2", now.Add(jobs.Ahead)), delivery("3", now.Add(jobs.Ahead+time.Second)), delivery("4", time.Time{}),
		&core.Attempt{ID: "a", PaymentID: "p", OutTradeNo: "a", MerchantID: "m", NextAt: now}, &core.Inbox{ID: "i", NextAt: now},
		&core.Refund{ID: "r", PaymentID: "p", OutRequestNo: "r", MerchantID: "m", NextAt: now}, &core.Audit{ID: "u"},
	}}
	memory.Fail(storetest.FaultMiss) // Decide runs twice; the hints go out once
	if _, err := do(w); err != nil {
		t.Fatal(err)
	}
	want := []core.Due{
		{Kind: core.DueDelivery, ID: "1", MerchantID: "m", Scope: "p", At: now},
		{Kind: core.DueDelivery, ID: "2", MerchantID: "m", Scope: "p", At: now.Add(jobs.Ahead)},
		{Kind: core.DueAttempt, ID: "a", MerchantID: "m", Scope: "p", At: now},
		{Kind: core.DueInbox, ID: "i", At: now},
		{Kind: core.DueRefund, ID: "r", MerchantID: "m", Scope: "p", At: now},
	}
	if got := queue.take(); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Fatalf("hints\n%v\nwant\n%v", got, want)
	}
	if v, err := do(w); err != nil || v.Duplicate == "" || len(queue.take()) != 0 {
		t.Fatalf("a unit that wrote nothing was announced: %v, %v", v, err)
	}
	memory.Fail(storetest.FaultSilent)
	if _, err := do(core.Writes{Inserts: []core.Row{delivery("9", now)}}); err == nil || len(queue.take()) != 0 {
		t.Fatalf("a commit whose fate is unknown was announced: %v", err)
	}
	queue.fail = jobs.ErrQueueBusy
	if _, err := do(core.Writes{Inserts: []core.Row{delivery("10", now)}}); err != nil {
		t.Fatalf("a queue that is busy failed a commit: %v", err)
	}
}

// A queue that has no room for what is late may have it for what another kind has early: nothing of
// it is lost, and one failure is told.
func TestRelayGoesOnWithOtherKindsWhenTheQueueIsFull(t *testing.T) {
	queue := &narrow{until: at(950)}
	var told []error
	r := &jobs.Relay{
		Source: &rows{list: append(attempts(5), core.Due{Kind: core.DueInbox, ID: "late", At: at(960)}, core.Due{Kind: core.DueRefund, ID: "early", At: at(940)})},
		Queue:  queue, Clock: coretest.NewClock(at(1000)), Batch: 2, Failed: func(err error) { told = append(told, err) },
	}
	ctx := context.Background()
	if got := r.Round(ctx); got != 6 || len(told) != 1 {
		t.Fatalf("%d hints, told %v", got, told)
	}
	queue.until = at(1000)
	if got := r.Round(ctx); got != 1 || len(told) != 1 {
		t.Fatalf("%d hints once there was room, told %v", got, told)
	}
}

// narrow is a queue that has room for what comes before a time.
type narrow struct {
	slate
	until time.Time
}

func (n *narrow) Publish(due core.Due) error {
	if due.At.After(n.until) {
		return jobs.ErrQueueBusy
	}
	return n.slate.Publish(due)
}
