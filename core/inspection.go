package core

import (
	"fmt"
	"time"
)

// Breach is one invariant that does not hold for one order. A breach stops that order, never the
// service.
type Breach struct {
	Invariant string // "INV-M2", …
	Object    string // the payment's id, or another object's
	Detail    string
}

func (b Breach) String() string { return b.Invariant + " " + b.Object + ": " + b.Detail }

// Truth is what a gateway's own book says of one trade, when it can be asked (in the sandbox, the
// simulator's book).
type Truth struct {
	CapturedFen Fen
	RefundedFen Fen
	// Refunds is how much each out_request_no sent back.
	Refunds map[string]Fen
}

// Inspection checks the invariants that bind an order to its ledger, its events, and the gateway's
// book. It reads nothing by itself: give it one order after the other, and ask Finish for what can
// only be said of all of them.
type Inspection struct {
	// Now is when the check is made; liveness is judged by it. Zero leaves liveness out.
	Now time.Time
	// Overdue is how long a due row may wait for a job before it counts as forgotten.
	Overdue time.Duration
	// Book answers for a trade by out_trade_no; nil when no book can be asked.
	Book func(outTradeNo string) (Truth, bool)

	Orders   int
	Breaches []Breach
	gateway  map[string]Fen // by account, from the ledger
	truth    map[string]Fen // by account, from the book
	tradeNos map[string]string
	requests map[string]string
}

// Invariants lists the names that a breach may have; docs/RELIABILITY.md says what each promises.
func Invariants() []string {
	return []string{
		"INV-E1", "INV-E2", "INV-E3", "INV-I3", "INV-L1", "INV-M1", "INV-M2", "INV-M3", "INV-M4", "INV-M5",
		"INV-S1", "INV-S2", "INV-S3", "INV-S4", "INV-S5",
	}
}

// MaxBreaches bounds what one inspection keeps; more are only counted by the caller's exit code.
const MaxBreaches = 1000

func (i *Inspection) breach(invariant, object, format string, args ...any) {
	if len(i.Breaches) < MaxBreaches {
		i.Breaches = append(i.Breaches, Breach{invariant, object, fmt.Sprintf(format, args...)})
	}
}

// Order checks one order with the ledger entries and events that belong to it.
func (i *Inspection) Order(o *Order, entries []Entry, events []Event) {
	if i.gateway == nil {
		i.gateway, i.truth, i.tradeNos, i.requests = map[string]Fen{}, map[string]Fen{}, map[string]string{}, map[string]string{}
	}
	i.Orders++
	i.money(o)
	i.states(o)
	i.numbers(o)
	i.ledger(o, entries)
	i.events(o, events)
	i.told(o, events)
	i.liveness(o)
	if i.Book != nil {
		i.book(o)
	}
}

// money: INV-M2 and the sums that the payment carries.
func (i *Inspection) money(o *Order) {
	p := o.Payment
	if p.RefundedFen < 0 || p.RefundedFen > p.ReservedFen || p.ReservedFen > p.PaidFen || p.PaidFen != 0 && p.PaidFen != p.AmountFen {
		i.breach("INV-M2", p.ID, "paid %d, reserved %d, refunded %d of %d fen", p.PaidFen, p.ReservedFen, p.RefundedFen, p.AmountFen)
	}
	var reserved, refunded Fen
	for _, r := range o.Refunds {
		if !r.Counts() || r.Status == RefundFailed {
			continue
		}
		reserved += r.AmountFen
		if r.Status == RefundSucceeded {
			refunded += r.AmountFen
		}
	}
	for _, r := range o.Refunds {
		if r.ReturnedFen < 0 || r.ReturnedFen > r.ActualFen || r.ReturnedFen > 0 && r.Status != RefundSucceeded {
			i.breach("INV-M2", p.ID, "of refund %s (%s, %d fen) %d fen came back", r.ID, r.Status, r.ActualFen, r.ReturnedFen)
		}
	}
	if reserved != p.ReservedFen || refunded != p.RefundedFen {
		i.breach("INV-M2", p.ID, "the refunds add up to %d reserved and %d refunded, the payment says %d and %d", reserved, refunded, p.ReservedFen, p.RefundedFen)
	}
}

