package core_test

import (
	"context"
	"slices"

	"pgregory.net/rapid"

	"github.com/paymux/paymux/core"
)

func (m *machine) ask(o *modelOrder, r *modelRefund) (core.Answered, error) {
	return m.Refund(context.Background(), shopCaller, core.RefundAsk{PaymentID: o.id, AmountFen: r.amount, IdempotencyKey: r.key})
}

// refundSome asks for a refund, often for more than is left: the model knows to the fen what is
// (A13, S09, S11).
func (m *machine) refundSome(rt *rapid.T) {
	o := m.anyOrder(rt)
	r := &modelRefund{key: m.newKey("refund"), amount: core.Fen(rapid.SampledFrom([]int{1, 30, 60, 61, 99, 100, 201}).Draw(rt, "amount"))}
	m.look(o)
	left, before := o.refundable(), o.status
	m.trouble(rt, "refund")
	if len(m.bank.script["refund"]) == 0 && rapid.IntRange(0, 5).Draw(rt, "refused") == 0 {
		m.bank.plan("refund", "failed")
	}
	outcome := ""
	if script := m.bank.script["refund"]; len(script) > 0 {
		outcome = script[0]
	}
	a, err := m.ask(o, r)
	if err != nil {
		m.unplan(outcome)
	}
	switch {
	case !holdsMoney(before):
		m.wantCode("a refund", err, core.CodeNotRefundable)
		return
	case r.amount > left:
		m.wantCode("a refund of too much", err, core.CodeRefundExceedsPaid)
		return
	}
	m.wantCode("a refund", err, "")
	r.id, r.status = a.ID, refundView(m.t, a.Body).Status
	want := map[string]core.RefundStatus{"": core.RefundSucceeded, "failed": core.RefundFailed}[outcome]
	if want == "" {
		want = core.RefundProcessing // unknown is never failed
	}
	if o.asked()+r.amount > modelApproval { // what is refunded or on its way counts
		m.unplan(outcome)
		want = core.RefundPendingApproval
	}
	if r.status != want || a.Settling != (want == core.RefundProcessing) {
		rt.Fatalf("a refund that the gateway answers %q is %s, settling %v, want %s", outcome, r.status, a.Settling, want)
	}
	if !a.Settling {
		r.answer = a.Body
	}
	o.refunds = append(o.refunds, r)
	m.look(o)
}

// unplan takes back a refusal that came to no call: it was true for that refund only.
func (m *machine) unplan(outcome string) {
	if outcome == "failed" {
		m.bank.script["refund"] = nil
	}
}

// anyOf draws one of an order's refunds.
func anyOf(rt *rapid.T, refunds []*modelRefund) *modelRefund {
	if len(refunds) == 0 {
		rt.Skip("no refund")
	}
	return refunds[rapid.IntRange(0, len(refunds)-1).Draw(rt, "refund")]
}

// refundAgain repeats a refund, as it was or changed.
func (m *machine) refundAgain(rt *rapid.T) {
	o := m.anyOrder(rt)
	r := anyOf(rt, o.refunds)
	if rapid.IntRange(0, 3).Draw(rt, "changed") == 0 {
		other := *r
		other.amount++
		_, err := m.ask(o, &other)
		m.wantCode("another refund under the same key", err, core.CodeIdempotencyMismatch)
		return
	}
	a, err := m.ask(o, r)
	m.wantCode("the same refund", err, "", core.CodeInProgress)
	if err != nil {
		return
	}
	if a.ID != r.id {
		rt.Fatalf("refund %s became %s", r.id, a.ID)
	}
	if r.answer, err = replay(r.answer, a); err != nil {
		rt.Fatal(err)
	}
}

// judge lets somebody decide on a refund: only one that waits, and never who asked (W16).
func (m *machine) judge(rt *rapid.T) {
	o := m.anyOrder(rt)
	r := anyOf(rt, slices.Concat(o.refunds, o.back))
	m.look(o)
	m.trouble(rt, "refund", "query_refund")
	judge := shopCaller
	judge.Actor = rapid.SampledFrom([]string{"alice", "bob"}).Draw(rt, "actor")
	before, calm, approve := r.status, m.calm(), rapid.Bool().Draw(rt, "approve")
	var got core.RefundView
	var err error
	if approve {
		got, err = m.Approve(context.Background(), judge, r.id)
	} else {
		got, err = m.Reject(context.Background(), judge, r.id, "no")
	}
	switch {
	case before != core.RefundPendingApproval && judge.Actor == r.judge && approve == r.passed:
		m.wantCode("the same judgement", err, "")
		return
	case before != core.RefundPendingApproval:
		m.wantCode("a judgement", err, core.CodeNotPending)
		return
	case judge.Actor == shopCaller.Actor:
		m.wantCode("a judgement", err, core.CodeSameActor)
		return
	}
	m.wantCode("a judgement", err, "")
	r.judge, r.passed = judge.Actor, approve
	switch {
	case !approve && got.Status != core.RefundFailed:
		rt.Fatalf("rejected, the refund is %s", got.Status)
	case approve && calm && got.Status != core.RefundSucceeded:
		rt.Fatalf("approved in calm, the refund is %s", got.Status)
	}
	m.look(o)
}
