package alipaysim_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"

	alipaysim "github.com/paymux/paymux/adapters/alipay/sim"
)

// Any client of Alipay's is pointed at the simulator, by its address and its public key, and then
// lives with what goes wrong.
func ExampleNew() {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	der, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		panic(err)
	}
	// of the client under test; here one key is both ends'
	public := base64.StdEncoding.EncodeToString(der)
	private := pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})
	sim, err := alipaysim.New(alipaysim.Config{
		Seed: 1, Manual: true, AlipayPrivateKeyPEM: string(private),
		Apps: []alipaysim.App{{AppID: "9021000100000001", SellerID: "2088000000000001", PublicKey: public}},
	})
	if err != nil {
		panic(err)
	}
	defer sim.Close()
	server := httptest.NewServer(sim.Handler())
	defer server.Close()

	// For the client under test: server.URL + "/gateway.do" and sim.AlipayPublicKey().
	fmt.Println(sim.AlipayPublicKey() == public)

	// The next refund is done, and its answer is lost.
	fault, err := sim.AddFault(alipaysim.Fault{Method: "alipay.trade.refund", Effect: "reset", When: "after"})
	fmt.Println(fault.ID, err)

	// Buyers, time and faults are also reached over HTTP.
	answer, err := http.Get(server.URL + "/sim/trades")
	if err != nil {
		panic(err)
	}
	defer answer.Body.Close()
	trades, err := io.ReadAll(answer.Body)
	fmt.Println(answer.StatusCode, strings.TrimSpace(string(trades)), err)
	// Output:
	// true
	// fault-1 <nil>
	// 200 {"next":0,"trades":[]} <nil>
}
