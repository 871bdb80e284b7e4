package alipaysim

// The four states of a trade.
const (
	StatusWaitBuyerPay  = "WAIT_BUYER_PAY"
	StatusTradeSuccess  = "TRADE_SUCCESS"
	StatusTradeFinished = "TRADE_FINISHED"
	StatusTradeClosed   = "TRADE_CLOSED"
)

// Order is what the merchant asked for.
type Order struct {
	Method      string `json:"method"`
	AppID       string `json:"app_id"`
	SellerID    string `json:"seller_id"`
	OutTradeNo  string `json:"out_trade_no"`
	TotalFen    int64  `json:"total_fen"`
	Subject     string `json:"subject"`
	Body        string `json:"body,omitempty"`
	ProductCode string `json:"product_code,omitempty"`
	// BuyerID restricts the payer (user_id); empty lets anyone pay.
	BuyerID         string `json:"buyer_id,omitempty"`
	PassbackParams  string `json:"passback_params,omitempty"`
	NotifyURL       string `json:"notify_url,omitempty"`
	ReturnURL       string `json:"return_url,omitempty"`
	QuitURL         string `json:"quit_url,omitempty"`
	Charset         string `json:"charset,omitempty"`
	TimeExpire      string `json:"time_expire,omitempty"`
	TimeoutExpress  string `json:"timeout_express,omitempty"`
	GoodsType       string `json:"goods_type,omitempty"`
	EnableChannels  string `json:"enable_pay_channels,omitempty"`
	DisableChannels string `json:"disable_pay_channels,omitempty"`
	SpecifiedChan   string `json:"specified_channel,omitempty"`
	HbFqNum         string `json:"hb_fq_num,omitempty"`
	HbFqSeller      string `json:"hb_fq_seller_percent,omitempty"`
	StoreID         string `json:"store_id,omitempty"`
	TerminalID      string `json:"terminal_id,omitempty"`
	OperatorID      string `json:"operator_id,omitempty"`
	AgreementNo     string `json:"agreement_no,omitempty"`
	RoyaltyFreeze   bool   `json:"royalty_freeze,omitempty"`
	QRCode          string `json:"qr_code,omitempty"`
}

// sameAs tells a repetition of an order from a different one under the same
// number. Addresses and expiry may differ: clients recompute them on a retry.
func (o Order) sameAs(p Order) bool {
	return o.Method == p.Method && o.TotalFen == p.TotalFen && o.Subject == p.Subject && o.Body == p.Body &&
		o.ProductCode == p.ProductCode && o.BuyerID == p.BuyerID && o.SellerID == p.SellerID &&
		o.HbFqNum == p.HbFqNum && o.HbFqSeller == p.HbFqSeller && o.GoodsType == p.GoodsType
}

// Fund is one source of a payment.
type Fund struct {
	// Channel is a fund_channel: ALIPAYACCOUNT, PCREDIT, BANKCARD, POINT, COUPON, …
	Channel string `json:"channel"`
	Fen     int64  `json:"fen"`
}

// Payment is how a trade was paid.
type Payment struct {
	BuyerID     string `json:"buyer_id"`
	Funds       []Fund `json:"funds"`
	ReceiptFen  int64  `json:"receipt_fen"`
	BuyerPayFen int64  `json:"buyer_pay_fen"`
	PointFen    int64  `json:"point_fen"`
	Instalments int    `json:"instalments,omitempty"`
	// FeeFen is the gateway's service fee: 0.6 % of the receipt, half up.
	FeeFen int64 `json:"fee_fen"`
}

// Refund is one refund request of a trade.
type Refund struct {
	OutRequestNo string
	AmountFen    int64
	Reason       string
	At           int64
	// Pending: accepted, but the money has not moved.
	Pending bool
}

// Share is one receiver's part of a profit sharing.
type Share struct {
	TransIn     string `json:"trans_in"`
	TransInType string `json:"trans_in_type"`
	AmountFen   int64  `json:"amount_fen"`
	Desc        string `json:"desc,omitempty"`
	DetailID    string `json:"detail_id"`
}

// Settlement is one profit sharing request.
type Settlement struct {
	SettleNo, OutRequestNo string
	At                     int64
	Shares                 []Share
}

// Trade is one trade at the gateway.
type Trade struct {
	TradeNo  string
	Order    Order
	Status   string
	Created  int64
	ExpireAt int64
	// EnteredBy is the buyer who opened the cashier (user_id).
	EnteredBy string
	// Paying is what the buyer has agreed to while the money is on its way.
	Paying      *Payment
	PayingDue   int64
	Payment     *Payment
	Paid        int64
	Closed      int64
	Finished    int64
	Refunds     []*Refund
	RefundedFen int64
	Settlements []*Settlement
}

func (t *Trade) paid() bool { return t.Payment != nil }

func (t *Trade) refund(outRequestNo string) *Refund {
	for _, r := range t.Refunds {
		if r.OutRequestNo == outRequestNo {
			return r
		}
	}
	return nil
}

// spokenFor is what was or will be refunded, in fen.
func (t *Trade) spokenFor() int64 {
	var sum int64
	for _, r := range t.Refunds {
		sum += r.AmountFen
	}
	return sum
}

// Prepared is an order that a page, an order string or a QR code stands for and
// that becomes a trade only when a buyer enters it.
type Prepared struct {
	Token   string
	Order   Order
	Created int64
}
