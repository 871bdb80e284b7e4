package jobs

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"

	"github.com/paymux/paymux/core"
)

// The embedded server's bounds.
const (
	embeddedMemory = 64 << 20
	embeddedStore  = 1 << 30
)

// EmbedJetStream runs a NATS server inside the process: no port, no account, nothing to install. Its files are in folder, which it makes with mode 0700
// and which may be deleted whenever the program does not run. It keeps its default sync: what a power failure takes, the sweeper brings back. Files that
// such a failure has left damaged are deleted, since nothing in them is missed.
func EmbedJetStream(ctx context.Context, folder string, clock core.Clock) (*JetStream, error) {
	q, err := embed(ctx, folder, clock)
	if err == nil {
		return q, nil
	}
	if stuck := os.RemoveAll(filepath.Join(folder, server.JetStreamStoreDir)); stuck != nil {
		return nil, errors.Join(err, stuck)
	}
	return embed(ctx, folder, clock)
}

func embed(ctx context.Context, folder string, clock core.Clock) (*JetStream, error) {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, fmt.Errorf("the queue's folder: %w", err)
	}
	s, err := server.NewServer(&server.Options{
		ServerName: "paymux", DontListen: true, JetStream: true, StoreDir: folder, JetStreamMaxMemory: embeddedMemory, JetStreamMaxStore: embeddedStore,
		NoSigs: true, NoLog: true,
	})
	if err != nil {
		return nil, fmt.Errorf("the embedded queue cannot be made: %w", err)
	}
	end := func() {
		s.Shutdown()
		s.WaitForShutdown()
	}
	s.Start()
	if !s.ReadyForConnections(setUpTimeout) {
		end()
		return nil, errors.New("the embedded queue did not start")
	}
	conn, err := nats.Connect("", nats.InProcessServer(s), nats.MaxReconnects(-1))
	if err != nil {
		end()
		return nil, fmt.Errorf("the embedded queue cannot be reached: %w", err)
	}
	q, err := newJetStream(conn, clock, end)
	if err != nil {
		return nil, err
	}
	if _, err := q.setUp(ctx); err != nil {
		return nil, errors.Join(err, q.Close())
	}
	return q, nil
}