// states: INV-S1, INV-S4, INV-M5: the status agrees with the attempts, and one trade is accepted at
// most.
func (i *Inspection) states(o *Order) {
	p := o.Payment
	paid, late := 0, Fen(0)
	for _, a := range o.Attempts {
		switch a.State {
		case AttemptPaid:
			paid++
			if a.ID != p.PaidAttempt {
				i.breach("INV-S4", p.ID, "attempt %s is paid but not the payment's", a.ID)
			}
		case AttemptLatePaid:
			late += a.PaidFen
			i.suspended(o, a, RefundLate)
		case AttemptDuplicate:
			i.suspended(o, a, RefundDuplicate)
		}
	}
	settled := p.Status == PaymentPaid || p.Status == PaymentPartiallyRefunded || p.Status == PaymentRefunded
	if settled != (paid == 1) || paid > 1 || settled != (p.PaidFen > 0) {
		i.breach("INV-S1", p.ID, "status %s with %d paid attempts and %d fen", p.Status, paid, p.PaidFen)
	}
	if late != p.LateFen {
		i.breach("INV-M5", p.ID, "late attempts hold %d fen, the payment says %d", late, p.LateFen)
	}
	if want := refundStatus(p); settled && p.Status != want {
		i.breach("INV-S1", p.ID, "status %s, but %d of %d fen are refunded", p.Status, p.RefundedFen, p.PaidFen)
	}
	if p.Status == PaymentClosed {
		for _, a := range o.Attempts {
			if a.Live() {
				i.breach("INV-S1", p.ID, "closed, but attempt %s can still be paid", a.ID)
			}
		}
	}
}

func refundStatus(p Payment) PaymentStatus {
	switch p.RefundedFen {
	case 0:
		return PaymentPaid
	case p.PaidFen:
		return PaymentRefunded
	default:
		return PaymentPartiallyRefunded
	}
}

// suspended: INV-M5: money that nobody waited for has at most one refund, of exactly its amount,
// and one for certain unless it is held or was accepted.
func (i *Inspection) suspended(o *Order, a Attempt, origin RefundOrigin) {
	n := 0
	for _, r := range o.Refunds {
		if r.AttemptID == a.ID && r.Origin == origin && r.Status != RefundFailed {
			n++
			if r.AmountFen != a.PaidFen {
				i.breach("INV-M5", o.Payment.ID, "refund %s of %d fen for %d late fen", r.ID, r.AmountFen, a.PaidFen)
			}
		}
	}
	if n > 1 || n == 0 && a.Reason == "" {
		i.breach("INV-M5", o.Payment.ID, "attempt %s is sent back %d times", a.ID, n)
	}
}

// numbers: INV-S4, INV-S5: numbers at the gateway are used once over all orders.
func (i *Inspection) numbers(o *Order) {
	for _, a := range o.Attempts {
		if a.TradeNo != "" {
			i.once(i.tradeNos, string(a.Gateway)+a.TradeNo, a.ID, "trade_no")
		}
	}
	for _, r := range o.Refunds {
		i.once(i.requests, r.OutRequestNo, r.ID, "out_request_no")
	}
}

func (i *Inspection) once(seen map[string]string, number, id, what string) {
	if other, twice := seen[number]; twice {
		i.breach("INV-S4", id, "shares its %s with %s", what, other)
	}
	seen[number] = id
}

// ledger: INV-M3, INV-M1: every posting sums to zero, and each account holds of the order what its
// state says.
func (i *Inspection) ledger(o *Order, entries []Entry) {
	postings, balance := map[string]Fen{}, map[LedgerAccount]Fen{}
	for _, e := range entries {
		postings[e.PostingID] += e.AmountFen
		balance[e.Account] += e.AmountFen
		if e.Account == LedgerGateway {
			i.gateway[e.Owner] += e.AmountFen
		}
	}
	for id, sum := range postings {
		if sum != 0 {
			i.breach("INV-M3", o.Payment.ID, "posting %s sums to %d fen", id, sum)
		}
	}
	want := ledgerOf(o)
	for _, account := range LedgerAccounts() {
		if balance[account] != want[account] {
			invariant := pick(account == LedgerGateway, "INV-M1", "INV-M3")
			i.breach(invariant, o.Payment.ID, "the ledger's %s is %d fen, the order says %d", account, balance[account], want[account])
		}
	}
}

