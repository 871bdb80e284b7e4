package platforms

import (
	"maps"
	"slices"
	"strings"

	"github.com/paymux/paymux/core"
)

// Offer tells what the platform offers the merchant: every category and every feature, on or off,
// and if off, which layers said so. A feature that some goods exclude is on, with a warning for
// each exclusion. An unknown platform offers nothing.
func (b *Book) Offer(id core.PlatformID, holdings core.Holdings) core.Offer {
	offer := core.Offer{
		Platform: id, Channels: []core.ChannelID{}, Categories: []core.OfferEntry{}, Features: []core.OfferEntry{},
	}
	p, known := b.files[id]
	if !known {
		return offer
	}
	offer.Name = p.Name.words()
	offer.Channels = append(offer.Channels, p.channels(&holdings)...)
	for _, path := range p.shelf() {
		offer.Categories = append(offer.Categories, p.offerCategory(path, &holdings))
	}
	for _, f := range features() {
		offer.Features = append(offer.Features, p.offerFeature(f, &holdings))
	}
	return offer
}

// shelf lists the categories that the file names: the roots as core orders them, each followed by
// what is under it.
func (p *platform) shelf() []string {
	var paths []string
	named := slices.Sorted(maps.Keys(p.Categories))
	for _, root := range core.RootCategories() {
		paths = append(paths, root)
		for _, path := range named {
			if strings.HasPrefix(path, root+".") {
				paths = append(paths, path)
			}
		}
	}
	return paths
}

// offerCategory is the answer to a basket of this category alone, paid without Huabei.
func (p *platform) offerCategory(path string, holdings *core.Holdings) core.OfferEntry {
	h := hearing{platform: p, holdings: holdings}
	h.category(path)
	h.feature(core.FeaturePay, nil)
	h.licences()
	h.doors()
	h.switches(core.FeaturePay)
	return h.entry(path)
}

// offerFeature is the answer to a basket that excludes nothing. Huabei is a way to pay, so whatever
// stops paying stops it too. A refund gives back money already taken: a licence or account that was
// lost since does not stand in its way.
func (p *platform) offerFeature(key core.Feature, holdings *core.Holdings) core.OfferEntry {
	h := hearing{platform: p, holdings: holdings}
	if key == core.FeatureRefund {
		h.feature(key, nil)
		h.switches(key)
		return h.entry(string(key))
	}
	wanted := []core.Feature{core.FeaturePay}
	if key != core.FeaturePay {
		wanted = append(wanted, key)
	}
	for _, f := range wanted {
		h.feature(f, nil)
	}
	h.licences()
	h.doors()
	for _, f := range wanted {
		h.switches(f)
	}
	for _, e := range p.Features[key].NotWith {
		h.warn(core.Warning{Code: e.Code, Rule: e.ID, Message: e.Message.words()})
	}
	return h.entry(string(key))
}

// entry closes the hearing: on with its warnings, or off with its refusals.
func (h *hearing) entry(name string) core.OfferEntry {
	e := core.OfferEntry{Name: name, Refusals: []core.Refusal{}, Warnings: []core.Warning{}}
	if len(h.refusals) > 0 {
		e.Refusals = h.refusals
		return e
	}
	e.On = true
	e.Warnings = append(e.Warnings, h.warnings...)
	return e
}
