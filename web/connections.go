package web

import (
	linked "container/list"
	"context"
	"net"
	"net/http"
	"sync"
)

// Connections bounds the connections of one listener, so that nobody's keep others out (W21). An
// address, or an IPv6 /64, has so many; a proxy that is trusted has no bound of its own, because
// its connections are everybody's. Where an address or the listener is full, its oldest idle
// connection is closed for the newcomer: one on which no request is under way, whether it has
// answered one, is still sending its head, or never sent a byte.
//
// Where none is idle, a few more are let in, of which half may be one address's. They serve probes
// and gateways' messages alone: what is asked can be known only after a connection was accepted.
// Make one with NewConnections.
type Connections struct {
	limits  ConnectionLimits
	proxies []*net.IPNet

	mu      sync.Mutex
	open    map[net.Conn]*connection
	byPeer  map[string]int // without those of the reserve
	reserve map[string]int // those of the reserve, by peer
	idle    *linked.List   // of *connection, the longest idle in front
	spare   int            // of the reserve
	evicted uint64
	refused uint64
}

// ConnectionLimits are how many connections may be open.
type ConnectionLimits struct {
	Total, PerAddress int
	// Reserve is how many more serve probes and gateways' messages where all others are busy.
	Reserve int
}

// connection is one that is open.
type connection struct {
	conn     net.Conn
	peer     string // "" for a trusted proxy
	reserved bool
	idle     *linked.Element // nil while a request is under way
}

// NewConnections makes the bound of one listener; the proxies are those that Options names. What is
// not a network in there is left to New to refuse.
func NewConnections(limits ConnectionLimits, trustedProxies []string) *Connections {
	c := &Connections{
		limits: limits, open: map[net.Conn]*connection{}, byPeer: map[string]int{}, reserve: map[string]int{}, idle: linked.New(),
	}
	for _, cidr := range trustedProxies {
		if _, network, err := net.ParseCIDR(cidr); err == nil {
			c.proxies = append(c.proxies, network)
		}
	}
	return c
}

// Guard makes the server tell what its connections do, and returns the listener to serve.
func (c *Connections) Guard(server *http.Server, l net.Listener) net.Listener {
	server.ConnState = c.moved
	server.ConnContext = func(ctx context.Context, conn net.Conn) context.Context {
		c.mu.Lock()
		defer c.mu.Unlock()
		at := c.open[conn]
		return context.WithValue(ctx, reservedConnection{}, at != nil && at.reserved)
	}
	return guarded{l, c}
}

// reservedConnection is under what a request's context says that its connection is of the reserve.
type reservedConnection struct{}

// onReserve tells whether the request came on a connection that serves probes and messages alone.
func onReserve(ctx context.Context) bool {
	reserved, _ := ctx.Value(reservedConnection{}).(bool)
	return reserved
}

// guarded is a listener whose connections were let in.
type guarded struct {
	net.Listener
	by *Connections
}

// Accept returns the next connection that may be open.
func (g guarded) Accept() (net.Conn, error) {
	for {
		conn, err := g.Listener.Accept()
		if err != nil {
			return nil, err
		}
		closing, admitted := g.by.admit(conn)
		if closing != nil {
			_ = closing.Close() // the server then tells that it is closed, or it was already
		}
		if admitted {
			return conn, nil
		}
		_ = conn.Close()
	}
}

// admit tells whether a connection may be open, and which other is to be closed for it.
func (c *Connections) admit(conn net.Conn) (closing net.Conn, admitted bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	peer := c.peerOf(conn)
	full := len(c.open)-c.spare >= c.limits.Total
	crowded := peer != "" && c.byPeer[peer] >= c.limits.PerAddress
	reserved := false
	if full || crowded {
		var victim *connection
		if victim, reserved, admitted = c.makeRoom(peer, crowded); !admitted {
			c.refused++
			return nil, false
		}
		if victim != nil {
			c.evicted++
			c.remove(victim)
			closing = victim.conn
		}
	}
	at := &connection{conn: conn, peer: peer, reserved: reserved}
	at.idle = c.idle.PushBack(at)
	c.open[conn] = at
	if reserved {
		c.spare++
		c.reserve[peer]++
	} else {
		c.byPeer[peer]++
	}
	return closing, true
}

// makeRoom finds what a connection takes the place of when there is none: another that is idle, or
// one of the reserve, which is free or has an idle one itself.
func (c *Connections) makeRoom(peer string, crowded bool) (victim *connection, reserved, admitted bool) {
	victim = c.longestIdle(func(o *connection) bool { return !o.reserved && (!crowded || o.peer == peer) })
	if victim != nil {
		return victim, false, true
	}
	own := peer != "" && c.reserve[peer] >= (c.limits.Reserve+1)/2
	if !own && c.spare < c.limits.Reserve {
		return nil, true, true
	}
	victim = c.longestIdle(func(o *connection) bool { return o.reserved && (!own || o.peer == peer) })
	return victim, true, victim != nil
}

// longestIdle finds the connection of a kind on which nothing has happened for longest; nil where
// all have a request under way.
func (c *Connections) longestIdle(of func(*connection) bool) *connection {
	for e := c.idle.Front(); e != nil; e = e.Next() {
		if at, _ := e.Value.(*connection); of(at) {
			return at
		}
	}
	return nil
}

// peerOf is the network that a connection comes from, "" for a trusted proxy's.
func (c *Connections) peerOf(conn net.Conn) string {
	host, _, err := net.SplitHostPort(conn.RemoteAddr().String())
	if err != nil {
		host = conn.RemoteAddr().String()
	}
	ip := net.ParseIP(host)
	for _, network := range c.proxies {
		if ip != nil && network.Contains(ip) {
			return ""
		}
	}
	return network(host)
}

// moved follows what the server does with its connections. A connection is idle until the head of
// a request was read.
func (c *Connections) moved(conn net.Conn, state http.ConnState) {
	c.mu.Lock()
	defer c.mu.Unlock()
	at := c.open[conn]
	switch {
	case at == nil: // closed for another
	case state == http.StateClosed || state == http.StateHijacked:
		c.remove(at)
	case state == http.StateActive && at.idle != nil:
		c.idle.Remove(at.idle)
		at.idle = nil
	case state == http.StateIdle && at.idle == nil:
		at.idle = c.idle.PushBack(at)
	}
}

func (c *Connections) remove(at *connection) {
	delete(c.open, at.conn)
	if at.idle != nil {
		c.idle.Remove(at.idle)
	}
	count := c.byPeer
	if at.reserved {
		c.spare--
		count = c.reserve
	}
	if count[at.peer]--; count[at.peer] == 0 {
		delete(count, at.peer)
	}
}

// ConnectionFigures are what a Connections holds and has done.
type ConnectionFigures struct {
	Open, Idle, Reserve int
	Evicted, Refused    uint64
}

// Figures tells how many connections are open, how many of them idle or of the reserve, and how
// many were closed for newcomers or turned away since the start.
func (c *Connections) Figures() ConnectionFigures {
	c.mu.Lock()
	defer c.mu.Unlock()
	return ConnectionFigures{Open: len(c.open), Idle: c.idle.Len(), Reserve: c.spare, Evicted: c.evicted, Refused: c.refused}
}
