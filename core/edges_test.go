package core_test

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/paymux/paymux/core"
)

// wantBlamed wants the request to be blamed for the field, or not.
func (w *world) wantBlamed(name string, r core.Request, field string, blamed bool) {
	w.t.Helper()
	err := w.Mistakes("m1", r)
	found := slices.ContainsFunc(core.MistakesOf(err), func(m core.Mistake) bool { return m.Field == field })
	if found != blamed {
		w.t.Errorf("%s: blamed for %s: %v (%v)", name, field, found, err)
	}
}

// Every limit of a create holds from both sides: what is exactly at it passes, what is one beyond
// it does not.
func TestCheckoutLimitsFromBothSides(t *testing.T) {
	w := newWorld(t).with(func(m *core.Merchant) {
		m.ReturnURLs = []string{"https://shop.example/x/", "https://shop.example/back"}
	})
	of := func(change func(*core.CheckoutRequest)) *core.CheckoutRequest {
		r := order("A1", "alipay", 100)
		change(&r)
		return &r
	}
	sum := func(amount core.Fen) *core.CheckoutRequest { r := order("A1", "alipay", amount); return &r }
	lines := func(n int) *core.CheckoutRequest {
		return of(func(r *core.CheckoutRequest) { r.Lines = slices.Repeat(r.Lines, n); r.AmountFen = core.Fen(100 * n) })
	}
	prices := func(all ...core.Fen) *core.CheckoutRequest {
		return of(func(r *core.CheckoutRequest) {
			r.Lines = slices.Repeat(r.Lines, len(all))
			for i, price := range all {
				r.Lines[i].PriceFen = price
			}
		})
	}
	entries := func(n int) *core.CheckoutRequest {
		return of(func(r *core.CheckoutRequest) {
			r.Metadata = map[string]string{}
			for i := range n {
				r.Metadata[fmt.Sprint("k", i)] = "v"
			}
		})
	}
	text := func(set func(*core.CheckoutRequest, string)) func(string) *core.CheckoutRequest {
		return func(s string) *core.CheckoutRequest { return of(func(r *core.CheckoutRequest) { set(r, s) }) }
	}
	seconds := func(n int64) *core.CheckoutRequest {
		return of(func(r *core.CheckoutRequest) { r.ExpiresInSeconds = n })
	}
	number := text(func(r *core.CheckoutRequest, s string) { r.MerchantOrderNo = s })
	subject := text(func(r *core.CheckoutRequest, s string) { r.Subject = s })
	lineID := text(func(r *core.CheckoutRequest, s string) { r.Lines[0].LineID = s })
	lineNo := text(func(r *core.CheckoutRequest, s string) { r.Lines[0].MerchantOrderNo = s })
	goods := text(func(r *core.CheckoutRequest, s string) { r.Lines[0].GoodsID = s })
	name := text(func(r *core.CheckoutRequest, s string) { r.Lines[0].Name = s })
	kind := text(func(r *core.CheckoutRequest, s string) { r.Lines[0].Category = s })
	value := text(func(r *core.CheckoutRequest, s string) { r.Metadata = map[string]string{"k": s} })
	user := text(func(r *core.CheckoutRequest, s string) { r.Payer = core.Payer{UserID: s} })
	open := text(func(r *core.CheckoutRequest, s string) { r.Payer = core.Payer{OpenID: s} })
	app := text(func(r *core.CheckoutRequest, s string) { r.Payer = core.Payer{OpenID: "o", AppID: s} })
	back := text(func(r *core.CheckoutRequest, s string) { r.ReturnURL = s })
	address := func(n int) *core.CheckoutRequest {
		return back("https://shop.example/x/" + strings.Repeat("x", n-len("https://shop.example/x/")))
	}
	han := func(n int) string { return strings.Repeat("茶", n) }
	for field, c := range map[string]struct{ good, bad []*core.CheckoutRequest }{
		"expires_in_seconds": {[]*core.CheckoutRequest{seconds(300), seconds(86400), seconds(0)}, []*core.CheckoutRequest{seconds(299), seconds(86401), seconds(-1)}},
		"amount_fen":         {[]*core.CheckoutRequest{sum(1), sum(core.MaxFen)}, []*core.CheckoutRequest{sum(0), sum(core.MaxFen + 1), sum(-1)}},
		"goods":              {[]*core.CheckoutRequest{lines(1), lines(core.MaxLines)}, []*core.CheckoutRequest{lines(0), lines(core.MaxLines + 1)}},
		"goods[0].price_fen": {[]*core.CheckoutRequest{prices(0, 100), prices(core.MaxFen)}, []*core.CheckoutRequest{prices(-1, 101), prices(core.MaxFen + 1)}},
		"goods[1].price_fen": {[]*core.CheckoutRequest{prices(1, core.MaxFen-1)}, []*core.CheckoutRequest{prices(1, core.MaxFen)}},
		"goods[0].category":  {[]*core.CheckoutRequest{kind("service.hair")}, []*core.CheckoutRequest{kind("food"), kind("")}},
		"goods[0].quantity": {[]*core.CheckoutRequest{of(func(r *core.CheckoutRequest) { r.Lines[0].Quantity = 1 })},
			[]*core.CheckoutRequest{of(func(r *core.CheckoutRequest) { r.Lines[0].Quantity = 0 })}},
		"merchant_order_no": {[]*core.CheckoutRequest{number("a"), number("-_Zz09"), number(strings.Repeat("9", 64))},
			[]*core.CheckoutRequest{number(""), number(strings.Repeat("9", 65)), number("a.b"), number("订单")}},
		"subject": {[]*core.CheckoutRequest{subject(han(256))},
			[]*core.CheckoutRequest{subject(han(257)), subject("a/b"), subject("a=b"), subject("a&b"), subject("\u200b"), subject("\xff茶")}},
		"goods[0].line_id":           {[]*core.CheckoutRequest{lineID(strings.Repeat("1", 64)), lineID("")}, []*core.CheckoutRequest{lineID(strings.Repeat("1", 65)), lineID("a b")}},
		"goods[0].merchant_order_no": {[]*core.CheckoutRequest{lineNo(strings.Repeat("1", 64)), lineNo("")}, []*core.CheckoutRequest{lineNo(strings.Repeat("1", 65)), lineNo("a b")}},
		"goods[0].id":                {[]*core.CheckoutRequest{goods(han(64))}, []*core.CheckoutRequest{goods(han(65)), goods("")}},
		"goods[0].name":              {[]*core.CheckoutRequest{name(han(256))}, []*core.CheckoutRequest{name(han(257)), name("")}},
		"metadata":                   {[]*core.CheckoutRequest{entries(core.MaxMetadataEntries)}, []*core.CheckoutRequest{entries(core.MaxMetadataEntries + 1)}},
		"metadata.k":                 {[]*core.CheckoutRequest{value(strings.Repeat("x", 512)), value("")}, []*core.CheckoutRequest{value(strings.Repeat("x", 513)), value("\xff")}},
		"payer.user_id":              {[]*core.CheckoutRequest{user("2088123456789012")}, []*core.CheckoutRequest{user("208812345678901"), user("20881234567890123"), user("1088123456789012"), user("208812345678901x")}},
		"payer.open_id":              {[]*core.CheckoutRequest{open(strings.Repeat("o", 128))}, []*core.CheckoutRequest{open(strings.Repeat("o", 129))}},
		"payer.app_id":               {[]*core.CheckoutRequest{app(strings.Repeat("2", 32))}, []*core.CheckoutRequest{app(strings.Repeat("2", 33)), app("x")}},
		"return_url": {
			[]*core.CheckoutRequest{address(512), back("https://shop.example/back#x"), back("https://shop.example/back?x=/../y"), back("https://shop.example/back")},
			[]*core.CheckoutRequest{address(513), back("https://shop.example/x/a\u200bb"), back("https://shop.example/x/%2E%2e/x"), back("https://shop.example/backs"), back("https://shop.example.evil/")},
		},
	} {
		for i, r := range c.good {
			w.wantBlamed(fmt.Sprint(field, " good ", i), r, field, false)
		}
		for i, r := range c.bad {
			w.wantBlamed(fmt.Sprint(field, " bad ", i), r, field, true)
		}
	}
	w.with(func(m *core.Merchant) { m.MaxPaymentFen = 500 })
	w.wantBlamed("at the merchant's limit", sum(500), "amount_fen", false)
	w.wantBlamed("over the merchant's limit", sum(501), "amount_fen", true)
	w.with(func(m *core.Merchant) { m.MaxPaymentFen = core.MaxFen + 1 })
	w.wantBlamed("a merchant's limit beyond everybody's", sum(core.MaxFen+1), "amount_fen", true)
}

