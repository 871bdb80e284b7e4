package alipay

import (
	"context"
	"strings"
)

// Scenes of trade.pay.
const (
	SceneBarCode = "bar_code"      // the shop scans the buyer's code
	SceneFace    = "security_code" // the device has recognised the buyer's face
)

// AgreementParams names the agreement a password-free payment is charged under.
type AgreementParams struct {
	AgreementNo      string `json:"agreement_no"`
	AuthConfirmNo    string `json:"auth_confirm_no,omitzero"`
	ApplyToken       string `json:"apply_token,omitzero"`
	DeductPermission string `json:"deduct_permission,omitzero"`
}

// PayRequest takes money from the buyer at once: by the code on his phone or
// his face (AuthCode), or under an agreement (AgreementParams).
type PayRequest struct {
	OutTradeNo  string `json:"out_trade_no"`
	TotalAmount Amount `json:"total_amount"`
	Subject     string `json:"subject"`
	Body        string `json:"body,omitzero"`
	// ProductCode: empty: FACE_TO_FACE_PAYMENT, or GENERAL_WITHHOLDING with an agreement
	ProductCode string `json:"product_code,omitzero"`
	// Scene: empty: bar_code, with an AuthCode
	Scene           string           `json:"scene,omitzero"`
	AuthCode        string           `json:"auth_code,omitzero"` // single use
	AgreementParams *AgreementParams `json:"agreement_params,omitzero"`
	// IsAsyncPay: agreements: accept now, charge later
	IsAsyncPay         bool            `json:"is_async_pay,omitzero"`
	SellerID           string          `json:"seller_id,omitzero"`
	TimeExpire         Time            `json:"time_expire,omitzero"`
	GoodsDetail        []GoodsDetail   `json:"goods_detail,omitzero"`
	ExtendParams       *ExtendParams   `json:"extend_params,omitzero"`
	BusinessParams     *BusinessParams `json:"business_params,omitzero"`
	DisablePayChannels PayChannels     `json:"disable_pay_channels,omitzero"`
	QueryOptions       []string        `json:"query_options,omitzero"`
	PassbackParams     string          `json:"passback_params,omitzero"`
	StoreID            string          `json:"store_id,omitzero"`
	OperatorID         string          `json:"operator_id,omitzero"`
	TerminalID         string          `json:"terminal_id,omitzero"`
	NotifyURL          string          `json:"-"`
}

// PayResponse is the payment as far as it is known.
type PayResponse struct {
	TradeNo          string     `json:"trade_no"`
	OutTradeNo       string     `json:"out_trade_no"`
	TotalAmount      Amount     `json:"total_amount"`
	ReceiptAmount    Amount     `json:"receipt_amount"`
	BuyerPayAmount   Amount     `json:"buyer_pay_amount"`
	PointAmount      Amount     `json:"point_amount"`
	BuyerUserID      string     `json:"buyer_user_id"`
	BuyerOpenID      string     `json:"buyer_open_id"`
	BuyerLogonID     string     `json:"buyer_logon_id"`
	GmtPayment       Time       `json:"gmt_payment"`
	FundBillList     []FundBill `json:"fund_bill_list"`
	AsyncPaymentMode string     `json:"async_payment_mode"`
}

func (r *PayRequest) check() error {
	var l limits
	l.order(r.OutTradeNo, r.TotalAmount, r.Subject, r.Body)
	l.check((r.AuthCode == "") != (r.AgreementParams == nil), "auth_code", "give either auth_code or agreement_params")
	if r.AgreementParams != nil {
		l.required("agreement_params.agreement_no", r.AgreementParams.AgreementNo, 64)
		l.oneOf("product_code", r.ProductCode, ProductWithholding, ProductCyclePay)
	} else {
		l.oneOf("scene", r.Scene, SceneBarCode, SceneFace)
		l.check(r.Scene != SceneBarCode || isBarCode(r.AuthCode), "auth_code", "must be 16 to 24 digits that begin with 25 to 30")
		l.check(r.Scene != SceneFace || (len(r.AuthCode) == 35 && strings.HasPrefix(r.AuthCode, "fp")),
			"auth_code", "must be 35 characters that begin with fp")
		l.check(!r.IsAsyncPay, "is_async_pay", "belongs to agreements")
	}
	l.pid("seller_id", r.SellerID)
	l.goods(r.GoodsDetail)
	l.extend(r.ExtendParams)
	l.business(r.BusinessParams)
	l.optional("passback_params", r.PassbackParams, 512)
	l.optional("store_id", r.StoreID, 32)
	l.optional("operator_id", r.OperatorID, 28)
	l.optional("terminal_id", r.TerminalID, 32)
	l.address("notify_url", r.NotifyURL, 256)
	return l.result()
}

func isBarCode(code string) bool {
	return len(code) >= 16 && len(code) <= 24 && strings.Trim(code, "0123456789") == "" &&
		code[:2] >= "25" && code[:2] <= "30"
}

// Pay calls alipay.trade.pay. Done is paid; Pending waits for the buyer's
// password or for the later charge: query every few seconds and cancel right
// after the last query. Even a final refusal may leave an unpaid trade behind
// that can be paid later: cancel or close it before offering another way.
func (a *App) Pay(ctx context.Context, request PayRequest) (PayResponse, Result) {
	switch {
	case request.AgreementParams != nil && request.ProductCode == "":
		request.ProductCode = ProductWithholding
	case request.AgreementParams == nil && request.Scene == "":
		request.Scene = SceneBarCode
	}
	if err := request.check(); err != nil {
		return PayResponse{}, invalid(err)
	}
	response, result := fetch[PayResponse](ctx, a, Call{
		Method: MethodPay, Biz: &request, NotifyURL: request.NotifyURL, Echo: Echo{OutTradeNo: request.OutTradeNo},
	})
	if result.Class != Done {
		return response, result
	}
	switch {
	case response.TradeNo == "":
		return PayResponse{}, result.unknown(ErrUnknownTradeOutcome)
	case response.TotalAmount != 0 && response.TotalAmount != request.TotalAmount:
		return PayResponse{}, result.unknown(ErrAnswerMismatch)
	case request.IsAsyncPay:
		result.Class = Pending
	}
	return response, result
}
