package alipay

import "context"

// TradeStatus is the state of a trade at the gateway.
type TradeStatus string

// Trade states. TradeClosed means unpaid and closed, or paid and refunded in full.
const (
	WaitBuyerPay  TradeStatus = "WAIT_BUYER_PAY"
	TradeSuccess  TradeStatus = "TRADE_SUCCESS"
	TradeFinished TradeStatus = "TRADE_FINISHED"
	TradeClosed   TradeStatus = "TRADE_CLOSED"
)

// Known reports whether the state is one of the four.
func (s TradeStatus) Known() bool {
	return s == WaitBuyerPay || s == TradeClosed || s.Paid()
}

// Paid reports whether the buyer's money has arrived.
func (s TradeStatus) Paid() bool { return s == TradeSuccess || s == TradeFinished }

// QueryRequest names a trade; TradeNo wins when both are given.
type QueryRequest struct {
	OutTradeNo string `json:"out_trade_no,omitzero"`
	TradeNo    string `json:"trade_no,omitzero"`
	// QueryOptions: such as "fund_bill_list", "trade_settle_info"
	QueryOptions []string `json:"query_options,omitzero"`
}

// QueryResponse is the trade as it stands. It never says how much was
// refunded: a partly refunded trade is simply TRADE_SUCCESS.
type QueryResponse struct {
	TradeNo        string          `json:"trade_no"`
	OutTradeNo     string          `json:"out_trade_no"`
	TradeStatus    TradeStatus     `json:"trade_status"`
	TotalAmount    Amount          `json:"total_amount"`
	ReceiptAmount  Amount          `json:"receipt_amount"`
	BuyerPayAmount Amount          `json:"buyer_pay_amount"`
	PointAmount    Amount          `json:"point_amount"`
	InvoiceAmount  Amount          `json:"invoice_amount"`
	BuyerUserID    string          `json:"buyer_user_id"`
	BuyerOpenID    string          `json:"buyer_open_id"`
	BuyerLogonID   string          `json:"buyer_logon_id"` // masked
	SendPayDate    Time            `json:"send_pay_date"`  // when it was paid
	StoreID        string          `json:"store_id"`
	PassbackParams string          `json:"passback_params"`
	FundBillList   []FundBill      `json:"fund_bill_list"` // only when asked for
	Vouchers       []VoucherDetail `json:"voucher_detail_list"`
	Charges        []ChargeInfo    `json:"charge_info_list"`
	Instalments    *InstalmentInfo `json:"hb_fq_pay_info"`
}

// Query calls alipay.trade.query.
func (a *App) Query(ctx context.Context, request QueryRequest) (QueryResponse, Result) {
	var l limits
	l.trade(request.OutTradeNo, request.TradeNo)
	if err := l.result(); err != nil {
		return QueryResponse{}, invalid(err)
	}
	response, result := inquire[QueryResponse](ctx, a, Call{
		Method: MethodQuery, Biz: &request, Echo: Echo{OutTradeNo: request.OutTradeNo, TradeNo: request.TradeNo},
	})
	if result.Class == Done && (!response.TradeStatus.Known() || response.TradeNo == "" || response.TotalAmount < 1) {
		return QueryResponse{}, result.unknown(ErrUnknownTradeOutcome)
	}
	return response, result
}
