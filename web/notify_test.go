package web_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/paymux/paymux/core"
	"github.com/paymux/paymux/web"
)

const form = "application/x-www-form-urlencoded"

// C39: what the gateway reads is the reply and nothing else: exact bytes, no encoding, whatever the
// request would have liked.
func TestNotifyReplyIsExact(t *testing.T) {
	w := newWorld(t)
	p := w.create("m_a", "alipay", "o1")
	for name, c := range map[string]struct{ body, want string }{
		"good":   {"out_trade_no=" + p.Attempts[0].OutTradeNo + "&sign=good", "success"},
		"forged": {"out_trade_no=" + p.Attempts[0].OutTradeNo + "&sign=bad", "fail"},
	} {
		answer := w.ask("POST", "/notify/alipay/acc_m_a", c.body, "Content-Type", form, "Accept-Encoding", "gzip, br", "Accept", "application/json")
		head := answer.Header()
		if answer.Code != 200 || answer.Body.String() != c.want || answer.Body.Len() != len(c.want) {
			t.Errorf("%s: %d %q", name, answer.Code, answer.Body)
		}
		if head.Get("Content-Type") != "text/plain" || head.Get("Content-Encoding") != "" || head.Get("Location") != "" || head.Get("Set-Cookie") != "" {
			t.Errorf("%s: %v", name, head)
		}
	}
}

// C39: status, type and bytes are the gateway's adapter's choice, and no others.
func TestNotifyReplyIsTheAdapters(t *testing.T) {
	rec := &recorder{reply: core.Reply{Status: 202, ContentType: "text/x-reply", Body: []byte("\x00ok")}}
	w := newWorld(t, func(o *web.Options) { rec.Cashier = o.Cashier; o.Cashier = rec })
	answer := w.ask("POST", "/notify/alipay/acc_m_a", "a=b", "Content-Type", form)
	if answer.Code != 202 || answer.Header().Get("Content-Type") != "text/x-reply" || answer.Body.String() != "\x00ok" {
		t.Errorf("%d %v %q", answer.Code, answer.Header(), answer.Body)
	}
}

// recorder keeps the message that a gateway's use case gets.
type recorder struct {
	web.Cashier
	got   core.Message
	reply core.Reply
	err   error
}

func (r *recorder) Receive(_ context.Context, _ core.GatewayID, _ string, m core.Message) (core.Reply, error) {
	r.got = m
	return r.reply, r.err
}

// C22, C25: the message reaches its verifier as it came: query, charset, escapes and all.
func TestNotifyHandsOnTheRawMessage(t *testing.T) {
	rec := &recorder{reply: core.Reply{Status: 200, ContentType: "text/plain;charset=utf-8", Body: []byte("success")}}
	w := newWorld(t, func(o *web.Options) { rec.Cashier = o.Cashier; o.Cashier = rec })
	body := "subject=%D6%A7%zz;a=1&b+c=%2B&b+c=2&\xff=\xfe"
	w.ask("POST", "/notify/alipay/acc_m_a?total_amount=0.01&x=%zz", body, "Content-Type", form+"; charset=GBK")
	if rec.got.Method != http.MethodPost || rec.got.RawQuery != "total_amount=0.01&x=%zz" || rec.got.Get("Content-Type") != form+"; charset=GBK" || string(rec.got.Body) != body || rec.got.Kind != core.MessageTrade {
		t.Errorf("%+v", rec.got)
	}
	w.ask("POST", "/notify/alipay/acc_m_a/app", "a=b", "Content-Type", form)
	if rec.got.Kind != core.MessageApp {
		t.Errorf("app path gave %s", rec.got.Kind)
	}
	// C22 over the real verifier: a query beside the body is refused.
	plain := newWorld(t)
	p := plain.create("m_a", "alipay", "o1")
	answer := plain.ask("POST", "/notify/alipay/acc_m_a?sign=good", "out_trade_no="+p.Attempts[0].OutTradeNo+"&sign=good", "Content-Type", form)
	if answer.Body.String() != "fail" {
		t.Errorf("with a query: %s", answer.Body)
	}
}

