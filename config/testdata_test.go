package config

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// counted is a source of randomness for keys that need none.
type counted struct{}

func (counted) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(i)
	}
	return len(p), nil
}

// till is a gateway of these tests, so that they know nothing of a real one.
type till struct{}

func (till) Gateway() string    { return "till" }
func (till) Channels() []string { return []string{"till_page", "till_app", "till_code"} }
func (till) Section() Section   { return &tillSection{Pace: 3} }

func (till) CheckGateway(g Gateway, blame Blame) {
	if strings.Contains(g.URL, "closed") {
		blame("url", "is closed", "use another")
	}
}

type tillSection struct {
	Shop     string    `json:"shop" validate:"required,number"`
	Payee    string    `json:"payee" validate:"required"`
	Pace     int       `json:"pace" validate:"min=1"`
	Keys     []tillKey `json:"keys" validate:"required,min=1,dive"`
	RootFile string    `json:"root_file"`
}

type tillKey struct {
	File   string `json:"key_file"`
	Sealed string `json:"key_sealed" validate:"max=4096"`
}

func (s *tillSection) Identity() Identity {
	return Identity{App: s.Shop, Payee: s.Payee, AppSetting: "shop", PayeeSetting: "payee"}
}

func (s *tillSection) Check(a Account, g Gateway, blame Blame) {
	if g.Environment == Production && strings.HasPrefix(s.Shop, "9") {
		blame("shop", "is for play", "use another")
	}
	if s.Pace > 1 && !a.Active {
		blame("pace", "is for active accounts", "take it out")
	}
	for i, k := range s.Keys {
		blame.ExactlyOne(fmt.Sprintf("keys[%d]", i), "key_sealed", k.Sealed, "key_file", k.File)
	}
}

func (s *tillSection) Files(visit VisitFile) {
	for i := range s.Keys {
		visit(fmt.Sprintf("keys[%d].key_file", i), &s.Keys[i].File, true)
	}
	visit("root_file", &s.RootFile, false)
}

func (s *tillSection) Open(master *MasterKey, fault func(setting string, err error)) {
	for i, k := range s.Keys {
		_, err := OpenSecret(master, PurposePrivateKey, k.Sealed, k.File)
		fault(fmt.Sprintf("keys[%d]", i), err)
	}
}

// second is one more gateway, so that what belongs to one is not taken for the other's.
type second struct{ till }

func (second) Gateway() string    { return "second" }
func (second) Channels() []string { return []string{"second_page"} }

// dialects are those of the tests.
func dialects() []Dialect { return []Dialect{till{}, second{}} }

// load is Load with the tests' dialects.
func load(path string, environ []string) (*Config, error) { return Load(path, environ, dialects()...) }

// exampleText is config/example.yaml with the tests' gateway in the place of the real one.
func exampleText(t *testing.T) string {
	t.Helper()
	text := shipped(t)
	before, rest, ok := strings.Cut(text, "    accounts:\n")
	_, after, ok2 := strings.Cut(rest, "    webhooks:\n")
	if !ok || !ok2 {
		t.Fatal("the example has lost its accounts")
	}
	text = before + tillAccounts + after
	text = edit(t, text, "- id: alipay\n", "- id: till\n")
	return edit(t, text, "https://openapi-sandbox.dl.alipaydev.com/gateway.do", "https://till.example.com/pay")
}

const tillAccounts = `    accounts:
      - id: main
        gateway: till
        environment: sandbox
        allow_shared_app: false
        active: true
        channels: [till_page, till_app, till_code]
        till:
          shop: "901"
          payee: p1
          pace: 2
          keys:
            - key_file: keys/app_v2.pem
            - key_file: keys/content.aes
          root_file: keys/alipay_v2.pub
      - id: old
        gateway: till
        environment: sandbox
        active: false
        channels: [till_page]
        till: { shop: "902", payee: p1, pace: 1, keys: [{ key_file: keys/old_app.pem }] }

    webhooks:
`

// shipped is config/example.yaml.
func shipped(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("example.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// place writes text as a configuration file into a fresh directory, with every
// file that the example names beside it, and returns the file's name.
func place(t *testing.T, text string) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range regexp.MustCompile(`\bkeys/[a-z0-9_.]+`).FindAllString(shipped(t), -1) {
		write(t, filepath.Join(dir, name), "not a real key: "+name)
	}
	master := filepath.Join(dir, "keys/master.key")
	if err := os.Remove(master); err != nil {
		t.Fatal(err)
	}
	if _, err := CreateMasterKey(master, counted{}); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "config.yaml")
	write(t, path, text)
	return path
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// edit replaces the one occurrence of before in the example.
func edit(t *testing.T, text, before, after string) string {
	t.Helper()
	if n := strings.Count(text, before); n != 1 {
		t.Fatalf("%q occurs %d times in the example", before, n)
	}
	return strings.Replace(text, before, after, 1)
}
