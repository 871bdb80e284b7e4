package config

import (
	"strings"
	"testing"
)

// production turns the example into a production file.
func production(t *testing.T) string {
	t.Helper()
	return strings.NewReplacer(
		"environment: sandbox", "environment: production",
		`shop: "90`, `shop: "80`,
	).Replace(exampleText(t))
}

func TestProductionLoads(t *testing.T) {
	if _, err := load(place(t, production(t)), nil); err != nil {
		t.Fatal(err)
	}
}

// F03, F06, F10, W01: what the sandbox lets pass and production does not.
func TestProductionIsStricter(t *testing.T) {
	for _, c := range []struct{ name, before, after, path string }{
		{"F03 what the gateway's adapter says of an account", `"801"`, `"901"`, "merchants[0].accounts[0].till.shop"},
		{"W11 buyers sent back to a loopback", "https://m.shop.example/pay/", "http://127.0.0.1:3000/", "merchants[0].return_urls[1]"},
		{"H13 events to a loopback", "https://www.shop.example/paymux/events", "http://127.0.0.1:9000/events", "merchants[0].webhooks[0].url"},
		{"F06 loopback", "base_url: https://pay.shop.example", "base_url: http://127.0.0.1:8080", "server.base_url"},
		{"F06 simulator", "https://till.example.com/pay", "http://127.0.0.1:9999/gateway.do", "gateways[0].url"},
		{"F10 debug", "level: info", "level: debug", "log.level"},
		{"keys end", "        expires: 2027-11-01T00:00:00+08:00\n      # The", "      # The", "merchants[0].api_keys[0].expires"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := loadProblems(t, place(t, edit(t, production(t), c.before, c.after)), nil)
			if !hasPath(got, c.path) {
				t.Errorf("want %s, got\n%v", c.path, got)
			}
		})
	}
}

// A collector is reached by its own path, or by the usual one; in the clear only where nobody
// outside can listen, in production too.
func TestCollectors(t *testing.T) {
	for _, c := range [][2]string{
		{"http://127.0.0.1:4318", "http://127.0.0.1:4318/v1/traces"},
		{"http://otel-collector:4318/", "http://otel-collector:4318/v1/traces"},
		{"http://10.0.0.8:4318/v1/traces", "http://10.0.0.8:4318/v1/traces"},
		{"http://otel.monitoring.svc.cluster.local:4318/", "http://otel.monitoring.svc.cluster.local:4318/v1/traces"},
		{"https://collector.example.com/otlp/v1/traces", "https://collector.example.com/otlp/v1/traces"},
		{"", ""},
	} {
		text := edit(t, production(t), `otlp_endpoint: ""`, `otlp_endpoint: "`+c[0]+`"`)
		got, err := load(place(t, text), nil)
		if err != nil {
			t.Errorf("%s: %v", c[0], err)
		} else if got.Tracing.OTLPEndpoint != c[1] {
			t.Errorf("%s became %s", c[0], got.Tracing.OTLPEndpoint)
		}
	}
	got, err := load(place(t, minimal), []string{"PAYMUX_TRACING_OTLP_ENDPOINT=http://127.0.0.1:4318", "PAYMUX_TRACING_SAMPLE_PERCENT=5"})
	if err != nil || got.Tracing != (Tracing{"http://127.0.0.1:4318/v1/traces", 5}) {
		t.Errorf("from the environment: %+v %v", got, err)
	}
	if got := loadProblems(t, place(t, edit(t, production(t), `otlp_endpoint: ""`, "otlp_endpoint: http://8.8.8.8:4318")), nil); !hasPath(got, "tracing.otlp_endpoint") {
		t.Errorf("in the clear to the outside: %v", got)
	}
}

// F11: two merchants may share an app where both say so; C07 still holds.
func TestF11SharedApp(t *testing.T) {
	second := `
  - id: m2
    name: Second
    accounts:
      - {id: a2, gateway: till, environment: sandbox, channels: [till_page], SHARED
         till: {shop: "901", payee: p2, keys: [{key_file: keys/app_v2.pem}]}}
`
	first := strings.Replace(minimal, `channels: [till_page],`, `channels: [till_page], FIRST`, 1)
	for _, c := range []struct {
		first, second string
		ok            bool
	}{
		{"", "", false},
		{"allow_shared_app: true,", "", false},
		{"", "allow_shared_app: true,", false},
		{"allow_shared_app: true,", "allow_shared_app: true,", true},
	} {
		text := strings.Replace(first, "FIRST", c.first, 1) + strings.Replace(second, "SHARED", c.second, 1)
		path := place(t, text)
		if c.ok {
			if _, err := load(path, nil); err != nil {
				t.Errorf("both declare it: %v", err)
			}
		} else if got := loadProblems(t, path, nil); !hasPath(got, "merchants[1].accounts[0].till.shop") {
			t.Errorf("first %q second %q: %v", c.first, c.second, got)
		}
	}
}
