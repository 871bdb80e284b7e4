package channeltest

import (
	"time"

	"github.com/paymux/paymux/core"
)

// Harness is one channel, ready to be tried against a gateway that obeys Gateway.
type Harness struct {
	Channel core.PaymentChannel
	// Receiver verifies what the gateway sends on its own accord.
	Receiver core.Gateway
	// Account takes the money. Its NotifyURL is one that Gateway records messages for. With
	// PaysWithoutTrade a native channel must pay by them; without Closer its trades must end with
	// their time and Grace.
	Account core.Account
	// Payer pays, for channels that must name the payer; may be empty for pages.
	Payer core.Payer
	// LoginCode returns a fresh code that Authorize exchanges for Payer; nil when the channel is no
	// Authorizer.
	LoginCode func() string
	Gateway   Control
	// Now is the gateway's clock, and what the channel goes by; it need not run, but moves when
	// Gateway.Advance says so.
	Now func() time.Time
	// Want lists the optional capabilities, as core.Capabilities.Names has them.
	Want []string
	// Accept is the exact reply that the gateway takes for "never send this again" (C39).
	Accept core.Reply
	// Forges lists the kinds of forgery that the gateway's protocol can have; Gateway.Forgeries
	// makes one of each at least.
	Forges []Kind
	// Silent lists the kinds of notice that the gateway never sends, such as of an unpaid close.
	Silent []core.NoticeKind
	// Unnumbered says that the gateway gives a trade its number only once it is paid.
	Unnumbered bool
}

// Control is the other side: it plays buyer, the gateway's console, and a bad network. Amounts are
// fen. Methods that cannot do what they are asked return an error; whether that is a fault of the
// test is for the caller to say.
type Control interface {
	// Enter does what a client does with what Pay handed out, up to the point where the buyer sees
	// the amount: afterwards the trade exists.
	Enter(core.Action) error
	// Settle makes the buyer pay an existing trade.
	Settle(outTradeNo string) error
	// CloseOutside closes an unpaid trade without asking us. It is not called for a channel without
	// Closer.
	CloseOutside(outTradeNo string) error
	// RefundOutside refunds in the gateway's own console.
	RefundOutside(outTradeNo, outRequestNo string, fen int64) error
	// Trades counts the trades that exist under a number of ours.
	Trades(outTradeNo string) int
	// RefundedFen is what went back to the buyer, by the gateway's own books.
	RefundedFen(outTradeNo string) int64
	// Advance lets time pass.
	Advance(d time.Duration)
	// Calls counts the requests that tried to reach the gateway.
	Calls() int
	// NextFault spoils the next call: see Faults.
	NextFault(fault string) error
	// Message returns the newest message about a trade, exactly as it was sent.
	Message(outTradeNo string) (Delivery, error)
	// Forgeries makes of that message all that its protocol lets a stranger try, of each kind that
	// Harness.Forges lists. Each differs from a true message in what its name says and in nothing
	// else, so that the signature alone, or the one check that its kind is about, can refuse it.
	Forgeries(outTradeNo string) ([]Forgery, error)
	// Harmless makes of that message what must be believed all the same: it differs in what no
	// signature speaks of.
	Harmless(outTradeNo string) ([]Variant, error)
}

// The faults that Control.NextFault must know.
const (
	FaultRefused   = "refused"   // the connection is refused: nothing was sent (G01)
	FaultUntrusted = "untrusted" // the TLS handshake fails: nothing was sent (G02)
	FaultLost      = "lost"      // executed; the answer never comes (G03)
	FaultTruncated = "truncated" // executed; half of the answer comes (G04)
	FaultHTML      = "html"      // executed; a proxy answers 502 with a page (G04)
	FaultEmpty     = "empty"     // executed; 200 and no body (G04)
	FaultHuge      = "huge"      // executed; an answer without end (G10)
	FaultUnsigned  = "unsigned"  // executed; the signature is missing (C31)
	FaultTampered  = "tampered"  // executed; one byte of the signed answer differs (C31)
	FaultAnother   = "another"   // executed; a signed answer to another request comes (G12)
	// FaultUnavailable: not executed; the gateway says, signed, that it does not know (G05).
	FaultUnavailable = "unavailable"
	FaultUnlisted    = "unlisted"  // not executed; a signed code that no document lists (G06)
	FaultDenied      = "denied"    // not executed; an unsigned business error (C32)
	FaultThrottled   = "throttled" // not executed; signed: too many calls (G11)
)

// faultRow says what a channel may conclude from a fault.
type faultRow struct {
	name     string
	executed bool
	allowed  []core.Outcome
}

func faultTable() []faultRow {
	unknown := []core.Outcome{core.OutcomeUnknown}
	notSent := []core.Outcome{core.OutcomeNotSent}
	return []faultRow{
		{FaultRefused, false, notSent},
		{FaultUntrusted, false, notSent},
		{FaultLost, true, unknown},
		{FaultTruncated, true, unknown},
		{FaultHTML, true, unknown},
		{FaultEmpty, true, unknown},
		{FaultHuge, true, unknown},
		{FaultUnsigned, true, unknown},
		{FaultTampered, true, unknown},
		{FaultAnother, true, unknown},
		{FaultUnavailable, false, unknown},
		{FaultUnlisted, false, unknown},
		{FaultDenied, false, unknown},
		{FaultThrottled, false, []core.Outcome{core.OutcomeNotSent, core.OutcomeUnknown}},
	}
}

// Faults lists the faults that a Control must know.
func Faults() []string {
	names := []string{}
	for _, row := range faultTable() {
		names = append(names, row.name)
	}
	return names
}
