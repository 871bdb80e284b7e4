package alipaysim

import (
	"slices"
	"strconv"
)

// tradeKey names a trade by either number; trade_no wins.
type tradeKey struct {
	OutTradeNo   scalar   `json:"out_trade_no"`
	TradeNo      scalar   `json:"trade_no"`
	QueryOptions []string `json:"query_options"`
}

// lookUp finds the trade a key names.
func (s *Server) lookUp(c *call, k tradeKey) (*Trade, *failure) {
	if k.OutTradeNo == "" && k.TradeNo == "" {
		return nil, invalidParameter("out_trade_no, trade_no")
	}
	if t := s.world.find(c.app.sellers(), string(k.TradeNo), string(k.OutTradeNo)); t != nil {
		return t, nil
	}
	return nil, tradeNotExist()
}

// buyerIDs are the fields that name a buyer: an app sees one kind of id only.
type buyerIDs struct {
	BuyerLogonID string `json:"buyer_logon_id,omitempty"`
	BuyerUserID  string `json:"buyer_user_id,omitempty"`
	BuyerOpenID  string `json:"buyer_open_id,omitempty"`
}

func (s *Server) nameBuyer(app *application, userID string) buyerIDs {
	if userID == "" {
		return buyerIDs{}
	}
	ids := buyerIDs{BuyerLogonID: s.buyers[userID].LogonID}
	if app.OpenIDMode {
		ids.BuyerOpenID = s.numbers.openID(app.AppID, userID)
	} else {
		ids.BuyerUserID = userID
	}
	return ids
}

type fundBill struct {
	Amount      string `json:"amount"`
	FundChannel string `json:"fund_channel"`
}

type instalmentInfo struct {
	UserInstallNum string `json:"user_install_num"`
	FqAmount       string `json:"fq_amount"`
}

// queried answers trade.query. A trade that does not exist gets the same shape
// with zero amounts beside the refusal.
type queried struct {
	buyerIDs
	BuyerPayAmount string          `json:"buyer_pay_amount"`
	BuyerUserType  string          `json:"buyer_user_type,omitempty"`
	FundBillList   []fundBill      `json:"fund_bill_list,omitempty"`
	HbFqPayInfo    *instalmentInfo `json:"hb_fq_pay_info,omitempty"`
	InvoiceAmount  string          `json:"invoice_amount"`
	OutTradeNo     string          `json:"out_trade_no"`
	PassbackParams string          `json:"passback_params,omitempty"`
	PointAmount    string          `json:"point_amount"`
	ReceiptAmount  string          `json:"receipt_amount"`
	SendPayDate    string          `json:"send_pay_date,omitempty"`
	StoreID        string          `json:"store_id,omitempty"`
	TerminalID     string          `json:"terminal_id,omitempty"`
	TotalAmount    string          `json:"total_amount,omitempty"`
	TradeNo        string          `json:"trade_no,omitempty"`
	TradeStatus    string          `json:"trade_status,omitempty"`
	SettleInfo     *settleInfo     `json:"trade_settle_info,omitempty"`
}

// query is alipay.trade.query.
func (s *Server) query(c *call) (any, *failure) {
	var k tradeKey
	if fail := c.decode(&k); fail != nil {
		return nil, fail
	}
	t, fail := s.lookUp(c, k)
	if fail != nil {
		if fail.SubCode == "ACQ.TRADE_NOT_EXIST" {
			fail.extra = queried{BuyerPayAmount: "0.00", InvoiceAmount: "0.00", PointAmount: "0.00",
				ReceiptAmount: "0.00", OutTradeNo: string(k.OutTradeNo), TradeNo: string(k.TradeNo)}
		}
		return nil, fail
	}
	return s.describe(c.app, t, k.QueryOptions), nil
}

func (s *Server) describe(app *application, t *Trade, options []string) queried {
	q := queried{
		buyerIDs:       s.nameBuyer(app, t.EnteredBy),
		BuyerPayAmount: "0.00", InvoiceAmount: "0.00", PointAmount: "0.00", ReceiptAmount: "0.00",
		OutTradeNo: t.Order.OutTradeNo, TradeNo: t.TradeNo, TradeStatus: t.Status,
		TotalAmount: yuan(t.Order.TotalFen), PassbackParams: t.Order.PassbackParams,
		StoreID: t.Order.StoreID, TerminalID: t.Order.TerminalID,
	}
	if !t.paid() {
		return q
	}
	p := t.Payment
	q.buyerIDs, q.BuyerUserType = s.nameBuyer(app, p.BuyerID), "PRIVATE"
	q.BuyerPayAmount, q.InvoiceAmount = yuan(p.BuyerPayFen), yuan(p.BuyerPayFen)
	q.PointAmount, q.ReceiptAmount = yuan(p.PointFen), yuan(p.ReceiptFen)
	q.SendPayDate = stamp(t.Paid)
	if slices.Contains(options, "fund_bill_list") {
		q.FundBillList = p.bills()
	}
	if slices.Contains(options, "trade_settle_info") {
		q.SettleInfo = t.settleInfo()
	}
	if p.Instalments > 0 {
		q.HbFqPayInfo = &instalmentInfo{UserInstallNum: strconv.Itoa(p.Instalments), FqAmount: yuan(p.BuyerPayFen)}
	}
	return q
}

func (p *Payment) bills() []fundBill {
	bills := make([]fundBill, 0, len(p.Funds))
	for _, f := range p.Funds {
		bills = append(bills, fundBill{Amount: yuan(f.Fen), FundChannel: f.Channel})
	}
	return bills
}
