package demoshop

import (
	"context"
	"errors"
	"net/http"
	"strconv"

	"github.com/paymux/paymux/core"
)

// order is what the shop asks of POST /v1/payments.
type orderAsk struct {
	MerchantOrderNo string            `json:"merchant_order_no"`
	Platform        string            `json:"platform"`
	AmountFen       int64             `json:"amount_fen"`
	Subject         string            `json:"subject"`
	Goods           []goodsAsk        `json:"goods"`
	Payer           *core.Payer       `json:"payer,omitempty"`
	Instalments     *instalmentsAsk   `json:"instalments,omitempty"`
	ReturnURL       string            `json:"return_url,omitempty"`
	Metadata        map[string]string `json:"metadata,omitempty"`
}

type goodsAsk struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	Category string `json:"category"`
	Quantity int64  `json:"quantity"`
	PriceFen int64  `json:"price_fen"`
}

type instalmentsAsk struct {
	Kind      string `json:"kind"`
	Periods   int    `json:"periods"`
	FeeBearer string `json:"fee_bearer,omitempty"`
}

// storefront shows the shelf in one host app.
func (s *Shop) storefront(w http.ResponseWriter, r *http.Request) {
	on, ok := phoneOf(r.PathValue("platform"))
	if !ok {
		s.missing(w)
		return
	}
	s.render(w, http.StatusOK, "storefront.html", storefrontView{Shop: s.Name, Phone: on, Goods: shelf(), Plans: plans(), Chosen: "tea", Ahead: s.ahead()})
}

// buy makes an order and leads to its page; a refusal is shown with everything that the API says
// about it.
func (s *Shop) buy(w http.ResponseWriter, r *http.Request) {
	on, known := phoneOf(r.PathValue("platform"))
	g, sold := goodByID(r.FormValue("good"))
	if !known || !sold {
		s.missing(w)
		return
	}
	periods, err := strconv.Atoi(r.FormValue("periods"))
	if err != nil {
		periods = 0
	}
	id, err := s.place(r.Context(), on, g, periods)
	var no *refusal
	switch {
	case errors.As(err, &no):
		s.render(w, no.Status, "storefront.html", storefrontView{
			Shop: s.Name, Phone: on, Goods: shelf(), Plans: plans(), Chosen: g.ID, Periods: periods, Ahead: s.ahead(), Refused: &no.Problem,
		})
	case err != nil:
		s.broken(w, err)
	default:
		http.Redirect(w, r, Prefix+"/orders/"+id, http.StatusSeeOther)
	}
}

func (s *Shop) place(ctx context.Context, on phone, g good, periods int) (paymentID string, err error) {
	ask := orderAsk{
		MerchantOrderNo: s.OrderNo(), Platform: on.Platform, AmountFen: g.PriceFen, Subject: g.Name, ReturnURL: s.API + Prefix + "/",
		Goods: []goodsAsk{{ID: g.ID, Name: g.Name, Category: g.Category, Quantity: 1, PriceFen: g.PriceFen}}, Instalments: huabei(periods),
	}
	if on.Agent == "" {
		if ask.Payer, err = s.login(ctx); err != nil {
			return "", err
		}
	}
	var made core.PaymentView
	err = s.api.call(ctx, http.MethodPost, "/v1/payments", "", ask, &made)
	return made.ID, err
}

func huabei(periods int) *instalmentsAsk {
	switch periods {
	case 0:
		return nil
	case 1:
		return &instalmentsAsk{Kind: "huabei", Periods: 1}
	default:
		return &instalmentsAsk{Kind: "huabei", Periods: periods, FeeBearer: "buyer"}
	}
}

// login is what the mini-program does first: the code of my.getAuthCode becomes the buyer's id on
// the server.
func (s *Shop) login(ctx context.Context) (*core.Payer, error) {
	code, err := s.Host.AuthCode(ctx)
	if err != nil {
		return nil, err
	}
	var payer core.Payer
	err = s.api.call(ctx, http.MethodPost, "/v1/login/alipay_mini", "", map[string]string{"auth_code": code}, &payer)
	return &payer, err
}
