package store

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"sync"
	"testing"
	"time"

	mysqldriver "github.com/go-sql-driver/mysql"

	"github.com/paymux/paymux/core"
)

// proxy stands between the store and a real server and cuts or holds the wire.
type proxy struct {
	net.Listener
	server string

	mu sync.Mutex
	// when a packet to the server holds these bytes: deliver it, then cut before the answer
	cut  string
	lose bool          // with cut: do not even deliver it
	hold chan struct{} // while set, answers wait
}

// proxied returns a config that reaches the server through a proxy.
func proxied(t *testing.T, c Config) (Config, *proxy) {
	t.Helper()
	parsed, err := mysqldriver.ParseDSN(c.DSN)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{Listener: l, server: parsed.Addr}
	t.Cleanup(func() { _ = l.Close() })
	go p.serve()
	parsed.Addr = l.Addr().String()
	c.DSN = parsed.FormatDSN()
	return c, p
}

func (p *proxy) serve() {
	for {
		client, err := p.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("tcp", p.server)
		if err != nil {
			_ = client.Close()
			continue
		}
		go p.toServer(client, server)
		go p.toClient(client, server)
	}
}

func (p *proxy) toServer(client, server net.Conn) {
	defer server.Close()
	buffer := make([]byte, 1<<16)
	for {
		n, err := client.Read(buffer)
		if err != nil {
			return
		}
		p.mu.Lock()
		hit := p.cut != "" && bytes.Contains(buffer[:n], []byte(p.cut))
		lose := p.lose
		if hit {
			p.cut = ""
		}
		p.mu.Unlock()
		if hit {
			_ = client.Close() // nobody will hear the answer
		}
		if hit && lose {
			return
		}
		if _, err := server.Write(buffer[:n]); err != nil {
			return
		}
		if hit {
			_, _ = server.Read(buffer) // the server has answered: it is done
			return
		}
	}
}

func (p *proxy) toClient(client, server net.Conn) {
	defer client.Close()
	buffer := make([]byte, 1<<16)
	for {
		n, err := server.Read(buffer)
		if err != nil {
			return
		}
		p.mu.Lock()
		hold := p.hold
		p.mu.Unlock()
		if hold != nil {
			<-hold
		}
		if _, err := client.Write(buffer[:n]); err != nil {
			return
		}
	}
}

// D01: the wire is cut at COMMIT, before or after the server heard it. The unit is done exactly
// once, and its caller is told so.
func TestWireCutAtCommit(t *testing.T) {
	for name, lose := range map[string]bool{"heard": false, "lost": true} {
		t.Run(name, func(t *testing.T) {
			config, p := proxied(t, mysqlTestConfig(t))
			s := open(t, single(config))
			writeRows(t, s, pay("p"))
			for i := range 10 {
				p.mu.Lock()
				p.cut, p.lose = "COMMIT", lose
				p.mu.Unlock()
				v, err := s.Do(context.Background(), core.Unit{Keys: []core.Key{key("p")}, Decide: func(v core.View) (core.Writes, error) {
					o := v.Order(key("p"))
					o.Payment.Sequence++
					return core.Writes{Guards: []core.Row{&o.Payment}, Inserts: []core.Row{audit(fmt.Sprint("a", i), start)}}, nil
				}})
				if err != nil || v.Duplicate != "" {
					t.Fatalf("%+v, %v", v, err)
				}
				view, err := s.See(context.Background(), key("p"))
				if err != nil || view.Order(key("p")).Payment.Sequence != int64(i+1) {
					t.Fatalf("cut %d: %+v, %v", i, view.Order(key("p")), err)
				}
			}
		})
	}
}

// D01 for joined units: each of them is done exactly once.
func TestWireCutAtJoinedCommit(t *testing.T) {
	for name, lose := range map[string]bool{"heard": false, "lost": true} {
		t.Run(name, func(t *testing.T) {
			config, p := proxied(t, mysqlTestConfig(t))
			s := open(t, single(config))
			var units []core.Unit
			for i := range 20 {
				units = append(units, inserts(audit(fmt.Sprint("a", i), start), pay(fmt.Sprint("p", i))))
			}
			p.mu.Lock()
			p.cut, p.lose = "COMMIT", lose
			p.mu.Unlock()
			for i, o := range crowd(t, s, units) {
				if o.err != nil || o.verdict.Duplicate != "" {
					t.Errorf("unit %d: %+v", i, o)
				}
			}
			n := 0
			if err := s.EachOrder(context.Background(), func(core.Order, []core.Entry, []core.Event) error { n++; return nil }); err != nil || n != 20 {
				t.Fatalf("%d orders, %v", n, err)
			}
		})
	}
}

// D18: a server that stops answering is given up on; when it goes on, nothing was done twice and
// the store works again.
func TestWireHeld(t *testing.T) {
	config, p := proxied(t, mysqlTestConfig(t))
	config.Timeout = time.Second
	s := open(t, single(config))
	writeRows(t, s, pay("p"))
	hold := make(chan struct{})
	p.mu.Lock()
	p.hold = hold
	p.mu.Unlock()
	ran := 0
	u := core.Unit{Keys: []core.Key{key("p")}, Decide: func(v core.View) (core.Writes, error) {
		ran++
		o := v.Order(key("p"))
		o.Payment.Sequence++
		return core.Writes{Guards: []core.Row{&o.Payment}, Inserts: []core.Row{audit("a", start)}}, nil
	}}
	if _, err := s.Do(context.Background(), u); core.CodeOf(err) != core.CodeUnavailable {
		t.Fatalf("a server that says nothing: %v", err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if _, err := s.See(ctx, key("p")); core.CodeOf(err) != core.CodeUnavailable {
		t.Fatalf("a server that says nothing: %v", err)
	}
	p.mu.Lock()
	p.hold = nil
	p.mu.Unlock()
	close(hold)
	if v, err := s.Do(context.Background(), u); err != nil || v.Duplicate != "" {
		t.Fatalf("%+v, %v", v, err)
	}
	v, err := s.See(context.Background(), key("p"))
	if err != nil || v.Order(key("p")).Payment.Sequence != 1 {
		t.Fatalf("%+v, %v", v.Order(key("p")), err)
	}
}
