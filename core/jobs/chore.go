package jobs

import (
	"context"
	"time"
)

// Chore is housekeeping without a due row: deleting what has passed its end, sealing the audit log.
type Chore struct {
	Name string
	// Do does one bounded piece of work and says whether more is left. It must be safe to run in
	// two processes at once.
	Do func(context.Context) (more bool, err error)
}

// maxPieces bounds how many pieces one turn of a chore does before the others get theirs.
const maxPieces = 50

// Housekeep gives every chore a turn at every tick until ctx ends. failed is told of errors and may
// be nil.
func Housekeep(ctx context.Context, ticks <-chan time.Time, chores []Chore, failed func(name string, err error)) {
	for {
		for _, chore := range chores {
			if err := turn(ctx, chore); err != nil && failed != nil && ctx.Err() == nil {
				failed(chore.Name, err)
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-ticks:
		}
	}
}

func turn(ctx context.Context, chore Chore) error {
	for range maxPieces {
		more, err := chore.Do(ctx)
		if err != nil || !more {
			return err
		}
	}
	return nil
}