// The other requests have limits, too.
func TestOtherLimitsFromBothSides(t *testing.T) {
	w := newWorld(t)
	long := strings.Repeat("9", 64)
	for i, c := range []struct {
		request core.Request
		field   string
		blamed  bool
	}{
		{core.RefundAsk{AmountFen: 1}, "amount_fen", false},
		{core.RefundAsk{AmountFen: 0}, "amount_fen", true},
		{core.RefundAsk{AmountFen: core.MaxFen}, "amount_fen", false},
		{core.RefundAsk{AmountFen: core.MaxFen + 1}, "amount_fen", true},
		{core.RefundAsk{AmountFen: 1, MerchantRefundNo: long}, "merchant_refund_no", false},
		{core.RefundAsk{AmountFen: 1, MerchantRefundNo: long + "9"}, "merchant_refund_no", true},
		{core.RefundAsk{AmountFen: 1, MerchantRefundNo: "a b"}, "merchant_refund_no", true},
		{core.LoginAsk{AuthCode: long + long}, "auth_code", false},
		{core.LoginAsk{AuthCode: long + long + "9"}, "auth_code", true},
		{core.LoginAsk{}, "auth_code", true},
		{core.BasketAsk{}, "goods", true},
		{core.BasketAsk{}, "amount_fen", false},
		{core.BasketAsk{CheckoutRequest: core.CheckoutRequest{AmountFen: -1}}, "amount_fen", true},
	} {
		w.wantBlamed(fmt.Sprint(i), c.request, c.field, c.blamed)
	}
	for code, nonce := range map[core.Code]string{"": long, core.CodeInvalid: long + "9"} {
		if err := w.SpendNonce(t.Context(), "k", nonce, w.clock.Now()); core.CodeOf(err) != code {
			t.Errorf("a nonce of %d characters: %v", len(nonce), err)
		}
	}
}

