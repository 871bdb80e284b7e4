package alipaysim

import (
	"errors"
	"net/http"
	"regexp"
	"strings"
	"time"
)

// The life of what is shown and scanned at a counter.
const (
	barCodeLife = 2 * time.Minute
	qrCodeLife  = 2 * time.Hour
)

// qrPrefix opens every order code.
const qrPrefix = "https://qr.alipay.com/bax"

// precreated answers trade.precreate.
type precreated struct {
	OutTradeNo string `json:"out_trade_no"`
	QRCode     string `json:"qr_code"`
}

// precreate is alipay.trade.precreate: a QR code, and a trade only when it is scanned.
func (s *Server) precreate(c *call) (any, *failure) {
	order, _, fail := s.parseOrder(c)
	if fail != nil {
		return nil, fail
	}
	if _, fail := s.existing(order); fail != nil {
		return nil, fail
	}
	if p := s.world.preparedBy[outKey(order.SellerID, order.OutTradeNo)]; p != nil && !p.Order.sameAs(order) {
		return nil, refuse("ACQ.CONTEXT_INCONSISTENT")
	}
	p, fail := s.keepOrder(order)
	if fail != nil {
		return nil, fail
	}
	return precreated{OutTradeNo: order.OutTradeNo, QRCode: qrPrefix + p.Token[:24]}, nil
}

// lapsed says whether an order's QR code is too old to be scanned.
func (s *Server) lapsed(p *Prepared) bool {
	return p.Order.Method == methodPrecreate && s.now()-p.Created > qrCodeLife.Milliseconds()
}

// scan finds the prepared order of a QR code. Callers hold s.mu.
func (s *Server) scan(code string) (string, error) {
	prefix := strings.TrimPrefix(code, qrPrefix)
	for token, p := range s.world.prepared {
		if p.Order.Method != methodPrecreate || len(prefix) != 24 || !strings.HasPrefix(token, prefix) {
			continue
		}
		if s.lapsed(p) {
			return "", conflict(refused("ACQ.QR_CODE_EXPIRED", "二维码已失效"))
		}
		return token, nil
	}
	return "", unknownTrade()
}

// serveScan leads to the cashier that a phone's camera would open: ?code= is the QR code's text.
func (s *Server) serveScan(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	token, err := s.scan(r.URL.Query().Get("code"))
	s.mu.Unlock()
	if lapsed, ok := errors.AsType[*controlError](err); ok {
		s.answerPageError(w, refused(lapsed.code, lapsed.text))
		return
	}
	http.Redirect(w, r, "/cashier/"+token, http.StatusFound)
}

// paid answers trade.pay.
type paid struct {
	buyerIDs
	BuyerPayAmount string     `json:"buyer_pay_amount,omitempty"`
	FundBillList   []fundBill `json:"fund_bill_list,omitempty"`
	GmtPayment     string     `json:"gmt_payment,omitempty"`
	InvoiceAmount  string     `json:"invoice_amount,omitempty"`
	OutTradeNo     string     `json:"out_trade_no"`
	PointAmount    string     `json:"point_amount,omitempty"`
	ReceiptAmount  string     `json:"receipt_amount,omitempty"`
	TotalAmount    string     `json:"total_amount"`
	TradeNo        string     `json:"trade_no"`

	waiting string // the message of an answer that says: wait for the buyer
}

func (p paid) resultCode() (code, msg string) {
	if p.waiting != "" {
		return codeWaiting, p.waiting
	}
	return codeSuccess, codeMessage(codeSuccess)
}

var barCodeForm = regexp.MustCompile(`^(2[5-9]|30)[0-9]{14,22}$`)

