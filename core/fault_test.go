package core_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/paymux/paymux/core"
)

// turnedAway is the script's word for a refusal for a fault of ours that the gateway has signed,
// turnedAwayUnsigned for one that it has not.
const (
	turnedAway         = "misconfigured"
	turnedAwayUnsigned = "misconfigured?"
)

// G19: each class is there once, with a sentence for those who mend and one for the buyer, in both
// languages; whose matter it is not, is not blamed on the buyer.
func TestG19_everyClassHasItsWords(t *testing.T) {
	seen, neutral := map[core.Code]bool{}, core.BuyerWords("nothing that is known")
	for _, f := range core.Faults() {
		if seen[f.Code] {
			t.Errorf("%s stands twice", f.Code)
		}
		seen[f.Code] = true
		if f.Party == "" || f.Repeat == "" || f.Mend.ZH == "" || f.Mend.EN == "" || f.Buyer.ZH == "" || f.Buyer.EN == "" {
			t.Errorf("%s is not complete: %+v", f.Code, f)
		}
		if ours := f.Party == core.PartyMerchant || f.Party == core.PartyOperator; ours && f.Buyer != neutral {
			t.Errorf("%s: the buyer hears %q of what is not theirs", f.Code, f.Buyer.EN)
		}
	}
	if f, ok := core.FaultOf(core.CodeMisconfigured); !ok || f.Party != core.PartyOperator || f.Repeat != core.RepeatMended {
		t.Errorf("misconfigured is %+v", f)
	}
}

// G19: a create that the gateway refuses tells the class, what a shop may show, and the gateway's
// words; and so does the attempt, for ever.
func TestG19_createTellsWhoseFaultItIs(t *testing.T) {
	w := newWorld(t)
	w.bank.plan("pay", "failed:buyer_balance")
	_, err := w.Checkout(context.Background(), shopCaller, order("A1", "alipay", 100))
	e := wantCode(t, err, core.CodeBuyerBalance)
	if e.Buyer.ZH == "" || e.Gateway.SubCode != "ACQ.TEST" || e.Gateway.Message != "as the bank says" {
		t.Errorf("the error says %+v", e)
	}
	a := w.payment(e.PaymentID).Attempts[0]
	if a.State != core.AttemptClosed || a.Fault != core.CodeBuyerBalance || a.Gateway == nil || a.Gateway.SubCode != "ACQ.TEST" {
		t.Errorf("the attempt is %+v", a)
	}
}

// G20: turned away for a fault of ours, signed: 503 with a pause, the order kept; the same request
// is tried again without an inquiry, since the gateway cannot know the trade, and goes through once
// it is mended.
func TestG20_createIsKeptUntilMended(t *testing.T) {
	w := newWorld(t)
	w.bank.plan("pay", turnedAway, turnedAway)
	for range 2 {
		_, err := w.Checkout(context.Background(), shopCaller, order("A1", "alipay", 100))
		if e := wantCode(t, err, core.CodeMisconfigured); e.RetryAfterSeconds != 60 || e.PaymentID == "" || e.Gateway.SubCode != "isv.invalid-signature" {
			t.Fatalf("got %+v", e)
		}
	}
	v := w.create("A1", "alipay", 100)
	if v.Status != core.PaymentPaying || len(v.Attempts) != 1 || v.Attempts[0].Fault != "" || v.Attempts[0].Gateway != nil {
		t.Fatalf("got %+v", v)
	}
	if w.bank.count("query") != 0 || w.bank.count("pay") != 3 {
		t.Fatalf("%d inquiries, %d calls", w.bank.count("query"), w.bank.count("pay"))
	}
}

