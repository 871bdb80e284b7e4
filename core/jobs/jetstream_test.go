package jobs_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/paymux/paymux/core"
	"github.com/paymux/paymux/core/coretest"
	"github.com/paymux/paymux/core/jobs"
)

// shared runs a NATS server of its own process's kind: it listens, as one that several processes
// share does.
func shared(t *testing.T, folder string) (url string, end func()) {
	t.Helper()
	return sharedAt(t, folder, server.RANDOM_PORT)
}

func sharedAt(t *testing.T, folder string, port int) (url string, end func()) {
	t.Helper()
	s, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: port, JetStream: true, StoreDir: folder, NoSigs: true, NoLog: true})
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	if !s.ReadyForConnections(patience) {
		t.Fatal("the server does not start")
	}
	end = sync.OnceFunc(func() { s.Shutdown(); s.WaitForShutdown() })
	t.Cleanup(end)
	return s.ClientURL(), end
}

// queues are what carries hints; what holds for one must hold for the other.
func queues(t *testing.T, test func(t *testing.T, q jobs.Queue)) {
	t.Run("timers", func(t *testing.T) { test(t, jobs.NewTimers(coretest.Wall(0))) })
	t.Run("JetStream", func(t *testing.T) { test(t, joined(t)) })
}

// joined is a queue on a server of its own.
func joined(t *testing.T) *jobs.JetStream {
	t.Helper()
	url, _ := shared(t, t.TempDir())
	return connect(t, url)
}

func connect(t *testing.T, url string) *jobs.JetStream {
	t.Helper()
	return connectAs(t, url, "test")
}

func connectAs(t *testing.T, url, prefix string) *jobs.JetStream {
	t.Helper()
	q, err := jobs.ConnectJetStream(context.Background(), url, prefix, coretest.Wall(0))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { q.Close() })
	return q
}

// ear hears hints and notes when.
type ear chan heard

type heard struct {
	due core.Due
	at  time.Time
}

func listen(t *testing.T, q jobs.Queue) (ear, func()) {
	t.Helper()
	e := make(ear, 50_000)
	stop := sync.OnceFunc(q.Listen(4, func(d core.Due) { e <- heard{d, time.Now()} }))
	t.Cleanup(stop)
	return e, stop
}

func (e ear) next(t *testing.T) heard {
	t.Helper()
	select {
	case h := <-e:
		return h
	case <-time.After(patience):
		t.Fatal("nothing was heard")
		return heard{}
	}
}

func hint(id string, at time.Time) core.Due {
	return core.Due{Kind: core.DueDelivery, ID: id, MerchantID: "m", Scope: "p", At: at.UTC().Truncate(time.Millisecond)}
}

func publish(t *testing.T, q jobs.Queue, hints ...core.Due) {
	t.Helper()
	for _, h := range hints {
		if err := q.Publish(h); err != nil {
			t.Fatal(err)
		}
	}
}

func TestHintIsHeardWhole(t *testing.T) {
	queues(t, func(t *testing.T, q jobs.Queue) {
		e, _ := listen(t, q)
		want := hint("now", time.Now())
		publish(t, q, want)
		if got := e.next(t); got.due != want {
			t.Fatalf("heard %+v, want %+v", got.due, want)
		}
	})
}

func TestIDsAreNoSubjects(t *testing.T) {
	if err := joined(t).Publish(core.Due{Kind: core.DueInbox, ID: "a.b"}); err == nil {
		t.Fatal("an id that would change the subject was taken")
	}
}

// Trap 1: a schedule holds whole seconds, and the client cuts the rest off; hints would be heard up
// to a second early.
func TestTrap1_NoHintIsHeardEarly(t *testing.T) {
	queues(t, func(t *testing.T, q jobs.Queue) {
		e, _ := listen(t, q)
		now := time.Now()
		for i := range 8 {
			publish(t, q, hint(fmt.Sprint(i), now.Add(time.Duration(i)*170*time.Millisecond)))
		}
		for range 8 {
			if h := e.next(t); h.at.Before(h.due.At) {
				t.Errorf("%s heard %v early", h.due.ID, h.due.At.Sub(h.at))
			}
		}
	})
}

