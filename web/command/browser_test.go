package command_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"github.com/paymux/paymux/core"
)

// need skips what was announced as missing, and fails on what is missing without a word.
func need(t *testing.T, service string) {
	t.Helper()
	if slices.Contains(strings.Split(os.Getenv("PAYMUX_TEST_SKIP"), ","), service) {
		t.Skipf("%s is named in PAYMUX_TEST_SKIP", service)
	}
}

// browserTimeout ends a test whose page never comes to what it should; nothing is measured by it.
const browserTimeout = 90 * time.Second

// startBrowser runs a phone-sized Chromium.
func startBrowser(t *testing.T) context.Context {
	t.Helper()
	need(t, "chromium")
	path := os.Getenv("PAYMUX_TEST_CHROMIUM")
	if path == "" {
		path = "/usr/bin/chromium"
	}
	options := append(slices.Clone(chromedp.DefaultExecAllocatorOptions[:]),
		chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.NoFirstRun, chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true))
	ctx, cancel := context.WithTimeout(t.Context(), browserTimeout)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewExecAllocator(ctx, options...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	return ctx
}

// phone makes the browser a phone whose browser calls itself agent.
func phone(agent string) chromedp.Tasks {
	return chromedp.Tasks{
		chromedp.EmulateViewport(390, 844, chromedp.EmulateScale(2), chromedp.EmulateMobile, chromedp.EmulateTouch),
		emulation.SetUserAgentOverride(agent).WithAcceptLanguage("zh-CN").WithPlatform("Linux armv8l"),
	}
}

// shoot keeps a picture of the page in the folder PAYMUX_SHOTS, for a person to look at.
func shoot(name string) chromedp.Tasks {
	dir := os.Getenv("PAYMUX_SHOTS")
	if dir == "" {
		return nil
	}
	var picture []byte
	return chromedp.Tasks{
		chromedp.CaptureScreenshot(&picture),
		chromedp.ActionFunc(func(context.Context) error {
			return os.WriteFile(filepath.Join(dir, name+".png"), picture, 0o600)
		}),
	}
}

func do(t *testing.T, ctx context.Context, step string, tasks ...chromedp.Action) { //nolint:revive // t first, as in every helper
	t.Helper()
	if err := chromedp.Run(ctx, tasks...); err != nil {
		var at, page string
		_ = chromedp.Run(ctx, chromedp.Location(&at), chromedp.OuterHTML("html", &page))
		t.Fatalf("%s: %v\nat %s\n%.3000s", step, err, at, page)
	}
}

const (
	wechatAgent = phoneAgent + " MicroMessenger/8.0.50.2701(0x28003257) WeChat/arm64 Weixin NetType/WIFI Language/zh_CN"
	douyinAgent = phoneAgent + " aweme_300500 JsSdk/1.0 NetType/WIFI AppName/aweme app_version/30.5.0 ByteLocale/zh-CN"
	alipayAgent = phoneAgent + " AliApp(AP/10.6.50.8000) AlipayClient/10.6.50.8000 MiniProgram Language/zh-Hans"
)

// order picks tea in a storefront and stops at the order's page.
func order(d *demo, platform string) chromedp.Tasks {
	return chromedp.Tasks{
		chromedp.Navigate(d.base + "/shop/on/" + platform),
		chromedp.WaitVisible("#submit"),
		shoot(platform + "-1-storefront"),
		chromedp.Click("#submit"),
		chromedp.WaitVisible("#pay"),
		shoot(platform + "-2-order"),
	}
}

// becomes waits until the order's page, which looks for news by itself, shows a status.
func becomes(status core.PaymentStatus) chromedp.Action {
	return chromedp.WaitVisible(`#state[data-status="` + string(status) + `"]`)
}

func TestBrowserBuysInAlipay(t *testing.T) {
	ctx := startBrowser(t)
	d := startDemo(t, filepath.Join(t.TempDir(), "demo"))
	do(t, ctx, "order", phone(alipayAgent), order(d, "alipay"))
	do(t, ctx, "cashier", chromedp.Click("#pay"), chromedp.WaitVisible(`button[value="pay"]`), shoot("alipay-3-cashier"))
	do(t, ctx, "paid", chromedp.Click(`button[value="pay"]`), becomes(core.PaymentPaid), shoot("alipay-4-paid"))
	do(t, ctx, "refund half", chromedp.Click("#refund-half"), becomes(core.PaymentPartiallyRefunded), shoot("alipay-5-half-refunded"))
	do(t, ctx, "refund", chromedp.Click("#refund"), becomes(core.PaymentRefunded), shoot("alipay-6-refunded"))
	do(t, ctx, "the order on a desk", chromedp.EmulateViewport(1280, 900), shoot("order-desk"))
}

func TestBrowserBuysFromWeChat(t *testing.T) { buyThroughPage(t, "wechat", wechatAgent) }
func TestBrowserBuysFromDouyin(t *testing.T) { buyThroughPage(t, "douyin", douyinAgent) }

// buyThroughPage orders inside the host app, meets the guide there, goes on in the phone's browser,
// pays, and sees the order paid.
func buyThroughPage(t *testing.T, platform, agent string) {
	ctx := startBrowser(t)
	d := startDemo(t, filepath.Join(t.TempDir(), "demo"))
	var orderPage, handOff string
	var linked bool
	do(t, ctx, "order", phone(agent), order(d, platform), chromedp.Location(&orderPage), chromedp.AttributeValue("#pay", "href", &handOff, &linked))
	do(t, ctx, "guide inside the app", chromedp.Navigate(handOff), chromedp.WaitVisible(".guide"), shoot(platform+"-3-guide"))
	do(t, ctx, "the same by the shop's own window",
		phone(phoneAgent), chromedp.Navigate(orderPage), chromedp.Click("#inapp"), chromedp.WaitVisible(".guide"))
	do(t, ctx, "hand-off in the browser, which leads on by itself",
		chromedp.Navigate(handOff), chromedp.WaitVisible(`button[value="pay"]`), shoot(platform+"-4-cashier"))
	do(t, ctx, "pay and return", chromedp.Click(`button[value="pay"]`), chromedp.WaitVisible(`body[data-state="paid"]`), shoot(platform+"-5-return"))
	do(t, ctx, "order is paid", chromedp.Navigate(orderPage), becomes(core.PaymentPaid), shoot(platform+"-6-paid"))
}

// A refusal names the layers, in the shop too.
func TestBrowserShowsRefusals(t *testing.T) {
	ctx := startBrowser(t)
	d := startDemo(t, filepath.Join(t.TempDir(), "demo"))
	var code string
	var found bool
	do(t, ctx, "virtual goods on Douyin", phone(douyinAgent), chromedp.Navigate(d.base+"/shop/on/douyin"), chromedp.WaitVisible("#submit"),
		chromedp.Click(`input[value="video"] + .tile`), chromedp.Click(`input[name="periods"][value="3"] + span`), chromedp.Click("#submit"),
		chromedp.WaitVisible("#refused"), chromedp.AttributeValue("#refused", "data-code", &code, &found), shoot("douyin-refused"))
	if code != string(core.CodeGoodsCategoryForbidden) {
		t.Errorf("refused with %q", code)
	}
	do(t, ctx, "lobby", chromedp.Navigate(d.base), chromedp.WaitVisible("#phone-wechat"), shoot("lobby-phone"))
	do(t, ctx, "lobby on a desk", chromedp.EmulateViewport(1280, 860), chromedp.Navigate(d.base), chromedp.WaitVisible("#phone-wechat"), shoot("lobby-desk"))
}
