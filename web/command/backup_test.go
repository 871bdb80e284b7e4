package command_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/paymux/paymux/config"
	"github.com/paymux/paymux/core"
	"github.com/paymux/paymux/core/store"
	"github.com/paymux/paymux/web/command"

	cryptorand "crypto/rand"
)

// documented is a block of commands of docs/operations.md, by the comment before it.
func documented(t *testing.T, title string) string {
	t.Helper()
	page := string(fileBytes(t, "../../docs/operations.md"))
	block := regexp.MustCompile(`(?s)<!-- ` + title + `[^>]*-->\n` + "```sh\n(.*?)```").FindStringSubmatch(page)
	if block == nil {
		t.Fatalf("docs/operations.md has no block %q", title)
	}
	return block[1]
}

// shell runs documented commands on a database of MariaDB.
func (s *site) shell(title, dsn, backup string) error {
	s.t.Helper()
	_, rest, _ := strings.Cut(dsn, "tcp(")
	address, _, _ := strings.Cut(rest, ")")
	host, port, _ := strings.Cut(address, ":")
	user, _, _ := strings.Cut(dsn, "@")
	user, password, _ := strings.Cut(user, ":")
	s.write("client.cnf", fmt.Sprintf("[client]\nuser=%s\npassword=%s\nhost=%s\nport=%s\n", user, password, host, port))
	c := exec.CommandContext(s.t.Context(), "sh", "-c", documented(s.t, title))
	c.Env = append(os.Environ(), "BACKUP_OPTIONS="+s.path("client.cnf"), "DATABASE="+databaseOf(dsn), "BACKUP="+backup)
	out, err := c.CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s: %w\n%s", title, err, out)
	}
	return nil
}

// drill is one engine's way of saving and restoring.
type drill struct {
	driver string
	dsn    func(*testing.T) string
	save   func(s *site, dsn, file string) error
	bring  func(s *site, dsn, file string) error
}

func drills() map[string]drill {
	paymux := func(what string) func(*site, string, string) error {
		return func(s *site, _, file string) error {
			code, out, errs := run(s.t, nil, what, "--config", s.path("paymux.yaml"), file)
			if code != 0 {
				return fmt.Errorf("%s: exit %d\n%s%s", what, code, out, errs)
			}
			return nil
		}
	}
	return map[string]drill{
		"sqlite": {store.DriverSQLite, func(t *testing.T) string { return filepath.Join(t.TempDir(), "paymux.db") }, paymux("backup"), paymux("restore")},
		"mariadb": {
			store.DriverMySQL, mariaDB,
			func(s *site, dsn, file string) error { return s.shell("backup of a server", dsn, file) },
			func(s *site, dsn, file string) error { return s.shell("restore on a server", dsn, file) },
		},
	}
}

// D16: a backup made under load is restored elsewhere. Its books are sound, its secrets open, and
// what was paid at the gateway after it was made is found by inquiry: no message of it comes again.
func TestDrill(t *testing.T) {
	for name, d := range drills() {
		t.Run(name, func(t *testing.T) {
			first := d.dsn(t)
			c := &crowd{site: newSite(t, d.driver, first, ""), acked: map[string]core.PaymentView{}, up: make(chan struct{})}
			server, file := c.start(), c.path("backup")
			close(c.up)
			waiting := c.unpaid("W-1")
			var working sync.WaitGroup
			queue := make(chan int, 60)
			for n := range cap(queue) {
				queue <- n
			}
			close(queue)
			for range 4 {
				working.Go(func() {
					for n := range queue {
						c.place(n)
					}
				})
			}
			until(t, "there is a load", func() bool { return c.count() >= 20 })
			if err := d.save(c.site, first, file); err != nil {
				t.Fatal(err)
			}
			if err := d.save(c.site, first, file); err == nil {
				t.Fatal("a backup was written over")
			}
			working.Wait()
			c.pay(waiting.Action.TradeNo)
			until(t, "it is told", func() bool { return c.status(waiting.ID) == core.PaymentPaid })
			c.stopInPeace(server)

			second := d.dsn(t)
			c.edit(first, second)
			if err := d.bring(c.site, second, file); err != nil {
				t.Fatal(err)
			}
			if err := d.bring(c.site, second, file); err == nil {
				t.Fatal("a database was restored over another")
			}
			code, report := verify(t, "--config", c.path("paymux.yaml"))
			if code != 0 || report.Orders < 21 || report.Orders > 61 {
				t.Fatalf("exit %d, %+v", code, report)
			}
			key, err := config.OpenMasterKey(c.path("master.key"), cryptorand.Reader)
			if err != nil {
				t.Fatal(err)
			}
			secretsOpen(t, d.driver, second, key)
			c.serveLater(time.Minute)
			until(t, "the inquiry has found it", func() bool { return c.status(waiting.ID) == core.PaymentPaid })
		})
	}
}

