package web

import (
	"net/http"

	"github.com/paymux/paymux/core"
)

// The lists of what is kept, ordered by their rows' ids.
const (
	messageList = "m"
	auditList   = "a"
)

// listMessages shows gateways' messages of one state, newest first: those that were parked, unless
// another is asked for.
func (s *Server) listMessages(c *call) error {
	q := c.query("state", "limit", "cursor")
	ask := core.MessageQuery{
		All: c.everyone(), State: one(q, "state", core.InboxStates(), "is not a state of messages"), Limit: q.limit(), BeforeID: q.last(messageList),
	}
	if err := q.err(); err != nil {
		return err
	}
	if ask.State == "" {
		ask.State = core.InboxParked
	}
	found, err := s.Cashier.Messages(c.ctx(), c.key.MerchantID, ask)
	if err != nil {
		return err
	}
	return s.json(c, http.StatusOK, pageByID(messageList, found, ask.Limit, func(m core.MessageView) string { return m.ID }))
}

// applyMessage lets a parked message have its say once more.
func (s *Server) applyMessage(c *call) error {
	id, err := c.pathName("id")
	if err != nil {
		return err
	}
	view, err := s.Cashier.Reapply(c.ctx(), c.caller(), id)
	if err != nil {
		return err
	}
	return s.json(c, http.StatusOK, view)
}

// dismissMessage says how somebody has seen to a parked message elsewhere.
type dismissMessage struct {
	Reason string `json:"reason" validate:"required,max=256"`
}

// dismissMessage ends a parked message without applying it.
func (s *Server) dismissMessage(c *call) error {
	id, err := c.pathName("id")
	if err != nil {
		return err
	}
	var body dismissMessage
	if err := s.decode(c, &body, nil); err != nil {
		return err
	}
	view, err := s.Cashier.Dismiss(c.ctx(), c.caller(), id, body.Reason)
	if err != nil {
		return err
	}
	return s.json(c, http.StatusOK, view)
}

// listAudit shows who did what, newest first.
func (s *Server) listAudit(c *call) error {
	q := c.query("object", "limit", "cursor")
	ask := core.AuditQuery{
		MerchantID: c.key.MerchantID, All: c.everyone(), Object: q.name("object", "is not an id"), Limit: q.limit(), BeforeID: q.last(auditList),
	}
	if err := q.err(); err != nil {
		return err
	}
	found, err := s.Cashier.Audits(c.ctx(), ask)
	if err != nil {
		return err
	}
	return s.json(c, http.StatusOK, pageByID(auditList, found, ask.Limit, func(a core.AuditView) string { return a.ID }))
}

// pageByID is a page of a list that is ordered by its rows' ids.
func pageByID[T any](name string, found []T, limit int, id func(T) string) list[T] {
	page := list[T]{Data: append([]T{}, found...)}
	if len(found) == limit {
		next := encodeCursor(name, id(found[len(found)-1]))
		page.NextCursor = &next
	}
	return page
}
