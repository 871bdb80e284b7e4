package web

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/paymux/paymux/core"
)

// hopHeader marks paymux's own webhooks (docs/webhooks.md).
const hopHeader = "Paymux-Hop"

// refuseLoops answers our own webhooks with 508: an endpoint's address that leads back here would
// feed itself (H13).
func (s *Server) refuseLoops(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if c.Request().Header.Get(hopHeader) != "" {
			return &core.Error{Code: codeLoop, Message: "this is a webhook of paymux itself: the endpoint's address leads back to it"}
		}
		return next(c)
	}
}

// replayEvent names where an event goes.
type replayEvent struct {
	EndpointID string `json:"endpoint_id" validate:"required,max=64"`
}

// replayRange names what an endpoint is to be told again.
type replayRange struct {
	From  string `json:"from" validate:"required,max=64"`
	To    string `json:"to" validate:"required,max=64"`
	State string `json:"state" validate:"max=64"`
}

// listDeliveries shows what became of the merchant's webhooks, newest first.
func (s *Server) listDeliveries(c *call) error {
	q := c.query("state", "event_id", "limit", "cursor")
	ask := core.DeliveryQuery{
		MerchantID: c.key.MerchantID, All: c.everyone(), State: one(q, "state", core.DeliveryStates(), "is not a state of deliveries"), EventID: q.name("event_id", "is not an id"),
		Limit: q.limit(), BeforeID: q.last(deliveryList),
	}
	if err := q.err(); err != nil {
		return err
	}
	found, err := s.Cashier.Deliveries(c.ctx(), ask)
	if err != nil {
		return err
	}
	page, err := listOf(found, ask.Limit, func(i int) string { return deliveryCursor(found[i]) })
	if err != nil {
		return err
	}
	return s.json(c, http.StatusOK, page)
}

// replayDelivery has a delivery tried once more, now.
func (s *Server) replayDelivery(c *call) error {
	id, err := c.pathName("id")
	if err != nil {
		return err
	}
	view, err := s.Cashier.Replay(c.ctx(), c.caller(), id)
	if err != nil {
		return err
	}
	return s.json(c, http.StatusAccepted, view)
}

// replayEvent has an event sent to one endpoint, again or for the first time.
func (s *Server) replayEvent(c *call) error {
	id, err := c.pathName("id")
	if err != nil {
		return err
	}
	var body replayEvent
	if err := s.decode(c, &body, nil); err != nil {
		return err
	}
	view, err := s.Cashier.ReplayEvent(c.ctx(), c.caller(), id, body.EndpointID)
	if err != nil {
		return err
	}
	return s.json(c, http.StatusAccepted, view)
}

// replayRange has what an endpoint was told in a time, or was not, sent again.
func (s *Server) replayRange(c *call) error {
	endpoint, err := c.pathName("endpoint")
	if err != nil {
		return err
	}
	var body replayRange
	if err := s.decode(c, &body, nil); err != nil {
		return err
	}
	q := &asking{values: map[string]string{"from": body.From, "to": body.To, "state": body.State}}
	ask := core.RangeAsk{EndpointID: endpoint, IdempotencyKey: c.idempotencyKey}
	ask.From, ask.To = q.span("from", "to")
	ask.Taken = one(q, "state", []string{string(core.DeliveryDead), "all"}, "is dead or all") == "all"
	if err := q.err(); err != nil {
		return err
	}
	answered, err := s.Cashier.ReplayRange(c.ctx(), c.caller(), ask)
	if err != nil {
		return err
	}
	return s.answered(c, answered)
}

// deliveryCursor names a delivery by its id, the order of the list.
func deliveryCursor(last core.DeliveryView) string { return encodeCursor(deliveryList, last.ID) }
