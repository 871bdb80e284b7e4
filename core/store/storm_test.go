package store

import (
	"bytes"
	"cmp"
	"context"
	"encoding/gob"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/paymux/paymux/core"
	"github.com/paymux/paymux/core/coretest"
	"github.com/paymux/paymux/core/storetest"
)

// stormStore is what a storm needs: a store whose orders can be walked for inspection.
type stormStore interface {
	core.Store
	EachOrder(context.Context, func(core.Order, []core.Entry, []core.Event) error) error
}

// storm is a cashier on a real store, with a bank of its own.
type storm struct {
	*testing.T
	*core.Cashier
	store stormStore
	bank  *stormBank
	clock *coretest.Clock
	// SQLite in Go, under the race detector, takes a minute for what takes the others ten seconds
	slow bool
}

var stormCaller = core.Caller{MerchantID: "m1", KeyID: "k1", Actor: "alice"}

// storms runs a test on every store there is. The database is given time: here nothing is proven by
// its speed.
func storms(t *testing.T, test func(*storm)) {
	t.Run("memory", func(t *testing.T) { test(newStorm(t, storetest.NewMemory())) })
	for _, e := range engines() {
		t.Run(e.name, func(t *testing.T) {
			config := e.config(t)
			config.Timeout = 2 * time.Minute
			s := newStorm(t, open(t, config))
			s.slow = config.Driver == DriverSQLite
			test(s)
		})
	}
}

func newStorm(t *testing.T, store stormStore) *storm {
	t.Helper()
	now := time.Date(2026, 11, 22, 4, 0, 0, 0, time.UTC)
	bank, clock := &stormBank{trades: map[string]*stormTrade{}, now: now}, coretest.NewClock(now)
	clock.Set(now)
	channels, err := core.NewChannels(stormChannel{bank})
	if err != nil {
		t.Fatal(err)
	}
	shop := core.Merchant{ID: "m1", Environment: core.Sandbox, Accounts: []core.Account{{
		ID: "acc1", MerchantID: "m1", Gateway: "alipay", AppID: "app", SellerID: "seller", Active: true, Channels: []core.ChannelID{"alipay_mini"},
		NeedsPayer: true, LeastTime: time.Minute, Grace: 5 * time.Minute, RefundLag: 3 * time.Minute,
	}}}
	return &storm{T: t, store: store, bank: bank, clock: clock, Cashier: &core.Cashier{
		Store: store, Channels: channels, Gateways: []core.Gateway{stormMail{}}, Rules: stormRules{}, Merchants: stormShop{shop}, Clock: clock,
		IDs: &coretest.IDs{}, Vault: stormVault{}, Options: core.Options{BaseURL: "https://pay.example"},
	}}
}

// atOnce starts all n at the same moment and waits for them.
func atOnce(n int, run func(i int)) {
	var group sync.WaitGroup
	start := make(chan struct{})
	for i := range n {
		group.Go(func() {
			<-start
			run(i)
		})
	}
	close(start)
	group.Wait()
}

func stormOrder(n int) core.CheckoutRequest {
	return core.CheckoutRequest{
		MerchantOrderNo: fmt.Sprint("S", n), Platform: "alipay", AmountFen: 100, Subject: "一杯咖啡", Payer: core.Payer{UserID: "2088000000000002"},
		Lines: []core.Line{{GoodsID: "g1", Name: "咖啡", Category: "physical", Quantity: 1, PriceFen: 100}},
	}
}

// create makes n payable orders of 100 fen.
func (s *storm) create(n int) []core.PaymentView {
	made := make([]core.PaymentView, n)
	atOnce(n, func(i int) {
		a, err := s.Checkout(context.Background(), stormCaller, stormOrder(i))
		if err == nil {
			err = json.Unmarshal(a.Body, &made[i])
		}
		if err != nil {
			s.Errorf("create: %v", err)
		}
	})
	if s.Failed() {
		s.FailNow()
	}
	return made
}

