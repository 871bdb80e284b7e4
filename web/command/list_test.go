package command_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// Each list shows what waits, beside a running server, for people and for programs, and with each
// row what can be done, which is a route that there is.
func TestList(t *testing.T) {
	d, dir := livelyDemo(t)
	db := filepath.Join(dir, "paymux.db")
	spec, err := os.ReadFile("../openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	list := func(what string, more ...string) (rows []map[string]any) {
		t.Helper()
		args := append([]string{"list", what, "--data", dir}, more...)
		code, out, errs := run(t, nil, append(args, "--json")...)
		if code != 0 {
			t.Fatalf("%s: exit %d\n%s%s", what, code, out, errs)
		}
		for line := range strings.Lines(out) {
			var row map[string]any
			if err := json.Unmarshal([]byte(line), &row); err != nil {
				t.Fatalf("%s: %v: %s", what, err, line)
			}
			rows = append(rows, row)
		}
		code, table, errs := run(t, nil, args...)
		if lines := strings.Count(table, "\n"); code != 0 || len(rows) > 0 && lines != len(rows)+1 || len(rows) == 0 && table != "nothing\n" {
			t.Errorf("%s: exit %d, %d rows\n%s%s", what, code, len(rows), table, errs)
		}
		for _, found := range regexp.MustCompile(`paymux call POST (/v1/[a-z]+/)[a-zA-Z0-9_]+(/[a-z-]+)([^;\n]*)`).FindAllStringSubmatch(table, -1) {
			_, operation, known := strings.Cut(string(spec), "\n  "+found[1]+"{id}"+found[2]+":\n")
			if !known {
				t.Errorf("no route %s{id}%s", found[1], found[2])
			}
			operation, _, _ = strings.Cut(operation, "\n  /")
			if required := strings.Contains(operation, "parameters/IdempotencyKey\""); required != strings.Contains(found[3], "--idempotency-key") {
				t.Errorf("%s: wants a key: %t", found[0], required)
			}
		}
		for _, found := range regexp.MustCompile(`paymux (find [^;\n]*)`).FindAllStringSubmatch(table, 1) {
			// as it stands
			if code, out, errs := run(t, nil, strings.Fields(found[1])...); code == 2 {
				t.Errorf("%s: exit %d\n%s%s", found[0], code, out, errs)
			}
		}
		return rows
	}
	for _, what := range []string{"messages", "late", "returned", "dead", "approvals", "attention"} {
		if rows := list(what); len(rows) != 0 {
			t.Errorf("%s of a peaceful demo: %v", what, rows)
		}
	}
	if rows := list("audit"); len(rows) == 0 || rows[0]["merchant_id"] == "" || rows[0]["action"] == "" {
		t.Errorf("audit: %v", rows)
	}
	merchant := list("audit")[0]["merchant_id"].(string)
	d.stop() // or its jobs would go on with what follows
	for _, statement := range []string{
		`UPDATE payments SET attention = 'late_held,refund_unsettled', late_fen = 7 WHERE id = (SELECT MIN(id) FROM payments)`,
		`UPDATE payments SET attention = 'refund_returned' WHERE id = (SELECT payment_id FROM refunds)`,
		`UPDATE refunds SET returned_fen = 2800`,
		`UPDATE inbox SET state = 'rejected', code = 'unverified' || char(10) || char(27)`,
		`UPDATE inbox SET state = 'parked' WHERE id = (SELECT MIN(id) FROM inbox)`,
		deadRows("SELECT 'd1' AS id, merchant_id FROM payments LIMIT 1"), deadRows("SELECT 'd2' AS id, 'm_gone' AS merchant_id"),
	} {
		falsify(t, db, statement)
	}
	falsify(t, db, `UPDATE refunds SET handled_at = 1, handled_by = 'night shift'`)
	if rows := list("returned"); len(rows) != 0 {
		t.Errorf("seen to, and listed: %v", rows)
	}
	falsify(t, db, `UPDATE refunds SET handled_at = 0`)
	if rows := list("returned"); len(rows) != 1 || rows[0]["returned_fen"] != 2800.0 || rows[0]["merchant_id"] != merchant {
		t.Errorf("returned: %v", rows)
	}
	falsify(t, db, `UPDATE refunds SET status = 'pending_approval'`)
	falsify(t, db, `UPDATE payments SET attention = 'late_held,refund_unsettled' WHERE id = (SELECT MIN(id) FROM payments)`)
	for what, want := range map[string]int{"late": 1, "approvals": 1, "dead": 2} {
		if rows := list(what); len(rows) != want || rows[0]["merchant_id"] == nil {
			t.Errorf("%s: %v", what, rows)
		}
	}
	if rows := list("dead", "--merchant", merchant); len(rows) != 1 || rows[0]["merchant_id"] != merchant {
		t.Errorf("the merchant's: %v", rows)
	}
	messages := list("messages", "--limit", "1000")
	if len(messages) < 2 || messages[0]["state"] != "parked" || messages[1]["state"] != "rejected" || messages[0]["merchant_id"] != merchant {
		t.Errorf("messages: %v", messages)
	}
	code, out, errs := run(t, nil, "list", "messages", "--data", dir, "--limit", "1")
	if code != 0 || strings.Count(out, "\n") != 2 || !strings.Contains(errs, "there is more") {
		t.Errorf("limit: exit %d\n%s%s", code, out, errs)
	}
	for _, args := range [][]string{{"nothing"}, {"audit", "--limit", "0"}, {"audit", "--limit", "1001"}, {"audit", "--merchant", "m_nobody"}, {}, {"audit", "late"}} {
		if code, out, _ := run(t, nil, append(append([]string{"list"}, args...), "--data", dir)...); code != 2 || out != "" {
			t.Errorf("%q: exit %d %s", args, code, out)
		}
	}
}

// A list goes on behind its first page, each row once.
func TestListPages(t *testing.T) {
	d, dir := livelyDemo(t)
	d.stop()
	falsify(t, filepath.Join(dir, "paymux.db"), deadRows(`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 250)
		SELECT printf('d%04d', i) AS id, 'm_gone' AS merchant_id FROM n`))
	_, out, errs := run(t, nil, "list", "dead", "--data", dir, "--json", "--limit", "1000")
	seen := map[string]bool{}
	for _, id := range regexp.MustCompile(`"id":"[^"]*"`).FindAllString(out, -1) {
		seen[id] = true
	}
	if strings.Count(out, "\n") != 250 || len(seen) != 250 || strings.Contains(errs, "more") {
		t.Errorf("%d lines, %d rows: %s", strings.Count(out, "\n"), len(seen), errs)
	}
}

// deadRows makes deliveries that were given up, of ids and merchants.
func deadRows(of string) string {
	return `INSERT INTO deliveries (id, event_id, merchant_id, endpoint_id, state, tries, last_status, last_error, next_at, created_at, ended_at, version)
		SELECT id, 'evt_' || id, merchant_id, 'shop', 'dead', 9, 500, '', 0, 1, 2, 1 FROM (` + of + `)`
}
