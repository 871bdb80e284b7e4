package core_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/paymux/paymux/core"
	"github.com/paymux/paymux/core/storetest"
)

// repeated is a create that was answered once, under a key or without one.
func repeated(w *world, key string, platform core.PlatformID) (core.CheckoutRequest, core.Answered) {
	req := order("A1", platform, 100)
	req.IdempotencyKey = key
	return req, must(w.Checkout(context.Background(), shopCaller, req))
}

// moveOn lets the buyer go on in Alipay, always under one key.
func moveOn(w *world, id string) (core.Answered, error) {
	return w.NextAttempt(context.Background(), shopCaller, core.AttemptRequest{
		PaymentID: id, Platform: "alipay", Payer: core.Payer{UserID: "2088000000000002"}, IdempotencyKey: "move",
	})
}

// I14: without a key the same create finds the payment as it is now, and an action only while that
// can be paid.
func TestRepeatWithoutKeyShowsNow(t *testing.T) {
	for name, c := range map[string]struct {
		platform core.PlatformID
		happens  func(w *world, v core.PaymentView)
		status   core.PaymentStatus
		action   bool
	}{
		"nothing, trade": {"alipay", func(*world, core.PaymentView) {}, core.PaymentPaying, true},
		"nothing, page":  {"wechat", func(*world, core.PaymentView) {}, core.PaymentCreated, true},
		"paid": {"alipay", func(w *world, v core.PaymentView) {
			w.bank.settle(v.Attempts[0].OutTradeNo, 100)
			w.notify("acc1", paidNotice(v, 0))
		}, core.PaymentPaid, false},
		"closed": {"wechat", func(w *world, v core.PaymentView) { must(w.Close(context.Background(), shopCaller, v.ID)) }, core.PaymentClosed, false},
		"closing": {"wechat", func(w *world, v core.PaymentView) {
			_, _, err := w.Open(context.Background(), token(v))
			must(0, err)
			must(w.Close(context.Background(), shopCaller, v.ID))
		}, core.PaymentClosing, false},
		"a page in its last minute":   {"wechat", func(w *world, _ core.PaymentView) { w.clock.Advance(14*time.Minute + time.Second) }, core.PaymentCreated, false},
		"a trade in its last minute":  {"alipay", func(w *world, _ core.PaymentView) { w.clock.Advance(14*time.Minute + time.Second) }, core.PaymentPaying, true},
		"expired, not yet swept":      {"alipay", func(w *world, _ core.PaymentView) { w.clock.Advance(15 * time.Minute) }, core.PaymentPaying, false},
		"the buyer went on elsewhere": {"wechat", func(w *world, v core.PaymentView) { must(moveOn(w, v.ID)) }, core.PaymentPaying, true},
	} {
		w := newWorld(t)
		req, first := repeated(w, "", c.platform)
		c.happens(w, view(t, first.Body))
		again := must(w.Checkout(context.Background(), shopCaller, req))
		v := view(t, again.Body)
		if first.Status != 201 || again.Status != 200 || again.Replayed || again.Stale || again.Settling || v.Status != c.status || (v.Action != nil) != c.action {
			t.Errorf("%s: %d, then %d %+v", name, first.Status, again.Status, v)
		}
		if got := w.payment(v.ID); !bytes.Equal(must(json.Marshal(got)), again.Body) {
			t.Errorf("%s: GET shows another payment than the repeat:\n%s\n%s", name, must(json.Marshal(got)), again.Body)
		}
		if rows := w.memory.All().Idempotency; len(rows) > 1 {
			t.Errorf("%s: %d keys are kept", name, len(rows))
		}
	}
}

