package alipaytrade

import (
	"context"

	"github.com/paymux/paymux/adapters/alipay"
	"github.com/paymux/paymux/core"
)

// Close calls alipay.trade.close, which only an unpaid trade obeys. Any refusal
// (ACQ.REASON_TRADE_STATUS_INVALID, ACQ.TRADE_STATUS_ERROR, …) is Failed and proves nothing but
// that this call closed nothing: the trade may be paid, or closed before.
func (t Trades) Close(ctx context.Context, ref core.TradeRef) core.CloseResult {
	app, missing, ok := t.Find(ref.Account)
	if !ok {
		return core.CloseResult{Answer: missing}
	}
	response, result := app.Close(ctx, alipay.CloseRequest{OutTradeNo: ref.OutTradeNo, TradeNo: ref.TradeNo})
	return core.CloseResult{Answer: answer(opClose, result, app.KeyVersion()), TradeNo: response.TradeNo}
}
