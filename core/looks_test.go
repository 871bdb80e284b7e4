package core_test

import (
	"context"
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/paymux/paymux/core"
)

// attempt is attempt i of the first order as it is stored.
func (w *world) attempt(i int) core.Attempt { return w.memory.All().Orders[0].Attempts[i] }

// A look that comes before its time changes nothing: not a page that may still be opened, and not
// an order that waits for another attempt.
func TestEarlyLooksChangeNothing(t *testing.T) {
	w := newWorld(t)
	v := w.create("A1", "wechat", 100)
	before := w.attempt(0)
	must(0, w.SettleAttempt(t.Context(), v.Attempts[0].ID))
	if !reflect.DeepEqual(w.attempt(0), before) {
		t.Errorf("a page that nobody has opened yet: %+v", w.attempt(0))
	}
	w.open(v)
	w.bank.create(v.Attempts[0].OutTradeNo, 100).state = core.TradeClosed
	w.clock.Advance(time.Minute)
	w.sweep()
	before = w.attempt(0)
	must(0, w.SettleAttempt(t.Context(), v.Attempts[0].ID))
	if got := w.payment(v.ID); got.Status != core.PaymentCreated || !reflect.DeepEqual(w.attempt(0), before) {
		t.Errorf("an order that is open for another attempt: %s %+v", got.Status, w.attempt(0))
	}
}

// Whatever the pause would be, a look at what can be paid comes at its expiry at the latest: of a
// page that nobody entered, of a trade that waits, and of one that was turned away.
func TestLooksComeAtTheExpiryAtTheLatest(t *testing.T) {
	for name, enter := range map[string]func(*world, core.PaymentView){
		"absent":  func(*world, core.PaymentView) {},
		"waiting": func(w *world, v core.PaymentView) { w.bank.create(v.Attempts[0].OutTradeNo, 100) },
	} {
		w := newWorld(t)
		v := w.create("A1", "wechat", 100)
		w.open(v)
		enter(w, v)
		for range 6 {
			w.clock.Advance(2*time.Minute + 20*time.Second)
			must(0, w.SettleAttempt(t.Context(), v.Attempts[0].ID))
		}
		if a := w.attempt(0); a.NextAt != a.TimeExpire {
			t.Errorf("%s: looked at again at %s, it expires at %s", name, a.NextAt, a.TimeExpire)
		}
	}
}

// A trade that is paid and over for refunds is paid all the same.
func TestFinishedTradeIsPaid(t *testing.T) {
	w := newWorld(t)
	v := w.create("A1", "alipay", 100)
	w.bank.settle(v.Attempts[0].OutTradeNo, 100)
	w.bank.trades[v.Attempts[0].OutTradeNo].state = core.TradeFinished
	w.clock.Advance(time.Minute)
	w.sweep()
	if got := w.payment(v.ID); got.Status != core.PaymentPaid {
		t.Error(got.Status)
	}
}

// What a query says of a fault of ours is kept with a live attempt, and not with one that has
// ended; of an ended one nothing settles.
func TestQueriesAreHeardWhileTheAttemptLives(t *testing.T) {
	w := newWorld(t)
	v := w.create("A1", "wechat", 100)
	w.open(v)
	w.bank.plan("query", turnedAwayUnsigned)
	w.clock.Advance(time.Minute)
	w.sweep()
	if a := w.attempt(0); a.Fault != core.CodeMisconfigured || a.Said.Empty() || !a.Settling {
		t.Errorf("live: %+v", a)
	}
	w.clock.Advance(25 * time.Minute)
	w.sweep()
	w.bank.plan("query", turnedAwayUnsigned)
	w.clock.Advance(time.Hour)
	w.sweep()
	if a := w.attempt(0); a.State != core.AttemptClosed || a.Fault != "" || a.Settling {
		t.Errorf("ended: %+v", a)
	}
}

