package alipay

import (
	"bytes"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// What stands at a limit is within it, and one more is not: each limit is asked on both sides.
func TestLimitsOnBothSides(t *testing.T) {
	check := func(ask func(*limits)) bool {
		var l limits
		ask(&l)
		return l.result() == nil
	}
	amount := func(a Amount) bool { return check(func(l *limits) { l.amount("a", a) }) }
	title := func(s string) bool { return check(func(l *limits) { l.title("s", s) }) }
	body := func(s string) bool { return check(func(l *limits) { l.order("T1", 1, "s", s) }) }
	number := func(s string) bool { return check(func(l *limits) { l.number("n", s) }) }
	monthly := func(date string) bool {
		return check(func(l *limits) {
			l.agreement("", &AgreementSign{PersonalProductCode: "CYCLE_PAY_AUTH_P", AccessParams: AccessParams{"QRCODE"},
				PeriodRuleParams: &PeriodRule{PeriodType: "MONTH", Period: 1, ExecuteTime: date, SingleAmount: 1}})
		})
	}
	goods := func(n int, item GoodsDetail) bool {
		return check(func(l *limits) {
			list := make([]GoodsDetail, n)
			for i := range list {
				list[i] = item
			}
			l.goods(list)
		})
	}
	item := GoodsDetail{GoodsID: "g", GoodsName: "n", Quantity: 1}
	dear, dearer := item, item
	dear.Price, dearer.Price = MaxAmount, MaxAmount+1
	for name, c := range map[string]struct{ within, beyond bool }{
		"the least amount":     {amount(1), amount(0)},
		"the largest amount":   {amount(10_000_000_000), amount(10_000_000_001)},
		"a subject's length":   {title(strings.Repeat("长", 256)), title(strings.Repeat("长", 257))},
		"a slash":              {title("a"), title("a/b")},
		"an equals sign":       {title("a"), title("a=b")},
		"an ampersand":         {title("a"), title("a&b")},
		"a line break":         {title("a"), title("a\nb")},
		"a body's length":      {body(strings.Repeat("长", 128)), body(strings.Repeat("长", 129))},
		"a body's ampersand":   {body("a"), body("a&b")},
		"a number's length":    {number(strings.Repeat("a", 64)), number(strings.Repeat("a", 65))},
		"a number's letters":   {number("aZ09_"), number("a-b")},
		"a month's last day":   {monthly("2026-12-28"), monthly("2026-12-29")},
		"goods":                {goods(150, item), goods(151, item)},
		"the price of goods":   {goods(1, dear), goods(1, dearer)},
		"digits of a bar code": {isBarCode("25" + strings.Repeat("1", 14)), isBarCode("25" + strings.Repeat("1", 13))},
		"a long bar code":      {isBarCode("30" + strings.Repeat("1", 22)), isBarCode("30" + strings.Repeat("1", 23))},
		"a bar code's first":   {isBarCode("2511111111111111"), isBarCode("2411111111111111")},
		"a bar code's last":    {isBarCode("3011111111111111"), isBarCode("3111111111111111")},
	} {
		if !c.within || c.beyond {
			t.Errorf("%s: within taken %v, beyond taken %v", name, c.within, c.beyond)
		}
	}
}

// The same of what is asked for by a call: the gateway is asked within the limit, and not beyond.
func TestCallsOnBothSidesOfALimit(t *testing.T) {
	app, gateway := answeringNode(t, MethodSettle, `{"code":"10000","trade_no":"2026","settle_no":"N1"}`)
	settle := func(percent int) Result {
		_, result := app.Settle(t.Context(), SettleRequest{OutRequestNo: "S1", TradeNo: "2026",
			Royalties: []RoyaltyPart{{TransIn: "x", TransInType: "userId", AmountPercentage: percent}}})
		return result
	}
	wantClass(t, settle(1), Done)
	wantClass(t, settle(100), Done)
	wantField(t, settle(101), "royalty_parameters.amount_percentage")
	wantField(t, settle(-1), "royalty_parameters.amount")
	if gateway.calls != 2 {
		t.Errorf("%d calls", gateway.calls)
	}
	app, gateway = answeringNode(t, MethodRelationBind, `{"code":"10000","result_code":"SUCCESS"}`)
	bind := func(n int) Result {
		receivers := make([]RoyaltyReceiver, n)
		for i := range receivers {
			receivers[i] = RoyaltyReceiver{Type: "userId", Account: "2088000000000003"}
		}
		return app.RelationBind(t.Context(), RelationRequest{OutRequestNo: "B1", Receivers: receivers})
	}
	wantClass(t, bind(1), Done)
	wantClass(t, bind(20), Done)
	wantField(t, bind(0), "receiver_list")
	wantField(t, bind(21), "receiver_list")
	if gateway.calls != 2 {
		t.Errorf("%d calls", gateway.calls)
	}
	// C02: a message of exactly the size that is read whole is judged by its signature, and one
	// byte more is not read.
	// whole, though nobody signed it
	filled := strings.Repeat("a", MaxNotification-len("sign=1&sign_type=RSA2&app_id=1&b="))
	if _, err := ParseNotification([]byte("sign=1&sign_type=RSA2&app_id=1&b="+filled), ""); err != nil {
		t.Error(err)
	}
	_, err := ParseNotification([]byte("sign=1&sign_type=RSA2&app_id=1&b=a"+filled), "")
	wantRefusal(t, err, ErrBodyTooLarge)
}

// What is not configured has the default that the documents state.
func TestDefaults(t *testing.T) {
	app := newTestApp(t, nil)
	if app.config.Timeout != 15*time.Second || app.config.OpAppID != testAppID || app.config.SignType != "RSA2" {
		t.Errorf("%+v", app.config)
	}
	g := newGuard(AppConfig{})
	for i := range 25 { // the breaker lets 20 failures pass
		done, err := g.enter(t.Context())
		if (err == nil) != (i < 20) {
			t.Errorf("exchange %d: %v", i, err)
		}
		if err == nil {
			done(ErrUnexpectedStatus)
		}
	}
	for rate, burst := range map[float64]int{0.5: 1, 1: 1, 2.5: 3, 50: 50} {
		if got := newGuard(AppConfig{CallsPerSecond: rate}).limiter.Burst(); got != burst {
			t.Errorf("%v calls a second burst in %d", rate, got)
		}
	}
	if got := newGuard(AppConfig{CallsPerSecond: 50, Burst: 7}).limiter.Burst(); got != 7 {
		t.Errorf("a burst of 7 is %d", got)
	}
	for configured, want := range map[int]int{0: 64, 1: 1, 63: 63, 65: 65} {
		transport, err := NewTransport(TransportConfig{MaxConnections: configured, Proxy: "http://10.0.0.8:3128", RootCAs: certConfig(t).RootCertificates})
		if err != nil {
			t.Fatal(err)
		}
		if transport.MaxConnsPerHost != want || transport.MaxIdleConnsPerHost != want || !transport.DisableCompression {
			t.Errorf("%d connections are %d", configured, transport.MaxConnsPerHost)
		}
		request, _ := http.NewRequest(http.MethodGet, ProductionGateway, nil)
		if proxy, err := transport.Proxy(request); err != nil || proxy.String() != "http://10.0.0.8:3128" || transport.TLSClientConfig.RootCAs == nil {
			t.Errorf("proxy %v, %v", proxy, err)
		}
	}
}

// Every public parameter of a call is sent and signed, and none that is empty.
func TestPublicParametersTravel(t *testing.T) {
	app := newTestApp(t, nil)
	call := Call{Method: MethodPagePay, NotifyURL: "https://a.example/n", ReturnURL: "https://a.example/r", AuthToken: "user", AppAuthToken: "merchant"}
	address, err := app.PageURL(call)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	values := parsed.Query()
	for name, want := range map[string]string{
		"notify_url": call.NotifyURL, "return_url": call.ReturnURL, "auth_token": "user", "app_auth_token": "merchant", "method": MethodPagePay,
		"app_id": testAppID, "format": "JSON", "charset": "utf-8", "sign_type": "RSA2", "version": "1.0", "timestamp": FormatTime(testNow()),
	} {
		if values.Get(name) != want {
			t.Errorf("%s is %q, want %q", name, values.Get(name), want)
		}
	}
	assertSigned(t, values)
	request := PagePayRequest{OutTradeNo: "T1", TotalAmount: 8888, Subject: "奶茶", TimeExpire: At(testNow()), NotifyURL: call.NotifyURL, ReturnURL: call.ReturnURL}
	address, err = app.PagePayURL(request)
	if err != nil || !strings.Contains(address, "return_url=https%3A%2F%2Fa.example%2Fr&") || !strings.Contains(address, "notify_url=https%3A%2F%2Fa.example%2Fn&") {
		t.Error(address, err)
	}
}

// A page without a way back from the cashier is a page all the same.
func TestWapPayWithoutQuitURL(t *testing.T) {
	request := validWapPay()
	request.Subject, request.QuitURL, request.ReturnURL, request.NotifyURL = "奶茶", "", "", ""
	address, err := newTestApp(t, nil).WapPayURL(request)
	if err != nil || strings.Contains(address, "quit_url") || strings.Contains(address, "return_url") || strings.Contains(address, "notify_url") {
		t.Error(address, err)
	}
}

// A list that is sent as one text is joined as the gateway splits it.
func TestPayChannelsJoined(t *testing.T) {
	app, gateway := answeringNode(t, MethodCreate, `{"code":"10000","out_trade_no":"T1","trade_no":"2026"}`)
	request := validCreate()
	request.DisablePayChannels = PayChannels{ChannelPcredit, ChannelInstalments}
	_, result := app.Create(t.Context(), request)
	wantClass(t, result, Done)
	if biz := gateway.form.Get("biz_content"); !strings.Contains(biz, `"disable_pay_channels":"pcredit,pcreditpayInstallment"`) {
		t.Error(biz)
	}
}

// What the exchange proved is told to observers and to the log as it is: a refusal of our own is a
// warning, and verified is what a key has signed.
func TestExchangesAreToldAsTheyAre(t *testing.T) {
	const refused = `{"code":"40006","sub_code":"isv.insufficient-isv-permissions"}`
	for name, c := range map[string]struct {
		body     string
		verified bool
		level    string
	}{
		"done":              {signedAnswer(t, MethodQuery, paidNode), true, "DEBUG"},
		"refused":           {signedAnswer(t, MethodQuery, `{"code":"40004","sub_code":"ACQ.INVALID_PARAMETER"}`), true, "INFO"},
		"ours":              {signedAnswer(t, MethodQuery, refused), true, "WARN"},
		"ours, unsigned":    {`{"alipay_trade_query_response":` + refused + `}`, false, "WARN"},
		"signed, undecided": {signedAnswer(t, MethodQuery, `{"code":"40004","sub_code":"ACQ.NEW"}`), true, "WARN"},
	} {
		var logged bytes.Buffer
		var seen Exchange
		app, _ := answering(t, http.StatusOK, c.body)
		app.config.Logger = slog.New(slog.NewTextHandler(&logged, &slog.HandlerOptions{Level: slog.LevelDebug}))
		app.config.Observer = func(e Exchange) { seen = e }
		_, _ = queryOne(app)
		if seen.Verified != c.verified || !strings.Contains(logged.String(), "level="+c.level) {
			t.Errorf("%s: verified %v, logged %s", name, seen.Verified, logged.String())
		}
	}
}

// The Date header has whole seconds: our own fraction of one is no skew.
func TestG16_fractionsAreNoSkew(t *testing.T) {
	app, gateway := answeringNode(t, MethodQuery, paidNode)
	gateway.header = http.Header{"Date": {testNow().Format(http.TimeFormat)}}
	app.config.Now = func() time.Time { return testNow().Add(900 * time.Millisecond) }
	if _, result := queryOne(app); result.Skew != 0 {
		t.Errorf("skew %v", result.Skew)
	}
}

// The gateway's own "unknown" says that it is not there, so that it opens the breaker as silence
// does; a verified refusal does not.
func TestG05_unknownCountsAsSilence(t *testing.T) {
	for node, opens := range map[string]bool{
		`{"code":"20000","sub_code":"isp.unknow-error"}`: true, `{"code":"40004","sub_code":"ACQ.SYSTEM_ERROR"}`: false,
	} {
		app, gateway := answeringNode(t, MethodQuery, node)
		app.guard = newGuard(AppConfig{BreakAfter: 2})
		for range 4 {
			_, _ = queryOne(app)
		}
		if (gateway.calls == 2) != opens {
			t.Errorf("%s: %d calls reached the gateway", node, gateway.calls)
		}
	}
}
