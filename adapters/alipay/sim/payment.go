package alipaysim

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// Choice is how a buyer pays.
type Choice struct {
	// BuyerID is the payer's user_id; empty is the order's payer, or the first buyer.
	BuyerID string `json:"buyer_id"`
	// Channel is balance, moneyFund, debitCardExpress, creditCardExpress,
	// pcredit or pcreditpayInstallment; empty is what the order allows first.
	Channel string `json:"channel"`
	// Instalments is 3, 6 or 12 with pcreditpayInstallment.
	Instalments int `json:"hb_fq_num"`
	// Coupon and Points use a red packet and Ant points for a part.
	Coupon bool `json:"coupon"`
	Points bool `json:"points"`
	// SlowSeconds is the simulated time until the money arrives; 0 is at once.
	SlowSeconds int `json:"slow_seconds"`
}

// The parts that discounts pay at most, in fen.
const (
	couponFen = 200
	pointsFen = 100
)

// payChannels are the channels a buyer can choose, with their fund_channel.
func payChannels() []struct{ Name, Fund, Label string } {
	return []struct{ Name, Fund, Label string }{
		{"balance", "ALIPAYACCOUNT", "账户余额 Balance"},
		{"moneyFund", "FINANCEACCOUNT", "余额宝 Yu'E Bao"},
		{"debitCardExpress", "BANKCARD", "储蓄卡 Debit card"},
		{"creditCardExpress", "BANKCARD", "信用卡 Credit card"},
		{"pcredit", "PCREDIT", "花呗 Huabei"},
		{"pcreditpayInstallment", "PCREDIT", "花呗分期 Huabei instalments"},
	}
}

// allows says whether an order may be paid through a channel.
func (o Order) allows(channel string) bool {
	if o.HbFqNum != "" && channel != "pcreditpayInstallment" && channel != "point" && channel != "coupon" {
		return false // the order was made for instalments
	}
	if o.SpecifiedChan != "" && channel != o.SpecifiedChan && channel != "point" && channel != "coupon" {
		return false
	}
	if o.GoodsType == "0" && strings.HasPrefix(channel, "pcredit") {
		return false // virtual goods
	}
	if o.EnableChannels != "" {
		return channelListed(o.EnableChannels, channel)
	}
	return !channelListed(o.DisableChannels, channel)
}

func channelListed(list, channel string) bool {
	for name := range strings.SplitSeq(list, ",") {
		name = strings.TrimSpace(name)
		if name == channel {
			return true
		}
		if name == "credit_group" && slices.Contains([]string{"creditCard", "creditCardCartoon",
			"creditCardExpress", "pcredit", "pcreditpayInstallment"}, channel) {
			return true
		}
	}
	return false
}

// periods are the instalment numbers a buyer may choose.
func (o Order) periods() []int {
	if !o.allows("pcreditpayInstallment") {
		return nil
	}
	if n, err := strconv.Atoi(o.HbFqNum); err == nil {
		return []int{n}
	}
	return []int{3, 6, 12}
}

// resolve turns a choice into a payment of the order.
func (s *Server) resolve(o Order, c Choice) (*Payment, *failure) {
	if c.BuyerID == "" {
		c.BuyerID = o.BuyerID
	}
	if c.BuyerID == "" {
		c.BuyerID = s.cfg.Buyers[0].UserID
	}
	if _, ok := s.buyers[c.BuyerID]; !ok {
		return nil, refuse("ACQ.BUYER_NOT_EXIST")
	}
	if o.BuyerID != "" && o.BuyerID != c.BuyerID {
		return nil, refuse("ACQ.TRADE_BUYER_NOT_MATCH")
	}
	fund := ""
	for _, ch := range payChannels() {
		if (c.Channel == "" || c.Channel == ch.Name) && o.allows(ch.Name) {
			fund, c.Channel = ch.Fund, ch.Name
			break
		}
	}
	if fund == "" {
		return nil, refuse("ACQ.NO_PAYMENT_INSTRUMENTS_AVAILABLE")
	}
	p := &Payment{BuyerID: c.BuyerID}
	if c.Channel == "pcreditpayInstallment" {
		periods := o.periods()
		if c.Instalments == 0 {
			c.Instalments = periods[0]
		}
		for _, n := range periods {
			if n == c.Instalments {
				p.Instalments = n
			}
		}
		if p.Instalments == 0 {
			return nil, invalidParameter("hb_fq_num")
		}
	}
	p.split(o, c, fund)
	return p, nil
}

