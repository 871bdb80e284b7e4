package config

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// F09: files with secrets in them that everybody may read, or a group may write, are refused;
// public keys and certificates may be read by anybody.
func TestF09FileModes(t *testing.T) {
	secret := map[string]string{
		"keys/master.key":         "secrets.master_key_file",
		"keys/app_v2.pem":         "merchants[0].accounts[0].till.keys[0].key_file",
		"keys/content.aes":        "merchants[0].accounts[0].till.keys[1].key_file",
		"keys/night_shift.secret": "operators[0].secret_file",
		"keys/shop_server.secret": "merchants[0].api_keys[0].secret_file",
		"keys/webhook_s2.secret":  "merchants[0].webhooks[0].secrets[0].secret_file",
	}
	for name, setting := range secret {
		for _, mode := range []os.FileMode{0o604, 0o660, 0o620, 0o601, 0o644, 0o666} {
			path := place(t, exampleText(t))
			if err := os.Chmod(filepath.Join(filepath.Dir(path), name), mode); err != nil {
				t.Fatal(err)
			}
			got := loadProblems(t, path, nil)
			if !hasPath(got, setting) || !strings.Contains(got.Error(), "chmod 600") {
				t.Errorf("%s %04o: %v", name, mode, got)
			}
		}
	}
	path := place(t, exampleText(t))
	for _, public := range []string{"keys/alipay_v2.pub"} {
		if err := os.Chmod(filepath.Join(filepath.Dir(path), public), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, mode := range []os.FileMode{0o400, 0o440, 0o640} {
		if err := os.Chmod(filepath.Join(filepath.Dir(path), "keys/app_v2.pem"), mode); err != nil {
			t.Fatal(err)
		}
		if _, err := load(path, nil); err != nil {
			t.Errorf("public files and a key of mode %04o: %v", mode, err)
		}
	}
}

// F09: a password in a configuration file that others may read.
func TestF09PasswordInReadableFile(t *testing.T) {
	mysql := strings.Replace(minimal, "db: {dsn: paymux.db}", `db: {driver: mysql, dsn: "PASS@tcp(db:3306)/paymux"}`, 1)
	for _, c := range []struct {
		name, text string
		environ    []string
		blamed     string
	}{
		{"password in the file", strings.Replace(mysql, "PASS", "pay:s3cret", 1), nil, "db.dsn"},
		{"password behind a name with an at sign", strings.Replace(mysql, "PASS", "pay@corp:s3cret", 1), nil, "db.dsn"},
		{"password with an at sign", strings.Replace(mysql, "PASS", "pay:s3@cret", 1), nil, "db.dsn"},
		{"no password", strings.Replace(mysql, "PASS", "pay", 1), nil, ""},
		{"password by the environment", minimal, []string{"PAYMUX_DB_DRIVER=mysql", "PAYMUX_DB_DSN=pay:s3cret@tcp(db:3306)/paymux"}, ""},
		{"password of the queue", minimal + "queue: {url: \"nats://u:p@queue:4222\"}\n", nil, "queue.url"},
		{"queue without password", minimal + "queue: {url: \"nats://queue:4222\"}\n", nil, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := place(t, c.text)
			if _, err := load(path, c.environ); err != nil {
				t.Fatalf("mode 0600: %v", err)
			}
			chmod(t, path, 0o640)
			if _, err := load(path, c.environ); err != nil {
				t.Fatalf("mode 0640: %v", err)
			}
			chmod(t, path, 0o644)
			_, err := load(path, c.environ)
			var problems Problems
			if errors.As(err, &problems); (err != nil) != (c.blamed != "") || (c.blamed != "" && !hasPath(problems, c.blamed)) {
				t.Errorf("mode 0644: %v", err)
			}
		})
	}
}

// F04: a secret file with nothing in it is no secret.
func TestF04EmptyFiles(t *testing.T) {
	for _, name := range []string{"keys/webhook_s2.secret", "keys/shop_server.secret", "keys/app_v2.pem", "keys/alipay_v2.pub"} {
		for _, text := range []string{"", " \n\t"} {
			path := place(t, exampleText(t))
			write(t, filepath.Join(filepath.Dir(path), name), text)
			if got := loadProblems(t, path, nil); !strings.Contains(got.Error(), "is empty") {
				t.Errorf("%s: %v", name, got)
			}
		}
	}
}

func TestKeyFilesAreBounded(t *testing.T) {
	path := place(t, exampleText(t))
	write(t, filepath.Join(filepath.Dir(path), "keys/app_v2.pem"), strings.Repeat("A", maxKeyFile+1))
	if got := loadProblems(t, path, nil); !strings.Contains(got.Error(), "too large") {
		t.Errorf("%v", got)
	}
	directory := edit(t, exampleText(t), "keys/app_v2.pem", "keys")
	if got := loadProblems(t, place(t, directory), nil); !strings.Contains(got.Error(), "not a file") {
		t.Errorf("%v", got)
	}
}

// F14: a key in DER may end in bytes that look like a line end; a text loses its own.
func TestF14BinaryKeysStayWhole(t *testing.T) {
	for text, want := range map[string]string{"\x30\x82\x01\x00 \n": "\x30\x82\x01\x00 \n", "MIIB\r\n": "MIIB", " MIIB": "MIIB"} {
		path := place(t, exampleText(t))
		write(t, filepath.Join(filepath.Dir(path), "keys/app_v2.pem"), text)
		c, err := load(path, nil)
		if err != nil {
			t.Fatal(err)
		}
		at, _ := c.Merchants[0].Accounts[0].Settings.(*tillSection)
		if key, err := OpenSecret(nil, "", "", at.Keys[0].File); err != nil || key.Reveal() != want {
			t.Errorf("%q became %q, %v", text, key.Reveal(), err)
		}
	}
}

func TestMaterial(t *testing.T) {
	path := place(t, exampleText(t))
	c, err := load(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	master, err := OpenMasterKey(c.Secrets.MasterKeyFile, counted{})
	if err != nil {
		t.Fatal(err)
	}
	m := &c.Merchants[0]
	// the example's own is refused: everybody knows it
	m.APIKeys[1].SecretHash = strings.Repeat("ab", 32)
	if err := c.CheckSealed(master); err != nil {
		t.Fatal(err)
	}
	sealed, err := master.Seal(PurposeAPIKey, []byte("the secret of a shop, which nobody knows\n"))
	if err != nil {
		t.Fatal(err)
	}
	k := APIKey{ID: "k", SecretSealed: sealed}
	if got, err := k.SigningSecret(master); err != nil || got.Reveal() != "the secret of a shop, which nobody knows" {
		t.Errorf("%q %v", got.Reveal(), err)
	}
	// Sealed for one purpose, used for another, in a gateway's section too; and sealed emptiness
	// (F04).
	empty, err := master.Seal(PurposeWebhook, []byte(" "))
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{sealed, empty} {
		m.Webhooks[0].Secrets[0] = WebhookSecret{ID: "s", Sealed: text}
		var problems Problems
		if err := c.CheckSealed(master); !errors.As(err, &problems) || !hasPath(problems, "merchants[0].webhooks[0].secrets[0]") {
			t.Errorf("%v", err)
		}
	}
	at, _ := m.Accounts[0].Settings.(*tillSection)
	at.Keys[1] = tillKey{Sealed: sealed}
	var problems Problems
	if err := c.CheckSealed(master); !errors.As(err, &problems) || !hasPath(problems, "merchants[0].accounts[0].till.keys[1]") {
		t.Errorf("%v", err)
	}
}
