package command_test

import (
	"net/http"
	"os"
	"strings"
	"testing"
)

const tea = `{"goods":[{"id":"a","name":"a","category":"physical","quantity":1,"price_fen":1}]}`

// A changed file is taken whole; one with a mistake in it, or a key that does not parse, is not
// taken at all (F13, P15).
func TestConfigurationIsReloadedWholeOrNotAtAll(t *testing.T) {
	s := newSite(t, "sqlite", t.TempDir()+"/paymux.db", "")
	server := s.start()
	allowed := func(platform string) bool {
		status, answer, err := s.ask("POST", "/v1/platforms/"+platform+"/check", "", tea)
		if err != nil || status != http.StatusOK && status != http.StatusUnprocessableEntity {
			t.Fatalf("check: %d %s %v", status, answer, err)
		}
		return status == http.StatusOK
	}
	if !allowed("wechat") || !allowed("douyin") {
		t.Fatal("the shop is refused before anything changed")
	}
	good, err := os.ReadFile(s.path("paymux.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	s.edit("enterprise_verified, telecom_value_added", "enterprise_verified")
	until(t, "the lost licence counts", func() bool { return !allowed("wechat") })

	for _, bad := range []struct{ name, old, with string }{
		{"a misspelt setting", "permissions: [physical_ecommerce]", "permissions: []\n    colour: red"},
		{"a key file with nonsense", "private_key_file: app.pem", "private_key_file: gateway.pub"},
		{"what only a restart can change", "sweep_seconds: 1", "sweep_seconds: 2"},
	} {
		before := strings.Count(server.log.String(), "changed configuration refused")
		s.write("paymux.yaml", strings.Replace(string(good), bad.old, bad.with, 1))
		until(t, bad.name+" is refused", func() bool {
			return strings.Count(server.log.String(), "changed configuration refused") > before
		})
		if allowed("wechat") || !allowed("douyin") {
			t.Errorf("%s: a part of the refused file took effect", bad.name)
		}
	}
	s.write("paymux.yaml", string(good))
	until(t, "the licence is back", func() bool { return allowed("wechat") })
	s.stopInPeace(server)
}

// An account that has taken an order never becomes another one, neither by a reload nor by a
// restart (C30): the order's money would be asked for where nobody knows it. Before its first order
// a misspelt number may be mended.
func TestAccountKeepsItsMeaning(t *testing.T) {
	s := newSite(t, "sqlite", t.TempDir()+"/paymux.db", "")
	good, err := os.ReadFile(s.path("paymux.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	s.edit(siteAppID, "9021000100000078")
	server := s.start()
	write := func(text, said string) {
		t.Helper()
		before := strings.Count(server.log.String(), said)
		s.write("paymux.yaml", text)
		until(t, said, func() bool { return strings.Count(server.log.String(), said) > before })
	}
	write(string(good), "configuration reloaded")
	status, answer, err := s.ask("POST", "/v1/payments", "", `{"merchant_order_no":"1","platform":"wechat","amount_fen":1,"subject":"a",`+tea[1:])
	if err != nil || status != http.StatusCreated {
		t.Fatalf("create: %d %s %v", status, answer, err)
	}
	edits := map[string]string{siteAppID: "9021000100000078", siteSellerID: "2088000000000078", "id: m_shop": "id: m_other"}
	for old, with := range edits {
		write(strings.Replace(string(good), old, with, 1), "account main: an account that has taken orders never becomes another")
	}
	s.stopInPeace(server)
	for old, with := range edits {
		s.write("paymux.yaml", strings.Replace(string(good), old, with, 1))
		if code, _, errs := run(t, nil, "serve", "--config", s.path("paymux.yaml")); code != 1 || !strings.Contains(errs, "never becomes another") {
			t.Errorf("with %s, serve ended with %d: %s", with, code, errs)
		}
	}
	s.write("paymux.yaml", string(good))
	s.stopInPeace(s.start())
}
