package alipaysim

import "slices"

// maxShares bounds the receivers of one request.
const maxShares = 20

func relationKey(sellerID, account string) string { return sellerID + "|" + account }

type relationRequest struct {
	OutRequestNo scalar `json:"out_request_no"`
	ReceiverList []struct {
		Type    scalar `json:"type"`
		Account scalar `json:"account"`
		Name    scalar `json:"name"`
		Memo    scalar `json:"memo"`
	} `json:"receiver_list"`
}

type relationAnswer struct {
	ResultCode string `json:"result_code"`
}

// relationBind is alipay.trade.royalty.relation.bind.
func (s *Server) relationBind(c *call) (any, *failure) {
	return s.changeRelations(c, KindRelationBound)
}

// relationUnbind is alipay.trade.royalty.relation.unbind.
func (s *Server) relationUnbind(c *call) (any, *failure) {
	return s.changeRelations(c, KindRelationUnbound)
}

func (s *Server) changeRelations(c *call, kind Kind) (any, *failure) {
	var q relationRequest
	if fail := c.decode(&q); fail != nil {
		return nil, fail
	}
	if len(q.ReceiverList) == 0 || len(q.ReceiverList) > maxShares || q.OutRequestNo == "" {
		return nil, invalidParameter("receiver_list, out_request_no")
	}
	for _, receiver := range q.ReceiverList {
		if receiver.Account == "" || (receiver.Type != "userId" && receiver.Type != "loginName" && receiver.Type != "openId") {
			return nil, invalidParameter("receiver_list")
		}
		if string(receiver.Account) == c.app.SellerID {
			return nil, refused("ACQ.ROYALTY_ACCOUNTS_EQUAL", "分账收入方与支出方相同")
		}
		e := Entry{Kind: kind, AppID: c.app.AppID, SellerID: c.app.SellerID,
			OutRequestNo: string(q.OutRequestNo), Key: string(receiver.Account), Reason: string(receiver.Memo)}
		if _, err := s.record(e); err != nil {
			return nil, unavailable()
		}
	}
	return relationAnswer{ResultCode: "SUCCESS"}, nil
}

type settleRequest struct {
	OutRequestNo scalar `json:"out_request_no"`
	TradeNo      scalar `json:"trade_no"`
	Parameters   []struct {
		RoyaltyType scalar `json:"royalty_type"`
		TransIn     scalar `json:"trans_in"`
		TransInType scalar `json:"trans_in_type"`
		Amount      scalar `json:"amount"`
		Percentage  scalar `json:"amount_percentage"`
		Desc        scalar `json:"desc"`
	} `json:"royalty_parameters"`
	RoyaltyMode scalar `json:"royalty_mode"`
}

type settleAnswer struct {
	SettleNo string `json:"settle_no"`
	TradeNo  string `json:"trade_no"`
}

// orderSettle is alipay.trade.order.settle.
func (s *Server) orderSettle(c *call) (any, *failure) {
	var q settleRequest
	if fail := c.decode(&q); fail != nil {
		return nil, fail
	}
	if q.OutRequestNo == "" || q.TradeNo == "" || len(q.Parameters) > maxShares {
		return nil, invalidParameter("out_request_no, trade_no, royalty_parameters")
	}
	t := s.world.find(c.app.sellers(), string(q.TradeNo), "")
	if t == nil {
		return nil, tradeNotExist()
	}
	if t.Status != StatusTradeSuccess && t.Status != StatusTradeFinished {
		return nil, refuse("ACQ.TRADE_STATUS_ERROR")
	}
	shares, total, fail := s.shares(c, t, q)
	if fail != nil {
		return nil, fail
	}
	if known := t.settlement(string(q.OutRequestNo)); known != nil {
		if known.total() != total {
			return nil, refuse("ACQ.DISCORDANT_REPEAT_REQUEST")
		}
		return settleAnswer{SettleNo: known.SettleNo, TradeNo: t.TradeNo}, nil
	}
	if (t.settled()+total)*100 > t.Order.TotalFen*s.reading().ShareCapPercent {
		return nil, refused("ACQ.ALLOC_AMOUNT_VALIDATE_ERROR", "分账金额超过最大可分账金额")
	}
	turn := s.world.turn + 1
	settleNo := s.clock.Now().Format("20060102") + "00321" + s.numbers.digits15("settle", turn)
	for i := range shares {
		shares[i].DetailID = settleNo + string(rune('A'+i))
	}
	e := t.entry(Entry{Kind: KindSettled, OutRequestNo: string(q.OutRequestNo), AmountFen: total, Key: settleNo, Details: shares})
	if _, err := s.record(e); err != nil {
		return nil, unavailable()
	}
	return settleAnswer{SettleNo: settleNo, TradeNo: t.TradeNo}, nil
}

