package core_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/paymux/paymux/core"
)

// backlog writes n deliveries to the endpoint, a second apart from the clock's now on.
func (w *world) backlog(prefix, endpoint string, state core.DeliveryState, n int) {
	w.t.Helper()
	var rows []core.Row
	for i := range n {
		at := w.clock.Now().Add(time.Duration(i) * time.Second)
		d := &core.Delivery{ID: fmt.Sprintf("%s%05d", prefix, i), EventID: fmt.Sprintf("evt_%s%05d", prefix, i), MerchantID: "m1", EndpointID: endpoint, State: state, Tries: 1, CreatedAt: at}
		if state == core.DeliveryPending {
			d.NextAt = at.Add(time.Hour)
		} else {
			d.EndedAt = at.Add(time.Minute)
		}
		rows = append(rows, d)
	}
	if _, err := w.Store.Do(context.Background(), core.Unit{Decide: func(core.View) (core.Writes, error) { return core.Writes{Inserts: rows}, nil }}); err != nil {
		w.t.Fatal(err)
	}
}

// day is a day of the "all" endpoint's from the clock's now on.
func (w *world) day(key string) core.RangeAsk {
	return core.RangeAsk{EndpointID: "all", From: w.clock.Now(), To: w.clock.Now().Add(24 * time.Hour), IdempotencyKey: key}
}

func rangeView(t *testing.T, a core.Answered) (v core.RangeView) {
	t.Helper()
	if err := json.Unmarshal(a.Body, &v); err != nil || a.Status != 202 {
		t.Fatalf("%d %s: %v", a.Status, a.Body, err)
	}
	return v
}

// changed counts the deliveries of a prefix that were written once, and those that were more often.
func (w *world) changed(prefix string) (once, more int) {
	for _, d := range w.memory.All().Deliveries {
		if strings.HasPrefix(d.ID, prefix) && d.Version == 1 {
			once++
		} else if strings.HasPrefix(d.ID, prefix) && d.Version > 1 {
			more++
		}
	}
	return once, more
}

// H07: what ended in the time, at the endpoint, in the state that is asked for is due; nothing else
// is touched.
func TestH07_ReplayOfATime(t *testing.T) {
	for _, taken := range []bool{false, true} {
		t.Run(fmt.Sprintf("taken %t", taken), func(t *testing.T) {
			w := newWorld(t).with(twoEndpoints)
			w.backlog("x", "all", core.DeliveryDead, 6)
			w.backlog("y", "all", core.DeliveryDone, 6)
			w.backlog("z", "all", core.DeliveryPending, 6)
			w.backlog("b", "refunds", core.DeliveryDead, 6)
			ask := w.day("k")
			ask.Taken, ask.From, ask.To = taken, ask.From.Add(2*time.Second), ask.From.Add(5*time.Second)
			want := map[string]int{"x": 3, "y": 0, "z": 0, "b": 0}
			if taken {
				want["y"] = 3
			}
			w.clock.Advance(time.Hour)
			a, err := w.ReplayRange(context.Background(), shopCaller, ask)
			if err != nil {
				t.Fatal(err)
			}
			if v := rangeView(t, a); v != (core.RangeView{EndpointID: "all", Replayed: want["x"] + want["y"]}) || a.Replayed {
				t.Errorf("%+v, replayed %t", v, a.Replayed)
			}
			for prefix, n := range want {
				if once, more := w.changed(prefix); once != n || more != 0 {
					t.Errorf("%s: %d written once, %d more often, want %d", prefix, once, more, n)
				}
			}
			for _, d := range w.memory.All().Deliveries {
				if d.Version > 0 && (d.State != core.DeliveryPending || !d.NextAt.Equal(w.clock.Now()) || d.EndedAt.IsZero() || d.Tries != 1 || d.CreatedAt.Before(ask.From) || !d.CreatedAt.Before(ask.To)) {
					t.Errorf("%+v", d)
				}
			}
			audits, _ := w.Audits(context.Background(), core.AuditQuery{MerchantID: "m1", Object: "all", Limit: 10})
			if len(audits) != 1 || audits[0].Actor != shopCaller.Actor || audits[0].Action != "endpoint.replay" || !strings.HasPrefix(audits[0].Detail, fmt.Sprintf("%d of %[1]d made due", want["x"]+want["y"])) {
				t.Errorf("%+v", audits)
			}
		})
	}
}

