package alipaysim

import (
	"bytes"
	_ "embed" // the cashier's template and style
	"html/template"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

//go:embed cashier.html
var cashierTemplate string

//go:embed cashier.css
var cashierStyle []byte

// slowPayment is how long a "slow" payment is on its way, in simulated seconds.
const slowPayment = 30

// simulatedPassword is what buyers of Alipay's sandbox type, too. The page fills
// it in; another one is a wrong one.
const simulatedPassword = "111111"

// cashierView is what the page shows.
type cashierView struct {
	Title, Seller, Subject, Amount, OutTradeNo, TradeNo, Expires string
	Buyers                                                       []Buyer
	Payer                                                        string
	Channels                                                     []channelView
	Periods                                                      []periodView
	Coupon, Points                                               bool
	Back                                                         string
	// Outcome: empty while there is something to pay
	Outcome string
	Message string
	// Next: where the page leads by itself
	Next string
	// Leave: where it lets the buyer go
	Leave string
	// Again: this page once more, while there is something to pay or to wait for
	Again     string
	Funds     []fundView
	Agreement bool
}

type fundView struct{ Label, Amount string }

type channelView struct {
	Name, Label string
	Checked     bool
}

type periodView struct {
	Number  int
	Each    string
	Checked bool
}

// desk is what a cashier page is about: a prepared order, or a trade.
type desk struct {
	prepared *Prepared
	trade    *Trade
	order    Order
}

// findDesk resolves the page's path: /cashier/{token} or /cashier/trade/{trade_no}.
// Callers hold s.mu.
func (s *Server) findDesk(r *http.Request) *desk {
	if no := r.PathValue("trade_no"); no != "" {
		if t := s.world.trades[no]; t != nil {
			return &desk{trade: t, order: t.Order}
		}
		return nil
	}
	p := s.world.prepared[r.PathValue("token")]
	if p == nil {
		return nil
	}
	return &desk{prepared: p, order: p.Order,
		trade: s.ordered(p.Order)}
}

// serveCashier shows the page.
func (s *Server) serveCashier(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	d := s.findDesk(r)
	var view cashierView
	if d != nil {
		view = s.viewDesk(d)
	}
	s.mu.Unlock()
	if d == nil {
		s.answerPageError(w, tradeNotExist())
		return
	}
	view.Back = r.URL.Query().Get("back")
	view.again(r, view.Outcome == "processing")
	switch view.Outcome {
	case "", "processing":
	case "paid":
		view.Leave = s.whereNext(view.Back, d, "9000")
	default:
		view.Leave = s.whereNext(view.Back, d, "6001")
	}
	s.render(w, view)
}

// again offers the same page once more, with the way back that it was opened with.
func (v *cashierView) again(r *http.Request, offered bool) {
	if !offered {
		return
	}
	v.Again = r.URL.Path
	if v.Back != "" {
		v.Again += "?" + url.Values{"back": {v.Back}}.Encode()
	}
}

// viewDesk describes an order to the buyer. Callers hold s.mu.
func (s *Server) viewDesk(d *desk) cashierView {
	o := d.order
	v := cashierView{
		Title: "支付宝收银台 · Cashier", Subject: o.Subject, Amount: yuan(o.TotalFen), OutTradeNo: o.OutTradeNo,
		Seller: s.sellerName(o.AppID), Payer: o.BuyerID, Coupon: o.allows("coupon"), Points: o.allows("point"),
	}
	for _, b := range s.cfg.Buyers {
		if o.BuyerID == "" || o.BuyerID == b.UserID {
			v.Buyers = append(v.Buyers, b)
		}
	}
	expires, fail := o.expiry(s.clock.Now())
	v.Expires = stamp(expires.UnixMilli())
	if d.trade != nil {
		v.TradeNo, v.Expires, fail = d.trade.TradeNo, stamp(d.trade.ExpireAt), nil
		v.Outcome, v.Message = outcomeOf(d.trade)
		if v.Outcome == "paid" || v.Outcome == "closed" {
			v.Expires = ""
		}
		v.Funds = viewFunds(d.trade)
	}
	if fail != nil {
		v.Outcome, v.Message = "expired", "订单已过期，请重新下单 · This order has expired"
	}
	// another page of this number was faster, and says otherwise
	if d.trade != nil && !d.trade.Order.sameAs(o) {
		v.TradeNo, v.Outcome, v.Message = "", "failed", refusalText("ACQ.CONTEXT_INCONSISTENT")+" · ACQ.CONTEXT_INCONSISTENT"
	}
	for _, ch := range payChannels() {
		if !o.allows(ch.Name) {
			continue
		}
		v.Channels = append(v.Channels, channelView{Name: ch.Name, Label: ch.Label, Checked: len(v.Channels) == 0})
	}
	for _, n := range o.periods() {
		v.Periods = append(v.Periods, periodView{Number: n, Each: yuan((o.TotalFen + int64(n) - 1) / int64(n)), Checked: len(v.Periods) == 0})
	}
	return v
}

// viewFunds tells what a paid trade was paid with.
func viewFunds(t *Trade) []fundView {
	if !t.paid() {
		return nil
	}
	labels := map[string]string{"COUPON": "红包 Red packet", "POINT": "集分宝 Ant points"}
	for _, ch := range payChannels() {
		if labels[ch.Fund] == "" {
			labels[ch.Fund] = ch.Label
		}
	}
	var list []fundView
	for _, f := range t.Payment.Funds {
		label := labels[f.Channel]
		if f.Channel == "PCREDIT" && t.Payment.Instalments > 0 {
			label = "花呗 Huabei × " + strconv.Itoa(t.Payment.Instalments)
		}
		list = append(list, fundView{label, yuan(f.Fen)})
	}
	return list
}

func outcomeOf(t *Trade) (outcome, message string) {
	switch {
	case t.Paying != nil:
		return "processing", "支付处理中 · Processing"
	case t.Status == StatusWaitBuyerPay:
		return "", ""
	case t.paid() && t.Status == StatusTradeClosed:
		return "closed", "已全额退款 · Refunded"
	case t.paid():
		return "paid", "支付成功 · Paid"
	default:
		return "closed", "交易已关闭 · Closed"
	}
}

func (s *Server) sellerName(appID string) string {
	if app := s.apps[appID]; app != nil && app.SellerName != "" {
		return app.SellerName
	}
	return "测试商家 · Test merchant"
}

// actCashier does what the buyer pressed: pay, slow, fail or cancel.
func (s *Server) actCashier(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 64<<10)
	if err := r.ParseForm(); err != nil {
		http.Error(w, "form", http.StatusBadRequest)
		return
	}
	action := r.PostForm.Get("action")
	if typed, asked := r.PostForm["password"]; asked && typed[0] != simulatedPassword && (action == "pay" || action == "slow") {
		action = "wrong_password"
	}
	s.mu.Lock()
	d := s.findDesk(r)
	if d == nil {
		s.mu.Unlock()
		s.answerPageError(w, tradeNotExist())
		return
	}
	trade, result, fail := s.act(d, action, choiceOf(r.PostForm))
	if trade != nil {
		d.trade = trade
	}
	view := s.viewDesk(d)
	payable := view.Outcome == ""
	s.mu.Unlock()
	if s.settle() != nil {
		fail = unavailable()
	}
	switch {
	case fail == nil:
	case fail.SubCode == "ACQ.TRADE_HAS_SUCCESS": // pressed twice: it is paid all the same
		result = "9000"
	default:
		result = "4000"
		view.Outcome, view.Message = "failed", fail.SubMsg+" · "+fail.SubCode
	}
	if view.Outcome == "" && result == "6001" {
		view.Outcome, view.Message = "cancelled", "已取消，订单未支付 · Cancelled, not paid"
	}
	view.Back = r.PostForm.Get("back")
	view.Next = s.whereNext(view.Back, d, result)
	view.again(r, payable && (view.Outcome == "failed" || view.Outcome == "cancelled") || view.Outcome == "processing")
	s.render(w, view)
}

