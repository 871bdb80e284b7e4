package store

import (
	"context"
	"time"

	"gorm.io/gorm"

	"github.com/paymux/paymux/core"
)

// Backlog is what waits to be delivered to one endpoint.
type Backlog struct {
	Of    core.Scope
	Count int64
	// Oldest is when the oldest of it was made, or, of one that a person asked for again, when it
	// is due.
	Oldest time.Time
	// Said is what was wrong with the endpoint's answer to one that was tried; "" for none.
	Said string
}

// maxBacklogs bounds how many endpoints one look reports on.
const maxBacklogs = 10_000

// Backlogs counts what waits, for each endpoint that something waits for.
//
// Errors: CodeUnavailable.
func (s *Store) Backlogs(ctx context.Context) ([]Backlog, error) {
	type row struct {
		MerchantID, EndpointID string
		Waiting, Oldest        int64
		Said                   string
	}
	rows, err := find[row](ctx, s, func(db *gorm.DB) *gorm.DB {
		return db.Table("deliveries").
			Select("merchant_id, endpoint_id, COUNT(*) AS waiting, MIN(CASE WHEN ended_at = 0 THEN created_at ELSE next_at END) AS oldest, MAX(last_error) AS said").
			Where("next_at > 0").Group("merchant_id, endpoint_id").Limit(maxBacklogs)
	})
	if err != nil {
		return nil, err
	}
	return mapped(rows, func(r *row) (Backlog, error) {
		return Backlog{Of: core.Scope{MerchantID: r.MerchantID, Scope: r.EndpointID}, Count: r.Waiting, Oldest: moment(r.Oldest), Said: r.Said}, nil
	})
}
