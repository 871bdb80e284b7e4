package store

import (
	"sync"
	"time"

	"github.com/paymux/paymux/core"
)

const (
	// heldKept is for how long a row that another session was seen to hold is believed held. A
	// mistake is cheap: a unit that names the row runs beside the writers instead of with them.
	heldKept = 10 * time.Second
	// heldTold is how often a row that stays held is told of.
	heldTold = 30 * time.Second
	// maxHeld bounds the table: what finds no room is met anew, at the price of one more wait.
	maxHeld = 4096
)

// LockWait tells of rows that a unit did not get, because another session holds their locks.
type LockWait struct {
	Table string
	// ID is the row's, or "" when it is one of several, or only a key is known, which may be a
	// caller's own words.
	ID string
	// Tell asks for a line in the log: it is set once for a row in half a minute.
	Tell bool
}

// line is those who wait for the same rows. One of them at a time tries, so that however many
// there are, they take one place of those that run aside.
type line struct {
	turn  chan struct{} // full while one of them has the turn
	until time.Time     // held.mu guards both
	told  time.Time
}

// held remembers which rows other sessions were seen to hold, by what units claim.
type held struct {
	mu    sync.Mutex
	lines map[string]*line
	// tense is until when writers do not wait for locks at all: one wait is met by them, not one
	// for each row that is held.
	tense time.Time
}

// alarm says that a unit has waited, and for now not which.
func (h *held) alarm(now time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.tense = now.Add(heldKept)
}

func (h *held) isTense(now time.Time) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return now.Before(h.tense)
}

// of returns the line of those who wait for any of the claimed rows; nil when none is held.
func (h *held) of(claims []string, now time.Time) *line {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !now.Before(h.tense) { // nothing is held: no line outlives this
		return nil
	}
	return h.find(claims, now)
}

func (h *held) find(claims []string, now time.Time) *line {
	for _, c := range claims {
		if l := h.lines[c]; l != nil && now.Before(l.until) {
			return l
		}
	}
	return nil
}

// note remembers that the claimed rows are held, and returns the line of those who wait for them: l
// itself when the unit stands in one already. tell is set when this should be told.
func (h *held) note(l *line, claims []string, now time.Time) (_ *line, tell bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if l == nil {
		l = h.find(claims, now)
	}
	if l == nil {
		l = &line{turn: make(chan struct{}, 1)}
	}
	h.tense, l.until = now.Add(heldKept), now.Add(heldKept)
	if len(h.lines)+len(claims) > maxHeld {
		for c, old := range h.lines {
			if !now.Before(old.until) {
				delete(h.lines, c)
			}
		}
	}
	for _, c := range claims {
		if old := h.lines[c]; (old == nil || !now.Before(old.until)) && (old != nil || len(h.lines) < maxHeld) {
			h.lines[c] = l
		}
	}
	if tell = l.told.IsZero() || now.Sub(l.told) >= heldTold; tell {
		l.told = now
	}
	return l, tell
}

// free forgets a line: one of those who stood in it got its rows.
func (h *held) free(l *line) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for c, have := range h.lines {
		if have == l {
			delete(h.lines, c)
		}
	}
}

// claimsOf lists what keys name, as claims lists it for rows.
func claimsOf(keys []core.Key) []string {
	all := make([]string, 0, len(keys))
	for _, k := range keys {
		all = append(all, claimOf(k))
	}
	return all
}

func claimOf(k core.Key) string {
	const sep = "\x00"
	switch k.Kind {
	case core.OrderByPayment:
		return "payment" + sep + k.Value
	case core.OrderByMerchantNo:
		return "order" + sep + k.Merchant + sep + k.Value
	case core.OrderByAttempt:
		return "attempt" + sep + k.Value
	case core.OrderByOutTradeNo:
		return "out" + sep + k.Value
	case core.OrderByToken:
		return "token" + sep + k.Value
	case core.OrderByRefund:
		return "refund" + sep + k.Value
	case core.OrderByMerchantRefund:
		return "refundno" + sep + k.Merchant + sep + k.Value
	case core.IdempotencyByKey:
		return "key" + sep + k.Merchant + sep + k.Scope + sep + k.Value
	case core.InboxByID:
		return "inbox" + sep + k.Value
	case core.InboxByDigest:
		return "digest" + sep + k.Scope + sep + k.Value
	case core.DeliveryByID:
		return "delivery" + sep + k.Value
	default:
		return ""
	}
}

// guarded says what a statement wanted that changes rows.
func guarded(rows []write) heldRows {
	wanted := heldRows{table: rows[0].table.name}
	for _, w := range rows {
		wanted.claims = append(wanted.claims, w.claims...)
	}
	if len(rows) == 1 {
		wanted.id = rows[0].id
	}
	return wanted
}

// inserted says what a statement wanted that inserts rows: their keys. Their ids are new, and
// nobody else names them.
func inserted(rows []write) heldRows {
	wanted := heldRows{table: rows[0].table.name}
	for _, w := range rows {
		if _, ok := w.row.(*nonceRow); ok {
			wanted.claims = append(wanted.claims, w.claims...)
			continue
		}
		wanted.claims = append(wanted.claims, w.claims[1:]...)
	}
	return wanted
}