// ledgerOf is what each account must hold of an order, by the order's state alone.
func ledgerOf(o *Order) map[LedgerAccount]Fen {
	want := map[LedgerAccount]Fen{LedgerMerchant: -o.Payment.PaidFen}
	for _, a := range o.Attempts {
		want[LedgerGateway] += a.PaidFen
		if a.Unawaited() {
			want[a.lateOwner()] -= a.PaidFen - o.refundsOf(&a, RefundPendingApproval, RefundProcessing, RefundSucceeded)
		}
	}
	for _, r := range o.Refunds {
		if r.Counts() && r.Status != RefundFailed {
			want[LedgerMerchant] += r.AmountFen
		}
		switch r.Status {
		case RefundPendingApproval, RefundProcessing:
			want[LedgerTransit] -= r.AmountFen
		case RefundSucceeded:
			want[LedgerGateway] -= r.ActualFen - r.ReturnedFen
			want[LedgerReturned] -= r.ReturnedFen
			want[LedgerShortfall] -= r.AmountFen - r.ActualFen
		}
	}
	return want
}

// liveness: INV-L1: nothing that must be looked at is forgotten.
func (i *Inspection) liveness(o *Order) {
	if i.Now.IsZero() {
		return
	}
	late := i.Now.Add(-i.Overdue)
	for _, a := range o.Attempts {
		if a.Live() && a.NextAt.IsZero() {
			i.breach("INV-L1", o.Payment.ID, "attempt %s is live and nobody will look at it", a.ID)
		}
		if !a.NextAt.IsZero() && a.NextAt.Before(late) {
			i.breach("INV-L1", o.Payment.ID, "attempt %s has been due since %s", a.ID, Stamp(a.NextAt))
		}
	}
	for _, r := range o.Refunds {
		if r.Status == RefundProcessing && (r.NextAt.IsZero() || r.NextAt.Before(late)) {
			i.breach("INV-L1", o.Payment.ID, "refund %s is processing and forgotten", r.ID)
		}
	}
}

// book: INV-M1, INV-S2, INV-S5: what we say of each trade is what the gateway's book says.
func (i *Inspection) book(o *Order) {
	for _, a := range o.Attempts {
		truth, _ := i.Book(a.OutTradeNo)
		i.truth[a.Account] += truth.CapturedFen - truth.RefundedFen
		settled := !a.Settling && !a.Live()
		if a.PaidFen > truth.CapturedFen || settled && a.PaidFen != truth.CapturedFen {
			i.breach("INV-S2", o.Payment.ID, "attempt %s (%s) holds %d fen, the gateway captured %d", a.OutTradeNo, a.State, a.PaidFen, truth.CapturedFen)
		}
		i.refundsInBook(o, a, truth)
	}
}

// refundsInBook compares the refunds of one attempt with the gateway's.
func (i *Inspection) refundsInBook(o *Order, a Attempt, truth Truth) {
	var ours Fen
	open := false
	for _, r := range o.Refunds {
		if r.AttemptID != a.ID {
			continue
		}
		switch r.Status {
		case RefundSucceeded:
			ours += r.ActualFen
			// a gateway's book counts it as refunded all the same
			i.truth[a.Account] += r.ReturnedFen
			if sent, known := truth.Refunds[r.OutRequestNo]; known && sent != r.ActualFen || !known && !r.Outside() {
				i.breach("INV-S5", o.Payment.ID, "refund %s says %d fen, the gateway's book %d", r.ID, r.ActualFen, sent)
			}
		case RefundProcessing:
			open = true
		case RefundFailed:
			if sent := truth.Refunds[r.OutRequestNo]; sent != 0 {
				i.breach("INV-S5", o.Payment.ID, "refund %s is failed, but %d fen went back", r.ID, sent)
			}
		}
	}
	if ours > truth.RefundedFen || !open && a.PaidFen > 0 && ours != truth.RefundedFen {
		i.breach("INV-M1", o.Payment.ID, "attempt %s: %d fen refunded here, %d at the gateway", a.OutTradeNo, ours, truth.RefundedFen)
	}
}

// Finish checks what can only be said of all orders together: INV-M4, the gateway's cash against
// the ledger's gateway account. It means something only when nothing is under way.
func (i *Inspection) Finish(quiet bool) []Breach {
	if quiet && i.Book != nil {
		for account, sum := range i.gateway {
			if sum != i.truth[account] {
				i.breach("INV-M4", account, "the ledger has %d fen at the gateway, its book %d", sum, i.truth[account])
			}
		}
	}
	return i.Breaches
}
