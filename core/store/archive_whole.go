package store

import (
	"context"
	"database/sql"
	"reflect"
	"slices"
	"time"

	"gorm.io/gorm"

	"github.com/paymux/paymux/core"
	"github.com/paymux/paymux/core/archive"
)

// maxRecords is how many whole orders are read at a time.
const maxRecords = 200

// whole is an order as its rows: all that leaves with it.
type whole struct {
	payment    paymentRow
	attempts   []attemptRow
	refunds    []refundRow
	entries    []entryRow
	events     []eventRow
	deliveries []deliveryRow
	messages   int // that are still kept
}

// Records reads orders that were created until a moment, oldest first.
func (s *Store) Records(ctx context.Context, until time.Time, after archive.Cursor, limit int) ([]archive.Record, error) {
	var records []archive.Record
	err := s.reading(ctx, func(db *gorm.DB) error {
		records = nil
		tx := db.Begin(&sql.TxOptions{ReadOnly: true})
		if tx.Error != nil {
			return tx.Error
		}
		defer tx.Rollback() // nothing was written
		var ids []string
		query := tx.Table(s.along("payments", "payments_all")).Where("created_at <= ?", until.UnixMilli())
		if !after.At.IsZero() {
			at := millis(after.At)
			query = query.Where("created_at >= ? AND (created_at > ? OR id > ?)", at, at, after.ID)
		}
		if err := query.Order("created_at, id").Limit(min(max(limit, 1), maxRecords)).Pluck("id", &ids).Error; err != nil {
			return err
		}
		all, err := loadWhole(tx, ids)
		if err != nil {
			return err
		}
		for _, id := range ids {
			r, err := s.record(all[id])
			if err != nil {
				return err
			}
			records = append(records, r)
		}
		return nil
	})
	return records, err
}

// loadWhole reads orders with all their rows, by payment id; those that are not there are left out.
func loadWhole(tx *gorm.DB, ids []string) (map[string]*whole, error) {
	all := make(map[string]*whole, len(ids))
	if len(ids) == 0 {
		return all, nil
	}
	var payments []paymentRow
	if err := tx.Where("id IN ?", ids).Find(&payments).Error; err != nil {
		return nil, err
	}
	for i := range payments {
		all[payments[i].ID] = &whole{payment: payments[i]}
	}
	// Of rows whose payment is not there any more nothing is taken: who deletes it sees to them.
	var attempts []attemptRow
	var refunds []refundRow
	var entries []entryRow
	var events []eventRow
	for _, into := range []any{&attempts, &refunds, &entries, &events} {
		if err := tx.Where("payment_id IN ?", ids).Order("payment_id, id").Find(into).Error; err != nil {
			return nil, err
		}
	}
	gather(all, attempts, func(r *attemptRow) string { return r.PaymentID }, func(w *whole) *[]attemptRow { return &w.attempts })
	gather(all, refunds, func(r *refundRow) string { return r.PaymentID }, func(w *whole) *[]refundRow { return &w.refunds })
	gather(all, entries, func(r *entryRow) string { return r.PaymentID }, func(w *whole) *[]entryRow { return &w.entries })
	gather(all, events, func(r *eventRow) string { return r.PaymentID }, func(w *whole) *[]eventRow { return &w.events })
	if err := loadDeliveriesOf(tx, all, events); err != nil {
		return nil, err
	}
	return all, countMessages(tx, all, ids, attempts)
}

// gather hands each row to its order.
func gather[R any](all map[string]*whole, rows []R, of func(*R) string, list func(*whole) *[]R) {
	for i := range rows {
		if w := all[of(&rows[i])]; w != nil {
			*list(w) = append(*list(w), rows[i])
		}
	}
}