// shares reads the receivers: each bound before, each with an amount or a percentage.
func (s *Server) shares(c *call, t *Trade, q settleRequest) ([]Share, int64, *failure) {
	var list []Share
	var total int64
	for _, p := range q.Parameters {
		if !s.world.relations[relationKey(c.app.SellerID, string(p.TransIn))] {
			return nil, 0, refused("ACQ.ROYALTY_RECEIVER_INVALID", "分账收入方未绑定分账关系")
		}
		fen, err := parseYuan(string(p.Amount))
		if p.Amount == "" {
			percent, bad := parseYuan(string(p.Percentage))
			if bad != nil || percent < 100 || percent > 10_000 || percent%100 != 0 {
				return nil, 0, invalidParameter("amount, amount_percentage")
			}
			fen, err = t.Order.TotalFen*(percent/100)/100, nil
		}
		if err != nil || fen < 1 {
			return nil, 0, invalidParameter("amount")
		}
		total += fen
		list = append(list, Share{TransIn: string(p.TransIn), TransInType: string(p.TransInType),
			AmountFen: fen, Desc: string(p.Desc)})
	}
	if len(list) == 0 {
		return nil, 0, invalidParameter("royalty_parameters")
	}
	return list, total, nil
}

func (t *Trade) settlement(outRequestNo string) *Settlement {
	for _, st := range t.Settlements {
		if st.OutRequestNo == outRequestNo {
			return st
		}
	}
	return nil
}

func (st *Settlement) total() int64 {
	var sum int64
	for _, share := range st.Shares {
		sum += share.AmountFen
	}
	return sum
}

func (t *Trade) settled() int64 {
	var sum int64
	for _, st := range t.Settlements {
		sum += st.total()
	}
	return sum
}

type settleDetail struct {
	Amount        string `json:"amount"`
	DetailID      string `json:"detail_id,omitempty"`
	ExecuteDt     string `json:"execute_dt,omitempty"`
	OperationType string `json:"operation_type"`
	State         string `json:"state,omitempty"`
	TransIn       string `json:"trans_in"`
	TransInType   string `json:"trans_in_type,omitempty"`
	TransOut      string `json:"trans_out"`
	TransOutType  string `json:"trans_out_type,omitempty"`
}

type settleQueried struct {
	OperationDt  string         `json:"operation_dt"`
	OutRequestNo string         `json:"out_request_no"`
	DetailList   []settleDetail `json:"royalty_detail_list"`
}

type settleQuery struct {
	SettleNo     scalar `json:"settle_no"`
	TradeNo      scalar `json:"trade_no"`
	OutRequestNo scalar `json:"out_request_no"`
}

// orderSettleQuery is alipay.trade.order.settle.query; its codes have no ACQ prefix.
func (s *Server) orderSettleQuery(c *call) (any, *failure) {
	var q settleQuery
	if fail := c.decode(&q); fail != nil {
		return nil, fail
	}
	for _, t := range s.world.order {
		if !slices.Contains(c.app.sellers(), t.Order.SellerID) {
			continue
		}
		for _, st := range t.Settlements {
			if string(q.SettleNo) == st.SettleNo ||
				(q.SettleNo == "" && string(q.TradeNo) == t.TradeNo && string(q.OutRequestNo) == st.OutRequestNo) {
				return settleQueried{OperationDt: stamp(st.At), OutRequestNo: st.OutRequestNo,
					DetailList: st.details(t)}, nil
			}
		}
	}
	return nil, refused("INVALID_PARAMETER", "参数有误")
}

func (st *Settlement) details(t *Trade) []settleDetail {
	list := make([]settleDetail, 0, len(st.Shares))
	for _, share := range st.Shares {
		list = append(list, settleDetail{Amount: yuan(share.AmountFen), DetailID: share.DetailID,
			ExecuteDt: stamp(st.At), OperationType: "transfer", State: "SUCCESS", TransIn: share.TransIn,
			TransInType: share.TransInType, TransOut: t.Order.SellerID, TransOutType: "userId"})
	}
	return list
}

// settleInfo is the part of trade.query about profit sharing.
type settleInfo struct {
	DetailList []settleDetail `json:"trade_settle_detail_list"`
}

func (t *Trade) settleInfo() *settleInfo {
	if len(t.Settlements) == 0 {
		return nil
	}
	info := &settleInfo{}
	for _, st := range t.Settlements {
		info.DetailList = append(info.DetailList, st.details(t)...)
	}
	return info
}
