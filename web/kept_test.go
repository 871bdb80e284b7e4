package web_test

import (
	"strings"
	"testing"

	"github.com/paymux/paymux/core"
)

type messages struct{ Data []core.MessageView }

// A parked message is listed for its merchant and for operators, never with its body; it is ended
// by a reason that the audit log keeps, once, and by nobody else's key.
func TestParkedMessages(t *testing.T) {
	w, ask := operated(t, "night shift")
	ours, theirs := w.park("m_a"), w.park("m_b")
	for who, want := range map[string]string{"m_a/viewer": ours, "m_b/viewer": theirs} {
		if got := decode[messages](t, w.as(who, "GET", "/v1/messages", "")).Data; len(got) != 1 || got[0].ID != want || got[0].MerchantID != "" {
			t.Errorf("%s: %+v", who, got)
		}
	}
	all := decode[messages](t, ask("GET", "/v1/messages", "")).Data
	if len(all) != 2 || all[0].ID != theirs || all[0].MerchantID != "m_b" || all[1].Code != "amount_mismatch" {
		t.Errorf("an operator: %+v", all)
	}
	if none := decode[messages](t, w.as("m_a/viewer", "GET", "/v1/messages?state=rejected", "")).Data; len(none) != 0 {
		t.Errorf("rejected: %+v", none)
	}
	want(t, w.as("m_a/approver", "POST", "/v1/messages/"+theirs+"/dismiss", `{"reason":"x"}`), 404, core.CodeNotFound)
	want(t, w.as("m_a/cashier", "POST", "/v1/messages/"+ours+"/dismiss", `{"reason":"x"}`), 403, core.CodeForbidden)
	want(t, w.as("m_a/approver", "POST", "/v1/messages/"+ours+"/dismiss", `{"reason":""}`), 400, core.CodeInvalid)
	for range 2 { // again is the same call
		done := decode[core.MessageView](t, ask("POST", "/v1/messages/"+ours+"/dismiss", `{"reason":"paid back by hand"}`))
		if done.State != core.InboxDone || done.Code != "dismissed" {
			t.Errorf("%+v", done)
		}
	}
	want(t, w.as("m_a/approver", "POST", "/v1/messages/"+ours+"/apply", ""), 409, core.CodeWrongState)
	noted := 0
	for _, row := range w.audits() {
		if row.Action == "inbox.dismissed" && row.Object == ours && row.Actor == "night shift" && row.Detail == "paid back by hand" && row.MerchantID == "m_a" {
			noted++
		}
	}
	if noted != 1 {
		t.Errorf("the dismissal was noted %d times", noted)
	}
}

// A parked message that is applied again is judged by core: what the gateway does not confirm books
// nothing, and is parked as it was; one of no order can only be dismissed.
func TestParkedMessageAppliedAgain(t *testing.T) {
	w := newWorld(t)
	want(t, w.as("m_a/approver", "POST", "/v1/messages/"+w.park("m_a")+"/apply", ""), 409, core.CodeWrongState)
	p := w.create("m_a", "wechat", "o1")
	id := w.parkFor("m_a", p.Attempts[0].OutTradeNo)
	want(t, w.as("m_b/approver", "POST", "/v1/messages/"+id+"/apply", ""), 404, core.CodeNotFound)
	for range 2 {
		if again := decode[core.MessageView](t, w.as("m_a/approver", "POST", "/v1/messages/"+id+"/apply", "")); again.State != core.InboxParked || again.Code != "amount_mismatch" {
			t.Errorf("%+v", again)
		}
	}
	var actions []string
	for _, row := range decode[struct{ Data []core.AuditView }](t, w.as("m_a/viewer", "GET", "/v1/audit?object="+id, "")).Data {
		actions = append(actions, row.Action)
	}
	if strings.Count(strings.Join(actions, " "), "inbox.reapplied") != 2 {
		t.Errorf("audit of the message: %q", actions)
	}
	if rows := decode[struct{ Data []core.AuditView }](t, w.as("m_b/viewer", "GET", "/v1/audit?object="+id, "")).Data; len(rows) != 0 {
		t.Errorf("another merchant reads %+v", rows)
	}
	if now := decode[core.PaymentView](t, w.as("m_a/viewer", "GET", "/v1/payments/"+p.ID, "")); now.PaidFen != 0 || now.Status != p.Status {
		t.Errorf("something was booked: %+v", now)
	}
}
