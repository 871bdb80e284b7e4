package command_test

import (
	"bufio"
	"crypto/rand"
	"database/sql"
	"encoding/json"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	alipaysim "github.com/paymux/paymux/adapters/alipay/sim"
	"github.com/paymux/paymux/config"
	"github.com/paymux/paymux/web"
)

// site is a server's folder, its database and the gateway it talks to. The server itself is a
// process that tests start, stop and kill.
type site struct {
	t      *testing.T
	dir    string
	listen string
	key    string
	sim    *alipaysim.Server
	simURL string
}

const (
	siteAppID    = "9021000100000077"
	siteSellerID = "2088000000000077"
)

// newSite makes keys, a simulator and a configuration. extra is added to the one merchant.
func newSite(t *testing.T, driver, dsn, extra string) *site {
	t.Helper()
	s := &site{t: t, dir: t.TempDir(), listen: freeAddress(t)}
	app, gateway := pair(t), pair(t)
	key, hash, err := web.NewBearerKey("shop", rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	s.key = key
	if _, err := config.CreateMasterKey(s.path("master.key"), rand.Reader); err != nil {
		t.Fatal(err)
	}
	s.write("app.pem", app.PrivatePEM)
	s.write("gateway.pub", gateway.PublicText)
	s.write("app.pub", app.PublicText)
	front := httptest.NewUnstartedServer(nil)
	s.simURL = "http://" + front.Listener.Addr().String()
	s.sim, err = alipaysim.New(alipaysim.Config{
		Seed: 7, AlipayPrivateKeyPEM: gateway.PrivatePEM, BaseURL: s.simURL,
		Apps: []alipaysim.App{{AppID: siteAppID, SellerID: siteSellerID, PublicKey: app.PublicText}},
	})
	if err != nil {
		t.Fatal(err)
	}
	front.Config.Handler = s.sim.Handler()
	front.Start()
	t.Cleanup(func() {
		front.CloseClientConnections()
		front.Close()
		_ = s.sim.Close()
	})
	s.write("paymux.yaml", s.config(driver, dsn, hash, extra))
	return s
}

func pair(t *testing.T) alipaysim.KeyPair {
	t.Helper()
	keys, err := alipaysim.GenerateKeyPair(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

// freeAddress finds a port that nobody listens on. The base address must be in the configuration
// before the server starts, so port 0 does not serve. It is none of those that systems give to
// outgoing connections: one of these could have the port while its server is away, and a client
// that dials such a port then may even be connected to itself.
func freeAddress(t *testing.T) string {
	t.Helper()
	const lowest, ports = 20_000, 12_000
	for range 100 {
		port, err := rand.Int(rand.Reader, big.NewInt(ports))
		if err != nil {
			t.Fatal(err)
		}
		address := fmt.Sprintf("127.0.0.1:%d", lowest+port.Int64())
		if l, err := net.Listen("tcp", address); err == nil && l.Close() == nil {
			return address
		}
	}
	t.Fatal("no port is free")
	return ""
}

func (s *site) path(name string) string { return filepath.Join(s.dir, name) }

func (s *site) write(name, text string) {
	s.t.Helper()
	if err := os.WriteFile(s.path(name), []byte(text), 0o600); err != nil {
		s.t.Fatal(err)
	}
}

func (s *site) config(driver, dsn, hash, extra string) string {
	return fmt.Sprintf(`
server: { listen: %q, base_url: "http://%s", environment: sandbox, drain_seconds: 10 }
db: { driver: %s, dsn: %q, accept_data_loss: true }
queue: { url: none }
secrets: { master_key_file: master.key }
jobs: { sweep_seconds: 1 }
gateways: [{ id: alipay, environment: sandbox, url: "%s/gateway.do" }]
merchants:
  - id: m_shop
    name: shop
    licences: [enterprise_verified, telecom_value_added]
    permissions: [physical_ecommerce]
    api_keys: [{ id: shop, actor: shop, role: admin, mode: bearer, secret_hash: %s, created: 2026-01-01T00:00:00+08:00 }]
    accounts:
      - { id: main, gateway: alipay, environment: sandbox, channels: [alipay_mini, wechat_h5, douyin_h5],
          alipay: { app_id: %q, seller_id: %q, keys: [{ version: v1, use: current, private_key_file: app.pem, alipay_public_key_file: gateway.pub }] } }
%s`, s.listen, s.listen, driver, dsn, s.simURL, hash, siteAppID, siteSellerID, extra)
}

// process is a running server.
type process struct {
	*exec.Cmd
	ended chan error
	log   *log
}

// start runs "paymux serve" as a process of its own and returns once it says that it is ready.
func (s *site) start() *process {
	s.t.Helper()
	p := &process{ended: make(chan error, 1), log: &log{}}
	p.Cmd = exec.Command(os.Args[0], "serve", "--migrate", "--config", s.path("paymux.yaml"))
	p.Env = append(os.Environ(), asProgram+"=1")
	stderr, err := p.StderrPipe()
	if err != nil {
		s.t.Fatal(err)
	}
	if err := p.Start(); err != nil {
		s.t.Fatal(err)
	}
	ready := make(chan bool, 1)
	go func() {
		lines := bufio.NewScanner(io.TeeReader(stderr, p.log))
		for lines.Scan() {
			var line struct {
				Msg string `json:"msg"`
			}
			if json.Unmarshal(lines.Bytes(), &line) == nil && line.Msg == "ready" {
				ready <- true
			}
		}
		close(ready)
		p.ended <- p.Wait()
	}()
	if !<-ready {
		s.t.Fatalf("serve did not become ready: %v\n%s", <-p.ended, p.log)
	}
	s.t.Cleanup(func() { _ = p.Process.Kill() })
	return p
}

// kill is kill -9, and returns when the process is gone.
func (p *process) kill() {
	_ = p.Process.Kill()
	<-p.ended
}

// ask calls the API; the error is a broken connection, as a merchant sees it while the server is
// away. The same key is the same request.
func (s *site) ask(method, path, key, body string) (status int, answer []byte, err error) {
	request, err := http.NewRequestWithContext(s.t.Context(), method, "http://"+s.listen+path, strings.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	request.Header.Set("Authorization", "Bearer "+s.key)
	if key != "" {
		request.Header.Set("Idempotency-Key", key)
	}
	if body != "" {
		request.Header.Set("Content-Type", "application/json")
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, nil, err
	}
	defer func() { _ = response.Body.Close() }()
	answer, err = io.ReadAll(response.Body)
	return response.StatusCode, answer, err
}

// mariaDB makes an empty database for one test and drops it afterwards.
func mariaDB(t *testing.T) (dsn string) {
	t.Helper()
	need(t, "mysql")
	server := os.Getenv("PAYMUX_TEST_MYSQL_DSN")
	if server == "" {
		server = "root@tcp(127.0.0.1:3306)/"
	}
	db, err := sql.Open("mysql", server)
	if err != nil {
		t.Fatal(err)
	}
	name := "paymux_test_" + strings.ToLower(rand.Text())
	if _, err := db.ExecContext(t.Context(), "CREATE DATABASE "+name+" CHARACTER SET utf8mb4"); err != nil {
		t.Fatalf("MariaDB at %s: %v (PAYMUX_TEST_SKIP=mysql goes without it)", server, err)
	}
	t.Cleanup(func() {
		_, _ = db.Exec("DROP DATABASE " + name)
		_ = db.Close()
	})
	head, _, _ := strings.Cut(server, "/")
	return head + "/" + name
}

// until repeats a look at something that a background task will bring about, as long as the test
// may run.
func until(t *testing.T, what string, look func() bool) {
	t.Helper()
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	for !look() {
		select {
		case <-ticker.C:
		case <-t.Context().Done():
			t.Fatalf("never: %s", what)
		}
	}
}
