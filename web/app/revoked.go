package app

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/paymux/paymux/core/store"
)

const (
	alertRevocations = "revocations_unread"
	// revocationPause is how often the database is asked which keys are revoked; revocationTimeout
	// ends one look.
	revocationPause   = time.Second
	revocationTimeout = 5 * time.Second
	// missedLooks is how many looks in a row may fail before a person is told.
	missedLooks = 5
)

// revocations are the keys that the database says answer no more. They win over every file: a
// reload, a refused one and a file with the key added again change nothing. While the database
// cannot be read, the last list holds.
type revocations struct {
	list   func(context.Context) ([]store.Revocation, error)
	watch  *watch
	ids    atomic.Pointer[map[string]bool]
	missed int // looks in a row; only look writes it
}

// has tells whether a key is revoked.
func (r *revocations) has(id string) bool {
	ids := r.ids.Load()
	return ids != nil && (*ids)[id]
}

// look asks once. An error is told of when it lasts, and when it is over.
func (r *revocations) look(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, revocationTimeout)
	defer cancel()
	list, err := r.list(ctx)
	if err != nil {
		if r.missed++; r.missed == missedLooks {
			r.watch.Alert(2, alertRevocations, "", fmt.Sprintf("which keys are revoked could not be read %d times; the list of before holds: %v", r.missed, err))
		}
		return err
	}
	if r.missed >= missedLooks {
		r.watch.logger.Info("revoked keys are read again")
	}
	r.missed = 0
	ids, before := make(map[string]bool, len(list)), r.ids.Load()
	for _, revoked := range list {
		ids[revoked.KeyID] = true
		if before != nil && !(*before)[revoked.KeyID] {
			r.watch.logger.Warn("an API key is revoked", "key", revoked.KeyID, "actor", revoked.Actor, "revoked_at", revoked.At)
		}
	}
	r.ids.Store(&ids)
	return nil
}

// heedRevocations looks each second until serving ends.
func (a *App) heedRevocations(serving context.Context) {
	ticker := time.NewTicker(revocationPause)
	defer ticker.Stop()
	for {
		select {
		case <-serving.Done():
			return
		case <-ticker.C:
			a.unwritable.heard(a.tenants.revoked.look(serving)) // which tells of what lasts
			a.unwritable.look(serving)
		}
	}
}
