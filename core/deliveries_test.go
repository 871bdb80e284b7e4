package core_test

import (
	"context"
	"testing"
	"time"

	"github.com/paymux/paymux/core"
)

var otherCaller = core.Caller{MerchantID: "m2", KeyID: "k2", Actor: "mallory"}

func twoEndpoints(m *core.Merchant) {
	m.Endpoints = []core.Endpoint{
		{ID: "all", URL: "https://a.example/"},
		{ID: "refunds", URL: "https://b.example/", Events: []core.EventType{core.EventRefundSucceeded}},
	}
}

func (w *world) deliveries(q core.DeliveryQuery) []core.DeliveryView {
	w.t.Helper()
	q.MerchantID = "m1"
	list, err := w.Deliveries(context.Background(), q)
	if err != nil {
		w.t.Fatal(err)
	}
	return list
}

// end writes how a delivery ended, as the courier does.
func (w *world) end(id string, state core.DeliveryState) {
	w.t.Helper()
	key := core.Key{Kind: core.DeliveryByID, Value: id}
	_, err := w.Store.Do(context.Background(), core.Unit{Keys: []core.Key{key}, Decide: func(v core.View) (core.Writes, error) {
		d := v.Delivery(key)
		d.State, d.NextAt, d.EndedAt = state, time.Time{}, w.clock.Now()
		d.Tries++
		return core.Writes{Guards: []core.Row{d}}, nil
	}})
	if err != nil {
		w.t.Fatal(err)
	}
}

func TestDeliveriesAreWrittenWithTheirEvent(t *testing.T) {
	w := newWorld(t).with(twoEndpoints)
	v := w.paid("o1", 100)
	list := w.deliveries(core.DeliveryQuery{})
	if len(list) != 1 || list[0].EndpointID != "all" || list[0].State != core.DeliveryPending || list[0].NextTryAt != core.Stamp(w.clock.Now()) {
		t.Fatalf("deliveries %+v", list)
	}
	events, _ := w.EventPage(context.Background(), core.EventQuery{MerchantID: "m1", PaymentID: v.ID})
	if len(events) != 1 || events[0].ID != list[0].EventID {
		t.Fatalf("events %+v", events)
	}
	due, _ := w.Store.Due(context.Background(), core.DueQuery{Kind: core.DueDelivery, Until: w.clock.Now(), Limit: 9})
	if len(due) != 1 || due[0].ID != list[0].ID || due[0].Scope != "all" {
		t.Fatalf("due %+v", due)
	}
}

func TestH07_Replay(t *testing.T) {
	for _, ended := range []core.DeliveryState{core.DeliveryDone, core.DeliveryDead, core.DeliveryPending} {
		t.Run(string(ended), func(t *testing.T) {
			w := newWorld(t).with(twoEndpoints)
			w.paid("o1", 100)
			id := w.deliveries(core.DeliveryQuery{})[0].ID
			w.end(id, ended)
			w.clock.Advance(time.Hour)
			v, err := w.Replay(context.Background(), shopCaller, id)
			if err != nil || v.State != core.DeliveryPending || v.Tries != 1 || v.NextTryAt != core.Stamp(w.clock.Now()) || v.EndedAt != "" {
				t.Fatalf("%+v, %v", v, err)
			}
			if got := w.deliveries(core.DeliveryQuery{})[0]; got != v {
				t.Fatalf("stored %+v, answered %+v", got, v)
			}
		})
	}
}

// W01: a delivery is found by its own merchant only.
func TestDeliveriesBelongToTheirMerchant(t *testing.T) {
	w := newWorld(t).with(twoEndpoints)
	v := w.paid("o1", 100)
	id := w.deliveries(core.DeliveryQuery{})[0].ID
	w.end(id, core.DeliveryDead)
	ctx := context.Background()
	if list, err := w.Deliveries(ctx, core.DeliveryQuery{MerchantID: "m2"}); err != nil || len(list) != 0 {
		t.Errorf("another merchant lists %v, %v", list, err)
	}
	// over all merchants each row says whose it is
	if list, err := w.Deliveries(ctx, core.DeliveryQuery{All: true}); err != nil || len(list) == 0 || list[0].MerchantID != "m1" {
		t.Errorf("over all: %v, %v", list, err)
	}
	if list := w.deliveries(core.DeliveryQuery{}); list[0].MerchantID != "" {
		t.Errorf("one's own: %v", list)
	}
	events, _ := w.EventPage(ctx, core.EventQuery{MerchantID: "m1", PaymentID: v.ID})
	d := w.Merchants.(directory)
	m2 := d["m2"]
	twoEndpoints(&m2)
	d["m2"] = m2
	for name, try := range map[string]func() error{
		"replay":          func() error { _, err := w.Replay(ctx, otherCaller, id); return err },
		"replay of event": func() error { _, err := w.ReplayEvent(ctx, otherCaller, events[0].ID, "all"); return err },
		"no delivery":     func() error { _, err := w.Replay(ctx, shopCaller, "nothing"); return err },
		"no endpoint":     func() error { _, err := w.ReplayEvent(ctx, shopCaller, events[0].ID, "nowhere"); return err },
		"no event":        func() error { _, err := w.ReplayEvent(ctx, shopCaller, "nothing", "all"); return err },
	} {
		if err := try(); core.CodeOf(err) != core.CodeNotFound {
			t.Errorf("%s: %v", name, err)
		}
	}
	if got := w.deliveries(core.DeliveryQuery{})[0]; got.State != core.DeliveryDead {
		t.Errorf("%+v", got)
	}
}

func TestReplayEventToAnEndpointThatCameLater(t *testing.T) {
	w := newWorld(t)
	v := w.paid("o1", 100)
	if list := w.deliveries(core.DeliveryQuery{}); len(list) != 0 {
		t.Fatalf("deliveries without an endpoint: %+v", list)
	}
	w.with(twoEndpoints)
	ctx := context.Background()
	events, _ := w.EventPage(ctx, core.EventQuery{MerchantID: "m1", PaymentID: v.ID})
	// asked for by name, though it does not want the type
	first, err := w.ReplayEvent(ctx, shopCaller, events[0].ID, "refunds")
	if err != nil || first.State != core.DeliveryPending {
		t.Fatalf("%+v, %v", first, err)
	}
	w.end(first.ID, core.DeliveryDone)
	again, err := w.ReplayEvent(ctx, shopCaller, events[0].ID, "refunds")
	if err != nil || again.ID != first.ID || again.Tries != 1 {
		t.Fatalf("%+v, %v", again, err)
	}
	if list := w.deliveries(core.DeliveryQuery{EventID: events[0].ID}); len(list) != 1 {
		t.Fatalf("%d deliveries of one event to one endpoint", len(list))
	}
}
