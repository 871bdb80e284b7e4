package alipay

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"math/big"
	"strings"
	"testing"
)

func pemText(label string, der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: label, Bytes: der}))
}

// F02: every form in which people paste a private key.
func TestParsePrivateKey_forms(t *testing.T) {
	keys := testKeys(t)
	pkcs1, pkcs8 := decodeBase64(t, keys["app_pkcs1"]), decodeBase64(t, keys["app_pkcs8"])
	want, err := x509.ParsePKCS1PrivateKey(pkcs1)
	if err != nil {
		t.Fatal(err)
	}
	wrapped := keys["app_pkcs8"][:64] + "\r\n" + keys["app_pkcs8"][64:200] + "\n \t" + keys["app_pkcs8"][200:]
	rsaPEM := pemText("RSA PRIVATE KEY", pkcs1)
	for name, text := range map[string]string{
		"F02 bare PKCS#1": keys["app_pkcs1"], "F02 bare PKCS#8": keys["app_pkcs8"], "F02 bare with line breaks": wrapped,
		"F02 PEM PKCS#1": rsaPEM, "F02 PEM PKCS#8": pemText("PRIVATE KEY", pkcs8),
		"F02 PEM with CRLF": strings.ReplaceAll(rsaPEM, "\n", "\r\n"), "F02 PEM on one line": strings.ReplaceAll(rsaPEM, "\n", " "),
		"F02 PEM without any break": strings.ReplaceAll(rsaPEM, "\n", ""), "F02 PEM with literal backslash n": strings.ReplaceAll(rsaPEM, "\n", `\n`),
		"F02 wrong label": pemText("PRIVATE KEY", pkcs1), "F02 byte order mark": "\ufeff" + rsaPEM, "F02 quotes": `"` + keys["app_pkcs1"] + `"`,
		"F02 typographic quotes": "“" + keys["app_pkcs8"] + "”", "F02 raw DER PKCS#1": string(pkcs1), "F02 raw DER PKCS#8": string(pkcs8),
		"F02 text before the armour": "app private key:\n" + rsaPEM,
	} {
		t.Run(name, func(t *testing.T) {
			key, err := ParsePrivateKey(text)
			if err != nil {
				t.Fatal(err)
			}
			if !key.Equal(want) {
				t.Fatal("another key came out")
			}
			if key.Precomputed.Dp == nil {
				t.Fatal("not precomputed")
			}
		})
	}
}

func TestParsePublicKey_forms(t *testing.T) {
	keys := testKeys(t)
	der := decodeBase64(t, keys["alipay_public"])
	parsed, err := x509.ParsePKIXPublicKey(der)
	if err != nil {
		t.Fatal(err)
	}
	want := parsed.(*rsa.PublicKey)
	for name, text := range map[string]string{
		"F02 bare": keys["alipay_public"], "F02 PEM": pemText("PUBLIC KEY", der), "F02 raw DER": string(der),
		"F02 PKCS#1": pemText("RSA PUBLIC KEY", x509.MarshalPKCS1PublicKey(want)),
	} {
		t.Run(name, func(t *testing.T) {
			key, err := ParsePublicKey(text)
			if err != nil || !key.Equal(want) {
				t.Fatalf("another key, or %v", err)
			}
		})
	}
}

