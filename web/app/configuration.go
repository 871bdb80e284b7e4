package app

import (
	"context"
	"os"

	"github.com/paymux/paymux/config"
	"github.com/paymux/paymux/core"
	"github.com/paymux/paymux/core/store"
)

// taken is a configuration as it is kept: an imprint that holds no value, and a name of that.
func (a *App) taken(w *config.Watcher) store.Configuration {
	keyed := func(text string) string { return a.master.Pseudonym("configuration", text) }
	imprint := w.Imprint(keyed)
	return store.Configuration{Name: keyed(imprint), Imprint: imprint, At: a.setup.Now()}
}

// tellStart is noteStart for a program that serves all the same when it cannot be written.
func (a *App) tellStart() {
	if a.setup.Watcher == nil {
		return
	}
	if err := a.noteStart(a.setup.Watcher); err != nil {
		a.setup.Logger.Error("the configuration is in force, and the audit log may lack what it changes", "version", a.setup.Watcher.Version(), "error", err)
	}
}

// noteStart writes an audit row if the configuration of this start is another one than was taken
// last, by a start or a reload of any node. Of several nodes that start with the same one writes.
// The first start of all has nothing to compare with, and only keeps what it has.
func (a *App) noteStart(w *config.Watcher) error {
	now := a.taken(w)
	return a.take(now, func(was store.Configuration) *core.Audit {
		if was.Name == "" {
			return nil
		}
		return a.configured(store.AuditOfStart, w.Version(), w.Origin(), config.ChangesBetween(was.Imprint, now.Imprint))
	})
}

// takeTurns is how often a process whose place another took looks again.
const takeTurns = 5

// take keeps a configuration as the one in force, unless it is that already.
func (a *App) take(now store.Configuration, note func(was store.Configuration) *core.Audit) error {
	ctx, cancel := context.WithTimeout(context.Background(), jobTimeout)
	defer cancel()
	for range takeTurns {
		was, err := a.store.Configuration(ctx)
		if err != nil || was.Name == now.Name {
			return err
		}
		if taken, err := a.store.TakeConfiguration(ctx, was.Name, now, note(was)); err != nil || taken {
			return err
		}
	}
	return core.Errorf(core.CodeContended, "other processes keep changing the configuration")
}

// configured is the audit row of a configuration that this node has taken: which settings it
// changes, and what is known of who wrote the file.
func (a *App) configured(action, version, origin string, changes []string) *core.Audit {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	return &core.Audit{
		ID: a.cashier.IDs.Row(), Actor: core.ActorSystem, Action: action, Object: version,
		Detail: "node " + host + ", " + origin + ": " + listed(changes, maxChangesTold), CreatedAt: a.setup.Now(),
	}
}
