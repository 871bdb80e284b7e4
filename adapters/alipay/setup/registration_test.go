package alipaysetup

import (
	"crypto/rand"
	"testing"
	"time"

	"github.com/paymux/paymux/adapters"
	"github.com/paymux/paymux/adapters/alipay"
	alipaysim "github.com/paymux/paymux/adapters/alipay/sim"
	"github.com/paymux/paymux/config"
	"github.com/paymux/paymux/core"
)

var _ adapters.Registration = Registration{}

// The channels find Alipay's own among the applications of all gateways, and no other's.
func TestLookupOfApplications(t *testing.T) {
	ours := certifiedApp(t)
	find := lookup(func(account string) (adapters.Application, bool) {
		all := map[string]adapters.Application{"ours": application{ours}, "strange": stranger{}}
		app, ok := all[account]
		return app, ok
	})
	if app, ok := find.App("ours"); !ok || app != ours {
		t.Error("ours is not found")
	}
	for _, account := range []string{"strange", "nobody"} {
		if app, ok := find.App(account); ok || app != nil {
			t.Errorf("%s: %v", account, app)
		}
	}
}

type stranger struct{}

func (stranger) Certificates(time.Time) []adapters.Certificate { return nil }

// C29: the program is told of each certificate in use and how soon it ends.
func TestC29_certificatesOfAnApplication(t *testing.T) {
	app := certifiedApp(t)
	end := app.Certificates()[0].NotAfter
	list := application{app}.Certificates(end.AddDate(0, 0, -7))
	if len(list) != 2 || list[0].NotAfter != end || list[0].DueWithin != 7 || list[0].KeyVersion != "v1" || list[0].Serial == list[1].Serial ||
		list[0].Kind == list[1].Kind {
		t.Errorf("%+v", list)
	}
}

// Nothing but the environment decides where a buyer's browser may be sent on to.
func TestOriginsByEnvironment(t *testing.T) {
	for e, n := range map[core.Environment]int{core.Production: 1, core.Sandbox: 2} {
		if got := (Registration{}).Origins(e); len(got) != n {
			t.Errorf("%s: %v", e, got)
		}
	}
}

func certifiedApp(t *testing.T) *alipay.App {
	t.Helper()
	gateway, err := alipaysim.GenerateKeyPair(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	own, err := alipaysim.GenerateKeyPair(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	authority, err := alipaysim.NewAuthority(rand.Reader, now, gateway.PrivatePEM)
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := authority.IssueApp(now, "9021000100000077", "2088000000000077", own.PublicText)
	if err != nil {
		t.Fatal(err)
	}
	app, err := alipay.NewApp(alipay.AppConfig{
		AppID: "9021000100000077", Gateway: "http://127.0.0.1:1/gateway.do", Environment: alipay.Sandbox, Now: func() time.Time { return now },
		Keys: []alipay.KeyConfig{{
			Version: "v1", Use: alipay.KeyCurrent, PrivateKey: own.PrivatePEM, AppCertificate: certificate,
			AlipayCertificate: authority.Certificates[0].ChainPEM, RootCertificates: authority.RootPEM,
		}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return app
}

// What an account's section says of whose it is reaches core, and what is there already stays.
func TestAccountOfSettings(t *testing.T) {
	for way, without := range map[string]bool{TradeNo: false, OrderString: true} {
		a := config.Account{Settings: &Account{AppID: "1", OpAppID: "2", SellerID: "3", MiniPay: way}}
		got := AccountOf(a, core.Account{ID: "a", NotifyURL: "https://pay.example/notify"})
		if got.AppID != "1" || got.OpAppID != "2" || got.SellerID != "3" || got.PaysWithoutTrade != without || got.NeedsPayer == without {
			t.Errorf("%s: %+v", way, got)
		}
		if got.ID != "a" || got.NotifyURL == "" || got.GatewayName.EN != "Alipay" || got.Grace == 0 {
			t.Errorf("%s: %+v", way, got)
		}
	}
}
