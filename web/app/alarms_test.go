package app

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/paymux/paymux/adapters"
)

// alerted makes a watch, and a function that returns the alerts since it was last asked.
func alerted(t *testing.T) (*watch, func() string) {
	t.Helper()
	var lines bytes.Buffer
	w, err := newWatch(prometheus.NewRegistry(), slog.New(slog.NewTextHandler(&lines, nil)), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	return w, func() string {
		defer lines.Reset()
		return lines.String()
	}
}

// G16: a wrong clock is told when it begins and when it grows worse, once each; C28: an unknown
// certificate likewise.
func TestAlarmsOfTheLine(t *testing.T) {
	w, alerts := alerted(t)
	skewed := func(skew time.Duration) adapters.Exchange {
		return adapters.Exchange{App: "1", Certificate: adapters.CertificateKnown, SkewKnown: true, Skew: skew}
	}
	good := skewed(0)
	silent := adapters.Exchange{App: "1"}
	rotated := adapters.Exchange{App: "1", Certificate: adapters.CertificateUnknown, SkewKnown: true, Skew: time.Second}
	for i, step := range []struct {
		x    adapters.Exchange
		want string // in the one alert there is; "" for none
	}{
		{good, ""},
		{skewed(time.Minute), ""},
		{skewed(-2 * time.Minute), "what=clock_skew"},
		{skewed(-2 * time.Minute), ""},
		{silent, ""}, // says nothing of clocks, so that what follows is no new trouble
		{skewed(3 * time.Minute), ""},
		{skewed(15 * time.Minute), "what=clock_skew"},
		{skewed(15 * time.Minute), ""},
		{skewed(3 * time.Minute), ""}, // better is no news
		{skewed(15 * time.Minute), "what=clock_skew"},
		{adapters.Exchange{App: "2", Certificate: adapters.CertificateKnown, SkewKnown: true, Skew: -time.Hour}, "object=2"},
		{good, ""},
		{skewed(2 * time.Minute), "what=clock_skew"},
		{rotated, "what=certificate_unknown"},
		{rotated, ""},
		{silent, ""},
		{rotated, ""},
		{good, ""},
		{rotated, "level=1 what=certificate_unknown"},
	} {
		w.exchange(step.x)
		got := alerts()
		if step.want == "" && got != "" || !strings.Contains(got, step.want) || strings.Count(got, "a person should look") > 1 {
			t.Errorf("step %d: %q, want %q", i, got, step.want)
		}
	}
}

// C29: 30, 7 and 1 days before the end, once each, more urgent every time.
func TestC29AlarmsOfCertificates(t *testing.T) {
	w, alerts := alerted(t)
	end := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	for _, step := range []struct {
		before time.Duration
		days   int
		want   string
	}{
		{40 * 24 * time.Hour, 0, ""},
		{30 * 24 * time.Hour, 30, "level=3"},
		{29 * 24 * time.Hour, 30, ""},
		{7 * 24 * time.Hour, 7, "level=2"},
		{2 * 24 * time.Hour, 7, ""},
		{20 * time.Hour, 1, "level=1"},
		{-time.Hour, 1, ""},
	} {
		w.expiries(map[string]adapters.Application{"main": certified{
			{Kind: "application", KeyVersion: "v1", Serial: "1", NotAfter: end, DueWithin: step.days},
			{Kind: "alipay", KeyVersion: "v1", Serial: "2", NotAfter: end, DueWithin: step.days},
		}}, end.Add(-step.before))
		got := alerts()
		if (step.want == "") != (got == "") || !strings.Contains(got, step.want) {
			t.Errorf("%v before the end: %q, want %q", step.before, got, step.want)
		}
		if step.want != "" && (strings.Count(got, "what=certificate_expires object=main") != 2 || !strings.Contains(got, "the application certificate of key version v1")) {
			t.Errorf("%v before the end: %q", step.before, got)
		}
	}
}

// certified is an application that has certificates and nothing else.
type certified []adapters.Certificate

func (c certified) Certificates(time.Time) []adapters.Certificate { return c }
