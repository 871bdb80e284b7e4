package core

import (
	"context"
	"strings"
	"time"
)

// Gateway turns a raw message into verified notices. It knows no orders.
type Gateway interface {
	ID() GatewayID
	// Receive verifies the message with the keys of the account that the path named. It makes no
	// network call and changes nothing.
	Receive(context.Context, Account, Message) Receipt
}

// Message is what arrived, untouched: which of it matters is for the gateway's adapter to judge,
// since gateways sign bodies or headers, and of whatever type.
type Message struct {
	Method   string
	RawQuery string
	// Header has every header that came but Host, by canonical names (Content-Type) and with all
	// its values; a copy.
	Header map[string][]string
	Body   []byte
	// Kind tells the payment path from the application gateway's path: they are signed by different
	// rules.
	Kind MessageKind
}

// Get is the header's values, joined by ", "; "" when it did not come. The name must be canonical.
func (m Message) Get(name string) string { return strings.Join(m.Header[name], ", ") }

// MessageKind says by which path a message came.
type MessageKind string

// The kinds.
const (
	MessageTrade MessageKind = "trade" // payment notifications
	// MessageApp: everything that a gateway pushes to the application gateway.
	MessageApp MessageKind = "app"
)

// Receipt is what Receive found, with the exact replies: core decides which one is sent.
type Receipt struct {
	Verified bool
	// Code says why it was not verified: signature_missing, signature_mismatch, duplicate_field, …
	Code       Code
	Detail     string // for the security log; without personal data, signatures or keys
	KeyVersion string
	Notices    []Notice
	Accept     Reply // it is durable with us
	Refuse     Reply // send it again
}

// Reply is an exact HTTP answer.
type Reply struct {
	// Refused says that the message was not taken: it is not verified, or shall come again. The web
	// layer limits senders of such messages.
	Refused bool
	// Reason is why it is not verified; "" for all other messages.
	Reason      Code
	Status      int
	ContentType string
	Body        []byte
}

// NoticeKind is the closed set of what a gateway may tell.
type NoticeKind string

// The kinds of notice.
const (
	NoticePayment   NoticeKind = "payment"   // the trade is paid
	NoticeRefund    NoticeKind = "refund"    // money of the trade went back, in part or in full
	NoticeClosed    NoticeKind = "closed"    // the trade is closed without a refund in the message
	NoticeReturned  NoticeKind = "returned"  // the buyer's bank sent a refund back to us
	NoticeWaiting   NoticeKind = "waiting"   // the trade exists, unpaid: nothing to do
	NoticeAgreement NoticeKind = "agreement" // a withholding agreement changed
	NoticeComplaint NoticeKind = "complaint" // a buyer complained
	NoticeRisk      NoticeKind = "risk"      // the gateway warns
	NoticeOther     NoticeKind = "other"     // verified, of a kind we keep but do not use
)

// movesTrade tells whether a notice speaks about the state of a trade, and must therefore agree
// with our books.
func (k NoticeKind) movesTrade() bool {
	return k == NoticePayment || k == NoticeRefund || k == NoticeClosed || k == NoticeWaiting
}

// Notice is one verified statement of a gateway.
type Notice struct {
	Kind          NoticeKind
	ID            string // the gateway's own id of the notice
	AppID         string // whom the message is for: must be the account's
	SellerID      string // who was paid: must be the account's; "" when not said
	Trade         Trade
	OutRequestNo  string    // the refund's number; "" when not said
	CumulativeFen Fen       // refunded of the trade in all
	ReturnedFen   Fen       // of NoticeReturned: what the bank sent back of the refund
	At            time.Time // when it happened, by the gateway's clock
}