// split divides the total into coupon, points and the chosen fund, at least one
// fen staying with the fund, and works out the amounts that are reported.
func (p *Payment) split(o Order, c Choice, fund string) {
	rest, coupon := o.TotalFen, int64(0)
	take := func(most int64, channel string) int64 {
		part := min(most, rest-1)
		if part > 0 {
			rest -= part
			p.Funds = append(p.Funds, Fund{Channel: channel, Fen: part})
		}
		return part
	}
	if c.Coupon && o.allows("coupon") {
		coupon = take(couponFen, "COUPON")
	}
	if c.Points && o.allows("point") {
		p.PointFen = take(pointsFen, "POINT")
	}
	p.Funds = append([]Fund{{Channel: fund, Fen: rest}}, p.Funds...)
	p.ReceiptFen = o.TotalFen
	p.BuyerPayFen = o.TotalFen - coupon
	p.FeeFen = (p.ReceiptFen*6 + 500) / 1000
}

// payTrade pays a waiting trade as the buyer chose. Callers hold s.mu.
func (s *Server) payTrade(t *Trade, c Choice) *failure {
	switch {
	case t.paid() && t.Status != StatusTradeClosed:
		return refuse("ACQ.TRADE_HAS_SUCCESS")
	case t.Status != StatusWaitBuyerPay:
		return refuse("ACQ.TRADE_HAS_CLOSE")
	case t.Paying != nil:
		return refuse("ACQ.TRADE_STATUS_ERROR")
	case s.now() >= t.ExpireAt:
		s.expire(t.TradeNo)
		return refuse("ACQ.TRADE_HAS_CLOSE")
	}
	p, fail := s.resolve(t.Order, c)
	if fail != nil {
		return fail
	}
	if c.SlowSeconds > int(maxAdvance/time.Second) {
		return invalidParameter("slow_seconds")
	}
	if c.SlowSeconds > 0 {
		due := s.clock.Now().Add(time.Duration(c.SlowSeconds) * time.Second).UnixMilli()
		return s.bookPayment(t, Entry{Kind: KindPaymentPending, Payment: p, BuyerID: p.BuyerID, Due: due})
	}
	return s.capture(t, p)
}

// capture moves a payment's money and tells the merchant. The refund window
// starts; a product without one is finished at once. Callers hold s.mu.
func (s *Server) capture(t *Trade, p *Payment) *failure {
	window := s.reading().RefundWindow
	e := Entry{Kind: KindTradePaid, Payment: p, BuyerID: p.BuyerID, AmountFen: t.Order.TotalFen}
	if window > 0 {
		e.Due = s.clock.Now().Add(window).UnixMilli()
	}
	fail := s.bookPayment(t, e)
	if fail == nil && window <= 0 {
		fail = s.bookPayment(t, Entry{Kind: KindTradeFinished})
	}
	if fail == nil {
		s.announce(t, eventPaid, nil)
	}
	return fail
}

func (s *Server) bookPayment(t *Trade, e Entry) *failure {
	if _, err := s.record(t.entry(e)); err != nil {
		return unavailable()
	}
	return nil
}

// completePayment is the arrival of money that was on its way. Callers hold s.mu.
func (s *Server) completePayment(tradeNo string, due int64) {
	t := s.world.trades[tradeNo]
	if t == nil || t.Status != StatusWaitBuyerPay || t.Paying == nil || t.PayingDue != due {
		return
	}
	s.capture(t, t.Paying)
}

// failPayment is a try that the bank or the buyer's account refused; the trade
// stays payable. Callers hold s.mu.
func (s *Server) failPayment(t *Trade, reason string) *failure {
	if t.Status != StatusWaitBuyerPay {
		return refuse("ACQ.TRADE_STATUS_ERROR")
	}
	return s.bookPayment(t, Entry{Kind: KindPaymentFailed, Reason: reason})
}
