package command_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/paymux/paymux/core/store"
)

// D21: a database that went back in time is sound in itself. The witness that the last run left
// elsewhere notices it, were it by one row that no seal vouched for; without one nothing can.
func TestVerifyNoticesAnOlderDatabase(t *testing.T) {
	dsn := filepath.Join(t.TempDir(), "paymux.db")
	loadFixture(t, fixtureFolder+"00006_sqlite.sql.gz", dsn)
	s := newSite(t, store.DriverSQLite, dsn, "")
	conf, witness := s.path("paymux.yaml"), s.path("witness.json")
	if code, _, errs := run(t, nil, "migrate", "--config", conf); code != 0 {
		t.Fatal(errs)
	}
	for range 2 {
		if code, report := verify(t, "--config", conf, "--witness", witness); code != 0 || len(report.Audit.Broken) > 0 {
			t.Fatalf("exit %d, %+v", code, report.Audit)
		}
	}
	kept := string(fileBytes(t, witness))
	for _, cut := range []struct{ name, statement, want string }{
		{"its newest rows", "DELETE FROM audits WHERE created_at = (SELECT MAX(created_at) FROM audits)", "older one"},
		{"its newest seal", "UPDATE audits SET seal = 0 WHERE seal = (SELECT MAX(seq) FROM audit_seals); DELETE FROM audit_seals WHERE seq = (SELECT MAX(seq) FROM audit_seals)", "no seal has the head"},
	} {
		older := filepath.Join(t.TempDir(), "paymux.db")
		if code, out, errs := run(t, nil, "backup", "--config", conf, older); code != 0 {
			t.Fatal(out, errs)
		}
		db := openSQLite(t, older)
		if _, err := db.Exec(cut.statement); err != nil {
			t.Fatal(err)
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		other := newSite(t, store.DriverSQLite, older, "")
		if code, report := verify(t, "--config", other.path("paymux.yaml")); code != 0 {
			t.Fatalf("%s: it was to be sound in itself: %+v", cut.name, report.Audit)
		}
		code, report := verify(t, "--config", other.path("paymux.yaml"), "--witness", witness)
		if code != 1 || !strings.Contains(strings.Join(report.Audit.Broken, "\n"), cut.want) {
			t.Errorf("%s: exit %d, %q", cut.name, code, report.Audit.Broken)
		}
		if string(fileBytes(t, witness)) != kept {
			t.Errorf("%s: the witness forgot", cut.name)
		}
	}
	s.write("witness.json", "{")
	if code, _, errs := run(t, nil, "verify", "--config", conf, "--witness", witness); code != 2 || !strings.Contains(errs, "witness") {
		t.Errorf("a torn witness: exit %d, %s", code, errs)
	}
}
