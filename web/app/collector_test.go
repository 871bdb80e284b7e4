package app

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	spanpb "go.opentelemetry.io/proto/otlp/trace/v1"

	"github.com/paymux/paymux/config"
)

func oneSpan() []*spanpb.ResourceSpans {
	return []*spanpb.ResourceSpans{{ScopeSpans: []*spanpb.ScopeSpans{{Spans: []*spanpb.Span{{Name: "GET /"}}}}}}
}

// What is lost is said when it begins and when it is over, not for each batch; a redirect is not
// followed.
func TestCollectorTellsOfChangesOnly(t *testing.T) {
	answers := []int{200, 503, 307, 400, 202, 200, 500}
	asked := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/v1/traces" {
			t.Errorf("spans went on to %s", r.URL)
		}
		w.Header().Set("Location", "/elsewhere")
		w.WriteHeader(answers[asked])
		asked++
	}))
	t.Cleanup(server.Close)
	var log bytes.Buffer
	c := newCollector(server.URL+"/v1/traces", slog.New(slog.NewTextHandler(&log, nil)))
	for range answers {
		if err := c.UploadTraces(t.Context(), oneSpan()); err != nil {
			t.Errorf("the SDK would print %v", err)
		}
	}
	var said []string
	for line := range strings.Lines(log.String()) {
		_, rest, _ := strings.Cut(line, "level=")
		level, _, _ := strings.Cut(rest, " ")
		said = append(said, level)
	}
	if got := strings.Join(said, " "); asked != len(answers) || got != "WARN INFO WARN" {
		t.Errorf("asked %d times, said %s\n%s", asked, got, &log)
	}
}

// A process that ends late, with no time left for spans, leaves nothing running: what is under way
// to the collector is cut off.
func TestTracingEndsWithItsProcess(t *testing.T) {
	asked, left := make(chan struct{}), make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		// a server sees its client go once the body is read
		if _, err := io.Copy(io.Discard, r.Body); err != nil {
			t.Error(err)
		}
		close(asked)
		<-r.Context().Done()
		close(left)
	}))
	t.Cleanup(server.Close)
	tracing, err := newTracing(t.Context(), config.Tracing{OTLPEndpoint: server.URL, SamplePercent: 100}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	for range spanBatch { // a full batch is sent at once
		_, span := tracing.jobs.Start(t.Context(), "job")
		span.End()
	}
	<-asked
	over, cancel := context.WithCancel(t.Context())
	cancel()
	tracing.close(over)
	<-left
	tracing.close(over)
}
