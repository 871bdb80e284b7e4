package command_test

import (
	"net/http"
	"os"
	"strings"
	"testing"
)

// W50: a revoked key answers 401 as an unknown one does, whatever is wrong in the file, and stays
// revoked when a file adds it again, over a restart too.
func TestW50RevokedKey(t *testing.T) {
	s := newSite(t, "sqlite", t.TempDir()+"/paymux.db", "")
	server := s.start()
	answer := func() (int, string) {
		status, body, err := s.ask("GET", "/v1/platforms", "", "")
		if err != nil {
			t.Fatal(err)
		}
		return status, string(body)
	}
	if status, body := answer(); status != http.StatusOK {
		t.Fatalf("%d %s", status, body)
	}
	good, err := os.ReadFile(s.path("paymux.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	file := s.path("paymux.yaml")
	list := func(want ...string) {
		t.Helper()
		_, out, errs := run(t, nil, "keys", "list", "--config", file)
		for _, w := range want {
			if !strings.Contains(out, w) {
				t.Errorf("the list lacks %q: %s%s", w, out, errs)
			}
		}
		if strings.Contains(out+errs, s.key) || strings.Contains(out+errs, "secret") {
			t.Errorf("the list shows a secret: %s%s", out, errs)
		}
	}
	list("shop", "m_shop", "bearer", "admin", "never", "no")
	s.write("paymux.yaml", strings.Replace(string(good), "role: admin", "role: emperor", 1))
	for _, args := range [][]string{{"keys", "revoke", "shop", "--config", file, "--actor", "a"}, {"keys", "revoke", "shop", "--config", file, "--actor", " ", "--reason", "r"}} {
		if code, _, errs := run(t, nil, args...); code != 2 {
			t.Errorf("%v ends with %d: %s", args, code, errs)
		}
	}
	revoke := []string{"keys", "revoke", "shop", "--config", file, "--actor", "王小明", "--reason", "in a chat"}
	if code, out, errs := run(t, nil, revoke...); code != 0 || !strings.Contains(out, "✓ shop is revoked") {
		t.Fatalf("revoke ends with %d: %s%s", code, out, errs)
	}
	until(t, "the key is unknown", func() bool { status, _ := answer(); return status == http.StatusUnauthorized })
	_, revoked := answer()
	s.key = strings.Replace(s.key, "shop", "nobody", 1)
	if _, unknown := answer(); problemCode(revoked) == "" || problemCode(revoked) != problemCode(unknown) {
		t.Errorf("revoked: %s\nunknown: %s", revoked, unknown)
	}
	s.key = strings.Replace(s.key, "nobody", "shop", 1)
	list("王小明: in a chat") // also of a file that cannot be used
	if code, out, _ := run(t, nil, revoke...); code != 0 || !strings.Contains(out, "before") {
		t.Errorf("revoked twice: %s", out)
	}
	before := strings.Count(server.log.String(), "configuration reloaded")
	s.write("paymux.yaml", strings.Replace(string(good), "actor: shop", "actor: another", 1))
	until(t, "the file is taken", func() bool { return strings.Count(server.log.String(), "configuration reloaded") > before })
	if status, _ := answer(); status != http.StatusUnauthorized {
		t.Errorf("a file revives the key: %d", status)
	}
	s.stopInPeace(server)
	server = s.start()
	if status, _ := answer(); status != http.StatusUnauthorized {
		t.Errorf("a restart revives the key: %d", status)
	}
	s.stopInPeace(server)
}

// problemCode is the code of a refusal.
func problemCode(body string) string {
	_, after, _ := strings.Cut(body, `"code":"`)
	code, _, _ := strings.Cut(after, `"`)
	return code
}
