package core_test

import (
	"context"
	"fmt"
	"slices"

	"pgregory.net/rapid"

	"github.com/paymux/paymux/core"
)

// modelDecision is one decision of a person about late and duplicate money that was accepted.
type modelDecision struct {
	key    string
	accept bool
	answer []byte // the final answer, once there was one
}

// late lists the attempts whose money came late or twice and is kept, by what became of it, with
// the sum of it.
func (o *modelOrder) late() (kept []*modelAttempt, sum core.Fen) {
	for _, a := range o.attempts {
		gone := slices.ContainsFunc(o.back, func(r *modelRefund) bool { return r.of == a && r.status != core.RefundFailed })
		if a.kept != "" && !gone {
			kept, sum = append(kept, a), sum+o.amount
		}
	}
	return kept, sum
}

// asked sums what people have sent back of the order, or want to.
func (o *modelOrder) asked() (sum core.Fen) {
	for _, r := range slices.Concat(o.refunds, o.back) {
		if r.status != core.RefundFailed {
			sum += r.amount
		}
	}
	return sum
}

// meetLate holds late and duplicate money to what policy and people have made of it.
func (o *modelOrder) meetLate(v core.PaymentView) error {
	for i, a := range v.Attempts {
		known := o.attempts[i]
		if a.State != core.AttemptLatePaid && a.State != core.AttemptDuplicate {
			continue
		}
		if !known.unawaited {
			known.unawaited, known.kept = true, map[core.LatePolicy]string{core.LateHold: "held", core.LateAccept: "accepted"}[o.policy]
		}
		want := known.kept
		for _, r := range o.back {
			if r.of == known && r.status == core.RefundSucceeded {
				want = ""
			}
		}
		if a.Reason != want {
			return fmt.Errorf("the late money of %s is %q, want %q", a.OutTradeNo, a.Reason, want)
		}
	}
	return nil
}

func (m *machine) decideOn(o *modelOrder, d *modelDecision) (core.Answered, error) {
	ask, decide := core.LateAsk{PaymentID: o.id, IdempotencyKey: d.key}, m.RefundLate
	if d.accept {
		decide = m.AcceptLate
	}
	return decide(context.Background(), shopCaller, ask)
}

// anyLate draws an order with late money to decide about, or now and then one without.
func (m *machine) anyLate(rt *rapid.T) *modelOrder {
	var with []*modelOrder
	for _, o := range m.orders {
		if kept, _ := o.late(); len(kept) > 0 {
			with = append(with, o)
		}
	}
	switch {
	case len(with) > 0:
		return with[rapid.IntRange(0, len(with)-1).Draw(rt, "order")]
	case rapid.IntRange(0, 9).Draw(rt, "without") > 0:
		rt.Skip("no late money")
	}
	return m.anyOrder(rt)
}

// refundLate lets a person send back what was kept: all of it, or, above the limit, none before
// another actor has decided (S02, W16).
func (m *machine) refundLate(rt *rapid.T) {
	o := m.anyLate(rt)
	m.look(o)
	kept, sum := o.late()
	waits := o.asked()+sum > modelApproval
	m.trouble(rt, "refund")
	calm, d := m.calm(), &modelDecision{key: m.newKey("late")}
	a, err := m.decideOn(o, d)
	if len(kept) == 0 {
		m.wantCode("sending back nothing", err, core.CodeNotRefundable)
		return
	}
	m.wantCode("sending late money back", err, "")
	var found []*modelRefund
	for _, r := range view(m.t, a.Body).Refunds {
		known := slices.ContainsFunc(o.back, func(known *modelRefund) bool { return known.id == r.ID })
		if known || r.Asker != shopCaller.Actor || r.Origin == core.RefundByMerchant {
			continue
		}
		if waits != (r.Status == core.RefundPendingApproval) || calm && !waits && r.Status != core.RefundSucceeded {
			rt.Fatalf("%d fen of late money, sent back in calm %v, are %s", sum, calm, r.Status)
		}
		found = append(found, &modelRefund{id: r.ID, amount: r.AmountFen, status: r.Status})
	}
	if len(found) != len(kept) {
		rt.Fatalf("%d refunds for the late money of %d attempts", len(found), len(kept))
	}
	for i, r := range found {
		r.of = kept[i]
	}
	o.back = append(o.back, found...)
	m.decided(o, d, a)
}

// acceptLate lets a person keep what is held, if one alone may.
func (m *machine) acceptLate(rt *rapid.T) {
	o := m.anyLate(rt)
	m.look(o)
	kept, sum := o.late()
	held := slices.DeleteFunc(slices.Clone(kept), func(a *modelAttempt) bool { return a.kept != "held" })
	d := &modelDecision{key: m.newKey("accept"), accept: true}
	a, err := m.decideOn(o, d)
	switch {
	case len(held) == 0:
		m.wantCode("keeping nothing", err, core.CodeWrongState)
		return
	case sum > modelApproval:
		m.wantCode("keeping too much", err, core.CodeOverLimit)
		return
	}
	m.wantCode("keeping late money", err, "")
	for _, a := range held {
		a.kept = "accepted"
	}
	m.decided(o, d, a)
}

// decided remembers a decision for its repeats.
func (m *machine) decided(o *modelOrder, d *modelDecision, a core.Answered) {
	if !a.Settling {
		d.answer = a.Body
	}
	o.decisions = append(o.decisions, d)
	m.look(o)
}

// decideAgain repeats a decision about late money: it is never made twice (I04).
func (m *machine) decideAgain(rt *rapid.T) {
	var with []*modelOrder
	for _, o := range m.orders {
		if len(o.decisions) > 0 {
			with = append(with, o)
		}
	}
	if len(with) == 0 {
		rt.Skip("no decision")
	}
	o := with[rapid.IntRange(0, len(with)-1).Draw(rt, "order")]
	d := o.decisions[rapid.IntRange(0, len(o.decisions)-1).Draw(rt, "decision")]
	a, err := m.decideOn(o, d)
	m.wantCode("the same decision", err, "")
	if d.answer, err = replay(d.answer, a); err != nil {
		rt.Fatal(err)
	}
	m.look(o)
}
