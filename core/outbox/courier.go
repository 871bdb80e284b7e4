package outbox

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/paymux/paymux/core"
)

// lease is how long a try may be under way before another process may take it for dead (P13):
// longer than the client waits.
const lease = 3 * tryTimeout

// Courier carries deliveries, one try at a time. Its fields are set once, before the first
// delivery.
type Courier struct {
	Store core.Store
	// Endpoints knows where a merchant's endpoints are now.
	Endpoints core.Directory
	// Secrets returns an endpoint's secrets that are valid now, the current one first; during a
	// rotation there are two (H10).
	Secrets func(merchantID, endpointID string) ([][]byte, error)
	Clock   core.Clock
	IDs     core.IDs
	// Random draws from [0, n); it spreads the tries.
	Random func(n int64) int64
	// Client sends; NewClient makes it under the same Policy.
	Client   *http.Client
	Policy   Policy
	Schedule Schedule
	// Failpoints is nil in production.
	Failpoints core.Failpoints
	// Watch is told what happened; nil is allowed.
	Watch core.Watcher
}

// errUnsigned says that our own side cannot sign: no fault of the merchant's, so no try is counted.
var errUnsigned = errors.New("outbox: the webhook cannot be signed")

// Deliver makes one try of a delivery that is due, and does nothing about one that is not: a hint
// may come twice, early, or late. Other processes may call it for the same delivery at the same
// time; one of them sends.
//
// An error means that nothing was learnt about the endpoint: the database did not answer, the
// webhook could not be signed, or ctx ended. The delivery comes due again.
func (c *Courier) Deliver(ctx context.Context, deliveryID string) error {
	return c.try(ctx, deliveryID, time.Time{}, open{})
}

// gate decides whether an endpoint is asked at all. A gate that answers errGone or errResting is
// not told what came of it.
type gate interface {
	// enter lets a delivery through. leave is told what came of the try, and says whether that is
	// the event's own matter; if not, the delivery stays due and loses no try.
	enter(d *core.Delivery, to core.Endpoint) (leave func(answer, error) (own bool), err error)
	// putOff is told until when a failed try has put the delivery off.
	putOff(next time.Time)
}

var (
	// errGone says that the endpoint said that it is gone, and nobody asked for this delivery
	// since.
	errGone = errors.New("outbox: the endpoint is gone")
	// errResting says that the endpoint failed so often that it is left alone for a while.
	errResting = errors.New("outbox: the endpoint is left alone")
)

// open is a gate that lets everything through.
type open struct{}

func (open) enter(*core.Delivery, core.Endpoint) (func(answer, error) bool, error) {
	return func(answer, error) bool { return true }, nil
}

func (open) putOff(time.Time) {}

// try is Deliver through a gate. A delivery that waits for recalled is due too.
func (c *Courier) try(ctx context.Context, deliveryID string, recalled time.Time, g gate) error {
	d, due, err := c.claim(ctx, deliveryID, recalled)
	if err != nil || d == nil {
		return err
	}
	event, err := c.Store.Event(ctx, "", d.EventID)
	if err != nil {
		return err
	}
	to, ok := c.endpoint(d)
	switch {
	case event == nil:
		return c.bury(ctx, d, answer{unsent: true, fault: "the event is no longer kept"})
	case !ok:
		return c.bury(ctx, d, answer{unsent: true, fault: "the endpoint is no longer configured"})
	}
	secrets, err := c.Secrets(d.MerchantID, d.EndpointID)
	if err != nil {
		return c.unsigned(d, err)
	}
	c.pass(core.PointWebhookBeforeSend)
	leave, err := g.enter(d, to)
	switch {
	case errors.Is(err, errGone):
		return c.bury(ctx, d, answer{unsent: true, status: http.StatusGone, fault: "the endpoint said that it is gone (HTTP 410)"})
	case err != nil:
		return c.release(ctx, d, due, answer{})
	}
	got, own, err := c.ask(ctx, to, event, secrets, leave)
	switch {
	case errors.Is(err, errUnsigned):
		return c.unsigned(d, err)
	case err != nil:
		return err
	}
	c.pass(core.PointWebhookAfterSend)
	if !own {
		return c.stay(ctx, d, due, got)
	}
	return c.mark(ctx, d, got, g)
}

