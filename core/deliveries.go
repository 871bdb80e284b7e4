package core

import "context"

// DeliveryView is a delivery as merchants see it. It holds nothing of what the endpoint answered
// but the status (H14).
type DeliveryView struct {
	ID         string        `json:"id"`
	MerchantID string        `json:"merchant_id,omitempty"` // in lists over all merchants
	EventID    string        `json:"event_id"`
	EndpointID string        `json:"endpoint_id"`
	State      DeliveryState `json:"state"`
	Tries      int           `json:"tries"`
	LastStatus int           `json:"last_status,omitempty"`
	LastError  string        `json:"last_error,omitempty"`
	NextTryAt  string        `json:"next_try_at,omitempty"`
	CreatedAt  string        `json:"created_at"`
	EndedAt    string        `json:"ended_at,omitempty"`
}

// DeliveryViewOf renders a delivery.
func DeliveryViewOf(d *Delivery) DeliveryView {
	v := DeliveryView{
		ID: d.ID, EventID: d.EventID, EndpointID: d.EndpointID, State: d.State, Tries: d.Tries, LastStatus: d.LastStatus, LastError: d.LastError,
		CreatedAt: Stamp(d.CreatedAt),
	}
	if d.State == DeliveryPending {
		v.NextTryAt = Stamp(d.NextAt)
	} else {
		v.EndedAt = Stamp(d.EndedAt)
	}
	return v
}

// DeliveryStates lists the states of a delivery.
func DeliveryStates() []DeliveryState {
	return []DeliveryState{DeliveryPending, DeliveryDone, DeliveryDead}
}

// Endpoint returns the merchant's endpoint by id.
func (m Merchant) Endpoint(id string) (Endpoint, bool) {
	for _, e := range m.Endpoints {
		if e.ID == id {
			return e, true
		}
	}
	return Endpoint{}, false
}

// Deliveries lists deliveries, newest first. A page has q.Limit rows, MaxPage at most;
// the last row's id is the next page's keyset.
func (c *Cashier) Deliveries(ctx context.Context, q DeliveryQuery) ([]DeliveryView, error) {
	q.Limit = clampPage(q.Limit)
	rows, err := c.Store.Deliveries(ctx, q)
	if err != nil {
		return nil, err
	}
	views := make([]DeliveryView, len(rows))
	for i := range rows {
		views[i] = DeliveryViewOf(&rows[i])
		if q.All {
			views[i].MerchantID = rows[i].MerchantID
		}
	}
	return views, nil
}

// Replay makes a delivery due now, whether it was done, dead, or waiting for its next try (H07).
// Tries go on counting: a delivery whose tries are used up gets this one more. Body, event id and
// sequence stay what they were, so that a receiver who knows the id can tell.
//
// Errors: CodeNotFound, for another merchant's too (W01).
func (c *Cashier) Replay(ctx context.Context, caller Caller, deliveryID string) (DeliveryView, error) {
	key := Key{Kind: DeliveryByID, Merchant: caller.MerchantID, Value: deliveryID}
	drawn := c.draw(caller)
	var replayed Delivery
	_, err := c.Store.Do(ctx, Unit{Keys: []Key{key}, Decide: func(v View) (Writes, error) {
		d := v.Delivery(key)
		if d == nil || d.MerchantID != caller.MerchantID {
			return Writes{}, Errorf(CodeNotFound, "no such delivery")
		}
		p := drawn.fresh(nil)
		p.audit("delivery.replay", d.ID, string(d.State)+" "+d.EventID)
		// EndedAt stays: a pending delivery that has ended before is one that a person asked for.
		d.State, d.NextAt = DeliveryPending, p.now
		p.guard(d)
		replayed = *d
		return p.writes(), nil
	}})
	if err != nil {
		return DeliveryView{}, err
	}
	return DeliveryViewOf(&replayed), nil
}

// ReplayEvent sends one event to one endpoint again, or for the first time if the endpoint came
// later than the event.
//
// Errors: CodeNotFound for an event or endpoint that the merchant does not have.
func (c *Cashier) ReplayEvent(ctx context.Context, caller Caller, eventID, endpointID string) (DeliveryView, error) {
	m, err := c.merchant(caller.MerchantID)
	if err != nil {
		return DeliveryView{}, err
	}
	if _, ok := m.Endpoint(endpointID); !ok {
		return DeliveryView{}, Errorf(CodeNotFound, "no such endpoint")
	}
	event, err := c.Store.Event(ctx, m.ID, eventID)
	if err != nil {
		return DeliveryView{}, err
	}
	if event == nil {
		return DeliveryView{}, Errorf(CodeNotFound, "no such event")
	}
	// Twice: between looking and inserting, another request may have inserted the same delivery.
	for range 2 {
		known, err := c.deliveryOf(ctx, m.ID, eventID, endpointID)
		if err != nil {
			return DeliveryView{}, err
		}
		if known != "" {
			return c.Replay(ctx, caller, known)
		}
		if view, inserted, err := c.deliver(ctx, caller, event, endpointID); err != nil || inserted {
			return view, err
		}
	}
	return DeliveryView{}, Errorf(CodeContended, "the delivery is being written by another request")
}

// deliveryOf finds the delivery of an event to an endpoint, "" for none.
func (c *Cashier) deliveryOf(ctx context.Context, merchantID, eventID, endpointID string) (string, error) {
	rows, err := c.Store.Deliveries(ctx, DeliveryQuery{MerchantID: merchantID, EventID: eventID, Limit: MaxPage})
	if err != nil {
		return "", err
	}
	for _, d := range rows {
		if d.EndpointID == endpointID {
			return d.ID, nil
		}
	}
	return "", nil
}

// deliver writes the delivery of an event that has none to the endpoint yet; inserted is false if
// there is one after all.
func (c *Cashier) deliver(ctx context.Context, caller Caller, e *Event, endpointID string) (view DeliveryView, inserted bool, err error) {
	p := c.draw(caller).fresh(nil)
	p.audit("delivery.replay", e.ID, endpointID)
	d := &Delivery{
		ID: p.rowID(), EventID: e.ID, MerchantID: e.MerchantID, EndpointID: endpointID, State: DeliveryPending, NextAt: p.now, CreatedAt: p.now,
	}
	p.insert(d)
	writes := p.writes()
	verdict, err := c.Store.Do(ctx, Unit{Decide: func(View) (Writes, error) { return writes, nil }})
	if err != nil || verdict.Duplicate != "" {
		return DeliveryView{}, false, err
	}
	return DeliveryViewOf(d), true, nil
}
