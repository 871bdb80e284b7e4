package app

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace"
	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/paymux/paymux/config"
	"github.com/paymux/paymux/core"
	"github.com/paymux/paymux/core/jobs"
)

// The bounds of what tracing may cost. Spans that do not fit the queue are lost: nobody waits for a
// collector.
const (
	spanQueue     = 2048
	spanBatch     = 512
	spanPause     = 5 * time.Second // the longest that a span waits for its batch to fill
	spanTimeout   = 10 * time.Second
	spanFlush     = 3 * time.Second // for the last spans of a process, within its drain
	spanText      = 128             // characters of an attribute
	spanAttribute = 16
)

// tracing makes the spans of this process and sends them to a collector. The zero value is off.
type tracing struct {
	spans   *sdk.TracerProvider
	batches sdk.SpanProcessor
	jobs    trace.Tracer
	sender  *collector
}

// newTracing starts the sender; it asks nobody yet.
func newTracing(ctx context.Context, c config.Tracing, logger *slog.Logger) (*tracing, error) {
	if c.OTLPEndpoint == "" {
		return &tracing{}, nil
	}
	sender := newCollector(c.OTLPEndpoint, logger)
	exporter, err := otlptrace.New(ctx, sender)
	if err != nil {
		return nil, fmt.Errorf("tracing: %w", err)
	}
	batches := sdk.NewBatchSpanProcessor(exporter, sdk.WithMaxQueueSize(spanQueue), sdk.WithMaxExportBatchSize(spanBatch),
		sdk.WithBatchTimeout(spanPause), sdk.WithExportTimeout(spanTimeout))
	spans := sdk.NewTracerProvider(
		sdk.WithSpanProcessor(batches),
		sdk.WithResource(resource.NewSchemaless(attribute.String("service.name", "paymux"), attribute.String("service.version", Version()))),
		sdk.WithSampler(sdk.ParentBased(sdk.TraceIDRatioBased(float64(c.SamplePercent)/100))),
		// No events: the text of a panic may hold anything.
		sdk.WithRawSpanLimits(sdk.SpanLimits{AttributeValueLengthLimit: spanText, AttributeCountLimit: spanAttribute}),
		sdk.WithoutPanicRecording(),
	)
	return &tracing{spans: spans, batches: batches, jobs: spans.Tracer("github.com/paymux/paymux/core/jobs"), sender: sender}, nil
}

// provider is what other packages make spans with, or nil.
func (t *tracing) provider() trace.TracerProvider {
	if t.spans == nil { // a nil pointer in an interface would not be nil
		return nil
	}
	return t.spans
}

// job makes a span of what a job does, so that what it asks gateways stands together.
func (t *tracing) job(kind core.DueKind, work jobs.Handler) jobs.Handler {
	if t.spans == nil {
		return work
	}
	return func(ctx context.Context, due core.Due) error {
		ctx, span := t.jobs.Start(ctx, "job "+string(kind))
		defer span.End()
		err := work(ctx, due)
		if err != nil {
			span.SetStatus(codes.Error, "") // the error names rows; it is logged
		}
		return err
	}
}

// close sends the spans at hand, for a moment at most and never beyond ctx. What is left then is
// lost. Closing again does nothing.
func (t *tracing) close(ctx context.Context) {
	if t.spans == nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, spanFlush)
	defer cancel()
	// Not the provider's Shutdown: with a ctx that is over, it would leave the batches' goroutine
	// running.
	if err := t.batches.Shutdown(ctx); err != nil {
		t.sender.logger.Warn("the last spans were not delivered", "error", err)
	}
	t.sender.cut()
}
