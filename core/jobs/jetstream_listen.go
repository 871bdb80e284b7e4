package jobs

import (
	"context"
	"encoding/json"
	"errors"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/paymux/paymux/core"
)

// listener hears hints of one JetStream.
type listener struct {
	queue   *JetStream
	heed    func(core.Due)
	slots   chan struct{}
	hearing sync.WaitGroup
}

// run hears hints until ctx ends. When the consumer is lost it waits a little and makes it again.
func (l *listener) run(ctx context.Context) {
	for {
		if l.queue.conn.Status() == nats.CONNECTED {
			if consumer, err := l.queue.setUp(ctx); err == nil {
				l.consume(ctx, consumer)
			}
		}
		mend := time.NewTimer(mendAfter)
		select {
		case <-ctx.Done():
			mend.Stop()
			return
		case <-mend.C:
		}
	}
}

// consume hears hints until ctx ends or the consumer is lost.
func (l *listener) consume(ctx context.Context, consumer jetstream.Consumer) {
	ctx, lost := context.WithCancel(ctx)
	defer lost()
	hearing, err := consumer.Consume(func(m jetstream.Msg) { l.hear(ctx, m) },
		jetstream.PullMaxMessages(cap(l.slots)),
		jetstream.ConsumeErrHandler(func(_ jetstream.ConsumeContext, err error) {
			if isLost(err) {
				lost()
			}
		}))
	if err != nil {
		return
	}
	<-ctx.Done()
	hearing.Stop()
	<-hearing.Closed()
}

// isLost tells whether an error means that there is nothing left to consume. A missing heartbeat
// may be a server that restarts: making the consumer again does no harm then.
func isLost(err error) bool {
	for _, end := range []error{
		jetstream.ErrConsumerDeleted, jetstream.ErrConsumerNotFound, jetstream.ErrStreamNotFound, jetstream.ErrNoHeartbeat, jetstream.ErrConnectionClosed,
	} {
		if errors.Is(err, end) {
			return true
		}
	}
	return false
}

// hear acknowledges a hint and has it heeded. It is acknowledged first, because it may be lost
// anyway: nothing is ever sent back to the queue to wait there, where it would count against what
// may be under way.
func (l *listener) hear(ctx context.Context, m jetstream.Msg) {
	select {
	case l.slots <- struct{}{}:
	case <-ctx.Done():
		return // another process hears it when its acknowledgement has not come
	}
	_ = m.Ack()
	var hint message
	if err := json.Unmarshal(m.Data(), &hint); err != nil {
		<-l.slots
		return
	}
	due := core.Due{Kind: hint.Kind, ID: hint.ID, MerchantID: hint.Merchant, Scope: hint.Scope, At: time.UnixMilli(hint.At).UTC(), Asked: hint.Asked}
	l.hearing.Go(func() {
		defer func() { <-l.slots }()
		l.heed(due)
	})
}
