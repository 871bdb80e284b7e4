package core_test

import (
	"context"
	"fmt"
	"time"

	"github.com/paymux/paymux/core"
)

// janitor sweeps every half minute, in a task of our process that a crash ends and that is then
// started again.
func (s *simWorld) janitor(until time.Time) {
	s.outside("janitor", func() {
		for s.now.Before(until) {
			s.call("sweep", s.sweepOnce)
			s.sleep(pick(s.faults, 30*time.Second, 20*time.Minute))
		}
	})
}

func pick[T any](first bool, a, b T) T {
	if first {
		return a
	}
	return b
}

// sweepOnce does what is due, as the jobs do; errors leave the row due.
func (s *simWorld) sweepOnce() {
	ctx := context.Background()
	for _, kind := range []core.DueKind{core.DueInbox, core.DueAttempt, core.DueRefund} {
		due, err := s.memory.Due(ctx, core.DueQuery{Kind: kind, Until: s.now, Limit: 1000})
		if err != nil {
			s.t.Fatal(err)
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
			s.mayFail(err)
		}
	}
}

// mayFail accepts the errors that the outside world causes, and no other.
func (s *simWorld) mayFail(err error) {
	switch code := core.CodeOf(err); code {
	case "", core.CodeUnavailable, core.CodeContended:
	default:
		s.t.Errorf("unexpected: %v", err)
	}
}

// customer is one order's whole life: a shop that creates it and may repeat, close, move and refund
// it, and a buyer who may pay it, at any moment.
func (s *simWorld) customer(n int) {
	s.outside("shop", func() {
		s.sleep(s.upTo(10 * time.Minute))
		platform := []core.PlatformID{"alipay", "wechat", "douyin"}[s.rng.IntN(3)]
		req := order(fmt.Sprint("A", n), platform, core.Fen(1+s.rng.IntN(10000)))
		if s.chance(2) {
			req.IdempotencyKey = "create-" + req.MerchantOrderNo
		}
		if s.chance(4) { // an impatient shop sends it twice at once
			s.outside("shop again", func() { s.checkout(req) })
		}
		id := s.checkout(req)
		if id == "" {
			s.count("not created")
			return
		}
		s.count("orders")
		s.buyer(id)
		s.comesBack(req)
		s.lateMoney(id)
		s.approver(id)
		switch s.rng.IntN(4) {
		case 0:
			s.sleep(s.upTo(14 * time.Minute))
			s.closeIt(id)
		case 1:
			s.sleep(s.upTo(8 * time.Minute))
			s.moveOn(id)
		}
		s.refundSome(id)
	})
}

// checkout repeats the same request until it has an answer, as a shop should.
func (s *simWorld) checkout(req core.CheckoutRequest) (id string) {
	for range 8 {
		s.call("checkout", func() {
			a, err := s.Checkout(context.Background(), shopCaller, req)
			switch core.CodeOf(err) {
			case "":
				id = a.ID
				if req.IdempotencyKey != "" {
					s.answered(req.IdempotencyKey, a)
				} else if v := view(s.t, a.Body); a.Replayed || v.Action != nil && v.Status != core.PaymentCreated && v.Status != core.PaymentPaying {
					s.t.Errorf("without a key: replayed %t, %s with %+v", a.Replayed, v.Status, v.Action)
				}
			case core.CodeInProgress, core.CodeChannelUnavailable, core.CodeMisconfigured, core.CodePaymentExpired, core.CodeUnavailable, core.CodeContended, core.CodeAttemptInFlight:
			default:
				s.t.Errorf("checkout: %v", err)
			}
		})
		if id != "" {
			return id
		}
		s.sleep(s.upTo(20 * time.Second))
	}
	return ""
}

// comesBack lets the shop repeat its create long after, both ways: it lost its books, or its
// customer pressed the button again.
func (s *simWorld) comesBack(req core.CheckoutRequest) {
	s.outside("shop comes back", func() {
		for range 2 {
			s.sleep(s.upTo(40 * time.Minute))
			s.checkout(req)
			without := req
			without.IdempotencyKey = ""
			s.checkout(without)
		}
	})
}

