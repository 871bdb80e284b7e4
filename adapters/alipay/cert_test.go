package alipay

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/base64"
	"math/big"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// certConfig is certificate mode with the files of the vectors.
func certConfig(tb testing.TB) KeyConfig {
	tb.Helper()
	return KeyConfig{
		Version: "c1", Use: KeyCurrent, PrivateKey: testKeys(tb)["app_pkcs8"],
		AppCertificate:    readFile(tb, "testdata/vectors/appCertPublicKey.crt"),
		AlipayCertificate: readFile(tb, "testdata/vectors/alipayCertPublicKey.crt"),
		RootCertificates:  readFile(tb, "testdata/vectors/alipayRootCert.crt"),
	}
}

const (
	vectorAppSN    = "5b5016414cd88cded80313750cf9f4ea"
	vectorAlipaySN = "b70744df4c2fee8b64049120b06f0168"
	vectorRootSN   = "3a505490f1428f811fb000d6853ee741_747a982f46a1badc7da466733fde3fff"
)

func TestCertificateSerial_vectors(t *testing.T) {
	for name, want := range map[string]string{
		"vectors/appCertPublicKey.crt": vectorAppSN, "vectors/alipayCertPublicKey.crt": vectorAlipaySN,
	} {
		if got, err := CertificateSerial(readFile(t, "testdata/"+name)); err != nil || got != want {
			t.Errorf("%s: %s, %v, want %s", name, got, err, want)
		}
	}
	// The bundle begins with an SM2 root that this language cannot parse.
	if got, err := RootSerial(readFile(t, "testdata/vectors/alipayRootCert.crt")); err != nil || got != vectorRootSN {
		t.Errorf("root: %s, %v", got, err)
	}
	if _, err := x509.ParseCertificate(firstDER(t, readFile(t, "testdata/vectors/alipayRootCert.crt"))); err == nil {
		t.Error("the bundle has lost its unparsable certificate; this test proves nothing")
	}
}

func firstDER(t *testing.T, text string) []byte {
	t.Helper()
	body := strings.Join(strings.Fields(between(t, text, "-----BEGIN CERTIFICATE-----", "-----END")), "")
	return decodeBase64(t, body)
}

// A name whose encoded order is not the usual one: the gateway (Java) takes the
// reverse of the encoding and escapes; Go's own text and an unescaped one differ.
func TestDistinguishedName_reverseOfEncoding(t *testing.T) {
	text := func(s string) asn1.RawValue { return asn1.RawValue{Tag: asn1.TagUTF8String, Bytes: []byte(s)} }
	var name []nameAttributeSET
	for _, part := range []struct {
		id    []int
		value string
	}{{[]int{2, 5, 4, 3}, "Sim CA"}, {[]int{2, 5, 4, 10}, "Acme, Inc"}, {[]int{2, 5, 4, 11}, "Pay"}, {[]int{2, 5, 4, 6}, "CN"}, {[]int{2, 5, 4, 7}, "HZ"}} {
		name = append(name, nameAttributeSET{{Type: part.id, Value: text(part.value)}})
	}
	der, err := asn1.Marshal(name)
	if err != nil {
		t.Fatal(err)
	}
	got, err := distinguishedName(der)
	if err != nil || got != `L=HZ,C=CN,OU=Pay,O=Acme\, Inc,CN=Sim CA` {
		t.Fatalf("%q, %v", got, err)
	}
	ca := newAuthority(t, pkix.Name{}, der)
	chain := ca.issue(t, big.NewInt(161), &testPrivate(t, "app_pkcs1").PublicKey, "x")
	serial, err := CertificateSerial(chain)
	if err != nil || serial != "e5f58b212dbbb0071d00ba0d76fbae24" {
		t.Fatalf("%s, %v", serial, err)
	}
}

