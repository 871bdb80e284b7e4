package alipaysetup

import (
	"crypto/rand"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/paymux/paymux/config"
)

// refusal is one mistake in an otherwise good file.
type refusal struct {
	name          string // begins with the catalogue row it proves, if there is one
	before, after string // the edit of the example
	path          string // the setting that is blamed, from the first account; or from the root
	says          string // part of what is said
}

func TestRefused(t *testing.T) {
	for _, table := range [][]refusal{worldMistakes(), keyMistakes(), wireMistakes()} {
		for _, c := range table {
			t.Run(c.name, func(t *testing.T) {
				refuse(t, edit(t, example(t), c.before, c.after), c.path, c.says)
			})
		}
	}
}

// refuse wants a file refused for a setting, with its line.
func refuse(t *testing.T, text, path, says string) {
	t.Helper()
	if !strings.HasPrefix(path, "gateways") && !strings.HasPrefix(path, "merchants") {
		path = "merchants[0].accounts[0].alipay." + path
	}
	_, err := config.Load(place(t, text), nil, Dialect{})
	var problems config.Problems
	if !errors.As(err, &problems) {
		t.Fatalf("not refused: %v", err)
	}
	for _, p := range problems {
		if p.Path == path && strings.Contains(p.String(), says) {
			if p.Line == 0 {
				t.Errorf("no line for %v", p)
			}
			return
		}
	}
	t.Errorf("want %s %q, got\n%v", path, says, problems)
}

const second = "merchants[0].accounts[1].alipay."

// F03: sandbox and production never mix.
func worldMistakes() []refusal {
	return []refusal{
		{"F03 production gateway in the sandbox", "https://openapi-sandbox.dl.alipaydev.com", "https://openapi.alipay.com", "gateways[0].url", "production gateway"},
		{"F03 production gateway in capitals", "https://openapi-sandbox.dl.alipaydev.com", "https://OpenAPI.Alipay.com", "gateways[0].url", "production gateway"},
		{"F03 dead sandbox", "https://openapi-sandbox.dl.alipaydev.com", "https://openapi.alipaydev.com", "gateways[0].url", "old sandbox"},
		{"F03 production app at the sandbox", `"9021000100000001"`, `"2021003100000001"`, "app_id", "production app"},
		{"F11 same app and payee twice", `app_id: "9021000100000009"`, `app_id: "9021000100000001"`, second + "app_id",
			"and seller_id are those of merchants[0].accounts[0]; one account per app and payee; rotate keys inside it"},
		{"number for text", `app_id: "9021000100000001"`, `app_id: 9021000100000001`, "app_id", "quotes"},
		{"a number too short", `app_id: "9021000100000001"`, `app_id: "902100010000001"`, "app_id", "exactly 16"},
		{"letters in a number", `op_app_id: "9021000100000002"`, `op_app_id: "90210001000000O2"`, "op_app_id", "digits only"},
		{"a sign and a point in a number", `app_id: "9021000100000001"`, `app_id: "+902100010000.01"`, "app_id", "digits only"},
		{"payee is no payee", "seller_id: \"2088000000000001\"\n          op_app_id", "seller_id: \"9021000000000001\"\n          op_app_id", "seller_id", "2088"},
		{"unknown setting", "          op_app_id:", "          opp_app_id:", "opp_app_id", "op_app_id"},
		{"channel of nobody", "channels: [alipay_mini]", "channels: [alipay_wap]", "merchants[0].accounts[1].channels[0]",
			"use one of: alipay_mini wechat_h5 douyin_h5"},
	}
}