// Sync asks about what is open, what the gateway never knew, and what holds money, late money too;
// not about what the gateway has closed.
func TestSyncAsksAboutWhatItShould(t *testing.T) {
	w := newWorld(t).with(func(m *core.Merchant) { m.Late = core.LateHold })
	sync := func(v core.PaymentView) int {
		before := w.bank.count("query")
		must(w.Sync(t.Context(), shopCaller, v.ID))
		return w.bank.count("query") - before
	}
	closed, late := w.create("A1", "alipay", 100), w.create("A2", "alipay", 100)
	must(w.close(closed.ID))
	must(w.close(late.ID))
	w.payLate(late, 0)
	absent := w.create("A3", "wechat", 100)
	w.open(absent)
	w.clock.Advance(25 * time.Minute)
	w.sweep()
	if a, b, c := sync(closed), sync(late), sync(absent); a != 0 || b != 1 || c != 1 || w.payment(absent.ID).Status != core.PaymentClosed {
		t.Errorf("asked %d times about a closed one, %d about late money, %d about an unknown one", a, b, c)
	}
}

// All that waits for an account is woken, more than one page of it, and nothing that waits for
// anything else, is due already, or is gone.
func TestMendedWakesAllThatWaits(t *testing.T) {
	w := newWorld(t)
	for i := range 203 {
		w.bank.plan("pay", turnedAway)
		if _, err := w.Checkout(t.Context(), shopCaller, order(fmt.Sprint("A", i), "alipay", 100)); core.CodeOf(err) != core.CodeMisconfigured {
			t.Fatal(err)
		}
	}
	w.bank.plan("pay", "unknown")
	must(w.Checkout(t.Context(), shopCaller, order("B", "alipay", 100)))
	must(0, w.Mended(t.Context(), func(string) bool { return true }))
	awake := 0
	for _, o := range w.memory.All().Orders {
		if a := o.Attempts[0]; a.Fault != "" && a.NextAt.Equal(w.clock.Now()) {
			awake++
		} else if a.Fault == "" && a.NextAt.Equal(w.clock.Now()) {
			t.Error("what waits for an answer was woken")
		}
	}
	if awake != 203 {
		t.Errorf("%d of 203 are due", awake)
	}
	audits := len(w.memory.All().Audits)
	w.clock.Advance(time.Second)
	must(0, w.Mended(t.Context(), func(string) bool { return true }))
	if more := len(w.memory.All().Audits) - audits; more != 0 {
		t.Errorf("what is due was woken again, %d times", more)
	}
}

// failing is a store whose next change fails.
type failing struct {
	core.Store
	code core.Code
}

func (f failing) See(context.Context, ...core.Key) (core.View, error) {
	return core.View{}, core.Errorf(f.code, "for a test")
}

// Troubles of the moment leave a job due and alarm nobody; what no repeat mends is told, and what
// is not due is not put off.
func TestOnlyWhatIsStuckIsToldOf(t *testing.T) {
	for code, told := range map[core.Code]int{core.CodeContended: 0, core.CodeUnavailable: 0, core.CodeNotFound: 0, core.CodeInternal: 1, core.CodeWrongState: 1} {
		w := newWorld(t)
		v := w.create("A1", "alipay", 100)
		before := w.attempt(0)
		w.Store = failing{w.Store, code}
		wantCode(t, w.SettleAttempt(t.Context(), v.Attempts[0].ID), code)
		if !reflect.DeepEqual(before, w.attempt(0)) || len(w.watch.alerts) != told {
			t.Errorf("%s: %v", code, w.watch.alerts)
		}
	}
	w := newWorld(t)
	v := w.paid("A1", 100)
	r := w.refund(v.ID, "r", 10)
	before := w.memory.All().Orders[0]
	w.Store = failing{w.Store, core.CodeInternal}
	wantCode(t, w.SettleAttempt(t.Context(), v.Attempts[0].ID), core.CodeInternal)
	wantCode(t, w.SettleRefund(t.Context(), "m1", r.ID), core.CodeInternal)
	if !reflect.DeepEqual(before, w.memory.All().Orders[0]) {
		t.Error("what waits for nothing is looked at again")
	}
}

