package alipaysim

import "slices"

// created answers trade.create and others that give both numbers.
type created struct {
	OutTradeNo string `json:"out_trade_no"`
	TradeNo    string `json:"trade_no"`
}

// create is alipay.trade.create: the trade exists at once.
func (s *Server) create(c *call) (any, *failure) {
	order, q, fail := s.parseOrder(c)
	if fail != nil {
		return nil, fail
	}
	if order.ProductCode == "JSAPI_PAY" {
		if q.OpAppID == "" {
			return nil, invalidParameter("op_app_id")
		}
		if string(q.OpAppID) != c.app.AppID && !slices.Contains(c.app.OpAppIDs, string(q.OpAppID)) {
			return nil, refuse("ACQ.UNBOUND_APPLICATION")
		}
		if order.BuyerID == "" {
			return nil, invalidParameter("buyer_id, buyer_open_id")
		}
	}
	if t, fail := s.existing(order); t != nil || fail != nil {
		if fail != nil {
			return nil, fail
		}
		return created{OutTradeNo: order.OutTradeNo, TradeNo: t.TradeNo}, nil
	}
	t, fail := s.openTrade(order, order.BuyerID)
	if fail != nil {
		return nil, fail
	}
	return created{OutTradeNo: order.OutTradeNo, TradeNo: t.TradeNo}, nil
}

// ordered is the trade that has the order's number, whichever of its
// application's sellers it pays.
func (s *Server) ordered(order Order) *Trade {
	sellers := []string{order.SellerID}
	if app := s.apps[order.AppID]; app != nil {
		sellers = append(sellers, app.sellers()...)
	}
	return s.world.find(sellers, "", order.OutTradeNo)
}

// existing applies the rule for repeated numbers: the same waiting trade again,
// or the reason why the number cannot be used. Both nil: the number is free.
func (s *Server) existing(order Order) (*Trade, *failure) {
	t := s.ordered(order)
	switch {
	case t == nil:
		return nil, nil
	case t.paid() && t.Status == StatusTradeClosed:
		return nil, refuse("ACQ.TRADE_HAS_CLOSE")
	case t.paid():
		return nil, refuse("ACQ.TRADE_HAS_SUCCESS")
	case t.Status == StatusTradeClosed:
		return nil, refuse("ACQ.TRADE_HAS_CLOSE")
	case !t.Order.sameAs(order):
		return nil, refuse("ACQ.CONTEXT_INCONSISTENT")
	}
	return t, nil
}

// openTrade makes an order a trade in WAIT_BUYER_PAY. Callers hold s.mu.
func (s *Server) openTrade(order Order, buyerID string) (*Trade, *failure) {
	now := s.clock.Now()
	expires, fail := order.expiry(now)
	if fail != nil {
		return nil, fail
	}
	e, err := s.record(Entry{
		At: now.UnixMilli(), Kind: KindTradeCreated, AppID: order.AppID, SellerID: order.SellerID,
		OutTradeNo: order.OutTradeNo, TradeNo: s.numbers.tradeNo(s.world.turn+1, now),
		AmountFen: order.TotalFen, BuyerID: buyerID, Due: expires.UnixMilli(), Order: &order,
	})
	if err != nil {
		return nil, unavailable()
	}
	return s.world.trades[e.TradeNo], nil
}