// Of one request so many mistakes are told and no more, each field once, and a mistake about no
// field beside another one.
func TestMistakesAreCounted(t *testing.T) {
	list := []core.Mistake{{Code: core.CodeReturnURL, Field: "return_url"}, {Code: core.CodeInvalid}, {Code: core.CodeInvalid}}
	for i := range 60 {
		list = append(list, core.Mistake{Field: fmt.Sprint("f", i/2), Code: core.CodeInvalid, Message: fmt.Sprint(i)})
	}
	var e *core.Error
	err := core.Mistaken(list)
	e, _ = err.(*core.Error)
	if len(e.Mistakes) != 33 || e.Mistakes[32].Field != "return_url" || e.Code != core.CodeInvalid || e.Mistakes[2].Message != "0" {
		t.Errorf("%d mistakes, last %+v, %s", len(e.Mistakes), e.Mistakes[len(e.Mistakes)-1], e.Code)
	}
	for i := range 60 {
		list = append(list, core.Mistake{Field: fmt.Sprint("g", i), Code: core.CodeInvalid})
	}
	e, _ = core.Mistaken(list).(*core.Error)
	if len(e.Mistakes) != 50 {
		t.Errorf("%d mistakes", len(e.Mistakes))
	}
}

// asked is a store that notes how many rows were wanted.
type asked struct {
	core.Store
	limit *int
}

func (a asked) Payments(_ context.Context, q core.PaymentQuery) ([]core.Payment, error) {
	*a.limit = q.Limit
	return nil, nil
}

func (a asked) Refunds(_ context.Context, q core.RefundQuery) ([]core.Refund, error) {
	*a.limit = q.Limit
	return nil, nil
}

