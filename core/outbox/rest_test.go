package outbox_test

import (
	"fmt"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/paymux/paymux/core"
)

// down is a shop that answers by how until a moment and takes everything after it.
func (v *town) down(shop string, until time.Time, how func(*http.Request) (*http.Response, error)) {
	v.shops[shop].plan(always(100_000, func(req *http.Request) (*http.Response, error) {
		if time.Now().Before(until) {
			return slow(time.Millisecond, how)(req) // when all that are due have been handed over
		}
		return slow(300*time.Millisecond, status(200))(req)
	})...)
}

// A shop that was down for an hour, however it was, is noticed within 30 seconds of being up; from
// then on a thousand events arrive within a minute, oldest first, and none was written while it
// rested but for its probes.
func TestShopBackFromAnOutage(t *testing.T) {
	for name, c := range map[string]struct {
		how func(*http.Request) (*http.Response, error)
		n   int
	}{
		"refuses connections": {fails(http.ErrHandlerTimeout), 1000}, "answers 500": {status(500), 1000}, "says its time": {status(503, "Retry-After", "20"), 1000},
		"asks for years": {status(429, "Retry-After", "99999999"), 20}, "redirects": {status(302), 1000}, "refuses all alike": {status(401), 1000},
		"has one event": {status(502), 1}, "has two events": {status(502), 2}, "lets us wait": {slow(time.Hour, status(200)), 1000}, "has five thousand": {status(500), 5000},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				v := newTown(t, "shop")
				up := time.Now().Add(time.Hour)
				v.down("shop.example", up, c.how)
				for i := range c.n {
					v.event(i, "shop", "hook")
				}
				v.sweep(time.Hour + 10*time.Minute + time.Duration(c.n/1000)*time.Minute)
				shop := v.shops["shop.example"]
				v.inOrder("shop.example", up, c.n, 16+probedAtRest)
				var first, thousandth time.Time
				took, before := 0, 0
				for _, x := range shop.tries {
					if x.at.Before(up) {
						before++
						continue
					}
					if took++; took == 1 {
						first = x.at
					}
					if took == min(1000, c.n) {
						thousandth = x.at
					}
				}
				notice := 31 * time.Second
				if name == "asks for years" {
					notice = 10 * time.Minute
				}
				if first.Sub(up) > notice || thousandth.Sub(first) > time.Minute || before > 200 {
					t.Errorf("the first came after %v, the thousandth %v after it; asked %d times before", first.Sub(up), thousandth.Sub(first), before)
				}
				v.lanes.Close(background)
			})
		})
	}
}

// probedAtRest is among how many events the probes take turns.
const probedAtRest = 16

// One event that the shop can never take holds back itself only, whatever it answers to it: the
// others arrive while it waits for its next try.
func TestOneEventHoldsBackItself(t *testing.T) {
	for _, code := range []int{400, 401, 404, 409, 422, 500, 503, 302} {
		for _, every := range []int{1000, 10, 3} {
			t.Run(fmt.Sprint(code, " every ", every), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					v := newTown(t, "shop")
					shop := v.shops["shop.example"]
					bad := map[string]bool{}
					shop.plan(always(100_000, func(req *http.Request) (*http.Response, error) {
						if bad[req.Header.Get("Webhook-Id")] {
							return status(code)(req)
						}
						return slow(100*time.Millisecond, status(200))(req)
					})...)
					good := 0
					for i := range 300 {
						id := v.event(i, "shop", "hook")
						if i%every == 0 {
							bad[v.delivery(id).EventID] = true
						} else {
							good++
						}
					}
					v.sweep(time.Minute)
					if len(shop.book) != good {
						t.Errorf("%d of %d arrived", len(shop.book), good)
					}
					if most := 300 + 20*len(bad); shop.count() > most {
						t.Errorf("%d requests", shop.count())
					}
					v.lanes.Close(background)
				})
			})
		}
	}
}