// errCutOff is what a gate hears of a try that ended in a fault of ours.
var errCutOff = errors.New("outbox: the try was cut off")

// ask sends one try and tells the gate what came of it, whatever that is: a breaker that never
// hears of its one probe would let no other try through.
func (c *Courier) ask(ctx context.Context, to core.Endpoint, e *core.Event, secrets [][]byte, leave func(answer, error) bool) (got answer, own bool, err error) {
	err = errCutOff
	defer func() { own = leave(got, err) }()
	got, err = c.send(ctx, to, e, secrets)
	return got, own, err
}

// unsigned tells a person that an endpoint's secrets are amiss on our side.
func (c *Courier) unsigned(d *core.Delivery, err error) error {
	c.alert(1, "webhook.unsigned", d.EndpointID, "merchant "+d.MerchantID+": "+errUnsigned.Error())
	return fmt.Errorf("delivery %s: %w", d.ID, errors.Join(errUnsigned, err))
}

// endpoint finds where a delivery goes.
func (c *Courier) endpoint(d *core.Delivery) (core.Endpoint, bool) {
	m, ok := c.Endpoints.Merchant(d.MerchantID)
	if !ok {
		return core.Endpoint{}, false
	}
	return m.Endpoint(d.EndpointID)
}

// claim takes a due delivery for a while, by compare-and-set, so that of many sweepers one sends
// (S15). It returns the delivery as it is stored now, nil if there is nothing to do, and since when
// it was due.
func (c *Courier) claim(ctx context.Context, deliveryID string, recalled time.Time) (claimed *core.Delivery, due time.Time, err error) {
	now := c.at()
	key := core.Key{Kind: core.DeliveryByID, Value: deliveryID}
	_, err = c.Store.Do(ctx, core.Unit{Keys: []core.Key{key}, Decide: func(v core.View) (core.Writes, error) {
		claimed = nil
		d := v.Delivery(key)
		if d == nil || d.State != core.DeliveryPending || d.NextAt.After(now) && !d.NextAt.Equal(recalled) {
			return core.Writes{}, nil
		}
		due = d.NextAt
		if due.After(now) {
			due = now
		}
		d.NextAt = now.Add(lease)
		stored := *d
		stored.Version++
		claimed = &stored
		return core.Writes{Guards: []core.Row{d}}, nil
	}})
	if err != nil {
		return nil, time.Time{}, err
	}
	return claimed, due, nil
}

// mark writes down what a try came to.
func (c *Courier) mark(ctx context.Context, d *core.Delivery, got answer, g gate) error {
	switch tries := d.Tries + 1; {
	case got.taken():
		return c.end(ctx, d, got, core.DeliveryDone)
	case got.gone():
		return c.bury(ctx, d, got)
	default:
		pause, more := c.Schedule.after(tries, c.Random)
		if !more {
			return c.bury(ctx, d, got)
		}
		next := c.at().Add(max(pause, got.retryAfter+draw(c.Random, got.retryAfter/10)))
		err := c.write(ctx, d, "delivery.retry", got, func(d *core.Delivery) { d.NextAt = next })
		if err == nil {
			g.putOff(next)
		}
		return err
	}
}

// stay leaves a delivery due whose endpoint, not whose event, is at fault: no try is counted, and
// only time ends it.
func (c *Courier) stay(ctx context.Context, d *core.Delivery, due time.Time, got answer) error {
	begun := d.CreatedAt
	if d.EndedAt.After(begun) { // a person asked for it again
		begun = d.EndedAt
	}
	if c.at().Sub(begun) > c.Schedule.whole() {
		return c.bury(ctx, d, got)
	}
	return c.release(ctx, d, due, got)
}

