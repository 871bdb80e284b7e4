package web_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/paymux/paymux/core"
	"github.com/paymux/paymux/web"
)

// User agents as the three apps and a phone's own browser send them.
const (
	uaSafari     = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1"
	uaWeChat     = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 MicroMessenger/8.0.50(0x1800322c) NetType/WIFI Language/zh_CN"
	uaWeChatMini = uaWeChat + " miniProgram/wx0123456789abcdef"
	uaWeCom      = "Mozilla/5.0 (iPhone) AppleWebKit/605.1.15 wxwork/4.1.0 MicroMessenger/7.0.1 Language/zh"
	uaDouyin     = "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/120 Mobile Safari/537.36 aweme/310000 BytedanceWebview/d8a21c6"
	uaDouyinMini = uaDouyin + " ToutiaoMicroApp/3.0"
	uaKuaishou   = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 Kwai/12.9.10.8962 Yoda/3.0.3.1 WebViewType/WK"
	uaAlipay     = "Mozilla/5.0 (iPhone) AppleWebKit/605.1.15 Mobile AliApp(AP/10.6.0) AlipayClient/10.6.0"
)

func (w *world) page(path, userAgent string) *httptest.ResponseRecorder {
	return w.ask("GET", path, "", "User-Agent", userAgent)
}

// What each container is shown: the form in a browser, the way out in an app, the link first where
// the menu has no way out.
func TestHandOffByContainer(t *testing.T) {
	w := newWorld(t)
	path := "/h5/" + tokenOf(w.create("m_a", "wechat", "o1"))
	for _, c := range []struct {
		name, ua                 string
		form, guide, mask, doubt bool
	}{
		{"Safari", uaSafari, true, false, false, false},
		{"Alipay", uaAlipay, true, false, false, false},
		{"no user agent", "", true, false, false, false},
		{"WeChat", uaWeChat, false, true, true, false},
		{"WeCom", uaWeCom, false, true, true, false},
		{"WeChat mini-program", uaWeChatMini, false, true, false, false},
		{"Douyin", uaDouyin, false, true, true, true},
		{"Douyin mini-program", uaDouyinMini, false, true, false, false},
		{"Kuaishou", uaKuaishou, false, true, false, true},
		{"WeChat in capitals", strings.ToUpper(uaWeChat), false, true, true, false},
	} {
		answer := w.page(path, c.ua)
		body := answer.Body.String()
		has := func(s string) bool { return strings.Contains(body, s) }
		if answer.Code != 200 || has(`id="pay"`) != c.form || has(`id="copy"`) != c.guide || has(`id="mask"`) != c.mask {
			t.Errorf("%s: %d form %t guide %t mask %t", c.name, answer.Code, has(`id="pay"`), has(`id="copy"`), has(`id="mask"`))
		}
		for _, text := range []string{"小店 m_a", "19.99", "coffee beans"} {
			if !has(text) {
				t.Errorf("%s does not show %q", c.name, text)
			}
		}
		if c.guide && !c.mask && strings.Index(body, `id="copy"`) > strings.Index(body, `class="steps"`) {
			t.Errorf("%s: the link is not first", c.name)
		}
		if c.guide && !has(baseURL+path) {
			t.Errorf("%s: the link is not shown", c.name)
		}
		if doubt := strings.Contains(body, "可能打不开") && strings.Contains(body, "may be unable to open Alipay"); doubt != c.doubt {
			t.Errorf("%s: doubt %t", c.name, doubt)
		}
	}
}

