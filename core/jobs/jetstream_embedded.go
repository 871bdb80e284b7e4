package jobs

import (
	"context"
	"errors"
	"fmt"
	"os"

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
// and which may be deleted whenever the program does not run. It keeps its default sync: what a power failure takes, the sweeper brings back.
func EmbedJetStream(ctx context.Context, folder string, clock core.Clock) (*JetStream, error) {
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
	return newJetStream(ctx, conn, clock, end)
}
