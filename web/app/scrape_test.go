package app

import (
	"slices"
	"strings"
	"testing"
)

// Each kind of alarm is read off the text format; what is zero, no number, or not ours is none.
func TestAlarmsIn(t *testing.T) {
	got, err := AlarmsIn(strings.NewReader(`# TYPE paymux_webhook_resting gauge
paymux_webhook_resting{endpoint="e",merchant="m"} 1
paymux_webhook_resting{endpoint="f",merchant="m"} 0
# TYPE paymux_config_refused_since_seconds gauge
paymux_config_refused_since_seconds 1.7e+09
paymux_database_unwritable_since_seconds{cause="disk_full"} 1.7e+09
paymux_database_unwritable_since_seconds{cause="away"} 0
# TYPE paymux_invariant_broken_total counter
paymux_invariant_broken_total{invariant="INV-M1"} 2
paymux_invariant_broken_total{invariant="INV-M2"} 0
paymux_account_misconfigured_since_seconds{account="b",cause="x y"} 1.7e+09
paymux_account_misconfigured_since_seconds{account="a",cause="z"} 1.7e+09
paymux_account_misconfigured_since_seconds{account="c",cause="z"} NaN
paymux_alerts_total{level="1",what="x"} 3
`))
	const at = "2023-11-15T06:13:20.000+08:00"
	want := []StandingAlarm{
		{What: MisconfiguredMetric, Of: "a", Cause: "z", Since: at}, {What: MisconfiguredMetric, Of: "b", Cause: "x y", Since: at},
		{What: "paymux_config_refused_since_seconds", Since: "2023-11-15T06:13:20.000+08:00"},
		{What: "paymux_database_unwritable_since_seconds", Cause: "disk_full", Since: "2023-11-15T06:13:20.000+08:00"},
		{What: "paymux_invariant_broken_total", Of: "INV-M1"}, {What: "paymux_webhook_resting", Of: "m e"},
	}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("%v, %+v", err, got)
	}
	if _, err := AlarmsIn(strings.NewReader("<html>\n")); err == nil {
		t.Error("a page of something else is read")
	}
}
