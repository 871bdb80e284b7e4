package alipay

import "time"

// GoodsType tells Alipay what is sold; virtual goods exclude Huabei.
const (
	GoodsVirtual  = "0"
	GoodsPhysical = "1"
)

// WapPayRequest describes a payment in a phone's browser. Nothing is sent to
// the gateway here: the trade exists once the buyer has entered the cashier.
type WapPayRequest struct {
	OutTradeNo  string `json:"out_trade_no"`
	TotalAmount Amount `json:"total_amount"`
	Subject     string `json:"subject"`
	Body        string `json:"body,omitzero"`
	ProductCode string `json:"product_code"` // empty means QUICK_WAP_WAY
	QuitURL     string `json:"quit_url,omitzero"`
	// TimeExpire: required: an address without an end stays payable for 15 days
	TimeExpire         Time            `json:"time_expire"`
	GoodsType          string          `json:"goods_type,omitzero"`
	GoodsDetail        []GoodsDetail   `json:"goods_detail,omitzero"`
	SellerID           string          `json:"seller_id,omitzero"`
	ExtendParams       *ExtendParams   `json:"extend_params,omitzero"`
	BusinessParams     *BusinessParams `json:"-"` // sent as JSON text, as this API wants it
	EnablePayChannels  PayChannels     `json:"enable_pay_channels,omitzero"`
	DisablePayChannels PayChannels     `json:"disable_pay_channels,omitzero"`
	// SpecifiedChannel: "pcredit" forces Huabei in one sum
	SpecifiedChannel string    `json:"specified_channel,omitzero"`
	MerchantOrderNo  string    `json:"merchant_order_no,omitzero"`
	PassbackParams   string    `json:"passback_params,omitzero"`
	StoreID          string    `json:"store_id,omitzero"`
	NotifyURL        string    `json:"-"`
	ReturnURL        string    `json:"-"`
	SignedAt         time.Time `json:"-"` // the timestamp to sign with; zero means now
}

// wapPayBiz is the request as it travels.
type wapPayBiz struct {
	*WapPayRequest `json:",inline"`
	BusinessText   string `json:"business_params,omitzero"`
}

func (r *WapPayRequest) check() error {
	var l limits
	l.order(r.OutTradeNo, r.TotalAmount, r.Subject, r.Body)
	l.address("quit_url", r.QuitURL, 400)
	l.check(!r.TimeExpire.IsZero(), "time_expire", "must be given")
	l.huabei(r.GoodsType, r.SpecifiedChannel, r.ExtendParams)
	l.goods(r.GoodsDetail)
	l.business(r.BusinessParams)
	l.channels(r.EnablePayChannels, r.DisablePayChannels)
	l.pid("seller_id", r.SellerID)
	l.optional("merchant_order_no", r.MerchantOrderNo, 32)
	l.optional("passback_params", r.PassbackParams, 512)
	l.optional("store_id", r.StoreID, 32)
	l.address("notify_url", r.NotifyURL, 256)
	l.address("return_url", r.ReturnURL, 256)
	return l.result()
}

// huabei checks the documented exclusions between goods type, forced channel and instalments.
func (l *limits) huabei(goodsType, specifiedChannel string, extend *ExtendParams) {
	l.extend(extend)
	l.oneOf("goods_type", goodsType, "", GoodsVirtual, GoodsPhysical)
	instalments := extend != nil && extend.HbFqNum != ""
	l.check(!instalments || specifiedChannel == "", "specified_channel", "excludes instalments")
	l.check(goodsType != GoodsVirtual || (!instalments && specifiedChannel != ChannelPcredit),
		"goods_type", "virtual goods exclude Huabei")
}

func (a *App) wapPayCall(request WapPayRequest) (Call, error) {
	if request.ProductCode == "" {
		request.ProductCode = ProductWap
	}
	if err := request.check(); err != nil {
		return Call{}, err
	}
	business, err := request.BusinessParams.text()
	if err != nil {
		return Call{}, err
	}
	return Call{
		Method: MethodWapPay, Biz: &wapPayBiz{&request, business},
		NotifyURL: request.NotifyURL, ReturnURL: request.ReturnURL, SignedAt: request.SignedAt,
	}, nil
}

// WapPayURL signs the payment into an address for a GET. Prefer WapPayForm
// where the order is long: browsers limit addresses.
func (a *App) WapPayURL(request WapPayRequest) (string, error) {
	call, err := a.wapPayCall(request)
	if err != nil {
		return "", err
	}
	return a.PageURL(call)
}

// WapPayForm signs the payment into a form for the browser to post.
func (a *App) WapPayForm(request WapPayRequest) (PageForm, error) {
	call, err := a.wapPayCall(request)
	if err != nil {
		return PageForm{}, err
	}
	return a.PageForm(call)
}

// MinWapExpiry is the shortest time the wap cashier honours: less counts as this.
const MinWapExpiry = 5 * time.Minute
