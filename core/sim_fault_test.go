package core_test

import (
	"context"
	"strings"
	"time"

	"github.com/paymux/paymux/core"
)

// rotation is a while in which the gateway turns every call away for a fault of ours, signed or
// not, as when a key is changed on one side first. Then it is mended, and who changed the
// configuration says so.
func (s *simWorld) rotation() {
	s.outside("rotation", func() {
		for range 2 {
			s.sleep(s.upTo(40 * time.Minute))
			s.wrongKey = pick(s.chance(3), turnedAwayUnsigned, turnedAway)
			s.sleep(time.Minute + s.upTo(20*time.Minute))
			s.wrongKey = ""
			s.call("mended", func() {
				s.mayFail(s.Mended(context.Background(), func(account string) bool { return account == "acc1" }))
			})
		}
	})
}

// turnedAway is the gateway's answer while our key is wrong; ok is false while it is right.
func (c simChannel) turnedAway() (answer core.Answer, ok bool) {
	if c.sim.wrongKey == "" {
		return core.Answer{}, false
	}
	c.sim.count(pick(c.sim.wrongKey == turnedAway, "turned away", "turned away unsigned"))
	return scripted(c.sim.wrongKey), true
}

// inspectFaults holds what our own fault must never do against what has become of the orders: no
// refund ended by it, and no attempt that the gateway knows.
func (s *simWorld) inspectFaults(o *core.Order) {
	for _, r := range o.Refunds {
		if r.FailCode == string(core.CodeMisconfigured) {
			s.t.Errorf("refund %s was ended by our own fault", r.ID)
		}
	}
	for _, a := range o.Attempts {
		if !strings.HasSuffix(a.Reason, string(core.CodeMisconfigured)) {
			continue
		}
		s.count("never heard of")
		if s.bank.trades[a.OutTradeNo] != nil || a.Calls != a.TurnedAway {
			s.t.Errorf("attempt %s was ended without the gateway, which knows it; %d of %d calls were turned away", a.ID, a.TurnedAway, a.Calls)
		}
	}
}

// unheard tells whether every call for an attempt was turned away for a fault of ours.
func (w *world) unheard(attemptID string) bool {
	key := core.Key{Kind: core.OrderByAttempt, Value: attemptID}
	v, err := w.memory.See(context.Background(), key)
	if err != nil {
		w.t.Fatal(err)
	}
	return v.Order(key).Attempt(attemptID).Unheard()
}
