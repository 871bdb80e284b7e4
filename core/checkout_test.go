package core_test

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/paymux/paymux/core"
	"github.com/paymux/paymux/core/storetest"
)

func wantCode(t *testing.T, err error, code core.Code) *core.Error {
	t.Helper()
	if core.CodeOf(err) != code {
		t.Fatalf("got %v, want %s", err, code)
	}
	e, _ := err.(*core.Error)
	return e
}

func TestCheckoutNative(t *testing.T) {
	w := newWorld(t)
	v := w.create("A1", "alipay", 8888)
	if v.Status != core.PaymentPaying || v.Action == nil || v.Action.Type != actionTradeNo || v.Settling {
		t.Fatalf("got %+v", v)
	}
	if v.Attempts[0].OutTradeNo == "A1" || len(v.Attempts[0].OutTradeNo) > 32 {
		t.Fatal("out_trade_no must be our own")
	}
	if v.Attempts[0].TradeNo != "T"+v.Attempts[0].OutTradeNo {
		t.Fatal("the gateway's number must be kept")
	}
}

func TestCheckoutPageSignsNothing(t *testing.T) {
	w := newWorld(t)
	v := w.create("A1", "wechat", 8888)
	if v.Status != core.PaymentCreated || v.Action.Type != core.ActionH5Page || v.Attempts[0].State != core.AttemptReady {
		t.Fatalf("got %+v", v)
	}
}

