package app

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/url"
	"slices"
	"strconv"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/paymux/paymux/config"
	"github.com/paymux/paymux/core"
	"github.com/paymux/paymux/core/outbox"
)

// endpointKey names a merchant's endpoint.
type endpointKey struct{ merchant, endpoint string }

// webhookPolicy says where webhooks may go: anywhere public, and in the sandbox to this machine
// too, but never to the server itself.
func webhookPolicy(c *config.Config) outbox.Policy {
	policy := outbox.Policy{AllowPrivate: c.Server.Environment == config.Sandbox}
	if base, err := url.Parse(c.Server.BaseURL); err == nil {
		policy.OwnHosts = []string{base.Hostname()}
	}
	for _, address := range []string{c.Server.Listen, c.Server.AdminListen} {
		_, port, err := net.SplitHostPort(address)
		if number, numberErr := strconv.ParseUint(port, 10, 16); err == nil && numberErr == nil {
			policy.OwnPorts = append(policy.OwnPorts, uint16(number))
		}
	}
	// In the sandbox everything may be one machine: then its ports tell who is who.
	if policy.AllowPrivate && isLoopback(policy.OwnHosts) {
		policy.OwnHosts = nil
	}
	return policy
}

func isLoopback(hosts []string) bool {
	for _, host := range hosts {
		ip := net.ParseIP(host)
		if host != "localhost" && (ip == nil || !ip.IsLoopback()) {
			return false
		}
	}
	return true
}

// webhookSecrets opens an endpoint's secrets, the current one first, and refuses an address that
// the policy forbids and events that never happen.
func webhookSecrets(w config.Webhook, policy outbox.Policy, master *config.MasterKey) ([][]byte, error) {
	if _, err := outbox.ParseEndpoint(w.URL, policy); err != nil {
		return nil, fmt.Errorf("webhook %s: %w", w.ID, err)
	}
	for _, event := range w.Events {
		if !slices.Contains(core.EventTypes(), core.EventType(event)) {
			return nil, fmt.Errorf("webhook %s: there is no event %q; the events are %v", w.ID, event, core.EventTypes())
		}
	}
	var current, overlap [][]byte
	for _, s := range w.Secrets {
		text, err := s.Secret(master)
		if err != nil {
			return nil, fmt.Errorf("webhook %s: %w", w.ID, err)
		}
		secret, err := outbox.ParseSecret(text.Reveal())
		if err != nil {
			return nil, fmt.Errorf("webhook %s, secret %s: %w", w.ID, s.ID, err)
		}
		if s.Use == config.Current {
			current = append(current, secret)
		} else {
			overlap = append(overlap, secret)
		}
	}
	return append(current, overlap...), nil
}

// Secrets finds an endpoint's secrets for the courier.
func (l *live) Secrets(merchantID, endpointID string) ([][]byte, error) {
	secrets := l.now.Load().secrets[endpointKey{merchantID, endpointID}]
	if len(secrets) == 0 {
		return nil, fmt.Errorf("merchant %s has no endpoint %s", merchantID, endpointID)
	}
	return secrets, nil
}

// wireWebhooks makes the courier and its lanes.
func (a *App) wireWebhooks(keeping core.Store, watch *watch) {
	policy := webhookPolicy(a.config)
	courier := &outbox.Courier{
		Store: keeping, Endpoints: a.tenants, Secrets: a.tenants.Secrets, Clock: clock(a.setup.Now), IDs: a.cashier.IDs, Random: below(a.setup.Random),
		Client: outbox.NewClient(policy), Policy: policy, Schedule: scheduleOf(a.config), Failpoints: a.setup.Failpoints, Watch: watch,
	}
	a.lanes = outbox.NewLanes(courier, func(id string, err error) {
		watch.jobFailed(core.Due{Kind: core.DueDelivery, ID: id}, err)
	})
}

// wireBacklogs makes the gauges of what waits, each at once with what is known.
func (a *App) wireBacklogs(ctx context.Context, registry *prometheus.Registry) error {
	b, err := newBacklogs(registry)
	if err != nil {
		return err
	}
	b.store, b.tenants, b.lanes, b.watch = a.store, a.tenants, a.lanes, a.watch
	a.backlogs = b
	return b.look(ctx, a.setup.Now())
}

// below draws numbers under n. That some are likelier by one part in 2^30 does not matter for
// spreading tries.
func below(random io.Reader) func(n int64) int64 {
	const words = 8
	return func(n int64) int64 {
		return int64(binary.BigEndian.Uint64(Draw(random, words))>>1) % n
	}
}
