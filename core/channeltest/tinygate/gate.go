package tinygate

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/paymux/paymux/core"
	"github.com/paymux/paymux/core/channeltest"
)

// Grace is how long after its end a trade can still be paid by a buyer who saw the amount before.
const Grace = time.Minute

// Gate is the gateway itself: its books, its messages, and the wire to it. It implements
// channeltest.Control.
type Gate struct {
	merchant, version string
	own               ed25519.PrivateKey
	shop              ed25519.PublicKey // what the merchant signs with

	mu     sync.Mutex
	now    time.Time
	trades map[string]*trade
	sent   map[string]channeltest.Delivery // the newest message about each trade
	events int
	calls  int
	fault  string
}

type trade struct {
	order
	ends     time.Time
	tradeNo  string // once it is paid
	paidAt   time.Time
	refunds  map[string]int64
	refunded int64
}

// key is a throw-away key that its name decides.
func key(name string) ed25519.PrivateKey {
	seed := sha256.Sum256([]byte("tinygate " + name))
	return ed25519.NewKeyFromSeed(seed[:])
}

// New opens a gateway for one merchant, at a time that stands still.
func New(merchant string, at time.Time) *Gate {
	return &Gate{
		merchant: merchant, version: "k1", own: key("gate"), shop: key("shop").Public().(ed25519.PublicKey),
		now: at, trades: map[string]*trade{}, sent: map[string]channeltest.Delivery{},
	}
}

// Wire is how one account of the merchant reaches the gateway, by the gateway's clock or another.
func (g *Gate) Wire(accountID string, now func() time.Time) Wire {
	keys := Keys{Version: g.version, Own: key("shop"), Gate: g.own.Public().(ed25519.PublicKey)}
	return Wire{Keys: map[string]Keys{accountID: keys}, Transport: g, Now: now}
}

// Now is the gateway's clock.
func (g *Gate) Now() time.Time {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.now
}

// serve answers one request that has reached the gateway.
func (g *Gate) serve(request *http.Request, body []byte) said {
	check := reader{g.merchant, g.version, g.shop, func() time.Time { return g.now }}
	if err := check.verify(request.Header, request.URL.Path, body); err != nil {
		return said{Code: "DENIED"}
	}
	var o order
	var b back
	if json.Unmarshal(body, &o) != nil || json.Unmarshal(body, &b) != nil {
		return said{Code: "DENIED"}
	}
	var s said
	switch request.URL.Path {
	case "/pay":
		s = g.pay(o)
	case "/query":
		s = g.describe(o.OutTradeNo)
	case "/refund":
		s = g.refund(b)
	case "/refund/query":
		s = g.describeRefund(b)
	}
	s.OutTradeNo = o.OutTradeNo
	return s
}

func (g *Gate) pay(o order) said {
	t := g.trades[o.OutTradeNo]
	ends, err := time.Parse(time.RFC3339, o.EndsAt)
	switch {
	case t != nil && t.order != o, err != nil, o.TotalFen <= 0:
		return said{Code: "NUMBER_TAKEN"}
	case !g.now.Before(ends):
		return said{Code: "OVER"}
	case t == nil:
		g.trades[o.OutTradeNo] = &trade{order: o, ends: ends, refunds: map[string]int64{}}
	}
	return said{PrepayID: "prepay-" + o.OutTradeNo}
}

func (g *Gate) describe(outTradeNo string) said {
	t := g.trades[outTradeNo]
	if t == nil {
		return said{Code: "NO_TRADE"}
	}
	s := said{OutTradeNo: outTradeNo, State: "NOT_PAID", TotalFen: t.TotalFen}
	if t.tradeNo != "" {
		s.State, s.TradeNo, s.PaidAt, s.Buyer = "PAID", t.tradeNo, t.paidAt.Format(time.RFC3339), "buyer-1"
	}
	if t.refunded == t.TotalFen {
		s.State = "REFUNDED"
	}
	return s
}

