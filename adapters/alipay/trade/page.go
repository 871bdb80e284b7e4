package alipaytrade

import (
	"errors"

	"github.com/paymux/paymux/adapters/alipay"
	"github.com/paymux/paymux/core"
)

// SignPage signs alipay.trade.wap.pay into a form that the buyer's browser posts: page channels end
// here. Nothing is sent, so the answer is Pending: the trade exists once the buyer has entered the
// cashier, and can be entered until TimeExpire. goodsType is GoodsType's or the channel's own.
func (t Trades) SignPage(r core.PayRequest, goodsType string) core.PayResult {
	app, missing, ok := t.Find(r.Account)
	if !ok {
		return core.PayResult{Answer: missing}
	}
	means, err := MeansOf(r.Funding)
	if err != nil {
		return core.PayResult{Answer: Refused(err, app)}
	}
	order := alipay.WapPayRequest{
		OutTradeNo:         r.OutTradeNo,
		TotalAmount:        alipay.Amount(r.AmountFen),
		Subject:            r.Subject,
		TimeExpire:         alipay.At(r.TimeExpire),
		GoodsType:          goodsType,
		GoodsDetail:        GoodsDetail(r.Lines),
		SellerID:           r.Account.SellerID,
		ExtendParams:       means.Extend,
		BusinessParams:     BusinessParams(r.ClientIP),
		DisablePayChannels: means.Disable,
		QuitURL:            r.QuitURL,
		ReturnURL:          r.ReturnURL,
		NotifyURL:          r.Account.NotifyURL,
		SignedAt:           r.SignedAt,
	}
	if means.OneSum {
		order.SpecifiedChannel = alipay.ChannelPcredit
	}
	form, err := app.WapPayForm(order)
	if err != nil {
		return core.PayResult{Answer: Refused(err, app)}
	}
	action := core.Action{Type: core.ActionForm, URL: form.Action, Fields: map[string]string{}}
	for _, f := range form.Fields {
		action.Fields[f.Name] = f.Value
	}
	return core.PayResult{Answer: core.Answer{Outcome: core.OutcomePending, KeyVersion: app.KeyVersion()}, Action: action}
}

// Refused is the answer to a request that was refused here, before anything was signed or sent. A
// broken limit is final; anything else is a fault of ours that may be mended, after which the same
// request may go out.
func Refused(err error, app *alipay.App) core.Answer {
	_, limit := errors.AsType[*alipay.FieldError](err)
	if limit || core.CodeOf(err) != core.CodeInternal {
		code := core.CodeOf(err)
		if code == core.CodeInternal {
			code = core.CodeInvalid
		}
		return core.Answer{Outcome: core.OutcomeFailed, Code: code, Detail: err.Error(), Err: err, KeyVersion: app.KeyVersion()}
	}
	return core.Answer{Outcome: core.OutcomeNotSent, Code: core.CodeNotConfigured, Detail: err.Error(), Err: err, KeyVersion: app.KeyVersion()}
}

// Answer translates what a channel's own call, the one that opens a trade, has proved.
func Answer(result alipay.Result, app *alipay.App) core.Answer {
	return answer(opPay, result, app.KeyVersion())
}