// What Java 17 prints for the same encodings.
func TestDistinguishedName_oddValues(t *testing.T) {
	for _, c := range []struct {
		value asn1.RawValue
		id    asn1.ObjectIdentifier
		want  string
	}{
		{asn1.RawValue{Tag: asn1.TagUTF8String, Bytes: []byte(` #a+b"\<>; `)}, asn1.ObjectIdentifier{2, 5, 4, 3}, `CN=\ \#a\+b\"\\\<\>\;\ `},
		{asn1.RawValue{Tag: asn1.TagUTF8String, Bytes: []byte(`a=b#c`)}, asn1.ObjectIdentifier{2, 5, 4, 3}, `CN=a\=b\#c`},
		{asn1.RawValue{Tag: asn1.TagUTF8String, Bytes: []byte("  two lead, three end   ")}, asn1.ObjectIdentifier{2, 5, 4, 3}, `CN=\ \ two lead\, three end\ \ \ `},
		{asn1.RawValue{Tag: asn1.TagUTF8String, Bytes: []byte(" ")}, asn1.ObjectIdentifier{2, 5, 4, 3}, `CN=\ `},
		{asn1.RawValue{Tag: asn1.TagUTF8String, Bytes: []byte("a\x00b")}, asn1.ObjectIdentifier{2, 5, 4, 3}, `CN=a\00b`},
		{asn1.RawValue{Tag: asn1.TagUTF8String, Bytes: []byte(`#支付宝`)}, asn1.ObjectIdentifier{2, 5, 4, 10}, `O=\#支付宝`},
		{asn1.RawValue{Tag: asn1.TagBMPString, Bytes: []byte{0x4e, 0x2d, 0, 'a'}}, asn1.ObjectIdentifier{2, 5, 4, 11}, "OU=中a"},
		{asn1.RawValue{Tag: asn1.TagPrintableString, Bytes: []byte("z")}, asn1.ObjectIdentifier{0, 9, 2342, 19200300, 100, 1, 25}, "DC=z"},
		{asn1.RawValue{Tag: asn1.TagIA5String, Bytes: []byte("a")}, asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 1}, "1.2.840.113549.1.9.1=#160161"},
		{asn1.RawValue{Tag: asn1.TagInteger, Bytes: []byte{5}}, asn1.ObjectIdentifier{2, 5, 4, 6}, "C=#020105"},
	} {
		der, err := asn1.Marshal([]nameAttributeSET{{{Type: c.id, Value: c.value}}})
		if err != nil {
			t.Fatal(err)
		}
		if got, err := distinguishedName(der); err != nil || got != c.want {
			t.Errorf("%q, %v, want %q", got, err, c.want)
		}
	}
}

// authority is a certification authority made for one test.
type authority struct {
	key    *ecdsa.PrivateKey
	parsed *x509.Certificate
}

func newAuthority(t *testing.T, name pkix.Name, rawName []byte) authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: name, RawSubject: rawName, IsCA: true, BasicConstraintsValid: true,
		NotBefore: testNow().AddDate(-1, 0, 0), NotAfter: testNow().AddDate(1, 0, 0), KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return authority{key, parsed}
}

func (a authority) issue(t *testing.T, serial *big.Int, public any, commonName string) string {
	t.Helper()
	return a.issueAt(t, testNow(), serial, public, commonName)
}

func (a authority) issueAt(t *testing.T, now time.Time, serial *big.Int, public any, commonName string) string {
	t.Helper()
	template := &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: commonName},
		NotBefore: now.Add(-time.Hour), NotAfter: now.AddDate(0, 6, 0), KeyUsage: x509.KeyUsageDigitalSignature,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.parsed, public, a.key)
	if err != nil {
		t.Fatal(err)
	}
	return pemText("CERTIFICATE", der)
}

func testPrivate(tb testing.TB, name string) *rsa.PrivateKey {
	tb.Helper()
	key, err := ParsePrivateKey(testKeys(tb)[name])
	if err != nil {
		tb.Fatal(err)
	}
	return key
}

// The whole of certificate mode: the serials travel and are signed, the answer
// is verified with the certificate it names.
func TestCertificateMode(t *testing.T) {
	var exchange goldenExchange
	golden(t, "cert_mode_trade_query", &exchange)
	// The SDK's node has no amount: ask through Do, as the SDK did.
	gateway := &fakeGateway{answer: func(url.Values) (int, string) { return http.StatusOK, exchange.Response.Body }}
	app := newTestApp(t, func(c *AppConfig) { c.Keys, c.Transport = []KeyConfig{certConfig(t)}, gateway })
	call := Call{Method: MethodQuery, Biz: map[string]string{"out_trade_no": "T20261122000001"}}
	var node struct {
		TradeStatus TradeStatus `json:"trade_status"`
	}
	result := app.Do(t.Context(), call, &node)
	wantClass(t, result, Done)
	if node.TradeStatus != TradeSuccess || result.KeyVersion != "c1" {
		t.Fatalf("%+v %+v", node, result)
	}
	if gateway.form.Get("app_cert_sn") != vectorAppSN || gateway.form.Get("alipay_root_cert_sn") != vectorRootSN {
		t.Fatalf("%v", gateway.form)
	}
	assertSigned(t, gateway.form)
	// C31: without, or with another serial, nothing is proven; and nothing is fetched.
	for name, body := range map[string]string{
		"C31 no serial":          strings.Replace(exchange.Response.Body, `"alipay_cert_sn":"`+vectorAlipaySN+`",`, "", 1),
		"C28 C31 another serial": strings.Replace(exchange.Response.Body, vectorAlipaySN, strings.Repeat("0", 32), 1),
	} {
		t.Run(name, func(t *testing.T) {
			gateway := &fakeGateway{answer: func(url.Values) (int, string) { return http.StatusOK, body }}
			app := newTestApp(t, func(c *AppConfig) { c.Keys, c.Transport = []KeyConfig{certConfig(t)}, gateway })
			result := app.Do(t.Context(), call, &node)
			wantClass(t, result, Unknown)
			wantRefusal(t, result.Err, ErrCertificateUnknown)
			if gateway.calls != 1 {
				t.Fatalf("%d calls", gateway.calls)
			}
		})
	}
}