func TestHintThatIsRepeatedOrMovedIsHeardOnce(t *testing.T) {
	queues(t, func(t *testing.T, q jobs.Queue) {
		e, _ := listen(t, q)
		now := time.Now()
		soon := now.Add(3 * time.Second) // the server must have heard of everything by then
		once, moved := hint("once", soon), hint("moved", soon)
		later := moved
		later.At = later.At.Add(2 * time.Second)
		publish(t, q, once, once, moved, once, later, hint("end", later.At.Add(time.Second)))
		met := map[string]int{}
		// a server that was held up may mix them
		for met["end"] == 0 || met["once"] == 0 || met["moved"] == 0 {
			h := e.next(t)
			met[h.due.ID]++
			if h.due.ID == "moved" && h.at.Before(later.At) {
				t.Errorf("heard at the time it was moved from")
			}
		}
		if met["once"] != 1 || met["moved"] != 1 {
			t.Fatalf("heard %v", met)
		}
	})
}

func TestSharedHintsSurviveARestartOfWhoeverListens(t *testing.T) {
	url, _ := shared(t, t.TempDir())
	q := connect(t, url)
	want := hint("kept", time.Now().Add(1500*time.Millisecond))
	publish(t, q, want)
	flush(t, q, 1)
	if err := q.Close(); err != nil {
		t.Fatal(err)
	}
	e, _ := listen(t, connect(t, url))
	if got := e.next(t); got.due != want {
		t.Fatalf("heard %+v", got.due)
	}
}

// flush waits until the server has stored what was published.
func flush(t *testing.T, q *jobs.JetStream, messages uint64) {
	t.Helper()
	eventually(t, func() bool { return q.Backlog() == messages })
}

func eventually(t *testing.T, is func() bool) {
	t.Helper()
	end := time.After(patience)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !is() {
		select {
		case <-end:
			t.Fatal("it never happened")
		case <-tick.C:
		}
	}
}

// Trap 2: servers before 2.12 take the stream and the schedule and never send anything, without an
// error.
func TestTrap2_ServerWithoutSchedulesIsRefused(t *testing.T) {
	url, _ := shared(t, t.TempDir())
	old := between(t, url, func(payload []byte) []byte {
		return bytes.ReplaceAll(payload, []byte(`"allow_msg_schedules":true`), []byte(`"allow_msg_schedules":null`))
	}, nil)
	if _, err := jobs.ConnectJetStream(context.Background(), old, "test", coretest.Wall(0)); !errors.Is(err, jobs.ErrNoSchedules) || !strings.Contains(err.Error(), "queue.url") {
		t.Fatalf("%v", err)
	}
	if q := connect(t, url); q.Backlog() != 0 { // the same server, asked straight, will do
		t.Fatal("something was left behind")
	}
}

// The same against a real old server, where there is one: Debian 12 ships 2.9.10.
func TestTrap2_InstalledServer(t *testing.T) {
	binary, err := exec.LookPath("nats-server")
	if err != nil {
		t.Log("no nats-server is installed; TestTrap2_ServerWithoutSchedulesIsRefused stands in for an old one")
		return
	}
	version, err := exec.Command(binary, "--version").Output()
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	run := exec.Command(binary, "-a", "127.0.0.1", "-p", "-1", "-js", "-sd", folder, "--ports_file_dir", folder)
	if err := run.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { run.Process.Kill(); run.Wait() })
	q, err := jobs.ConnectJetStream(context.Background(), urlFrom(t, folder), "test", coretest.Wall(0))
	var major, minor int
	fmt.Sscanf(strings.TrimPrefix(strings.TrimSpace(string(version)), "nats-server: v"), "%d.%d", &major, &minor)
	if old := major == 2 && minor < 12; old && !errors.Is(err, jobs.ErrNoSchedules) || !old && err != nil {
		t.Fatalf("%s: %v", version, err)
	}
	if q != nil {
		q.Close()
	}
}

// urlFrom reads the port that a nats-server process has written down.
func urlFrom(t *testing.T, folder string) (url string) {
	t.Helper()
	eventually(t, func() bool {
		files, _ := filepath.Glob(filepath.Join(folder, "*.ports"))
		for _, f := range files {
			text, _ := os.ReadFile(f)
			if i := bytes.Index(text, []byte("nats://")); i >= 0 {
				if j := bytes.IndexByte(text[i:], '"'); j > 0 {
					url = string(text[i : i+j])
				}
			}
		}
		return url != ""
	})
	return url
}