// paidNotice is what the bank says when an order is paid.
func paidNotice(v core.PaymentView) core.Notice {
	no := v.Attempts[0].OutTradeNo
	return core.Notice{
		Kind: core.NoticePayment, ID: "n-" + no, AppID: "app", SellerID: "seller",
		Trade: core.Trade{OutTradeNo: no, TradeNo: "T" + no, State: core.TradePaid, TotalFen: v.AmountFen},
	}
}

// notify tells that an order is paid.
func (s *storm) notify(v core.PaymentView) { s.deliver(paidNotice(v)) }

// deliver hands a true message over.
func (s *storm) deliver(n core.Notice) {
	var body bytes.Buffer
	if err := gob.NewEncoder(&body).Encode(n); err != nil {
		s.Error(err)
	}
	r, err := s.Receive(context.Background(), "alipay", "acc1", core.Message{Method: "POST", Body: body.Bytes()})
	if err != nil || string(r.Body) != "success" {
		s.Errorf("a true message was answered %q, %v", r.Body, err)
	}
}

// calm does what is due until nothing is, holds every invariant against the bank's book, and
// returns the orders as they ended.
func (s *storm) calm() []core.Order {
	ctx := context.Background()
	s.clock.Set(s.clock.Now().Add(time.Hour))
	for range 5 {
		for _, kind := range []core.DueKind{core.DueInbox, core.DueAttempt, core.DueRefund} {
			due, err := s.store.Due(ctx, core.DueQuery{Kind: kind, Until: s.clock.Now(), Limit: 1000})
			if err != nil {
				s.Fatal(err)
			}
			for _, d := range due {
				switch kind {
				case core.DueAttempt:
					err = s.SettleAttempt(ctx, d.ID)
				case core.DueRefund:
					err = s.SettleRefund(ctx, d.MerchantID, d.ID)
				default:
					err = s.ApplyInbox(ctx, d.ID)
				}
				if err != nil {
					s.Fatal(err)
				}
			}
		}
	}
	var orders []core.Order
	check := core.Inspection{Now: s.clock.Now(), Overdue: time.Minute, Book: s.bank.truth}
	err := s.store.EachOrder(ctx, func(o core.Order, entries []core.Entry, events []core.Event) error {
		orders = append(orders, o)
		check.Order(&o, entries, events)
		return nil
	})
	if err != nil {
		s.Fatal(err)
	}
	for _, b := range check.Finish(true) {
		s.Error(b)
	}
	return orders
}

// S10, S09: 500 paid orders of 100 fen (150 on SQLite), and for each of them eight refunds of 30
// fen, all 4,000 at the same moment: three of the eight can be had.
func TestStormRefunds(t *testing.T) {
	const refunds = 8
	storms(t, func(s *storm) {
		orders := 500
		if s.slow {
			orders = 150
		}
		made := s.create(orders)
		atOnce(orders, func(i int) {
			s.bank.settle(made[i].Attempts[0].OutTradeNo)
			s.notify(made[i])
		})
		atOnce(orders*refunds, func(i int) {
			ask := core.RefundAsk{PaymentID: made[i%orders].ID, AmountFen: 30, IdempotencyKey: fmt.Sprint("r", i)}
			if _, err := s.Refund(context.Background(), stormCaller, ask); err != nil && core.CodeOf(err) != core.CodeRefundExceedsPaid {
				s.Errorf("refund: %v", err)
			}
		})
		for _, o := range s.calm() {
			truth, _ := s.bank.truth(o.Attempts[0].OutTradeNo)
			if len(o.Refunds) != 3 || o.Payment.RefundedFen != 90 || truth.RefundedFen != 90 {
				s.Errorf("%s: %d refunds of %d fen here, %d fen at the gateway; want 3 of 90", o.Payment.ID, len(o.Refunds), o.Payment.RefundedFen, truth.RefundedFen)
			}
		}
	})
}

