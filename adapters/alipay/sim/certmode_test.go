package alipaysim_test

import (
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"net/url"
	"strings"
	"testing"

	alipaysim "github.com/paymux/paymux/adapters/alipay/sim"
)

func TestCertificateModeRefusals(t *testing.T) {
	v := loadVectors(t)
	r := newRig(t, certificateMode(t))
	app, root := v.CertSN["app_cert_sn"], v.CertSN["alipay_root_cert_sn"]
	cases := []struct{ name, app, root, sub string }{
		{"good", app, root, "ACQ.TRADE_NOT_EXIST"},
		{"no app certificate", "", root, "isv.missing-app-cert-sn"},
		{"no root", app, "", "isv.missing-alipay-root-cert-sn"},
		{"another root", app, strings.Repeat("0", 32), "isv.invalid-alipay-root-cert-sn"},
		{"another app certificate", strings.Repeat("0", 32), root, "isv.app-cert-not-exist"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			body := r.raw(r.params("alipay.trade.query", biz{"out_trade_no": "1"}, "app_cert_sn", c.app, "alipay_root_cert_sn", c.root))
			if !strings.Contains(body, `"sub_code":"`+c.sub+`"`) {
				t.Fatal(body)
			}
		})
	}
}

// A new authority: its bundle holds a root Go cannot parse, its leaf chains to
// the RSA root, and rotation is found out by download.
func TestRotationWithAnAuthorityOfItsOwn(t *testing.T) {
	keys := loadTestKeys(t)
	authority, err := alipaysim.NewAuthority(rand.Reader, testInstant(), keys.AlipayPKCS1)
	if err != nil {
		t.Fatal(err)
	}
	appCert, err := authority.IssueApp(testInstant(), testApp, testSeller, keys.AppPublic)
	if err != nil {
		t.Fatal(err)
	}
	appSN, rootSN := mustSN(t, alipaysim.CertificateSN, appCert), mustSN(t, alipaysim.RootSN, authority.RootPEM)
	r := newRig(t, func(c *alipaysim.Config) { c.Apps[0].CertificatePEM, c.Authority = appCert, authority })
	form := func(method string, content biz) url.Values {
		return r.params(method, content, "app_cert_sn", appSN, "alipay_root_cert_sn", rootSN)
	}
	first, second := mustSN(t, alipaysim.CertificateSN, authority.Certificates[0].ChainPEM), mustSN(t, alipaysim.CertificateSN, authority.Certificates[1].ChainPEM)
	if body := r.raw(form("alipay.trade.query", biz{"out_trade_no": "1"})); !strings.Contains(body, `"alipay_cert_sn":"`+first+`"`) {
		t.Fatal(body)
	}
	r.sim("POST", "/sim/trigger/cert_rotation", nil)
	if body := r.raw(form("alipay.trade.query", biz{"out_trade_no": "1"})); !strings.Contains(body, `"alipay_cert_sn":"`+second+`"`) {
		t.Fatal(body)
	}
	body := r.raw(form("alipay.open.app.alipaycert.download", biz{"alipay_cert_sn": second}))
	_, rest, _ := strings.Cut(body, `"alipay_cert_content":"`)
	text, _, _ := strings.Cut(rest, `"`)
	chain, err := base64.StdEncoding.DecodeString(strings.ReplaceAll(text, `\/`, "/"))
	if err != nil {
		t.Fatal(err)
	}
	verifyChain(t, authority.RootPEM, string(chain))
	if status, _ := r.simStatus("POST", "/sim/trigger/cert_rotation", nil); status != 400 {
		t.Fatalf("a third certificate: %d", status)
	}
}

func mustSN(t *testing.T, of func(string) (string, error), text string) string {
	t.Helper()
	sn, err := of(text)
	if err != nil {
		t.Fatal(err)
	}
	return sn
}

func verifyChain(t *testing.T, bundle, chain string) {
	t.Helper()
	roots, middle := x509.NewCertPool(), x509.NewCertPool()
	unparsable := 0
	for rest := []byte(bundle); ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		if c, err := x509.ParseCertificate(block.Bytes); err == nil {
			roots.AddCert(c)
		} else {
			unparsable++
		}
	}
	if unparsable != 1 {
		t.Fatalf("%d unparsable roots, want the SM2 one", unparsable)
	}
	block, rest := pem.Decode([]byte(chain))
	leaf, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	middle.AppendCertsFromPEM(rest)
	options := x509.VerifyOptions{Roots: roots, Intermediates: middle, CurrentTime: testInstant(), KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}}
	if _, err := leaf.Verify(options); err != nil {
		t.Fatal(err)
	}
}

func TestNothingToRotateWithoutCertificates(t *testing.T) {
	status, answer := newRig(t).simStatus("POST", "/sim/trigger/cert_rotation", nil)
	if message, _ := answer["message"].(string); status != 400 || !strings.Contains(message, "no application is in certificate mode") {
		t.Fatalf("%d %v", status, answer)
	}
}
