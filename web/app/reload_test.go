package app

import (
	"crypto/rand"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/paymux/paymux/core"
	"github.com/paymux/paymux/core/store"
)

// F13: a refused change is told once and shown until one is taken.
func TestF13RefusedReloadIsTold(t *testing.T) {
	w, lines := alerted(t)
	registry := prometheus.NewRegistry()
	r, err := newReloads(registry, w)
	if err != nil {
		t.Fatal(err)
	}
	shown := func() (since float64, versions string) {
		families, err := registry.Gather()
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range families {
			for _, m := range f.GetMetric() {
				if f.GetName() == "paymux_config_refused_since_seconds" {
					since = m.GetGauge().GetValue()
					continue
				}
				versions += m.GetLabel()[0].GetValue() + " " + time.Unix(int64(m.GetGauge().GetValue()), 0).UTC().Format("15:04 ")
			}
		}
		return since, versions
	}
	at := func(minute int) time.Time { return time.Date(2026, 11, 28, 8, minute, 0, 0, time.UTC) }
	look := func(when string, refused time.Time, versions string, told int) {
		t.Helper()
		want := float64(0)
		if !refused.IsZero() {
			want = float64(refused.Unix())
		}
		if since, got := shown(); since != want || got != versions {
			t.Errorf("%s: refused since %v, versions %q", when, since, got)
		}
		if n := strings.Count(lines(), "what="+alertReload); n != told {
			t.Errorf("%s: told %d times", when, n)
		}
	}
	r.taken("v1", at(0))
	look("at the start", time.Time{}, "v1 08:00 ", 0)
	r.refused(at(1))
	r.refused(at(2))
	look("refused twice", at(1), "v1 08:00 ", 1)
	r.taken("v2", at(3))
	look("mended", time.Time{}, "v2 08:03 ", 0)
	r.refused(at(4))
	look("refused again", at(4), "v2 08:03 ", 1)
}

// F13: what a reload changed is written, in as many words as have room.
func TestF13ReloadIsAudited(t *testing.T) {
	s, err := store.Open(t.Context(), store.Config{Driver: store.DriverSQLite, DSN: filepath.Join(t.TempDir(), "paymux.db")})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	if err := s.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	now := func() time.Time { return time.Date(2026, 11, 28, 8, 0, 0, 0, time.UTC) }
	a := &App{store: s, setup: Setup{Now: now, Logger: slog.New(slog.DiscardHandler)}, cashier: &core.Cashier{IDs: newIDs(clock(now), rand.Reader)}}
	var many []string
	for range 400 {
		many = append(many, "~merchants[m_店铺].name")
	}
	for _, changes := range [][]string{{"~a"}, many, nil} {
		if err := a.auditReload("0123456789abcdef", "file changed at 2026-11-28T08:00:00Z, owned by uid 1000", changes); err != nil {
			t.Errorf("%d changes: %v", len(changes), err)
		}
	}
	if report, err := s.VerifyAudit(t.Context()); err != nil || report.Unsealed != 3 {
		t.Errorf("%d audit rows: %v", report.Unsealed, err)
	}
	if got := listed([]string{"aaaa", "bbbb", "cccc"}, 10); got != "aaaa bbbb and 1 more" {
		t.Errorf("%q", got)
	}
	if got := listed([]string{"aaaa", "bbbb"}, 10); got != "aaaa bbbb" {
		t.Errorf("%q", got)
	}
}
