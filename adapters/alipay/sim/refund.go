package alipaysim

import (
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

type refundRequest struct {
	tradeKey
	RefundAmount scalar `json:"refund_amount"`
	OutRequestNo scalar `json:"out_request_no"`
	RefundReason scalar `json:"refund_reason"`
}

type refundDone struct {
	buyerIDs
	FundChange   string     `json:"fund_change"`
	GmtRefundPay string     `json:"gmt_refund_pay,omitempty"`
	OutTradeNo   string     `json:"out_trade_no"`
	RefundFee    string     `json:"refund_fee"`
	SendBackFee  string     `json:"send_back_fee,omitempty"`
	TradeNo      string     `json:"trade_no"`
	DetailList   []fundBill `json:"refund_detail_item_list,omitempty"`
}

// refund is alipay.trade.refund. refund_fee in the answer is cumulative;
// fund_change says whether this very call moved money.
func (s *Server) refund(c *call) (any, *failure) {
	var q refundRequest
	if fail := c.decode(&q); fail != nil {
		return nil, fail
	}
	t, fail := s.lookUp(c, q.tradeKey)
	if fail != nil {
		return nil, fail
	}
	fen, err := parseYuan(string(q.RefundAmount))
	if err != nil || fen < 1 {
		return nil, invalidParameter("refund_amount")
	}
	if utf8.RuneCountInString(string(q.OutRequestNo)) > 64 || utf8.RuneCountInString(string(q.RefundReason)) > 256 {
		return nil, invalidParameter("out_request_no, refund_reason")
	}
	number := string(q.OutRequestNo)
	if number == "" {
		number = t.Order.OutTradeNo
	}
	if known := t.refund(number); known != nil {
		if known.AmountFen != fen {
			return nil, refuse("ACQ.DISCORDANT_REPEAT_REQUEST")
		}
		return s.refundAnswer(c, t, known, "N", q.QueryOptions), nil
	}
	if fail := refundable(t, fen, q.OutRequestNo == ""); fail != nil {
		return nil, fail
	}
	if c.fault != nil && c.fault.Effect == effectRefundPending {
		fail = s.deferRefund(t, number, fen, string(q.RefundReason), c.fault.DelaySeconds)
	} else {
		fail = s.moveRefund(t, number, fen, string(q.RefundReason))
	}
	if fail != nil {
		return nil, fail
	}
	moved := "Y"
	if t.refund(number).Pending {
		moved = "N"
	}
	return s.refundAnswer(c, t, t.refund(number), moved, q.QueryOptions), nil
}

func refundable(t *Trade, fen int64, unnumbered bool) *failure {
	switch {
	case t.Status == StatusTradeFinished:
		return refuse("ACQ.TRADE_HAS_FINISHED")
	case t.Status == StatusTradeClosed:
		return refuse("ACQ.TRADE_HAS_CLOSE")
	case !t.paid():
		return refuse("ACQ.TRADE_STATUS_ERROR")
	case fen > t.Order.TotalFen-t.spokenFor():
		return refuse("ACQ.REASON_TRADE_REFUND_FEE_ERR")
	case unnumbered && fen != t.Order.TotalFen:
		return invalidParameter("out_request_no")
	}
	return nil
}

func (s *Server) refundAnswer(c *call, t *Trade, r *Refund, moved string, options []string) refundDone {
	answer := refundDone{
		buyerIDs: s.nameBuyer(c.app, t.Payment.BuyerID), FundChange: moved,
		OutTradeNo: t.Order.OutTradeNo, TradeNo: t.TradeNo, RefundFee: yuan(t.RefundedFen),
	}
	if !r.Pending {
		answer.GmtRefundPay = stamp(r.At)
	}
	if slices.Contains(options, "refund_detail_item_list") {
		answer.DetailList = []fundBill{{Amount: yuan(r.AmountFen), FundChannel: t.Payment.Funds[0].Channel}}
		answer.SendBackFee = yuan(r.AmountFen)
	}
	return answer
}

// moveRefund books the money's way back and tells the merchant. Callers hold s.mu.
func (s *Server) moveRefund(t *Trade, number string, fen int64, reason string) *failure {
	entry := Entry{Kind: KindRefunded, OutRequestNo: number, AmountFen: fen, BuyerID: t.Payment.BuyerID, Reason: reason}
	if _, err := s.record(t.entry(entry)); err != nil {
		return unavailable()
	}
	s.announce(t, eventRefund, t.refund(number))
	return nil
}

// deferRefund accepts a refund whose money moves only later.
func (s *Server) deferRefund(t *Trade, number string, fen int64, reason string, seconds int) *failure {
	due := s.clock.Now().Add(time.Duration(max(seconds, 1)) * time.Second)
	entry := Entry{Kind: KindRefundPending, OutRequestNo: number, AmountFen: fen, Reason: reason, Due: due.UnixMilli()}
	if _, err := s.record(t.entry(entry)); err != nil {
		return unavailable()
	}
	return nil
}

// completeRefund moves the money of a deferred refund. Callers hold s.mu.
func (s *Server) completeRefund(key string) {
	tradeNo, number, _ := strings.Cut(key, "|")
	t := s.world.trades[tradeNo]
	if t == nil {
		return
	}
	if r := t.refund(number); r != nil && r.Pending {
		s.moveRefund(t, number, r.AmountFen, r.Reason)
	}
}

type refundQueried struct {
	GmtRefundPay string     `json:"gmt_refund_pay,omitempty"`
	OutRequestNo string     `json:"out_request_no,omitempty"`
	OutTradeNo   string     `json:"out_trade_no"`
	RefundAmount string     `json:"refund_amount,omitempty"`
	RefundReason string     `json:"refund_reason,omitempty"`
	RefundStatus string     `json:"refund_status,omitempty"`
	SendBackFee  string     `json:"send_back_fee,omitempty"`
	TotalAmount  string     `json:"total_amount,omitempty"`
	TradeNo      string     `json:"trade_no"`
	DetailList   []fundBill `json:"refund_detail_item_list,omitempty"`
}

// refundQuery is alipay.trade.fastpay.refund.query. An unknown or unfinished
// refund is a success without a status, not an error.
func (s *Server) refundQuery(c *call) (any, *failure) {
	var q refundRequest
	if fail := c.decode(&q); fail != nil {
		return nil, fail
	}
	if q.OutRequestNo == "" {
		return nil, invalidParameter("out_request_no")
	}
	t, fail := s.lookUp(c, q.tradeKey)
	if fail != nil {
		return nil, fail
	}
	answer := refundQueried{OutTradeNo: t.Order.OutTradeNo, TradeNo: t.TradeNo}
	r := t.refund(string(q.OutRequestNo))
	if r == nil || r.Pending {
		return answer, nil
	}
	answer.OutRequestNo, answer.RefundAmount = r.OutRequestNo, yuan(r.AmountFen)
	answer.RefundReason, answer.RefundStatus = r.Reason, "REFUND_SUCCESS"
	answer.TotalAmount = yuan(t.Order.TotalFen)
	if slices.Contains(q.QueryOptions, "gmt_refund_pay") {
		answer.GmtRefundPay = stamp(r.At)
	}
	if slices.Contains(q.QueryOptions, "refund_detail_item_list") {
		answer.DetailList = []fundBill{{Amount: yuan(r.AmountFen), FundChannel: t.Payment.Funds[0].Channel}}
		answer.SendBackFee = yuan(r.AmountFen)
	}
	return answer, nil
}
