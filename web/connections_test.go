package web_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/paymux/paymux/web"
)

// street is a listener to which connections come from any address, in memory.
type street struct {
	come chan net.Conn
	done chan struct{}
}

func (s *street) Accept() (net.Conn, error) {
	select {
	case c := <-s.come:
		return c, nil
	case <-s.done:
		return nil, net.ErrClosed
	}
}

func (s *street) Close() error   { close(s.done); return nil }
func (s *street) Addr() net.Addr { return &net.TCPAddr{} }

// house is one end of a connection, with the address that it came from.
type house struct {
	net.Conn
	from net.Addr
}

func (h house) RemoteAddr() net.Addr { return h.from }

// town serves a world on a street, with bounded connections; it runs in a bubble.
type town struct {
	t           *testing.T
	street      *street
	connections *web.Connections
	server      *http.Server
}

func newTown(t *testing.T, limits web.ConnectionLimits, handler http.Handler, proxies ...string) *town {
	w := &town{t: t, street: &street{make(chan net.Conn), make(chan struct{})}, connections: web.NewConnections(limits, proxies)}
	w.server = &http.Server{Handler: handler}
	go func() { _ = w.server.Serve(w.connections.Guard(w.server, w.street)) }()
	return w
}

// end closes everything, so that the bubble may end.
func (w *town) end() {
	_ = w.server.Close()
	synctest.Wait()
	if f := w.connections.Figures(); f.Open+f.Idle+f.Reserve != 0 {
		w.t.Errorf("at the end %+v", f)
	}
}

// dial opens a connection from an address.
func (w *town) dial(from string) net.Conn {
	ours, theirs := net.Pipe()
	w.street.come <- house{theirs, net.TCPAddrFromAddrPort(netip.MustParseAddrPort(from))}
	synctest.Wait()
	return ours
}

// ask sends a request on a connection, and returns the answer's status, once all has come to rest.
func ask(c net.Conn, method, path string) int {
	defer synctest.Wait()
	return askBeside(c, method, path)
}

// askBeside is ask for a goroutine beside the test's: one alone may wait for rest. 0 is a
// connection that is closed.
func askBeside(c net.Conn, method, path string) int {
	if _, err := fmt.Fprintf(c, "%s %s HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n", method, path); err != nil {
		return 0
	}
	answer, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		return 0
	}
	_, _ = io.Copy(io.Discard, answer.Body)
	return answer.StatusCode
}

// W41: idle connections of one address do not keep it out, nor anybody else: beyond its number the
// oldest idle one gives way, whether it has sent nothing, half a head, or a whole request.
func TestW41_IdleConnectionsGiveWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTown(t, web.ConnectionLimits{Total: 10, PerAddress: 4, Reserve: 2}, newWorld(t).server.Handler())
		defer w.end()
		silent, half, served := w.dial("203.0.113.1:1"), w.dial("203.0.113.1:2"), w.dial("203.0.113.1:3")
		go func() { _, _ = half.Write([]byte("GET /healthz HT")) }()
		synctest.Wait()
		if got := ask(served, "GET", "/healthz"); got != 200 {
			t.Fatalf("/healthz answered %d", got)
		}
		neighbour := w.dial("203.0.113.2:1")
		for i := range 500 {
			w.dial(fmt.Sprintf("203.0.113.1:%d", 10+i))
			if f := w.connections.Figures(); f.Open > 5 || f.Reserve != 0 {
				t.Fatalf("after %d: %+v", i, f)
			}
		}
		for name, c := range map[string]net.Conn{"silent": silent, "half": half, "served": served} {
			if got := ask(c, "GET", "/healthz"); got != 0 {
				t.Errorf("the %s connection was kept: %d", name, got)
			}
		}
		if got := ask(neighbour, "GET", "/healthz"); got != 200 {
			t.Errorf("a neighbour's connection: %d", got)
		}
		if f := w.connections.Figures(); f.Evicted != 499 || f.Refused != 0 {
			t.Errorf("%+v", f)
		}
	})
}

// W41: idle connections of many addresses, of a /64 or of a proxy, hold no more than the whole, and
// each newcomer is let in.
func TestW41_NewcomersGetIn(t *testing.T) {
	for name, c := range map[string]struct {
		address string
		open    int
		proxies []string
	}{
		"many addresses":    {"10.1.%d.1:1", 10, nil},
		"one /64":           {"[2001:db8:1:2::%x]:1", 4, nil},
		"many /64":          {"[2001:db8:1:%x::1]:1", 10, nil},
		"a proxy":           {"10.1.1.1:%d", 10, []string{"10.0.0.0/8"}},
		"an untrusted peer": {"10.1.1.1:%d", 4, []string{"10.2.0.0/16"}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newTown(t, web.ConnectionLimits{Total: 10, PerAddress: 4, Reserve: 2}, newWorld(t).server.Handler(), c.proxies...)
				defer w.end()
				for i := range 200 {
					w.dial(fmt.Sprintf(c.address, i+1))
				}
				if f := w.connections.Figures(); f.Open != c.open || f.Reserve != 0 || f.Refused != 0 {
					t.Errorf("%+v, want %d open", f, c.open)
				}
				if got := ask(w.dial("198.51.100.1:1"), "GET", "/healthz"); got != 200 {
					t.Errorf("a newcomer is answered %d", got)
				}
			})
		})
	}
}

