package alipay

import (
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
)

// Product codes; each API file says which it uses by default.
const (
	ProductJSAPI       = "JSAPI_PAY"
	ProductWap         = "QUICK_WAP_WAY"
	ProductApp         = "QUICK_MSECURITY_PAY"
	ProductPage        = "FAST_INSTANT_TRADE_PAY"
	ProductFaceToFace  = "FACE_TO_FACE_PAYMENT"
	ProductQROffline   = "QR_CODE_OFFLINE"
	ProductWithholding = "GENERAL_WITHHOLDING"
	ProductCyclePay    = "CYCLE_PAY_AUTH"
)

// Payment channels of enable_pay_channels and disable_pay_channels.
const (
	ChannelBalance     = "balance"
	ChannelMoneyFund   = "moneyFund"
	ChannelPcredit     = "pcredit"
	ChannelInstalments = "pcreditpayInstallment"
	ChannelCreditGroup = "credit_group"
	ChannelPoint       = "point"
	ChannelCoupon      = "coupon"
	ChannelVoucher     = "voucher"
	ChannelPromotion   = "promotion"
)

// PayChannels is a list of channels, sent joined by commas.
type PayChannels []string

// MarshalText joins the channels by commas.
func (c PayChannels) MarshalText() ([]byte, error) { return []byte(strings.Join(c, ",")), nil }

// GoodsDetail is one kind of goods in a trade. Price is per piece.
type GoodsDetail struct {
	GoodsID       string `json:"goods_id"`
	GoodsName     string `json:"goods_name"`
	Quantity      int    `json:"quantity"`
	Price         Amount `json:"price"`
	GoodsCategory string `json:"goods_category,omitzero"`
	Body          string `json:"body,omitzero"`
	ShowURL       string `json:"show_url,omitzero"`
}

// maxGoods: more of them is ACQ.SUB_GOODS_SIZE_MAX_COUNT.
const maxGoods = 150

// ExtendParams is extend_params. The two hb_fq fields go together.
type ExtendParams struct {
	// SysServiceProviderID: PID of the provider, for its rebate
	SysServiceProviderID string `json:"sys_service_provider_id,omitzero"`
	HbFqNum              string `json:"hb_fq_num,omitzero"` // "3", "6", "12"
	// HbFqSellerPercent: "0": buyer bears the fee; "100": seller
	HbFqSellerPercent   string `json:"hb_fq_seller_percent,omitzero"`
	CardType            string `json:"card_type,omitzero"`
	SpecifiedSellerName string `json:"specified_seller_name,omitzero"`
	// RoyaltyFreeze: "true" keeps the money for a later order.settle
	RoyaltyFreeze string `json:"royalty_freeze,omitzero"`
}

// BusinessParams is business_params. ClientIP is the buyer's public address.
type BusinessParams struct {
	ClientIP        string `json:"mc_create_trade_ip,omitzero"`
	ActualOrderTime string `json:"actual_order_time,omitzero"`
	CampusCard      string `json:"campus_card,omitzero"`
	CardType        string `json:"card_type,omitzero"`
}

// text gives the JSON text in which wap.pay wants its business_params.
func (b *BusinessParams) text() (string, error) {
	if b == nil {
		return "", nil
	}
	encoded, err := json.Marshal(b)
	return string(encoded), err
}

// FundBill is one source of the money of a payment or a refund. FundChannel is
// an open set: "ALIPAYACCOUNT", "PCREDIT", "BANKCARD", "POINT" and others.
type FundBill struct {
	FundChannel string `json:"fund_channel"`
	Amount      Amount `json:"amount"`
	RealAmount  Amount `json:"real_amount"`
	FundType    string `json:"fund_type"`
	BankCode    string `json:"bank_code"`
}

// VoucherDetail is one voucher used; the contributions say who paid for it.
type VoucherDetail struct {
	ID                 string `json:"id"`
	Name               string `json:"name"`
	Type               string `json:"type"`
	Amount             Amount `json:"amount"`
	MerchantContribute Amount `json:"merchant_contribute"`
	OtherContribute    Amount `json:"other_contribute"`
	Memo               string `json:"memo"`
}

// ChargeInfo is a fee on the trade; ChargeType is "trade", "hbfq" or "charge".
type ChargeInfo struct {
	ChargeFee         Amount `json:"charge_fee"`
	OriginalChargeFee Amount `json:"original_charge_fee"`
	ChargeType        string `json:"charge_type"`
	SwitchFeeRate     string `json:"switch_fee_rate"`
}

// InstalmentInfo is hb_fq_pay_info: how the buyer really split the payment.
type InstalmentInfo struct {
	UserInstallNum string `json:"user_install_num"`
	FqAmount       Amount `json:"fq_amount"`
}

// Seconds is a duration in seconds, which some answers quote and some do not.
type Seconds int64

// UnmarshalJSON reads a number or its quoted text.
func (s *Seconds) UnmarshalJSON(text []byte) error {
	value, err := strconv.ParseInt(strings.Trim(string(text), `"`), 10, 64)
	*s = Seconds(value)
	return err
}

func (l *limits) goods(goods []GoodsDetail) {
	l.check(len(goods) <= maxGoods, "goods_detail", "may have at most 150 items")
	for _, item := range goods {
		l.required("goods_detail.goods_id", item.GoodsID, 64)
		l.required("goods_detail.goods_name", item.GoodsName, 256)
		l.check(item.Quantity >= 1, "goods_detail.quantity", "must be at least 1")
		l.check(item.Price >= 0 && item.Price <= MaxAmount, "goods_detail.price", "must be between 0 and 100000000.00 yuan")
	}
}

func (l *limits) extend(extend *ExtendParams) {
	if extend == nil || (extend.HbFqNum == "" && extend.HbFqSellerPercent == "") {
		return
	}
	l.oneOf("extend_params.hb_fq_num", extend.HbFqNum, "3", "6", "12")
	l.oneOf("extend_params.hb_fq_seller_percent", extend.HbFqSellerPercent, "0", "100")
}

func (l *limits) business(business *BusinessParams) {
	if business != nil {
		l.ip("business_params.mc_create_trade_ip", business.ClientIP)
	}
}

func (l *limits) channels(enable, disable PayChannels) {
	l.check(len(enable) == 0 || len(disable) == 0, "enable_pay_channels", "excludes disable_pay_channels")
}

// order checks what every API that makes a trade has in common.
func (l *limits) order(outTradeNo string, total Amount, subject, body string) {
	l.number("out_trade_no", outTradeNo)
	l.amount("total_amount", total)
	l.title("subject", subject)
	l.optional("body", body, 128)
	l.plain("body", body)
}
