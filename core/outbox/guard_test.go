package outbox_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/x509"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"github.com/paymux/paymux/core"
	"github.com/paymux/paymux/core/outbox"
)

// H01: none of these is the Internet at large.
func forbidden() []string {
	return []string{
		"127.0.0.1", "127.255.255.254", "0.0.0.0", "0.1.2.3", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "169.254.169.254",
		"100.64.0.1", "100.127.255.255", "192.0.0.8", "192.0.2.1", "192.88.99.1", "198.18.0.1", "198.19.255.255", "198.51.100.1", "203.0.113.1",
		"224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255", "192.175.48.1", "192.31.196.1", "192.52.193.1",
		"::", "::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b::808:808",
		"64:ff9b:1::1", "100::1", "2001::1", "2001:2::1", "2001:10::1", "2001:20::1", "2001:db8::1", "2002:7f00:1::", "3fff::1", "5f00::1",
		"fc00::1", "fd12:3456::1", "fe80::1", "fe80::1%eth0", "2606:4700::1111%eth0", "fec0::1", "ff02::1", "2620:4f:8000::1",
	}
}

func TestH01_ForbiddenAddresses(t *testing.T) {
	for _, text := range forbidden() {
		if at := netip.AddrPortFrom(netip.MustParseAddr(text), 443); outbox.Permits(outbox.Policy{}, at) {
			t.Errorf("%s may be dialled", text)
		}
	}
	for _, text := range []string{"1.1.1.1", "110.75.132.1", "172.32.0.1", "100.128.0.1", "192.0.1.1", "198.20.0.1", "2400:3200::1", "2606:4700::1111", "::ffff:1.1.1.1"} {
		if at := netip.AddrPortFrom(netip.MustParseAddr(text), 443); !outbox.Permits(outbox.Policy{}, at) {
			t.Errorf("%s may not be dialled", text)
		}
	}
	for _, port := range []uint16{22, 25, 80, 3306, 6379, 8443} { // H04
		if outbox.Permits(outbox.Policy{}, netip.AddrPortFrom(netip.MustParseAddr("1.1.1.1"), port)) {
			t.Errorf("port %d may be dialled", port)
		}
	}
}

func TestAllowPrivateOpensNoMoreThanItSays(t *testing.T) {
	p := outbox.Policy{AllowPrivate: true, OwnPorts: []uint16{8080}}
	for text, want := range map[string]bool{
		"127.0.0.1:9000": true, "[::1]:9000": true, "10.0.0.1:80": true, "[fd00::1]:443": true, "1.1.1.1:8443": true,
		"127.0.0.1:8080": false, "[::1]:8080": false, "10.0.0.1:8080": false, // H13
		"[fd00::1%eth0]:443": false, "169.254.169.254:80": false, "[fe80::1]:80": false, "0.0.0.0:80": false, "224.0.0.1:80": false, "[::ffff:169.254.169.254]:80": false,
	} {
		if got := outbox.Permits(p, netip.MustParseAddrPort(text)); got != want {
			t.Errorf("%s: %v", text, got)
		}
	}
}

