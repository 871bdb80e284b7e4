package web_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/paymux/paymux/core"
	"github.com/paymux/paymux/core/coretest"
	"github.com/paymux/paymux/core/storetest"
	"github.com/paymux/paymux/platforms"
	"github.com/paymux/paymux/web"
)

// counter is the randomness of the tests.
type counter struct {
	mu sync.Mutex
	n  byte
}

func (c *counter) Read(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i := range p {
		c.n++
		p[i] = c.n
	}
	return len(p), nil
}

// vault seals nothing: what is sealed is the store's and core's business.
type vault struct{}

func (vault) Seal(_ string, plain []byte) ([]byte, error)  { return plain, nil }
func (vault) Open(_ string, sealed []byte) ([]byte, error) { return sealed, nil }
func (vault) Pseudonym(_, text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:8])
}

// channel takes every payment, unless its gateway is silent; a page channel signs a form.
type channel struct {
	id     core.ChannelID
	door   core.Door
	silent *atomic.Bool
}

// outcome is what a call to the gateway comes to.
func (c channel) outcome() core.Answer {
	if c.silent.Load() {
		return core.Answer{Outcome: core.OutcomeUnknown}
	}
	return core.Answer{Outcome: core.OutcomeSucceeded}
}

func (c channel) ID() core.ChannelID      { return c.id }
func (c channel) Gateway() core.GatewayID { return "alipay" }
func (c channel) Door() core.Door         { return c.door }

func (c channel) Pay(_ context.Context, r core.PayRequest) core.PayResult {
	if c.door == core.DoorPage {
		return core.PayResult{Answer: core.Answer{Outcome: core.OutcomePending}, Action: core.Action{
			Type: core.ActionForm, URL: "https://gateway.example/gateway.do?charset=utf-8",
			Fields: map[string]string{"biz_content": `{"subject":"` + r.Subject + `"}`, "sign": "c2lnbg=="},
		}}
	}
	if c.silent.Load() {
		return core.PayResult{Answer: c.outcome()}
	}
	return core.PayResult{
		Answer: c.outcome(), TradeNo: "T" + r.OutTradeNo,
		Action: core.Action{Type: "alipay_trade_no", TradeNo: "T" + r.OutTradeNo},
	}
}

func (channel) Query(context.Context, core.TradeRef) core.TradeResult {
	return core.TradeResult{Answer: core.Answer{Outcome: core.OutcomeUnknown}}
}

func (c channel) Close(context.Context, core.TradeRef) core.CloseResult {
	return core.CloseResult{Answer: c.outcome()}
}

func (c channel) Refund(_ context.Context, r core.RefundRequest) core.RefundResult {
	return core.RefundResult{Answer: c.outcome(), ActualFen: r.AmountFen}
}

func (c channel) QueryRefund(_ context.Context, r core.RefundRequest) core.RefundResult {
	return core.RefundResult{Answer: c.outcome(), ActualFen: r.AmountFen}
}

func (channel) Authorize(_ context.Context, _ core.Account, code string) core.AuthorizeResult {
	if code != "good" {
		return core.AuthorizeResult{Answer: core.Answer{Outcome: core.OutcomeFailed}}
	}
	return core.AuthorizeResult{Answer: core.Answer{Outcome: core.OutcomeSucceeded}, Payer: core.Payer{UserID: buyer}}
}

func (channel) Periods() []int { return []int{3, 6, 12} }

// mail is a gateway whose messages are forms with sign=good.
type mail struct{}

func (mail) ID() core.GatewayID { return "alipay" }

func (mail) Receive(_ context.Context, a core.Account, m core.Message) core.Receipt {
	r := core.Receipt{
		Accept: core.Reply{Status: 200, ContentType: "text/plain", Body: []byte("success")},
		Refuse: core.Reply{Status: 200, ContentType: "text/plain", Body: []byte("fail")},
	}
	form, err := url.ParseQuery(string(m.Body))
	if err != nil || form.Get("sign") != "good" || m.RawQuery != "" {
		r.Code = "signature_mismatch"
		return r
	}
	r.Verified = true
	r.Notices = []core.Notice{{Kind: core.NoticePayment, AppID: a.AppID, SellerID: a.SellerID, Trade: core.Trade{
		OutTradeNo: form.Get("out_trade_no"), TradeNo: "T" + form.Get("out_trade_no"), State: core.TradePaid, TotalFen: 1999,
	}}}
	return r
}

// rules forbids virtual goods on douyin, in two layers, and warns on wechat.
type rules struct{}

