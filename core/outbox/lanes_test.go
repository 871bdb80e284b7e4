package outbox_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/paymux/paymux/core"
	"github.com/paymux/paymux/core/coretest"
	"github.com/paymux/paymux/core/outbox"
)

// town is many merchants, each with one endpoint "hook" and a receiver, behind lanes, in a bubble
// of synctest.
type town struct {
	*world
	lanes  *outbox.Lanes
	shops  map[string]*receiver
	mu     sync.Mutex // lanes tell of what failed side by side
	failed []string
	handed int // rows that sweeps listed
}

func newTown(t *testing.T, merchants ...string) *town {
	w := newWorld(t)
	w.Clock = coretest.Wall(0)
	v := &town{world: w, shops: map[string]*receiver{}}
	for _, m := range merchants {
		w.secrets[m+"/hook"] = [][]byte{secretOf(m, "hook", 1)}
		w.world().endpoint(m, core.Endpoint{ID: "hook", URL: "https://" + m + ".example/hook"})
		v.shops[m+".example"] = newReceiver(t, coretest.Wall(0), verifierOf(m, "hook", 1))
	}
	w.Client = &http.Client{Timeout: 10 * time.Second, Transport: v}
	v.lanes = outbox.NewLanes(w.Courier, func(id string, err error) {
		v.mu.Lock()
		defer v.mu.Unlock()
		v.failed = append(v.failed, id+": "+err.Error())
	})
	return v
}

func (w *world) world() shops { return w.shops }

// RoundTrip is the network: the host is the merchant's.
func (v *town) RoundTrip(req *http.Request) (*http.Response, error) {
	return v.shops[req.URL.Host].RoundTrip(req)
}

// slow answers after a while, unless the caller has gone.
func slow(d time.Duration, then func(*http.Request) (*http.Response, error)) func(*http.Request) (*http.Response, error) {
	return func(req *http.Request) (*http.Response, error) {
		select {
		case <-time.After(d):
			return then(req)
		case <-req.Context().Done():
			return nil, req.Context().Err()
		}
	}
}

// inTurn makes answers arrive one after the other, a millisecond apart: tries that start at the
// same instant take theirs in any order, and what was heard first would be luck.
func inTurn(answers []func(*http.Request) (*http.Response, error)) []func(*http.Request) (*http.Response, error) {
	first := sync.OnceValue(time.Now)
	for i, answer := range answers {
		answers[i] = func(req *http.Request) (*http.Response, error) {
			return slow(time.Until(first().Add(time.Duration(i+1)*time.Millisecond)), answer)(req)
		}
	}
	return answers
}

// sweep hands over what is due at every second for a while, as the jobs do.
func (v *town) sweep(d time.Duration) {
	for end := time.Now().Add(d); time.Now().Before(end); <-time.After(time.Second) {
		v.handOver()
		synctest.Wait()
	}
	synctest.Wait() // what the last second woke
}

// handOver is one sweep.
func (v *town) handOver() {
	v.t.Helper()
	ask := core.DueQuery{Kind: core.DueDelivery, Until: time.Now(), Except: v.lanes.Full(), Limit: 200}
	for more := true; more; {
		list, err := v.Store.Due(background, ask)
		if err != nil {
			v.t.Fatal(err)
		}
		v.handed += len(list)
		for _, due := range list {
			if err := v.lanes.Hand(background, due); err != nil {
				v.t.Error(err)
			}
			ask.AfterAt, ask.AfterID = due.At, due.ID
		}
		more = len(list) == ask.Limit
	}
}

// H08: a merchant who lets us wait delays nobody else.
func TestH08_OneSlowMerchant(t *testing.T) {
	worst := func(slowOnes int) time.Duration {
		var late time.Duration
		synctest.Test(t, func(t *testing.T) {
			v := newTown(t, "slow", "quick")
			v.shops["slow.example"].plan(always(10_000, slow(time.Hour, status(200)))...)
			v.shops["quick.example"].plan(always(500, slow(20*time.Millisecond, status(200)))...)
			for i := range slowOnes {
				v.event(i, "slow", "hook")
			}
			start := time.Now()
			for i := range 500 {
				v.event(10_000+i, "quick", "hook")
			}
			v.sweep(20 * time.Second)
			quick := v.shops["quick.example"]
			if len(quick.book) != 500 {
				t.Errorf("%d of 500 events arrived beside %d slow ones", len(quick.book), slowOnes)
			}
			for _, x := range quick.tries {
				late = max(late, x.at.Sub(start))
			}
			v.lanes.Close(background)
		})
		return late
	}
	alone, beside := worst(0), worst(400)
	if alone != beside || beside > 5*time.Second {
		t.Fatalf("the last event left after %v alone and after %v beside a slow merchant", alone, beside)
	}
}

