package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// Where git lists no files (no clone, or a clone of another user) the stages that ask it for them
// fail: with nothing to check they would pass.
func TestStagesFailWithoutFiles(t *testing.T) {
	folder := t.TempDir()
	if err := os.CopyFS(filepath.Join(folder, ".ci"), os.DirFS(".ci")); err != nil {
		t.Fatal(err)
	}
	for _, stage := range [][]string{{"run"}, {"fuzz", "1"}, {"tagged", "mutants"}} {
		cmd := exec.CommandContext(t.Context(), filepath.Join(folder, ".ci", stage[0]), stage[1:]...)
		cmd.Env = append(os.Environ(), "GIT_CEILING_DIRECTORIES="+filepath.Dir(folder))
		if out, err := cmd.CombinedOutput(); err == nil {
			t.Errorf(".ci/%s passes where there is nothing to check:\n%s", stage[0], out)
		}
	}
}
