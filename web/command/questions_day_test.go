package command_test

import (
	"context"
	"database/sql"
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
	database, admin string // the file, and the address of the admin listener
	tomorrow        string // when the shop's key ends
	shop            *demo  // the site, as the shop and its buyers see it
	ahead           atomic.Int64
	numbers         *strings.Replacer // of the guides' words by what they are here
}

// questionsSite is a site where nothing has happened yet.
func questionsSite(t *testing.T) *operatorsDay {
	t.Helper()
	endpoint := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) }))
	t.Cleanup(endpoint.Close)
	database, admin := filepath.Join(t.TempDir(), "paymux.db"), freeAddress(t)
	s := newSite(t, "sqlite", database, `
    late_payment: hold
    webhooks: [{ id: orders, url: "`+endpoint.URL+`/events", events: [payment.paid, refund.succeeded], secrets: [{ id: s1, use: current, secret_file: hook.secret }] }]`)
	s.write("hook.secret", "whsec_"+base64.StdEncoding.EncodeToString([]byte("the webhook secret of a shop, in 24 to 64 bytes")))
	s.edit("server: {", "server: { admin_listen: '"+admin+"',")
	tomorrow := time.Now().Add(26 * time.Hour).Format(time.RFC3339)
	s.edit("created: 2026-01-01T00:00:00+08:00 }", "created: 2026-01-01T00:00:00+08:00, expires: "+tomorrow+" }")
	s.write("start.yaml", string(fileBytes(t, s.path("paymux.yaml"))))
	return &operatorsDay{site: s, database: database, admin: admin, tomorrow: tomorrow}
}

// on is the same site for another test.
func (day *operatorsDay) on(t *testing.T) *operatorsDay {
	s := *day.site
	s.t = t
	shop := &demo{t: t, base: "http://" + s.listen, key: s.key, gateway: s.simURL}
	return &operatorsDay{site: &s, database: day.database, admin: day.admin, tomorrow: day.tomorrow, shop: shop, numbers: strings.NewReplacer()}
}

// oneNode lets most of it happen to a server on SQLite, and returns what must come of the questions
// about it.
func (day *operatorsDay) oneNode() map[string]answer {
	t := day.t
	t.Helper()
	day.restore()
	day.fillDisk()
	day.write("wrong.yaml", strings.Replace(day.text("paymux.yaml"), "master_key_file: master.key", "master_key_file: other.key", 1))
	if code, _, errs := run(t, nil, "keys", "master", day.path("other.key")); code != 0 {
		t.Fatal(errs)
	}
	day.serve("paymux.yaml", &day.ahead)

	paid := day.order("alipay", "T-1001")
	day.shop.pay(paid)
	until(t, "its webhook was not taken", func() bool { return strings.Contains(day.found("paymux.yaml", paid.ID), "last answer 500") })
	refunded := day.order("alipay", "T-1002")
	day.shop.pay(refunded)
	until(t, "it is paid", func() bool { return day.shop.payment(refunded.ID).Status == core.PaymentPaid })
	day.shop.call("POST", day.simURL+"/sim/trades/"+refunded.Action.TradeNo+"/refund", `{"amount_fen":300}`, nil)
	until(t, "the console's refund is known", func() bool { return day.shop.payment(refunded.ID).RefundedFen == 300 })
	late := day.lateMoney("T-1003")
	day.change()

	day.numbers = strings.NewReplacer("TRADE_NO", paid.Action.TradeNo, "ORDER_NO", refunded.MerchantOrderNo, "PAYMENT_ID", late.ID, "TOMORROW", day.tomorrow)
	return day.answers()
}

func (day *operatorsDay) text(file string) string { return string(fileBytes(day.t, day.path(file))) }

// found is what paymux find says of a number.
func (day *operatorsDay) found(config, number string) string {
	_, out, _ := run(day.t, nil, "find", number, "--config", day.path(config))
	return out
}

// restore makes a backup, orders once more, and goes on with the backup; then the last order is
// paid.
func (day *operatorsDay) restore() {
	day.t.Helper()
	for _, name := range []string{"lost", "restored"} {
		day.write(name+".yaml", strings.Replace(day.text("paymux.yaml"), "/paymux.db", "/"+name+".db", 1))
	}
	done := func(args ...string) {
		day.t.Helper()
		if code, out, errs := run(day.t, nil, args...); code != 0 {
			day.t.Fatalf("%q: exit %d\n%s%s", args, code, out, errs)
		}
	}
	stop := day.serve("lost.yaml", &day.ahead)
	day.order("alipay", "T-0901")
	done("backup", "--config", day.path("lost.yaml"), day.path("backup.db"))
	gone := day.order("alipay", "T-0902")
	done("verify", "--config", day.path("lost.yaml"), "--witness", day.path("witness.json"))
	stop()
	done("restore", "--config", day.path("restored.yaml"), day.path("backup.db"))
	stop = day.serve("restored.yaml", &day.ahead)
	day.shop.pay(gone)
	until(day.t, "its message has come", func() bool {
		_, out, _ := run(day.t, nil, "list", "messages", "--config", day.path("restored.yaml"))
		return strings.Contains(out, gone.Attempts[0].OutTradeNo)
	})
	stop()
}

// fillDisk lets a server of its own, on the database that was lost, find its disk full. SQLite says
// so of a table whose numbers are used up, on any file system, and a trigger leads new rows there.
func (day *operatorsDay) fillDisk() {
	day.t.Helper()
	file, listen := filepath.Join(filepath.Dir(day.database), "lost.db"), freeAddress(day.t)
	text := strings.NewReplacer(day.database, file, day.listen, listen, day.admin, freeAddress(day.t)).Replace(day.text("paymux.yaml"))
	day.write("full.yaml", text)
	day.serve("full.yaml", &day.ahead)
	for _, statement := range []string{
		`CREATE TABLE disk (block INTEGER PRIMARY KEY AUTOINCREMENT)`, `INSERT INTO disk VALUES (9223372036854775807)`,
		`CREATE TRIGGER full_audits BEFORE INSERT ON audits BEGIN INSERT INTO disk VALUES (NULL); END`,
	} {
		execute(day.t, file, statement)
	}
	shop := &demo{t: day.t, base: "http://" + listen, key: day.key}
	var refused struct{ Code string }
	if status := shop.call("POST", "/v1/payments", orderOf("wechat", "T-0801"), &refused); status != http.StatusServiceUnavailable || refused.Code != "unavailable" {
		day.t.Fatalf("with a full disk: %d %s", status, refused.Code)
	}
}

func execute(t *testing.T, file, statement string) {
	t.Helper()
	db, err := sql.Open("sqlite", file)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	if _, err := db.ExecContext(t.Context(), "PRAGMA busy_timeout = 5000; "+statement); err != nil {
		t.Fatal(err)
	}
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
	day.write("other.pem", pair(day.t).PrivatePEM)
	day.edit("private_key_file: app.pem", "private_key_file: other.pem")
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

// serve runs the server on one of the site's configurations, by a clock that is ahead, until stop
// or the test's end.
func (day *operatorsDay) serve(config string, clock *atomic.Int64) (stop func()) {
	day.t.Helper()
	ctx, cancel := context.WithCancel(day.t.Context())
	errs := &log{}
	world := streams(errs, errs)
	world.Now = func() time.Time { return time.Now().Add(time.Duration(clock.Load())) }
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
