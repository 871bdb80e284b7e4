package command_test

import (
	"crypto/rand"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/paymux/paymux/web"
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
	for _, args := range [][]string{{"keys", "revoke", "shop", "--config", file, "--actor", "a"}, {"keys", "revoke", "shop", "--config", file, "--actor", " ", "--reason", "r"},
		{"keys", "revoke", "shop\u00a0x", "--config", file, "--actor", "a", "--reason", "r"},
		{"keys", "revoke", "SHOP", "--config", file, "--actor", "a", "--reason", "r"},
	} {
		if code, _, errs := run(t, nil, args...); code != 2 {
			t.Errorf("%v ends with %d: %s", args, code, errs)
		}
	}
	revoke := []string{"keys", "revoke", "shop ", "--config", file, "--actor", "王小明", "--reason", "in a chat\x1b[2J"}
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
	list("王小明: in a chat?[2J") // also of a file that cannot be used
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

// operatorSite is a site with an operator, night_shift, on an admin listener.
func operatorSite(t *testing.T) (s *site, admin string, ask func(path string) int) {
	t.Helper()
	key, hash, err := web.NewBearerKey("night_shift", rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	s = newSite(t, "sqlite", t.TempDir()+"/paymux.db", `
operators: [{ id: night_shift, actor: 李夜, mode: bearer, secret_hash: `+hash+`, created: 2026-01-01T00:00:00+08:00, expires: 2099-01-01T00:00:00Z }]
`)
	admin = freeAddress(t)
	s.write("paymux.yaml", strings.Replace(string(fileBytes(t, s.path("paymux.yaml"))), "server: {", "server: { admin_listen: '"+admin+"',", 1))
	return s, admin, func(path string) int {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+admin+path, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+key)
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = answer.Body.Close()
		return answer.StatusCode
	}
}

// W50: an operator's key is listed beside the merchants', and is taken back as theirs are.
func TestW50RevokedOperator(t *testing.T) {
	s, _, ask := operatorSite(t)
	server := s.start()
	if status := ask("/v1/payments"); status != http.StatusOK {
		t.Fatalf("the operator is answered %d", status)
	}
	line := func() string {
		t.Helper()
		code, out, errs := run(t, nil, "keys", "list", "--config", s.path("paymux.yaml"))
		if code != 0 || strings.Count(out, "night_shift") != 1 || !strings.Contains(out, "m_shop") {
			t.Fatalf("exit %d: %s%s", code, out, errs)
		}
		_, line, _ := strings.Cut(out, "night_shift")
		line, _, _ = strings.Cut(line, "\n")
		return strings.Join(strings.Fields(line), " ")
	}
	if got := line(); got != "- bearer operator 李夜 2099-01-01T00:00:00Z no" {
		t.Errorf("listed as %q", got)
	}
	code, out, errs := run(t, nil, "keys", "revoke", "night_shift", "--config", s.path("paymux.yaml"), "--actor", "王小明", "--reason", "left")
	if code != 0 || strings.Contains(out, "!") {
		t.Fatalf("revoke ends with %d: %s%s", code, out, errs)
	}
	until(t, "the operator is unknown", func() bool { return ask("/v1/payments") == http.StatusUnauthorized })
	if got := line(); !strings.HasSuffix(got, "by 王小明: left") {
		t.Errorf("listed as %q", got)
	}
	if status, body, err := s.ask("GET", "/v1/platforms", "", ""); err != nil || status != http.StatusOK {
		t.Errorf("the merchant's key: %d %s %v", status, body, err)
	}
	s.stopInPeace(server)
}
