package core

import (
	"slices"
	"time"
)

// Account is whom the money goes to: one application at one gateway. An attempt pins its account
// for life, but never a key: keys have versions and change under it. Moving to another app or payee
// is a new account; the old one keeps verifying, querying and refunding its own attempts.
type Account struct {
	ID          string
	MerchantID  string
	Gateway     GatewayID
	Environment Environment
	AppID       string
	// OpAppID is the mini-program that pays through AppID, "" if that is the mini-program itself.
	OpAppID  string
	SellerID string
	// Active accounts take new attempts; inactive ones only finish their own.
	Active bool
	// Channels are the channels this account is contracted for.
	Channels []ChannelID
	// NotifyURL is the absolute address the gateway is told to notify: configured, never taken from
	// a request (F07).
	NotifyURL string

	// What follows is what the account's gateway asks of orders. Its adapter says it when the
	// account is loaded, so that core asks no channel and knows no gateway.

	// GatewayName is what people call the gateway, as a noun.
	GatewayName Words
	// PaysWithoutTrade: a native payment is opened by a text that is signed, instead of by a trade
	// that is made beforehand.
	PaysWithoutTrade bool
	// NeedsPayer: a native payment names its buyer.
	NeedsPayer bool
	// LeastTime is how long before its end a payment can last be begun.
	LeastTime time.Duration
	// Grace is how long after its end a trade may still come into being, or be paid.
	Grace time.Duration
	// RefundLag is how long after a refund was sent its query may not know it, though it was made.
	RefundLag time.Duration
	// Subject, UserID, OpenID and PayerApp are what the gateway takes for an order's title and for
	// what names a buyer.
	Subject, UserID, OpenID, PayerApp Shape
}

// knows tells whether the account can name the payer to its gateway: an open_id only if it belongs
// to its app or to the mini-program that pays through it.
func (a Account) knows(p Payer) bool {
	return p.OpenID == "" || p.AppID == "" || p.AppID == a.AppID || p.AppID == a.OpAppID
}

// Serves tells whether the account takes new attempts by the channel.
func (a Account) Serves(ch ChannelID) bool {
	if !a.Active {
		return false
	}
	return slices.Contains(a.Channels, ch)
}

// LatePolicy says what becomes of money that arrives for a closed payment, or for a payment that
// another attempt has paid.
type LatePolicy string

// The policies. LateRefund is the default.
const (
	LateRefund LatePolicy = "refund" // send it back at once
	LateHold   LatePolicy = "hold"   // keep it in suspense for a person
	// LateAccept: keep it for the merchant; the payment stays closed and says so.
	LateAccept LatePolicy = "accept"
)

// Merchant is one tenant, as configuration describes it. It is a value: a reload makes new ones.
type Merchant struct {
	ID          string
	Name        string
	Environment Environment
	Holdings    Holdings
	Accounts    []Account
	Late        LatePolicy
	// MaxPaymentFen caps one payment; 0 means MaxFen.
	MaxPaymentFen Fen
	// RefundApprovalOverFen makes larger refunds wait for another actor, and keeps larger late
	// money from being accepted by one; 0 means no limit.
	RefundApprovalOverFen Fen
	// ReturnURLs are the prefixes that return_url must begin with (W11).
	ReturnURLs []string
	// Endpoints receive the merchant's events.
	Endpoints []Endpoint
}

// Endpoint is a merchant's webhook address. Its secrets live with whoever signs.
type Endpoint struct {
	ID  string
	URL string
	// Events limits what is sent; empty means everything.
	Events []EventType
}

// Wants tells whether the endpoint asked for events of this type.
func (e Endpoint) Wants(t EventType) bool {
	if len(e.Events) == 0 {
		return true
	}
	return slices.Contains(e.Events, t)
}

// AccountFor returns the active account that serves the channel.
func (m Merchant) AccountFor(ch ChannelID) (Account, bool) {
	for _, a := range m.Accounts {
		if a.Serves(ch) {
			return a, true
		}
	}
	return Account{}, false
}

// Account returns the account by id, active or not.
func (m Merchant) Account(id string) (Account, bool) {
	for _, a := range m.Accounts {
		if a.ID == id {
			return a, true
		}
	}
	return Account{}, false
}

// needsTwo tells whether one person alone may not decide about so much (W16).
func (m Merchant) needsTwo(sum Fen) bool {
	return m.RefundApprovalOverFen > 0 && sum > m.RefundApprovalOverFen
}

// Directory finds merchants and accounts. Wiring fills it from configuration; a reload swaps what
// it answers.
type Directory interface {
	Merchant(id string) (Merchant, bool)
	// AccountByID finds an account over all merchants; account ids are unique.
	AccountByID(id string) (Account, bool)
}

// Caller is who asks: an API key's merchant and actor. Jobs act as ActorSystem.
type Caller struct {
	MerchantID string
	KeyID      string
	Actor      string
}

// ActorSystem is the actor of everything paymux does by itself; ActorGateway of what a verified
// message caused.
const (
	ActorSystem  = "system"
	ActorGateway = "gateway"
	ActorBuyer   = "buyer"
)
