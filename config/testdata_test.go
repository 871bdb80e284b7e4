package config

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// counted is a source of randomness for keys that need none.
type counted struct{}

func (counted) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(i)
	}
	return len(p), nil
}

// exampleText is config/example.yaml.
func exampleText(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("example.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// place writes text as a configuration file into a fresh directory, with every
// file that the example names beside it, and returns the file's name.
func place(t *testing.T, text string) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range regexp.MustCompile(`\bkeys/[a-z0-9_.]+`).FindAllString(exampleText(t), -1) {
		write(t, filepath.Join(dir, name), "not a real key: "+name)
	}
	master := filepath.Join(dir, "keys/master.key")
	if err := os.Remove(master); err != nil {
		t.Fatal(err)
	}
	if _, err := CreateMasterKey(master, counted{}); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "config.yaml")
	write(t, path, text)
	return path
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// edit replaces the one occurrence of before in the example.
func edit(t *testing.T, text, before, after string) string {
	t.Helper()
	if n := strings.Count(text, before); n != 1 {
		t.Fatalf("%q occurs %d times in the example", before, n)
	}
	return strings.Replace(text, before, after, 1)
}
