package main

import (
	"bytes"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/paymux/paymux/web/command"
)

// said runs a command line and returns all that it says.
func said(t *testing.T, environ []string, args ...string) (code int, text string) {
	t.Helper()
	var out bytes.Buffer
	code = command.Run(t.Context(), args, command.Streams{Out: &out, Err: &out, Environ: environ, Now: time.Now, Random: bytes.NewReader(nil)})
	return code, out.String()
}

// understood tells whether the program has the command and the flags of a line.
func understood(t *testing.T, args []string) bool {
	t.Helper()
	code, text := said(t, nil, append(slices.Clone(args), "--help")...)
	return code == 0 && strings.Contains(text, "paymux "+args[0])
}

// settings tells which variables are none of the configuration's.
func noSettings(t *testing.T, environ []string) []string {
	t.Helper()
	_, text := said(t, environ, "check", "--config", "config/example.yaml")
	return regexp.MustCompile(`PAYMUX_\w+\W+is not a setting`).FindAllString(text, -1)
}

func textOf(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// The probes of the tests below notice what is not there.
func TestDeploymentTestsCanFail(t *testing.T) {
	if understood(t, []string{"serve", "--colour"}) || understood(t, []string{"fly"}) || !understood(t, []string{"serve", "--migrate"}) {
		t.Error("flags and commands are not told apart")
	}
	if got := noSettings(t, []string{"PAYMUX_DB_DNS=x", "PAYMUX_DB_DRIVER=mysql"}); len(got) != 1 {
		t.Errorf("of a misspelt and a right variable these are none: %q", got)
	}
}

// The unit's commands, flags and settings exist, and systemd takes it.
func TestSystemdUnit(t *testing.T) {
	const file = "docs/deploy/paymux.service"
	text := textOf(t, file)
	for _, m := range regexp.MustCompile(`(?m)^Exec\w+=/usr/local/bin/paymux (.*)$`).FindAllStringSubmatch(text, -1) {
		if !understood(t, strings.Fields(m[1])) {
			t.Errorf("paymux %s: no such command or flag", m[1])
		}
	}
	var environ []string
	for _, m := range regexp.MustCompile(`(?m)^Environment=(.*)$`).FindAllStringSubmatch(text, -1) {
		environ = append(environ, m[1])
	}
	if wrong := noSettings(t, environ); len(environ) == 0 || len(wrong) > 0 {
		t.Errorf("%q: %q", environ, wrong)
	}
	for _, want := range []string{"User=paymux", "StateDirectory=paymux", "LoadCredential=master.key:", "NoNewPrivileges=yes", "ProtectSystem=strict"} {
		if !strings.Contains(text, "\n"+want) {
			t.Errorf("%s lacks %s", file, want)
		}
	}
	if strings.Count(text, "\nExecStart=") != 1 {
		t.Error("there is to be one ExecStart")
	}
	analyze, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Log("systemd-analyze is not there: the unit was read by this test alone")
		return
	}
	own, err := os.Executable() // verify wants a binary that is there
	if err != nil {
		t.Fatal(err)
	}
	unit := filepath.Join(t.TempDir(), "paymux.service")
	if err := os.WriteFile(unit, []byte(strings.ReplaceAll(text, "/usr/local/bin/paymux", own)), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), analyze, "verify", "--man=no", unit).CombinedOutput()
	for line := range strings.Lines(string(out)) {
		if strings.Contains(line, "paymux.service") {
			t.Errorf("systemd-analyze: %s", line)
		}
	}
	t.Logf("systemd-analyze verify: %v", err)
}

// composeFile is what the test reads of compose.yaml.
type composeFile struct {
	Services map[string]struct {
		Environment map[string]string
		Command     []string
		Networks    []string
		Secrets     []any
		Ports       []string
		Expose      []string
		Volumes     []string
		Healthcheck struct{ Test []string }
	}
	Networks map[string]struct {
		Ipam struct {
			Config []struct{ Subnet, Gateway string }
		}
	}
	Secrets map[string]struct{ File string }
	Volumes map[string]any
}