func keyMistakes() []refusal {
	return []refusal{
		{"F12 private key absent", "              private_key_file: keys/app_v2.pem\n", "", "keys[0]", "no secret"},
		{"F04 private key twice", "              private_key_file: keys/app_v2.pem\n", "              private_key_file: keys/app_v2.pem\n              private_key_sealed: v1.AAAA\n", "keys[0]", "two secrets"},
		{"two private keys where none is needed", "              use: verify_only\n", "              use: verify_only\n              private_key_file: keys/app_v2.pem\n              private_key_sealed: v1.AAAA\n", "keys[1]", "two private keys"},
		{"nothing to verify with", "              alipay_public_key_file: keys/alipay_v2.pub\n", "", "keys[0]", "verify"},
		{"two ways to verify", "              aes_key_file:", "              app_cert_file: keys/old_app.crt\n              aes_key_file:", "keys[0]", "public key and certificates"},
		{"certificate missing", "              alipay_cert_file: keys/old_alipay.crt\n", "", second + "keys[0]", "certificate mode needs"},
		{"certificate missing to verify", "              alipay_public_key_file: keys/alipay_v1.pub\n", "              alipay_cert_file: keys/old_alipay.crt\n", "keys[1]", "alipay_root_cert_file"},
		{"F01 private key as Alipay's", "keys/alipay_v2.pub", "keys/app_v2.pem", "keys[0].alipay_public_key_file", "private key's file"},
		{"F09 key file absent", "keys/app_v2.pem", "keys/gone.pem", "keys[0].private_key_file", "no file"},
		{"the signing key ends", "              aes_key_file:", "              not_after: 2027-01-01T00:00:00+08:00\n              aes_key_file:", "keys[0].not_after", "verify_only"},
		{"two current keys", "use: verify_only", "use: current", "keys", "exactly one"},
		{"no current key", "- version: v2\n              use: current", "- version: v2\n              use: verify_only", "keys", "exactly one"},
		{"one version twice", "- version: v2", "- version: v1", "keys[1].version", "taken by another key"},
		{"a use of nobody", "- version: v2\n              use: current", "- version: v2\n              use: signs", "keys[0].use", "current verify_only"},
	}
}

func wireMistakes() []refusal {
	return []refusal{
		{"SM2 on v3", "          protocol: classic # or v3\n          sign_type: RSA2", "          protocol: v3\n          sign_type: SM2", "sign_type", "does not take"},
		{"encryption without a key", "              aes_key_file: keys/content.aes\n", "", "encrypt_content", "no AES key"},
		{"a v3 switch on classic", "trust_unsigned_v3_errors: false", "trust_unsigned_v3_errors: true", "trust_unsigned_v3_errors", "classic"},
		{"a certificate switch without certificates", "drop_cert_sn_in_notify: false", "drop_cert_sn_in_notify: true", "drop_cert_sn_in_notify", "certificate mode"},
		{"a third way to pay", "mini_pay: trade_no", "mini_pay: h5", "mini_pay", "trade_no order_string"},
		{"a burst of one of nothing", "calls_per_second: 50 # 0: no limit of our own\n          burst: 100", "burst: 1", "burst", "calls_per_second"},
		{"a burst of nothing", "calls_per_second: 50", "calls_per_second: 0", "burst", "calls_per_second"},
		{"F08 no time to answer", "timeout_seconds: 15", "timeout_seconds: 0", "timeout_seconds", "at least 1"},
	}
}

// An order string is for one channel, and of no use without it.
func TestOrderStringsOfNoChannel(t *testing.T) {
	text := edit(t, example(t), "mini_pay: trade_no", "mini_pay: order_string")
	if _, err := config.Load(place(t, text), nil, Dialect{}); err != nil {
		t.Fatal(err)
	}
	refuse(t, edit(t, text, "channels: [alipay_mini, wechat_h5, douyin_h5]", "channels: [wechat_h5, douyin_h5]"), "mini_pay", "alipay_mini")
}

