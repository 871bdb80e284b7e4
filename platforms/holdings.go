package platforms

import (
	"errors"
	"fmt"
	"slices"

	"github.com/paymux/paymux/core"
)

// Check tells what in a merchant's holdings the rules do not know, all at once: a misspelt licence
// or switch would otherwise be a silent no, and an override of a rule that is not unspecified would
// do nothing. It returns nil when everything is known.
func (b *Book) Check(holdings core.Holdings) error {
	var problems []error
	complain := func(format string, args ...any) { problems = append(problems, fmt.Errorf(format, args...)) }
	for _, key := range holdings.Licences {
		if !b.asksFor("licence", key) {
			complain("licences: no platform asks for a licence %q", key)
		}
	}
	for _, key := range holdings.Permissions {
		if !b.asksFor("permission", key) {
			complain("permissions: no platform asks for a permission %q", key)
		}
	}
	for _, s := range holdings.Switches {
		if p, known := b.files[s.Platform]; !known {
			complain("features: no rules for a platform %q", s.Platform)
		} else if _, known := p.Features[s.Feature]; !known {
			complain("features: the platform %s has no feature %q", s.Platform, s.Feature)
		}
	}
	for _, o := range holdings.Overrides {
		if p, known := b.files[o.Platform]; !known {
			complain("overrides: no rules for a platform %q", o.Platform)
		} else if allow, found := p.find(o.Rule); !found {
			complain("overrides: the platform %s has no rule %q", o.Platform, o.Rule)
		} else if allow != unspecified {
			complain("overrides: the rule %s is not unspecified, so no override opens it", o.Rule)
		}
	}
	for _, c := range holdings.Channels {
		if !b.hasDoor(c) {
			complain("accounts: no platform is served by a channel %q", c)
		}
	}
	return errors.Join(problems...)
}

// asksFor tells whether any platform wants a licence or permission of this key.
func (b *Book) asksFor(kind, key string) bool {
	for _, id := range b.ids {
		if slices.ContainsFunc(b.files[id].Licences, func(l licence) bool { return l.Kind == kind && l.Key == key }) {
			return true
		}
	}
	return false
}

// hasDoor tells whether any platform is served by the channel.
func (b *Book) hasDoor(channel core.ChannelID) bool {
	for _, id := range b.ids {
		if slices.ContainsFunc(b.files[id].Doors, func(d door) bool { return d.Channel == channel }) {
			return true
		}
	}
	return false
}

// find returns the answer of a rule by its id.
func (p *platform) find(id string) (answer, bool) {
	for r, allow := range p.rules() {
		if r.ID == id {
			return allow, true
		}
	}
	return "", false
}
