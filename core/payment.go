package core

import (
	"maps"
	"slices"
	"time"
)

// Payment is what the merchant asked for. Its money may come by any of its attempts; its version
// guards the whole order.
type Payment struct {
	ID              string // outward, pay_…
	MerchantID      string
	MerchantOrderNo string // unique per merchant, for ever
	Environment     Environment
	Platform        PlatformID // of the newest attempt
	AmountFen       Fen
	Currency        string // CNY until a second one exists
	Subject         string
	Lines           []Line
	Metadata        map[string]string
	ReturnURL       string
	Fingerprint     string // SHA-256 of what was asked, to tell a repeat from another request

	Status   PaymentStatus
	Settling bool // an outcome at the gateway is unknown; an inquiry will settle it

	PaidFen Fen // by the accepted attempt
	// ReservedFen: refunds of the merchant that have not failed, done ones included; never more
	// than PaidFen
	ReservedFen Fen
	RefundedFen Fen // refunds that succeeded; never more than ReservedFen

	ActiveAttempt string // the attempt that may be paid now, or ""
	PaidAttempt   string // the attempt whose money was accepted, or ""
	CloseReason   string // expired | merchant, once closing or closed
	LateFen       Fen    // money that came after the close, 0 for none
	LateRefundID  string // the refund that sends it back, if one does
	Attention     string // what a person must look at: reasons, separated by commas; "" for nothing

	Sequence int64 // of the newest event of this payment; starts at 1
	Version  int64

	CreatedAt, ExpiresAt time.Time
	PaidAt, ClosedAt     time.Time // zero until then
}

// Currency is the only currency so far.
const Currency = "CNY"

// Refundable is what a new refund of the merchant may ask for at most.
func (p Payment) Refundable() Fen { return p.PaidFen - p.ReservedFen }

// Terminal tells whether no step but late or duplicate money can happen any more.
func (p Payment) Terminal() bool { return p.Status == PaymentClosed || p.Status == PaymentRefunded }

// Order is a payment with all that belongs to it: the unit of consistency. Whoever writes any part
// of it guards the payment's version.
type Order struct {
	Payment  Payment
	Attempts []Attempt // oldest first
	Refunds  []Refund  // oldest first
}

// Attempt returns the attempt by id, or nil.
func (o *Order) Attempt(id string) *Attempt {
	for i := range o.Attempts {
		if o.Attempts[i].ID == id {
			return &o.Attempts[i]
		}
	}
	return nil
}

// Refund returns the refund by id, or nil.
func (o *Order) Refund(id string) *Refund {
	for i := range o.Refunds {
		if o.Refunds[i].ID == id {
			return &o.Refunds[i]
		}
	}
	return nil
}

// refundsOf sums what the refunds of an attempt that are in one of the states have asked for.
func (o *Order) refundsOf(a *Attempt, in ...RefundStatus) (sum Fen) {
	for _, r := range o.Refunds {
		if r.AttemptID == a.ID && slices.Contains(in, r.Status) {
			sum += r.AmountFen
		}
	}
	return sum
}

// ownerOf is the account that a refund takes its money from, and gives it back to if it fails.
func (o *Order) ownerOf(r *Refund) LedgerAccount {
	if a := o.Attempt(r.AttemptID); a != nil && !r.Counts() {
		return a.lateOwner()
	}
	return LedgerMerchant
}

// askedBack sums what people have sent back of the order, or are about to. Late and duplicate money
// that paymux sends back by policy is nobody's asking.
func (o *Order) askedBack() (sum Fen) {
	for _, r := range o.Refunds {
		if r.Status != RefundFailed && (r.Counts() || r.Asker != ActorSystem) {
			sum += r.AmountFen
		}
	}
	return sum
}

// key names the payment's order.
func (p *Payment) key() Key { return Key{Kind: OrderByPayment, Merchant: p.MerchantID, Value: p.ID} }

// Clone returns a deep copy, so that a Decide that runs again starts from clean rows.
func (o *Order) Clone() *Order {
	c := *o
	c.Payment.Lines = append([]Line(nil), o.Payment.Lines...)
	c.Payment.Metadata = cloneMap(o.Payment.Metadata)
	c.Attempts = make([]Attempt, len(o.Attempts))
	for i, a := range o.Attempts {
		c.Attempts[i] = a.clone()
	}
	c.Refunds = append([]Refund(nil), o.Refunds...)
	for i := range c.Refunds {
		c.Refunds[i].ChannelState = append([]byte(nil), c.Refunds[i].ChannelState...)
	}
	return &c
}

func cloneMap(m map[string]string) map[string]string {
	return maps.Clone(m)
}
