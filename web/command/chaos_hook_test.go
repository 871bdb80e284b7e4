//go:build chaos

package command_test

import (
	"bytes"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

// chaosHookSecret signs the chaos shop's webhooks.
const chaosHookSecret = "Y2hhb3MtdGVzdC13ZWJob29rLXNlY3JldC1vZi0zOC1ieXRlcyE="

// chaosHook is the shop's webhook endpoint: it verifies, remembers, and now and then fails. It
// never fails twice in a row: from five failures on it would be left alone for minutes, which is
// right, and has tests of its own.
type chaosHook struct {
	url string

	mu       sync.Mutex
	bodies   map[string][]byte // by webhook-id
	received int
	failed   bool
}

func newChaosHook(t *testing.T) *chaosHook {
	t.Helper()
	h := &chaosHook{bodies: map[string][]byte{}}
	verifier, err := standardwebhooks.NewWebhook(chaosHookSecret)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
		if err != nil {
			return // the sender was killed
		}
		if err := verifier.Verify(body, r.Header); err != nil {
			t.Errorf("a webhook that is not signed: %v", err)
		}
		h.mu.Lock()
		defer h.mu.Unlock()
		if h.failed = !h.failed && rand.IntN(10) == 0; h.failed {
			rw.WriteHeader(http.StatusInternalServerError)
			return
		}
		id := r.Header.Get("webhook-id")
		if earlier, seen := h.bodies[id]; seen && !bytes.Equal(earlier, body) { // H16
			t.Errorf("event %s has two bodies:\n%s\n%s", id, earlier, body)
		}
		h.bodies[id] = body
		h.received++
	}))
	t.Cleanup(server.Close)
	h.url = server.URL + "/hook"
	return h
}

func (h *chaosHook) counts() (distinct, received int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.bodies), h.received
}