func choiceOf(form url.Values) Choice {
	periods, err := strconv.Atoi(form.Get("hb_fq_num"))
	if err != nil || form.Get("channel") != "pcreditpayInstallment" {
		periods = 0
	}
	return Choice{BuyerID: form.Get("buyer_id"), Channel: form.Get("channel"), Instalments: periods,
		Coupon: form.Get("coupon") != "", Points: form.Get("points") != ""}
}

// act gives the trade and the resultCode that my.tradePay would report. Callers hold s.mu.
func (s *Server) act(d *desk, action string, c Choice) (*Trade, string, *failure) {
	if action == "cancel" {
		return d.trade, "6001", nil
	}
	t, fail := s.enter(d, c.BuyerID)
	if fail != nil {
		return nil, "4000", fail
	}
	switch action {
	case "pay":
		return t, "9000", s.payTrade(t, c)
	case "slow":
		c.SlowSeconds = slowPayment
		return t, "8000", s.payTrade(t, c)
	case "fail":
		if fail := s.failPayment(t, "buyer"); fail != nil {
			return t, "4000", fail
		}
		return t, "4000", refuse("ACQ.BUYER_BALANCE_NOT_ENOUGH")
	case "wrong_password":
		if fail := s.failPayment(t, "password"); fail != nil {
			return t, "4000", fail
		}
		return t, "4000", refused("ACQ.PAYMENT_FAIL", "支付密码不正确")
	}
	return t, "4000", invalidParameter("action")
}

