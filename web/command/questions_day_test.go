package command_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/paymux/paymux/core"
	"github.com/paymux/paymux/web/command"
)

// operatorsDay is an installation on which all has happened that operators are asked about, on a
// clock that the test sets.
type operatorsDay struct {
	*site
	shop    *demo // the site, as the shop and its buyers see it
	ahead   atomic.Int64
	numbers *strings.Replacer // of the guides' words by what they are here
}

func (day *operatorsDay) now() time.Time { return time.Now().Add(time.Duration(day.ahead.Load())) }

// newOperatorsDay lets it all happen.
func newOperatorsDay(t *testing.T) *operatorsDay {
	t.Helper()
	endpoint := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) }))
	t.Cleanup(endpoint.Close)
	s := newSite(t, "sqlite", filepath.Join(t.TempDir(), "paymux.db"), `
    late_payment: hold
    webhooks: [{ id: orders, url: "`+endpoint.URL+`/events", events: [payment.paid, refund.succeeded], secrets: [{ id: s1, use: current, secret_file: hook.secret }] }]`)
	s.write("hook.secret", "whsec_"+base64.StdEncoding.EncodeToString([]byte("the webhook secret of a shop, in 24 to 64 bytes")))
	s.edit("server: {", "server: { admin_listen: '"+freeAddress(t)+"',")
	tomorrow := time.Now().Add(26 * time.Hour).Format(time.RFC3339)
	s.edit("created: 2026-01-01T00:00:00+08:00 }", "created: 2026-01-01T00:00:00+08:00, expires: "+tomorrow+" }")
	day := &operatorsDay{site: s, shop: &demo{t: t, base: "http://" + s.listen, key: s.key, gateway: s.simURL}}
	day.serve("paymux.yaml")

	paid, refunded := day.order("alipay", "T-1001"), day.order("alipay", "T-1002")
	for _, p := range []core.PaymentView{paid, refunded} {
		day.shop.pay(p)
		until(t, "it is paid", func() bool { return day.shop.payment(p.ID).Status == core.PaymentPaid })
	}
	day.shop.call("POST", s.simURL+"/sim/trades/"+refunded.Action.TradeNo+"/refund", `{"amount_fen":300}`, nil)
	until(t, "the console's refund is known", func() bool { return day.shop.payment(refunded.ID).RefundedFen == 300 })
	late := day.lateMoney("T-1003")

	day.change()

	day.numbers = strings.NewReplacer("TRADE_NO", paid.Action.TradeNo, "ORDER_NO", refunded.MerchantOrderNo, "PAYMENT_ID", late.ID, "TOMORROW", tomorrow)
	return day
}

func orderOf(platform, no string) string {
	payer := map[string]string{"alipay": `"payer":{"user_id":"2088000000000002"},`}[platform]
	return fmt.Sprintf(`{"merchant_order_no":%q,"platform":%q,%s"amount_fen":900,"subject":"tea",`+
		`"goods":[{"id":"tea","name":"tea","category":"physical","quantity":1,"price_fen":900}]}`, no, platform, payer)
}

// order orders tea, for 900 fen.
func (day *operatorsDay) order(platform, no string) (made core.PaymentView) {
	day.t.Helper()
	status := day.shop.call("POST", "/v1/payments", orderOf(platform, no), &made)
	if status != http.StatusCreated || made.Action == nil {
		day.t.Fatalf("%s: %d %+v", no, status, made)
	}
	return made
}

// change lets somebody switch a feature off and put another key in the place of the application's.
func (day *operatorsDay) change() {
	day.write("app.pem", pair(day.t).PrivatePEM)
	day.edit("late_payment: hold", "late_payment: hold\n    features: [{ platform: alipay, feature: huabei, enabled: false }]")
	until(day.t, "the change is taken and the account turned away", func() bool {
		_, out, _ := run(day.t, nil, "list", "changes", "--config", day.path("paymux.yaml"))
		var refused struct{ Code string }
		return strings.Contains(out, "features") && day.shop.call("POST", "/v1/payments", orderOf("alipay", "T-1004"), &refused) == http.StatusServiceUnavailable
	})
}

