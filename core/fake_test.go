package core_test

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/paymux/paymux/core"
	"github.com/paymux/paymux/core/coretest"
	"github.com/paymux/paymux/core/storetest"
)

// What the fake's native channel hands out, by the names that the API has for it.
const (
	actionTradeNo     core.ActionType = "alipay_trade_no"
	actionOrderString core.ActionType = "alipay_order_str"
)

// vault seals by turning bytes around: enough to see that what is stored is not what was given.
type vault struct{}

func (vault) Seal(purpose string, plain []byte) ([]byte, error) {
	return []byte(purpose + ":" + turn(string(plain))), nil
}

func (vault) Open(purpose string, sealed []byte) ([]byte, error) {
	body, ok := strings.CutPrefix(string(sealed), purpose+":")
	if !ok {
		return nil, fmt.Errorf("sealed for another purpose")
	}
	return []byte(turn(body)), nil
}

func (vault) Pseudonym(purpose, text string) string {
	return fmt.Sprintf("p%x", sha256.Sum256([]byte(purpose+":"+text)))[:9]
}

func turn(s string) string {
	b := []byte(s)
	for i, j := 0, len(b)-1; i < j; i, j = i+1, j-1 {
		b[i], b[j] = b[j], b[i]
	}
	return string(b)
}

// bank is a gateway of the tests: a book of trades, and a script of what goes wrong.
type bank struct {
	mu     sync.Mutex
	trades map[string]*trade
	// script answers the next calls of a method ("pay", "query", "close", "refund", "query_refund")
	// with these outcomes instead of the truth; an outcome with a "+" in front does the work first
	// and then answers so. Other words are scripted's.
	script map[string][]string
	calls  map[string]int
	// what each method was called with, so that tests see what travels through core
	handed map[string][]any
	now    func() time.Time
	// what it was handed, in order
	payAsks    []core.PayRequest
	refundAsks []core.RefundRequest
}

type trade struct {
	tradeNo  string
	total    core.Fen
	state    core.TradeState
	paidAt   time.Time
	refunds  map[string]core.Fen
	refunded core.Fen
	coupon   core.Fen // the part of each refund that does not go back
	says     core.Fen // what it says it has refunded in all, if that is not what it has
	hidden   int      // how many queries of refunds are blank from now on
}

func newBank(c *coretest.Clock) *bank {
	return &bank{trades: map[string]*trade{}, script: map[string][]string{}, calls: map[string]int{}, handed: map[string][]any{}, now: c.Now}
}

// next takes the scripted answer of a call: what to answer, with an empty outcome for the truth,
// and whether the work is done first.
func (b *bank) next(method string) (answer core.Answer, work bool) {
	b.calls[method]++
	if len(b.script[method]) == 0 {
		return core.Answer{}, true
	}
	s := b.script[method][0]
	b.script[method] = b.script[method][1:]
	s, work = strings.CutPrefix(s, "+")
	return scripted(s), work
}

// scripted is the answer that one word of a script stands for: an outcome, or "failed:" and a
// class, or a refusal for a fault of ours, signed or not.
func scripted(word string) core.Answer {
	ours := core.GatewayWords{Code: "40002", SubCode: "isv.invalid-signature"}
	class, refused := strings.CutPrefix(word, "failed:")
	switch {
	case word == turnedAway:
		return core.Answer{Outcome: core.OutcomeNotSent, Code: core.CodeMisconfigured, Gateway: ours}
	case word == turnedAwayUnsigned:
		return core.Answer{Outcome: core.OutcomeUnknown, Code: core.CodeMisconfigured, Gateway: ours}
	case refused:
		said := core.GatewayWords{Code: "40004", SubCode: "ACQ.TEST", Message: "as the\u2028bank says"}
		return core.Answer{Outcome: core.OutcomeFailed, Code: core.Code(class), Gateway: said}
	default:
		return core.Answer{Outcome: core.Outcome(word), Code: "scripted"}
	}
}

func (b *bank) plan(method string, outcomes ...string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.script[method] = append(b.script[method], outcomes...)
}

func (b *bank) count(method string) int { b.mu.Lock(); defer b.mu.Unlock(); return b.calls[method] }

// create makes a trade, as a call of ours or a buyer entering the cashier does.
func (b *bank) create(outTradeNo string, total core.Fen) *trade {
	t := b.trades[outTradeNo]
	if t == nil {
		t = &trade{tradeNo: "T" + outTradeNo, total: total, state: core.TradeWaiting, refunds: map[string]core.Fen{}}
		b.trades[outTradeNo] = t
	}
	return t
}

