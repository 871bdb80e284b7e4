package command

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/paymux/paymux/core/store"
)

// InspectOnce does what a server does once a day, on an SQLite file, and returns its metrics.
func InspectOnce(ctx context.Context, file string, now time.Time) (prometheus.Gatherer, error) {
	registry := prometheus.NewRegistry()
	watch, err := newWatch(registry, slog.New(slog.DiscardHandler), time.Now)
	if err != nil {
		return nil, err
	}
	books, err := store.Open(ctx, store.Config{Driver: store.DriverSQLite, DSN: file})
	if err != nil {
		return nil, err
	}
	return registry, errors.Join(inspectBooks(ctx, books, watch, now), books.Close())
}
