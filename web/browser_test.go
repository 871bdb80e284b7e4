package web_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/paymux/paymux/core"
	"github.com/paymux/paymux/web"
)

// browser is a Chromium at phone size, and what its console complained about.
type browser struct {
	t   *testing.T
	ctx context.Context
	mu  sync.Mutex
	log []string
}

// chromium starts a browser that shows itself by the user agent. PAYMUX_TEST_SKIP=chromium says
// aloud that there is none.
func chromium(t *testing.T, userAgent string) *browser {
	t.Helper()
	if strings.Contains(","+os.Getenv("PAYMUX_TEST_SKIP")+",", ",chromium,") {
		t.Skip("PAYMUX_TEST_SKIP names chromium")
	}
	path := os.Getenv("PAYMUX_TEST_CHROMIUM")
	if path == "" {
		path = "/usr/bin/chromium"
	}
	flags := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.UserAgent(userAgent), chromedp.WindowSize(390, 844),
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true),
	)
	allocator, cancel := chromedp.NewExecAllocator(t.Context(), flags...)
	t.Cleanup(cancel)
	ctx, cancel := chromedp.NewContext(allocator)
	t.Cleanup(cancel)
	ctx, cancel = context.WithTimeout(ctx, time.Minute)
	t.Cleanup(cancel)
	b := &browser{t: t, ctx: ctx}
	chromedp.ListenTarget(ctx, func(event any) {
		b.mu.Lock()
		defer b.mu.Unlock()
		switch e := event.(type) {
		case *runtime.EventExceptionThrown:
			b.log = append(b.log, e.ExceptionDetails.Error())
		case *runtime.EventConsoleAPICalled:
			b.log = append(b.log, string(e.Type))
		case *network.EventLoadingFailed:
			if e.BlockedReason != "" {
				b.log = append(b.log, "blocked: "+string(e.BlockedReason))
			}
		}
	})
	b.do(network.Enable(), emulation.SetDeviceMetricsOverride(390, 844, 2, true), emulation.SetTouchEmulationEnabled(true))
	return b
}

func (b *browser) do(actions ...chromedp.Action) {
	b.t.Helper()
	if err := chromedp.Run(b.ctx, actions...); err != nil {
		b.t.Fatalf("%v; console: %v", err, b.complaints())
	}
}

func (b *browser) complaints() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]string(nil), b.log...)
}

// see asks the page until it holds the text. A page that is being replaced cannot answer; its
// successor is asked again.
func (b *browser) see(text string) {
	b.t.Helper()
	for {
		var there bool
		err := chromedp.Run(b.ctx, chromedp.Evaluate(fmt.Sprintf("document.body.innerText.includes(%q)", text), &there))
		switch {
		case err == nil && there:
			return
		case b.ctx.Err() != nil:
			b.t.Fatalf("%q was never seen: %v; console: %v", text, err, b.complaints())
		}
		_ = chromedp.Run(b.ctx, chromedp.Sleep(50*time.Millisecond))
	}
}

// shoot keeps a picture of the page in the folder that PAYMUX_SHOTS names.
func (b *browser) shoot(name string) {
	b.t.Helper()
	folder := os.Getenv("PAYMUX_SHOTS")
	if folder == "" {
		return
	}
	var picture []byte
	b.do(chromedp.CaptureScreenshot(&picture))
	if err := os.WriteFile(filepath.Join(folder, name+".png"), picture, 0o600); err != nil {
		b.t.Fatal(err)
	}
}

// site is a world behind a real listener, with a gateway of another origin that counts who comes.
type site struct {
	*world
	gateway  *httptest.Server
	redirect string // where the gateway sends the buyer on to, "" for nowhere
	mu       sync.Mutex
	visits   []string
}

// tellingCashier leads to the site's gateway and reports every Open.
type tellingCashier struct {
	web.Cashier
	gateway string
}

