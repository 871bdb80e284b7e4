package platforms

import (
	"slices"
	"strings"

	"github.com/paymux/paymux/core"
)

// CodeRuleOverridden is the code of the warning that accompanies a yes which a named override gave.
const CodeRuleOverridden core.Code = "rule_overridden"

// Decide answers whether the basket may be paid on the platform: yes if all four layers agree, else
// no with every reason, in the order of the layers. The same Ask has the same answer, and the Ask
// is not kept.
func (b *Book) Decide(ask core.Ask) core.Decision {
	d := core.Decision{
		Platform: ask.Platform, Channels: []core.ChannelID{}, Refusals: []core.Refusal{}, Warnings: []core.Warning{},
	}
	p, known := b.files[ask.Platform]
	if !known {
		d.Refusals = append(d.Refusals, b.unknownPlatform(ask.Platform))
		return d
	}
	basket := distinct(ask.Categories)
	wanted := wants(ask.Periods)
	h := hearing{platform: p, holdings: &ask.Holdings}
	for _, c := range basket {
		h.category(c)
	}
	for _, f := range wanted {
		h.feature(f, basket)
	}
	h.periods(ask.Periods)
	h.licences()
	h.doors()
	for _, f := range wanted {
		h.switches(f)
	}
	d.Forbid = p.forbid(basket, &ask.Holdings)
	if len(h.refusals) > 0 {
		d.Refusals = h.refusals
		return d
	}
	d.Allowed = true
	d.Channels = append(d.Channels, p.channels(&ask.Holdings)...)
	d.Warnings = append(d.Warnings, h.warnings...)
	return d
}

// wants translates periods into the features asked for. Any number but 0 and 1 asks for
// instalments, be it a possible one or not.
func wants(periods int) []core.Feature {
	switch periods {
	case 0:
		return []core.Feature{core.FeaturePay}
	case 1:
		return []core.Feature{core.FeaturePay, core.FeatureHuabei}
	default:
		return []core.Feature{core.FeaturePay, core.FeatureHuabeiInstalments}
	}
}

// forbid lists what the gateway's cashier would offer by itself, but must not offer for this
// basket.
func (p *platform) forbid(basket []string, holdings *core.Holdings) []core.Feature {
	var forbidden []core.Feature
	for _, f := range []core.Feature{core.FeatureHuabei, core.FeatureHuabeiInstalments} {
		h := hearing{platform: p, holdings: holdings}
		h.feature(f, basket)
		h.switches(f)
		if len(h.refusals) > 0 {
			forbidden = append(forbidden, f)
		}
	}
	return forbidden
}

// channels lists the platform's doors that the merchant's accounts serve, best first.
func (p *platform) channels(holdings *core.Holdings) []core.ChannelID {
	var served []core.ChannelID
	for _, d := range p.Doors {
		if slices.Contains(holdings.Channels, d.Channel) {
			served = append(served, d.Channel)
		}
	}
	return served
}

// hearing asks the layers one after another and collects what they say.
type hearing struct {
	platform *platform
	holdings *core.Holdings
	refusals []core.Refusal
	warnings []core.Warning
}

func (h *hearing) refuse(r core.Refusal) { h.refusals = append(h.refusals, r) }

// warn adds a warning once.
func (h *hearing) warn(w core.Warning) {
	if !slices.Contains(h.warnings, w) {
		h.warnings = append(h.warnings, w)
	}
}

// category asks the platform whether goods of this category may be sold.
func (h *hearing) category(path string) {
	c, known := h.platform.categoryRule(path)
	if !known {
		h.refuse(h.platform.unknownCategory(path))
		return
	}
	if refusal, refused := h.answer(&c.rule, c.Allow, core.CodeGoodsCategoryForbidden); refused {
		refusal.Message.ZH = strings.ReplaceAll(refusal.Message.ZH, categoryMark, path)
		refusal.Message.EN = strings.ReplaceAll(refusal.Message.EN, categoryMark, path)
		h.refuse(refusal)
		return
	}
	if w := c.Warning; w != nil {
		h.warn(core.Warning{Code: w.Code, Rule: c.ID, Message: w.Message.words()})
	}
}

