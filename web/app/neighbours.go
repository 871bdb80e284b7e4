package app

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/paymux/paymux/core/store"
)

const alertNotShared = "queue_not_shared"

// neighbours notices other processes on the same database. Without a queue that all of them share
// they are correct, but every one of them sweeps the same rows, and hints are heard only by whoever
// made them.
type neighbours struct {
	store   *store.Store
	watch   *watch
	id      string
	started time.Time
	shared  bool // the queue is; then nobody needs to be told
}

func (a *App) neighbours() *neighbours {
	url := a.config.Queue.URL.Reveal()
	return &neighbours{store: a.store, watch: a.watch, id: nodeName(a.cashier.IDs.Row()), started: a.setup.Now(), shared: url != "" && url != queueNone}
}

// maxNode bounds a node's name, which is stored.
const maxNode = 64

// nodeName tells a process from all others, and people where it runs.
func nodeName(unique string) string {
	host, err := os.Hostname()
	if err != nil || host == "" {
		return unique
	}
	host = strings.Map(func(r rune) rune {
		if r <= ' ' || r > '~' {
			return '?'
		}
		return r
	}, host)
	name := fmt.Sprintf("%s process %d on %s", unique, os.Getpid(), host)
	return name[:min(len(name), maxNode)]
}

// absent is how long a process may be silent before it counts as gone.
const absent = 3 * housekeeping

// look notes that this process lives, and tells once of others that do.
func (n *neighbours) look(ctx context.Context, now time.Time) error {
	if err := n.store.Beat(ctx, n.id, n.started, now); err != nil || n.shared {
		return err
	}
	since := now.Add(-absent)
	// whom this process took over from was seen until its start, or shortly after
	if settled := n.started.Add(housekeeping); since.Before(settled) {
		since = settled
	}
	nodes, err := n.store.Nodes(ctx, since)
	if err != nil {
		return err
	}
	others := 0
	for _, node := range nodes {
		if node.ID != n.id {
			others = 1
		}
	}
	if n.watch.alarms.worse(alertNotShared, n.id, others) {
		n.watch.Alert(3, alertNotShared, n.id, fmt.Sprintf("%d processes work on this database without a shared queue: set queue.url of all to one NATS server",
			len(nodes)))
	}
	return nil
}
