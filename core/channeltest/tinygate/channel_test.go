package tinygate_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/paymux/paymux/core"
	"github.com/paymux/paymux/core/channeltest"
	"github.com/paymux/paymux/core/channeltest/tinygate"
)

// A gateway as unlike the first one as can be passes the suite with nothing left out.
func TestChannel(t *testing.T) {
	gate := tinygate.New("m-1", time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC))
	wire := gate.Wire("acc_tiny", gate.Now)
	channeltest.Run(t, channeltest.Harness{
		Channel:  tinygate.Channel{Wire: wire},
		Receiver: tinygate.Receiver{Wire: wire},
		Account: core.Account{
			ID: "acc_tiny", MerchantID: "m_test", Gateway: tinygate.GatewayID, Environment: core.Sandbox, AppID: "m-1",
			Active: true, Channels: []core.ChannelID{tinygate.ChannelID}, Grace: tinygate.Grace,
			NotifyURL: "https://notify.invalid/notify/tiny/acc_tiny",
		},
		Gateway: gate,
		Now:     gate.Now,
		Want:    []string{"refund"},
		Accept: core.Reply{
			Status: http.StatusOK, ContentType: "application/json", Body: []byte(`{"code":"SUCCESS"}`),
		},
		Forges:     tinygate.Forges(),
		Silent:     []core.NoticeKind{core.NoticeClosed},
		Unnumbered: true,
	})
}
