package alipay

import "context"

// RefundSuccess is the only value of refund_status; its absence decides nothing.
const RefundSuccess = "REFUND_SUCCESS"

// RefundQueryRequest names one refund of one trade.
type RefundQueryRequest struct {
	OutTradeNo   string `json:"out_trade_no,omitzero"`
	TradeNo      string `json:"trade_no,omitzero"`
	OutRequestNo string `json:"out_request_no"`
	// QueryOptions: "refund_detail_item_list", "gmt_refund_pay", "deposit_back_info"
	QueryOptions []string `json:"query_options,omitzero"`
}

// RefundQueryResponse is one refund; RefundAmount is this refund's own amount.
type RefundQueryResponse struct {
	TradeNo      string `json:"trade_no"`
	OutTradeNo   string `json:"out_trade_no"`
	OutRequestNo string `json:"out_request_no"`
	TotalAmount  Amount `json:"total_amount"` // of the trade
	RefundAmount Amount `json:"refund_amount"`
	// RefundFee: of the trade in all; no document lists it here, so it is usually absent
	RefundFee       Amount       `json:"refund_fee"`
	RefundStatus    string       `json:"refund_status"`
	RefundReason    string       `json:"refund_reason"`
	SendBackFee     Amount       `json:"send_back_fee"`
	GmtRefundPay    Time         `json:"gmt_refund_pay"` // only when asked for
	Details         []FundBill   `json:"refund_detail_item_list"`
	DepositBackInfo *DepositBack `json:"deposit_back_info"`
}

// DepositBack is a refund on its way to a bank card.
type DepositBack struct {
	HasDepositBack string `json:"has_deposit_back"`
	Status         string `json:"dback_status"` // S, F or P
	Amount         Amount `json:"dback_amount"`
	BankAckTime    Time   `json:"bank_ack_time"`
	EstimatedTime  Time   `json:"est_bank_receipt_time"`
}

// RefundQuery calls alipay.trade.fastpay.refund.query. Done means that the
// refund succeeded. Pending is a verified answer without refund data: not
// received, failed, or not yet; ask again after ten seconds or repeat the
// refund with the same number (G08).
func (a *App) RefundQuery(ctx context.Context, request RefundQueryRequest) (RefundQueryResponse, Result) {
	var l limits
	l.trade(request.OutTradeNo, request.TradeNo)
	l.number("out_request_no", request.OutRequestNo)
	if err := l.result(); err != nil {
		return RefundQueryResponse{}, invalid(err)
	}
	// An unknown refund is answered without any number; a succeeded one must have them all.
	echo := Echo{OutTradeNo: request.OutTradeNo, TradeNo: request.TradeNo, OutRequestNo: request.OutRequestNo, IfPresent: true}
	response, result := inquire[RefundQueryResponse](ctx, a, Call{Method: MethodRefundQuery, Biz: &request, Echo: echo})
	if result.Class != Done {
		return response, result
	}
	if response.RefundStatus != RefundSuccess {
		result.Class = Pending
		return response, result
	}
	echo.IfPresent = false
	head := answerHead{OutTradeNo: response.OutTradeNo, TradeNo: response.TradeNo, OutRequestNo: response.OutRequestNo}
	if err := echo.compare(head, true); err != nil {
		return RefundQueryResponse{}, result.unknown(err)
	}
	if response.RefundAmount < 1 {
		return RefundQueryResponse{}, result.unknown(ErrUnknownTradeOutcome)
	}
	return response, result
}
