package config

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// F13: an applied change is told by the paths of its settings, and no value of any stands in it.
func TestF13ChangesAreToldByPath(t *testing.T) {
	w, path, refusals := watcher(t)
	first := w.Version()
	reload := func(text string, want ...string) {
		t.Helper()
		write(t, path, text)
		if !w.Reload() {
			t.Fatalf("%v", *refusals)
		}
		if got := w.Changes(); !slices.Equal(got, want) {
			t.Errorf("%q, want %q", got, want)
		}
	}
	changed := edit(t, exampleText(t), "role: approver", "role: viewer")
	reload(changed, "~merchants[m_demo].api_keys[finance].role")
	if w.Version() == first || len(w.Version()) != 16 {
		t.Errorf("version %s after %s", w.Version(), first)
	}
	hash := "6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b"
	reload(edit(t, changed, hash, strings.Repeat("c", 64)), "~merchants[m_demo].api_keys[finance].secret_hash")
	reload(changed, "~merchants[m_demo].api_keys[finance].secret_hash")
	reload(edit(t, changed, "channels: [till_page, till_app, till_code]", "channels: [till_page]"),
		"-merchants[m_demo].accounts[main].channels[1]", "-merchants[m_demo].accounts[main].channels[2]")
	reload(edit(t, changed, "pace: 2", "pace: 1"), "+merchants[m_demo].accounts[main].channels[1]",
		"+merchants[m_demo].accounts[main].channels[2]", "~merchants[m_demo].accounts[main].till.pace")
	reload(exampleText(t), "~merchants[m_demo].accounts[main].till.pace", "~merchants[m_demo].api_keys[finance].role")
	if w.Version() != first {
		t.Errorf("the same settings are version %s and %s", first, w.Version())
	}
	write(t, filepath.Join(filepath.Dir(path), "keys/app_v2.pem"), "another key")
	if !w.Reload() || !slices.Equal(w.Changes(), []string{"~merchants[m_demo].accounts[main].till.keys[0].key_file (content)"}) || w.Version() == first {
		t.Errorf("a changed key file: %q", w.Changes())
	}
	before := w.Version()
	write(t, path, edit(t, exampleText(t), "role: approver", "role: emperor"))
	if w.Reload() || w.Version() != before {
		t.Error("a refused file has a version")
	}
}

// A merchant before the others does not change them.
func TestRecordsAreToldByName(t *testing.T) {
	one := &Config{Merchants: []Merchant{{ID: "m_b", Name: "b"}}}
	two := &Config{Merchants: []Merchant{{ID: "m_a"}, {ID: "m_b", Name: "c"}}}
	for _, change := range imprintOf(one).changes(imprintOf(two)) {
		if strings.Contains(change, "m_b") != (change == "~merchants[m_b].name") {
			t.Error(change)
		}
	}
}
