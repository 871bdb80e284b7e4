package command_test

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/paymux/paymux/core/store"
	"github.com/paymux/paymux/web/app"
)

// metrics sums each family of what a daily inspection says.
func metrics(t *testing.T, file string, now time.Time) map[string]float64 {
	t.Helper()
	gathered, err := app.InspectOnce(t.Context(), store.Config{Driver: store.DriverSQLite, DSN: file}, now)
	if err != nil {
		t.Fatal(err)
	}
	families, err := gathered.Gather()
	if err != nil {
		t.Fatal(err)
	}
	sums := map[string]float64{}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			sums[f.GetName()] += m.GetCounter().GetValue() + m.GetGauge().GetValue()
		}
	}
	return sums
}

// The daily inspection counts orders and breaches, and a breach alarms; what jobs have forgotten is
// one too.
func TestDailyInspection(t *testing.T) {
	d, dir := livelyDemo(t)
	d.create("alipay") // payable, so that a job must look at it
	d.stop()
	file := filepath.Join(dir, "paymux.db")
	if got := metrics(t, file, time.Now()); got["paymux_inspected_orders"] != 4 || got["paymux_invariant_broken_total"] != 0 || got["paymux_alerts_total"] != 0 {
		t.Fatalf("a clean demo: %v", got)
	}
	if got := metrics(t, file, time.Now().Add(time.Hour)); got["paymux_invariant_broken_total"] == 0 {
		t.Fatalf("an hour without jobs: %v", got)
	}
	falsify(t, file, `UPDATE payments SET refunded_fen = 0 WHERE refunded_fen > 0`)
	if got := metrics(t, file, time.Now()); got["paymux_invariant_broken_total"] == 0 || got["paymux_alerts_total"] != got["paymux_invariant_broken_total"] {
		t.Fatalf("a falsified order: %v", got)
	}
}
