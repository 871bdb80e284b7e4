package alipaysim

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"sort"
	"sync"
)

// Kind names a change of the gateway's state.
type Kind string

// The kinds of entry. Money moves in trade_paid, refunded and settled only.
const (
	KindOrderPrepared Kind = "order_prepared" // a page or QR code that may become a trade
	KindTradeCreated  Kind = "trade_created"  // WAIT_BUYER_PAY
	// KindPaymentPending: the buyer has agreed, the money is on its way.
	KindPaymentPending Kind = "payment_pending"
	// KindPaymentFailed: a try that failed; the trade stays payable.
	KindPaymentFailed      Kind = "payment_failed"
	KindTradePaid          Kind = "trade_paid"          // amount_fen is the trade's total
	KindTradeClosed        Kind = "trade_closed"        // unpaid and closed; reason says by whom
	KindTradeFinished      Kind = "trade_finished"      // no refunds any more
	KindRefundPending      Kind = "refund_pending"      // accepted, not moved yet
	KindRefunded           Kind = "refunded"            // amount_fen went back to the buyer
	KindSettled            Kind = "settled"             // amount_fen went to a royalty receiver
	KindRelationBound      Kind = "relation_bound"      // a royalty receiver was bound
	KindRelationUnbound    Kind = "relation_unbound"    // and unbound
	KindAgreementSigned    Kind = "agreement_signed"    // password-free payment was agreed
	KindAgreementUnsigned  Kind = "agreement_unsigned"  // and ended
	KindAuthCodeIssued     Kind = "auth_code_issued"    // login or bar code of a buyer
	KindAuthCodeUsed       Kind = "auth_code_used"      // codes serve once
	KindTokenIssued        Kind = "token_issued"        // access and refresh token
	KindComplaintOpened    Kind = "complaint_opened"    // a buyer complains
	KindComplaintAnswered  Kind = "complaint_answered"  // the merchant's feedback
	KindNotifyQueued       Kind = "notify_queued"       // a notification is owed
	KindNotifySent         Kind = "notify_sent"         // one try; reason is the outcome
	KindCertificateRotated Kind = "certificate_rotated" // the gateway signs with a new certificate
	// KindClock: what the clock shows, after it was advanced or at the end.
	KindClock Kind = "clock"
)

// Entry is one line of the book. Only the fields that its kind needs are set.
type Entry struct {
	// Seq numbers entries from 1 without gaps.
	Seq uint64 `json:"seq"`
	// At is the simulated time in epoch milliseconds.
	At           int64  `json:"at"`
	Kind         Kind   `json:"kind"`
	AppID        string `json:"app_id,omitempty"`
	SellerID     string `json:"seller_id,omitempty"`
	OutTradeNo   string `json:"out_trade_no,omitempty"`
	TradeNo      string `json:"trade_no,omitempty"`
	OutRequestNo string `json:"out_request_no,omitempty"`
	// AmountFen is the money of this entry, in fen.
	AmountFen int64 `json:"amount_fen,omitempty"`
	// BuyerID is the payer's user_id.
	BuyerID string `json:"buyer_id,omitempty"`
	// Key is the token, code, notify_id or number the entry is about.
	Key    string `json:"key,omitempty"`
	Reason string `json:"reason,omitempty"`
	// Due is when something started here will happen, in epoch milliseconds.
	Due int64 `json:"due,omitempty"`
	// Real is the real time of a clock entry, in epoch milliseconds, while the
	// clock runs as fast as real time.
	Real int64 `json:"real,omitempty"`

	Order     *Order     `json:"order,omitempty"`
	Payment   *Payment   `json:"payment,omitempty"`
	Notice    *Notice    `json:"notice,omitempty"`
	Agreement *Agreement `json:"agreement,omitempty"`
	Complaint *Complaint `json:"complaint,omitempty"`
	Details   []Share    `json:"details,omitempty"`
}

// maxLine bounds one entry on disk.
const maxLine = 1 << 20

var errLongEntry = fmt.Errorf("alipaysim: an entry longer than %d bytes", maxLine)

// disk is what a book needs of its file once it is open.
type disk interface {
	io.WriteCloser
	Sync() error
}

// Book is the append-only record of everything that happened. Entries are
// written at once and fsynced together: see Sync.
type Book struct {
	mu      sync.RWMutex
	entries []Entry
	file    disk
	// broken is the first error of the disk. Nothing is written after it: half a
	// line may be there already, and what follows half a line cannot be read.
	broken error

	syncMu sync.Mutex
	synced uint64
}

// openBook reads the entries already at path and opens it for more. A torn last
// line, left by a crash in the middle of a write, is cut off.
func openBook(path string) (*Book, error) {
	if path == "" {
		return &Book{}, nil
	}
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("alipaysim: open book: %w", err)
	}
	b := &Book{file: file}
	if err = lock(file); err == nil {
		err = b.load(file)
	}
	if err != nil {
		_ = file.Close()
		return nil, err
	}
	return b, nil
}

