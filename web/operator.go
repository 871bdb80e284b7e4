package web

import (
	"net/url"
	"slices"
	"strings"

	"github.com/paymux/paymux/core"
)

// operatorLines are the lines of the table that operators have too, on the admin listener. Nothing
// of them makes an order, asks for a new refund of one, or goes to a buyer.
func operatorLines() []string {
	return []string{
		"GET /v1/payments", "POST /v1/payments/search", "GET /v1/payments/:id", "GET /v1/payments/:id/timeline", "POST /v1/payments/:id/sync",
		"POST /v1/payments/:id/refund-late", "POST /v1/payments/:id/accept-late",
		"GET /v1/refunds", "GET /v1/refunds/:id", "POST /v1/refunds/:id/approve", "POST /v1/refunds/:id/reject", "POST /v1/refunds/:id/handled",
		"POST /v1/events/:id/replay", "GET /v1/events", "GET /v1/deliveries", "POST /v1/deliveries/:id/replay", "POST /v1/webhooks/:endpoint/replay", "GET /v1/ledger/accounts",
		"GET /v1/messages", "POST /v1/messages/:id/apply", "POST /v1/messages/:id/dismiss", "GET /v1/audit",
	}
}

// ofOneMerchant are those that must name the merchant, as ?merchant_id=.
func ofOneMerchant() []string {
	return []string{"POST /v1/payments/search", "POST /v1/webhooks/:endpoint/replay", "GET /v1/ledger/accounts"}
}

// operatorTable is what the admin listener serves to operators.
func (s *Server) operatorTable() []route {
	var mine []route
	for _, r := range s.routes {
		if slices.Contains(operatorLines(), r.method+" "+r.path) {
			r.needs, r.handle = PermOperate, s.operated(r)
			mine = append(mine, r)
		}
	}
	return mine
}

// OperatorRoutes lists the lines of the table that operators have.
func (s *Server) OperatorRoutes() []Route {
	var all []Route
	for _, r := range s.operatorTable() {
		all = append(all, Route{r.method, r.path, r.needs})
	}
	return all
}

// operated makes an operator's call one of the merchant whose object it names, by the operator's
// own actor: so the use case behind it, its rules about two people included, is the merchants' own.
// What an operator looks at or decides is noted first; nothing is shown that was not.
func (s *Server) operated(r route) func(*call) error {
	return func(c *call) error {
		filters, err := c.narrow()
		if err != nil {
			return err
		}
		object := c.Param("id")
		var missing error
		if object != "" {
			if object, missing = c.pathName("id"); missing == nil {
				c.key.MerchantID, missing = s.Cashier.MerchantOf(c.ctx(), object)
			}
		} else if c.Param("endpoint") != "" { // of the merchant that the query names
			object, missing = c.pathName("endpoint")
		}
		if missing != nil && core.CodeOf(missing) != core.CodeNotFound {
			return missing
		}
		if err := s.Cashier.Note(c.ctx(), c.caller(), "operator.call", object, clipTo(r.method+" "+r.path+filters, maxNote)); err != nil {
			return err
		}
		if missing != nil {
			return missing
		}
		if c.key.MerchantID == "" && slices.Contains(ofOneMerchant(), r.method+" "+r.path) {
			return invalidField("merchant_id", "is needed: this is of one merchant")
		}
		return r.handle(c)
	}
}

// notedFilters are the filters of operators' lists that are noted as they were given. Of others, of
// what is mistaken for one too, nobody knows whether a buyer stands in it.
func notedFilters() []string {
	return []string{
		"payment_id", "created_from", "created_to", "limit", "state", "object", "merchant_order_no", "out_trade_no", "trade_no", "refund_no", "status",
		"attention", "merchant_refund_no", "event_id",
	}
}

// maxNote is how much of a call is written down.
const maxNote = 500

// narrow takes merchant_id out of the query, which was proven before, and tells the other filters
// as they are noted: without what names a buyer, and without cursors, which say nothing.
func (c *call) narrow() (filters string, err error) {
	values, err := url.ParseQuery(c.Request().URL.RawQuery)
	if err != nil {
		return "", invalidField("query", "is not well-formed")
	}
	if named := values["merchant_id"]; len(named) > 0 {
		if len(named) > 1 || len(named[0]) > 64 || !isName(named[0]) {
			return "", invalidField("merchant_id", "is not an id")
		}
		c.key.MerchantID = named[0]
	}
	delete(values, "merchant_id")
	c.Request().URL.RawQuery = values.Encode()
	values.Del("cursor")
	for name := range values {
		switch {
		case slices.Contains(notedFilters(), name):
		case name == "buyer_pseudonym":
			values.Set(name, "…")
		default:
			values.Del(name)
			values.Set("…", "…")
		}
	}
	if len(values) == 0 {
		return "", nil
	}
	text, err := url.QueryUnescape(values.Encode())
	if err != nil {
		return "", invalidField("query", "is not well-formed")
	}
	return " " + strings.ToValidUTF8(text, "?"), nil
}

func clipTo(s string, n int) string {
	if len(s) > n {
		return strings.ToValidUTF8(s[:n], "") + "…"
	}
	return s
}

// everyone tells whether the call is about all merchants: an operator's that names none.
func (c *call) everyone() bool { return c.key.Role == RoleOperator && c.key.MerchantID == "" }
