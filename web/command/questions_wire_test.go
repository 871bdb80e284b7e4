package command_test

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/paymux/paymux/web/command"
)

// wire stands between a server and its database, and can be cut.
type wire struct {
	net.Listener
	to string

	mu    sync.Mutex
	isCut bool
	ends  []net.Conn
}

func newWire(t *testing.T, to string) *wire {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w := &wire{Listener: l, to: to}
	t.Cleanup(func() {
		_ = l.Close()
		w.cut(true)
	})
	go w.serve()
	return w
}

func (w *wire) serve() {
	for {
		near, err := w.Accept()
		if err != nil {
			return
		}
		far, err := net.Dial("tcp", w.to)
		if err != nil {
			_ = near.Close()
			continue
		}
		w.mu.Lock()
		w.ends = append(w.ends, near, far)
		refuse := w.isCut
		w.mu.Unlock()
		if refuse {
			_ = near.Close()
			_ = far.Close()
			continue
		}
		for _, way := range [][2]net.Conn{{near, far}, {far, near}} {
			go func() {
				_, _ = io.Copy(way[0], way[1])
				_ = way[0].Close()
			}()
		}
	}
}

// cut ends all connections, and each new one at once, until the wire is mended.
func (w *wire) cut(off bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.isCut = off
	if !off {
		return
	}
	for _, end := range w.ends {
		_ = end.Close()
	}
	w.ends = nil
}

// sharedDatabase lets a server on MariaDB be without its database for two minutes, and starts two
// on it afterwards. It returns what must come of the questions about that.
func (day *operatorsDay) sharedDatabase() map[string]answer {
	t, clock := day.t, &atomic.Int64{}
	t.Helper()
	need(t, "mysql")
	dsn := mariaDB(t)
	_, rest, _ := strings.Cut(dsn, "tcp(")
	address, _, _ := strings.Cut(rest, ")")
	line, listen := newWire(t, address), freeAddress(t)
	text := strings.NewReplacer("driver: sqlite", "driver: mysql", day.database, dsn).Replace(day.text("start.yaml"))
	day.write("node1.yaml", strings.NewReplacer(address, line.Addr().String(), day.listen, listen, day.admin, freeAddress(t)).Replace(text))
	day.write("node2.yaml", strings.NewReplacer(day.listen, freeAddress(t), day.admin, freeAddress(t)).Replace(text))

	stop := day.serve("node1.yaml", clock)
	shop := &demo{t: t, base: "http://" + listen, key: day.key, gateway: day.simURL}
	var made struct{ ID string }
	if status := shop.call("POST", "/v1/payments", orderOf("wechat", "T-2001"), &made); status != http.StatusCreated {
		t.Fatalf("an order on MariaDB: %d", status)
	}
	line.cut(true)
	until(t, "the server is without its database", func() bool {
		code, out, _ := run(t, nil, "status", "--config", day.path("node1.yaml"))
		return code == 2 && strings.Contains(out, "the database has taken nothing since") && strings.Contains(out, "it does not answer") && strings.Contains(out, "server not_ready")
	})
	clock.Add(int64(2 * time.Minute))
	line.cut(false)
	until(t, "it has it again", func() bool {
		_, out, _ := run(t, nil, "list", "changes", "--config", day.path("node2.yaml"))
		return strings.Contains(out, "database.recovered")
	})
	stop()
	day.serve("node1.yaml", clock)
	day.serve("node2.yaml", clock)
	until(t, "both are noted", func() bool {
		var out bytes.Buffer
		world := streams(&out, io.Discard)
		world.Now = func() time.Time { return time.Now().Add(time.Duration(clock.Load())) }
		command.Run(t.Context(), []string{"status", "--config", day.path("node1.yaml")}, world)
		return strings.Contains(out.String(), "2 nodes")
	})
	return map[string]answer{
		"database-down": {"node1.yaml", clock, []int{0, 0}, []string{"database.recovered", "away", "writing failed from 20", "for 2m", "✓ 1 order, 0 invariants broken"}},
		"second-node":   {"node1.yaml", clock, []int{0}, []string{"2 nodes have worked on this database", "process ", " on ", "share no queue", "that is safe for money"}},
	}
}
