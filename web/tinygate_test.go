package web_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"
	"time"

	"github.com/paymux/paymux/core"
	"github.com/paymux/paymux/core/channeltest"
	"github.com/paymux/paymux/core/channeltest/tinygate"
	"github.com/paymux/paymux/web"
)

// tiny is a shop that takes its money at another kind of gateway, served over a real connection.
type tiny struct {
	*world
	gate *tinygate.Gate
	at   *httptest.Server
}

// tinyRules send everybody to the one channel.
type tinyRules struct{ rules }

func (tinyRules) Decide(a core.Ask) core.Decision {
	return core.Decision{
		Allowed: true, Platform: a.Platform, Channels: []core.ChannelID{tinygate.ChannelID},
		Refusals: []core.Refusal{}, Warnings: []core.Warning{},
	}
}

func newTiny(t *testing.T) *tiny {
	t.Helper()
	y := &tiny{gate: tinygate.New("m-1", time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC))}
	y.world = newWorld(t, func(o *web.Options) {
		cashier := o.Cashier.(*core.Cashier)
		wire := y.gate.Wire("acc_m_a", y.gate.Now)
		channels, err := core.NewChannels(tinygate.Channel{Wire: wire})
		if err != nil {
			t.Fatal(err)
		}
		shop := merchant("m_a")
		shop.RefundApprovalOverFen = 0
		shop.Accounts[0].Gateway, shop.Accounts[0].AppID = tinygate.GatewayID, "m-1"
		shop.Accounts[0].Channels, shop.Accounts[0].SellerID = []core.ChannelID{tinygate.ChannelID}, ""
		shop.Accounts[0].NeedsPayer, shop.Accounts[0].Grace = false, tinygate.Grace
		cashier.Channels, cashier.Gateways = channels, []core.Gateway{tinygate.Receiver{Wire: wire}}
		cashier.Rules, cashier.Merchants = tinyRules{}, directory{"m_a": shop}
		o.Channels = channels
	})
	y.at = httptest.NewServer(y.server.Handler())
	t.Cleanup(y.at.Close)
	return y
}

// pass lets time pass for both sides, and does what is due.
func (y *tiny) pass(d time.Duration) {
	y.t.Helper()
	y.clock.Advance(d)
	y.gate.Advance(d)
	ctx := context.Background()
	for range 10 {
		work := 0
		for kind, do := range map[core.DueKind]func(core.Due) error{
			core.DueAttempt: func(r core.Due) error { return y.cashier.SettleAttempt(ctx, r.ID) },
			core.DueRefund:  func(r core.Due) error { return y.cashier.SettleRefund(ctx, r.MerchantID, r.ID) },
			core.DueInbox:   func(r core.Due) error { return y.cashier.ApplyInbox(ctx, r.ID) },
		} {
			due, err := y.cashier.Store.Due(ctx, core.DueQuery{Kind: kind, Until: y.clock.Now(), Limit: 100})
			for _, row := range due {
				work++
				if err == nil {
					err = do(row)
				}
			}
			if err != nil {
				y.t.Fatal(err)
			}
		}
		if work == 0 {
			return
		}
	}
	y.t.Fatal("something stays due")
}

// post sends a message to us as the gateway would, and returns what it reads.
func (y *tiny) post(d channeltest.Delivery) (status int, contentType, body string) {
	y.t.Helper()
	r, err := http.NewRequestWithContext(y.t.Context(), d.Method, y.at.URL+"/notify/tiny/acc_m_a?"+d.Query, bytes.NewReader(d.Body))
	if err != nil {
		y.t.Fatal(err)
	}
	r.Header = d.Header
	answer, err := y.at.Client().Do(r)
	if err != nil {
		y.t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		y.t.Fatal(err)
	}
	return answer.StatusCode, answer.Header.Get("Content-Type"), string(text)
}

// told posts the newest message about a payment and wants it taken, in the gateway's exact words.
func (y *tiny) told(v core.PaymentView) {
	y.t.Helper()
	d, err := y.gate.Message(v.Attempts[0].OutTradeNo)
	if err != nil {
		y.t.Fatal(err)
	}
	status, contentType, body := y.post(d)
	if status != 200 || contentType != "application/json" || body != `{"code":"SUCCESS"}` {
		y.t.Errorf("a true message was answered %d %q %q", status, contentType, body)
	}
}

func (y *tiny) payment(id string) core.PaymentView {
	y.t.Helper()
	answer := y.as("m_a/cashier", "GET", "/v1/payments/"+id, "")
	var v core.PaymentView
	if err := json.Unmarshal(answer.Body.Bytes(), &v); err != nil || answer.Code != 200 {
		y.t.Fatalf("%d %s", answer.Code, answer.Body)
	}
	return v
}