// Trap 3: JetStream may lose what it acknowledged. The whole queue is lost here while everything
// waits in it; sweeps do all of it, once.
func TestTrap3_LosingTheQueueLosesNothing(t *testing.T) {
	ctx, folder := context.Background(), t.TempDir()
	const n = 500
	due := time.Now().Add(90 * time.Second)
	source := &rows{}
	for i := range n {
		source.list = append(source.list, core.Due{Kind: core.DueAttempt, ID: fmt.Sprintf("a%03d", i), At: due.UTC().Truncate(time.Millisecond)})
	}
	url, end := shared(t, folder)
	q := connect(t, url)
	relay := &jobs.Relay{Source: source, Queue: q, Clock: coretest.Wall(0), Batch: 100}
	if got := relay.Round(ctx); got != n {
		t.Fatalf("%d hints", got)
	}
	flush(t, q, n)
	q.Close()
	end()
	if err := os.RemoveAll(folder); err != nil {
		t.Fatal(err)
	}
	q = joined(t)
	if q.Backlog() != 0 {
		t.Fatal("the queue was not lost")
	}
	var mu sync.Mutex
	done := map[string]int{}
	s := &jobs.Sweeper{
		Source: source, Clock: coretest.NewClock(due.Add(time.Second)), Batch: 50, Workers: 4,
		Handlers: map[core.DueKind]jobs.Handler{core.DueAttempt: func(_ context.Context, d core.Due) error {
			mu.Lock()
			defer mu.Unlock()
			done[d.ID]++
			return nil
		}},
	}
	s.Sweep(ctx, ctx)
	if len(done) != n {
		t.Fatalf("%d of %d rows were worked on", len(done), n)
	}
	for id, times := range done {
		if times != 1 {
			t.Errorf("%s: %d times", id, times)
		}
	}
	publish(t, q, hint("after", time.Now())) // and the new queue works
	e, _ := listen(t, q)
	if h := e.next(t); h.due.ID != "after" {
		t.Fatalf("heard %v", h)
	}
}

