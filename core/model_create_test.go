package core_test

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"pgregory.net/rapid"

	"github.com/paymux/paymux/core"
)

// maxModelOrders keeps a failing draw readable.
const maxModelOrders = 3

func (o *modelOrder) request() core.CheckoutRequest {
	req := order(o.no, o.platform, o.amount)
	req.IdempotencyKey = o.key
	return req
}

func anyPlatform(rt *rapid.T) core.PlatformID {
	return rapid.SampledFrom([]core.PlatformID{"alipay", "wechat", "douyin"}).Draw(rt, "platform")
}

// refuse lets the gateway refuse the next trade for good, now and then.
func (m *machine) refuse(rt *rapid.T, platform core.PlatformID) (refused bool) {
	refused = platform == "alipay" && len(m.bank.script["pay"]) == 0 && rapid.IntRange(0, 5).Draw(rt, "refused") == 0
	if refused {
		m.bank.plan("pay", "failed")
	}
	return refused
}

func (m *machine) create(rt *rapid.T) {
	if len(m.orders) == maxModelOrders {
		rt.Skip("enough orders")
	}
	o := &modelOrder{
		policy: m.late, no: fmt.Sprint("A", len(m.orders)), platform: anyPlatform(rt), amount: core.Fen(rapid.SampledFrom([]int{1, 50, 100, 140, 160, 200}).Draw(rt, "amount")),
	}
	if rapid.Bool().Draw(rt, "with a key") {
		o.key = m.newKey("create")
	}
	m.orders = append(m.orders, o)
	m.trouble(rt, "pay")
	calm, refused := m.calm(), m.refuse(rt, o.platform)
	m.checkout(o)
	switch {
	case o.platform != "alipay":
		m.want(o, "create", core.PaymentCreated)
	case calm && !refused:
		m.want(o, "create", core.PaymentPaying)
	default:
		m.want(o, "create", core.PaymentCreated, core.PaymentPaying)
	}
}

// checkout sends the order's create once and takes what it answers.
func (m *machine) checkout(o *modelOrder) {
	m.send(o, o.request())
}

// send sends a create, or a repeat of one with or without its key, and holds the answer to what the
// repeat may say.
func (m *machine) send(o *modelOrder, req core.CheckoutRequest) {
	first := o.id == ""
	a, err := m.Checkout(context.Background(), shopCaller, req)
	m.wantCode("create", err, "", core.CodeInProgress, core.CodeChannelRefused, core.CodeMisconfigured, core.CodeChannelUnavailable)
	id := a.ID
	if failed, ok := errors.AsType[*core.Error](err); ok {
		id = failed.PaymentID
	}
	if o.id == "" {
		o.id = id
	}
	if id != o.id {
		m.rt.Fatalf("%s was created as %s and as %s (I01)", o.no, o.id, id)
	}
	if err != nil {
		return
	}
	now := m.payment(o.id)
	if req.IdempotencyKey == "" {
		err = showsNow(now, a, first)
	} else {
		known := o.answer != nil
		if o.answer, err = replay(o.answer, a); err == nil {
			err = tellsStale(now, a, known)
		}
	}
	if err != nil {
		m.rt.Fatal(o.no, err)
	}
}

// createAgain repeats a create: the same order, and once there was a final answer under its key,
// the same bytes; without the key the payment as it is.
func (m *machine) createAgain(rt *rapid.T) {
	o := m.anyOrder(rt)
	req := o.request()
	if rapid.Bool().Draw(rt, "without the key") {
		req.IdempotencyKey = ""
	}
	m.send(o, req)
	m.look(o)
}

// repeatBoth repeats a create both ways, wherever that asks the gateway nothing.
func (m *machine) repeatBoth(o *modelOrder) {
	req := o.request()
	if o.answer != nil {
		m.send(o, req)
	}
	v := m.payment(o.id)
	if open := v.Status == core.PaymentCreated || v.Status == core.PaymentPaying; !v.Settling && (!open || v.Action != nil) {
		req.IdempotencyKey = ""
		m.send(o, req)
	}
}

