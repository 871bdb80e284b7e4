package alipaymini

import (
	"context"

	"github.com/paymux/paymux/adapters/alipay"
	alipaytrade "github.com/paymux/paymux/adapters/alipay/trade"
	"github.com/paymux/paymux/core"
)

// ID is the channel's name in configuration and rules.
const ID core.ChannelID = "alipay_mini"

// What the mini-program does with the action, as the API names it.
const (
	ActionTradeNo     core.ActionType = "alipay_trade_no"  // my.tradePay({tradeNO})
	ActionOrderString core.ActionType = "alipay_order_str" // my.tradePay({orderStr}) or the app SDK
)

// Channel is the native door: the trade is made within create, and the mini-program gets its
// number; or, for accounts with PaysWithoutTrade, a signed order string by which the buyer makes
// it.
type Channel struct {
	alipaytrade.Trades
	alipaytrade.Login
	alipaytrade.Huabei
}

// The capabilities that this channel claims.
var (
	_ core.PaymentChannel = Channel{}
	_ core.Closer         = Channel{}
	_ core.Refunder       = Channel{}
	_ core.Authorizer     = Channel{}
	_ core.Instalments    = Channel{}
)

// New wires the channel to the applications of its accounts.
func New(apps alipaytrade.Apps) Channel {
	trades := alipaytrade.Trades{Apps: apps}
	return Channel{Trades: trades, Login: alipaytrade.Login{Apps: apps}}
}

// ID is the channel's name.
func (Channel) ID() core.ChannelID { return ID }

// Door says that Pay is called within create.
func (Channel) Door() core.Door { return core.DoorNative }

// Pay makes the order payable in the way that its account says. With the trade's number already
// known nothing is sent or signed: my.tradePay needs no more than that, whichever way the account
// goes by now.
func (c Channel) Pay(ctx context.Context, r core.PayRequest) core.PayResult {
	app, missing, ok := c.Find(r.Account)
	if !ok {
		return core.PayResult{Answer: missing}
	}
	if r.TradeNo != "" {
		return payable(core.Answer{Outcome: core.OutcomeSucceeded}, r.TradeNo)
	}
	means, err := alipaytrade.MeansOf(r.Funding)
	if err != nil {
		return core.PayResult{Answer: alipaytrade.Refused(err, app)}
	}
	if r.Account.PaysWithoutTrade {
		return orderString(app, r, means)
	}
	return create(ctx, app, r, means)
}

// create calls alipay.trade.create. Repeated with the same request Alipay answers with the same
// trade; when that trade has been paid, has been closed, or was opened by another request, the
// answer is Unknown and a query tells which.
func create(ctx context.Context, app *alipay.App, r core.PayRequest, means alipaytrade.Means) core.PayResult {
	order := alipay.CreateRequest{
		OutTradeNo:         r.OutTradeNo,
		TotalAmount:        alipay.Amount(r.AmountFen),
		Subject:            r.Subject,
		BuyerID:            r.Payer.UserID,
		SellerID:           r.Account.SellerID,
		TimeExpire:         alipay.At(r.TimeExpire),
		GoodsDetail:        alipaytrade.GoodsDetail(r.Lines),
		ExtendParams:       means.Extend,
		BusinessParams:     alipaytrade.BusinessParams(r.ClientIP),
		DisablePayChannels: means.Disable,
		NotifyURL:          r.Account.NotifyURL,
	}
	if r.Payer.UserID == "" {
		if err := nameBuyer(&order, app, r.Payer); err != nil {
			return core.PayResult{Answer: alipaytrade.Refused(err, app)}
		}
	}
	if means.OneSum {
		// trade.create has no specified_channel: it gets a list of what is allowed, which must name
		// the discounts or the cashier takes none.
		order.EnablePayChannels, order.DisablePayChannels = oneSumChannels(), nil
	}
	response, result := app.Create(ctx, order)
	answer := alipaytrade.Answer(result, app)
	if answer.Outcome != core.OutcomeSucceeded {
		return core.PayResult{Answer: answer}
	}
	return payable(answer, response.TradeNo)
}

// nameBuyer puts an open_id where Alipay looks for it by the app that it belongs to: buyer_open_id
// is the calling app's, op_buyer_open_id the one of the mini-program that pays through it. Of an id
// without an app the mini-program is taken for the one that logged in.
func nameBuyer(order *alipay.CreateRequest, app *alipay.App, payer core.Payer) error {
	owner := payer.AppID
	if owner == "" {
		owner = app.OpAppID()
	}
	switch owner {
	case app.ID():
		order.BuyerOpenID = payer.OpenID
	case app.OpAppID():
		order.OpBuyerOpenID = payer.OpenID
	default:
		return &alipay.FieldError{Field: "buyer_open_id", Rule: "must belong to the calling app or to op_app_id"}
	}
	return nil
}

func payable(answer core.Answer, tradeNo string) core.PayResult {
	return core.PayResult{
		Answer: answer, TradeNo: tradeNo, Action: core.Action{Type: ActionTradeNo, TradeNo: tradeNo},
	}
}

// oneSumChannels is Huabei in one sum and the discounts that may lower the sum.
func oneSumChannels() alipay.PayChannels {
	return alipay.PayChannels{alipay.ChannelPcredit, alipay.ChannelCoupon, alipay.ChannelVoucher, alipay.ChannelPromotion}
}
