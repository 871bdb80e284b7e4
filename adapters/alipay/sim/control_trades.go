package alipaysim

import (
	"net/http"
	"net/url"
	"strings"
)

// tradeView is a trade as the control API shows it.
type tradeView struct {
	TradeNo     string       `json:"trade_no"`
	OutTradeNo  string       `json:"out_trade_no"`
	AppID       string       `json:"app_id"`
	SellerID    string       `json:"seller_id"`
	Method      string       `json:"method"`
	Status      string       `json:"trade_status"`
	Subject     string       `json:"subject"`
	AmountFen   int64        `json:"amount_fen"`
	RefundedFen int64        `json:"refunded_fen"`
	CreatedAt   int64        `json:"created_at"`
	ExpiresAt   int64        `json:"expires_at"`
	PaidAt      int64        `json:"paid_at,omitempty"`
	ClosedAt    int64        `json:"closed_at,omitempty"`
	Processing  bool         `json:"processing,omitempty"`
	Payment     *Payment     `json:"payment,omitempty"`
	Refunds     []refundView `json:"refunds,omitempty"`
}

type refundView struct {
	OutRequestNo string `json:"out_request_no"`
	AmountFen    int64  `json:"amount_fen"`
	Reason       string `json:"reason,omitempty"`
	At           int64  `json:"at"`
	Pending      bool   `json:"pending,omitempty"`
}

func viewTrade(t *Trade) tradeView {
	v := tradeView{TradeNo: t.TradeNo, OutTradeNo: t.Order.OutTradeNo, AppID: t.Order.AppID,
		SellerID: t.Order.SellerID, Method: t.Order.Method, Status: t.Status, Subject: t.Order.Subject,
		AmountFen: t.Order.TotalFen, RefundedFen: t.RefundedFen, CreatedAt: t.Created, ExpiresAt: t.ExpireAt,
		PaidAt: t.Paid, ClosedAt: t.Closed, Processing: t.Paying != nil, Payment: t.Payment}
	for _, r := range t.Refunds {
		v.Refunds = append(v.Refunds, refundView{r.OutRequestNo, r.AmountFen, r.Reason, r.At, r.Pending})
	}
	return v
}

// findTrade takes a trade_no, or an out_trade_no of whatever seller.
func (s *Server) findTrade(number string) *Trade {
	if t := s.world.trades[number]; t != nil {
		return t
	}
	for i := range s.cfg.Apps {
		if t := s.world.find(s.cfg.Apps[i].sellers(), "", number); t != nil {
			return t
		}
	}
	return nil
}

func (s *Server) simTrades(r *http.Request) (any, error) {
	after, limit, err := pageOf(r)
	if err != nil {
		return nil, err
	}
	query := r.URL.Query()
	list := []tradeView{}
	s.mu.Lock()
	defer s.mu.Unlock()
	next := after
	for ; next < uint64(len(s.world.order)) && len(list) < limit; next++ {
		t := s.world.order[next]
		if matches(query.Get("out_trade_no"), t.Order.OutTradeNo) && matches(query.Get("status"), t.Status) {
			list = append(list, viewTrade(t))
		}
	}
	return map[string]any{"trades": list, "next": next}, nil
}

func (s *Server) simTrade(r *http.Request) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.findTrade(r.PathValue("no"))
	if t == nil {
		return nil, unknownTrade()
	}
	return viewTrade(t), nil
}

// actRequest is what a person at Alipay's console, or a buyer, decides.
type actRequest struct {
	Choice
	AmountFen    int64  `json:"amount_fen"`
	OutRequestNo string `json:"out_request_no"`
	Reason       string `json:"reason"`
}

// simAct is pay, fail, close, expire, refund or finish on one trade. refund is
// one made in Alipay's console: the merchant hears of it by notification only.
func (s *Server) simAct(r *http.Request) (any, error) {
	var q actRequest
	if err := readControl(r, &q); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.findTrade(r.PathValue("no"))
	if t == nil {
		return nil, unknownTrade()
	}
	var fail *failure
	switch r.PathValue("act") {
	case "pay":
		fail = s.payTrade(t, q.Choice)
	case "fail":
		fail = s.failPayment(t, q.Reason)
	case "close", "expire":
		if t.Status != StatusWaitBuyerPay {
			return nil, conflict(refuse("ACQ.TRADE_STATUS_ERROR"))
		}
		fail = s.closeUnpaid(t, r.PathValue("act"))
	case "refund":
		fail = s.consoleRefund(t, q)
	case "finish":
		if t.Status != StatusTradeSuccess {
			return nil, conflict(refuse("ACQ.TRADE_STATUS_ERROR"))
		}
		s.finish(t.TradeNo)
	default:
		return nil, badControl("pay, fail, close, expire, refund or finish")
	}
	if fail != nil {
		return nil, conflict(fail)
	}
	return viewTrade(t), nil
}

// consoleRefund refunds what is left unless told otherwise.
func (s *Server) consoleRefund(t *Trade, q actRequest) *failure {
	if q.AmountFen == 0 {
		q.AmountFen = t.Order.TotalFen - t.spokenFor()
	}
	if q.OutRequestNo == "" {
		q.OutRequestNo = s.numbers.token("console", s.world.turn+1)
	}
	if q.AmountFen < 1 || t.refund(q.OutRequestNo) != nil {
		return refuse("ACQ.DISCORDANT_REPEAT_REQUEST")
	}
	if fail := refundable(t, q.AmountFen, false); fail != nil {
		return fail
	}
	return s.moveRefund(t, q.OutRequestNo, q.AmountFen, q.Reason)
}