// settle pays a trade at the bank, as a buyer does.
func (b *bank) settle(outTradeNo string, total core.Fen) {
	b.mu.Lock()
	defer b.mu.Unlock()
	t := b.create(outTradeNo, total)
	t.state, t.paidAt = core.TradePaid, b.now()
}

func (b *bank) moved(outTradeNo string) (paid, refunded core.Fen) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if t := b.trades[outTradeNo]; t != nil && !t.paidAt.IsZero() {
		return t.total, t.refunded
	}
	return 0, 0
}

// channel is a channel of the bank.
type channel struct {
	id   core.ChannelID
	door core.Door
	*bank
}

func (c channel) ID() core.ChannelID      { return c.id }
func (c channel) Gateway() core.GatewayID { return "alipay" }
func (c channel) Door() core.Door         { return c.door }

func (c channel) Pay(_ context.Context, r core.PayRequest) core.PayResult {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.payAsks = append(c.payAsks, r)
	c.handed["pay"] = append(c.handed["pay"], r)
	if c.door == core.DoorPage {
		fields := map[string]string{"out_trade_no": r.OutTradeNo, "t": r.SignedAt.String(), "x": r.TimeExpire.String()}
		return core.PayResult{Answer: core.Answer{Outcome: core.OutcomePending}, Action: core.Action{Type: core.ActionForm, URL: "https://bank", Fields: fields}}
	}
	if r.Account.PaysWithoutTrade && r.TradeNo == "" {
		text := fmt.Sprint(r.OutTradeNo, " ", r.SignedAt.UnixMilli(), " ", r.TimeExpire.UnixMilli())
		return core.PayResult{Answer: core.Answer{Outcome: core.OutcomePending}, Action: core.Action{Type: actionOrderString, Text: text}}
	}
	answer, work := c.next("pay")
	var t *trade
	if work {
		t = c.create(r.OutTradeNo, r.AmountFen)
	}
	if answer.Outcome != "" {
		return core.PayResult{Answer: answer}
	}
	return core.PayResult{
		Answer: core.Answer{Outcome: core.OutcomeSucceeded}, TradeNo: t.tradeNo,
		Action: core.Action{Type: actionTradeNo, TradeNo: t.tradeNo},
	}
}

func (c channel) Query(_ context.Context, r core.TradeRef) core.TradeResult {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.handed["query"] = append(c.handed["query"], r)
	if answer, _ := c.next("query"); answer.Outcome != "" {
		return core.TradeResult{Answer: answer}
	}
	t := c.trades[r.OutTradeNo]
	if t == nil {
		return core.TradeResult{Answer: core.Answer{Outcome: core.OutcomeAbsent}}
	}
	return core.TradeResult{Answer: core.Answer{Outcome: core.OutcomeSucceeded}, Trade: core.Trade{
		OutTradeNo: r.OutTradeNo, TradeNo: t.tradeNo, State: t.state, TotalFen: t.total, PaidAt: t.paidAt,
	}}
}

func (c channel) Close(_ context.Context, r core.TradeRef) core.CloseResult {
	c.mu.Lock()
	defer c.mu.Unlock()
	planned, work := c.next("close")
	c.handed["close"] = append(c.handed["close"], r)
	t := c.trades[r.OutTradeNo]
	answer := core.OutcomeSucceeded
	switch {
	case t == nil:
		answer = core.OutcomeAbsent
	case t.state != core.TradeWaiting:
		answer = core.OutcomeFailed
	case work:
		t.state = core.TradeClosed
	}
	if planned.Outcome != "" {
		return core.CloseResult{Answer: planned}
	}
	return core.CloseResult{Answer: core.Answer{Outcome: answer}}
}

