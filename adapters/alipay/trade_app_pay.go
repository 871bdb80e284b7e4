package alipay

import (
	"fmt"
	"time"
)

// AppPayRequest describes a payment started by an app or by my.tradePay's
// orderStr. Nothing is sent to the gateway here.
type AppPayRequest struct {
	OutTradeNo  string `json:"out_trade_no"`
	TotalAmount Amount `json:"total_amount"`
	Subject     string `json:"subject"`
	Body        string `json:"body,omitzero"`
	ProductCode string `json:"product_code"` // empty: QUICK_MSECURITY_PAY
	// TimeExpire: required, as for every signed text without an end
	TimeExpire         Time          `json:"time_expire"`
	GoodsType          string        `json:"goods_type,omitzero"`
	GoodsDetail        []GoodsDetail `json:"goods_detail,omitzero"`
	SellerID           string        `json:"seller_id,omitzero"`
	ExtendParams       *ExtendParams `json:"extend_params,omitzero"`
	EnablePayChannels  PayChannels   `json:"enable_pay_channels,omitzero"`
	DisablePayChannels PayChannels   `json:"disable_pay_channels,omitzero"`
	SpecifiedChannel   string        `json:"specified_channel,omitzero"`
	MerchantOrderNo    string        `json:"merchant_order_no,omitzero"`
	PassbackParams     string        `json:"passback_params,omitzero"`
	StoreID            string        `json:"store_id,omitzero"`
	// AgreementSignParams: pay and sign: ProductCode CYCLE_PAY_AUTH
	AgreementSignParams *AgreementSign `json:"agreement_sign_params,omitzero"`
	NotifyURL           string         `json:"-"`
	SignedAt            time.Time      `json:"-"` // the timestamp to sign with; zero means now
}

// AppPayOrderString signs the payment into the text the client takes unchanged.
func (a *App) AppPayOrderString(request AppPayRequest) (string, error) {
	if request.ProductCode == "" {
		request.ProductCode = ProductApp
	}
	var l limits
	l.order(request.OutTradeNo, request.TotalAmount, request.Subject, request.Body)
	l.check(!request.TimeExpire.IsZero(), "time_expire", "must be given")
	l.huabei(request.GoodsType, request.SpecifiedChannel, request.ExtendParams)
	l.goods(request.GoodsDetail)
	l.channels(request.EnablePayChannels, request.DisablePayChannels)
	l.pid("seller_id", request.SellerID)
	l.check(request.AgreementSignParams == nil || request.ProductCode == ProductCyclePay,
		"product_code", "must be CYCLE_PAY_AUTH to sign an agreement while paying")
	if request.AgreementSignParams != nil {
		l.agreement("agreement_sign_params.", request.AgreementSignParams)
	}
	l.optional("merchant_order_no", request.MerchantOrderNo, 32)
	l.optional("passback_params", request.PassbackParams, 512)
	l.optional("store_id", request.StoreID, 32)
	l.address("notify_url", request.NotifyURL, 256)
	if err := l.result(); err != nil {
		return "", err
	}
	return a.OrderString(Call{Method: MethodAppPay, Biz: &request, NotifyURL: request.NotifyURL, SignedAt: request.SignedAt})
}

// AppPayResult is what the client's SDK brings back. Verified or not, it is no
// proof of payment: a query or a notification is.
type AppPayResult struct {
	Code       string `json:"code"`
	AppID      string `json:"app_id"`
	SellerID   string `json:"seller_id"`
	OutTradeNo string `json:"out_trade_no"`
	TradeNo    string `json:"trade_no"`
	Total      Amount `json:"total_amount"`
}

// VerifyAppResult checks the "result" text of the client's SDK: the raw node
// is signed, as in every answer of the gateway.
func (a *App) VerifyAppResult(text string) (AppPayResult, error) {
	if len(text) > MaxNotification {
		return AppPayResult{}, fmt.Errorf("%w: over %d bytes", ErrBodyTooLarge, MaxNotification)
	}
	cut, err := cutEnvelope(MethodAppPay, []byte(text))
	if err != nil {
		return AppPayResult{}, err
	}
	if cut.signType != a.config.SignType {
		return AppPayResult{}, fmt.Errorf("%w: %.16q", ErrSignTypeMismatch, cut.signType)
	}
	if _, err := a.ring.verify(cut.node, cut.sign, "", a.config.Now()); err != nil {
		return AppPayResult{}, err
	}
	read, err := newAnswer(cut.node, cut.charset)
	if err != nil {
		return AppPayResult{}, err
	}
	var result AppPayResult
	if _, err := read.members.decode(&result); err != nil {
		return AppPayResult{}, err
	}
	if result.AppID != a.config.AppID {
		return AppPayResult{}, ErrAppMismatch
	}
	return result, nil
}