func (y *tiny) settle(v core.PaymentView) {
	y.t.Helper()
	if v.Action == nil {
		y.t.Fatalf("nothing to pay by: %+v", v)
	}
	if err := y.gate.Enter(*v.Action); err != nil {
		y.t.Fatal(err)
	}
	if err := y.gate.Settle(v.Attempts[0].OutTradeNo); err != nil {
		y.t.Fatal(err)
	}
}

// C39, C40, C55, G36: an order that is paid is told of by signed headers, whose forgeries leave no
// trace, and refunded by a gateway that wants to know what the trade was.
func TestAnotherGatewayTakesMoneyAndSendsItBack(t *testing.T) {
	y := newTiny(t)
	v := y.create("m_a", "alipay", "o1")
	y.settle(v)
	forgeries, err := y.gate.Forgeries(v.Attempts[0].OutTradeNo)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range forgeries {
		// the route takes nothing else
		if f.Method != http.MethodPost || len(f.Body) > tinygate.MaxBody {
			continue
		}
		y.clock.Advance(time.Second) // so that no limit refuses
		if status, _, body := y.post(f.Delivery); status != 500 || body != `{"code":"FAIL"}` {
			t.Errorf("%s, %s: answered %d %q", f.Kind, f.Name, status, body)
		}
	}
	if got := y.payment(v.ID); got.Status != core.PaymentPaying {
		t.Fatalf("after nothing but forgeries it is %s", got.Status)
	}
	y.told(v)
	y.told(v)
	if got := y.payment(v.ID); got.Status != core.PaymentPaid || got.PaidFen != 1999 {
		t.Fatalf("%s, %d fen", got.Status, got.PaidFen)
	}
	for i, fen := range []int{500, 1499} {
		body := `{"amount_fen":` + strconv.Itoa(fen) + `}`
		for range 2 { // sent twice, it is one
			answer := y.as("m_a/admin", "POST", "/v1/payments/"+v.ID+"/refunds", body, "Idempotency-Key", fmt.Sprint("r", i))
			if answer.Code != 201 && answer.Code != 202 && answer.Code != 200 {
				t.Fatalf("refund of %d: %d %s", fen, answer.Code, answer.Body)
			}
		}
		y.told(v)
		y.pass(time.Minute)
	}
	got := y.payment(v.ID)
	if gone := y.gate.RefundedFen(v.Attempts[0].OutTradeNo); got.Status != core.PaymentRefunded || len(got.Refunds) != 2 || gone != 1999 {
		t.Errorf("%s by %d refunds, %d fen went back", got.Status, len(got.Refunds), gone)
	}
}

// G35, S05: nothing can be closed there and nothing is told of it. An order is closing until its
// time is over, and its next attempt has to wait as long; what is paid meanwhile is paid.
func TestAnotherGatewayClosesNothing(t *testing.T) {
	y := newTiny(t)
	unpaid, paid := y.create("m_a", "alipay", "o1"), y.create("m_a", "alipay", "o2")
	next := y.as("m_a/cashier", "POST", "/v1/payments/"+unpaid.ID+"/attempts", `{"platform":"wechat"}`)
	want(t, next, 409, core.CodeAttemptInFlight)
	if wait, err := strconv.Atoi(next.Header().Get("Retry-After")); err != nil || wait < 15*60 || wait > 18*60 {
		t.Errorf("come again in %s seconds", next.Header().Get("Retry-After"))
	}
	for _, v := range []core.PaymentView{unpaid, paid} {
		for range 2 {
			answer := y.as("m_a/admin", "POST", "/v1/payments/"+v.ID+"/close", "")
			var got core.PaymentView
			if err := json.Unmarshal(answer.Body.Bytes(), &got); err != nil || answer.Code != 202 || got.Status != core.PaymentClosing {
				t.Fatalf("close: %d %s", answer.Code, answer.Body)
			}
		}
	}
	y.pass(14 * time.Minute)
	y.settle(paid)
	y.pass(2*time.Minute + 30*time.Second) // fifteen minutes, one of grace, and half of the skew
	if got := y.payment(unpaid.ID); got.Status != core.PaymentClosing {
		t.Errorf("before its end: %s", got.Status)
	}
	if got := y.payment(paid.ID); got.Status != core.PaymentPaid {
		t.Errorf("paid while it was closing: %s", got.Status)
	}
	y.pass(time.Minute)
	if got := y.payment(unpaid.ID); got.Status != core.PaymentClosed || got.CloseReason != "merchant" {
		t.Errorf("after its end: %s %s", got.Status, got.CloseReason)
	}
	answer := y.as("m_a/admin", "POST", "/v1/payments/"+unpaid.ID+"/close", "")
	if answer.Code != 200 {
		t.Errorf("closed at last, it answers %d %s", answer.Code, answer.Body)
	}
}
