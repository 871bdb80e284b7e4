package command

import (
	"context"
	"fmt"
	"time"

	"github.com/paymux/paymux/core"
	"github.com/paymux/paymux/core/store"
	"github.com/paymux/paymux/web/app"
)

// beatMissed is how long a node that lives is never silent for: it is noted each minute.
const beatMissed = 90 * time.Second

// countNodes lists the processes on the database, and warns where several live without a queue that
// they share.
func (r *statusReport) countNodes(nodes []store.Node, now time.Time) {
	live := 0
	for _, n := range nodes {
		line := n.ID + " since " + core.Stamp(n.Started)
		if silent := now.Sub(n.Seen); silent > beatMissed {
			line += fmt.Sprintf(", silent for %s: it has probably ended", span(silent))
		} else {
			live++
		}
		r.Nodes = append(r.Nodes, line)
	}
	if live > 1 && r.Queue != queueShared {
		r.Warnings = append(r.Warnings, fmt.Sprintf("%d nodes have worked on this database within %s and share no queue: that is safe for money, and each does all the sweeping. "+
			"One that was just replaced counts until then. Set queue.url of all to one NATS server, or stop the one that should not run", live, span(beatMissed)))
	}
}

// askWebhooks warns of endpoints that take nothing, or not all. That is no illness of the server's,
// as it is where webhooks wait that nobody has tried.
func (r *statusReport) askWebhooks(ctx context.Context, books *store.Store, now time.Time) error {
	list, err := books.Backlogs(ctx)
	for _, b := range list {
		if b.Said == "" {
			if now.Sub(b.Oldest) > overdueStatus {
				r.Reasons = append(r.Reasons, fmt.Sprintf("%d delivery rows for endpoint %s of merchant %s have been due since %s, and none was tried",
					b.Count, b.Of.Scope, b.Of.MerchantID, core.Stamp(b.Oldest)))
			}
			continue
		}
		deliveries := "webhooks wait"
		if b.Count == 1 {
			deliveries = "webhook waits"
		}
		r.Warnings = append(r.Warnings, fmt.Sprintf("%d %s for endpoint %s of merchant %s, the oldest since %s: %s. The shop must mend it; what waits then goes by itself, oldest first. "+
			"The money is not concerned", b.Count, deliveries, b.Of.Scope, b.Of.MerchantID, core.Stamp(b.Oldest), b.Said))
	}
	return err
}

// alarmWords say what the server's alarms mean and what to do.
func alarmWords(alarms []app.StandingAlarm) []string {
	var list []string
	for _, a := range alarms {
		switch a.What {
		case app.MisconfiguredMetric:
			list = append(list, fmt.Sprintf("the gateway has turned account %s away since %s (%s): the fault is in our keys or settings. No money is lost, new orders and refunds wait until "+
				"it is mended. What to mend: paymux doctor --online", a.Of, a.Since, a.Cause))
		case app.RefusedConfigMetric:
			list = append(list, "a changed configuration was refused at "+a.Since+" and the one before is in force: paymux check says what is wrong with it")
		case app.ArchiveFailedMetric:
			list = append(list, "since "+a.Since+" orders that are due for the archive stay in the database; nothing is lost: paymux archive run says why")
		case app.BrokenMetric:
			list = append(list, "the daily inspection found books that contradict themselves ("+a.Of+"): paymux verify lists them, docs/runbook.md says what to do")
		}
	}
	return list
}

// unwritable says that the database takes nothing, which no server is well without.
func unwritable(alarms []app.StandingAlarm) []string {
	var list []string
	for _, a := range alarms {
		if a.What != app.UnwritableMetric {
			continue
		}
		do := map[store.Ailment]string{
			store.DiskFull: "its disk is full: make room, nothing needs a restart",
			store.ReadOnly: "it is read-only: see whether the server talks to a replica, and who made it so",
			store.Away:     "it does not answer: see the database's own log, and the way to it",
		}[store.Ailment(a.Cause)]
		list = append(list, "the database has taken nothing since "+a.Since+"; "+do+
			". New orders are refused with 503, gateways send their messages again, jobs wait: nothing that was answered is lost")
	}
	return list
}

// askServer says what can be said of a server whose database cannot be read from here.
func (f *lookFlags) askServer(ctx context.Context, streams Streams) {
	c, err := (&verifyFlags{config: f.config, data: f.data}).load(streams)
	if err != nil || f.json {
		return
	}
	say(streams.Out, "✗ the database cannot be read from here; server %s", orNone(readiness(ctx, c.Server.AdminListen)))
	_, alarms := standingAlarms(ctx, c.Server.AdminListen)
	for _, reason := range unwritable(alarms) {
		say(streams.Out, "✗ %s", reason)
	}
	for _, warning := range alarmWords(alarms) {
		say(streams.Out, "! %s", warning)
	}
}
