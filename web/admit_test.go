package web_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/paymux/paymux/core"
	"github.com/paymux/paymux/web"
)

// slowChannels is a cashier whose lists wait until they are released.
type slowChannels struct {
	web.Cashier
	release chan struct{}
}

func (s *slowChannels) Payments(ctx context.Context, q core.PaymentQuery) ([]core.PaymentView, error) {
	select {
	case <-s.release:
		return s.Cashier.Payments(ctx, q)
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// countedBody counts what is read of it, and waits for its end.
type countedBody struct {
	io.Reader
	read int
}

func (c *countedBody) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.read += n
	return n, err
}

func (*countedBody) Close() error { return nil }

// W42: what can be judged without the body is judged before a byte of it is read, whose key a
// signed request claims included; only a head that can be good has its body read.
func TestW42_HeadsAreJudgedBeforeBodies(t *testing.T) {
	w := newWorld(t)
	viewer := w.keys["signed_m_a"]
	viewer.ID, viewer.Role = "signed_viewer", web.RoleViewer
	w.keys[viewer.ID] = viewer
	ended := w.keys["signed_m_a"]
	ended.ID, ended.Expires = "signed_ended", w.clock.Now()
	w.keys[ended.ID] = ended
	const body = `{"merchant_order_no":"o1"}`
	sign := func(key, secret string, at time.Duration, nonce string) func(*http.Request) {
		return func(r *http.Request) {
			web.Sign(r, []byte(body), key, []byte(secret), w.clock.Now().Add(at), nonce)
		}
	}
	bearer := func(key string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+key) }
	}
	const wrong = "another secret of as many bytes."
	for name, c := range map[string]struct {
		change func(*http.Request)
		status int
		reads  bool
	}{
		"no key":              {func(*http.Request) {}, 401, false},
		"unknown bearer":      {bearer("pmx_nobody_" + strings.Repeat("a", 52)), 401, false},
		"wrong bearer":        {bearer("pmx_m_a_admin_" + strings.Repeat("a", 52)), 401, false},
		"bearer of no role":   {bearer(w.bearer["m_a/viewer"]), 403, false},
		"old":                 {sign("signed_m_a", signSecret, -301*time.Second, freshNonce), 401, false},
		"old and unknown":     {sign("nobody", signSecret, -301*time.Second, freshNonce), 401, false},
		"future":              {sign("signed_m_a", signSecret, 301*time.Second, freshNonce), 401, false},
		"short nonce":         {sign("signed_m_a", signSecret, 0, "short"), 401, false},
		"too long":            {func(r *http.Request) { sign("signed_m_a", signSecret, 0, freshNonce)(r); r.ContentLength = 65537 }, 413, false},
		"unknown":             {sign("nobody", signSecret, 0, freshNonce), 401, false},
		"ended":               {sign("signed_ended", signSecret, 0, freshNonce), 401, false},
		"wrong secret":        {sign("signed_m_a", wrong, 0, freshNonce), 401, true},
		"wrong and no role":   {sign("signed_viewer", wrong, 0, freshNonce), 403, false},
		"signed and no role":  {sign("signed_viewer", signSecret, 0, freshNonce), 403, false},
		"signed and good":     {sign("signed_m_a", signSecret, 0, freshNonce+"2"), 400, true},
		"signed a bearer key": {sign("m_a_admin", signSecret, 0, freshNonce), 401, false},
	} {
		r := newRequest("POST", "/v1/payments", body)
		got := &countedBody{Reader: strings.NewReader(body)}
		r.Body = got
		c.change(r)
		answer := w.send(r)
		if answer.Code != c.status || (got.read > 0) != c.reads {
			t.Errorf("%s: %d after %d bytes of the body: %s", name, answer.Code, got.read, answer.Body)
		}
	}
	large := newRequest("POST", "/notify/alipay/acc_m_a", "a=b")
	got := &countedBody{Reader: strings.NewReader("a=b")}
	large.Body, large.ContentLength = got, 65537
	if answer := w.send(large); answer.Code != 413 || got.read != 0 {
		t.Errorf("a message that says it is too long: %d after %d bytes", answer.Code, got.read)
	}
}

// slowBody gives some bytes and then waits for its end.
type slowBody struct {
	first io.Reader
	ended chan struct{}
}

func (s *slowBody) Read(p []byte) (int, error) {
	if n, err := s.first.Read(p); n > 0 || !errors.Is(err, io.EOF) {
		return n, nil
	}
	<-s.ended
	return 0, io.ErrUnexpectedEOF
}

func (*slowBody) Close() error { return nil }

