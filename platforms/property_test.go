package platforms_test

import (
	"fmt"
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/paymux/paymux/core"
)

// asks draws asks that hit and miss: known and unknown platforms, good and bad categories, all
// kinds of holdings.
func asks(platforms []core.PlatformID, rules []string) *rapid.Generator[core.Ask] {
	platform := rapid.SampledFrom(append([]core.PlatformID{"nowhere"}, platforms...))
	categories := rapid.SampledFrom([]string{
		"physical", "physical.food", "virtual", "virtual.coin", "service", "service.repair", "nothing", "", "Virtual",
	})
	licences := rapid.SampledFrom([]string{"enterprise_verified", "telecom_value_added", "physical_ecommerce", "driving"})
	channels := rapid.SampledFrom([]core.ChannelID{"alipay_mini", "wechat_h5", "douyin_h5"})
	switches := rapid.Custom(func(t *rapid.T) core.FeatureSwitch {
		return core.FeatureSwitch{
			Platform: platform.Draw(t, "platform"),
			Feature: rapid.SampledFrom([]core.Feature{
				core.FeaturePay, core.FeatureHuabei, core.FeatureHuabeiInstalments, core.FeatureRefund,
			}).Draw(t, "feature"),
			Enabled: rapid.Bool().Draw(t, "enabled"),
		}
	})
	overrides := rapid.Custom(func(t *rapid.T) core.Override {
		return core.Override{Platform: platform.Draw(t, "platform"), Rule: rapid.SampledFrom(rules).Draw(t, "rule")}
	})
	return rapid.Custom(func(t *rapid.T) core.Ask {
		return core.Ask{
			Platform:   platform.Draw(t, "platform"),
			Categories: rapid.SliceOfN(categories, 0, 5).Draw(t, "categories"),
			Periods:    rapid.SampledFrom([]int{-1, 0, 1, 2, 3, 6, 12, 24}).Draw(t, "periods"),
			Holdings: core.Holdings{
				Licences:    rapid.SliceOfN(licences, 0, 4).Draw(t, "licences"),
				Permissions: rapid.SliceOfN(licences, 0, 4).Draw(t, "permissions"),
				Channels:    rapid.SliceOfN(channels, 0, 3).Draw(t, "channels"),
				Switches:    rapid.SliceOfN(switches, 0, 3).Draw(t, "switches"),
				Overrides:   rapid.SliceOfN(overrides, 0, 3).Draw(t, "overrides"),
			},
		}
	})
}

// TestDecideProperties: what holds for every ask, whatever the rules say.
func TestDecideProperties(t *testing.T) {
	book := shipped(t)
	var rules []string
	for _, id := range book.Platforms() {
		for _, r := range book.Rules(id) {
			rules = append(rules, r.ID)
		}
	}
	random := asks(book.Platforms(), rules)
	rapid.Check(t, func(t *rapid.T) {
		ask := random.Draw(t, "ask")
		before := fmt.Sprintf("%+v", ask)
		d := book.Decide(ask)
		if again := book.Decide(ask); !reflect.DeepEqual(d, again) {
			t.Fatalf("the same ask has two answers:\n%+v\n%+v", d, again)
		}
		if after := fmt.Sprintf("%+v", ask); after != before {
			t.Fatalf("Decide changed the ask:\n%s\n%s", before, after)
		}
		wellAnswered(t, ask, d)

		more := ask
		more.Holdings.Licences = append(slices.Clone(ask.Holdings.Licences), "enterprise_verified", "telecom_value_added")
		more.Holdings.Permissions = append(slices.Clone(ask.Holdings.Permissions), "physical_ecommerce")
		if d.Allowed && !book.Decide(more).Allowed {
			t.Fatal("adding licences turned a yes into a no")
		}
		off := ask
		off.Holdings.Switches = append(slices.Clone(ask.Holdings.Switches), core.FeatureSwitch{Platform: ask.Platform, Feature: core.FeaturePay})
		if book.Decide(off).Allowed {
			t.Fatal("paying is switched off, and yet a basket is accepted")
		}
		if !d.Allowed {
			overridesOpenNoNo(t, ask, d, book.Decide, rules)
		}
	})
}

// wellAnswered: an answer is consistent in itself.
func wellAnswered(t *rapid.T, ask core.Ask, d core.Decision) {
	if d.Allowed != (len(d.Refusals) == 0) || d.Allowed != (len(d.Channels) > 0) {
		t.Fatalf("a yes has channels and no refusals, a no the reverse: %+v", d)
	}
	if !d.Allowed && len(d.Warnings) > 0 {
		t.Fatalf("warnings accompany a yes: %+v", d)
	}
	layers := []core.Layer{core.LayerPlatform, core.LayerLicence, core.LayerMerchant, core.LayerFeature}
	if !slices.IsSortedFunc(d.Refusals, func(a, b core.Refusal) int { return slices.Index(layers, a.Layer) - slices.Index(layers, b.Layer) }) {
		t.Fatalf("layers out of order: %s", spoken(d.Refusals))
	}
	for _, r := range d.Refusals {
		if r.Code == "" || r.Rule == "" || !whole(r.Message) || !whole(r.Remedy) || r.Source == "" {
			t.Fatalf("a refusal says too little: %+v", r)
		}
	}
	asked := map[int]core.Feature{1: core.FeatureHuabei, 3: core.FeatureHuabeiInstalments, 6: core.FeatureHuabeiInstalments, 12: core.FeatureHuabeiInstalments}
	if f, any := asked[ask.Periods]; any && d.Allowed && slices.Contains(d.Forbid, f) {
		t.Fatalf("%s was accepted and is forbidden", f)
	}
}

// overridesOpenNoNo: with every rule overridden, every refusal but rule_unspecified is still there.
func overridesOpenNoNo(t *rapid.T, ask core.Ask, d core.Decision, decide func(core.Ask) core.Decision, rules []string) {
	opened := ask
	opened.Holdings.Overrides = nil
	for _, rule := range rules {
		opened.Holdings.Overrides = append(opened.Holdings.Overrides, core.Override{Platform: ask.Platform, Rule: rule})
	}
	want := slices.DeleteFunc(slices.Clone(d.Refusals), func(r core.Refusal) bool { return r.Code == core.CodeRuleUnspecified })
	if got := decide(opened).Refusals; !slices.Equal(got, want) {
		t.Fatalf("overrides should open what is unspecified and nothing else:\ngot  %s\nwant %s", spoken(got), spoken(want))
	}
}

// TestHuabeiNeverPaysForVirtualGoods, on any shipped platform, whatever is overridden: the gateway
// itself excludes it.
func TestHuabeiNeverPaysForVirtualGoods(t *testing.T) {
	book := shipped(t)
	for _, id := range book.Platforms() {
		holdings := everything()
		for _, r := range book.Rules(id) {
			holdings.Overrides = append(holdings.Overrides, core.Override{Platform: id, Rule: r.ID})
		}
		for _, periods := range []int{1, 3, 6, 12} {
			ask := core.Ask{Platform: id, Categories: []string{"physical", "virtual.coin"}, Periods: periods, Holdings: holdings}
			if d := book.Decide(ask); d.Allowed {
				t.Errorf("%s accepts virtual goods with %d periods", id, periods)
			}
		}
		d := book.Decide(core.Ask{Platform: id, Categories: []string{"virtual"}, Holdings: holdings})
		if d.Allowed && forbidden(d.Forbid) != "hi" {
			t.Errorf("%s lets the cashier offer Huabei for virtual goods: %v", id, d.Forbid)
		}
	}
}
