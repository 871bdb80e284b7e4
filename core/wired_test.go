package core_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/paymux/paymux/core"
	"github.com/paymux/paymux/core/coretest"
)

// asking is a rulebook that notes what it is asked.
type asking struct {
	rules
	asks     *[]core.Ask
	offers   *[]core.Holdings
	channels []core.ChannelID
}

func (r asking) Decide(a core.Ask) core.Decision {
	*r.asks = append(*r.asks, a)
	d := r.rules.Decide(a)
	if r.channels != nil {
		d.Channels = r.channels
	}
	d.Warnings = []core.Warning{{Rule: fmt.Sprint(a.Platform, a.Periods)}}
	return d
}

func (r asking) Offer(p core.PlatformID, h core.Holdings) core.Offer {
	*r.offers = append(*r.offers, h)
	return r.rules.Offer(p, h)
}

// The rulebook is asked the whole question, wherever it is asked: platform, every line's own
// category, instalments, and what the merchant holds, with the channels that its accounts serve
// here instead of any that configuration may name.
func TestRulebookIsAskedTheWholeQuestion(t *testing.T) {
	w := newWorld(t).with(func(m *core.Merchant) {
		m.Holdings = core.Holdings{
			Licences: []string{"l"}, Permissions: []string{"p"}, Switches: []core.FeatureSwitch{{Platform: "x"}}, Overrides: []core.Override{{Rule: "r"}},
			Channels: []core.ChannelID{"stale"},
		}
		m.Accounts[0].Channels = []core.ChannelID{"alipay_mini", "wechat_h5"}
	})
	var asks []core.Ask
	var offers []core.Holdings
	w.Rules = asking{asks: &asks, offers: &offers}
	holds := w.shop.Holdings
	holds.Channels = []core.ChannelID{"alipay_mini", "wechat_h5"}
	req := order("A1", "wechat", 100)
	req.Funding.Periods = 3
	req.Lines = []core.Line{
		{GoodsID: "a", Name: "a", Category: "physical.food", Quantity: 1, PriceFen: 40}, {GoodsID: "b", Name: "b", Category: "virtual", Quantity: 1, PriceFen: 60},
	}
	want := core.Ask{Platform: "wechat", Categories: []string{"physical.food", "virtual"}, Periods: 3, Holdings: holds}
	answered := must(w.Checkout(t.Context(), shopCaller, req))
	must(w.Check("m1", req))
	must(w.NextAttempt(t.Context(), shopCaller, core.AttemptRequest{PaymentID: answered.ID, Platform: "wechat", Funding: req.Funding, IdempotencyKey: "a"}))
	for i, got := range asks {
		if !reflect.DeepEqual(got, want) {
			t.Errorf("question %d: %+v\nwant %+v", i, got, want)
		}
	}
	if got := view(t, answered.Body).Warnings; len(asks) < 5 || len(got) != 1 || got[0].Rule != "wechat3" {
		t.Errorf("%d questions, warnings %+v", len(asks), got)
	}
	must(w.Offers("m1"))
	if len(offers) != 3 || !reflect.DeepEqual(offers[0], holds) {
		t.Errorf("offers by %+v", offers)
	}
	if _, err := w.Check("m1", order("A1", "wechat", 0)); core.CodeOf(err) != core.CodeInvalid {
		t.Errorf("a basket of nothing: %v", err)
	}
}

// Of the channels that the rules name the first that is wired and served is taken, however many
// before it are not.
func TestFirstServedChannelIsTaken(t *testing.T) {
	w := newWorld(t).with(func(m *core.Merchant) { m.Accounts[0].Channels = []core.ChannelID{"wechat_h5", "douyin_h5"} })
	w.Rules = asking{asks: new([]core.Ask), offers: new([]core.Holdings), channels: []core.ChannelID{"unknown", "alipay_mini", "wechat_h5", "douyin_h5"}}
	req := order("A1", "wechat", 100)
	// a page asks for no buyer, and minds none of another app
	req.Payer = core.Payer{OpenID: "o", AppID: "2021000000000099"}
	v := view(t, must(w.Checkout(t.Context(), shopCaller, req)).Body)
	if v.Channel != "wechat_h5" {
		t.Errorf("%s is taken", v.Channel)
	}
}

