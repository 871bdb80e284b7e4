package core

import (
	"context"
	"time"
)

// Store keeps everything that must survive. It takes units, not transactions: there is no Begin.
//
// What a store owes (core/storetest proves it):
//   - Do loads what the keys name, runs Decide, and commits all Writes or none, durably, before it
//     returns without an error.
//   - Decide is pure and may run several times: on a conflict it runs again on fresh rows; only the
//     last run counts.
//   - A guard must hit exactly one row: the row with its id and Version as read. The stored Version
//     becomes Version+1. If any guard misses, nothing is written and Decide runs again, at most
//     MaxRuns times; then Do fails with CodeContended.
//   - An insert that violates a unique key writes nothing, and Do returns without an error but with
//     Verdict.Duplicate naming the key.
//   - An error of Decide is returned as it is, and nothing is written.
//   - After a commit without an answer the store looks for the first row of Writes.Inserts by its
//     id: found means committed. So a unit that guards anything must insert at least one row, and
//     its ids are made before Do.
//   - Units may be joined into one commit. If one of them fails, the others must come out as if
//     each had run alone.
//   - If the outcome stays unknown, Do fails with CodeUnavailable.
//   - While another session of the database holds rows of one order, of two or of three, units of
//     other orders are done within 1.5 seconds each, and reads do not wait. A unit that names held
//     rows waits for them beside the others, as long as ctx says or for a time of the store's own;
//     then it fails with CodeUnavailable and nothing is written. A store whose rows nobody else can
//     lock owes none of this. On a database whose sessions cannot be told not to wait for locks,
//     but whose statements can (NOWAIT), a held unique key, which no statement asks for beforehand,
//     may cost each commit that wants it a second more; on one that knows neither, each held row
//     may.
//   - When ctx ends while a unit waits, and its Decide does not run, Do returns at once with
//     CodeUnavailable, nothing is written, and Decide does not run any more.
type Store interface {
	Do(context.Context, Unit) (Verdict, error)
	Reader
}

// MaxRuns is how often Do runs a unit's Decide before it gives up with CodeContended.
const MaxRuns = 100

// Unit is one all-or-nothing change.
type Unit struct {
	// Keys name what Decide will see. A key that finds nothing is not an error: the view has
	// nothing under it.
	Keys []Key
	// Decide computes the writes from what it sees; it must not keep or change rows of the view
	// (they are copies), nor read a clock, draw an id, or do I/O. Writes without guards and inserts
	// commit nothing.
	Decide func(View) (Writes, error)
}

// Writes is what a unit changes.
type Writes struct {
	// Guards are conditional updates: each row replaces the stored one if id and Version still
	// match.
	Guards []Row
	// Inserts are new rows, with ids made beforehand.
	Inserts []Row
}

// Verdict tells what became of a unit that did not fail.
type Verdict struct {
	// Duplicate is the unique key that an insert violated, "" for none. Nothing was written then.
	Duplicate Unique
	// Runs is how often Decide ran.
	Runs int
}

// Unique names the unique keys that callers react to.
type Unique string

// The unique keys.
const (
	UniqueMerchantOrder Unique = "merchant_order_no" // (merchant, merchant_order_no)
	UniqueOutTradeNo    Unique = "out_trade_no"      // over all merchants
	// UniqueTradeNo: (gateway, trade_no) of attempts that hold one.
	UniqueTradeNo Unique = "trade_no"
	// UniqueMerchantRefund: (merchant, merchant_refund_no) when not empty.
	UniqueMerchantRefund Unique = "merchant_refund_no"
	UniqueOutRequestNo   Unique = "out_request_no" // over all merchants
	UniqueIdempotency    Unique = "idempotency"    // (merchant, operation, key)
	UniqueInboxDigest    Unique = "inbox_digest"   // (account, digest)
	UniqueNonce          Unique = "nonce"          // (key, nonce)
	UniqueDelivery       Unique = "delivery"       // (event, endpoint)
	UniqueToken          Unique = "token"          // of attempts that hold one
	UniqueID             Unique = "id"             // any row's own id
)

// Row is a row that a unit may write: *Payment, *Attempt, *Refund, *Idempotency, *Inbox and
// *Delivery may be guarded and inserted; *Event, *Entry, *Audit, *SealedPayer and *Nonce only
// inserted.
type Row interface {
	// RowID is the primary key.
	RowID() string
}

// RowID returns the payment's id.
func (p *Payment) RowID() string { return p.ID }

// RowID returns the attempt's id.
func (a *Attempt) RowID() string { return a.ID }

// RowID returns the refund's id.
func (r *Refund) RowID() string { return r.ID }

// RowID returns the event's id.
func (e *Event) RowID() string { return e.ID }

// RowID returns the delivery's id.
func (d *Delivery) RowID() string { return d.ID }

// RowID returns the ledger entry's id.
func (e *Entry) RowID() string { return e.ID }

// RowID returns the audit row's id.
func (a *Audit) RowID() string { return a.ID }

// RowID returns the inbox row's id.
func (i *Inbox) RowID() string { return i.ID }

