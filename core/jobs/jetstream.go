package jobs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/paymux/paymux/core"
)

// names are of what JetStream keeps for one installation. A scheduled hint waits under
// paymux.hints.<prefix>.scheduled.<kind>.<id> and is moved to paymux.hints.<prefix>.now.<kind> by
// the server at its time.
type names struct{ stream, consumer, now, pending string }

// isPrefix admits what can stand in a subject and in a folder's name, on every file system.
func isPrefix(s string) bool {
	for i := range len(s) {
		c := s[i]
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && (i == 0 || c != '_' && c != '-') {
			return false
		}
	}
	return len(s) >= 1 && len(s) <= 32
}

// namesOf keeps two installations on one server apart: whoever hears a hint of another one's would
// drop it, since the row is not in its database.
func namesOf(prefix string) (names, error) {
	if !isPrefix(prefix) {
		return names{}, errors.New("the queue's prefix (queue.prefix) is not 1 to 32 lower-case letters, digits, - and _")
	}
	return names{stream: "PAYMUX_" + prefix, consumer: "workers", now: "paymux.hints." + prefix + ".now.", pending: "paymux.hints." + prefix + ".scheduled."}, nil
}

// Limits of the stream. Hints older than a quarter of an hour are worthless: the sweeper was there
// first.
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
	// ErrNoSchedules says that a NATS server is too old to send a message later. Such a server
	// takes the message, keeps it, and never delivers it.
	ErrNoSchedules = errors.New("the NATS server cannot schedule messages: it needs version 2.12 or newer; use one, or leave queue.url empty")
	// ErrQueueBusy says that a hint was dropped because the queue does not keep up or is not
	// connected.
	ErrQueueBusy = errors.New("the queue does not keep up: the hint is dropped")
	// ErrQueueAway says that the queue was not reached since the program started.
	ErrQueueAway = errors.New("the queue cannot be reached (queue.url): hints are dropped, and the sweeper works alone, until it can")
)

// JetStream is a Queue on NATS JetStream.
type JetStream struct {
	conn  *nats.Conn
	js    jetstream.JetStream
	names names
	// clock tells later from now; when exactly a hint is sent is decided by the server's own.
	clock core.Clock
	// amiss is why nothing may be published: the stream was not made yet, or the server would keep
	// hints for ever. nil is well.
	amiss atomic.Pointer[error]
}

// ConnectJetStream joins a NATS server at a URL. A server that is away is waited for, since nothing
// depends on it; what only a person can mend is an error. The URL may hold credentials and never
// appears in one. Processes hear each other's hints if their prefix is the same: it names one
// database.
func ConnectJetStream(ctx context.Context, url, prefix string, clock core.Clock) (*JetStream, error) {
	names, err := namesOf(prefix)
	if err != nil {
		return nil, err
	}
	options := []nats.Option{nats.Name("paymux"), nats.MaxReconnects(-1), nats.Timeout(setUpTimeout)}
	conn, err := nats.Connect(url, options...)
	if err != nil && isAway(err) {
		conn, err = nats.Connect(url, append(options, nats.RetryOnFailedConnect(true))...)
	}
	if err != nil {
		return nil, fmt.Errorf("the queue cannot be reached (queue.url): %w", withoutURL(err))
	}
	q, err := newJetStream(conn, names, clock)
	if err != nil {
		return nil, err
	}
	if conn.Status() != nats.CONNECTED {
		return q, nil
	}
	if _, err := q.setUp(ctx); needsPerson(err) {
		return nil, errors.Join(err, q.Close())
	}
	return q, nil
}

// isAway tells whether a server may be there later: the network is at fault, and not the address as
// it is written.
func isAway(err error) bool {
	var network net.Error
	var address *net.AddrError
	return errors.Is(err, nats.ErrNoServers) || errors.As(err, &network) && !errors.As(err, &address)
}

// needsPerson tells whether waiting does not help.
func needsPerson(err error) bool {
	return errors.Is(err, ErrNoSchedules) || errors.Is(err, jetstream.ErrJetStreamNotEnabled) || errors.Is(err, jetstream.ErrJetStreamNotEnabledForAccount)
}

// withoutURL drops what an error of the client may repeat of the URL.
func withoutURL(err error) error {
	if strings.Contains(err.Error(), "parse") {
		return errors.New("its address cannot be read")
	}
	return err
}

func newJetStream(conn *nats.Conn, names names, clock core.Clock) (*JetStream, error) {
	q := &JetStream{conn: conn, names: names, clock: clock}
	js, err := jetstream.New(conn, jetstream.WithPublishAsyncMaxPending(maxUnanswered), jetstream.WithPublishAsyncTimeout(setUpTimeout))
	if err != nil {
		return nil, errors.Join(err, q.Close())
	}
	q.js = js
	q.amiss.Store(&ErrQueueAway)
	return q, nil
}

