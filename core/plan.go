package core

import (
	"crypto/sha256"
	"encoding/hex"
	"time"
)

// plan is a request that was found good: who sells, by which channel and account, and what the
// rules said.
type plan struct {
	merchant Merchant
	decision Decision
	caps     Capabilities
	account  Account
	funding  Funding
}

// planFor asks the rules and picks channel and account for what is asked: its platform, basket,
// funding, title and buyer. It stores nothing.
func (c *Cashier) planFor(m Merchant, req CheckoutRequest) (plan, error) {
	d := c.decide(m, req.Platform, req.Lines, req.Funding)
	if !d.Allowed {
		return plan{}, &Error{Code: CodeRefused, Message: "the rules do not allow this payment", Refusals: d.Refusals}
	}
	for _, id := range d.Channels {
		caps, ok := c.Channels.Get(id)
		if !ok {
			continue
		}
		account, ok := m.AccountFor(id)
		if !ok {
			continue
		}
		if err := account.takes(caps.Channel.Door(), req); err != nil {
			return plan{}, err
		}
		funding := req.Funding
		funding.Forbid = d.Forbid
		return plan{merchant: m, decision: d, caps: caps, account: account, funding: funding}, nil
	}
	return plan{}, Errorf(CodeChannelMissing, "no active account serves platform %s", req.Platform)
}

// takes tells what the account's gateway would refuse of an order, and why. Found by the channel
// only, the buyer would have used up the order number and ended an older attempt.
func (a Account) takes(door Door, req CheckoutRequest) error {
	var wrong mistakes
	if door == DoorNative && a.NeedsPayer {
		if req.Payer.Empty() {
			wrong.note(invalid("payer", "platform %s needs the buyer's user_id or open_id", req.Platform))
		} else if !a.knows(req.Payer) {
			wrong.note(invalid("payer.app_id", "the open_id belongs to an app that account %s does not pay for", a.ID))
		}
	}
	wrong.note(a.checkPayer(req.Payer))
	wrong.note(a.checkSubject(req.Subject))
	return Mistaken(wrong)
}

// decide puts the question to the rulebook.
func (c *Cashier) decide(m Merchant, platform PlatformID, lines []Line, funding Funding) Decision {
	categories := make([]string, len(lines))
	for i, l := range lines {
		categories[i] = l.Category
	}
	return c.Rules.Decide(Ask{Platform: platform, Categories: categories, Periods: funding.Periods, Holdings: c.holdings(m)})
}

// holdings completes what the merchant holds by the channels that its active accounts serve here.
func (c *Cashier) holdings(m Merchant) Holdings {
	h := m.Holdings
	h.Channels = nil
	for _, caps := range c.Channels.List() {
		if _, ok := m.AccountFor(caps.Channel.ID()); ok {
			h.Channels = append(h.Channels, caps.Channel.ID())
		}
	}
	return h
}

// merchant finds the caller's merchant.
func (c *Cashier) merchant(id string) (Merchant, error) {
	m, ok := c.Merchants.Merchant(id)
	if !ok {
		return Merchant{}, Errorf(CodeNotFound, "no such merchant")
	}
	return m, nil
}

// fingerprint hashes what was asked, so that a repeat is told from another request. Fields are
// length-prefixed by JSON.
func fingerprint(parts ...any) string {
	sum := sha256.Sum256(render(parts))
	return hex.EncodeToString(sum[:])
}

// expiry is the absolute end of a payment in whole seconds, as gateways carry it.
func expiry(now time.Time, seconds int64) time.Time {
	return now.Add(time.Duration(seconds) * time.Second).Truncate(time.Second)
}