// oneWay is a channel that cannot send back.
type oneWay struct {
	core.PaymentChannel
	core.Closer
}

func TestChannelsAreWiredWhole(t *testing.T) {
	b := newBank(coretest.NewClock(time.Time{}))
	one := channel{"z", core.DoorPage, b}
	for name, list := range map[string][]core.PaymentChannel{"twice": {one, one}, "no refund": {oneWay{one, one}}} {
		_, err := core.NewChannels(list...)
		if core.CodeOf(err) != core.CodeInternal || name == "no refund" && !strings.Contains(err.Error(), "but not refund it") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if got := must(core.NewChannels(unclosing{one, one})).List()[0]; got.Closer != nil || fmt.Sprint(got.Names()) != "[refund]" {
		t.Errorf("a channel that cannot close can %v", got.Names())
	}
	wired := must(core.NewChannels(one, channel{"m", core.DoorPage, b}, channel{"a", core.DoorPage, b}))
	var ids []string
	for range 5 {
		for _, c := range wired.List() {
			ids = append(ids, string(c.Channel.ID()))
		}
	}
	if got := strings.Join(ids, ""); got != strings.Repeat("amz", 5) {
		t.Errorf("listed %s", got)
	}
	if names := fmt.Sprint(wired.List()[0].Names()); names != "[close refund authorize]" {
		t.Error(names)
	}
}

// An error tells its code, its words and its field, and leads to its cause; one that is not ours is
// a fault of ours.
func TestErrorsTellWhatTheyAre(t *testing.T) {
	cause := errors.New("cause")
	e := &core.Error{Code: core.CodeInvalid, Message: "m", Field: "f", Err: cause}
	if e.Error() != "invalid_request: m (f)" || !errors.Is(e, cause) || core.Errorf(core.CodeInvalid, "m").Error() != "invalid_request: m" {
		t.Error(e.Error())
	}
	if core.CodeOf(cause) != core.CodeInternal || core.CodeOf(nil) != "" || core.CodeOf(fmt.Errorf("more: %w", e)) != core.CodeInvalid {
		t.Error(core.CodeOf(cause))
	}
}

// Every class says whose matter it is and what a repeat can do; what a buyer hears is the buyer's
// sentence, and the neutral one of what is not theirs.
func TestEveryClassOfRefusal(t *testing.T) {
	want := map[core.Code]string{
		core.CodeBuyerBalance: "buyer mended", core.CodeBuyerAccount: "buyer mended", core.CodeBuyerLimit: "buyer mended", core.CodePayerMismatch: "buyer mended",
		core.CodeRiskRefused: "buyer mended", core.CodeSellerBalance: "merchant mended", core.CodeSellerAccount: "merchant mended",
		core.CodeGoodsRefused: "merchant never", core.CodeTextRefused: "merchant never", core.CodeRequestRefused: "merchant never",
		core.CodeMisconfigured: "operator mended", core.CodeTradeState: "nobody never", core.CodeNumberUsed: "nobody asked", core.CodeThrottled: "gateway later",
		core.CodeUndecided: "gateway asked",
	}
	neutral := core.BuyerWords("no such class")
	for _, f := range core.Faults() {
		if got := fmt.Sprint(f.Party, " ", f.Repeat); got != want[f.Code] {
			t.Errorf("%s: %s, want %s", f.Code, got, want[f.Code])
		}
		delete(want, f.Code)
		if core.BuyerWords(f.Code) != f.Buyer || f.Buyer.Empty() || f.Mend == f.Buyer || (f.Buyer == neutral) != (f.Party == core.PartyMerchant || f.Party == core.PartyOperator || f.Code == core.CodeNumberUsed) {
			t.Errorf("%s tells the buyer %+v", f.Code, f.Buyer)
		}
	}
	if len(want) > 0 || neutral.Empty() {
		t.Errorf("not listed: %v", want)
	}
}

// A gateway's words are bounded at their edges, by characters.
func TestGatewayWordsAtTheirEdges(t *testing.T) {
	long, text := strings.Repeat("A", 64), strings.Repeat("错", 256)
	w := core.GatewayWords{Code: long, SubCode: "a-b.c_9", Message: text}
	if w.Clean() != w {
		t.Errorf("%+v", w.Clean())
	}
	w = core.GatewayWords{Code: long + "A", SubCode: "a b", Message: text + "错"}.Clean()
	if w != (core.GatewayWords{Message: text}) {
		t.Errorf("%+v", w)
	}
	if got := (core.GatewayWords{Message: "a\ue000b\u200bc\u2028d"}).Clean().Message; got != "a b c d" {
		t.Errorf("%q", got)
	}
}

// changed lists copies of a request, each with one field made another; fields within are told by
// their path.
func changed[T any](given T, skip ...string) map[string]T {
	all := map[string]T{}
	var walk func(v reflect.Value, path string, index []int)
	walk = func(v reflect.Value, path string, index []int) {
		for i := range v.NumField() {
			name, at := path+v.Type().Field(i).Name, append(slices.Clone(index), i)
			if slices.Contains(skip, name) {
				continue
			}
			if v.Field(i).Kind() == reflect.Struct {
				walk(v.Field(i), name+".", at)
				continue
			}
			one := given
			n := 77
			fill(reflect.ValueOf(&one).Elem().FieldByIndex(at), &n)
			all[name] = one
		}
	}
	walk(reflect.ValueOf(given), "", nil)
	return all
}

// One more field of a request that is another makes it another request: under the same key nothing
// of it is done. Fields that decide nothing about the order are named here.
func TestEveryFieldMakesAnotherRequest(t *testing.T) {
	w, ctx := newWorld(t), context.Background()
	req := order("A1", "alipay", 100)
	req.IdempotencyKey, req.ReturnURL, req.Payer = "k", "https://shop.example/a", core.Payer{OpenID: "open", AppID: "2021000000000001"}
	v := view(t, must(w.Checkout(ctx, shopCaller, req)).Body)
	variants := changed(req, "IdempotencyKey", "Client", "Funding.Forbid", "Platform", "Lines", "ReturnURL", "AmountFen", "Payer.UserID", "Payer.AppID")
	for name, change := range map[string]func(*core.CheckoutRequest){
		"platform": func(r *core.CheckoutRequest) { r.Platform = "wechat" }, "lines": func(r *core.CheckoutRequest) {
			r.Lines = slices.Clone(r.Lines)
			r.Lines[0].Name = "茶"
		}, "return_url": func(r *core.CheckoutRequest) { r.ReturnURL = "https://shop.example/b" },
		"user": func(r *core.CheckoutRequest) { r.Payer.UserID = "2088000000000077" }, "app": func(r *core.CheckoutRequest) { r.Payer.AppID = "2021000000000002" },
		"expiry": func(r *core.CheckoutRequest) { r.ExpiresInSeconds = 901 }, "amount": func(r *core.CheckoutRequest) {
			r.Lines = slices.Clone(r.Lines)
			r.AmountFen, r.Lines[0].PriceFen = 101, 101
		},
	} {
		one := req
		change(&one)
		variants[name] = one
	}
	delete(variants, "ExpiresInSeconds")
	for name, other := range variants {
		if _, err := w.Checkout(ctx, shopCaller, other); core.CodeOf(err) != core.CodeIdempotencyMismatch {
			t.Errorf("create with another %s: %v", name, err)
		}
	}
	next := core.AttemptRequest{PaymentID: v.ID, Platform: "wechat", Payer: core.Payer{OpenID: "o", AppID: "2021000000000001"}, IdempotencyKey: "a"}
	must(w.NextAttempt(ctx, shopCaller, next))
	attempts := changed(next, "PaymentID", "IdempotencyKey", "Client", "Funding.Forbid", "Payer.UserID", "Payer.AppID")
	for name, payer := range map[string]core.Payer{"user": {UserID: "2088000000000077", OpenID: "o", AppID: "2021000000000001"}, "app": {OpenID: "o", AppID: "2021000000000002"}} {
		one := next
		one.Payer = payer
		attempts[name] = one
	}
	for name, other := range attempts {
		if _, err := w.NextAttempt(ctx, shopCaller, other); core.CodeOf(err) != core.CodeIdempotencyMismatch {
			t.Errorf("attempt with another %s: %v", name, err)
		}
	}
	paid := w.paid("A2", 1000)
	ask := core.RefundAsk{PaymentID: paid.ID, AmountFen: 10, Reason: "r", IdempotencyKey: "k"}
	must(w.Refund(ctx, shopCaller, ask))
	for name, other := range changed(ask, "IdempotencyKey") {
		if _, err := w.Refund(ctx, shopCaller, other); core.CodeOf(err) != core.CodeIdempotencyMismatch {
			t.Errorf("refund with another %s: %v", name, err)
		}
	}
}

// An error names the payment that it is about, whatever stands in the way, and says when to come
// again if that helps.
func TestEveryErrorNamesItsPayment(t *testing.T) {
	w, ctx := newWorld(t), context.Background()
	w.bank.plan("refund", "unknown")
	closing, closed, paid, unpaid := w.create("A1", "alipay", 100), w.create("A2", "wechat", 100), w.paid("A3", 100), w.create("A4", "alipay", 100)
	w.bank.plan("close", "unknown")
	w.bank.plan("query", "unknown")
	must(w.close(closing.ID))
	must(w.close(closed.ID))
	next := func(id string) error {
		_, err := w.NextAttempt(ctx, shopCaller, core.AttemptRequest{PaymentID: id, Platform: "wechat", IdempotencyKey: "a" + id})
		return err
	}
	refund := func(id string, amount core.Fen) error {
		_, err := w.Refund(ctx, shopCaller, core.RefundAsk{PaymentID: id, AmountFen: amount, IdempotencyKey: fmt.Sprint("r", id, amount)})
		return err
	}
	_, closePaid := w.close(paid.ID)
	late := core.LateAsk{PaymentID: unpaid.ID, IdempotencyKey: "l"}
	_, refundLate := w.RefundLate(ctx, shopCaller, late)
	_, acceptLate := w.AcceptLate(ctx, shopCaller, late)
	create := order("A3", "alipay", 101)
	_, exists := w.Checkout(ctx, shopCaller, create)
	create.IdempotencyKey = "k"
	_, known := w.Checkout(ctx, shopCaller, create)
	for i, c := range []struct {
		err  error
		id   string
		code core.Code
	}{
		{next(closing.ID), closing.ID, core.CodePaymentClosed}, {next(closed.ID), closed.ID, core.CodePaymentClosed}, {next(paid.ID), paid.ID, core.CodeAlreadyPaid},
		{refund(unpaid.ID, 1), unpaid.ID, core.CodeNotRefundable}, {refund(paid.ID, 101), paid.ID, core.CodeRefundExceedsPaid}, {closePaid, paid.ID, core.CodeAlreadyPaid},
		{refundLate, unpaid.ID, core.CodeNotRefundable}, {acceptLate, unpaid.ID, core.CodeWrongState}, {exists, paid.ID, core.CodeOrderExists}, {known, paid.ID, core.CodeOrderExists},
	} {
		if e := wantCode(t, c.err, c.code); e.PaymentID != c.id {
			t.Errorf("%d: %s names %q, want %q", i, e.Code, e.PaymentID, c.id)
		}
	}
	w.Failpoints = pointFunc(func(p core.Point) {
		if p == core.PointCheckoutAfterInsert {
			w.clock.Advance(15 * time.Minute) // the process stood still, to the very end
		}
	})
	_, err := w.Checkout(ctx, shopCaller, order("A5", "alipay", 100))
	if e := wantCode(t, err, core.CodePaymentExpired); e.PaymentID == "" || w.bank.count("pay") != 3 {
		t.Errorf("%+v after %d calls", e, w.bank.count("pay"))
	}
}
