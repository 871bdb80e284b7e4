package web

import (
	"context"
	"strings"
	"sync"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/paymux/paymux/core"
)

// Limits bound what the server holds and does at once. Zero fields take the defaults.
type Limits struct {
	// Running is how many requests with a key are worked on at once, and how many of pages beside
	// them.
	Running int
	// Exchanging is how many requests may wait for gateways beside those that are worked on, and
	// how many of pages. One key leaves as many as it has.
	Exchanging int
	// BodyBytes is how many bytes of the API's bodies are in memory at most, and how many of
	// gateways' messages beside them. One client leaves as many as it has.
	BodyBytes int64
	// PerAddress is how many requests of one client may be under way behind a trusted proxy.
	PerAddress int
}

// The defaults of Limits.
const (
	defaultRunning    = 32
	defaultExchanging = 256
	defaultBodyBytes  = 64 << 20
	defaultPerAddress = 256
)

const (
	// messagePlaces is how many messages of gateways are worked on at once. They and probes wait
	// for no request of the API.
	messagePlaces = 64
	// messagesWaiting is more than there can be connections: a message is not refused before its
	// signature was looked at.
	messagesWaiting = 1 << 20
	// waitTimeout is how long a request waits for its place. With useTimeout it stays below
	// writeTimeout.
	waitTimeout = 10 * time.Second
)

func (l Limits) filled() Limits {
	if l.Running == 0 {
		l.Running = defaultRunning
	}
	if l.Exchanging == 0 {
		l.Exchanging = defaultExchanging
	}
	if l.BodyBytes == 0 {
		l.BodyBytes = defaultBodyBytes
	}
	if l.PerAddress == 0 {
		l.PerAddress = defaultPerAddress
	}
	return l
}

// admission is what requests have to get past, and what they then hold.
type admission struct {
	clients  *clients    // requests under way, by client
	bodies   *held       // of the API
	messages *held       // of gateways
	allowed  *allowances // of keys and merchants
	api      *shares     // places, by key
	pages    *shares     // places, by client
	notices  *shares     // places, by client
	pauses   *pauses     // of refusals, by key
}

func newAdmission(l Limits) *admission {
	return &admission{
		clients: &clients{most: l.PerAddress, underWay: map[string]int{}}, bodies: newHeld(l.BodyBytes), messages: newHeld(l.BodyBytes),
		allowed: newAllowances(), api: newShares(l.Running, waitingPerKey, l.Exchanging), pages: newShares(l.Running, waitingPerKey, l.Exchanging),
		notices: newShares(messagePlaces, messagesWaiting, l.Exchanging), pauses: &pauses{byKey: map[string]int{}},
	}
}

// admit lets a request in, step by step: what is cheap to judge comes first, and nothing is taken
// from a key before the request proves that it is the key's. What the call holds it gives back at
// its end. A client that goes away leaves its place in every queue.
func (s *Server) admit(c *call, r route) (err error) {
	ip := network(c.RealIP())
	bodies, places, who := s.admission.bodies, s.admission.pages, ip
	switch {
	case r.body == bodyMessage:
		bodies, places = s.admission.messages, s.admission.notices
	case reserved(r.path):
		places = nil
	case r.needs == PermNone && !strings.HasPrefix(r.path, "/h5/") && !strings.HasPrefix(r.path, "/return/"):
		places = nil // what is answered from memory
	}
	if !reserved(r.path) && !s.forwarded.unnamed(c.Request(), c.RealIP()) {
		if !s.admission.clients.enter(ip) {
			return s.loads.refuse(refusedClient, tooMany("too many requests of this address are under way", 1))
		}
		c.hold(func() { s.admission.clients.leave(ip) })
	}
	if r.needs == PermNone {
		if err = s.receiveBody(c, bodies); err != nil {
			return err
		}
	} else {
		if err = s.prove(c, r, bodies); err != nil {
			return err
		}
		places, who = s.admission.api, c.key.ID
	}
	if places == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(c.ctx(), waitTimeout)
	defer cancel()
	got, err := places.enter(ctx, who)
	if err != nil {
		if r.needs != PermNone {
			s.putOff(c, who)
		}
		return s.loads.refuse(refusedWaiting, err)
	}
	c.hold(got.leave)
	c.SetRequest(c.Request().WithContext(got.within(c.ctx())))
	return nil
}