func (c channel) Refund(_ context.Context, r core.RefundRequest) core.RefundResult {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.refundAsks = append(c.refundAsks, r)
	answer, work := c.next("refund")
	c.handed["refund"] = append(c.handed["refund"], r)
	t := c.trades[r.OutTradeNo]
	if t == nil || t.paidAt.IsZero() {
		return core.RefundResult{Answer: core.Answer{Outcome: core.OutcomeFailed, Code: "trade_status"}}
	}
	// a repeat moves nothing: fund_change=N (G07)
	if amount, done := t.refunds[r.OutRequestNo]; done && answer.Outcome == "" {
		if amount != r.AmountFen {
			return core.RefundResult{Answer: core.Answer{Outcome: core.OutcomeUnknown, Code: "number_used"}}
		}
		return core.RefundResult{Answer: core.Answer{Outcome: core.OutcomePending}, CumulativeFen: t.sum()}
	} else if work && !done {
		if t.refunded == t.total {
			return core.RefundResult{Answer: core.Answer{Outcome: core.OutcomeUnknown, Code: core.NothingLeft}}
		}
		if t.refunded+r.AmountFen > t.total {
			return core.RefundResult{Answer: core.Answer{Outcome: core.OutcomeFailed, Code: "too_much"}}
		}
		t.refunds[r.OutRequestNo] = r.AmountFen
		if t.refunded += r.AmountFen; t.refunded == t.total {
			t.state = core.TradeClosed
		}
	}
	if answer.Outcome != "" {
		return core.RefundResult{Answer: answer}
	}
	if t.hidden > 0 { // done, and yet fund_change=N
		return core.RefundResult{Answer: core.Answer{Outcome: core.OutcomePending}, CumulativeFen: t.sum()}
	}
	// Like Alipay's answer to a refund, it tells what went back in all and not what this one sent.
	return core.RefundResult{Answer: core.Answer{Outcome: core.OutcomeSucceeded}, CumulativeFen: t.sum()}
}

// sum is what the bank says the trade has refunded in all, 0 for nothing said.
func (t *trade) sum() core.Fen {
	if t.says != 0 {
		return max(t.says, 0)
	}
	return t.refunded
}

func (c channel) QueryRefund(_ context.Context, r core.RefundRequest) core.RefundResult {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.handed["query_refund"] = append(c.handed["query_refund"], r)
	if answer, _ := c.next("query_refund"); answer.Outcome != "" {
		return core.RefundResult{Answer: answer}
	}
	t := c.trades[r.OutTradeNo]
	if t != nil && t.hidden > 0 {
		t.hidden--
		return core.RefundResult{Answer: core.Answer{Outcome: core.OutcomeAbsent}}
	}
	if t == nil || t.refunds[r.OutRequestNo] == 0 {
		return core.RefundResult{Answer: core.Answer{Outcome: core.OutcomeAbsent}}
	}
	return core.RefundResult{Answer: core.Answer{Outcome: core.OutcomeSucceeded}, AskedFen: t.refunds[r.OutRequestNo], ActualFen: t.refunds[r.OutRequestNo] - t.coupon}
}

func (c channel) Authorize(_ context.Context, account core.Account, code string) core.AuthorizeResult {
	c.mu.Lock()
	c.handed["authorize"] = append(c.handed["authorize"], account)
	answer, _ := c.next("login")
	c.mu.Unlock()
	if answer.Outcome != "" {
		return core.AuthorizeResult{Answer: answer}
	}
	if code == "open" {
		return core.AuthorizeResult{Answer: core.Answer{Outcome: core.OutcomeSucceeded}, Payer: core.Payer{OpenID: "open-1"}}
	}
	if code != "good" {
		return core.AuthorizeResult{Answer: core.Answer{Outcome: core.OutcomeFailed, Code: core.CodeLoginFailed}}
	}
	return core.AuthorizeResult{Answer: core.Answer{Outcome: core.OutcomeSucceeded}, Payer: core.Payer{UserID: "2088000000000002"}}
}

// mail is a gateway whose messages are notices in JSON; a body that begins with "forged" is not
// verified.
type mail struct{}

func (mail) ID() core.GatewayID { return "alipay" }

func (mail) Receive(_ context.Context, _ core.Account, m core.Message) core.Receipt {
	r := core.Receipt{
		Accept: core.Reply{Status: 200, ContentType: "text/plain", Body: []byte("success")},
		Refuse: core.Reply{Status: 200, ContentType: "text/plain", Body: []byte("fail")},
	}
	var n core.Notice
	if err := json.Unmarshal(m.Body, &n); err != nil {
		r.Code = "signature_mismatch"
		return r
	}
	r.Verified, r.Notices = true, []core.Notice{n}
	return r
}

// rules allows everything but what is named.
type rules struct{}

func (rules) Decide(a core.Ask) core.Decision {
	d := core.Decision{Allowed: true, Platform: a.Platform, Refusals: []core.Refusal{}}
	d.Channels = map[core.PlatformID][]core.ChannelID{"alipay": {"alipay_mini"}, "wechat": {"wechat_h5"}, "douyin": {"douyin_h5"}}[a.Platform]
	for _, c := range a.Categories {
		if a.Platform == "douyin" && c != "physical" {
			d.Allowed, d.Channels = false, nil
			d.Refusals = append(d.Refusals, core.Refusal{Layer: core.LayerPlatform, Code: core.CodeGoodsCategoryForbidden, Rule: "douyin.goods"})
		}
	}
	return d
}

func (rules) Platforms() []core.PlatformID { return []core.PlatformID{"alipay", "douyin", "wechat"} }

