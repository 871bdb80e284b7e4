package command_test

import (
	"bytes"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	alipaysim "github.com/paymux/paymux/adapters/alipay/sim"
	"github.com/paymux/paymux/web/command"
)

// gatewayOf puts a simulator behind the clinic whose key the clinic holds, and which is set up as
// the test wants it.
func (c *clinic) gatewayOf(change func(*alipaysim.Config)) *alipaysim.Server {
	c.t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(c.alipay)
	if err != nil {
		c.t.Fatal(err)
	}
	front := httptest.NewUnstartedServer(nil)
	cfg := alipaysim.Config{
		Seed: 1, AlipayPrivateKeyPEM: string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})),
		BaseURL: "http://" + front.Listener.Addr().String(),
		Apps:    []alipaysim.App{{AppID: siteAppID, SellerID: siteSellerID, PublicKey: c.appText}},
	}
	if change != nil {
		change(&cfg)
	}
	sim, err := alipaysim.New(cfg)
	if err != nil {
		c.t.Fatal(err)
	}
	front.Config.Handler = sim.Handler()
	front.Start()
	c.t.Cleanup(func() {
		front.CloseClientConnections()
		front.Close()
		_ = sim.Close()
	})
	c.edit(c.simURL, cfg.BaseURL)
	c.simURL = cfg.BaseURL
	return sim
}

// F01: one harmless call proves both directions of trust, or says which one is broken.
func TestDoctorOnline(t *testing.T) {
	c := newClinic(t)
	sim := c.gatewayOf(func(cfg *alipaysim.Config) {
		cfg.Switches.TimestampTolerance = 10 * time.Minute
		cfg.Apps[0].AESKey = base64.StdEncoding.EncodeToString(make([]byte, 16))
	})
	text, private, public := c.read("paymux.yaml"), c.read("app.pem"), c.read("gateway.pub")
	stranger := pair(t)
	account := "app_id: "
	c.write("content.aes", base64.StdEncoding.EncodeToString(make([]byte, 16)))
	for _, row := range []struct {
		name, want string
		spoil      func()
	}{
		{"all is well", "", func() {}},
		{"all is well on v3", "", func() { c.edit(account, "protocol: v3, "+account) }},
		{"all is well encrypted", "", func() {
			c.edit(account, "encrypt_content: true, "+account)
			c.edit("alipay_public_key_file", "aes_key_file: content.aes, alipay_public_key_file")
		}},
		{"another AES key", "decryption_failed", func() {
			c.edit(account, "encrypt_content: true, "+account)
			c.edit("alipay_public_key_file", "aes_key_file: other.aes, alipay_public_key_file")
			c.write("other.aes", base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{1}, 16)))
		}},
		{"F01 the public key of another app", "alipay_key_differs", func() { c.write("gateway.pub", stranger.PublicText) }},
		{"F01 the same on v3", "alipay_key_differs", func() {
			c.edit(account, "protocol: v3, "+account)
			c.write("gateway.pub", stranger.PublicText)
		}},
		{"F01 the console holds another application key", "request_signature", func() { c.write("app.pem", stranger.PrivatePEM) }},
		{"F19 the same, encrypted: the refusal is encrypted and unsigned", "request_signature", func() {
			c.edit(account, "encrypt_content: true, "+account)
			c.edit("alipay_public_key_file", "aes_key_file: content.aes, alipay_public_key_file")
			c.write("app.pem", stranger.PrivatePEM)
		}},
		{"F19 the same, and another AES key", "decryption_failed", func() {
			c.edit(account, "encrypt_content: true, "+account)
			c.edit("alipay_public_key_file", "aes_key_file: other.aes, alipay_public_key_file")
			c.write("app.pem", stranger.PrivatePEM)
		}},
		{"F03 an app of the other world", "invalid-app-id", func() { c.edit(siteAppID, "9021000100000078") }},
		{"nobody there", "no_answer", func() { c.edit(c.simURL, "http://"+freeAddress(t)) }},
		{"another service there", "unexpected_status", func() { c.edit("/gateway.do", "/gateway") }},
		{"the gateway is down", "gateway_busy", func() { c.fault(sim, alipaysim.Fault{Effect: "unavailable"}) }},
		{"a proxy answers", "unexpected_status", func() { c.fault(sim, alipaysim.Fault{Effect: "html_502"}) }},
		{"the answer is altered", "alipay_key_differs", func() { c.fault(sim, alipaysim.Fault{Effect: "tamper"}) }},
		{"no permission", "insufficient-isv-permissions", func() {
			c.fault(sim, alipaysim.Fault{Effect: "code", Code: "40006", SubCode: "isv.insufficient-isv-permissions"})
		}},
		{"F01 the same on v3: the console holds another key", "request_signature", func() {
			c.edit(account, "protocol: v3, "+account)
			c.write("app.pem", stranger.PrivatePEM)
		}},
		{"a refusal", "gateway_refuses", func() {
			c.fault(sim, alipaysim.Fault{Effect: "code", Code: "40004", SubCode: "ACQ.SELLER_BEEN_BLOCKED"})
		}},
		{"a code that nobody lists", "code_undecided", func() { c.fault(sim, alipaysim.Fault{Effect: "code", Code: "40004", SubCode: "ACQ.SOMETHING_NEW"}) }},
	} {
		t.Run(row.name, func(t *testing.T) {
			c.t = t
			c.write("paymux.yaml", text)
			c.write("app.pem", private)
			c.write("gateway.pub", public)
			row.spoil()
			code, out := c.doctor("--online")
			wantFound(t, code, out, row.want)
		})
	}
	t.Run("G16 our clock is slow", func(t *testing.T) {
		c.write("paymux.yaml", text)
		var out bytes.Buffer
		world := streams(&out, &out)
		world.Now = func() time.Time { return time.Now().Add(-15 * time.Minute) }
		code := command.Run(t.Context(), []string{"doctor", "--config", c.path("paymux.yaml"), "--online"}, world)
		wantFound(t, code, out.String(), "clock_skew")
		wantFound(t, code, out.String(), "invalid-timestamp")
	})
}

