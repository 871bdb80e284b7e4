package alipay

import (
	"html"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"
)

func validWapPay() WapPayRequest {
	return WapPayRequest{
		OutTradeNo: "T1", TotalAmount: 8888, Subject: `"测试" <b>&copy; 50%+`, QuitURL: "https://shop.example.com/cart?x=1&y=2",
		TimeExpire: At(testNow().Add(15 * time.Minute)), GoodsType: GoodsPhysical,
		BusinessParams: &BusinessParams{ClientIP: "203.0.113.7"},
		NotifyURL:      "https://pay.example.com/notify?ch=alipay", ReturnURL: "https://pay.example.com/return?o=1",
	}
}

func TestWapPayURL(t *testing.T) {
	app := newTestApp(t, nil)
	request := validWapPay()
	request.Subject = `"测试" <b>; 50%+`
	address, err := app.WapPayURL(request)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	values := parsed.Query()
	if values.Get("method") != MethodWapPay || values.Get("return_url") != request.ReturnURL || values.Get("notify_url") != request.NotifyURL {
		t.Fatal(address)
	}
	want := `{"out_trade_no":"T1","total_amount":"88.88","subject":"\"测试\" <b>; 50%+","product_code":"QUICK_WAP_WAY",` +
		`"quit_url":"https://shop.example.com/cart?x=1&y=2","time_expire":"2026-11-23 04:37:31","goods_type":"1",` +
		`"business_params":"{\"mc_create_trade_ip\":\"203.0.113.7\"}"}`
	if values.Get("biz_content") != want {
		t.Fatalf("biz_content\n%s, want\n%s", values.Get("biz_content"), want)
	}
	assertSigned(t, values)
}

// The form survives HTML: what a browser would post is what was signed.
func TestWapPayForm(t *testing.T) {
	app := newTestApp(t, nil)
	request := validWapPay()
	request.Subject = "'\"><script>%+;copy" + "\u00a0" // no & in a subject; quit_url brings one
	built, err := app.WapPayForm(request)
	if err != nil {
		t.Fatal(err)
	}
	page := built.HTML()
	action := regexp.MustCompile(`action="([^"]*)"`).FindStringSubmatch(page)[1]
	values, err := url.ParseQuery(strings.SplitN(html.UnescapeString(action), "?", 2)[1])
	if err != nil {
		t.Fatal(err)
	}
	for _, input := range regexp.MustCompile(`name="([^"]*)" value="([^"]*)"`).FindAllStringSubmatch(page, -1) {
		values.Set(html.UnescapeString(input[1]), html.UnescapeString(input[2]))
	}
	if !strings.Contains(values.Get("biz_content"), "cart?x=1&y=2") {
		t.Fatal(values.Get("biz_content"))
	}
	assertSigned(t, values)
	if strings.Contains(page, "&timestamp") || strings.Contains(page, "&notify_url") || strings.Contains(page, "<script>%") {
		t.Fatal("something is not escaped: " + page)
	}
	if !strings.Contains(page, `method="post"`) || len(built.Fields) != 1 {
		t.Fatal(page)
	}
}

func TestWapPay_limits(t *testing.T) {
	app := newTestApp(t, nil)
	for name, c := range map[string]struct {
		field  string
		change func(*WapPayRequest)
	}{
		"S03 no end":          {"time_expire", func(r *WapPayRequest) { r.TimeExpire = Time{} }},
		"quit_url long":       {"quit_url", func(r *WapPayRequest) { r.QuitURL = "https://a/" + strings.Repeat("q", 400) }},
		"goods_type":          {"goods_type", func(r *WapPayRequest) { r.GoodsType = "2" }},
		"virtual with Huabei": {"goods_type", func(r *WapPayRequest) { r.GoodsType, r.SpecifiedChannel = GoodsVirtual, ChannelPcredit }},
		"virtual with instalments": {"goods_type", func(r *WapPayRequest) {
			r.GoodsType, r.ExtendParams = GoodsVirtual, &ExtendParams{HbFqNum: "3", HbFqSellerPercent: "0"}
		}},
		"forced channel, instalments": {"specified_channel", func(r *WapPayRequest) {
			r.SpecifiedChannel, r.ExtendParams = ChannelPcredit, &ExtendParams{HbFqNum: "3", HbFqSellerPercent: "0"}
		}},
		"return_url scheme": {"return_url", func(r *WapPayRequest) { r.ReturnURL = "javascript:alert(1)" }},
		"A01 amount":        {"total_amount", func(r *WapPayRequest) { r.TotalAmount = 0 }},
	} {
		t.Run(name, func(t *testing.T) {
			request := validWapPay()
			request.Subject = "奶茶"
			c.change(&request)
			_, err := app.WapPayURL(request)
			wantField(t, invalid(err), c.field)
			_, err = app.WapPayForm(request)
			wantField(t, invalid(err), c.field)
		})
	}
}

// Opening the page again within the same second gives the very same address:
// RSA2 signatures are deterministic.
func TestWapPayURL_isDeterministic(t *testing.T) {
	app := newTestApp(t, nil)
	request := validWapPay()
	request.Subject = "奶茶"
	first, err := app.WapPayURL(request)
	if err != nil {
		t.Fatal(err)
	}
	if second, err := app.WapPayURL(request); err != nil || first != second {
		t.Fatalf("%v\n%s\n%s", err, first, second)
	}
}

// A page that is opened again later is signed into the same bytes as the first
// time, when the caller says when that was.
func TestWapPayURL_signedAt(t *testing.T) {
	now := testNow()
	app := newTestApp(t, func(c *AppConfig) { c.Now = func() time.Time { return now } })
	request := validWapPay()
	request.Subject, request.SignedAt = "奶茶", now
	first, err := app.WapPayURL(request)
	if err != nil {
		t.Fatal(err)
	}
	now = now.Add(time.Minute)
	if second, err := app.WapPayURL(request); err != nil || first != second {
		t.Fatalf("%v\n%s\n%s", err, first, second)
	}
	request.SignedAt = now
	if third, err := app.WapPayURL(request); err != nil || first == third {
		t.Fatal("another time must give another signature")
	}
}

// The same holds for an order string: asked for again later it is the same text.
func TestAppPayOrderString_signedAt(t *testing.T) {
	now := testNow()
	app := newTestApp(t, func(c *AppConfig) { c.Now = func() time.Time { return now } })
	request := AppPayRequest{OutTradeNo: "T1", TotalAmount: 8888, Subject: "奶茶", TimeExpire: At(now.Add(time.Hour)), SignedAt: now}
	first, err := app.AppPayOrderString(request)
	if err != nil {
		t.Fatal(err)
	}
	now = now.Add(time.Minute)
	if second, err := app.AppPayOrderString(request); err != nil || first != second {
		t.Fatalf("%v\n%s\n%s", err, first, second)
	}
}