func (rules) Decide(a core.Ask) core.Decision {
	d := core.Decision{Allowed: true, Platform: a.Platform, Refusals: []core.Refusal{}, Warnings: []core.Warning{}}
	d.Channels = map[core.PlatformID][]core.ChannelID{"alipay": {"alipay_mini"}, "wechat": {"wechat_h5"}, "douyin": {"douyin_h5"}}[a.Platform]
	for _, category := range a.Categories {
		if a.Platform == "douyin" && category == "virtual" {
			d.Allowed, d.Channels = false, nil
			d.Refusals = []core.Refusal{
				{Layer: core.LayerPlatform, Code: core.CodeGoodsCategoryForbidden, Rule: "douyin.goods.virtual", Message: core.Words{ZH: "抖音禁止虚拟商品", EN: "no virtual goods in Douyin"}, Remedy: core.Words{ZH: "换成实物商品", EN: "sell physical goods"}},
				{Layer: core.LayerLicence, Code: core.CodePermissionMissing, Rule: "douyin.physical", Message: core.Words{ZH: "没有实物电商权限", EN: "no permission for physical goods"}, Remedy: core.Words{ZH: "申请权限", EN: "apply for it"}},
			}
		}
		if a.Platform == "wechat" && category == "virtual" {
			d.Warnings = append(d.Warnings, core.Warning{Code: "wechat_virtual_policy", Rule: "wechat.virtual", Message: core.Words{ZH: "注意", EN: "take care"}})
		}
	}
	if d.Allowed && len(d.Channels) == 0 {
		d.Allowed = false
		d.Refusals = []core.Refusal{{Layer: core.LayerPlatform, Code: core.CodeUnknownPlatform, Rule: "platforms", Message: core.Words{ZH: "没有这个平台", EN: "no such platform"}, Remedy: core.Words{ZH: "-", EN: "-"}}}
	}
	return d
}

func (rules) Platforms() []core.PlatformID { return []core.PlatformID{"alipay", "douyin", "wechat"} }

func (rules) Offer(p core.PlatformID, _ core.Holdings) core.Offer {
	return core.Offer{Platform: p, Name: core.Words{ZH: string(p) + " 小程序", EN: string(p)}, Channels: []core.ChannelID{"alipay_mini"}, Categories: []core.OfferEntry{
		{Name: "physical", On: true, Refusals: []core.Refusal{}, Warnings: []core.Warning{}},
	}, Features: []core.OfferEntry{}}
}

type directory map[string]core.Merchant

func (d directory) Merchant(id string) (core.Merchant, bool) { m, ok := d[id]; return m, ok }

func (d directory) AccountByID(id string) (core.Account, bool) {
	for _, m := range d {
		if a, ok := m.Account(id); ok {
			return a, true
		}
	}
	return core.Account{}, false
}

type keyring map[string]web.Key

func (k keyring) Key(id string) (web.Key, bool) { key, ok := k[id]; return key, ok }

const (
	buyer      = "2088000000000002"
	baseURL    = "https://pay.example"
	signSecret = "a signing secret of enough bytes"
)

// world is a server over the real use cases and the store in memory, with two merchants, m_a and
// m_b, and a key for each role.
type world struct {
	t       testing.TB
	clock   *coretest.Clock
	cashier *core.Cashier
	options web.Options
	server  *web.Server
	log     *bytes.Buffer
	bearer  map[string]string // merchant/role → key
	keys    keyring
	silent  atomic.Bool // the gateway answers nothing
}

func merchant(id string) core.Merchant {
	return core.Merchant{
		ID: id, Name: "小店 " + id, Environment: core.Sandbox, ReturnURLs: []string{"https://shop.example/done/"}, RefundApprovalOverFen: 1500,
		Endpoints: []core.Endpoint{{ID: "hook", URL: "https://shop.example/hook"}}, Late: core.LateHold,
		Accounts: []core.Account{{
			ID: "acc_" + id, MerchantID: id, Gateway: "alipay", Environment: core.Sandbox, AppID: "20210000" + id, SellerID: "2088" + id, Active: true,
			Channels: []core.ChannelID{"alipay_mini", "wechat_h5", "douyin_h5"}, NotifyURL: baseURL + "/notify/alipay/acc_" + id,
			GatewayName: core.Words{ZH: "支付宝", EN: "Alipay"}, NeedsPayer: true, LeastTime: time.Minute, Grace: 5 * time.Minute, RefundLag: 3 * time.Minute,
			UserID: core.Shape{
				Prefix: "2088", Least: 16, Most: 16, Only: "0123456789",
				Says: core.Words{ZH: "须为以 2088 开头的 16 位数字", EN: "must be 16 digits that begin with 2088"},
			},
			Subject: core.Shape{Forbidden: "/=&"},
		}},
	}
}

