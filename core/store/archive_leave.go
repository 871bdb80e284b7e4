package store

import (
	"context"
	"slices"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/paymux/paymux/core"
	"github.com/paymux/paymux/core/archive"
)

// Leave deletes orders that still are what a verified file says, in one commit with what stays of
// them. An order of the batch that has changed stays.
func (s *Store) Leave(ctx context.Context, b archive.Batch) (gone []string, err error) {
	prints := make(map[string]string, len(b.Orders))
	ids := make([]string, 0, len(b.Orders))
	for _, o := range b.Orders {
		prints[o.PaymentID], ids = o.Print, append(ids, o.PaymentID)
	}
	slices.Sort(ids)
	err = s.write.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		gone = nil
		if s.locks { // whoever writes any part of an order guards its payment, and waits here
			var locked []string
			query := tx.Table("payments").Select("id").Where("id IN ?", ids).Order("id").Clauses(clause.Locking{Strength: clause.LockingStrengthUpdate})
			if err := query.Find(&locked).Error; err != nil {
				return err
			}
		}
		all, err := loadWhole(tx, ids)
		if err != nil {
			return err
		}
		leave := make([]*whole, 0, len(all))
		for _, id := range ids {
			if w := all[id]; w != nil && w.messages == 0 && archive.Print(s.line(w)) == prints[id] {
				leave = append(leave, w)
			}
		}
		if err := leaveRows(tx, leave); err != nil {
			return err
		}
		if err := s.leaveTraces(tx, b, leave); err != nil {
			return err
		}
		if err := tx.Table("archived_orders").Where("id IN ? AND archive = ?", ids, b.Archive).Order("id").Pluck("id", &gone).Error; err != nil || len(gone) == 0 {
			gone = nil
			return err
		}
		return nil
	})
	switch {
	case err == nil:
		return gone, nil
	case isOurs(err):
		return nil, err
	case classify(err) == failureWait || undone(err):
		return nil, core.Errorf(core.CodeContended, "another session holds an order that is to be archived")
	default:
		return nil, unavailable("archived orders cannot be deleted", err)
	}
}

// leaveRows deletes the rows of orders, each of which must be there as it was read: what is guarded
// by a version of its own, by that.
func leaveRows(tx *gorm.DB, leave []*whole) error {
	var payments, attempts, refunds, entries, events, deliveries []any
	for _, w := range leave {
		payments = append(payments, []any{w.payment.ID, w.payment.Version})
		for _, r := range w.attempts {
			attempts = append(attempts, []any{r.ID, r.Version})
		}
		for _, r := range w.refunds {
			refunds = append(refunds, []any{r.ID, r.Version})
		}
		for _, r := range w.entries {
			entries = append(entries, r.ID)
		}
		for _, r := range w.events {
			events = append(events, r.ID)
		}
		for _, r := range w.deliveries {
			deliveries = append(deliveries, []any{r.ID, r.Version})
		}
	}
	for _, part := range []struct {
		table string
		rows  []any
	}{{"payments", payments}, {"attempts", attempts}, {"refunds", refunds}, {"deliveries", deliveries}, {"entries", entries}, {"events", events}} {
		for rows := range slices.Chunk(part.rows, 500) {
			if err := leaveChunk(tx, part.table, rows); err != nil {
				return err
			}
		}
	}
	return nil
}

// leaveChunk deletes rows by id, or by id and version.
func leaveChunk(tx *gorm.DB, table string, rows []any) error {
	var args []any
	where := ""
	for _, row := range rows {
		if where != "" {
			where += " OR "
		}
		pair, guarded := row.([]any)
		if !guarded {
			where, args = where+"id = ?", append(args, row)
			continue
		}
		where, args = where+"(id = ? AND version = ?)", append(args, pair...)
	}
	done := tx.Exec("DELETE FROM "+table+" WHERE "+where, args...)
	if done.Error == nil && done.RowsAffected != int64(len(rows)) {
		return core.Errorf(core.CodeContended, "another writer changes an order that is to be archived")
	}
	return done.Error
}

