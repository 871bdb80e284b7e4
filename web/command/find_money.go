package command

import (
	"fmt"
	"slices"

	"github.com/paymux/paymux/core"
)

// moneyOf says where a payment's money is.
func moneyOf(p core.PaymentView) []string {
	back, way := core.Fen(0), core.Fen(0) // of the payment's own money
	for _, r := range p.Refunds {
		if r.Origin == core.RefundLate || r.Origin == core.RefundDuplicate {
			continue
		}
		switch r.Status {
		case core.RefundSucceeded:
			back += r.AmountFen
		case core.RefundProcessing, core.RefundPendingApproval:
			way += r.AmountFen
		case core.RefundFailed:
		}
	}
	var lines []string
	if p.PaidFen > 0 {
		line := fmt.Sprintf("money: %d fen were paid, %d of them are the merchant's, %d went back", p.PaidFen, p.PaidFen-back-way, back)
		if way > 0 {
			line += fmt.Sprintf(", %d are reserved for refunds that have not ended", way)
		}
		lines = append(lines, line)
	}
	if p.LatePayment != nil {
		lines = append(lines, fmt.Sprintf("money: %d fen came late or twice%s", p.LatePayment.AmountFen, lateMoney(p)))
	}
	if len(lines) == 0 {
		lines = []string{"money: none has come"}
	}
	return lines
}

// lateMoney says what became of money that nobody waited for.
func lateMoney(p core.PaymentView) string {
	if slices.Contains(p.Attention, core.AttentionHeld) {
		return " and are held at the gateway: whose they are, a person decides"
	}
	for _, r := range p.Refunds {
		if r.Origin == core.RefundLate || r.Origin == core.RefundDuplicate {
			return fmt.Sprintf("; their refund is %s", r.Status)
		}
	}
	return ""
}

// askerOf says who wanted a refund.
func askerOf(r core.RefundView) string {
	if r.Origin == core.RefundExternal {
		return "made outside paymux: in the gateway's console, or by another program"
	}
	return "asked by " + orNone(r.Asker)
}
