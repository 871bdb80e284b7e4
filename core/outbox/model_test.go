package outbox_test

import (
	"errors"
	"net/http"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/paymux/paymux/core"
	"github.com/paymux/paymux/core/storetest"
)

// model says what a delivery must be, from what the endpoint answered and what people asked for.
type model struct {
	state core.DeliveryState
	tries int
	next  time.Time // when it is due, for pending ones
	taken bool      // the merchant has it
}

// TestDeliveryStates drives many deliveries through every kind of answer, replay, lost commit and
// crash, and holds each against its model.
func TestDeliveryStates(t *testing.T) {
	answers := map[string]func(*http.Request) (*http.Response, error){
		"200": status(200), "204": status(204), "301": status(301), "400": status(400), "410": status(410), "500": status(500),
		"429": status(429, "Retry-After", "7200"), "reset": fails(errors.New("reset")), "late": fails(errAfter),
	}
	var names []string
	for name := range answers {
		names = append(names, name)
	}
	slices.Sort(names)
	rapid.Check(t, func(r *rapid.T) {
		w := newWorld(t)
		w.Schedule = w.Schedule[:4]
		w.spread = rapid.Int64Range(0, 100).Draw(r, "spread")
		broken := storetest.FaultNone
		w.memory.Faults = func(int) storetest.Fault {
			f := broken
			broken = storetest.FaultNone
			return f
		}
		var ids []string
		models := map[string]*model{}
		pick := func() string { return rapid.SampledFrom(ids).Draw(r, "delivery") }
		r.Repeat(map[string]func(*rapid.T){
			"event": func(*rapid.T) {
				id := w.event(len(ids), "m1", "hook")
				ids = append(ids, id)
				models[id] = &model{state: core.DeliveryPending, next: w.clock.Now()}
			},
			"wait": func(r *rapid.T) {
				w.clock.Advance(time.Duration(rapid.Int64Range(1, 7200).Draw(r, "seconds")) * time.Second)
			},
			"try": func(r *rapid.T) {
				if len(ids) == 0 {
					r.Skip()
				}
				id, answer := pick(), rapid.SampledFrom(names).Draw(r, "answer")
				m, before := models[id], w.receiver.count()
				w.receiver.script = nil
				w.receiver.plan(answers[answer])
				due := m.state == core.DeliveryPending && !m.next.After(w.clock.Now())
				if err := w.Deliver(background, id); err != nil {
					r.Fatal(err)
				}
				if asked := w.receiver.count() > before; asked != due {
					r.Fatalf("asked %v, due %v", asked, due)
				}
				if due {
					m.answered(answer, len(w.Schedule))
				}
			},
			// whatever is lost on our side, the delivery comes due again and never ends unasked
			"broken try": func(r *rapid.T) {
				if len(ids) == 0 {
					r.Skip()
				}
				id := pick()
				m, before := models[id], w.delivery(id)
				w.receiver.script = nil
				w.receiver.plan(answers["500"])
				broken = rapid.SampledFrom([]storetest.Fault{storetest.FaultBefore, storetest.FaultSilent, storetest.FaultLost}).Draw(r, "fault")
				_ = w.Deliver(background, id)
				after := w.delivery(id)
				if after.State != before.State && m.tries+1 < len(w.Schedule) {
					r.Fatalf("%s became %s", before.State, after.State)
				}
				m.learn(after)
				broken = storetest.FaultNone // it must not wait for the next step
			},
			"replay": func(r *rapid.T) {
				if len(ids) == 0 {
					r.Skip()
				}
				id := pick()
				w.replay(id)
				models[id].state, models[id].next = core.DeliveryPending, w.clock.Now()
			},
			"": func(r *rapid.T) {
				for id, m := range models {
					d := w.delivery(id)
					if d.State != m.state || d.Tries != m.tries || m.taken && w.receiver.book[d.EventID] == nil {
						r.Fatalf("%+v, model %+v", d, m)
					}
					if m.state == core.DeliveryPending {
						if d.NextAt.IsZero() {
							r.Fatalf("forgotten: %+v", d)
						}
						m.next = d.NextAt
					} else if !d.NextAt.IsZero() || d.EndedAt.IsZero() {
						r.Fatalf("ended and due: %+v", d)
					}
				}
				w.checkBook()
			},
		})
		w.receiver.script = nil
		w.run() // everything ends when the merchant answers
		for _, id := range ids {
			if d := w.delivery(id); d.State == core.DeliveryPending {
				r.Fatalf("%+v", d)
			}
		}
		w.checkBook()
	})
}

// answered moves the model by what the endpoint said to one try.
func (m *model) answered(answer string, most int) {
	m.tries++
	switch answer {
	case "200", "204":
		m.state, m.taken = core.DeliveryDone, true
	case "410":
		m.state = core.DeliveryDead
	default:
		if m.tries >= most {
			m.state = core.DeliveryDead
		}
	}
}

// learn takes over what the store says after something was lost.
func (m *model) learn(d *core.Delivery) { m.state, m.tries, m.next = d.State, d.Tries, d.NextAt }