// W41: where every connection is busy, probes and gateways' messages still come through, on
// connections of their own; whatever else comes on those is told to come again.
func TestW41_ProbesAndMessagesKeepConnections(t *testing.T) {
	for name, busy := range map[string][]string{
		"the listener is full": {"203.0.113.1:1", "203.0.113.1:2", "203.0.113.2:1", "203.0.113.2:2"},
		"the address is full":  {"198.51.100.1:1", "198.51.100.1:2"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				world := newWorld(t)
				release := make(chan struct{})
				w := newTown(t, web.ConnectionLimits{Total: 4, PerAddress: 2, Reserve: 2}, http.HandlerFunc(func(a http.ResponseWriter, r *http.Request) {
					if r.URL.Path == "/slow" {
						<-release
						return
					}
					world.server.Handler().ServeHTTP(a, r)
				}))
				defer w.end()
				for _, from := range busy {
					c := w.dial(from)
					go askBeside(c, "GET", "/slow")
					synctest.Wait()
				}
				for range 3 { // none of them stays
					for path, want := range map[string]int{"GET /healthz": 200, "GET /readyz": 200, "POST /notify/alipay/acc_m_a": 200, "GET /v1/payments": 429, "GET /": 429} {
						method, target, _ := strings.Cut(path, " ")
						if got := ask(w.dial("198.51.100.1:9"), method, target); got != want {
							t.Errorf("%s is answered %d, want %d", path, got, want)
						}
					}
				}
				if f := w.connections.Figures(); f.Open != len(busy) || f.Reserve != 0 || f.Evicted != 0 {
					t.Errorf("%+v", f)
				}
				// the reserve is nobody's alone, and gives way as the others do
				for i := range 5 {
					w.dial(fmt.Sprintf("198.51.100.1:%d", 20+i))
				}
				if f := w.connections.Figures(); f.Reserve != 1 || f.Evicted != 4 {
					t.Errorf("one address holds all of the reserve: %+v", f)
				}
				close(release)
			})
		})
	}
}

// W41: what the connections do is among the metrics from the start.
func TestConnectionMetrics(t *testing.T) {
	registry := prometheus.NewRegistry()
	c := web.NewConnections(web.ConnectionLimits{Total: 1, PerAddress: 1}, nil)
	if err := c.Register(registry, "api"); err != nil {
		t.Fatal(err)
	}
	families, err := registry.Gather()
	if err != nil || len(families) != 5 {
		t.Errorf("%d metrics: %v", len(families), err)
	}
	if err := c.Register(registry, "api"); err == nil {
		t.Error("registered twice")
	}
}

// Behind a trusted proxy connections say nothing about clients: the requests of one are counted,
// and one client's do not refuse another's, nor probes and messages.
func TestW41_ClientsBehindAProxy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := &slowChannels{release: make(chan struct{})}
		w := newWorld(t, func(o *web.Options) {
			o.TrustedProxies, o.Limits = []string{"10.0.0.0/8"}, web.Limits{PerAddress: 3, Running: 64}
			slow.Cashier = o.Cashier
			o.Cashier = slow
		})
		from := func(client, method, path string) int {
			r := newRequest(method, path, "", "X-Forwarded-For", client, "Authorization", "Bearer "+w.bearer["m_a/viewer"])
			r.Header.Del("Content-Type")
			r.RemoteAddr = "10.0.0.1:1"
			return w.send(r).Code
		}
		for range 3 {
			go from("203.0.113.1", "GET", "/v1/payments")
		}
		synctest.Wait()
		for _, c := range []struct {
			client, path string
			want         int
		}{
			{"203.0.113.1", "/v1/channels", 429}, {"203.0.113.2", "/v1/channels", 200}, {"203.0.113.1", "/healthz", 200}, {"203.0.113.1", "/readyz", 200},
		} {
			if got := from(c.client, "GET", c.path); got != c.want {
				t.Errorf("%s from %s: %d, want %d", c.path, c.client, got, c.want)
			}
		}
		// a proxy may name a port too; one that names nobody asks for everybody
		for i, same := range []string{"203.0.113.1:4711", "1.2.3.4, 203.0.113.1:4712", "[2001:db8::1]:1", "[2001:db8::2]:2", "2001:db8::3"} {
			if got := from(same, "GET", "/v1/channels"); (got == 429) != (i < 2) {
				t.Errorf("from %s: %d", same, got)
			}
		}
		for range 4 {
			go from("", "GET", "/v1/payments")
			go from("unknown", "GET", "/v1/payments")
		}
		synctest.Wait()
		for _, nobody := range []string{"", "unknown", "_hidden:1"} {
			if got := from(nobody, "GET", "/v1/channels"); got != 200 {
				t.Errorf("from %q: %d", nobody, got)
			}
		}
		if got := from("203.0.113.1", "POST", "/notify/alipay/acc_m_a"); got != 200 {
			t.Errorf("a message: %d", got)
		}
		close(slow.release)
		synctest.Wait()
		if got := from("203.0.113.1", "GET", "/v1/channels"); got != 200 {
			t.Errorf("afterwards: %d", got)
		}
	})
}
