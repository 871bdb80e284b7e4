package app

import (
	"crypto/rand"
	"errors"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/paymux/paymux/config"
	"github.com/paymux/paymux/core/store"
)

// archivist is an App with what archiving needs, and what it tells.
type archivist struct {
	*App
	log      strings.Builder
	registry *prometheus.Registry
}

func newArchivist(t *testing.T, now *time.Time) *archivist {
	t.Helper()
	a := &archivist{App: &App{}, registry: prometheus.NewRegistry()}
	a.setup.Now, a.setup.Random = func() time.Time { return *now }, rand.Reader
	a.setup.Logger = slog.New(slog.NewTextHandler(&a.log, nil))
	var err error
	if a.watch, err = newWatch(a.registry, a.setup.Logger, a.setup.Now); err != nil {
		t.Fatal(err)
	}
	if a.archives, err = newArchives(a.registry, a.watch); err != nil {
		t.Fatal(err)
	}
	return a
}

// shows reads a metric that stands alone.
func (a *archivist) shows(t *testing.T, name string) int64 {
	t.Helper()
	families, err := a.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() == name {
			return int64(f.GetMetric()[0].GetGauge().GetValue() + f.GetMetric()[0].GetCounter().GetValue())
		}
	}
	t.Fatalf("there is no metric %s", name)
	return 0
}

// wants compares how often it was told, since when it stands, and how many orders left.
func (a *archivist) wants(t *testing.T, told int, since, orders int64) {
	t.Helper()
	got := strings.Count(a.log.String(), "what="+alertArchive)
	if got != told || a.shows(t, ArchiveFailedMetric) != since || a.shows(t, "paymux_archived_orders_total") != orders {
		t.Errorf("told %d times, since %d, %d orders; want %d, %d, %d:\n%s", got, a.shows(t, ArchiveFailedMetric), a.shows(t, "paymux_archived_orders_total"), told, since, orders, a.log.String())
	}
}

// A pass of the archive that fails is told once, stands until one succeeds, and is told again after
// that.
func TestArchiveFailuresAreToldOnce(t *testing.T) {
	now := time.Unix(1000, 0)
	a := newArchivist(t, &now)
	a.archives.passed(3, nil, now)
	a.wants(t, 0, 0, 3)
	for range 2 {
		a.archives.passed(1, errors.New("the disk is full"), now)
		now = now.Add(time.Hour)
	}
	a.wants(t, 1, 1000, 5)
	a.archives.passed(0, nil, now)
	a.wants(t, 1, 0, 5)
	a.archives.passed(0, errors.New("again"), now)
	a.wants(t, 2, now.Unix(), 5)
}

// A server's pass that succeeds is followed by one a day later, one that fails by one an hour
// later.
func TestArchiveOnce(t *testing.T) {
	now := time.Unix(2_000_000_000, 0)
	a := newArchivist(t, &now)
	books, err := store.Open(t.Context(), store.Config{Driver: store.DriverSQLite, DSN: filepath.Join(t.TempDir(), "paymux.db")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := books.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := books.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	a.store, a.config = books, &config.Config{Retention: config.Retention{ArchiveDays: 400, ArchiveDir: t.TempDir()}}
	if next := a.archiveOnce(t.Context()); next != archiveEvery {
		t.Errorf("nothing was due, and the next pass is in %s", next)
	}
	a.wants(t, 0, 0, 0)
	a.config.Retention.ArchiveDir = filepath.Join(t.TempDir(), "gone")
	if next := a.archiveOnce(t.Context()); next != archiveAgain {
		t.Errorf("a pass failed, and the next is in %s", next)
	}
	a.wants(t, 1, now.Unix(), 0)
}
