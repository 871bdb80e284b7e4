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
		"https://openapi-sandbox.dl.alipaydev.com", "https://openapi.alipay.com",
		`"9021000`, `"2021003`,
	).Replace(exampleText(t))
}

func TestProductionLoads(t *testing.T) {
	if _, err := Load(place(t, production(t)), nil); err != nil {
		t.Fatal(err)
	}
}

// F03, F06, F10, W01: what the sandbox lets pass and production does not.
func TestProductionIsStricter(t *testing.T) {
	for _, c := range []struct{ name, before, after, path string }{
		{"F03 sandbox gateway", "https://openapi.alipay.com", "https://openapi-sandbox.dl.alipaydev.com", "gateways[0].url"},
		{"F03 sandbox app", `"2021003100000001"`, `"9021000100000001"`, "merchants[0].accounts[0].app_id"},
		{"F03 former sandbox app", `"2021003100000001"`, `"2021000100000001"`, "merchants[0].accounts[0].app_id"},
		{"W11 buyers sent back to a loopback", "https://m.shop.example/pay/", "http://127.0.0.1:3000/", "merchants[0].return_urls[1]"},
		{"H13 events to a loopback", "https://www.shop.example/paymux/events", "http://127.0.0.1:9000/events", "merchants[0].webhooks[0].url"},
		{"F06 loopback", "base_url: https://pay.shop.example", "base_url: http://127.0.0.1:8080", "server.base_url"},
		{"F06 simulator", "https://openapi.alipay.com/gateway.do", "http://127.0.0.1:9999/gateway.do", "gateways[0].url"},
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

// A collector is reached by its own path, or by the usual one; in the clear only where nobody outside can listen, in production too.
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
		got, err := Load(place(t, text), nil)
		if err != nil {
			t.Errorf("%s: %v", c[0], err)
		} else if got.Tracing.OTLPEndpoint != c[1] {
			t.Errorf("%s became %s", c[0], got.Tracing.OTLPEndpoint)
		}
	}
	got, err := Load(place(t, minimal), []string{"PAYMUX_TRACING_OTLP_ENDPOINT=http://127.0.0.1:4318", "PAYMUX_TRACING_SAMPLE_PERCENT=5"})
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
      - {id: a2, gateway: alipay, environment: sandbox, app_id: "2021000000000001", seller_id: "2088000000000002", channels: [alipay_mini], SHARED
         keys: [{version: v1, use: current, private_key_file: keys/app_v2.pem, alipay_public_key_file: keys/alipay_v2.pub}]}
`
	first := strings.Replace(minimal, `channels: [alipay_mini],`, `channels: [alipay_mini], FIRST`, 1)
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
			if _, err := Load(path, nil); err != nil {
				t.Errorf("both declare it: %v", err)
			}
		} else if got := loadProblems(t, path, nil); !hasPath(got, "merchants[1].accounts[0].app_id") {
			t.Errorf("first %q second %q: %v", c.first, c.second, got)
		}
	}
}