// C22, C40, C55: a gateway may sign headers, and bodies of any type: each header reaches the
// adapter with all its values, by its canonical name, and each byte of the body.
func TestNotifyHandsOnEveryHeaderAndByte(t *testing.T) {
	rec := &recorder{reply: core.Reply{Status: 200, ContentType: "application/json", Body: []byte(`{"code":"SUCCESS"}`)}}
	w := newWorld(t, func(o *web.Options) { rec.Cashier = o.Cashier; o.Cashier = rec })
	for contentType, body := range map[string]string{
		"application/json":         " {\"id\" : 1, \"id\":2}\r\n\x00",
		"text/xml; charset=gbk":    "<xml>\xd6\xa7</xml>\n",
		"application/octet-stream": "\xff\xfe\x00\x01",
		"multipart/form-data":      "--x\r\n",
	} {
		r := newRequest("POST", "/notify/alipay/acc_m_a", body, "Content-Type", contentType, "x-signature", "a+/=", "X-TIMESTAMP", "1795341600")
		r.Header.Add("X-Signature", "second")
		if answer := w.send(r); answer.Code != 200 || answer.Body.String() != `{"code":"SUCCESS"}` || answer.Header().Get("Content-Type") != "application/json" {
			t.Errorf("%s: %d %v %s", contentType, answer.Code, answer.Header(), answer.Body)
		}
		for name, want := range map[string]string{"Content-Type": contentType, "X-Signature": "a+/=, second", "X-Timestamp": "1795341600"} {
			if got := rec.got.Get(name); got != want {
				t.Errorf("%s: %s is %q, want %q", contentType, name, got, want)
			}
		}
		if string(rec.got.Body) != body {
			t.Errorf("%s: the body is %q", contentType, rec.got.Body)
		}
		if r.Header.Set("X-Signature", "later"); len(rec.got.Header["X-Signature"]) != 2 {
			t.Error("the message's headers are the request's, not a copy")
		}
	}
}

// C26: only POST is taken.
func TestNotifyTakesOnlyPosts(t *testing.T) {
	w := newWorld(t)
	for _, method := range []string{"GET", "HEAD", "PUT", "DELETE", "PATCH"} {
		if answer := w.ask(method, "/notify/alipay/acc_m_a", ""); answer.Code != 405 {
			t.Errorf("%s: %d", method, answer.Code)
		}
	}
}

// C40: no header of a message refuses it, on either path: it reaches its verifier with every
// Content-Type that came. A body that is compressed indeed fails there; a header that only says so
// is as wrong as any other.
func TestC40_NotifyIgnoresHeaders(t *testing.T) {
	rec := &recorder{reply: core.Reply{Status: 200, ContentType: "text/plain", Body: []byte("success")}}
	w := newWorld(t, func(o *web.Options) { rec.Cashier = o.Cashier; o.Cashier = rec })
	odd := form + "; text/html; charset=utf-8"
	for _, headers := range [][]string{
		{"Content-Type", odd}, {"Content-Type", form}, {"Content-Type", ""}, {}, {"Content-Type", ";;charset=utf-8;"}, {"Content-Type", "text/html;charset=GBK"},
		{"Content-Type", odd, "Content-Type", "text/html"}, {"Content-Type", form + ", " + odd}, {"Content-Type", "application/json"}, {"Content-Type", "\"/"},
		{"Content-Type", odd, "Content-Encoding", "identity"}, {"Content-Type", odd, "Content-Encoding", "Identity, identity"},
		{"Content-Type", odd, "Content-Encoding", ""}, {"Content-Encoding", "UTF-8"}, {"Content-Encoding", "identity", "Content-Encoding", "identity"},
		{"Content-Encoding", "gzip"}, {"Content-Encoding", "x-gzip;q=1", "Content-Encoding", "br, zstd"}, {"Content-Encoding", "identity, deflate"},
		{"Accept", "application/json", "Authorization", "Basic eDp5", "Idempotency-Key", "", "Origin", "https://a.test", "If-None-Match", "*",
			"Content-Language", "zh", "Content-MD5", "x", "X-Forwarded-For", "?", "Traceparent", "?", "User-Agent", ""},
	} {
		for _, path := range []string{"/notify/alipay/acc_m_a", "/notify/alipay/acc_m_a/app"} {
			rec.got = core.Message{}
			r := newRequest("POST", path, "a=b&sign=good")
			var types []string
			r.Header.Del("Content-Type")
			for i := 0; i < len(headers); i += 2 {
				r.Header.Add(headers[i], headers[i+1])
				if headers[i] == "Content-Type" {
					types = append(types, headers[i+1])
				}
			}
			answer := w.send(r)
			if answer.Code != 200 || answer.Body.String() != "success" || string(rec.got.Body) != "a=b&sign=good" || rec.got.Get("Content-Type") != strings.Join(types, ", ") {
				t.Errorf("%s %q: %d %s, handed on as %q", path, headers, answer.Code, answer.Body, rec.got.Get("Content-Type"))
			}
		}
	}
}