func (rules) Offer(p core.PlatformID, h core.Holdings) core.Offer {
	refunds := core.OfferEntry{Name: string(core.FeatureRefund), On: true}
	for _, s := range h.Switches {
		if s.Platform == p && s.Feature == core.FeatureRefund && !s.Enabled {
			refunds.On, refunds.Refusals = false, []core.Refusal{{Layer: core.LayerFeature, Code: core.CodeFeatureOff}}
		}
	}
	return core.Offer{Platform: p, Features: []core.OfferEntry{refunds}}
}

// directory is a fixed set of merchants.
type directory map[string]core.Merchant

func (d directory) Merchant(id string) (core.Merchant, bool) { m, ok := d[id]; return m, ok }

func (d directory) AccountByID(id string) (core.Account, bool) {
	for _, m := range d {
		if a, ok := m.Account(id); ok {
			return a, true
		}
	}
	return core.Account{}, false
}

// watch remembers alerts.
type watch struct {
	mu     sync.Mutex
	alerts []string
	counts map[string]int
}

func (w *watch) Happened(what, label string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.counts[what+"/"+label]++
}

func (w *watch) Alert(_ int, what, _, _ string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.alerts = append(w.alerts, what)
}

// world is a cashier with everything around it under the test's hand.
type world struct {
	t testing.TB
	*core.Cashier
	clock  *coretest.Clock
	bank   *bank
	memory *storetest.Memory
	watch  *watch
	shop   core.Merchant
}

var shopCaller = core.Caller{MerchantID: "m1", KeyID: "k1", Actor: "alice"}

func newWorld(t testing.TB) *world {
	t.Helper()
	c := coretest.NewClock(time.Date(2026, 11, 22, 4, 0, 0, 0, time.UTC))
	b := newBank(c)
	channels, err := core.NewChannels(
		channel{"alipay_mini", core.DoorNative, b}, channel{"wechat_h5", core.DoorPage, b}, channel{"douyin_h5", core.DoorPage, b},
	)
	if err != nil {
		t.Fatal(err)
	}
	m := core.Merchant{
		ID: "m1", Name: "阿明的店", Environment: core.Sandbox, ReturnURLs: []string{"https://shop.example/"},
		Accounts: []core.Account{{
			GatewayName: core.Words{ZH: "银行", EN: "the bank"},
			NeedsPayer:  true, LeastTime: time.Minute, Grace: 5 * time.Minute, RefundLag: 3 * time.Minute,
			UserID: userIDs(), PayerApp: core.Shape{Only: "0123456789"}, Subject: core.Shape{Forbidden: "/=&"},
			ID: "acc1", MerchantID: "m1", Gateway: "alipay", AppID: "2021000000000001", SellerID: "2088000000000001", Active: true,
			Channels: []core.ChannelID{"alipay_mini", "wechat_h5", "douyin_h5"},
		}},
	}
	other := core.Merchant{ID: "m2", Accounts: []core.Account{{
		NeedsPayer: true, LeastTime: time.Minute, Grace: 5 * time.Minute, RefundLag: 3 * time.Minute,
		ID: "acc2", MerchantID: "m2", Gateway: "alipay", AppID: "2021000000000002", SellerID: "2088000000000009", Active: true,
		Channels: []core.ChannelID{"alipay_mini"},
	}}}
	mem, w := storetest.NewMemory(), &watch{counts: map[string]int{}}
	return &world{t: t, clock: c, bank: b, memory: mem, watch: w, shop: m, Cashier: &core.Cashier{
		Store: mem, Channels: channels, Gateways: []core.Gateway{mail{}}, Rules: rules{}, Merchants: directory{"m1": m, "m2": other}, Clock: c,
		IDs: &coretest.IDs{}, Vault: vault{}, Watch: w,
		Options: core.Options{BaseURL: "https://pay.example", ConfirmOver: 5_000_000, UnknownGrace: 10 * time.Minute, Skew: time.Minute, InboxKept: 90 * 24 * time.Hour, KeyKept: 30 * 24 * time.Hour},
	}}
}

// userIDs is what the bank takes for a buyer's user_id.
func userIDs() core.Shape {
	return core.Shape{
		Prefix: "2088", Least: 16, Most: 16, Only: "0123456789",
		Says: core.Words{ZH: "须为以 2088 开头的 16 位数字", EN: "must be 16 digits that begin with 2088"},
	}
}

// with changes the shop's configuration.
func (w *world) with(change func(*core.Merchant)) *world {
	change(&w.shop)
	d := w.Merchants.(directory)
	d["m1"] = w.shop
	return w
}

