package jobs

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/paymux/paymux/core"
)

// Source lists what is due. A core.Store is one.
type Source interface {
	// Due lists rows of one kind by keyset, earliest first.
	Due(context.Context, core.DueQuery) ([]core.Due, error)
}

// Handler does the work that one due row asks for. It must be safe to repeat and to run beside
// itself: another process may sweep too. It moves the row's time itself; a row that stays due is
// met again by the next sweep.
type Handler func(context.Context, core.Due) error

// Sweeper asks the database again and again what is due and has it done. Its fields are set once,
// before Run.
type Sweeper struct {
	Source Source
	// Handlers says what to do with each kind; a kind without one is left alone.
	Handlers map[core.DueKind]Handler
	Clock    core.Clock
	// PassOver lists what a sweep of a kind need not list, because whoever works on it fetches it
	// himself; it may be nil.
	PassOver func(core.DueKind) []core.Scope
	// Batch is how many rows one page has.
	Batch int
	// Workers is how many rows are worked on at once.
	Workers int
	// Timeout ends one row's work; the row stays due.
	Timeout time.Duration
	// Failed is told of every row that could not be worked on; it may be nil. It must be safe for
	// concurrent use.
	Failed func(core.Due, error)
}

// maxPages bounds one sweep of one kind: rows beyond it wait for the next sweep, which begins at
// the earliest again.
const maxPages = 100

// Run sweeps once at once and then at every tick until ctx ends. The rows then in hand are finished
// under work, a context that may outlive ctx, before Run returns. A sweep that takes longer than
// the ticks' distance delays the next one and never runs beside it.
func (s *Sweeper) Run(ctx, work context.Context, ticks <-chan time.Time) {
	for {
		s.Sweep(ctx, work)
		select {
		case <-ctx.Done():
			return
		case <-ticks:
		}
	}
}

// Sweep works once on everything that is due now, and returns how many rows it handed out. When ctx
// ends it hands out no more and waits for the work.
func (s *Sweeper) Sweep(ctx, work context.Context) int {
	queue := make(chan core.Due)
	var workers sync.WaitGroup
	for range max(s.Workers, 1) {
		workers.Go(func() {
			for due := range queue {
				s.work(work, due)
			}
		})
	}
	swept := 0
	for _, kind := range order() {
		if s.Handlers[kind] != nil {
			swept += s.hand(ctx, kind, queue)
		}
	}
	close(queue)
	workers.Wait()
	return swept
}

// order is the order of kinds within a sweep: what the gateway already told us first, then what we
// must ask it.
func order() []core.DueKind {
	return []core.DueKind{core.DueInbox, core.DueDelivery, core.DueAttempt, core.DueRefund}
}

// hand pages through one kind by keyset, so that rows which stay due cannot hide those behind them.
func (s *Sweeper) hand(ctx context.Context, kind core.DueKind, queue chan<- core.Due) int {
	query := core.DueQuery{Kind: kind, Until: s.Clock.Now(), Limit: max(s.Batch, 1)}
	if s.PassOver != nil {
		query.Except = s.PassOver(kind)
	}
	handed := 0
	for range maxPages {
		page, err := s.Source.Due(ctx, query)
		if ctx.Err() != nil {
			return handed
		}
		if err != nil {
			s.failed(core.Due{Kind: kind}, fmt.Errorf("list what is due: %w", err))
			return handed
		}
		for _, due := range page {
			select {
			case queue <- due:
				handed++
			case <-ctx.Done():
				return handed
			}
		}
		if len(page) < query.Limit {
			return handed
		}
		last := page[len(page)-1]
		query.AfterAt, query.AfterID = last.At, last.ID
	}
	return handed
}

func (s *Sweeper) work(ctx context.Context, due core.Due) {
	if s.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, s.Timeout)
		defer cancel()
	}
	// A fault in one row's work must not end the others' (P17).
	defer func() {
		if fault := recover(); fault != nil {
			s.failed(due, fmt.Errorf("panic: %v", fault))
		}
	}()
	if err := s.Handlers[due.Kind](ctx, due); err != nil {
		s.failed(due, err)
	}
}

func (s *Sweeper) failed(due core.Due, err error) {
	if s.Failed != nil {
		s.Failed(due, err)
	}
}
