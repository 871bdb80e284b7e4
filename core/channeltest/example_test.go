package channeltest_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/paymux/paymux/core"
	"github.com/paymux/paymux/core/channeltest"
	"github.com/paymux/paymux/core/channeltest/tinygate"
)

// A channel's test fills a Harness and runs the suite. The gateway's side is a Control: here the
// one of tinygate, for a real gateway its simulator.
func ExampleRun() { //nolint:testableexamples // a suite runs within a test
	var t *testing.T // of func TestChannel(t *testing.T)

	gate := tinygate.New("m-1", time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC))
	wire := gate.Wire("acc_tiny", gate.Now)
	channeltest.Run(t, channeltest.Harness{
		Channel:  tinygate.Channel{Wire: wire},
		Receiver: tinygate.Receiver{Wire: wire},
		Account: core.Account{
			ID: "acc_tiny", Gateway: tinygate.GatewayID, AppID: "m-1", Active: true,
			Channels: []core.ChannelID{tinygate.ChannelID}, Grace: tinygate.Grace,
		},
		Gateway: gate,
		Now:     gate.Now,
		Want:    []string{"refund"}, // what core must find that the channel can do, and no more
		Accept: core.Reply{ // the exact reply after which the gateway is quiet
			Status: http.StatusOK, ContentType: "application/json", Body: []byte(`{"code":"SUCCESS"}`),
		},
		Forges: tinygate.Forges(), // the kinds of forgery that the protocol can have
		Silent: []core.NoticeKind{core.NoticeClosed},
		// this gateway gives a trade its number only once it is paid
		Unnumbered: true,
	})
}