// W42: the bodies in memory have a ceiling, which is shown. Above it a request of the API is told
// to come again, while messages, which have room of their own, go on; and it all comes back.
func TestW42_BodiesHaveACeiling(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const room = 256 << 10
		w := newWorld(t, func(o *web.Options) { o.Limits = web.Limits{BodyBytes: room} })
		ended := make(chan struct{})
		codes := make(chan int, 64)
		for range 16 {
			r := newRequest("POST", "/v1/payments", "{}", "Authorization", "Bearer "+w.bearer["m_a/cashier"])
			r.Body, r.ContentLength = &slowBody{strings.NewReader(strings.Repeat("x", 60<<10)), ended}, -1
			go func() { codes <- w.send(r).Code }()
			synctest.Wait()
		}
		refused := len(codes)
		if refused != 14 { // each of the others holds 64 KiB, and one client no more than it leaves
			t.Errorf("%d of 16 bodies of 64 KiB were refused at %d bytes", refused, room)
		}
		for range refused {
			if code := <-codes; code != 429 {
				t.Errorf("refused with %d", code)
			}
		}
		small := newRequest("POST", "/notify/alipay/acc_m_a", "sign=bad", "Content-Type", form)
		if code := w.send(small).Code; code != 200 {
			t.Errorf("a message beside them: %d", code)
		}
		close(ended)
		synctest.Wait()
		if got := metric(t, w, `paymux_http_body_bytes{pool="api"}`); got != "0" {
			t.Errorf("%s bytes are still held", got)
		}
		if got := metric(t, w, `paymux_http_body_bytes_max{pool="api"}`); got != "262144" {
			t.Errorf("the ceiling is shown as %s", got)
		}
		if got := metric(t, w, `paymux_http_refused_total{why="memory"}`); got == "0" {
			t.Error("no refusal is counted")
		}
	})
}

// W42: clients whose messages come slowly hold no more than half of what the others have left, each
// by its address: behind a trusted proxy as well. A genuine message finds room beside any of them.
func TestW42_SlowMessagesLeaveRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, func(o *web.Options) {
			o.Limits, o.TrustedProxies = web.Limits{BodyBytes: 1 << 20}, []string{"192.0.2.0/24"}
		})
		ended := make(chan struct{})
		held := func() string { return metric(t, w, `paymux_http_body_bytes{pool="messages"}`) }
		// as many as hold half, a quarter and an eighth of it by pieces of 4 KiB, and more
		for i, want := range []string{"524288", "786432", "917504"} {
			for range 256 {
				r := newRequest("POST", "/notify/alipay/acc_m_a", "", "Content-Type", form, "X-Forwarded-For", fmt.Sprintf("198.51.100.%d", i))
				r.RemoteAddr, r.ContentLength = "192.0.2.7:1234", 3000
				r.Body = &slowBody{strings.NewReader(strings.Repeat("x", 2000)), ended}
				go w.send(r)
			}
			synctest.Wait()
			if got := held(); got != want {
				t.Errorf("%d slow clients hold %s bytes, want %s", i+1, got, want)
			}
		}
		genuine := newRequest("POST", "/notify/alipay/acc_m_a", "sign=bad", "Content-Type", form, "X-Forwarded-For", "203.0.113.9")
		genuine.RemoteAddr = "192.0.2.7:1235"
		if code := w.send(genuine).Code; code != 200 {
			t.Errorf("a message beside them: %d", code)
		}
		close(ended)
		synctest.Wait()
		if got := held(); got != "0" {
			t.Errorf("%s bytes are still held", got)
		}
	})
}