func newWorld(t testing.TB, adjust ...func(*web.Options)) *world {
	t.Helper()
	w := &world{t: t, clock: coretest.NewClock(time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)), log: &bytes.Buffer{}, bearer: map[string]string{}, keys: keyring{}}
	channels, err := core.NewChannels(
		channel{"alipay_mini", core.DoorNative, &w.silent}, channel{"wechat_h5", core.DoorPage, &w.silent}, channel{"douyin_h5", core.DoorPage, &w.silent},
	)
	if err != nil {
		t.Fatal(err)
	}
	w.cashier = &core.Cashier{
		Store: storetest.NewMemory(), Channels: channels, Gateways: []core.Gateway{mail{}}, Rules: rules{},
		Merchants: directory{"m_a": merchant("m_a"), "m_b": merchant("m_b")}, Clock: w.clock, IDs: &coretest.IDs{}, Vault: vault{},
		Options: core.Options{BaseURL: baseURL, UnknownGrace: 10 * time.Minute, Skew: time.Minute, InboxKept: 24 * time.Hour, KeyKept: 24 * time.Hour},
	}
	random := &counter{}
	for _, m := range []string{"m_a", "m_b"} {
		for _, role := range web.Roles() {
			w.addBearer(m, role, random)
		}
		id := "signed_" + m
		w.keys[id] = web.Key{ID: id, MerchantID: m, Actor: "signer", Role: web.RoleAdmin, Mode: web.ModeSigned, Secret: []byte(signSecret)}
	}
	containers, err := platforms.LoadContainers(platforms.EmbeddedContainers())
	if err != nil {
		t.Fatal(err)
	}
	w.options = web.Options{
		Cashier: w.cashier, Channels: channels, Keys: w.keys, Containers: containers, Clock: w.clock, Random: random, BaseURL: baseURL,
		Logger: slog.New(slog.NewJSONHandler(w.log, &slog.HandlerOptions{Level: slog.LevelDebug})), Registry: prometheus.NewRegistry(),
		MetricsOnMain: true,
	}
	for _, f := range adjust {
		f(&w.options)
	}
	if w.server, err = web.New(w.options); err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *world) addBearer(m string, role web.Role, random io.Reader) {
	id := m + "_" + string(role)
	key, hash, err := web.NewBearerKey(id, random)
	if err != nil {
		w.t.Fatal(err)
	}
	k := web.Key{ID: id, MerchantID: m, Actor: string(role) + " of " + m, Role: role, Mode: web.ModeBearer}
	sum, err := hex.DecodeString(hash)
	if err != nil {
		w.t.Fatal(err)
	}
	copy(k.SecretHash[:], sum)
	w.keys[id], w.bearer[m+"/"+string(role)] = k, key
}

// ask is a request on its way; headers come in pairs.
func (w *world) ask(method, path, body string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(headers); i += 2 {
		if headers[i+1] == "" {
			r.Header.Del(headers[i])
			continue
		}
		r.Header.Set(headers[i], headers[i+1])
	}
	return w.send(r)
}

func (w *world) send(r *http.Request) *httptest.ResponseRecorder {
	answer := httptest.NewRecorder()
	w.server.Handler().ServeHTTP(answer, r)
	return answer
}

// as asks with the bearer key of a merchant's role, and with an idempotency key for POSTs.
func (w *world) as(who, method, path, body string, headers ...string) *httptest.ResponseRecorder {
	all := []string{"Authorization", "Bearer " + w.bearer[who]}
	if method == http.MethodPost {
		all = append(all, "Idempotency-Key", "k-"+who+path+body[:min(len(body), 3)])
	}
	if len(all) == 4 {
		all[3] = visible(all[3])
	}
	return w.ask(method, path, body, append(all, headers...)...)
}

func visible(s string) string {
	return strings.Map(func(r rune) rune {
		if r <= ' ' || r >= 0x7f {
			return '.'
		}
		return r
	}, s)
}

const basket = `"amount_fen":1999,"subject":"coffee beans","goods":[{"id":"g1","name":"beans","category":"physical.food","quantity":1,"price_fen":1999}]`

// create makes a payment and returns its view.
func (w *world) create(merchantID, platform, orderNo string) core.PaymentView {
	w.t.Helper()
	body := `{"merchant_order_no":"` + orderNo + `","platform":"` + platform + `","payer":{"user_id":"` + buyer + `"},"return_url":"https://shop.example/done/1",` + basket + `}`
	answer := w.as(merchantID+"/cashier", "POST", "/v1/payments", body, "Idempotency-Key", "")
	if answer.Code != http.StatusCreated {
		w.t.Fatalf("create answered %d: %s", answer.Code, answer.Body)
	}
	return decode[core.PaymentView](w.t, answer)
}

