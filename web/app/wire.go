package app

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"github.com/paymux/paymux/adapters"
	"github.com/paymux/paymux/config"
	"github.com/paymux/paymux/core"
	"github.com/paymux/paymux/core/jobs"
	"github.com/paymux/paymux/core/store"
	"github.com/paymux/paymux/platforms"
	"github.com/paymux/paymux/web"
)

const (
	// skew is how far our clock and the gateway's may differ before a trade that it does not know
	// is given up.
	skew = time.Minute
	// jobTimeout is longer than any exchange with a gateway, its inquiry included.
	jobTimeout = 40 * time.Second
	// housekeeping is the pause between chores; sealAge is how old an audit row must be before it
	// is sealed, so that none of an older id can still be on its way to its commit; choreBatch
	// bounds one piece.
	housekeeping = time.Minute
	sealAge      = time.Minute
	choreBatch   = 500
	// eventSettle is longer than a commit takes: events show in lists this much later than in
	// webhooks.
	eventSettle = 2 * time.Second
	// reservedConnections are for probes and gateways' messages alone, beside those of the
	// settings.
	reservedConnections = 64
)

// wire hands each part what it needs, from the inside out.
func (a *App) wire(ctx context.Context) error {
	book, err := loadRules(a.config)
	if err != nil {
		return err
	}
	master, err := config.OpenMasterKey(a.config.Secrets.MasterKeyFile, a.setup.Random)
	if err != nil {
		return err
	}
	registry := prometheus.NewRegistry()
	watch, err := newWatch(registry, a.setup.Logger, a.setup.Now)
	if err != nil {
		return err
	}
	a.watch = watch
	if a.due, err = newDue(registry); err != nil {
		return err
	}
	if err := errors.Join(registry.Register(collectors.NewGoCollector()), registry.Register(collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))); err != nil {
		return err
	}
	if a.archives, err = newArchives(registry, watch); err != nil {
		return err
	}
	if a.reloads, err = newReloads(registry, watch); err != nil {
		return err
	}
	if a.unwritable, err = newUnwritable(registry, watch, a.setup.Now); err != nil {
		return err
	}
	a.unwritable.note = a.noteRecovery
	if a.tracing, err = newTracing(ctx, a.config.Tracing, a.setup.Logger); err != nil {
		return err
	}
	if err := a.wireTenants(foundation{
		master: master,
		gateways: openGateways(adapters.Ground{
			Master: master, Transport: a.setup.Transport, Now: a.setup.Now, Nonce: func() string { return Letters(a.setup.Random) },
			Logger: slog.New(concerned{a.setup.Logger.Handler()}), Observe: watch.exchange, Oddity: watch.oddity, Waiting: web.Exchanging,
			Tracing: a.tracing.provider(),
		}),
		webhooks: webhookPolicy(a.config),
	}, book); err != nil {
		return err
	}
	if err := a.openStore(ctx); err != nil {
		return err
	}
	if master, err = ownMaster(ctx, a.store, master); err != nil {
		return err
	}
	a.master = master
	if err := a.openQueue(ctx); err != nil {
		return err
	}
	keeping := a.keeping()
	if err := a.wireCashier(keeping, book, vault{master}, watch); err != nil {
		return err
	}
	a.wireWebhooks(keeping, watch)
	if err := a.wireBacklogs(ctx, registry); err != nil {
		return err
	}
	a.wireJobs(watch)
	if err := holdMemory(a.config, registry, a.setup.Logger); err != nil {
		return err
	}
	a.tellStart()
	return a.wireWeb(registry)
}

// loadRules loads the platforms' rules and holds the merchants' switches against them, so that a
// misspelt one is not silently without effect.
func loadRules(c *config.Config) (*platforms.Book, error) {
	book, err := platforms.Load(platforms.Embedded())
	if err != nil {
		return nil, err
	}
	return book, checkHoldings(book, c)
}

func checkHoldings(book *platforms.Book, c *config.Config) error {
	var all error
	for _, m := range c.Merchants {
		if err := book.Check(merchantOf(c, m).Holdings); err != nil {
			all = errors.Join(all, errorOf(m, err))
		}
	}
	return all
}

func (a *App) wireTenants(on foundation, book *platforms.Book) error {
	first, err := newTenants(a.config, on)
	if err != nil {
		return err
	}
	a.tenants = &live{}
	a.tenants.now.Store(first)
	a.watch.offered(book, first.merchants)
	if a.setup.Watcher != nil {
		a.reloadInto(a.setup.Watcher, on, book)
		a.reloads.taken(a.setup.Watcher.Version(), a.setup.Now())
	}
	return nil
}

func (a *App) openStore(ctx context.Context) error {
	database := StoreConfig(a.config.DB)
	database.Waited, database.Aside = a.watch.lockWaited, a.watch.wentAside
	opened, err := store.Open(ctx, database)
	if err != nil {
		return err
	}
	a.store = opened
	if a.setup.Migrate {
		if err := opened.Migrate(ctx); err != nil {
			return err
		}
	}
	if err := opened.Ready(ctx); err != nil {
		return err
	}
	a.tenants.revoked.list, a.tenants.revoked.watch = opened.Revocations, a.watch
	if err := a.tenants.revoked.look(ctx); err != nil {
		return err
	}
	return a.pinAccounts(ctx, nil, a.tenants.now.Load().accounts)
}

