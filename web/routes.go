package web

import (
	"net/http"
	"strings"
)

// route is one line of the table.
type route struct {
	method, path string
	needs        Permission
	key          keyRule
	body         bodyRule
	handle       func(*call) error
}

// keyRule says what a route wants of the Idempotency-Key header.
type keyRule int

const (
	// Reads, and calls whose repeat is the same call: close. The header is accepted and means
	// nothing.
	keyUnused   keyRule = iota
	keyOptional         // create: merchant_order_no stands in (I09)
	keyRequired         // every other change of money or state
)

// bodyRule says what body a route takes.
type bodyRule int

const (
	bodyNone bodyRule = iota
	bodyJSON
	bodyMessage // of a gateway: handed on raw
	bodyIgnored // of a browser's own form without fields
)

// table is every route of the server. openapi.yaml describes the same ones; tests compare the two,
// call each as every role and as two tenants.
func (s *Server) table() []route {
	t := []route{
		{"POST", "/v1/payments", PermPay, keyOptional, bodyJSON, s.createPayment},
		{"GET", "/v1/payments", PermRead, keyUnused, bodyNone, s.listPayments},
		{"POST", "/v1/payments/search", PermRead, keyUnused, bodyJSON, s.searchPayments},
		{"GET", "/v1/payments/:id", PermRead, keyUnused, bodyNone, s.getPayment},
		{"GET", "/v1/payments/:id/timeline", PermRead, keyUnused, bodyNone, s.showTimeline},
		{"POST", "/v1/payments/:id/attempts", PermPay, keyRequired, bodyJSON, s.createAttempt},
		{"POST", "/v1/payments/:id/close", PermPay, keyUnused, bodyNone, s.closePayment},
		{"POST", "/v1/payments/:id/sync", PermPay, keyUnused, bodyNone, s.syncPayment},
		{"POST", "/v1/payments/:id/refunds", PermRefund, keyRequired, bodyJSON, s.createRefund},
		{"POST", "/v1/payments/:id/refund-late", PermRefund, keyRequired, bodyNone, s.refundLate},
		{"POST", "/v1/payments/:id/accept-late", PermApprove, keyRequired, bodyNone, s.acceptLate},
		{"GET", "/v1/refunds", PermRead, keyUnused, bodyNone, s.listRefunds},
		{"GET", "/v1/refunds/:id", PermRead, keyUnused, bodyNone, s.getRefund},
		{"POST", "/v1/refunds/:id/approve", PermApprove, keyRequired, bodyNone, s.approveRefund},
		{"POST", "/v1/refunds/:id/reject", PermApprove, keyRequired, bodyJSON, s.rejectRefund},
		{"POST", "/v1/refunds/:id/handled", PermApprove, keyUnused, bodyJSON, s.handledRefund},
		{"GET", "/v1/platforms", PermRead, keyUnused, bodyNone, s.listPlatforms},
		{"POST", "/v1/platforms/:platform/check", PermRead, keyUnused, bodyJSON, s.checkPlatform},
		{"GET", "/v1/channels", PermRead, keyUnused, bodyNone, s.listChannels},
		{"POST", "/v1/login/:channel", PermPay, keyUnused, bodyJSON, s.login},
		{"POST", "/v1/alipay/login", PermPay, keyUnused, bodyJSON, s.loginOld},
		{"GET", "/v1/events", PermRead, keyUnused, bodyNone, s.listEvents},
		{"POST", "/v1/events/:id/replay", PermPay, keyUnused, bodyJSON, s.replayEvent},
		{"GET", "/v1/deliveries", PermRead, keyUnused, bodyNone, s.listDeliveries},
		{"POST", "/v1/deliveries/:id/replay", PermPay, keyUnused, bodyNone, s.replayDelivery},
		{"POST", "/v1/webhooks/:endpoint/replay", PermPay, keyRequired, bodyJSON, s.replayRange},
		{"GET", "/v1/messages", PermRead, keyUnused, bodyNone, s.listMessages},
		{"POST", "/v1/messages/:id/apply", PermApprove, keyUnused, bodyNone, s.applyMessage},
		{"POST", "/v1/messages/:id/dismiss", PermApprove, keyUnused, bodyJSON, s.dismissMessage},
		{"GET", "/v1/audit", PermRead, keyUnused, bodyNone, s.listAudit},
		{"GET", "/v1/ledger/accounts", PermRead, keyUnused, bodyNone, s.listBalances},

		{"POST", "/notify/:gateway/:account", PermNone, keyUnused, bodyMessage, s.receiveTrade},
		{"POST", "/notify/:gateway/:account/app", PermNone, keyUnused, bodyMessage, s.receiveApp},

		{"GET", "/h5/:token", PermNone, keyUnused, bodyNone, s.showHandOff},
		{"POST", "/h5/:token/pay", PermNone, keyUnused, bodyIgnored, s.openHandOff},
		{"GET", "/h5/:token/status", PermNone, keyUnused, bodyNone, s.showStatus},
		{"GET", "/return/:token", PermNone, keyUnused, bodyNone, s.showReturn},

		{"GET", "/static/:file", PermNone, keyUnused, bodyNone, s.static},
		{"GET", "/openapi.yaml", PermNone, keyUnused, bodyNone, s.openapi},
		{"GET", "/docs", PermNone, keyUnused, bodyNone, s.reference},
		{"GET", "/healthz", PermNone, keyUnused, bodyNone, s.healthz},
		{"GET", "/readyz", PermNone, keyUnused, bodyNone, s.readyz},
	}
	if s.MetricsOnMain {
		t = append(t, route{"GET", "/metrics", PermNone, keyUnused, bodyNone, s.showMetrics})
	}
	return t
}

// isPage tells whether a route answers people rather than programs.
func (s *Server) isPage(path string) bool {
	return strings.HasPrefix(path, "/h5/") && !strings.HasSuffix(path, "/status") || strings.HasPrefix(path, "/return/")
}

// changes tells whether a route may change anything, by its method. HEAD is answered by the route
// of GET.
func changes(method string) bool { return method != http.MethodGet }

// Route describes a line of the table.
type Route struct {
	Method, Path string // path parameters as :name
	Permission   Permission
}

// Routes lists the server's routes, without those of mounted handlers.
func (s *Server) Routes() []Route {
	all := make([]Route, 0, len(s.routes))
	for _, r := range s.routes {
		all = append(all, Route{r.method, r.path, r.needs})
	}
	return all
}
