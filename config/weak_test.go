package config

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// F23: what nobody must use as a secret, and what many rightly do.
func TestSecretsAreWeighed(t *testing.T) {
	sixteen := "0123456789abcdef"
	for _, c := range []struct{ name, secret, why string }{
		{"empty", "", "has 0 bytes"},
		{"31 bytes", sixteen + sixteen[:15], "has 31 bytes"},
		{"32 bytes, 16 of them different", sixteen + sixteen, ""},
		{"15 different", strings.Repeat("0123456789abcdé"[:15], 3), "15 different bytes"},
		{"one byte", strings.Repeat("x", 64), "1 different bytes"},
		{"a word many times", strings.Repeat("password", 8), "different bytes"},
		{"digits", strings.Repeat("0123456789", 6), "10 different bytes"},
		{"drawn by openssl rand -hex 32, one digit missing", "a1b2c3d4e5f60718293a4b5c6d7e8091a2b3c4d5e6071829304b5c6d7e8091a2", ""},
		{"hex of one byte", strings.Repeat("ab", 40), "2 different bytes"},
		{"hex of 15 bytes", strings.Repeat("00112233445566778899aabbccddee", 3), "15 different bytes"},
		{"hex of too few bytes", "00112233445566778899aabbccddeeaabb", "15 different bytes"},
		{"drawn in base32", "mfrggzdfmztwq2lknnwg23tpobyxe43uov3ho6dzpiydcmrtgq2q", ""},
		{"drawn in base64", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw3Vb0XU5pW4Q=", ""},
		{"of the worked examples", "a signing secret of enough bytes", "printed"},
	} {
		err := weigh(c.secret, minSecretBytes)
		var weak *WeakSecret
		if c.why == "" != (err == nil) || err != nil && (!errors.As(err, &weak) || !strings.Contains(weak.Why, c.why) || weak.Mend() == "") {
			t.Errorf("%s: %v, want %q", c.name, err, c.why)
		}
		if err != nil && len(c.secret) > 8 && strings.Contains(err.Error(), c.secret) {
			t.Errorf("%s: the secret is shown: %v", c.name, err)
		}
	}
}

// F23: whichever way a secret comes in, a weak one does not come through; what was loaded is
// refused with its place in the file.
func TestWeakSecretsAreRefusedEverywhere(t *testing.T) {
	c, err := load(place(t, exampleText(t)), nil)
	if err != nil {
		t.Fatal(err)
	}
	master, err := OpenMasterKey(c.Secrets.MasterKeyFile, counted{})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "weak.secret")
	write(t, file, strings.Repeat("weak", 20)+"\n")
	sealed := func(purpose, text string) string {
		box, err := master.Seal(purpose, []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		return box
	}
	hash := func(text string) string { sum := sha256.Sum256([]byte(text)); return hex.EncodeToString(sum[:]) }
	const printed = "a signing secret of enough bytes"
	keys, hooks := "merchants[0].api_keys[0]", "merchants[0].webhooks[0].secrets[0]"
	for _, s := range []struct {
		name, path string
		key        APIKey
		hook       WebhookSecret
	}{
		{name: "key in a file", path: keys, key: APIKey{ID: "k", Mode: Signed, SecretFile: file}},
		{name: "key sealed", path: keys, key: APIKey{ID: "k", Mode: Signed, SecretSealed: sealed(PurposeAPIKey, "short")}},
		{name: "key printed", path: keys, key: APIKey{ID: "k", Mode: Signed, SecretSealed: sealed(PurposeAPIKey, printed)}},
		{name: "hash printed", path: keys, key: APIKey{ID: "k", Mode: Bearer, SecretHash: c.Merchants[0].APIKeys[1].SecretHash}},
		{name: "hash of what is printed", path: keys, key: APIKey{ID: "k", Mode: Bearer, SecretHash: hash(printed)}},
		{name: "hash of nothing", path: keys, key: APIKey{ID: "k", Mode: Bearer, SecretHash: strings.ToUpper(hash(""))}},
		{name: "webhook in a file", path: hooks, hook: WebhookSecret{ID: "s", File: file}},
		{name: "webhook of one byte", path: hooks, hook: WebhookSecret{ID: "s", Sealed: sealed(PurposeWebhook, "whsec_"+base64.StdEncoding.EncodeToString(make([]byte, 32)))}},
		{name: "webhook printed", path: hooks, hook: WebhookSecret{ID: "s", Sealed: sealed(PurposeWebhook, base64.StdEncoding.EncodeToString([]byte(printed)))}},
		{name: "nothing", path: ""},
	} {
		tried := *c
		tried.Merchants = []Merchant{c.Merchants[0]}
		tried.Merchants[0].APIKeys, tried.Merchants[0].Webhooks = nil, nil
		if s.key.ID != "" {
			tried.Merchants[0].APIKeys = []APIKey{s.key}
		}
		if s.hook.ID != "" {
			tried.Merchants[0].Webhooks = []Webhook{{ID: "w", Secrets: []WebhookSecret{s.hook}}}
		}
		var problems Problems
		err := tried.CheckSealed(master)
		if s.path == "" && err != nil || s.path != "" && (!errors.As(err, &problems) || !hasPath(problems, s.path) || !strings.Contains(problems[0].Mend, "paymux keys")) {
			t.Errorf("%s: %v", s.name, err)
		}
	}
}

// F23: every secret that the documents and examples print is known to be printed.
func TestPrintedSecretsAreKnown(t *testing.T) {
	var files []string
	for _, pattern := range []string{"../*.md", "../docs/*", "../*/*.yaml", "../*/*/*.tmpl", "../*.yaml", "../*/README.md"} {
		found, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, found...)
	}
	// Text that is said to be a secret, in quotes of any kind, and what looks drawn, on a line
	// about keys.
	said := regexp.MustCompile("(?i)secret[\"'` :=]{1,5}[\"'`]([^\"'`]{8,128})[\"'`]|secret(?:_hash)?[:=] *([^ \"'`]{8,128})")
	drawn := regexp.MustCompile(`(?:^|[^A-Za-z0-9+/=_-]|[A-Z]=)((?:whsec_|pmx_\w+_)?[A-Za-z0-9+/]{24,128}={0,2})`)
	about := regexp.MustCompile(`(?i)secret|key|bearer|token`)
	seen := 0
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			continue // a folder
		}
		for line := range strings.Lines(string(text)) {
			found := said.FindAllStringSubmatch(line, -1)
			// which hold hashes of other things
			if about.MatchString(line) && filepath.Ext(file) != ".json" {
				found = append(found, drawn.FindAllStringSubmatch(line, -1)...)
			}
			for _, m := range found {
				secret := strings.TrimSpace(strings.Join(m[1:], ""))
				if strings.Contains(secret, "/v1/") {
					continue // an address
				}
				if slices.Contains(printedSecrets(), secret) {
					seen++
				} else if weigh(secret, minSecretBytes) == nil && strings.ContainsAny(secret, "0123456789") || strings.Contains(m[0], "ecret `") {
					t.Errorf("%s prints %q: put it into printedSecrets", file, secret)
				}
			}
		}
	}
	if seen < 4 {
		t.Errorf("%d printed secrets were found: are they still collected?", seen)
	}
}
