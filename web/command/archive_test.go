package command_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	alipaysim "github.com/paymux/paymux/adapters/alipay/sim"
	"github.com/paymux/paymux/core/archive"
	"github.com/paymux/paymux/core/store"
	"github.com/paymux/paymux/web/command"
)

// archiveSite is a database of an earlier version, taken over, two years later, with a folder for
// archives.
func archiveSite(t *testing.T) (s *site, folder string, run func(args ...string) (int, string)) {
	t.Helper()
	at := time.Date(2029, 1, 2, 3, 4, 5, 0, time.UTC)
	dsn := filepath.Join(t.TempDir(), "paymux.db")
	names, err := filepath.Glob(fixtureFolder + "*_sqlite.sql.gz")
	if err != nil || len(names) == 0 {
		t.Fatal(names, err)
	}
	loadFixture(t, names[0], dsn)
	folder = t.TempDir()
	if err := os.Chmod(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	s = newSite(t, store.DriverSQLite, dsn, "\nretention: {archive_days: 400, archive_dir: "+folder+"}\n")
	run = func(args ...string) (int, string) {
		t.Helper()
		var out bytes.Buffer
		world := streams(&out, &out)
		world.Now = func() time.Time { return at }
		code := command.Run(t.Context(), args, world)
		return code, out.String()
	}
	if code, out := run("migrate", "--config", s.path("paymux.yaml")); code != 0 {
		t.Fatal(out)
	}
	db, err := store.Open(t.Context(), store.Config{Driver: store.DriverSQLite, DSN: dsn})
	if err != nil {
		t.Fatal(err)
	}
	for more := 1; more > 0; { // what a server does each minute
		gone, lost := db.Purge(t.Context(), at, 500)
		sealed, err := db.SealAudit(t.Context(), at.Add(-700*24*time.Hour), time.Minute, 500)
		if more = gone + sealed; lost != nil || err != nil {
			t.Fatal(lost, err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	return s, folder, run
}

// An operator archives, proves it with and without the database, finds an archived order by its
// numbers, and is told of a file that was changed.
func TestArchiveCommands(t *testing.T) {
	t.Parallel()
	s, folder, run := archiveSite(t)
	file := s.path("paymux.yaml")
	code, out := run("archive", "run", "--config", file)
	if code != 0 || !strings.Contains(out, " audit rows left the database") {
		t.Fatal(code, out)
	}
	if code, out = run("archive", "run", "--config", file); code != 0 || out != "✓ nothing is due\n" {
		t.Error(code, out)
	}
	if code, out = run("archive", "verify", "--config", file); code != 0 || !strings.Contains(out, "0 broken: files and database") {
		t.Error(code, out)
	}
	code, out = run("archive", "verify", folder, "--json")
	var report struct{ Archives []archive.Manifest }
	if err := json.Unmarshal([]byte(out), &report); code != 0 || err != nil || len(report.Archives) != 1 {
		t.Fatal(code, err, out)
	}
	m := report.Archives[0]
	if code, out = run("verify", "--config", file); code != 0 || !strings.Contains(out, "audit rows more are in archives") {
		t.Error(code, out)
	}
	orders := filepath.Join(folder, m.ID, archive.OrdersFile)
	if code, out = run("archive", "verify", orders); code != 0 || !strings.Contains(out, "0 broken: the files alone") {
		t.Error(code, out)
	}
	var line struct {
		Attempts []struct {
			OutTradeNo string `json:"out_trade_no"`
		}
	}
	text := fileBytes(t, orders)
	if err := json.Unmarshal(text[:bytes.IndexByte(text, '\n')], &line); err != nil {
		t.Fatal(err)
	}
	code, out = run("find", line.Attempts[0].OutTradeNo, "--config", file)
	if code != 0 || !strings.Contains(out, "out_trade_no of payment "+m.First.PaymentID) || !strings.Contains(out, "left for archive "+m.ID) {
		t.Error(code, out)
	}
	code, out = run("verify", "--config", file, "--book", bookOf(t, line.Attempts[0].OutTradeNo, "NOBODYS"), "--patience", "0s")
	if code != 1 || !strings.Contains(out, "INV-S3 NOBODYS:") || strings.Contains(out, "INV-S3 "+line.Attempts[0].OutTradeNo) {
		t.Error("a trade of an archived order is taken for one of nobody's, or the other way round", code, out)
	}
	for _, secret := range []string{"user_id", "open_id", `"sealed"`} {
		if bytes.Contains(text, []byte(secret)) {
			t.Errorf("an archive holds %s", secret)
		}
	}
	if err := os.WriteFile(orders, bytes.Replace(text, []byte(`"amount_fen":1`), []byte(`"amount_fen":2`), 1), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"--config", file}, {folder}, {filepath.Join(folder, m.ID)}, {orders}} {
		if code, out = run(append([]string{"archive", "verify"}, args...)...); code != 1 || !strings.Contains(out, "✗") {
			t.Error(args, code, out)
		}
	}
	if err := os.RemoveAll(filepath.Join(folder, m.ID)); err != nil {
		t.Fatal(err)
	}
	if code, out = run("archive", "verify", "--config", file); code != 1 || !strings.Contains(out, "which the database knows, is not here") {
		t.Error(code, out)
	}
	// a wrong folder proves nothing
	if code, out = run("archive", "verify", t.TempDir()); code != 2 || strings.Contains(out, "✓") {
		t.Errorf("a folder without archives: exit %d\n%s", code, out)
	}
	if code, out = run("archive", "verify", filepath.Join(folder, "nowhere")); code != 2 {
		t.Error(code, out)
	}
	if code, out = run("archive", "verify"); code != 2 {
		t.Error(code, out)
	}
}

// bookOf writes a gateway's book in which trades of these numbers were made.
func bookOf(t *testing.T, numbers ...string) string {
	t.Helper()
	var book []byte
	for _, no := range numbers {
		line, err := json.Marshal(alipaysim.Entry{Kind: alipaysim.KindTradeCreated, AppID: siteAppID, OutTradeNo: no})
		if err != nil {
			t.Fatal(err)
		}
		book = append(append(book, line...), '\n')
	}
	name := filepath.Join(t.TempDir(), "book.jsonl")
	if err := os.WriteFile(name, book, 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}