// createChanged sends another request under a name that is taken (I02, I07).
func (m *machine) createChanged(rt *rapid.T) {
	o := m.anyOrder(rt)
	req, want := o.request(), pick(o.key == "", core.CodeOrderExists, core.CodeIdempotencyMismatch)
	switch rapid.IntRange(0, 2).Draw(rt, "change") {
	case 0:
		req.AmountFen, req.Lines[0].PriceFen = req.AmountFen+1, req.Lines[0].PriceFen+1
	case 1:
		req.Subject = "两杯咖啡"
	default:
		req.IdempotencyKey, want = m.newKey("stranger"), core.CodeOrderExists
	}
	_, err := m.Checkout(context.Background(), shopCaller, req)
	m.wantCode("another request under the same name", err, want)
}

// move lets the buyer go on elsewhere.
func (m *machine) move(rt *rapid.T) {
	o := m.anyOrder(rt)
	if len(o.attempts) > 5 {
		rt.Skip("enough attempts")
	}
	next := &modelMove{key: m.newKey("move"), platform: anyPlatform(rt)}
	m.trouble(rt, "close", "query", "pay")
	calm, before, waits := m.calm(), m.look(o), m.unentered(o)
	captured := m.capturedLive(o)
	refused := m.refuse(rt, next.platform)
	err := m.moveOnce(o, next)
	if refused && len(m.bank.script["pay"]) > 0 {
		m.bank.script["pay"] = nil // it came to no call
	}
	switch {
	case holdsMoney(before.Status):
		m.wantCode("a move", err, core.CodeAlreadyPaid)
	case before.Status == core.PaymentClosed || before.Status == core.PaymentClosing:
		m.wantCode("a move", err, core.CodePaymentClosed)
	case err != nil && core.CodeOf(err) == core.CodePaymentExpired:
		if left := m.timeLeft(o); left > lastMinute {
			rt.Fatalf("expired %s before its time", left)
		}
	case !calm:
		m.wantCode("a move", err, "", core.CodeAttemptInFlight, core.CodeAlreadyPaid, core.CodeChannelRefused, core.CodeMisconfigured, core.CodeChannelUnavailable)
	case captured:
		m.wantCode("a move", err, core.CodeAlreadyPaid)
		m.want(o, "a move", core.PaymentPaid)
	case waits:
		m.wantCode("a move", err, core.CodeAttemptInFlight)
	case refused:
		m.wantCode("a move", err, core.CodeChannelRefused)
		m.want(o, "a refused move", core.PaymentCreated)
	default:
		m.wantCode("a move", err, "")
		m.want(o, "a move", pick(next.platform == "alipay", core.PaymentPaying, core.PaymentCreated))
	}
	m.look(o)
}

func (m *machine) moveOnce(o *modelOrder, next *modelMove) error {
	a, err := m.NextAttempt(context.Background(), shopCaller, core.AttemptRequest{
		PaymentID: o.id, Platform: next.platform, Payer: core.Payer{UserID: "2088000000000002"}, IdempotencyKey: next.key,
	})
	if err != nil {
		if len(m.look(o).Attempts) > 0 && slices.Contains([]core.Code{core.CodeChannelRefused, core.CodeMisconfigured, core.CodeChannelUnavailable, core.CodeInProgress}, core.CodeOf(err)) &&
			!slices.Contains(o.moves, next) {
			// it was stored before the gateway failed it: the same key goes on with it
			o.moves = append(o.moves, next)
		}
		return err
	}
	if !slices.Contains(o.moves, next) {
		o.moves = append(o.moves, next)
	}
	if next.answer, err = replay(next.answer, a); err != nil {
		m.rt.Fatal(err)
	}
	return nil
}

// moveAgain repeats a move under its key: it starts no second attempt beside a live one, and its
// final answer stays.
func (m *machine) moveAgain(rt *rapid.T) {
	o := m.anyOrder(rt)
	if len(o.moves) == 0 {
		rt.Skip("nothing moved")
	}
	next := o.moves[rapid.IntRange(0, len(o.moves)-1).Draw(rt, "move")]
	answered, attempts := next.answer != nil, len(m.look(o).Attempts)
	err := m.moveOnce(o, next)
	m.wantCode("the same move", err, "", core.CodeInProgress, core.CodeAttemptInFlight, core.CodeChannelRefused, core.CodeMisconfigured, core.CodeChannelUnavailable,
		core.CodeAlreadyPaid, core.CodePaymentClosed, core.CodePaymentExpired)
	if answered && (err != nil || len(m.look(o).Attempts) != attempts) {
		rt.Fatalf("an answered move was made again: %v", err)
	}
}
