package command_test

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/paymux/paymux/core"
)

// The main job by an order string, from end to end: the setting changes while the server runs, no
// buyer is named, the shop's page leads to the cashier, and the notification alone makes the
// payment paid. What nobody has entered can be closed only when its time is over (S03).
func TestDemoTakesMoneyByOrderStrings(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "demo")
	d := startDemo(t, dir)
	d.edit(dir, "        alipay:\n", "        alipay:\n          mini_pay: order_string\n")
	var made, left core.PaymentView
	until(t, "the setting counts", func() bool { return d.createFor("", &made) == http.StatusCreated })
	if made.Action == nil || made.Action.Type != "alipay_order_str" || made.Settling {
		t.Fatalf("got %+v", made)
	}
	var asked core.PaymentView
	if d.call("POST", "/v1/payments/"+made.ID+"/sync", "", &asked); asked.Status != core.PaymentPaying || asked.Settling {
		t.Errorf("asked for before anybody entered: %s, settling %v", asked.Status, asked.Settling)
	}
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	browser := &http.Client{Jar: jar}
	page := d.browse(browser, "GET", d.base+"/shop/orders/"+made.ID, nil)
	link := regexp.MustCompile(`id="pay" href="([^"]*)"`).FindStringSubmatch(page.body)
	if link == nil {
		t.Fatalf("no way to pay:\n%s", page.body)
	}
	cashier := d.browse(browser, "GET", strings.ReplaceAll(link[1], "&amp;", "&"), nil)
	_, action, fields := formOf(t, cashier.body)
	fields.Set("action", "pay")
	if paid := d.browse(browser, "POST", cashier.resolve(action), fields); !strings.Contains(paid.body, "/shop/orders/"+made.ID+"?resultCode=9000") {
		t.Errorf("the cashier does not lead back: %s", paid.body)
	}
	d.flush()
	if p := d.payment(made.ID); p.Status != core.PaymentPaid || p.PaidFen != 12800 || p.Action != nil {
		t.Fatalf("after the notification: %s, %d fen, %+v", p.Status, p.PaidFen, p.Action)
	}
	d.checkNotifications(1)
	if status := d.createFor(d.login(), &left); status != http.StatusCreated {
		t.Fatalf("with a buyer: %d", status)
	}
	if status := d.call("POST", "/v1/payments/"+left.ID+"/close", "", &left); status != http.StatusAccepted || left.Status != core.PaymentClosing {
		t.Errorf("closing what nobody has entered: %d %s", status, left.Status)
	}
}

// createFor orders tea in the Alipay mini-program, for a buyer or for whoever pays.
func (d *demo) createFor(userID string, made *core.PaymentView) (status int) {
	d.t.Helper()
	payer := ""
	if userID != "" {
		payer = fmt.Sprintf(`"payer":{"user_id":%q},`, userID)
	}
	var answer json.RawMessage
	status = d.call("POST", "/v1/payments", fmt.Sprintf(`{"merchant_order_no":%q,"platform":"alipay",%s"amount_fen":12800,"subject":"明前龙井",`+
		`"goods":[{"id":"tea","name":"明前龙井","category":"physical.food","quantity":2,"price_fen":6400}]}`, rand.Text(), payer), &answer)
	if status == http.StatusCreated {
		*made = core.PaymentView{}
		if err := json.Unmarshal(answer, made); err != nil {
			d.t.Fatal(err)
		}
	}
	return status
}

// edit changes the demo's configuration, which it reads while it runs.
func (d *demo) edit(dir, old, with string) {
	d.t.Helper()
	name := filepath.Join(dir, "paymux.yaml")
	text, err := os.ReadFile(name)
	if err != nil || !strings.Contains(string(text), old) {
		d.t.Fatalf("%v: no %q in %s", err, old, text)
	}
	if err := os.WriteFile(name, []byte(strings.Replace(string(text), old, with, 1)), 0o600); err != nil {
		d.t.Fatal(err)
	}
}