// H04, H12, H13: what an address may say.
func TestH04_ParseEndpoint(t *testing.T) {
	p := outbox.Policy{OwnHosts: []string{"pay.example.com", "Mixed.Example.COM"}}
	for text, want := range map[string]string{
		"https://shop.example/hook":                         "https://shop.example/hook",
		"https://shop.example:443/hook?a=1":                 "https://shop.example/hook?a=1",
		"https://SHOP.example/":                             "https://shop.example/",
		"https://商店.example/钩":                              "https://xn--czrs0t.example/%E9%92%A9",
		"https://[2606:4700::1111]/":                        "https://[2606:4700::1111]/",
		"http://shop.example/":                              "",
		"https://shop.example:8443/":                        "",
		"https://shop.example:22/":                          "",
		"https://shop.example:0/":                           "",
		"https://shop.example:99999/":                       "",
		"https://user:pass@shop.example/":                   "",
		"https://user@shop.example/":                        "",
		"https://shop.example./":                            "",
		"https://shop.example/#f":                           "",
		"https://shop.example/#":                            "",
		"https:///hook":                                     "",
		"https:shop.example":                                "",
		"//shop.example/":                                   "",
		"ftp://shop.example/":                               "",
		"file:///etc/passwd":                                "",
		"gopher://shop.example/":                            "",
		"https://shop.example/\r\nX-Evil: 1":                "", // H12
		"https://shop.example/ HTTP/1.1":                    "",
		"https://shop.example\\@10.0.0.1/":                  "",
		"https://shop.exa\x00mple/":                         "",
		"https://pay.example.com/v1":                        "", // H13
		"https://PAY.example.com/v1":                        "",
		"https://mixed.example.com/v1":                      "",
		"https://pay。example。com/v1":                        "",
		"https://[fe80::1%25eth0]/":                         "",
		"https://shop.example/" + strings.Repeat("a", 3000): "",
	} {
		u, err := outbox.ParseEndpoint(text, p)
		if (err == nil) != (want != "") || err == nil && u.String() != want {
			t.Errorf("%q: %v, %v; want %q", text, u, err, want)
		}
	}
	for text, want := range map[string]string{
		"http://127.0.0.1:9000/hook": "http://127.0.0.1:9000/hook", "http://localhost/": "http://localhost/", "ftp://127.0.0.1/": "",
	} {
		u, err := outbox.ParseEndpoint(text, outbox.Policy{AllowPrivate: true})
		if (err == nil) != (want != "") || err == nil && u.String() != want {
			t.Errorf("%q: %v, %v; want %q", text, u, err, want)
		}
	}
}

func FuzzParseEndpoint(f *testing.F) {
	f.Add("https://shop.example/hook")
	f.Add("https://user@[::1]:443/%0d%0a")
	f.Fuzz(func(t *testing.T, text string) {
		u, err := outbox.ParseEndpoint(text, outbox.Policy{OwnHosts: []string{"pay.example.com"}})
		if err != nil {
			return
		}
		again, err := outbox.ParseEndpoint(u.String(), outbox.Policy{OwnHosts: []string{"pay.example.com"}})
		if err != nil || again.String() != u.String() {
			t.Fatalf("%q became %q, then %v, %v", text, u, again, err)
		}
		if u.Scheme != "https" || u.User != nil || u.Port() != "" && u.Port() != "443" || strings.ContainsAny(u.String(), "\r\n ") {
			t.Fatalf("%q became %q", text, u)
		}
	})
}

// names is a name server of the test's own; each question takes the next answer, the last one for
// ever.
func names(t *testing.T, answers ...[]string) *net.Resolver {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	go func() {
		buf := make([]byte, 1500)
		asked := 0
		for {
			n, from, err := conn.ReadFrom(buf)
			if err != nil {
				return
			}
			var m dnsmessage.Message
			if m.Unpack(buf[:n]) != nil {
				continue
			}
			m.Response, m.RecursionAvailable, m.Additionals = true, true, nil
			if q := m.Questions[0]; q.Type == dnsmessage.TypeA {
				for _, text := range answers[min(asked, len(answers)-1)] {
					m.Answers = append(m.Answers, dnsmessage.Resource{
						Header: dnsmessage.ResourceHeader{Name: q.Name, Class: q.Class, TTL: 0},
						Body:   &dnsmessage.AResource{A: netip.MustParseAddr(text).As4()},
					})
				}
				asked++
			}
			packed, _ := m.Pack()
			conn.WriteTo(packed, from)
		}
	}()
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "udp", conn.LocalAddr().String())
	}}
}

