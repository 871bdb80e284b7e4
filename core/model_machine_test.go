package core_test

import (
	"context"
	"flag"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/paymux/paymux/core"
)

// What the world of the model is like.
//
// modelApproval is the sum above which an order's refunds wait for another actor; modelConfirm the
// one above which a notification waits for a query.
const (
	modelApproval core.Fen = 60
	modelConfirm  core.Fen = 150
	// modelRounds multiplies rapid's own number of checks (-rapid.checks, 100), for each policy:
	// two payments of one order are rare.
	modelRounds = 3
)

// TestModel drives the use cases by random calls, in random order, at random times, with a gateway
// that now and then gives no usable answer, and holds what the merchant sees against the model
// after every single one; every invariant of the books must hold as well. In the end the faults
// stop, time passes, and everything must have settled.
//
// A failure names its seed: -rapid.seed repeats it. Nothing is written into the tree, where a run
// on other source would pick it up.
func TestModel(t *testing.T) {
	if err := flag.Set("rapid.nofailfile", "true"); err != nil {
		t.Fatal(err)
	}
	for _, policy := range []core.LatePolicy{core.LateRefund, core.LateHold, core.LateAccept} {
		for round := range modelRounds {
			if t.Failed() {
				return // one failure, shrunk, says more than a dozen
			}
			t.Run(fmt.Sprint(policy, " ", round), func(t *testing.T) {
				rapid.Check(t, func(rt *rapid.T) {
					m := newMachine(t, rt, policy)
					rt.Repeat(m.actions())
					m.settle(rt)
				})
			})
		}
	}
}

// actions are what may happen next. rapid prefers what sorts first, so the names carry a rank: what
// leads deep comes before what ends an order.
func (m *machine) actions() map[string]func(*rapid.T) {
	all := map[string]func(*rapid.T){"": m.check}
	for rank, a := range []struct {
		name string
		run  func(*rapid.T)
	}{
		{"notify", m.notifyPaid}, {"pay", m.pay}, {"pay what is closed", m.payClosed}, {"accept late", m.acceptLate}, {"refund late", m.refundLate},
		{"decide again", m.decideAgain}, {"refund", m.refundSome}, {"move", m.move}, {"judge", m.judge},
		{"enter", m.enter}, {"open", m.open}, {"refund again", m.refundAgain}, {"create", m.create}, {"sweep", m.sweepIt}, {"sync", m.sync},
		{"wait", m.wait}, {"create again", m.createAgain}, {"move again", m.moveAgain}, {"forge", m.forge}, {"create changed", m.createChanged},
		{"close", m.closeIt},
	} {
		all[fmt.Sprintf("%02d %s", rank, a.name)] = a.run
	}
	return all
}

// machine is the world under the random driver, with the model beside it.
type machine struct {
	*world
	rt     *rapid.T
	late   core.LatePolicy
	orders []*modelOrder
	keys   int
}

// rapidTB lets the world's helpers fail the draw instead of the whole test, so that rapid can
// shrink it.
type rapidTB struct {
	testing.TB
	rt *rapid.T
}

func (r rapidTB) Helper()                      {}
func (r rapidTB) Fatal(args ...any)            { r.rt.Fatal(args...) }
func (r rapidTB) Fatalf(f string, args ...any) { r.rt.Fatalf(f, args...) }
func (r rapidTB) Errorf(f string, args ...any) { r.rt.Errorf(f, args...) }
func (r rapidTB) Error(args ...any)            { r.rt.Error(args...) }

func newMachine(t *testing.T, rt *rapid.T, late core.LatePolicy) *machine {
	m := &machine{rt: rt, late: late, world: newWorld(rapidTB{t, rt})}
	m.with(func(shop *core.Merchant) { shop.Late, shop.RefundApprovalOverFen = m.late, modelApproval })
	m.ConfirmOver = modelConfirm
	return m
}

// calm tells whether the gateway will tell the truth for as long as nobody interferes: only then
// the model knows what a call must lead to.
func (m *machine) calm() bool {
	for _, script := range m.bank.script {
		if len(script) > 0 {
			return false
		}
	}
	return true
}

// anyOrder draws an order that has a payment, or skips the action.
func (m *machine) anyOrder(rt *rapid.T) *modelOrder {
	var known []*modelOrder
	for _, o := range m.orders {
		if o.id != "" {
			known = append(known, o)
		}
	}
	if len(known) == 0 {
		rt.Skip("no payment yet")
	}
	return known[rapid.IntRange(0, len(known)-1).Draw(rt, "order")]
}

