package app

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/paymux/paymux/core"
	"github.com/paymux/paymux/core/jobs"
	"github.com/paymux/paymux/core/store"
)

// queueNone is the queue.url that leaves everything to the sweeper.
const queueNone = "none"

// relayEvery is the pause between looks for what comes due soon: a part of how far ahead is looked,
// so that nothing slips between two looks.
const relayEvery = jobs.Ahead / 4

// openQueue makes the queue that the configuration names. Its hints make jobs punctual; the
// database stays the truth.
func (a *App) openQueue(ctx context.Context) error {
	at := clock(a.setup.Now)
	var err error
	switch address := a.config.Queue.URL.Reveal(); address {
	case queueNone:
		a.queue = jobs.NoQueue{}
	case "":
		a.queue = jobs.NewTimers(at)
		a.nameOldQueue()
	default:
		var shared *jobs.JetStream
		var prefix string
		if prefix, err = a.queuePrefix(ctx); err != nil {
			break
		}
		if shared, err = jobs.ConnectJetStream(ctx, address, prefix, at); err == nil && shared.Amiss() != nil {
			a.setup.Logger.Warn("starting without the queue", "error", shared.Amiss())
		}
		a.queue = shared
	}
	if err != nil {
		a.queue = nil // a typed nil would look like a queue to Close
	}
	return err
}

// queuePrefix names this installation on a server that others may use too: by the setting, or by
// the id that its database has kept since the first process with a shared queue.
func (a *App) queuePrefix(ctx context.Context) (string, error) {
	if set := a.config.Queue.Prefix; set != "" {
		return set, nil
	}
	return identityOf(ctx, a.store, a.setup.Random)
}

// nameOldQueue tells of the folder in which earlier versions kept a queue: nothing reads it any
// more. It was beside SQLite's file, or in the folder data.
func (a *App) nameOldQueue() {
	dir := "data"
	if a.config.DB.Driver == store.DriverSQLite {
		dir = filepath.Dir(DatabaseFile(a.config.DB))
	}
	_, port, err := net.SplitHostPort(a.config.Server.Listen)
	if err != nil {
		return
	}
	folder := filepath.Join(dir, "queue-"+port)
	if _, err := os.Stat(folder); err == nil {
		a.setup.Logger.Info("the queue's folder is used no more and may be deleted", "folder", folder)
	}
}

// keeping is the store that the use cases write to: with a queue, what they commit is announced
// there.
func (a *App) keeping() core.Store {
	if _, none := a.queue.(jobs.NoQueue); none {
		return heeded{a.store, a.unwritable}
	}
	return jobs.Announcer{Store: heeded{a.store, a.unwritable}, Queue: a.queue, Clock: clock(a.setup.Now)}
}

// relay hands what comes due soon to the queue until serving ends.
func (a *App) relay(serving context.Context) {
	if _, none := a.queue.(jobs.NoQueue); none {
		return
	}
	ticker := time.NewTicker(relayEvery)
	defer ticker.Stop()
	r := &jobs.Relay{
		Source: a.store, Queue: a.queue, Clock: clock(a.setup.Now), Batch: a.config.Jobs.Batch,
		Failed: func(err error) { a.setup.Logger.Warn("hints are late", "error", err) },
	}
	r.Run(serving, ticker.C)
}
