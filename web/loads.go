package web

import "github.com/prometheus/client_golang/prometheus"

// Why a request is refused for the load, as the metric says it.
const (
	refusedWaiting    = "waiting"    // too many of its key or client wait, or it waited too long
	refusedAllowance  = "allowance"  // more than the configured limits of its key or merchant
	refusedClient     = "address"    // too many of its client are under way
	refusedBodies     = "memory"     // bodies fill the memory that they may have
	refusedConnection = "connection" // all connections are busy, and this was none for it
)

// loads are the metrics of what the server holds and refuses. Each exists from the start.
type loads struct {
	refused *prometheus.CounterVec
	forged  prometheus.Counter
}

// refuse counts a refusal and returns it.
func (l *loads) refuse(why string, err error) error {
	l.refused.WithLabelValues(why).Inc()
	return err
}

func (s *Server) registerLoads() error {
	s.loads = &loads{
		refused: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "paymux_http_refused_total", Help: "Requests refused for the load or for a limit, by why.",
		}, []string{"why"}),
		forged: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "paymux_notify_refused_total", Help: "Messages to notification addresses that were not accepted: not signed well, or for no account.",
		}),
	}
	for _, why := range []string{refusedWaiting, refusedAllowance, refusedClient, refusedBodies, refusedConnection} {
		s.loads.refused.WithLabelValues(why)
	}
	all := []prometheus.Collector{s.loads.refused, s.loads.forged}
	for pool, shares := range map[string]*shares{"api": s.admission.api, "pages": s.admission.pages, "messages": s.admission.notices} {
		labels := prometheus.Labels{"pool": pool}
		running := func() float64 { n, _, _ := shares.figures(); return float64(n) }
		waiting := func() float64 { _, n, _ := shares.figures(); return float64(n) }
		exchanging := func() float64 { return float64(shares.exchanging()) }
		all = append(all,
			prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "paymux_http_running", Help: "Requests that have a place.", ConstLabels: labels}, running),
			prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "paymux_http_exchanging", Help: "Requests that wait for a gateway, without a place.", ConstLabels: labels}, exchanging),
			prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "paymux_http_waiting", Help: "Requests that wait for a place.", ConstLabels: labels}, waiting),
		)
		places := func() float64 { return float64(shares.places) }
		all = append(all, prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "paymux_http_places", Help: "Places there are.", ConstLabels: labels}, places))
	}
	for pool, room := range map[string]*held{"api": s.admission.bodies, "messages": s.admission.messages} {
		labels := prometheus.Labels{"pool": pool}
		now, most := func() float64 { return float64(room.bytes()) }, func() float64 { return float64(room.most) }
		all = append(all,
			prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "paymux_http_body_bytes", Help: "Memory that bodies of requests take.", ConstLabels: labels}, now),
			prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "paymux_http_body_bytes_max", Help: "Memory that bodies may take.", ConstLabels: labels}, most),
		)
	}
	for _, c := range all {
		if err := s.Registry.Register(c); err != nil {
			return err
		}
	}
	return nil
}

// Register shows the connections of one listener among the metrics.
func (c *Connections) Register(registry *prometheus.Registry, listener string) error {
	labels := prometheus.Labels{"listener": listener}
	read := func(of func(ConnectionFigures) uint64) func() float64 {
		return func() float64 { return float64(of(c.Figures())) }
	}
	for _, one := range []prometheus.Collector{
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "paymux_connections_open", Help: "Connections that are open.", ConstLabels: labels},
			read(func(f ConnectionFigures) uint64 { return uint64(f.Open) })),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "paymux_connections_idle", Help: "Open connections on which no request is under way.", ConstLabels: labels},
			read(func(f ConnectionFigures) uint64 { return uint64(f.Idle) })),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "paymux_connections_reserve", Help: "Open connections for probes and messages alone.", ConstLabels: labels},
			read(func(f ConnectionFigures) uint64 { return uint64(f.Reserve) })),
		prometheus.NewCounterFunc(prometheus.CounterOpts{Name: "paymux_connections_evicted_total", Help: "Idle connections closed for newcomers.", ConstLabels: labels},
			read(func(f ConnectionFigures) uint64 { return f.Evicted })),
		prometheus.NewCounterFunc(prometheus.CounterOpts{Name: "paymux_connections_refused_total", Help: "Connections turned away.", ConstLabels: labels},
			read(func(f ConnectionFigures) uint64 { return f.Refused })),
	} {
		if err := registry.Register(one); err != nil {
			return err
		}
	}
	return nil
}