// G20: an attempt of which every call was turned away, verified, ends at its expiry, and nothing is
// sent for it from then on.
func TestG20_unheardAttemptClosesWithoutTheGateway(t *testing.T) {
	w := newWorld(t)
	for range 50 {
		w.bank.plan("pay", turnedAway)
	}
	_, err := w.Checkout(context.Background(), shopCaller, order("A1", "alipay", 100))
	id := wantCode(t, err, core.CodeMisconfigured).PaymentID
	for range 4 {
		w.clock.Advance(4 * time.Minute)
		w.sweep()
	}
	calls := w.bank.count("pay")
	if calls < 3 {
		t.Errorf("it was tried %d times only while it could be paid", calls)
	}
	w.clock.Advance(2 * time.Hour)
	w.sweep()
	v := w.payment(id)
	if v.Status != core.PaymentClosed || v.CloseReason != "expired" || v.Settling || v.Attempts[0].Reason != "refused:misconfigured" {
		t.Errorf("got %+v", v)
	}
	if w.bank.count("pay") != calls || w.bank.count("query")+w.bank.count("close") != 0 {
		t.Errorf("%d calls after %d, %d inquiries, %d closes", w.bank.count("pay"), calls, w.bank.count("query"), w.bank.count("close"))
	}
	_, err = w.Checkout(context.Background(), shopCaller, order("A1", "alipay", 100))
	if w.bank.count("pay") != calls {
		t.Errorf("a repeat of what has expired was sent: %v", err)
	}
}

// G20: one call without a proof, and the gateway decides: the trade is asked about, and closed
// there.
func TestG20_oneUnknownCallAndTheGatewayDecides(t *testing.T) {
	for name, script := range map[string][]string{
		"lost before":     {"+unknown", turnedAway, turnedAway, turnedAway},
		"unsigned before": {turnedAwayUnsigned, turnedAway, turnedAway, turnedAway},
		"lost after":      {turnedAway, "+unknown"},
		"unsigned after":  {turnedAway, turnedAwayUnsigned},
	} {
		w := newWorld(t)
		w.bank.plan("pay", script...)
		w.bank.plan("query", turnedAway, turnedAway)
		_, err := w.Checkout(context.Background(), shopCaller, order("A1", "alipay", 100))
		if err != nil {
			wantCode(t, err, core.CodeMisconfigured)
			_, _ = w.Checkout(context.Background(), shopCaller, order("A1", "alipay", 100))
		}
		w.clock.Advance(2 * time.Hour)
		w.sweep()
		w.sweep()
		if w.bank.count("query") == 0 {
			t.Errorf("%s: it was ended without an inquiry", name)
		}
	}
}

// G20: unsigned, it proves nothing about the money: 202, settling, and people see what to mend.
func TestG20_unsignedIsUnknownButNamed(t *testing.T) {
	w := newWorld(t)
	w.bank.plan("pay", turnedAwayUnsigned)
	answer, err := w.Checkout(context.Background(), shopCaller, order("A1", "alipay", 100))
	if err != nil || !answer.Settling {
		t.Fatalf("%+v, %v", answer, err)
	}
	a := view(t, answer.Body).Attempts[0]
	if !a.Settling || a.State != core.AttemptSent || a.Fault != core.CodeMisconfigured || a.Gateway == nil || a.Gateway.SubCode != "isv.invalid-signature" {
		t.Errorf("got %+v", a)
	}
}

// G20: a further attempt is as a first one; and one that nobody has heard of makes room for the
// next without the gateway.
func TestG20_furtherAttempt(t *testing.T) {
	w := newWorld(t)
	v := w.create("A1", "wechat", 100)
	next := core.AttemptRequest{PaymentID: v.ID, Platform: "alipay", Payer: core.Payer{UserID: "2088000000000002"}, IdempotencyKey: "k"}
	w.bank.plan("pay", turnedAway)
	_, err := w.NextAttempt(context.Background(), shopCaller, next)
	if e := wantCode(t, err, core.CodeMisconfigured); e.RetryAfterSeconds != 60 {
		t.Fatalf("got %+v", e)
	}
	next.Platform, next.IdempotencyKey = "wechat", "k2"
	if _, err := w.NextAttempt(context.Background(), shopCaller, next); err != nil {
		t.Fatal(err)
	}
	v = w.payment(v.ID)
	if len(v.Attempts) != 3 || v.Attempts[1].State != core.AttemptClosed || w.bank.count("query")+w.bank.count("close") != 0 {
		t.Fatalf("%d inquiries, %+v", w.bank.count("query"), v.Attempts)
	}
}