// A returned refund is spoken of by the accounts of its own application at its own merchant, and by
// no other; of its own trade and number.
func TestWhoMaySpeakOfAReturn(t *testing.T) {
	base := core.Account{ID: "x", MerchantID: "m1", Gateway: "alipay", AppID: "2021000000000001", SellerID: "2088000000000077", Active: true}
	for name, c := range map[string]struct {
		change func(*core.Account)
		want   string
	}{
		"the same application": {func(*core.Account) {}, "success"},
		"another application":  {func(a *core.Account) { a.AppID = "2021000000000002" }, "fail"},
		"another merchant":     {func(a *core.Account) { a.MerchantID = "m2" }, "fail"},
	} {
		w := newWorld(t)
		v := w.paid("A1", 100)
		r := w.refund(v.ID, "r", 10)
		account := base
		c.change(&account)
		w.with(func(m *core.Merchant) { m.Accounts = append(m.Accounts, account) })
		n := returnedNotice(v, "n", r.OutRequestNo, 10)
		n.AppID, n.SellerID = "", "2088000000000001"
		if got := w.notify("x", n); got != c.want || (w.payment(v.ID).Refunds[0].ReturnedFen == 10) != (c.want == "success") {
			t.Errorf("%s: %s", name, got)
		}
	}
	w := newWorld(t)
	one, two := w.paid("A1", 100), w.paid("A2", 100)
	w.refund(one.ID, "r", 10)
	w.notify("acc1", returnedNotice(two, "n", w.payment(one.ID).Refunds[0].OutRequestNo, 10))
	w.notify("acc1", returnedNotice(one, "unnamed", "", 10))
	if w.payment(one.ID).Refunds[0].ReturnedFen != 0 {
		t.Error("a number of another trade, or none, was taken for this refund's")
	}
}

// What a query says of more than was asked for is booked as what was asked for.
func TestRefundIsBookedForNoMoreThanAsked(t *testing.T) {
	w := newWorld(t)
	v := w.paid("A1", 100)
	w.bank.plan("refund", "+unknown")
	w.refund(v.ID, "r", 10)
	w.bank.trades[v.Attempts[0].OutTradeNo].coupon = -5
	w.clock.Advance(time.Minute)
	w.sweep()
	if r := w.payment(v.ID).Refunds[0]; r.Status != core.RefundSucceeded || r.ActualFen != 10 {
		t.Errorf("%+v", r)
	}
}

// noting is a store that keeps what is inserted.
type noting struct {
	core.Store
	inserted *[]core.Row
}

func (n noting) Do(ctx context.Context, u core.Unit) (core.Verdict, error) {
	decide := u.Decide
	u.Decide = func(v core.View) (core.Writes, error) {
		w, err := decide(v)
		*n.inserted = append(*n.inserted, w.Inserts...)
		return w, err
	}
	return n.Store.Do(ctx, u)
}

func (n noting) Payer(context.Context, string) (*core.SealedPayer, error) { return nil, nil }

// A nonce belongs to its key and is kept until it is told to be; a buyer whose end has come is
// named to no gateway.
func TestNoncesAndPayersHaveTheirEnds(t *testing.T) {
	w := newWorld(t)
	var rows []core.Row
	w.Store = noting{w.Store, &rows}
	until := w.clock.Now().Add(time.Hour)
	must(0, w.SpendNonce(t.Context(), "key", "nonce", until))
	if got := rows[0].(*core.Nonce); *got != (core.Nonce{KeyID: "key", Nonce: "nonce", DeleteAfter: until}) || got.RowID() != "key:nonce" {
		t.Errorf("%+v", got)
	}
	must(0, w.SpendNonce(t.Context(), "other", "nonce", until))
	wantCode(t, w.SpendNonce(t.Context(), "key", "nonce", until), core.CodeReplayedNonce)
	w.bank.plan("pay", "not_sent")
	// only the second call has to look the buyer up
	for i, want := range []core.Code{core.CodeChannelUnavailable, core.CodeInternal} {
		_, err := w.Checkout(t.Context(), shopCaller, order("A1", "alipay", 100))
		if wantCode(t, err, want); w.bank.count("pay") != 1 {
			t.Errorf("request %d: %d calls", i, w.bank.count("pay"))
		}
		w.clock.Advance(time.Minute)
	}
}

