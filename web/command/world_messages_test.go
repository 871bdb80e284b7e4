package command_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/paymux/paymux/adapters/alipay"
	"github.com/paymux/paymux/core"
)

// C51: whatever shape Alipay gives a message, over HTTP it is answered as Alipay wants it, and the
// order stands as it should afterwards.
func TestC51_worldMessages(t *testing.T) {
	keys, certificates := startWorld(t, false), startWorld(t, true)
	for _, c := range worldCases(t, 48, "notify", "app_message") {
		t.Run(c.ID, func(t *testing.T) {
			w := keys.in(t)
			if c.CertMode {
				w = certificates.in(t)
			}
			w.message(c)
		})
	}
	for _, secret := range []string{"app_auth_token", "login_token", "abcdef0123456789abcdef0123456789_78", "未收到货", "2088000000000002", "abc@example.com"} {
		if strings.Contains(keys.log.String()+certificates.log.String(), secret) {
			t.Errorf("the log holds %q", secret)
		}
	}
}

// in is the same world for a part of the test.
func (w *world) in(t *testing.T) *world {
	inner, outer := *w.site, *w
	inner.t, outer.site = t, &inner
	return &outer
}

// message prepares what the case presupposes, delivers it and looks at what became of the order.
func (w *world) message(c worldCase) {
	w.t.Helper()
	made := w.order()
	if c.Pre == "paid" {
		w.gateway.set("TRADE_SUCCESS", 0)
		if paid := w.see("POST", "/v1/payments/"+made.ID+"/sync"); paid.Status != core.PaymentPaid {
			w.t.Fatalf("the order is %s, not paid", paid.Status)
		}
	}
	w.gateway.set(gatewayStatus(c.Expect.Conclusion), c.Expect.Refunded)
	path := "/notify/alipay/main"
	if c.Kind == "app_message" {
		path += "/app"
	}
	status, reply := w.deliver(c, path)
	switch believed := status == http.StatusOK && reply == "success"; {
	case c.Expect.Accept == "accept" && !believed, c.Expect.Accept == "refuse" && believed:
		w.t.Fatalf("answered %d %q, want %s", status, reply, c.Expect.Accept)
	}
	w.concludes(c, made)
	if strings.HasPrefix(c.ID, "n2") && strings.Contains(c.ID, "-old-") && !w.traced(string(alipay.ErrOldInterface)) {
		w.t.Error("the audit log does not call it what it is")
	}
	if _, again := w.deliver(c, path); (again == "success") != (reply == "success") {
		w.t.Errorf("answered %q the first time and %q the second", reply, again)
	}
	w.concludes(c, made)
}

// traced tells whether the audit log has a message that was refused for a reason; of those that
// follow it within ten minutes it has none.
func (w *world) traced(reason string) bool {
	w.t.Helper()
	var rows int
	err := w.db.QueryRowContext(w.t.Context(), "SELECT COUNT(*) FROM audits WHERE action = 'notify.rejected' AND detail LIKE ?", reason+"%").Scan(&rows)
	if err != nil {
		w.t.Fatal(err)
	}
	return rows > 0
}

// gatewayStatus is what the gateway says of the trade of a case, if it is asked.
func gatewayStatus(conclusion string) string {
	switch conclusion {
	case "paid", "refund_partial":
		return "TRADE_SUCCESS"
	case "refund_full", "closed_unpaid":
		return "TRADE_CLOSED"
	case "waiting":
		return "WAIT_BUYER_PAY"
	}
	return ""
}

// concludes holds the order and the inbox against what the case says. What takes an inquiry first
// is waited for.
func (w *world) concludes(c worldCase, made core.PaymentView) {
	w.t.Helper()
	look := func() core.PaymentView { return w.see("GET", "/v1/payments/"+made.ID) }
	switch p := look(); c.Expect.Conclusion {
	case "paid":
		if p.Status != core.PaymentPaid || p.PaidFen != c.Expect.TotalFen || p.RefundedFen != 0 || p.Attempts[0].TradeNo != worldTradeNo {
			w.t.Fatalf("%s, %d fen of trade %s", p.Status, p.PaidFen, p.Attempts[0].TradeNo)
		}
	case "refund_full", "refund_partial":
		want := core.PaymentRefunded
		if c.Expect.Conclusion == "refund_partial" {
			want = core.PaymentPartiallyRefunded
		}
		until(w.t, "the refund is booked", func() bool { p = look(); return p.Status == want })
		if p.PaidFen != worldTotal || p.RefundedFen != c.Expect.Refunded || len(p.Refunds) != 1 || !strings.HasPrefix(w.inbox(), "done") {
			w.t.Fatalf("%d of %d fen, %d refunds, inbox %q", p.RefundedFen, p.PaidFen, len(p.Refunds), w.inbox())
		}
	case "closed_unpaid":
		until(w.t, "the attempt is closed", func() bool { p = look(); return p.Attempts[0].State == core.AttemptClosed })
		w.unpaid(p, 0)
	default:
		// what may have been booked, where the case leaves open whether it is believed
		open := core.Fen(0)
		if c.Expect.Accept == "either" && c.Expect.Conclusion == "" {
			open = worldTotal
		}
		w.unpaid(p, open)
		if want := inboxOf(c.Expect.Conclusion); !strings.HasPrefix(w.inbox(), want) {
			w.t.Errorf("the inbox has %q, want %q", w.inbox(), want)
		}
	}
}

// unpaid wants an order on which nothing was booked, or at most this.
func (w *world) unpaid(p core.PaymentView, paid core.Fen) {
	w.t.Helper()
	if p.RefundedFen != 0 || len(p.Refunds) != 0 || (p.PaidFen != 0 && p.PaidFen != paid) {
		w.t.Fatalf("%s, %d fen paid, %d refunded", p.Status, p.PaidFen, p.RefundedFen)
	}
}

// inboxOf is what a kept message is kept as.
func inboxOf(conclusion string) string {
	switch conclusion {
	case "complaint":
		return "done complaint"
	case "risk":
		return "done risk"
	case "agreement_signed", "agreement_ended":
		return "done agreement"
	case "waiting", "info":
		return "done"
	case "wrong_payee":
		return "parked wrong_seller"
	case "not_paid":
		return "parked amount_mismatch"
	}
	return ""
}
