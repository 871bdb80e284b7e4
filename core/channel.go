package core

import (
	"context"
	"time"
)

// Door says when a channel's Pay happens.
type Door string

// The doors.
const (
	DoorNative Door = "native" // Pay is called after the commit, within create
	// DoorPage: create answers with a page of ours; Pay is called when the page is opened outside
	// an in-app browser.
	DoorPage Door = "page"
)

// PaymentChannel is one way to take money on a host platform. There is one value per kind, not per
// merchant: requests carry the account. Everything else a channel may do is an optional interface
// (capability.go), found once at start-up. A channel keeps no order state, starts no goroutine, and
// never retries a call that may have reached the gateway.
//
// Every method answers with an Answer that classifies what happened; there is no bare error,
// because whoever calls must know whether money may have moved. See channeltest for what else is
// owed.
type PaymentChannel interface {
	// ID is the channel's name in configuration and rules.
	ID() ChannelID
	// Gateway is whom the channel talks to.
	Gateway() GatewayID
	// Door says when Pay is called.
	Door() Door
	// Pay makes the attempt payable and returns what the client does next. Repeated with the same
	// request it must not make a second trade; with TradeNo already known a native channel answers
	// from it without asking the gateway. A page channel makes no network call: it signs, and
	// answers OutcomePending with a form. So does a native one with an order string, for an account
	// with PaysWithoutTrade: with the same request the same text, whoever holds it may pay, and the
	// trade exists once somebody has entered the cashier.
	Pay(context.Context, PayRequest) PayResult
	// Query asks what became of the attempt.
	Query(context.Context, TradeRef) TradeResult
}

// Outcome classifies the answer to a call. It has more than two values on purpose.
type Outcome string

// The outcomes.
const (
	OutcomeSucceeded Outcome = "succeeded" // verified: it is done
	OutcomeFailed    Outcome = "failed"    // verified, listed and final: it will never be done
	OutcomePending   Outcome = "pending"   // verified: accepted, ask again
	OutcomeAbsent    Outcome = "absent"    // verified: the gateway does not know it (yet)
	OutcomeNotSent   Outcome = "not_sent"  // nothing reached the gateway; safe to repeat later
	OutcomeUnknown   Outcome = "unknown"   // anything else: it may or may not have been done
)

// Answer is the part that all results share.
type Answer struct {
	Outcome Outcome
	// Code is our stable name for the reason, "" when there is none to give.
	Code Code
	// Detail is for operators: the gateway's codes. It never reaches a buyer.
	Detail string
	// Err is the cause, if the call failed on our side.
	Err error
	// KeyVersion is the version of the key that signed the request.
	KeyVersion string
	// Gateway is what the gateway said, if it refused: for the merchant's people, never for a buyer
	// or a log.
	Gateway GatewayWords
	// RetryAfter is when the gateway wants to be asked again; zero for no wish.
	RetryAfter time.Duration
}

// Misconfigured tells whether the gateway turned the call away for a fault of ours, verified:
// nothing was executed, whatever was asked. With CodeMisconfigured and another outcome it says so
// without a proof.
func (a Answer) Misconfigured() bool {
	return a.Outcome == OutcomeNotSent && a.Code == CodeMisconfigured
}

// TradeRef names an attempt at its gateway.
type TradeRef struct {
	Account      Account
	OutTradeNo   string
	TradeNo      string // "" when not known yet
	ChannelState []byte
}

// PayRequest is everything a channel needs to make an attempt payable. It is the same at every
// repeat of the attempt.
type PayRequest struct {
	TradeRef
	PaymentID  string
	AmountFen  Fen
	Subject    string
	Lines      []Line
	Payer      Payer
	Funding    Funding
	ClientIP   string
	TimeExpire time.Time // absolute; every link carries it
	// SignedAt is the timestamp to sign with. For a page it is when the page was first opened, so
	// that opening it again gives the same bytes: one signature per attempt and key version.
	SignedAt  time.Time
	ReturnURL string // ours: /return/{token}; it only shows, it proves nothing
	QuitURL   string // where cancel leads
}

// ActionType says what the client does next.
type ActionType string

// The action types that need no gateway to be understood. A channel whose client needs something of
// its own names its own types beside these.
const (
	ActionH5Page     ActionType = "h5_page"    // open our hand-off page
	ActionRedirect   ActionType = "redirect"   // GET the URL
	ActionForm       ActionType = "form"       // POST the fields to the URL
	ActionQRText     ActionType = "qr_text"    // show Text as a QR code
	ActionParameters ActionType = "parameters" // hand Fields to the client's SDK
	ActionNone       ActionType = "none"       // already paid: nothing to do
)

// Action is what the client does next: not just a URL.
type Action struct {
	Type    ActionType        `json:"type"`
	TradeNo string            `json:"trade_no,omitempty"`
	Text    string            `json:"text,omitempty"` // order string or QR text
	URL     string            `json:"url,omitempty"`
	Fields  map[string]string `json:"fields,omitempty"`
}

// Empty tells whether there is no action.
func (a Action) Empty() bool { return a.Type == "" }

// PayResult is the answer to Pay. Succeeded and Pending carry the action.
type PayResult struct {
	Answer
	TradeNo      string
	Action       Action
	ChannelState []byte // to keep for later calls; nil leaves what is kept
}

// TradeState is what the gateway says about a trade.
type TradeState string

// The states of a trade at its gateway.
const (
	TradeWaiting  TradeState = "waiting"  // exists, unpaid
	TradePaid     TradeState = "paid"     // paid; refunds are possible
	TradeFinished TradeState = "finished" // paid; refunds are over
	// TradeClosed: closed: unpaid, or paid and refunded in full; only the refunds tell.
	TradeClosed TradeState = "closed"
)

// TradeResult is the answer to Query. With OutcomeSucceeded the trade's fields are set;
// OutcomeAbsent says that the gateway does not know it.
type TradeResult struct {
	Answer
	Trade Trade
}

// Trade is a verified description of a trade.
type Trade struct {
	OutTradeNo string
	TradeNo    string
	State      TradeState
	TotalFen   Fen // what was to be paid: must equal the attempt's amount
	ReceiptFen Fen
	PaidAt     time.Time
	Payer      Payer
}
