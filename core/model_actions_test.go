package core_test

import (
	"context"
	"encoding/json"
	"maps"
	"time"

	"pgregory.net/rapid"

	"github.com/paymux/paymux/core"
)

// lastMinute is how long before expiry pages stop opening; gatewaySlack is how much longer than
// time_expire the gateway lets a buyer enter, who then has as long again to pay: it takes less than
// five minutes for five (S03).
const (
	lastMinute   = time.Minute
	gatewaySlack = 5 * time.Minute
)

func (m *machine) timeLeft(o *modelOrder) time.Duration {
	at, err := time.Parse(time.RFC3339Nano, m.payment(o.id).ExpiresAt)
	if err != nil {
		m.rt.Fatal(err)
	}
	return at.Sub(m.clock.Now())
}

// capturedLive tells whether an attempt that can still be paid, as far as the merchant sees, has
// been paid.
func (m *machine) capturedLive(o *modelOrder) bool {
	for i, a := range m.look(o).Attempts {
		if _, captured := m.truth(o.attempts[i]); captured && (a.State == core.AttemptSent || a.State == core.AttemptReady) {
			return true
		}
	}
	return false
}

// unentered tells whether a live attempt has been handed out, but the gateway does not know it
// (yet): nothing can close it before its time. One of which every call was turned away is not
// handed out.
func (m *machine) unentered(o *modelOrder) bool {
	for i, a := range m.look(o).Attempts {
		if state, _ := m.truth(o.attempts[i]); state == "" && a.State == core.AttemptSent && !m.unheard(a.ID) {
			return true
		}
	}
	return false
}

// open opens a page, for the first time or again.
func (m *machine) open(rt *rapid.T) {
	o, a := m.anyAttempt(rt, func(_ *modelOrder, a *modelAttempt) bool { return a.page })
	before := m.look(o)
	i := 0
	for o.attempts[i] != a {
		i++
	}
	key := core.Key{Kind: core.OrderByAttempt, Value: a.id}
	seen, err := m.memory.See(context.Background(), key)
	if err != nil {
		rt.Fatal(err)
	}
	row := seen.Order(key).Attempt(a.id)
	action, page, err := m.Open(context.Background(), row.Token)
	if err != nil {
		rt.Fatal(err)
	}
	payable := (before.Status == core.PaymentCreated || before.Status == core.PaymentPaying) && row.Live() && !row.Settling && !row.Superseded &&
		m.timeLeft(o) > lastMinute
	if payable == action.Empty() {
		rt.Fatalf("%s of %s: page %s, action %+v, want one: %v", a.no, o.no, page.State, action, payable)
	}
	if action.Empty() {
		return
	}
	if a.form != nil && !maps.Equal(a.form, action.Fields) {
		rt.Fatalf("opened again, %s is signed as %v and then as %v", a.no, a.form, action.Fields)
	}
	a.form = action.Fields
	m.want(o, "open", core.PaymentPaying)
}

// enter lets the buyer enter the gateway's cashier with what the page posted: now there is a trade.
func (m *machine) enter(rt *rapid.T) {
	o, a := m.anyAttempt(rt, func(o *modelOrder, a *modelAttempt) bool {
		state, _ := m.truth(a)
		return a.form != nil && state == "" && m.timeLeft(o) > -gatewaySlack
	})
	m.bank.create(a.no, o.amount)
}

// pay pays at the gateway; nobody tells us yet.
func (m *machine) pay(rt *rapid.T) {
	o, a := m.anyAttempt(rt, func(o *modelOrder, a *modelAttempt) bool {
		state, _ := m.truth(a)
		return state == core.TradeWaiting && m.timeLeft(o) > -2*gatewaySlack
	})
	before := m.look(o).Status
	m.bank.settle(a.no, o.amount)
	m.want(o, "a payment that nobody told of", before)
}

// payClosed is what no contract allows and yet happens: the gateway takes money for what it has
// closed (S02). It tells of it at once.
func (m *machine) payClosed(rt *rapid.T) {
	o, a := m.anyAttempt(rt, func(o *modelOrder, a *modelAttempt) bool {
		state, captured := m.truth(a)
		return state == core.TradeClosed && !captured && o.amount <= modelConfirm
	})
	before := m.look(o).Status
	m.bank.settle(a.no, o.amount)
	m.tell(o, a)
	// never both closed and paid: the status stays, and the policy says what becomes of the money
	switch {
	case before == core.PaymentClosed || holdsMoney(before):
		m.want(o, "late money", before)
	default:
		m.want(o, "money of a closed attempt", core.PaymentPaid)
	}
}

// tell delivers the gateway's message about an attempt's money.
func (m *machine) tell(o *modelOrder, a *modelAttempt) {
	v := m.look(o)
	for i := range o.attempts {
		if o.attempts[i] == a {
			if got := m.notify("acc1", paidNotice(v, i)); got != "success" {
				m.rt.Fatalf("a true message was answered %q", got)
			}
		}
	}
	a.told = a.told || o.amount <= modelConfirm // larger ones wait for a query
	m.look(o)
}