func (c tellingCashier) Open(ctx context.Context, token string) (core.Action, core.Page, error) {
	action, page, err := c.Cashier.Open(ctx, token)
	if !action.Empty() {
		action.URL = c.gateway + "/gateway.do?charset=utf-8"
	}
	return action, page, err
}

func newSite(t *testing.T) *site {
	t.Helper()
	s := &site{}
	s.gateway = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/favicon.ico" {
			return
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		s.visits = append(s.visits, r.Method+" "+r.URL.Path+" "+r.FormValue("sign")+" "+r.Referer())
		if s.redirect != "" {
			http.Redirect(w, r, s.redirect, http.StatusFound)
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write([]byte("<title>gateway</title><body>收银台</body>"))
	}))
	t.Cleanup(s.gateway.Close)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := "http://" + listener.Addr().String()
	s.world = newWorld(t, func(o *web.Options) {
		o.BaseURL, o.Cashier = address, tellingCashier{o.Cashier, s.gateway.URL}
	})
	s.cashier.BaseURL = address
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.server.Handler().ServeHTTP(w, r) }))
	_ = server.Listener.Close()
	server.Listener = listener
	server.Start()
	t.Cleanup(server.Close)
	return s
}

func (s *site) seen() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.visits...)
}

// In a phone's browser: payee and amount first, then by itself to the gateway, once; back again it
// waits for a tap; paid, it says so by itself.
func TestBrowserPays(t *testing.T) {
	s := newSite(t)
	p := s.create("m_a", "wechat", "o1")
	b := chromium(t, uaSafari)
	b.do(chromedp.Navigate(p.Action.URL))
	b.see("19.99")
	b.shoot("browser-payable")
	b.see("收银台")
	if visits := s.seen(); len(visits) != 1 || visits[0] != "POST /gateway.do c2lnbg== " {
		t.Fatalf("the gateway saw %q", visits)
	}
	b.do(chromedp.Navigate(p.Action.URL))
	b.see("打开支付宝付款")
	b.do(chromedp.Click("#pay button", chromedp.ByQuery))
	b.see("收银台")
	b.do(chromedp.Navigate(s.options.BaseURL + "/return/" + tokenOf(p) + "?trade_status=TRADE_SUCCESS"))
	b.see("正在确认支付结果")
	b.shoot("return-checking")
	s.pay(p)
	b.see("支付成功")
	b.shoot("return-paid")
	if visits := s.seen(); len(visits) != 2 {
		t.Errorf("the gateway saw %q", visits)
	}
	if log := b.complaints(); len(log) != 0 {
		t.Errorf("the console says %q", log)
	}
}

// In each app: the way out, nothing of the gateway, and the result by itself once it is paid
// elsewhere.
func TestBrowserInApps(t *testing.T) {
	for name, c := range map[string]struct {
		ua   string
		mask bool
	}{
		"wechat": {uaWeChat, true}, "wechat-miniprogram": {uaWeChatMini, false}, "douyin": {uaDouyin, true}, "douyin-miniprogram": {uaDouyinMini, false},
		"kuaishou": {uaKuaishou, false},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t)
			p := s.create("m_a", "wechat", "o1")
			b := chromium(t, c.ua)
			b.do(chromedp.Navigate(p.Action.URL))
			b.see("请用手机浏览器付款")
			b.shoot(name + "-first")
			if c.mask {
				b.do(chromedp.Click("#mask-close", chromedp.ByQuery), chromedp.WaitNotVisible("#mask", chromedp.ByQuery))
				b.shoot(name + "-guide")
			}
			b.do(chromedp.Click("#copy", chromedp.ByQuery))
			b.see("已复制")
			s.pay(p)
			b.see("支付成功")
			b.shoot(name + "-paid")
			if visits := s.seen(); len(visits) != 0 {
				t.Errorf("the gateway saw %q", visits)
			}
			if log := b.complaints(); len(log) != 0 {
				t.Errorf("the console says %q", log)
			}
		})
	}
}

