package command_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/paymux/paymux/web/command"
)

// untilReady keeps what a server says, and tells when it says that it is ready.
type untilReady struct {
	log   log
	ready func()
}

func (u *untilReady) Write(text []byte) (int, error) {
	if bytes.Contains(text, []byte(`"msg":"ready"`)) {
		u.ready()
	}
	return u.log.Write(text)
}

// O30: a second server on an SQLite file is refused and told who has it; commands that read work
// beside it, a kill leaves nothing that must be removed, and another name of the file is no other.
func TestO30OneServerForAnSQLiteFile(t *testing.T) {
	dir := t.TempDir()
	s := newSite(t, "sqlite", dir+"/paymux.db", "")
	server := s.start()
	second := func(dsn string) (int, string) {
		text, err := os.ReadFile(s.path("paymux.yaml"))
		if err != nil {
			t.Fatal(err)
		}
		other := strings.ReplaceAll(string(text), s.listen, freeAddress(t))
		s.write("second.yaml", strings.Replace(other, dir+"/paymux.db", dsn, 1))
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		said := &untilReady{ready: cancel} // one that starts after all would never end by itself
		code := command.Run(ctx, []string{"serve", "--config", s.path("second.yaml")}, streams(said, said))
		return code, said.log.String()
	}
	if err := os.Symlink(dir+"/paymux.db", dir+"/other.db"); err != nil {
		t.Fatal(err)
	}
	for _, dsn := range []string{dir + "/paymux.db", "file:" + dir + "/paymux.db?mode=rwc", dir + "/other.db"} {
		code, said := second(dsn)
		if code != 1 || !strings.Contains(said, fmt.Sprintf("paymux serve, process %d on ", server.Process.Pid)) {
			t.Errorf("%s: a second server ended with %d: %s", dsn, code, said)
		}
	}
	for _, args := range [][]string{{"verify"}, {"check"}, {"keys", "list"}} {
		if code, out, errs := run(t, nil, append(args, "--config", s.path("paymux.yaml"))...); code != 0 {
			t.Errorf("%v beside the server: %d %s%s", args, code, out, errs)
		}
	}
	server.kill()
	s.stopInPeace(s.start())
	s.stopInPeace(s.start())
}
