package app

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/paymux/paymux/core/store"
)

// due shows how the database stands: a chore counts it each minute, so that a scrape costs the
// database nothing.
type due struct {
	rows, age, people *prometheus.GaugeVec
	open              prometheus.Gauge
}

func newDue(registry *prometheus.Registry) (*due, error) {
	b := &due{
		rows: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "paymux_due_rows", Help: "Rows that are due, by kind, as of the last minute.",
		}, []string{"kind"}),
		age: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "paymux_due_age_seconds", Help: "For how long the oldest row of the kind has been due.",
		}, []string{"kind"}),
		people: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "paymux_for_people", Help: "What waits for a person: attention, parked, dead or approvals.",
		}, []string{"what"}),
		open: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "paymux_oldest_open_attempt_seconds", Help: "Age of the oldest attempt that a job still looks after.",
		}),
	}
	for _, c := range []prometheus.Collector{b.rows, b.age, b.people, b.open} {
		if err := registry.Register(c); err != nil {
			return nil, err
		}
	}
	b.show(store.Standing{Backlog: []store.DueRows{{Kind: "attempt"}, {Kind: "refund"}, {Kind: "inbox"}, {Kind: "delivery"}}}, time.Time{})
	return b, nil
}

// look counts once.
func (b *due) look(ctx context.Context, books *store.Store, now time.Time) error {
	standing, err := books.Standing(ctx, now)
	if err == nil {
		b.show(standing, now)
	}
	return err
}

// show sets every gauge, so that what is gone goes back to zero.
func (b *due) show(s store.Standing, now time.Time) {
	for _, k := range s.Backlog {
		b.rows.WithLabelValues(string(k.Kind)).Set(float64(k.Rows))
		b.age.WithLabelValues(string(k.Kind)).Set(since(k.Oldest, now))
	}
	for what, n := range map[string]int64{"attention": s.People.Attention, "parked": s.People.Parked, "dead": s.People.Dead, "approvals": s.People.Approvals} {
		b.people.WithLabelValues(what).Set(float64(n))
	}
	b.open.Set(since(s.OldestOpen, now))
}

// since is how many seconds ago something was, 0 for nothing.
func since(at, now time.Time) float64 {
	if at.IsZero() || at.After(now) {
		return 0
	}
	return now.Sub(at).Seconds()
}