// payRequest is a buyer who pays whatever he was shown: exactly one of the
// first four is set.
type payRequest struct {
	Choice
	URL         string `json:"url"`          // a signed page URL, or its cashier page
	OrderString string `json:"order_string"` // of trade.app.pay
	QRCode      string `json:"qr_code"`      // of trade.precreate
	TradeNo     string `json:"trade_no"`     // of trade.create
	Action      string `json:"action"`       // pay (default), slow, fail, enter
}

// simPay pays without a browser: it follows a page URL, an order string, a QR
// code or a trade number to the cashier and presses a button there.
func (s *Server) simPay(r *http.Request) (any, error) {
	var q payRequest
	if err := readControl(r, &q); err != nil {
		return nil, err
	}
	if q.Action == "" {
		q.Action = "pay"
	}
	page, err := s.followPage(q)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	d := &desk{}
	switch page := page.(type) {
	case preparedAgreement:
		return s.simSign(page.token, q)
	case preparedPage:
		if d.prepared = s.world.prepared[page.token]; d.prepared == nil {
			return nil, unknownTrade()
		}
		d.order = d.prepared.Order
		d.trade = s.ordered(d.order)
	default:
		if q.TradeNo == "" {
			return nil, badControl("one of url, order_string, qr_code, trade_no")
		}
		if d.trade = s.findTrade(q.TradeNo); d.trade == nil {
			return nil, unknownTrade()
		}
		d.order = d.trade.Order
	}
	if q.Action == "enter" {
		t, fail := s.enter(d, q.BuyerID)
		if fail != nil {
			return nil, conflict(fail)
		}
		return viewTrade(t), nil
	}
	t, result, fail := s.act(d, q.Action, q.Choice)
	if fail != nil {
		return nil, conflict(fail)
	}
	answer := map[string]any{"trade": viewTrade(t), "result_code": result}
	if d.order.ReturnURL != "" {
		answer["return_url"] = s.returnURL(t)
	}
	return answer, nil
}

// followPage gives the page that an address, an order string or a QR code leads
// to: a preparedPage, a preparedAgreement, or nil when none is given.
func (s *Server) followPage(q payRequest) (any, error) {
	if q.QRCode != "" {
		s.mu.Lock()
		defer s.mu.Unlock()
		token, err := s.scan(q.QRCode)
		return preparedPage{token}, err
	}
	query := q.OrderString
	if q.URL != "" {
		u, err := url.Parse(q.URL)
		if err != nil {
			return nil, badControl("url: " + err.Error())
		}
		if token, ok := strings.CutPrefix(u.Path, "/cashier/agreement/"); ok {
			return preparedAgreement{token}, nil
		}
		if token, ok := strings.CutPrefix(u.Path, "/cashier/"); ok {
			return preparedPage{token}, nil
		}
		query = u.RawQuery
	}
	if query == "" {
		return nil, nil
	}
	if !strings.Contains(query, "=") { // a signStr is encoded once more as a whole
		if plain, err := url.QueryUnescape(query); err == nil {
			query = plain
		}
	}
	return s.openPage(query)
}

// openPage does what a browser's visit to a signed address does.
func (s *Server) openPage(query string) (any, error) {
	values, err := url.ParseQuery(query)
	if err != nil {
		return nil, badControl("the parameters do not parse: " + err.Error())
	}
	req := &request{params: map[string]string{}}
	req.merge(values)
	c, fail := s.admit(req)
	var page any
	if fail == nil && !s.isPage(c) {
		return nil, badControl("not a page or order string: " + c.method)
	}
	if fail == nil {
		page, fail = s.execute(c)
	}
	s.journal.note(s.now(), c, fail)
	return page, conflict(fail)
}

// noticeView is a notification as the control API shows it.
type noticeView struct {
	ID      string            `json:"notify_id"`
	Event   string            `json:"event"`
	URL     string            `json:"url"`
	TradeNo string            `json:"trade_no,omitempty"`
	Tries   int               `json:"tries"`
	Done    string            `json:"done,omitempty"`
	NextAt  int64             `json:"next_at,omitempty"`
	Fields  map[string]string `json:"fields"`
}

// simNotifications lists what merchants were and will be told about a trade, in order.
func (s *Server) simNotifications(r *http.Request) (any, error) {
	tradeNo := r.URL.Query().Get("trade_no")
	list := []noticeView{}
	s.mu.Lock()
	defer s.mu.Unlock()
	for after := uint64(0); ; {
		page := s.book.After(after, maxPage)
		if len(page) == 0 {
			break
		}
		for _, e := range page {
			if e.Kind != KindNotifyQueued || !matches(tradeNo, e.TradeNo) {
				continue
			}
			n := s.world.notices[e.Key]
			list = append(list, noticeView{n.ID, n.Event, n.URL, n.TradeNo, n.Tries, n.Done, n.Next, n.Fields})
		}
		list = list[max(len(list)-maxPage, 0):]
		after = page[len(page)-1].Seq
	}
	return map[string]any{"notifications": list}, nil
}
