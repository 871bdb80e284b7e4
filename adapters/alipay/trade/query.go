package alipaytrade

import (
	"context"

	"github.com/paymux/paymux/adapters/alipay"
	"github.com/paymux/paymux/core"
)

// Query calls alipay.trade.query. Absent is Alipay's TRADE_NOT_EXIST, which is normal for a page
// order until its buyer enters the cashier; the trade may still come to exist until time_expire. A
// trade that is refunded in full is closed, and only its refunds tell it from an unpaid one.
func (t Trades) Query(ctx context.Context, ref core.TradeRef) core.TradeResult {
	app, missing, ok := t.Find(ref.Account)
	if !ok {
		return core.TradeResult{Answer: missing}
	}
	response, result := app.Query(ctx, alipay.QueryRequest{OutTradeNo: ref.OutTradeNo, TradeNo: ref.TradeNo})
	a := answer(opQuery, result, app.KeyVersion())
	if a.Outcome != core.OutcomeSucceeded {
		return core.TradeResult{Answer: a}
	}
	state, known := tradeState(response.TradeStatus)
	if !known {
		return core.TradeResult{Answer: demote(a, "a trade status that no document lists")}
	}
	return core.TradeResult{Answer: a, Trade: core.Trade{
		OutTradeNo: response.OutTradeNo,
		TradeNo:    response.TradeNo,
		State:      state,
		TotalFen:   core.Fen(response.TotalAmount),
		ReceiptFen: core.Fen(response.ReceiptAmount),
		PaidAt:     response.SendPayDate.Time,
		Payer:      core.Payer{UserID: response.BuyerUserID, OpenID: response.BuyerOpenID},
	}}
}

// tradeState translates trade_status; ok is false for a status outside Alipay's four.
func tradeState(status alipay.TradeStatus) (state core.TradeState, ok bool) {
	switch status {
	case alipay.WaitBuyerPay:
		return core.TradeWaiting, true
	case alipay.TradeSuccess:
		return core.TradePaid, true
	case alipay.TradeFinished:
		return core.TradeFinished, true
	case alipay.TradeClosed:
		return core.TradeClosed, true
	}
	return "", false
}