// whereNext is where the page leads: back into the mini-program with its
// resultCode, to the signed return_url after payment, to quit_url after cancel.
func (s *Server) whereNext(back string, d *desk, result string) string {
	if back != "" {
		u, err := url.Parse(back)
		if err != nil || (u.Scheme != "http" && u.Scheme != "https") {
			return ""
		}
		q := u.Query()
		q.Set("resultCode", result)
		u.RawQuery = q.Encode()
		return u.String()
	}
	if s.reading().NeverReturn {
		return ""
	}
	switch {
	case (result == "9000" || result == "8000") && d.trade != nil && d.order.ReturnURL != "":
		return s.returnURL(d.trade)
	case result == "6001":
		return d.order.QuitURL
	}
	return ""
}

// returnURL is the merchant's page with the signed, and quite unproving, parameters.
func (s *Server) returnURL(t *Trade) string {
	u, err := url.Parse(t.Order.ReturnURL)
	if err != nil {
		return ""
	}
	fields := map[string]string{
		"app_id": t.Order.AppID, "auth_app_id": t.Order.AppID, "charset": orUTF8(t.Order.Charset),
		"method": t.Order.Method + ".return", "out_trade_no": t.Order.OutTradeNo, "trade_no": t.TradeNo,
		"total_amount": yuan(t.Order.TotalFen), "seller_id": t.Order.SellerID,
		"timestamp": stamp(s.now()), "version": "1.0",
	}
	sign, err := signText(s.signer(s.apps[t.Order.AppID]).private, []byte(stringToSign(fields, false)))
	if err != nil {
		return ""
	}
	q := u.Query()
	for name, value := range fields {
		q.Set(name, value)
	}
	q.Set("sign", sign)
	q.Set("sign_type", "RSA2")
	u.RawQuery = q.Encode()
	return u.String()
}

func (s *Server) render(w http.ResponseWriter, view cashierView) {
	page, err := template.New("cashier").Parse(cashierTemplate)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	var b bytes.Buffer
	if err := page.Execute(&b, view); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'")
	_, _ = w.Write(b.Bytes())
}

func (s *Server) serveStyle(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/css; charset=utf-8")
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(cashierStyle))
}