// units counts what a store is asked to write, and does something before each.
type units struct {
	core.Store
	before func(n int) error
	n      int
	most   int // guards of one unit
}

func (s *units) Do(ctx context.Context, u core.Unit) (core.Verdict, error) {
	if s.n++; s.before != nil {
		if err := s.before(s.n); err != nil {
			return core.Verdict{}, err
		}
	}
	decide := u.Decide
	u.Decide = func(v core.View) (core.Writes, error) {
		w, err := decide(v)
		s.most = max(s.most, len(w.Guards))
		return w, err
	}
	return s.Store.Do(ctx, u)
}

// A call looks at 10,000 deliveries, 200 in a commit, and says where the next one goes on: together
// they make each due once, the oldest first.
func TestReplayOfATimeIsBounded(t *testing.T) {
	w := newWorld(t).with(twoEndpoints)
	w.backlog("x", "all", core.DeliveryDead, core.MaxReplay+1)
	ask := w.day("k1")
	counted := &units{Store: w.Store}
	w.Store = counted
	w.clock.Advance(time.Hour)
	a, err := w.ReplayRange(context.Background(), shopCaller, ask)
	if err != nil {
		t.Fatal(err)
	}
	v := rangeView(t, a)
	if v.Replayed != core.MaxReplay || !v.More || v.NextFrom != core.Stamp(ask.From.Add(core.MaxReplay*time.Second)) {
		t.Errorf("%+v", v)
	}
	if counted.n != 50 || counted.most != 201 { // with the key's row
		t.Errorf("%d units, at most %d guards", counted.n, counted.most)
	}
	if once, more := w.changed("x"); once != core.MaxReplay || more != 0 {
		t.Errorf("%d once, %d more often", once, more)
	}
	ask.IdempotencyKey = "k2"
	if ask.From, err = time.Parse(time.RFC3339, v.NextFrom); err != nil {
		t.Fatal(err)
	}
	if a, err = w.ReplayRange(context.Background(), shopCaller, ask); err != nil {
		t.Fatal(err)
	}
	if v := rangeView(t, a); v.Replayed != 1 || v.More || v.NextFrom != "" {
		t.Errorf("the rest: %+v", v)
	}
}

// I04: one key makes nothing due twice, though it was taken meanwhile: when the call is repeated,
// goes on after an interruption, or has another beside it.
func TestReplayOfATimeUnderOneKey(t *testing.T) {
	ctx := context.Background()
	for name, before := range map[string]func(w *world, ask core.RangeAsk) func(n int) error{
		"repeated": func(*world, core.RangeAsk) func(int) error { return nil },
		"interrupted": func(w *world, _ core.RangeAsk) func(int) error {
			return func(n int) error {
				if n == 3 {
					for _, d := range w.memory.All().Deliveries {
						if d.State == core.DeliveryPending {
							w.end(d.ID, core.DeliveryDone)
						}
					}
					return errors.New("the database is away")
				}
				return nil
			}
		},
		"beside another from the first": func(w *world, ask core.RangeAsk) func(int) error {
			return func(n int) error { return w.once(n == 1, ask) }
		},
		"beside another": func(w *world, ask core.RangeAsk) func(int) error {
			return func(n int) error { return w.once(n == 2, ask) }
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t).with(twoEndpoints)
			w.backlog("x", "all", core.DeliveryDone, 1000)
			ask := w.day("k")
			ask.Taken = true
			memory := w.Store
			w.Store = &units{Store: memory, before: before(w, ask)}
			first, err := w.ReplayRange(ctx, shopCaller, ask)
			w.Store = memory
			if (err != nil) != (name == "interrupted") {
				t.Fatal(err)
			}
			again, err := w.ReplayRange(ctx, shopCaller, ask)
			if err != nil || again.Replayed == (name == "interrupted") {
				t.Fatalf("again: replayed %t, %v", again.Replayed, err)
			}
			if v := rangeView(t, again); v.Replayed != 1000 || v.More {
				t.Errorf("%+v", v)
			}
			if name != "interrupted" && !bytes.Equal(first.Body, again.Body) {
				t.Errorf("%s, then %s", first.Body, again.Body)
			}
			audits, _ := w.Audits(ctx, core.AuditQuery{MerchantID: "m1", Object: "all", Limit: 100})
			if len(audits) != 5 {
				t.Errorf("%d commits made 1000 due, 200 at a time", len(audits))
			}
			ask.Taken = false
			_, err = w.ReplayRange(ctx, shopCaller, ask)
			wantCode(t, err, core.CodeIdempotencyMismatch)
		})
	}
}