// The compose file's settings and commands exist; whoever is named is there; metrics can be reached
// and are not published; the proxy that is believed is this machine's address on that network;
// secrets are files.
func TestCompose(t *testing.T) {
	var c composeFile
	if err := yaml.Unmarshal([]byte(textOf(t, "compose.yaml")), &c); err != nil {
		t.Fatal(err)
	}
	paymux := c.Services["paymux"]
	var environ []string
	for name, value := range paymux.Environment {
		environ = append(environ, name+"="+value)
	}
	if wrong := noSettings(t, environ); len(environ) < 4 || len(wrong) > 0 {
		t.Errorf("%q: %q", environ, wrong)
	}
	for name, s := range c.Services {
		for _, network := range s.Networks {
			if _, ok := c.Networks[network]; !ok {
				t.Errorf("%s: there is no network %s", name, network)
			}
		}
		for _, port := range s.Ports {
			if !strings.HasPrefix(port, "127.0.0.1:") {
				t.Errorf("%s: %s is published to everybody", name, port)
			}
		}
		for _, volume := range s.Volumes {
			if from, _, _ := strings.Cut(volume, ":"); strings.HasPrefix(from, "./docs/") {
				_ = textOf(t, from)
			}
		}
	}
	if args := paymux.Healthcheck.Test; len(args) < 3 || args[0] != "CMD" || !understood(t, args[2:]) {
		t.Errorf("the health check %q", args)
	}
	if !slices.Contains(paymux.Expose, "9090") || !strings.HasSuffix(paymux.Environment["PAYMUX_SERVER_ADMIN_LISTEN"], ":9090") || !slices.Contains(paymux.Networks, "monitoring") {
		t.Error("nobody reaches the metrics")
	}
	front := c.Networks["front"].Ipam.Config
	if len(front) != 1 || paymux.Environment["PAYMUX_SERVER_TRUSTED_PROXIES"] != front[0].Gateway+"/32" {
		t.Fatalf("the proxies that are believed are not the gateway of %+v", front)
	}
	if subnet, err := netip.ParsePrefix(front[0].Subnet); err != nil || !subnet.Contains(netip.MustParseAddr(front[0].Gateway)) {
		t.Errorf("%s is not in %s: %v", front[0].Gateway, front[0].Subnet, err)
	}
	for name, s := range c.Secrets {
		if !strings.HasPrefix(s.File, "./deploy/") || !strings.Contains(textOf(t, ".gitignore"), "\n/deploy/") {
			t.Errorf("the secret %s lies in %s, which git may take", name, s.File)
		}
	}
	if len(c.Services["prometheus"].Networks) != 1 || !strings.Contains(textOf(t, "docs/deploy/prometheus.yaml"), "paymux:9090") {
		t.Error("Prometheus asks nobody")
	}
}

// The image's last stage is empty but for what is copied into it, and its commands exist.
func TestDockerfile(t *testing.T) {
	text := textOf(t, "Dockerfile")
	last := text[strings.LastIndex(text, "\nFROM "):]
	if !strings.HasPrefix(last, "\nFROM scratch\n") || strings.Contains(last, "\nRUN ") || !strings.Contains(last, "\nUSER 10001:10001\n") {
		t.Errorf("the last stage is\n%s", last)
	}
	if !strings.Contains(text, "CGO_ENABLED=0") || !strings.Contains(text, "ca-certificates.crt") {
		t.Error("a static binary and the authorities are needed in an empty image")
	}
	for _, m := range regexp.MustCompile(`(?m)CMD (\[.*\])$`).FindAllStringSubmatch(last, -1) {
		var args []string
		if err := yaml.Unmarshal([]byte(m[1]), &args); err != nil {
			t.Fatal(err)
		}
		if args[0] == "/usr/local/bin/paymux" {
			args = args[1:]
		}
		if !understood(t, args) {
			t.Errorf("paymux %v: no such command or flag", args)
		}
	}
	if n := fmt.Sprint(strings.Count(last, "CMD [")); n != "2" {
		t.Errorf("%s commands, want the server's and the health check's", n)
	}
}
