package core_test

import (
	"bytes"
	"context"
	"testing"
	"time"

	"github.com/paymux/paymux/core"
)

// watched is a store that looks at the keys after every commit, and counts commits and reads.
type watched struct {
	core.Store
	w              *world
	kept           map[string]bool // ids of keys whose answer is kept
	commits, reads int
}

// watched lets the store be watched from now on.
func (w *world) watched() *watched {
	s := &watched{Store: w.Store, w: w, kept: map[string]bool{}}
	w.Store = s
	return s
}

func (s *watched) Do(ctx context.Context, u core.Unit) (core.Verdict, error) {
	decide, wrote := u.Decide, false
	u.Decide = func(v core.View) (core.Writes, error) {
		w, err := decide(v)
		wrote = len(w.Guards)+len(w.Inserts) > 0
		return w, err
	}
	verdict, err := s.Store.Do(ctx, u)
	if wrote && err == nil {
		s.commits++
		s.everyOutcomeIsAnswered()
	}
	return verdict, err
}

func (s *watched) See(ctx context.Context, keys ...core.Key) (core.View, error) {
	s.reads++
	return s.Store.See(ctx, keys...)
}

func (s *watched) Payer(ctx context.Context, id string) (*core.SealedPayer, error) {
	s.reads++
	return s.Store.Payer(ctx, id)
}

// everyOutcomeIsAnswered wants each key to have got its answer in the very commit after which
// nothing is unknown of what it made.
func (s *watched) everyOutcomeIsAnswered() {
	s.w.t.Helper()
	unknown := map[string]bool{}
	contents := s.w.memory.All()
	for _, o := range contents.Orders {
		unknown[o.Payment.ID] = o.Payment.Settling
		for _, r := range o.Refunds {
			unknown[r.ID] = r.Status == core.RefundProcessing
		}
	}
	for _, row := range contents.Idempotency {
		if !s.kept[row.ID] && row.Done == unknown[row.ObjectID] {
			s.w.t.Errorf("after commit %d the answer to %s %q is kept: %t", s.commits, row.Operation, row.Key, row.Done)
		}
		s.kept[row.ID] = row.Done
	}
}

func (s *watched) cost() (commits, reads int) {
	commits, reads = s.commits, s.reads
	s.commits, s.reads = 0, 0
	return commits, reads
}

// I04, I05: no commit leaves an outcome without its answer, or an answer without its outcome; none
// is for an answer alone, and nothing is read that was just written.
func TestAnswersAreKeptWithTheirOutcome(t *testing.T) {
	ctx := context.Background()
	w := newWorld(t).with(func(m *core.Merchant) { m.RefundApprovalOverFen, m.Late = 50, core.LateHold })
	s := w.watched()
	spent := func(what string, commits, reads int) {
		t.Helper()
		if c, r := s.cost(); c != commits || r != reads {
			t.Errorf("%s: %d commits and %d reads, want %d and %d", what, c, r, commits, reads)
		}
	}
	req := order("A1", "alipay", 100)
	req.IdempotencyKey = "k"
	v := view(t, must(w.Checkout(ctx, shopCaller, req)).Body)
	spent("create", 2, 0)
	must(w.Checkout(ctx, shopCaller, req))
	spent("create again", 0, 0)

	w.bank.settle(v.Attempts[0].OutTradeNo, 100)
	w.notify("acc1", paidNotice(v, 0))
	s.cost()
	must(w.Refund(ctx, shopCaller, core.RefundAsk{PaymentID: v.ID, AmountFen: 30, IdempotencyKey: "k"}))
	spent("refund", 2, 0)
	w.bank.plan("refund", "unknown")
	must(w.Refund(ctx, shopCaller, core.RefundAsk{PaymentID: v.ID, AmountFen: 10, IdempotencyKey: "lost"}))
	spent("refund without an answer", 2, 0)
	must(w.Refund(ctx, shopCaller, core.RefundAsk{PaymentID: v.ID, AmountFen: 20, IdempotencyKey: "waits"}))
	spent("refund that waits", 1, 0)
	w.clock.Advance(time.Hour)
	must(w.Refund(ctx, shopCaller, core.RefundAsk{PaymentID: v.ID, AmountFen: 10, IdempotencyKey: "lost"}))
	if s.cost(); w.bank.count("refund") != 3 {
		t.Errorf("%d calls", w.bank.count("refund"))
	}

	page := order("A2", "wechat", 40)
	page.IdempotencyKey = "page"
	p := view(t, must(w.Checkout(ctx, shopCaller, page)).Body)
	spent("create, page", 1, 0)
	must(w.NextAttempt(ctx, shopCaller, core.AttemptRequest{PaymentID: p.ID, Platform: "wechat", IdempotencyKey: "next"}))
	spent("attempt, page to page", 2, 1)
	must(w.Close(ctx, shopCaller, p.ID))
	w.payLate(w.payment(p.ID), 1)
	s.cost()
	w.acceptLate(p.ID, "keep")
	spent("late money accepted", 1, 0)
	w.refundLate(p.ID, "back")
	spent("late money sent back", 3, 0)
	if found := w.inspect(); len(found) > 0 {
		t.Error(found)
	}
}

