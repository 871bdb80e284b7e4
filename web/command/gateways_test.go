package command_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"
)

// The TLS settings and the proxy of a gateway reach the connections to it.
func TestConnectionsToTheGateway(t *testing.T) {
	c := newClinic(t)
	sim := c.gatewayOf(nil)
	secure := httptest.NewUnstartedServer(sim.Handler())
	secure.TLS = &tls.Config{ClientAuth: tls.RequireAnyClientCert, MinVersion: tls.VersionTLS12}
	secure.StartTLS()
	t.Cleanup(secure.Close)
	c.write("roots.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: secure.Certificate().Raw})))
	c.write("client.pem", clientCertificate(t))

	plain := c.simURL
	c.edit(plain, secure.URL)
	code, out := c.doctor("--online")
	wantFound(t, code, out, "tls_refused")
	c.edit("gateways: [{", "gateways: [{ root_ca_file: roots.pem,")
	code, out = c.doctor("--online")
	wantFound(t, code, out, "no_answer") // it wants a certificate of ours
	c.edit("gateways: [{", "gateways: [{ client_cert_file: client.pem,")
	code, out = c.doctor("--online")
	wantFound(t, code, out, "")
	c.edit("client_cert_file: client.pem", "client_cert_file: roots.pem") // a certificate without its key
	code, out = c.doctor("--online")
	wantFound(t, code, out, "app_config")

	// A proxy is asked for the whole address.
	var asked *url.URL
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = r.URL
		sim.Handler().ServeHTTP(w, r)
	}))
	t.Cleanup(proxy.Close)
	c.edit("client_cert_file: roots.pem,", "")
	c.edit("root_ca_file: roots.pem,", "proxy: \""+proxy.URL+"\",")
	c.edit(secure.URL, plain)
	code, out = c.doctor("--online")
	wantFound(t, code, out, "")
	if asked == nil || asked.Scheme+"://"+asked.Host != plain {
		t.Errorf("the proxy was asked for %v, want %s", asked, plain)
	}
}

// clientCertificate is a certificate and its key in one PEM text.
func clientCertificate(t *testing.T) string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "shop"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})) +
		string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER}))
}
