package alipaysetup

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/paymux/paymux/adapters"
	"github.com/paymux/paymux/adapters/alipay"
	"github.com/paymux/paymux/config"
)

type deadLine struct{}

func (deadLine) RoundTrip(*http.Request) (*http.Response, error) { return nil, errors.New("cut") }

// G13: what one account of an app has learnt of the gateway holds for the app's other accounts, and
// after a reload.
func TestAccountsOfOneAppShareItsBreaker(t *testing.T) {
	folder := t.TempDir()
	keyFile := func(name, kind string, der []byte, err error) string {
		path := filepath.Join(folder, name)
		if err == nil {
			err = os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
		return path
	}
	newKey := func() *rsa.PrivateKey {
		key, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			t.Fatal(err)
		}
		return key
	}
	private, err := x509.MarshalPKCS8PrivateKey(newKey())
	own := keyFile("app.pem", "PRIVATE KEY", private, err)
	public, err := x509.MarshalPKIXPublicKey(&newKey().PublicKey)
	settings := &Account{
		AppID: "9021000100000001", SellerID: "2088000000000001", Protocol: "classic", SignType: alipay.SignTypeRSA2,
		TimeoutSeconds: 1, BreakAfter: 1, BreakSeconds: 600,
		Keys: []Key{{Version: "v1", Use: Current, PrivateKeyFile: own, AlipayPublicKeyFile: keyFile("gateway.pub", "PUBLIC KEY", public, err)}},
	}
	account := config.Account{ID: "one", Settings: settings}
	waits := 0
	program := Registration{}.Open(adapters.Ground{
		Transport: deadLine{}, Now: time.Now, Nonce: rand.Text, Waiting: func(context.Context) func() { waits++; return func() {} },
	})
	ask := func() error { // as after a reload, which makes lines and applications anew
		line, err := program.Line(config.Gateway{URL: "http://127.0.0.1:1/gateway.do", Environment: config.Sandbox})
		if err != nil {
			t.Fatal(err)
		}
		app, err := line.Application(account)
		if err != nil {
			t.Fatal(err)
		}
		_, result := app.(application).Query(t.Context(), alipay.QueryRequest{OutTradeNo: "T1"})
		return result.Err
	}
	if err := ask(); errors.Is(err, alipay.ErrBreakerOpen) {
		t.Fatal("the breaker was open from the beginning")
	}
	account.ID, settings.SellerID = "two", "2088000000000002"
	if err := ask(); !errors.Is(err, alipay.ErrBreakerOpen) {
		t.Errorf("the other account found %v", err)
	}
	if waits != 2 {
		t.Errorf("%d waits were told of, want each exchange's", waits)
	}
}

// Beside another gateway, the commands that look at keys and messages find Alipay's lines alone.
func TestLinesOfOtherGatewaysAreNotOpened(t *testing.T) {
	c := &config.Config{Gateways: []config.Gateway{{ID: "till", ClientCertFile: "absent"}, {ID: "alipay"}}}
	lines, err := Lines(c, adapters.Ground{})
	if _, ours := lines["alipay"]; err != nil || !ours || len(lines) != 1 {
		t.Errorf("lines %v, %v", lines, err)
	}
}
