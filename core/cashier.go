package core

import "time"

// Cashier is the one value through which money is taken: it holds what the use cases need and no
// state of its own. Read checkout.go, open.go, notify.go, settle.go, close.go and refund.go in that
// order.
type Cashier struct {
	Store     Store
	Channels  Channels
	Gateways  []Gateway
	Rules     Rulebook
	Merchants Directory
	Clock     Clock
	IDs       IDs
	Vault     Vault
	// Failpoints is nil in production.
	Failpoints Failpoints
	// Watch is told what happened, for logs and metrics; nil is allowed.
	Watch Watcher
	// Turned is told each step of a payment once it is committed, for metrics; nil is allowed. It
	// must not block.
	Turned func(Turn)
	// Forged says which messages that are not verified leave a trace in the audit log; nil is all.
	Forged Sampler
	Options
}

// Sampler bounds what strangers can make us write. It must not block.
type Sampler interface {
	// Sample counts a message to an account that was rejected for a reason, and tells whether it is
	// to leave a trace, and how many before it have left none since the last that did.
	Sample(account string, reason Code, now time.Time) (traced bool, untraced int64)
}

// Options are the knobs of the use cases, with the meaning and unit in each name.
type Options struct {
	// BaseURL is where buyers and the gateway reach us, without a trailing slash. It never comes
	// from a request (F07).
	BaseURL string
	// ConfirmOver makes a notification above this amount wait for a signed query before it counts;
	// 0 means never, and a negative amount always.
	ConfirmOver Fen
	// UnknownGrace is how long a notification for an unknown number is answered with "send again"
	// before it is parked.
	UnknownGrace time.Duration
	// InboxKept is how long a raw message of a gateway is kept, sealed; KeyKept how long an
	// idempotency key is remembered (I08).
	InboxKept, KeyKept time.Duration
	// EventSettle is how old an event must be before EventPage shows it: one of an older row may
	// still be on its way to its commit, and a cursor must never pass it.
	EventSettle time.Duration
	// Skew is how far our clock and the gateway's may differ.
	Skew time.Duration
}

// Watcher is told what happened, by stable names, without personal data. It must not block.
type Watcher interface {
	// Happened counts something: "notify.rejected" with "signature_mismatch", "payment.paid" with
	// "wechat", …
	Happened(what, label string)
	// Alert tells that a person should look: level 1 is worst.
	Alert(level int, what, object, detail string)
}