// buyer comes to the payment when it pleases, opens the page or not, pays or not, and sometimes
// pays what is closed or paid already.
func (s *simWorld) buyer(id string) {
	s.outside("buyer", func() {
		for range 1 + s.rng.IntN(3) {
			s.sleep(s.upTo(16 * time.Minute))
			v := s.look(id)
			a := v.Attempts[s.rng.IntN(len(v.Attempts))]
			if !s.enters(v, a) {
				continue
			}
			s.sleep(s.upTo(time.Minute))
			if !s.chance(4) {
				s.pays(v, a)
			}
		}
	})
}

func (s *simWorld) look(id string) core.PaymentView {
	v, err := s.memory.See(context.Background(), core.Key{Kind: core.OrderByPayment, Merchant: "m1", Value: id})
	if err != nil {
		s.t.Fatal(err)
	}
	return core.ViewOf(v.Order(core.Key{Kind: core.OrderByPayment, Merchant: "m1", Value: id}))
}

// enters goes to where the attempt can be paid, by the hand-off page or by an order string that was
// kept, and enters the gateway's cashier, which makes the trade if it is not there.
func (s *simWorld) enters(v core.PaymentView, a core.AttemptView) (signed bool) {
	key := core.Key{Kind: core.OrderByAttempt, Value: a.ID}
	view, err := s.memory.See(context.Background(), key)
	if err != nil {
		s.t.Fatal(err)
	}
	attempt := view.Order(key).Attempt(a.ID)
	if attempt.Token == "" {
		if attempt.Action.Type != actionOrderString {
			return true
		}
		s.count("order strings")
		signed = s.now.Before(attempt.TimeExpire)
	} else {
		s.call("open", func() {
			action, _, err := s.Open(context.Background(), attempt.Token)
			s.mayFail(err)
			signed = err == nil && !action.Empty()
		})
	}
	if signed && !s.chance(5) {
		s.bank.mu.Lock()
		s.bank.create(a.OutTradeNo, v.AmountFen)
		s.bank.mu.Unlock()
	}
	return signed
}

// pays pays at the gateway if the trade can be paid; now and then the gateway takes money for what
// it has closed, as no contract allows and S02 wants.
func (s *simWorld) pays(v core.PaymentView, a core.AttemptView) {
	s.bank.mu.Lock()
	t := s.bank.trades[a.OutTradeNo]
	over := t != nil && t.paidAt.IsZero() && (t.state == core.TradeClosed || s.unclosing && s.ended(v))
	rogue := over && s.chance(2)
	can := t != nil && t.paidAt.IsZero() && (!over || rogue)
	if can {
		t.state, t.paidAt = core.TradePaid, s.now
	}
	s.bank.mu.Unlock()
	if !can {
		return
	}
	s.count("paid at the gateway")
	if !rogue && s.chance(8) { // no message at all: only an inquiry can find it (G18)
		s.count("never notified")
		return
	}
	for i := range v.Attempts {
		if v.Attempts[i].ID == a.ID {
			s.announce(paidNotice(v, i))
		}
	}
}

// ended tells whether a gateway that closes nothing takes no more money for the payment.
func (s *simWorld) ended(v core.PaymentView) bool {
	expires, err := time.Parse(time.RFC3339Nano, v.ExpiresAt)
	if err != nil {
		s.t.Fatal(err)
	}
	return !s.now.Before(expires.Add(s.shop.Accounts[0].Grace))
}

func (s *simWorld) closeIt(id string) {
	s.call("close", func() {
		_, err := s.Close(context.Background(), shopCaller, id)
		if core.CodeOf(err) != core.CodeAlreadyPaid {
			s.mayFail(err)
		}
	})
}

// moveOn lets the buyer go on in another mini-program.
func (s *simWorld) moveOn(id string) {
	req := core.AttemptRequest{PaymentID: id, Platform: "alipay", Payer: core.Payer{UserID: "2088000000000002"}, IdempotencyKey: "move-" + id}
	for range 3 {
		done := false
		s.call("move", func() {
			a, err := s.NextAttempt(context.Background(), shopCaller, req)
			if err == nil {
				s.answered(req.IdempotencyKey, a)
			}
			switch core.CodeOf(err) {
			case core.CodeAttemptInFlight, core.CodeAlreadyPaid, core.CodePaymentClosed, core.CodePaymentExpired, core.CodeInProgress, core.CodeChannelUnavailable,
				core.CodeMisconfigured:
			default:
				s.mayFail(err)
				done = err == nil
			}
		})
		if done {
			return
		}
		s.sleep(s.upTo(time.Minute))
	}
}

