package jobs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/paymux/paymux/core"
)

// The names of what JetStream keeps for us. A scheduled hint waits under scheduled.<kind>.<id> and is moved to now.<kind> by the server at its time.
const (
	streamName     = "PAYMUX_HINTS"
	consumerName   = "workers"
	subjectNow     = "paymux.hint.now."
	subjectPending = "paymux.hint.scheduled."
)

// Limits of the stream. Hints older than a quarter of an hour are worthless: the sweeper was there first.
const (
	maxHints      = 1_000_000
	maxHintBytes  = 256 << 20
	maxHintSize   = 1 << 10
	maxHintAge    = 15 * time.Minute
	sameHintFor   = 2 * time.Minute
	ackWait       = 30 * time.Second
	maxUnanswered = 4096 // published, not yet acknowledged by the server
	stallWait     = 10 * time.Millisecond
	setUpTimeout  = 10 * time.Second
	mendAfter     = 5 * time.Second
)

var (
	// ErrNoSchedules says that a NATS server is too old to send a message later. Such a server takes the message, keeps it, and never delivers it.
	ErrNoSchedules = errors.New("the NATS server cannot schedule messages: it needs version 2.12 or newer; use one, or set queue.url to none")
	// ErrQueueBusy says that a hint was dropped because the queue does not keep up or is not connected.
	ErrQueueBusy = errors.New("the queue does not keep up: the hint is dropped")
)

// JetStream is a Queue on NATS JetStream.
type JetStream struct {
	conn *nats.Conn
	js   jetstream.JetStream
	// clock tells later from now; when exactly a hint is sent is decided by the server's own.
	clock core.Clock
	end   func() // of the embedded server; nil for a shared one
}

// ConnectJetStream joins a NATS server at a URL. The URL may hold credentials and never appears in an error.
func ConnectJetStream(ctx context.Context, url string, clock core.Clock) (*JetStream, error) {
	conn, err := nats.Connect(url, nats.Name("paymux"), nats.MaxReconnects(-1), nats.Timeout(setUpTimeout))
	if err != nil {
		return nil, fmt.Errorf("the queue cannot be reached (queue.url): %w", withoutURL(err))
	}
	return newJetStream(ctx, conn, clock, nil)
}

// withoutURL drops what an error of the client may repeat of the URL.
func withoutURL(err error) error {
	if strings.Contains(err.Error(), "parse") {
		return errors.New("its address cannot be read")
	}
	return err
}

func newJetStream(ctx context.Context, conn *nats.Conn, clock core.Clock, end func()) (*JetStream, error) {
	q := &JetStream{conn: conn, clock: clock, end: end}
	js, err := jetstream.New(conn, jetstream.WithPublishAsyncMaxPending(maxUnanswered), jetstream.WithPublishAsyncTimeout(setUpTimeout))
	if err != nil {
		return nil, errors.Join(err, q.Close())
	}
	q.js = js
	if _, err := q.stream(ctx); err != nil {
		return nil, errors.Join(err, q.Close())
	}
	return q, nil
}

// stream makes or finds the stream, and refuses a server that would keep our hints for ever.
func (q *JetStream) stream(ctx context.Context) (jetstream.Stream, error) {
	ctx, cancel := context.WithTimeout(ctx, setUpTimeout)
	defer cancel()
	want := jetstream.StreamConfig{
		Name: streamName, Description: "paymux: hints at what is due; losing them is harmless", Subjects: []string{subjectNow + ">", subjectPending + ">"},
		Retention: jetstream.WorkQueuePolicy, Storage: jetstream.FileStorage, MaxMsgs: maxHints, MaxBytes: maxHintBytes, MaxMsgSize: maxHintSize,
		MaxAge: maxHintAge, Duplicates: sameHintFor, AllowMsgSchedules: true, AllowDirect: true, Replicas: 1,
	}
	known, err := q.js.Stream(ctx, streamName)
	switch {
	case err == nil:
		want.Replicas = known.CachedInfo().Config.Replicas // an operator's choice
	case !errors.Is(err, jetstream.ErrStreamNotFound):
		return nil, fmt.Errorf("the queue does not answer: %w", err)
	}
	made, err := q.js.CreateOrUpdateStream(ctx, want)
	if err != nil {
		return nil, fmt.Errorf("the queue's stream cannot be made: %w", err)
	}
	// An older server ignores what it does not know, without an error: only what it gives back tells.
	info, err := made.Info(ctx)
	if err != nil {
		return nil, fmt.Errorf("the queue's stream cannot be read back: %w", err)
	}
	if !info.Config.AllowMsgSchedules {
		if known == nil {
			_ = q.js.DeleteStream(ctx, streamName)
		}
		return nil, ErrNoSchedules
	}
	return made, nil
}