// S01, S07: the merchant closes while the buyer pays, at every offset between the two; the gateway
// decides, and both sides agree with it. A buyer's offset is a number of closes that come first, so
// that some pay before their close, some after it, and the rest in its middle.
func TestStormCloseAgainstPay(t *testing.T) {
	const orders = 300
	storms(t, func(s *storm) {
		made, rng := s.create(orders), rand.New(rand.NewPCG(7, 7))
		offsets := make([]int, orders)
		for i := range offsets {
			offsets[i] = rng.IntN(orders + 1)
		}
		atOnce(2*orders, func(i int) {
			v := made[i/2]
			if i%2 == 0 {
				s.bank.closes.reach(offsets[i/2])
				if s.bank.settle(v.Attempts[0].OutTradeNo) {
					s.notify(v)
				}
				return
			}
			if _, err := s.Close(context.Background(), stormCaller, v.ID); err != nil && core.CodeOf(err) != core.CodeAlreadyPaid {
				s.Errorf("close: %v", err)
			}
			s.bank.closes.add() // one that found the order paid never came to the gateway
		})
		ended := map[core.PaymentStatus]int{}
		for _, o := range s.calm() {
			ended[o.Payment.Status]++
			truth, _ := s.bank.truth(o.Attempts[0].OutTradeNo)
			if want := map[bool]core.PaymentStatus{true: core.PaymentPaid, false: core.PaymentClosed}[truth.CapturedFen > 0]; o.Payment.Status != want {
				s.Errorf("%s is %s, the gateway took %d fen", o.Payment.ID, o.Payment.Status, truth.CapturedFen)
			}
		}
		s.Logf("%v", ended)
	})
}

// S04: for each of 100 paid orders the gateway's message, the job that inquires and the console's
// sync come at once: one of them books the payment, the others find it booked.
func TestStormSettledBySeveral(t *testing.T) {
	const orders = 100
	storms(t, func(s *storm) {
		made := s.create(orders)
		for _, v := range made {
			s.bank.settle(v.Attempts[0].OutTradeNo)
		}
		ctx := context.Background()
		atOnce(3*orders, func(i int) {
			v, err := made[i/3], error(nil)
			switch i % 3 {
			case 0:
				s.notify(v)
			case 1:
				err = s.SettleAttempt(ctx, v.Attempts[0].ID)
			default:
				_, err = s.Sync(ctx, stormCaller, v.ID)
			}
			if err != nil {
				s.Errorf("settle: %v", err)
			}
		})
		for _, o := range s.calm() { // calm counts events and ledger
			if o.Payment.Status != core.PaymentPaid || o.Payment.Sequence != 1 {
				s.Errorf("%s is %s after %d events", o.Payment.ID, o.Payment.Status, o.Payment.Sequence)
			}
		}
	})
}

// S12: the gateway tells of a partial refund while the rest is being refunded: whoever comes first,
// the totals only grow, and in the end all of it is back, once.
func TestStormRefundAgainstMessage(t *testing.T) {
	const orders = 60
	storms(t, func(s *storm) {
		ctx, made := context.Background(), s.create(orders)
		told := make([]core.Notice, orders)
		for i, v := range made {
			s.bank.settle(v.Attempts[0].OutTradeNo)
			s.notify(v)
			a, err := s.Refund(ctx, stormCaller, core.RefundAsk{PaymentID: v.ID, AmountFen: 40, IdempotencyKey: fmt.Sprint("part", i)})
			if err != nil {
				s.Fatal(err)
			}
			var part core.RefundView
			if err := json.Unmarshal(a.Body, &part); err != nil {
				s.Fatal(err)
			}
			told[i] = paidNotice(v)
			told[i].Kind, told[i].ID, told[i].OutRequestNo, told[i].CumulativeFen = core.NoticeRefund, "part-"+v.ID, part.OutRequestNo, 40
		}
		atOnce(2*orders, func(i int) {
			if i%2 == 0 {
				s.deliver(told[i/2])
				return
			}
			ask := core.RefundAsk{PaymentID: made[i/2].ID, AmountFen: 60, IdempotencyKey: fmt.Sprint("rest", i/2)}
			if _, err := s.Refund(ctx, stormCaller, ask); err != nil {
				s.Errorf("refund: %v", err)
			}
		})
		for _, o := range s.calm() {
			if o.Payment.Status != core.PaymentRefunded || len(o.Refunds) != 2 {
				s.Errorf("%s is %s with %d refunds", o.Payment.ID, o.Payment.Status, len(o.Refunds))
			}
		}
		s.totalsGrow()
	})
}