// G20: a refund that meets a wrong key of ours stays under way with its money reserved, whichever
// of its calls does; mended, the same number goes through.
func TestG20_refundSurvivesOurFault(t *testing.T) {
	for _, word := range []string{turnedAway, turnedAwayUnsigned} {
		w := newWorld(t)
		v := w.paid("A1", 1000)
		w.bank.plan("refund", word)
		w.bank.plan("query_refund", word, word, word)
		answer, err := w.Refund(context.Background(), shopCaller, core.RefundAsk{PaymentID: v.ID, AmountFen: 400, IdempotencyKey: "r1"})
		if err != nil || !answer.Settling {
			t.Fatalf("%s: %+v, %v", word, answer, err)
		}
		w.clock.Advance(time.Minute)
		w.sweep()
		v = w.payment(v.ID)
		r := v.Refunds[0]
		if r.Status != core.RefundProcessing || !r.Settling || v.RefundableFen != 600 || r.Fault != core.CodeMisconfigured || r.Gateway == nil {
			t.Fatalf("%s: got %+v", word, r)
		}
		for range 6 {
			w.clock.Advance(time.Hour)
			w.sweep()
		}
		after := w.payment(v.ID).Refunds[0]
		if after.Status != core.RefundSucceeded || after.OutRequestNo != r.OutRequestNo || after.Fault != "" || after.Gateway != nil {
			t.Errorf("%s: got %+v", word, after)
		}
	}
}

// G20: a later signed refusal of another class ends the refund and frees its money, as ever.
func TestG20_laterRefusalEndsTheRefund(t *testing.T) {
	w := newWorld(t)
	v := w.paid("A1", 1000)
	w.bank.plan("refund", turnedAway, "failed:seller_balance")
	if _, err := w.Refund(context.Background(), shopCaller, core.RefundAsk{PaymentID: v.ID, AmountFen: 400, IdempotencyKey: "r1"}); err != nil {
		t.Fatal(err)
	}
	w.clock.Advance(time.Hour)
	w.sweep()
	v = w.payment(v.ID)
	if r := v.Refunds[0]; r.Status != core.RefundFailed || r.FailCode != "seller_balance" || v.RefundableFen != 1000 || r.Fault != core.CodeSellerBalance {
		t.Errorf("got %+v", r)
	}
}

// G20: what waits for an account is due at once when the account's configuration has changed, and
// nothing else is.
func TestG20_mendedIsDueAtOnce(t *testing.T) {
	w := newWorld(t)
	v := w.paid("A1", 1000)
	w.bank.plan("refund", turnedAway)
	for range 8 {
		w.bank.plan("query_refund", turnedAway)
		w.bank.plan("pay", turnedAway)
	}
	if _, err := w.Refund(context.Background(), shopCaller, core.RefundAsk{PaymentID: v.ID, AmountFen: 400, IdempotencyKey: "r1"}); err != nil {
		t.Fatal(err)
	}
	_, err := w.Checkout(context.Background(), shopCaller, order("A2", "alipay", 100))
	waiting := wantCode(t, err, core.CodeMisconfigured).PaymentID
	for range 5 {
		w.clock.Advance(20 * time.Second)
		w.sweep()
	}
	refunds, pays := w.bank.count("query_refund"), w.bank.count("pay")
	mended := func(account string) int {
		if err := w.Mended(context.Background(), func(a string) bool { return a == account }); err != nil {
			t.Fatal(err)
		}
		w.sweep()
		return w.bank.count("query_refund") + w.bank.count("pay")
	}
	if mended("another") != refunds+pays {
		t.Error("another account's change woke them")
	}
	if mended("acc1") != refunds+pays+2 {
		t.Errorf("%d calls, want one more of each than %d and %d", w.bank.count("query_refund")+w.bank.count("pay"), refunds, pays)
	}
	if !strings.HasPrefix(w.payment(waiting).Attempts[0].OutTradeNo, "01TRADE") {
		t.Error("the attempt has lost its number")
	}
}

// G20: a login that is turned away for a fault of ours does not blame the buyer's code.
func TestG20_loginIsNotBlamed(t *testing.T) {
	w := newWorld(t)
	for _, word := range []string{turnedAway, turnedAwayUnsigned} {
		w.bank.plan("login", word)
		_, err := w.Login(context.Background(), shopCaller, core.LoginAsk{Channel: "alipay_mini", AuthCode: "good"})
		if e := wantCode(t, err, core.CodeMisconfigured); e.RetryAfterSeconds != 60 {
			t.Errorf("got %+v", e)
		}
	}
}