// I14, S06: without a key, too, an attempt that the gateway refused is followed by a new one, and
// what was not sent is asked for.
func TestRepeatWithoutKeyGoesOn(t *testing.T) {
	for _, outcome := range []string{"failed", "not_sent", "unknown", "+unknown"} {
		w := newWorld(t)
		w.bank.plan("pay", outcome)
		req := order("A1", "alipay", 100)
		first, err := w.Checkout(context.Background(), shopCaller, req)
		if (err == nil) != (outcome == "unknown" || outcome == "+unknown") || err == nil && !first.Settling {
			t.Fatalf("%s: %v %+v", outcome, err, first)
		}
		again := must(w.Checkout(context.Background(), shopCaller, req))
		if v := view(t, again.Body); again.Status != 200 || again.Settling || v.Action == nil || len(v.Attempts) != pick(outcome == "failed", 2, 1) {
			t.Errorf("%s: %d %+v", outcome, again.Status, v)
		}
	}
}

// I15: under a key every repeat gets the first answer, and is told when what it shows is not so any
// more.
func TestRepeatUnderKeySaysStale(t *testing.T) {
	for _, platform := range []core.PlatformID{"alipay", "wechat"} {
		w := newWorld(t)
		req, first := repeated(w, "k", platform)
		same := func(stale bool) {
			t.Helper()
			again := must(w.Checkout(context.Background(), shopCaller, req))
			if !bytes.Equal(again.Body, first.Body) || again.Status != 201 || !again.Replayed || again.Stale != stale {
				t.Errorf("%s: %d replayed %t stale %t, want %t", platform, again.Status, again.Replayed, again.Stale, stale)
			}
		}
		if first.Status != 201 || first.Replayed || first.Stale {
			t.Errorf("%+v", first)
		}
		same(false)
		w.clock.Advance(time.Second)
		same(false)
		must(w.Close(context.Background(), shopCaller, first.ID))
		same(true)
		if w.payment(first.ID).Status != core.PaymentClosed {
			t.Error("not closed")
		}
	}
}

// I15: attempts, refunds and decisions about late money say it too; of an answer that an older
// program stored nobody knows.
func TestRepeatOfOthersSaysStale(t *testing.T) {
	w := newWorld(t).with(func(m *core.Merchant) { m.RefundApprovalOverFen = 10 })
	v := w.paid("A1", 100)
	ask := core.RefundAsk{PaymentID: v.ID, MerchantRefundNo: "R1", AmountFen: 60, IdempotencyKey: "k"}
	first := must(w.Refund(context.Background(), shopCaller, ask))
	fresh := must(w.Refund(context.Background(), shopCaller, ask))
	must(w.Approve(context.Background(), bobCaller, first.ID))
	stale := must(w.Refund(context.Background(), shopCaller, ask))
	if first.Status != 201 || first.Replayed || !fresh.Replayed || fresh.Stale || !stale.Replayed || !stale.Stale || !bytes.Equal(first.Body, stale.Body) || stale.Status != 201 {
		t.Errorf("%+v\n%+v\n%+v", first, fresh, stale)
	}
	ask.IdempotencyKey = "k2" // another key finds the refund by its number, as it is now
	found := must(w.Refund(context.Background(), shopCaller, ask))
	again := must(w.Refund(context.Background(), shopCaller, ask))
	if found.Status != 200 || found.Replayed || refundView(t, found.Body).Status != core.RefundSucceeded || again.Status != 200 || !again.Replayed || again.Stale || !bytes.Equal(found.Body, again.Body) {
		t.Errorf("%+v\n%+v", found, again)
	}

	w = newWorld(t)
	v = w.create("A1", "wechat", 100)
	moved := must(moveOn(w, v.ID))
	must(w.Close(context.Background(), shopCaller, v.ID))
	if again := must(moveOn(w, v.ID)); moved.Status != 201 || moved.Replayed || !again.Stale || again.Status != 201 {
		t.Errorf("%+v\n%+v", moved, again)
	}
	w.forget(func(i *core.Idempotency) { i.AnswerOf = 0 })
	if again := must(moveOn(w, v.ID)); again.Stale || !again.Replayed {
		t.Errorf("%+v", again)
	}
}

// forget changes the keys that are kept.
func (w *world) forget(change func(*core.Idempotency)) {
	for _, row := range w.memory.All().Idempotency {
		_, err := w.memory.Do(context.Background(), core.Unit{Decide: func(core.View) (core.Writes, error) {
			changed := row
			change(&changed)
			return core.Writes{Guards: []core.Row{&changed}, Inserts: []core.Row{&core.Audit{ID: w.IDs.Row()}}}, nil
		}})
		must(0, err)
	}
}

