package alipaymini_test

import (
	"testing"

	alipaymini "github.com/paymux/paymux/adapters/alipay/mini"
	alipaysim "github.com/paymux/paymux/adapters/alipay/sim"
	alipaytrade "github.com/paymux/paymux/adapters/alipay/trade"
	"github.com/paymux/paymux/adapters/alipay/trade/tradetest"
	"github.com/paymux/paymux/core"
)

// The suite holds the channel and its receiver to C01, C02, C03, C05, C07, C15, C16, C17, C20, C22,
// C24, C25, C26, C27, C31, C32, C39, G01, G02, G03, G04, G05, G06, G07, G08, G10, G11, G12, G14,
// G17, I11, S01 and S11 on this wire; core/channeltest says where.
func TestChannel(t *testing.T) {
	tradetest.Run(t, alipaymini.ID, func(apps alipaytrade.Apps) core.PaymentChannel { return alipaymini.New(apps) },
		"close", "refund", "authorize", "instalments")
}

// Newer apps know the buyer by open_id only, and some gateways refuse a close in the documents'
// other words: nothing else changes.
func TestChannelOfOpenIDs(t *testing.T) {
	bench := tradetest.New(t, alipaymini.ID, func(c *alipaysim.Config) {
		c.Apps[0].OpenIDMode = true
		c.Switches.ClosePaidSubCode, c.Switches.RepeatCloseFails = "ACQ.TRADE_STATUS_ERROR", true
	})
	channel := alipaymini.New(bench.Apps())
	login := channel.Authorize(t.Context(), bench.Account, bench.LoginCode(t))
	if login.Outcome != core.OutcomeSucceeded || login.Payer.UserID != "" || login.Payer.OpenID == "" {
		t.Fatalf("%s %s: %+v", login.Outcome, login.Detail, login.Payer)
	}
	bench.Run(t, channel, login.Payer, "close", "refund", "authorize", "instalments")
}

// An account whose payments are opened by order strings keeps the same contract.
func TestChannelOfOrderStrings(t *testing.T) {
	bench := tradetest.New(t, alipaymini.ID)
	bench.Account.PaysWithoutTrade = true
	bench.Run(t, alipaymini.New(bench.Apps()), core.Payer{UserID: alipaysim.DefaultBuyer().UserID}, "close", "refund", "authorize", "instalments")
}
