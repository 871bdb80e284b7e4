package alipaysim

// closeTrade is alipay.trade.close: only an unpaid trade closes.
func (s *Server) closeTrade(c *call) (any, *failure) {
	var k tradeKey
	if fail := c.decode(&k); fail != nil {
		return nil, fail
	}
	t, fail := s.lookUp(c, k)
	if fail != nil {
		return nil, fail
	}
	switch {
	case t.paid() || t.Status == StatusTradeFinished:
		return nil, refuse(s.reading().ClosePaidSubCode)
	case t.Status == StatusTradeClosed && s.reading().RepeatCloseFails:
		return nil, refuse("ACQ.REASON_TRADE_STATUS_INVALID")
	case t.Status == StatusWaitBuyerPay && t.Paying != nil:
		// The buyer's money is on its way: it is the payment that wins.
		return nil, refuse("ACQ.REASON_TRADE_STATUS_INVALID")
	case t.Status == StatusWaitBuyerPay:
		if fail := s.closeUnpaid(t, "merchant"); fail != nil {
			return nil, fail
		}
	}
	return created{OutTradeNo: t.Order.OutTradeNo, TradeNo: t.TradeNo}, nil
}

// closeUnpaid books the end of an unpaid trade. Callers hold s.mu.
func (s *Server) closeUnpaid(t *Trade, reason string) *failure {
	if _, err := s.record(t.entry(Entry{Kind: KindTradeClosed, Reason: reason})); err != nil {
		return unavailable()
	}
	s.announce(t, eventClosedUnpaid, nil)
	return nil
}

// entry fills in what every entry about a trade carries.
func (t *Trade) entry(e Entry) Entry {
	e.AppID, e.SellerID = t.Order.AppID, t.Order.SellerID
	e.OutTradeNo, e.TradeNo = t.Order.OutTradeNo, t.TradeNo
	return e
}

// expire closes a trade that nobody paid in time. Callers hold s.mu.
func (s *Server) expire(tradeNo string) {
	t := s.world.trades[tradeNo]
	if t == nil || t.Status != StatusWaitBuyerPay || t.Paying != nil || s.now() < t.ExpireAt {
		return
	}
	s.closeUnpaid(t, "expired")
}

// finish ends the refund window of a paid trade. Callers hold s.mu.
func (s *Server) finish(tradeNo string) {
	t := s.world.trades[tradeNo]
	if t == nil || t.Status != StatusTradeSuccess {
		return
	}
	if _, err := s.record(t.entry(Entry{Kind: KindTradeFinished})); err == nil {
		s.announce(t, eventFinished, nil)
	}
}

// cancelled answers trade.cancel; action is absent when there was no trade.
type cancelled struct {
	OutTradeNo string `json:"out_trade_no,omitempty"`
	TradeNo    string `json:"trade_no,omitempty"`
	RetryFlag  string `json:"retry_flag"`
	Action     string `json:"action,omitempty"`
}

// cancel is alipay.trade.cancel: closes what is unpaid, gives back what is paid.
func (s *Server) cancel(c *call) (any, *failure) {
	var k tradeKey
	if fail := c.decode(&k); fail != nil {
		return nil, fail
	}
	t, fail := s.lookUp(c, k)
	if fail != nil {
		if fail.SubCode != "ACQ.TRADE_NOT_EXIST" {
			return nil, fail
		}
		return cancelled{OutTradeNo: string(k.OutTradeNo), RetryFlag: "N"}, nil
	}
	answer := cancelled{OutTradeNo: t.Order.OutTradeNo, TradeNo: t.TradeNo, RetryFlag: "N", Action: "close"}
	switch {
	case t.Status == StatusTradeFinished:
		return nil, refused("ACQ.TRADE_HAS_FINISHED", "交易已完结")
	case t.Status == StatusWaitBuyerPay:
		return answer, s.closeUnpaid(t, "cancelled")
	case !t.paid():
		return answer, nil
	case t.Status == StatusTradeSuccess && s.now()-t.Paid > s.reading().CancelWindow.Milliseconds():
		return nil, refused("ACQ.TRADE_CANCEL_TIME_OUT", "超过撤销时间范围")
	}
	answer.Action = "refund"
	rest := t.Order.TotalFen - t.spokenFor()
	if rest == 0 {
		return answer, nil
	}
	return answer, s.moveRefund(t, "cancel"+t.TradeNo, rest, "cancelled")
}
