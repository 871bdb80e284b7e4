package core

import "time"

// EventType names what the merchant is told.
type EventType string

// The events.
const (
	EventPaymentPaid              EventType = "payment.paid"
	EventPaymentClosed            EventType = "payment.closed"
	EventPaymentLateRefunded      EventType = "payment.late_refunded"
	EventPaymentLateHeld          EventType = "payment.late_held"
	EventPaymentLateAccepted      EventType = "payment.late_accepted"
	EventPaymentDuplicateRefunded EventType = "payment.duplicate_refunded"
	EventPaymentDuplicateHeld     EventType = "payment.duplicate_held"
	EventPaymentDuplicateAccepted EventType = "payment.duplicate_accepted"
	EventRefundSucceeded          EventType = "refund.succeeded"
	EventRefundFailed             EventType = "refund.failed"
	EventRefundReturned           EventType = "refund.returned"
)

// EventTypes lists the events.
func EventTypes() []EventType {
	return []EventType{
		EventPaymentPaid, EventPaymentClosed, EventPaymentLateRefunded, EventPaymentLateHeld, EventPaymentLateAccepted,
		EventPaymentDuplicateRefunded, EventPaymentDuplicateHeld, EventPaymentDuplicateAccepted, EventRefundSucceeded, EventRefundFailed,
		EventRefundReturned,
	}
}

// Event is one outbox row: what the merchant will be told, written in the same commit as the change
// it tells of. Body is made once and sent byte-identical at every try (H16).
type Event struct {
	ID         string // outward, evt_…; the webhook-id
	Row        string // ULID: the order in which a merchant lists events
	MerchantID string
	PaymentID  string
	RefundID   string
	Type       EventType
	Sequence   int64 // monotone per payment, from 1
	Body       []byte
	CreatedAt  time.Time
}

// DeliveryState is how far the delivery of one event to one endpoint has come.
type DeliveryState string

// The states of a delivery.
const (
	DeliveryPending DeliveryState = "pending"
	DeliveryDone    DeliveryState = "done"
	// DeliveryDead: tries are used up, or the endpoint said 410: listed until replayed.
	DeliveryDead DeliveryState = "dead"
)

// Delivery is one event on its way to one endpoint.
type Delivery struct {
	ID         string // ULID
	EventID    string
	MerchantID string
	EndpointID string
	State      DeliveryState
	Tries      int
	LastStatus int    // HTTP status of the last try, 0 for none
	LastError  string // our own words, short; never the merchant's body
	NextAt     time.Time
	Version    int64
	CreatedAt  time.Time
	EndedAt    time.Time
}

// Entry is one leg of a ledger posting. The legs of one posting sum to zero; debits are positive.
type Entry struct {
	ID         string // ULID
	PostingID  string // shared by the legs of one posting
	MerchantID string
	PaymentID  string
	RefundID   string
	Account    LedgerAccount
	Owner      string // the account id at the gateway that the money belongs to
	AmountFen  Fen
	CreatedAt  time.Time
}

// Audit is who did what, written in the same commit. Rows are inserted unchained; a sealer chains
// them in batches.
type Audit struct {
	ID         string // ULID; also the witness by which a commit without an answer is recognised
	MerchantID string
	Actor      string
	KeyID      string
	Action     string // "payment.create", "attempt.paid", …
	Object     string // id of what was acted on
	Detail     string // short, without personal data or secrets
	CreatedAt  time.Time
}

// InboxState is what became of a verified message.
type InboxState string

// The states of an inbox row.
const (
	InboxWaiting InboxState = "waiting" // a job will apply it
	InboxDone    InboxState = "done"    // applied, or nothing to apply
	InboxParked  InboxState = "parked"  // contradicts our books: a person must look
	// InboxRejected: not verified, or for a number we do not know: kept raw for a while, never
	// applied.
	InboxRejected InboxState = "rejected"
)

// Inbox is one message from a gateway, kept raw and sealed until DeleteAfter.
type Inbox struct {
	ID          string // ULID
	Gateway     GatewayID
	Account     string
	Digest      string // SHA-256 of the raw body: the same bytes are stored once
	Sealed      []byte // raw body, sealed; personal data lives here
	State       InboxState
	Code        string // why it waits, was parked or rejected
	Repeats     int64  // how often the same bytes came again, as far as counted
	OutTradeNo  string
	PaymentID   string // "" when unknown
	KeyVersion  string
	NextAt      time.Time
	Tries       int
	Version     int64
	ReceivedAt  time.Time
	DeleteAfter time.Time
}

// SealedPayer is a buyer's identity, sealed; orders, ledger and audit hold only the pseudonym.
type SealedPayer struct {
	ID          string // ULID
	MerchantID  string
	Pseudonym   string
	Sealed      []byte
	CreatedAt   time.Time
	DeleteAfter time.Time
}

// Idempotency remembers what a key was used for, and the answer once it is final.
type Idempotency struct {
	ID          string // ULID
	MerchantID  string
	Operation   string // "payment.create", "refund.create", …
	Key         string // 1 to 255 ASCII characters, compared byte by byte
	Fingerprint string // SHA-256 of the request
	ObjectID    string // payment or refund
	Done        bool
	Status      int // HTTP status of the stored answer
	// Answer is the answer's body, byte-identical at every repeat. Until Done it is nil or, of a
	// request that takes several commits, how far it came.
	Answer []byte
	// AnswerOf: version of the payment or refund that the answer shows; 0 for answers that older
	// programs stored
	AnswerOf    int64
	Version     int64
	CreatedAt   time.Time
	DeleteAfter time.Time
}

// Nonce makes a signed request usable once.
type Nonce struct {
	KeyID       string
	Nonce       string
	DeleteAfter time.Time
}