// C26, C27: whatever its type, what is no form is refused by its verifier, in the gateway's own
// word. No entity is expanded, because nothing reads XML.
func TestNotifyTakesOnlyForms(t *testing.T) {
	w := newWorld(t)
	xml := `<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>`
	for contentType, body := range map[string]string{"application/json": `{"sign":"good"}`, form: xml, "text/xml": xml, "multipart/form-data; boundary=x": "--x--"} {
		if answer := w.ask("POST", "/notify/alipay/acc_m_a", body, "Content-Type", contentType); answer.Code != 200 || answer.Body.String() != "fail" {
			t.Errorf("%s: %d %s", contentType, answer.Code, answer.Body)
		}
	}
}

// F05: gateways and accounts that are not configured do not exist.
func TestNotifyUnknownAccount(t *testing.T) {
	w := newWorld(t)
	for _, path := range []string{"/notify/wechatpay/acc_m_a", "/notify/alipay/nobody", "/notify/alipay/nobody/app", "/notify/alipay/%2e%2e"} {
		answer := w.ask("POST", path, "sign=good", "Content-Type", form)
		if answer.Code != 404 {
			t.Errorf("%s: %d %s", path, answer.Code, answer.Body)
		}
	}
	want(t, w.ask("POST", "/notify/unionpay/acc_m_a", "sign=good", "Content-Type", form), 404, core.CodeNotConfigured)
}

// C37: a flood of forged messages from one address is cut short before it costs a verification;
// others are not touched, good messages are not counted, and the address is let in again by the
// clock alone.
func TestNotifyFlood(t *testing.T) {
	w := newWorld(t)
	p := w.create("m_a", "alipay", "o1")
	from := func(ip, sign string) *httptest.ResponseRecorder {
		r := newRequest("POST", "/notify/alipay/acc_m_a", "out_trade_no="+p.Attempts[0].OutTradeNo+"&sign="+sign, "Content-Type", form)
		r.RemoteAddr = ip + ":1234"
		return w.send(r)
	}
	for range 300 {
		if got := from("203.0.113.1", "good").Body.String(); got != "success" {
			t.Fatalf("a good message was answered %q", got)
		}
	}
	refused := 0
	for range 300 {
		if answer := from("203.0.113.9", "bad"); answer.Code == 429 {
			refused++
			if answer.Header().Get("Retry-After") == "" {
				t.Fatal("no Retry-After")
			}
		}
	}
	if refused < 200 {
		t.Errorf("only %d of 300 were cut short", refused)
	}
	if from("203.0.113.9", "good").Code != 429 || from("203.0.113.1", "good").Code != 200 {
		t.Error("the limit is not by address")
	}
	// the API of a shop behind the same address goes on
	call := newRequest("POST", "/v1/platforms/wechat/check", `{}`)
	call.RemoteAddr = "203.0.113.9:1234"
	want(t, w.send(call), 401, unauthenticated)
	w.clock.Advance(time.Second)
	if got := from("203.0.113.9", "good").Body.String(); got != "success" {
		t.Errorf("after a second: %q", got)
	}
}