// A01, A02, A03, A09: amounts and goods that cannot be.
func TestCheckoutRefusesImpossibleMoney(t *testing.T) {
	cases := map[string]struct {
		change func(*core.CheckoutRequest)
		code   core.Code
	}{
		"A01 zero":              {func(r *core.CheckoutRequest) { r.AmountFen = 0 }, core.CodeInvalid},
		"A01 negative":          {func(r *core.CheckoutRequest) { r.AmountFen = -1 }, core.CodeInvalid},
		"A02 over the cap":      {func(r *core.CheckoutRequest) { r.AmountFen = core.MaxFen + 1 }, core.CodeInvalid},
		"A03 int64 max":         {func(r *core.CheckoutRequest) { r.AmountFen = 1<<63 - 1 }, core.CodeInvalid},
		"A03 overflowing items": {func(r *core.CheckoutRequest) { r.Lines[0].PriceFen, r.Lines[0].Quantity = core.MaxFen, 1<<62 }, core.CodeInvalid},
		"A03 overflowing sum":   {func(r *core.CheckoutRequest) { r.Lines = append(r.Lines, line(core.MaxFen)) }, core.CodeInvalid},
		"A09 quantity -1":       {func(r *core.CheckoutRequest) { r.Lines[0].Quantity = -1 }, core.CodeInvalid},
		"A09 quantity 0": {func(r *core.CheckoutRequest) {
			r.Lines = append(r.Lines, line(1))
			r.Lines[1].Quantity = 0
		}, core.CodeInvalid},
		"A09 negative price":     {func(r *core.CheckoutRequest) { r.Lines[0].PriceFen = -100 }, core.CodeInvalid},
		"A09 other than goods":   {func(r *core.CheckoutRequest) { r.AmountFen = 99 }, core.CodeAmountMismatch},
		"A09 more than goods":    {func(r *core.CheckoutRequest) { r.AmountFen = 101 }, core.CodeAmountMismatch},
		"no goods":               {func(r *core.CheckoutRequest) { r.Lines = nil }, core.CodeInvalid},
		"F08 expiry negative":    {func(r *core.CheckoutRequest) { r.ExpiresInSeconds = -1 }, core.CodeInvalid},
		"F08 expiry too short":   {func(r *core.CheckoutRequest) { r.ExpiresInSeconds = 299 }, core.CodeInvalid},
		"F08 expiry too long":    {func(r *core.CheckoutRequest) { r.ExpiresInSeconds = 86401 }, core.CodeInvalid},
		"C21 subject with &":     {func(r *core.CheckoutRequest) { r.Subject = "a&total_amount=0.01" }, core.CodeInvalid},
		"nothing to be seen":     {func(r *core.CheckoutRequest) { r.Subject = " \u202e\u200b\n" }, core.CodeInvalid},
		"subject too long":       {func(r *core.CheckoutRequest) { r.Subject = strings.Repeat("长", 257) }, core.CodeInvalid},
		"goods without a name":   {func(r *core.CheckoutRequest) { r.Lines[0].Name = "\ufeff" }, core.CodeInvalid},
		"payer":                  {func(r *core.CheckoutRequest) { r.Payer.UserID = "1234" }, core.CodeInvalid},
		"payer of another shape": {func(r *core.CheckoutRequest) { r.Payer.UserID = "1234567890123456" }, core.CodeInvalid},
		"W11 foreign return":     {func(r *core.CheckoutRequest) { r.ReturnURL = "https://shop.example.evil/" }, core.CodeReturnURL},
		"W11 userinfo":           {func(r *core.CheckoutRequest) { r.ReturnURL = "https://shop.example/@evil" }, core.CodeReturnURL},
		"W11 backslash":          {func(r *core.CheckoutRequest) { r.ReturnURL = "https://shop.example/\\evil" }, core.CodeReturnURL},
		"W11 climbing":           {func(r *core.CheckoutRequest) { r.ReturnURL = "https://shop.example/done/../admin" }, core.CodeReturnURL},
		"W11 climbing, escaped":  {func(r *core.CheckoutRequest) { r.ReturnURL = "https://shop.example/done/.%2E/admin?x=1" }, core.CodeReturnURL},
		"metadata, one too many": {func(r *core.CheckoutRequest) {
			r.Metadata = map[string]string{}
			for i := range core.MaxMetadataEntries + 1 {
				r.Metadata[fmt.Sprint("k", i)] = "v"
			}
		}, core.CodeInvalid},
		"metadata, too long": {func(r *core.CheckoutRequest) {
			r.Metadata = map[string]string{"k": strings.Repeat("v", core.MaxMetadataBytes+1)}
		}, core.CodeInvalid},
		"metadata, a strange key": {func(r *core.CheckoutRequest) { r.Metadata = map[string]string{"k k": "v"} }, core.CodeInvalid},
		"line named twice": {func(r *core.CheckoutRequest) {
			r.Lines = []core.Line{line(50), line(50)}
			r.Lines[0].LineID, r.Lines[1].LineID = "x", "x"
		}, core.CodeInvalid},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			req := order("A1", "alipay", 100)
			c.change(&req)
			_, err := w.Checkout(context.Background(), shopCaller, req)
			wantCode(t, err, c.code)
			if list, _ := w.Payments(context.Background(), core.PaymentQuery{MerchantID: "m1"}); len(list) != 0 {
				t.Fatal("bad input must change nothing")
			}
		})
	}
}

// I06: a native payment without its buyer is a mistake of the request. It stores nothing, so that
// the same order number works once it is mended, and it ends no older attempt.
func TestNativePaymentNeedsItsPayer(t *testing.T) {
	w := newWorld(t)
	req := order("A1", "alipay", 100)
	req.Payer = core.Payer{}
	_, err := w.Checkout(context.Background(), shopCaller, req)
	if e := wantCode(t, err, core.CodeInvalid); e.Field != "payer" {
		t.Errorf("field %q", e.Field)
	}
	v := w.create("A1", "alipay", 100)
	_, err = w.NextAttempt(context.Background(), shopCaller, core.AttemptRequest{PaymentID: v.ID, Platform: "alipay", IdempotencyKey: "k"})
	wantCode(t, err, core.CodeInvalid)
	if now := w.payment(v.ID); now.Status != core.PaymentPaying || len(now.Attempts) != 1 || now.Action == nil {
		t.Errorf("the older attempt suffered: %+v", now)
	}
	w.create("A2", "wechat", 100) // a page's buyer is known only at the cashier
}

