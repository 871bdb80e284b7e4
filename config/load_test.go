package config

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestExampleLoads(t *testing.T) {
	path := place(t, exampleText(t))
	c, err := load(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	m := c.Merchants[0]
	at, ok := m.Accounts[0].Settings.(*tillSection)
	if m.ID != "m_demo" || !ok || at.Shop != "901" || at.Pace != 2 || len(at.Keys) != 2 {
		t.Fatalf("merchant %+v, %+v", m, at)
	}
	if want := filepath.Join(filepath.Dir(path), "keys/app_v2.pem"); at.Keys[0].File != want {
		t.Errorf("private key file %q, want %q", at.Keys[0].File, want)
	}
	if want := time.Date(2026, 10, 31, 16, 0, 0, 0, time.UTC); !m.APIKeys[0].Created.Equal(want) {
		t.Errorf("created %v, want %v", m.APIKeys[0].Created, want)
	}
	if m.Accounts[0].Active != true || m.Accounts[1].Active != false || m.Webhooks[0].Secrets[1].Use != Overlap {
		t.Errorf("accounts %+v", m.Accounts)
	}
}

func TestDefaults(t *testing.T) {
	path := place(t, minimal)
	c, err := load(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	m := c.Merchants[0]
	if m.LatePayment != "refund" || m.MaxPaymentFen != maxFen || !m.Accounts[0].Active || m.APIKeys[0].Mode != Signed {
		t.Errorf("defaults of lists: %+v", m)
	}
	if at, ok := m.Accounts[0].Settings.(*tillSection); !ok || at.Pace != 3 || c.Gateways[0].MaxConnections != 256 {
		t.Errorf("defaults of a gateway and its section: %+v %+v", at, c.Gateways[0])
	}
	if c.Notify.ConfirmOverFen != 5_000_000 || c.Jobs.SweepSeconds != 30 || c.DB.MaxOpen != 20 || c.DB.Writers != 2 || c.Log.Format != "json" {
		t.Errorf("defaults: %+v", c)
	}
	if c.Tracing != (Tracing{SamplePercent: 100}) {
		t.Errorf("tracing by default: %+v", c.Tracing)
	}
	total := 0
	for _, s := range c.Jobs.WebhookSeconds {
		total += s
	}
	if total != 75*hour {
		t.Errorf("webhooks are tried for %d s, want 75 hours", total)
	}
}

// F12: nothing that is secret, or that says whose money it is, has a default.
func TestF12NoSecretHasADefault(t *testing.T) {
	c := defaults()
	if c.Secrets.MasterKeyFile != "" || !c.DB.DSN.Empty() || c.Server.Environment != "" || c.Server.BaseURL != "" ||
		len(c.Merchants) != 0 || len(c.Gateways) != 0 {
		t.Errorf("defaults %+v", c)
	}
	path := place(t, "log: {level: info}\n")
	err := loadProblems(t, path, nil)
	for _, want := range []string{"server.base_url", "server.environment", "db.dsn", "secrets.master_key_file", "gateways", "merchants"} {
		if !hasPath(err, want) {
			t.Errorf("nothing said of %s in\n%v", want, err)
		}
	}
}

const minimal = `
server: {base_url: "http://127.0.0.1:8080", environment: sandbox}
db: {dsn: paymux.db}
secrets: {master_key_file: keys/master.key}
gateways: [{id: till, environment: sandbox, url: "http://127.0.0.1:9999/gateway.do"}]
merchants:
  - id: m1
    name: Shop
    api_keys: [{id: k1, actor: shop, role: admin, secret_file: keys/shop_server.secret, created: 2026-11-01T00:00:00Z}]
    accounts:
      - {id: a1, gateway: till, environment: sandbox, channels: [till_page],
         till: {shop: "901", payee: p1, keys: [{key_file: keys/app_v2.pem}]}}
`

func loadProblems(t *testing.T, path string, environ []string) Problems {
	t.Helper()
	c, err := load(path, environ)
	if err == nil {
		t.Fatal("accepted")
	}
	if c != nil {
		t.Fatal("a configuration came back beside the error")
	}
	var problems Problems
	if !errors.As(err, &problems) {
		t.Fatalf("%T %v, want Problems", err, err)
	}
	for _, p := range problems {
		if p.What == "" || p.Path == "" {
			t.Errorf("problem without words: %+v", p)
		}
	}
	return problems
}

func hasPath(problems Problems, path string) bool {
	for _, p := range problems {
		if p.Path == path {
			return true
		}
	}
	return false
}

func TestEnvironmentOverlaysFile(t *testing.T) {
	path := place(t, exampleText(t))
	c, err := load(path, []string{
		"PAYMUX_DB_DRIVER=mysql", "PAYMUX_DB_DSN=pay:s3cret@tcp(db:3306)/paymux",
		"PAYMUX_JOBS_SWEEP_SECONDS=5", "PAYMUX_JOBS_WEBHOOK_SECONDS=0,10, 20",
		"PAYMUX_SERVER_TRUSTED_PROXIES=10.0.0.0/8,192.168.0.0/16", "PAYMUX_DB_ACCEPT_DATA_LOSS=true",
		"PAYMUX_NOTIFY_CONFIRM_OVER_FEN=1", "PAYMUX_TEST_MYSQL_DSN=not ours", "HOME=/nowhere",
	})
	if err != nil {
		t.Fatal(err)
	}
	if c.DB.Driver != "mysql" || c.DB.DSN.Reveal() != "pay:s3cret@tcp(db:3306)/paymux" || !c.DB.AcceptDataLoss {
		t.Errorf("db %+v", c.DB)
	}
	if c.Jobs.SweepSeconds != 5 || len(c.Jobs.WebhookSeconds) != 3 || c.Jobs.WebhookSeconds[2] != 20 || c.Jobs.Batch != 200 {
		t.Errorf("jobs %+v", c.Jobs)
	}
	if len(c.Server.TrustedProxies) != 2 || c.Server.Listen != "127.0.0.1:8080" || c.Notify.ConfirmOverFen != 1 {
		t.Errorf("server %+v notify %+v", c.Server, c.Notify)
	}
}

func TestEnvironmentIsStrict(t *testing.T) {
	for entry, want := range map[string]string{
		"PAYMUX_DB_DNS=x":                "PAYMUX_DB_DNS",
		"PAYMUX_MERCHANTS_0_ID=x":        "PAYMUX_MERCHANTS_0_ID",
		"PAYMUX_JOBS_SWEEP_SECONDS=5.5":  "PAYMUX_JOBS_SWEEP_SECONDS",
		"PAYMUX_DB_ACCEPT_DATA_LOSS=no?": "PAYMUX_DB_ACCEPT_DATA_LOSS",
	} {
		if got := loadProblems(t, place(t, minimal), []string{entry}); !hasPath(got, want) {
			t.Errorf("%s: %v", entry, got)
		}
	}
}

func TestFileIsRead(t *testing.T) {
	if _, err := load(filepath.Join(t.TempDir(), "none.yaml"), nil); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("absent file: %v", err)
	}
	// whole, empty or broken: nobody reads it
	for _, second := range []string{"log: {level: warn}", "", "log: ["} {
		if got := loadProblems(t, place(t, minimal+"---\n"+second+"\n"), nil); !strings.Contains(got.Error(), "more than one document") {
			t.Errorf("a second document %q: %v", second, got)
		}
	}
	path := place(t, strings.Repeat("# filler\n", maxFile/9+1))
	if _, err := load(path, nil); err == nil || !strings.Contains(err.Error(), "larger") {
		t.Errorf("huge file: %v", err)
	}
}

// All that is wrong is told in one go, each at its own setting, also where several values cannot be
// read and one record holds a setting that there is not.
func TestAllMistakesAtOnce(t *testing.T) {
	text := exampleText(t)
	for _, e := range [][2]string{
		{"  drain_seconds: 20", "  drain_secs: 20\n  drain_seconds: soon"},
		{`actor: shop server`, `actor: 7`},
		{"secret_hash: 6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b\n        created: 2026-11-01T00:00:00+08:00",
			"secret_hash: 6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b\n        created: yesterday"},
		{`pace: 2`, `pace: 2.5`},
		{"  max_open: 20", "  max_open: 0"},
	} {
		text = edit(t, text, e[0], e[1])
	}
	got := loadProblems(t, place(t, text), nil)
	want := map[string]string{
		"server.drain_secs": "known here", "server.drain_seconds": "wrong kind", "merchants[0].api_keys[0].actor": "quotes",
		"merchants[0].api_keys[1].created": "a time such as", "merchants[0].accounts[0].till.pace": "whole number", "db.max_open": "at least",
	}
	for _, p := range got {
		if says, told := want[p.Path]; !told || !strings.Contains(p.String(), says) {
			t.Errorf("nobody asked for %v", p)
		}
		delete(want, p.Path)
	}
	if len(want) > 0 {
		t.Errorf("nothing said of %v in\n%v", want, got)
	}
}
