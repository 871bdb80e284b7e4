package core_test

import (
	"testing"

	"github.com/paymux/paymux/core"
)

// W16: a name written in another way is not a second person.
func TestW16OnePersonHoweverWritten(t *testing.T) {
	for _, c := range []struct {
		a, b string
		one  bool
	}{
		{"finance desk", "finance desk ", true},
		{"finance desk", "\tFinance  Desk", true},
		{"finance desk", "ＦＩＮＡＮＣＥ　ｄｅｓｋ", true},
		{"finance desk", "finance\u00a0desk", true},
		{"finance desk", "finance\u2009\u202fdesk", true},
		{"finance desk", "fin\u200bance\u2060 d\u00adesk\ufeff", true},
		{"finance desk", "finance desk\u3164\u2800", true},
		{"kelvin σ", "\u212aELVIN ς", true},
		{"王小明", "王小明　", true},
		{"王小明", "王\U000e0100小\ufe0f明", true},
		{"王小明", "王小明\u202e", true},
		{"É", "é", true},
		{"finance desk", "financedesk", false},
		{"finance desk", "finance desk 2", false},
		{"王小明", "王小朋", false},
		{"a", "b", false},
		{"e", "é", false},
	} {
		if got := core.PersonOf(c.a) == core.PersonOf(c.b); got != c.one {
			t.Errorf("%q and %q are one: %v (%q, %q)", c.a, c.b, got, core.PersonOf(c.a), core.PersonOf(c.b))
		}
		if p := core.PersonOf(c.b); core.PersonOf(p) != p {
			t.Errorf("%q is not what it is compared by", p)
		}
	}
}

// W16: who asked for a refund does not approve it under another spelling, and a repeat by him is
// one.
func TestW16SameActorOtherwiseWritten(t *testing.T) {
	for _, actor := range []string{shopCaller.Actor + " ", " " + shopCaller.Actor, "\u200b" + shopCaller.Actor + "\u3000"} {
		w := newWorld(t).with(func(m *core.Merchant) { m.RefundApprovalOverFen = 50 })
		r := w.refund(w.paid("A1", 200).ID, "r1", 100)
		caller := shopCaller
		caller.Actor = actor
		if _, err := w.Approve(t.Context(), caller, r.ID); core.CodeOf(err) != core.CodeSameActor {
			t.Errorf("%q approves what %q asked for: %v", actor, shopCaller.Actor, err)
		}
		if _, err := w.Reject(t.Context(), caller, r.ID, ""); core.CodeOf(err) != core.CodeSameActor {
			t.Errorf("%q rejects: %v", actor, err)
		}
		caller.Actor = "boss"
		must(w.Approve(t.Context(), caller, r.ID))
		caller.Actor = "Boss "
		if _, err := w.Approve(t.Context(), caller, r.ID); err != nil {
			t.Errorf("the same decision again, otherwise written: %v", err)
		}
	}
}