// Looking signs nothing; the post from a browser does, once for all reopenings; a post from inside
// an app is refused with the guide, whatever else it says (W22).
func TestOnlyAPostFromABrowserOpens(t *testing.T) {
	w := newWorld(t)
	p := w.create("m_a", "wechat", "o1")
	path := "/h5/" + tokenOf(p)
	opened := func() string {
		return decode[core.PaymentView](t, w.as("m_a/viewer", "GET", "/v1/payments/"+p.ID, "")).Attempts[0].OpenedAt
	}
	for _, ua := range []string{uaSafari, uaWeChat, "facebookexternalhit/1.1"} {
		w.page(path, ua)
		w.page(path+"/status", ua)
		w.page("/return/"+tokenOf(p), ua)
	}
	for _, ua := range []string{uaWeChat, uaWeChatMini, uaDouyin, uaDouyinMini, uaKuaishou} {
		answer := w.ask("POST", path+"/pay", "", "User-Agent", ua)
		if answer.Code != 403 || !strings.Contains(answer.Body.String(), `id="copy"`) || strings.Contains(answer.Body.String(), "gateway.example") {
			t.Errorf("post from %s: %d", ua, answer.Code)
		}
	}
	if at := opened(); at != "" {
		t.Fatalf("opened at %s without a post from a browser", at)
	}
	first := w.ask("POST", path+"/pay", "", "User-Agent", uaSafari)
	if first.Code != 200 || opened() == "" {
		t.Fatalf("%d, opened %q", first.Code, opened())
	}
	for _, part := range []string{
		`method="post"`, `action="https://gateway.example/gateway.do?charset=utf-8"`, `name="sign" value="c2lnbg=="`,
		`name="biz_content" value="{&#34;subject&#34;:&#34;coffee beans&#34;}"`,
	} {
		if !strings.Contains(first.Body.String(), part) {
			t.Errorf("the form lacks %s", part)
		}
	}
	if csp := first.Header().Get("Content-Security-Policy"); !strings.Contains(csp, "form-action https://gateway.example;") {
		t.Errorf("policy of the form: %s", csp)
	}
}

// W43: whoever holds a page's link spends tries of their own and never the buyer's, from however
// many addresses; and a page costs a bounded number of signatures.
func TestW43_LinkHoldersLeaveTheBuyerTheButton(t *testing.T) {
	open := opener(newWorld(t))
	opened := map[int]int{}
	for host := range 40 {
		for range 12 {
			opened[open(fmt.Sprintf("203.0.113.%d:1", host), "")]++
		}
	}
	// each its first five, and of the others sixty
	if opened[200] != 40*5+60 || opened[200]+opened[429] != 40*12 {
		t.Errorf("of 480 tries %v", opened)
	}
	for i := range 5 {
		if code := open("198.51.100.1:1", ""); code != 200 {
			t.Errorf("the buyer's try %d: %d", i+1, code)
		}
	}
	for host := range 400 {
		for range 5 {
			opened[open(fmt.Sprintf("10.0.%d.%d:1", host/200, host%200), "")]++
		}
	}
	if opened[200] > 1000+60 {
		t.Errorf("%d signatures for one page", opened[200])
	}
}

// Whoever has a link may open its page some times at once and then slowly: each opening costs a
// signature.
func TestPageOpensAreLimited(t *testing.T) {
	w := newWorld(t)
	path := "/h5/" + tokenOf(w.create("m_a", "wechat", "o1")) + "/pay"
	busy := 0
	for range 12 {
		if answer := w.ask("POST", path, "", "User-Agent", uaSafari); answer.Code == http.StatusTooManyRequests {
			busy++
			if wait := answer.Header().Get("Retry-After"); wait != "5" {
				t.Errorf("Retry-After %q", wait)
			}
		}
	}
	if busy != 2 {
		t.Fatalf("%d of 12 openings were put off, want 2", busy)
	}
	w.clock.Advance(5 * time.Second)
	if code := w.ask("POST", path, "", "User-Agent", uaSafari).Code; code != http.StatusOK {
		t.Fatalf("after the pause: %d", code)
	}
}

func TestGatewayOriginsExtendTheForm(t *testing.T) {
	w := newWorld(t, func(o *web.Options) { o.GatewayOrigins = []string{"https://*.alipay.com"} })
	answer := w.ask("POST", "/h5/"+tokenOf(w.create("m_a", "wechat", "o1"))+"/pay", "", "User-Agent", uaSafari)
	if csp := answer.Header().Get("Content-Security-Policy"); !strings.Contains(csp, "form-action https://gateway.example https://*.alipay.com;") {
		t.Error(csp)
	}
	for _, origin := range []string{"*", "https://a.example; script-src *", "'self'", "https://a.example,https://b.example", "https://a.example https://b.example"} {
		o := w.options
		o.GatewayOrigins = []string{origin}
		if _, err := web.New(o); err == nil || !strings.Contains(err.Error(), "origin") {
			t.Errorf("origin %q: %v", origin, err)
		}
	}
}

// pageCashier answers with a page and an action of the test's making.
type pageCashier struct {
	web.Cashier
	show   core.Page
	action core.Action
	err    error
}