// H08: an endpoint that fails is left alone for a while, its deliveries lose no tries by that, and
// everything arrives when it is back.
func TestH08_BreakerLeavesAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := newTown(t, "shop")
		shop := v.shops["shop.example"]
		down := time.Now().Add(10 * time.Minute)
		shop.plan(always(100_000, func(req *http.Request) (*http.Response, error) {
			if time.Now().Before(down) {
				return status(500)(req)
			}
			return status(200)(req)
		})...)
		const n = 200
		for i := range n {
			v.event(i, "shop", "hook")
		}
		v.sweep(9 * time.Minute)
		if asked := shop.count(); asked > 30 {
			t.Errorf("asked %d times in 9 minutes", asked)
		}
		if v.watch.counted("webhook.postponed") == 0 || v.watch.counted("webhook.breaker/open") == 0 {
			t.Errorf("counts %v", v.watch.tally())
		}
		v.sweep(45 * time.Minute)
		if len(shop.book) != n {
			t.Errorf("%d of %d events arrived", len(shop.book), n)
		}
		list, _ := v.Store.Deliveries(background, core.DeliveryQuery{MerchantID: "shop", Limit: 1000})
		for _, d := range list {
			if d.State != core.DeliveryDone || d.Tries > 2 {
				t.Errorf("%+v", d)
			}
		}
		v.lanes.Close(background)
	})
}

// P17: a fault of ours in the one try that probes an endpoint must not leave it alone for ever.
func TestFaultInTheProbeIsNotTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := newTown(t, "shop")
		shop := v.shops["shop.example"]
		shop.plan(always(5, status(500))...)
		shop.plan(func(*http.Request) (*http.Response, error) { panic("a fault of ours") })
		for i := range 5 {
			v.event(i, "shop", "hook")
		}
		v.sweep(time.Hour)
		v.lanes.Close(background)
		if len(shop.book) != 5 || len(v.failed) != 1 {
			t.Errorf("%d of 5 events arrived; faults: %v", len(shop.book), v.failed)
		}
	})
}

// H06: an endpoint that said 410 is asked no more, until a person replays or its address changes.
func TestH06_GoneIsDisabled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := newTown(t, "shop")
		shop := v.shops["shop.example"]
		shop.plan(status(410))
		first := v.event(1, "shop", "hook")
		v.sweep(time.Second)
		second := v.event(2, "shop", "hook")
		v.sweep(time.Second)
		for id, tries := range map[string]int{first: 1, second: 0} {
			if d := v.delivery(id); d.State != core.DeliveryDead || d.LastStatus != 410 || d.Tries != tries {
				t.Errorf("%+v", d)
			}
		}
		if shop.count() != 1 || v.watch.said("webhook.endpoint_disabled") != 1 || v.watch.said("webhook.dead") != 2 {
			t.Fatalf("%d requests, alerts %v", shop.count(), v.watch.alerts)
		}
		v.replay(second) // a person asks for it, so it is sent; and it is taken
		v.sweep(time.Second)
		third := v.event(3, "shop", "hook")
		v.sweep(time.Second)
		for _, id := range []string{second, third} {
			if d := v.delivery(id); d.State != core.DeliveryDone {
				t.Errorf("%+v", d)
			}
		}
		shop.plan(status(410))
		v.event(4, "shop", "hook")
		v.sweep(time.Second)
		v.world.shops.endpoint("shop", core.Endpoint{ID: "hook", URL: "https://shop.example/moved"})
		fifth := v.event(5, "shop", "hook")
		v.sweep(time.Second)
		if d := v.delivery(fifth); d.State != core.DeliveryDone {
			t.Errorf("after the address changed: %+v", d)
		}
		v.lanes.Close(background)
	})
}

// A replay reaches an endpoint that is left alone.
func TestReplayPassesTheBreaker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := newTown(t, "shop")
		shop := v.shops["shop.example"]
		id := v.event(0, "shop", "hook")
		v.sweep(time.Second)
		shop.plan(always(1000, status(500))...)
		for i := range 50 {
			v.event(1+i, "shop", "hook")
		}
		v.sweep(2 * time.Minute)
		asked := func() (n int) {
			for _, x := range shop.tries {
				if strings.HasPrefix(x.id, "evt_000000") {
					n++
				}
			}
			return n
		}
		before := shop.count()
		v.replay(id)
		for _, due := range v.due() { // as a hint tells of it
			if due.ID == id {
				_ = v.lanes.Hand(background, due)
			}
		}
		v.sweep(2 * time.Second)
		if shop.count() != before+1 || asked() != 2 || v.watch.counted("webhook.breaker/open") != 1 {
			t.Fatalf("%d requests after %d, %d of what was asked for, counts %v", shop.count(), before, asked(), v.watch.tally())
		}
		v.lanes.Close(background)
	})
}