func get(t *testing.T, c *http.Client, url string) (*http.Response, error) {
	t.Helper()
	req, err := http.NewRequestWithContext(background, http.MethodPost, url, strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	res, err := c.Do(req)
	if err == nil {
		res.Body.Close()
	}
	return res, err
}

// H01: however the host is written, what is dialled is what counts.
func TestH01_BlockedAtDial(t *testing.T) {
	hits := atomic.Int32{}
	s := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { hits.Add(1) }))
	defer s.Close()
	c := outbox.NewClient(outbox.Policy{})
	for _, host := range []string{"127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0", "[64:ff9b::127.0.0.1]"} {
		if _, err := get(t, c, "https://"+host+"/"); !errors.Is(err, outbox.ErrForbiddenAddress) {
			t.Errorf("%s: %v", host, err)
		}
	}
	// Decimal, octal and hexadecimal forms are names to some resolvers: they come out as the
	// address, or not at all.
	inside := outbox.NewClient(outbox.Policy{}, outbox.WithResolver(names(t, []string{"127.0.0.1"})))
	for _, host := range []string{"2130706433", "0x7f000001", "0177.0.0.1", "127.1", "localhost.evil.example"} {
		if _, err := get(t, inside, "https://"+host+"/"); err == nil {
			t.Errorf("%s was dialled", host)
		}
	}
	if hits.Load() != 0 {
		t.Fatal("something got through")
	}
}

// H02: a name that is harmless when first asked and points inside the next time.
func TestH02_Rebinding(t *testing.T) {
	hits := atomic.Int32{}
	s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { hits.Add(1) }))
	defer s.Close()
	_, port, _ := net.SplitHostPort(s.Listener.Addr().String())
	// The sandbox's policy lets the first address through and not the second, like a public and a
	// private one.
	c := outbox.NewClient(outbox.Policy{AllowPrivate: true}, outbox.WithResolver(names(t, []string{"127.0.0.1"}, []string{"169.254.169.254"})))
	if _, err := get(t, c, "http://shop.example:"+port+"/"); err != nil || hits.Load() != 1 {
		t.Fatalf("%v, %d hits", err, hits.Load())
	}
	c.CloseIdleConnections()
	if _, err := get(t, c, "http://shop.example:"+port+"/"); !errors.Is(err, outbox.ErrForbiddenAddress) {
		t.Fatalf("%v", err)
	}
	for _, two := range [][]string{{"127.0.0.1", "10.0.0.1"}, {"169.254.169.254", "192.168.0.1"}} {
		strict := outbox.NewClient(outbox.Policy{}, outbox.WithResolver(names(t, two)))
		if _, err := get(t, strict, "https://two.example/"); !errors.Is(err, outbox.ErrForbiddenAddress) {
			t.Errorf("%v: %v", two, err)
		}
	}
}

