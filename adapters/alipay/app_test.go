package alipay

import (
	"strings"
	"testing"
	"time"
)

// F03: sandbox and production never mix.
func TestNewApp_environment(t *testing.T) {
	for _, c := range []struct {
		name, gateway, appID string
		environment          Environment
		accepted             bool
	}{
		{"F03 production", ProductionGateway, "2021001161683774", Production, true},
		{"F03 sandbox", SandboxGateway, "9021000123456789", Sandbox, true},
		{"F03 old sandbox id", SandboxGateway, "2021000117673683", Sandbox, true},
		{"F03 simulator here", "http://127.0.0.1:8080/gateway.do", "2021000000000001", Sandbox, true},
		{"F03 simulator over IPv6", "http://[::1]:8080/gateway.do", "2021000000000001", Sandbox, true},
		{"F03 production app, sandbox gateway", SandboxGateway, "2021001161683774", Sandbox, false},
		{"F03 production environment, sandbox gateway", SandboxGateway, "2021001161683774", Production, false},
		{"F03 sandbox environment, production gateway", ProductionGateway, "9021000123456789", Sandbox, false},
		{"F03 sandbox app, production gateway", ProductionGateway, "9021000123456789", Production, false},
		{"F03 production at a simulator", "http://127.0.0.1:8080/gateway.do", "2021001161683774", Production, false},
		{"dead sandbox", "https://openapi.alipaydev.com/gateway.do", "9021000123456789", Sandbox, false},
		{"no environment", ProductionGateway, "2021001161683774", "", false},
		{"in the clear", "http://openapi.alipay.com/gateway.do", "2021001161683774", Production, false},
		{"in the clear beyond this host", "http://10.0.0.1/gateway.do", "2021000000000001", Sandbox, false},
		{"with query", ProductionGateway + "?a=1", "2021001161683774", Production, false},
		{"with user", "https://u:p@openapi.alipay.com/gateway.do", "2021001161683774", Production, false},
		{"no address", "gateway.do", "2021001161683774", Production, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			config := testConfig(t)
			config.Gateway, config.AppID, config.Environment = c.gateway, c.appID, c.environment
			app, err := NewApp(config)
			if (err == nil) != c.accepted {
				t.Fatalf("accepted %v, want %v: %v", err == nil, c.accepted, err)
			}
			if c.accepted && app.Environment() != c.environment {
				t.Fatal("the environment is not stamped")
			}
			if !c.accepted {
				wantRefusal(t, err, ErrConfig)
			}
		})
	}
}

func TestNewApp_refusesIncompleteConfig(t *testing.T) {
	for name, change := range map[string]func(*AppConfig){
		"no app id":          func(c *AppConfig) { c.AppID = "" },
		"app id with blanks": func(c *AppConfig) { c.AppID = "2021 1" },
		"seller id":          func(c *AppConfig) { c.SellerID = "2088" },
		"no clock":           func(c *AppConfig) { c.Now = nil },
		"v3 without nonce":   func(c *AppConfig) { c.Protocol, c.Nonce = ProtocolV3, nil },
		"protocol":           func(c *AppConfig) { c.Protocol = "v4" },
		"timeout":            func(c *AppConfig) { c.Timeout = -1 },
		"no keys":            func(c *AppConfig) { c.Keys = nil },
		"nothing current":    func(c *AppConfig) { c.Keys[0].Use = KeyVerifyOnly },
		"two current":        func(c *AppConfig) { k := c.Keys[0]; k.Version = "v2"; c.Keys = append(c.Keys, k) },
		"same version twice": func(c *AppConfig) { c.Keys = append(c.Keys, c.Keys[0]) },
		"no version":         func(c *AppConfig) { c.Keys[0].Version = "" },
		"no use":             func(c *AppConfig) { c.Keys[0].Use = "" },
		"current, no secret": func(c *AppConfig) { c.Keys[0].PrivateKey = "" },
		"encrypt, no key":    func(c *AppConfig) { c.EncryptContent = true },
		"AES of 8 bytes":     func(c *AppConfig) { c.Keys[0].AESKey = "AAAAAAAAAAA=" },
		"five versions": func(c *AppConfig) {
			for _, version := range []string{"a", "b", "c", "d"} {
				c.Keys = append(c.Keys, KeyConfig{Version: version, Use: KeyVerifyOnly, AlipayPublicKey: c.Keys[0].AlipayPublicKey})
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			config := testConfig(t)
			change(&config)
			if _, err := NewApp(config); err == nil {
				t.Fatal("accepted")
			} else if strings.Contains(err.Error(), config.AppID+"MI") {
				t.Fatal("key text in the error")
			}
		})
	}
}

func TestApp_says(t *testing.T) {
	app := newTestApp(t, nil)
	if app.ID() != testAppID || app.SellerID() != testSellerID || app.KeyVersion() != "v1" || len(app.Certificates()) != 0 {
		t.Fatalf("%v %v %v", app.ID(), app.SellerID(), app.KeyVersion())
	}
}

func TestTime(t *testing.T) {
	instant := time.Date(2026, 11, 22, 15, 59, 59, 0, time.UTC)
	if got := FormatTime(instant); got != "2026-11-22 23:59:59" {
		t.Fatalf("China time is %q", got)
	}
	for text, want := range map[string]time.Time{
		"2026-11-22 23:59:59":     instant,
		"2026-11-22 23:59:59.123": instant.Add(123 * time.Millisecond),
	} {
		if got, err := ParseTime(text); err != nil || !got.Equal(want) {
			t.Errorf("%q read as %v, %v", text, got, err)
		}
	}
	var odd Time
	if err := odd.UnmarshalText([]byte("yesterday")); err != nil || !odd.IsZero() {
		t.Error("an odd time must read as zero, not as an error")
	}
}
