package alipay

import "context"

// CreateRequest makes a trade that my.tradePay will pay. One of the buyer
// fields is required; OpBuyerOpenID when the calling app is not OpAppID.
type CreateRequest struct {
	OutTradeNo    string `json:"out_trade_no"`
	TotalAmount   Amount `json:"total_amount"`
	Subject       string `json:"subject"`
	Body          string `json:"body,omitzero"`
	ProductCode   string `json:"product_code"` // empty means JSAPI_PAY
	OpAppID       string `json:"op_app_id"`    // empty means the app's own OpAppID
	BuyerID       string `json:"buyer_id,omitzero"`
	BuyerOpenID   string `json:"buyer_open_id,omitzero"`
	OpBuyerOpenID string `json:"op_buyer_open_id,omitzero"`
	// SellerID: leave empty unless several accounts are contracted
	SellerID           string          `json:"seller_id,omitzero"`
	TimeExpire         Time            `json:"time_expire,omitzero"`
	GoodsDetail        []GoodsDetail   `json:"goods_detail,omitzero"`
	ExtendParams       *ExtendParams   `json:"extend_params,omitzero"`
	BusinessParams     *BusinessParams `json:"business_params,omitzero"`
	EnablePayChannels  PayChannels     `json:"enable_pay_channels,omitzero"`
	DisablePayChannels PayChannels     `json:"disable_pay_channels,omitzero"`
	MerchantOrderNo    string          `json:"merchant_order_no,omitzero"`
	// PassbackParams: already URL-encoded by the caller
	PassbackParams string `json:"passback_params,omitzero"`
	StoreID        string `json:"store_id,omitzero"`
	OperatorID     string `json:"operator_id,omitzero"`
	TerminalID     string `json:"terminal_id,omitzero"`
	NotifyURL      string `json:"-"`
}

// CreateResponse names the trade; TradeNo is what my.tradePay takes as tradeNO.
type CreateResponse struct {
	TradeNo    string `json:"trade_no"`
	OutTradeNo string `json:"out_trade_no"`
}

func (r *CreateRequest) check() error {
	var l limits
	l.order(r.OutTradeNo, r.TotalAmount, r.Subject, r.Body)
	l.required("op_app_id", r.OpAppID, 32)
	l.check(r.ProductCode != ProductJSAPI || r.BuyerID != "" || r.BuyerOpenID != "" || r.OpBuyerOpenID != "",
		"buyer_id", "buyer_id or buyer_open_id must be given")
	l.pid("buyer_id", r.BuyerID)
	l.optional("buyer_open_id", r.BuyerOpenID, 128)
	l.optional("op_buyer_open_id", r.OpBuyerOpenID, 128)
	l.pid("seller_id", r.SellerID)
	l.goods(r.GoodsDetail)
	l.extend(r.ExtendParams)
	l.business(r.BusinessParams)
	l.channels(r.EnablePayChannels, r.DisablePayChannels)
	l.optional("merchant_order_no", r.MerchantOrderNo, 32)
	l.optional("passback_params", r.PassbackParams, 512)
	l.optional("store_id", r.StoreID, 32)
	l.optional("operator_id", r.OperatorID, 28)
	l.optional("terminal_id", r.TerminalID, 32)
	l.address("notify_url", r.NotifyURL, 256)
	return l.result()
}

// Create calls alipay.trade.create. The trade exists from the answer on,
// unpaid and visible in the buyer's bill: set a short TimeExpire.
func (a *App) Create(ctx context.Context, request CreateRequest) (CreateResponse, Result) {
	if request.ProductCode == "" {
		request.ProductCode = ProductJSAPI
	}
	if request.OpAppID == "" {
		request.OpAppID = a.config.OpAppID
	}
	if err := request.check(); err != nil {
		return CreateResponse{}, invalid(err)
	}
	response, result := fetch[CreateResponse](ctx, a, Call{
		Method: MethodCreate, Biz: &request, NotifyURL: request.NotifyURL, Echo: Echo{OutTradeNo: request.OutTradeNo},
	})
	if result.Class == Done && response.TradeNo == "" {
		return CreateResponse{}, result.unknown(ErrUnknownTradeOutcome)
	}
	return response, result
}
