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
