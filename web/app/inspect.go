package app

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/paymux/paymux/core"
	"github.com/paymux/paymux/core/store"
)

const (
	// inspectEvery is the pause between a server's own inspections of all its books, and
	// inspectFirst how long after the start the first one is: not at once, when it would be one
	// more burden on a database that has just come back.
	inspectEvery = 24 * time.Hour
	inspectFirst = time.Hour
	// forgotten is how long a row may be due before the inspection says that no job looks at it.
	forgotten = 10 * time.Minute
)

// inspectDaily checks the books once a day until ctx ends, as verify does without a gateway's book.
func (a *App) inspectDaily(ctx context.Context) {
	wait := time.NewTimer(inspectFirst)
	defer wait.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-wait.C:
			wait.Reset(inspectEvery)
		}
		if err := inspectBooks(ctx, a.store, a.watch, a.setup.Now()); err != nil && ctx.Err() == nil {
			a.setup.Logger.Warn("the books could not be inspected", "error", err)
		}
	}
}

// InspectOnce does on a database what a server does once a day, and returns the metrics that tell
// of it.
func InspectOnce(ctx context.Context, db store.Config, now time.Time) (prometheus.Gatherer, error) {
	registry := prometheus.NewRegistry()
	watch, err := newWatch(registry, slog.New(slog.DiscardHandler), func() time.Time { return now })
	if err != nil {
		return nil, err
	}
	books, err := store.Open(ctx, db)
	if err != nil {
		return nil, err
	}
	return registry, errors.Join(inspectBooks(ctx, books, watch, now), books.Close())
}

// inspectBooks tells the watcher of every invariant that does not hold.
func inspectBooks(ctx context.Context, books *store.Store, watch *watch, now time.Time) error {
	i := core.Inspection{Now: now, Overdue: forgotten}
	err := books.EachOrder(ctx, func(o core.Order, entries []core.Entry, events []core.Event) error {
		i.Order(&o, entries, events)
		return nil
	})
	if err != nil {
		return err
	}
	audit, err := books.VerifyAudit(ctx)
	for _, b := range i.Finish(false) {
		watch.broke(b)
	}
	for _, line := range audit.Broken {
		watch.broke(core.Breach{Invariant: "INV-I3", Object: "audit", Detail: line})
	}
	watch.inspected(i.Orders)
	return err
}
