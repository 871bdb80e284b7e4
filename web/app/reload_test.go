package app

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/paymux/paymux/config"
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

// F13: a start says in the audit log what its configuration changes, once for all nodes that start
// with it, whether a start or a reload took the one before; nothing when it is the same. No value
// of a setting stands there, nor in what is kept to compare with.
func TestF13StartIsAudited(t *testing.T) {
	s, err := store.Open(t.Context(), store.Config{Driver: store.DriverSQLite, DSN: filepath.Join(t.TempDir(), "paymux.db")})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	if err := s.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	now := func() time.Time { return time.Date(2026, 11, 28, 8, 0, 0, 0, time.UTC) }
	node := &App{store: s, setup: Setup{Now: now, Logger: slog.New(slog.DiscardHandler)}, cashier: &core.Cashier{IDs: newIDs(clock(now), rand.Reader)}}
	watch := configurations(t, node)
	first, second, third := watch("first-password", "info"), watch("second-password", "info"), watch("second-password", "debug")
	said := func() (told string, rows int) {
		t.Helper()
		all, err := s.Audits(t.Context(), core.AuditQuery{All: true})
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range all {
			_, changes, _ := strings.Cut(r.Detail, ": ")
			if told += r.Action + " " + changes + "; "; r.Object == "" || strings.Contains(r.Detail, "-password") {
				t.Errorf("%+v", r)
			}
		}
		return told, len(all)
	}
	var got []string
	for _, w := range []*config.Watcher{first, first, second, second, third, second} {
		if err := node.noteStart(w); err != nil {
			t.Fatal(err)
		}
		told, _ := said()
		got = append(got, told)
	}
	password, level := "config.start ~db.dsn (secret); ", "config.start ~log.level; "
	if want := []string{"", "", password, password, level + password, level + level + password}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	// a reload's change is none of the next start's
	silent := func(store.Configuration) *core.Audit { return nil }
	if err := errors.Join(node.take(node.taken(third), silent), node.noteStart(third)); err != nil {
		t.Fatal(err)
	}
	kept, err := s.Configuration(t.Context())
	if _, rows := said(); err != nil || rows != 3 || kept.Name != node.taken(third).Name || strings.Contains(kept.Imprint, "second-password") || strings.Contains(kept.Imprint, "pay.shop") {
		t.Errorf("%d rows, %+v, %v", rows, kept, err)
	}
	if sum := sha256.Sum256([]byte("debug")); strings.Contains(kept.Imprint, hex.EncodeToString(sum[:4])) {
		t.Error("what is kept can be tried out without the master key")
	}
	// of two nodes that found the same before them, one is first
	for _, was := range []string{node.taken(second).Name, ""} {
		if taken, err := s.TakeConfiguration(t.Context(), was, node.taken(first), nil); err != nil || taken {
			t.Errorf("a second node took the place of %q: %t, %v", was, taken, err)
		}
	}
}

// configurations makes configuration files of one database password and log level each, and gives
// the node their master key.
func configurations(t *testing.T, node *App) func(password, level string) *config.Watcher {
	t.Helper()
	dir := t.TempDir()
	start, err := os.ReadFile("../../config/start.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, "keys"), 0o700); err != nil {
		t.Fatal(err)
	}
	if node.master, err = config.CreateMasterKey(filepath.Join(dir, "keys", "master.key"), rand.Reader); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"shop.secret", "app.pem", "alipay.pub"} {
		if err := os.WriteFile(filepath.Join(dir, "keys", name), []byte(rand.Text()+rand.Text()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return func(password, level string) *config.Watcher {
		t.Helper()
		name := filepath.Join(dir, level+password)
		text := strings.Replace(string(start), "dsn: data/paymux.db", "driver: mysql\n  dsn: 'paymux:"+password+"@tcp(db:3306)/paymux'", 1) + "\nlog: {level: " + level + "}\n"
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		w, err := config.NewWatcher(name, nil, Dialects()...)
		if err != nil {
			t.Fatal(err)
		}
		return w
	}
}
