package app

import (
	"context"
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/paymux/paymux/core"
	"github.com/paymux/paymux/core/outbox"
	"github.com/paymux/paymux/core/store"
)

const (
	// restingLong and backlogOld are when a person should look.
	restingLong = 10 * time.Minute
	backlogOld  = time.Hour

	alertResting    = "webhook.endpoint_down"
	alertBacklogOld = "webhook.backlog_old"
)

// backlogs tell of what waits for the configured endpoints, and of no other, so that the metrics
// have no more labels than there are endpoints.
type backlogs struct {
	store   *store.Store
	tenants *live
	lanes   *outbox.Lanes
	watch   *watch

	count, age, resting *prometheus.GaugeVec
}

func newBacklogs(registry *prometheus.Registry) (*backlogs, error) {
	b := &backlogs{
		count: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "paymux_webhook_backlog", Help: "Deliveries that wait for the endpoint.",
		}, []string{"merchant", "endpoint"}),
		age: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "paymux_webhook_oldest_seconds", Help: "Age of the oldest delivery that waits for the endpoint.",
		}, []string{"merchant", "endpoint"}),
		resting: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "paymux_webhook_resting", Help: "1 while this process leaves the endpoint alone but for probes.",
		}, []string{"merchant", "endpoint"}),
	}
	for _, c := range []prometheus.Collector{b.count, b.age, b.resting} {
		if err := registry.Register(c); err != nil {
			return nil, fmt.Errorf("metrics: %w", err)
		}
	}
	return b, nil
}

// look counts what waits. It is called once before serving, so that all gauges exist from the
// start, and then by a chore.
func (b *backlogs) look(ctx context.Context, now time.Time) error {
	waits := map[core.Scope]store.Backlog{}
	list, err := b.store.Backlogs(ctx)
	for _, one := range list {
		waits[one.Of] = one
	}
	rests := b.lanes.Resting()
	for _, g := range []*prometheus.GaugeVec{b.count, b.age, b.resting} {
		g.Reset()
	}
	for key := range b.tenants.now.Load().secrets {
		of := core.Scope{MerchantID: key.merchant, Scope: key.endpoint}
		since, rest := rests[of]
		b.tell(of, waits[of], since, rest, now)
	}
	return err
}

func (b *backlogs) tell(of core.Scope, waits store.Backlog, since time.Time, rest bool, now time.Time) {
	var age, rested time.Duration
	if waits.Count > 0 {
		age = max(now.Sub(waits.Oldest), 0)
	}
	if rest {
		rested = now.Sub(since)
	}
	b.count.WithLabelValues(of.MerchantID, of.Scope).Set(float64(waits.Count))
	b.age.WithLabelValues(of.MerchantID, of.Scope).Set(age.Seconds())
	b.resting.WithLabelValues(of.MerchantID, of.Scope).Set(0)
	if rest {
		b.resting.WithLabelValues(of.MerchantID, of.Scope).Set(1)
	}
	object := of.MerchantID + "/" + of.Scope
	if b.watch.alarms.worse(alertResting, object, over(rested, restingLong)) {
		b.watch.Alert(2, alertResting, object, fmt.Sprintf("the endpoint has taken nothing for %s; %d deliveries wait", rested.Truncate(time.Second), waits.Count))
	}
	if b.watch.alarms.worse(alertBacklogOld, object, over(age, backlogOld)) {
		b.watch.Alert(2, alertBacklogOld, object, fmt.Sprintf("the oldest of %d deliveries has waited for %s", waits.Count, age.Truncate(time.Second)))
	}
}

// over grades a wait for alarms: 0 within the limit, 1 beyond it.
func over(wait, limit time.Duration) int {
	if wait > limit {
		return 1
	}
	return 0
}
