package web

import (
	"net/http"

	"github.com/paymux/paymux/core"
)

func (s *Server) createRefund(c *call) error {
	id, err := c.pathName("id")
	if err != nil {
		return err
	}
	var body createRefund
	if err := s.decode(c.body, &body); err != nil {
		return err
	}
	answered, err := s.Cashier.Refund(c.ctx(), c.caller(), core.RefundAsk{
		PaymentID: id, MerchantRefundNo: body.MerchantRefundNo, AmountFen: core.Fen(body.AmountFen), Reason: body.Reason,
		IdempotencyKey: c.idempotencyKey,
	})
	if err != nil {
		return err
	}
	return s.answer(c, "/v1/refunds/", answered)
}

func (s *Server) getRefund(c *call) error {
	id, err := c.pathName("id")
	if err != nil {
		return err
	}
	view, err := s.Cashier.RefundView(c.ctx(), c.key.MerchantID, id)
	if err != nil {
		return err
	}
	return s.json(c, http.StatusOK, view)
}

// refundLate sends back money that nobody waited for and that the merchant's policy kept.
func (s *Server) refundLate(c *call) error {
	id, err := c.pathName("id")
	if err != nil {
		return err
	}
	view, err := s.Cashier.RefundLate(c.ctx(), c.caller(), id)
	if err != nil {
		return err
	}
	status := http.StatusOK
	if view.Settling {
		status = http.StatusAccepted
	}
	return s.json(c, status, view)
}

func (s *Server) approveRefund(c *call) error {
	id, err := c.pathName("id")
	if err != nil {
		return err
	}
	view, err := s.Cashier.Approve(c.ctx(), c.caller(), id)
	if err != nil {
		return err
	}
	return s.json(c, settledStatus(view), view)
}

func (s *Server) rejectRefund(c *call) error {
	id, err := c.pathName("id")
	if err != nil {
		return err
	}
	var body rejectRefund
	if err := s.decode(c.body, &body); err != nil {
		return err
	}
	view, err := s.Cashier.Reject(c.ctx(), c.caller(), id, body.Reason)
	if err != nil {
		return err
	}
	return s.json(c, http.StatusOK, view)
}

// settledStatus is 202 while the gateway has not settled the refund.
func settledStatus(view core.RefundView) int {
	if view.Settling {
		return http.StatusAccepted
	}
	return http.StatusOK
}
