//go:build chaos

package command_test

import (
	"bufio"
	"crypto/rand"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/paymux/paymux/config"
	"github.com/paymux/paymux/web"
)

// chaosWorld is everything that a kill cycle needs, each in a process of its own: the program as it
// is shipped, the gateway's simulator with its book on disk, and a MariaDB that may be killed too.
// Only the shop and its webhook endpoint live in the test.
type chaosWorld struct {
	*site
	binary string
	db     *ownMariaDB
	hook   *chaosHook

	starts int    // of the server
	nats   string // the address of a queue that outlives the server
	mu     sync.Mutex
	server *process
	up     chan struct{} // closed while the server serves
}

// newChaosWorld starts gateway and database and writes a configuration; the server is started by
// serve.
func newChaosWorld(t *testing.T, binary string) *chaosWorld {
	t.Helper()
	s := &site{t: t, dir: t.TempDir(), listen: freeAddress(t)}
	w := &chaosWorld{site: s, binary: binary, up: make(chan struct{}), hook: newChaosHook(t)}
	key, hash, err := web.NewBearerKey("shop", rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	s.key = key
	if _, err := config.CreateMasterKey(s.path("master.key"), rand.Reader); err != nil {
		t.Fatal(err)
	}
	app := pair(t)
	s.write("app.pem", app.PrivatePEM)
	s.write("app.pub", app.PublicText)
	s.write("hook.secret", "whsec_"+chaosHookSecret)
	gateway := freeAddress(t)
	s.simURL = "http://" + gateway
	w.simulate(gateway)
	w.nats = w.natsServer()
	w.db = startMariaDB(t)
	text := s.config("mysql", w.db.dsn(), hash, fmt.Sprintf("    webhooks: [{ id: hook, url: %q, secrets: [{ id: s1, use: current, secret_file: hook.secret }] }]\n", w.hook.url))
	text = strings.Replace(text, "accept_data_loss: true", "accept_data_loss: false", 1)
	text = strings.Replace(text, "sweep_seconds: 1", "sweep_seconds: 1, webhook_seconds: [0, 1, 1, 2, 2, 5, 5, 10, 10, 30, 30, 60, 60]", 1)
	s.write("paymux.yaml", text)
	return w
}

// simulate starts the gateway. It is never killed: its book is the truth that everything is held
// against.
func (w *chaosWorld) simulate(address string) {
	w.t.Helper()
	p := w.launch(nil, "paymux simulator ready", "simulate", "--listen", address, "--data", w.path("gateway"), "--app-id", siteAppID,
		"--seller-id", siteSellerID, "--app-public-key", w.path("app.pub"))
	w.t.Cleanup(func() { p.kill() })
	public, err := os.ReadFile(filepath.Join(w.path("gateway"), "gateway.pub"))
	if err != nil {
		w.t.Fatal(err)
	}
	w.write("gateway.pub", string(public))
}

// launch starts the program as a process of its own and returns once it says the word.
func (w *chaosWorld) launch(environ []string, word string, args ...string) *process {
	w.t.Helper()
	return w.begin(w.binary, environ, word, args...)
}

func (w *chaosWorld) begin(binary string, environ []string, word string, args ...string) *process {
	w.t.Helper()
	p := &process{ended: make(chan error, 1), log: &log{}}
	p.Cmd = exec.Command(binary, args...)
	p.Dir, p.Env = w.dir, append(os.Environ(), environ...)
	reader, writer := io.Pipe()
	p.Stdout, p.Stderr = writer, writer
	if err := p.Start(); err != nil {
		w.t.Fatal(err)
	}
	ready := make(chan bool, 1)
	go func() {
		lines := bufio.NewScanner(io.TeeReader(reader, p.log))
		lines.Buffer(nil, 1<<20)
		for lines.Scan() {
			if strings.Contains(lines.Text(), word) {
				select {
				case ready <- true:
				default:
				}
			}
		}
	}()
	go func() {
		err := p.Wait()
		_ = writer.Close()
		p.ended <- err
	}()
	select {
	case <-ready:
	case err := <-p.ended:
		w.t.Fatalf("%s %s did not become ready: %v\n%s", filepath.Base(binary), args[0], err, p.log)
	}
	return p
}

// natsServer starts a NATS server of the version that the program is built for, as a process of its
// own.
func (w *chaosWorld) natsServer() string {
	w.t.Helper()
	binary := w.path("natsd")
	build := exec.Command("go", "build", "-o", binary, "./core/jobs/testdata/natsd")
	build.Dir = filepath.Join("..", "..")
	if out, err := build.CombinedOutput(); err != nil {
		w.t.Fatalf("build: %v\n%s", err, out)
	}
	p := w.begin(binary, nil, "nats://", w.path("nats"))
	w.t.Cleanup(func() { p.kill() })
	return strings.TrimSpace(p.log.String())
}

// serve starts the server, with a failpoint or "": by turns with timers inside the process, with a
// queue whose hints outlive the kill, and with none.
func (w *chaosWorld) serve(failpoint string) {
	w.t.Helper()
	environ := []string{"PAYMUX_QUEUE_URL=" + []string{"", w.nats, "none"}[w.starts%3]}
	w.starts++
	if failpoint != "" {
		environ = append(environ, "PAYMUX_FAILPOINT="+failpoint)
	}
	p := w.launch(environ, `"ready"`, "serve", "--migrate", "--config", w.path("paymux.yaml"))
	w.mu.Lock()
	defer w.mu.Unlock()
	w.server = p
	close(w.up)
}

// fell notes that the server is gone: whoever calls it waits for the next one.
func (w *chaosWorld) fell() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.up = make(chan struct{})
}

