package alipay_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"time"

	"github.com/paymux/paymux/adapters/alipay"
	alipaysim "github.com/paymux/paymux/adapters/alipay/sim"
)

// newKey draws a private key and its public half, as key files hold them.
func newKey() (private, public string) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	der, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		panic(err)
	}
	block := pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}
	return string(pem.EncodeToMemory(&block)), base64.StdEncoding.EncodeToString(der)
}

// gateway is a simulated Alipay with one application, and that application at it.
func gateway() (*alipay.App, func()) {
	ours, public := newKey()
	theirs, _ := newKey()
	sim, err := alipaysim.New(alipaysim.Config{
		Apps:                []alipaysim.App{{AppID: "9021000100000001", SellerID: "2088000000000001", PublicKey: public}},
		AlipayPrivateKeyPEM: theirs, Seed: 1, Manual: true,
	})
	if err != nil {
		panic(err)
	}
	server := httptest.NewServer(sim.Handler())
	app, err := alipay.NewApp(alipay.AppConfig{
		AppID: "9021000100000001", Gateway: server.URL + "/gateway.do", Environment: alipay.Sandbox,
		Keys: []alipay.KeyConfig{{
			Version: "v1", Use: alipay.KeyCurrent, PrivateKey: ours, AlipayPublicKey: sim.AlipayPublicKey(),
		}},
		Now: time.Now, Nonce: rand.Text, Transport: &http.Transport{},
	})
	if err != nil {
		panic(err)
	}
	return app, server.Close
}

// A call answers with what the gateway said and with what that proves. The class decides; an error
// would not say whether money may have moved.
func ExampleApp_Query() {
	app, stop := gateway()
	defer stop()
	ctx := context.Background()

	_, result := app.Query(ctx, alipay.QueryRequest{OutTradeNo: "SHOP1"})
	fmt.Println(result.Class, result.SubCode)

	made, result := app.Create(ctx, alipay.CreateRequest{
		OutTradeNo: "SHOP1", TotalAmount: 8888, Subject: "热茶", BuyerID: alipaysim.DefaultBuyer().UserID,
		TimeExpire: alipay.At(time.Now().Add(15 * time.Minute)),
	})
	fmt.Println(result.Class, made.TradeNo != "")

	trade, result := app.Query(ctx, alipay.QueryRequest{OutTradeNo: "SHOP1"})
	fmt.Println(result.Class, trade.TradeStatus, trade.TotalAmount)
	// Output:
	// not_exist ACQ.TRADE_NOT_EXIST
	// done true
	// done WAIT_BUYER_PAY 88.88
}

// A page is signed without any call: the buyer's browser posts the form.
func ExampleApp_WapPayForm() {
	app, stop := gateway()
	defer stop()

	form, err := app.WapPayForm(alipay.WapPayRequest{
		OutTradeNo: "SHOP2", TotalAmount: 1, Subject: "热茶", TimeExpire: alipay.At(time.Now().Add(15 * time.Minute)),
		QuitURL: "https://www.shop.example/basket", SignedAt: time.Now(),
	})
	if err != nil {
		panic(err)
	}
	address, err := url.Parse(form.Action)
	if err != nil {
		panic(err)
	}
	fmt.Println("POST", address.Path, address.Query().Get("method"))
	for _, field := range form.Fields {
		fmt.Println(field.Name)
	}
	// Output:
	// POST /gateway.do alipay.trade.wap.pay
	// biz_content
}
