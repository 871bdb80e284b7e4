package core

// CountKind is one thing that a [Watcher] counts: its stable name, and the labels that are known
// beforehand. Others may come with it: a gateway's reasons for refusing a message are its own.
type CountKind struct {
	What   string
	Labels []string
}

// Counts lists what core counts, so that counters can exist before anything happens. A test holds
// the list against every call and against what whole lives of orders count.
func Counts() []CountKind {
	failures := []string{string(CodeUnavailable), string(CodeContended), string(CodeInternal)}
	return []CountKind{
		{"job.not_put_off", failures},
		{"notify.done", []string{
			"", string(NoticeAgreement), string(NoticeComplaint), string(NoticeRisk), string(NoticeWaiting), string(NoticeOther), string(CodeArchived),
		}},
		{"notify.failed", failures},
		{"notify.parked", []string{
			"amount_mismatch", "closed_but_paid", doubtBeyond, "failed_refund_paid", string(returnedAmount), string(returnedMoved), string(returnedUnknown),
			"second_trade", "trade_no_taken", "unknown_out_trade_no", "wrong_seller",
		}},
		{"notify.rejected", []string{"signature_mismatch", "signature_missing", "unknown_out_trade_no", "wrong_account", "wrong_app"}},
		{"notify.trace_lost", failures},
		{"notify.waiting", []string{string(returnedUnderWay), "refund_under_way", string(waitsForRefundQuery), "wants_query"}},
	}
}