func (c *clinic) fault(sim *alipaysim.Server, f alipaysim.Fault) {
	c.t.Helper()
	if _, err := sim.AddFault(f); err != nil {
		c.t.Fatal(err)
	}
}

// F06: what stands at the notification address is judged by what it answers.
func TestDoctorProbesTheNotificationAddress(t *testing.T) {
	c := newClinic(t)
	answer := http.HandlerFunc(nil)
	listener, err := net.Listen("tcp", c.listen)
	if err != nil {
		t.Fatal(err)
	}
	front := &httptest.Server{Listener: listener, Config: &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { answer(w, r) })}}
	front.Start()
	t.Cleanup(front.Close)
	text := func(status int, text string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			_, _ = io.WriteString(w, text)
		}
	}
	for _, row := range []struct {
		name, want string
		answer     http.HandlerFunc
	}{
		{"paymux", "", func(w http.ResponseWriter, r *http.Request) {
			if r.Method != http.MethodPost || r.URL.String() != "/notify/alipay/main" || !strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded") {
				t.Errorf("%s %s", r.Method, r.URL)
			}
			text(200, "fail")(w, r)
		}},
		{"a log-in page", "notify_elsewhere", text(200, "<html>")},
		{"F06 wrong path", "notify_elsewhere", text(404, "not found")},
		{"F06 a redirect", "notify_redirect", http.RedirectHandler("/elsewhere", http.StatusFound).ServeHTTP},
		{"one who believes everything", "notify_gullible", text(200, "success")},
		{"busy", "", text(429, "")},
		{"F20 a framework that wants JSON", "notify_media", text(415, "")},
		{"F20 a firewall that knows the plain Content-Type only", "notify_media", func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Content-Type") != "application/x-www-form-urlencoded" {
				text(415, "<html>")(w, r)
				return
			}
			text(200, "fail")(w, r)
		}},
		{"F20 believes the odd one", "notify_gullible", func(w http.ResponseWriter, r *http.Request) {
			answer := "success"
			if r.Header.Get("Content-Type") == "application/x-www-form-urlencoded" {
				answer = "fail"
			}
			text(200, answer)(w, r)
		}},
	} {
		t.Run(row.name, func(t *testing.T) {
			c.t, answer = t, row.answer
			code, out := c.doctor("--probe")
			wantFound(t, code, out, row.want)
		})
	}
	c.t = t
	front.Close()
	code, out := c.doctor("--probe")
	wantFound(t, code, out, "notify_unreachable")
	// The server itself answers its own probe.
	server := c.start()
	code, out = c.doctor("--probe")
	wantFound(t, code, out, "")
	if !strings.Contains(out, "the notification address is there") {
		t.Error(out)
	}
	c.stopInPeace(server)
	// F06: a gateway on another host cannot reach this one by its loop-back address.
	c.edit(c.simURL, "https://openapi-sandbox.dl.alipaydev.com")
	code, out = c.doctor()
	wantFound(t, code, out, "notify_address")
}

