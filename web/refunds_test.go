package web_test

import (
	"strings"
	"testing"

	"github.com/paymux/paymux/core"
)

type refunds struct {
	Data       []core.RefundView `json:"data"`
	NextCursor *string           `json:"next_cursor"`
}

// W16: an approver is told of no refund, so they must be able to find what waits; W01: nobody
// else's.
func TestRefundsArePagedAndFiltered(t *testing.T) {
	w := newWorld(t)
	ask := func(merchant, no, fen string) {
		t.Helper()
		p := w.create(merchant, "alipay", "order-"+no)
		w.pay(p)
		want(t, w.as(merchant+"/cashier", "POST", "/v1/payments/"+p.ID+"/refunds", `{"amount_fen":`+fen+`,"merchant_refund_no":"`+no+`"}`), 201, "")
		w.clock.Advance(1e6) // a millisecond: the order of the list is creation time, then id
	}
	for _, no := range []string{"r1", "r2", "r3"} {
		ask("m_a", no, "1999")
		ask("m_a", no+"-small", "1")
	}
	ask("m_b", "foreign", "1999")
	list := func(who, query string) string {
		t.Helper()
		var seen []string
		for path := "/v1/refunds?" + query; ; {
			page := decode[refunds](t, w.as(who, "GET", path, ""))
			for _, r := range page.Data {
				seen = append(seen, r.MerchantRefundNo)
			}
			if page.NextCursor == nil {
				return strings.Join(seen, " ")
			}
			path = "/v1/refunds?" + query + "&cursor=" + *page.NextCursor
		}
	}
	for _, c := range [][3]string{
		{"m_a/approver", "status=pending_approval&limit=2", "r3 r2 r1"}, {"m_a/approver", "status=pending_approval&limit=1", "r3 r2 r1"},
		{"m_a/viewer", "status=succeeded", "r3-small r2-small r1-small"}, {"m_a/viewer", "limit=4", "r3-small r3 r2-small r2 r1-small r1"},
		{"m_a/viewer", "status=failed", ""}, {"m_a/viewer", "merchant_refund_no=r2", "r2"}, {"m_a/viewer", "merchant_refund_no=r2&status=succeeded", ""},
		{"m_b/approver", "status=pending_approval", "foreign"}, {"m_b/approver", "merchant_refund_no=r2", ""},
	} {
		if got := list(c[0], c[1]); got != c[2] {
			t.Errorf("%s, %s: %q, want %q", c[0], c[1], got, c[2])
		}
	}
	// The tenant is in every query: another merchant's cursor, or another list's, leads nowhere
	// else.
	mine := decode[refunds](t, w.as("m_a/viewer", "GET", "/v1/refunds?limit=1", ""))
	if page := decode[refunds](t, w.as("m_b/viewer", "GET", "/v1/refunds?cursor="+*mine.NextCursor, "")); len(page.Data) != 0 {
		t.Errorf("m_b sees %+v", page.Data)
	}
	want(t, w.as("m_a/viewer", "GET", "/v1/payments?cursor="+*mine.NextCursor, ""), 400, core.CodeInvalid)
	payments := decode[refunds](t, w.as("m_a/viewer", "GET", "/v1/payments?limit=1", ""))
	want(t, w.as("m_a/viewer", "GET", "/v1/refunds?cursor="+*payments.NextCursor, ""), 400, core.CodeInvalid)
	want(t, w.as("m_a/viewer", "GET", "/v1/refunds?status=paid", ""), 400, core.CodeInvalid)
}

// W16, I04: late money that is held is kept by whoever may approve, sent back by whoever may
// refund; a repeat gets the same bytes, and above the limit one person decides nothing.
func TestLateMoneyIsDecidedAboutByPeople(t *testing.T) {
	w := newWorld(t)
	p := w.create("m_a", "wechat", "late")
	path := "/v1/payments/" + p.ID
	want(t, w.as("m_a/cashier", "POST", path+"/close", ""), 200, "")
	w.pay(p)
	want(t, w.as("m_a/cashier", "POST", path+"/accept-late", ""), 403, core.CodeForbidden)
	want(t, w.as("m_a/approver", "POST", path+"/refund-late", ""), 403, core.CodeForbidden)
	want(t, w.as("m_a/approver", "POST", path+"/accept-late", ""), 403, core.CodeOverLimit)
	first := w.as("m_a/cashier", "POST", path+"/refund-late", "")
	want(t, first, 200, "")
	waiting := decode[core.PaymentView](t, first).Refunds[0]
	if waiting.Status != core.RefundPendingApproval {
		t.Fatalf("%+v", waiting)
	}
	want(t, w.as("m_a/approver", "POST", "/v1/refunds/"+waiting.ID+"/reject", `{"reason":"keep it"}`), 200, "")
	again := w.as("m_a/cashier", "POST", path+"/refund-late", "")
	if again.Body.String() != first.Body.String() || again.Header().Get("Idempotent-Replayed") != "true" {
		t.Fatalf("%d %s", again.Code, again.Body)
	}
	w.limit("m_a", 1999)
	kept := w.as("m_a/approver", "POST", path+"/accept-late", "")
	if got := decode[core.PaymentView](t, kept); got.Status != core.PaymentClosed || got.Attempts[0].Reason != "accepted" {
		t.Fatalf("%+v", got)
	}
	want(t, w.as("m_a/cashier", "POST", path+"/refund-late", "", "Idempotency-Key", "after-all"), 200, "")
	want(t, w.as("m_a/cashier", "POST", path+"/refund-late", "", "Idempotency-Key", "once-more"), 409, core.CodeNotRefundable)
}

// An operator says that a refund which came back was seen to: in the operator's own name, once, and
// the payment is no longer among those that wait.
func TestReturnedRefundIsHandled(t *testing.T) {
	w, ask := operated(t, "night shift")
	p := w.create("m_a", "alipay", "o1")
	w.pay(p)
	path := "/v1/refunds/" + decode[core.RefundView](t, w.as("m_a/admin", "POST", "/v1/payments/"+p.ID+"/refunds", `{"amount_fen":100}`)).ID + "/handled"
	want(t, ask("POST", path, `{"reason":"paid at the counter"}`), 409, core.CodeWrongState)
	w.sendBack(strings.Split(path, "/")[3])
	waits := func() bool {
		return strings.Contains(ask("GET", "/v1/payments?attention=true", "").Body.String(), p.ID)
	}
	if !waits() {
		t.Fatal("nobody is told of it")
	}
	want(t, ask("POST", path, `{"reason":" "}`), 400, core.CodeInvalid)
	for _, reason := range []string{"paid at the counter", "no, by transfer"} {
		got := decode[core.RefundView](t, ask("POST", path, `{"reason":"`+reason+`"}`))
		if got.HandledBy != "night shift" || got.HandledWhy != "paid at the counter" || got.HandledAt == "" {
			t.Errorf("%+v", got)
		}
	}
	if waits() {
		t.Error("it waits for a person still")
	}
}