func (a asked) Events(_ context.Context, q core.EventQuery) ([]core.Event, error) {
	*a.limit = q.Limit
	return nil, nil
}

func (a asked) Deliveries(_ context.Context, q core.DeliveryQuery) ([]core.Delivery, error) {
	*a.limit = q.Limit
	return nil, nil
}

// Every list is bounded, whatever page is asked for.
func TestEveryListIsBounded(t *testing.T) {
	w, limit, ctx := newWorld(t), 0, context.Background()
	w.Store = asked{w.Store, &limit}
	for name, list := range map[string]func(int){
		"payments":   func(n int) { must(w.Payments(ctx, core.PaymentQuery{Limit: n})) },
		"refunds":    func(n int) { must(w.Refunds(ctx, core.RefundQuery{Limit: n})) },
		"events":     func(n int) { must(w.EventPage(ctx, core.EventQuery{Limit: n})) },
		"deliveries": func(n int) { must(w.Deliveries(ctx, core.DeliveryQuery{Limit: n})) },
	} {
		for n, want := range map[int]int{-1: 100, 0: 100, 1: 1, 99: 99, 100: 100, 101: 100, math.MaxInt: 100} {
			if list(n); limit != want {
				t.Errorf("%s: asked for %d, the store for %d", name, n, limit)
			}
		}
	}
}

// Sums and products hold at the very edges.
func TestMoneyAtItsEdges(t *testing.T) {
	const bound = core.MaxFen * 1000
	for _, c := range []struct {
		a, b core.Fen
		ok   bool
	}{
		{bound, 0, true}, {bound, 1, false}, {-bound, 0, true}, {-bound, -1, false}, {bound + 1, -1, false}, {-bound - 1, 1, false}, {1, -bound - 1, false},
		{-1, bound + 1, false}, {bound, -bound, true},
	} {
		if sum, ok := c.a.Add(c.b); ok != c.ok || ok && sum != c.a+c.b {
			t.Errorf("%d + %d: %d %v", c.a, c.b, sum, ok)
		}
	}
	for _, c := range []struct {
		a  core.Fen
		n  int64
		ok bool
	}{{core.MaxFen, 1, true}, {core.MaxFen / 2, 2, true}, {core.MaxFen/2 + 1, 2, false}, {core.MaxFen + 1, 0, false}, {core.MaxFen, 0, true}, {-1, 0, false}, {0, -1, false}} {
		if product, ok := c.a.Times(c.n); ok != c.ok || ok && product != c.a*core.Fen(c.n) {
			t.Errorf("%d * %d: %d %v", c.a, c.n, product, ok)
		}
	}
	for f, want := range map[core.Fen]string{-1: "-0.01", -12345: "-123.45", 0: "0.00", math.MinInt64: "-92233720368547758.08", 100: "1.00"} {
		if f.Yuan() != want {
			t.Errorf("%d is %s", f, f.Yuan())
		}
	}
	if core.Allocate(core.MaxFen, []int64{int64(core.MaxFen)}) == nil || core.Allocate(core.MaxFen+1, []int64{1}) != nil ||
		core.Allocate(1, []int64{math.MaxInt64, math.MaxInt64, 3}) != nil || core.Allocate(1, []int64{int64(core.MaxFen), 1}) != nil {
		t.Error("an allocation beyond what can be computed, or none at the limit")
	}
}

