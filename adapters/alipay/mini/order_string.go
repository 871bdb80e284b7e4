package alipaymini

import (
	"github.com/paymux/paymux/adapters/alipay"
	alipaytrade "github.com/paymux/paymux/adapters/alipay/trade"
	"github.com/paymux/paymux/core"
)

// maxOrderString bounds what is handed to a phone and kept with the attempt, in bytes.
const maxOrderString = 32 << 10

// orderString signs alipay.trade.app.pay into the text that my.tradePay takes as orderStr. Nothing
// is sent, so the answer is Pending: the trade exists once a buyer has entered the cashier, and can
// be entered until TimeExpire. The text is part of the payment as the API shows it, so it holds
// nothing of the buyer, not even the address that trade.create carries: the buyer's own phone
// brings that along.
func orderString(app *alipay.App, r core.PayRequest, means alipaytrade.Means) core.PayResult {
	order := alipay.AppPayRequest{
		OutTradeNo:         r.OutTradeNo,
		TotalAmount:        alipay.Amount(r.AmountFen),
		Subject:            r.Subject,
		TimeExpire:         alipay.At(r.TimeExpire),
		GoodsType:          alipaytrade.GoodsType(r.Lines),
		GoodsDetail:        alipaytrade.GoodsDetail(r.Lines),
		SellerID:           r.Account.SellerID,
		ExtendParams:       means.Extend,
		DisablePayChannels: means.Disable,
		NotifyURL:          r.Account.NotifyURL,
		SignedAt:           r.SignedAt,
	}
	if means.OneSum {
		order.SpecifiedChannel = alipay.ChannelPcredit
	}
	text, err := app.AppPayOrderString(order)
	// what grows with the basket is its description, which is all or nothing
	if len(text) > maxOrderString {
		order.GoodsDetail = nil
		text, err = app.AppPayOrderString(order)
	}
	if err != nil {
		return core.PayResult{Answer: alipaytrade.Refused(err, app)}
	}
	return core.PayResult{
		Answer: core.Answer{Outcome: core.OutcomePending, KeyVersion: app.KeyVersion()},
		Action: core.Action{Type: ActionOrderString, Text: text},
	}
}
