package app

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/paymux/paymux/core/store"
)

// Two processes on one database without a shared queue are told of once, while both live; one that
// takes over from another is no neighbour.
func TestNeighboursWithoutASharedQueueAreTold(t *testing.T) {
	books, err := store.Open(t.Context(), store.Config{Driver: store.DriverSQLite, DSN: filepath.Join(t.TempDir(), "paymux.db")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = books.Close() })
	if err := books.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	w, alerts := alerted(t)
	start := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	// Those that share a queue, with whomever, say nothing themselves.
	before := &neighbours{store: books, watch: w, id: "before", started: start.Add(-time.Hour), shared: true}
	here := &neighbours{store: books, watch: w, id: "here", started: start}
	apart := &neighbours{store: books, watch: w, id: "apart", started: start, shared: true}
	for i, step := range []struct {
		who  *neighbours
		at   time.Duration
		told bool
	}{
		{before, -time.Second, false},
		{here, 0, false},
		{before, 10 * time.Second, false}, // it is about to end
		{here, time.Minute, false},
		{here, 2 * time.Minute, false},
		{apart, 3 * time.Minute, false},
		{here, 4 * time.Minute, true},
		{here, 5 * time.Minute, false}, // told already
		{apart, 6 * time.Minute, false},
		{here, 10 * time.Minute, false}, // gone
		{apart, 11 * time.Minute, false},
		{here, 12 * time.Minute, true},
	} {
		if err := step.who.look(t.Context(), start.Add(step.at)); err != nil {
			t.Fatal(err)
		}
		if got := alerts(); strings.Contains(got, alertNotShared) != step.told {
			t.Errorf("step %d: %q", i, got)
		}
	}
}
