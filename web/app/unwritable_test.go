package app

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/paymux/paymux/core"
	"github.com/paymux/paymux/core/store"
)

// D08: that the database takes nothing is told once it lasts, since when and why, and is over when
// a row of it has been taken: none is tried while units still fail. A unit's own trouble is none.
func TestD08UnwritableDatabaseIsTold(t *testing.T) {
	w, lines := alerted(t)
	now := time.Date(2026, 11, 28, 8, 0, 0, 0, time.UTC)
	registry := prometheus.NewRegistry()
	u, err := newUnwritable(registry, w, func() time.Time { return now })
	if err != nil {
		t.Fatal(err)
	}
	var noted []string
	var away error
	u.note = func(_ context.Context, cause store.Ailment, detail string) error {
		noted = append(noted, fmt.Sprint(cause, " ", detail))
		return away
	}
	since := func(cause store.Ailment) float64 {
		t.Helper()
		families, err := registry.Gather()
		if err != nil || len(families) != 1 || len(families[0].GetMetric()) != len(store.Ailments()) {
			t.Fatal(families, err)
		}
		for _, m := range families[0].GetMetric() {
			if m.GetLabel()[0].GetValue() == string(cause) {
				return m.GetGauge().GetValue()
			}
		}
		t.Fatal("no series of ", cause)
		return 0
	}
	look := func() { u.look(t.Context()) }
	gone := &core.Error{Code: core.CodeUnavailable, Message: "no answer", Err: driver.ErrBadConn}
	for _, own := range []error{nil, context.DeadlineExceeded, core.Errorf(core.CodeContended, "others were first"), &core.Error{Code: core.CodeUnavailable, Err: context.Canceled}} {
		u.heard(own)
	}
	if look(); lines() != "" || len(noted) > 0 || since(store.Away) != 0 {
		t.Errorf("a unit's own trouble is told: %q", noted)
	}
	u.heard(gone)
	begun := float64(now.Unix())
	now = now.Add(enduring - 1)
	if u.heard(gone); lines() != "" || since(store.Away) != begun {
		t.Errorf("a moment without a database is told, or not shown: %v", since(store.Away))
	}
	now = now.Add(2*time.Minute - enduring + 1)
	u.heard(gone)
	u.heard(gone)
	if said := lines(); strings.Count(said, alertUnwritable) != 1 || !strings.Contains(said, "object=away") || since(store.Away) != begun || since(store.DiskFull) != 0 {
		t.Errorf("%s, since %v", said, since(store.Away))
	}
	now = now.Add(quiet - time.Second)
	if look(); len(noted) > 0 {
		t.Error("it is tried while units fail")
	}
	now, away = now.Add(time.Second), errors.Join(errors.New("still"), driver.ErrBadConn)
	if look(); len(noted) != 1 || since(store.Away) != begun {
		t.Errorf("%q, since %v", noted, since(store.Away))
	}
	now, away = now.Add(quiet), nil
	for range 2 {
		look()
	}
	const want = "away writing failed from 2026-11-28T16:00:00.000+08:00 to 2026-11-28T16:02:20.000+08:00, for 2m20s"
	if said := lines(); len(noted) != 2 || noted[1] != want || since(store.Away) != 0 || !strings.Contains(said, "takes rows again") || strings.Contains(said, "a person") {
		t.Errorf("%q, since %v, %s", noted, since(store.Away), said)
	}
	u.heard(gone)
	now = now.Add(enduring)
	if u.heard(gone); strings.Count(lines(), alertUnwritable) != 1 {
		t.Error("the second time is not told")
	}
}