// lateMoney lets a buyer pay on the gateway's page when the order has ended, because the clock of
// the server was ahead of the gateway's.
func (day *operatorsDay) lateMoney(no string) core.PaymentView {
	day.t.Helper()
	made := day.order("wechat", no)
	jar, err := cookiejar.New(nil)
	if err != nil {
		day.t.Fatal(err)
	}
	browser := &http.Client{Jar: jar}
	page := day.shop.browse(browser, "GET", made.Action.URL, nil)
	_, action, fields := formOf(day.t, page.body)
	page = day.shop.browse(browser, "POST", page.resolve(action), fields)
	_, toGateway, order := formOf(day.t, page.body)
	day.ahead.Add(int64(40 * time.Minute))
	day.shop.call("POST", "/v1/payments/"+made.ID+"/close", "", nil)
	until(day.t, "it is closed", func() bool { return day.shop.payment(made.ID).Status == core.PaymentClosed })
	cashier := day.shop.browse(browser, "POST", toGateway, order)
	_, action, fields = formOf(day.t, cashier.body)
	fields.Set("action", "pay")
	day.shop.browse(browser, "POST", cashier.resolve(action), fields)
	until(day.t, "the money is held", func() bool { return day.shop.payment(made.ID).LatePayment != nil })
	return made
}

// serve runs the server on one of the site's configurations until stop, or the test's end.
func (day *operatorsDay) serve(config string) (stop func()) {
	day.t.Helper()
	ctx, cancel := context.WithCancel(day.t.Context())
	errs := &log{}
	world := streams(errs, errs)
	world.Now = day.now
	ended := make(chan int, 1)
	go func() { ended <- command.Run(ctx, []string{"serve", "--migrate", "--config", day.path(config)}, world) }()
	until(day.t, "the server is ready", func() bool {
		select {
		case code := <-ended:
			day.t.Fatalf("serve ended with %d\n%s", code, errs)
		default:
		}
		return strings.Contains(errs.String(), `"msg":"ready"`)
	})
	stop = sync.OnceFunc(func() {
		cancel()
		if code := <-ended; code != 0 {
			day.t.Errorf("serve ended with %d\n%s", code, errs)
		}
	})
	day.t.Cleanup(stop)
	return stop
}

// answers are what must come of each question.
func (day *operatorsDay) answers() map[string]answer {
	return map[string]answer{
		"late": {"paymux.yaml", []int{0, 0}, []string{
			"PAYMENT_ID", "900", "late_held", "/v1/payments/PAYMENT_ID/refund-late", "/accept-late", "late or duplicate money is held", "whose they are, a person decides",
		}},
		"webhook": {"paymux.yaml", []int{0, 0}, []string{
			"webhooks wait for endpoint orders of merchant m_shop", "the endpoint failed (HTTP 500)", "The shop must mend it", "the merchant at ",
		}},
		"console": {"paymux.yaml", []int{0}, []string{
			"partially_refunded", "900 fen were paid, 600 of them are the merchant's, 300 went back", "succeeded, 300 fen, made outside paymux", "a refund made outside was booked",
		}},
		"rotated-key": {"paymux.yaml", []int{0, 1}, []string{
			"turned away by the gateway: isv.invalid-signature", "No money is lost", "Upload the public key that belongs to the private key",
		}},
		"switch":    {"paymux.yaml", []int{0}, []string{"config.reload", "+merchants[m_shop].features[alipay/huabei].enabled", "file changed at", "private_key_file (content)"}},
		"key-ends":  {"paymux.yaml", []int{0, 0}, []string{"API key shop of merchant m_shop ends at TOMORROW", "make the next one"}},
		"complaint": {"paymux.yaml", []int{0}, []string{"trade_no of payment", "900 fen were paid, 900 of them are the merchant's, 0 went back", "T-1001"}},
	}
}