func order(no string, platform core.PlatformID, amount core.Fen) core.CheckoutRequest {
	return core.CheckoutRequest{
		MerchantOrderNo: no, Platform: platform, AmountFen: amount, Subject: "一杯咖啡", Payer: core.Payer{UserID: "2088000000000002"},
		Lines: []core.Line{{GoodsID: "g1", Name: "咖啡", Category: "physical", Quantity: 1, PriceFen: amount}},
	}
}

// create checks out and returns the payment as the shop sees it.
func (w *world) create(no string, platform core.PlatformID, amount core.Fen) core.PaymentView {
	w.t.Helper()
	a, err := w.Checkout(context.Background(), shopCaller, order(no, platform, amount))
	if err != nil {
		w.t.Fatalf("create %s: %v", no, err)
	}
	return view(w.t, a.Body)
}

func view(t testing.TB, body []byte) core.PaymentView {
	t.Helper()
	var v core.PaymentView
	if err := json.Unmarshal(body, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

func (w *world) payment(id string) core.PaymentView {
	w.t.Helper()
	v, err := w.Payment(context.Background(), "m1", id)
	if err != nil {
		w.t.Fatal(err)
	}
	return v
}

// notify delivers a notice and returns the reply's body.
func (w *world) notify(account string, n core.Notice) string {
	w.t.Helper()
	body, err := json.Marshal(n)
	if err != nil {
		w.t.Fatal(err)
	}
	r, err := w.Receive(context.Background(), "alipay", account, core.Message{Method: "POST", Body: body})
	if err != nil {
		w.t.Fatal(err)
	}
	return string(r.Body)
}

// paidNotice is what the bank says when attempt i of a payment is paid.
func paidNotice(v core.PaymentView, i int) core.Notice {
	no := v.Attempts[i].OutTradeNo
	return core.Notice{
		Kind: core.NoticePayment, ID: "n-" + no, AppID: "2021000000000001", SellerID: "2088000000000001",
		Trade: core.Trade{OutTradeNo: no, TradeNo: "T" + no, State: core.TradePaid, TotalFen: v.AmountFen},
	}
}

// paid creates a payment on the native channel and has it paid and notified.
func (w *world) paid(no string, amount core.Fen) core.PaymentView {
	w.t.Helper()
	v := w.create(no, "alipay", amount)
	w.bank.settle(v.Attempts[0].OutTradeNo, amount)
	if got := w.notify("acc1", paidNotice(v, 0)); got != "success" {
		w.t.Fatalf("notify: %s", got)
	}
	v = w.payment(v.ID)
	if v.Status != core.PaymentPaid {
		w.t.Fatalf("status %s", v.Status)
	}
	return v
}

// sweep does everything that is due, as the jobs would, until nothing is.
func (w *world) sweep() {
	w.t.Helper()
	ctx := context.Background()
	for range 20 {
		n := 0
		for _, kind := range []core.DueKind{core.DueInbox, core.DueAttempt, core.DueRefund} {
			due, err := w.Store.Due(ctx, core.DueQuery{Kind: kind, Until: w.clock.Now(), Limit: 1000})
			if err != nil {
				w.t.Fatal(err)
			}
			for _, d := range due {
				n++
				switch kind {
				case core.DueAttempt:
					err = w.SettleAttempt(ctx, d.ID)
				case core.DueRefund:
					err = w.SettleRefund(ctx, d.MerchantID, d.ID)
				case core.DueInbox:
					err = w.ApplyInbox(ctx, d.ID)
				}
				if err != nil {
					w.t.Fatal(err)
				}
			}
		}
		if n == 0 {
			return
		}
	}
	w.t.Fatal("something stays due for ever")
}

// events lists the types of a payment's events.
func (w *world) events(paymentID string) string {
	w.t.Helper()
	list, err := w.EventPage(context.Background(), core.EventQuery{MerchantID: "m1", PaymentID: paymentID})
	if err != nil {
		w.t.Fatal(err)
	}
	var types []string
	for _, e := range list {
		types = append(types, string(e.Type))
	}
	return strings.Join(types, " ")
}

// balance sums one ledger account.
func (w *world) balance(account core.LedgerAccount) core.Fen {
	w.t.Helper()
	list, err := w.Balances(context.Background(), "m1")
	if err != nil {
		w.t.Fatal(err)
	}
	var sum, all core.Fen
	for _, b := range list {
		all += b.Fen
		if b.Account == account {
			sum += b.Fen
		}
	}
	if all != 0 {
		w.t.Fatalf("the ledger is out of balance by %d fen", all)
	}
	return sum
}
