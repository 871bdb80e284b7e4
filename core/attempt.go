package core

import (
	"slices"
	"time"
)

// Attempt is one try to take a payment's money, on one platform, by one channel, through one
// account.
type Attempt struct {
	ID         string // ULID
	PaymentID  string
	MerchantID string
	// OutTradeNo: our number at the gateway: ASCII letters and digits, at most 32; never changes,
	// never reused
	OutTradeNo string
	Token      string // names the hand-off page; unguessable; "" for native channels
	Platform   PlatformID
	Channel    ChannelID
	Gateway    GatewayID
	Account    string
	AmountFen  Fen
	Funding    Funding
	PayerRef   string // row of the sealed payer, "" when none was given
	Payer      string // pseudonym of the payer, "" when none was given
	ClientIP   string

	State    AttemptState
	Settling bool // the outcome of the last call is unknown
	// Superseded says that a newer attempt waits for this one to end.
	Superseded bool
	// Calls counts the calls that may have opened the trade, each before it is made; TurnedAway
	// those of them that the gateway refused, verified, for a fault of ours. As long as the two are
	// equal the gateway cannot know the trade.
	Calls, TurnedAway int
	// Fault is the class of what the gateway refused last, "" for none; Said its words.
	Fault Code
	Said  GatewayWords

	TradeNo      string    // the gateway's number, once known
	ChannelState []byte    // what the channel wants back on every later call; opaque here
	Action       Action    // what the client does next; empty until known
	KeyVersion   string    // version of the key that signed last, for audit
	PaidFen      Fen       // what the buyer's payment was worth to the merchant, coupons included
	ReceiptFen   Fen       // what the merchant receives, if the gateway says; for fees and books
	GatewayPaid  time.Time // when the gateway says it was paid
	Reason       string    // why it was refused or closed: our code, never the gateway's text

	TimeExpire time.Time // absolute, fixed at create, signed into every link
	OpenedAt   time.Time // when the page was first opened, before anything was signed
	NextAt     time.Time // when a job must look at it again; zero for never
	Tries      int       // inquiries made since the last change
	// SumFen: what the trade has refunded in all, as the gateway said once, while the books do not
	// explain it; 0 otherwise
	SumFen    Fen
	ExcessFen Fen       // how much of SumFen the books did not explain then
	SumAt     time.Time // when it first said so; zero otherwise
	// Doubt: what a person must look at about the trade's refunds: our code, "" for nothing
	Doubt   string
	Version int64

	CreatedAt time.Time
	EndedAt   time.Time // when it became paid or closed
}

// Live tells whether the attempt may still be paid as far as we know.
func (a Attempt) Live() bool { return a.State == AttemptReady || a.State == AttemptSent }

// Unheard tells whether every call that could have opened the trade was turned away, verified, for
// a fault of ours: nobody can pay it. An attempt that was made for a page has no such call: its
// buyer may enter the cashier without us.
func (a Attempt) Unheard() bool {
	return a.State == AttemptSent && a.Calls > 0 && a.Calls == a.TurnedAway
}

// heard keeps what the gateway said last, and whose matter that is.
func (a *Attempt) heard(ans Answer) { hear(ans, &a.Fault, &a.Said) }

// Unawaited tells whether the attempt's money came after the close, or after another attempt had
// paid.
func (a Attempt) Unawaited() bool { return a.State == AttemptLatePaid || a.State == AttemptDuplicate }

func (a Attempt) clone() Attempt {
	a.ChannelState = append([]byte(nil), a.ChannelState...)
	a.Action.Fields = cloneMap(a.Action.Fields)
	a.Funding.Forbid = slices.Clone(a.Funding.Forbid)
	return a
}

// Payer is who pays, as the gateway names them: a user_id, which means the same buyer everywhere,
// or an open_id, which means one to the app that the buyer logged in to and nobody to any other.
// Both may be empty for pages.
type Payer struct {
	UserID string `json:"user_id,omitempty"`
	OpenID string `json:"open_id,omitempty"`
	// AppID: the app that OpenID belongs to, "" if the merchant did not say
	AppID string `json:"app_id,omitempty"`
}

// scoped leaves out the app of an id that needs none.
func (p Payer) scoped() Payer {
	if p.OpenID == "" {
		p.AppID = ""
	}
	return p
}

// Empty tells whether no payer was named.
func (p Payer) Empty() bool { return p.UserID == "" && p.OpenID == "" }

// Funding says which of the buyer's means may be used.
type Funding struct {
	// Periods is 0 for no Huabei asked, 1 for Huabei in one sum, else the number of instalments (3,
	// 6, 12).
	Periods int `json:"periods,omitempty"`
	// FeeBearer is "buyer" or "seller": who pays the fee of instalments.
	FeeBearer string `json:"fee_bearer,omitempty"`
	// Forbid lists features that the rules forbid for this basket and platform, so that the
	// gateway's cashier does not offer them.
	Forbid []Feature `json:"forbid,omitempty"`
}

// Forbids tells whether the feature must not be offered.
func (f Funding) Forbids(feature Feature) bool {
	return slices.Contains(f.Forbid, feature)
}