func line(price core.Fen) core.Line {
	return core.Line{GoodsID: "g", Name: "n", Category: "physical", Quantity: 1, PriceFen: price}
}

func TestCheckoutRefusedByRules(t *testing.T) {
	w := newWorld(t)
	req := order("A1", "douyin", 100)
	req.Lines[0].Category = "virtual"
	_, err := w.Checkout(context.Background(), shopCaller, req)
	if e := wantCode(t, err, core.CodeRefused); len(e.Refusals) != 1 {
		t.Fatal("the refusals must be named")
	}
}

// W11: a registered address without a slash at its end stands for a whole host or path, not for the
// beginning of another's name.
func TestCheckoutW11PrefixEndsAtABoundary(t *testing.T) {
	w := newWorld(t).with(func(m *core.Merchant) { m.ReturnURLs = []string{"https://shop.example", "https://other.example/done"} })
	for n, url := range []string{"https://shop.example", "https://shop.example/back", "https://shop.example?order=1", "https://other.example/done/1"} {
		req := order(fmt.Sprint("A", n), "wechat", 100)
		req.ReturnURL = url
		must(w.Checkout(context.Background(), shopCaller, req))
	}
	for _, url := range []string{"https://shop.example.evil/", "https://shop.example:8443/", "https://other.example/done-by-evil", "https://other.example/"} {
		req := order("B1", "wechat", 100)
		req.ReturnURL = url
		_, err := w.Checkout(context.Background(), shopCaller, req)
		wantCode(t, err, core.CodeReturnURL)
	}
}

// A02: a merchant's own cap is below the gateway's. What it allows to the fen passes.
func TestCheckoutA02MerchantCap(t *testing.T) {
	w := newWorld(t).with(func(m *core.Merchant) { m.MaxPaymentFen = 100 })
	_, err := w.Checkout(context.Background(), shopCaller, order("A1", "alipay", 101))
	if e := wantCode(t, err, core.CodeInvalid); e.Field != "amount_fen" {
		t.Fatal(e)
	}
	w.create("A2", "alipay", 100)
}

// I01: 64 identical creates make one order, with a key and without, and every final answer is the
// same bytes: one call made it, the others found it.
func TestCheckoutI01SixtyFourIdentical(t *testing.T) {
	for name, platform := range map[string]core.PlatformID{"": "alipay", "page": "wechat", "key": "alipay", "page key": "wechat"} {
		w := newWorld(t)
		req := order("A1", platform, 100)
		if strings.HasSuffix(name, "key") {
			req.IdempotencyKey = "k"
		}
		var made atomic.Int32
		answers := make([][]byte, 64)
		var wg sync.WaitGroup
		for i := range answers {
			wg.Go(func() {
				a, err := w.Checkout(context.Background(), shopCaller, req)
				switch {
				case core.CodeOf(err) == core.CodeInProgress && req.IdempotencyKey != "":
				case err != nil:
					t.Error(err)
				case !a.Settling:
					if answers[i] = a.Body; a.Status == 201 && !a.Replayed {
						made.Add(1)
					}
				}
			})
		}
		wg.Wait()
		again, err := w.Checkout(context.Background(), shopCaller, req)
		if err != nil || again.Replayed != (req.IdempotencyKey != "") || again.Stale || made.Load() != 1 {
			t.Fatalf("%s: %v %+v, made %d times", name, err, again, made.Load())
		}
		for _, a := range answers {
			if a != nil && !bytes.Equal(a, again.Body) {
				t.Fatalf("answers differ:\n%s\n%s", a, again.Body)
			}
		}
		if list, _ := w.Payments(context.Background(), core.PaymentQuery{MerchantID: "m1"}); len(list) != 1 {
			t.Fatalf("%d orders", len(list))
		}
		if n := w.bank.count("pay"); platform == "alipay" && n != 1 {
			t.Fatalf("the gateway was called %d times", n)
		}
	}
}

