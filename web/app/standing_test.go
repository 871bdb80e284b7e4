package app

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/paymux/paymux/adapters/alipay"
)

// watched makes a watch on a clock of the test's own, and a function that counts the lines with a word since it was last asked.
func watched(t *testing.T) (w *watch, registry *prometheus.Registry, now *time.Time, lines func(word string) int) {
	t.Helper()
	registry = prometheus.NewRegistry()
	at := time.Date(2026, 11, 22, 4, 0, 0, 0, time.UTC)
	var text bytes.Buffer
	w, err := newWatch(registry, slog.New(slog.NewTextHandler(&text, nil)), func() time.Time { return at })
	if err != nil {
		t.Fatal(err)
	}
	return w, registry, &at, func(word string) int {
		defer text.Reset()
		return strings.Count(text.String(), word)
	}
}

func lasting(t *testing.T, registry *prometheus.Registry) int {
	t.Helper()
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() == "paymux_account_misconfigured" {
			return len(f.GetMetric())
		}
	}
	return 0
}

// G22: one alert for an account and a cause, again after an hour while it lasts, and ended by the first success; a metric says how it stands.
func TestG22_oneAlertForEachCause(t *testing.T) {
	w, registry, now, lines := watched(t)
	wrongKey := alipay.Exchange{
		Method: alipay.MethodRefund, Class: alipay.Misconfigured, Code: "40002", SubCode: "isv.invalid-signature", Fault: alipay.FaultOurs, Verified: true,
	}
	for range 5 {
		w.exchange("main", wrongKey)
	}
	w.exchange("other", wrongKey)
	unsigned := alipay.Exchange{Method: alipay.MethodQuery, Code: "40002", SubCode: "isv.invalid-app-id", Fault: alipay.FaultOurs}
	w.exchange("main", unsigned)
	if n := lines("what=account_misconfigured"); n != 3 || lasting(t, registry) != 3 {
		t.Fatalf("%d alerts, %d causes last", n, lasting(t, registry))
	}
	w.standing.remind(now.Add(59 * time.Minute))
	if n := lines("what=account_misconfigured"); n != 0 {
		t.Errorf("%d alerts within the hour", n)
	}
	*now = now.Add(61 * time.Minute)
	w.standing.remind(*now)
	w.standing.remind(*now)
	if n := lines("what=account_misconfigured"); n != 3 {
		t.Errorf("%d alerts after an hour, want 3", n)
	}
	list := w.standing.of("main")
	if len(list) != 2 || list[0].Cause != "isv.invalid-app-id" && list[0].Cause != "isv.invalid-signature" || !list[0].Since.Before(*now) {
		t.Errorf("main stands %+v", list)
	}
	w.exchange("main", alipay.Exchange{Method: alipay.MethodQuery, Class: alipay.Unknown}) // an answer that proves nothing ends nothing
	if lasting(t, registry) != 3 {
		t.Error("an unknown answer ended it")
	}
	w.exchange("main", alipay.Exchange{Method: alipay.MethodQuery, Class: alipay.NotExist, Fault: alipay.FaultNotFound, Verified: true})
	if n := lines("an account is mended"); n != 2 || lasting(t, registry) != 1 || len(w.standing.of("main")) != 0 {
		t.Errorf("%d ended, %d last", n, lasting(t, registry))
	}
	w.exchange("main", wrongKey)
	if n := lines("what=account_misconfigured"); n != 1 {
		t.Errorf("it came again, and was told %d times", n)
	}
	w.standing.keep(func(account string) bool { return account == "main" })
	if lasting(t, registry) != 1 {
		t.Error("an account that is gone still has its metric")
	}
}

// G22: a permission that one method lacks is not mended by another method's success.
func TestG22_permissionOfOneMethod(t *testing.T) {
	w, registry, _, lines := watched(t)
	refused := alipay.Exchange{
		Method: alipay.MethodRefund, Class: alipay.Misconfigured, Code: "40006", SubCode: "isv.insufficient-isv-permissions", Fault: alipay.FaultOurs, Verified: true,
	}
	good := alipay.Exchange{Method: alipay.MethodQuery, Class: alipay.Done, Verified: true}
	for range 3 {
		w.exchange("main", refused)
		w.exchange("main", good)
	}
	if n := lines("what=account_misconfigured"); n != 1 || lasting(t, registry) != 1 {
		t.Errorf("%d alerts, %d last", n, lasting(t, registry))
	}
	good.Method = alipay.MethodRefund
	if w.exchange("main", good); lasting(t, registry) != 0 {
		t.Error("the method's own success ends nothing")
	}
}

// G22: the names of causes come from outside: an account gathers few, and none that could harm a log or a metric.
func TestG22_causesAreBounded(t *testing.T) {
	w, registry, _, _ := watched(t)
	for i := range 100 {
		w.exchange("main", alipay.Exchange{Code: "40006", SubCode: "isv.made-up-" + strings.Repeat("x", i%50), Fault: alipay.FaultOurs})
	}
	w.exchange("main", alipay.Exchange{Code: "40006", SubCode: "line\nbreak", Fault: alipay.FaultOurs})
	if n := lasting(t, registry); n > maxCauses {
		t.Errorf("%d causes", n)
	}
	if got := causeOf(alipay.Exchange{Code: "40006", SubCode: "line\nbreak", Fault: alipay.FaultOurs}); got != "40006" {
		t.Errorf("cause %q", got)
	}
	if got := causeOf(alipay.Exchange{Refusal: "signature_mismatch"}); got != "signature_mismatch" {
		t.Errorf("cause %q", got)
	}
}
