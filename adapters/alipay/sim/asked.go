package alipaysim

import "sync"

// maxAsked bounds the sign pages that are open at once.
const maxAsked = 10_000

// askedAgreements are sign requests that wait for the buyer's answer. They move
// nothing, so they are not booked: after a restart the buyer asks again.
type askedAgreements struct {
	mu   sync.Mutex
	list map[string]Agreement
	turn []string
}

func newAskedAgreements() *askedAgreements {
	return &askedAgreements{list: map[string]Agreement{}}
}

func (a *askedAgreements) put(token string, asked Agreement) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.list[token] = asked
	a.turn = append(a.turn, token)
	if len(a.turn) > maxAsked {
		delete(a.list, a.turn[0])
		a.turn = a.turn[1:]
	}
}

func (a *askedAgreements) get(token string) (Agreement, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	asked, ok := a.list[token]
	return asked, ok
}
