package core_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/paymux/paymux/core"
)

// Every action that core writes down by name is said in plain words.
func TestEveryActionHasWords(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	words, err := os.ReadFile("timeline.go")
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, f := range append(files, "outbox/courier.go") {
		text, err := os.ReadFile(f)
		if err != nil || strings.HasSuffix(f, "_test.go") {
			continue
		}
		for _, m := range regexp.MustCompile(`\.(?:audit|Note)\((?:ctx, caller, )?"([a-z_.]+[a-z])"`).FindAllStringSubmatch(string(text), -1) {
			if seen++; !strings.Contains(string(words), `"`+m[1]+`":`) {
				t.Errorf("%s writes %q, which the time line has no words for", f, m[1])
			}
		}
	}
	if seen < 40 {
		t.Errorf("only %d actions were found", seen)
	}
}

// A number of any kind leads to its payment, what it waits for and all that was written; a page's
// token, which is a secret, and a stranger's number lead nowhere.
func TestFind(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	p := w.paid("order-7", 1999)
	refund := w.refund(p.ID, "k", 100)
	other := w.paid("order-8", 1999)
	for kind, number := range map[string]string{
		"payment_id": p.ID, "merchant_order_no": "order-7", "attempt_id": p.Attempts[0].ID, "out_trade_no": p.Attempts[0].OutTradeNo,
		"refund_id": refund.ID, "out_request_no": refund.OutRequestNo,
	} {
		found, err := core.Find(ctx, w.memory, " "+number+"\n")
		if err != nil || len(found) != 1 || found[0].Payment.ID != p.ID || found[0].Matches[0].Kind != kind || len(found[0].Timeline) < 5 {
			t.Errorf("%s %s: %+v, %v", kind, number, found, err)
			continue
		}
		for _, m := range found[0].Timeline {
			if m.Text == "" || m.At == "" || strings.Contains(m.Object+m.Text, other.ID) {
				t.Errorf("a moment without words, or another's: %+v", m)
			}
		}
	}
	for _, number := range []string{"", "nobody", "pay 1", "茶", strings.Repeat("a", 65)} {
		if _, err := core.Find(ctx, w.memory, number); core.CodeOf(err) != core.CodeNotFound {
			t.Errorf("%q leads somewhere: %v", number, err)
		}
	}
}