// I16: what is empty is not there: both are the same request, with a key and without.
func TestRepeatWithEmptyMembers(t *testing.T) {
	for _, key := range []string{"", "k"} {
		for _, platform := range []core.PlatformID{"alipay", "wechat"} {
			absent, empty := order("A1", platform, 100), order("A1", platform, 100)
			absent.Metadata, empty.Metadata = nil, map[string]string{}
			empty.ExpiresInSeconds, empty.Lines[0].LineID, empty.ReturnURL = core.DefaultExpirySeconds, "1", ""
			if platform == "wechat" {
				// an app without a buyer names nobody
				absent.Payer, empty.Payer = core.Payer{}, core.Payer{}
			}
			absent.IdempotencyKey, empty.IdempotencyKey = key, key
			for _, pair := range [][2]core.CheckoutRequest{{absent, empty}, {empty, absent}} {
				w := newWorld(t)
				first := must(w.Checkout(context.Background(), shopCaller, pair[0]))
				if again, err := w.Checkout(context.Background(), shopCaller, pair[1]); err != nil || again.ID != first.ID {
					t.Errorf("key %q on %s: %v", key, platform, err)
				}
			}
		}
	}
}

// I17: orders and keys of before know their request by the fingerprint of then. These were made by
// the program before this rule.
func TestRepeatOfAnOlderProgram(t *testing.T) {
	const (
		none  = "261a2017302ff93140253055efa0128ba213253cb54b643922e474802075c375" // no metadata
		empty = "a611d65d023d42a14bb6d98e9cf9fc1b1e1854f67818c5c3374dc3ded7844f0e" // metadata: {}
		// metadata: {"k":"v"}
		some = "ded059e53d70baf537fd2e2d81824abd23b35144951e0d275ef5d7f56b389080"
	)
	with := map[string]string{"k": "v"}
	for _, c := range []struct {
		mark     string
		metadata map[string]string
		same     bool
	}{
		{none, nil, true}, {none, map[string]string{}, true}, {none, with, false}, {empty, nil, true}, {empty, map[string]string{}, true}, {empty, with, false},
		{some, with, true}, {some, nil, false}, {some, map[string]string{}, false},
	} {
		for _, key := range []string{"", "k"} {
			w := newWorld(t)
			w.Vault = lengths{}
			req, first := repeated(w, key, "alipay")
			w.reprint(c.mark)
			req.Metadata = c.metadata
			again, err := w.Checkout(context.Background(), shopCaller, req)
			want := pick(key == "", core.CodeOrderExists, core.CodeIdempotencyMismatch)
			if c.same && (err != nil || again.ID != first.ID) || !c.same && core.CodeOf(err) != want {
				t.Errorf("%s with %v under %q: %v", c.mark[:4], c.metadata, key, err)
			}
		}
	}
}

// lengths is the vault of those fingerprints: it told payers apart by the length of their names.
type lengths struct{ vault }

func (lengths) Pseudonym(_, text string) string { return fmt.Sprintf("p%x", len(text)) }

// reprint gives every order and key another fingerprint, as an older program would have stored it.
func (w *world) reprint(mark string) {
	contents := w.memory.All()
	fresh := storetest.NewMemory()
	var rows []core.Row
	for i := range contents.Orders {
		o := &contents.Orders[i]
		o.Payment.Fingerprint = mark
		rows = append(rows, &o.Payment)
		for j := range o.Attempts {
			rows = append(rows, &o.Attempts[j])
		}
	}
	for i := range contents.Idempotency {
		contents.Idempotency[i].Fingerprint = mark
		rows = append(rows, &contents.Idempotency[i])
	}
	for i := range contents.Payers {
		rows = append(rows, &contents.Payers[i])
	}
	_, err := fresh.Do(context.Background(), core.Unit{Decide: func(core.View) (core.Writes, error) { return core.Writes{Inserts: rows}, nil }})
	must(0, err)
	w.memory, w.Store = fresh, fresh
}
