package web

import "context"

// place is what one request holds while it is worked on. While a gateway is asked for it, the place
// is another's: a server with some dozens works on what it can work on, and as many calls of a
// gateway's half second would stand still in them. Afterwards the request goes on at once, without
// queueing anew, so that for a moment more may run than there are places: it has an outcome in hand
// that must be written.
type place struct {
	in *shares
	of *share

	// Of the lock of in. Calls of one request may overlap: the first gives the place away, and the
	// last takes it again.
	calls int
	left  bool
}

// placeOf is under what a request's context has its place.
type placeOf struct{}

// within returns a context whose exchanges with gateways hold no place.
func (p *place) within(ctx context.Context) context.Context {
	return context.WithValue(ctx, placeOf{}, p)
}

// Exchanging says that the request of ctx waits for a gateway, until over is called, once. Whoever
// has no place, a job or a command, loses none; nor does what goes on after its request has ended.
func Exchanging(ctx context.Context) (over func()) {
	p, _ := ctx.Value(placeOf{}).(*place)
	if p == nil {
		return func() {}
	}
	p.give()
	return p.resume
}

// give lets another have the place.
func (p *place) give() {
	p.in.mu.Lock()
	defer p.in.mu.Unlock()
	if p.calls++; p.calls > 1 || p.left {
		return
	}
	p.of.running--
	p.in.running--
	p.of.away++
	p.in.away++
	p.in.hand()
}

// resume takes the place again, or one more than there are.
func (p *place) resume() {
	p.in.mu.Lock()
	defer p.in.mu.Unlock()
	if p.calls--; p.calls > 0 || p.left {
		return
	}
	p.in.take(p.of)
	p.ended()
}

// leave ends the request, wherever it is. A second time does nothing.
func (p *place) leave() {
	p.in.mu.Lock()
	defer p.in.mu.Unlock()
	if p.left {
		return
	}
	p.left = true
	if p.calls > 0 {
		p.ended()
		p.in.drop(p.of)
		return
	}
	p.in.release(p.of)
}

// ended counts an exchange less, which may open the key's own queue and others'.
func (p *place) ended() {
	p.of.away--
	p.in.away--
	p.in.hand()
}
