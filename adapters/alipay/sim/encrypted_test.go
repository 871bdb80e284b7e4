package alipaysim_test

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"encoding/json"
	"net/url"
	"strings"
	"testing"
)

// testAESKey is the content key of the rig's application.
const testAESKey = "aYA0GP8JEW+D7/UFaskCWA=="

// aesBox is the test's own content encryption: AES-CBC, PKCS#7, a zero IV.
func aesBox(t *testing.T) (seal func(string) string, open func(string) string) {
	t.Helper()
	key, err := base64.StdEncoding.DecodeString(testAESKey)
	if err != nil {
		t.Fatal(err)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		t.Fatal(err)
	}
	iv := make([]byte, aes.BlockSize)
	seal = func(plain string) string {
		pad := aes.BlockSize - len(plain)%aes.BlockSize
		text := append([]byte(plain), bytes.Repeat([]byte{byte(pad)}, pad)...)
		cipher.NewCBCEncrypter(block, iv).CryptBlocks(text, text)
		return base64.StdEncoding.EncodeToString(text)
	}
	open = func(sealed string) string {
		text, err := base64.StdEncoding.DecodeString(sealed)
		if err != nil || len(text) == 0 || len(text)%aes.BlockSize != 0 {
			t.Fatalf("no ciphertext: %s", sealed)
		}
		cipher.NewCBCDecrypter(block, iv).CryptBlocks(text, text)
		return string(text[:len(text)-int(text[len(text)-1])])
	}
	return seal, open
}

// G30: whatever an encrypted request is answered, it is answered encrypted: a
// success, a refusal of the business and one of the gateway. Only the refusal of
// a bad signature is unsigned.
func TestAnEncryptedRequestIsAnsweredEncrypted(t *testing.T) {
	r := newRig(t)
	r.create("T1", "1.00")
	seal, open := aesBox(t)
	for name, c := range map[string]struct {
		content, method, answer string
		change                  func(url.Values)
		unsigned                bool
	}{
		"success":             {content: seal(`{"out_trade_no":"T1"}`), answer: `"trade_status":"WAIT_BUYER_PAY"`},
		"business refusal":    {content: seal(`{"out_trade_no":"T2"}`), answer: `"sub_code":"ACQ.TRADE_NOT_EXIST"`},
		"not of this key":     {content: "bm90IGEgY2lwaGVydGV4dA==", answer: `"sub_code":"isv.decryption-error-unknown"`},
		"not JSON":            {content: seal("hello"), answer: `"sub_code":"isv.illegal-json"`},
		"method nobody knows": {content: seal("{}"), method: "alipay.nobody", answer: `"sub_code":"isv.invalid-method"`},
		"bad signature": {content: seal(`{"out_trade_no":"T1"}`), answer: `"sub_code":"isv.invalid-signature"`,
			change: func(v url.Values) { v.Set("app_auth_token", "x") }, unsigned: true},
	} {
		t.Run(name, func(t *testing.T) {
			if c.method == "" {
				c.method = "alipay.trade.query"
			}
			r.edit = c.change
			body := r.raw(r.params(c.method, nil, "encrypt_type", "AES", "biz_content", c.content))
			content, rest := cutNode(t, body)
			var sealed string
			if err := json.Unmarshal([]byte(content), &sealed); err != nil {
				t.Fatalf("in the clear: %s", body)
			}
			if plain := open(sealed); !strings.Contains(plain, c.answer) {
				t.Fatalf("%s in %s", plain, body)
			}
			sign, signed := strings.CutPrefix(rest, `,"sign":"`)
			if signed == c.unsigned {
				t.Fatalf("signed: %v in %s", signed, body)
			}
			if signed && !rsaVerify(r.alipay, content, strings.TrimSuffix(sign, `"}`)) {
				t.Fatalf("the signature must cover both quotes: %s", body)
			}
		})
	}
}

// The mirror of the table above: in the clear, a bad signature is refused signed.
func TestARefusedSignatureInTheClearIsSigned(t *testing.T) {
	r := newRig(t)
	r.edit = func(v url.Values) { v.Set("app_auth_token", "x") }
	want(t, r.call("alipay.trade.query", biz{"out_trade_no": "T1"}), "sub_code", "isv.invalid-signature")
}

// cutNode splits {"node":content,rest}; the content is a JSON text.
func cutNode(t *testing.T, body string) (content, rest string) {
	t.Helper()
	_, after, ok := strings.Cut(body, `_response":"`)
	end := strings.Index(after, `"`)
	if !ok || end < 0 {
		t.Fatalf("no encrypted node in %s", body)
	}
	return `"` + after[:end+1], after[end+1:]
}
