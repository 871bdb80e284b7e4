package command_test

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// The old example, through the command: the new file on one stream, what was moved on the other,
// and nothing changed on disk.
func TestConfigMigratePrintsTheNewFile(t *testing.T) {
	old, err := os.ReadFile("../../config/testdata/flat.yaml")
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	migrate := func(text string) (code int, out, errs string) {
		if err := os.WriteFile("paymux.yaml", []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		code, out, errs = run(t, nil, "config", "migrate", "paymux.yaml")
		if now, err := os.ReadFile("paymux.yaml"); err != nil || string(now) != text {
			t.Errorf("the file has changed: %v\n%s", err, now)
		}
		return code, out, errs
	}
	line := func(text string) int {
		before, _, _ := strings.Cut(string(old), text)
		return strings.Count(before, "\n") + 1
	}
	code, out, errs := migrate(string(old))
	if code != 0 || !strings.Contains(out, "        alipay:\n          app_id: \"9021000100000001\"\n") ||
		errs != fmt.Sprintf("merchants[0].accounts[0] (line %d): moved under alipay: app_id, seller_id, op_app_id, mini_pay, protocol, sign_type, encrypt_content, "+
			"timeout_seconds, calls_per_second, burst, break_after, break_seconds, drop_empty_in_notify, drop_cert_sn_in_notify, trust_unsigned_v3_errors, keys\n"+
			"merchants[0].accounts[1] (line %d): moved under alipay: app_id, seller_id, keys\n", line("- id: alipay_main "), line("- id: alipay_old")) {
		t.Errorf("exit %d\n%s\n%s", code, errs, out)
	}
	if code, again, errs := migrate(out); code != 0 || again != out || errs != "paymux.yaml: nothing to move\n" {
		t.Errorf("a second time: exit %d, %s\n%s", code, errs, again)
	}
	if code, out, errs := migrate("merchants: ["); code != 1 || out != "" || !strings.Contains(errs, "cannot be migrated") || !strings.Contains(errs, "write it as YAML") {
		t.Errorf("no YAML: exit %d, %s\n%s", code, errs, out)
	}
	for _, args := range [][]string{{"config", "migrate"}, {"config", "migrate", "a", "b"}} {
		if code, _, _ := run(t, nil, args...); code != 2 {
			t.Errorf("%v: exit %d", args, code)
		}
	}
	if code, _, errs := run(t, nil, "config", "migrate", "none.yaml"); code != 1 || !strings.Contains(errs, "none.yaml") {
		t.Errorf("absent: exit %d, %s", code, errs)
	}
}

// Whoever starts the server on a file that is half of before is told where each setting stands now,
// by every command.
func TestTheOldSpellingIsRefusedWithTheNew(t *testing.T) {
	s := newSite(t, "sqlite", t.TempDir()+"/paymux.db", "")
	s.edit(`alipay: { app_id: "`+siteAppID+`",`, `app_id: "`+siteAppID+`", alipay: {`)
	for _, args := range [][]string{{"check"}, {"serve"}, {"doctor"}} {
		code, out, errs := run(t, nil, append(args, "--config", s.path("paymux.yaml"))...)
		if code == 0 || !strings.Contains(out+errs, "has moved: write it under alipay: as alipay.app_id") || !strings.Contains(out+errs, "move it into the section, which is there already") {
			t.Errorf("%v: exit %d\n%s%s", args, code, out, errs)
		}
	}
}
