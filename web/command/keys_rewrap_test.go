package command_test

import (
	"net/http"
	"os"
	"strings"
	"testing"
)

// O31: a server refuses another master key than its database's; moved by the command, the new key
// starts, sealed texts of the file open under it, and a server that runs is not moved.
func TestO31MasterKeyIsMoved(t *testing.T) {
	s := newSite(t, "sqlite", t.TempDir()+"/paymux.db", "")
	if code, _, errs := run(t, nil, "keys", "master", s.path("next.key")); code != 0 {
		t.Fatal(errs)
	}
	_, lines, errs := run(t, nil, "keys", "api", "--id", "signed", "--actor", "a", "--master-key", s.path("master.key"))
	_, sealed, ok := strings.Cut(lines, "secret_sealed: ")
	if !ok {
		t.Fatal(errs)
	}
	sealed = strings.Fields(sealed)[0]
	s.edit("api_keys: [", "api_keys: [{ id: signed, actor: a, role: viewer, mode: signed, created: 2026-01-01T00:00:00+08:00, secret_sealed: "+sealed+" }, ")
	file := s.path("paymux.yaml")
	server := s.start()
	status, answer, err := s.ask("POST", "/v1/payments", "", `{"merchant_order_no":"1","platform":"alipay","amount_fen":1,"subject":"a","payer":{"user_id":"2088000000000002"},`+tea[1:])
	if err != nil || status != http.StatusCreated {
		t.Fatalf("create: %d %s %v", status, answer, err)
	}
	rewrap := []string{"keys", "rewrap", s.path("master.key"), s.path("next.key"), "--config", file}
	if code, _, errs := run(t, nil, rewrap...); code != 1 || !strings.Contains(errs, "in use by paymux serve") {
		t.Errorf("beside a server: %d %s", code, errs)
	}
	s.stopInPeace(server)
	good, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	code, out, errs := run(t, nil, rewrap...)
	if code != 0 || strings.Contains(out, sealed) || !strings.Contains(out, "secret_sealed: v1.") || !strings.Contains(errs, "texts sealed anew") {
		t.Fatalf("rewrap: %d %s%s", code, out, errs)
	}
	if code, _, errs := run(t, nil, "serve", "--config", file); code != 1 || !strings.Contains(errs, "another master key") {
		t.Errorf("the old key starts: %d %s", code, errs)
	}
	s.write("paymux.yaml", strings.Replace(out, "master_key_file: master.key", "master_key_file: next.key", 1))
	s.stopInPeace(s.start())
	if again, err := os.ReadFile(file); err != nil || string(again) == string(good) {
		t.Errorf("the file is as before: %v", err)
	}
}
