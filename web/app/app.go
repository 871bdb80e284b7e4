package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/paymux/paymux/config"
	"github.com/paymux/paymux/core"
	"github.com/paymux/paymux/core/jobs"
	"github.com/paymux/paymux/core/outbox"
	"github.com/paymux/paymux/core/store"
	"github.com/paymux/paymux/web"
)

// Setup is what a program is made of. The zero value lacks Config or Watcher, Logger, Now and
// Random.
type Setup struct {
	// Config is the configuration for as long as the program runs, unless there is a Watcher.
	Config *config.Config
	// Watcher replaces the configuration while the program runs; nil for none.
	Watcher *config.Watcher
	// Listener takes the API's connections; nil listens on the configured address.
	Listener net.Listener
	Logger   *slog.Logger
	Now      func() time.Time
	Random   io.Reader
	// Transport carries requests to gateways; nil is the adapter's own.
	Transport http.RoundTripper
	// Mounts are pages of others beside the API: the demo shop.
	Mounts []web.Mount
	// Migrate brings the database to this program's schema first.
	Migrate bool
	// Failpoints is nil outside tests.
	Failpoints core.Failpoints
}

// App is the whole program as a value: made by New, run by Run, ended by Close. Nothing of it is
// global, so that tests may run many.
type App struct {
	setup    Setup
	config   *config.Config
	store    *store.Store
	tenants  *live
	watch    *watch
	due      *due
	reloads  *reloads
	archives *archives
	// unwritable is made before the store is opened, and heard of by all who write to it.
	unwritable *unwritable
	tracing    *tracing
	master     *config.MasterKey // with the naming key of the database
	cashier    *core.Cashier
	queue      jobs.Queue
	lanes      *outbox.Lanes
	backlogs   *backlogs
	forged     *forged
	sweeper    *jobs.Sweeper
	listener   net.Listener
	admin      net.Listener // nil without an admin address
	public     *http.Server
	private    *http.Server
}

// New listens, parses every key, and opens the database; it serves nothing yet. An App that was
// made must be closed.
func New(ctx context.Context, setup Setup) (*App, error) {
	a := &App{setup: setup, config: setup.Config, listener: setup.Listener}
	if setup.Watcher != nil {
		a.config = setup.Watcher.Current()
	}
	// The address comes first: a second program on it must not get as far as the first one's
	// database and queue.
	if err := a.listen(ctx); err != nil {
		return nil, errors.Join(err, a.Close())
	}
	if err := a.wire(ctx); err != nil {
		return nil, errors.Join(err, a.Close())
	}
	return a, nil
}

func (a *App) listen(ctx context.Context) error {
	var err error
	if a.listener == nil {
		if a.listener, err = Listen(ctx, a.config.Server.Listen); err != nil {
			return err
		}
	}
	if a.config.Server.AdminListen != "" {
		a.admin, err = Listen(ctx, a.config.Server.AdminListen)
	}
	return err
}

// URL is how this machine reaches the API; the world does by the configured base_url.
func (a *App) URL() string { return URLOf(a.listener) }

// AdminURL is how this machine reaches metrics and profiles, or "".
func (a *App) AdminURL() string {
	if a.admin == nil {
		return ""
	}
	return URLOf(a.admin)
}

// Run serves until ctx ends or a listener fails. Then it takes no new connections, gives those
// under way the configured time, lets the jobs in hand finish, and returns (P16). What did not
// finish is as if the process had been killed: the next start settles it.
func (a *App) Run(ctx context.Context) error {
	// jobs come again: none of them waits long for rows that somebody else holds
	work, stopWork := context.WithCancel(store.Brief(context.WithoutCancel(ctx)))
	defer stopWork()
	serving, stopServing := context.WithCancelCause(ctx)
	defer stopServing(nil)

	stopListening := a.queue.Listen(a.config.Jobs.Workers, func(due core.Due) { a.sweeper.Heed(work, due) })
	var tasks sync.WaitGroup
	a.serve(&tasks, a.public, a.listener, stopServing)
	if a.admin != nil {
		a.serve(&tasks, a.private, a.admin, stopServing)
	}
	tasks.Go(a.mended)
	tasks.Go(func() { a.sweep(serving, work) })
	tasks.Go(func() { a.relay(serving) })
	tasks.Go(func() { a.housekeep(serving) })
	tasks.Go(func() { a.heedRevocations(serving) })
	tasks.Go(func() { a.inspectDaily(serving) })
	tasks.Go(func() { a.archiveDaily(serving) })
	if a.setup.Watcher != nil {
		tasks.Go(func() { _ = a.setup.Watcher.Run(serving) }) // it returns the context's error only
	}

	<-serving.Done()
	drain := time.Duration(a.config.Server.DrainSeconds) * time.Second
	deadline, cancel := context.WithTimeout(work, drain)
	defer cancel()
	// The jobs' work may take as long as the requests' and no longer.
	defer context.AfterFunc(deadline, stopWork)()
	err := shut(deadline, a.public)
	if a.admin != nil {
		err = errors.Join(err, shut(deadline, a.private))
	}
	stopListening()
	tasks.Wait()
	a.lanes.Close(deadline)
	a.tracing.close(deadline)
	if cause := context.Cause(serving); !errors.Is(cause, context.Canceled) && ctx.Err() == nil {
		err = errors.Join(cause, err)
	}
	return err
}

func (a *App) serve(tasks *sync.WaitGroup, server *http.Server, listener net.Listener, failed context.CancelCauseFunc) {
	tasks.Go(func() {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			failed(fmt.Errorf("serve %s: %w", listener.Addr(), err))
		}
	})
}

// shut waits for requests under way until the deadline and then cuts them off.
func shut(deadline context.Context, server *http.Server) error {
	err := server.Shutdown(deadline)
	if err != nil {
		return errors.Join(fmt.Errorf("requests were cut off: %w", err), server.Close())
	}
	return nil
}

// sweep looks for due work until serving ends; what it then has in hand goes on under work.
func (a *App) sweep(serving, work context.Context) {
	ticker := time.NewTicker(time.Duration(a.config.Jobs.SweepSeconds) * time.Second)
	defer ticker.Stop()
	a.sweeper.Run(serving, work, ticker.C)
}

func (a *App) housekeep(serving context.Context) {
	ticker := time.NewTicker(housekeeping)
	defer ticker.Stop()
	jobs.Housekeep(serving, ticker.C, a.chores(), func(name string, err error) {
		a.setup.Logger.Warn("housekeeping failed", "chore", name, "error", err)
	})
}

// Close lets go of listeners and database. Call it after Run has returned, or instead of Run.
func (a *App) Close() error {
	var all error
	for _, l := range []net.Listener{a.listener, a.admin} {
		if l == nil {
			continue
		}
		if err := l.Close(); !errors.Is(err, net.ErrClosed) {
			all = errors.Join(all, err)
		}
	}
	if a.tracing != nil {
		a.tracing.close(context.Background())
	}
	if a.queue != nil {
		all = errors.Join(all, a.queue.Close())
	}
	if a.store != nil {
		all = errors.Join(all, a.store.Close())
	}
	return all
}
