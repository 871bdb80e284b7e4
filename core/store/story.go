package store

import (
	"cmp"
	"context"
	"database/sql"
	"slices"
	"strings"

	"gorm.io/gorm"

	"github.com/paymux/paymux/core"
)

// maxMatches is how many rows of one kind a number may name: a merchant's own numbers are unique to
// the merchant only.
const maxMatches = 20

// places are the columns that hold numbers, each with an index of its own. What is not an order's
// leads to its payment by a join.
func places() []struct{ kind, query string } {
	const from, left = "SELECT payment_id, merchant_id FROM ", "SELECT id AS payment_id, merchant_id, archive FROM archived_orders WHERE "
	return []struct{ kind, query string }{
		{"payment_id", "SELECT id AS payment_id, merchant_id FROM payments WHERE id = ?"},
		{"merchant_order_no", "SELECT id AS payment_id, merchant_id FROM payments WHERE merchant_order_no = ?"},
		{"attempt_id", from + "attempts WHERE id = ?"},
		{"out_trade_no", from + "attempts WHERE out_trade_no = ?"},
		{"trade_no", from + "attempts WHERE trade_no = ?"},
		{"refund_id", from + "refunds WHERE id = ?"},
		{"out_request_no", from + "refunds WHERE out_request_no = ?"},
		{"merchant_refund_no", from + "refunds WHERE merchant_refund_no = ?"},
		{"event_id", from + "events WHERE id = ?"},
		{"delivery_id", "SELECT e.payment_id, e.merchant_id FROM deliveries d JOIN events e ON e.id = d.event_id WHERE d.id = ?"},
		{"message_id", "SELECT p.id AS payment_id, p.merchant_id FROM inbox i JOIN payments p ON p.id = i.payment_id WHERE i.id = ?"},
		{"payment_id", left + "id = ?"},
		{"merchant_order_no", left + "merchant_order_no = ?"},
		{"", "SELECT n.kind, n.payment_id, o.merchant_id, o.archive FROM archived_numbers n JOIN archived_orders o ON o.id = n.payment_id WHERE n.number = ?"},
	}
}

// Locate tells what a number is and which payments it leads to, in the order of their ids.
func (s *Store) Locate(ctx context.Context, number string) ([]core.Match, error) {
	if number == "" || !askable(number) {
		return nil, nil
	}
	var all []core.Match
	for _, place := range places() {
		rows, err := find[struct{ Kind, PaymentID, MerchantID, Archive string }](ctx, s, func(db *gorm.DB) *gorm.DB {
			return db.Raw(place.query+" LIMIT ?", number, maxMatches)
		})
		if err != nil {
			return nil, err
		}
		for _, r := range rows {
			all = append(all, core.Match{Kind: cmp.Or(place.kind, r.Kind), PaymentID: r.PaymentID, MerchantID: r.MerchantID, Archive: r.Archive})
		}
	}
	slices.SortStableFunc(all, func(a, b core.Match) int { return strings.Compare(a.PaymentID, b.PaymentID) })
	return all, nil
}

// Story returns an order with all that was written about it, or nil.
func (s *Store) Story(ctx context.Context, paymentID string) (*core.Story, error) {
	if paymentID == "" || !askable(paymentID) {
		return nil, nil
	}
	var story *core.Story
	err := s.reading(ctx, func(db *gorm.DB) error {
		story = nil
		tx := db.Begin(&sql.TxOptions{ReadOnly: true})
		if tx.Error != nil {
			return tx.Error
		}
		defer tx.Rollback() // nothing was written
		l := &loaded{payments: map[core.Key]string{{Value: paymentID}: paymentID}, orders: map[string]*core.Order{}}
		if err := l.loadOrders(tx, nil); err != nil || l.orders[paymentID] == nil {
			return err
		}
		told := &core.Story{Order: *l.orders[paymentID]}
		err := tellBooks(tx, told)
		if err == nil {
			err = tellWorld(tx, told)
		}
		if err == nil {
			story = told
		}
		return err
	})
	return story, err
}

// tellBooks adds what was booked and told.
func tellBooks(tx *gorm.DB, story *core.Story) error {
	var entries []entryRow
	if err := tx.Where("payment_id = ?", story.Order.Payment.ID).Order("id").Limit(core.MaxStory).Find(&entries).Error; err != nil {
		return err
	}
	for i := range entries {
		story.Entries = append(story.Entries, entries[i].entry())
	}
	var events []eventRow
	if err := tx.Omit("body").Where("payment_id = ?", story.Order.Payment.ID).Order("row_id").Limit(core.MaxStory).Find(&events).Error; err != nil {
		return err
	}
	ids := make([]string, 0, len(events))
	for i := range events {
		story.Events = append(story.Events, *events[i].event())
		ids = append(ids, events[i].ID)
	}
	var deliveries []deliveryRow
	if err := tx.Where("event_id IN ?", ids).Order("id").Limit(core.MaxStory).Find(&deliveries).Error; err != nil {
		return err
	}
	for i := range deliveries {
		story.Deliveries = append(story.Deliveries, *deliveries[i].delivery())
	}
	return nil
}

// tellWorld adds what gateways said, and who did what.
func tellWorld(tx *gorm.DB, story *core.Story) error {
	objects, numbers := story.Objects()
	var boxes []inboxRow
	for _, by := range []struct {
		column string
		values []string
	}{{"payment_id", objects[:1]}, {"out_trade_no", numbers}} {
		var rows []inboxRow
		if err := tx.Omit("sealed").Where(by.column+" IN ?", by.values).Order("id").Limit(core.MaxStory).Find(&rows).Error; err != nil {
			return err
		}
		boxes = append(boxes, rows...)
	}
	slices.SortFunc(boxes, func(a, b inboxRow) int { return strings.Compare(a.ID, b.ID) })
	boxes = slices.CompactFunc(boxes, func(a, b inboxRow) bool { return a.ID == b.ID })
	for i := range boxes[:min(len(boxes), core.MaxStory)] {
		story.Inbox = append(story.Inbox, *boxes[i].inbox())
		objects = append(objects, boxes[i].ID)
	}
	var audits []auditRow
	if err := tx.Where("object IN ?", objects).Order("id").Limit(core.MaxStory).Find(&audits).Error; err != nil {
		return err
	}
	for i := range audits {
		story.Audits = append(story.Audits, audits[i].audit())
	}
	return nil
}
