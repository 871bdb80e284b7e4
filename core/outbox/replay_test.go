package outbox_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/paymux/paymux/core"
)

// A replay of a time is asked for by a person: it goes to an endpoint that said 410, and to one
// that is left alone without waiting for its next probe; then the backlog goes too.
func TestReplayOfATimeReachesItsEndpoint(t *testing.T) {
	for name, answer := range map[string]int{"gone": 410, "resting": 500} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				const before, after = 40, 10
				v := newTown(t, "shop")
				shop, from := v.shops["shop.example"], v.Clock.Now()
				for i := range before {
					v.event(i, "shop", "hook")
				}
				v.sweep(time.Minute)
				shop.plan(always(1000, status(answer))...)
				for i := range after {
					v.event(before+i, "shop", "hook")
				}
				v.sweep(2 * time.Minute) // the pause between probes is its longest by now
				shop.script, shop.tries = nil, nil
				v.replayTime("shop", from)
				v.sweep(3 * time.Second)
				if len(shop.tries) < before+after || len(shop.book) != before+after {
					t.Errorf("%d requests, %d events are known to the shop, want %d", len(shop.tries), len(shop.book), before+after)
				}
				for i := range before + after {
					if d := v.delivery(fmt.Sprintf("dlv%06dshophook", i)); d.State != core.DeliveryDone || i < before && d.Tries != 2 {
						t.Errorf("%+v", d)
					}
				}
				v.lanes.Close(background)
			})
		})
	}
}

// H06: a replay of a time asks an endpoint once that still says 410; the rest are dead letters as
// before, unsent, and the answer says what to expect. What was asked for later asks once more, and
// once that is taken the others go too.
func TestH06_ReplayAsksAGoneEndpointOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const many = 60
		v := newTown(t, "shop")
		shop, from := v.shops["shop.example"], v.Clock.Now()
		shop.plan(always(1000, slow(100*time.Millisecond, status(410)))...)
		for i := range many {
			v.event(i, "shop", "hook")
		}
		v.sweep(time.Minute)
		before := shop.count()
		if said := v.replayTime("shop", from); !strings.Contains(said, `"gone":true`) {
			t.Errorf("the answer: %s", said)
		}
		v.sweep(time.Minute)
		if asked := shop.count() - before; asked != 1 || v.watch.said("webhook.endpoint_disabled") != 1 {
			t.Errorf("the endpoint was asked %d times, %v", asked, v.watch.alerts)
		}
		dead := 0
		for i := range many {
			if d := v.delivery(fmt.Sprintf("dlv%06dshophook", i)); d.State == core.DeliveryDead && d.LastStatus == 410 {
				dead++
			}
		}
		if dead != many {
			t.Errorf("%d of %d are held", dead, many)
		}
		v.replay("dlv000005shophook")
		v.sweep(time.Second)
		if asked := shop.count() - before; asked != 2 {
			t.Errorf("asked %d times, a person asked twice", asked)
		}
		shop.script = nil
		v.replay("dlv000006shophook")
		v.replay("dlv000007shophook")
		v.sweep(time.Second)
		if len(shop.book) != 2 {
			t.Errorf("%d events are known to the shop", len(shop.book))
		}
		v.lanes.Close(background)
	})
}

// replayTime replays what ended since, and hands over what became due, as hints tell of it.
func (v *town) replayTime(merchant string, from time.Time) (answer string) {
	v.t.Helper()
	c := &core.Cashier{Store: v.Store, Clock: v.Clock, IDs: v.IDs, Merchants: v.Endpoints}
	got, err := c.ReplayRange(background, core.Caller{MerchantID: merchant, Actor: "alice"},
		core.RangeAsk{EndpointID: "hook", From: from, To: from.Add(time.Hour), Taken: true, IdempotencyKey: "k"})
	if err != nil {
		v.t.Fatal(err)
	}
	for _, due := range v.due() {
		if due.Asked {
			_ = v.lanes.Hand(background, due)
		}
	}
	return string(got.Body)
}