// I04, C10: while the first call of a create stands still, the same request finds the trade and is
// answered, and the buyer pays. Who kept an answer first was first, and both get its bytes.
func TestFirstAnswerWins(t *testing.T) {
	ctx := context.Background()
	w := newWorld(t)
	req := order("A1", "alipay", 100)
	req.IdempotencyKey = "k"
	var second core.Answered
	w.Failpoints = pointFunc(func(p core.Point) {
		if p != core.PointPayAfterAnswer || second.ID != "" {
			return
		}
		w.Failpoints = nil
		w.clock.Advance(time.Minute)
		second = must(w.Checkout(ctx, shopCaller, req))
		v := view(t, second.Body)
		w.bank.settle(v.Attempts[0].OutTradeNo, 100)
		w.notify("acc1", paidNotice(v, 0))
	})
	first := must(w.Checkout(ctx, shopCaller, req))
	if !bytes.Equal(first.Body, second.Body) || second.Replayed || !first.Replayed || !first.Stale {
		t.Errorf("replayed %t, stale %t:\n%s\n%s", first.Replayed, first.Stale, first.Body, second.Body)
	}
	third := must(w.Checkout(ctx, shopCaller, req))
	if !bytes.Equal(third.Body, second.Body) || !third.Stale || w.payment(first.ID).Status != core.PaymentPaid {
		t.Errorf("%+v", third)
	}
}

// C10, S13: a message that was faster than the answer of Pay is not overwritten. The answer shows
// what it wrote, and is not stale.
func TestAnswerShowsTheFasterMessage(t *testing.T) {
	ctx := context.Background()
	w := newWorld(t)
	s := w.watched()
	req := order("A1", "alipay", 100)
	req.IdempotencyKey = "k"
	w.Failpoints = pointFunc(func(p core.Point) {
		if p == core.PointPayAfterAnswer {
			list := must(w.Payments(ctx, core.PaymentQuery{MerchantID: "m1"}))
			w.bank.settle(list[0].Attempts[0].OutTradeNo, 100)
			w.Store = s.Store // between the two the key has no answer yet
			w.notify("acc1", paidNotice(list[0], 0))
			w.Store = s
		}
	})
	first := must(w.Checkout(ctx, shopCaller, req))
	again := must(w.Checkout(ctx, shopCaller, req))
	if v := view(t, first.Body); v.Status != core.PaymentPaid || v.Action != nil || !bytes.Equal(first.Body, again.Body) || again.Stale || !again.Replayed {
		t.Errorf("%+v\n%+v", v, again)
	}
}

// I02: whatever a key was used for, another request under it is refused.
func TestKeyOfAnotherRequestI02(t *testing.T) {
	ctx := context.Background()
	w, v := keeping(t, core.LateHold, 0, 2)
	other := w.create("B1", "wechat", 100)
	w.acceptLate(v.ID, "k")
	_, err := w.AcceptLate(ctx, bobCaller, core.LateAsk{PaymentID: other.ID, IdempotencyKey: "k"})
	wantCode(t, err, core.CodeIdempotencyMismatch)
	w.refundLate(v.ID, "k") // the same word of another operation is another key
	_, err = w.RefundLate(ctx, bobCaller, core.LateAsk{PaymentID: other.ID, IdempotencyKey: "k"})
	wantCode(t, err, core.CodeIdempotencyMismatch)
	must(moveOn(w, other.ID))
	_, err = w.NextAttempt(ctx, shopCaller, core.AttemptRequest{PaymentID: other.ID, Platform: "wechat", IdempotencyKey: "move"})
	wantCode(t, err, core.CodeIdempotencyMismatch)
}

// first is a store before whose nth unit something else happens.
type first struct {
	core.Store
	nth  int
	what func()
}

func (s *first) Do(ctx context.Context, u core.Unit) (core.Verdict, error) {
	if s.nth--; s.nth == 0 {
		s.what()
	}
	return s.Store.Do(ctx, u)
}

