package command_test

import (
	"database/sql"
	"encoding/json"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/paymux/paymux/core"

	_ "github.com/glebarez/go-sqlite"
)

// livelyDemo is a demo in which money has moved: paid on each platform, refunded in part, closed.
func livelyDemo(t *testing.T) (d *demo, dir string) {
	t.Helper()
	dir = t.TempDir()
	d = startDemo(t, dir)
	for _, platform := range []string{"alipay", "wechat"} {
		p := d.create(platform)
		d.pay(p)
		until(t, "it is paid", func() bool { return d.payment(p.ID).Status == core.PaymentPaid })
		if platform == "alipay" {
			var refund core.RefundView
			if status := d.call("POST", "/v1/payments/"+p.ID+"/refunds", `{"amount_fen":2800}`, &refund); status != 201 && status != 202 {
				t.Fatalf("refund: %d", status)
			}
			until(t, "it is refunded", func() bool { return d.payment(p.ID).RefundedFen == 2800 })
		}
	}
	d.call("POST", "/v1/payments/"+d.create("douyin").ID+"/close", "", nil)
	return d, dir
}

type verified struct {
	Orders   int
	Events   int
	Trades   int
	Breaches []struct{ Invariant, Object, Detail string }
	Parked   []struct{ Code string }
	Audit    struct {
		Unsealed, Rows int64
		Broken         []string
	}
}

// verify runs the command and reads its JSON.
func verify(t *testing.T, args ...string) (code int, report verified) {
	t.Helper()
	code, out, errs := run(t, nil, append([]string{"verify", "--json", "--patience", "0s"}, args...)...)
	if err := json.Unmarshal([]byte(out), &report); code != 2 && err != nil {
		t.Fatalf("exit %d, %v\n%s%s", code, err, out, errs)
	}
	return code, report
}

// Beside the running server, after it, with the book as a file and as an address: all holds.
func TestVerifyFindsADemoClean(t *testing.T) {
	d, dir := livelyDemo(t)
	for _, args := range [][]string{
		{"--data", dir},
		{"--data", dir, "--book", d.gateway, "--overdue", "2m", "--quiet-books"},
	} {
		if code, report := verify(t, args...); code != 0 || report.Orders != 3 || report.Trades != 2 || report.Events != 4 || len(report.Breaches) != 0 || report.Audit.Unsealed+report.Audit.Rows == 0 {
			t.Fatalf("%v: exit %d, %+v", args, code, report)
		}
	}
	d.stop()
	if code, report := verify(t, "--config", filepath.Join(dir, "paymux.yaml")); code != 0 || report.Orders != 3 || report.Trades != 0 {
		t.Fatalf("without a book: exit %d, %+v", code, report)
	}
	if code, out, _ := run(t, nil, "verify", "--data", dir); code != 0 || !strings.HasPrefix(out, "✓ 3 orders, 0 invariants broken") {
		t.Fatalf("exit %d: %s", code, out)
	}
	// W18: a head that was kept, of a log that was cut since
	const strange = "5f4dcc3b5aa765d61d8327deb882cf99"
	if code, report := verify(t, "--data", dir, "--audit-head", strange); code != 1 || len(report.Audit.Broken) != 1 || !strings.Contains(report.Audit.Broken[0], strange) {
		t.Fatalf("exit %d, %+v", code, report.Audit)
	}
}

// What somebody changes in the database by hand, or leaves out of it, is found: by the books
// themselves or by the gateway's.
func TestVerifyFindsWhatWasFalsified(t *testing.T) {
	d, dir := livelyDemo(t)
	d.stop()
	for name, c := range map[string]struct{ sql, want string }{
		"a refund forgotten":          {`UPDATE payments SET refunded_fen = 0 WHERE refunded_fen > 0`, "INV-M2"},
		"a ledger entry gone":         {`DELETE FROM entries WHERE id = (SELECT MIN(id) FROM entries)`, "INV-M3"},
		"an event gone":               {`DELETE FROM events WHERE id = (SELECT MIN(id) FROM events)`, "INV-E1"},
		"money that the gateway has":  {`UPDATE attempts SET paid_fen = 0 WHERE state = 'paid'`, "INV-S2"},
		"an order gone, as after D16": {`DELETE FROM payments WHERE paid_fen > 0`, "INV-S3"},
	} {
		t.Run(name, func(t *testing.T) {
			copied := filepath.Join(t.TempDir(), "demo")
			if err := os.CopyFS(copied, os.DirFS(dir)); err != nil {
				t.Fatal(err)
			}
			secret(t, copied)
			falsify(t, filepath.Join(copied, "paymux.db"), c.sql)
			code, report := verify(t, "--data", copied)
			named := slices.ContainsFunc(report.Breaches, func(b struct{ Invariant, Object, Detail string }) bool { return b.Invariant == c.want })
			if code != 1 || !named {
				t.Fatalf("exit %d, want %s among %+v", code, c.want, report.Breaches)
			}
		})
	}
}