// pay is alipay.trade.pay: a bar code, a face, or an agreement. The money moves
// at once, or the buyer must confirm first (10003).
func (s *Server) pay(c *call) (any, *failure) {
	order, q, fail := s.parseOrder(c)
	if fail != nil {
		return nil, fail
	}
	t, fail := s.existing(order)
	if fail != nil {
		return nil, fail
	}
	buyerID, fail := s.payer(c, order, q)
	if fail != nil {
		return nil, fail
	}
	if t == nil {
		if t, fail = s.openTrade(order, buyerID); fail != nil {
			return nil, fail
		}
	}
	limit := s.reading().PasswordAboveFen
	waiting := order.AgreementNo == "" && limit > 0 && order.TotalFen > limit
	if c.fault != nil && c.fault.Effect == effectWaiting {
		waiting = true
	}
	if waiting || t.Paying != nil {
		return paid{buyerIDs: s.nameBuyer(c.app, buyerID), OutTradeNo: order.OutTradeNo,
			TradeNo: t.TradeNo, TotalAmount: yuan(order.TotalFen), waiting: s.reading().WaitingMessage}, nil
	}
	if fail := s.payTrade(t, Choice{BuyerID: buyerID}); fail != nil {
		return nil, fail
	}
	return s.paidAnswer(c, t), nil
}

func (s *Server) paidAnswer(c *call, t *Trade) paid {
	p := t.Payment
	return paid{
		buyerIDs: s.nameBuyer(c.app, p.BuyerID), BuyerPayAmount: yuan(p.BuyerPayFen), FundBillList: p.bills(),
		GmtPayment: stamp(t.Paid), InvoiceAmount: yuan(p.BuyerPayFen), OutTradeNo: t.Order.OutTradeNo,
		PointAmount: yuan(p.PointFen), ReceiptAmount: yuan(p.ReceiptFen), TotalAmount: yuan(t.Order.TotalFen),
		TradeNo: t.TradeNo,
	}
}

// payer is who pays: the owner of an agreement, or of a code that serves once.
func (s *Server) payer(c *call, order Order, q orderRequest) (string, *failure) {
	if order.AgreementNo != "" {
		return s.agreementPayer(c, order)
	}
	code := string(q.AuthCode)
	if q.Scene == "security_code" && (len(code) != 35 || !strings.HasPrefix(code, "fp")) {
		return "", refuse("ACQ.PAYMENT_AUTH_CODE_INVALID")
	}
	if q.Scene != "security_code" && !barCodeForm.MatchString(code) {
		return "", refuse("ACQ.PAYMENT_AUTH_CODE_INVALID")
	}
	known := s.world.codes[code]
	if known != nil && known.Used && known.usedFor == outKey(order.SellerID, order.OutTradeNo) {
		return known.BuyerID, nil // the same call again, because its answer was lost
	}
	if known == nil || known.AppID != "" || known.Used || s.now() > known.Due {
		return "", refuse("ACQ.PAYMENT_AUTH_CODE_INVALID")
	}
	e := Entry{Kind: KindAuthCodeUsed, Key: code, BuyerID: known.BuyerID, SellerID: order.SellerID, OutTradeNo: order.OutTradeNo}
	if _, err := s.record(e); err != nil {
		return "", unavailable()
	}
	return known.BuyerID, nil
}

// simBarCode shows a buyer's payment code, or a face ("security_code").
func (s *Server) simBarCode(r *http.Request) (any, error) {
	var q struct {
		UserID string `json:"user_id"`
		Scene  string `json:"scene"`
	}
	if err := readControl(r, &q); err != nil {
		return nil, err
	}
	if q.UserID == "" {
		q.UserID = s.cfg.Buyers[0].UserID
	}
	if _, ok := s.buyers[q.UserID]; !ok {
		return nil, badControl(errNoBuyer.Error())
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	turn := s.world.turn + 1
	code := "28" + s.numbers.digits15("barcode", turn) + "0"
	if q.Scene == "security_code" {
		code = "fp" + s.numbers.token("face", turn) + "0"
	}
	due := s.clock.Now().Add(barCodeLife).UnixMilli()
	_, err := s.record(Entry{Kind: KindAuthCodeIssued, BuyerID: q.UserID, Key: code, Due: due})
	return map[string]string{"auth_code": code}, err
}
