package config_test

import (
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/paymux/paymux/config"
)

// The example as it was before there were sections, migrated, is the example: it differs in a
// comment alone, and loads to the same values.
func TestMigrateMakesTheExampleOfTheOldOne(t *testing.T) {
	old, err := os.ReadFile("testdata/flat.yaml")
	if err != nil {
		t.Fatal(err)
	}
	out, moved, err := config.Migrate(old, shipped()...)
	if err != nil {
		t.Fatal(err)
	}
	if len(moved) != 2 || len(moved[0].Settings) != 16 || len(moved[1].Settings) != 3 {
		t.Errorf("moved %+v", moved)
	}
	if want := strings.Replace(example(t), "alipay: # the settings at the gateway stand under its id", "alipay:", 1); string(out) != want {
		t.Errorf("got\n%s", out)
	}
	folder := t.TempDir()
	load := func(text string) (*config.Config, error) {
		return config.Load(write(t, folder, "config.yaml", text), nil, shipped()...)
	}
	for _, name := range regexp.MustCompile(`\bkeys/[a-z0-9_.]+`).FindAllString(example(t), -1) {
		write(t, folder, name, "not a real key: "+name)
	}
	ours, err := load(string(out))
	if err != nil {
		t.Fatal(err)
	}
	theirs, err := load(example(t))
	if err != nil || !reflect.DeepEqual(ours, theirs) {
		t.Errorf("%v: it means\n%+v, and the example\n%+v", err, ours, theirs)
	}
	// Unmigrated it is refused, each line with its new spelling.
	_, err = load(string(old))
	for _, want := range []string{
		`merchants[0].accounts[0].app_id (line 121): has moved: write it under alipay: as alipay.app_id; ` + "`paymux config migrate FILE` prints the new file",
		`merchants[0].accounts[1].keys (line 159): has moved: write it under alipay: as alipay.keys`,
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q in\n%v", want, err)
		}
	}
	if n := strings.Count(err.Error(), "\n") + 1; n != 19 {
		t.Errorf("%d problems, want one for each setting:\n%v", n, err)
	}
}

func write(t *testing.T, folder, name, text string) string {
	t.Helper()
	full := filepath.Join(folder, name)
	if err := os.MkdirAll(filepath.Dir(full), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(full, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return full
}