// F03: what the sandbox lets pass and production does not, and the reverse.
func TestF03Worlds(t *testing.T) {
	production := strings.NewReplacer("environment: sandbox", "environment: production",
		"https://openapi-sandbox.dl.alipaydev.com", "https://openapi.alipay.com", `"9021000`, `"2021003`).Replace(example(t))
	for _, good := range []string{
		production, example(t),
		// formerly the sandbox's own
		edit(t, example(t), `"9021000100000001"`, `"2021000100000001"`),
		// the simulator
		edit(t, example(t), `https://openapi-sandbox.dl.alipaydev.com/gateway.do`, `http://127.0.0.1:9999/gateway.do`),
	} {
		if _, err := config.Load(place(t, good), nil, Dialect{}); err != nil {
			t.Error(err)
		}
	}
	for _, c := range [][4]string{
		{"https://openapi.alipay.com", "https://openapi-sandbox.dl.alipaydev.com", "gateways[0].url", "sandbox gateway"},
		{`"2021003100000001"`, `"9021000100000001"`, "app_id", "sandbox app"},
		{`"2021003100000001"`, `"2021000100000001"`, "app_id", "sandbox app"},
	} {
		refuse(t, edit(t, production, c[0], c[1]), c[2], c[3])
	}
}

// The example is what the settings say, with defaults where it says nothing.
func TestSettingsOfTheExample(t *testing.T) {
	path := place(t, example(t))
	c, err := config.Load(path, nil, Dialect{})
	if err != nil {
		t.Fatal(err)
	}
	first, old := Settings(c.Merchants[0].Accounts[0]), Settings(c.Merchants[0].Accounts[1])
	if first.AppID != "9021000100000001" || first.CallsPerSecond != 50 || len(first.Keys) != 2 || first.Keys[1].Use != VerifyOnly {
		t.Errorf("%+v", first)
	}
	if want := filepath.Join(filepath.Dir(path), "keys/app_v2.pem"); first.Keys[0].PrivateKeyFile != want {
		t.Errorf("private key file %q, want %q", first.Keys[0].PrivateKeyFile, want)
	}
	if old.MiniPay != TradeNo || old.Protocol != "classic" || old.SignType != "RSA2" || old.TimeoutSeconds != 15 || old.BreakAfter != 20 ||
		old.BreakSeconds != 10 || old.CallsPerSecond != 0 {
		t.Errorf("defaults of the wire: %+v", old)
	}
	if none := Settings(config.Account{}); none.AppID != "" || len(none.Keys) != 0 {
		t.Errorf("an account of another gateway has %+v", none)
	}
}

// F09: files with secrets in them that everybody may read are refused; public ones are not.
func TestF09FileModes(t *testing.T) {
	for name, setting := range map[string]string{"keys/app_v2.pem": "keys[0].private_key_file", "keys/content.aes": "keys[0].aes_key_file"} {
		path := place(t, example(t))
		if err := os.Chmod(filepath.Join(filepath.Dir(path), name), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := config.Load(path, nil, Dialect{}); err == nil || !strings.Contains(err.Error(), setting) || !strings.Contains(err.Error(), "chmod 600") {
			t.Errorf("%s: %v", name, err)
		}
	}
	path := place(t, example(t))
	for _, public := range []string{"alipay_v2.pub", "old_app.crt", "old_alipay.crt", "alipay_root.crt"} {
		if err := os.Chmod(filepath.Join(filepath.Dir(path), "keys", public), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := config.Load(path, nil, Dialect{}); err != nil {
		t.Error(err)
	}
}

func example(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../../../config/example.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// place writes a configuration, and beside it every file that the example names.
func place(t *testing.T, text string) string {
	t.Helper()
	folder := t.TempDir()
	write := func(name, text string) {
		full := filepath.Join(folder, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(full), 0o700), os.WriteFile(full, []byte(text), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range regexp.MustCompile(`\bkeys/[a-z0-9_.]+`).FindAllString(example(t), -1) {
		write(name, "not a real key: "+name)
	}
	master := filepath.Join(folder, "keys/master.key")
	if err := os.Remove(master); err != nil {
		t.Fatal(err)
	}
	if _, err := config.CreateMasterKey(master, rand.Reader); err != nil {
		t.Fatal(err)
	}
	write("config.yaml", text)
	return filepath.Join(folder, "config.yaml")
}

// edit replaces the one occurrence of before.
func edit(t *testing.T, text, before, after string) string {
	t.Helper()
	if n := strings.Count(text, before); n != 1 {
		t.Fatalf("%q occurs %d times", before, n)
	}
	return strings.Replace(text, before, after, 1)
}
