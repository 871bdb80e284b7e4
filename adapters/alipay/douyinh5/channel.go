package douyinh5

import (
	"context"

	"github.com/paymux/paymux/adapters/alipay"
	alipaytrade "github.com/paymux/paymux/adapters/alipay/trade"
	"github.com/paymux/paymux/core"
)

// ID is the channel's name in configuration and rules.
const ID core.ChannelID = "douyin_h5"

// Channel is a page door: it signs when the hand-off page is opened outside Douyin.
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

// Pay signs the order into a form, without any network call, and says goods_type=1. A basket that
// holds anything but physical goods is refused.
func (c Channel) Pay(_ context.Context, r core.PayRequest) core.PayResult {
	if !alipaytrade.OnlyPhysical(r.Lines) {
		return core.PayResult{Answer: core.Answer{
			Outcome: core.OutcomeFailed, Code: core.CodeGoodsCategoryForbidden, Detail: "douyin_h5 sells physical goods only",
		}}
	}
	return c.SignPage(r, alipay.GoodsPhysical)
}