// At login an account is the caller's own, serves a native channel, and is active.
func TestLoginByAnAccountOfOnesOwn(t *testing.T) {
	w := newWorld(t)
	for account, want := range map[string]core.Code{"acc1": "", "": "", "acc2": core.CodeChannelMissing, "nobodys": core.CodeChannelMissing} {
		if _, err := w.Login(t.Context(), shopCaller, core.LoginAsk{Channel: "alipay_mini", AccountID: account, AuthCode: "good"}); core.CodeOf(err) != want {
			t.Errorf("by %q: %v", account, err)
		}
	}
	w.with(func(m *core.Merchant) { m.Accounts[0].Channels = []core.ChannelID{"wechat_h5"} })
	for _, account := range []string{"acc1", ""} {
		if _, err := w.Login(t.Context(), shopCaller, core.LoginAsk{Channel: "alipay_mini", AccountID: account, AuthCode: "good"}); core.CodeOf(err) != core.CodeChannelMissing {
			t.Errorf("by %q: %v", account, err)
		}
	}
	for channel, want := range map[core.ChannelID]core.Code{"": core.CodeNotFound, "nobodys": core.CodeNotFound, "wechat_h5": core.CodeChannelMissing} {
		if _, err := w.Login(t.Context(), shopCaller, core.LoginAsk{Channel: channel, AuthCode: "good"}); core.CodeOf(err) != want {
			t.Errorf("of channel %q: %v", channel, err)
		}
	}
}

// A list shows each payment as it is alone: what cannot be paid any more has no action. The next
// look is the nearest of all that settle.
func TestListsShowPaymentsAsTheyAre(t *testing.T) {
	w := newWorld(t)
	v := w.create("A1", "alipay", 100)
	w.clock.Advance(15 * time.Minute)
	if list := must(w.Payments(t.Context(), core.PaymentQuery{MerchantID: "m1"})); len(list) != 1 || list[0].ID != v.ID || list[0].Action != nil {
		t.Errorf("%+v", list)
	}
	at := func(minute int) time.Time { return w.clock.Now().Add(time.Duration(minute) * time.Minute) }
	o := core.Order{
		Attempts: []core.Attempt{{Settling: true, NextAt: at(3)}, {Settling: true, NextAt: at(5)}, {NextAt: at(1)}, {Settling: true}},
		Refunds:  []core.Refund{{Settling: true, NextAt: at(2)}, {Settling: true, NextAt: at(4)}, {Settling: true}, {NextAt: at(1)}},
	}
	if got := core.ViewOf(&o).NextCheckAt; got != core.Stamp(at(2)) {
		t.Errorf("the next look is at %s", got)
	}
	for status, want := range map[core.RefundStatus]string{core.RefundProcessing: "", core.RefundFailed: "c", core.RefundSucceeded: ""} {
		if got := core.RefundViewOf(&core.Refund{Status: status, FailCode: "c"}).FailCode; got != want {
			t.Errorf("%s shows %q", status, got)
		}
	}
	if day := core.BusinessDay(time.Date(2026, 3, 4, 16, 0, 0, 0, time.UTC)); day != "2026-03-05" {
		t.Error(day)
	}
	d := core.Delivery{ID: "i", EventID: "e", EndpointID: "p", State: core.DeliveryDead, Tries: 3, LastStatus: 502, LastError: "x", NextAt: at(1), CreatedAt: at(2), EndedAt: at(3)}
	if got, want := core.DeliveryViewOf(&d), (core.DeliveryView{ID: "i", EventID: "e", EndpointID: "p", State: "dead", Tries: 3, LastStatus: 502, LastError: "x", CreatedAt: core.Stamp(at(2)), EndedAt: core.Stamp(at(3))}); got != want {
		t.Errorf("%+v", got)
	}
}