func TestCheckoutIdempotency(t *testing.T) {
	ctx := context.Background()
	w := newWorld(t)
	withKey := func(key, no string, amount core.Fen) (core.Answered, error) {
		req := order(no, "alipay", amount)
		req.IdempotencyKey = key
		return w.Checkout(ctx, shopCaller, req)
	}
	first, err := withKey("k", "A1", 100)
	if err != nil {
		t.Fatal(err)
	}
	t.Run("I02 same key, other body", func(t *testing.T) {
		_, err := withKey("k", "A1", 200)
		wantCode(t, err, core.CodeIdempotencyMismatch)
	})
	t.Run("I03 same key, other merchant", func(t *testing.T) {
		req := order("A1", "alipay", 100)
		req.IdempotencyKey = "k"
		a, err := w.Checkout(ctx, core.Caller{MerchantID: "m2", Actor: "bob"}, req)
		if err != nil || a.ID == first.ID {
			t.Fatalf("%v %s", err, a.ID)
		}
	})
	t.Run("I04 the stored answer comes back", func(t *testing.T) {
		a, err := withKey("k", "A1", 100)
		if err != nil || !a.Replayed || !bytes.Equal(a.Body, first.Body) {
			t.Fatalf("%v %+v", err, a)
		}
	})
	t.Run("I06 a refusal is not stored", func(t *testing.T) {
		if _, err := withKey("k6", "A6", 0); core.CodeOf(err) != core.CodeInvalid {
			t.Fatal(err)
		}
		if _, err := withKey("k6", "A6", 100); err != nil {
			t.Fatal(err)
		}
	})
	t.Run("I08 another key, same order number", func(t *testing.T) {
		_, err := withKey("k8", "A1", 100)
		wantCode(t, err, core.CodeOrderExists)
	})
	t.Run("I09 no key, same order number", func(t *testing.T) {
		w.create("A9", "alipay", 100)
		_, err := w.Checkout(ctx, shopCaller, order("A9", "alipay", 101))
		wantCode(t, err, core.CodeOrderExists)
	})
}

// G03, P03, I05: the gateway's answer is lost. The create is 202 and settling; the same key again
// inquires first and ends with the same number.
func TestCheckoutG03UnknownThenInquiry(t *testing.T) {
	for name, script := range map[string]string{"done and lost": "+unknown", "never arrived": "unknown"} {
		t.Run(name, func(t *testing.T) {
			ctx := context.Background()
			w := newWorld(t)
			w.bank.plan("pay", script)
			a, err := w.Checkout(ctx, shopCaller, order("A1", "alipay", 100))
			if err != nil || !a.Settling {
				t.Fatalf("%v %+v", err, a)
			}
			v := view(t, a.Body)
			if !v.Settling || v.Action != nil || v.NextCheckAt == "" || v.Status != core.PaymentCreated {
				t.Fatalf("got %+v", v)
			}
			a, err = w.Checkout(ctx, shopCaller, order("A1", "alipay", 100))
			if err != nil || a.Settling {
				t.Fatalf("%v %+v", err, a)
			}
			w2 := view(t, a.Body)
			if w.bank.count("query") == 0 || w2.Action == nil || w2.Attempts[0].OutTradeNo != v.Attempts[0].OutTradeNo || len(w2.Attempts) != 1 {
				t.Fatalf("got %+v after %d queries", w2, w.bank.count("query"))
			}
		})
	}
}

// P02, P04: the process dies after the commit. Whoever comes later inquires, and the order is
// payable by the same number.
func TestCheckoutP02JanitorFinishes(t *testing.T) {
	w := newWorld(t)
	w.Failpoints = pointFunc(func(p core.Point) {
		if p == core.PointCheckoutAfterInsert {
			panic("killed")
		}
	})
	func() {
		defer func() { _ = recover() }()
		_, _ = w.Checkout(context.Background(), shopCaller, order("A1", "alipay", 100))
	}()
	w.Failpoints = nil
	w.clock.Advance(time.Minute)
	w.sweep()
	list, _ := w.Payments(context.Background(), core.PaymentQuery{MerchantID: "m1"})
	if len(list) != 1 || list[0].Status != core.PaymentPaying || list[0].Action == nil {
		t.Fatalf("got %+v", list)
	}
	if w.bank.count("query") == 0 {
		t.Fatal("inquiry comes before a retry")
	}
}

