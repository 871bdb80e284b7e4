package app

import (
	"io"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/paymux/paymux/core"
)

// StandingAlarm is something that stands wrong at the server that was asked, until somebody mends
// it.
type StandingAlarm struct {
	What  string `json:"what"`         // the metric that tells of it
	Of    string `json:"of,omitempty"` // an account, a merchant's endpoint, an invariant
	Cause string `json:"cause,omitempty"`
	Since string `json:"since,omitempty"`
}

// alarmMetrics are the metrics that stand above zero while something is wrong; of and cause are the
// labels that say with what.
func alarmMetrics() []struct {
	name   string
	of     []string
	cause  string
	moment bool // the value is since when
} {
	return []struct {
		name   string
		of     []string
		cause  string
		moment bool
	}{
		{MisconfiguredMetric, []string{"account"}, "cause", true},
		{RefusedConfigMetric, nil, "", true},
		{UnwritableMetric, nil, "cause", true},
		{ArchiveFailedMetric, nil, "", true},
		{BrokenMetric, []string{"invariant"}, "", false},
		{"paymux_webhook_resting", []string{"merchant", "endpoint"}, "", false},
	}
}

// Metrics that alarms are read from. MisconfiguredMetric tells of accounts that the gateway turns
// away, RefusedConfigMetric of a changed configuration that is not in force, ArchiveFailedMetric of
// orders that stay although they are due for the archive, BrokenMetric of books
// that contradict themselves.
const (
	MisconfiguredMetric = "paymux_account_misconfigured_since_seconds"
	RefusedConfigMetric = "paymux_config_refused_since_seconds"
	ArchiveFailedMetric = "paymux_archive_failed_since_seconds"
	BrokenMetric        = "paymux_invariant_broken_total"
)

// AlarmsIn reads the alarms off a server's metrics in the text format, sorted. Text that is no
// metrics is an error.
func AlarmsIn(text io.Reader) ([]StandingAlarm, error) {
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(text)
	if err != nil {
		return nil, err
	}
	alarms := []StandingAlarm{}
	for _, kind := range alarmMetrics() {
		for _, m := range families[kind.name].GetMetric() {
			value := m.GetGauge().GetValue() + m.GetCounter().GetValue() + m.GetUntyped().GetValue()
			if math.IsNaN(value) || value <= 0 {
				continue
			}
			labels := map[string]string{}
			for _, l := range m.GetLabel() {
				labels[l.GetName()] = l.GetValue()
			}
			alarm := StandingAlarm{What: kind.name, Cause: labels[kind.cause]}
			for i, name := range kind.of {
				if i > 0 {
					alarm.Of += " "
				}
				alarm.Of += labels[name]
			}
			if kind.moment {
				alarm.Since = core.Stamp(time.Unix(int64(value), 0))
			}
			alarms = append(alarms, alarm)
		}
	}
	slices.SortStableFunc(alarms, func(a, b StandingAlarm) int {
		return strings.Compare(a.What+"\x00"+a.Of+"\x00"+a.Cause, b.What+"\x00"+b.Of+"\x00"+b.Cause)
	})
	return alarms, nil
}
