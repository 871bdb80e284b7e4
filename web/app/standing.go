package app

import (
	"cmp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/paymux/paymux/adapters"
	"github.com/paymux/paymux/core"
)

// alertMisconfigured tells that the gateway turns an account away for a fault of ours.
const alertMisconfigured = "account_misconfigured"

const (
	// remindAfter is the pause between two alerts of a trouble that lasts.
	remindAfter = time.Hour
	// maxCauses bounds what one account may gather: the names come from outside.
	maxCauses = 16
)

// standing remembers, for each account, what the gateway turns it away for: one alert for each
// cause, repeated hourly, and ended by the first success.
type standing struct {
	mu       sync.Mutex
	accounts map[string]map[string]*trouble // by account and cause
	lasting  *prometheus.GaugeVec
	since    *prometheus.GaugeVec // the same, with since when
	alert    func(level int, what, object, detail string)
	ended    func(account, cause string)
}

// trouble is one cause at one account.
type trouble struct {
	since, told time.Time
	whole       bool            // it stands in the way of every call
	methods     map[string]bool // what was turned away so
}

// heard takes one exchange of an account into account.
func (s *standing) heard(x adapters.Exchange, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	account, cause := x.Account, x.Cause
	if cause == "" {
		if x.Verified {
			s.mended(account, x.Method)
		}
		return
	}
	of := s.accounts[account]
	if of == nil {
		if s.accounts == nil {
			s.accounts = map[string]map[string]*trouble{}
		}
		of = map[string]*trouble{}
		s.accounts[account] = of
	}
	if of[cause] == nil && len(of) >= maxCauses {
		return
	}
	if of[cause] == nil {
		of[cause] = &trouble{since: now, told: now, whole: x.WholeAccount, methods: map[string]bool{}}
		s.lasting.WithLabelValues(account, cause).Set(1)
		s.since.WithLabelValues(account, cause).Set(float64(now.Unix()))
		s.tell(account, cause, of[cause])
	}
	of[cause].methods[x.Method] = true
}

func (s *standing) tell(account, cause string, t *trouble) {
	s.alert(1, alertMisconfigured, account, "the gateway turns the account away: "+cause+", since "+core.Stamp(t.since)+
		`; "paymux doctor --online" says what to mend. Payments and refunds wait for it`)
}

// mended ends what the success of a method disproves: what concerns the whole account, and what
// this method was turned away for.
func (s *standing) mended(account, method string) {
	for cause, t := range s.accounts[account] {
		delete(t.methods, method)
		if t.whole || len(t.methods) == 0 {
			s.end(account, cause)
		}
	}
}

func (s *standing) end(account, cause string) {
	delete(s.accounts[account], cause)
	s.lasting.DeleteLabelValues(account, cause)
	s.since.DeleteLabelValues(account, cause)
	s.ended(account, cause)
}

// remind alerts again of every trouble that has lasted for an hour since it was told.
func (s *standing) remind(now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for account, of := range s.accounts {
		for cause, t := range of {
			if now.Sub(t.told) >= remindAfter {
				t.told = now
				s.tell(account, cause, t)
			}
		}
	}
}

// keep forgets accounts that the configuration has no more.
func (s *standing) keep(known func(account string) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for account, of := range s.accounts {
		for cause := range of {
			if !known(account) {
				s.end(account, cause)
			}
		}
	}
}

// of lists what an account is turned away for, the oldest first.
func (s *standing) of(account string) []core.AccountTrouble {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []core.AccountTrouble
	for cause, t := range s.accounts[account] {
		list = append(list, core.AccountTrouble{Cause: cause, Since: t.since})
	}
	slices.SortFunc(list, func(a, b core.AccountTrouble) int {
		return cmp.Or(a.Since.Compare(b.Since), strings.Compare(a.Cause, b.Cause))
	})
	return list
}