// C35: keys too weak to sign with, and things that are no such key at all,
// each refused with a code that names the mistake.
func TestParseKey_refuses(t *testing.T) {
	keys := testKeys(t)
	certificate := readFile(t, "testdata/vectors/appCertPublicKey.crt")
	weak := weakPublic(512, 65537)
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	ecPrivate, _ := x509.MarshalPKCS8PrivateKey(ec)
	ecSEC1, _ := x509.MarshalECPrivateKey(ec)
	ecPublic, _ := x509.MarshalPKIXPublicKey(&ec.PublicKey)
	private := func(text string) error { _, err := ParsePrivateKey(text); return err }
	public := func(text string) error { _, err := ParsePublicKey(text); return err }
	for _, c := range []struct {
		name  string
		parse func(string) error
		text  string
		want  Refusal
	}{
		{"C35 empty private", private, "", ErrKeyEmpty},
		{"C35 blank public", public, " \r\n\"\"", ErrKeyEmpty},
		{"C35 all-zero key", private, base64.StdEncoding.EncodeToString(make([]byte, 256)), ErrKeyUnreadable},
		{"C35 all-zero public", public, base64.StdEncoding.EncodeToString(make([]byte, 256)), ErrKeyUnreadable},
		{"C35 512 bits", public, base64.StdEncoding.EncodeToString(weak), ErrKeyTooWeak},
		{"C35 1024 bits", public, base64.StdEncoding.EncodeToString(weakPublic(1024, 65537)), ErrKeyTooWeak},
		{"C35 exponent 1", public, base64.StdEncoding.EncodeToString(weakPublic(2048, 1)), ErrKeyTooWeak},
		{"C35 exponent 3", public, base64.StdEncoding.EncodeToString(weakPublic(2048, 3)), ErrKeyTooWeak},
		{"C35 16384 bits", public, base64.StdEncoding.EncodeToString(weakPublic(16384, 65537)), ErrKeyWrongAlgorithm},
		{"certificate as private", private, certificate, ErrKeyIsCertificate},
		{"certificate as public", public, certificate, ErrKeyIsCertificate},
		{"public as private", private, keys["app_public"], ErrKeyIsPublic},
		{"private as public", public, keys["app_pkcs1"], ErrKeyIsPrivate},
		{"private PKCS#8 as public", public, keys["app_pkcs8"], ErrKeyIsPrivate},
		{"EC private", private, pemText("PRIVATE KEY", ecPrivate), ErrKeyWrongAlgorithm},
		{"EC SEC1 private", private, pemText("EC PRIVATE KEY", ecSEC1), ErrKeyWrongAlgorithm},
		{"EC public", public, pemText("PUBLIC KEY", ecPublic), ErrKeyWrongAlgorithm},
		{"half a key", private, keys["app_pkcs1"][:400], ErrKeyUnreadable},
		{"no base64", private, "hunter2!", ErrKeyUnreadable},
		{"armour without end", private, "-----BEGIN PRIVATE KEY-----\nAAAA", ErrKeyUnreadable},
		{"armour around rubbish", private, "-----BEGIN PRIVATE KEY-----\n!!!!\n-----END PRIVATE KEY-----", ErrKeyUnreadable},
		{"password", private, "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----", ErrKeyEncrypted},
		{"old password", private, "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nAAAA\n-----END RSA PRIVATE KEY-----", ErrKeyEncrypted},
		{"UTF-16", private, "\xff\xfeM\x00I\x00", ErrKeyUnreadable},
		{"huge", private, strings.Repeat("A", maxKeyText+1), ErrKeyUnreadable},
	} {
		t.Run(c.name, func(t *testing.T) { wantRefusal(t, c.parse(c.text), c.want) })
	}
}

// weakPublic is the DER of a public key nobody should accept. The modulus need
// not have known factors to be parsed.
func weakPublic(bits uint, exponent int) []byte {
	modulus := new(big.Int).Lsh(big.NewInt(1), bits)
	modulus.Sub(modulus, big.NewInt(1))
	return x509.MarshalPKCS1PublicKey(&rsa.PublicKey{N: modulus, E: exponent})
}

// F10: no verb and no error shows key text.
func TestKeyMaterialNeverPrints(t *testing.T) {
	key := keyConfig(t)
	app := newTestApp(t, nil)
	_, err := ParsePrivateKey(key.PrivateKey[:400])
	for _, shown := range []string{
		fmt.Sprint(key), fmt.Sprintf("%+v", key), fmt.Sprintf("%#v", key), fmt.Sprintf("%v", []KeyConfig{key}),
		fmt.Sprintf("%+v", app), fmt.Sprintf("%#v", app), key.LogValue().String(), app.LogValue().String(), err.Error(),
		fmt.Sprintf("%+v", testConfig(t)),
	} {
		if strings.Contains(shown, key.PrivateKey[20:60]) || strings.Contains(shown, "PrivateKey:MI") {
			t.Errorf("key text shows in %.80q", shown)
		}
	}
}

// F01: the application's own public key where Alipay's belongs.
func TestNewApp_ownPublicKey(t *testing.T) {
	config := testConfig(t)
	config.Keys[0].AlipayPublicKey = testKeys(t)["app_public"]
	_, err := NewApp(config)
	wantRefusal(t, err, ErrKeyIsOurOwn)
	if !strings.Contains(err.Error(), "支付宝公钥") {
		t.Errorf("the error does not say what to copy: %v", err)
	}
}