// prove finds the request's key and holds its role against the route. A bearer key is judged whole
// before the body is read. Of a signed request all but the signature is, which speaks of the body.
func (s *Server) prove(c *call, r route, bodies *held) error {
	said, err := s.claimed(c.Request())
	if err != nil {
		return err
	}
	c.key, c.proof = said.key, said.proof
	if c.proof == nil {
		if err := permitted(c, r); err != nil {
			return err
		}
		if err := s.allow(c); err != nil {
			return err
		}
		return s.receiveBody(c, bodies)
	}
	if err := s.named(c.Request(), c.proof, r.needs); err != nil {
		return err
	}
	if err := s.receiveBody(c, bodies); err != nil {
		return err
	}
	if c.key, err = s.bySignature(c.Request(), c.proof, c.body); err != nil {
		return err
	}
	if err := permitted(c, r); err != nil {
		return err
	}
	return s.allow(c)
}

// allow holds the proven key to its queue, which may be full already, and to what is configured for
// it.
func (s *Server) allow(c *call) error {
	if s.admission.api.full(c.key.ID) {
		s.putOff(c, c.key.ID)
		return s.loads.refuse(refusedWaiting, tooManyWait())
	}
	leave, err := s.admission.allowed.enter(c.key, s.Clock.Now())
	if err != nil {
		s.putOff(c, c.key.ID)
		return s.loads.refuse(refusedAllowance, err)
	}
	c.hold(leave)
	return nil
}

// putOff keeps the refusal of a key's request back for a moment, in which nothing else is held for
// it. Where too many are, the connection ends instead.
func (s *Server) putOff(c *call, key string) {
	c.leave()
	c.body = nil // a signed request's was read, and its room is given back
	if !s.admission.pauses.wait(c.ctx(), key) {
		c.Response().Header().Set("Connection", "close")
	}
}

// permitted tells whether the proven key may use the route.
func permitted(c *call, r route) error {
	c.Set(keyOfLog, c.key)
	if !c.key.Role.May(r.needs) {
		return core.Errorf(core.CodeForbidden, "a key of role %s lacks the permission %s", c.key.Role, r.needs)
	}
	return nil
}

func (s *Server) receiveBody(c *call, room *held) error {
	body, release, err := room.readBody(c.Request(), network(c.RealIP()))
	if core.CodeOf(err) == codeTooManyRequests {
		return s.loads.refuse(refusedBodies, err)
	}
	if err != nil {
		return err
	}
	c.hold(release)
	c.body, c.received = body, true
	return nil
}

// reserved tells whether a route keeps connections of its own, and is never refused for the load:
// probes and gateways' messages.
func reserved(path string) bool {
	return path == "/healthz" || path == "/readyz" || strings.HasPrefix(path, "/notify/")
}

// reserve refuses, on a connection that was let in beyond the limit, all but what such connections
// are for, and lets none of them stay.
func (s *Server) reserve(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if !onReserve(c.Request().Context()) {
			return next(c)
		}
		c.Response().Header().Set("Connection", "close")
		if !reserved(c.Path()) {
			return s.loads.refuse(refusedConnection, tooMany("all connections are busy", 1))
		}
		return next(c)
	}
}

// clients bounds the requests of one client that are under way. The proxy's connections are not
// the client's, so connections cannot do it.
type clients struct {
	most     int
	mu       sync.Mutex
	underWay map[string]int
}

func (c *clients) enter(ip string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.underWay[ip] >= c.most {
		return false
	}
	c.underWay[ip]++
	return true
}

func (c *clients) leave(ip string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.underWay[ip]--; c.underWay[ip] == 0 {
		delete(c.underWay, ip)
	}
}
