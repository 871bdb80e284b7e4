package core

import "time"

// RefundOrigin says whose idea a refund was.
type RefundOrigin string

// The origins. Only refunds of origin merchant and external count against Payment.ReservedFen: late and duplicate money never was the payment's.
const (
	RefundByMerchant RefundOrigin = "merchant"
	RefundLate       RefundOrigin = "late"      // money that came after the close
	RefundDuplicate  RefundOrigin = "duplicate" // money of a second attempt
	RefundExternal   RefundOrigin = "external"  // made in the gateway's own console (G14)
)

// Refund sends money of one attempt back. The amount is reserved before anything is sent, and released only when the gateway refuses for good.
type Refund struct {
	ID               string // outward, ref_…
	PaymentID        string
	AttemptID        string
	MerchantID       string
	MerchantRefundNo string // unique per merchant; "" for refunds that the merchant did not ask for
	OutRequestNo     string // our number at the gateway; every retry repeats it with the same amount (I11)
	Origin           RefundOrigin
	AmountFen        Fen
	ActualFen        Fen    // what the gateway says it sent back; may be less when coupons were used (A14)
	Reason           string // as the gateway gets it: made once, the same at every repeat
	ReasonGiven      string // as the merchant gave it, "" if nobody did
	Fingerprint      string

	Status   RefundStatus
	Settling bool
	FailCode string // our code, once failed; NothingLeft before, if the gateway has nothing left to send back and knows nothing of this refund
	Asker    string // actor who asked
	// Fault is the class of what the gateway refused last, "" for none; Said its words.
	Fault    Code
	Said     GatewayWords
	Approver string // actor who approved or rejected, when approval was needed

	ChannelState []byte
	KeyVersion   string
	SentAt       time.Time // first time it was handed to the gateway; zero before
	NextAt       time.Time
	Tries        int
	SumFen       Fen // what the trade had refunded in all, as the gateway last said about this refund, or when it was found by that sum; 0 for never
	Version      int64

	ReturnedFen Fen       // what the buyer's bank sent back of it, after it had succeeded at the gateway; 0 for nothing
	ReturnedAt  time.Time // when we heard of that; zero for never

	CreatedAt time.Time
	EndedAt   time.Time
}

// Counts tells whether the refund is part of Payment.ReservedFen while it has not failed.
func (r Refund) Counts() bool { return r.Origin == RefundByMerchant || r.Origin == RefundExternal }

// heard keeps what the gateway said last, and whose matter that is.
func (r *Refund) heard(ans Answer) { hear(ans, &r.Fault, &r.Said) }

// Outside tells whether the refund was made in the gateway's own console.
func (r Refund) Outside() bool { return r.Asker == ActorGateway }
