package alipay

import "context"

// RefundRequest asks for money back to the buyer. OutRequestNo identifies this
// refund for ever: a repeat must carry the same number and the same amount.
type RefundRequest struct {
	OutTradeNo    string          `json:"out_trade_no,omitzero"`
	TradeNo       string          `json:"trade_no,omitzero"`
	OutRequestNo  string          `json:"out_request_no"`
	RefundAmount  Amount          `json:"refund_amount"`
	RefundReason  string          `json:"refund_reason,omitzero"`
	OperatorID    string          `json:"operator_id,omitzero"`
	StoreID       string          `json:"store_id,omitzero"`
	TerminalID    string          `json:"terminal_id,omitzero"`
	QueryOptions  []string        `json:"query_options,omitzero"`
	RefundRoyalty []RefundRoyalty `json:"refund_royalty_parameters,omitzero"`
}

// RefundRoyalty takes a share back from a receiver of a split trade.
type RefundRoyalty struct {
	RoyaltyType  string `json:"royalty_type,omitzero"` // "transfer"
	TransOut     string `json:"trans_out,omitzero"`
	TransOutType string `json:"trans_out_type,omitzero"`
	TransIn      string `json:"trans_in,omitzero"`
	TransInType  string `json:"trans_in_type,omitzero"`
	Amount       Amount `json:"amount,omitzero"`
	Desc         string `json:"desc,omitzero"`
}

// RefundResponse says what the trade looks like after the call. RefundFee is
// the total refunded of the trade, not this refund's amount.
type RefundResponse struct {
	TradeNo      string     `json:"trade_no"`
	OutTradeNo   string     `json:"out_trade_no"`
	FundChange   string     `json:"fund_change"` // "Y" only if this very call moved money
	RefundFee    Amount     `json:"refund_fee"`
	SendBackFee  Amount     `json:"send_back_fee"` // only when asked for
	GmtRefundPay Time       `json:"gmt_refund_pay"`
	Details      []FundBill `json:"refund_detail_item_list"`
}

// Refund calls alipay.trade.refund. Done means that this call moved money
// (fund_change=Y). A success without that is Pending: a repeat of a refund that
// is done, or one in progress; RefundQuery decides (G07).
func (a *App) Refund(ctx context.Context, request RefundRequest) (RefundResponse, Result) {
	var l limits
	l.trade(request.OutTradeNo, request.TradeNo)
	// Required here although the gateway would invent one: without it a repeat is a second refund.
	l.number("out_request_no", request.OutRequestNo)
	l.amount("refund_amount", request.RefundAmount)
	l.optional("refund_reason", request.RefundReason, 256)
	l.optional("operator_id", request.OperatorID, 30)
	l.optional("store_id", request.StoreID, 32)
	l.optional("terminal_id", request.TerminalID, 32)
	for _, part := range request.RefundRoyalty {
		l.amount("refund_royalty_parameters.amount", part.Amount)
		l.optional("refund_royalty_parameters.desc", part.Desc, 1000)
	}
	if err := l.result(); err != nil {
		return RefundResponse{}, invalid(err)
	}
	response, result := fetch[RefundResponse](ctx, a, Call{
		Method: MethodRefund, Biz: &request, Echo: Echo{OutTradeNo: request.OutTradeNo, TradeNo: request.TradeNo},
	})
	if result.Class == Done && response.FundChange != "Y" {
		result.Class = Pending
	}
	return response, result
}