func (w *chaosWorld) kill() {
	w.server.kill()
	w.fell()
}

// awaitUp waits until the server serves; false when the test ends first.
func (w *chaosWorld) awaitUp(stop <-chan struct{}) bool {
	w.mu.Lock()
	up := w.up
	w.mu.Unlock()
	select {
	case <-up:
		return true
	case <-stop:
		return false
	}
}

// verify runs the shipped verify against database and book and fails the test on any breach.
func (w *chaosWorld) verify(args ...string) verified {
	w.t.Helper()
	args = append([]string{"verify", "--json", "--config", w.path("paymux.yaml"), "--book", w.simURL}, args...)
	var out []byte
	var err error
	for range 3 { // a database that has just come back may need a moment
		if out, err = exec.Command(w.binary, args...).CombinedOutput(); err == nil {
			break
		}
		if code := new(exec.ExitError); !errors.As(err, &code) || code.ExitCode() != 2 {
			break
		}
	}
	if err != nil {
		w.t.Fatalf("verify: %v\n%s\n%s", err, out, tailOf(w.server.log.String()))
	}
	var report verified
	if err := json.Unmarshal(out, &report); err != nil {
		w.t.Fatalf("%v: %s", err, out)
	}
	return report
}

func tailOf(text string) string { return text[max(0, len(text)-4000):] }

// fault adds a line to the gateway's fault script.
func (w *chaosWorld) fault(script string) {
	w.t.Helper()
	response, err := http.Post(w.simURL+"/sim/faults", "application/json", strings.NewReader(script))
	if err != nil {
		w.t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(response.Body)
		w.t.Fatalf("fault %s: %s %s", script, response.Status, text)
	}
}

// ownMariaDB is a MariaDB with its own data folder, port and process, for killing.
type ownMariaDB struct {
	t    *testing.T
	dir  string
	port string
	cmd  *exec.Cmd
	gone chan error
}

func startMariaDB(t *testing.T) *ownMariaDB {
	t.Helper()
	need(t, "mysql")
	_, port, err := net.SplitHostPort(freeAddress(t))
	if err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp("", "chaosdb") // a socket's name must be short
	if err != nil {
		t.Fatal(err)
	}
	// A server that starts removes the temporary tables of every other one that shares its folder
	// for them.
	if err := os.Mkdir(filepath.Join(dir, "tmp"), 0o700); err != nil {
		t.Fatal(err)
	}
	d := &ownMariaDB{t: t, dir: dir, port: port}
	install := exec.Command("mariadb-install-db", append(d.user(), "--no-defaults", "--datadir="+filepath.Join(dir, "data"),
		"--auth-root-authentication-method=normal", "--skip-test-db")...)
	install.Env = d.environ()
	if out, err := install.CombinedOutput(); err != nil {
		t.Fatalf("mariadb-install-db: %v\n%s", err, out)
	}
	d.start()
	t.Cleanup(func() {
		_ = d.cmd.Process.Kill()
		<-d.gone
		_ = os.RemoveAll(dir)
	})
	return d
}

func (d *ownMariaDB) user() []string {
	if os.Getuid() == 0 {
		return []string{"--user=root"}
	}
	return nil
}

func (d *ownMariaDB) environ() []string {
	return append(os.Environ(), "TMPDIR="+filepath.Join(d.dir, "tmp"))
}

func (d *ownMariaDB) dsn() string { return "root@tcp(127.0.0.1:" + d.port + ")/paymux" }

// start starts the server with stock settings and returns once it answers; what a kill left behind
// is recovered on the way.
func (d *ownMariaDB) start() {
	d.t.Helper()
	path, err := exec.LookPath("mariadbd")
	if err != nil {
		path = "/usr/sbin/mariadbd"
	}
	d.cmd = exec.Command(path, append([]string{"--no-defaults"}, append(d.user(), "--datadir="+filepath.Join(d.dir, "data"), "--socket="+filepath.Join(d.dir, "s"),
		"--bind-address=127.0.0.1", "--port="+d.port, "--character-set-server=utf8mb4", "--max-connections=300")...)...)
	d.cmd.Env = d.environ()
	if err := d.cmd.Start(); err != nil {
		d.t.Fatal(err)
	}
	d.gone = make(chan error, 1)
	go func(cmd *exec.Cmd, gone chan error) { gone <- cmd.Wait() }(d.cmd, d.gone)
	db, err := sql.Open("mysql", "root@tcp(127.0.0.1:"+d.port+")/")
	if err != nil {
		d.t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	until(d.t, "MariaDB answers", func() bool {
		_, err := db.Exec("CREATE DATABASE IF NOT EXISTS paymux CHARACTER SET utf8mb4")
		return err == nil
	})
}

func (d *ownMariaDB) kill() {
	_ = d.cmd.Process.Kill()
	<-d.gone
}

// freeze stops the database for a while without ending it (D18).
func (d *ownMariaDB) freeze(wait time.Duration) {
	if err := d.cmd.Process.Signal(syscall.SIGSTOP); err != nil {
		d.t.Fatal(err)
	}
	time.Sleep(wait)
	if err := d.cmd.Process.Signal(syscall.SIGCONT); err != nil {
		d.t.Fatal(err)
	}
}
