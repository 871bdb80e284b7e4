package alipaytrade_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"testing"

	"github.com/paymux/paymux/adapters/alipay"
	alipaytrade "github.com/paymux/paymux/adapters/alipay/trade"
	"github.com/paymux/paymux/adapters/alipay/trade/tradetest"
	"github.com/paymux/paymux/core"
)

// C30: a message names the version of the keys that verified it, which during a rotation is not the
// one that signs, on whichever path it comes.
func TestMessagesDuringARotation(t *testing.T) {
	bench := tradetest.New(t, "alipay_mini")
	fresh, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	public, err := x509.MarshalPKIXPublicKey(&fresh.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	config, old := bench.Config, bench.Config.Keys[0]
	next := old
	next.Version, next.AlipayPublicKey = "v2", base64.StdEncoding.EncodeToString(public)
	old.Use = alipay.KeyVerifyOnly
	config.Keys = []alipay.KeyConfig{next, old}
	app, err := alipay.NewApp(config)
	if err != nil {
		t.Fatal(err)
	}
	_, payment, err := bench.Push(map[string]string{"trade_status": "TRADE_SUCCESS", "out_trade_no": "CT1", "trade_no": "T1", "total_amount": "88.88"})
	if err != nil {
		t.Fatal(err)
	}
	message, err := bench.Sign(map[string]string{
		"app_id": tradetest.AppID, "charset": "utf-8", "version": "1.1", "sign_type": "RSA2", "notify_id": "N1", "msg_type": "sys",
		"msg_method": "alipay.merchant.tradecomplain.changed", "utc_timestamp": "1795341600000", "biz_content": `{"complain_event_id":"E1"}`,
	}, "sign")
	if err != nil {
		t.Fatal(err)
	}
	risk, err := bench.Sign(map[string]string{
		"service": "alipay.riskgo.risk.push", "charset": "utf-8", "sign_type": "RSA2", "pid": tradetest.SellerID, "externalId": "X1",
	}, "sign", "sign_type")
	if err != nil {
		t.Fatal(err)
	}
	for name, m := range map[string]core.Message{
		"payment": {Method: "POST", Body: payment, Kind: core.MessageTrade},
		"message": {Method: "POST", Body: message, Kind: core.MessageApp},
		"risk":    {Method: "POST", Body: risk, Kind: core.MessageApp},
	} {
		receipt := alipaytrade.Gateway{Apps: tradetest.One{Of: app}}.Receive(t.Context(), bench.Account, m)
		if !receipt.Verified || receipt.KeyVersion != "v1" || len(receipt.Notices) != 1 {
			t.Errorf("%s: verified %v by %q: %s %+v", name, receipt.Verified, receipt.KeyVersion, receipt.Detail, receipt.Notices)
			continue
		}
		// A risk push that names no trade is one notice of the seller's.
		want := core.Notice{Kind: core.NoticeRisk, ID: "X1", AppID: tradetest.AppID, SellerID: tradetest.SellerID}
		if got := receipt.Notices[0]; name == "risk" && got != want {
			t.Errorf("%s: %+v, want %+v", name, got, want)
		}
	}
}