// A shared server that comes back without its files is set up again by whoever listens.
func TestTrap3_SharedStreamIsMadeAgain(t *testing.T) {
	url, _ := shared(t, t.TempDir())
	q := connect(t, url)
	e, _ := listen(t, q)
	conn, err := nats.Connect(url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	js, _ := jetstream.New(conn)
	if err := js.DeleteStream(context.Background(), "PAYMUX_test"); err != nil {
		t.Fatal(err)
	}
	eventually(t, func() bool {
		_ = q.Publish(hint("again", time.Now()))
		return len(e) > 0
	})
}

// A shared server that is down when the program starts is waited for. Nothing is kept for it
// meanwhile.
func TestTrap3_QueueThatIsAwayIsWaitedFor(t *testing.T) {
	address, end := shared(t, t.TempDir())
	end()
	q := connect(t, address)
	e, _ := listen(t, q)
	if err := q.Publish(hint("early", time.Now())); !errors.Is(err, jobs.ErrQueueAway) || !errors.Is(q.Amiss(), jobs.ErrQueueAway) {
		t.Fatalf("%v, %v", err, q.Amiss())
	}
	where, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	port, err := strconv.Atoi(where.Port())
	if err != nil {
		t.Fatal(err)
	}
	sharedAt(t, t.TempDir(), port)
	eventually(t, func() bool {
		_ = q.Publish(hint("again", time.Now()))
		return len(e) > 0
	})
	if h := e.next(t); h.due.ID != "again" || q.Amiss() != nil {
		t.Fatalf("heard %v, %v", h, q.Amiss())
	}
}

// Trap 4: with a full window the client stalls whoever publishes. A hint is dropped instead.
func TestTrap4_PublishDoesNotStall(t *testing.T) {
	url, end := shared(t, t.TempDir())
	var deaf atomic.Bool
	q := connect(t, between(t, url, nil, deaf.Load))
	deaf.Store(true) // from now on the server hears nothing and acknowledges nothing
	busy := 0
	for i := range 5000 {
		switch err := q.Publish(hint(fmt.Sprint(i), time.Now())); {
		case errors.Is(err, jobs.ErrQueueBusy):
			busy++
		case err != nil:
			t.Fatal(err)
		case busy > 0:
			t.Fatalf("hint %d was taken after one was dropped", i)
		}
	}
	if busy == 0 {
		t.Fatal("no hint was dropped")
	}
	end()
	eventually(t, func() bool { return errors.Is(q.Publish(hint("gone", time.Now())), jobs.ErrQueueBusy) })
}

func TestTrap4_RelayGetsEverythingThroughASmallWindow(t *testing.T) {
	q := joined(t)
	e, _ := listen(t, q)
	const n = 12_000 // three windows
	source := &rows{}
	for i := range n {
		source.list = append(source.list, core.Due{Kind: core.DueInbox, ID: fmt.Sprintf("i%05d", i), At: at(i)})
	}
	relay := &jobs.Relay{Source: source, Queue: q, Clock: coretest.Wall(0), Batch: 500}
	met := map[string]bool{}
	eventually(t, func() bool {
		relay.Round(context.Background())
		for len(e) > 0 {
			met[(<-e).due.ID] = true
		}
		return len(met) == n
	})
}

// Trap 5: a hint sent back to wait counts against what may be under way. Here every hint is
// acknowledged when it is heard, whatever becomes of it.
func TestTrap5_NothingWaitsForAnAcknowledgement(t *testing.T) {
	q := joined(t)
	entered, leave := make(chan string, 100), make(chan struct{})
	stop := q.Listen(3, func(d core.Due) {
		entered <- d.ID
		<-leave // what it does may take as long as it likes
	})
	publish(t, q, hint("1", time.Now()), hint("2", time.Now()), hint("3", time.Now()))
	for range 3 {
		<-entered
	}
	eventually(t, func() bool { return q.Backlog() == 0 })
	close(leave)
	stop()
}

func TestStopWaitsForWhatIsHeard(t *testing.T) { // P16
	queues(t, func(t *testing.T, q jobs.Queue) {
		entered, finished := make(chan struct{}), atomic.Bool{}
		leave := make(chan struct{})
		stop := q.Listen(1, func(core.Due) {
			close(entered)
			<-leave
			finished.Store(true)
		})
		publish(t, q, hint("1", time.Now()))
		<-entered
		close(leave)
		stop()
		if !finished.Load() {
			t.Fatal("stop did not wait")
		}
	})
}

// Trap 6 is the price of the library, which one package pays: the import rules of the repository
// say so.

func TestAddressOfTheQueueIsNotRepeated(t *testing.T) { // F10
	for _, url := range []string{"nats://user:canary@127.0.0.1:1", "nats://user:canary@%zz", "nats://user:canary@127.0.0.1:99999999"} {
		q, err := jobs.ConnectJetStream(context.Background(), url, "test", coretest.Wall(0))
		if err == nil { // nobody answers there
			err = errors.Join(q.Publish(hint("1", time.Now())), q.Close())
		}
		if err == nil || strings.Contains(err.Error(), "canary") {
			t.Errorf("%v", err)
		}
	}
}

// between puts itself between client and server: it rewrites what the server says without changing
// its length, and may make the server deaf.
func between(t *testing.T, url string, rewrite func([]byte) []byte, deaf func() bool) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			upstream, err := net.Dial("tcp", strings.TrimPrefix(url, "nats://"))
			if err != nil {
				client.Close()
				continue
			}
			go func() { defer client.Close(); answers(client, upstream, rewrite) }()
			go func() { defer upstream.Close(); requests(upstream, client, deaf) }()
		}
	}()
	return "nats://" + l.Addr().String()
}

// requests copies what the client says, unless the server is deaf.
func requests(upstream io.Writer, client io.Reader, deaf func() bool) {
	buf := make([]byte, 32<<10)
	for {
		n, err := client.Read(buf)
		if err != nil {
			return
		}
		if deaf == nil || !deaf() {
			upstream.Write(buf[:n])
		}
	}
}

// answers copies what the server says, message by message: a line, and a payload whose length the
// line of a (H)MSG ends with.
func answers(client io.Writer, upstream io.Reader, rewrite func([]byte) []byte) {
	r := bufio.NewReader(upstream)
	for {
		line, err := r.ReadBytes('\n')
		if err != nil {
			return
		}
		client.Write(line)
		if !bytes.HasPrefix(line, []byte("MSG ")) && !bytes.HasPrefix(line, []byte("HMSG ")) {
			continue
		}
		fields := strings.Fields(string(line))
		size, _ := strconv.Atoi(fields[len(fields)-1])
		payload := make([]byte, size+2)
		if _, err := io.ReadFull(r, payload); err != nil {
			return
		}
		if rewrite != nil {
			payload = rewrite(payload)
		}
		client.Write(payload)
	}
}
