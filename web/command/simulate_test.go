package command_test

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/paymux/paymux/adapters/alipay"
	"github.com/paymux/paymux/web/command"
)

// standalone is a simulator that was started by its command line.
type standalone struct {
	t    *testing.T
	dir  string
	url  string
	said string // at its start
	stop func()
}

func simulate(t *testing.T, flags ...string) *standalone {
	t.Helper()
	s := &standalone{t: t, dir: filepath.Join(t.TempDir(), "sim")}
	ctx, cancel := context.WithCancel(t.Context())
	reader, writer := io.Pipe()
	ended := make(chan int, 1)
	go func() {
		args := append([]string{"simulate", "--listen", "127.0.0.1:0", "--data", s.dir}, flags...)
		code := command.Run(ctx, args, streams(writer, io.Discard))
		_ = writer.Close()
		ended <- code
	}()
	lines := bufio.NewScanner(reader)
	for lines.Scan() && !strings.Contains(lines.Text(), "app private key") {
		s.said += lines.Text() + "\n"
		if _, url, found := strings.Cut(lines.Text(), "ready: "); found {
			s.url = url
		}
	}
	s.stop = func() {
		cancel()
		if code := <-ended; code != 0 {
			t.Errorf("the simulator ended with %d", code)
		}
	}
	return s
}

func (s *standalone) file(name string) string {
	s.t.Helper()
	text, err := os.ReadFile(filepath.Join(s.dir, name))
	if err != nil {
		s.t.Fatal(err)
	}
	return string(text)
}

func (s *standalone) client(tune func(*alipay.AppConfig)) *alipay.App {
	s.t.Helper()
	config := alipay.AppConfig{
		AppID: "9021000100000001", SellerID: "2088000000000001", Gateway: s.url + "/gateway.do", Environment: alipay.Sandbox, Now: time.Now,
		Keys: []alipay.KeyConfig{{Version: "v1", Use: alipay.KeyCurrent, PrivateKey: s.file("app.pem"), AlipayPublicKey: s.file("gateway.pub")}},
	}
	tune(&config)
	app, err := alipay.NewApp(config)
	if err != nil {
		s.t.Fatal(err)
	}
	return app
}

