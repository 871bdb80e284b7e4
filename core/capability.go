package core

import (
	"context"
	"sort"
	"time"
)

// Closer closes an unpaid trade at the gateway. OutcomeSucceeded: it can never be paid again.
// OutcomeAbsent: the gateway does not know it, and may still learn of it until TimeExpire.
// OutcomeFailed: the gateway refuses; whoever asked must query.
//
// A channel without Closer must have Pay fix an absolute end, PayRequest.TimeExpire, after which
// and the account's grace the gateway takes no money: its trades are asked about until then, and
// end by being unpaid after it.
type Closer interface {
	Close(context.Context, TradeRef) CloseResult
}

// CloseResult is the answer to Close.
type CloseResult struct {
	Answer
	TradeNo string
}

// NothingLeft is a channel's word for a trade of which nothing is left to send back: by this
// refund, or by another.
const NothingLeft Code = "trade_over"

// Refunder sends money back. The same OutRequestNo with the same amount is the same refund, however
// often it is sent.
type Refunder interface {
	// Refund sends it. OutcomeUnknown with NothingLeft: verified, the trade has nothing left to
	// send back; whether this refund took it, its query tells.
	Refund(context.Context, RefundRequest) RefundResult
	// QueryRefund asks what became of a refund. OutcomeAbsent: the gateway has not heard of it, or
	// not yet; that is not failure.
	QueryRefund(context.Context, RefundRequest) RefundResult
}

// RefundRequest names a refund at its gateway, and tells what the trade was: some gateways want its
// total again.
type RefundRequest struct {
	TradeRef
	TotalFen     Fen       // what the trade was made for: the attempt's amount
	PaidAt       time.Time // when it was paid, by the gateway's clock; zero when not known
	OutRequestNo string
	AmountFen    Fen    // what is to go back; 0 when a refund that is not ours is asked about
	Reason       string // cleaned, of at most 256 characters, the same at every call
	RefundState  []byte
}

// RefundResult is the answer to Refund and QueryRefund. Only OutcomeSucceeded means that this
// refund's money moved.
type RefundResult struct {
	Answer
	AskedFen Fen // what this refund was made for, 0 when not said
	// ActualFen: what this refund sent back, 0 when not said; less than asked for when coupons were
	// used (A14)
	ActualFen     Fen
	CumulativeFen Fen // what the trade has refunded in all, 0 when not said
	TotalFen      Fen // the trade's total, 0 when not said
	RefundState   []byte
}

// Authorizer exchanges the code that a mini-program got for the buyer's identity.
type Authorizer interface {
	Authorize(ctx context.Context, account Account, code string) AuthorizeResult
}

// AuthorizeResult is the answer to Authorize. OutcomeFailed carries CodeLoginFailed.
type AuthorizeResult struct {
	Answer
	Payer Payer
}

// Instalments is held by channels that can offer Huabei. Periods lists the numbers of instalments
// the gateway knows.
type Instalments interface {
	Periods() []int
}

// Capabilities is what one channel can do, resolved once.
type Capabilities struct {
	Channel     PaymentChannel
	Closer      Closer
	Refunder    Refunder
	Authorizer  Authorizer
	Instalments Instalments
}

// Names lists the optional capabilities, for the API.
func (c Capabilities) Names() []string {
	names := []string{}
	if c.Closer != nil {
		names = append(names, "close")
	}
	if c.Refunder != nil {
		names = append(names, "refund")
	}
	if c.Authorizer != nil {
		names = append(names, "authorize")
	}
	if c.Instalments != nil {
		names = append(names, "instalments")
	}
	return names
}

// Channels is every channel with its capabilities, resolved by type assertion in this one place.
// Channels are never wrapped: wrapping hides capabilities.
type Channels struct {
	byID map[ChannelID]Capabilities
}

// NewChannels resolves the capabilities of each channel. A channel must be able to refund what it
// takes; one that cannot, or a repeated id, is a fault of wiring and returned as an error. One that
// cannot close is taken: see Closer.
func NewChannels(list ...PaymentChannel) (Channels, error) {
	byID := make(map[ChannelID]Capabilities, len(list))
	for _, ch := range list {
		if _, dup := byID[ch.ID()]; dup {
			return Channels{}, Errorf(CodeInternal, "channel %s is wired twice", ch.ID())
		}
		c := Capabilities{Channel: ch}
		c.Closer, _ = ch.(Closer)
		c.Refunder, _ = ch.(Refunder)
		c.Authorizer, _ = ch.(Authorizer)
		c.Instalments, _ = ch.(Instalments)
		if c.Refunder == nil {
			return Channels{}, Errorf(CodeInternal, "channel %s can take money but not refund it", ch.ID())
		}
		byID[ch.ID()] = c
	}
	return Channels{byID: byID}, nil
}

// Get returns the channel's capabilities.
func (c Channels) Get(id ChannelID) (Capabilities, bool) {
	found, ok := c.byID[id]
	return found, ok
}

// List returns all channels sorted by id.
func (c Channels) List() []Capabilities {
	all := make([]Capabilities, 0, len(c.byID))
	for _, one := range c.byID {
		all = append(all, one)
	}
	sort.Slice(all, func(i, j int) bool { return all[i].Channel.ID() < all[j].Channel.ID() })
	return all
}
