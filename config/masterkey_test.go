package config

import (
	"bytes"
	"crypto/rand"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func createKey(t *testing.T) (*MasterKey, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "master.key")
	k, err := CreateMasterKey(path, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return k, path
}

func TestMasterKeySealsAndOpens(t *testing.T) {
	k, path := createKey(t)
	again, err := OpenMasterKey(path, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for _, plain := range []string{"", "x", strings.Repeat("long", 5000)} {
		sealed, err := k.Seal(PurposePrivateKey, []byte(plain))
		if err != nil {
			t.Fatal(err)
		}
		if len(plain) > 3 && strings.Contains(sealed, plain[:4]) {
			t.Error("not sealed")
		}
		got, err := again.Open(PurposePrivateKey, sealed+"\n")
		if err != nil || string(got) != plain {
			t.Errorf("opened %q, %v", got, err)
		}
		if second, _ := k.Seal(PurposePrivateKey, []byte(plain)); second == sealed {
			t.Error("two seals are the same: the nonce repeats")
		}
	}
}

func TestSealedTextOpensOnlyAsItWasSealed(t *testing.T) {
	k, _ := createKey(t)
	other, _ := createKey(t)
	sealed, err := k.Seal(PurposeAPIKey, []byte("secret"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := other.Open(PurposeAPIKey, sealed); !errors.Is(err, ErrSealed) {
		t.Errorf("another master key: %v", err)
	}
	if _, err := k.Open(PurposeWebhook, sealed); !errors.Is(err, ErrSealed) {
		t.Errorf("another purpose: %v", err)
	}
	for i := range sealed {
		altered := []byte(sealed)
		altered[i] ^= 1
		if got, err := k.Open(PurposeAPIKey, string(altered)); !errors.Is(err, ErrSealed) {
			t.Fatalf("byte %d altered: %q %v", i, got, err)
		}
		if _, err := k.Open(PurposeAPIKey, sealed[:i]); !errors.Is(err, ErrSealed) {
			t.Fatalf("cut at %d: %v", i, err)
		}
	}
}

func TestPseudonym(t *testing.T) {
	k, path := createKey(t)
	again, err := OpenMasterKey(path, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	other, _ := createKey(t)
	name := k.Pseudonym("payer", "2088102100000001")
	if len(name) != 52 || name != strings.ToLower(name) || strings.Contains(name, "2088") {
		t.Errorf("pseudonym %q", name)
	}
	if again.Pseudonym("payer", "2088102100000001") != name {
		t.Error("not stable")
	}
	for i, different := range []string{
		k.Pseudonym("payer", "2088102100000002"), k.Pseudonym("device", "2088102100000001"),
		other.Pseudonym("payer", "2088102100000001"), k.Pseudonym("payer2", "088102100000001"),
	} {
		if different == name {
			t.Errorf("case %d: the same name", i)
		}
	}
}

// F09, F12: the key file is ours alone, complete, and never overwritten.
func TestF09MasterKeyFile(t *testing.T) {
	_, path := createKey(t)
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("created with %v, %v", info.Mode(), err)
	}
	if _, err := CreateMasterKey(path, rand.Reader); !errors.Is(err, os.ErrExist) {
		t.Errorf("overwritten: %v", err)
	}
	if _, err := CreateMasterKey(filepath.Join(t.TempDir(), "k"), bytes.NewReader(make([]byte, 31))); err == nil {
		t.Error("made of too little randomness")
	}
	for mode, fine := range map[os.FileMode]bool{0o400: true, 0o440: true, 0o640: true, 0o644: false, 0o660: false, 0o602: false} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		_, err := OpenMasterKey(path, rand.Reader)
		if _, open := errors.AsType[*exposed](err); open == fine || (err == nil) != fine {
			t.Errorf("mode %04o: %v", mode, err)
		}
	}
	if err := os.Chmod(path, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"", "\n", "short", "AAAA", strings.Repeat("A", 44) + "AAAA", strings.Repeat("!", 44),
		// F24: zeros, and 15 different bytes
		strings.Repeat("A", 43) + "=", "MDEyMzQ1Njc4OWFiY2RlMDEyMzQ1Njc4OWFiY2RlMDE="} {
		bad := filepath.Join(t.TempDir(), "bad.key")
		write(t, bad, text)
		if _, err := OpenMasterKey(bad, rand.Reader); err == nil {
			t.Errorf("accepted %q", text)
		}
	}
}