// feature asks the platform for a feature, then for what takes it away from this basket: an
// override opens only the first.
func (h *hearing) feature(key core.Feature, basket []string) {
	f := h.platform.Features[key]
	if refusal, refused := h.answer(&f.rule, f.Allow, f.Code); refused {
		h.refuse(refusal)
	}
	for i := range f.NotWith {
		if e := &f.NotWith[i]; e.excludes(basket) {
			h.refuse(e.refusal(core.LayerPlatform, e.Code))
		}
	}
}

// answer weighs one rule: yes passes, unspecified passes by a named override and says so,
// everything else is refused.
func (h *hearing) answer(r *rule, allow answer, code core.Code) (core.Refusal, bool) {
	if allow == yes {
		return core.Refusal{}, false
	}
	if allow == no {
		return r.refusal(core.LayerPlatform, code), true
	}
	for _, o := range h.holdings.Overrides {
		if o.Platform == h.platform.ID && o.Rule == r.ID {
			h.warn(overridden(r, o))
			return core.Refusal{}, false
		}
	}
	return r.refusal(core.LayerPlatform, core.CodeRuleUnspecified), true
}

// periods asks whether there is such a number of instalments.
func (h *hearing) periods(n int) {
	l, bounded := h.platform.Limits[limitHuabeiPeriods]
	if n == 0 || n == 1 || !bounded || slices.Contains(l.Values, n) {
		return
	}
	h.refuse(l.refusal(core.LayerPlatform, core.CodeInstalmentsNotSupported))
}

// licences asks for everything that the platform wants the merchant to hold.
func (h *hearing) licences() {
	for i := range h.platform.Licences {
		l := &h.platform.Licences[i]
		held, code := h.holdings.Licences, core.CodeLicenceMissing
		if l.Kind == "permission" {
			held, code = h.holdings.Permissions, core.CodePermissionMissing
		}
		if !slices.Contains(held, l.Key) {
			h.refuse(l.refusal(core.LayerLicence, code))
		}
	}
}

// doors asks whether the merchant serves any of the platform's channels; if none, it is told of the
// best.
func (h *hearing) doors() {
	if len(h.platform.channels(h.holdings)) == 0 {
		h.refuse(h.platform.Doors[0].refusal(core.LayerMerchant, core.CodeChannelMissing))
	}
}

// switches asks the product team. A feature is on unless switched off; where two switches disagree,
// off holds.
func (h *hearing) switches(key core.Feature) {
	for _, s := range h.holdings.Switches {
		if s.Platform == h.platform.ID && s.Feature == key && !s.Enabled {
			h.refuse(h.platform.switchedOff(key))
			return
		}
	}
}

// categoryRule finds the entry of a category or the nearest one above it; none for a path that is
// malformed or under no root.
func (p *platform) categoryRule(path string) (category, bool) {
	if !wellFormed(path) {
		return category{}, false
	}
	for {
		if c, ok := p.Categories[path]; ok {
			return c, true
		}
		above := strings.LastIndexByte(path, '.')
		if above < 0 {
			return category{}, false
		}
		path = path[:above]
	}
}

// excludes tells whether the basket holds goods of, or under, one of the categories.
func (e *exclusion) excludes(basket []string) bool {
	return slices.ContainsFunc(basket, func(path string) bool {
		return slices.ContainsFunc(e.Categories, func(top string) bool {
			return path == top || strings.HasPrefix(path, top+".")
		})
	})
}

// distinct keeps the first of each category, in order.
func distinct(categories []string) []string {
	seen := make(map[string]bool, len(categories))
	kept := make([]string, 0, len(categories))
	for _, c := range categories {
		if !seen[c] {
			seen[c] = true
			kept = append(kept, c)
		}
	}
	return kept
}