// unpaid creates an order that waits for its buyer.
func (c *crowd) unpaid(no string) (made core.PaymentView) {
	c.t.Helper()
	status, answer, err := c.ask("POST", "/v1/payments", no, fmt.Sprintf(`{"merchant_order_no":%q,"platform":"alipay","amount_fen":900,"subject":"tea",`+
		`"payer":{"user_id":"2088000000000002"},"goods":[{"id":"tea","name":"tea","category":"physical","quantity":1,"price_fen":900}]}`, no))
	if err != nil || status != http.StatusCreated || json.Unmarshal(answer, &made) != nil || made.Action == nil {
		c.t.Fatalf("%d %s, %v", status, answer, err)
	}
	return made
}

func (c *crowd) status(id string) core.PaymentStatus {
	c.t.Helper()
	var v core.PaymentView
	status, answer, err := c.ask("GET", "/v1/payments/"+id, "", "")
	if err != nil || status != http.StatusOK || json.Unmarshal(answer, &v) != nil {
		c.t.Fatalf("%d %s, %v", status, answer, err)
	}
	return v.Status
}

// serveLater runs "paymux serve" under a clock that is ahead, until the test ends.
func (s *site) serveLater(ahead time.Duration) {
	s.t.Helper()
	ctx, cancel := context.WithCancel(s.t.Context())
	reader, writer := io.Pipe()
	world := streams(io.Discard, writer)
	world.Now = func() time.Time { return time.Now().Add(ahead) }
	ended := make(chan int, 1)
	go func() {
		code := command.Run(ctx, []string{"serve", "--config", s.path("paymux.yaml")}, world)
		_ = writer.Close()
		ended <- code
	}()
	text, seen := make([]byte, 0, 4096), make([]byte, 4096)
	for !strings.Contains(string(text), `"msg":"ready"`) {
		n, err := reader.Read(seen)
		if text = append(text, seen[:n]...); err != nil {
			s.t.Fatalf("serve did not become ready: %v\n%s", err, text)
		}
	}
	go func() { _, _ = io.Copy(io.Discard, reader) }()
	s.t.Cleanup(func() { cancel(); <-ended })
}

// A database server has its own tool; a backup of it must not look as if it had been made.
func TestBackupOfAServerIsRefused(t *testing.T) {
	s := newSite(t, store.DriverMySQL, mariaDB(t), "")
	for _, what := range []string{"backup", "restore"} {
		code, _, errs := run(t, nil, what, "--config", s.path("paymux.yaml"), s.path("x.db"))
		if _, err := os.Stat(s.path("x.db")); code != 1 || !strings.Contains(errs, "mariadb-dump") || err == nil {
			t.Errorf("%s: exit %d, %s", what, code, errs)
		}
	}
}

// What restore refuses, it leaves as it is: a database that is there, a plain copy of one in use,
// something else, a damaged backup, one of a later version.
func TestRestoreRefuses(t *testing.T) {
	s := newSite(t, store.DriverSQLite, filepath.Join(t.TempDir(), "paymux.db"), "")
	conf := s.path("paymux.yaml")
	if code, _, errs := run(t, nil, "backup", "--config", conf, s.path("none.db")); code != 1 || !strings.Contains(errs, "no such file") {
		t.Fatalf("a backup of nothing: exit %d, %s", code, errs)
	}
	if code, _, errs := run(t, nil, "migrate", "--config", conf); code != 0 {
		t.Fatal(errs)
	}
	if code, out, errs := run(t, nil, "backup", "--config", conf, s.path("good.db")); code != 0 || !strings.HasPrefix(out, "✓ ") {
		t.Fatalf("exit %d, %s%s", code, out, errs)
	}
	if info, err := os.Stat(s.path("good.db")); err != nil || info.Mode().Perm() != 0o600 {
		t.Fatal(info, err)
	}
	good := fileBytes(t, s.path("good.db"))
	s.write("text.db", "a text")
	s.write("plain.db", string(good[:18])+"\x02\x02"+string(good[20:]))
	s.write("short.db", string(good[:len(good)-4096*3]))
	code, _, errs := run(t, nil, "restore", "--config", conf, s.path("good.db"))
	if code != 1 || !strings.Contains(errs, "exists") {
		t.Fatalf("over a database: exit %d, %s", code, errs)
	}
	s.edit("paymux.db", "other.db")
	for name, want := range map[string]string{"text.db": "no SQLite database", "plain.db": "plain copy", "short.db": "damaged", "gone.db": "no such file"} {
		if code, _, errs := run(t, nil, "restore", "--config", conf, s.path(name)); code != 1 || !strings.Contains(errs, want) {
			t.Errorf("%s: exit %d, %s", name, code, errs)
		}
	}
	if code, out, errs := run(t, nil, "restore", "--config", conf, s.path("good.db")); code != 0 || !strings.Contains(out, "0 invariants broken") {
		t.Fatalf("exit %d, %s%s", code, out, errs)
	}
}
