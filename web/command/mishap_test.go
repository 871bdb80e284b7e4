package command_test

import (
	"net/http"
	"path/filepath"
	"testing"

	"github.com/paymux/paymux/core"
)

// provoke presses one of the demo shop's fault buttons.
func (d *demo) provoke(fault string) {
	d.t.Helper()
	stay := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	response, err := stay.Post(d.base+"/shop/faults/"+fault, "application/x-www-form-urlencoded", nil)
	if err != nil {
		d.t.Fatal(err)
	}
	_ = response.Body.Close()
	if response.StatusCode != http.StatusSeeOther {
		d.t.Fatalf("fault %s: %s", fault, response.Status)
	}
}

// Every mishap that the shop offers is survived: the order becomes what the gateway's book says,
// once.
func TestDemoSurvivesItsMishaps(t *testing.T) {
	d := startDemo(t, filepath.Join(t.TempDir(), "demo"))

	d.provoke("lose-notification") // G18: asking finds what was never told
	lost := d.create("alipay")
	d.pay(lost)
	d.flush()
	if p := d.payment(lost.ID); p.Status == core.PaymentPaid {
		t.Error("the notification was not lost")
	}
	d.call("POST", "/v1/payments/"+lost.ID+"/sync", "", nil)
	if p := d.payment(lost.ID); p.Status != core.PaymentPaid {
		t.Errorf("after the inquiry the payment is %s", p.Status)
	}

	d.provoke("repeat-notification") // C11
	repeated := d.create("douyin")
	d.pay(repeated)
	d.flush()
	if p := d.payment(repeated.ID); p.Status != core.PaymentPaid || p.PaidFen != p.AmountFen {
		t.Errorf("told five times, the payment is %s with %d", p.Status, p.PaidFen)
	}

	d.provoke("forge-notification") // C01
	forged := d.create("wechat")
	d.pay(forged)
	d.flush()
	if p := d.payment(forged.ID); p.Status == core.PaymentPaid {
		t.Error("a forged notification was believed")
	}

	d.provoke("drop-refund") // G05, P10: the money went back, the answer did not come
	var back core.RefundView
	status := d.call("POST", "/v1/payments/"+lost.ID+"/refunds", `{"amount_fen":500}`, &back)
	// The gateway's own message may have told before we answer.
	if (status != http.StatusAccepted || !back.Settling) && (status != http.StatusCreated || back.Status != core.RefundSucceeded) {
		t.Errorf("a refund without an answer: %d %+v", status, back)
	}

	d.provoke("drop-close") // P08: closed there, unknown here
	dropped := d.create("alipay")
	if status := d.call("POST", "/v1/payments/"+dropped.ID+"/close", "", nil); status != http.StatusAccepted && status != http.StatusOK {
		t.Errorf("a close without an answer: %d", status)
	}

	d.provoke("drop-create") // G03, P03: the trade exists, its number did not come
	var unsure core.PaymentView
	status = d.call("POST", "/v1/payments", `{"merchant_order_no":"ORPHAN","platform":"alipay","payer":{"user_id":"`+d.login()+`"},"amount_fen":100,`+
		`"subject":"tea","goods":[{"id":"tea","name":"tea","category":"physical","quantity":1,"price_fen":100}]}`, &unsure)
	if status != http.StatusAccepted || !unsure.Settling || unsure.Action != nil {
		t.Errorf("a create without an answer: %d %+v", status, unsure)
	}

	// The rest is the sweeper's.
	until(t, "the refund is found to have succeeded", func() bool {
		p := d.payment(lost.ID)
		return p.Status == core.PaymentPartiallyRefunded && p.RefundedFen == 500 && len(p.Refunds) == 1
	})
	until(t, "the close is found to have happened", func() bool { return d.payment(dropped.ID).Status == core.PaymentClosed })
	until(t, "the trade is found to exist", func() bool {
		p := d.payment(unsure.ID)
		return p.Action != nil && p.Action.TradeNo != "" && !p.Settling && len(p.Attempts) == 1
	})
}
