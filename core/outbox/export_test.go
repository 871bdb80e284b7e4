package outbox

import "net/netip"

// Permits opens the guard's judgement to tests.
func Permits(p Policy, at netip.AddrPort) bool { return p.permits(at) }

// Count is how many lanes there are.
func (l *Lanes) Count() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.lanes)
}