// RowID returns the sealed payer's id.
func (p *SealedPayer) RowID() string { return p.ID }

// RowID returns the idempotency row's id.
func (i *Idempotency) RowID() string { return i.ID }

// RowID returns key and nonce joined: the primary key of a nonce.
func (n *Nonce) RowID() string { return n.KeyID + ":" + n.Nonce }

// Key names something to load. Keys are values: two equal keys name the same thing.
type Key struct {
	Kind     KeyKind
	Merchant string // the tenant; "" only for kinds that the gateway or a page names
	Scope    string // operation of an idempotency key, account of an inbox digest
	Value    string
}

// KeyKind says what a key's value is.
type KeyKind string

// The kinds. Those that begin with order load the whole Order.
const (
	OrderByPayment KeyKind = "order.payment" // Value: payment id; Merchant: tenant
	// OrderByMerchantNo: Value: merchant_order_no; Merchant: tenant.
	OrderByMerchantNo KeyKind = "order.merchant_no"
	OrderByAttempt    KeyKind = "order.attempt"      // Value: attempt id
	OrderByOutTradeNo KeyKind = "order.out_trade_no" // Value: out_trade_no
	OrderByToken      KeyKind = "order.token"        // Value: page token
	OrderByRefund     KeyKind = "order.refund"       // Value: refund id; Merchant: tenant
	// OrderByMerchantRefund: Value: merchant_refund_no; Merchant: tenant.
	OrderByMerchantRefund KeyKind = "order.merchant_refund"
	// IdempotencyByKey: Value: key; Scope: operation; Merchant: tenant.
	IdempotencyByKey KeyKind = "idempotency"
	InboxByID        KeyKind = "inbox.id"     // Value: inbox id
	InboxByDigest    KeyKind = "inbox.digest" // Value: digest; Scope: account
	DeliveryByID     KeyKind = "delivery.id"  // Value: delivery id
)

// View is what a unit sees: copies of the rows that its keys found.
type View struct {
	orders      map[Key]*Order
	idempotency map[Key]*Idempotency
	inbox       map[Key]*Inbox
	deliveries  map[Key]*Delivery
	archived    map[Key]*Archived
}

// NewView returns an empty view; stores fill it.
func NewView() View {
	return View{
		orders: map[Key]*Order{}, idempotency: map[Key]*Idempotency{}, inbox: map[Key]*Inbox{}, deliveries: map[Key]*Delivery{},
		archived: map[Key]*Archived{},
	}
}

// SetOrder puts what key found.
func (v View) SetOrder(k Key, o *Order) { v.orders[k] = o }

// SetIdempotency puts what key found.
func (v View) SetIdempotency(k Key, i *Idempotency) { v.idempotency[k] = i }

// SetInbox puts what key found.
func (v View) SetInbox(k Key, i *Inbox) { v.inbox[k] = i }

// SetDelivery puts what key found.
func (v View) SetDelivery(k Key, d *Delivery) { v.deliveries[k] = d }

// Order returns a copy of the order that key found, or nil.
func (v View) Order(k Key) *Order {
	if o := v.orders[k]; o != nil {
		return o.Clone()
	}
	return nil
}

// Idempotency returns a copy of the row that key found, or nil.
func (v View) Idempotency(k Key) *Idempotency {
	if i := v.idempotency[k]; i != nil {
		c := *i
		c.Answer = append([]byte(nil), i.Answer...)
		return &c
	}
	return nil
}

// Inbox returns a copy of the row that key found, or nil.
func (v View) Inbox(k Key) *Inbox {
	if i := v.inbox[k]; i != nil {
		c := *i
		c.Sealed = append([]byte(nil), i.Sealed...)
		return &c
	}
	return nil
}

// Delivery returns a copy of the row that key found, or nil.
func (v View) Delivery(k Key) *Delivery {
	if d := v.deliveries[k]; d != nil {
		c := *d
		return &c
	}
	return nil
}

// Reader reads without changing. Money paths read the primary only.
type Reader interface {
	// See loads what the keys name, in one consistent view.
	See(context.Context, ...Key) (View, error)
	// Payer returns a sealed payer by row id; nil when its end has come.
	Payer(ctx context.Context, id string) (*SealedPayer, error)
	// Payments lists payments, newest first, by keyset.
	Payments(context.Context, PaymentQuery) ([]Payment, error)
	// Refunds lists refunds, newest first, by keyset.
	Refunds(context.Context, RefundQuery) ([]Refund, error)
	// Events lists a merchant's events, oldest first, after a row.
	Events(context.Context, EventQuery) ([]Event, error)
	// Event returns one event of a merchant, or nil. An empty merchant means any: for jobs.
	Event(ctx context.Context, merchantID, id string) (*Event, error)
	// Deliveries lists a merchant's deliveries, newest first.
	Deliveries(context.Context, DeliveryQuery) ([]Delivery, error)
	// Ended lists an endpoint's deliveries of one state and a time, oldest first, by keyset.
	Ended(context.Context, EndedQuery) ([]Delivery, error)
	// Messages lists gateways' messages without their bodies, newest first.
	Messages(context.Context, MessageQuery) ([]Inbox, error)
	// Audits lists audit rows, newest first.
	Audits(context.Context, AuditQuery) ([]Audit, error)
	// Balances sums a merchant's ledger by account and owner.
	Balances(ctx context.Context, merchantID string) ([]Balance, error)
	// Due lists what a job must look at, by keyset on (At, ID), earliest first.
	Due(context.Context, DueQuery) ([]Due, error)
	Finder
}

