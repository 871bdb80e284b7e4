package web_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/paymux/paymux/core"
	"github.com/paymux/paymux/web"
)

// spy is a cashier that answers what the test says and keeps what it was asked: each call's name
// and all its arguments.
type spy struct {
	web.Cashier
	calls    []any
	payments []core.PaymentView
	refunds  []core.RefundView
	events   []core.Event
	sent     []core.DeliveryView
	balances []core.Balance
	settling bool
	during   context.Context // of the last call that has one
	cause    error           // why it was over when the call came
}

// asked is one question to the spy.
type asked struct {
	Name   string
	Caller core.Caller
	Args   []any
}

func (s *spy) note(name string, caller core.Caller, args ...any) {
	s.calls = append(s.calls, asked{name, caller, args})
}

func (s *spy) Mistakes(merchantID string, r core.Request) error {
	s.note("Mistakes", core.Caller{MerchantID: merchantID}, r)
	return nil
}

func (s *spy) Payment(ctx context.Context, merchantID, id string) (core.PaymentView, error) {
	s.during, s.cause = ctx, ctx.Err()
	s.note("Payment", core.Caller{MerchantID: merchantID}, id)
	return core.PaymentView{}, nil
}

func (s *spy) Payments(ctx context.Context, q core.PaymentQuery) ([]core.PaymentView, error) {
	s.during, s.cause = ctx, ctx.Err()
	s.note("Payments", core.Caller{}, q)
	return s.payments, nil
}

func (s *spy) Refunds(ctx context.Context, q core.RefundQuery) ([]core.RefundView, error) {
	s.during, s.cause = ctx, ctx.Err()
	s.note("Refunds", core.Caller{}, q)
	return s.refunds, nil
}

func (s *spy) RefundView(ctx context.Context, merchantID, id string) (core.RefundView, error) {
	s.during, s.cause = ctx, ctx.Err()
	s.note("RefundView", core.Caller{MerchantID: merchantID}, id)
	return core.RefundView{}, nil
}

func (s *spy) EventPage(ctx context.Context, q core.EventQuery) ([]core.Event, error) {
	s.during, s.cause = ctx, ctx.Err()
	s.note("EventPage", core.Caller{}, q)
	return s.events, nil
}

func (s *spy) Deliveries(ctx context.Context, q core.DeliveryQuery) ([]core.DeliveryView, error) {
	s.during, s.cause = ctx, ctx.Err()
	s.note("Deliveries", core.Caller{}, q)
	return s.sent, nil
}

func (s *spy) Close(ctx context.Context, caller core.Caller, id string) (core.CloseOutcome, error) {
	s.during, s.cause = ctx, ctx.Err()
	s.note("Close", caller, id)
	return core.CloseOutcome{Closed: !s.settling}, nil
}

func (s *spy) Sync(ctx context.Context, caller core.Caller, id string) (core.PaymentView, error) {
	s.during, s.cause = ctx, ctx.Err()
	s.note("Sync", caller, id)
	return core.PaymentView{}, nil
}

func (s *spy) RefundLate(ctx context.Context, caller core.Caller, ask core.LateAsk) (core.Answered, error) {
	s.during, s.cause = ctx, ctx.Err()
	s.note("RefundLate", caller, ask)
	return core.Answered{Status: 200, Settling: s.settling}, nil
}

func (s *spy) AcceptLate(ctx context.Context, caller core.Caller, ask core.LateAsk) (core.Answered, error) {
	s.during, s.cause = ctx, ctx.Err()
	s.note("AcceptLate", caller, ask)
	return core.Answered{Status: 200, Settling: s.settling}, nil
}

func (s *spy) Approve(ctx context.Context, caller core.Caller, id string) (core.RefundView, error) {
	s.during, s.cause = ctx, ctx.Err()
	s.note("Approve", caller, id)
	return core.RefundView{Settling: s.settling}, nil
}

func (s *spy) Reject(ctx context.Context, caller core.Caller, id, reason string) (core.RefundView, error) {
	s.during, s.cause = ctx, ctx.Err()
	s.note("Reject", caller, id, reason)
	return core.RefundView{}, nil
}

func (s *spy) Login(ctx context.Context, caller core.Caller, ask core.LoginAsk) (core.Payer, error) {
	s.during, s.cause = ctx, ctx.Err()
	s.note("Login", caller, ask)
	return core.Payer{}, nil
}

