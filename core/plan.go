package core

import (
	"crypto/sha256"
	"encoding/hex"
	"time"
)

// plan is a request that was found good: who sells, by which channel and account, and what the rules said.
type plan struct {
	merchant Merchant
	decision Decision
	caps     Capabilities
	account  Account
	funding  Funding
}

// planFor asks the rules and picks channel and account for a platform, basket and buyer. It stores nothing.
func (c *Cashier) planFor(m Merchant, platform PlatformID, lines []Line, funding Funding, payer Payer) (plan, error) {
	d := c.decide(m, platform, lines, funding)
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
		// A native trade is made for one buyer; an order string is not. Found missing by the channel only, the buyer would have used up the order number
		// and ended an older attempt.
		if caps.Channel.Door() == DoorNative && !account.PaysWithoutTrade && payer.Empty() {
			return plan{}, invalid("payer", "platform %s needs the buyer's user_id or open_id", platform)
		}
		if caps.Channel.Door() == DoorNative && !account.PaysWithoutTrade && !account.knows(payer) {
			return plan{}, invalid("payer.app_id", "the open_id belongs to an app that account %s does not pay for", account.ID)
		}
		funding.Forbid = d.Forbid
		return plan{merchant: m, decision: d, caps: caps, account: account, funding: funding}, nil
	}
	return plan{}, Errorf(CodeChannelMissing, "no active account serves platform %s", platform)
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

// fingerprint hashes what was asked, so that a repeat is told from another request. Fields are length-prefixed by JSON.
func fingerprint(parts ...any) string {
	sum := sha256.Sum256(render(parts))
	return hex.EncodeToString(sum[:])
}

// expiry is the absolute end of a payment in whole seconds, as gateways carry it.
func expiry(now time.Time, seconds int64) time.Time {
	return now.Add(time.Duration(seconds) * time.Second).Truncate(time.Second)
}
