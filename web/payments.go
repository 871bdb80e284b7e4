package web

import (
	"net/http"

	"github.com/paymux/paymux/core"
)

// page sizes of lists.
const (
	defaultLimit = 20
	maxLimit     = core.MaxPage
)

func (s *Server) createPayment(c *call) error {
	var body createPayment
	if err := s.decode(c, &body, func() core.Request { ask := body.checkout(c.idempotencyKey); return &ask }); err != nil {
		return err
	}
	answered, err := s.Cashier.Checkout(c.ctx(), c.caller(), body.checkout(c.idempotencyKey))
	if err != nil {
		return err
	}
	return s.answer(c, "/v1/payments/", answered)
}

func (s *Server) createAttempt(c *call) error {
	id, err := c.pathName("id")
	if err != nil {
		return err
	}
	var body createAttempt
	ask := func() core.AttemptRequest {
		return core.AttemptRequest{
			PaymentID: id, Platform: core.PlatformID(body.Platform), Payer: body.Payer.core(), Funding: body.Instalments.core(),
			Client: core.Client(body.Client), IdempotencyKey: c.idempotencyKey,
		}
	}
	if err := s.decode(c, &body, func() core.Request { return ask() }); err != nil {
		return err
	}
	answered, err := s.Cashier.NextAttempt(c.ctx(), c.caller(), ask())
	if err != nil {
		return err
	}
	return s.answer(c, "/v1/payments/", answered)
}

// answer tells of an object that was made, which stands under its id below the path.
func (s *Server) answer(c *call, path string, a core.Answered) error {
	c.Response().Header().Set("Location", path+a.ID)
	return s.answered(c, a)
}

// answered writes what core rendered, byte for byte: a repeat must get what the first got (I04),
// and what is to be said of it stands in the headers. The status is 202 while an outcome is
// unknown.
func (s *Server) answered(c *call, a core.Answered) error {
	status := a.Status
	if a.Settling {
		status = http.StatusAccepted
	}
	if a.Replayed {
		c.Response().Header().Set("Idempotent-Replayed", "true")
	}
	if a.Stale {
		c.Response().Header().Set("Idempotent-Stale", "true")
	}
	s.write(c, status, "application/json", a.Body)
	return nil
}

func (s *Server) getPayment(c *call) error {
	id, err := c.pathName("id")
	if err != nil {
		return err
	}
	view, err := s.Cashier.Payment(c.ctx(), c.key.MerchantID, id)
	if err != nil {
		return err
	}
	return s.json(c, http.StatusOK, view)
}

func (s *Server) closePayment(c *call) error {
	id, err := c.pathName("id")
	if err != nil {
		return err
	}
	outcome, err := s.Cashier.Close(c.ctx(), c.caller(), id)
	if err != nil {
		return err
	}
	status := http.StatusOK
	if !outcome.Closed {
		status = http.StatusAccepted
	}
	return s.json(c, status, outcome.Payment)
}

func (s *Server) syncPayment(c *call) error {
	id, err := c.pathName("id")
	if err != nil {
		return err
	}
	view, err := s.Cashier.Sync(c.ctx(), c.caller(), id)
	if err != nil {
		return err
	}
	return s.json(c, http.StatusOK, view)
}

func (s *Server) listPayments(c *call) error {
	q := c.query("merchant_order_no", "out_trade_no", "trade_no", "refund_no", "buyer_pseudonym", "status", "attention", "created_from", "created_to", "limit", "cursor")
	ask := core.PaymentQuery{
		MerchantID: c.key.MerchantID, All: c.everyone(), MerchantOrderNo: q.number("merchant_order_no"), OutTradeNo: q.number("out_trade_no"), TradeNo: q.number("trade_no"),
		RefundNo: q.number("refund_no"), Status: one(q, "status", core.PaymentStatuses(), "is not a status"),
		Attention: one(q, "attention", []string{"true"}, "is true, or left out") != "", Limit: q.limit(),
	}
	if buyer := q.name("buyer_pseudonym", "is not a pseudonym"); buyer != "" {
		ask.Buyers = []string{buyer}
	}
	ask.CreatedFrom, ask.CreatedTo = q.span("created_from", "created_to")
	ask.BeforeCreated, ask.BeforeID = q.newest(paymentList)
	if err := q.err(); err != nil {
		return err
	}
	found, err := s.Cashier.Payments(c.ctx(), ask)
	if err != nil {
		return err
	}
	page, err := pageOfPayments(found, ask.Limit)
	if err != nil {
		return err
	}
	return s.json(c, http.StatusOK, page)
}