// A moment is what it is, to the millisecond: the last one before an edge is before it, the edge
// itself is not.
func TestEveryClockEdge(t *testing.T) {
	tick := time.Millisecond
	t.Run("a page opens until its last minute", func(t *testing.T) {
		w := newWorld(t)
		v := w.create("A1", "wechat", 100)
		w.clock.Advance(14*time.Minute - tick)
		if p := must(w.Page(t.Context(), token(v))); p.State != core.PagePayable || w.payment(v.ID).Action == nil {
			t.Error(p.State)
		}
		w.clock.Advance(tick)
		if p := must(w.Page(t.Context(), token(v))); p.State != core.PageExpired || w.payment(v.ID).Action != nil {
			t.Error(p.State)
		}
		_, err := w.NextAttempt(t.Context(), shopCaller, core.AttemptRequest{PaymentID: v.ID, Platform: "wechat", IdempotencyKey: "a"})
		if e := wantCode(t, err, core.CodePaymentExpired); e.PaymentID != v.ID {
			t.Errorf("%+v", e)
		}
	})
	t.Run("a native order shows its action until it expires", func(t *testing.T) {
		w := newWorld(t)
		v := w.create("A1", "alipay", 100)
		w.clock.Advance(15*time.Minute - tick)
		if w.payment(v.ID).Action == nil {
			t.Error("no action before the end")
		}
		w.clock.Advance(tick)
		if w.payment(v.ID).Action != nil {
			t.Error("an action at the end")
		}
		w.sweep()
		if got := w.payment(v.ID); got.Status != core.PaymentClosed || got.CloseReason != "expired" {
			t.Error(got.Status)
		}
	})
	t.Run("an unknown page closes at the end of its grace", func(t *testing.T) {
		w := newWorld(t)
		v := w.create("A1", "wechat", 100)
		w.open(v)
		w.clock.Advance(21*time.Minute - tick)
		must(0, w.SettleAttempt(t.Context(), v.Attempts[0].ID))
		if got := w.payment(v.ID); got.Status != core.PaymentPaying {
			t.Error(got.Status)
		}
		w.clock.Advance(tick)
		must(0, w.SettleAttempt(t.Context(), v.Attempts[0].ID))
		if got := w.payment(v.ID); got.Status != core.PaymentClosed {
			t.Error(got.Status)
		}
	})
	t.Run("a number that nobody knows is for a person when its grace is over", func(t *testing.T) {
		w := newWorld(t)
		n := core.Notice{Kind: core.NoticePayment, ID: "n", Trade: core.Trade{OutTradeNo: "nobodys"}}
		first := w.notify("acc1", n)
		w.clock.Advance(10*time.Minute - tick)
		before := w.notify("acc1", n)
		w.clock.Advance(tick)
		if at := w.notify("acc1", n); first != "fail" || before != "fail" || at != "success" {
			t.Error(first, before, at)
		}
	})
	t.Run("a refund that nobody knows of is for a person after a day", func(t *testing.T) {
		w := newWorld(t)
		v := w.paid("A1", 100)
		w.bank.plan("refund", "unknown")
		w.bank.plan("query_refund", "unknown", "unknown")
		w.refund(v.ID, "r", 10)
		id := w.payment(v.ID).Refunds[0].ID
		w.clock.Advance(24*time.Hour - tick)
		must(0, w.SettleRefund(t.Context(), "m1", id))
		if got := w.payment(v.ID).Attention; len(got) != 0 {
			t.Error(got)
		}
		w.clock.Advance(tick)
		must(0, w.SettleRefund(t.Context(), "m1", id))
		if got := w.payment(v.ID).Attention; fmt.Sprint(got) != "[refund_unsettled]" {
			t.Error(got)
		}
	})
	t.Run("an event is listed once it has settled", func(t *testing.T) {
		w := newWorld(t)
		w.EventSettle = time.Second
		v := w.paid("A1", 100)
		w.clock.Advance(time.Second - tick)
		before := w.events(v.ID)
		w.clock.Advance(tick)
		if before != "" || w.events(v.ID) != "payment.paid" {
			t.Error(before, w.events(v.ID))
		}
	})
	t.Run("times are kept to the millisecond, in UTC", func(t *testing.T) {
		w := newWorld(t)
		w.clock.Set(time.Date(2026, 11, 22, 12, 0, 0, 123_456_789, time.FixedZone("", 8*3600)))
		w.create("A1", "alipay", 100)
		p := w.memory.All().Orders[0].Payment
		if want := time.Date(2026, 11, 22, 4, 0, 0, 123_000_000, time.UTC); p.CreatedAt != want || p.ExpiresAt != want.Add(15*time.Minute).Truncate(time.Second) {
			t.Error(p.CreatedAt, p.ExpiresAt)
		}
	})
}