// INV-L1: a message and a delivery that no job looks at any more are forgotten work, though no
// order is wrong.
func TestVerifyFindsForgottenWork(t *testing.T) {
	d, dir := livelyDemo(t)
	d.stop()
	falsify(t, filepath.Join(dir, "paymux.db"), `UPDATE inbox SET state = 'waiting', next_at = 1 WHERE id = (SELECT MIN(id) FROM inbox)`)
	if code, report := verify(t, "--data", dir); code != 0 {
		t.Fatalf("nobody asked for overdue work: exit %d, %+v", code, report.Breaches)
	}
	code, report := verify(t, "--data", dir, "--overdue", "1m")
	if code != 1 || len(report.Breaches) != 1 || report.Breaches[0].Invariant != "INV-L1" || !strings.HasPrefix(report.Breaches[0].Detail, "inbox") {
		t.Fatalf("exit %d, %+v", code, report.Breaches)
	}
}

// What is parked for a person is listed by every run; it breaks nothing.
func TestVerifyListsWhatIsParked(t *testing.T) {
	d, dir := livelyDemo(t)
	d.stop()
	falsify(t, filepath.Join(dir, "paymux.db"), `UPDATE payments SET attention = 'late_held,refund_returned' WHERE id = (SELECT MIN(id) FROM payments)`)
	falsify(t, filepath.Join(dir, "paymux.db"), `UPDATE inbox SET state = 'parked', code = 'amount_mismatch' WHERE id = (SELECT MIN(id) FROM inbox)`)
	if code, report := verify(t, "--data", dir); code != 0 || len(report.Parked) != 1 || report.Parked[0].Code != "amount_mismatch" {
		t.Fatalf("exit %d, %+v", code, report)
	}
	if _, out, _ := run(t, nil, "verify", "--data", dir); !strings.Contains(out, "parked for a person: amount_mismatch of ") || !strings.Contains(out, "for a person: late_held, refund_returned, payment pay_") {
		t.Fatal(out)
	}
}

// secret gives a copied folder back what copying takes away: its files are their owner's alone, and
// the configuration names its own database.
func secret(t *testing.T, dir string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if err := os.Chmod(f, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(filepath.Join(dir, "paymux.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(text), "\n")
	for i, line := range lines {
		if strings.HasPrefix(strings.TrimSpace(line), "dsn:") {
			lines[i] = "  dsn: " + filepath.Join(dir, "paymux.db")
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "paymux.yaml"), []byte(strings.Join(lines, "\n")), 0o600); err != nil {
		t.Fatal(err)
	}
}

func falsify(t *testing.T, file, statement string) {
	t.Helper()
	db, err := sql.Open("sqlite", file)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	done, err := db.Exec(statement)
	if err != nil {
		t.Fatal(err)
	}
	if n, _ := done.RowsAffected(); n == 0 {
		t.Fatal("nothing was falsified")
	}
}

// The exit code tells "broken" from "could not look".
func TestVerifyThatCannotLook(t *testing.T) {
	empty := t.TempDir()
	s := newSite(t, "sqlite", filepath.Join(empty, "none.db"), "")
	for name, args := range map[string][]string{
		"no flags":      {"verify"},
		"both":          {"verify", "--config", "x", "--data", "y"},
		"no folder":     {"verify", "--data", filepath.Join(empty, "nowhere")},
		"empty folder":  {"verify", "--data", empty},
		"no database":   {"verify", "--config", s.path("paymux.yaml")},
		"not a book":    {"verify", "--config", s.path("paymux.yaml"), "--book", filepath.Join(empty, "none.book")},
		"nobody's book": {"verify", "--config", s.path("paymux.yaml"), "--book", "http://" + freeAddress(t)},
	} {
		t.Run(name, func(t *testing.T) {
			if name == "nobody's book" || name == "not a book" {
				if code, _, errs := run(t, nil, "migrate", "--config", s.path("paymux.yaml")); code != 0 {
					t.Fatal(errs)
				}
				t.Cleanup(func() { _ = os.Remove(filepath.Join(empty, "none.db")) })
			}
			if code, out, errs := run(t, nil, args...); code != 2 || errs == "" {
				t.Fatalf("exit %d\n%s%s", code, out, errs)
			}
		})
	}
	if _, err := os.Stat(filepath.Join(empty, "none.db")); err == nil {
		t.Fatal("looking made a database")
	}
}

// A database named as a URI is found like any other. The queue's folder of an earlier version
// beside it is named, and left alone.
func TestDatabaseMayBeNamedAsAURI(t *testing.T) {
	dir := t.TempDir()
	s := newSite(t, "sqlite", "file:"+filepath.Join(dir, "paymux.db")+"?cache=private", "")
	s.edit("url: none", `url: ""`)
	_, port, err := net.SplitHostPort(s.listen)
	if err != nil {
		t.Fatal(err)
	}
	old := filepath.Join(dir, "queue-"+port)
	if err := os.Mkdir(old, 0o700); err != nil {
		t.Fatal(err)
	}
	server := s.start()
	s.stopInPeace(server)
	if _, err := os.Stat(old); err != nil || !strings.Contains(server.log.String(), old) {
		t.Errorf("the old queue: %v, and in the log\n%s", err, server.log)
	}
	if code, out, errs := run(t, nil, "verify", "--config", s.path("paymux.yaml")); code != 0 {
		t.Errorf("exit %d\n%s%s", code, out, errs)
	}
}
