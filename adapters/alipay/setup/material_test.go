package alipaysetup

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/paymux/paymux/config"
)

// F09: every setting that names a file is visited, and is a secret unless it is one of those that
// everybody may read. The settings are found by
// reflection, so that a new one cannot be forgotten.
func TestF09EveryFileIsVisited(t *testing.T) {
	public := map[string]bool{"alipay_public_key_file": true, "app_cert_file": true, "alipay_cert_file": true, "alipay_root_cert_file": true}
	want := map[string]bool{} // whether it is private, by path
	for field := range reflect.TypeFor[Key]().Fields() {
		if name := field.Tag.Get("json"); strings.HasSuffix(name, "_file") {
			want["keys[0]."+name] = !public[name]
		}
	}
	for field := range reflect.TypeFor[Account]().Fields() {
		if name := field.Tag.Get("json"); strings.HasSuffix(name, "_file") {
			t.Errorf("%s is a file outside the keys, which nobody visits", name)
		}
	}
	got := map[string]bool{}
	(&Account{Keys: []Key{{}}}).Files(func(setting string, _ *string, private bool) { got[setting] = private })
	if len(want) != 6 || !reflect.DeepEqual(got, want) {
		t.Errorf("visited (private or not)\n%v, want\n%v", got, want)
	}
}

// Every file of a key version is handed on as what it is: six files, six texts.
func TestMaterialIsNotMixedUp(t *testing.T) {
	folder := t.TempDir()
	account := &Account{Keys: []Key{{}}}
	want := map[string]string{}
	account.Files(func(path string, name *string, _ bool) {
		setting := strings.TrimPrefix(path, "keys[0].")
		*name, want[setting] = filepath.Join(folder, setting), "text of "+setting
		if err := os.WriteFile(*name, []byte(want[setting]), 0o600); err != nil {
			t.Fatal(err)
		}
	})
	m, err := account.Keys[0].Material(nil)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{
		"private_key_file": m.PrivateKey.Reveal(), "aes_key_file": m.AESKey.Reveal(), "alipay_public_key_file": m.AlipayPublicKey,
		"app_cert_file": m.AppCert, "alipay_cert_file": m.AlipayCert, "alipay_root_cert_file": m.AlipayRootCert,
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got\n%v, want\n%v", got, want)
	}
}

// A private key sealed for another purpose, or under another key, is found before the first request
// needs it.
func TestSealedKeysAreOpened(t *testing.T) {
	c, err := config.Load(place(t, example(t)), nil, Dialect{})
	if err != nil {
		t.Fatal(err)
	}
	c.Merchants[0].APIKeys = nil // the example's own are refused: everybody knows them
	master, err := config.OpenMasterKey(c.Secrets.MasterKeyFile, strings.NewReader(strings.Repeat("nonce", 20)))
	if err != nil {
		t.Fatal(err)
	}
	key := &Settings(c.Merchants[0].Accounts[0]).Keys[0]
	for purpose, fits := range map[string]bool{config.PurposePrivateKey: true, config.PurposeAPIKey: false} {
		if key.PrivateKeySealed, err = master.Seal(purpose, []byte("a private key")); err != nil {
			t.Fatal(err)
		}
		m, err := key.Material(master)
		if (err == nil) != fits || fits && m.PrivateKey.Reveal() != "a private key" {
			t.Errorf("%s: %v", purpose, err)
		}
		var problems config.Problems
		if err := c.CheckSealed(master); (err == nil) != fits || !fits && (!errors.As(err, &problems) || problems[0].Path != "merchants[0].accounts[0].alipay.keys[0]") {
			t.Errorf("%s: %v", purpose, err)
		}
	}
}