// totalsGrow reads what each merchant was told, in order: refunded never falls.
func (s *storm) totalsGrow() {
	err := s.store.EachOrder(context.Background(), func(o core.Order, _ []core.Entry, events []core.Event) error {
		slices.SortFunc(events, func(a, b core.Event) int { return cmp.Compare(a.Sequence, b.Sequence) })
		var last core.Fen
		for _, e := range events {
			var told core.EventView
			if err := json.Unmarshal(e.Body, &told); err != nil {
				return err
			}
			if told.Payment.RefundedFen < last {
				s.Errorf("%s: refunded falls from %d to %d fen", o.Payment.ID, last, told.Payment.RefundedFen)
			}
			last = told.Payment.RefundedFen
		}
		return nil
	})
	if err != nil {
		s.Fatal(err)
	}
}

// I01, C11: 64 times the same create, the same message and the same refund: one order, one payment,
// one payout, and one answer for all.
func TestStormSameKey(t *testing.T) {
	const times = 64
	storms(t, func(s *storm) {
		ctx := context.Background()
		req := stormOrder(1)
		req.IdempotencyKey = "create-1"
		created := s.sameAnswer(times, func() (core.Answered, error) { return s.Checkout(ctx, stormCaller, req) })
		var v core.PaymentView
		if err := json.Unmarshal(created, &v); err != nil {
			s.Fatal(err)
		}
		s.bank.settle(v.Attempts[0].OutTradeNo)
		atOnce(times, func(int) { s.notify(v) })
		ask := core.RefundAsk{PaymentID: v.ID, AmountFen: 30, IdempotencyKey: "refund-1"}
		s.sameAnswer(times, func() (core.Answered, error) { return s.Refund(ctx, stormCaller, ask) })
		orders := s.calm()
		if len(orders) != 1 || len(orders[0].Attempts) != 1 || len(orders[0].Refunds) != 1 || len(s.bank.trades) != 1 {
			s.Fatalf("%d orders, %d trades at the gateway: %+v", len(orders), len(s.bank.trades), orders)
		}
		if truth, _ := s.bank.truth(v.Attempts[0].OutTradeNo); truth.RefundedFen != 30 {
			s.Errorf("the gateway sent back %d fen, want 30", truth.RefundedFen)
		}
	})
}

// sameAnswer asks n times at once, and once more each when all is over: who got an answer got the
// same bytes, and who was told to wait gets them then.
func (s *storm) sameAnswer(n int, ask func() (core.Answered, error)) []byte {
	s.Helper()
	bodies := make([][]byte, 2*n)
	for round := range 2 {
		atOnce(n, func(i int) {
			a, err := ask()
			switch {
			case err == nil:
				bodies[round*n+i] = a.Body
			case round == 0 && core.CodeOf(err) == core.CodeInProgress:
			default:
				s.Errorf("round %d: %v", round, err)
			}
		})
	}
	final := bodies[n]
	for _, b := range bodies {
		if b != nil && !bytes.Equal(b, final) {
			s.Fatalf("the same key was answered by\n%s\nand by\n%s", b, final)
		}
	}
	return final
}
