package app

import (
	"bytes"
	"crypto/rand"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/paymux/paymux/adapters/alipay"
	alipaysim "github.com/paymux/paymux/adapters/alipay/sim"
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

// G16: a wrong clock is told when it begins and when it grows worse, once each; C28: an unknown certificate likewise.
func TestAlarmsOfTheLine(t *testing.T) {
	w, alerts := alerted(t)
	good := alipay.Exchange{AppID: "1", Class: alipay.Done}
	skewed := func(skew time.Duration) alipay.Exchange {
		return alipay.Exchange{AppID: "1", Class: alipay.NotExist, Skew: skew}
	}
	silent := alipay.Exchange{AppID: "1", Class: alipay.Unknown}
	rotated := alipay.Exchange{AppID: "1", Class: alipay.Unknown, Refusal: "certificate_unknown", Skew: time.Second}
	for i, step := range []struct {
		x    alipay.Exchange
		want string // in the one alert there is; "" for none
	}{
		{good, ""},
		{skewed(time.Minute), ""},
		{skewed(-2 * time.Minute), "what=clock_skew"},
		{skewed(-2 * time.Minute), ""},
		{silent, ""}, // says nothing of clocks, so that what follows is no new trouble
		{skewed(3 * time.Minute), ""},
		{skewed(15 * time.Minute), "what=clock_skew"},
		{alipay.Exchange{AppID: "1", Class: alipay.NotSent}, ""},
		{skewed(15 * time.Minute), ""},
		{skewed(3 * time.Minute), ""}, // better is no news
		{skewed(15 * time.Minute), "what=clock_skew"},
		{alipay.Exchange{AppID: "2", Class: alipay.Done, Skew: -time.Hour}, "object=2"},
		{good, ""},
		{skewed(2 * time.Minute), "what=clock_skew"},
		{rotated, "what=certificate_unknown"},
		{rotated, ""},
		{silent, ""},
		{rotated, ""},
		{good, ""},
		{rotated, "level=1 what=certificate_unknown"},
	} {
		w.exchange("acc", step.x)
		got := alerts()
		if step.want == "" && got != "" || !strings.Contains(got, step.want) || strings.Count(got, "a person should look") > 1 {
			t.Errorf("step %d: %q, want %q", i, got, step.want)
		}
	}
}

// C29: 30, 7 and 1 days before the end, once each, more urgent every time.
func TestC29AlarmsOfCertificates(t *testing.T) {
	w, alerts := alerted(t)
	app := certifiedApp(t)
	end := app.Certificates()[0].NotAfter
	apps := map[string]*alipay.App{"main": app}
	for _, step := range []struct {
		before time.Duration
		want   string
	}{
		{40 * 24 * time.Hour, ""},
		{30 * 24 * time.Hour, "level=3"},
		{29 * 24 * time.Hour, ""},
		{7 * 24 * time.Hour, "level=2"},
		{2 * 24 * time.Hour, ""},
		{20 * time.Hour, "level=1"},
		{-time.Hour, ""},
	} {
		w.expiries(apps, end.Add(-step.before))
		got := alerts()
		if (step.want == "") != (got == "") || !strings.Contains(got, step.want) {
			t.Errorf("%v before the end: %q, want %q", step.before, got, step.want)
		}
		if step.want != "" && (strings.Count(got, "what=certificate_expires object=main") != 2 || !strings.Contains(got, "the application certificate of key version v1")) {
			t.Errorf("%v before the end: %q", step.before, got)
		}
	}
}

func certifiedApp(t *testing.T) *alipay.App {
	t.Helper()
	gateway, err := alipaysim.GenerateKeyPair(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	own, err := alipaysim.GenerateKeyPair(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	authority, err := alipaysim.NewAuthority(rand.Reader, now, gateway.PrivatePEM)
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := authority.IssueApp(now, "9021000100000077", "2088000000000077", own.PublicText)
	if err != nil {
		t.Fatal(err)
	}
	app, err := alipay.NewApp(alipay.AppConfig{
		AppID: "9021000100000077", Gateway: "http://127.0.0.1:1/gateway.do", Environment: alipay.Sandbox, Now: func() time.Time { return now },
		Keys: []alipay.KeyConfig{{
			Version: "v1", Use: alipay.KeyCurrent, PrivateKey: own.PrivatePEM, AppCertificate: certificate,
			AlipayCertificate: authority.Certificates[0].ChainPEM, RootCertificates: authority.RootPEM,
		}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return app
}
