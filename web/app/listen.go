package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net"
	"net/http"
	"runtime/debug"
	"syscall"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/paymux/paymux/config"
	"github.com/paymux/paymux/web"
)

// Listen listens on an address.
func Listen(ctx context.Context, address string) (net.Listener, error) {
	if address == "" { // it would be every address, at a port that nobody chose
		return nil, errors.New("cannot listen on an empty address: write it as 127.0.0.1:8080")
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("cannot listen on %s: %w%s", address, err, advice(err))
	}
	return listener, nil
}

// advice is what to do about an address that cannot be listened on.
func advice(err error) string {
	var form *net.AddrError
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return ": another program is there; stop it, or choose another port"
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return ": this machine has no such address; 127.0.0.1 is this machine alone, 0.0.0.0 all its networks"
	case errors.As(err, &form):
		return ": write it as 127.0.0.1:8080"
	default:
		return ""
	}
}

// IsLoopback tells whether only this machine reaches the listener.
func IsLoopback(listener net.Listener) bool {
	host, _, err := net.SplitHostPort(listener.Addr().String())
	ip := net.ParseIP(host)
	return err == nil && ip != nil && ip.IsLoopback()
}

// URLOf is the address of a listener as this machine reaches it.
func URLOf(listener net.Listener) string {
	host, port, err := net.SplitHostPort(listener.Addr().String())
	if err != nil {
		return "http://" + listener.Addr().String()
	}
	if ip := net.ParseIP(host); ip == nil || ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return "http://" + net.JoinHostPort(host, port)
}

// guard bounds the connections of a listener and shows them among the metrics.
func (a *App) guard(registry *prometheus.Registry, name string, server *http.Server, l net.Listener) (net.Listener, error) {
	connections := web.NewConnections(connectionLimits(a.config), a.config.Server.TrustedProxies)
	if err := connections.Register(registry, name); err != nil {
		return nil, fmt.Errorf("metrics of the listener %s: %w", name, err)
	}
	return connections.Guard(server, l), nil
}

// holdMemory makes the collector work harder before the program takes more memory than its settings
// say, unless GOMEMLIMIT already says so, and says what the ceiling is made of. The limit is the
// process's own.
func holdMemory(c *config.Config, registry *prometheus.Registry, logger *slog.Logger) error {
	most := debug.SetMemoryLimit(-1)
	if most == math.MaxInt64 {
		most = int64(c.Limits.MemoryMiB) << 20
		debug.SetMemoryLimit(most)
	}
	limit := prometheus.NewGauge(prometheus.GaugeOpts{Name: "paymux_memory_limit_bytes", Help: "Memory that the program tries to stay below."})
	limit.Set(float64(most))
	logger.Info("memory", "limit_mib", most>>20, "bodies_mib", 2*bodyShare(c.Limits.MemoryMiB)>>20, "running", c.Limits.Running, "connections", c.Limits.Connections)
	if err := registry.Register(limit); err != nil {
		return fmt.Errorf("metrics of memory: %w", err)
	}
	return nil
}