func (s *spy) Check(merchantID string, ask core.CheckoutRequest) (core.Decision, error) {
	s.note("Check", core.Caller{MerchantID: merchantID}, ask)
	return core.Decision{Allowed: true}, nil
}

func (s *spy) NextAttempt(ctx context.Context, caller core.Caller, ask core.AttemptRequest) (core.Answered, error) {
	s.during, s.cause = ctx, ctx.Err()
	s.note("NextAttempt", caller, ask)
	return core.Answered{Status: 201, Settling: s.settling, ID: "pay_7"}, nil
}

func (s *spy) Replay(ctx context.Context, caller core.Caller, id string) (core.DeliveryView, error) {
	s.during, s.cause = ctx, ctx.Err()
	s.note("Replay", caller, id)
	return core.DeliveryView{}, nil
}

func (s *spy) ReplayEvent(ctx context.Context, caller core.Caller, event, endpoint string) (core.DeliveryView, error) {
	s.during, s.cause = ctx, ctx.Err()
	s.note("ReplayEvent", caller, event, endpoint)
	return core.DeliveryView{}, nil
}

func (s *spy) ReplayRange(ctx context.Context, caller core.Caller, ask core.RangeAsk) (core.Answered, error) {
	s.during, s.cause = ctx, ctx.Err()
	s.note("ReplayRange", caller, ask)
	return core.Answered{Status: 202}, nil
}

func (s *spy) Balances(ctx context.Context, merchantID string) ([]core.Balance, error) {
	s.during, s.cause = ctx, ctx.Err()
	s.note("Balances", core.Caller{MerchantID: merchantID})
	return s.balances, nil
}

func worldOfSpy(t *testing.T) (*world, *spy) {
	t.Helper()
	s := &spy{}
	return newWorld(t, func(o *web.Options) { s.Cashier = o.Cashier; o.Cashier = s }), s
}