func loadDeliveriesOf(tx *gorm.DB, all map[string]*whole, events []eventRow) error {
	payment, ids := map[string]string{}, make([]string, 0, len(events))
	for _, e := range events {
		payment[e.ID], ids = e.PaymentID, append(ids, e.ID)
	}
	for part := range slices.Chunk(ids, 1000) {
		var rows []deliveryRow
		if err := tx.Where("event_id IN ?", part).Order("id").Find(&rows).Error; err != nil {
			return err
		}
		gather(all, rows, func(r *deliveryRow) string { return payment[r.EventID] }, func(w *whole) *[]deliveryRow { return &w.deliveries })
	}
	return nil
}

// countMessages counts what is kept of the gateways' messages about orders, by the payment or by
// the number alone.
func countMessages(tx *gorm.DB, all map[string]*whole, ids []string, attempts []attemptRow) error {
	payment, numbers := map[string]string{}, make([]string, 0, len(attempts))
	for _, a := range attempts {
		payment[a.OutTradeNo], numbers = a.PaymentID, append(numbers, a.OutTradeNo)
	}
	var named, numbered []struct{ ID, PaymentID, OutTradeNo string }
	if err := tx.Table("inbox").Select("id, payment_id, out_trade_no").Where("payment_id IN ?", ids).Find(&named).Error; err != nil {
		return err
	}
	for part := range slices.Chunk(numbers, 1000) {
		if err := tx.Table("inbox").Select("id, payment_id, out_trade_no").Where("out_trade_no IN ?", part).Find(&numbered).Error; err != nil {
			return err
		}
		for _, box := range numbered {
			if w := all[payment[box.OutTradeNo]]; w != nil {
				w.messages++
			}
		}
	}
	for _, box := range named {
		counted := payment[box.OutTradeNo] == box.PaymentID
		if w := all[box.PaymentID]; w != nil && !counted {
			w.messages++
		}
	}
	return nil
}

// record is a whole order as core knows it, and as one line.
func (s *Store) record(w *whole) (archive.Record, error) {
	p, err := w.payment.payment()
	if err != nil {
		return archive.Record{}, err
	}
	r := archive.Record{Order: core.Order{Payment: p}, Messages: w.messages, Text: s.line(w)}
	r.Rows = 1 + len(w.attempts) + len(w.refunds) + len(w.entries) + len(w.events) + len(w.deliveries)
	if r.Order.Attempts, err = mapped(w.attempts, (*attemptRow).attempt); err != nil {
		return r, err
	}
	for i := range w.refunds {
		r.Order.Refunds = append(r.Order.Refunds, w.refunds[i].refund())
	}
	for i := range w.entries {
		r.Entries = append(r.Entries, w.entries[i].entry())
	}
	for i := range w.events {
		r.Events = append(r.Events, *w.events[i].event())
	}
	for i := range w.deliveries {
		r.Deliveries = append(r.Deliveries, *w.deliveries[i].delivery())
	}
	return r, nil
}

// line writes all rows of an order as one JSON object: a list for each table, of each row every
// column by its name. Equal rows have equal lines, since names are sorted.
func (s *Store) line(w *whole) []byte {
	object := map[string]any{
		"payments": s.columnsOf("payments", &w.payment), "attempts": columnsOfAll(s, "attempts", w.attempts), "refunds": columnsOfAll(s, "refunds", w.refunds),
		"entries": columnsOfAll(s, "entries", w.entries), "events": columnsOfAll(s, "events", w.events),
		"deliveries": columnsOfAll(s, "deliveries", w.deliveries),
	}
	object["payments"] = []any{object["payments"]}
	return []byte(toJSON(object))
}

func columnsOfAll[R any](s *Store, table string, rows []R) []any {
	all := make([]any, 0, len(rows))
	for i := range rows {
		all = append(all, s.columnsOf(table, &rows[i]))
	}
	return all
}

// columnsOf is a row by the names of its columns; bytes become base64, NULL null.
func (s *Store) columnsOf(table string, row any) map[string]any {
	columns := map[string]any{}
	v := reflect.ValueOf(row).Elem()
	for _, c := range s.tables[table].columns {
		value := v.Field(c.field).Interface()
		if text, may := value.(sql.NullString); may {
			value = nil
			if text.Valid {
				value = text.String
			}
		}
		columns[c.name] = value
	}
	return columns
}
