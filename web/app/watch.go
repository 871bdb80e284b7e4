package app

import (
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/paymux/paymux/adapters"
	"github.com/paymux/paymux/core"
	"github.com/paymux/paymux/core/outbox"
	"github.com/paymux/paymux/core/store"
)

// watch implements core.Watcher: what happened becomes counters, what a person should see becomes
// log lines too.
type watch struct {
	logger    *slog.Logger
	happened  *prometheus.CounterVec
	alerts    *prometheus.CounterVec
	payments  *prometheus.CounterVec
	failures  *prometheus.CounterVec
	exchanges *prometheus.HistogramVec
	oddities  *prometheus.CounterVec
	broken    *prometheus.CounterVec
	orders    prometheus.Gauge
	waits     prometheus.Counter
	aside     prometheus.Gauge
	alarms    alarms
	standing  *standing
	now       func() time.Time
}

func newWatch(registry *prometheus.Registry, logger *slog.Logger, now func() time.Time) (*watch, error) {
	w := &watch{
		logger: logger, now: now,
		happened: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "paymux_happened_total", Help: "What happened to payments, by name.",
		}, []string{"what", "label"}),
		alerts: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "paymux_alerts_total", Help: "What a person should look at; level 1 is worst.",
		}, []string{"level", "what"}),
		payments: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "paymux_payments_total", Help: "Steps of payments, and what was refused, by the class of the refusal.",
		}, []string{"platform", "channel", "outcome", "class"}),
		failures: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "paymux_job_failures_total", Help: "Due rows that a job could not work on; they stay due.",
		}, []string{"kind"}),
		exchanges: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "paymux_gateway_seconds", Help: "Exchanges with the gateway, by method and what they proved.",
			Buckets: []float64{.01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 15},
		}, []string{"method", "class"}),
		oddities: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "paymux_gateway_odd_fields_total", Help: "Fields of verified answers and messages that decide nothing and could not be read.",
		}, []string{"source", "field"}),
		broken: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "paymux_invariant_broken_total", Help: "Breaches that the daily inspection of the books found; any is for a person, at once.",
		}, []string{"invariant"}),
		orders: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "paymux_inspected_orders", Help: "Orders that the last inspection of the books has seen.",
		}),
	}
	w.waits = prometheus.NewCounter(prometheus.CounterOpts{
		Name: "paymux_store_lock_waits_total", Help: "Times that a change did not get its rows because another session of the database holds them.",
	})
	w.aside = prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "paymux_store_waiting_aside", Help: "Changes that wait for rows which another session holds, beside those that do not.",
	})
	lasting := prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: "paymux_account_misconfigured", Help: "1 while the gateway turns the account away for the cause; absent when it is mended.",
	}, []string{"account", "cause"})
	turnedAway := prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: "paymux_account_misconfigured_since_seconds", Help: "Since when the gateway turns the account away for the cause, in Unix time; absent when it is mended.",
	}, []string{"account", "cause"})
	w.standing = &standing{lasting: lasting, since: turnedAway, alert: w.Alert, ended: w.accountMended}
	for _, c := range []prometheus.Collector{w.happened, w.alerts, w.payments, w.failures, w.exchanges, w.oddities, w.broken, w.orders, w.waits, w.aside, lasting, turnedAway} {
		if err := registry.Register(c); err != nil {
			return nil, fmt.Errorf("metrics: %w", err)
		}
	}
	w.begin()
	return w, nil
}

// begin makes what is counted rarely exist from the start, at zero: whoever watches for a rise sees
// none in a series that begins with it.
func (w *watch) begin() {
	for _, kind := range Alerts() {
		w.alerts.WithLabelValues(strconv.Itoa(kind.Level), kind.What)
	}
	for _, kind := range Counts() {
		for _, label := range kind.Labels {
			w.happened.WithLabelValues(kind.What, label)
		}
	}
	for _, kind := range []core.DueKind{core.DueAttempt, core.DueRefund, core.DueInbox, core.DueDelivery} {
		w.failures.WithLabelValues(string(kind))
	}
	for _, invariant := range core.Invariants() {
		w.broken.WithLabelValues(invariant)
	}
}

// Counts lists what the program counts by name, with the labels that are known beforehand.
func Counts() []core.CountKind { return slices.Concat(core.Counts(), outbox.Counts()) }

// Happened implements core.Watcher.
func (w *watch) Happened(what, label string) { w.happened.WithLabelValues(what, label).Inc() }

// turned counts a step of a payment.
func (w *watch) turned(t core.Turn) {
	w.payments.WithLabelValues(string(t.Platform), string(t.Channel), string(t.Outcome), string(t.Class)).Inc()
}

// offered makes the steps of payments exist at zero, on each platform by each channel that a
// merchant has for it.
func (w *watch) offered(rules core.Rulebook, merchants map[string]core.Merchant) {
	for _, platform := range rules.Platforms() {
		for _, m := range merchants {
			for _, channel := range rules.Offer(platform, m.Holdings).Channels {
				w.began(platform, channel)
			}
		}
	}
}

// began is offered for one of them; refusals by gateways have the classes that there are.
func (w *watch) began(platform core.PlatformID, channel core.ChannelID) {
	classes := []core.Code{core.CodeChannelRefused}
	for _, f := range core.Faults() {
		classes = append(classes, f.Code)
	}
	for _, outcome := range core.TurnOutcomes() {
		if outcome != core.TurnRefused {
			w.payments.WithLabelValues(string(platform), string(channel), string(outcome), "")
			continue
		}
		for _, class := range classes {
			w.payments.WithLabelValues(string(platform), string(channel), string(outcome), string(class))
		}
	}
}

// Alert implements core.Watcher.
func (w *watch) Alert(level int, what, object, detail string) {
	w.alerts.WithLabelValues(strconv.Itoa(level), what).Inc()
	w.logger.Error("a person should look", "level", level, "what", what, "object", object, "detail", detail)
}

// broke tells of an invariant that does not hold.
func (w *watch) broke(b core.Breach) {
	w.broken.WithLabelValues(b.Invariant).Inc()
	w.Alert(1, alertBroken, b.Object, b.Invariant+": "+b.Detail)
}

func (w *watch) inspected(orders int) { w.orders.Set(float64(orders)) }

func (w *watch) jobFailed(due core.Due, err error) {
	w.failures.WithLabelValues(string(due.Kind)).Inc()
	w.logger.Warn("job failed", "kind", due.Kind, "id", due.ID, "error", err)
}

// lockWaited hears of the store's waits for rows that another session holds.
func (w *watch) lockWaited(wait store.LockWait) {
	w.waits.Inc()
	if wait.Tell {
		w.logger.Warn("another session of the database holds rows; changes of them wait", "table", wait.Table, "id", wait.ID)
	}
}

func (w *watch) wentAside(change int) { w.aside.Add(float64(change)) }

func (w *watch) accountMended(account, cause string) {
	w.logger.Info("an account is mended", "what", alertMisconfigured, "object", account, "cause", cause)
}

func (w *watch) exchange(x adapters.Exchange) {
	w.exchanges.WithLabelValues(x.Method, x.Class).Observe(x.Duration.Seconds())
	w.line(x)
	w.standing.heard(x, w.now())
}

func (w *watch) oddity(source, field string) { w.oddities.WithLabelValues(source, field).Inc() }