// Whatever a request says beside a payment's creation reaches core too: each parameter of a query,
// each member of a body and each part of a path in its own place, under the merchant and by the
// actor of the key; and the status is the one that the outcome wants (TestBodiesReachCoreWhole has
// the rest).
func TestRequestsReachCoreWhole(t *testing.T) {
	at := time.Date(2026, 11, 22, 12, 0, 0, 7e6, time.UTC)
	lines := []core.Line{{GoodsID: "g1", LineID: "l1", MerchantOrderNo: "s1", Name: "beans", Category: "physical", Quantity: 2, PriceFen: 1999}}
	const goods = `"goods":[{"id":"g1","line_id":"l1","merchant_order_no":"s1","name":"beans","category":"physical","quantity":2,"price_fen":1999}]`
	m := core.Caller{MerchantID: "m_a"}
	actor := core.Caller{MerchantID: "m_a", KeyID: "m_a_admin", Actor: "admin of m_a"}
	basket := core.BasketAsk{CheckoutRequest: core.CheckoutRequest{Platform: "wechat", Lines: lines, AmountFen: 3998}}
	none := core.Caller{}
	for _, c := range []struct {
		method, path, body string
		status, later      int // while it is settled, and while it is not
		calls              []any
	}{
		{"GET", "/v1/payments?merchant_order_no=o1&status=paid&attention=true&limit=7&cursor=" + cursorOf("p", "1795348800007", "pay_9"), "", 200, 200, []any{
			asked{"Payments", none, []any{core.PaymentQuery{MerchantID: "m_a", MerchantOrderNo: "o1", Status: "paid", Attention: true, BeforeCreated: at, BeforeID: "pay_9", Limit: 7}}}}},
		{"GET", "/v1/payments?out_trade_no=T1&trade_no=20261&refund_no=rf_1&buyer_pseudonym=b1&created_from=2026-11-20T16:30:00%2B08:00&created_to=2026-11-20T08:31:00Z", "", 200, 200, []any{
			asked{"Payments", none, []any{core.PaymentQuery{
				MerchantID: "m_a", OutTradeNo: "T1", TradeNo: "20261", RefundNo: "rf_1", Buyers: []string{"b1"}, Limit: 20,
				CreatedFrom: time.Date(2026, 11, 20, 8, 30, 0, 0, time.UTC), CreatedTo: time.Date(2026, 11, 20, 8, 31, 0, 0, time.UTC),
			}}}}},
		{"GET", "/v1/payments", "", 200, 200, []any{asked{"Payments", none, []any{core.PaymentQuery{MerchantID: "m_a", Limit: 20}}}}},
		{"GET", "/v1/refunds?merchant_refund_no=r1&status=failed&limit=100&cursor=" + cursorOf("r", "1795348800007", "ref_9"), "", 200, 200, []any{
			asked{"Refunds", none, []any{core.RefundQuery{MerchantID: "m_a", MerchantRefundNo: "r1", Status: "failed", BeforeCreated: at, BeforeID: "ref_9", Limit: 100}}}}},
		{"GET", "/v1/events?payment_id=pay_7&limit=1&cursor=" + cursorOf("e", "row_9"), "", 200, 200, []any{
			asked{"EventPage", none, []any{core.EventQuery{MerchantID: "m_a", PaymentID: "pay_7", AfterRow: "row_9", Limit: 1}}}}},
		{"GET", "/v1/deliveries?event_id=evt_7&state=dead&limit=3&cursor=" + cursorOf("d", "dlv_9"), "", 200, 200, []any{
			asked{"Deliveries", none, []any{core.DeliveryQuery{MerchantID: "m_a", EventID: "evt_7", State: "dead", BeforeID: "dlv_9", Limit: 3}}}}},
		{"GET", "/v1/payments/pay_7", "", 200, 200, []any{asked{"Payment", m, []any{"pay_7"}}}},
		{"GET", "/v1/refunds/ref_7", "", 200, 200, []any{asked{"RefundView", m, []any{"ref_7"}}}},
		{"GET", "/v1/ledger/accounts", "", 200, 200, []any{asked{"Balances", m, nil}}},
		{"POST", "/v1/payments/pay_7/close", "", 200, 202, []any{asked{"Close", actor, []any{"pay_7"}}}},
		{"POST", "/v1/payments/pay_7/sync", "", 200, 200, []any{asked{"Sync", actor, []any{"pay_7"}}}},
		{"POST", "/v1/payments/pay_7/refund-late", "", 200, 202, []any{asked{"RefundLate", actor, []any{core.LateAsk{PaymentID: "pay_7", IdempotencyKey: "key-1"}}}}},
		{"POST", "/v1/payments/pay_7/accept-late", "", 200, 202, []any{asked{"AcceptLate", actor, []any{core.LateAsk{PaymentID: "pay_7", IdempotencyKey: "key-1"}}}}},
		{"POST", "/v1/refunds/ref_7/approve", "", 200, 202, []any{asked{"Approve", actor, []any{"ref_7"}}}},
		{"POST", "/v1/refunds/ref_7/reject", `{"reason":"no"}`, 200, 200, []any{asked{"Reject", actor, []any{"ref_7", "no"}}}},
		{"POST", "/v1/login/some", `{"auth_code":"code","account":"acc"}`, 200, 200, []any{
			asked{"Mistakes", m, []any{core.LoginAsk{Channel: "some", AccountID: "acc", AuthCode: "code"}}},
			asked{"Login", actor, []any{core.LoginAsk{Channel: "some", AccountID: "acc", AuthCode: "code"}}}}},
		{"POST", "/v1/alipay/login", `{"auth_code":"code"}`, 200, 200, []any{
			asked{"Mistakes", m, []any{core.LoginAsk{Channel: "alipay_mini", AuthCode: "code"}}},
			asked{"Login", actor, []any{core.LoginAsk{Channel: "alipay_mini", AuthCode: "code"}}}}},
		{"POST", "/v1/deliveries/dlv_7/replay", "", 202, 202, []any{asked{"Replay", actor, []any{"dlv_7"}}}},
		{"POST", "/v1/events/evt_7/replay", `{"endpoint_id":"hook"}`, 202, 202, []any{asked{"ReplayEvent", actor, []any{"evt_7", "hook"}}}},
		{"POST", "/v1/webhooks/hook/replay", `{"from":"2026-11-20T16:30:00+08:00","to":"2026-11-21T00:00:00Z","state":"all"}`, 202, 202, []any{asked{"ReplayRange", actor, []any{
			core.RangeAsk{EndpointID: "hook", From: time.Date(2026, 11, 20, 8, 30, 0, 0, time.UTC), To: time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC), Taken: true, IdempotencyKey: "key-1"}}}}},
		{"POST", "/v1/platforms/wechat/check", `{` + goods + `,"amount_fen":3998,"instalments":{"kind":"huabei","periods":3,"fee_bearer":"seller"}}`, 200, 200, []any{
			asked{"Mistakes", m, []any{basket}},
			asked{"Check", m, []any{core.CheckoutRequest{Platform: "wechat", Lines: lines, AmountFen: 3998, Funding: core.Funding{Periods: 3, FeeBearer: "seller"}}}}}},
		// core judges the sum
		{"POST", "/v1/platforms/wechat/check", `{` + goods + `,"amount_fen":17}`, 200, 200, []any{
			asked{"Mistakes", m, []any{core.BasketAsk{CheckoutRequest: core.CheckoutRequest{Platform: "wechat", Lines: lines, AmountFen: 17}}}},
			asked{"Check", m, []any{core.CheckoutRequest{Platform: "wechat", Lines: lines, AmountFen: 17}}}}},
		{"POST", "/v1/platforms/wechat/check", `{` + goods + `}`, 200, 200, []any{
			asked{"Mistakes", m, []any{core.BasketAsk{CheckoutRequest: core.CheckoutRequest{Platform: "wechat", Lines: lines}}}},
			asked{"Check", m, []any{core.CheckoutRequest{Platform: "wechat", Lines: lines, AmountFen: 3998}}}}},
		// an empty member is none
		{"POST", "/v1/platforms/wechat/check", `{` + goods + `,"instalments":{}}`, 200, 200, []any{
			asked{"Mistakes", m, []any{core.BasketAsk{CheckoutRequest: core.CheckoutRequest{Platform: "wechat", Lines: lines}}}},
			asked{"Check", m, []any{core.CheckoutRequest{Platform: "wechat", Lines: lines, AmountFen: 3998}}}}},
		{"POST", "/v1/payments/pay_7/attempts", `{"platform":"wechat","payer":{},"instalments":{},"client":{}}`, 201, 202, []any{
			asked{"Mistakes", m, []any{core.AttemptRequest{PaymentID: "pay_7", Platform: "wechat", IdempotencyKey: "key-1"}}},
			asked{"NextAttempt", actor, []any{core.AttemptRequest{PaymentID: "pay_7", Platform: "wechat", IdempotencyKey: "key-1"}}}}},
	} {
		for _, settling := range []bool{false, true} {
			w, s := worldOfSpy(t)
			s.settling = settling
			answer := w.as("m_a/admin", c.method, c.path, c.body, "Idempotency-Key", "key-1")
			status := c.status
			if settling {
				status = c.later
			}
			if answer.Code != status {
				t.Errorf("%s %s: %d, want %d: %s", c.method, c.path, answer.Code, status, answer.Body)
			}
			if !reflect.DeepEqual(s.calls, c.calls) {
				t.Errorf("%s %s asked\n%+v\nwant\n%+v", c.method, c.path, s.calls, c.calls)
			}
		}
	}
}

