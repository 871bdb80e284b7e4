//go:build sm2

package alipay

import (
	"crypto/rand"
	"encoding/base64"
	"math/big"
	"net/http"
	"net/url"
	"testing"

	"github.com/emmansun/gmsm/sm2"
	"github.com/emmansun/gmsm/smx509"
)

func sm2Pair(t *testing.T) (*sm2.PrivateKey, string, string) {
	t.Helper()
	key, err := sm2.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	private, err := smx509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	public, err := smx509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	return key, base64.StdEncoding.EncodeToString(private), base64.StdEncoding.EncodeToString(public)
}

func TestSM2_exchangeAndNotification(t *testing.T) {
	ownKey, ownPrivate, _ := sm2Pair(t)
	alipayKey, _, alipayPublic := sm2Pair(t)
	body := `{"alipay_trade_query_response":` + paidNode + `,"sign":"` + mustSign(t, sm2Signer{alipayKey}, paidNode) + `"}`
	gateway := &fakeGateway{answer: func(url.Values) (int, string) { return http.StatusOK, body }}
	app := newTestApp(t, func(c *AppConfig) {
		c.SignType, c.Transport = SignTypeSM2, gateway
		c.Keys = []KeyConfig{{Version: "s1", Use: KeyCurrent, PrivateKey: ownPrivate, AlipayPublicKey: alipayPublic}}
	})
	_, result := queryOne(app)
	wantClass(t, result, Done)
	if gateway.form.Get("sign_type") != "SM2" {
		t.Fatal(gateway.form)
	}
	sign := gateway.form.Get("sign")
	gateway.form.Del("sign")
	sent := form{}
	for name := range gateway.form {
		sent[name] = gateway.form.Get(name)
	}
	message := appendCanonical(nil, sent.fields(), requestRule())
	if (sm2Verifier{&ownKey.PublicKey}).verify(message, decodeBase64(t, sign)) != nil {
		t.Fatal("the request does not verify")
	}
	notice := paidForm().with("sign_type", "SM2").signed(t, sm2Signer{alipayKey}, notifyRule())
	if _, err := receive(app, notice.encode()); err != nil {
		t.Fatal(err)
	}
	_, err := receive(app, notice.with("total_amount", "0.01").encode())
	wantRefusal(t, err, ErrSignatureMismatch)
	_, err = receive(app, notice.with("sign_type", "RSA2").encode())
	wantRefusal(t, err, ErrSignTypeMismatch)
}

func TestSM2_refuses(t *testing.T) {
	_, private, public := sm2Pair(t)
	for name, key := range map[string]KeyConfig{
		"RSA private": {PrivateKey: testKeys(t)["app_pkcs8"], AlipayPublicKey: public},
		"RSA public":  {PrivateKey: private, AlipayPublicKey: testKeys(t)["alipay_public"]},
	} {
		t.Run(name, func(t *testing.T) {
			config := testConfig(t)
			key.Version, key.Use = "s1", KeyCurrent
			config.SignType, config.Keys = SignTypeSM2, []KeyConfig{key}
			_, err := NewApp(config)
			wantRefusal(t, err, ErrKeyWrongAlgorithm)
		})
	}
	config := testConfig(t)
	config.SignType, config.Protocol = SignTypeSM2, ProtocolV3
	_, err := NewApp(config)
	wantRefusal(t, err, ErrConfig)
}

// The roots of SM2 are told apart by their OID, as those of RSA are.
func TestSM2_certificates(t *testing.T) {
	caKey, _, _ := sm2Pair(t)
	root := sm2Certificate(t, "SM CA", nil, nil, caKey, caKey)
	alipayKey, _, _ := sm2Pair(t)
	ownKey, ownPrivate, _ := sm2Pair(t)
	leaf := sm2Certificate(t, "Alipay", root, caKey, alipayKey, nil)
	own := sm2Certificate(t, "2088000000000001-"+testAppID, root, caKey, ownKey, nil)
	key := KeyConfig{
		Version: "s1", Use: KeyCurrent, PrivateKey: ownPrivate, AppCertificate: pemText("CERTIFICATE", own.Raw),
		AlipayCertificate: pemText("CERTIFICATE", leaf.Raw),
		RootCertificates:  readFile(t, "testdata/vectors/alipayRootCert.crt") + pemText("CERTIFICATE", root.Raw),
	}
	app := newTestApp(t, func(c *AppConfig) { c.SignType, c.Keys = SignTypeSM2, []KeyConfig{key} })
	if len(app.Certificates()) != 2 || len(app.ring.app.rootSerial) != 65 {
		t.Fatalf("%+v %q", app.Certificates(), app.ring.app.rootSerial)
	}
	notice := paidForm().with("sign_type", "SM2").with("alipay_cert_sn", app.Certificates()[0].Serial)
	if _, err := receive(app, notice.signed(t, sm2Signer{alipayKey}, notifyRule()).encode()); err != nil {
		t.Fatal(err)
	}
	key.RootCertificates = readFile(t, "testdata/vectors/alipayRootCert.crt")
	config := testConfig(t)
	config.SignType, config.Keys = SignTypeSM2, []KeyConfig{key}
	_, err := NewApp(config)
	wantRefusal(t, err, ErrCertificateUntrusted)
}

func sm2Certificate(t *testing.T, name string, parent *smx509.Certificate, parentKey, key, self *sm2.PrivateKey) *smx509.Certificate {
	t.Helper()
	template := &smx509.Certificate{SerialNumber: big.NewInt(int64(len(name))), NotBefore: testNow().AddDate(-1, 0, 0), NotAfter: testNow().AddDate(1, 0, 0)}
	template.Subject.CommonName = name
	if self != nil {
		template.IsCA, template.BasicConstraintsValid = true, true
		parent, parentKey = template, self
	}
	der, err := smx509.CreateCertificate(rand.Reader, template.ToX509(), parent.ToX509(), &key.PublicKey, parentKey)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := smx509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}
