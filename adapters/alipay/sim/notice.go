package alipaysim

import (
	"encoding/json"
	"strconv"
	"time"
)

// event is a change that may be notified.
type event string

const (
	eventPaid         event = "paid"
	eventRefund       event = "refund"
	eventClosedUnpaid event = "closed"
	eventFinished     event = "finished"
)

// Notice is a notification owed to a merchant. It stays the same over all tries
// but for notify_time and the signature.
type Notice struct {
	ID      string            `json:"id"`
	AppID   string            `json:"app_id"`
	TradeNo string            `json:"trade_no,omitempty"`
	Event   string            `json:"event"`
	URL     string            `json:"url"`
	Charset string            `json:"charset"`
	Fields  map[string]string `json:"fields"`
	// Message marks application-gateway messages, which sign by another rule.
	Message bool `json:"message,omitempty"`

	// Tries, Done and Next are kept by the world, not by the entry that queues it.
	Tries int    `json:"-"`
	Done  string `json:"-"`
	Next  int64  `json:"-"`
}

// The outcomes of one try, and of the whole.
const (
	noticeAcked     = "acked"     // the merchant said success
	noticeRefused   = "refused"   // anything else
	noticeLost      = "lost"      // swallowed by the fault script
	noticePostponed = "postponed" // held back by the fault script; not a try
	noticeGivenUp   = "given_up"  // after the last try
)

// notifySchedule are the waits after the first try: eight tries in about 25 hours.
func notifySchedule() []time.Duration {
	return []time.Duration{4 * time.Minute, 10 * time.Minute, 10 * time.Minute,
		time.Hour, 2 * time.Hour, 6 * time.Hour, 15 * time.Hour}
}

func (w *world) applyNotice(e Entry) {
	if e.Kind == KindNotifyQueued {
		n := *e.Notice
		n.Next = max(e.Due, e.At)
		w.notices[n.ID] = &n
		w.agenda.add(n.Next, taskDeliver, n.ID)
		return
	}
	n := w.notices[e.Key]
	if n == nil {
		return
	}
	if e.Reason != noticePostponed {
		n.Tries++
	}
	n.Next = e.Due
	switch {
	case e.Reason == noticeAcked:
		n.Done = noticeAcked
	case e.Due == 0:
		n.Done = noticeGivenUp
	default:
		w.agenda.add(e.Due, taskDeliver, n.ID)
	}
}

// announce queues the notification of a change, if the order has an address
// and the matrix wants it. Callers hold s.mu.
func (s *Server) announce(t *Trade, what event, r *Refund) {
	triggers := s.reading().triggers[t.Order.Method]
	wanted := map[event]bool{eventPaid: triggers.Success, eventRefund: triggers.Refund,
		eventClosedUnpaid: triggers.ClosedUnpaid, eventFinished: triggers.Finished}
	if t.Order.NotifyURL == "" || !wanted[what] {
		return
	}
	s.queueNotice(t, s.tradeFields(t, r), 0)
}

// resume tells what a crash left untold. A change and its notification are two
// entries of the book; when the first one is the last of all, the second was lost.
func (s *Server) resume() {
	last := s.book.After(max(s.book.Len(), 1)-1, 1)
	if len(last) == 0 {
		return
	}
	e := last[0]
	t := s.world.trades[e.TradeNo]
	switch e.Kind {
	case KindTradePaid:
		s.announce(t, eventPaid, nil)
	case KindRefunded:
		s.announce(t, eventRefund, t.refund(e.OutRequestNo))
	case KindTradeClosed:
		s.announce(t, eventClosedUnpaid, nil)
	case KindTradeFinished:
		s.announce(t, map[bool]event{true: eventPaid, false: eventFinished}[t.Finished == t.Paid], nil)
	case KindAgreementSigned:
		s.announceAgreement(s.world.agreements[e.Key], "dut_user_sign", "NORMAL")
	case KindAgreementUnsigned:
		s.announceAgreement(s.world.agreements[e.Key], "dut_user_unsign", "UNSIGN")
	}
}

// queueNotice books a notification about a trade. Callers hold s.mu.
func (s *Server) queueNotice(t *Trade, fields map[string]string, after time.Duration) string {
	now := s.clock.Now()
	id := s.numbers.notifyID(s.world.turn+1, now)
	fields["notify_id"] = id
	n := &Notice{ID: id, AppID: t.Order.AppID, TradeNo: t.TradeNo, Event: fields["trade_status"],
		URL: t.Order.NotifyURL, Charset: orUTF8(t.Order.Charset), Fields: fields}
	entry := Entry{Kind: KindNotifyQueued, Key: id, Notice: n, Due: now.Add(after).UnixMilli()}
	if _, err := s.record(t.entry(entry)); err != nil {
		return ""
	}
	return id
}

func orUTF8(charset string) string {
	if charset == "" {
		return "utf-8"
	}
	return charset
}

// tradeFields describes a trade as notifications do; r is the refund that is
// the occasion, if any. Empty fields are never sent.
func (s *Server) tradeFields(t *Trade, r *Refund) map[string]string {
	o, app := t.Order, s.apps[t.Order.AppID]
	f := map[string]string{
		"notify_type": "trade_status_sync", "charset": orUTF8(o.Charset), "version": "1.0",
		"app_id": o.AppID, "auth_app_id": o.AppID, "trade_no": t.TradeNo, "out_trade_no": o.OutTradeNo,
		"trade_status": t.Status, "total_amount": yuan(o.TotalFen), "subject": o.Subject, "body": o.Body,
		"seller_id": o.SellerID, "passback_params": o.PassbackParams, "gmt_create": stamp(t.Created),
		"gmt_payment": stamp(t.Paid),
	}
	buyer := t.EnteredBy
	if app != nil {
		f["seller_email"] = app.SellerEmail
	}
	if p := t.Payment; p != nil {
		buyer = p.BuyerID
		f["receipt_amount"], f["invoice_amount"] = yuan(p.ReceiptFen), yuan(p.BuyerPayFen)
		f["buyer_pay_amount"], f["point_amount"] = yuan(p.BuyerPayFen), yuan(p.PointFen)
		f["fund_bill_list"] = p.notifiedBills()
		if p.Instalments > 0 {
			f["hb_fq_num"] = strconv.Itoa(p.Instalments)
		}
	}
	if app != nil && buyer != "" {
		ids := s.nameBuyer(app, buyer)
		f["buyer_id"], f["buyer_open_id"], f["buyer_logon_id"] = ids.BuyerUserID, ids.BuyerOpenID, ids.BuyerLogonID
	}
	if r != nil {
		f["refund_fee"], f["out_biz_no"], f["gmt_refund"] = yuan(t.RefundedFen), r.OutRequestNo, stampMillis(r.At)
		f["send_back_fee"] = yuan(r.AmountFen)
	}
	if t.Status == StatusTradeClosed {
		f["gmt_close"] = stamp(t.Closed)
	}
	for name, value := range f {
		if value == "" {
			delete(f, name)
		}
	}
	return f
}

// notifiedBills is fund_bill_list as notifications write it: camelCase, amount first.
func (p *Payment) notifiedBills() string {
	type bill struct {
		Amount      string `json:"amount"`
		FundChannel string `json:"fundChannel"`
	}
	bills := make([]bill, 0, len(p.Funds))
	for _, f := range p.Funds {
		bills = append(bills, bill{Amount: yuan(f.Fen), FundChannel: f.Channel})
	}
	text, err := json.Marshal(bills)
	if err != nil {
		return ""
	}
	return string(text)
}
