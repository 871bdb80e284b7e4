package web

import "github.com/paymux/paymux/core"

// The bodies of requests. Ids of objects never stand in a body: they come from the path alone, and
// the merchant from the key alone (W03, W04).

type createPayment struct {
	MerchantOrderNo  string            `json:"merchant_order_no" validate:"required,max=64"`
	Platform         string            `json:"platform" validate:"required,max=64"`
	AmountFen        int64             `json:"amount_fen" validate:"required,min=1,max=10000000000"`
	Subject          string            `json:"subject" validate:"required"`
	Goods            []goodsLine       `json:"goods" validate:"required,min=1,max=150,dive"`
	Payer            payer             `json:"payer"`
	Instalments      *instalments      `json:"instalments"`
	Client           client            `json:"client"`
	ExpiresInSeconds *int64            `json:"expires_in_seconds" validate:"omitempty,min=300,max=86400"`
	ReturnURL        string            `json:"return_url" validate:"max=512"`
	Metadata         map[string]string `json:"metadata" validate:"max=20,dive,keys,min=1,max=64,endkeys,max=512"`
}

type goodsLine struct {
	ID              string `json:"id" validate:"required"`
	LineID          string `json:"line_id" validate:"max=64"`
	MerchantOrderNo string `json:"merchant_order_no" validate:"max=64"`
	Name            string `json:"name" validate:"required"`
	Category        string `json:"category" validate:"required,max=64"`
	Quantity        int64  `json:"quantity" validate:"required,min=1,max=1000000"`
	// PriceFen: a pointer: absent is not zero, a gift is
	PriceFen *int64 `json:"price_fen" validate:"required,min=0,max=10000000000"`
}

type payer struct {
	UserID string `json:"user_id" validate:"max=64,excluded_with=OpenID"`
	OpenID string `json:"open_id" validate:"max=128"`
	AppID  string `json:"app_id" validate:"max=32"`
}

type instalments struct {
	Kind      string `json:"kind" validate:"required,oneof=huabei"`
	Periods   int    `json:"periods" validate:"required,min=1,max=36"`
	FeeBearer string `json:"fee_bearer" validate:"omitempty,oneof=buyer seller"`
}

type client struct {
	IP        string `json:"ip" validate:"omitempty,ip"`
	OS        string `json:"os" validate:"max=64"`
	UserAgent string `json:"user_agent" validate:"max=512"`
	DeviceID  string `json:"device_id" validate:"max=128"`
}

type createAttempt struct {
	Platform    string       `json:"platform" validate:"required,max=64"`
	Payer       payer        `json:"payer"`
	Instalments *instalments `json:"instalments"`
	Client      client       `json:"client"`
}

type createRefund struct {
	AmountFen        int64  `json:"amount_fen" validate:"required,min=1,max=10000000000"`
	MerchantRefundNo string `json:"merchant_refund_no" validate:"max=64"`
	Reason           string `json:"reason"`
}

type rejectRefund struct {
	Reason string `json:"reason" validate:"required"`
}

type checkPlatform struct {
	Goods       []goodsLine  `json:"goods" validate:"required,min=1,max=150,dive"`
	AmountFen   *int64       `json:"amount_fen" validate:"omitempty,min=1,max=10000000000"`
	Instalments *instalments `json:"instalments"`
}

type login struct {
	AuthCode string `json:"auth_code" validate:"required,max=128"`
	Account  string `json:"account" validate:"max=40"`
}

// An optional object that says nothing is none: its own required members are not asked for.
func (r *createPayment) leaveOutEmpty() { r.Instalments = r.Instalments.orNone() }
func (r *createAttempt) leaveOutEmpty() { r.Instalments = r.Instalments.orNone() }
func (r *checkPlatform) leaveOutEmpty() { r.Instalments = r.Instalments.orNone() }

func (i *instalments) orNone() *instalments {
	if i != nil && *i == (instalments{}) {
		return nil
	}
	return i
}

func (r createPayment) checkout(key string) core.CheckoutRequest {
	ask := core.CheckoutRequest{
		MerchantOrderNo: r.MerchantOrderNo, Platform: core.PlatformID(r.Platform), AmountFen: core.Fen(r.AmountFen), Subject: r.Subject,
		Lines: lines(r.Goods), Payer: r.Payer.core(), Funding: r.Instalments.core(), Client: core.Client(r.Client), ReturnURL: r.ReturnURL,
		Metadata: r.Metadata, IdempotencyKey: key,
	}
	if r.ExpiresInSeconds != nil {
		ask.ExpiresInSeconds = *r.ExpiresInSeconds
	}
	return ask
}

// basket is what core is asked about as it came.
func (r checkPlatform) basket(platform string) core.BasketAsk {
	ask := core.BasketAsk{CheckoutRequest: core.CheckoutRequest{Platform: core.PlatformID(platform), Lines: lines(r.Goods)}}
	if r.AmountFen != nil {
		ask.AmountFen = core.Fen(*r.AmountFen)
	}
	return ask
}

// checkout makes the request that create would see. Whoever only asks about goods need not add them
// up.
func (r checkPlatform) checkout(platform string) (core.CheckoutRequest, error) {
	ask := core.CheckoutRequest{Platform: core.PlatformID(platform), Lines: lines(r.Goods), Funding: r.Instalments.core()}
	if r.AmountFen != nil {
		ask.AmountFen = core.Fen(*r.AmountFen)
		return ask, nil
	}
	total, err := core.TotalOf(ask.Lines)
	ask.AmountFen = total
	return ask, err
}

func lines(goods []goodsLine) []core.Line {
	out := make([]core.Line, len(goods))
	for i, g := range goods {
		out[i] = core.Line{LineID: g.LineID, MerchantOrderNo: g.MerchantOrderNo, GoodsID: g.ID, Name: g.Name, Category: g.Category, Quantity: g.Quantity}
		if g.PriceFen != nil { // absent only in a request that is being refused for it
			out[i].PriceFen = core.Fen(*g.PriceFen)
		}
	}
	return out
}

func (p payer) core() core.Payer { return core.Payer(p) }

func (i *instalments) core() core.Funding {
	if i == nil {
		return core.Funding{}
	}
	return core.Funding{Periods: i.Periods, FeeBearer: i.FeeBearer}
}
