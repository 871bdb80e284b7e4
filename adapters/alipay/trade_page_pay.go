package alipay

// PagePayRequest describes a payment in a desktop browser. Nothing is sent to
// the gateway here.
type PagePayRequest struct {
	OutTradeNo  string `json:"out_trade_no"`
	TotalAmount Amount `json:"total_amount"`
	Subject     string `json:"subject"`
	Body        string `json:"body,omitzero"`
	ProductCode string `json:"product_code"` // empty: FAST_INSTANT_TRADE_PAY
	TimeExpire  Time   `json:"time_expire"`
	// QRPayMode: "0"…"4": the QR code inside the shop's own page
	QRPayMode          string        `json:"qr_pay_mode,omitzero"`
	GoodsType          string        `json:"goods_type,omitzero"`
	GoodsDetail        []GoodsDetail `json:"goods_detail,omitzero"`
	SellerID           string        `json:"seller_id,omitzero"`
	ExtendParams       *ExtendParams `json:"extend_params,omitzero"`
	EnablePayChannels  PayChannels   `json:"enable_pay_channels,omitzero"`
	DisablePayChannels PayChannels   `json:"disable_pay_channels,omitzero"`
	MerchantOrderNo    string        `json:"merchant_order_no,omitzero"`
	PassbackParams     string        `json:"passback_params,omitzero"`
	StoreID            string        `json:"store_id,omitzero"`
	NotifyURL          string        `json:"-"`
	ReturnURL          string        `json:"-"`
}

func (a *App) pagePayCall(request PagePayRequest) (Call, error) {
	if request.ProductCode == "" {
		request.ProductCode = ProductPage
	}
	var l limits
	l.order(request.OutTradeNo, request.TotalAmount, request.Subject, request.Body)
	l.check(!request.TimeExpire.IsZero(), "time_expire", "must be given")
	l.oneOf("qr_pay_mode", request.QRPayMode, "", "0", "1", "2", "3", "4")
	l.huabei(request.GoodsType, "", request.ExtendParams)
	l.goods(request.GoodsDetail)
	l.channels(request.EnablePayChannels, request.DisablePayChannels)
	l.pid("seller_id", request.SellerID)
	l.optional("merchant_order_no", request.MerchantOrderNo, 32)
	l.optional("passback_params", request.PassbackParams, 512)
	l.optional("store_id", request.StoreID, 32)
	l.address("notify_url", request.NotifyURL, 256)
	l.address("return_url", request.ReturnURL, 256)
	if err := l.result(); err != nil {
		return Call{}, err
	}
	return Call{Method: MethodPagePay, Biz: &request, NotifyURL: request.NotifyURL, ReturnURL: request.ReturnURL}, nil
}

// PagePayURL signs the payment into an address for a GET.
func (a *App) PagePayURL(request PagePayRequest) (string, error) {
	call, err := a.pagePayCall(request)
	if err != nil {
		return "", err
	}
	return a.PageURL(call)
}

// PagePayForm signs the payment into a form for the browser to post.
func (a *App) PagePayForm(request PagePayRequest) (PageForm, error) {
	call, err := a.pagePayCall(request)
	if err != nil {
		return PageForm{}, err
	}
	return a.PageForm(call)
}