// release gives a claimed delivery back as it was, but for what was last heard of its endpoint.
func (c *Courier) release(ctx context.Context, claimed *core.Delivery, due time.Time, got answer) error {
	key := core.Key{Kind: core.DeliveryByID, Value: claimed.ID}
	_, err := c.Store.Do(ctx, core.Unit{Keys: []core.Key{key}, Decide: func(v core.View) (core.Writes, error) {
		d := v.Delivery(key)
		if d == nil || d.Version != claimed.Version {
			return core.Writes{}, nil
		}
		d.NextAt = due
		if got.fault != "" {
			d.LastStatus, d.LastError = got.status, got.fault
		}
		return core.Writes{Guards: []core.Row{d}}, nil
	}})
	if err == nil {
		c.happened("delivery.postponed", got)
	}
	return err
}

// bury ends a delivery as a dead letter: listed, replayable, and never without a word (H07).
func (c *Courier) bury(ctx context.Context, d *core.Delivery, got answer) error {
	if err := c.end(ctx, d, got, core.DeliveryDead); err != nil {
		return err
	}
	c.alert(2, "webhook.dead", d.ID, fmt.Sprintf("merchant %s, endpoint %s, event %s: %s", d.MerchantID, d.EndpointID, d.EventID, got.fault))
	return nil
}

// end writes the last try of a delivery.
func (c *Courier) end(ctx context.Context, d *core.Delivery, got answer, state core.DeliveryState) error {
	ended := c.at()
	return c.write(ctx, d, "delivery."+string(state), got, func(d *core.Delivery) {
		d.State, d.NextAt, d.EndedAt = state, time.Time{}, ended
	})
}

// write records a try and changes the delivery, if it is still the one that was claimed. If the
// lease ran out and somebody else has taken it, theirs is the try that counts, with one exception:
// an event that was taken is done, whoever sent it.
func (c *Courier) write(ctx context.Context, claimed *core.Delivery, action string, got answer, change func(*core.Delivery)) error {
	witness := &core.Audit{
		ID: c.IDs.Row(), MerchantID: claimed.MerchantID, Actor: core.ActorSystem, Action: action, Object: claimed.ID, CreatedAt: c.at(),
		Detail: fmt.Sprintf("%s to %s, try %d: %s", claimed.EventID, claimed.EndpointID, claimed.Tries+1, got.said()),
	}
	written := false
	key := core.Key{Kind: core.DeliveryByID, Value: claimed.ID}
	_, err := c.Store.Do(ctx, core.Unit{Keys: []core.Key{key}, Decide: func(v core.View) (core.Writes, error) {
		d := v.Delivery(key)
		written = d != nil && (d.Version == claimed.Version || got.taken() && d.State == core.DeliveryPending)
		if !written {
			return core.Writes{}, nil
		}
		if !got.unsent {
			d.Tries++
		}
		d.LastStatus, d.LastError = got.status, got.fault
		change(d)
		return core.Writes{Guards: []core.Row{d}, Inserts: []core.Row{witness}}, nil
	}})
	if err == nil && written {
		c.happened(action, got)
	}
	return err
}

// said is the try's result for the audit log.
func (a answer) said() string {
	if a.taken() {
		return fmt.Sprintf("HTTP %d", a.status)
	}
	return a.fault
}

// at returns the clock's time in UTC, cut to the store's precision.
func (c *Courier) at() time.Time { return c.Clock.Now().UTC().Truncate(time.Millisecond) }

func (c *Courier) pass(p core.Point) {
	if c.Failpoints != nil {
		c.Failpoints.Pass(p)
	}
}

func (c *Courier) happened(what string, got answer) {
	if c.Watch != nil {
		c.Watch.Happened("webhook."+what[len("delivery."):], fmt.Sprintf("%dxx", got.status/100))
	}
}

func (c *Courier) alert(level int, what, object, detail string) {
	if c.Watch != nil {
		c.Watch.Alert(level, what, object, detail)
	}
}