// refundSome asks for up to four refunds at once, which together may be more than was paid, and
// repeats those without an answer; sometimes a person refunds in the gateway's console as well.
func (s *simWorld) refundSome(id string) {
	s.sleep(s.upTo(20 * time.Minute))
	v := s.look(id)
	if v.PaidFen == 0 {
		return
	}
	for i := range s.rng.IntN(5) {
		ask := core.RefundAsk{PaymentID: id, AmountFen: 1 + core.Fen(s.rng.Int64N(int64(v.PaidFen))), IdempotencyKey: fmt.Sprint("r", i, id)}
		s.outside("refunds", func() {
			s.sleep(s.upTo(2 * time.Second))
			s.refundUntilAnswered(ask)
		})
	}
	if s.chance(6) {
		s.consoleRefund(v)
	}
}

func (s *simWorld) refundUntilAnswered(ask core.RefundAsk) {
	for range 5 {
		done := false
		s.call("refund", func() {
			a, err := s.Refund(context.Background(), shopCaller, ask)
			switch core.CodeOf(err) {
			case "":
				s.answered(ask.IdempotencyKey, a)
				// a shop may ask until it is final, or leave it to the webhook
				done = !a.Settling || s.chance(2)
			case core.CodeRefundExceedsPaid:
				done = true
			case core.CodeInProgress:
			default:
				s.mayFail(err)
			}
		})
		if done {
			return
		}
		s.sleep(s.upTo(30 * time.Second))
	}
}

// lateMoney is what people do about money that came after the close, or twice: somebody sends it
// back through us, somebody keeps it, somebody sends it back in the gateway's console, or all at
// once.
func (s *simWorld) lateMoney(id string) {
	s.sleepThen("release", func() { s.decideLate("late money released", shopCaller, s.RefundLate, id) })
	s.sleepThen("accept", func() { s.decideLate("late money accepted", bobCaller, s.AcceptLate, id) })
	s.sleepThen("console", func() {
		v := s.look(id)
		for i, a := range v.Attempts {
			if a.State == core.AttemptLatePaid {
				s.consoleLate(v, i)
			}
		}
	})
}

// decideLate repeats one decision about late money until it has an answer, and once more for good
// measure.
func (s *simWorld) decideLate(what string, by core.Caller, decide func(context.Context, core.Caller, core.LateAsk) (core.Answered, error), id string) {
	key, done := what+" "+id, 0
	for range 5 {
		s.call("decide", func() {
			a, err := decide(context.Background(), by, core.LateAsk{PaymentID: id, IdempotencyKey: key})
			switch core.CodeOf(err) {
			case "":
				s.answered(key, a)
				if done++; done == 1 {
					s.count(what)
				}
			case core.CodeNotRefundable, core.CodeWrongState, core.CodeOverLimit:
				done = 2
			default:
				s.mayFail(err)
			}
		})
		if done == 2 {
			return
		}
		s.sleep(s.upTo(30 * time.Second))
	}
}

// approver decides on every refund that waits for somebody else than who asked. In the end all are
// decided: what was refunded in the console meanwhile is booked only when the money that they hold
// is free.
func (s *simWorld) approver(id string) {
	s.outside("approver", func() {
		for range 6 {
			s.sleep(s.upTo(time.Hour))
			for _, r := range s.look(id).Refunds {
				if r.Status == core.RefundPendingApproval {
					s.judgeIt(r.ID, !s.chance(3))
				}
			}
		}
	})
}

func (s *simWorld) judgeIt(id string, approve bool) {
	s.call("judge", func() {
		var err error
		if approve {
			_, err = s.Approve(context.Background(), bobCaller, id)
		} else {
			_, err = s.Reject(context.Background(), bobCaller, id, "")
		}
		if core.CodeOf(err) == core.CodeNotPending { // sent back in the console meanwhile
			return
		}
		s.mayFail(err)
		if err == nil {
			s.count(pick(approve, "refunds approved", "refunds rejected"))
		}
	})
}

func (s *simWorld) sleepThen(name string, work func()) {
	if s.chance(2) {
		s.outside(name, func() {
			s.sleep(time.Hour + s.upTo(30*time.Second))
			work()
		})
	}
}
