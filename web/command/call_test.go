package command_test

import (
	"strings"
	"testing"
)

// A signed call is made for a person, and a request whose signature was spoilt on the way is refused (W05).
func TestCallSignsForPeople(t *testing.T) {
	s := newSite(t, "sqlite", t.TempDir()+"/paymux.db", "")
	s.write("shop.secret", "s3cret-of-the-desk: 0123456789abcdefgh")
	s.write("other.secret", "0ther!-of-nobody: 0123456789abcdefghij")
	s.edit("api_keys: [", "api_keys: [{ id: desk, actor: desk, role: viewer, mode: signed, secret_file: shop.secret, created: 2026-01-01T00:00:00+08:00 }, ")
	server := s.start()
	environ := []string{"PAYMUX_CALL_URL=http://" + s.listen, "PAYMUX_CALL_KEY=desk"}
	for _, c := range []struct {
		name string
		args []string
		code int
		want string
	}{
		{"signed", []string{"GET", "/v1/payments?limit=1&status=paid", "--secret-file", s.path("shop.secret")}, 0, `"data": []`},
		{"body signed", []string{"POST", "/v1/platforms/wechat/check", "--secret-file", s.path("shop.secret"),
			"--data", `{"goods":[{"id":"a","name":"a","category":"physical","quantity":1,"price_fen":1}]}`}, 0, `"allowed": true`},
		{"role", []string{"POST", "/v1/payments/pay_x/close", "--secret-file", s.path("shop.secret"), "--idempotency-key", "k"}, 1, `"forbidden"`},
		{"another secret", []string{"GET", "/v1/payments", "--secret-file", s.path("other.secret")}, 1, `"unauthenticated"`},
		{"bearer", []string{"GET", "/v1/platforms", "--key", s.key}, 0, `"wechat"`},
	} {
		code, out, errs := run(t, environ, append([]string{"call"}, c.args...)...)
		if code != c.code || !strings.Contains(out, c.want) {
			t.Errorf("%s: exit %d, want %d with %s\n%s%s", c.name, code, c.code, c.want, out, errs)
		}
	}
	if text := server.log.String(); strings.Contains(text, "s3cret") || strings.Contains(text, s.key) {
		t.Errorf("a secret is in the log (F10):\n%s", text)
	}
	s.stopInPeace(server)
}
