package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Archives hold books: their folder is one that nobody else may write, sticky or not.
func TestArchiveFolderIsGuarded(t *testing.T) {
	base := t.TempDir()
	make := func(name string, mode os.FileMode) string {
		full := filepath.Join(base, name)
		if err := os.Mkdir(full, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(full, mode); err != nil {
			t.Fatal(err)
		}
		return full
	}
	file := filepath.Join(base, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	open := make("open", 0o777)
	for name, want := range map[string]string{
		make("own", 0o700): "", make("shown", 0o755): "", open: "can put files (mode 0777)", make("sticky", 0o777|os.ModeSticky): "can put files",
		make("group", 0o770): "can put files", file: "no folder", filepath.Join(base, "nowhere"): "cannot be used",
	} {
		var problems Problems
		checkRetention(Retention{InboxDays: 90, ArchiveDays: 400, ArchiveDir: name}, &problems)
		if want == "" && len(problems) > 0 || want != "" && (len(problems) != 1 || !strings.Contains(problems[0].String(), want)) {
			t.Errorf("%s: %v", name, problems)
		}
	}
	if err := os.Mkdir(filepath.Join(open, "inner"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := guardedFolder(filepath.Join(open, "inner")); err == nil {
		t.Error("a folder in an open one was taken")
	}
}
