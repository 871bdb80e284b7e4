package command_test

import (
	"os"
	"strings"
	"testing"
	"time"
)

func TestCheckSaysWhatIsWrongAndHowToMendIt(t *testing.T) {
	for _, c := range []struct {
		id    string
		spoil func(*site)
		want  []string
	}{
		{"F01", func(s *site) { // the application's own public key stands where Alipay's belongs
			app, err := os.ReadFile(s.path("app.pub"))
			if err != nil {
				s.t.Fatal(err)
			}
			s.write("gateway.pub", string(app))
		}, []string{"merchant m_shop, account main", "支付宝公钥"}},
		{"F02", func(s *site) { s.write("app.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n") }, []string{"account main"}},
		{"F04", func(s *site) { s.write("app.pem", " \n") }, []string{"is empty", "→ put the key into it"}},
		{"F23", func(s *site) {
			s.write("weak.secret", strings.Repeat("weak", 20))
			s.edit("api_keys: [", "api_keys: [{ id: desk, actor: desk, role: viewer, mode: signed, secret_file: weak.secret, created: 2026-01-01T00:00:00+08:00 }, ")
		}, []string{"API key desk", "4 different bytes", "paymux keys api"}},
		{"F08", func(s *site) { s.edit("sweep_seconds: 1", "sweep_seconds: 0") }, []string{"jobs.sweep_seconds", "at least 1"}},
		{"F09", func(s *site) {
			if err := os.Chmod(s.path("app.pem"), 0o644); err != nil {
				s.t.Fatal(err)
			}
		}, []string{"can be read by others", "chmod 600"}},
		{"F11", func(s *site) {
			s.edit("accounts:", "accounts: # twice\n      - { id: twin, gateway: alipay, environment: sandbox, channels: [alipay_mini], alipay: { app_id: \""+siteAppID+
				"\", seller_id: \""+siteSellerID+"\", keys: [{ version: v1, use: current, private_key_file: app.pem, alipay_public_key_file: gateway.pub }] } }")
		},
			[]string{"app_id"}},
		{"nothing wrong", func(*site) {}, nil},
		{"unknown setting", func(s *site) { s.edit("name: shop", "colour: shop") }, []string{"colour", "is not a setting"}},
		{"unknown feature", func(s *site) {
			s.edit("permissions:", "features: [{ platform: wechat, feature: huabay, enabled: true }]\n    permissions:")
		},
			[]string{"merchant m_shop", "huabay"}},
		{"unknown event", func(s *site) {
			s.write("hook.secret", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
			s.edit("accounts:", "webhooks: [{ id: hook, url: \"https://shop.example.com/\", events: [payment.paid, payment.payed], "+
				"secrets: [{ id: a, use: current, secret_file: hook.secret }] }]\n    accounts:")
		}, []string{"merchant m_shop", "payment.payed", "payment.closed"}},
		{"W44", func(s *site) {
			s.edit("environment: sandbox, drain", "environment: sandbox, trusted_proxies: [0.0.0.0/1, 128.0.0.0/1], drain")
		}, []string{"server.trusted_proxies", "add up to everybody", "own network"}},
		{"wrong master key", func(s *site) {
			s.edit("private_key_file: app.pem", "private_key_sealed: v1.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")
		}, []string{"keys[0]", "seal it again"}},
	} {
		t.Run(c.id, func(t *testing.T) {
			s := newSite(t, "sqlite", t.TempDir()+"/paymux.db", "")
			c.spoil(s)
			code, out, errs := run(t, nil, "check", "--config", s.path("paymux.yaml"))
			if good := len(c.want) == 0; good != (code == 0) {
				t.Fatalf("exit %d\n%s%s", code, out, errs)
			}
			for _, want := range c.want {
				if !strings.Contains(out, want) {
					t.Errorf("no %q in\n%s", want, out)
				}
			}
			if strings.Contains(out+errs, "PRIVATE KEY") {
				t.Errorf("a key is shown:\n%s%s", out, errs)
			}
		})
	}
}

// edit replaces a text in the configuration.
func (s *site) edit(old, with string) {
	s.t.Helper()
	text, err := os.ReadFile(s.path("paymux.yaml"))
	if err != nil {
		s.t.Fatal(err)
	}
	s.write("paymux.yaml", strings.Replace(string(text), old, with, 1))
}

// F08: what is wrong with the database's address does not hide the rest, and says which variable
// holds it; what works and may not be meant is told of.
func TestCheckGoesOnPastTheDatabase(t *testing.T) {
	s := newSite(t, "sqlite", "paymux.db", "")
	file := s.path("paymux.yaml")
	s.edit(`dsn: "paymux.db", `, "")
	s.write("app.pem", "no key")
	code, out, errs := run(t, nil, "check", "--config", file)
	if code != 1 || !strings.Contains(out, "PAYMUX_DB_DSN") || !strings.Contains(out, "account main") || !strings.Contains(errs, "2 problems") {
		t.Errorf("%d %s%s", code, out, errs)
	}
	code, out, errs = run(t, []string{"PAYMUX_DB_DSN=paymux.db"}, "check", "--config", file)
	if code != 1 || !strings.Contains(out, "taken from PAYMUX_DB_DSN") || strings.Contains(out, "db.dsn (") || !strings.Contains(errs, "1 problem in") {
		t.Errorf("%d %s%s", code, out, errs)
	}
}

func TestCheckWarns(t *testing.T) {
	s := newSite(t, "sqlite", "paymux.db", "")
	file := s.path("paymux.yaml")
	good, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ old, with, said string }{
		{"", "", ""},
		{"created: 2026-01-01T00:00:00+08:00", "created: 2020-01-01T00:00:00+08:00, expires: " + time.Now().AddDate(0, 0, 31).Format(time.RFC3339), ""},
		{"created: 2026-01-01T00:00:00+08:00", "created: 2020-01-01T00:00:00+08:00, expires: " + time.Now().AddDate(0, 0, 29).Format(time.RFC3339), "API key shop of merchant m_shop ends"},
		{"created: 2026-01-01T00:00:00+08:00", "created: 2020-01-01T00:00:00+08:00, expires: 2021-01-01T00:00:00+08:00", "API key shop of merchant m_shop has ended"},
		{"server: {", "server: { admin_listen: '0.0.0.0:9090',", "all addresses"},
		{"server: {", "server: { admin_listen: '[::]:9090',", "all addresses"},
		{"server: {", "server: { admin_listen: ':9090',", "all addresses"},
		{"server: {", "server: { admin_listen: '10.0.0.3:9090',", ""},
		{"server: {", "server: { admin_listen: '127.0.0.1:9090',", ""},
	} {
		s.write("paymux.yaml", strings.Replace(string(good), c.old, c.with, 1))
		code, out, errs := run(t, nil, "check", "--config", file)
		if code != 0 || strings.Contains(out, "! ") != (c.said != "") || !strings.Contains(out, c.said) {
			t.Errorf("%s: %d %s%s", c.with, code, out, errs)
		}
	}
}
