package alipay

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

const vectorAESKey = "aYA0GP8JEW+D7/UFaskCWA=="

func aesCipher(tb testing.TB, key string) *contentCipher {
	tb.Helper()
	c, err := newContentCipher(key)
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

// The published vectors: alipay-sdk for Node, and easysdk.
func TestVectors_aes(t *testing.T) {
	var public map[string]json.RawMessage
	golden(t, "public_vectors", &public)
	for _, name := range []string{"alipay_aes_1", "alipay_aes_2"} {
		var vector struct {
			Key        string `json:"key"`
			Ciphertext string `json:"ciphertext"`
			Plaintext  string `json:"plaintext"`
		}
		if err := json.Unmarshal(public[name], &vector); err != nil {
			t.Fatal(err)
		}
		c := aesCipher(t, vector.Key)
		plain, err := c.decrypt(vector.Ciphertext)
		if err != nil || string(plain) != vector.Plaintext || c.encrypt(plain) != vector.Ciphertext {
			t.Errorf("%s: %q, %v", name, plain, err)
		}
	}
}

func TestContentCipher(t *testing.T) {
	c := aesCipher(t, vectorAESKey)
	rapid.Check(t, func(t *rapid.T) {
		plain := rapid.SliceOf(rapid.Byte()).Draw(t, "plain")
		back, err := c.decrypt(c.encrypt(plain))
		if err != nil || string(back) != string(plain) {
			t.Fatalf("%x, %v", back, err)
		}
	})
	for _, text := range []string{"", "AAAA", "!", strings.Repeat("A", 22) + "==", c.encrypt([]byte("x"))[:20]} {
		if _, err := c.decrypt(text); RefusalCode(err) != string(ErrDecryptionFailed) {
			t.Errorf("%q: %v", text, err)
		}
	}
	other := aesCipher(t, "aa4BtZ4tspm2wnXLb1ThQA==")
	if _, err := other.decrypt(c.encrypt([]byte("0123456789abcdef"))); err == nil {
		t.Error("opened with another key")
	}
	for _, key := range []string{"", "x", "AAAA"} {
		if _, err := newContentCipher(key); err == nil {
			t.Errorf("key %q accepted", key)
		}
	}
}

// An encrypted exchange: the ciphertext is what is signed, both ways; the
// official SDK cannot verify such answers, the raw substring rule can.
func TestEncryptedExchange(t *testing.T) {
	var exchange goldenExchange
	golden(t, "aes_exec", &exchange)
	gateway := &fakeGateway{answer: func(url.Values) (int, string) { return http.StatusOK, exchange.Response.Body }}
	encrypted := func(c *AppConfig) {
		c.Transport, c.EncryptContent = gateway, true
		c.Keys[0].AESKey = vectorAESKey
	}
	app := newTestApp(t, encrypted)
	var out struct {
		AESKey string `json:"aes_key"`
	}
	call := Call{Method: "alipay.open.auth.app.aes.set", Biz: map[string]string{"merchant_app_id": testAppID}}
	result := app.Do(t.Context(), call, &out)
	wantClass(t, result, Done)
	if out.AESKey != "cW8mcZgoMGUVp5g7uv7bHw==" || gateway.form.Get("encrypt_type") != "AES" {
		t.Fatalf("%+v %v", out, gateway.form)
	}
	plain, err := app.ring.aes.decrypt(gateway.form.Get("biz_content"))
	if err != nil || string(plain) != `{"merchant_app_id":"`+testAppID+`"}` {
		t.Fatalf("%s, %v", plain, err)
	}
	assertSigned(t, gateway.form)
	// A plain refusal is understood too: decryption errors come so.
	refusal := `{"code":"40003","msg":"Insufficient Conditions","sub_code":"isv.decryption-error-unknown"}`
	body := signedAnswer(t, call.Method, refusal)
	gateway.answer = func(url.Values) (int, string) { return http.StatusOK, body }
	result = app.Do(t.Context(), call, &out)
	wantClass(t, result, Misconfigured)
	// Without the key, or with another, nothing is known.
	gateway.answer = func(url.Values) (int, string) { return http.StatusOK, exchange.Response.Body }
	for _, key := range []string{"", "aa4BtZ4tspm2wnXLb1ThQA=="} {
		app := newTestApp(t, func(c *AppConfig) { c.Transport = gateway; c.Keys[0].AESKey = key })
		result = app.Do(t.Context(), call, &out)
		wantClass(t, result, Unknown)
		wantRefusal(t, result.Err, ErrDecryptionFailed)
	}
	// The quotes are part of what is signed: C31.
	ciphertext := strings.Trim(exchange.SignedContent, `"`)
	body = `{"alipay_open_auth_app_aes_set_response":"` + ciphertext + `","sign":"` + mustSign(t, gatewayKey(t), ciphertext) + `"}`
	gateway.answer = func(url.Values) (int, string) { return http.StatusOK, body }
	result = app.Do(t.Context(), call, &out)
	wantClass(t, result, Unknown)
	wantRefusal(t, result.Err, ErrSignatureMismatch)
}
