package wechath5

import (
	"context"

	alipaytrade "github.com/paymux/paymux/adapters/alipay/trade"
	"github.com/paymux/paymux/core"
)

// ID is the channel's name in configuration and rules.
const ID core.ChannelID = "wechat_h5"

// Channel is a page door: it signs when the hand-off page is opened outside WeChat.
type Channel struct {
	alipaytrade.Trades
	alipaytrade.Huabei
}

// The capabilities that this channel claims.
var (
	_ core.PaymentChannel = Channel{}
	_ core.Closer         = Channel{}
	_ core.Refunder       = Channel{}
	_ core.Instalments    = Channel{}
)

// New wires the channel to the applications of its accounts.
func New(apps alipaytrade.Apps) Channel {
	return Channel{Trades: alipaytrade.Trades{Apps: apps}}
}

// ID is the channel's name.
func (Channel) ID() core.ChannelID { return ID }

// Door says that Pay is called when the page opens.
func (Channel) Door() core.Door { return core.DoorPage }

// Pay signs the order into a form, without any network call. All goods may be sold here; Alipay is
// told whether they are virtual or physical, so that its cashier applies its own rules too.
func (c Channel) Pay(_ context.Context, r core.PayRequest) core.PayResult {
	return c.SignPage(r, alipaytrade.GoodsType(r.Lines))
}
