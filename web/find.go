package web

import (
	"encoding/json"
	"net/http"

	"github.com/paymux/paymux/core"
)

// searchPayments names a buyer. It stands in a body, since addresses end up in logs.
type searchPayments struct {
	UserID string `json:"user_id" validate:"max=64"`
	OpenID string `json:"open_id" validate:"max=128"`
	Limit  int    `json:"limit" validate:"min=0,max=100"`
	Cursor string `json:"cursor" validate:"max=256"`
}

// searchPayments lists the payments of a buyer by the ids that the gateway gives them.
func (s *Server) searchPayments(c *call) error {
	var body searchPayments
	if err := s.decode(c, &body, nil); err != nil {
		return err
	}
	q := &asking{values: map[string]string{"cursor": body.Cursor}}
	page := core.PaymentQuery{Limit: body.Limit}
	if page.Limit == 0 {
		page.Limit = defaultLimit
	}
	page.BeforeCreated, page.BeforeID = q.newest(paymentList)
	if err := q.err(); err != nil {
		return err
	}
	ask := core.BuyerAsk{Payer: core.Payer{UserID: body.UserID, OpenID: body.OpenID}, Page: page}
	found, err := s.Cashier.PaymentsOfBuyer(c.ctx(), c.caller(), ask)
	if err != nil {
		return err
	}
	rows, err := pageOfPayments(found, page.Limit)
	if err != nil {
		return err
	}
	return s.json(c, http.StatusOK, rows)
}

// pageOfPayments is a page with the cursor of the next.
func pageOfPayments(found []core.PaymentView, limit int) (list[json.RawMessage], error) {
	return listOf(found, limit, func(i int) string { return newestCursor(paymentList, found[i].CreatedAt, found[i].ID) })
}

// showTimeline tells a payment from its beginning, and what it waits for.
func (s *Server) showTimeline(c *call) error {
	id, err := c.pathName("id")
	if err != nil {
		return err
	}
	found, err := s.Cashier.Timeline(c.ctx(), c.key.MerchantID, id)
	if err != nil {
		return err
	}
	return s.json(c, http.StatusOK, timelineView{found.Timeline, found.Waits})
}

// timelineView is what is told of a payment beside the payment itself.
type timelineView struct {
	Timeline []core.Moment `json:"timeline"`
	Waits    []core.Wait   `json:"waits"`
}
