package archive

import (
	"time"

	"github.com/paymux/paymux/core"
)

// Stays says why an order cannot leave yet, "" if it can: it is final, nothing of it waits for
// anybody, and nothing of it changed after the cutoff. A delivery that was given up is over: its
// event leaves with the order, and nobody replayed it in all that time.
func Stays(r *Record, cutoff time.Time) string {
	p := r.Order.Payment
	switch p.Status {
	case core.PaymentPaid, core.PaymentPartiallyRefunded, core.PaymentRefunded, core.PaymentClosed:
	default:
		return "is " + string(p.Status)
	}
	switch {
	case p.Settling:
		return "waits for an outcome"
	case p.Attention != "":
		return "waits for a person: " + p.Attention
	case r.Messages > 0:
		return "has messages that are still kept"
	}
	if why := partsStay(r); why != "" {
		return why
	}
	if last := changed(r); last.After(cutoff) {
		return "changed at " + core.Stamp(last)
	}
	return ""
}

// partsStay says what of an order is not final.
func partsStay(r *Record) string {
	for _, a := range r.Order.Attempts {
		if a.Live() || a.Settling || !a.NextAt.IsZero() || a.Doubt != "" {
			return "has an open attempt"
		}
	}
	for _, f := range r.Order.Refunds {
		if f.Status != core.RefundSucceeded && f.Status != core.RefundFailed || f.Settling || !f.NextAt.IsZero() {
			return "has an open refund"
		}
	}
	for _, d := range r.Deliveries {
		if d.State == core.DeliveryPending || !d.NextAt.IsZero() {
			return "has an undelivered event"
		}
	}
	return ""
}

// changed is when an order changed last, by everything of it that has a time.
func changed(r *Record) (last time.Time) {
	note := func(times ...time.Time) {
		for _, t := range times {
			if t.After(last) {
				last = t
			}
		}
	}
	p := r.Order.Payment
	note(p.CreatedAt, p.ExpiresAt, p.PaidAt, p.ClosedAt)
	for _, a := range r.Order.Attempts {
		note(a.CreatedAt, a.EndedAt, a.TimeExpire, a.OpenedAt, a.GatewayPaid, a.SumAt)
	}
	for _, f := range r.Order.Refunds {
		note(f.CreatedAt, f.SentAt, f.EndedAt, f.ReturnedAt, f.HandledAt)
	}
	for _, e := range r.Entries {
		note(e.CreatedAt)
	}
	for _, e := range r.Events {
		note(e.CreatedAt)
	}
	for _, d := range r.Deliveries {
		note(d.CreatedAt, d.EndedAt)
	}
	return last
}
