package outbox_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/paymux/paymux/core"
	"github.com/paymux/paymux/core/coretest"
	"github.com/paymux/paymux/core/outbox"
	"github.com/paymux/paymux/core/storetest"
)

// watch remembers.
type watch struct {
	mu     sync.Mutex
	alerts []string // what alone
	lines  []string // each alert whole
	counts map[string]int
}

func (w *watch) Happened(what, label string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.counts[what+"/"+label]++
	w.counts[what]++
}

func (w *watch) counted(what string) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.counts[what]
}

func (w *watch) tally() map[string]int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return maps.Clone(w.counts)
}

func (w *watch) Alert(level int, what, object, detail string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.alerts = append(w.alerts, what)
	w.lines = append(w.lines, fmt.Sprintf("%d %s %s: %s", level, what, object, detail))
}

func (w *watch) said(what string) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := 0
	for _, a := range w.alerts {
		if a == what {
			n++
		}
	}
	return n
}

// shops are merchants by id.
type shops map[string]core.Merchant

func (s shops) Merchant(id string) (core.Merchant, bool) { m, ok := s[id]; return m, ok }
func (s shops) AccountByID(string) (core.Account, bool)  { return core.Account{}, false }
func (s shops) endpoint(merchant string, e ...core.Endpoint) {
	s[merchant] = core.Merchant{ID: merchant, Endpoints: e}
}
func secretOf(merchant, endpoint string, version int) []byte {
	return []byte(fmt.Sprintf("secret-%s-%s-%d-0123456789abcdef", merchant, endpoint, version))
}
func verifierOf(merchant, endpoint string, v int) *verifier {
	return newVerifier(secretOf(merchant, endpoint, v))
}
func newVerifier(secret []byte) *verifier {
	w, _ := standardwebhooks.NewWebhookRaw(secret)
	return &verifier{w}
}

type verifier struct{ *standardwebhooks.Webhook }

// receiver is a merchant's server: it verifies as the documentation tells merchants to, and keeps a
// book of what it took, by webhook-id. It answers by its script, one entry for each try, and with
// 200 when the script is at its end.
type receiver struct {
	t      testing.TB
	clock  core.Clock
	verify *verifier

	mu     sync.Mutex
	script []func(*http.Request) (*http.Response, error)
	book   map[string][]byte
	tries  []try
}

type try struct {
	id, signature string
	at            time.Time
	header        http.Header
	body          []byte
}

func newReceiver(t testing.TB, c core.Clock, v *verifier) *receiver {
	return &receiver{t: t, clock: c, verify: v, book: map[string][]byte{}}
}

// RoundTrip is the network and the merchant.
func (r *receiver) RoundTrip(req *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return nil, err
	}
	if err := r.verify.VerifyIgnoringTimestamp(body, req.Header); err != nil {
		r.t.Errorf("the merchant refuses the signature: %v", err)
	}
	stamp, err := strconv.ParseInt(req.Header.Get("webhook-timestamp"), 10, 64)
	if age := r.clock.Now().Unix() - stamp; err != nil || age < -300 || age > 300 { // H09
		r.t.Errorf("timestamp %q at %v", req.Header.Get("webhook-timestamp"), r.clock.Now())
	}
	r.mu.Lock()
	id := req.Header.Get("webhook-id")
	r.tries = append(r.tries, try{id, req.Header.Get("webhook-signature"), r.clock.Now(), req.Header.Clone(), body})
	answer := status(200)
	if len(r.script) > 0 {
		answer, r.script = r.script[0], r.script[1:]
	}
	r.mu.Unlock()
	res, err := answer(req)
	if err == nil && res.StatusCode/100 == 2 || errors.Is(err, errAfter) {
		r.mu.Lock()
		r.book[id] = body
		r.mu.Unlock()
	}
	return res, err
}

// errAfter is a connection that breaks when the merchant has taken the event and before its answer
// arrives.
var errAfter = errors.New("broken after the event was taken")

func (r *receiver) plan(answers ...func(*http.Request) (*http.Response, error)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.script = append(r.script, answers...)
}

func (r *receiver) count() int { r.mu.Lock(); defer r.mu.Unlock(); return len(r.tries) }

func status(code int, header ...string) func(*http.Request) (*http.Response, error) {
	return func(req *http.Request) (*http.Response, error) {
		h := http.Header{}
		for i := 0; i+1 < len(header); i += 2 {
			h.Set(header[i], header[i+1])
		}
		return &http.Response{StatusCode: code, Header: h, Body: io.NopCloser(strings.NewReader("<b>canary</b>")), Request: req}, nil
	}
}

func fails(err error) func(*http.Request) (*http.Response, error) {
	return func(*http.Request) (*http.Response, error) { return nil, err }
}

func always(n int, answer func(*http.Request) (*http.Response, error)) []func(*http.Request) (*http.Response, error) {
	return slicesOf(n, answer)
}

func slicesOf[T any](n int, v T) []T {
	list := make([]T, n)
	for i := range list {
		list[i] = v
	}
	return list
}

// world is a courier with everything around it under the test's hand.
type world struct {
	t testing.TB
	*outbox.Courier
	clock    *coretest.Clock
	memory   *storetest.Memory
	watch    *watch
	shops    shops
	receiver *receiver
	secrets  map[string][][]byte
	// spread is what every draw returns, as a fraction of its range in hundredths.
	spread int64
}