// limit sets the sum above which a decision about a merchant's money takes two people.
func (w *world) limit(merchantID string, fen core.Fen) {
	all := w.cashier.Merchants.(directory)
	m := all[merchantID]
	m.RefundApprovalOverFen = fen
	all[merchantID] = m
}

// pay delivers the gateway's notification that the payment's newest attempt is paid.
func (w *world) pay(p core.PaymentView) {
	w.t.Helper()
	full, err := w.cashier.Payment(context.Background(), merchantOf(p), p.ID)
	if err != nil {
		w.t.Fatal(err)
	}
	answer := w.notify(full.Attempts[len(full.Attempts)-1])
	if answer.Body.String() != "success" {
		w.t.Fatalf("notification was answered %q", answer.Body)
	}
}

func (w *world) notify(a core.AttemptView) *httptest.ResponseRecorder {
	return w.ask("POST", "/notify/alipay/"+a.Account, "out_trade_no="+a.OutTradeNo+"&sign=good", "Content-Type", "application/x-www-form-urlencoded")
}

func merchantOf(p core.PaymentView) string { return strings.TrimPrefix(p.Attempts[0].Account, "acc_") }

// tokenOf is the last part of a hand-off page's address.
func tokenOf(p core.PaymentView) string {
	return p.Action.URL[strings.LastIndexByte(p.Action.URL, '/')+1:]
}

func decode[T any](t testing.TB, answer *httptest.ResponseRecorder) T {
	t.Helper()
	var v T
	if err := json.Unmarshal(answer.Body.Bytes(), &v); err != nil {
		t.Fatalf("%v in %s", err, answer.Body)
	}
	return v
}

func problem(t testing.TB, answer *httptest.ResponseRecorder) web.Problem {
	t.Helper()
	if got := answer.Header().Get("Content-Type"); got != "application/problem+json" {
		t.Fatalf("status %d, content type %q: %s", answer.Code, got, answer.Body)
	}
	p := decode[web.Problem](t, answer)
	if p.Status != answer.Code || p.RequestID == "" || p.Title == "" || !strings.HasSuffix(p.Type, "#"+string(p.Code)) {
		t.Fatalf("status %d, problem %+v", answer.Code, p)
	}
	return p
}

// want checks status and, for problems, the code.
func want(t testing.TB, answer *httptest.ResponseRecorder, status int, code core.Code) {
	t.Helper()
	if answer.Code != status {
		t.Fatalf("status %d, want %d: %s", answer.Code, status, answer.Body)
	}
	if code != "" {
		if p := problem(t, answer); p.Code != code {
			t.Fatalf("code %s, want %s: %+v", p.Code, code, p)
		}
	}
}

// audits are all rows of the audit log.
func (w *world) audits() []core.Audit { return w.cashier.Store.(*storetest.Memory).All().Audits }

// park plants a message for an account of the merchant that contradicts the books: an amount that
// was never asked for.
// sendBack is a bank that sends a refund of m_a back.
func (w *world) sendBack(refundID string) {
	w.t.Helper()
	key := core.Key{Kind: core.OrderByRefund, Merchant: "m_a", Value: refundID}
	_, err := w.cashier.Store.Do(context.Background(), core.Unit{Keys: []core.Key{key}, Decide: func(v core.View) (core.Writes, error) {
		o := v.Order(key)
		r := o.Refund(refundID)
		r.ReturnedFen, r.ReturnedAt, o.Payment.Attention = r.AmountFen, w.clock.Now(), core.AttentionReturned
		audit := &core.Audit{ID: w.cashier.IDs.Row(), MerchantID: "m_a", Actor: "gateway", Action: "refund.returned", Object: r.ID, CreatedAt: w.clock.Now()}
		return core.Writes{Guards: []core.Row{&o.Payment, r}, Inserts: []core.Row{audit}}, nil
	}})
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) park(merchantID string) string { return w.parkFor(merchantID, "NONE") }

func (w *world) parkFor(merchantID, outTradeNo string) string {
	w.t.Helper()
	box := &core.Inbox{
		ID: w.cashier.IDs.Row(), Gateway: "alipay", Account: "acc_" + merchantID, Digest: w.cashier.IDs.Row(), Sealed: []byte(`{"notice":{"Kind":"payment"}}`),
		State: core.InboxParked, Code: "amount_mismatch", OutTradeNo: outTradeNo, ReceivedAt: w.clock.Now(), Version: 1,
	}
	verdict, err := w.cashier.Store.Do(context.Background(), core.Unit{Decide: func(core.View) (core.Writes, error) { return core.Writes{Inserts: []core.Row{box}}, nil }})
	if err != nil || verdict.Duplicate != "" {
		w.t.Fatal(verdict, err)
	}
	return box.ID
}
