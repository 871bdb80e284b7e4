package jobs

import (
	"context"

	"github.com/paymux/paymux/core"
)

// Queue carries hints: "look at this row at its time". A hint may be lost, come twice, late, or
// never; it only makes punctual what a sweep would do anyway. So nothing waits for a queue, and no
// error of one is anybody's failure.
type Queue interface {
	// Publish hands over a hint that is heard at due.At or a little later, never earlier; at once
	// if that is past. It does not wait for the queue. A later hint for the same row takes the
	// place of one that has not been heard yet.
	Publish(due core.Due) error
	// Listen has hints heard, at most workers at once, until stop is called. stop takes no more and
	// waits for those being heard.
	Listen(workers int, heed func(core.Due)) (stop func())
	// Close lets go of the queue. Call it after stop.
	Close() error
}

// NoQueue hears nothing: everything is left to the sweeper.
type NoQueue struct{}

// Publish forgets the hint.
func (NoQueue) Publish(core.Due) error { return nil }

// Listen hears nothing.
func (NoQueue) Listen(int, func(core.Due)) func() { return func() {} }

// Close does nothing.
func (NoQueue) Close() error { return nil }

// Heed has one hinted row worked on as a sweep would, unless its time has not come: clocks of two
// machines may differ, and the row's own time is what counts. Handlers read the row again, so that
// a hint that is out of date does no harm.
func (s *Sweeper) Heed(work context.Context, due core.Due) {
	if s.Handlers[due.Kind] == nil || due.At.After(s.Clock.Now()) {
		return
	}
	s.work(work, due)
}