func newWorld(t testing.TB) *world {
	c := coretest.NewClock(time.Date(2026, 11, 22, 4, 0, 0, 0, time.UTC))
	w := &world{
		t: t, clock: c, memory: storetest.NewMemory(), watch: &watch{counts: map[string]int{}}, shops: shops{}, spread: 50,
		secrets: map[string][][]byte{"m1/hook": {secretOf("m1", "hook", 1)}},
	}
	w.receiver = newReceiver(t, c, verifierOf("m1", "hook", 1))
	w.shops.endpoint("m1", core.Endpoint{ID: "hook", URL: "https://shop.example/paymux"})
	w.Courier = &outbox.Courier{
		Store: w.memory, Endpoints: w.shops, Clock: c, IDs: &coretest.IDs{}, Random: func(n int64) int64 { return (n - 1) * w.spread / 100 },
		Secrets:  func(m, e string) ([][]byte, error) { return w.secrets[m+"/"+e], nil },
		Client:   &http.Client{Transport: w.receiver, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }},
		Schedule: outbox.DefaultSchedule(), Watch: w.watch,
	}
	return w
}

// event writes an event and its delivery to an endpoint, as core does in one commit, and returns
// the delivery's id.
func (w *world) event(n int, merchant, endpoint string) string {
	w.t.Helper()
	id, now := fmt.Sprintf("dlv%06d%s%s", n, merchant, endpoint), w.Clock.Now()
	e := &core.Event{
		ID: fmt.Sprintf("evt_%06d%s%s", n, merchant, endpoint), Row: fmt.Sprintf("row-%06d", n), MerchantID: merchant, PaymentID: "pay_1",
		Type: core.EventPaymentPaid, Sequence: int64(n), Body: fmt.Appendf(nil, `{"sequence":%d, "name":"茶\u003c"}`, n), CreatedAt: now,
	}
	d := &core.Delivery{ID: id, EventID: e.ID, MerchantID: merchant, EndpointID: endpoint, State: core.DeliveryPending, NextAt: now, CreatedAt: now}
	_, err := w.Store.Do(context.Background(), core.Unit{Decide: func(core.View) (core.Writes, error) {
		return core.Writes{Inserts: []core.Row{e, d}}, nil
	}})
	if err != nil {
		w.t.Fatal(err)
	}
	return id
}

func (w *world) delivery(id string) *core.Delivery {
	w.t.Helper()
	key := core.Key{Kind: core.DeliveryByID, Value: id}
	v, err := w.Store.See(context.Background(), key)
	if err != nil {
		w.t.Fatal(err)
	}
	return v.Delivery(key)
}

func (w *world) due() []core.Due {
	w.t.Helper()
	list, err := w.Store.Due(context.Background(), core.DueQuery{Kind: core.DueDelivery, Until: w.Clock.Now(), Limit: 1000})
	if err != nil {
		w.t.Fatal(err)
	}
	return list
}

// run delivers whatever is due and turns the clock to what is due next, until nothing is.
func (w *world) run() {
	w.t.Helper()
	for range 1000 {
		list, err := w.Store.Due(context.Background(), core.DueQuery{Kind: core.DueDelivery, Until: w.clock.Now().Add(1000 * time.Hour), Limit: 1})
		if err != nil {
			w.t.Fatal(err)
		}
		if len(list) == 0 {
			return
		}
		if list[0].At.After(w.clock.Now()) {
			w.clock.Set(list[0].At)
		}
		_ = w.Deliver(context.Background(), list[0].ID)
	}
	w.t.Fatal("something stays due for ever")
}

// checkBook compares the merchant's book with ours: everything that is done is there, byte by byte
// (INV-E3).
func (w *world) checkBook() {
	w.t.Helper()
	w.receiver.mu.Lock()
	defer w.receiver.mu.Unlock()
	list, err := w.Store.Deliveries(context.Background(), core.DeliveryQuery{MerchantID: "m1", Limit: 1000})
	if err != nil {
		w.t.Fatal(err)
	}
	for _, d := range list {
		e, err := w.Store.Event(context.Background(), "m1", d.EventID)
		if err != nil {
			w.t.Fatal(err)
		}
		got, taken := w.receiver.book[d.EventID]
		if d.State == core.DeliveryDone && !bytes.Equal(got, e.Body) {
			w.t.Errorf("%s is done; the merchant has %q, we wrote %q", d.ID, got, e.Body)
		}
		if taken && !bytes.Equal(got, e.Body) {
			w.t.Errorf("%s: the merchant has other bytes", d.ID)
		}
		if d.State == core.DeliveryPending && d.NextAt.IsZero() {
			w.t.Errorf("%s is forgotten", d.ID)
		}
	}
	for _, x := range w.receiver.tries { // H16
		if first := w.first(x.id); !bytes.Equal(first.body, x.body) {
			w.t.Errorf("two tries of %s differ", x.id)
		}
	}
}

func (w *world) first(id string) try {
	for _, x := range w.receiver.tries {
		if x.id == id {
			return x
		}
	}
	return try{}
}
