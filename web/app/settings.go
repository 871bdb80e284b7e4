package app

import (
	"time"

	"github.com/paymux/paymux/config"
	"github.com/paymux/paymux/core"
	"github.com/paymux/paymux/core/jobs"
	"github.com/paymux/paymux/core/outbox"
	"github.com/paymux/paymux/core/store"
	"github.com/paymux/paymux/web"
)

// Each function here turns settings into what one part takes, and does nothing else, so that a test
// can change one setting at a time and see where it arrives. What merchants and accounts become
// stands in tenants.go.

func coreOptions(c *config.Config) core.Options {
	return core.Options{
		BaseURL: c.Server.BaseURL, ConfirmOver: confirmOver(c.Notify.ConfirmOverFen), Skew: skew, EventSettle: eventSettle,
		UnknownGrace: time.Duration(c.Notify.UnknownGraceSeconds) * time.Second,
		InboxKept:    days(c.Retention.InboxDays), KeyKept: days(c.Retention.IdempotencyDays),
	}
}

func days(n int) time.Duration { return time.Duration(n) * 24 * time.Hour }

// confirmOver turns "this much or more" of the configuration, where 0 means every payment, into
// core's "more than this", where 0 means none.
func confirmOver(orMore int64) core.Fen {
	if orMore <= 1 {
		return -1
	}
	return core.Fen(orMore - 1)
}

// StoreConfig is the database that the settings name.
func StoreConfig(db config.DB) store.Config {
	return store.Config{
		Driver: db.Driver, DSN: db.DSN.Reveal(), AcceptDataLoss: db.AcceptDataLoss, Topology: db.Topology, MaxOpen: db.MaxOpen,
		Writers: db.Writers,
	}
}

func scheduleOf(c *config.Config) outbox.Schedule {
	schedule := make(outbox.Schedule, len(c.Jobs.WebhookSeconds))
	for i, seconds := range c.Jobs.WebhookSeconds {
		schedule[i] = time.Duration(seconds) * time.Second
	}
	return schedule
}

func sweeperOf(c *config.Config) *jobs.Sweeper {
	return &jobs.Sweeper{Batch: c.Jobs.Batch, Workers: c.Jobs.Workers, Timeout: jobTimeout}
}

func webOptions(c *config.Config) web.Options {
	return web.Options{
		BaseURL: c.Server.BaseURL, TrustedProxies: c.Server.TrustedProxies, GatewayOrigins: gatewayOrigins(core.Environment(c.Server.Environment)),
		MetricsOnMain: c.Server.AdminListen == "", Limits: limitsOf(c),
	}
}

func limitsOf(c *config.Config) web.Limits {
	return web.Limits{Running: c.Limits.Running, Exchanging: c.Limits.Exchanging, PerAddress: c.Limits.PerAddress, BodyBytes: bodyShare(c.Limits.MemoryMiB)}
}

// bodyShare is the memory that bodies of the API may take, and gateways' messages as much: an
// eighth each of all.
func bodyShare(memoryMiB int) int64 { return int64(memoryMiB) << 20 / 8 }

func connectionLimits(c *config.Config) web.ConnectionLimits {
	return web.ConnectionLimits{Total: c.Limits.Connections, PerAddress: c.Limits.PerAddress, Reserve: reservedConnections}
}
