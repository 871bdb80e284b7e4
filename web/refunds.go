package web

import (
	"context"
	"net/http"

	"github.com/paymux/paymux/core"
)

func (s *Server) createRefund(c *call) error {
	id, err := c.pathName("id")
	if err != nil {
		return err
	}
	var body createRefund
	ask := func() core.RefundAsk {
		return core.RefundAsk{
			PaymentID: id, MerchantRefundNo: body.MerchantRefundNo, AmountFen: core.Fen(body.AmountFen), Reason: body.Reason,
			IdempotencyKey: c.idempotencyKey,
		}
	}
	if err := s.decode(c, &body, func() core.Request { return ask() }); err != nil {
		return err
	}
	answered, err := s.Cashier.Refund(c.ctx(), c.caller(), ask())
	if err != nil {
		return err
	}
	return s.answer(c, "/v1/refunds/", answered)
}

// listRefunds shows the merchant's refunds, newest first: an approver asks for those that wait.
func (s *Server) listRefunds(c *call) error {
	q := c.query("merchant_refund_no", "status", "limit", "cursor")
	ask := core.RefundQuery{
		MerchantID: c.key.MerchantID, All: c.everyone(), MerchantRefundNo: q.number("merchant_refund_no"),
		Status: one(q, "status", core.RefundStatuses(), "is not a status of refunds"), Limit: q.limit(),
	}
	ask.BeforeCreated, ask.BeforeID = q.newest(refundList)
	if err := q.err(); err != nil {
		return err
	}
	found, err := s.Cashier.Refunds(c.ctx(), ask)
	if err != nil {
		return err
	}
	page, err := listOf(found, ask.Limit, func(i int) string { return newestCursor(refundList, found[i].CreatedAt, found[i].ID) })
	if err != nil {
		return err
	}
	return s.json(c, http.StatusOK, page)
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

// refundLate sends back money that nobody waited for and that was held or accepted.
func (s *Server) refundLate(c *call) error { return s.decideLate(c, s.Cashier.RefundLate) }

// acceptLate keeps money that nobody waited for and that is held.
func (s *Server) acceptLate(c *call) error { return s.decideLate(c, s.Cashier.AcceptLate) }

func (s *Server) decideLate(c *call, decide func(context.Context, core.Caller, core.LateAsk) (core.Answered, error)) error {
	id, err := c.pathName("id")
	if err != nil {
		return err
	}
	answered, err := decide(c.ctx(), c.caller(), core.LateAsk{PaymentID: id, IdempotencyKey: c.idempotencyKey})
	if err != nil {
		return err
	}
	return s.answered(c, answered)
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
	if err := s.decode(c, &body, nil); err != nil {
		return err
	}
	view, err := s.Cashier.Reject(c.ctx(), c.caller(), id, body.Reason)
	if err != nil {
		return err
	}
	return s.json(c, http.StatusOK, view)
}

// handledRefund is how somebody has seen to a refund that came back.
type handledRefund struct {
	Reason string `json:"reason" validate:"required,max=256"`
}

func (s *Server) handledRefund(c *call) error {
	id, err := c.pathName("id")
	if err != nil {
		return err
	}
	var body handledRefund
	if err := s.decode(c, &body, nil); err != nil {
		return err
	}
	view, err := s.Cashier.HandleReturned(c.ctx(), c.caller(), id, body.Reason)
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