// A page as long as its limit ends in a cursor, which names its last row and asks for what comes
// after it; a shorter one ends the list.
func TestCursorsNameTheLastRow(t *testing.T) {
	const stamp = "2026-11-22T20:00:00.007+08:00"
	at := time.Date(2026, 11, 22, 12, 0, 0, 7e6, time.UTC)
	for _, list := range []struct {
		path string
		fill func(*spy, int)
		next asked
	}{
		{"/v1/payments", func(s *spy, n int) {
			s.payments = rows(n, func(p *core.PaymentView, id string) { p.ID, p.CreatedAt = id, stamp })
		},
			asked{"Payments", core.Caller{}, []any{core.PaymentQuery{MerchantID: "m_a", BeforeCreated: at, BeforeID: "row_2", Limit: 3}}}},
		{"/v1/refunds", func(s *spy, n int) {
			s.refunds = rows(n, func(p *core.RefundView, id string) { p.ID, p.CreatedAt = id, stamp })
		},
			asked{"Refunds", core.Caller{}, []any{core.RefundQuery{MerchantID: "m_a", BeforeCreated: at, BeforeID: "row_2", Limit: 3}}}},
		{"/v1/events", func(s *spy, n int) {
			s.events = rows(n, func(p *core.Event, id string) { p.Row, p.Body = id, []byte(`{}`) })
		},
			asked{"EventPage", core.Caller{}, []any{core.EventQuery{MerchantID: "m_a", AfterRow: "row_2", Limit: 3}}}},
		{"/v1/deliveries", func(s *spy, n int) { s.sent = rows(n, func(p *core.DeliveryView, id string) { p.ID = id }) },
			asked{"Deliveries", core.Caller{}, []any{core.DeliveryQuery{MerchantID: "m_a", BeforeID: "row_2", Limit: 3}}}},
	} {
		w, s := worldOfSpy(t)
		type page struct {
			Data       []json.RawMessage `json:"data"`
			NextCursor *string           `json:"next_cursor"`
		}
		for _, n := range []int{0, 2} {
			list.fill(s, n)
			if got := decode[page](t, w.as("m_a/viewer", "GET", list.path+"?limit=3", "")); got.NextCursor != nil || len(got.Data) != n || got.Data == nil {
				t.Errorf("%s with %d of 3: %+v", list.path, n, got)
			}
		}
		list.fill(s, 3)
		full := decode[page](t, w.as("m_a/viewer", "GET", list.path+"?limit=3", ""))
		if full.NextCursor == nil || len(full.Data) != 3 {
			t.Errorf("%s with 3 of 3: %+v", list.path, full)
			continue
		}
		s.calls = nil
		w.as("m_a/viewer", "GET", list.path+"?limit=3&cursor="+*full.NextCursor, "")
		if !reflect.DeepEqual(s.calls, []any{list.next}) {
			t.Errorf("%s goes on with %+v\nwant %+v", list.path, s.calls, list.next)
		}
	}
}

