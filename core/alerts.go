package core

// AlertKind is one thing that a person may be told to look at: its stable name and how bad it is.
type AlertKind struct {
	What string
	// Level 1 is at once, 2 the same day, 3 when there is time.
	Level int
}

// Alerts lists what core tells a Watcher's Alert of. A test holds the list against every call, and
// docs/runbook.md says of each name what it means and what to do.
func Alerts() []AlertKind {
	kinds := []AlertKind{
		{"attempt.unsettled", 2}, {"job.stuck", 2}, {"notify.archived", 2}, {"notify.paid_after_refund", 2}, {"notify.unconfirmed", 1}, {"notify.unknown_out_trade_no", 1},
		{"refund.must_succeed", 1}, {"refund.repeat_moved_money", 1}, {"refund.returned", 1}, {"refund.unsettled", 2},
		{"refund." + doubtAbove, 2}, {"refund.sum_unconfirmed", 2}, {"refund." + doubtBelow, 1}, {"refund." + doubtBeyond, 1}, {"refund." + doubtNoRoom, 2},
	}
	for _, contradiction := range []string{"amount_mismatch", "second_trade"} {
		kinds = append(kinds, AlertKind{"attempt." + contradiction, 1}, AlertKind{"notify." + contradiction, 1})
	}
	for _, parked := range []Code{
		"trade_no_taken", "wrong_seller", "closed_but_paid", "failed_refund_paid", returnedUnknown, returnedMoved, returnedAmount,
	} {
		kinds = append(kinds, AlertKind{"notify." + string(parked), 1})
	}
	return kinds
}
