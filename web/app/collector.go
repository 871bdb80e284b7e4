package app

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"

	spanpb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"
)

// maxCollectorAnswer is how much of an answer is read, so that the connection can be used again.
const maxCollectorAnswer = 64 << 10

// collector posts spans by OTLP over HTTP. It implements otlptrace.Client. The exporter that
// OpenTelemetry has for this brings all of gRPC along, takes settings from variables that no
// configuration shows, and tries again for a minute; a batch of spans is worth one try.
type collector struct {
	url     string
	http    *http.Client
	logger  *slog.Logger
	failing atomic.Bool
	open    context.Context //nolint:containedctx // ends what is under way when the process does
	cut     context.CancelFunc
}

func newCollector(url string, logger *slog.Logger) *collector {
	open, cut := context.WithCancel(context.Background())
	return &collector{
		url: url, logger: logger, open: open, cut: cut,
		http: &http.Client{
			Transport:     &http.Transport{MaxConnsPerHost: 2, IdleConnTimeout: time.Minute, TLSHandshakeTimeout: spanTimeout, ForceAttemptHTTP2: true},
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
}

// Start implements otlptrace.Client. The first batch finds out whether the collector is there.
func (*collector) Start(context.Context) error { return nil }

// Stop implements otlptrace.Client.
func (c *collector) Stop(context.Context) error {
	c.http.CloseIdleConnections()
	return nil
}

// UploadTraces implements otlptrace.Client. A batch that is not taken is lost, which is said once
// when it begins and once when it is over; the SDK would print each on standard error, through a
// handler that the whole process shares.
func (c *collector) UploadTraces(ctx context.Context, spans []*spanpb.ResourceSpans) error {
	// else it was cut off, which is told by whoever did
	if err := c.post(ctx, spans); c.open.Err() == nil {
		c.tell(err)
	}
	return nil
}

func (c *collector) tell(err error) {
	switch was := c.failing.Swap(err != nil); {
	case err != nil && !was:
		c.logger.Warn("the collector takes no spans; they are lost until it does", "error", err)
	case err == nil && was:
		c.logger.Info("the collector takes spans again")
	}
}

func (c *collector) post(ctx context.Context, spans []*spanpb.ResourceSpans) error {
	// The message has the bytes of an ExportTraceServiceRequest, whose package brings gRPC along.
	body, err := proto.Marshal(&spanpb.TracesData{ResourceSpans: spans})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, spanTimeout)
	defer cancel()
	defer context.AfterFunc(c.open, cancel)()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/x-protobuf")
	request.Header.Set("User-Agent", "paymux")
	answer, err := c.http.Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = answer.Body.Close() }()
	if _, err := io.Copy(io.Discard, io.LimitReader(answer.Body, maxCollectorAnswer)); err != nil {
		return fmt.Errorf("read the answer: %w", err)
	}
	if answer.StatusCode/100 != 2 {
		return fmt.Errorf("the collector answered %s", answer.Status)
	}
	return nil
}
