package alipay

import "context"

// CloseRequest names an unpaid trade to close.
type CloseRequest struct {
	OutTradeNo string `json:"out_trade_no,omitzero"`
	TradeNo    string `json:"trade_no,omitzero"`
	OperatorID string `json:"operator_id,omitzero"`
}

// CloseResponse names the trade that is closed now.
type CloseResponse struct {
	TradeNo    string `json:"trade_no"`
	OutTradeNo string `json:"out_trade_no"`
}

// Close calls alipay.trade.close. Only WAIT_BUYER_PAY can be closed: any other
// state is DoneElsewhere, and a query says which. NotExist does not stop a
// signed payment address from being used until its time_expire.
func (a *App) Close(ctx context.Context, request CloseRequest) (CloseResponse, Result) {
	var l limits
	l.trade(request.OutTradeNo, request.TradeNo)
	l.optional("operator_id", request.OperatorID, 28)
	if err := l.result(); err != nil {
		return CloseResponse{}, invalid(err)
	}
	return fetch[CloseResponse](ctx, a, Call{
		Method: MethodClose, Biz: &request, Echo: Echo{OutTradeNo: request.OutTradeNo, TradeNo: request.TradeNo},
	})
}
