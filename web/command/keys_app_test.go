package command_test

import (
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// F12: the application's pair: the private key never shown and never replaced, the public one as
// consoles take it, and lines that can be pasted.
func TestF12ApplicationKey(t *testing.T) {
	name := filepath.Join(t.TempDir(), "app.pem")
	code, out, errs := run(t, nil, "keys", "app", name)
	text, err := os.ReadFile(name)
	info, statErr := os.Stat(name)
	if code != 0 || err != nil || statErr != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("%d %v %v %s", code, err, info, errs)
	}
	block, _ := pem.Decode(text)
	private, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	public, err := base64.StdEncoding.DecodeString(regexp.MustCompile(`(?m)^MII\S+$`).FindString(errs))
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParsePKIXPublicKey(public)
	if key, is := private.(*rsa.PrivateKey); err != nil || !is || key.N.BitLen() != 2048 || !key.PublicKey.Equal(parsed) {
		t.Errorf("the public key: %v", err)
	}
	var lines []map[string]string
	if err := yaml.Unmarshal([]byte(out), &lines); err != nil || len(lines) != 1 || lines[0]["private_key_file"] != name ||
		lines[0]["alipay_public_key_file"] != filepath.Join(filepath.Dir(name), "alipay.pub") {
		t.Errorf("%v: %s", err, out)
	}
	if strings.Contains(out+errs, "PRIVATE") || strings.Contains(out, "MII") {
		t.Errorf("shown: %s%s", out, errs)
	}
	if code, _, _ := run(t, nil, "keys", "app", name); code != 1 {
		t.Errorf("a second key ended with %d", code)
	}
	if code, _, errs := run(t, nil, "keys", "app", filepath.Join(name+".d", "app.pem")); code != 1 || strings.Contains(errs, "replaced") {
		t.Errorf("a key into a folder that is not there ended with %d: %s", code, errs)
	}
	if code, _, errs := run(t, nil, "keys", "app", name+"2", "--gateway", "bank"); code != 2 || !strings.Contains(errs, "one of") {
		t.Errorf("a key for a gateway that there is not ended with %d: %s", code, errs)
	}
	if again, err := os.ReadFile(name); err != nil || string(again) != string(text) {
		t.Errorf("the key was replaced: %v", err)
	}
}

// F12: what goes to standard output goes into a file that many read, and holds no secret, however
// the key is made.
func TestF12SecretsAreNotAmongTheLines(t *testing.T) {
	dir := t.TempDir()
	master := filepath.Join(dir, "master.key")
	if code, _, errs := run(t, nil, "keys", "master", master); code != 0 {
		t.Fatal(errs)
	}
	for i, args := range [][]string{
		{"api", "--id", "a", "--actor", `he said: "#1"`, "--master-key", master},
		{"api", "--id", "b", "--actor", "b", "--mode", "bearer"},
		{"webhook", "--id", "s", "--master-key", master},
	} {
		file := filepath.Join(dir, string(rune('a'+i))+".secret")
		for _, out := range []string{"", file} {
			full := append([]string{"keys"}, args...)
			if out != "" {
				full = append(full, "--out", out)
			}
			code, lines, errs := run(t, nil, full...)
			var parsed []map[string]any
			if err := yaml.Unmarshal([]byte(lines), &parsed); code != 0 || err != nil || len(parsed) != 1 || strings.Contains(lines, "#") && i > 0 {
				t.Fatalf("%v: %d %v\n%s%s", full, code, err, lines, errs)
			}
			if i == 0 && parsed[0]["actor"] != `he said: "#1"` {
				t.Errorf("the actor became %v", parsed[0]["actor"])
			}
			secret := regexp.MustCompile(`(?m)^\S{40,}$`).FindString(errs)
			if out == "" && (secret == "" || strings.Contains(lines, secret)) {
				t.Errorf("%v: %s%s", full, lines, errs)
			}
			if out == "" {
				continue
			}
			info, err := os.Stat(out)
			kept, readErr := os.ReadFile(out)
			if err != nil || readErr != nil || info.Mode().Perm() != 0o600 || secret != "" || strings.Contains(lines+errs, strings.TrimSpace(string(kept))) {
				t.Errorf("%v: %v %s%s", full, err, lines, errs)
			}
			if code, _, _ := run(t, nil, full...); code != 1 {
				t.Errorf("%v replaces a file: %d", full, code)
			}
		}
	}
}