func (p *pageCashier) Page(context.Context, string) (core.Page, error) { return p.show, p.err }
func (p *pageCashier) Open(context.Context, string) (core.Action, core.Page, error) {
	return p.action, p.show, p.err
}

func worldOfPages(t *testing.T) (*world, *pageCashier) {
	pages := &pageCashier{show: core.Page{
		Token: "h5_x", MerchantName: "小店", Subject: "咖啡", AmountFen: 1999, State: core.PagePayable, SecondsLeft: 600, ReturnURL: "https://shop.example/done/1",
	}}
	return newWorld(t, func(o *web.Options) { pages.Cashier = o.Cashier; o.Cashier = pages }), pages
}

// Every state has a page in Chinese first, and in English what to do; the way back to the shop is
// offered only when nothing is left to pay or to learn.
func TestPageOfEveryState(t *testing.T) {
	w, pages := worldOfPages(t)
	for state, c := range map[core.PageState]struct {
		chinese, english string
		back             bool
	}{
		core.PagePaid: {"支付成功", "received your payment", true}, core.PageRefunded: {"已全额退款", "goes back the way it came", true}, core.PageClosed: {"订单已关闭", "order again", true},
		core.PageExpired: {"订单已超时", "order again", true}, core.PageChecking: {"正在确认支付结果", "do not pay again", false},
		core.PageMoved: {"已换到别处支付", "Nothing is left to do", true}, core.PagePayable: {"支付金额", "Check payee and amount", false},
	} {
		pages.show.State = state
		for _, ua := range []string{uaSafari, uaWeChat} {
			body := w.page("/h5/h5_x", ua).Body.String()
			back := strings.Contains(body, `href="https://shop.example/done/1"`)
			if !strings.Contains(body, c.chinese) || !strings.Contains(body, c.english) || back != c.back || state != core.PagePayable && (strings.Contains(body, `id="pay"`) || strings.Contains(body, `id="mask"`)) {
				t.Errorf("%s in %.20s: back %t\n%s", state, ua, back, body)
			}
		}
		// What is not payable opens no gateway, whatever is posted.
		if state != core.PagePayable {
			if body := w.ask("POST", "/h5/h5_x/pay", "", "User-Agent", uaSafari).Body.String(); !strings.Contains(body, c.chinese) || strings.Contains(body, "<form") {
				t.Errorf("post to %s: %s", state, body)
			}
		}
		// back from the gateway nothing is left to be opened or copied
		for _, ua := range []string{uaSafari, uaWeChat} {
			body := w.page("/return/h5_x", ua).Body.String()
			if strings.Contains(body, `id="pay"`) || strings.Contains(body, `id="copy"`) || strings.Contains(body, `id="mask"`) || strings.Contains(body, `href="https://shop.example/done/1"`) != c.back {
				t.Errorf("return to %s in %.20s: %s", state, ua, body)
			}
		}
		status := decode[struct {
			State       core.PageState
			SecondsLeft int64 `json:"seconds_left"`
		}](t, w.page("/h5/h5_x/status", uaWeChat))
		if status.State != state || status.SecondsLeft != 600 {
			t.Errorf("status %+v", status)
		}
	}
}

// W12, S18: the page behind return_url shows our books, whatever its query claims, and changes
// nothing.
func TestReturnPageBelievesNoQuery(t *testing.T) {
	w := newWorld(t)
	p := w.create("m_a", "wechat", "o1")
	path := "/return/" + tokenOf(p)
	forged := w.page(path+"?trade_status=TRADE_SUCCESS&total_amount=19.99&out_trade_no="+p.Attempts[0].OutTradeNo+"&sign=good&state=paid", uaSafari).Body.String()
	if strings.Contains(forged, "支付成功") || !strings.Contains(forged, "正在确认支付结果") || strings.Contains(forged, "TRADE_SUCCESS") {
		t.Errorf("%s", forged)
	}
	if got := decode[core.PaymentView](t, w.as("m_a/viewer", "GET", "/v1/payments/"+p.ID, "")); got.Status != core.PaymentCreated {
		t.Errorf("the page moved the payment to %s", got.Status)
	}
	w.pay(p)
	if body := w.page(path, uaSafari).Body.String(); !strings.Contains(body, "支付成功") || !strings.Contains(body, `href="https://shop.example/done/1"`) {
		t.Errorf("after the notification: %s", body)
	}
}

