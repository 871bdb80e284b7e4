package app

import (
	"context"
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/paymux/paymux/config"
	"github.com/paymux/paymux/core"
	"github.com/paymux/paymux/core/store"
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
		a.watch.offered(book, next.merchants)
		a.watch.standing.keep(func(account string) bool { _, known := next.accounts[account]; return known })
		a.mended() // the file may be the same, and a key in it another
		a.setup.Logger.Info("configuration reloaded", "merchants", len(next.merchants), "accounts", len(next.accounts),
			"version", w.Version(), "changes", w.Changes())
		a.reloads.taken(w.Version(), a.setup.Now())
		if err := a.auditReload(w.Version(), w.Origin(), w.Changes()); err != nil {
			a.setup.Logger.Error("the reload is in force, and not in the audit log", "version", w.Version(), "error", err)
		}
		if err := a.take(a.taken(w), func(store.Configuration) *core.Audit { return nil }); err != nil {
			a.setup.Logger.Warn("the reload is in force; the next start may call it a change of its own", "version", w.Version(), "error", err)
		}
	}
	w.Refused = func(err error) {
		a.setup.Logger.Error("changed configuration refused; the one before stays in force", "error", err.Error())
		a.reloads.refused(a.setup.Now())
	}
}

const alertReload = "reload_refused"

// reloads say by metrics which configuration is in force, and that a change of it was refused.
type reloads struct {
	watch *watch
	since prometheus.Gauge
	at    *prometheus.GaugeVec
}

func newReloads(registry *prometheus.Registry, watch *watch) (*reloads, error) {
	r := &reloads{
		watch: watch,
		since: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "paymux_config_refused_since_seconds", Help: "When a changed configuration was refused that is not mended yet, in Unix time; 0 while none is.",
		}),
		at: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "paymux_config_taken_seconds", Help: "When the configuration in force was taken, in Unix time, by its version.",
		}, []string{"version"}),
	}
	for _, c := range []prometheus.Collector{r.since, r.at} {
		if err := registry.Register(c); err != nil {
			return nil, fmt.Errorf("metrics: %w", err)
		}
	}
	return r, nil
}

// taken notes the version in force. What was refused before is mended by it.
func (r *reloads) taken(version string, now time.Time) {
	r.at.Reset()
	r.at.WithLabelValues(version).Set(float64(now.Unix()))
	r.watch.alarms.worse(alertReload, "", 0)
	r.since.Set(0)
}

// refused tells once until a change is taken; the log has each reason.
func (r *reloads) refused(now time.Time) {
	if r.watch.alarms.worse(alertReload, "", 1) {
		r.since.Set(float64(now.Unix()))
		r.watch.Alert(2, alertReload, "", "a changed configuration was refused, and the one before stays in force; the log line before this says why")
	}
}

// maxChangesTold bounds an audit row's detail, in bytes.
const maxChangesTold = 800

// auditReload writes which settings this node has changed, and what is known of who wrote the file.
func (a *App) auditReload(version, origin string, changes []string) error {
	row := a.configured("config.reload", version, origin, changes)
	ctx, cancel := context.WithTimeout(context.Background(), jobTimeout)
	defer cancel()
	_, err := a.store.Do(ctx, core.Unit{Decide: func(core.View) (core.Writes, error) { return core.Writes{Inserts: []core.Row{row}}, nil }})
	return err
}

// listed joins as many items as have room, and says how many have none.
func listed(items []string, room int) string {
	var out strings.Builder
	for i, item := range items {
		if out.Len()+len(item)+1 > room {
			return fmt.Sprintf("%sand %d more", out.String(), len(items)-i)
		}
		out.WriteString(item + " ")
	}
	return strings.TrimSpace(out.String())
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
		{"limits", old.Limits, next.Limits},
	} {
		if !reflect.DeepEqual(section.old, section.next) {
			return fmt.Errorf("%s cannot change while the program runs; restart it, or undo this change", section.name)
		}
	}
	return nil
}

// errorOf names the merchant that an error is about.
func errorOf(m config.Merchant, err error) error { return fmt.Errorf("merchant %s: %w", m.ID, err) }