// While a shop is at rest one try at a time asks it, at growing pauses of at most 30 seconds, and
// each asks with another of the oldest events.
func TestProbes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := newTown(t, "shop")
		v.spread = 0
		shop := v.shops["shop.example"]
		shop.plan(always(1000, status(500))...)
		for i := range 40 {
			v.event(i, "shop", "hook")
		}
		v.sweep(5 * time.Minute)
		var probes []try
		for _, x := range shop.tries {
			if x.at.After(shop.tries[0].at) {
				probes = append(probes, x)
			}
		}
		at := shop.tries[0].at
		ids := map[string]bool{}
		for i, seconds := range []int{1, 2, 4, 8, 16, 30, 30, 30} {
			at = at.Add(time.Duration(seconds) * time.Second)
			if got := probes[i].at; !got.Equal(at) {
				t.Errorf("probe %d came at %v, want %v", i, got.Sub(shop.tries[0].at), at.Sub(shop.tries[0].at))
			}
			ids[probes[i].id] = true
		}
		if len(ids) != 8 {
			t.Errorf("eight probes asked with %d events", len(ids))
		}
		for _, due := range v.due() {
			if d := v.delivery(due.ID); d.Tries > 1 {
				t.Errorf("%+v", d)
			}
		}
		v.lanes.Close(background)
	})
}

// After a good probe 1, 2, 4, 8, 16 are under way at once, and no more.
func TestBacklogGoesInGrowingRounds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := newTown(t, "shop")
		shop := v.shops["shop.example"]
		// five failures open the breaker, while three more are under way
		shop.plan(inTurn(always(8, status(500)))...)
		shop.plan(always(1000, slow(time.Second, status(200)))...)
		for i := range 200 {
			v.event(i, "shop", "hook")
		}
		v.sweep(30 * time.Second)
		rounds := map[time.Duration]int{}
		for _, x := range shop.tries[8:] {
			rounds[x.at.Sub(shop.tries[8].at).Truncate(time.Second)]++
		}
		for i, want := range []int{1, 1, 2, 4, 8, 16, 16, 16} {
			if got := rounds[time.Duration(i)*time.Second]; got != want {
				t.Errorf("second %d: %d under way, want %d", i, got, want)
			}
		}
		v.lanes.Close(background)
	})
}

// An endpoint at rest does not stand before the others: a sweep lists none of its rows, however
// many there are.
func TestRestingEndpointStarvesNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := newTown(t, "dead", "quick")
		v.shops["dead.example"].plan(always(100_000, status(500))...)
		for i := range 3000 {
			v.event(i, "dead", "hook")
		}
		v.sweep(10 * time.Second)
		for i := range 300 {
			v.event(10_000+i, "quick", "hook")
		}
		before := v.handed
		v.sweep(20 * time.Second)
		if n := len(v.shops["quick.example"].book); n != 300 {
			t.Errorf("%d of 300 arrived beside a dead endpoint", n)
		}
		if v.handed-before > 20*300 || len(v.lanes.Full()) != 1 || v.lanes.Resting()[core.Scope{MerchantID: "dead", Scope: "hook"}].IsZero() {
			t.Errorf("%d rows listed, full %v", v.handed-before, v.lanes.Full())
		}
		v.lanes.Close(background)
	})
}

// An endpoint that never comes back ends what it did not take within the schedule's whole time.
func TestDeadEndpointEndsItsDeliveries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := newTown(t, "dead")
		v.Schedule = v.Schedule[:4] // 35 minutes
		v.shops["dead.example"].plan(always(100_000, status(500))...)
		var ids []string
		for i := range 3 {
			ids = append(ids, v.event(i, "dead", "hook"))
		}
		v.sweep(30 * time.Minute)
		for _, id := range ids {
			if d := v.delivery(id); d.State != core.DeliveryPending {
				t.Errorf("too early: %+v", d)
			}
		}
		v.sweep(10 * time.Minute)
		for _, id := range ids {
			if d := v.delivery(id); d.State != core.DeliveryDead {
				t.Errorf("%+v", d)
			}
		}
		v.lanes.Close(background)
	})
}