// hasCertificates puts the clinic into certificate mode, with an authority whose certificates begin
// at the given time.
func (c *clinic) hasCertificates(from time.Time) *alipaysim.Server {
	c.t.Helper()
	var authority *alipaysim.Authority
	sim := c.gatewayOf(func(cfg *alipaysim.Config) {
		var err error
		if authority, err = alipaysim.NewAuthority(rand.Reader, from, cfg.AlipayPrivateKeyPEM); err != nil {
			c.t.Fatal(err)
		}
		if cfg.Apps[0].CertificatePEM, err = authority.IssueApp(from, siteAppID, siteSellerID, c.appText); err != nil {
			c.t.Fatal(err)
		}
		cfg.Authority = authority
		c.write("app.crt", cfg.Apps[0].CertificatePEM)
	})
	c.write("alipay.crt", authority.Certificates[0].ChainPEM)
	c.write("root.crt", authority.RootPEM)
	return sim
}

const certificateFiles = "app_cert_file: app.crt, alipay_cert_file: alipay.crt, alipay_root_cert_file: root.crt"

// C28, C29, C30: a rotated certificate is named, fetched by a person's command, checked up to the
// roots, and then serves.
func TestCertificateRotation(t *testing.T) {
	c := newClinic(t)
	sim := c.hasCertificates(time.Now())
	code, out := c.doctor("--online")
	wantFound(t, code, out, "missing-app-cert-sn") // still configured with a public key
	c.edit("alipay_public_key_file: gateway.pub", certificateFiles)
	code, out = c.doctor("--online")
	wantFound(t, code, out, "")
	certificate := func(args ...string) (int, string) {
		code, out, errs := run(t, nil, append([]string{"certificate", "--config", c.path("paymux.yaml")}, args...)...)
		return code, out + errs
	}
	if code, out := certificate(); code != 0 || !strings.Contains(out, "configured as key v1") {
		t.Fatalf("%d %s", code, out)
	}
	if err := sim.RotateCertificate(); err != nil {
		t.Fatal(err)
	}
	code, out = c.doctor("--online")
	wantFound(t, code, out, "certificate_rotated")
	if code, out := certificate("--out", c.path("next.crt")); code != 0 || !strings.Contains(out, "verify_only") {
		t.Fatalf("%d %s", code, out)
	}
	if code, out := certificate("--out", c.path("next.crt")); code == 0 {
		t.Fatalf("a file was replaced: %s", out)
	}
	if code, out := certificate("--serial", strings.Repeat("0", 32)); code != 1 || !strings.Contains(out, "not accepted") {
		t.Fatalf("%d %s", code, out)
	}
	c.edit(" keys: [{", " keys: [{ version: next, use: verify_only, alipay_cert_file: next.crt, alipay_root_cert_file: root.crt }, {")
	code, out = c.doctor("--online")
	wantFound(t, code, out, "")
	if code, out := certificate("--account", "main"); code != 0 || !strings.Contains(out, "configured as key next") {
		t.Fatalf("%d %s", code, out)
	}
	if code, _ := certificate("--account", "other"); code != 2 {
		t.Errorf("no such account: exit %d", code)
	}
}

// C29: what ends within a month is found; what has ended, or leads to no root, is refused with its
// reason.
func TestDoctorLooksAtCertificates(t *testing.T) {
	c := newClinic(t)
	const life = 5 * 365 * 24 * time.Hour
	c.hasCertificates(time.Now().Add(10*24*time.Hour - life))
	c.edit("alipay_public_key_file: gateway.pub", certificateFiles)
	code, out := c.doctor()
	wantFound(t, code, out, "certificate_expires")
	roots := c.read("root.crt")
	c.write("root.crt", c.read("app.crt"))
	code, out = c.doctor()
	wantFound(t, code, out, "certificate_mismatch")
	stranger, err := alipaysim.NewAuthority(rand.Reader, time.Now(), pair(t).PrivatePEM)
	if err != nil {
		t.Fatal(err)
	}
	c.write("root.crt", stranger.RootPEM)
	code, out = c.doctor()
	wantFound(t, code, out, "certificate_untrusted")
	c.write("root.crt", roots)
	// F16: a key in a certificate's place is no matter of clocks.
	chain := c.read("alipay.crt")
	c.write("alipay.crt", c.read("gateway.pub"))
	code, out = c.doctor()
	wantFound(t, code, out, "certificate_is_key")
	if strings.Contains(out, "clock") {
		t.Error(out)
	}
	c.write("alipay.crt", strings.ReplaceAll(chain, "\n", `\n`)) // F14
	code, out = c.doctor()
	wantFound(t, code, out, "certificate_expires")
	c.write("app.pem", pair(t).PrivatePEM)
	code, out = c.doctor()
	wantFound(t, code, out, "certificate_mismatch")
	c.write("app.crt", "not a certificate")
	code, out = c.doctor()
	wantFound(t, code, out, "certificate_unreadable")
}