// What does not fit into a lane stays as it is in the database, is not listed for the lane again,
// and is fetched in its order.
func TestFullLaneLeavesTheRestDue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := newTown(t, "slow")
		v.shops["slow.example"].plan(always(10_000, slow(9*time.Second, status(200)))...)
		const n = 2500
		for i := range n {
			v.event(i, "slow", "hook")
		}
		v.sweep(time.Minute)
		if v.handed > n+1000 {
			t.Errorf("sweeps listed %d rows of a lane that is full", v.handed)
		}
		for _, due := range v.due() {
			if d := v.delivery(due.ID); d.Version != 0 {
				t.Fatalf("written: %+v", d)
			}
		}
		v.sweep(n / 16 * 9 * time.Second)
		v.inOrder("slow.example", time.Time{}, n, 16)
		v.lanes.Close(background)
	})
}

// inOrder checks that a shop has n events, and that of those that came since, each came first no
// more than some places from where its age puts it.
func (v *town) inOrder(shop string, since time.Time, n, apart int) {
	v.t.Helper()
	r := v.shops[shop]
	if len(r.book) != n {
		v.t.Errorf("%d of %d events arrived", len(r.book), n)
	}
	var order []string
	for _, x := range r.tries {
		if !x.at.Before(since) && !slices.Contains(order, x.id) {
			order = append(order, x.id)
		}
	}
	sorted := slices.Sorted(slices.Values(order))
	for i, id := range order {
		if at, _ := slices.BinarySearch(sorted, id); at-i > apart || i-at > apart {
			v.t.Fatalf("%s came as number %d, its age puts it at %d", id, i, at)
		}
	}
}

// P16, P17: closing waits for what is under way, takes nothing more, and cuts off what takes too
// long; a fault in one delivery stays there.
func TestLanesClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := newTown(t, "shop", "slow", "bad")
		secrets := v.Secrets
		v.Secrets = func(m, e string) ([][]byte, error) {
			if m == "bad" {
				panic("broken")
			}
			return secrets(m, e)
		}
		v.shops["shop.example"].plan(slow(3*time.Second, status(200)))
		v.shops["slow.example"].plan(slow(time.Hour, status(200)))
		one, broken := v.event(1, "shop", "hook"), v.event(2, "bad", "hook")
		for _, due := range v.due() {
			_ = v.lanes.Hand(background, due)
		}
		synctest.Wait()
		three := v.event(3, "slow", "hook")
		_ = v.lanes.Hand(background, core.Due{Kind: core.DueDelivery, ID: three, MerchantID: "slow", Scope: "hook"})
		synctest.Wait()
		ctx, cut := context.WithTimeout(background, 5*time.Second)
		defer cut()
		v.lanes.Close(ctx)
		if d := v.delivery(one); d.State != core.DeliveryDone {
			t.Errorf("%+v", d)
		}
		for _, id := range []string{broken, three} {
			if d := v.delivery(id); d.State != core.DeliveryPending || d.Tries != 0 {
				t.Errorf("%+v", d)
			}
		}
		if said := strings.Join(v.failed, "; "); len(v.failed) != 2 || !strings.Contains(said, "broken") {
			t.Errorf("failed %s", said)
		}
		four := v.event(4, "shop", "hook")
		if err := v.lanes.Hand(background, core.Due{Kind: core.DueDelivery, ID: four, MerchantID: "shop", Scope: "hook"}); err != nil {
			t.Error(err)
		}
		synctest.Wait()
		if d := v.delivery(four); d.Tries != 0 || len(v.failed) != 2 {
			t.Errorf("%+v, failed %v", d, v.failed)
		}
	})
}

// Endpoints that nobody configured share a lane: a forged hint cannot fill the memory with lanes.
func TestUnknownEndpointsShareALane(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := newTown(t, "shop")
		for i := range 100 {
			_ = v.lanes.Hand(background, core.Due{Kind: core.DueDelivery, ID: fmt.Sprint(i), MerchantID: fmt.Sprint(i), Scope: "x"})
		}
		if n := v.lanes.Count(); n != 1 {
			t.Errorf("%d lanes", n)
		}
		v.lanes.Close(background)
	})
}