func (g *Gate) refund(b back) said {
	t := g.trades[b.OutTradeNo]
	if t == nil {
		return said{Code: "NO_TRADE"}
	}
	made, known := t.refunds[b.OutRefundNo]
	switch {
	case t.tradeNo == "":
		return said{Code: "NOT_PAID"}
	case b.TotalFen != t.TotalFen:
		return said{Code: "WRONG_TOTAL"}
	case known && made != b.RefundFen:
		return said{Code: "NUMBER_TAKEN"}
	case !known && (b.RefundFen <= 0 || t.refunded+b.RefundFen > t.TotalFen):
		return said{Code: "NOT_ENOUGH"}
	case !known:
		t.refunds[b.OutRefundNo] = b.RefundFen
		t.refunded += b.RefundFen
		g.tell("REFUNDED", b.OutTradeNo, b.OutRefundNo)
	}
	return said{OutRefundNo: b.OutRefundNo, State: "SENT", RefundFen: b.RefundFen}
}

func (g *Gate) describeRefund(b back) said {
	t := g.trades[b.OutTradeNo]
	if t == nil || t.refunds[b.OutRefundNo] == 0 {
		return said{Code: "NO_REFUND"}
	}
	return said{OutRefundNo: b.OutRefundNo, State: "DONE", RefundFen: t.refunds[b.OutRefundNo], TotalFen: t.TotalFen}
}

// tell sends a message about a trade.
func (g *Gate) tell(kind, outTradeNo, outRefundNo string) {
	g.events++
	e := event{ID: fmt.Sprint("event-", g.events), Type: kind, At: g.now.Format(time.RFC3339), Merchant: g.merchant}
	e.said = g.describe(outTradeNo)
	e.OutRefundNo = outRefundNo
	g.sent[outTradeNo] = g.delivery(g.signer(), e, g.now)
}

func (g *Gate) signer() signer { return signer{g.merchant, g.version, g.own} }

// delivery is a message as it is sent, signed at a time.
func (g *Gate) delivery(by signer, e event, at time.Time) channeltest.Delivery {
	return signed(by, render(e), at)
}

// render writes what is made of texts and numbers alone.
func render(v any) []byte {
	body, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return body
}

func signed(by signer, body []byte, at time.Time) channeltest.Delivery {
	return channeltest.Delivery{Method: http.MethodPost, Header: by.header("", at, body), Body: body}
}

// Enter opens the gateway's client with what Pay handed out.
func (g *Gate) Enter(a core.Action) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	for no, t := range g.trades {
		if a.Type == ActionPrepaid && a.Fields["prepay_id"] == "prepay-"+no && g.now.Before(t.ends) {
			return nil
		}
	}
	return fmt.Errorf("no trade to enter by %+v", a)
}

// Settle pays a trade.
func (g *Gate) Settle(outTradeNo string) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	t := g.trades[outTradeNo]
	if t == nil || t.tradeNo != "" || !g.now.Before(t.ends.Add(Grace)) {
		return errors.New("cannot be paid")
	}
	t.tradeNo, t.paidAt = fmt.Sprintf("TINY%06d", len(g.sent)+1), g.now
	g.tell("PAID", outTradeNo, "")
	return nil
}

// CloseOutside cannot be done.
func (g *Gate) CloseOutside(string) error { return errors.New("this gateway closes nothing") }

// RefundOutside refunds in the gateway's console.
func (g *Gate) RefundOutside(outTradeNo, outRequestNo string, fen int64) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	b := back{OutTradeNo: outTradeNo, OutRefundNo: outRequestNo, RefundFen: fen}
	if t := g.trades[outTradeNo]; t != nil {
		b.TotalFen = t.TotalFen
	}
	if s := g.refund(b); s.Code != "" {
		return errors.New(s.Code)
	}
	return nil
}

// Trades counts the trades of a number.
func (g *Gate) Trades(outTradeNo string) int {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.trades[outTradeNo] == nil {
		return 0
	}
	return 1
}

// RefundedFen is what went back.
func (g *Gate) RefundedFen(outTradeNo string) int64 {
	g.mu.Lock()
	defer g.mu.Unlock()
	if t := g.trades[outTradeNo]; t != nil {
		return t.refunded
	}
	return 0
}

// Advance moves the clock.
func (g *Gate) Advance(d time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.now = g.now.Add(d)
}

// Message is the newest message about a trade.
func (g *Gate) Message(outTradeNo string) (channeltest.Delivery, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	d, ok := g.sent[outTradeNo]
	if !ok {
		return d, errors.New("nothing was told")
	}
	return d, nil
}