// W08: what merchants and buyers write is shown as text, and no address of theirs runs as script.
func TestPagesEscape(t *testing.T) {
	w, pages := worldOfPages(t)
	evil := `"><script>alert(1)</script><img src=x onerror=alert(2)>{{.}}'`
	pages.show.MerchantName, pages.show.Subject, pages.show.ReturnURL = evil, evil, "javascript:alert(3)"
	for _, state := range []core.PageState{core.PagePayable, core.PagePaid} {
		pages.show.State = state
		for _, ua := range []string{uaSafari, uaWeChat, evil} {
			body := w.page("/h5/h5_x", ua).Body.String()
			for _, bad := range []string{"<script>", "<img", "javascript:", "onerror=alert(2)>{{"} {
				if strings.Contains(body, bad) {
					t.Errorf("%s shows %s", state, bad)
				}
			}
		}
	}
	pages.show.State = core.PagePayable
	pages.action = core.Action{Type: core.ActionForm, URL: `https://gateway.example/"><script>`, Fields: map[string]string{evil: evil}}
	if body := w.ask("POST", "/h5/h5_x/pay", "", "User-Agent", uaSafari).Body.String(); strings.Contains(body, "<script>") || strings.Contains(body, "<img") {
		t.Error(body)
	}
	for _, address := range []string{"javascript:alert(1)", "javascript://gateway.example/%0aalert(1)", "ftp://gateway.example/", "//gateway.example/", ""} {
		pages.action = core.Action{Type: core.ActionForm, URL: address}
		if answer := w.ask("POST", "/h5/h5_x/pay", "", "User-Agent", uaSafari); answer.Code != 500 || strings.Contains(answer.Body.String(), "gateway.example") || strings.Contains(answer.Body.String(), "javascript") {
			t.Errorf("%s: %d %s", address, answer.Code, answer.Body)
		}
	}
}

// A redirect is shown as a form of the same address.
func TestRedirectBecomesAForm(t *testing.T) {
	w, pages := worldOfPages(t)
	pages.action = core.Action{Type: core.ActionRedirect, URL: "https://gateway.example/pay?a=1&b=%E4%B8%AD&a=2"}
	body := w.ask("POST", "/h5/h5_x/pay", "", "User-Agent", uaSafari).Body.String()
	for _, part := range []string{`method="get"`, `action="https://gateway.example/pay"`, `name="a" value="1"`, `name="a" value="2"`, "小店", "19.99", `name="b" value="中"`} {
		if !strings.Contains(body, part) {
			t.Errorf("lacks %s: %s", part, body)
		}
	}
}

// Troubles of a page are pages too, and tell buyers nothing about the machine.
func TestPageTroubles(t *testing.T) {
	w, pages := worldOfPages(t)
	for _, c := range []struct {
		err    error
		status int
		text   string
	}{
		{core.Errorf(core.CodeNotFound, "no row in attempts"), 404, "链接无效或已失效"},
		{core.Errorf(core.CodePageBusy, "limit of token"), 429, "操作太频繁"},
		{core.Errorf(core.CodeChannelUnavailable, "key file gone"), 503, "系统繁忙"},
		{context.DeadlineExceeded, 500, "系统繁忙"},
	} {
		pages.err = c.err
		for _, answer := range []*httptest.ResponseRecorder{w.page("/h5/h5_x", uaSafari), w.ask("POST", "/h5/h5_x/pay", "", "User-Agent", uaSafari), w.page("/return/h5_x", uaWeChat)} {
			body := answer.Body.String()
			if answer.Code != c.status || !strings.Contains(body, c.text) || !strings.HasPrefix(answer.Header().Get("Content-Type"), "text/html") ||
				!strings.Contains(body, "编号 "+answer.Header().Get("X-Request-Id")) || strings.Contains(body, "attempts") || strings.Contains(body, "token") || strings.Contains(body, "key file") {
				t.Errorf("%v: %d %s", c.err, answer.Code, body)
			}
		}
		if answer := w.page("/h5/h5_x/status", uaSafari); answer.Code != c.status || answer.Header().Get("Content-Type") != "application/problem+json" {
			t.Errorf("status: %d %s", answer.Code, answer.Body)
		}
	}
}

var nonceOf = regexp.MustCompile(`nonce-([0-9a-f]{32})`)

