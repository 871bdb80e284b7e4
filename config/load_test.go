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
	c, err := Load(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	m := c.Merchants[0]
	if m.ID != "m_demo" || m.Accounts[0].AppID != "9021000100000001" || m.Accounts[0].Keys[1].Use != VerifyOnly {
		t.Errorf("merchant %+v", m)
	}
	if want := filepath.Join(filepath.Dir(path), "keys/app_v2.pem"); m.Accounts[0].Keys[0].PrivateKeyFile != want {
		t.Errorf("private key file %q, want %q", m.Accounts[0].Keys[0].PrivateKeyFile, want)
	}
	if want := time.Date(2026, 10, 31, 16, 0, 0, 0, time.UTC); !m.APIKeys[0].Created.Equal(want) {
		t.Errorf("created %v, want %v", m.APIKeys[0].Created, want)
	}
	if m.Accounts[0].Active != true || m.Accounts[1].Active != false || m.Webhooks[0].Secrets[1].Use != Overlap {
		t.Errorf("accounts %+v", m.Accounts)
	}
}

// The example shows every setting, so that nobody has to guess a name.
func TestExampleIsComplete(t *testing.T) {
	text := exampleText(t)
	for _, key := range everyKey() {
		if !strings.Contains(text, key+":") && key != "secret_sealed" && key != "private_key_sealed" {
			t.Errorf("config/example.yaml does not show %s", key)
		}
	}
}

func TestDefaults(t *testing.T) {
	path := place(t, minimal)
	c, err := Load(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	m := c.Merchants[0]
	if m.LatePayment != "refund" || m.MaxPaymentFen != maxFen || !m.Accounts[0].Active || m.APIKeys[0].Mode != Signed {
		t.Errorf("defaults of lists: %+v", m)
	}
	if a := m.Accounts[0]; a.Protocol != "classic" || a.SignType != "RSA2" || a.TimeoutSeconds != 15 || a.BreakAfter != 20 || a.CallsPerSecond != 0 || c.Gateways[0].MaxConnections != 64 {
		t.Errorf("defaults of the wire: %+v %+v", a, c.Gateways[0])
	}
	if c.Notify.ConfirmOverFen != 5_000_000 || c.Jobs.SweepSeconds != 30 || c.DB.MaxOpen != 20 || c.Log.Format != "json" {
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
gateways: [{id: alipay, environment: sandbox, url: "http://127.0.0.1:9999/gateway.do"}]
merchants:
  - id: m1
    name: Shop
    api_keys: [{id: k1, actor: shop, role: admin, secret_file: keys/shop_server.secret, created: 2026-11-01T00:00:00Z}]
    accounts:
      - {id: a1, gateway: alipay, environment: sandbox, app_id: "2021000000000001", seller_id: "2088000000000001", channels: [alipay_mini],
         keys: [{version: v1, use: current, private_key_file: keys/app_v2.pem, alipay_public_key_file: keys/alipay_v2.pub}]}
`

func loadProblems(t *testing.T, path string, environ []string) Problems {
	t.Helper()
	c, err := Load(path, environ)
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
	c, err := Load(path, []string{
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
	if _, err := Load(filepath.Join(t.TempDir(), "none.yaml"), nil); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("absent file: %v", err)
	}
	for _, second := range []string{"log: {level: warn}", "", "log: ["} { // whole, empty or broken: nobody reads it
		if got := loadProblems(t, place(t, minimal+"---\n"+second+"\n"), nil); !strings.Contains(got.Error(), "more than one document") {
			t.Errorf("a second document %q: %v", second, got)
		}
	}
	path := place(t, strings.Repeat("# filler\n", maxFile/9+1))
	if _, err := Load(path, nil); err == nil || !strings.Contains(err.Error(), "larger") {
		t.Errorf("huge file: %v", err)
	}
}