func rows[T any](n int, fill func(*T, string)) []T {
	list := make([]T, n)
	for i := range list {
		fill(&list[i], fmt.Sprint("row_", i))
	}
	return list
}

// cursorOf writes a cursor as the lists do.
func cursorOf(parts ...string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(strings.Join(parts, "|")))
}

// A cursor is what a list gave out, to the letter: one of another list, with another number of
// parts, or with a part that no row has, is refused by each list, and no core is asked.
func TestCursorsAreRead(t *testing.T) {
	for path, good := range map[string][]string{
		"/v1/payments": {"p", "1795348800007", "pay_9"}, "/v1/refunds": {"r", "1795348800007", "ref_9"}, "/v1/events": {"e", "row_9"}, "/v1/deliveries": {"d", "dlv_9"},
	} {
		w, s := worldOfSpy(t)
		with := func(i int, part string) string {
			parts := slices.Clone(good)
			parts[i] = part
			return cursorOf(parts...)
		}
		last := len(good) - 1
		bad := []string{
			with(0, "x"), with(0, ""), with(last, "a.b"), with(last, ""), with(last, "a b"), with(last, "支"), cursorOf(good[:last]...), cursorOf(append(good, "more")...),
			cursorOf(good...) + "=", "%2B" + cursorOf(good...), with(last, strings.Repeat("a", 240)),
		}
		if last == 2 {
			bad = append(bad, with(1, "-1"), with(1, "x"), with(1, ""), with(1, "99999999999999999999"), with(1, "1e3"))
		}
		for _, cursor := range bad {
			answer := w.as("m_a/viewer", "GET", path+"?cursor="+cursor, "")
			if answer.Code != 400 || problem(t, answer).Field != "cursor" || len(s.calls) != 0 {
				t.Errorf("%s?cursor=%s: %d, asked %v", path, cursor, answer.Code, s.calls)
			}
		}
		want(t, w.as("m_a/viewer", "GET", path+"?cursor="+cursorOf(good...), ""), 200, "")
	}
}