// H03, H05, H13 and the environment's proxy, over real connections.
func TestH05_HostileEndpoints(t *testing.T) {
	elsewhere := atomic.Int32{}
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { elsewhere.Add(1) }))
	defer other.Close()
	t.Setenv("HTTP_PROXY", other.URL)
	t.Setenv("HTTPS_PROXY", other.URL)
	zeros := make([]byte, 1<<20)
	var bomb bytes.Buffer
	z := gzip.NewWriter(&bomb)
	for range 8 {
		z.Write(zeros)
	}
	z.Close()
	mux := http.NewServeMux()
	mux.HandleFunc("/redirect", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, other.URL, http.StatusTemporaryRedirect)
	})
	mux.HandleFunc("/file", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Location", "file:///etc/passwd")
		w.WriteHeader(http.StatusFound)
	})
	mux.HandleFunc("/endless", func(w http.ResponseWriter, r *http.Request) {
		for r.Context().Err() == nil {
			if _, err := w.Write(zeros); err != nil {
				return
			}
		}
	})
	mux.HandleFunc("/bomb", func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Accept-Encoding") != "" {
			t.Errorf("compression is asked for: %q", r.Header.Get("Accept-Encoding"))
		}
		w.Header().Set("Content-Encoding", "gzip")
		w.Write(bomb.Bytes())
	})
	mux.HandleFunc("/headers", func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("X-Large", strings.Repeat("a", 1<<20)) })
	mux.HandleFunc("/cookie", func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Cookie") != "" {
			t.Error("a cookie came back")
		}
		http.SetCookie(w, &http.Cookie{Name: "a", Value: "b"})
	})
	mux.HandleFunc("/reset", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	s := httptest.NewUnstartedServer(mux)
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	defer s.Close()
	roots := x509.NewCertPool()
	roots.AddCert(s.Certificate())
	for path, c := range map[string]struct {
		state core.DeliveryState
		fault string
	}{
		"/redirect": {core.DeliveryPending, "redirect"}, "/file": {core.DeliveryPending, "redirect"}, "/endless": {core.DeliveryDone, ""},
		"/bomb": {core.DeliveryDone, ""}, "/headers": {core.DeliveryPending, "connection"}, "/cookie": {core.DeliveryDone, ""},
		"/reset": {core.DeliveryPending, "connection"}, "/none": {core.DeliveryPending, "refused"},
	} {
		w := newWorld(t)
		w.Policy = outbox.Policy{AllowPrivate: true}
		w.Client = outbox.NewClient(w.Policy, outbox.WithRoots(roots))
		w.shops.endpoint("m1", core.Endpoint{ID: "hook", URL: s.URL + path})
		id := w.event(1, "m1", "hook")
		if err := w.Deliver(background, id); err != nil {
			t.Fatal(err)
		}
		if d := w.delivery(id); d.State != c.state || !strings.Contains(d.LastError, c.fault) {
			t.Errorf("%s: %+v", path, d)
		}
		w.Client.CloseIdleConnections()
	}
	if elsewhere.Load() != 0 {
		t.Error("a redirect or a proxy was followed")
	}
	// G02: a certificate that nobody vouches for is no endpoint's.
	w := newWorld(t)
	w.Policy = outbox.Policy{AllowPrivate: true}
	w.Client = outbox.NewClient(w.Policy)
	w.shops.endpoint("m1", core.Endpoint{ID: "hook", URL: s.URL + "/cookie"})
	id := w.event(1, "m1", "hook")
	if err := w.Deliver(background, id); err != nil {
		t.Fatal(err)
	}
	if d := w.delivery(id); !strings.Contains(d.LastError, "certificate") {
		t.Errorf("%+v", d)
	}
}

// H05: nobody is waited for longer than ten seconds.
func TestH05_Deadline(t *testing.T) {
	if c := outbox.NewClient(outbox.Policy{}); c.Timeout != 10*time.Second {
		t.Fatalf("timeout %v", c.Timeout)
	}
	w := newWorld(t)
	w.receiver.plan(func(*http.Request) (*http.Response, error) {
		return nil, &url.Error{Op: "Post", URL: "canary", Err: context.DeadlineExceeded}
	})
	id := w.event(1, "m1", "hook")
	if err := w.Deliver(background, id); err != nil {
		t.Fatal(err)
	}
	if d := w.delivery(id); !strings.Contains(d.LastError, "in time") {
		t.Errorf("%+v", d)
	}
}

// H13: our own host is not even dialled.
func TestH13_LoopIsRefused(t *testing.T) {
	w := newWorld(t)
	w.Policy.OwnHosts = []string{"shop.example"}
	id := w.event(1, "m1", "hook")
	if err := w.Deliver(background, id); err != nil || w.receiver.count() != 0 {
		t.Fatalf("%v, %d requests", err, w.receiver.count())
	}
	if d := w.delivery(id); d.Tries != 1 || !strings.Contains(d.LastError, "our own") {
		t.Fatalf("%+v", d)
	}
}

// A little of the body is read, and it is closed: connections do not leak.
func TestH05_BodyIsReadALittleAndClosed(t *testing.T) {
	w := newWorld(t)
	b := &body{}
	w.receiver.plan(func(req *http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: b, Request: req}, nil
	})
	w.event(1, "m1", "hook")
	w.run()
	if !b.closed || b.read > 4<<10 {
		t.Fatalf("read %d bytes, closed %v", b.read, b.closed)
	}
}

type body struct {
	read   int
	closed bool
}

func (b *body) Read(p []byte) (int, error) { b.read += len(p); return len(p), nil }
func (b *body) Close() error               { b.closed = true; return nil }

var _ io.ReadCloser = (*body)(nil)
