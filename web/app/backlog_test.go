package app

import (
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/paymux/paymux/core"
	"github.com/paymux/paymux/core/store"
)

// H07: an endpoint that is left alone for longer than ten minutes, and a delivery that waits for
// longer than an hour, are told once each, until they are over; and told again when they come
// again. Other endpoints have alarms of their own.
func TestBacklogAlarmsBeginAndEnd(t *testing.T) {
	const second = time.Second
	one, two := core.Scope{MerchantID: "m", Scope: "one"}, core.Scope{MerchantID: "m", Scope: "two"}
	for name, c := range map[string]struct {
		what  string
		limit time.Duration
		tell  func(b *backlogs, of core.Scope, lasts time.Duration)
	}{
		"resting": {alertResting, restingLong, func(b *backlogs, of core.Scope, lasts time.Duration) {
			now := time.Date(2026, 11, 28, 8, 0, 0, 0, time.UTC)
			b.tell(of, store.Backlog{}, now.Add(-lasts), lasts > 0, now)
		}},
		"old": {alertBacklogOld, backlogOld, func(b *backlogs, of core.Scope, lasts time.Duration) {
			now, waits := time.Date(2026, 11, 28, 8, 0, 0, 0, time.UTC), store.Backlog{}
			if lasts > 0 {
				waits = store.Backlog{Count: 3, Oldest: now.Add(-lasts)}
			}
			b.tell(of, waits, time.Time{}, false, now)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			w, alerts := alerted(t)
			b, err := newBacklogs(prometheus.NewRegistry())
			if err != nil {
				t.Fatal(err)
			}
			b.watch = w
			for i, step := range []struct {
				of    core.Scope
				lasts time.Duration
				told  bool
			}{
				{one, 0, false}, {one, c.limit - second, false}, {one, c.limit, false}, {one, c.limit + time.Millisecond, true}, {one, 2 * c.limit, false},
				{two, c.limit, false}, {two, c.limit + second, true}, {one, 3 * c.limit, false},
				{one, c.limit, false}, {one, c.limit + second, true}, // over, and begun again
				{one, 0, false}, {two, 2 * c.limit, false}, {one, 2 * c.limit, true},
			} {
				c.tell(b, step.of, step.lasts)
				told := alerts()
				if got := strings.Contains(told, "what="+c.what) && strings.Contains(told, "object=m/"+step.of.Scope); got != step.told || strings.Count(told, "what=") > 1 {
					t.Errorf("step %d, %s after %s: %q, want it told: %t", i, step.of.Scope, step.lasts, told, step.told)
				}
			}
		})
	}
}

// What waits for nobody is shown as nothing, and a clock that went back makes no age below that.
func TestBacklogShowsWhatWaits(t *testing.T) {
	w, _ := alerted(t)
	registry := prometheus.NewRegistry()
	b, err := newBacklogs(registry)
	if err != nil {
		t.Fatal(err)
	}
	b.watch = w
	now := time.Date(2026, 11, 28, 8, 0, 0, 0, time.UTC)
	for i, step := range []struct {
		waits store.Backlog
		rest  bool
		want  [3]float64 // backlog, oldest, resting: in the order of their names
	}{
		{store.Backlog{}, false, [3]float64{0, 0, 0}},
		{store.Backlog{Count: 7, Oldest: now.Add(-90 * time.Second)}, true, [3]float64{7, 90, 1}},
		{store.Backlog{Count: 1, Oldest: now.Add(time.Minute)}, false, [3]float64{1, 0, 0}},
		{store.Backlog{Oldest: now.Add(-time.Hour)}, false, [3]float64{0, 0, 0}},
	} {
		b.tell(core.Scope{MerchantID: "m", Scope: "hook"}, step.waits, now.Add(-time.Second), step.rest, now)
		families, err := registry.Gather()
		if err != nil || len(families) != 3 {
			t.Fatal(len(families), err)
		}
		var got [3]float64
		for k, f := range families {
			got[k] = f.GetMetric()[0].GetGauge().GetValue()
		}
		if got != step.want {
			t.Errorf("step %d: %v, want %v", i, got, step.want)
		}
	}
}
