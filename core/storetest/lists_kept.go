package storetest

import (
	"context"
	"maps"
	"slices"

	"github.com/paymux/paymux/core"
)

// Messages lists gateways' messages without their bodies, newest first.
func (m *Memory) Messages(_ context.Context, q core.MessageQuery) ([]core.Inbox, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var page []core.Inbox
	for _, id := range slices.Backward(slices.Sorted(maps.Keys(m.rows[inbox]))) {
		box := *clone(m.rows[inbox][id]).(*core.Inbox)
		if len(page) < pageSize(q.Limit) && box.State == q.State && (q.All || slices.Contains(q.Accounts, box.Account)) && (q.BeforeID == "" || id < q.BeforeID) {
			box.Sealed = nil
			page = append(page, box)
		}
	}
	return page, nil
}

// Audits lists audit rows, newest first.
func (m *Memory) Audits(_ context.Context, q core.AuditQuery) ([]core.Audit, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var page []core.Audit
	for _, id := range slices.Backward(slices.Sorted(maps.Keys(m.rows[audits]))) {
		row := *clone(m.rows[audits][id]).(*core.Audit)
		if len(page) < pageSize(q.Limit) && (q.All || row.MerchantID == q.MerchantID) && (q.Object == "" || row.Object == q.Object) && (q.BeforeID == "" || id < q.BeforeID) {
			page = append(page, row)
		}
	}
	return page, nil
}