// C28: a notification that names an unknown certificate is refused without a call.
func TestC28_unknownSerialInNotification(t *testing.T) {
	// refuseAll panics on any call
	app := newTestApp(t, func(c *AppConfig) { c.Keys = []KeyConfig{certConfig(t)} })
	known := paidForm().with("alipay_cert_sn", vectorAlipaySN)
	if _, err := receive(app, known.signed(t, gatewayKey(t), notifyRule()).encode()); err != nil {
		t.Fatal(err)
	}
	if _, err := receive(app, paidForm().signed(t, gatewayKey(t), notifyRule()).encode()); err != nil {
		t.Fatal("a notification need not name its certificate:", err)
	}
	unknown := paidForm().with("alipay_cert_sn", strings.Repeat("f", 32))
	_, err := receive(app, unknown.signed(t, gatewayKey(t), notifyRule()).encode())
	wantRefusal(t, err, ErrCertificateUnknown)
	// Whether the field is signed is not documented: a switch, off by default.
	unsigned := known.signed(t, gatewayKey(t), signRule{dropSignType: true, dropCertSN: true}).encode()
	_, err = receive(app, unsigned)
	wantRefusal(t, err, ErrSignatureMismatch)
	switched := newTestApp(t, func(c *AppConfig) { c.Keys, c.DropCertSNInNotify = []KeyConfig{certConfig(t)}, true })
	if _, err := receive(switched, unsigned); err != nil {
		t.Fatal(err)
	}
}

// C29: what is expired, not valid yet, or of another root is not loaded.
func TestC29_refusesCertificates(t *testing.T) {
	stranger := newAuthority(t, pkix.Name{CommonName: "Stranger"}, nil)
	alipayKey := &testPrivate(t, "alipay_pkcs1").PublicKey
	leaf, _, _ := strings.Cut(certConfig(t).AlipayCertificate, "-----END CERTIFICATE-----")
	for name, c := range map[string]struct {
		change func(*KeyConfig, *AppConfig)
		want   Refusal
	}{
		"C29 expired":       {func(_ *KeyConfig, a *AppConfig) { a.Now = func() time.Time { return testNow().AddDate(40, 0, 0) } }, ErrCertificateExpired},
		"C29 not valid yet": {func(_ *KeyConfig, a *AppConfig) { a.Now = func() time.Time { return testNow().AddDate(-1, 0, 0) } }, ErrCertificateExpired},
		"C29 wrong root": {func(k *KeyConfig, _ *AppConfig) {
			k.AlipayCertificate = stranger.issue(t, big.NewInt(5), alipayKey, "Alipay")
		}, ErrCertificateUntrusted},
		"C28 an application's certificate": {func(k *KeyConfig, _ *AppConfig) { k.AlipayCertificate = k.AppCertificate }, ErrCertificateMismatch},
		"C29 leaf alone":                   {func(k *KeyConfig, _ *AppConfig) { k.AlipayCertificate = leaf + "-----END CERTIFICATE-----\n" }, ErrCertificateUntrusted},
		"key instead":                      {func(k *KeyConfig, _ *AppConfig) { k.AlipayCertificate = testKeys(t)["alipay_public"] }, ErrCertificateIsKey},
		"PEM key instead":                  {func(k *KeyConfig, _ *AppConfig) { k.AlipayCertificate = pemText("PUBLIC KEY", []byte{1}) }, ErrCertificateUnreadable},
		"no root":                          {func(k *KeyConfig, _ *AppConfig) { k.RootCertificates = "" }, ErrCertificateUnreadable},
		"no RSA root":                      {func(k *KeyConfig, _ *AppConfig) { k.RootCertificates = pemText("CERTIFICATE", stranger.parsed.Raw) }, ErrCertificateUnreadable},
		"no app certificate":               {func(k *KeyConfig, _ *AppConfig) { k.AppCertificate = "" }, ErrCertificateUnreadable},
		"other private key":                {func(k *KeyConfig, _ *AppConfig) { k.PrivateKey = testKeys(t)["alipay_pkcs1"] }, ErrCertificateMismatch},
		"of another app":                   {func(_ *KeyConfig, a *AppConfig) { a.AppID = "2021000000000002" }, ErrConfig},
		"rubbish certificate":              {func(k *KeyConfig, _ *AppConfig) { k.AppCertificate = pemText("CERTIFICATE", []byte{0x30, 0}) }, ErrCertificateUnreadable},
		"bundle without end":               {func(k *KeyConfig, _ *AppConfig) { k.RootCertificates = strings.Repeat(k.RootCertificates, 8) }, ErrCertificateUnreadable},
		"bundle beyond bounds":             {func(k *KeyConfig, _ *AppConfig) { k.RootCertificates = strings.Repeat("x", maxBundle+1) }, ErrCertificateUnreadable},
	} {
		t.Run(name, func(t *testing.T) {
			config, key := testConfig(t), certConfig(t)
			c.change(&key, &config)
			config.Keys = []KeyConfig{key}
			_, err := NewApp(config)
			wantRefusal(t, err, c.want)
		})
	}
}