// PaymentQuery asks for a page of payments. What is empty asks for any; what is given must all
// hold. No store walks over rows that it does not show, beside those of the named buyer, of the
// same status or of the given time.
type PaymentQuery struct {
	MerchantID string
	// All asks over all merchants, whatever MerchantID is: for operators.
	All             bool
	MerchantOrderNo string
	Status          PaymentStatus
	Attention       bool // only those that a person must look at
	// OutTradeNo and TradeNo are numbers at the gateway, of any attempt.
	OutTradeNo, TradeNo string
	// RefundNo is any number of a refund: its id, out_request_no or merchant_refund_no.
	RefundNo string
	// Buyers are pseudonyms of one buyer, of which an attempt names one; MaxBuyers at most.
	Buyers []string
	// CreatedFrom is the first moment, CreatedTo the first that is too late; zero for no bound.
	CreatedFrom, CreatedTo time.Time
	// BeforeCreated: keyset: rows older than (BeforeCreated, BeforeID); zero for the newest
	BeforeCreated time.Time
	BeforeID      string
	Limit         int
}

// MaxBuyers is how many pseudonyms one query may name.
const MaxBuyers = 100

// RefundQuery asks for a page of refunds.
type RefundQuery struct {
	MerchantID       string
	All              bool         // over all merchants
	MerchantRefundNo string       // "" for any
	Status           RefundStatus // "" for any
	// BeforeCreated: keyset: rows older than (BeforeCreated, BeforeID); zero for the newest
	BeforeCreated time.Time
	BeforeID      string
	Limit         int
}

// EventQuery asks for a page of events.
type EventQuery struct {
	MerchantID string
	All        bool   // over all merchants
	PaymentID  string // "" for any
	// CreatedFrom is the first moment, CreatedTo the first that is too late; zero for any.
	CreatedFrom, CreatedTo time.Time
	// AfterRow is the keyset, "" for the oldest; AfterCreated goes with it in the order of time.
	AfterRow     string
	AfterCreated time.Time
	Limit        int
}

// ByTime tells whether the page is in the order of time, and of rows within a millisecond; else it
// is in the order of rows, which is a merchant's.
func (q EventQuery) ByTime() bool { return q.All || !q.CreatedFrom.IsZero() || !q.CreatedTo.IsZero() }

// DeliveryQuery asks for a page of deliveries.
type DeliveryQuery struct {
	MerchantID string
	All        bool          // over all merchants
	State      DeliveryState // "" for any
	EventID    string        // "" for any
	BeforeID   string        // keyset on id, newest first; "" for the newest
	Limit      int
}

// MessageQuery asks for a page of gateways' messages of one state.
type MessageQuery struct {
	Accounts []string // those of the merchant who asks
	All      bool     // whatever their account is: for operators
	State    InboxState
	BeforeID string // keyset on id, newest first; "" for the newest
	Limit    int
}

// AuditQuery asks for a page of the audit log.
type AuditQuery struct {
	MerchantID string
	All        bool   // over all merchants
	Object     string // "" for any
	BeforeID   string // keyset on id, newest first; "" for the newest
	Limit      int
}

// Balance is one account's sum.
type Balance struct {
	Account LedgerAccount
	Owner   string
	Fen     Fen
	Entries int64
}

// DueKind says what kind of row is due.
type DueKind string

// The kinds of due rows.
const (
	DueAttempt  DueKind = "attempt"
	DueRefund   DueKind = "refund"
	DueInbox    DueKind = "inbox"
	DueDelivery DueKind = "delivery"
)

// DueQuery asks for rows of one kind whose time is at or before Until, after the keyset (AfterAt,
// AfterID).
type DueQuery struct {
	Kind    DueKind
	Until   time.Time
	AfterAt time.Time
	AfterID string
	// Fault asks only for attempts and refunds that wait with this class; "" for all rows.
	Fault Code
	// Only asks for rows of one scope of one merchant, Except for all but those of some; empty for
	// all rows.
	Only   Scope
	Except []Scope
	Limit  int
}

// Scope is what a due row belongs to: a merchant's endpoint of deliveries, a payment of attempts
// and refunds.
type Scope struct{ MerchantID, Scope string }

// Due names a row that a job must look at.
type Due struct {
	Kind       DueKind
	ID         string
	MerchantID string
	Scope      string // the endpoint of a delivery, the payment of an attempt or refund
	At         time.Time
	Fault      Code // of an attempt or a refund
	Asked      bool // a delivery that ended before: a person asked for it
}
