package command

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/paymux/paymux/config"
	"github.com/paymux/paymux/core"
	"github.com/paymux/paymux/core/store"
	"github.com/paymux/paymux/web/app"
)

const (
	// nodeSeen is how long ago a node may have been seen to count as running.
	nodeSeen = 3 * time.Minute
	// overdueStatus is how long a row may be due before something is wrong: several sweeps.
	overdueStatus = 10 * time.Minute
	// askReady bounds the question to the running server.
	askReady = 3 * time.Second
)

// statusReport is what status found, in the words of its JSON.
type statusReport struct {
	Healthy bool     `json:"healthy"`
	Reasons []string `json:"reasons"` // why it is not
	Version string   `json:"version"`
	Schema  int64    `json:"schema"`
	Needs   int64    `json:"schema_needed"`
	Nodes   []string `json:"nodes"`
	// Warnings are for a person: what stands wrong or soon will, and what to do.
	Warnings []string `json:"warnings"`
	// Server is "ready", "not_ready", "silent", or "" where no admin listener is configured.
	Server string `json:"server"`
	// Metrics tells whether Alarms were asked for: "asked", "not asked", "silent", "unreadable".
	Metrics    string              `json:"metrics"`
	Alarms     []app.StandingAlarm `json:"alarms"`
	Queue      string              `json:"queue"`
	Accounts   []statusAccount     `json:"accounts"`
	Backlog    []statusBacklog     `json:"backlog"`
	OldestOpen string              `json:"oldest_open_attempt,omitempty"`
	People     map[string]int64    `json:"for_people"`
}

type statusAccount struct {
	ID     string `json:"id"`
	Active bool   `json:"active"`
	// TurnedAway are the causes for which the gateway turns it away; null where nobody was asked.
	TurnedAway []string `json:"turned_away"`
}

type statusBacklog struct {
	Kind  core.DueKind `json:"kind"`
	Rows  int64        `json:"rows"`
	Since string       `json:"due_since,omitempty"`
}

func newStatus(streams Streams) *cobra.Command {
	var f lookFlags
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Say how a server and its database stand",
		Long: "Status reads the database, beside a running server or without one, and asks the admin listener whether the server is ready,\n" +
			"and by its metrics which accounts the gateway turns away and what else stands wrong. These are shown, and are for a person to mend.\n" +
			"Not healthy: an older schema than this program needs, a server that is not ready or silent, rows that have been due for 10 minutes.\n" +
			"What waits for a person is counted and is no fault of the program's.\n\n" +
			"Exit code: 0 healthy, 1 not, 2 it could not be told.",
		Args: exactArgs(0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			var report statusReport
			err := f.look(cmd, streams, func(ctx context.Context, c *config.Config, books *store.Store) (err error) {
				report, err = statusOf(ctx, c, books, streams)
				return err
			})
			if _, misused := errors.AsType[usageError](err); err != nil && !misused {
				f.askServer(cmd.Context(), streams)
				return uncheckedError{fmt.Errorf("could not tell: %w", err)}
			}
			if err != nil {
				return err
			}
			if f.json {
				err = json.NewEncoder(streams.Out).Encode(report)
			} else {
				report.write(streams.Out)
			}
			if !report.Healthy {
				return errors.Join(err, errors.New("not healthy"))
			}
			return err
		},
	}
	f.add(cmd)
	return cmd
}

