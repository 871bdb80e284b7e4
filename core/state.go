package core

import "slices"

// PaymentStatus is what the merchant sees. Unknown is never a status: Settling says it beside the
// status.
type PaymentStatus string

// The statuses of a payment.
const (
	PaymentCreated           PaymentStatus = "created"
	PaymentPaying            PaymentStatus = "paying"
	PaymentClosing           PaymentStatus = "closing"
	PaymentPaid              PaymentStatus = "paid"
	PaymentPartiallyRefunded PaymentStatus = "partially_refunded"
	PaymentRefunded          PaymentStatus = "refunded"
	PaymentClosed            PaymentStatus = "closed"
)

// PaymentStatuses lists the statuses in the order of a payment's life.
func PaymentStatuses() []PaymentStatus {
	return []PaymentStatus{
		PaymentCreated, PaymentPaying, PaymentClosing, PaymentPaid, PaymentPartiallyRefunded, PaymentRefunded, PaymentClosed,
	}
}

// PaymentStep is what can happen to a payment.
type PaymentStep string

// The steps.
const (
	// StepSend: the buyer can pay now: the trade exists, or a signed page was handed out.
	StepSend PaymentStep = "send"
	// StepAskClose: merchant or expiry wants it closed; the gateway decides.
	StepAskClose PaymentStep = "ask_close"
	// StepPay: a verified answer says that an attempt is paid, in full.
	StepPay   PaymentStep = "pay"
	StepClose PaymentStep = "close" // no attempt can be paid any more
	// StepKeepOpen: an attempt ended without money and the payment may be attempted again.
	StepKeepOpen   PaymentStep = "keep_open"
	StepRefundPart PaymentStep = "refund_part" // money went back, some remains
	StepRefundAll  PaymentStep = "refund_all"  // all money went back
	// StepLatePay: money for a closed payment: recorded, the status stays.
	StepLatePay PaymentStep = "late_pay"
	// StepDuplicatePay: money by a second attempt: recorded, the status stays.
	StepDuplicatePay PaymentStep = "duplicate_pay"
)

// PaymentSteps lists the steps.
func PaymentSteps() []PaymentStep {
	return []PaymentStep{
		StepSend, StepAskClose, StepPay, StepClose, StepKeepOpen, StepRefundPart, StepRefundAll, StepLatePay, StepDuplicatePay,
	}
}

type paymentRow struct {
	from PaymentStatus
	on   PaymentStep
	to   PaymentStatus
}

// paymentTable is the whole state machine of a payment: what is not here cannot happen (S17).
// Closed and refunded have no way out; later money leaves them as they are.
func paymentTable() []paymentRow {
	return []paymentRow{
		{PaymentCreated, StepSend, PaymentPaying},
		{PaymentCreated, StepAskClose, PaymentClosing},
		{PaymentCreated, StepClose, PaymentClosed},
		{PaymentCreated, StepPay, PaymentPaid},
		{PaymentCreated, StepKeepOpen, PaymentCreated},
		{PaymentPaying, StepSend, PaymentPaying},
		{PaymentPaying, StepAskClose, PaymentClosing},
		{PaymentPaying, StepClose, PaymentClosed},
		{PaymentPaying, StepPay, PaymentPaid},
		{PaymentPaying, StepKeepOpen, PaymentCreated},
		{PaymentClosing, StepAskClose, PaymentClosing},
		{PaymentClosing, StepClose, PaymentClosed},
		{PaymentClosing, StepPay, PaymentPaid},
		{PaymentPaid, StepRefundPart, PaymentPartiallyRefunded},
		{PaymentPaid, StepRefundAll, PaymentRefunded},
		{PaymentPaid, StepDuplicatePay, PaymentPaid},
		{PaymentPartiallyRefunded, StepRefundPart, PaymentPartiallyRefunded},
		{PaymentPartiallyRefunded, StepRefundAll, PaymentRefunded},
		{PaymentPartiallyRefunded, StepDuplicatePay, PaymentPartiallyRefunded},
		{PaymentRefunded, StepDuplicatePay, PaymentRefunded},
		{PaymentClosed, StepLatePay, PaymentClosed},
	}
}

// NextPayment returns the status after step, and whether the table has the transition.
func NextPayment(from PaymentStatus, step PaymentStep) (PaymentStatus, bool) {
	for _, r := range paymentTable() {
		if r.from == from && r.on == step {
			return r.to, true
		}
	}
	return from, false
}

// leadsTo tells whether the table has a way from one status to another, in however many steps.
func leadsTo(from, to PaymentStatus) bool {
	reached := []PaymentStatus{from}
	for n := 0; n < len(reached); n++ {
		for _, r := range paymentTable() {
			if r.from == reached[n] && !slices.Contains(reached, r.to) {
				reached = append(reached, r.to)
			}
		}
	}
	return slices.Contains(reached, to)
}

// AttemptState is how far one try to take the money has come.
type AttemptState string

// The states of an attempt.
const (
	// AttemptReady: stored; nothing has been signed or sent, so the gateway cannot know it.
	AttemptReady AttemptState = "ready"
	// AttemptSent: signed or sent: the gateway may know it and the buyer may pay it.
	AttemptSent AttemptState = "sent"
	AttemptPaid AttemptState = "paid" // paid, and accepted as the payment's money
	// AttemptClosed: nobody can pay it: closed, refused, never heard of, or over.
	AttemptClosed    AttemptState = "closed"
	AttemptLatePaid  AttemptState = "late_paid" // paid after the payment was closed
	AttemptDuplicate AttemptState = "duplicate" // paid after another attempt had paid the payment
)

// AttemptStates lists the states.
func AttemptStates() []AttemptState {
	return []AttemptState{AttemptReady, AttemptSent, AttemptPaid, AttemptClosed, AttemptLatePaid, AttemptDuplicate}
}

// attemptMoves lists the states each state may go to.
func attemptMoves() map[AttemptState][]AttemptState {
	return map[AttemptState][]AttemptState{
		AttemptReady:  {AttemptSent, AttemptClosed, AttemptPaid, AttemptLatePaid, AttemptDuplicate},
		AttemptSent:   {AttemptPaid, AttemptClosed, AttemptLatePaid, AttemptDuplicate},
		AttemptClosed: {AttemptPaid, AttemptLatePaid, AttemptDuplicate},
	}
}

// CanMoveAttempt tells whether the table lets an attempt go from one state to another. Closed to
// paid is the superseded attempt whose money came first while the payment is still open.
func CanMoveAttempt(from, to AttemptState) bool {
	return slices.Contains(attemptMoves()[from], to)
}

// RefundStatus is what the merchant sees of a refund.
type RefundStatus string

// The statuses of a refund. An unknown outcome is processing: it keeps the money reserved until an
// inquiry settles it.
const (
	RefundPendingApproval RefundStatus = "pending_approval"
	RefundProcessing      RefundStatus = "processing"
	RefundSucceeded       RefundStatus = "succeeded"
	RefundFailed          RefundStatus = "failed"
)

// RefundStatuses lists the statuses.
func RefundStatuses() []RefundStatus {
	return []RefundStatus{RefundPendingApproval, RefundProcessing, RefundSucceeded, RefundFailed}
}

// CanMoveRefund tells whether a refund may go from one status to another. Succeeded and failed are
// final: only a signed, listed refusal fails a refund that was sent.
func CanMoveRefund(from, to RefundStatus) bool {
	switch from {
	case RefundPendingApproval:
		return to == RefundProcessing || to == RefundFailed
	case RefundProcessing:
		return to == RefundSucceeded || to == RefundFailed
	default:
		return false
	}
}
