package config

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// F10: no way of printing shows the text, not even from an unexported field.
func TestF10SecretNeverPrints(t *testing.T) {
	const text = "hunter2hunter2"
	s := NewSecret(text)
	hidden := struct {
		inner Secret
		Outer *Secret
		List  []Secret
	}{s, &s, []Secret{s}}
	var out bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%p", "%T", "%10s", "%!"} {
		fmt.Fprintf(&out, verb+" "+verb+"\n", s, hidden)
	}
	fmt.Fprint(&out, s, hidden, fmt.Errorf("wrapped %v", s))
	for _, marshal := range []func(any) ([]byte, error){json.Marshal, yaml.Marshal} {
		printed, err := marshal(map[string]any{"s": s, "h": hidden})
		if err != nil {
			t.Fatal(err)
		}
		out.Write(printed)
	}
	for _, h := range []slog.Handler{slog.NewJSONHandler(&out, nil), slog.NewTextHandler(&out, nil)} {
		slog.New(h).Info("start", "secret", s, "group", hidden, slog.Group("g", "s", &s))
	}
	hex := fmt.Sprintf("%x", text)
	if got := out.String(); strings.Contains(got, text) || strings.Contains(strings.ToLower(got), hex) {
		t.Errorf("shown:\n%s", got)
	}
	if !strings.Contains(out.String(), mask) {
		t.Error("*** is nowhere: the test prints nothing")
	}
	if s.Reveal() != text || s.Empty() || !NewSecret("").Empty() || (Secret{}).Reveal() != "" {
		t.Error("the text is not kept")
	}
}

// F10: a whole configuration can be logged.
func TestF10ConfigurationCanBeLogged(t *testing.T) {
	c, err := load(place(t, minimal), []string{"PAYMUX_DB_DRIVER=mysql", "PAYMUX_DB_DSN=pay:hunter2@tcp(db:3306)/paymux", "PAYMUX_QUEUE_URL=nats://u:hunter2@queue:4222"})
	if err != nil {
		t.Fatal(err)
	}
	asJSON, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	if all := fmt.Sprintf("%v %+v %#v %s", c, *c, c, asJSON); strings.Contains(all, "hunter2") {
		t.Errorf("password shown: %s", all)
	}
}

// Problems never repeat a value: it may be a secret in the wrong place.
func TestProblemsShowNoValues(t *testing.T) {
	for _, text := range []string{
		strings.Replace(minimal, "dsn: paymux.db", "dsn: {password: hunter2}", 1),
		strings.Replace(minimal, "master_key_file: keys/master.key", "master_key_file: [hunter2]", 1),
		strings.Replace(minimal, "secret_file: keys/shop_server.secret", "secret_hash: hunter2", 1),
		strings.Replace(minimal, `base_url: "http://127.0.0.1:8080"`, `base_url: "https://u:hunter2@pay.example.com"`, 1),
	} {
		if got := loadProblems(t, place(t, text), []string{"PAYMUX_JOBS_BATCH=hunter2"}); strings.Contains(got.Error(), "hunter2") {
			t.Errorf("%v", got)
		}
	}
}
