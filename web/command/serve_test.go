package command_test

import (
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/paymux/paymux/web/command"
)

// A second server on one address ends before it has touched database or queue, which may be the
// first one's.
func TestServerOnATakenAddressTouchesNothing(t *testing.T) {
	dir := t.TempDir()
	s := newSite(t, "sqlite", filepath.Join(dir, "paymux.db"), "")
	s.edit("url: none", `url: ""`)
	first, err := net.Listen("tcp", s.listen)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = first.Close() }()
	var errs log
	code := command.Run(t.Context(), []string{"serve", "--migrate", "--config", s.path("paymux.yaml")}, streams(io.Discard, &errs))
	if said := errs.String(); code != 1 || !strings.Contains(said, "cannot listen on "+s.listen) || !strings.Contains(said, "another program is there") {
		t.Errorf("ended with %d: %s", code, errs.String())
	}
	// the lock is asked for before anything else, and its file stays
	if left, err := os.ReadDir(dir); err != nil || len(left) != 1 || left[0].Name() != "paymux.db.lock" {
		t.Errorf("it left %v, %v", left, err)
	}
}

// F23: nothing is served under a secret that others can find: the start fails before the database
// is touched, and says why.
func TestServerRefusesWeakSecrets(t *testing.T) {
	dir := t.TempDir()
	s := newSite(t, "sqlite", filepath.Join(dir, "paymux.db"), "")
	s.write("weak.secret", "a signing secret of enough bytes")
	s.edit("api_keys: [", "api_keys: [{ id: desk, actor: desk, role: viewer, mode: signed, secret_file: weak.secret, created: 2026-01-01T00:00:00+08:00 }, ")
	var errs log
	code := command.Run(t.Context(), []string{"serve", "--migrate", "--config", s.path("paymux.yaml")}, streams(io.Discard, &errs))
	if code != 1 || !strings.Contains(errs.String(), "API key desk") || !strings.Contains(errs.String(), "printed in paymux's documents") {
		t.Errorf("ended with %d: %s", code, errs.String())
	}
	// the lock is asked for before anything else, and its file stays
	if left, err := os.ReadDir(dir); err != nil || len(left) != 1 || left[0].Name() != "paymux.db.lock" {
		t.Errorf("it left %v, %v", left, err)
	}
}