func statusOf(ctx context.Context, c *config.Config, books *store.Store, streams Streams) (statusReport, error) {
	now := streams.Now()
	r := statusReport{Version: app.Version(), Queue: queueName(c), Nodes: []string{}, Warnings: []string{}, Reasons: []string{}, Accounts: []statusAccount{}, Backlog: []statusBacklog{}}
	doubt, err := app.MasterDoubt(ctx, c, books, streams.Random)
	if err != nil {
		return r, err
	}
	if doubt != nil {
		r.Reasons = append(r.Reasons, "no server starts with this configuration: "+doubt.Error())
	}
	standing, err := books.Standing(ctx, now)
	if err != nil {
		return r, err
	}
	nodes, err := books.Nodes(ctx, now.Add(-nodeSeen))
	if err != nil {
		return r, err
	}
	r.countNodes(nodes, now)
	r.Warnings = append(r.Warnings, endingKeys(c, now)...)
	if err := r.askWebhooks(ctx, books, now); err != nil {
		return r, err
	}
	for _, m := range c.Merchants {
		for _, a := range m.Accounts {
			r.Accounts = append(r.Accounts, statusAccount{ID: a.ID, Active: a.Active})
		}
	}
	r.Schema, r.Needs, r.OldestOpen = standing.Schema, standing.Program, core.Stamp(standing.OldestOpen)
	p := standing.People
	r.People = map[string]int64{"attention": p.Attention, "parked": p.Parked, "dead": p.Dead, "approvals": p.Approvals}
	for _, b := range standing.Backlog {
		r.Backlog = append(r.Backlog, statusBacklog{b.Kind, b.Rows, core.Stamp(b.Oldest)})
		// webhooks may wait for their endpoints, which is told by endpoint
		if b.Kind != core.DueDelivery && !b.Oldest.IsZero() && now.Sub(b.Oldest) > overdueStatus {
			r.Reasons = append(r.Reasons, fmt.Sprintf("%s rows have been due since %s", b.Kind, core.Stamp(b.Oldest)))
		}
	}
	if r.Server = readiness(ctx, c.Server.AdminListen); r.Server != "" && r.Server != "ready" {
		r.Reasons = append(r.Reasons, "the server is "+r.Server)
	}
	if r.Metrics, r.Alarms = standingAlarms(ctx, c.Server.AdminListen); r.Metrics == metricsAsked {
		r.turnAway()
		r.Reasons = append(r.Reasons, unwritable(r.Alarms)...)
		r.Warnings = append(r.Warnings, alarmWords(r.Alarms)...)
	}
	r.Healthy = len(r.Reasons) == 0
	return r, nil
}

// queueShared is a queue that all nodes of a database hear.
const queueShared = "shared"

// queueName tells the kind of queue, without its address, which may hold a password.
func queueName(c *config.Config) string {
	switch c.Queue.URL.Reveal() {
	case "":
		return "timers"
	case "none":
		return "none"
	}
	return queueShared
}

// readiness asks a server's admin listener; "" where there is none.
func readiness(ctx context.Context, address string) string {
	if address == "" {
		return ""
	}
	ctx, cancel := context.WithTimeout(ctx, askReady)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+"/readyz", http.NoBody)
	if err != nil {
		return "silent"
	}
	answer, err := (&http.Client{Timeout: askReady}).Do(r)
	if err != nil {
		return "silent"
	}
	_ = answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return "not_ready"
	}
	return "ready"
}

func (r statusReport) write(out io.Writer) {
	mark := "✓ healthy"
	if len(r.Warnings) > 0 {
		mark += ", and a person should look (!)"
	}
	if !r.Healthy {
		mark = "✗ not healthy"
	}
	say(out, "%s  paymux %s, schema %d of %d, queue %s, server %s", mark, r.Version, r.Schema, r.Needs, r.Queue, orNone(r.Server))
	for _, reason := range r.Reasons {
		say(out, "✗ %s", reason)
	}
	for _, n := range r.Nodes {
		say(out, "  node %s", n)
	}
	for _, a := range r.Accounts {
		turned := r.Metrics // nobody knows
		if a.TurnedAway != nil {
			turned = orNone(strings.Join(a.TurnedAway, ", "))
		}
		say(out, "  account %s, takes new orders: %t, turned away by the gateway: %s", a.ID, a.Active, turned)
	}
	say(out, "  alarms of the server: %s, %d stand", r.Metrics, len(r.Alarms))
	for _, a := range r.Alarms {
		say(out, "! %s", strings.Join(strings.Fields(strings.Join([]string{a.What, a.Of, a.Cause, a.Since}, " ")), " "))
	}
	for _, warning := range r.Warnings {
		say(out, "! %s", warning)
	}
	for _, b := range r.Backlog {
		say(out, "  %d %s rows due, the oldest since %s", b.Rows, b.Kind, orNone(b.Since))
	}
	say(out, "  oldest open attempt: %s", orNone(r.OldestOpen))
	say(out, "  for people: %d payments need attention, %d messages parked, %d webhooks dead, %d refunds to approve",
		r.People["attention"], r.People["parked"], r.People["dead"], r.People["approvals"])
}
