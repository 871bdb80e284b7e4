package alipay

import "context"

// PrecreateRequest makes a QR code that the buyer scans.
type PrecreateRequest struct {
	OutTradeNo         string          `json:"out_trade_no"`
	TotalAmount        Amount          `json:"total_amount"`
	Subject            string          `json:"subject"`
	Body               string          `json:"body,omitzero"`
	ProductCode        string          `json:"product_code,omitzero"` // empty: FACE_TO_FACE_PAYMENT
	SellerID           string          `json:"seller_id,omitzero"`
	TimeExpire         Time            `json:"time_expire,omitzero"`
	GoodsDetail        []GoodsDetail   `json:"goods_detail,omitzero"`
	ExtendParams       *ExtendParams   `json:"extend_params,omitzero"`
	BusinessParams     *BusinessParams `json:"business_params,omitzero"`
	DisablePayChannels PayChannels     `json:"disable_pay_channels,omitzero"`
	StoreID            string          `json:"store_id,omitzero"`
	OperatorID         string          `json:"operator_id,omitzero"`
	TerminalID         string          `json:"terminal_id,omitzero"`
	NotifyURL          string          `json:"-"`
}

// PrecreateResponse holds the text of the QR code, good for two hours at most.
type PrecreateResponse struct {
	OutTradeNo string `json:"out_trade_no"`
	QRCode     string `json:"qr_code"`
}

// Precreate calls alipay.trade.precreate. The trade exists from the scan on:
// until then a query says NotExist.
func (a *App) Precreate(ctx context.Context, request PrecreateRequest) (PrecreateResponse, Result) {
	var l limits
	l.order(request.OutTradeNo, request.TotalAmount, request.Subject, request.Body)
	l.pid("seller_id", request.SellerID)
	l.goods(request.GoodsDetail)
	l.extend(request.ExtendParams)
	l.business(request.BusinessParams)
	l.optional("store_id", request.StoreID, 32)
	l.optional("operator_id", request.OperatorID, 28)
	l.optional("terminal_id", request.TerminalID, 32)
	l.address("notify_url", request.NotifyURL, 256)
	if err := l.result(); err != nil {
		return PrecreateResponse{}, invalid(err)
	}
	response, result := fetch[PrecreateResponse](ctx, a, Call{
		Method: MethodPrecreate, Biz: &request, NotifyURL: request.NotifyURL, Echo: Echo{OutTradeNo: request.OutTradeNo},
	})
	if result.Class == Done && response.QRCode == "" {
		return PrecreateResponse{}, result.unknown(ErrUnknownTradeOutcome)
	}
	return response, result
}
