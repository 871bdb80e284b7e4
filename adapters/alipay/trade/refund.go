package alipaytrade

import (
	"context"
	"unicode/utf8"

	"github.com/paymux/paymux/adapters/alipay"
	"github.com/paymux/paymux/core"
)

// Refund calls alipay.trade.refund. Succeeded is fund_change=Y, money moved by this very call.
// Pending is a success without it, a repeat of a refund that is done or one in progress:
// QueryRefund decides (G07). Alipay's refund_fee is what the trade has refunded in all, so it is
// CumulativeFen, never ActualFen.
func (t Trades) Refund(ctx context.Context, r core.RefundRequest) core.RefundResult {
	app, missing, ok := t.Find(r.Account)
	if !ok {
		return core.RefundResult{Answer: missing}
	}
	response, result := app.Refund(ctx, alipay.RefundRequest{
		OutTradeNo:   r.OutTradeNo,
		TradeNo:      r.TradeNo,
		OutRequestNo: r.OutRequestNo,
		RefundAmount: alipay.Amount(r.AmountFen),
		RefundReason: r.Reason,
	})
	a := answer(opRefund, result, app.KeyVersion())
	if a.Outcome != core.OutcomeSucceeded && a.Outcome != core.OutcomePending {
		return core.RefundResult{Answer: a}
	}
	return core.RefundResult{Answer: a, ActualFen: core.Fen(response.SendBackFee), CumulativeFen: core.Fen(response.RefundFee)}
}

// QueryRefund calls alipay.trade.fastpay.refund.query. ActualFen is what went back to the buyer:
// less than what was asked when coupons were used (A14).
func (t Trades) QueryRefund(ctx context.Context, r core.RefundRequest) core.RefundResult {
	app, missing, ok := t.Find(r.Account)
	if !ok {
		return core.RefundResult{Answer: missing}
	}
	response, result := app.RefundQuery(ctx, alipay.RefundQueryRequest{
		OutTradeNo: r.OutTradeNo, TradeNo: r.TradeNo, OutRequestNo: r.OutRequestNo,
		QueryOptions: []string{"refund_detail_item_list"}, // send_back_fee comes with it
	})
	a := answer(opRefundQuery, result, app.KeyVersion())
	if a.Outcome == core.OutcomeAbsent && response.RefundStatus != "" {
		a.Outcome = core.OutcomePending // it has heard of the refund, and has not finished it
	}
	switch a.Outcome {
	case core.OutcomeSucceeded:
	case core.OutcomeAbsent, core.OutcomePending: // verified, too
		return core.RefundResult{Answer: a, CumulativeFen: core.Fen(response.RefundFee)}
	default:
		return core.RefundResult{Answer: a}
	}
	actual := response.RefundAmount
	if response.SendBackFee > 0 && response.SendBackFee < actual {
		actual = response.SendBackFee
	}
	return core.RefundResult{
		Answer: a, AskedFen: core.Fen(response.RefundAmount), ActualFen: core.Fen(actual), CumulativeFen: core.Fen(response.RefundFee),
		TotalFen: core.Fen(response.TotalAmount),
	}
}

// truncate cuts text to at most n characters.
func truncate(text string, n int) string {
	if utf8.RuneCountInString(text) <= n {
		return text
	}
	return string([]rune(text)[:n])
}
