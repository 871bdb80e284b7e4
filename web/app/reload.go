package app

import (
	"context"
	"fmt"
	"reflect"

	"github.com/paymux/paymux/config"
	"github.com/paymux/paymux/platforms"
)

// reloadInto makes a watcher replace the tenants: a changed file is taken whole, when every key in
// it parses and every switch is one that the rules know, or not at all (F13).
func (a *App) reloadInto(w *config.Watcher, on foundation, book *platforms.Book) {
	var next *tenants
	w.Accept = func(c *config.Config) error {
		if err := sameRest(a.config, c); err != nil {
			return err
		}
		if err := checkHoldings(book, c); err != nil {
			return err
		}
		var err error
		if next, err = newTenants(c, on); err != nil {
			return err
		}
		return a.pinAccounts(context.Background(), a.tenants.now.Load().accounts, next.accounts)
	}
	w.Changed = func(*config.Config) {
		a.tenants.now.Store(next)
		a.watch.standing.keep(func(account string) bool { _, known := next.accounts[account]; return known })
		a.mended() // the file may be the same, and a key in it another
		a.setup.Logger.Info("configuration reloaded", "merchants", len(next.merchants), "accounts", len(next.accounts))
	}
	w.Refused = func(err error) {
		a.setup.Logger.Error("changed configuration refused; the one before stays in force", "error", err.Error())
	}
}

// mended makes due at once what waits because the gateway turned accounts away for a fault of ours:
// after a change of configuration, and at every start.
func (a *App) mended() {
	ctx, cancel := context.WithTimeout(context.Background(), jobTimeout)
	defer cancel()
	if err := a.cashier.Mended(ctx, func(string) bool { return true }); err != nil {
		a.setup.Logger.Warn("what waits for an account was not woken; it is tried again when its pause ends", "error", err)
	}
}

// sameRest refuses a change of what this program reads only once; to take it silently for the next
// start would be a lie.
func sameRest(old, next *config.Config) error {
	for _, section := range []struct {
		name      string
		old, next any
	}{
		{"server", old.Server, next.Server},
		{"log", old.Log, next.Log},
		{"notify", old.Notify, next.Notify},
		{"jobs", old.Jobs, next.Jobs},
		{"retention", old.Retention, next.Retention},
		{"tracing", old.Tracing, next.Tracing},
	} {
		if !reflect.DeepEqual(section.old, section.next) {
			return fmt.Errorf("%s cannot change while the program runs; restart it, or undo this change", section.name)
		}
	}
	return nil
}

// errorOf names the merchant that an error is about.
func errorOf(m config.Merchant, err error) error { return fmt.Errorf("merchant %s: %w", m.ID, err) }