// I01, I04: the same request for another attempt comes twice, and the second is whole before the
// first has stored anything. There is one attempt and one answer.
func TestAttemptI01FoundWhenItIsStored(t *testing.T) {
	for _, platform := range []core.PlatformID{"alipay", "wechat"} {
		w := newWorld(t)
		v := w.create("A1", "wechat", 100)
		ask := core.AttemptRequest{PaymentID: v.ID, Platform: platform, Payer: core.Payer{UserID: "2088000000000002"}, IdempotencyKey: "k"}
		var faster core.Answered
		memory := w.Store
		w.Store = &first{memory, 2, func() { // after the older attempt has ended
			w.Store = memory
			faster = must(w.NextAttempt(context.Background(), shopCaller, ask))
		}}
		slower := must(w.NextAttempt(context.Background(), shopCaller, ask))
		if !bytes.Equal(faster.Body, slower.Body) || faster.Replayed || !slower.Replayed || slower.Status != 201 {
			t.Errorf("%s: replayed %t:\n%s\n%s", platform, slower.Replayed, faster.Body, slower.Body)
		}
		if got := w.payment(v.ID); len(got.Attempts) != 2 || len(w.bank.payAsks) > 1 {
			t.Errorf("%s: %d attempts, %d calls", platform, len(got.Attempts), len(w.bank.payAsks))
		}
	}
}

// I05: nor does it make another one while the outcome of the faster one is unknown: it asks.
func TestAttemptI05FoundUnknownWhenItIsStored(t *testing.T) {
	w := newWorld(t)
	v := w.create("A1", "wechat", 100)
	memory := w.Store
	w.bank.plan("pay", "+unknown")
	w.Store = &first{memory, 2, func() {
		w.Store = memory
		if faster := must(moveOn(w, v.ID)); !faster.Settling {
			t.Errorf("%+v", faster)
		}
	}}
	slower := must(moveOn(w, v.ID))
	if got := view(t, slower.Body); slower.Settling || slower.Status != 201 || got.Action == nil || len(got.Attempts) != 2 || w.bank.count("query") != 1 {
		t.Errorf("%+v", got)
	}
}

// I10: a key that found its refund made nothing, whenever its answer became final.
func TestRefundI10FoundWhileUnknown(t *testing.T) {
	w := newWorld(t)
	v := w.paid("A1", 100)
	ask := core.RefundAsk{PaymentID: v.ID, MerchantRefundNo: "R1", AmountFen: 60, IdempotencyKey: "made"}
	found := ask
	found.IdempotencyKey = "found"
	w.bank.plan("refund", "unknown")
	w.bank.plan("query_refund", "unknown")
	for _, a := range []core.RefundAsk{ask, found} {
		if got := must(w.Refund(context.Background(), shopCaller, a)); !got.Settling {
			t.Fatalf("%+v", got)
		}
	}
	for range 2 {
		two := must(w.Refund(context.Background(), shopCaller, found))
		one := must(w.Refund(context.Background(), shopCaller, ask))
		if two.Status != 200 || one.Status != 201 || two.ID != one.ID || !bytes.Equal(one.Body, two.Body) {
			t.Errorf("%d and %d", two.Status, one.Status)
		}
	}
}

// I14, S06: a page that follows a refused attempt is an address; nothing is signed until it is
// opened.
func TestRepeatSignsNoPage(t *testing.T) {
	ctx := context.Background()
	w := newWorld(t)
	req, _ := repeated(w, "", "wechat")
	v := view(t, must(w.Checkout(ctx, shopCaller, req)).Body)
	w.bank.plan("pay", "failed:risk_refused")
	_, err := moveOn(w, v.ID)
	wantCode(t, err, core.CodeRiskRefused)
	calls := len(w.bank.payAsks)
	again := must(w.Checkout(ctx, shopCaller, req))
	if v := view(t, again.Body); again.Replayed || len(v.Attempts) != 3 || v.Action == nil || v.Action.Type != core.ActionH5Page || len(w.bank.payAsks) != calls {
		t.Errorf("%d calls more, %s", len(w.bank.payAsks)-calls, again.Body)
	}
}

// I04: that late money is accepted is final, whatever else of the payment is unknown.
func TestAcceptLateI04WhileSettling(t *testing.T) {
	w := newWorld(t).with(func(m *core.Merchant) { m.Late = core.LateHold })
	v := w.create("A1", "wechat", 100)
	must(w.NextAttempt(context.Background(), shopCaller, core.AttemptRequest{PaymentID: v.ID, Platform: "wechat", IdempotencyKey: "next"}))
	v = w.payment(v.ID)
	w.payLate(v, 1)
	w.payLate(v, 0)
	w.bank.plan("refund", "unknown")
	w.refund(v.ID, "r", 10)
	ask := core.LateAsk{PaymentID: v.ID, IdempotencyKey: "k"}
	kept := must(w.AcceptLate(context.Background(), bobCaller, ask))
	again := must(w.AcceptLate(context.Background(), bobCaller, ask))
	if got := view(t, kept.Body); !got.Settling || kept.Settling || kept.Status != 200 || !again.Replayed || !bytes.Equal(kept.Body, again.Body) {
		t.Errorf("%+v\n%s\n%s", got, kept.Body, again.Body)
	}
}
