package app

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/paymux/paymux/config"
	"github.com/paymux/paymux/core"
	"github.com/paymux/paymux/core/archive"
	"github.com/paymux/paymux/core/store"
)

const (
	// archiveEvery is the pause between a server's passes, archiveAgain that after one that failed,
	// and archiveFirst how long after the start the first one is.
	archiveEvery = 24 * time.Hour
	archiveAgain = time.Hour
	archiveFirst = 2 * time.Hour
)

// alertArchive: orders that are due for the archive stay in the database.
const alertArchive = "archive.failed"

// ArchivePass makes a pass over a database by its configuration, for the server and the command
// alike.
//
// Errors: CodeInvalid when nothing is to be archived by the configuration; CodeUnavailable.
func ArchivePass(ctx context.Context, c *config.Config, books *store.Store, now func() time.Time, random io.Reader) (*archive.Pass, error) {
	if c.Retention.ArchiveDays == 0 {
		return nil, core.Errorf(core.CodeInvalid, "retention.archive_days is 0, so orders stay for ever: set it, and retention.archive_dir")
	}
	identity, err := identityOf(ctx, books, random)
	if err != nil {
		return nil, err
	}
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	drawn := newIDs(clock(now), random)
	return &archive.Pass{
		Store: books, Folder: c.Retention.ArchiveDir, Age: days(c.Retention.ArchiveDays), Database: identity, Now: now, NewID: drawn.Row,
		// a process of its own each time: one that was killed never comes back for its lease
		Holder: drawn.Row(),
		Note: func(ctx context.Context, action, object, detail string) error {
			row := &core.Audit{
				ID: drawn.Row(), Actor: core.ActorSystem, Action: action, Object: object, Detail: "node " + host + ": " + detail, CreatedAt: now(),
			}
			_, err := books.Do(ctx, core.Unit{Decide: func(core.View) (core.Writes, error) { return core.Writes{Inserts: []core.Row{row}}, nil }})
			return err
		},
	}, nil
}

// identityOf is what tells a database from every other one.
func identityOf(ctx context.Context, books *store.Store, random io.Reader) (string, error) {
	return books.SetFact(ctx, store.FactIdentity, strings.ToLower(Letters(random)))
}

// archives tell by metrics what a server's passes did.
type archives struct {
	watch  *watch
	orders prometheus.Counter
	since  prometheus.Gauge
}

func newArchives(registry *prometheus.Registry, watch *watch) (*archives, error) {
	a := &archives{
		watch: watch,
		orders: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "paymux_archived_orders_total", Help: "Orders that left the database for an archive.",
		}),
		since: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "paymux_archive_failed_since_seconds", Help: "Since when no pass of the archive succeeds, in Unix time; 0 while they do.",
		}),
	}
	for _, c := range []prometheus.Collector{a.orders, a.since} {
		if err := registry.Register(c); err != nil {
			return nil, fmt.Errorf("metrics: %w", err)
		}
	}
	return a, nil
}

// passed notes how a pass ended, and tells once until one succeeds.
func (a *archives) passed(gone int64, err error, now time.Time) {
	a.orders.Add(float64(gone))
	switch {
	case err == nil:
		a.watch.alarms.worse(alertArchive, "", 0)
		a.since.Set(0)
	case a.watch.alarms.worse(alertArchive, "", 1):
		a.since.Set(float64(now.Unix()))
		a.watch.Alert(2, alertArchive, "", "orders that are due for the archive stay in the database: "+err.Error())
	}
}

// archiveDaily archives once a day until ctx ends, if the configuration says so.
func (a *App) archiveDaily(ctx context.Context) {
	if a.config.Retention.ArchiveDays == 0 {
		return
	}
	wait := time.NewTimer(archiveFirst)
	defer wait.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-wait.C:
			wait.Reset(a.archiveOnce(ctx))
		}
	}
}

// archiveOnce archives all that is due, and says when to look again.
func (a *App) archiveOnce(ctx context.Context) time.Duration {
	gone := int64(0)
	pass, err := ArchivePass(ctx, a.config, a.store, a.setup.Now, a.setup.Random)
	for more := err == nil; more; {
		var report archive.Report
		report, err = pass.Run(ctx)
		for _, done := range report.Done {
			gone += done.Gone
			a.setup.Logger.Info("orders were archived", "archive", done.ID, "orders", done.Gone, "stayed", done.Orders-done.Gone, "audit_rows", done.Audits)
		}
		more = err == nil && report.More
	}
	if ctx.Err() != nil {
		return archiveAgain // it ends: what was begun is finished by the next process
	}
	a.archives.passed(gone, err, a.setup.Now())
	if err != nil {
		return archiveAgain
	}
	return archiveEvery
}
