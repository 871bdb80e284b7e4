package core_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/paymux/paymux/core"
)

// S17: every state × step cell of the payment table has the one answer written here; what is not
// listed is impossible.
func TestStateS17EveryCell(t *testing.T) {
	want := map[string]core.PaymentStatus{}
	for line := range strings.SplitSeq(strings.TrimSpace(`
created send paying
created ask_close closing
created close closed
created pay paid
created keep_open created
paying send paying
paying ask_close closing
paying close closed
paying pay paid
paying keep_open created
closing ask_close closing
closing close closed
closing pay paid
paid refund_part partially_refunded
paid refund_all refunded
paid duplicate_pay paid
partially_refunded refund_part partially_refunded
partially_refunded refund_all refunded
partially_refunded duplicate_pay partially_refunded
refunded duplicate_pay refunded
closed late_pay closed`), "\n") {
		f := strings.Fields(line)
		want[f[0]+" "+f[1]] = core.PaymentStatus(f[2])
	}
	diagram := &strings.Builder{}
	for _, from := range core.PaymentStatuses() {
		for _, step := range core.PaymentSteps() {
			to, ok := core.NextPayment(from, step)
			expected, listed := want[string(from)+" "+string(step)]
			if ok != listed || ok && to != expected {
				t.Errorf("%s %s: got %s %v, want %s %v", from, step, to, ok, expected, listed)
			}
			if ok {
				fmt.Fprintf(diagram, "//\t%-18s %-16s %s\n", from, "-"+string(step)+"->", to)
			}
		}
	}
	doc, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(doc), diagram.String()) {
		t.Errorf("the diagram in doc.go is stale; it should read\n%s", diagram)
	}
}

// S17: the tables of attempts and refunds. Paid, late and duplicate attempts and finished refunds
// have no way out.
func TestStateS17AttemptsAndRefunds(t *testing.T) {
	attempts := map[string]bool{
		"ready sent": true, "ready closed": true, "ready paid": true, "ready late_paid": true, "ready duplicate": true,
		"sent paid": true, "sent closed": true, "sent late_paid": true, "sent duplicate": true,
		"closed paid": true, "closed late_paid": true, "closed duplicate": true,
	}
	for _, from := range core.AttemptStates() {
		for _, to := range core.AttemptStates() {
			if got := core.CanMoveAttempt(from, to); got != attempts[string(from)+" "+string(to)] {
				t.Errorf("attempt %s to %s: %v", from, to, got)
			}
		}
	}
	refunds := map[string]bool{
		"pending_approval processing": true, "pending_approval failed": true, "processing succeeded": true, "processing failed": true,
	}
	for _, from := range core.RefundStatuses() {
		for _, to := range core.RefundStatuses() {
			if got := core.CanMoveRefund(from, to); got != refunds[string(from)+" "+string(to)] {
				t.Errorf("refund %s to %s: %v", from, to, got)
			}
		}
	}
}
