package core

import (
	"encoding/json"
	"slices"
)

// events: INV-E1: one event for each final change, numbered without a gap.
func (i *Inspection) events(o *Order, events []Event) {
	count := map[EventType]int{}
	numbers := map[int64]bool{}
	for _, e := range events {
		count[e.Type]++
		numbers[e.Sequence] = true
	}
	for n := int64(1); n <= o.Payment.Sequence; n++ {
		if !numbers[n] {
			i.breach("INV-E1", o.Payment.ID, "event %d of %d is missing", n, o.Payment.Sequence)
		}
	}
	if int64(len(events)) != o.Payment.Sequence {
		i.breach("INV-E1", o.Payment.ID, "%d events, the payment has told %d", len(events), o.Payment.Sequence)
	}
	want := map[EventType]int{}
	if o.Payment.PaidAttempt != "" {
		want[EventPaymentPaid] = 1
	}
	if o.Payment.Status == PaymentClosed {
		want[EventPaymentClosed] = 1
	}
	for _, r := range o.Refunds {
		if t := refundEvent(r); t != "" {
			want[t]++
		}
		if r.ReturnedFen > 0 {
			want[EventRefundReturned]++
		}
	}
	for _, t := range []EventType{
		EventPaymentPaid, EventPaymentClosed, EventRefundSucceeded, EventRefundFailed, EventRefundReturned, EventPaymentLateRefunded,
		EventPaymentDuplicateRefunded,
	} {
		if count[t] != want[t] {
			i.breach("INV-E2", o.Payment.ID, "%d × %s, want %d", count[t], t, want[t])
		}
	}
	for t, n := range keptEvents(o) { // what was kept before and is gone has told of it too
		if count[t] < n {
			i.breach("INV-E2", o.Payment.ID, "%d × %s, want %d at least", count[t], t, n)
		}
	}
}

// keptEvents counts what must have been told of late and duplicate money that is held or was
// accepted.
func keptEvents(o *Order) map[EventType]int {
	want := map[EventType]int{}
	for _, a := range o.Attempts {
		late := a.State == AttemptLatePaid
		switch {
		case a.Unawaited() && a.Reason == reasonHeld:
			want[pick(late, EventPaymentLateHeld, EventPaymentDuplicateHeld)]++
		case a.Unawaited() && a.Reason == reasonAccepted:
			want[pick(late, EventPaymentLateAccepted, EventPaymentDuplicateAccepted)]++
		}
	}
	return want
}

// told: INV-E3, INV-S1: whoever knows the events alone knows how the order stands, and has seen it
// go no way that the table lacks.
func (i *Inspection) told(o *Order, events []Event) {
	var last PaymentView
	for n, e := range slices.SortedFunc(slices.Values(events), func(a, b Event) int { return int(a.Sequence - b.Sequence) }) {
		var view EventView
		if err := json.Unmarshal(e.Body, &view); err != nil {
			i.breach("INV-E3", o.Payment.ID, "event %s cannot be read: %v", e.ID, err)
			return
		}
		if n > 0 && !leadsTo(last.Status, view.Payment.Status) {
			i.breach("INV-S1", o.Payment.ID, "event %d tells %s after %s", e.Sequence, view.Payment.Status, last.Status)
		}
		last = view.Payment
	}
	if p := o.Payment; len(events) > 0 && (last.Status != p.Status || last.PaidFen != p.PaidFen || last.RefundedFen != p.RefundedFen) {
		i.breach("INV-E3", p.ID, "the newest event tells %s, %d fen paid, %d refunded; the payment is %s, %d, %d",
			last.Status, last.PaidFen, last.RefundedFen, p.Status, p.PaidFen, p.RefundedFen)
	}
}

// refundEvent is the event that a refund's final status must have told, "" while it is not final.
func refundEvent(r Refund) EventType {
	switch {
	case r.Status == RefundFailed:
		return EventRefundFailed
	case r.Status != RefundSucceeded:
		return ""
	case r.Origin == RefundLate:
		return EventPaymentLateRefunded
	case r.Origin == RefundDuplicate:
		return EventPaymentDuplicateRefunded
	default:
		return EventRefundSucceeded
	}
}
