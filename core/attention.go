package core

import (
	"slices"
	"time"
)

// Reasons for a person to look at a payment, beside the doubts about its trades (sums.go).
const (
	// AttentionHeld: late or duplicate money is held: send it back, or keep it.
	AttentionHeld = "late_held"
	// AttentionReturned: the buyer's bank sent a refund back, and nobody said yet that it was seen
	// to.
	AttentionReturned = "refund_returned"
	// AttentionUnsettled: for more than a day nobody could tell what became of a refund.
	AttentionUnsettled = "refund_unsettled"
)

// attention lists what a person must look at, each reason once. It is written with every change of
// the order; what only time brings about comes with the inquiry that finds the gateway still
// silent.
func attention(o *Order, now time.Time) []string {
	var reasons []string
	for i := range o.Attempts {
		a := &o.Attempts[i]
		if a.Doubt != "" {
			reasons = mark(reasons, a.Doubt)
		}
		if a.Unawaited() && a.Reason == reasonHeld && o.refundsOf(a, RefundPendingApproval, RefundProcessing) == 0 {
			reasons = mark(reasons, AttentionHeld)
		}
	}
	for _, r := range o.Refunds {
		if r.ReturnedFen > 0 && r.HandledAt.IsZero() {
			reasons = mark(reasons, AttentionReturned)
		}
		if r.Status == RefundProcessing && !r.SentAt.IsZero() && now.Sub(r.SentAt) >= personAfter {
			reasons = mark(reasons, AttentionUnsettled)
		}
	}
	slices.Sort(reasons)
	return reasons
}
