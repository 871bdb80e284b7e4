package command_test

import (
	"net/http"
	"os"
	"strings"
	"testing"
)

const tea = `{"goods":[{"id":"a","name":"a","category":"physical","quantity":1,"price_fen":1}]}`

// A changed file is taken whole; one with a mistake in it, or a key that does not parse, is not taken at all (F13, P15).
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
		{"an account with another app", siteAppID, "9021000100000078"},
		{"an account with another payee", siteSellerID, "2088000000000078"},
		{"an account of another merchant", "id: m_shop", "id: m_other"},
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
