package alipay

import "context"

// What a cancel did.
const (
	CancelClosed   = "close"  // the trade was unpaid and is closed
	CancelRefunded = "refund" // the trade was paid and is refunded in full
)

// CancelRequest names a face-to-face trade whose outcome is unknown.
type CancelRequest struct {
	OutTradeNo string `json:"out_trade_no,omitzero"`
	TradeNo    string `json:"trade_no,omitzero"`
}

// CancelResponse says what happened; Action is empty when no trade was found.
type CancelResponse struct {
	TradeNo    string `json:"trade_no"`
	OutTradeNo string `json:"out_trade_no"`
	RetryFlag  string `json:"retry_flag"` // "Y": the gateway wants the same call again
	Action     string `json:"action"`
}

// Cancel calls alipay.trade.cancel. Pending means that the gateway asks for
// the same call again (retry_flag=Y).
func (a *App) Cancel(ctx context.Context, request CancelRequest) (CancelResponse, Result) {
	var l limits
	l.trade(request.OutTradeNo, request.TradeNo)
	if err := l.result(); err != nil {
		return CancelResponse{}, invalid(err)
	}
	response, result := fetch[CancelResponse](ctx, a, Call{
		Method: MethodCancel, Biz: &request,
		Echo: Echo{OutTradeNo: request.OutTradeNo, TradeNo: request.TradeNo, IfPresent: true},
	})
	if result.Class == Done && response.RetryFlag == "Y" {
		result.Class = Pending
	}
	return response, result
}
