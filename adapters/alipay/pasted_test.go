package alipay

import (
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"html"
	"net/url"
	"strings"
	"testing"
	"unicode/utf16"
)

// mangling is what a program does to a text that somebody pastes.
type mangling struct {
	name string
	do   func(string) string
}

func replace(pairs ...string) func(string) string { return strings.NewReplacer(pairs...).Replace }

func utf16Text(text string, high, low int) string {
	var out []byte
	for _, unit := range utf16.Encode([]rune(text)) {
		pair := [2]byte{}
		pair[high], pair[low] = byte(unit>>8), byte(unit)
		out = append(out, pair[:]...)
	}
	return string(out)
}

// eachLine puts something before and behind every line.
func eachLine(before, behind string) func(string) string {
	return func(text string) string {
		lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
		return before + strings.Join(lines, behind+"\n"+before) + behind + "\n"
	}
}

func jsonText(text string) string {
	quoted, err := json.Marshal(text)
	if err != nil {
		panic(err)
	}
	return string(quoted)
}

// manglings all leave a text of PEM readable.
func manglings() []mangling {
	return []mangling{
		{"F14 as it is", func(text string) string { return text }},
		{"F14 on one line", replace("\n", "")},
		{"F14 on one line, blanks for breaks", replace("\n", " ")},
		{"F14 CR alone", replace("\n", "\r")},
		{"F14 CRLF and a byte order mark", func(text string) string { return "\ufeff" + replace("\n", "\r\n")(text) }},
		{"F14 literal backslash n", replace("\n", `\n`)},
		{"F14 literal backslash r, n", replace("\n", `\r\n`)},
		{"F14 escaped twice", replace("\n", `\\n`)},
		{"F14 escaped as Unicode", replace("\n", `\u000a`, "+", `\u002b`, "=", `\u003d`, "/", `\u002F`)},
		{"F14 indented", eachLine("    ", "")},
		{"F14 indented by tabs, blanks behind", eachLine("\t\t", "  ")},
		{"F14 blank lines between", replace("\n", "\n\n\n")},
		{"F14 four dashes", replace("-----", "----")},
		{"F14 six dashes", replace("-----", "------")},
		{"F14 long dashes of a word processor", replace("-----", "——-")},
		{"F14 minus signs", replace("-", "−")},
		{"F14 no dashes at all", replace("-----", "")},
		{"F14 lower-case armour", replace("BEGIN", "begin", "END", "end")},
		{"F14 no-break blanks", eachLine("\u00a0\u00a0", "\u202f")},
		{"F14 no-break blanks in the armour", replace("-----BEGIN ", "-----BEGIN\u00a0")},
		{"F14 ideographic blanks", eachLine("\u3000", "")},
		{"F14 zero-width characters", replace("\n", "\u200b\n", "M", "\u2060M")},
		{"F14 soft hyphens and marks of direction", replace("A", "\u00adA", "\n", "\u202c\n\u200e")},
		{"F14 full-width signs", replace("+", "＋", "/", "／", "=", "＝")},
		{"F14 line separators of Unicode", replace("\n", "\u2028")},
		{"F14 JSON quotes", jsonText},
		{"F14 JSON with escaped slashes", func(text string) string { return strings.ReplaceAll(jsonText(text), "/", `\/`) }},
		{"F14 member of a JSON object", func(text string) string { return `{"name":"a", "key": ` + jsonText(text) + `, "other":"b"}` }},
		{"F14 JSON in JSON", func(text string) string { return jsonText(jsonText(text)) }},
		{"F14 single quotes of a shell", func(text string) string { return "export KEY='" + text + "'" }},
		{"F14 typographic quotes", func(text string) string { return "“" + text + "”" }},
		{"F14 YAML block", func(text string) string { return "key: |\n" + eachLine("  ", "")(text) }},
		{"F14 lines of a shell", eachLine("", `\`)},
		{"F14 source of Java", eachLine(`"`, `\n" +`)},
		{"F14 source of PHP", eachLine(`'`, `' .`)},
		{"F14 source of Python", eachLine(`    "`, `\n"`)},
		{"F14 quoted in a mail", eachLine("> ", "")},
		{"F14 cell of a table", eachLine("| ", " |")},
		{"F14 HTML", func(text string) string {
			return "<pre>" + strings.ReplaceAll(html.EscapeString(text), "\n", "<br/>") + "</pre>"
		}},
		{"F14 HTML entities", replace("+", "&#43;", "=", "&#x3d;", "\n", "&#10;", " ", "&nbsp;")},
		{"F14 encoded for an address", url.PathEscape},
		{"F14 encoded as a form", url.QueryEscape},
		{"F14 UTF-16 with a mark", func(text string) string { return utf16Text("\ufeff"+text, 1, 0) }},
		{"F14 UTF-16 without", func(text string) string { return utf16Text(text, 0, 1) }},
		{"F14 base64 once more", func(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) }},
		{"F14 base64 twice more", func(text string) string {
			return base64.StdEncoding.EncodeToString([]byte(base64.StdEncoding.EncodeToString([]byte(text))))
		}},
		{"F14 the END is lost", func(text string) string { return text[:strings.LastIndex(text, "-----END")] }},
		{"F14 the BEGIN is lost", func(text string) string { _, rest, _ := strings.Cut(text, "-----\n"); return rest }},
		{"F14 another label", replace("CERTIFICATE", "X509 CERTIFICATE", "PRIVATE KEY", "RSA PUBLIC KEY", "PUBLIC KEY", "RSA PUBLIC KEY")},
		{"F14 Bag Attributes before", func(text string) string {
			return "Bag Attributes\n    localKeyID: 01 02\nKey Attributes: <No Attributes>\n" + text
		}},
		{"F14 text behind", func(text string) string { return text + "\n-- \nsent from my phone: MERCHANT\n" }},
		{"F14 headers in the armour", func(text string) string {
			return strings.Replace(text, "-----\n", "-----\nComment: of the console\n\n", 1)
		}},
		{"F14 padding is lost", replace("=", "")},
		{"F14 the alphabet for addresses", func(text string) string { return replace("+", "-", "/", "_")(bareOf(text)) }},
		{"F14 bare", bareOf},
		{"F14 bare, in lines", func(text string) string { return strings.Join(strings.SplitAfter(bareOf(text), "A"), "\n") }},
		{"F14 bare, with a name before", func(text string) string { return "支付宝公钥：" + bareOf(text) }},
		{"F14 bare, of an environment", func(text string) string { return "MERCHANT_PRIVATE_KEY=" + bareOf(text) + "\n" }},
		{"F14 bare, in JSON", func(text string) string { return `{"app_id":"2021","key":"` + bareOf(text) + `"}` }},
		{"F14 bare, a data address", func(text string) string { return "data:application/x-x509-ca-cert;base64," + bareOf(text) }},
		{"F14 DER", func(text string) string { return string(bareDER(text)) }},
		{"F14 DER and a line end", func(text string) string { return string(bareDER(text)) + "\n" }},
		{"F14 hexadecimal", func(text string) string { return hex.EncodeToString(bareDER(text)) }},
	}
}

// bareOf is the base64 of a text of PEM, in the order of its values.
func bareOf(text string) string { return base64.StdEncoding.EncodeToString(bareDER(text)) }

func bareDER(text string) []byte {
	var all []byte
	for _, piece := range strings.Split(text, "-----BEGIN ")[1:] {
		_, body, _ := strings.Cut(piece, "-----\n")
		body, _, _ = strings.Cut(body, "-----END")
		der, err := base64.StdEncoding.DecodeString(strings.ReplaceAll(body, "\n", ""))
		if err != nil {
			panic(err)
		}
		all = append(all, der...)
	}
	return all
}

// F14: keys and certificates are read through whatever programs do to a text, all alike.
func TestF14_pastedText(t *testing.T) {
	keys := testKeys(t)
	private := pemText("PRIVATE KEY", decodeBase64(t, keys["app_pkcs8"]))
	pkcs1 := pemText("RSA PRIVATE KEY", decodeBase64(t, keys["app_pkcs1"]))
	public := pemText("PUBLIC KEY", decodeBase64(t, keys["alipay_public"]))
	wantPrivate, wantPublic := testPrivate(t, "app_pkcs1"), &testPrivate(t, "alipay_pkcs1").PublicKey
	// One certificate, two of a chain, the roots with one for SM2 first.
	app, chain, roots := armourOf(t, "appCertPublicKey"), armourOf(t, "alipayCertPublicKey"), armourOf(t, "alipayRootCert")
	for _, m := range manglings() {
		t.Run(m.name, func(t *testing.T) {
			for _, text := range []string{private, pkcs1} {
				if key, err := ParsePrivateKey(m.do(text)); err != nil || !key.Equal(wantPrivate) {
					t.Errorf("private key: %v", err)
				}
			}
			if key, err := ParsePublicKey(m.do(public)); err != nil || !key.Equal(wantPublic) {
				t.Errorf("public key: %v", err)
			}
			if serial, err := CertificateSerial(m.do(app)); err != nil || serial != vectorAppSN {
				t.Errorf("certificate: %s, %v", serial, err)
			}
			several, want := m.do, 2
			if strings.Contains(m.name, "lost") {
				// of several, what is lost in one is lost in the middle
				several = func(text string) string { return text }
			}
			if read, err := parseChain(several(chain)); err != nil || len(read) != want || read[0].serial != vectorAlipaySN {
				t.Errorf("chain: %d, %v", len(read), err)
			}
			if serial, err := RootSerial(several(roots)); err != nil || serial != vectorRootSN {
				t.Errorf("roots: %s, %v", serial, err)
			}
		})
	}
}

// armourOf is the armour of a vector's certificates and nothing else.
func armourOf(t *testing.T, name string) string {
	t.Helper()
	bundle, err := parseBundle(readFile(t, "testdata/vectors/"+name+".crt"))
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	for _, c := range bundle {
		text.WriteString(pemText("CERTIFICATE", c.der))
	}
	return text.String()
}

// F14: certificates run into one another, or stand far apart.
func TestF14_between(t *testing.T) {
	roots := armourOf(t, "alipayRootCert")
	for name, between := range map[string]string{
		"F14 nothing": "", "F14 one blank": " ", "F14 blank lines": "\n\n\n\n", "F14 literal": `\n`, "F14 text": "\nsubject=/C=CN\nissuer=/C=CN\n", "F14 a comma": ",",
	} {
		text := strings.ReplaceAll(roots, "-----END CERTIFICATE-----\n-----BEGIN", "-----END CERTIFICATE-----"+between+"-----BEGIN")
		if serial, err := RootSerial(text); err != nil || serial != vectorRootSN {
			t.Errorf("%s: %s, %v", name, serial, err)
		}
	}
}

// F15: what is not whole, or could be read in two ways, is refused, and the refusal says what was
// seen. It holds no part of the text.
func TestF15_pastedTextRefused(t *testing.T) {
	keys := testKeys(t)
	private := pemText("PRIVATE KEY", decodeBase64(t, keys["app_pkcs8"]))
	bare, publicBare := keys["app_pkcs8"], keys["alipay_public"]
	for _, c := range []struct {
		name, text, says string
		want             Refusal
	}{
		{"F15 cut at the end", bare[:len(bare)-40], "a part was lost", ErrKeyUnreadable},
		{"F15 cut in the middle", bare[:400] + bare[408:], "a part was lost", ErrKeyUnreadable},
		{"F15 one character lost", bare[:400] + bare[401:], "a part was lost", ErrKeyUnreadable},
		{"F15 the first line lost", strings.Replace(private, private[27:93], "", 1), "", ErrKeyUnreadable},
		{"F15 a plus became a blank", strings.ReplaceAll(bare, "+", " "), `"+" was`, ErrPlusLost},
		{"F15 the same in PEM", strings.ReplaceAll(private, "+", " "), `"+" was`, ErrPlusLost},
		{"F15 the same by no-break blanks", strings.ReplaceAll(private, "+", "\u00a0"), `"+" was`, ErrPlusLost},
		{"F15 the pluses left out", strings.ReplaceAll(bare, "+", ""), "a part was lost", ErrKeyUnreadable},
		{"F15 masked", bare[:100] + "****" + bare[104:], "U+002A", ErrKeyUnreadable},
		{"F15 an ellipsis", bare[:100] + "…" + bare[103:], "U+2026", ErrKeyUnreadable},
		{"F15 a replacement character", bare[:200] + strings.ReplaceAll(bare[200:], "A", "\ufffd"), "U+FFFD", ErrKeyUnreadable},
		{"F15 both alphabets", strings.Replace(bare, "+", "-", 1), "", ErrKeyUnreadable},
		{"F15 two keys", private + pemText("RSA PRIVATE KEY", decodeBase64(t, keys["alipay_pkcs1"])), "two different", ErrKeyUnreadable},
		{"F15 two keys, bare", bare + keys["alipay_pkcs1"], "two different", ErrKeyUnreadable},
		{"F15 a page", "<!DOCTYPE html><html><body>登录</body></html>", "a page of HTML", ErrKeyUnreadable},
		{"F15 an archive", "PK\x03\x04\x14\x00\x08\x08", "a ZIP archive", ErrKeyUnreadable},
		{"F15 a key of OpenSSH", "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQ== me@host", "OpenSSH", ErrKeyUnreadable},
		{"F15 XML of .NET", "<RSAKeyValue><Modulus>AA==</Modulus></RSAKeyValue>", ".NET", ErrKeyUnreadable},
		{"F15 a JSON web key", `{"kty":"RSA","n":"AA"}`, "JSON web key", ErrKeyUnreadable},
		{"F15 base64 of something else", base64.StdEncoding.EncodeToString([]byte("it is no key at all")), "something else", ErrKeyUnreadable},
		{"F15 nothing but a mark", "\ufeff\u200b \n", "no private key", ErrKeyEmpty},
		{"F15 sealed, bare", base64.StdEncoding.EncodeToString(sealedKey(t)), "password", ErrKeyEncrypted},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := ParsePrivateKey(c.text)
			wantRefusal(t, err, c.want)
			if !strings.Contains(err.Error(), c.says) || len(err.Error()) > 300 || strings.Contains(err.Error(), bare[40:60]) {
				t.Errorf("%v, want %q", err, c.says)
			}
		})
	}
	// The mirror: the same in the public key, and each kind in the place of another.
	_, err := ParsePublicKey(strings.ReplaceAll(publicBare, "+", " "))
	wantRefusal(t, err, ErrPlusLost)
	_, err = ParsePublicKey(private + pemText("PUBLIC KEY", decodeBase64(t, publicBare)))
	wantRefusal(t, err, ErrKeyIsPrivate)
	if _, err := ParsePrivateKey(armourOf(t, "appCertPublicKey") + private + pemText("PUBLIC KEY", decodeBase64(t, publicBare))); err != nil {
		t.Errorf("the private key of a bundle: %v", err)
	}
	if key, err := ParsePrivateKey(private + bare); err != nil || !key.Equal(testPrivate(t, "app_pkcs1")) {
		t.Errorf("one key twice: %v", err)
	}
}

// sealedKey begins as PKCS#8 with a password does.
func sealedKey(t *testing.T) []byte {
	t.Helper()
	return append([]byte{0x30, 0x0f, 0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x05, 0x0d}, 5, 0)
}

// F16: what stands where a certificate belongs is named as what it is.
func TestF16_noCertificate(t *testing.T) {
	keys := testKeys(t)
	app, chain, roots := armourOf(t, "appCertPublicKey"), armourOf(t, "alipayCertPublicKey"), armourOf(t, "alipayRootCert")
	request, err := x509.CreateCertificateRequest(nil, &x509.CertificateRequest{SignatureAlgorithm: x509.SHA256WithRSA}, testPrivate(t, "app_pkcs1"))
	if err != nil {
		t.Fatal(err)
	}
	first, _, _ := strings.Cut(roots, "-----END CERTIFICATE-----")
	sm2 := first + "-----END CERTIFICATE-----\n"
	bundle, _ := parseBundle(chain)
	for _, c := range []struct {
		name, text, says string
		want             Refusal
	}{
		{"F16 Alipay's public key", keys["alipay_public"], "a public key", ErrCertificateIsKey},
		{"F16 a private key", pemText("CERTIFICATE", decodeBase64(t, keys["app_pkcs8"])), "a private key", ErrCertificateIsKey},
		{"F16 a key beside the certificate", app + pemText("PRIVATE KEY", decodeBase64(t, keys["app_pkcs8"])), "a private key", ErrCertificateIsKey},
		{"F16 a request", pemText("CERTIFICATE REQUEST", request), "(.csr)", ErrCertificateIsKey},
		{"F16 a page", "<html><title>login</title></html>", "a page of HTML", ErrCertificateUnreadable},
		{"F16 an archive", "PK\x03\x04", "a ZIP archive", ErrCertificateUnreadable},
		{"F16 cut", app[:len(app)-120] + app[len(app)-26:], "a part was lost", ErrCertificateUnreadable},
		{"F16 plus lost", strings.ReplaceAll(app, "+", " "), `"+" was`, ErrPlusLost},
		{"F16 PKCS#7", "MBUGCSqGSIb3DQEHAqAIMAYCAQExADAA", "PKCS#7", ErrCertificateUnreadable},
		{"F16 SM2", sm2, "SM2", ErrKeyWrongAlgorithm},
		{"F16 the roots in its place", roots, "authorities alone", ErrCertificateMismatch},
		{"F16 the intermediate alone", pemText("CERTIFICATE", bundle[1].der), "authorities alone", ErrCertificateMismatch},
		{"F16 two of them", app + chain, "none has issued another", ErrCertificateUnreadable},
		{"F16 nothing", "  ", "no certificate", ErrCertificateUnreadable},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := parseChain(c.text)
			wantRefusal(t, err, c.want)
			if !strings.Contains(err.Error(), c.says) || len(err.Error()) > 300 {
				t.Errorf("%v, want %q", err, c.says)
			}
		})
	}
	// The mirror: the order of a chain, a certificate that stands twice, and one for SM2 before it
	// are no reason.
	leaf, intermediate := pemText("CERTIFICATE", bundle[0].der), pemText("CERTIFICATE", bundle[1].der)
	for name, text := range map[string]string{
		"F16 leaf last": intermediate + leaf, "F16 twice": leaf + leaf + intermediate, "F16 SM2 first": sm2 + leaf + intermediate, "F16 with its root": chain + roots,
	} {
		if read, err := parseChain(text); err != nil || read[0].serial != vectorAlipaySN {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, err = RootSerial(chain)
	wantRefusal(t, err, ErrCertificateMismatch)
}

// F14: the AES key and the certificates of TLS are read the same way.
func TestF14_otherMaterial(t *testing.T) {
	for name, text := range map[string]string{
		"F14 quotes": `"` + vectorAESKey + `"`, "F14 mark": "\ufeff" + vectorAESKey + "\r\n", "F14 literal": vectorAESKey + `\n`,
		"F14 zero width": "\u200b" + vectorAESKey + "\u00a0", "F14 full width": replace("+", "＋", "=", "＝")(vectorAESKey), "F14 UTF-16": utf16Text(vectorAESKey, 0, 1),
	} {
		if c, err := newContentCipher(text); err != nil || c.encrypt([]byte("a")) != aesCipher(t, vectorAESKey).encrypt([]byte("a")) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, text := range map[string]string{"F15 plus lost": replace("+", " ")(vectorAESKey), "F15 cut": vectorAESKey[:20], "F15 empty": `""`} {
		if _, err := newContentCipher(text); RefusalCode(err) != string(ErrKeyUnreadable) {
			t.Errorf("%s: %v", name, err)
		}
	}
	app := armourOf(t, "appCertPublicKey")
	private := pemText("RSA PRIVATE KEY", decodeBase64(t, testKeys(t)["app_pkcs1"]))
	for _, m := range manglings() {
		if strings.Contains(m.name, "lost") || strings.Contains(m.name, "another label") {
			continue // of several; and a label decides nothing here either
		}
		transport, err := NewTransport(TransportConfig{ClientCertificate: m.do(app + private), RootCAs: m.do(app)})
		if err != nil || len(transport.TLSClientConfig.Certificates) != 1 {
			t.Errorf("%s: %v", m.name, err)
		}
	}
	_, err := NewTransport(TransportConfig{RootCAs: "<html>"})
	wantRefusal(t, err, ErrConfig)
}

// F15: a text made to be slow to read is read in bounded time, and nothing in it stops the program.
func TestF15_hostileText(t *testing.T) {
	for _, part := range []string{
		"\nMIIBAAAAAAAAAAAAAAAA", "MIIBAAAAAAAAAAAAAAAA:", "-----BEGIN", "-----BEGIN A-----", "-----END A-----", `\u`, `\`, "&#", "%0a", "=", "M", "\x30\x82", "0\x80", "<br", "\"\n\"", "\x00", "\xff\xfe", "0\x00",
	} {
		for _, count := range []int{7, maxBundle / len(part)} {
			text := strings.Repeat(part, count)
			if _, err := ParsePrivateKey(text); err == nil || len(err.Error()) > 300 {
				t.Errorf("%d times %q: %v", count, part, err)
			}
			if _, err := parseChain(text); err == nil || len(err.Error()) > 300 {
				t.Errorf("%d times %q: %v", count, part, err)
			}
		}
	}
}
