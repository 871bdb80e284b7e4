package command_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/paymux/paymux/web"
)

// A signed call is made for a person, and a request whose signature was spoilt on the way is
// refused (W05).
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
		{"without its secret", []string{"GET", "/v1/payments"}, 1, "wants --secret-file"},
		{"bearer", []string{"GET", "/v1/platforms", "--key", s.key}, 0, `"wechat"`},
	} {
		code, out, errs := run(t, environ, append([]string{"call"}, c.args...)...)
		if code != c.code || !strings.Contains(out+errs, c.want) {
			t.Errorf("%s: exit %d, want %d with %s\n%s%s", c.name, code, c.code, c.want, out, errs)
		}
	}
	if text := server.log.String(); strings.Contains(text, "s3cret") || strings.Contains(text, s.key) {
		t.Errorf("a secret is in the log (F10):\n%s", text)
	}
	s.stopInPeace(server)
}

// What a person gave is sent whole, signed with all that it carries, to the server that was named
// and nowhere else (W05).
func TestCallSendsWhatItWasGiven(t *testing.T) {
	const secret = "s3cret-of-the-desk: 0123456789abcdefgh"
	var heard []*http.Request
	var bodies []string
	listen := func(status int) *httptest.Server {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			heard, bodies = append(heard, r), append(bodies, string(body))
			w.Header().Set("Location", "http://"+r.Host+"/elsewhere")
			w.WriteHeader(status)
		}))
		t.Cleanup(server.Close)
		return server
	}
	good, moved, refusing := listen(200), listen(307), listen(404)
	file := func(text string) string {
		name := filepath.Join(t.TempDir(), "secret")
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	}
	for _, c := range []struct {
		name  string
		where string
		extra []string
		code  int
		sent  int
	}{
		{"signed", good.URL + "/", []string{"--secret-file", file(secret + "\n")}, 0, 1}, {"bearer", good.URL, nil, 0, 1},
		{"redirected", moved.URL, nil, 0, 1}, {"refused", refusing.URL, nil, 1, 1},
		{"empty secret", good.URL, []string{"--secret-file", file(" \n")}, 1, 0}, {"no secret file", good.URL, []string{"--secret-file", file("") + "x"}, 1, 0},
	} {
		heard, bodies = nil, nil
		args := append([]string{"call", "post", "/v1/x?b=1&a=2", "--url", c.where, "--key", "desk", "--data", `{"a":1}`, "--idempotency-key", "key-1"}, c.extra...)
		code, _, errs := run(t, []string{"PAYMUX_CALL_URL=http://127.0.0.1:1", "PAYMUX_CALL_KEY=other"}, args...)
		if code != c.code || len(heard) != c.sent {
			t.Errorf("%s: exit %d, %d requests\n%s", c.name, code, len(heard), errs)
		}
		if c.sent == 0 || len(heard) == 0 {
			continue
		}
		r := heard[0]
		if r.Method != http.MethodPost || r.RequestURI != "/v1/x?b=1&a=2" || bodies[0] != `{"a":1}` || r.Header.Get("Idempotency-Key") != "key-1" || r.Header.Get("Content-Type") != "application/json" {
			t.Errorf("%s: %s %s %q %v", c.name, r.Method, r.RequestURI, bodies[0], r.Header)
		}
		proof := r.Header.Get("Authorization")
		if c.extra == nil {
			if proof != "Bearer desk" {
				t.Errorf("%s: %s", c.name, proof)
			}
			continue
		}
		part := func(name string) string {
			_, value, _ := strings.Cut(proof, name+"=")
			value, _, _ = strings.Cut(value, ",")
			return value
		}
		seconds, err := strconv.ParseInt(part("ts"), 10, 64)
		if err != nil || time.Since(time.Unix(seconds, 0)).Abs() > time.Minute {
			t.Errorf("%s: %s", c.name, proof)
		}
		again := httptest.NewRequest(r.Method, r.RequestURI, bytes.NewReader(nil))
		again.Header = r.Header.Clone()
		web.Sign(again, []byte(bodies[0]), "desk", []byte(secret), time.Unix(seconds, 0), part("nonce"))
		if again.Header.Get("Authorization") != proof {
			t.Errorf("%s: signed as\n%s, not\n%s", c.name, proof, again.Header.Get("Authorization"))
		}
	}
}
