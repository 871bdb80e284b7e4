package archive

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"time"

	"github.com/paymux/paymux/core"
)

// Record is one order with all rows of it that leave.
type Record struct {
	Order      core.Order
	Entries    []core.Entry
	Events     []core.Event
	Deliveries []core.Delivery
	// Messages is how many of the gateways' messages about the order are still kept.
	Messages int
	// Rows is how many rows Text holds.
	Rows int
	// Text is one line of JSON without its end: all those rows, as the store keeps them. Two
	// records of one order with the same text are the same to the last column.
	Text []byte
}

// Print is the SHA-256 of a line, by which an order in a file is compared with the one in the
// database.
func Print(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// Cursor is a place in the list of orders by time of creation.
type Cursor struct {
	At time.Time
	ID string // of the payment
}

// Leaving is an order that may be deleted if it still is what a verified file says.
type Leaving struct {
	PaymentID string
	Print     string // of its line
}

// Batch is what one commit deletes.
type Batch struct {
	Archive string // the id of the archive that holds the orders
	At      time.Time
	Orders  []Leaving
}

// OrderStore is what a store owes an archive of orders (core/storetest proves it).
//
//   - Leave deletes all orders of a batch that are as their prints say and have no kept message,
//     and no other, in one commit. It returns the payment ids of those that are gone, by this call
//     or an earlier one of the same archive.
//   - What is left of each is a core.Archived under the payment's id and merchant_order_no, the ids
//     of its attempts and refunds and their out_trade_no: views have it, and in place of an order.
//     Locate leads from any number but those of events, deliveries and messages to it.
//   - Balances, entries counted, are what they were.
//   - An order that another writer changes meanwhile either stays whole, or that writer finds it
//     archived.
type OrderStore interface {
	// Records reads orders that were created until a moment, with all that belongs to each, after
	// the cursor, by time of creation and payment id.
	Records(ctx context.Context, until time.Time, after Cursor, limit int) ([]Record, error)
	// Leave deletes a batch. CodeContended means that another session holds one of its rows, and
	// that nothing was deleted.
	Leave(ctx context.Context, b Batch) (gone []string, err error)
}

// Known is an archive that a database knows of.
type Known struct {
	ID       string
	Manifest string // SHA-256 of its manifest
	Orders   int64  // in its files
	// FirstSeal and LastSeal are the audit chain's links whose rows are in it; 0 for none.
	FirstSeal, LastSeal int64
	// Gone is how many of its orders have left the database; those that had changed stayed.
	Gone      int64
	CreatedAt time.Time
	DoneAt    time.Time // zero while rows are still to be deleted
}

// Store is what a pass needs of a database.
type Store interface {
	OrderStore
	// Seals reads the audit chain's oldest links whose rows have not left and that were made until
	// a moment, without a gap, with their rows in order of their ids.
	Seals(ctx context.Context, until time.Time, after int64, limit int) ([]SealedRows, error)
	// LeaveSeal deletes the audit rows of a link that has this hash, in one commit; the link stays
	// and names the archive. It does nothing to one that left with the same archive before.
	LeaveSeal(ctx context.Context, archive string, seal Seal) error
	// Archives lists the archives that the database knows, oldest first.
	Archives(ctx context.Context) ([]Known, error)
	// Enter makes an archive known: from then on its orders may be deleted.
	Enter(ctx context.Context, k Known) error
	// Finish says that nothing of an archive is to be deleted any more, and how many of its orders
	// are gone.
	Finish(ctx context.Context, id string, at time.Time) (gone int64, err error)
	// Lease takes or prolongs a lease by name, and tells whether holder has it now. A lease whose
	// end has come is anybody's.
	Lease(ctx context.Context, name, holder string, now, end time.Time) (bool, error)
}

// SealedRows is a link of the audit chain with its rows.
type SealedRows struct {
	Seal   Seal        `json:"seal"`
	Audits []AuditLine `json:"audits"`
}