// notifyPaid delivers a true message about a payment, the first time or again.
func (m *machine) notifyPaid(rt *rapid.T) {
	o, a := m.anyAttempt(rt, func(_ *modelOrder, a *modelAttempt) bool { _, captured := m.truth(a); return captured })
	before, again := m.look(o), a.told
	m.tell(o, a)
	switch {
	case again || o.amount > modelConfirm:
		m.want(o, "a message", before.Status)
	case holdsMoney(before.Status) || before.Status == core.PaymentClosed:
		m.want(o, "a message about other money", before.Status)
	default:
		m.want(o, "a message", core.PaymentPaid)
	}
}

// forge delivers messages that must not count: unsigned, another app's, another amount's.
func (m *machine) forge(rt *rapid.T) {
	o, a := m.anyAttempt(rt, func(*modelOrder, *modelAttempt) bool { return true })
	before := m.look(o)
	i := 0
	for o.attempts[i] != a {
		i++
	}
	n := paidNotice(before, i)
	n.ID = m.newKey("forged")
	want := "fail"
	var body []byte
	switch rapid.IntRange(0, 2).Draw(rt, "lie") {
	case 0:
		body = []byte("forged")
	case 1: // C05
		n.AppID = "2021000000000666"
		body, _ = json.Marshal(n)
	default: // C08: parked, which the gateway need not hear of again
		n.Trade.TotalFen++
		body, _ = json.Marshal(n)
		want = "success"
	}
	r, err := m.Receive(context.Background(), "alipay", "acc1", core.Message{Method: "POST", Body: body})
	if err != nil || string(r.Body) != want {
		rt.Fatalf("a lie was answered %q %v, want %q", r.Body, err, want)
	}
	m.want(o, "a lie", before.Status)
}

// closeIt asks for the end; the gateway decides (S01, S07).
func (m *machine) closeIt(rt *rapid.T) {
	o := m.anyOrder(rt)
	m.trouble(rt, "close", "query")
	calm, before, captured, waits := m.calm(), m.look(o), m.capturedLive(o), m.unentered(o)
	overdue := m.timeLeft(o) < 0
	got, err := m.Close(context.Background(), shopCaller, o.id)
	switch {
	case holdsMoney(before.Status):
		m.wantCode("close", err, core.CodeAlreadyPaid)
		m.want(o, "close", before.Status)
	case calm && captured:
		m.wantCode("close", err, core.CodeAlreadyPaid)
		m.want(o, "close", core.PaymentPaid)
	case calm && waits && !overdue:
		m.wantCode("close", err, "")
		m.want(o, "close of what nobody entered", core.PaymentClosing)
	case calm && !waits:
		m.wantCode("close", err, "")
		m.want(o, "close", core.PaymentClosed)
	default:
		m.wantCode("close", err, "", core.CodeAlreadyPaid)
		m.want(o, "close", core.PaymentClosing, core.PaymentClosed, core.PaymentPaid)
	}
	if err == nil && got.Closed != (m.look(o).Status == core.PaymentClosed) {
		rt.Fatalf("closed %v, but %s is %s", got.Closed, o.no, o.status)
	}
}

// sync asks the gateway at once: in calm nothing that it knows of can stay unseen.
func (m *machine) sync(rt *rapid.T) {
	o := m.anyOrder(rt)
	m.trouble(rt, "query", "query_refund")
	calm, captured, before := m.calm(), m.capturedLive(o), o.status
	if _, err := m.Sync(context.Background(), shopCaller, o.id); err != nil {
		rt.Fatal(err)
	}
	if calm && captured && !holdsMoney(before) {
		m.want(o, "sync", core.PaymentPaid)
	}
	if v := m.look(o); calm {
		// money that this very call found too much is sent back by a job
		for _, r := range v.Refunds {
			if r.Status == core.RefundProcessing && r.Origin == core.RefundByMerchant {
				rt.Fatalf("asked in calm, refund %s is still processing", r.ID)
			}
		}
	}
}

func (m *machine) wait(rt *rapid.T) {
	m.clock.Advance(time.Duration(rapid.SampledFrom([]int{900, 20, 120, 1, 1500}).Draw(rt, "seconds")) * time.Second)
}

func (m *machine) sweepIt(rt *rapid.T) {
	m.trouble(rt, "pay", "query", "close", "refund", "query_refund")
	m.world.sweep()
}

// trouble spoils a call to come, once in four times: nothing is sent, the request is lost, the
// answer is, or the gateway will not do it yet.
func (m *machine) trouble(rt *rapid.T, methods ...string) {
	spoilt := map[string][]string{
		"pay":          {"unknown", "+unknown", "not_sent", turnedAway, turnedAwayUnsigned},
		"query":        {"unknown", "not_sent", turnedAway, turnedAwayUnsigned},
		"close":        {"unknown", "+unknown", "not_sent", "failed", turnedAway},
		"refund":       {"unknown", "+unknown", "+pending", "pending", "not_sent", turnedAway, turnedAwayUnsigned},
		"query_refund": {"unknown", "not_sent", turnedAway},
	}
	if rapid.IntRange(0, 3).Draw(rt, "trouble") > 0 {
		return
	}
	method := rapid.SampledFrom(methods).Draw(rt, "method")
	m.bank.plan(method, rapid.SampledFrom(spoilt[method]).Draw(rt, "outcome"))
}