// C29: a certificate that only verified and has ended verifies nothing, is
// still reported, and keeps nobody from starting. One that is not valid yet is
// a mistake like any other.
func TestC29_endedVerifyOnlyCertificate(t *testing.T) {
	ca := newAuthority(t, pkix.Name{CommonName: "Old CA"}, nil)
	old := testPrivate(t, "app_pkcs1")
	version := func(begins time.Time) KeyConfig {
		chain := ca.issueAt(t, begins, big.NewInt(3), &old.PublicKey, "Alipay")
		return KeyConfig{Version: "c0", Use: KeyVerifyOnly, AlipayCertificate: chain, RootCertificates: certConfig(t).RootCertificates + pemText("CERTIFICATE", ca.parsed.Raw)}
	}
	ended := version(testNow().AddDate(0, -8, 0))
	app := newTestApp(t, func(c *AppConfig) { c.Keys = []KeyConfig{certConfig(t), ended} })
	serial, err := CertificateSerial(ended.AlipayCertificate)
	if err != nil {
		t.Fatal(err)
	}
	if list := app.Certificates(); len(list) != 3 || list[2].Serial != serial || list[2].DueWithin(testNow()) != 1 {
		t.Fatalf("%+v", list)
	}
	_, err = receive(app, paidForm().with("alipay_cert_sn", serial).signed(t, rsaSigner{old}, notifyRule()).encode())
	wantRefusal(t, err, ErrCertificateUnknown)
	config := testConfig(t)
	config.Keys = []KeyConfig{certConfig(t), version(testNow().AddDate(0, 1, 0))}
	_, err = NewApp(config)
	wantRefusal(t, err, ErrCertificateExpired)
}

// C29: operators hear of the end of a certificate 30, 7 and 1 days ahead.
func TestC29_expiryAlarm(t *testing.T) {
	app := newTestApp(t, func(c *AppConfig) { c.Keys = []KeyConfig{certConfig(t)} })
	statuses := app.Certificates()
	if len(statuses) != 2 || statuses[0].Serial != vectorAlipaySN || statuses[1].Serial != vectorAppSN || statuses[0].Version != "c1" {
		t.Fatalf("%+v", statuses)
	}
	end := statuses[0].NotAfter
	for before, want := range map[time.Duration]int{
		31 * 24 * time.Hour: 0, 30 * 24 * time.Hour: 30, 8 * 24 * time.Hour: 30, 7 * 24 * time.Hour: 7, 25 * time.Hour: 7, time.Hour: 1, -time.Hour: 1,
	} {
		if got := statuses[0].DueWithin(end.Add(-before)); got != want {
			t.Errorf("%v before the end: %d, want %d", before, got, want)
		}
	}
}