func (s *standalone) post(path, body string) map[string]any {
	s.t.Helper()
	response, err := http.Post(s.url+path, "application/json", strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	var answer map[string]any
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil || response.StatusCode != http.StatusOK {
		s.t.Fatalf("%s: %d %v %v", path, response.StatusCode, answer, err)
	}
	return answer
}

// The simulator alone serves whoever has the keys that it made: here our own wire client, as a
// stranger would set it up, by keys, by certificates and with encrypted content.
func TestSimulatorAloneSpeaksToAnyClient(t *testing.T) {
	modes := []struct {
		name  string
		flags []string
		tune  func(*standalone, *alipay.AppConfig)
	}{
		{"keys", []string{"--seed", "42"}, func(*standalone, *alipay.AppConfig) {}},
		{"encrypted", nil, func(s *standalone, c *alipay.AppConfig) {
			c.EncryptContent, c.Keys[0].AESKey = true, strings.TrimSpace(s.file("aes.key"))
		}},
		{"certificates", []string{"--certificates"}, func(s *standalone, c *alipay.AppConfig) {
			c.Keys[0].AlipayPublicKey = ""
			c.Keys[0].AppCertificate = s.file("appCertPublicKey_9021000100000001.crt")
			c.Keys[0].AlipayCertificate = s.file("alipayCertPublicKey_RSA2.crt")
			c.Keys[0].RootCertificates = s.file("alipayRootCert.crt")
		}},
	}
	for _, mode := range modes {
		t.Run(mode.name, func(t *testing.T) {
			s := simulate(t, mode.flags...)
			defer s.stop()
			app := s.client(func(c *alipay.AppConfig) { mode.tune(s, c) })
			if _, result := app.Query(t.Context(), alipay.QueryRequest{OutTradeNo: "NOBODYKNOWSTHIS"}); result.Class != alipay.NotExist {
				t.Errorf("a query for an unknown trade: %v %v", result.Class, result.Err)
			}
			if mode.name == "certificates" {
				s.post("/sim/trigger/cert_rotation", "{}")
			}
			s.post("/sim/flush", "{}")
		})
	}
}

// Everything that a client of another language wants of its application.
func TestSimulatorAloneTakesWhatAnApplicationIs(t *testing.T) {
	s := simulate(t, "--buyers", "3", "--open-id", "--app-gateway", "http://127.0.0.1:1/messages", "--manual")
	defer s.stop()
	code := s.post("/sim/authcode", `{"user_id":"2088000000000004"}`)["auth_code"].(string)
	token, result := s.client(func(*alipay.AppConfig) {}).OAuthToken(t.Context(), alipay.OAuthTokenRequest{Code: code})
	if result.Class != alipay.Done || token.OpenID == "" || token.UserID != "" {
		t.Errorf("%v %+v", result.Class, token)
	}
	if id := s.post("/sim/trigger/message", `{"msg_method":"alipay.security.risk.x"}`)["notify_id"]; id == "" {
		t.Error("no message was sent")
	}
}

// Equal seeds, a clock that stands, nothing by itself: two folders end with the same book, byte for
// byte.
func TestEqualCommandLinesWriteEqualBooks(t *testing.T) {
	book := func() string {
		s := simulate(t, "--seed", "42", "--scale", "0", "--start", "2026-11-22 20:00:00", "--manual")
		app := s.client(func(*alipay.AppConfig) {})
		for _, number := range []string{"A", "B"} {
			request := alipay.PrecreateRequest{OutTradeNo: number, TotalAmount: alipay.Amount(100), Subject: "x", NotifyURL: "http://127.0.0.1:1/nobody"}
			made, result := app.Precreate(t.Context(), request)
			if result.Class != alipay.Done {
				t.Fatalf("%v %v", result.Class, result.Err)
			}
			s.post("/sim/pay", `{"qr_code":"`+made.QRCode+`"}`)
		}
		s.post("/sim/clock/advance", `{"duration":"30h"}`)
		s.stop()
		return s.file("gateway.book")
	}
	first, second := book(), book()
	if first != second || strings.Count(first, `"notify_sent"`) != 16 {
		t.Fatalf("%s\n---\n%s", first, second)
	}
}

// Beyond loopback the control API has a key, from the first start on and after the next; on
// loopback only where one is given (W27).
func TestTheControlKeyOfASimulator(t *testing.T) {
	ask := func(s *standalone, key string) int {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.url+"/sim/clock", nil)
		if err != nil {
			t.Fatal(err)
		}
		if key != "" {
			request.Header.Set("Authorization", "Bearer "+key)
		}
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		return response.StatusCode
	}
	s := simulate(t, "--listen", "0.0.0.0:0")
	key := strings.TrimSpace(s.file("control.key"))
	if open, shut := ask(s, key), ask(s, ""); len(key) != 32 || open != 200 || shut != 401 || !strings.Contains(s.said, key) {
		t.Errorf("key %q: %d with, %d without; said %s", key, open, shut, s.said)
	}
	s.stop()
	s = simulate(t)
	if open := ask(s, ""); open != 200 || strings.Contains(s.said, "control key") {
		t.Errorf("on loopback: %d; said %s", open, s.said)
	}
	s.stop()
	s = simulate(t, "--control-key", "of-my-own-making")
	if open, shut := ask(s, "of-my-own-making"), ask(s, ""); open != 200 || shut != 401 {
		t.Errorf("a given key: %d with, %d without", open, shut)
	}
	s.stop()
}

func TestSimulateRefusesWhatCannotBe(t *testing.T) {
	for _, flags := range [][]string{{"--scale", "-1"}, {"--buyers", "0"}, {"--start", "yesterday"}} {
		args := append([]string{"simulate", "--listen", "127.0.0.1:0", "--data", t.TempDir()}, flags...)
		if code := command.Run(t.Context(), args, streams(io.Discard, io.Discard)); code != 2 {
			t.Errorf("%v: exit code %d", flags, code)
		}
	}
}

// In a container or on a phone the simulator has another name, and its pages keep to it.
func TestSimulatorKeepsTheNameItIsCalledBy(t *testing.T) {
	s := simulate(t)
	defer s.stop()
	page, err := s.client(func(*alipay.AppConfig) {}).WapPayURL(alipay.WapPayRequest{OutTradeNo: "W1", TotalAmount: alipay.Amount(100), Subject: "x",
		TimeExpire: alipay.At(time.Now().Add(time.Hour)), QuitURL: "https://shop.example.com/quit"})
	if err != nil {
		t.Fatal(err)
	}
	request, err := http.NewRequest(http.MethodGet, page, nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Host = "simulator:8090"
	response, err := new(http.Transport).RoundTrip(request)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	if to := response.Header.Get("Location"); !strings.HasPrefix(to, "http://simulator:8090/cashier/") {
		t.Errorf("the page leads to %q", to)
	}
}