// anyAttempt draws an attempt that fits, or skips the action.
func (m *machine) anyAttempt(rt *rapid.T, fits func(*modelOrder, *modelAttempt) bool) (*modelOrder, *modelAttempt) {
	type pair struct {
		o *modelOrder
		a *modelAttempt
	}
	var found []pair
	for _, o := range m.orders {
		for _, a := range o.attempts {
			if fits(o, a) {
				found = append(found, pair{o, a})
			}
		}
	}
	if len(found) == 0 {
		rt.Skip("no such attempt")
	}
	i := rapid.IntRange(0, len(found)-1).Draw(rt, "attempt")
	return found[i].o, found[i].a
}

// truth is what the gateway holds under a number.
func (m *machine) truth(a *modelAttempt) (state core.TradeState, captured bool) {
	if t := m.bank.trades[a.no]; t != nil {
		return t.state, !t.paidAt.IsZero()
	}
	return "", false
}

// look holds what the merchant sees of an order against the model.
func (m *machine) look(o *modelOrder) core.PaymentView {
	v := m.payment(o.id)
	if err := o.meet(v); err != nil {
		m.rt.Fatal(err)
	}
	return v
}

// want holds the status of an order against the ones that the model allows now.
func (m *machine) want(o *modelOrder, after string, statuses ...core.PaymentStatus) {
	if v := m.look(o); !slices.Contains(statuses, v.Status) {
		m.rt.Fatalf("after %s, %s is %s, want %v", after, o.no, v.Status, statuses)
	}
}

// wantCode holds an error against the codes that the model allows.
func (m *machine) wantCode(after string, err error, codes ...core.Code) {
	if !slices.Contains(codes, core.CodeOf(err)) {
		m.rt.Fatalf("%s answered %v, want one of %q", after, err, codes)
	}
}

// check runs after every action.
func (m *machine) check(rt *rapid.T) {
	for _, o := range m.orders {
		if o.id == "" {
			continue
		}
		m.repeatBoth(o)
		v := m.look(o)
		for i, a := range o.attempts {
			if state, _ := m.truth(a); v.Status == core.PaymentClosed && state == core.TradeWaiting {
				rt.Fatalf("%s is closed, but %s can be paid at the gateway (S01)", o.no, a.no)
			}
			if v.Attempts[i].State == core.AttemptPaid {
				if _, captured := m.truth(a); !captured {
					rt.Fatalf("%s counts as paid, but the gateway took nothing", a.no)
				}
			}
		}
	}
	m.inspectNow(rt, core.Inspection{})
}

// inspectNow checks the invariants of all orders against the books of the bank.
func (m *machine) inspectNow(rt *rapid.T, i core.Inspection) {
	i.Book = m.bank.truth
	err := m.memory.EachOrder(context.Background(), func(o core.Order, entries []core.Entry, events []core.Event) error {
		i.Order(&o, entries, events)
		return nil
	})
	if err != nil {
		rt.Fatal(err)
	}
	if found := i.Finish(!i.Now.IsZero()); len(found) > 0 {
		rt.Fatal(found)
	}
}

// truth is the bank's word on one trade, for inspections.
func (b *bank) truth(no string) (core.Truth, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	t, ok := b.trades[no]
	if !ok {
		return core.Truth{}, false
	}
	truth := core.Truth{RefundedFen: t.refunded, Refunds: t.refunds}
	if !t.paidAt.IsZero() {
		truth.CapturedFen = t.total
	}
	return truth, true
}

// settle stops the trouble, lets days pass, and wants everything done: nothing unknown, nothing
// open, and of every fen it is known whose it is.
func (m *machine) settle(rt *rapid.T) {
	clear(m.bank.script)
	for _, pause := range []time.Duration{time.Hour, time.Hour, 25 * time.Hour, 25 * time.Hour, 25 * time.Hour} {
		m.clock.Advance(pause)
		m.sweep()
	}
	m.check(rt)
	m.inspectNow(rt, core.Inspection{Now: m.clock.Now(), Overdue: time.Minute})
	for _, o := range m.orders {
		if o.id == "" {
			continue
		}
		v := m.look(o)
		if v.Settling || !holdsMoney(v.Status) && v.Status != core.PaymentClosed {
			rt.Fatalf("days later %s is %s, settling %v", o.no, v.Status, v.Settling)
		}
		var net, spare core.Fen
		for i, a := range o.attempts {
			paid, refunded := m.bank.moved(a.no)
			net += paid - refunded
			if s := v.Attempts[i].State; m.late != core.LateRefund && (s == core.AttemptLatePaid || s == core.AttemptDuplicate) {
				spare += paid - refunded // a person may have sent it back
			}
		}
		if net != v.PaidFen-v.RefundedFen+spare {
			rt.Fatalf("the gateway keeps %d fen for %s; the merchant sees %d less %d, and %d held", net, o.no, v.PaidFen, v.RefundedFen, spare)
		}
	}
}

func (m *machine) newKey(kind string) string {
	m.keys++
	return fmt.Sprintf("%s-%d", kind, m.keys)
}