// message is a hint on the wire. Older and newer programs may share a queue: members are only ever added.
type message struct {
	Kind     core.DueKind `json:"kind"`
	ID       string       `json:"id"`
	Merchant string       `json:"merchant,omitempty"`
	Scope    string       `json:"scope,omitempty"`
	At       int64        `json:"at"` // milliseconds since 1970
}

// Publish implements Queue. It never waits: what the queue cannot take now is dropped.
func (q *JetStream) Publish(due core.Due) error {
	if strings.ContainsAny(due.ID, ".*> \t\r\n") || due.ID == "" {
		return fmt.Errorf("hint for %s: the id cannot be part of a subject", due.Kind)
	}
	// The client's own answer to a full window is to stall, and to an absent server to fill a buffer.
	if q.conn.Status() != nats.CONNECTED || q.js.PublishAsyncPending() >= maxUnanswered {
		return ErrQueueBusy
	}
	body, err := json.Marshal(message{due.Kind, due.ID, due.MerchantID, due.Scope, due.At.UnixMilli()})
	if err != nil {
		return fmt.Errorf("hint for %s %s: %w", due.Kind, due.ID, err)
	}
	options := []jetstream.PublishOpt{
		jetstream.WithStallWait(stallWait),
		jetstream.WithMsgID(fmt.Sprintf("%s:%s:%d", due.Kind, due.ID, due.At.UnixMilli())),
	}
	subject := subjectNow + string(due.Kind)
	if due.At.After(q.clock.Now()) {
		options = append(options, jetstream.WithScheduleAt(wholeSecond(due.At)), jetstream.WithScheduleTarget(subject))
		subject = subjectPending + string(due.Kind) + "." + due.ID
	}
	if _, err := q.js.PublishAsync(subject, body, options...); err != nil {
		return fmt.Errorf("hint for %s %s: %w", due.Kind, due.ID, err)
	}
	return nil
}

// wholeSecond rounds up: the schedule's header holds whole seconds, and a time cut down would be heard up to a second early.
func wholeSecond(at time.Time) time.Time {
	return at.Add(time.Second - time.Nanosecond).Truncate(time.Second)
}

// Listen implements Queue. A stream that was lost is made again after a while; until then the sweeper works alone.
func (q *JetStream) Listen(workers int, heed func(core.Due)) (func(), error) {
	ctx, cancel := context.WithCancel(context.Background())
	l := &listener{queue: q, heed: heed, slots: make(chan struct{}, max(workers, 1))}
	consumer, err := l.consumer(ctx)
	if err != nil {
		cancel()
		return nil, err
	}
	var running sync.WaitGroup
	running.Go(func() { l.run(ctx, consumer) })
	return func() {
		cancel()
		running.Wait()
		l.hearing.Wait()
	}, nil
}

// Backlog is how many hints the queue holds, heard ones not among them; for metrics. 0 when the queue does not answer.
func (q *JetStream) Backlog() uint64 {
	ctx, cancel := context.WithTimeout(context.Background(), setUpTimeout)
	defer cancel()
	stream, err := q.js.Stream(ctx, streamName)
	if err != nil {
		return 0
	}
	return stream.CachedInfo().State.Msgs
}

// Close implements Queue.
func (q *JetStream) Close() error {
	q.conn.Close()
	if q.end != nil {
		q.end()
	}
	return nil
}