// W40: over HTTP: one key's requests take all places and its queue; the next of it is refused
// before its nonce is spent, and another key's is served with the next place. Who hangs up leaves.
func TestW40_GreedyKeyOverHTTP(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := &slowChannels{release: make(chan struct{})}
		w := newWorld(t, func(o *web.Options) {
			o.Limits = web.Limits{Running: 2}
			slow.Cashier = o.Cashier
			o.Cashier = slow
		})
		greedy, hangUp := context.WithCancel(t.Context())
		for range 2 + 64 {
			r := newRequest("GET", "/v1/payments", "", "Authorization", "Bearer "+w.bearer["m_a/viewer"]).WithContext(greedy)
			r.Header.Del("Content-Type")
			go w.send(r)
		}
		synctest.Wait()
		if got := metric(t, w, `paymux_http_waiting{pool="api"}`); got != "64" {
			t.Errorf("%s wait", got)
		}
		want(t, w.as("m_a/viewer", "GET", "/v1/payments", ""), 429, "too_many_requests")
		if wait := w.as("m_a/viewer", "GET", "/v1/payments", "").Header().Get("Retry-After"); wait != "1" {
			t.Errorf("Retry-After %q", wait)
		}
		page := w.ask("GET", "/h5/nothing", "") // pages, probes and messages wait for no key
		probe, message := w.ask("GET", "/readyz", ""), w.ask("POST", "/notify/alipay/acc_m_a", "sign=bad")
		if page.Code != 404 || probe.Code != 200 || message.Code != 200 {
			t.Errorf("a page %d, a probe %d, a message %d", page.Code, probe.Code, message.Code)
		}
		other := make(chan int, 1)
		go func() { other <- w.send(w.signed("GET", "/v1/channels", "", freshNonce, nil)).Code }()
		synctest.Wait()
		hangUp()
		synctest.Wait()
		if code := <-other; code != 200 {
			t.Errorf("another key is answered %d", code)
		}
		if running, waiting := metric(t, w, `paymux_http_running{pool="api"}`), metric(t, w, `paymux_http_waiting{pool="api"}`); running != "0" || waiting != "0" {
			t.Errorf("%s run and %s wait after all have gone", running, waiting)
		}
	})
}

// W40: what a key or a merchant may ask is held to, by the clock; the other key of the merchant and
// other merchants are not touched, a refused request spends nothing, and a reload changes it.
func TestW40_AllowancesOfKeysAndMerchants(t *testing.T) {
	synctest.Test(t, allowancesOfKeysAndMerchants) // refusals are kept back
}

func allowancesOfKeysAndMerchants(t *testing.T) {
	w := newWorld(t)
	change := func(id string, key, merchant web.Allowance) {
		k := w.keys[id]
		k.Limits, k.MerchantLimits = key, merchant
		w.keys[id] = k
	}
	asked := func(who string) int { return w.as(who, "GET", "/v1/channels", "").Code }
	count := func(who string, n int) (passed int) {
		for range n {
			if asked(who) == 200 {
				passed++
			}
		}
		return passed
	}
	change("m_a_viewer", web.Allowance{PerSecond: 2, Burst: 5}, web.Allowance{})
	if got := count("m_a/viewer", 20); got != 5 {
		t.Errorf("%d of a burst of 5 passed", got)
	}
	answer := w.as("m_a/viewer", "GET", "/v1/channels", "")
	want(t, answer, 429, "too_many_requests")
	if wait := answer.Header().Get("Retry-After"); wait != "1" {
		t.Errorf("Retry-After %q", wait)
	}
	if asked("m_a/admin") != 200 || asked("m_b/viewer") != 200 {
		t.Error("another key is refused for it")
	}
	w.clock.Advance(time.Second)
	if got := count("m_a/viewer", 20); got != 2 {
		t.Errorf("%d passed in the second after", got)
	}
	change("m_a_viewer", web.Allowance{}, web.Allowance{})
	if got := count("m_a/viewer", 20); got != 20 {
		t.Errorf("%d of 20 passed without a limit", got)
	}
	for _, id := range []string{"m_a_viewer", "m_a_admin", "m_a_cashier"} {
		change(id, web.Allowance{PerSecond: 100}, web.Allowance{PerSecond: 3})
	}
	if got := count("m_a/viewer", 5) + count("m_a/admin", 5) + count("m_a/cashier", 5); got != 3 {
		t.Errorf("%d of all keys of the merchant passed, which may ask 3 times", got)
	}
	if asked("m_b/viewer") != 200 {
		t.Error("another merchant is refused for it")
	}
	want(t, w.ask("GET", "/v1/channels", "", "Authorization", "Bearer pmx_m_a_viewer_"+strings.Repeat("a", 52)), 401, unauthenticated)
}

// W40: as many requests of a key are under way as it may have, and one that ends makes room.
func TestW40_ConcurrentIsHeldTo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := &slowChannels{release: make(chan struct{})}
		w := newWorld(t, func(o *web.Options) { slow.Cashier = o.Cashier; o.Cashier = slow })
		k := w.keys["m_a_viewer"]
		k.Limits = web.Allowance{Concurrent: 3}
		w.keys["m_a_viewer"] = k
		for range 3 {
			go w.as("m_a/viewer", "GET", "/v1/payments", "")
		}
		synctest.Wait()
		want(t, w.as("m_a/viewer", "GET", "/v1/channels", ""), 429, "too_many_requests")
		close(slow.release)
		synctest.Wait()
		want(t, w.as("m_a/viewer", "GET", "/v1/channels", ""), 200, "")
	})
}
