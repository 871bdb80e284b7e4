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

// watched makes a watch on a clock of the test's own, and a function that counts the lines with a
// word since it was last asked.
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

// lasting is how many causes stand, each with since when.
func lasting(t *testing.T, registry *prometheus.Registry) int {
	t.Helper()
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	standing, since := 0, 0
	for _, f := range families {
		switch f.GetName() {
		case "paymux_account_misconfigured":
			standing = len(f.GetMetric())
		case MisconfiguredMetric:
			for _, m := range f.GetMetric() {
				if m.GetGauge().GetValue() > 0 {
					since++
				}
			}
		}
	}
	if since != standing {
		t.Errorf("%d causes stand, of %d it is known since when", standing, since)
	}
	return standing
}

// G22: one alert for an account and a cause, again after an hour while it lasts, and ended by the
// first success; a metric says how it stands.
func TestG22_oneAlertForEachCause(t *testing.T) {
	w, registry, now, lines := watched(t)
	wrongKey := adapters.Exchange{Account: "main", Method: "refund", Cause: "isv.invalid-signature", WholeAccount: true, Verified: true}
	for range 5 {
		w.exchange(wrongKey)
	}
	other := wrongKey
	other.Account = "other"
	w.exchange(other)
	w.exchange(adapters.Exchange{Account: "main", Method: "query", Cause: "isv.invalid-app-id", WholeAccount: true})
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
	// an answer that proves nothing ends nothing
	w.exchange(adapters.Exchange{Account: "main", Method: "query"})
	if lasting(t, registry) != 3 {
		t.Error("an unknown answer ended it")
	}
	w.exchange(adapters.Exchange{Account: "main", Method: "query", Verified: true})
	if n := lines("an account is mended"); n != 2 || lasting(t, registry) != 1 || len(w.standing.of("main")) != 0 {
		t.Errorf("%d ended, %d last", n, lasting(t, registry))
	}
	w.exchange(wrongKey)
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
	refused := adapters.Exchange{Account: "main", Method: "refund", Cause: "isv.insufficient-isv-permissions", Verified: true}
	good := adapters.Exchange{Account: "main", Method: "query", Verified: true}
	for range 3 {
		w.exchange(refused)
		w.exchange(good)
	}
	if n := lines("what=account_misconfigured"); n != 1 || lasting(t, registry) != 1 {
		t.Errorf("%d alerts, %d last", n, lasting(t, registry))
	}
	good.Method = "refund"
	if w.exchange(good); lasting(t, registry) != 0 {
		t.Error("the method's own success ends nothing")
	}
}

// G22: the names of causes come from outside: an account gathers few.
func TestG22_causesAreBounded(t *testing.T) {
	w, registry, _, _ := watched(t)
	for i := range 100 {
		w.exchange(adapters.Exchange{Account: "main", Cause: "isv.made-up-" + strings.Repeat("x", i%50)})
	}
	if n := lasting(t, registry); n > maxCauses {
		t.Errorf("%d causes", n)
	}
}

// G22: troubles are listed the oldest first, are told again after an hour to the second, and end
// with an account that is configured no more.
func TestG22_troublesAreListedByAge(t *testing.T) {
	w, _, now, lines := watched(t)
	refused := func(account, cause string) adapters.Exchange {
		return adapters.Exchange{Account: account, Method: "query", Cause: cause}
	}
	begin := *now
	for _, cause := range []string{"z.first", "a.second"} {
		w.exchange(refused("main", cause))
		*now = now.Add(time.Minute)
	}
	w.exchange(refused("gone", "z.first"))
	lines("")
	w.standing.remind(begin.Add(time.Hour - time.Second))
	early := lines("what=account_misconfigured")
	w.standing.remind(begin.Add(time.Hour))
	if due := lines("what=account_misconfigured"); early != 0 || due != 1 {
		t.Errorf("told again %d times early, %d times after an hour", early, due)
	}
	list := w.standing.of("main")
	if len(list) != 2 || list[0].Cause != "z.first" || !list[0].Since.Equal(begin) || list[1].Cause != "a.second" || !list[1].Since.Equal(begin.Add(time.Minute)) {
		t.Errorf("%+v", list)
	}
	w.standing.keep(func(account string) bool { return account == "main" })
	if len(w.standing.of("gone")) != 0 || len(w.standing.of("main")) != 2 {
		t.Errorf("%v, %v", w.standing.of("gone"), w.standing.of("main"))
	}
}