// Each account of the ledger is shown with all that the books say of it, and said what it is for;
// one that holds nothing is shown too.
func TestBalancesAreShownWhole(t *testing.T) {
	w, s := worldOfSpy(t)
	s.balances = []core.Balance{
		{Account: core.LedgerGateway, Owner: "acc_1", Fen: 700, Entries: 3}, {Account: core.LedgerGateway, Owner: "acc_2", Fen: 20, Entries: 1},
		{Account: core.LedgerMerchant, Owner: "m_a", Fen: -720, Entries: 4},
	}
	type view struct {
		Account, Owner, Meaning string
		Fen                     int64 `json:"balance_fen"`
		Entries                 int64
		Clearing                bool
	}
	var got []string
	meanings := map[string]string{}
	for _, v := range decode[struct{ Data []view }](t, w.as("m_a/viewer", "GET", "/v1/ledger/accounts", "")).Data {
		got = append(got, fmt.Sprint(v.Account, " ", v.Owner, " ", v.Fen, " ", v.Entries, " ", v.Clearing))
		if v.Meaning == "" || meanings[v.Meaning] != "" && meanings[v.Meaning] != v.Account {
			t.Errorf("%s means %q", v.Account, v.Meaning)
		}
		meanings[v.Meaning] = v.Account
	}
	want := []string{
		"gateway acc_1 700 3 false", "gateway acc_2 20 1 false", "merchant m_a -720 4 false", "refund_in_transit  0 0 true", "late_suspense  0 0 true",
		"refund_difference  0 0 false", "refund_returned  0 0 false",
	}
	if !slices.Equal(got, want) {
		t.Errorf("shown\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if len(meanings) != len(core.LedgerAccounts()) {
		t.Errorf("%d meanings for %d accounts", len(meanings), len(core.LedgerAccounts()))
	}
}

// What a platform offers is shown with how its accounts stand: those that serve one of its
// channels, and of each what it is turned away for.
func TestPlatformsShowHowAccountsStand(t *testing.T) {
	since := time.Date(2026, 11, 22, 4, 5, 6, 0, time.UTC)
	w := newWorld(t, func(o *web.Options) {
		all := o.Cashier.(*core.Cashier).Merchants.(directory)
		m := all["m_a"]
		m.Accounts = []core.Account{
			{ID: "well", MerchantID: "m_a", Active: true, Channels: []core.ChannelID{"alipay_mini"}},
			{ID: "ill", MerchantID: "m_a", Active: true, Channels: []core.ChannelID{"wechat_h5", "alipay_mini"}},
			{ID: "elsewhere", MerchantID: "m_a", Active: true, Channels: []core.ChannelID{"wechat_h5"}},
			{ID: "off", MerchantID: "m_a", Channels: []core.ChannelID{"alipay_mini"}},
		}
		all["m_a"] = m
		o.Troubles = func(account string) []core.AccountTrouble {
			if account == "ill" {
				return []core.AccountTrouble{{Cause: "isv.invalid-signature", Since: since}}
			}
			return nil
		}
	})
	type platform struct {
		Accounts []struct {
			ID       string
			Ready    bool
			Troubles []struct{ Code, Cause, Since string }
		}
	}
	for _, p := range decode[struct{ Data []platform }](t, w.as("m_a/viewer", "GET", "/v1/platforms", "")).Data {
		if got := fmt.Sprintf("%v", p.Accounts); got != "[{well true []} {ill false [{misconfigured isv.invalid-signature 2026-11-22T12:05:06.000+08:00}]}]" {
			t.Errorf("%s", got)
		}
	}
	without := newWorld(t)
	if body := without.as("m_a/viewer", "GET", "/v1/platforms", "").Body.String(); !strings.Contains(body, `"id":"acc_m_a","ready":true,"troubles":[]`) {
		t.Errorf("%s", body)
	}
}

// Each channel is shown with its door, what it can do, and the instalments that it knows.
func TestChannelsAreShownWhole(t *testing.T) {
	w := newWorld(t)
	type view struct {
		ID, Gateway, Door string
		Capabilities      []string
		Periods           []int
	}
	got := map[string]string{}
	for _, v := range decode[struct{ Data []view }](t, w.as("m_a/viewer", "GET", "/v1/channels", "")).Data {
		got[v.ID] = fmt.Sprint(v.Gateway, " ", v.Door, " ", len(v.Capabilities) > 3, " ", v.Periods)
	}
	for id, door := range map[string]string{"alipay_mini": "native", "wechat_h5": "page", "douyin_h5": "page"} {
		if got[id] != "alipay "+door+" true [3 6 12]" {
			t.Errorf("%s: %s", id, got[id])
		}
	}
}