// Rotation: a serial we do not hold is fetched by an operator, believed for its
// chain alone, and becomes a further key version.
func TestDownloadCertificate(t *testing.T) {
	ca := newAuthority(t, pkix.Name{Country: []string{"CN"}, CommonName: "New CA"}, nil)
	next := testPrivate(t, "alipay_pkcs1")
	chain := ca.issue(t, big.NewInt(77), &next.PublicKey, "支付宝-2088")
	serial, err := CertificateSerial(chain)
	if err != nil {
		t.Fatal(err)
	}
	roots := certConfig(t).RootCertificates + pemText("CERTIFICATE", ca.parsed.Raw)
	node := func(content string) string {
		return `{"code":"10000","msg":"Success","alipay_cert_content":"` + base64.StdEncoding.EncodeToString([]byte(content)) + `"}`
	}
	stranger := newAuthority(t, pkix.Name{CommonName: "Stranger"}, nil)
	foreign := stranger.issue(t, big.NewInt(78), &next.PublicKey, "x")
	foreignSerial, err := CertificateSerial(foreign)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		asked, content, named string
		signer                string
		class                 Class
	}{
		"signed by the new one":       {serial, chain, serial, "alipay_pkcs1", Done},
		"signed by the one we hold":   {serial, chain, vectorAlipaySN, "alipay_pkcs1", Done},
		"names no certificate":        {serial, chain, "", "alipay_pkcs1", Done},
		"signed by nobody we know":    {serial, chain, serial, "app_pkcs1", Unknown},
		"nobody, and names none":      {serial, chain, "", "app_pkcs1", Unknown},
		"another than asked for":      {strings.Repeat("a", 32), chain, serial, "alipay_pkcs1", Unknown},
		"another, under that name":    {strings.Repeat("a", 32), chain, strings.Repeat("a", 32), "alipay_pkcs1", Unknown},
		"C29 not from a trusted root": {foreignSerial, foreign, foreignSerial, "alipay_pkcs1", Unknown},
		"not a certificate":           {serial, "hello", serial, "alipay_pkcs1", Unknown},
	} {
		t.Run(name, func(t *testing.T) {
			content := node(c.content)
			named := ""
			if c.named != "" {
				named = `"alipay_cert_sn":"` + c.named + `",`
			}
			body := `{"alipay_open_app_alipaycert_download_response":` + content + `,` + named +
				`"sign":"` + mustSign(t, rsaSigner{testPrivate(t, c.signer)}, content) + `"}`
			gateway := &fakeGateway{answer: func(url.Values) (int, string) { return http.StatusOK, body }}
			app := newTestApp(t, func(a *AppConfig) {
				key := certConfig(t)
				key.RootCertificates = roots
				a.Keys, a.Transport = []KeyConfig{key}, gateway
			})
			found, result := app.DownloadCertificate(t.Context(), c.asked)
			wantClass(t, result, c.class)
			if (found.Chain == chain && found.Serial == serial) != (c.class == Done) {
				t.Fatalf("%+v", found)
			}
			if c.class != Done {
				return
			}
			// C30: as a further version it verifies what names it.
			rotated := newTestApp(t, func(a *AppConfig) {
				key := certConfig(t)
				key.RootCertificates = roots
				a.Keys = []KeyConfig{key, {Version: "c2", Use: KeyVerifyOnly, AlipayCertificate: found.Chain, RootCertificates: roots}}
			})
			n, err := receive(rotated, paidForm().with("alipay_cert_sn", serial).signed(t, rsaSigner{next}, notifyRule()).encode())
			if err != nil || n.KeyVersion != "c2" {
				t.Fatalf("%v", err)
			}
		})
	}
}

func TestDownloadCertificate_refused(t *testing.T) {
	serial := strings.Repeat("a", 32)
	app, _ := answeringNode(t, MethodCertificateDownload, `{"code":"40002","sub_code":"isv.alipay-cert-not-exist"}`)
	_, result := app.DownloadCertificate(t.Context(), serial)
	wantField(t, result, "alipay_cert_sn") // public key mode has no certificates
	refused := signedAnswer(t, MethodCertificateDownload, `{"code":"40002","sub_code":"isv.alipay-cert-not-exist"}`)
	refused = strings.Replace(refused, `,"sign"`, `,"alipay_cert_sn":"`+vectorAlipaySN+`","sign"`, 1)
	gateway := &fakeGateway{answer: func(url.Values) (int, string) { return http.StatusOK, refused }}
	app = newTestApp(t, func(c *AppConfig) { c.Keys, c.Transport = []KeyConfig{certConfig(t)}, gateway })
	_, result = app.DownloadCertificate(t.Context(), serial)
	wantClass(t, result, Misconfigured)
}