type pointFunc func(core.Point)

func (f pointFunc) Pass(p core.Point) { f(p) }

// G01, G13: nothing reached the gateway. The caller is told to come again, and the same request
// makes the order payable.
func TestCheckoutG01NotSent(t *testing.T) {
	w := newWorld(t)
	w.bank.plan("pay", "not_sent")
	_, err := w.Checkout(context.Background(), shopCaller, order("A1", "alipay", 100))
	if e := wantCode(t, err, core.CodeChannelUnavailable); e.RetryAfterSeconds == 0 {
		t.Fatal("no Retry-After")
	}
	if v := w.create("A1", "alipay", 100); v.Status != core.PaymentPaying || len(v.Attempts) != 1 {
		t.Fatalf("got %+v", v)
	}
}

// S06: the gateway refuses for good; the same request makes a new attempt with a new number.
func TestCheckoutS06RefusedThenAgain(t *testing.T) {
	w := newWorld(t)
	w.bank.plan("pay", "failed")
	_, err := w.Checkout(context.Background(), shopCaller, order("A1", "alipay", 100))
	wantCode(t, err, core.CodeChannelRefused)
	v := w.create("A1", "alipay", 100)
	if len(v.Attempts) != 2 || v.Attempts[0].State != core.AttemptClosed || v.Attempts[0].OutTradeNo == v.Attempts[1].OutTradeNo {
		t.Fatalf("got %+v", v.Attempts)
	}
}

// A payment whose only attempt was refused still ends: it closes when it expires.
func TestCheckoutRefusedPaymentExpires(t *testing.T) {
	w := newWorld(t)
	w.bank.plan("pay", "failed")
	_, err := w.Checkout(context.Background(), shopCaller, order("A1", "alipay", 100))
	e := wantCode(t, err, core.CodeChannelRefused)
	w.clock.Advance(time.Hour)
	w.sweep()
	if v := w.payment(e.PaymentID); v.Status != core.PaymentClosed {
		t.Fatalf("status %s", v.Status)
	}
}

// D01: the commit is not answered. The witness row tells that it was done, so there is one order.
func TestCheckoutD01CommitWithoutAnswer(t *testing.T) {
	w := newWorld(t)
	w.memory.Fail(storetest.FaultAfter)
	w.create("A1", "wechat", 100)
	w.memory.Fail(storetest.FaultSilent)
	_, err := w.Checkout(context.Background(), shopCaller, order("A2", "wechat", 100))
	wantCode(t, err, core.CodeUnavailable)
	if v := w.create("A2", "wechat", 100); v.MerchantOrderNo != "A2" {
		t.Fatal("the same request must find its order")
	}
	if list, _ := w.Payments(context.Background(), core.PaymentQuery{MerchantID: "m1"}); len(list) != 2 {
		t.Fatalf("%d orders", len(list))
	}
}

func TestAllocateSumsExactly(t *testing.T) {
	for _, c := range []struct {
		total   core.Fen
		weights []int64
		want    string
	}{
		{8888, []int64{1, 1, 1}, "[2963 2963 2962]"}, {1, []int64{1, 1}, "[1 0]"}, {0, []int64{5}, "[0]"}, {10, []int64{0, 3}, "[0 10]"},
		{core.MaxFen, []int64{int64(core.MaxFen) - 1, 1}, "[9999999999 1]"}, {5, nil, "[]"}, {5, []int64{-1, 2}, "[]"},
	} {
		if got := fmt.Sprint(core.Allocate(c.total, c.weights)); got != c.want {
			t.Errorf("Allocate(%d, %v) = %s, want %s", c.total, c.weights, got, c.want)
		}
	}
}