// W13: X-Forwarded-For is believed from the configured proxies only, and only for the hop that they
// saw.
func TestForwardedForNeedsATrustedProxy(t *testing.T) {
	flood := func(w *world, remote, forwarded string) int {
		r := newRequest("POST", "/notify/alipay/acc_m_a", "sign=bad", "Content-Type", form, "X-Forwarded-For", forwarded, "X-Real-IP", forwarded)
		r.RemoteAddr = remote
		return w.send(r).Code
	}
	direct := newWorld(t)
	last := 0
	for i := range 100 {
		last = flood(direct, "127.0.0.1:1", "198.51.100."+string(rune('0'+i%10)))
	}
	if last != 429 {
		t.Errorf("without proxies a header changes the address: %d", last)
	}
	proxied := newWorld(t, func(o *web.Options) { o.TrustedProxies = []string{"10.0.0.0/8"} })
	for range 100 {
		last = flood(proxied, "10.1.1.1:1", "203.0.113.5, 198.51.100.7")
	}
	if other := flood(proxied, "10.1.1.1:1", "198.51.100.7, 203.0.113.5"); last != 429 || other != 200 {
		t.Errorf("behind a proxy: flooder %d, another client %d", last, other)
	}
	if spoofed := flood(proxied, "10.1.1.1:1", "1.2.3.4, 198.51.100.7"); spoofed != 429 {
		t.Errorf("a spoofed first hop hides the flooder: %d", spoofed)
	}
	if _, err := web.New(func() web.Options { o := direct.options; o.TrustedProxies = []string{"everyone"}; return o }()); err == nil || !strings.Contains(err.Error(), "everyone") {
		t.Errorf("a bad network is accepted: %v", err)
	}
}

// C37: messages to what does not exist cost as forged ones do.
func TestNotifyFloodOfUnknownAccounts(t *testing.T) {
	w := newWorld(t)
	last := 0
	for range 60 {
		last = w.ask("POST", "/notify/alipay/nobody", "sign=good", "Content-Type", form).Code
	}
	if last != 429 {
		t.Errorf("the last of 60 was answered %d", last)
	}
}

// C37: one customer of an IPv6 network has all of a /64, and no more; an IPv4 address is the same
// however it is written. What is remembered is bounded, and forgets the oldest first.
func TestNotifyLimitIsByNetwork(t *testing.T) {
	l := web.NewLimiter(1, 2)
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	flood := func(ip string) {
		for range 2 {
			l.Charge(ip, now)
		}
	}
	for ip, same := range map[string]map[string]bool{
		"2001:db8:1:2::1": {"2001:db8:1:2::1": true, "2001:db8:1:2:ffff::9": true, "2001:db8:1:3::1": false, "2001:db8:2:2::1": false, "2001:db8:1:2::1%eth0": true},
		"203.0.113.7":     {"::ffff:203.0.113.7": true, "203.0.113.8": false},
		"h5_token":        {"h5_token": true, "h5_tokem": false},
	} {
		flood(ip)
		for other, limited := range same {
			if l.Allowed(other, now) == limited {
				t.Errorf("after a flood from %s, %s is allowed: %v", ip, other, !limited)
			}
		}
	}
	number := func(i int) string { return fmt.Sprintf("10.%d.%d.%d", i>>16, i>>8&255, i&255) }
	for i := range web.LimiterSize {
		l.Charge(number(i), now)
	}
	if l.Allowed("203.0.113.7", now) {
		t.Error("forgotten as soon as the table is full")
	}
	for i := range 3 * web.LimiterSize {
		l.Charge(number(1<<20+i), now)
		if n := l.Size(); n > 2*web.LimiterSize {
			t.Fatalf("%d addresses are remembered", n)
		}
	}
	if !l.Allowed("203.0.113.7", now) {
		t.Error("remembered for ever")
	}
}

// W13: only the configured proxies are believed: not this machine, nor its neighbours, because they
// are near.
func TestNearAddressesAreNoProxies(t *testing.T) {
	for _, remote := range []string{"127.0.0.1", "[::1]", "10.1.1.1", "192.168.1.1", "[fd00::1]", "169.254.1.1", "[fe80::1]"} {
		w := newWorld(t, func(o *web.Options) { o.TrustedProxies = []string{"203.0.113.0/24"} })
		last := 0
		for i := range 60 {
			r := newRequest("POST", "/notify/alipay/acc_m_a", "sign=bad", "Content-Type", form, "X-Forwarded-For", fmt.Sprintf("198.51.100.%d", i))
			r.RemoteAddr = remote + ":1"
			last = w.send(r).Code
		}
		if last != 429 {
			t.Errorf("%s is believed", remote)
		}
	}
}
