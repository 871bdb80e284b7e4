package command

import (
	"context"
	"io"
	"net/http"

	"github.com/paymux/paymux/web/app"
)

// maxMetrics bounds what is read of a server's metrics; a large one has some hundred KiB.
const maxMetrics = 8 << 20

// How the question for metrics ended.
const (
	metricsNotAsked   = "not asked" // no admin listener is configured
	metricsAsked      = "asked"
	metricsSilent     = "silent"
	metricsUnreadable = "unreadable"
)

// standingAlarms asks a server's admin listener what stands wrong there.
func standingAlarms(ctx context.Context, address string) (asked string, alarms []app.StandingAlarm) {
	alarms = []app.StandingAlarm{}
	if address == "" {
		return metricsNotAsked, alarms
	}
	ctx, cancel := context.WithTimeout(ctx, askReady)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+"/metrics", http.NoBody)
	if err != nil {
		return metricsSilent, alarms
	}
	answer, err := (&http.Client{Timeout: askReady}).Do(r)
	if err != nil {
		return metricsSilent, alarms
	}
	defer func() { _ = answer.Body.Close() }()
	if answer.StatusCode != http.StatusOK {
		return metricsUnreadable, alarms
	}
	body := &io.LimitedReader{R: answer.Body, N: maxMetrics}
	if alarms, err = app.AlarmsIn(body); err != nil || body.N == 0 { // or cut off
		return metricsUnreadable, []app.StandingAlarm{}
	}
	return metricsAsked, alarms
}

// turnAway puts to each account why the gateway turns it away.
func (r *statusReport) turnAway() {
	for i := range r.Accounts {
		r.Accounts[i].TurnedAway = []string{}
		for _, a := range r.Alarms {
			if a.What == app.MisconfiguredMetric && a.Of == r.Accounts[i].ID {
				r.Accounts[i].TurnedAway = append(r.Accounts[i].TurnedAway, a.Cause)
			}
		}
	}
}
