package web

import (
	"context"
	"sync"
	"time"
)

const (
	// refusalPause is how long a refusal for the load is kept back, so that a loop without any
	// pause of its own turns four times a second on each of its connections.
	refusalPause = 250 * time.Millisecond
	// pausedPerKey and pausedInAll are how many wait for their refusal at once. One that does holds
	// its connection and nothing else: no body, no place.
	pausedPerKey = 256
	pausedInAll  = 1024
)

// pauses keeps refusals back. Refusing costs far less than serving, and still a key in a loop on
// hundreds of connections would take the processors from those that are served.
type pauses struct {
	mu    sync.Mutex
	byKey map[string]int
	all   int
}

// wait waits a moment, or until the client has gone. paused is false where too many wait already:
// then it returns at once, and the connection should end.
func (p *pauses) wait(ctx context.Context, key string) (paused bool) {
	if !p.enter(key) {
		return false
	}
	defer p.leave(key)
	timer := time.NewTimer(refusalPause)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
	return true
}

func (p *pauses) enter(key string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.all >= pausedInAll || p.byKey[key] >= pausedPerKey {
		return false
	}
	p.all++
	p.byKey[key]++
	return true
}

func (p *pauses) leave(key string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.all--
	if p.byKey[key]--; p.byKey[key] == 0 {
		delete(p.byKey, key)
	}
}