// leaveTraces writes what stays of orders: under which numbers they were known, and what they add
// up to.
func (s *Store) leaveTraces(tx *gorm.DB, b archive.Batch, leave []*whole) error {
	if len(leave) == 0 {
		return nil
	}
	orders := make([]archivedRow, 0, len(leave))
	var numbers []archivedNumberRow
	type leg struct{ merchant, account, owner string }
	sums, legs := map[leg][2]int64{}, []leg(nil)
	for _, w := range leave {
		p := w.payment
		orders = append(orders, archivedRow{ID: p.ID, MerchantID: p.MerchantID, MerchantOrderNo: p.MerchantOrderNo, Archive: b.Archive, ArchivedAt: millis(b.At)})
		numbers = append(numbers, numbersOf(w)...)
		for _, e := range w.entries {
			at := leg{e.MerchantID, e.Account, e.Owner}
			if _, met := sums[at]; !met {
				legs = append(legs, at)
			}
			sums[at] = [2]int64{sums[at][0] + e.AmountFen, sums[at][1] + 1}
		}
	}
	if err := tx.CreateInBatches(orders, 50).Error; err != nil {
		return err
	}
	if len(numbers) > 0 {
		if err := tx.CreateInBatches(numbers, 100).Error; err != nil {
			return err
		}
	}
	for _, at := range legs {
		add := sums[at]
		done := tx.Exec("UPDATE archived_sums SET amount_fen = amount_fen + ?, entries = entries + ? WHERE merchant_id = ? AND account = ? AND owner = ? AND archive = ?",
			add[0], add[1], at.merchant, at.account, at.owner, b.Archive)
		if done.Error == nil && done.RowsAffected == 0 {
			done = tx.Exec("INSERT INTO archived_sums (merchant_id, account, owner, archive, amount_fen, entries) VALUES (?, ?, ?, ?, ?, ?)",
				at.merchant, at.account, at.owner, b.Archive, add[0], add[1])
		}
		if done.Error != nil {
			return done.Error
		}
	}
	return nil
}

// numbersOf lists the numbers by which people and gateways may ask for an order.
func numbersOf(w *whole) (rows []archivedNumberRow) {
	add := func(kind, number string) {
		if number != "" {
			rows = append(rows, archivedNumberRow{number, kind, w.payment.ID})
		}
	}
	for _, a := range w.attempts {
		add("attempt_id", a.ID)
		add("out_trade_no", a.OutTradeNo)
		add("trade_no", a.TradeNo.String)
	}
	for _, r := range w.refunds {
		add("refund_id", r.ID)
		add("out_request_no", r.OutRequestNo)
		add("merchant_refund_no", r.MerchantRefundNo.String)
	}
	return rows
}

// Seals reads the oldest links of the audit chain whose rows are here, without a gap.
func (s *Store) Seals(ctx context.Context, until time.Time, after int64, limit int) ([]archive.SealedRows, error) {
	seals, err := find[sealRow](ctx, s, func(db *gorm.DB) *gorm.DB {
		return db.Where("archive = '' AND seq > ?", after).Order("seq").Limit(pageSize(limit))
	})
	if err != nil {
		return nil, err
	}
	var all []archive.SealedRows
	for i := range seals {
		if seals[i].CreatedAt > until.UnixMilli() {
			break // the later ones are newer, or at least behind it
		}
		rows, err := find[auditRow](ctx, s, func(db *gorm.DB) *gorm.DB { return db.Where("seal = ?", seals[i].Seq).Order("id") })
		if err != nil {
			return nil, err
		}
		all = append(all, archive.SealedRows{Seal: seals[i].seal(), Audits: auditLines(rows)})
	}
	return all, nil
}

// LeaveSeal deletes the rows of a link of the audit chain; the link stays.
func (s *Store) LeaveSeal(ctx context.Context, id string, seal archive.Seal) error {
	err := s.write.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		done := tx.Exec("UPDATE audit_seals SET archive = ? WHERE seq = ? AND hash = ? AND archive = ''", id, seal.Seq, seal.Hash)
		if done.Error != nil {
			return done.Error
		}
		if done.RowsAffected == 0 {
			var left int64
			err := tx.Table("audit_seals").Where("seq = ? AND hash = ? AND archive = ?", seal.Seq, seal.Hash, id).Count(&left).Error
			if err == nil && left == 0 {
				return core.Errorf(core.CodeContended, "seal %d is not the one that archive %s holds", seal.Seq, id)
			}
			return err
		}
		done = tx.Exec("DELETE FROM audits WHERE seal = ?", seal.Seq)
		if done.Error == nil && done.RowsAffected != seal.Rows {
			return core.Errorf(core.CodeContended, "seal %d vouches for %d rows, %d are there", seal.Seq, seal.Rows, done.RowsAffected)
		}
		return done.Error
	})
	if err != nil && !isOurs(err) {
		return unavailable("archived audit rows cannot be deleted", err)
	}
	return err
}
