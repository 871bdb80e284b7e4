package store

import (
	"context"

	"gorm.io/gorm"

	"github.com/paymux/paymux/core"
)

// pageSize bounds a page: 100 rows when the caller names none, 1,000 at most.
func pageSize(limit int) int {
	if limit <= 0 {
		return 100
	}
	return min(limit, 1000)
}

// Payer returns a sealed payer, or nil.
func (s *Store) Payer(ctx context.Context, id string) (*core.SealedPayer, error) {
	if !askable(id) {
		return nil, nil
	}
	rows, err := find[payerRow](ctx, s, func(db *gorm.DB) *gorm.DB { return db.Where("id = ?", id).Limit(1) })
	if err != nil || len(rows) == 0 || rows[0].ID != id {
		return nil, err
	}
	return rows[0].payer(), nil
}

// Events lists events, oldest first.
func (s *Store) Events(ctx context.Context, q core.EventQuery) ([]core.Event, error) {
	if !askable(q.AfterRow, q.PaymentID) {
		return nil, nil
	}
	rows, err := find[eventRow](ctx, s, func(db *gorm.DB) *gorm.DB {
		switch {
		case q.PaymentID != "": // found by its own key
			db = db.Where("payment_id = ?", q.PaymentID)
		case q.All:
			db = db.Table(s.along("events", "events_all"))
		case q.ByTime():
			db = db.Table(s.along("events", "events_since"))
		}
		if !q.All {
			db = db.Where("merchant_id = ?", q.MerchantID)
		}
		if !q.ByTime() {
			return db.Where("row_id > ?", q.AfterRow).Order("row_id").Limit(pageSize(q.Limit))
		}
		return inTime(db, q).Order("created_at, row_id").Limit(pageSize(q.Limit))
	})
	if err != nil {
		return nil, err
	}
	return mapped(rows, func(r *eventRow) (core.Event, error) { return *r.event(), nil })
}

// inTime leaves the events of a query's time that come after its keyset.
func inTime(db *gorm.DB, q core.EventQuery) *gorm.DB {
	if !q.CreatedFrom.IsZero() {
		db = db.Where("created_at >= ?", q.CreatedFrom.UnixMilli())
	}
	if !q.CreatedTo.IsZero() {
		db = db.Where("created_at < ?", q.CreatedTo.UnixMilli())
	}
	if q.AfterRow != "" {
		at := millis(q.AfterCreated)
		db = db.Where("created_at >= ? AND (created_at > ? OR row_id > ?)", at, at, q.AfterRow)
	}
	return db
}

// Event returns one event, or nil.
func (s *Store) Event(ctx context.Context, merchantID, id string) (*core.Event, error) {
	if !askable(id) {
		return nil, nil
	}
	rows, err := find[eventRow](ctx, s, func(db *gorm.DB) *gorm.DB { return db.Where("id = ?", id).Limit(1) })
	if err != nil || len(rows) == 0 || rows[0].ID != id || merchantID != "" && rows[0].MerchantID != merchantID {
		return nil, err
	}
	return rows[0].event(), nil
}

// Deliveries lists a merchant's deliveries, newest first.
func (s *Store) Deliveries(ctx context.Context, q core.DeliveryQuery) ([]core.Delivery, error) {
	if !askable(string(q.State), q.EventID, q.BeforeID) {
		return nil, nil
	}
	rows, err := find[deliveryRow](ctx, s, func(db *gorm.DB) *gorm.DB {
		switch {
		case q.EventID != "": // found by its own key
		case q.All && q.State != "":
			db = db.Table(s.along("deliveries", "deliveries_all_state"))
		case q.State != "":
			db = db.Table(s.along("deliveries", "deliveries_state"))
		}
		if !q.All {
			db = db.Where("merchant_id = ?", q.MerchantID)
		}
		if q.State != "" {
			db = db.Where("state = ?", string(q.State))
		}
		if q.EventID != "" {
			db = db.Where("event_id = ?", q.EventID)
		}
		if q.BeforeID != "" {
			db = db.Where("id < ?", q.BeforeID)
		}
		return db.Order("id DESC").Limit(pageSize(q.Limit))
	})
	if err != nil {
		return nil, err
	}
	return mapped(rows, func(r *deliveryRow) (core.Delivery, error) { return *r.delivery(), nil })
}

// Ended lists an endpoint's deliveries of one state and a time, oldest first.
func (s *Store) Ended(ctx context.Context, q core.EndedQuery) ([]core.Delivery, error) {
	if !askable(q.EndpointID, string(q.State), q.AfterID) {
		return nil, nil
	}
	rows, err := find[deliveryRow](ctx, s, func(db *gorm.DB) *gorm.DB {
		from := q.From.UnixMilli()
		return db.Table(s.along("deliveries", "deliveries_ended")).
			Where("merchant_id = ? AND endpoint_id = ? AND state = ?", q.MerchantID, q.EndpointID, string(q.State)).
			Where("created_at >= ? AND created_at < ? AND (created_at > ? OR id > ?)", from, q.To.UnixMilli(), from, q.AfterID).
			Order("created_at, id").Limit(pageSize(q.Limit))
	})
	if err != nil {
		return nil, err
	}
	return mapped(rows, func(r *deliveryRow) (core.Delivery, error) { return *r.delivery(), nil })
}

