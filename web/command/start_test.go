package command_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The short configuration is valid with the files that the commands of operations.md make, and is
// short; what a person has to bring is the gateway's public key alone.
func TestStartingConfiguration(t *testing.T) {
	text, err := os.ReadFile("../../config/start.yaml")
	if err != nil {
		t.Fatal(err)
	}
	guide, err := os.ReadFile("../../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(text), "\n"); n > 45 {
		t.Errorf("it has %d lines", n)
	}
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "keys"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "paymux.yaml"), text, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "keys/alipay.pub"), []byte(pair(t).PublicText), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Chdir(dir)
	_, first, _ := strings.Cut(string(guide), "## The first start")
	first, _, _ = strings.Cut(first, "paymux check")
	made := 0
	for _, line := range regexp.MustCompile(`(?m)^\$ paymux (keys .*?)(\s+#.*)?$`).FindAllStringSubmatch(first, -1) {
		args := strings.Fields(strings.ReplaceAll(line[1], `"shop server"`, "shop_server"))
		if code, out, errs := run(t, nil, args...); code != 0 {
			t.Fatalf("%s: %d %s%s", line[1], code, out, errs)
		}
		made++
	}
	if code, out, errs := run(t, nil, "check", "--config", "paymux.yaml"); code != 0 || made != 3 || strings.Contains(out, "!") {
		t.Errorf("after %d commands: %d %s%s", made, code, out, errs)
	}
}