// DatabaseFile is the file that a DSN of SQLite names, which may carry a scheme before it and
// options behind it.
func DatabaseFile(db config.DB) string {
	name, _, _ := strings.Cut(db.DSN.Reveal(), "?")
	return strings.TrimPrefix(name, "file:")
}

func (a *App) wireCashier(keeping core.Store, book *platforms.Book, vault core.Vault, watch *watch) error {
	channels, err := core.NewChannels(channelsOver(a.tenants.App)...)
	if err != nil {
		return err
	}
	a.forged = &forged{logger: a.setup.Logger}
	a.cashier = &core.Cashier{
		Store: keeping, Channels: channels, Gateways: receiversOver(a.tenants.App), Rules: book, Merchants: a.tenants,
		Clock: clock(a.setup.Now), IDs: newIDs(clock(a.setup.Now), a.setup.Random), Vault: vault, Failpoints: a.setup.Failpoints, Watch: watch, Turned: watch.turned, Forged: a.forged,
		Options: coreOptions(a.config),
	}
	return nil
}

func (a *App) wireJobs(watch *watch) {
	cashier := a.cashier
	a.sweeper = sweeperOf(a.config)
	a.sweeper.Source, a.sweeper.Clock, a.sweeper.Failed = a.store, clock(a.setup.Now), watch.jobFailed
	a.sweeper.PassOver = func(kind core.DueKind) []core.Scope {
		if kind != core.DueDelivery {
			return nil
		}
		return a.lanes.Full()
	}
	a.sweeper.Handlers = map[core.DueKind]jobs.Handler{
		core.DueInbox: a.tracing.job(core.DueInbox, func(ctx context.Context, due core.Due) error {
			return cashier.ApplyInbox(ctx, due.ID)
		}),
		core.DueDelivery: a.lanes.Hand, // which returns at once: a span of it would say nothing
		core.DueAttempt: a.tracing.job(core.DueAttempt, func(ctx context.Context, due core.Due) error {
			return cashier.SettleAttempt(ctx, due.ID)
		}),
		core.DueRefund: a.tracing.job(core.DueRefund, func(ctx context.Context, due core.Due) error {
			return cashier.SettleRefund(ctx, due.MerchantID, due.ID)
		}),
	}
}

// chores keep the database small and its audit log sealed, and say when a certificate is about to
// end or another process works beside this one.
func (a *App) chores() []jobs.Chore {
	beside := a.neighbours()
	return []jobs.Chore{
		{Name: "purge", Do: func(ctx context.Context) (bool, error) {
			gone, err := a.store.Purge(ctx, a.setup.Now(), choreBatch)
			return gone >= choreBatch, err
		}},
		{Name: "seal", Do: func(ctx context.Context) (bool, error) {
			sealed, err := a.store.SealAudit(ctx, a.setup.Now(), sealAge, choreBatch)
			return sealed >= choreBatch, err
		}},
		{Name: "backlogs", Do: func(ctx context.Context) (bool, error) { return false, a.backlogs.look(ctx, a.setup.Now()) }},
		{Name: "forged", Do: func(context.Context) (bool, error) {
			a.forged.tell(a.setup.Now())
			return false, nil
		}},
		{Name: "certificates", Do: func(context.Context) (bool, error) {
			a.watch.expiries(a.tenants.now.Load().apps, a.setup.Now())
			return false, nil
		}},
		{Name: "standing", Do: func(context.Context) (bool, error) {
			a.watch.standing.remind(a.setup.Now())
			return false, nil
		}},
		{Name: "due", Do: func(ctx context.Context) (bool, error) { return false, a.due.look(ctx, a.store, a.setup.Now()) }},
		{Name: "neighbours", Do: func(ctx context.Context) (bool, error) { return false, beside.look(ctx, a.setup.Now()) }},
	}
}

func (a *App) wireWeb(registry *prometheus.Registry) error {
	c := a.config.Server
	containers, err := platforms.LoadContainers(platforms.EmbeddedContainers())
	if err != nil {
		return err
	}
	if doubt := a.config.ProxyDoubt(); doubt != "" {
		a.setup.Logger.Warn(doubt)
	}
	options := webOptions(a.config)
	options.Cashier, options.Channels, options.Keys, options.Containers = a.cashier, a.cashier.Channels, a.tenants, containers
	options.Clock, options.Random, options.Logger = clock(a.setup.Now), a.setup.Random, a.setup.Logger
	options.Registry, options.Ready, options.Mounts, options.Tracing = registry, a.store.Ready, a.setup.Mounts, a.tracing.provider()
	options.Troubles, options.Operators = a.watch.standing.of, operators{a.tenants}
	server, err := web.New(options)
	if err != nil {
		return err
	}
	a.public = web.HTTPServer(c.Listen, server.Handler(), a.setup.Logger)
	if a.listener, err = a.guard(registry, "api", a.public, a.listener); err != nil {
		return err
	}
	if c.AdminListen != "" {
		a.private = web.HTTPServer(c.AdminListen, server.AdminHandler(), a.setup.Logger)
		a.admin, err = a.guard(registry, "admin", a.private, a.admin)
	}
	return err
}