// W08, W22, W24: every answer is hardened; pages get a policy with a nonce of their own; only
// static files may be kept.
func TestSecurityHeaders(t *testing.T) {
	w := newWorld(t)
	path := "/h5/" + tokenOf(w.create("m_a", "wechat", "o1"))
	seen := map[string]bool{}
	for _, target := range []string{path, path + "/status", "/return" + path[3:], "/docs", "/v1/payments", "/nope", "/healthz", "/openapi.yaml", path, "/h5/unknown"} {
		answer := w.page(target, uaSafari)
		head := answer.Header()
		csp := head.Get("Content-Security-Policy")
		for _, part := range []string{"default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'"} {
			if !strings.Contains(csp, part) {
				t.Errorf("%s: policy %q lacks %s", target, csp, part)
			}
		}
		if strings.Contains(csp, "unsafe") || strings.Contains(csp, "*") || head.Get("X-Content-Type-Options") != "nosniff" || head.Get("Referrer-Policy") != "no-referrer" ||
			head.Get("Cross-Origin-Opener-Policy") != "same-origin" || head.Get("Strict-Transport-Security") == "" || head.Get("Server") != "" {
			t.Errorf("%s: %v", target, head)
		}
		if caching := head.Get("Cache-Control"); caching != "no-store" && target != "/openapi.yaml" || caching != "no-cache" && target == "/openapi.yaml" {
			t.Errorf("%s: Cache-Control %q", target, caching)
		}
		if head.Get("X-Frame-Options") != "DENY" || head.Get("Cross-Origin-Resource-Policy") != "same-origin" || !strings.Contains(head.Get("Permissions-Policy"), "geolocation=()") {
			t.Errorf("%s: %v", target, head)
		}
		if page := strings.HasPrefix(head.Get("Content-Type"), "text/html"); page != strings.Contains(strings.Join(head.Values("Vary"), ","), "User-Agent") {
			t.Errorf("%s: Vary %v", target, head.Values("Vary"))
		}
		if !strings.HasPrefix(head.Get("Content-Type"), "text/html") {
			continue
		}
		nonce := nonceOf.FindStringSubmatch(csp)
		if nonce == nil || seen[nonce[1]] || strings.Count(answer.Body.String(), "<script") != strings.Count(answer.Body.String(), `<script type="module" nonce="`+nonce[1]+`"`) {
			t.Errorf("%s: nonce %v", target, nonce)
			continue
		}
		seen[nonce[1]] = true
	}
	// No inline style or handler is left for the policy to stop.
	if body := w.page(path, uaWeChat).Body.String(); regexp.MustCompile(`<style|style="|\son[a-z]+="`).MatchString(body) {
		t.Error("inline style or handler")
	}
	plain := newWorld(t, func(o *web.Options) { o.BaseURL = "http://127.0.0.1:8080" })
	if plain.page("/healthz", "").Header().Get("Strict-Transport-Security") != "" {
		t.Error("HSTS over plain http")
	}
}

func TestStaticFilesAreKeptByVersion(t *testing.T) {
	w := newWorld(t)
	body := w.page("/h5/"+tokenOf(w.create("m_a", "wechat", "o1")), uaSafari).Body.String()
	found := regexp.MustCompile(`/static/[a-z.]+\?v=[0-9a-f]{12}`).FindAllString(body, -1)
	if len(found) != 2 {
		t.Fatalf("%v", found)
	}
	for _, address := range found {
		kind := map[bool]string{true: "text/css; charset=utf-8", false: "text/javascript; charset=utf-8"}[strings.Contains(address, ".css")]
		if answer := w.page(address, ""); answer.Code != 200 || !strings.Contains(answer.Header().Get("Cache-Control"), "immutable") || answer.Header().Get("Content-Type") != kind {
			t.Errorf("%s: %d %v", address, answer.Code, answer.Header())
		}
		stale := w.page(address[:len(address)-12]+"000000000000", "")
		if stale.Code != 200 || stale.Header().Get("Cache-Control") != "no-cache" {
			t.Errorf("stale: %d %v", stale.Code, stale.Header())
		}
	}
}

// The countdown ends at the books' expiry, not at the page's: shortly before it the page says
// expired.
func TestExpiredPage(t *testing.T) {
	w := newWorld(t)
	path := "/h5/" + tokenOf(w.create("m_a", "wechat", "o1"))
	w.clock.Advance(899 * time.Second)
	if body := w.page(path, uaSafari).Body.String(); !strings.Contains(body, "订单已超时") {
		t.Error(body)
	}
}