func (b *Book) load(file *os.File) error {
	reader := bufio.NewReaderSize(file, 64<<10)
	var good int64
	for {
		line, err := reader.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return fmt.Errorf("alipaysim: read book: %w", err)
		}
		if len(line) > maxLine {
			return fmt.Errorf("alipaysim: book line %d is longer than %d bytes", len(b.entries)+1, maxLine)
		}
		var e Entry
		if err := json.Unmarshal(bytes.TrimSpace(line), &e); err != nil {
			return fmt.Errorf("alipaysim: book line %d: %w", len(b.entries)+1, err)
		}
		if e.Seq != uint64(len(b.entries))+1 {
			return fmt.Errorf("alipaysim: book line %d carries seq %d", len(b.entries)+1, e.Seq)
		}
		b.entries = append(b.entries, e)
		good += int64(len(line))
	}
	if err := file.Truncate(good); err != nil {
		return fmt.Errorf("alipaysim: cut torn line: %w", err)
	}
	if _, err := file.Seek(good, io.SeekStart); err != nil {
		return fmt.Errorf("alipaysim: seek book: %w", err)
	}
	b.synced = uint64(len(b.entries))
	return nil
}

// append numbers e, writes it and returns it. Callers serialise appends. Times
// never decrease, even when the clock that the simulator runs on does.
func (b *Book) append(e Entry) (Entry, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	e.Seq = uint64(len(b.entries)) + 1
	if n := len(b.entries); n > 0 {
		e.At = max(e.At, b.entries[n-1].At)
	}
	if b.file != nil {
		if err := b.write(e); err != nil {
			return e, err
		}
	}
	b.entries = append(b.entries, e)
	return e, nil
}

// write puts an entry on disk. One that load would refuse is refused here.
func (b *Book) write(e Entry) error {
	if b.broken != nil {
		return b.broken
	}
	line, err := json.Marshal(e)
	if err != nil {
		return fmt.Errorf("alipaysim: encode entry: %w", err)
	}
	if line = append(line, '\n'); len(line) > maxLine {
		return errLongEntry
	}
	if _, err := b.file.Write(line); err != nil {
		b.broken = fmt.Errorf("alipaysim: write book: %w", err)
	}
	return b.broken
}

// Len is the number of entries, and the seq of the last one.
func (b *Book) Len() uint64 {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return uint64(len(b.entries))
}

// Sync returns once every entry up to seq is on disk. Callers that arrive while
// another one is syncing share the next fsync.
func (b *Book) Sync(seq uint64) error {
	if b.file == nil {
		return nil
	}
	b.syncMu.Lock()
	defer b.syncMu.Unlock()
	b.mu.RLock()
	covered, broken := uint64(len(b.entries)), b.broken
	b.mu.RUnlock()
	if broken != nil || b.synced >= seq {
		return broken
	}
	if err := b.file.Sync(); err != nil {
		// A second fsync may succeed without what the first one lost.
		b.mu.Lock()
		defer b.mu.Unlock()
		b.broken = fmt.Errorf("alipaysim: sync book: %w", err)
		return b.broken
	}
	b.synced = covered
	return nil
}

// After copies at most limit entries with a seq greater than after.
func (b *Book) After(after uint64, limit int) []Entry {
	b.mu.RLock()
	defer b.mu.RUnlock()
	if after >= uint64(len(b.entries)) {
		return nil
	}
	rest := b.entries[after:]
	if len(rest) > limit {
		rest = rest[:limit]
	}
	return append([]Entry(nil), rest...)
}

// between copies the wanted entries from an instant (epoch
// milliseconds) up to, not including, another.
func (b *Book) between(from, to int64, wanted func(*Entry) bool) []Entry {
	b.mu.RLock()
	defer b.mu.RUnlock()
	first := sort.Search(len(b.entries), func(i int) bool { return b.entries[i].At >= from })
	var list []Entry
	for i := first; i < len(b.entries) && b.entries[i].At < to; i++ {
		if wanted(&b.entries[i]) {
			list = append(list, b.entries[i])
		}
	}
	return list
}

// Totals sums the money of the whole book, in fen.
type Totals struct {
	Trades       int    `json:"trades"`
	PaidTrades   int    `json:"paid_trades"`
	CapturedFen  int64  `json:"captured_fen"`
	Refunds      int    `json:"refunds"`
	RefundedFen  int64  `json:"refunded_fen"`
	NetFen       int64  `json:"net_fen"`
	SettledFen   int64  `json:"settled_fen"`
	LastSeq      uint64 `json:"last_seq"`
	ClosedUnpaid int    `json:"closed_unpaid"`
}

// Totals adds up what was captured from and returned to buyers.
func (b *Book) Totals() Totals {
	b.mu.RLock()
	defer b.mu.RUnlock()
	var t Totals
	for i := range b.entries {
		e := &b.entries[i]
		switch e.Kind {
		case KindTradeCreated:
			t.Trades++
		case KindTradePaid:
			t.PaidTrades++
			t.CapturedFen += e.AmountFen
		case KindRefunded:
			t.Refunds++
			t.RefundedFen += e.AmountFen
		case KindSettled:
			t.SettledFen += e.AmountFen
		case KindTradeClosed:
			t.ClosedUnpaid++
		}
	}
	t.NetFen = t.CapturedFen - t.RefundedFen
	t.LastSeq = uint64(len(b.entries))
	return t
}

func (b *Book) close() error {
	if b.file == nil {
		return nil
	}
	return errors.Join(b.Sync(b.Len()), b.file.Close())
}
