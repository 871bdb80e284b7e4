package web_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/paymux/paymux/web"
)

// wires is a listener whose connections are pipes, so that nothing of a connection is real time.
type wires struct{ dialled chan net.Conn }

func (w wires) Accept() (net.Conn, error) {
	if c, open := <-w.dialled; open {
		return c, nil
	}
	return nil, net.ErrClosed
}

func (w wires) Close() error {
	close(w.dialled)
	return nil
}

func (wires) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)} }

// serving is the world's server on such a listener; dial is a new connection to it.
func (w *world) serving(t *testing.T) (dial func() net.Conn) {
	l := wires{make(chan net.Conn)}
	server := web.HTTPServer("", w.server.Handler(), w.options.Logger)
	go func() { _ = server.Serve(l) }()
	t.Cleanup(func() { _ = server.Close(); synctest.Wait() })
	return func() net.Conn {
		ours, theirs := net.Pipe()
		l.dialled <- theirs
		return ours
	}
}

// head is what is sent of a request before its body.
func head(r *http.Request, length int, more ...string) string {
	text := fmt.Sprintf("%s %s HTTP/1.1\r\nHost: pay.example\r\nContent-Length: %d\r\n", r.Method, r.URL.RequestURI(), length)
	for name, values := range r.Header {
		for _, value := range values {
			text += name + ": " + value + "\r\n"
		}
	}
	return text + strings.Join(more, "") + "\r\n"
}

const expects = "Expect: 100-continue\r\n"

// W42: a head that cannot be good is answered at once, by its refusal and not by 100, though the
// body that it announces never comes; the connection then ends. A good one waits for its body.
func TestW42_RefusedHeadsAreAnsweredAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		viewer, ended := w.keys["signed_m_a"], w.keys["signed_m_a"]
		viewer.ID, viewer.Role, ended.ID, ended.Expires = "viewer", web.RoleViewer, "ended", w.clock.Now()
		w.keys["viewer"], w.keys["ended"] = viewer, ended
		dial := w.serving(t)
		body := `{"merchant_order_no":"o1","platform":"wechat",` + basket + `}`
		sign := func(key string, at time.Duration, nonce string) *http.Request {
			r := newRequest("POST", "/v1/payments", body)
			web.Sign(r, []byte(body), key, []byte(signSecret), w.clock.Now().Add(at), nonce)
			return r
		}
		bearer := func(key string) *http.Request {
			return newRequest("POST", "/v1/payments", body, "Authorization", "Bearer "+key)
		}
		for name, c := range map[string]struct {
			request *http.Request
			length  int
			status  int
		}{
			"no key":            {newRequest("POST", "/v1/payments", body), len(body), 401},
			"unknown":           {sign("nobody", 0, freshNonce), len(body), 401},
			"of another mode":   {sign("m_a_admin", 0, freshNonce), len(body), 401},
			"ended":             {sign("ended", 0, freshNonce), len(body), 401},
			"of no role":        {sign("viewer", 0, freshNonce), len(body), 403},
			"old":               {sign("signed_m_a", -301*time.Second, freshNonce), len(body), 401},
			"future":            {sign("signed_m_a", 301*time.Second, freshNonce), len(body), 401},
			"a short nonce":     {sign("signed_m_a", 0, "short"), len(body), 401},
			"a nonce of dots":   {sign("signed_m_a", 0, strings.Repeat(".", 16)), len(body), 401},
			"an id of dots":     {sign("a.b", 0, freshNonce), len(body), 401},
			"too long":          {sign("signed_m_a", 0, freshNonce), 65537, 413},
			"unknown bearer":    {bearer("pmx_nobody_" + strings.Repeat("a", 52)), len(body), 401},
			"bearer of no role": {bearer(w.bearer["m_a/viewer"]), len(body), 403},
		} {
			for _, more := range []string{"", expects} {
				conn, began := dial(), time.Now()
				answer, err := exchange(conn, head(c.request, c.length, more))
				if err != nil || answer.StatusCode != c.status || !answer.Close || !time.Now().Equal(began) {
					t.Errorf("%s (%q): %v %v after %v", name, more, answer, err, time.Since(began))
				}
				_ = conn.Close()
			}
		}
		for i, more := range []string{"", expects} { // the second finds the first's order
			conn := dial()
			got := make(chan *http.Response, 2)
			in := bufio.NewReader(conn)
			go func() {
				for range 1 + i {
					answer, _ := http.ReadResponse(in, nil)
					got <- answer
				}
			}()
			_, _ = io.WriteString(conn, head(sign("signed_m_a", 0, fmt.Sprintf("%s%d", freshNonce, i)), len(body), more))
			synctest.Wait()
			if len(got) != i || i == 1 && (<-got).StatusCode != http.StatusContinue {
				t.Fatal("a good head is answered without its body")
			}
			_, _ = io.WriteString(conn, body)
			if answer := <-got; answer == nil || answer.StatusCode != []int{201, 200}[i] {
				t.Errorf("a good head with its body: %+v", answer)
			}
			_ = conn.Close()
		}
	})
}

// exchange writes to a connection, and reads one answer.
func exchange(conn net.Conn, text string) (*http.Response, error) {
	go func() { _, _ = io.WriteString(conn, text) }()
	answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err == nil {
		_, err = io.Copy(io.Discard, answer.Body)
	}
	return answer, err
}

// C34: whoever does not hold the key learns no more of it than whether it is in use: an unknown id,
// one that was revoked, one that has ended, one of the other mode, and a wrong signature are
// answered alike to the byte, with a body and without one.
func TestC34_SignedKeysThatAreNotRightHaveOneAnswer(t *testing.T) {
	w := newWorld(t)
	ended, revoked := w.keys["signed_m_a"], w.keys["signed_m_a"]
	ended.ID, ended.Expires, revoked.ID = "ended", w.clock.Now(), "revoked"
	w.keys["ended"], w.keys["revoked"] = ended, revoked
	delete(w.keys, "revoked") // as wiring answers for one
	const id = "request-0123456789"
	for _, body := range []string{"", "{}"} {
		var first string
		for _, key := range []string{"nobody", "revoked", "ended", "m_a_admin", "signed_m_a"} {
			r := newRequest("POST", "/v1/payments", body, "X-Request-Id", id)
			web.Sign(r, []byte(body), key, []byte("another secret of as many bytes."), w.clock.Now(), freshNonce)
			answer := w.send(r)
			if text := fmt.Sprint(answer.Code, answer.Header(), answer.Body); first == "" {
				first = text
			} else if text != first {
				t.Errorf("%s with the body %q:\n%s\nand nobody:\n%s", key, body, text, first)
			}
			if closed := answer.Header().Get("Connection") == "close"; answer.Code != 401 || closed != (body != "") {
				t.Errorf("%s: %d, closed %v", key, answer.Code, closed)
			}
		}
	}
}

// A key that is revoked while the body of its request comes is not good any more.
func TestRevokedWhileTheBodyComes(t *testing.T) {
	w := newWorld(t)
	body := `{"merchant_order_no":"o1","platform":"wechat",` + basket + `}`
	r := w.signed("POST", "/v1/payments", body, freshNonce, nil)
	r.Body = io.NopCloser(io.MultiReader(strings.NewReader(body), revoking{w}))
	want(t, w.send(r), 401, unauthenticated)
}

// revoking takes the key away when it is read.
type revoking struct{ *world }

func (r revoking) Read([]byte) (int, error) {
	delete(r.keys, "signed_m_a")
	return 0, io.EOF
}
