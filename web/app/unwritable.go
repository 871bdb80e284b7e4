package app

import (
	"context"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/paymux/paymux/core"
	"github.com/paymux/paymux/core/store"
)

const (
	alertUnwritable = "database_unwritable"
	// enduring is how long writing must fail before a person is told: a database may change hosts.
	enduring = 5 * time.Second
	// quiet is how long nothing must have failed before the database is tried by a row of our own:
	// on a disk that is full a small one may still find room.
	quiet = 10 * time.Second
	// recoveryTimeout ends one try.
	recoveryTimeout = 5 * time.Second
)

// UnwritableMetric tells since when the database takes nothing, by why. The metric below spells it
// out, for whoever looks for its name.
const UnwritableMetric = "paymux_database_unwritable_since_seconds"

// unwritable remembers that the database takes nothing, since when, and why. It is over when a row
// that says so has been written, which stays in the audit log.
type unwritable struct {
	watch *watch
	gauge *prometheus.GaugeVec
	now   func() time.Time
	// note writes the row that tells of the time without a database.
	note func(ctx context.Context, cause store.Ailment, detail string) error

	mu          sync.Mutex
	since, last time.Time // the first and the last failure; zero while all is well
	cause       store.Ailment
	told        bool
}

func newUnwritable(registry *prometheus.Registry, watch *watch, now func() time.Time) (*unwritable, error) {
	u := &unwritable{watch: watch, now: now, gauge: prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: "paymux_database_unwritable_since_seconds", Help: "Since when the database takes nothing, in Unix time, by why; 0 while it does.",
	}, []string{"cause"})}
	u.show()
	return u, registry.Register(u.gauge)
}

// show sets the gauge of every cause. Callers hold mu, or are alone.
func (u *unwritable) show() {
	for _, cause := range store.Ailments() {
		since := 0.0
		if cause == u.cause {
			since = float64(u.since.Unix())
		}
		u.gauge.WithLabelValues(string(cause)).Set(since)
	}
}

// heard takes an error of the database into account. What concerns one unit alone is none of its
// own.
func (u *unwritable) heard(err error) {
	cause := store.AilmentOf(err)
	if cause == "" {
		return
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.last = u.now(); u.since.IsZero() {
		u.since, u.cause, u.told = u.last, cause, false
		u.show()
	}
	if !u.told && u.last.Sub(u.since) >= enduring {
		u.told = true
		u.watch.Alert(1, alertUnwritable, string(u.cause), "writing to the database fails since "+core.Stamp(u.since)+
			": orders are refused with 503, gateways send their messages again, jobs wait. What was answered is kept")
	}
}

// look tries whether the database takes a row again, once nothing has failed for a while.
func (u *unwritable) look(ctx context.Context) {
	u.mu.Lock()
	since, cause, due := u.since, u.cause, !u.since.IsZero() && u.now().Sub(u.last) >= quiet
	u.mu.Unlock()
	if !due {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, recoveryTimeout)
	defer cancel()
	now := u.now()
	if err := u.note(ctx, cause, fmt.Sprintf("writing failed from %s to %s, for %s", core.Stamp(since), core.Stamp(now), now.Sub(since).Round(time.Second))); err != nil {
		u.heard(err)
		return
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	u.since, u.cause = time.Time{}, ""
	u.show()
	u.watch.logger.Info("the database takes rows again", "what", alertUnwritable, "since", core.Stamp(since))
}

// noteRecovery writes the row that ends a time without a database.
func (a *App) noteRecovery(ctx context.Context, cause store.Ailment, detail string) error {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	row := &core.Audit{
		ID: a.cashier.IDs.Row(), Actor: core.ActorSystem, Action: "database.recovered", Object: string(cause), Detail: "node " + host + ": " + detail, CreatedAt: a.setup.Now(),
	}
	_, err = a.store.Do(ctx, core.Unit{Decide: func(core.View) (core.Writes, error) { return core.Writes{Inserts: []core.Row{row}}, nil }})
	return err
}

// heeded is a store whose failures are heard of.
type heeded struct {
	core.Store
	by *unwritable
}

// Do implements core.Store.
func (h heeded) Do(ctx context.Context, unit core.Unit) (core.Verdict, error) {
	verdict, err := h.Store.Do(ctx, unit)
	h.by.heard(err)
	return verdict, err
}
