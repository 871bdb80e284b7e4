package tradetest

import (
	_ "embed"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/paymux/paymux/adapters/alipay"
	alipaysim "github.com/paymux/paymux/adapters/alipay/sim"
	alipaytrade "github.com/paymux/paymux/adapters/alipay/trade"
	"github.com/paymux/paymux/core"
	"github.com/paymux/paymux/core/channeltest"
)

// The one account, its app and its buyer.
const (
	AccountID = "acc_test"
	AppID     = "9021000000000001"
	SellerID  = "2088000000000001"
	// otherSellerID is paid by orders that name no seller_id: none of ours may.
	otherSellerID = "2088000000000009"
	notifyURL     = "http://notify.invalid/notify/alipay/" + AccountID
)

// keyText holds throw-away keys in the form Alipay's console gives them; they belong to no account.
//
//go:embed testdata/keys.json
var keyText []byte

// keys are one application's and one gateway's key pairs.
type keys struct {
	AppPrivate    string `json:"app_pkcs8"`
	AppPublic     string `json:"app_public"`
	AlipayPrivate string `json:"alipay_pkcs1"`
	AlipayPublic  string `json:"alipay_public"`
}

// Bench is a running simulator, an application at it, and the wire between.
type Bench struct {
	App     *alipay.App
	Config  alipay.AppConfig // what App was made of, for tests that want a variant of it
	Account core.Account
	Sim     *alipaysim.Server
	Wire    *Wire
	keys    keys
	inbox   *inbox
	server  *httptest.Server
}

// One is the wiring of the single account to one application.
type One struct{ Of *alipay.App }

// App finds the one application.
func (o One) App(accountID string) (*alipay.App, bool) { return o.Of, accountID == AccountID }

// Apps returns the wiring: one account, one application.
func (b *Bench) Apps() alipaytrade.Apps { return One{b.App} }

// New starts a simulator on a clock that stands still, tuned to another reading of the protocol if
// wanted. Everything ends with the test.
func New(t *testing.T, channel core.ChannelID, tune ...func(*alipaysim.Config)) *Bench {
	t.Helper()
	b := &Bench{inbox: newInbox()}
	if err := json.Unmarshal(keyText, &b.keys); err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	all := alipaysim.Triggers{Success: true, Refund: true, ClosedUnpaid: true, Finished: true}
	config := alipaysim.Config{
		Seed:                1,
		Apps:                []alipaysim.App{{AppID: AppID, SellerID: otherSellerID, OtherSellers: []string{SellerID}, PublicKey: b.keys.AppPublic}},
		AlipayPrivateKeyPEM: b.keys.AlipayPrivate,
		Clock:               alipaysim.FrozenClock(at),
		HTTPClient:          &http.Client{Transport: b.inbox},
		Triggers:            map[string]alipaysim.Triggers{alipay.MethodCreate: all, alipay.MethodWapPay: all, alipay.MethodAppPay: all},
	}
	for _, change := range tune {
		change(&config)
	}
	var err error
	if b.Sim, err = alipaysim.New(config); err != nil {
		t.Fatal(err)
	}
	b.server = httptest.NewServer(b.Sim.Handler())
	transport, err := alipay.NewTransport(alipay.TransportConfig{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		b.server.Close()
		if err := b.Sim.Close(); err != nil {
			t.Error(err)
		}
	})
	if b.Wire, err = newWire(transport, b.keys.AlipayPrivate); err != nil {
		t.Fatal(err)
	}
	b.Config = alipay.AppConfig{
		AppID: AppID, SellerID: SellerID, Gateway: b.server.URL + "/gateway.do", Environment: alipay.Sandbox,
		Keys: []alipay.KeyConfig{{
			Version: "v1", Use: alipay.KeyCurrent, PrivateKey: b.keys.AppPrivate, AlipayPublicKey: b.keys.AlipayPublic,
		}},
		Transport: b.Wire, Now: b.now, BreakAfter: 1000,
	}
	if b.App, err = alipay.NewApp(b.Config); err != nil {
		t.Fatal(err)
	}
	b.Account = alipaytrade.Describe(core.Account{
		ID: AccountID, MerchantID: "m_test", Gateway: alipaytrade.GatewayAlipay, Environment: core.Sandbox, AppID: AppID,
		SellerID: SellerID, Active: true, Channels: []core.ChannelID{channel}, NotifyURL: notifyURL,
	})
	return b
}

func (b *Bench) now() time.Time { return b.Sim.Clock().Now() }

// Request is an attempt to take 100.00 yuan for one line of goods of the category.
func (b *Bench) Request(outTradeNo, category string, funding core.Funding) core.PayRequest {
	return core.PayRequest{
		TradeRef:   core.TradeRef{Account: b.Account, OutTradeNo: outTradeNo},
		PaymentID:  "pay_" + outTradeNo,
		AmountFen:  10_000,
		Subject:    "一百元的东西",
		Lines:      []core.Line{{LineID: "1", GoodsID: "g1", Name: "东西", Category: category, Quantity: 1, PriceFen: 10_000}},
		Payer:      core.Payer{UserID: alipaysim.DefaultBuyer().UserID},
		Funding:    funding,
		ClientIP:   "203.0.113.7",
		TimeExpire: b.now().Add(15 * time.Minute),
		ReturnURL:  "https://pay.example/return/" + outTradeNo,
		QuitURL:    "https://pay.example/h5/" + outTradeNo,
	}
}

// LoginCode is what my.getAuthCode would give the mini-program.
func (b *Bench) LoginCode(t *testing.T) string {
	t.Helper()
	code, err := b.Sim.IssueAuthCode(AppID, "")
	if err != nil {
		t.Fatal(err)
	}
	return code
}

// Run holds a channel to channeltest on a new bench. Want lists its optional capabilities.
func Run(t *testing.T, id core.ChannelID, channel func(alipaytrade.Apps) core.PaymentChannel, want ...string) {
	t.Helper()
	b := New(t, id)
	b.Run(t, channel(b.Apps()), core.Payer{UserID: alipaysim.DefaultBuyer().UserID}, want...)
}

// Run holds a channel to channeltest on this bench.
func (b *Bench) Run(t *testing.T, channel core.PaymentChannel, payer core.Payer, want ...string) {
	t.Helper()
	channeltest.Run(t, channeltest.Harness{
		Channel:   channel,
		Receiver:  alipaytrade.Gateway{Apps: b.Apps()},
		Account:   b.Account,
		Payer:     payer,
		LoginCode: func() string { return b.LoginCode(t) },
		Gateway:   b,
		Now:       b.now,
		Want:      want,
		Accept:    core.Reply{Status: http.StatusOK, ContentType: "text/plain", Body: []byte("success")},
		Forges:    []channeltest.Kind{channeltest.Unsigned, channeltest.AlteredField, channeltest.ForeignKey, channeltest.Malformed},
	})
}
