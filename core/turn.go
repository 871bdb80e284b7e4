package core

import "slices"

// TurnOutcome is what a payment came to in one step.
type TurnOutcome string

// The outcomes that are counted.
const (
	TurnCreated TurnOutcome = "created" // the order is stored
	TurnPaid    TurnOutcome = "paid"    // its money is in, and is the payment's
	TurnLate    TurnOutcome = "late"    // money came after the close, or a second time
	TurnClosed  TurnOutcome = "closed"  // nobody can pay it any more
	// TurnRefused: no order was made of a request, or the gateway turned an attempt away.
	TurnRefused TurnOutcome = "refused"
)

// TurnOutcomes lists them.
func TurnOutcomes() []TurnOutcome {
	return []TurnOutcome{TurnCreated, TurnPaid, TurnLate, TurnClosed, TurnRefused}
}

// Turn is one step of a payment, for metrics: each member has few values, whatever callers send.
type Turn struct {
	Platform PlatformID // "" for one that no rule file knows
	Channel  ChannelID  // "" before one is chosen
	Outcome  TurnOutcome
	Class    Code // of a refusal: the code of its problem; else ""
}

// turn notes a step of an attempt, to be counted when its unit is committed.
func (p *pen) turn(a *Attempt, outcome TurnOutcome, class Code) {
	p.turns = append(p.turns, Turn{a.Platform, a.Channel, outcome, class})
}

// turned counts what a committed unit brought about.
func (c *Cashier) turned(turns ...Turn) {
	if c.Turned == nil {
		return
	}
	for _, t := range turns {
		c.Turned(t)
	}
}

// turnedDown counts a request that no order was made of. A platform is the caller's to name: only
// those that there are become a label.
func (c *Cashier) turnedDown(platform PlatformID, err error) {
	if !slices.Contains(c.Rules.Platforms(), platform) {
		platform = ""
	}
	c.turned(Turn{Platform: platform, Outcome: TurnRefused, Class: CodeOf(err)})
}

// classOf is the code of the problem that a gateway's refusal becomes.
func classOf(code Code) Code {
	if f, ok := FaultOf(code); ok {
		return f.Code
	}
	return CodeChannelRefused
}
