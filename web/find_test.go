package web_test

import (
	"strings"
	"testing"

	"github.com/paymux/paymux/core"
)

// A buyer's payments are found by the buyer's own id, which then stands nowhere: not in an answer,
// an address, the log or the audit log. That somebody looked is audited.
func TestSearchByBuyer(t *testing.T) {
	w := newWorld(t)
	first, second := w.create("m_a", "wechat", "o1"), w.create("m_a", "alipay", "o2")
	w.create("m_b", "wechat", "o3") // the same buyer, elsewhere
	type page struct {
		Data       []core.PaymentView
		NextCursor string `json:"next_cursor"`
	}
	one := decode[page](t, w.as("m_a/viewer", "POST", "/v1/payments/search", `{"user_id":"`+buyer+`","limit":1}`))
	two := decode[page](t, w.as("m_a/viewer", "POST", "/v1/payments/search", `{"user_id":"`+buyer+`","limit":1,"cursor":"`+one.NextCursor+`"}`))
	if len(one.Data) != 1 || len(two.Data) != 1 || one.Data[0].ID == two.Data[0].ID || !strings.Contains(first.ID+second.ID, one.Data[0].ID) {
		t.Fatalf("pages %+v, %+v", one, two)
	}
	for body, field := range map[string]string{
		`{}`: "user_id", `{"user_id":"` + buyer + `","cursor":"x"}`: "cursor", `{"user_id":"` + buyer + `","limit":101}`: "limit",
	} {
		answer := w.as("m_a/viewer", "POST", "/v1/payments/search", body)
		want(t, answer, 400, core.CodeInvalid)
		if p := problem(t, answer); p.Field != field {
			t.Errorf("%s: %+v", body, p)
		}
	}
	if none := decode[page](t, w.as("m_a/viewer", "POST", "/v1/payments/search", `{"open_id":"`+buyer+`"}`)); len(none.Data) != 0 {
		t.Errorf("another kind of id found %+v", none.Data)
	}
	looked := 0
	for _, row := range w.audits() {
		if strings.Contains(row.Object+row.Detail, buyer) {
			t.Errorf("the buyer stands in %+v", row)
		}
		if row.Action == "payments.search" && row.Actor == "viewer of m_a" && row.Object != "" {
			looked++
		}
	}
	if looked != 3 || strings.Contains(w.log.String(), buyer) {
		t.Errorf("%d searches were audited; the log: %s", looked, w.log)
	}
}

// A payment's time line tells what happened and what comes next.
func TestTimeline(t *testing.T) {
	w := newWorld(t)
	p := w.create("m_a", "wechat", "o1")
	type told struct {
		Timeline []core.Moment
		Waits    []core.Wait
	}
	before := decode[told](t, w.as("m_a/viewer", "GET", "/v1/payments/"+p.ID+"/timeline", ""))
	if len(before.Waits) != 1 || before.Waits[0].For != "buyer" || before.Waits[0].At == "" || len(before.Timeline) == 0 {
		t.Errorf("before: %+v", before)
	}
	w.pay(p)
	after := decode[told](t, w.as("m_a/viewer", "GET", "/v1/payments/"+p.ID+"/timeline", ""))
	var names []string
	for _, m := range after.Timeline {
		names = append(names, m.What+" "+m.Name)
	}
	for _, name := range []string{"audit payment.create", "audit attempt.paid", "ledger gateway", "event payment.paid", "message done", "delivery pending"} {
		if !strings.Contains(strings.Join(names, "\n"), name) {
			t.Errorf("%s is missing from %q", name, names)
		}
	}
	if len(after.Waits) != 1 || after.Waits[0].For != "merchant" {
		t.Errorf("after: %+v", after.Waits)
	}
}
