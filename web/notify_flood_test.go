package web_test

import (
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/paymux/paymux/web"
)

// C37: however many forged messages come, from the very address that the gateway's come from, none
// of the genuine is refused for them, and each forged one is told so by its verifier's own word.
// The refused ones alone are counted.
func TestC37_ForgedMessagesRefuseNoGenuineOne(t *testing.T) {
	w := newWorld(t)
	p := w.create("m_a", "alipay", "o1")
	from := func(ip, sign string) *httptest.ResponseRecorder {
		r := newRequest("POST", "/notify/alipay/acc_m_a", "out_trade_no="+p.Attempts[0].OutTradeNo+"&sign="+sign, "Content-Type", form)
		r.RemoteAddr = ip + ":1234"
		return w.send(r)
	}
	for i := range 300 {
		if answer := from("203.0.113.9", "bad"); answer.Code != 200 || answer.Body.String() != "fail" {
			t.Fatalf("forged message %d: %d %s", i, answer.Code, answer.Body)
		}
		if i%20 == 0 {
			if got := from("203.0.113.9", "good").Body.String(); got != "success" {
				t.Fatalf("a genuine message after %d forged ones was answered %q", i, got)
			}
		}
	}
	if got := metric(t, w, "paymux_notify_refused_total"); got != "300" {
		t.Errorf("%s messages are counted as refused, want 300", got)
	}
}

// metric reads one metric as /metrics shows it, by its name and labels.
func metric(t testing.TB, w *world, name string) string {
	t.Helper()
	for line := range strings.SplitSeq(w.ask("GET", "/metrics", "").Body.String(), "\n") {
		if value, ok := strings.CutPrefix(line, name+" "); ok {
			return value
		}
	}
	t.Fatalf("there is no metric %s", name)
	return ""
}

// opener opens one page from an address, by way of proxies that say whom they ask for.
func opener(w *world) func(remote, forwarded string) int {
	path := "/h5/" + tokenOf(w.create("m_a", "wechat", "o1")) + "/pay"
	return func(remote, forwarded string) int {
		r := newRequest("POST", path, "", "User-Agent", uaSafari, "X-Forwarded-For", forwarded, "X-Real-IP", forwarded)
		r.RemoteAddr = remote
		return w.send(r).Code
	}
}

// W13: X-Forwarded-For is believed from the configured proxies only, and only for the hop that they
// saw.
func TestForwardedForNeedsATrustedProxy(t *testing.T) {
	direct := newWorld(t)
	open, last := opener(direct), 0
	for i := range 12 {
		last = open("127.0.0.1:1", fmt.Sprintf("198.51.100.%d", i))
	}
	if last != 429 {
		t.Errorf("without proxies a header changes the address: %d", last)
	}
	open = opener(newWorld(t, func(o *web.Options) { o.TrustedProxies = []string{"10.0.0.0/8"} }))
	for range 12 {
		last = open("10.1.1.1:1", "203.0.113.5, 198.51.100.7")
	}
	if other := open("10.1.1.1:1", "198.51.100.7, 203.0.113.5"); last != 429 || other != 200 {
		t.Errorf("behind a proxy: flooder %d, another client %d", last, other)
	}
	if spoofed := open("10.1.1.1:1", "1.2.3.4, 198.51.100.7"); spoofed != 429 {
		t.Errorf("a spoofed first hop hides the flooder: %d", spoofed)
	}
	if _, err := web.New(func() web.Options { o := direct.options; o.TrustedProxies = []string{"everyone"}; return o }()); err == nil || !strings.Contains(err.Error(), "everyone") {
		t.Errorf("a bad network is accepted: %v", err)
	}
}

// W13: only the configured proxies are believed: not this machine, nor its neighbours, because they
// are near.
func TestNearAddressesAreNoProxies(t *testing.T) {
	for _, remote := range []string{"127.0.0.1", "[::1]", "10.1.1.1", "192.168.1.1", "[fd00::1]", "169.254.1.1", "[fe80::1]"} {
		open := opener(newWorld(t, func(o *web.Options) { o.TrustedProxies = []string{"203.0.113.0/24"} }))
		last := 0
		for i := range 12 {
			last = open(remote+":1", fmt.Sprintf("198.51.100.%d", i))
		}
		if last != 429 {
			t.Errorf("%s is believed", remote)
		}
	}
}

// One customer of an IPv6 network has all of a /64, and no more; an IPv4 address is the same
// however it is written.
func TestClientsAreNetworks(t *testing.T) {
	for ip, same := range map[string]map[string]bool{
		"2001:db8:1:2::1": {"2001:db8:1:2::1": true, "2001:db8:1:2:ffff::9": true, "2001:db8:1:3::1": false, "2001:db8:2:2::1": false, "2001:db8:1:2::1%eth0": true},
		"203.0.113.7":     {"::ffff:203.0.113.7": true, "203.0.113.8": false},
		"no address":      {"no address": true, "another": false},
	} {
		for other, want := range same {
			if got := web.Network(ip) == web.Network(other); got != want {
				t.Errorf("%s and %s are one client: %v", ip, other, got)
			}
		}
	}
}

// What a limiter remembers is bounded, and it forgets the oldest first.
func TestLimitersForget(t *testing.T) {
	l := web.NewLimiter(1, 2)
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	for range 2 {
		l.Charge("first", now)
	}
	for i := range web.LimiterSize {
		l.Charge(fmt.Sprint("a", i), now)
	}
	if l.Allowed("first", now) {
		t.Error("forgotten as soon as the table is full")
	}
	for i := range 3 * web.LimiterSize {
		l.Charge(fmt.Sprint("b", i), now)
		if n := l.Size(); n > 2*web.LimiterSize {
			t.Fatalf("%d names are remembered", n)
		}
	}
	if !l.Allowed("first", now) {
		t.Error("remembered for ever")
	}
}
