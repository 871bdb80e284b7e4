package command_test

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
)

// Status tells how a demo stands, by its exit code too, while it runs and after it; what waits for
// a person is counted and does not make it ill.
func TestStatus(t *testing.T) {
	d, dir := livelyDemo(t)
	type report struct {
		Healthy bool
		Reasons []string
		Schema  int64 `json:"schema"`
		Needs   int64 `json:"schema_needed"`
		Backlog []struct{ Kind string }
		People  map[string]int64 `json:"for_people"`
	}
	status := func() (int, report) {
		t.Helper()
		code, out, errs := run(t, nil, "status", "--json", "--data", dir)
		var r report
		if err := json.Unmarshal([]byte(out), &r); err != nil {
			t.Fatalf("exit %d, %v\n%s%s", code, err, out, errs)
		}
		return code, r
	}
	code, r := status()
	if code != 0 || !r.Healthy || r.Schema < r.Needs || len(r.Backlog) != 4 || r.People["parked"] != 0 {
		t.Errorf("running: exit %d, %+v", code, r)
	}
	d.stop()
	falsify(t, filepath.Join(dir, "paymux.db"), `UPDATE payments SET attention = 'late_held' WHERE id = (SELECT MIN(id) FROM payments)`)
	if code, r := status(); r.People["attention"] != 1 {
		t.Errorf("attention: exit %d, %+v", code, r)
	}
	falsify(t, filepath.Join(dir, "paymux.db"), `UPDATE attempts SET next_at = 1 WHERE id = (SELECT MIN(id) FROM attempts)`)
	if code, r := status(); code != 1 || r.Healthy || !strings.Contains(strings.Join(r.Reasons, " "), "attempt rows have been due since") {
		t.Errorf("forgotten: exit %d, %+v", code, r)
	}
	if code, _, _ := run(t, nil, "status"); code != 2 {
		t.Errorf("without a configuration: exit %d", code)
	}
}

// Status tells which account the gateway turns away, and that nobody knows where there is no admin
// listener, or nobody answers on it.
func TestStatusAlarms(t *testing.T) {
	s, _, _ := operatorSite(t)
	good := fileBytes(t, s.path("app.pem"))
	s.write("app.pem", pair(t).PrivatePEM)
	server := s.start()
	type report struct {
		Metrics  string
		Alarms   []struct{ What, Of, Cause, Since string }
		Accounts []struct {
			ID         string
			TurnedAway []string `json:"turned_away"`
		}
	}
	status := func() (r report) {
		t.Helper()
		_, out, errs := run(t, nil, "status", "--json", "--config", s.path("paymux.yaml"))
		if err := json.Unmarshal([]byte(out), &r); err != nil || len(r.Accounts) != 1 {
			t.Fatalf("%v\n%s%s", err, out, errs)
		}
		return r
	}
	if r := status(); r.Metrics != "asked" || len(r.Alarms) != 0 || r.Accounts[0].TurnedAway == nil || len(r.Accounts[0].TurnedAway) != 0 {
		t.Errorf("before: %+v", r)
	}
	_, _, err := s.ask("POST", "/v1/payments", "", `{"merchant_order_no":"1","platform":"alipay","payer":{"user_id":"2088000000000002"},"amount_fen":1,"subject":"a",`+
		`"goods":[{"id":"a","name":"a","category":"physical","quantity":1,"price_fen":1}]}`)
	if err != nil {
		t.Fatal(err)
	}
	if r := status(); len(r.Alarms) != 1 || r.Alarms[0].What != "paymux_account_misconfigured_since_seconds" || r.Alarms[0].Since == "" || r.Alarms[0].Of != "main" ||
		len(r.Accounts[0].TurnedAway) != 1 || r.Accounts[0].TurnedAway[0] != "isv.invalid-signature" {
		t.Errorf("turned away: %+v", r)
	}
	_, out, _ := run(t, nil, "status", "--config", s.path("paymux.yaml"))
	if !strings.Contains(out, "turned away by the gateway: isv.invalid-signature\n") || !strings.Contains(out, "\n! paymux_account_misconfigured_since_seconds main isv.invalid-signature 20") {
		t.Error(out)
	}
	s.write("app.pem", string(good))
	until(t, "it is mended", func() bool { return len(status().Alarms) == 0 })
	s.stopInPeace(server)
	if r := status(); r.Metrics != "silent" || r.Accounts[0].TurnedAway != nil {
		t.Errorf("nobody answers: %+v", r)
	}
	file := string(fileBytes(t, s.path("paymux.yaml")))
	file, _, _ = strings.Cut(file, "\noperators:")
	_, rest, _ := strings.Cut(file, "',") // behind admin_listen
	s.write("paymux.yaml", "server: {"+rest)
	if r := status(); r.Metrics != "not asked" || r.Alarms == nil {
		t.Errorf("without an admin listener: %+v", r)
	}
}
