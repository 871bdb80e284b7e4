package alipaysim

import (
	"errors"
	"net/http"
	"net/url"
)

// preparedPage is where a page API leads the buyer.
type preparedPage struct {
	token string
}

// preparePage checks an order that a browser brought (wap, computer, app) and
// keeps it until the buyer enters. No trade exists before that.
func (s *Server) preparePage(c *call) (any, *failure) {
	order, _, fail := s.parseOrder(c)
	if fail != nil {
		return nil, fail
	}
	if order.ProductCode != defaultProduct(Order{Method: c.method}) && order.ProductCode != "CYCLE_PAY_AUTH" {
		return nil, invalidParameter("product_code")
	}
	if t, fail := s.existing(order); fail != nil {
		return nil, fail
	} else if t != nil {
		order = t.Order
	}
	p, fail := s.keepOrder(order)
	if fail != nil {
		return nil, fail
	}
	return preparedPage{token: p.Token}, nil
}

// keepOrder books a prepared order; the same order again gives the same one, unless its QR code has
// lapsed.
func (s *Server) keepOrder(order Order) (*Prepared, *failure) {
	if p := s.world.preparedBy[outKey(order.SellerID, order.OutTradeNo)]; p != nil && p.Order == order && !s.lapsed(p) {
		return p, nil
	}
	token := s.numbers.token("cashier", s.world.turn+1)
	_, err := s.record(Entry{Kind: KindOrderPrepared, AppID: order.AppID, SellerID: order.SellerID,
		OutTradeNo: order.OutTradeNo, AmountFen: order.TotalFen, Key: token, Order: &order})
	if err != nil {
		return nil, unavailable()
	}
	return s.world.prepared[token], nil
}

// servePage answers a page API: the cashier, or a page that says what is wrong.
func (s *Server) servePage(w http.ResponseWriter, r *http.Request, c *call, fail *failure) {
	var result any
	if fail == nil {
		result, fail = s.execute(c)
	}
	s.journal.note(s.now(), c, fail)
	if fail != nil {
		s.answerPageError(w, fail)
		return
	}
	target := ""
	switch page := result.(type) {
	case preparedPage:
		target = s.baseURL(r) + "/cashier/" + page.token
	case preparedAgreement:
		target = s.baseURL(r) + "/cashier/agreement/" + page.token
	}
	http.Redirect(w, r, target, http.StatusFound)
}

// serveOrder plays my.tradePay with an order string: the cashier opens, and leads back to the
// mini-program that the query names.
func (s *Server) serveOrder(w http.ResponseWriter, r *http.Request) {
	page, err := s.openPage(r.URL.Query().Get("order_string"))
	prepared, pays := page.(preparedPage)
	switch wrong, refusal := errors.AsType[*controlError](err); {
	case refusal:
		s.answerPageError(w, refused(wrong.code, wrong.text))
	case !pays:
		s.answerPageError(w, invalidParameter("order_string"))
	default:
		target := "/cashier/" + prepared.token
		if back := r.URL.Query().Get("back"); back != "" {
			target += "?" + url.Values{"back": {back}}.Encode()
		}
		http.Redirect(w, r, target, http.StatusFound)
	}
}

// enter makes a prepared order a trade: what happens when the buyer logs in on
// the cashier and goes on. A trade that another page of the same order opened is
// entered again; one of another order is not this page's. Callers hold s.mu.
func (s *Server) enter(d *desk, buyerID string) (*Trade, *failure) {
	if d.prepared == nil {
		return d.trade, nil
	}
	t, fail := s.existing(d.order)
	if t != nil || fail != nil {
		return t, fail
	}
	return s.openTrade(d.order, buyerID)
}