// once has another call do the whole of it.
func (w *world) once(now bool, ask core.RangeAsk) error {
	if !now {
		return nil
	}
	other := *w.Cashier
	other.Store = w.Store.(*units).Store
	_, err := other.ReplayRange(context.Background(), shopCaller, ask)
	return err
}

// What a lane or a person did between the listing and the commit is not undone.
func TestReplayOfATimeLeavesWhatWentOn(t *testing.T) {
	w := newWorld(t).with(twoEndpoints)
	w.backlog("x", "all", core.DeliveryDead, 3)
	ask := w.day("k")
	w.Store = &units{Store: w.Store, before: func(n int) error {
		if n != 1 {
			return nil
		}
		other := *w.Cashier
		other.Store = w.Store.(*units).Store
		_, err := other.Replay(context.Background(), shopCaller, "x00001")
		return err
	}}
	a, err := w.ReplayRange(context.Background(), shopCaller, ask)
	if err != nil {
		t.Fatal(err)
	}
	if v := rangeView(t, a); v.Replayed != 2 {
		t.Errorf("%+v", v)
	}
	if once, more := w.changed("x"); once != 3 || more != 0 {
		t.Errorf("%d once, %d more often", once, more)
	}
}

// W01, and the bounds of a time.
func TestReplayOfATimeIsRefused(t *testing.T) {
	w := newWorld(t).with(twoEndpoints)
	w.backlog("x", "all", core.DeliveryDead, 3)
	ctx, good := context.Background(), w.day("k")
	for name, c := range map[string]struct {
		caller core.Caller
		change func(*core.RangeAsk)
		code   core.Code
	}{
		"another merchant's": {otherCaller, func(*core.RangeAsk) {}, core.CodeNotFound},
		"unknown":            {shopCaller, func(a *core.RangeAsk) { a.EndpointID = "nowhere" }, core.CodeNotFound},
		"backwards":          {shopCaller, func(a *core.RangeAsk) { a.From, a.To = a.To, a.From }, core.CodeInvalid},
		"empty":              {shopCaller, func(a *core.RangeAsk) { a.To = a.From }, core.CodeInvalid},
		"too long":           {shopCaller, func(a *core.RangeAsk) { a.To = a.From.Add(core.MaxReplaySpan + 1) }, core.CodeInvalid},
		"as long as can be":  {shopCaller, func(a *core.RangeAsk) { a.EndpointID, a.To = "refunds", a.From.Add(core.MaxReplaySpan) }, ""},
	} {
		ask := good
		ask.IdempotencyKey = name
		c.change(&ask)
		if _, err := w.ReplayRange(ctx, c.caller, ask); core.CodeOf(err) != c.code {
			t.Errorf("%s: %v, want %q", name, err, c.code)
		}
	}
	// An endpoint of the same name is another one.
	m2 := w.Merchants.(directory)["m2"]
	twoEndpoints(&m2)
	w.Merchants.(directory)["m2"] = m2
	a, err := w.ReplayRange(ctx, otherCaller, good)
	if err != nil || rangeView(t, a).Replayed != 0 {
		t.Errorf("%s, %v", a.Body, err)
	}
	if once, more := w.changed("x"); once+more != 0 {
		t.Errorf("%d of another merchant's are due", once+more)
	}
}