// Balances sums a merchant's ledger, ordered by account and owner.
func (s *Store) Balances(ctx context.Context, merchantID string) ([]core.Balance, error) {
	type sum struct {
		Account, Owner string
		Fen, Legs      int64
	}
	sums, err := find[sum](ctx, s, func(db *gorm.DB) *gorm.DB {
		return db.Raw("SELECT account, owner, SUM(fen) AS fen, SUM(legs) AS legs FROM ("+
			"SELECT account, owner, SUM(amount_fen) AS fen, COUNT(*) AS legs FROM entries WHERE merchant_id = ? GROUP BY account, owner UNION ALL "+
			"SELECT account, owner, amount_fen AS fen, entries AS legs FROM archived_sums WHERE merchant_id = ?) booked "+
			"GROUP BY account, owner ORDER BY account, owner", merchantID, merchantID)
	})
	if err != nil {
		return nil, err
	}
	return mapped(sums, func(r *sum) (core.Balance, error) {
		return core.Balance{Account: core.LedgerAccount(r.Account), Owner: r.Owner, Fen: core.Fen(r.Fen), Entries: r.Legs}, nil
	})
}

// Due lists what is due, earliest first.
func (s *Store) Due(ctx context.Context, q core.DueQuery) ([]core.Due, error) {
	from := map[core.DueKind]struct{ table, at, merchant, scope, fault, ended string }{
		core.DueAttempt:  {"attempts", "next_at", "merchant_id", "payment_id", "fault", "0"},
		core.DueRefund:   {"refunds", "next_at", "merchant_id", "payment_id", "fault", "0"},
		core.DueInbox:    {"inbox", "next_at", "''", "''", "''", "0"},
		core.DueDelivery: {"deliveries", "next_at", "merchant_id", "endpoint_id", "''", "ended_at"},
	}[q.Kind]
	if from.table == "" {
		return nil, core.Errorf(core.CodeInternal, "nothing of kind %q is ever due", q.Kind)
	}
	type due struct {
		ID, MerchantID, Scope, Fault string
		DueAt, Ended                 int64
	}
	rows, err := find[due](ctx, s, func(db *gorm.DB) *gorm.DB {
		db = db.Table(from.table).Select("id, "+from.merchant+" AS merchant_id, "+from.scope+" AS scope, "+from.fault+" AS fault, "+from.at+" AS due_at, "+from.ended+" AS ended").
			Where(from.at+" <> 0 AND "+from.at+" <= ?", q.Until.UnixMilli())
		if !q.AfterAt.IsZero() {
			after := millis(q.AfterAt)
			db = db.Where(from.at+" >= ? AND ("+from.at+" > ? OR id > ?)", after, after, q.AfterID)
		}
		if q.Fault != "" {
			db = db.Where(from.fault+" = ?", string(q.Fault))
		}
		if q.Only != (core.Scope{}) {
			db = db.Where(from.merchant+" = ? AND "+from.scope+" = ?", q.Only.MerchantID, q.Only.Scope)
		}
		for _, e := range q.Except {
			db = db.Where("NOT ("+from.merchant+" = ? AND "+from.scope+" = ?)", e.MerchantID, e.Scope)
		}
		return db.Order(from.at + ", id").Limit(pageSize(q.Limit))
	})
	if err != nil {
		return nil, err
	}
	return mapped(rows, func(r *due) (core.Due, error) {
		return core.Due{Kind: q.Kind, ID: r.ID, MerchantID: r.MerchantID, Scope: r.Scope, At: moment(r.DueAt), Fault: core.Code(r.Fault), Asked: r.Ended != 0}, nil
	})
}

// askable tells whether values that came from outside can be compared with columns that hold ASCII.
// Others name nothing, and asking for them would make MySQL convert every row it looks at.
func askable(values ...string) bool {
	for _, v := range values {
		if !isASCII(v) {
			return false
		}
	}
	return true
}

// find runs a query that may be repeated when its connection turns out to be dead.
func find[R any](ctx context.Context, s *Store, query func(*gorm.DB) *gorm.DB) ([]R, error) {
	var rows []R
	err := s.reading(ctx, func(db *gorm.DB) error {
		rows = nil
		return query(db).Find(&rows).Error
	})
	return rows, err
}

// mapped turns rows into what core knows; nil for none.
func mapped[R, T any](rows []R, to func(*R) (T, error)) ([]T, error) {
	if len(rows) == 0 {
		return nil, nil
	}
	all := make([]T, 0, len(rows))
	for i := range rows {
		one, err := to(&rows[i])
		if err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	return all, nil
}
