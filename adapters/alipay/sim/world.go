package alipaysim

import (
	"slices"
	"time"
)

// world is the gateway's state. It changes by apply alone, so that replaying
// the book gives the same world again.
type world struct {
	numbers    numbers
	trades     map[string]*Trade    // by trade_no
	byOut      map[string]*Trade    // by seller and out_trade_no
	order      []*Trade             // as created
	prepared   map[string]*Prepared // by token
	preparedBy map[string]*Prepared // the latest by seller and out_trade_no
	codes      map[string]*authCode
	tokens     map[string]*userToken
	agreements map[string]*Agreement
	complaints map[string]*Complaint
	relations  map[string]bool
	notices    map[string]*Notice
	rotations  int
	clock      Entry // the latest of KindClock
	// turn numbers the entries that somebody caused. Tries of notifications and
	// the clock do not count, so that identifiers depend neither on the speed of
	// merchants nor on restarts.
	turn   uint64
	agenda agenda
}

func newWorld(n numbers) *world {
	return &world{
		numbers: n,
		trades:  map[string]*Trade{}, byOut: map[string]*Trade{},
		prepared: map[string]*Prepared{}, preparedBy: map[string]*Prepared{},
		codes: map[string]*authCode{}, tokens: map[string]*userToken{},
		agreements: map[string]*Agreement{}, complaints: map[string]*Complaint{},
		relations: map[string]bool{}, notices: map[string]*Notice{},
	}
}

func outKey(sellerID, outTradeNo string) string { return sellerID + "|" + outTradeNo }

// find looks a trade of these sellers up by either number; trade_no wins, as in the protocol.
func (w *world) find(sellers []string, tradeNo, outTradeNo string) *Trade {
	if tradeNo != "" {
		if t := w.trades[tradeNo]; t != nil && slices.Contains(sellers, t.Order.SellerID) {
			return t
		}
		return nil
	}
	for _, seller := range sellers {
		if t := w.byOut[outKey(seller, outTradeNo)]; t != nil {
			return t
		}
	}
	return nil
}

// apply makes the change that an entry records. It must not fail: whatever is
// in the book has happened.
func (w *world) apply(e Entry) {
	if e.Kind != KindNotifySent && e.Kind != KindClock {
		w.turn++
	}
	switch e.Kind {
	case KindOrderPrepared:
		p := &Prepared{Token: e.Key, Order: *e.Order, Created: e.At}
		w.prepared[e.Key] = p
		w.preparedBy[outKey(e.SellerID, e.OutTradeNo)] = p
	case KindNotifyQueued, KindNotifySent:
		w.applyNotice(e)
	case KindAuthCodeIssued, KindAuthCodeUsed, KindTokenIssued:
		w.applyLogin(e)
	case KindAgreementSigned, KindAgreementUnsigned:
		w.applyAgreement(e)
	case KindComplaintOpened, KindComplaintAnswered:
		w.applyComplaint(e)
	case KindRelationBound:
		w.relations[relationKey(e.SellerID, e.Key)] = true
	case KindRelationUnbound:
		delete(w.relations, relationKey(e.SellerID, e.Key))
	case KindCertificateRotated:
		w.rotations++
	case KindClock:
		w.clock = e
	default:
		w.applyTrade(e)
	}
}

func (w *world) applyTrade(e Entry) {
	if e.Kind == KindTradeCreated {
		w.applyCreated(e)
		return
	}
	t := w.trades[e.TradeNo]
	if t == nil {
		return
	}
	switch e.Kind {
	case KindPaymentPending:
		t.Paying, t.PayingDue = e.Payment, e.Due
		w.agenda.add(e.Due, taskPay, t.TradeNo)
	case KindPaymentFailed:
		t.Paying, t.PayingDue = nil, 0
	case KindTradePaid:
		t.Status, t.Payment, t.Paid = StatusTradeSuccess, e.Payment, e.At
		t.Paying, t.PayingDue = nil, 0
		if e.Due != 0 {
			w.agenda.add(e.Due, taskFinish, t.TradeNo)
		}
	case KindTradeClosed:
		t.Status, t.Closed = StatusTradeClosed, e.At
	case KindTradeFinished:
		t.Status, t.Finished = StatusTradeFinished, e.At
	case KindRefundPending:
		t.Refunds = append(t.Refunds, &Refund{
			OutRequestNo: e.OutRequestNo, AmountFen: e.AmountFen, Reason: e.Reason, At: e.At, Pending: true})
		w.agenda.add(e.Due, taskRefund, t.TradeNo+"|"+e.OutRequestNo)
	case KindRefunded:
		t.applyRefunded(e)
	case KindSettled:
		t.Settlements = append(t.Settlements, &Settlement{
			SettleNo: e.Key, OutRequestNo: e.OutRequestNo, At: e.At, Shares: e.Details})
	}
}

func (w *world) applyCreated(e Entry) {
	t := &Trade{TradeNo: e.TradeNo, Order: *e.Order, Status: StatusWaitBuyerPay,
		Created: e.At, ExpireAt: e.Due, EnteredBy: e.BuyerID}
	w.trades[t.TradeNo] = t
	w.byOut[outKey(e.SellerID, e.OutTradeNo)] = t
	w.order = append(w.order, t)
	w.agenda.add(e.Due, taskExpire, t.TradeNo)
}

func (t *Trade) applyRefunded(e Entry) {
	r := t.refund(e.OutRequestNo)
	if r == nil {
		r = &Refund{OutRequestNo: e.OutRequestNo, AmountFen: e.AmountFen, Reason: e.Reason}
		t.Refunds = append(t.Refunds, r)
	}
	r.At, r.Pending = e.At, false
	t.RefundedFen += e.AmountFen
	if t.RefundedFen == t.Order.TotalFen {
		t.Status, t.Closed = StatusTradeClosed, e.At
	}
}

// replay applies a whole book and gives the simulated time of its end.
func (w *world) replay(b *Book) time.Time {
	var last int64
	for after := uint64(0); ; {
		page := b.After(after, 4096)
		if len(page) == 0 {
			return time.UnixMilli(last)
		}
		for _, e := range page {
			w.apply(e)
			last = max(last, e.At)
		}
		after = page[len(page)-1].Seq
	}
}
