package command_test

import (
	"bytes"
	"crypto/rand"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/paymux/paymux/config"
	"github.com/paymux/paymux/core/outbox"
	"github.com/paymux/paymux/web/command"
)

// run runs one command line to its end.
func run(t *testing.T, environ []string, args ...string) (code int, out, errs string) {
	t.Helper()
	var o, e bytes.Buffer
	world := streams(&o, &e)
	world.Environ = environ
	code = command.Run(t.Context(), args, world)
	return code, o.String(), e.String()
}

func TestCommandLineIsExplained(t *testing.T) {
	for _, c := range []struct {
		args string
		code int
		want string
	}{
		{"version", 0, "go1."},
		{"", 0, "demo"},
		{"serve", 2, `"config" not set`},
		{"serve --colour", 2, "--help"},
		{"fly", 2, "unknown command"},
		{"call GET", 2, "wants METHOD PATH and has 1 argument"},
		{"call GET /v1/platforms", 2, "--key"},
		{"call GET .example.com/v1/platforms --key k", 2, "begin with /"},
		{"keys api --id a --actor b", 2, "--master-key"},
		{"keys api --id a --actor b --mode loud", 2, "bearer or signed"},
		{"check --config no-such-file.yaml", 1, "no-such-file.yaml"},
		{"demo --listen 127.0.0.1:0 --data what?", 2, "question mark"},
		{"backup", 2, "wants FILE and has 0 arguments"},
		{"demo --listen 8080 --data " + t.TempDir(), 1, "write it as 127.0.0.1:8080"},
		{"demo --listen= --data " + t.TempDir(), 1, "write it as 127.0.0.1:8080"},
		{"simulate --listen 192.0.2.1:0 --data " + t.TempDir(), 1, "no such address"},
		{"simulate --listen 256.0.0.1:1 --data " + t.TempDir(), 1, "cannot listen"},
	} {
		code, out, errs := run(t, nil, strings.Fields(c.args)...)
		if code != c.code || !strings.Contains(out+errs, c.want) {
			t.Errorf("paymux %s: exit %d, want %d with %q\n%s%s", c.args, code, c.code, c.want, out, errs)
		}
	}
}

func TestKeysFitTheConfiguration(t *testing.T) {
	master := filepath.Join(t.TempDir(), "master.key")
	if code, _, errs := run(t, nil, "keys", "master", master); code != 0 {
		t.Fatal(errs)
	}
	if info, err := os.Stat(master); err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("master key: %v %v", info, err)
	}
	if code, _, _ := run(t, nil, "keys", "master", master); code == 0 {
		t.Error("a master key was replaced: what was sealed under it would be lost")
	}
	code, out, errs := run(t, nil, "keys", "api", "--id", "till_1", "--actor", "till", "--master-key", master)
	if code != 0 {
		t.Fatal(errs)
	}
	// A key that nothing was asked of may do what a till needs and no more, is signed, and ends in
	// a year; the secret's warning is not for the file.
	created, expires := regexp.MustCompile(`created: (\S+)`).FindStringSubmatch(out), regexp.MustCompile(`expires: (\S+)`).FindStringSubmatch(out)
	if created == nil || expires == nil || !strings.Contains(out, "  role: cashier\n  mode: signed\n") || !strings.Contains(errs, "shown this once") {
		t.Fatalf("%s%s", out, errs)
	}
	from, fromErr := time.Parse(time.RFC3339, created[1])
	if until, err := time.Parse(time.RFC3339, expires[1]); err != nil || fromErr != nil || !until.Equal(from.AddDate(0, 0, 365)) {
		t.Errorf("from %s to %s", created[1], expires[1])
	}
	secret := regexp.MustCompile(`(?m)^([a-z0-9]{52,})$`).FindStringSubmatch(errs)
	sealed := regexp.MustCompile(`(?m)^  secret_sealed: (\S+)$`).FindStringSubmatch(out)
	if secret == nil || sealed == nil {
		t.Fatalf("no secret in\n%s", out)
	}
	key, err := config.OpenMasterKey(master, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	opened, err := config.APIKey{ID: "till_1", SecretSealed: sealed[1]}.SigningSecret(key)
	if err != nil || opened.Reveal() != secret[1] || len(secret[1]) < 52 {
		t.Errorf("the sealed secret opens as %d characters: %v", len(opened.Reveal()), err)
	}
	code, out, errs = run(t, nil, "keys", "webhook", "--id", "s1", "--master-key", master)
	if code != 0 {
		t.Fatal(errs)
	}
	secret = regexp.MustCompile(`(?m)^(whsec_\S+)$`).FindStringSubmatch(errs)
	sealed = regexp.MustCompile(`(?m)^  secret_sealed: (\S+)$`).FindStringSubmatch(out)
	if secret == nil || sealed == nil {
		t.Fatalf("no secret in\n%s", out)
	}
	text, err := config.WebhookSecret{ID: "s1", Sealed: sealed[1]}.Secret(key)
	if err != nil || text.Reveal() != secret[1] {
		t.Errorf("the sealed secret opens as another: %v", err)
	}
	if raw, err := outbox.ParseSecret(secret[1]); err != nil || len(raw) != 32 {
		t.Errorf("the secret has %d bytes: %v", len(raw), err)
	}
}