// Browsers hold a form's redirects against its policy too: Alipay's gateway sends the buyer on to
// its cashier's own host, so that host is named in GatewayOrigins, and without it the buyer would
// be stuck.
func TestBrowserFollowsTheGatewaysRedirect(t *testing.T) {
	for _, named := range []bool{true, false} {
		s := newSite(t)
		cashierHost := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write([]byte("cashier host"))
		}))
		t.Cleanup(cashierHost.Close)
		s.redirect = cashierHost.URL
		if named {
			o := s.options
			o.Registry, o.GatewayOrigins = prometheus.NewRegistry(), []string{cashierHost.URL}
			other, err := web.New(o)
			if err != nil {
				t.Fatal(err)
			}
			s.server = other
		}
		p := s.create("m_a", "wechat", "o1")
		b := chromium(t, uaSafari)
		b.do(chromedp.Navigate(p.Action.URL))
		if named {
			b.see("cashier host")
			continue
		}
		for len(s.seen()) == 0 {
			b.do(chromedp.Sleep(50 * time.Millisecond))
		}
		b.see("没有自动跳转")
	}
}

// The other pages, looked at by a person in the pictures: none overflows a phone's width.
func TestBrowserOtherPages(t *testing.T) {
	s := newSite(t)
	b := chromium(t, uaSafari)
	expired := s.create("m_a", "wechat", "o1")
	closed := s.create("m_a", "wechat", "o2")
	want(t, s.as("m_a/cashier", "POST", "/v1/payments/"+closed.ID+"/close", ""), 200, "")
	moved := s.create("m_a", "wechat", "o3")
	want(t, s.as("m_a/cashier", "POST", "/v1/payments/"+moved.ID+"/attempts", `{"platform":"douyin"}`), 201, "")
	s.clock.Advance(899 * time.Second)
	for name, c := range map[string]struct{ path, text string }{
		"expired": {"/h5/" + tokenOf(expired), "订单已超时"}, "closed": {"/h5/" + tokenOf(closed), "订单已关闭"}, "moved": {"/h5/" + tokenOf(moved), "已换到别处支付"},
		"unknown": {"/h5/h5_none", "链接无效或已失效"}, "docs": {"/docs", "Error codes"},
	} {
		b.do(chromedp.Navigate(s.options.BaseURL + c.path))
		b.see(c.text)
		b.shoot(name)
		var width int
		b.do(chromedp.Evaluate("document.documentElement.scrollWidth", &width))
		if width > 390 {
			t.Errorf("%s is %d pixels wide", name, width)
		}
	}
	var menu int // the reference page's: its text begins on the first screen
	b.do(chromedp.Navigate(s.options.BaseURL+"/docs"), chromedp.Evaluate(`document.querySelector("nav").offsetHeight`, &menu))
	if menu > 200 {
		t.Errorf("the menu is %d pixels high", menu)
	}
}

// The largest amount there is stands on one line of the narrowest phone: broken in two it would be
// read as another.
func TestBrowserAmountIsNeverBroken(t *testing.T) {
	s := newSite(t)
	body := strings.ReplaceAll(`{"merchant_order_no":"o1","platform":"wechat",`+basket+`}`, "1999", "10000000000")
	p := decode[core.PaymentView](t, s.as("m_a/cashier", "POST", "/v1/payments", body))
	b := chromium(t, uaSafari)
	b.do(emulation.SetDeviceMetricsOverride(320, 568, 2, true), chromedp.Navigate(s.options.BaseURL+"/return/"+tokenOf(p)))
	b.see("100000000.00")
	b.shoot("largest")
	var lines, width int
	b.do(chromedp.Evaluate(`(() => { const r = document.createRange(); r.selectNodeContents(document.querySelector(".amount").lastChild); return r.getClientRects().length })()`, &lines),
		chromedp.Evaluate("document.documentElement.scrollWidth", &width))
	if lines != 1 || width > 320 {
		t.Errorf("%d lines, %d pixels wide", lines, width)
	}
}