// setUp makes or finds the stream and the consumer that all processes share: each hint is heard by
// one of them.
func (q *JetStream) setUp(ctx context.Context) (jetstream.Consumer, error) {
	ctx, cancel := context.WithTimeout(ctx, setUpTimeout)
	defer cancel()
	stream, err := q.stream(ctx)
	if err != nil {
		q.amiss.Store(&err)
		return nil, err
	}
	q.amiss.Store(nil)
	consumer, err := stream.CreateOrUpdateConsumer(ctx, jetstream.ConsumerConfig{
		Durable: q.names.consumer, FilterSubject: q.names.now + ">", AckPolicy: jetstream.AckExplicitPolicy, AckWait: ackWait, MaxAckPending: maxUnanswered,
	})
	if err != nil {
		return nil, fmt.Errorf("the queue's consumer cannot be made: %w", err)
	}
	return consumer, nil
}

// stream makes or finds the stream, and refuses a server that would keep our hints for ever.
func (q *JetStream) stream(ctx context.Context) (jetstream.Stream, error) {
	want := jetstream.StreamConfig{
		Name: q.names.stream, Description: "paymux: hints at what is due; losing them is harmless", Subjects: []string{q.names.now + ">", q.names.pending + ">"},
		Retention: jetstream.WorkQueuePolicy, Storage: jetstream.FileStorage, MaxMsgs: maxHints, MaxBytes: maxHintBytes, MaxMsgSize: maxHintSize,
		MaxAge: maxHintAge, Duplicates: sameHintFor, AllowMsgSchedules: true, AllowDirect: true, Replicas: 1,
	}
	known, err := q.js.Stream(ctx, q.names.stream)
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
	// An older server ignores what it does not know, without an error: only what it gives back
	// tells.
	info, err := made.Info(ctx)
	if err != nil {
		return nil, fmt.Errorf("the queue's stream cannot be read back: %w", err)
	}
	if !info.Config.AllowMsgSchedules {
		if known == nil {
			_ = q.js.DeleteStream(ctx, q.names.stream)
		}
		return nil, ErrNoSchedules
	}
	return made, nil
}

// Amiss is why hints are dropped at present although the server may be connected; nil when none
// are.
func (q *JetStream) Amiss() error {
	if err := q.amiss.Load(); err != nil {
		return *err
	}
	return nil
}

// message is a hint on the wire. Older and newer programs may share a queue: members are only ever
// added.
type message struct {
	Kind     core.DueKind `json:"kind"`
	ID       string       `json:"id"`
	Merchant string       `json:"merchant,omitempty"`
	Scope    string       `json:"scope,omitempty"`
	At       int64        `json:"at"` // milliseconds since 1970
	Asked    bool         `json:"asked,omitempty"`
}

// Publish implements Queue. It never waits: what the queue cannot take now is dropped.
func (q *JetStream) Publish(due core.Due) error {
	if strings.ContainsAny(due.ID, ".*> \t\r\n") || due.ID == "" {
		return fmt.Errorf("hint for %s: the id cannot be part of a subject", due.Kind)
	}
	if err := q.Amiss(); err != nil {
		return err
	}
	// The client's own answer to a full window is to stall, and to an absent server to fill a
	// buffer.
	if q.conn.Status() != nats.CONNECTED || q.js.PublishAsyncPending() >= maxUnanswered {
		return ErrQueueBusy
	}
	body, err := json.Marshal(message{due.Kind, due.ID, due.MerchantID, due.Scope, due.At.UnixMilli(), due.Asked})
	if err != nil {
		return fmt.Errorf("hint for %s %s: %w", due.Kind, due.ID, err)
	}
	options := []jetstream.PublishOpt{
		jetstream.WithStallWait(stallWait),
		jetstream.WithMsgID(fmt.Sprintf("%s:%s:%d", due.Kind, due.ID, due.At.UnixMilli())),
	}
	subject := q.names.now + string(due.Kind)
	if due.At.After(q.clock.Now()) {
		options = append(options, jetstream.WithScheduleAt(wholeSecond(due.At)), jetstream.WithScheduleTarget(subject))
		subject = q.names.pending + string(due.Kind) + "." + due.ID
	}
	if _, err := q.js.PublishAsync(subject, body, options...); err != nil {
		return fmt.Errorf("hint for %s %s: %w", due.Kind, due.ID, err)
	}
	return nil
}

// wholeSecond rounds up: the schedule's header holds whole seconds, and a time cut down would be
// heard up to a second early.
func wholeSecond(at time.Time) time.Time {
	return at.Add(time.Second - time.Nanosecond).Truncate(time.Second)
}

// Listen implements Queue. A stream that was lost, or not reached yet, is made after a while; until
// then the sweeper works alone.
func (q *JetStream) Listen(workers int, heed func(core.Due)) func() {
	ctx, cancel := context.WithCancel(context.Background())
	l := &listener{queue: q, heed: heed, slots: make(chan struct{}, max(workers, 1))}
	var running sync.WaitGroup
	running.Go(func() { l.run(ctx) })
	return func() {
		cancel()
		running.Wait()
		l.hearing.Wait()
	}
}

// Backlog is how many hints the queue holds, heard ones not among them; for metrics. 0 when the
// queue does not answer.
func (q *JetStream) Backlog() uint64 {
	ctx, cancel := context.WithTimeout(context.Background(), setUpTimeout)
	defer cancel()
	stream, err := q.js.Stream(ctx, q.names.stream)
	if err != nil {
		return 0
	}
	return stream.CachedInfo().State.Msgs
}

// Close implements Queue.
func (q *JetStream) Close() error {
	q.conn.Close()
	return nil
}
